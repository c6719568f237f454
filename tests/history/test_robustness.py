"""Any bytes as a file: no traceback, no hang, bounded memory."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fuzz.project import ENDLESS
from tests.history.conftest import HEAD, migration
from workflow.history.model import History, Migration, MigrationKey, Trouble
from workflow.history.reading import read_history

PLAIN = migration("shop.0001_initial", operations='migrations.RunSQL("x")')
CLASS = (
    "class Migration(migrations.Migration):\n    dependencies = [('a', 'b')]\n    operations = x\n"
)


def read_bytes(folder: Path, data: bytes) -> History:
    path = folder / "shop/migrations/0002_next.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "__init__.py").touch()
    path.write_bytes(data)
    return read_history(folder)


def only(history: History) -> Migration:
    return history.migrations[MigrationKey("shop", "0002_next")]


GOOD = {
    "BOM": b"\xef\xbb\xbf" + PLAIN.encode(),
    "CRLF": PLAIN.replace("\n", "\r\n").encode(),
    "CR": PLAIN.replace("\n", "\r").encode(),
    "latin-1": b"# coding: latin-1\n# \xe9\n" + PLAIN.encode(),
    "a form feed": b"\x0c\n" + PLAIN.encode(),
    "no last newline": PLAIN.rstrip().encode(),
    "tabs": PLAIN.replace("    ", "\t").encode(),
}


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD.keys())
def test_is_read_as_python_reads_it(data: bytes, tmp_path: Path) -> None:
    found = only(read_bytes(tmp_path, data))
    assert found.problem is None
    assert [item.key for item in found.dependencies.items] == [("shop", "0001_initial")]
    assert found.operations[0].kind == "RunSQL"


CONFLICT = PLAIN.replace(
    "    operations",
    "<<<<<<< HEAD\n    atomic = False\n=======\n    atomic = True\n>>>>>>> other\n    operations",
)
BAD = {
    "conflict markers": (CONFLICT.encode(), Trouble.CONFLICT_MARKERS, 7),
    "conflict markers and CRLF": (
        CONFLICT.replace("\n", "\r\n").encode(),
        Trouble.CONFLICT_MARKERS,
        7,
    ),
    "null bytes": (PLAIN.encode() + b"\0", Trouble.NULL_BYTES, None),
    "UTF-16": (PLAIN.encode("utf-16"), Trouble.ENCODING, 1),
    "an unknown encoding": (b"# coding: nope\n" + PLAIN.encode(), Trouble.ENCODING, None),
    "bytes of another encoding": (
        PLAIN.encode().replace(b'"x"', b'"\xe9"'),
        Trouble.ENCODING,
        None,
    ),
    "broken": (PLAIN.encode() + b"def (", Trouble.SYNTAX, None),
    "Python 2": (PLAIN.encode() + b'print "x"\n', Trouble.SYNTAX, None),
    "too deep": (PLAIN.encode() + b"x = " + b"(" * 5000, Trouble.TOO_DEEP, None),
    "too deep without brackets": (
        PLAIN.encode() + b"x = " + b"-" * 100_000 + b"1",
        Trouble.TOO_DEEP,
        None,
    ),
}


@pytest.mark.parametrize(("data", "trouble", "line"), BAD.values(), ids=BAD.keys())
def test_cannot_be_read(data: bytes, trouble: Trouble, line: int | None, tmp_path: Path) -> None:
    history = read_bytes(tmp_path, data)
    (problem,) = history.problems
    assert problem.trouble is trouble
    assert line is None or problem.line == line
    assert problem.path == "shop/migrations/0002_next.py"
    assert "\n" not in problem.reason
    assert only(history).problem == problem


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    history = read_bytes(tmp_path, PLAIN.encode() + b"#" * 9_000_000)
    assert [problem.trouble for problem in history.problems] == [Trouble.TOO_LARGE]


NEWER = {
    "3.14": ("try:\n    pass\nexcept A, B:\n    pass\n", (3, 14)),
    "3.12 type": ("type X = int\n", (3, 12)),
    "3.12 generics": ("def f[T](x: T): pass\n", (3, 12)),
    "3.11": ("try:\n    pass\nexcept* A:\n    pass\n", (3, 11)),
}


@pytest.mark.parametrize(("text", "version"), NEWER.values(), ids=NEWER.keys())
def test_newer_grammar_is_told_and_its_references_read(
    text: str, version: tuple[int, int], tmp_path: Path
) -> None:
    import sys

    history = read_bytes(tmp_path, PLAIN.encode() + text.encode())
    found = only(history)
    assert [item.key for item in found.dependencies.items] == [("shop", "0001_initial")]
    assert found.dependencies.complete
    if sys.version_info[:2] < version:
        assert found.problem is not None
        assert found.problem.trouble is Trouble.NEWER_GRAMMAR
    else:
        assert found.problem is None


EVIL = {
    "a list that holds itself": "x = []\nx.append(x)\n",
    "a dictionary that holds itself": "x = {}\nx['a'] = x\nx = [x]\n",
    "a list doubled 60 times": "x = [1]\n" + "x = x + x\n" * 60,
    "a list nested twice 60 times": "x = [1]\n" + "x = [x, x]\n" * 60,
    "a tuple nested twice 60 times": "x = (1,)\n" + "x = (x, x)\n" * 60,
    "a dictionary nested twice": "x = {}\n" + "x = {'a': x, 'b': x}\n" * 60 + "x = [x]\n",
    "a text doubled 100 times": "x = 'a'\n" + "x = x + x\n" * 100,
    "powers": "x = [9 ** 9 ** 9 ** 9, 1 << 99999999, 'a' * 10 ** 9, [1] * 10 ** 9]\n",
    "formats": "x = ['{:>999999999}'.format(1), '%999999999d' % 1]\n",
    "loops": "r = range(5000)\nx = []\nfor a in r:\n    for b in r:\n        x.append(a)\n",
    "comprehensions": "r = range(5000)\nx = [a for a in r for b in r for c in r]\n",
    "a function that calls itself twice": "def f(a):\n    return f(a) + f(a)\nx = f([1])\n",
    "a class that is its own base": "class A(B): pass\nclass B(A): pass\nx = [B()]\n",
    "thousands of branches": "x = [1]\n" + "if y:\n    x.append(1)\n" * 3000,
    "branches in branches": "".join(" " * n + "if y:\n" for n in range(90)) + " " * 90 + "x = 1\n",
    "a long sum": "x = [" + " + ".join(["'a'"] * 900) + "]\n",
    "a long chain": "x = [a" + ".b" * 500 + "]\n",
    "operations doubled": "x = [migrations.RunSQL('x')]\n" + "x += x\n" * 40,
    "imports of itself": "from shop.migrations.next import *\nfrom . import *\nx = []\n",
}


@pytest.mark.parametrize("head", EVIL.values(), ids=EVIL.keys())
def test_takes_bounded_time_and_memory(head: str, tmp_path: Path) -> None:
    tracemalloc.start()
    start = time.process_time()
    history = read_bytes(tmp_path, f"{HEAD}{head}{CLASS}    operations = x\n".encode())
    for found in history.migrations.values():
        assert isinstance(found.body.operations, tuple)
    seconds = time.process_time() - start
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < ENDLESS
    assert peak < 100_000_000
    assert [item.key for item in only(history).dependencies.items] == [("a", "b")]


PIECES = st.sampled_from(
    [
        b"[", b"]", b"(", b")", b"{", b"}", b"'", b'"""', b"\n", b"    ", b"*", b"+=", b":", b"=",
        b"\0", b"\xff", b"\r", b"\\", b"if x:\n", b"for a in b:\n", b"def f():\n", b"class A:\n",
        b"try:\n", b"except:\n", b"Migration", b"operations", b"dependencies", b"migrations.",
        b".append(", b"lambda: ", b"yield ", b"return ", b"import *", b"<<<<<<< HEAD\n",
        b"=======\n", b">>>>>>> x\n", b"# coding: utf-7\n", b"99999", b"f'{", b"@", b"...",
        b"match x:\n", b"global x\n", b"x = x + x\n", b"\x0c", b"\xef\xbb\xbf",
    ]
)  # fmt: skip
ANYTHING = st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=40).map(b"".join))


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(junk=ANYTHING, at=st.integers(0, len(PLAIN)), keep=st.booleans())
@example(junk=b"", at=0, keep=False)
def test_any_bytes_are_read_without_a_traceback(
    junk: bytes, at: int, keep: bool, tmp_path: Path
) -> None:
    text = PLAIN.encode()
    history = read_bytes(tmp_path, text[:at] + junk + text[at:] if keep else junk)
    for found in history.migrations.values():
        assert found.body is not None
    assert history.fresh.parents.keys() <= history.migrations.keys()


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(junk=ANYTHING)
def test_configurations_and_settings_may_be_any_bytes(junk: bytes, tmp_path: Path) -> None:
    for name in ("shop/apps.py", "site.py", "shop/__init__.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(junk + b"\n# Config\n")
    (tmp_path / "manage.py").write_bytes(b"('DJANGO_SETTINGS_MODULE', 'site')")
    read_bytes(tmp_path, PLAIN.encode())


def test_a_file_that_changes_while_it_is_read_is_one_of_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    real: Callable[[int, int], bytes] = os.read

    def halting(handle: int, size: int) -> bytes:
        return real(handle, min(size, 10))

    monkeypatch.setattr(os, "read", halting)
    assert only(read_bytes(tmp_path, PLAIN.encode())).problem is None
