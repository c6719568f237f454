"""Whatever bytes a project's files hold: no traceback, no long wait. The quick part.

``tests/fuzz`` has the long one, guided by coverage: ``nox -s fuzz``.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutations import FRAGMENTS, real_files, spoilt
from tests.fuzz.project import FUZZED, look, make_project, put
from workflow import rules
from workflow.history.model import History, Trouble
from workflow.history.reading import read_history

REAL = real_files()

QUICK = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz") / "project"
    make_project(folder)
    return folder


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    make_project(tmp_path / "project")
    return tmp_path / "project"


def troubles(history: History) -> set[Trouble]:
    return {problem.trouble for problem in history.problems}


@QUICK
@given(data=st.binary(max_size=2000), everywhere=st.booleans())
def test_any_bytes(project: Path, data: bytes, everywhere: bool) -> None:
    put(project, data, everywhere=everywhere)
    look(project)


@QUICK
@given(text=st.lists(st.sampled_from(FRAGMENTS), max_size=60), everywhere=st.booleans())
def test_fragments_of_migrations(project: Path, text: list[bytes], everywhere: bool) -> None:
    put(project, b"".join(text), everywhere=everywhere)
    look(project)


@QUICK
@given(seed=st.integers(0, 2**32), data=st.sampled_from(REAL), everywhere=st.booleans())
def test_real_migrations_spoilt(project: Path, seed: int, data: bytes, everywhere: bool) -> None:
    put(project, spoilt(seed, data), everywhere=everywhere)
    look(project)


def test_spoiling_is_the_same_twice() -> None:
    assert [spoilt(seed, REAL[-1]) for seed in range(50)] == [
        spoilt(seed, REAL[-1]) for seed in range(50)
    ]


MIGRATION = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = []
    operations = [{}]
"""

DEEP = {
    "brackets": "(" * 5000 + ")" * 5000,
    "lists": "[" * 90 + "]" * 90,
    "a sum": "+".join(["1"] * 20000),
    "minus": "-" * 20000 + "1",
    "not": "not " * 20000 + "1",
    "attributes": "a" + ".a" * 20000,
    "calls": "a" + "()" * 20000,
    "subscripts": "a" + "[0]" * 20000,
    "conditions": "1 if a else " * 3000 + "1",
    "lambdas": "lambda: " * 3000 + "1",
    "comparisons": "a" + " < a" * 20000,
    "strings side by side": "'a' " * 50000,
    "a big number": "9" * 100_000,
    "a big hexadecimal number": "0x" + "f" * 500_000,
    "a power": "9 ** 9 ** 9 ** 9",
    "a shift": "1 << 10 ** 10",
    "a big text": "'" + "a" * 2_000_000 + "'",
    "a text repeated": "'a' * 10 ** 12",
    "a list repeated": "[0] * 10 ** 12",
    "a text formatted": "'%1000000000d' % 1",
    "a text formatted in a long way": "'{:>1000000000}'.format(1)",
    "a long list": "0, " * 20_000,
    "a long range": "*range(10 ** 12)",
    "a product of comprehensions": " ".join(
        ["*[0", *(f"for x{n} in range(100)" for n in range(9)), "]"]
    ),
    "a text joined": "','.join(['a' * 10 ** 9] * 10 ** 9)",
}

IN_BLOCKS = {
    "nested blocks": "\n".join(" " * n + "if a:" for n in range(99)) + "\n" + " " * 99 + "pass\n",
    "a list that doubles": "a = [0]\n" + "a = a + a\n" * 60,
    "a list that holds itself": "a = []\na.append(a)\nb = [a, a]\na.append(b)\n",
    "lists in lists": "a = []\n" + "a = [a, a]\n" * 60,
    "a dictionary that doubles": "a = {'x': 0}\n" + "a = {'y': a, 'z': a}\n" * 60,
    "a text that doubles": "a = 'a'\n" + "a = a + a\n" * 60,
    "a text that formats itself": "a = '%s%s'\n" + "a = a % (a, a)\n" * 40,
    "a function that calls itself": "def f():\n    return f() + f()\n\n\na = f()\n",
    "two functions that call one another": (
        "def f():\n    return g()\n\n\ndef g():\n    return f()\n\n\na = f()\n"
    ),
    "a long chain of functions": "def f0(): return 1\n"
    + "".join(f"def f{n}(): return f{n - 1}() + f{n - 1}()\n" for n in range(1, 60))
    + "a = f59()\n",
    "a class that is its own base": "class A(A):\n    pass\n",
    "a circle of bases": "class A(B):\n    pass\n\n\nclass B(A):\n    pass\n",
    "a module that imports itself": "from shop.migrations import *\nfrom . import *\n",
    "branches": "".join(f"if a{n}:\n    b = [b]\nelse:\n    b = [b, b]\n" for n in range(60)),
    "branches in branches": "".join(" " * n + "if a:\n" for n in range(90))
    + "".join(
        " " * n + "x = [x]\n" + " " * (n - 1) + "else:\n" + " " * n + "x = [x, x]\n"
        for n in range(90, 0, -1)
    ),
    "many names": "".join(f"a{n} = {n}\n" for n in range(5_000)),
    "many loops": "for a in range(10 ** 9):\n    for b in range(10 ** 9):\n        x.append(b)\n",
    "a loop without end": "while True:\n    x = [x]\n",
    "two lists that are in one another": (
        "a = []\nb = [a]\na += [b]\n\n\nclass Migration:\n    operations = a\n"
    ),
}


@pytest.mark.parametrize("expression", DEEP.values(), ids=DEEP)
@pytest.mark.parametrize("place", ["operation", "name", "setting"])
def test_deep_and_huge_expressions(fresh: Path, expression: str, place: str) -> None:
    inside = expression if place == "operation" else f"migrations.DeleteModel({expression})"
    text = MIGRATION.format(inside)
    if place == "setting":
        text = f"INSTALLED_APPS = [{expression}]\nMIGRATION_MODULES = {{'shop': {expression}}}\n"
    put(fresh, text.encode(), everywhere=place == "setting")
    look(fresh)


@pytest.mark.parametrize("statements", IN_BLOCKS.values(), ids=IN_BLOCKS)
@pytest.mark.parametrize("used", [False, True], ids=["beside", "as operations"])
def test_statements_without_end(fresh: Path, statements: str, used: bool) -> None:
    text = f"{statements}\n{MIGRATION.format('*a' if used else '')}"
    put(fresh, text.encode(), everywhere=True)
    look(fresh)


ENCODED = {
    "null bytes": b"\0" * 100,
    "a null byte in the middle": MIGRATION.format("").encode().replace(b"[]", b"[\0]"),
    "UTF-16": MIGRATION.format("").encode("utf-16"),
    "UTF-32": MIGRATION.format("").encode("utf-32"),
    "Latin-1 that is not declared": MIGRATION.format("'ü'").encode("latin-1"),
    "a lone surrogate": MIGRATION.format(r"'\udc80'").encode(),
    "half a character": MIGRATION.format("'ü'").encode()[:-8] + b"\xc3",
    "an encoding that is none": b"# coding: no-such-code\n" + MIGRATION.format("").encode(),
    "an encoding that runs code": b"# coding: rot13\n" + MIGRATION.format("").encode(),
    "zip": b"# coding: zip\nx" + bytes(range(256)),
}

SAME = {
    "BOM": MIGRATION.format("").encode("utf-8-sig"),
    "CRLF": MIGRATION.format("").replace("\n", "\r\n").encode(),
    "CR": MIGRATION.format("").replace("\n", "\r").encode(),
    "form feeds": MIGRATION.format("").replace("\n\n", "\n\f\n").encode(),
    "Latin-1 that is declared": (
        b"# coding: latin-1\n" + MIGRATION.format("").encode() + "x = 'ü'".encode("latin-1")
    ),
    "no new line at the end": MIGRATION.format("").rstrip().encode(),
}


@pytest.mark.parametrize("data", ENCODED.values(), ids=ENCODED)
def test_encodings_that_python_refuses(fresh: Path, data: bytes) -> None:
    put(fresh, data, everywhere=True)
    history, _ = look(fresh)
    assert ("shop", "0001_fuzzed") in history.migrations


@pytest.mark.parametrize("data", SAME.values(), ids=SAME)
def test_encodings_that_python_reads(fresh: Path, data: bytes) -> None:
    put(fresh, data, everywhere=False)
    history, findings = look(fresh)
    assert history.problems == ()
    migration = history.migrations["shop", "0001_fuzzed"]  # type: ignore[index]
    assert (migration.dependencies.complete, migration.operations) == (True, ())
    assert "GRF114" not in {finding.code for finding in findings}


NAMES = [
    "[bold]x", "'; rm -rf x #", 'a"b', "a\nb", "a\tb", "a b", "ü" * 80, "%s{0}", "\\",
    "a\x1b[31mb", "*", "-rf", "a\u202eb", "__future__", "None", "\udcff",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_odd_names(fresh: Path, name: str) -> None:
    app = fresh / os.fsencode(name).decode("utf-8", "surrogateescape")
    (app / "migrations").mkdir(parents=True)
    (app / "migrations/__init__.py").touch()
    for number, file in enumerate(("0001_initial", f"0002_{name}", name)):
        text = MIGRATION.format("").replace("[]", repr([(name, "0009")] if number else []), 1)
        (app / f"migrations/{file}.py").write_text(text, encoding="utf-8", errors="replace")
    history, findings = look(fresh)
    paths = {finding.path for finding in findings}
    assert any(path and path.startswith(f"{name}/migrations/") for path in paths)
    assert history.migrations


def test_links_in_a_circle(fresh: Path) -> None:
    (fresh / "loop").symlink_to(fresh)
    (fresh / "shop/again").symlink_to(fresh / "shop")
    (fresh / "one").symlink_to(fresh / "other")
    (fresh / "other").symlink_to(fresh / "one")
    (fresh / "shop/migrations/0003_x.py").symlink_to("0003_x.py")
    (fresh / "shop/migrations/0004_gone.py").symlink_to("nowhere.py")
    history, _ = look(fresh)
    assert list(history.apps) == ["shop"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_folders_and_files_that_may_not_be_read(fresh: Path) -> None:
    (fresh / "stock/migrations").mkdir(parents=True)
    (fresh / "stock/migrations").chmod(0)
    (fresh / "shop/migrations/0002_after.py").chmod(0)
    try:
        history, findings = look(fresh)
    finally:
        (fresh / "stock/migrations").chmod(0o700)
    assert troubles(history) == {Trouble.UNREADABLE}
    assert "GRF114" in {finding.code for finding in findings}


def test_what_is_no_file(fresh: Path) -> None:
    os.mkfifo(fresh / "shop/migrations/0003_pipe.py")
    (fresh / "shop/migrations/0004_folder.py").mkdir()
    (fresh / "shop/migrations/0005_device.py").symlink_to("/dev/zero")
    history, _ = look(fresh)
    assert troubles(history) == {Trouble.UNREADABLE}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells memory on Linux only")
def test_a_file_of_a_hundred_megabytes_is_not_read_into_memory(fresh: Path) -> None:
    path = fresh / FUZZED
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from workflow.history.reading import read_history\n"
        "print([p.trouble.value for p in read_history(Path(sys.argv[1])).problems])\n"
        "status = Path('/proc/self/status').read_text()\n"
        "print(int(status.partition('VmHWM:')[2].split()[0]) // 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(fresh)], capture_output=True, text=True, check=True
    )
    trouble, megabytes = done.stdout.split("\n")[:2]
    assert trouble == "['too-large']"
    assert int(megabytes) < 80


@contextmanager
def rewriting(path: Path) -> Iterator[None]:
    """Let somebody write a file over and over, remove it and bring it back."""
    done = threading.Event()

    def write() -> None:
        chance = random.Random(0)
        while not done.is_set():
            path.write_bytes(spoilt(chance.randrange(1000), REAL[0]))
            path.unlink(missing_ok=True)
            path.write_bytes(REAL[-1])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        done.set()
        writer.join()


def test_a_file_that_changes_while_it_is_read(fresh: Path) -> None:
    with rewriting(fresh / FUZZED):
        for _ in range(200):
            rules.check(read_history(fresh, cache=fresh / ".workflow"))
    put(fresh, REAL[-1], everywhere=False)
    cached = read_history(fresh, cache=fresh / ".workflow")
    plain = read_history(fresh)
    assert rules.check(cached) == rules.check(plain)
