"""The cache changes nothing but the time, whoever wrote it and however often files change."""

from __future__ import annotations

import marshal
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.history.conftest import HEAD, migration, write_tree
from workflow.history import sealed
from workflow.history.model import History, MigrationKey
from workflow.history.reading import read_history
from workflow.history.store import Store

FIRST = "shop/migrations/0001_initial.py"
SECOND = "shop/migrations/0002_next.py"


def snapshot(history: History) -> Any:
    """Return everything that a history says."""
    migrations = [
        (key, item.path, item.header, item.body, item.problem, item.digest)
        for key, item in history.migrations.items()
    ]
    views = [(view.parents, view.broken, view.open_apps) for view in (history.fresh, history.full)]
    return (
        migrations,
        views,
        history.apps,
        history.collisions,
        history.unlabelled,
        history.unmigrated,
        history.problems,
        history.settings,
        history.digest,
    )


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kinds of all files that were parsed rather than taken from the cache."""
    kinds: list[str] = []
    original = Store._parse

    def spy(self: Store, kind: str, *rest: Any) -> Any:
        kinds.append(kind)
        return original(self, kind, *rest)

    monkeypatch.setattr(Store, "_parse", spy)
    return kinds


Parsed = list[str]
CONSTANTS = {
    FIRST: migration(),
    SECOND: HEAD + "from .deps import DEPS\nclass Migration(migrations.Migration):\n"
    "    dependencies = DEPS\n",
    "shop/migrations/deps.py": "DEPS = [('shop', '0001_initial')]",
}


def test_what_did_not_change_is_not_parsed_again(tmp_path: Path, parsed: Parsed) -> None:
    write_tree(tmp_path, CONSTANTS)
    first = snapshot(read_history(tmp_path, cache=tmp_path / ".workflow"))
    assert parsed.count("migration") == 3
    parsed.clear()
    assert snapshot(read_history(tmp_path, cache=tmp_path / ".workflow")) == first
    assert parsed == []


def test_only_what_changed_is_parsed_again(tmp_path: Path, parsed: Parsed) -> None:
    write_tree(tmp_path, CONSTANTS)
    read_history(tmp_path, cache=tmp_path / ".workflow")
    parsed.clear()
    write_tree(tmp_path, {FIRST: migration(body="initial = True")})
    history = read_history(tmp_path, cache=tmp_path / ".workflow")
    assert parsed == ["migration"]
    assert history.migrations[MigrationKey("shop", "0001_initial")].initial is True


def test_a_change_of_a_sibling_counts(tmp_path: Path) -> None:
    write_tree(tmp_path, CONSTANTS)
    before = read_history(tmp_path, cache=tmp_path / ".workflow")
    write_tree(tmp_path, {"shop/migrations/deps.py": "DEPS = []"})
    after = read_history(tmp_path, cache=tmp_path / ".workflow")
    key = MigrationKey("shop", "0002_next")
    assert len(before.migrations[key].dependencies.items) == 1
    assert len(after.migrations[key].dependencies.items) == 0
    assert before.migrations[key].digest != after.migrations[key].digest


def test_a_module_that_appears_counts(tmp_path: Path) -> None:
    tree = dict(CONSTANTS)
    del tree["shop/migrations/deps.py"]
    write_tree(tmp_path, tree)
    before = read_history(tmp_path, cache=tmp_path / ".workflow")
    write_tree(tmp_path, CONSTANTS)
    after = read_history(tmp_path, cache=tmp_path / ".workflow")
    key = MigrationKey("shop", "0002_next")
    assert not before.migrations[key].dependencies.complete
    assert after.migrations[key].dependencies.complete


def test_times_of_change_are_not_trusted(tmp_path: Path) -> None:
    import os

    write_tree(tmp_path, {FIRST: migration(body="atomic = True ")})
    status = (tmp_path / FIRST).stat()
    read_history(tmp_path, cache=tmp_path / ".workflow")
    (tmp_path / FIRST).write_text(migration(body="atomic = False"))
    os.utime(tmp_path / FIRST, ns=(status.st_atime_ns, status.st_mtime_ns))
    (found,) = read_history(tmp_path, cache=tmp_path / ".workflow").migrations.values()
    assert found.atomic is False


def test_an_overlay_does_not_disturb_what_is_on_disk(tmp_path: Path, parsed: Parsed) -> None:
    write_tree(tmp_path, {FIRST: migration()})
    read_history(tmp_path, cache=tmp_path / ".workflow")
    draft = {Path(FIRST): migration(body="initial = True")}
    read_history(tmp_path, overlay=draft, cache=tmp_path / ".workflow")
    parsed.clear()
    (found,) = read_history(tmp_path, cache=tmp_path / ".workflow").migrations.values()
    assert found.initial is None
    assert parsed == []


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    """A project whose migrations are cached, and the cache's folder."""
    write_tree(tmp_path / "site", {FIRST: migration()})
    read_history(tmp_path / "site", cache=tmp_path / ".workflow")
    return tmp_path / ".workflow"


def reread(cached: Path) -> Any:
    return snapshot(read_history(cached.parent / "site", cache=cached))


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "emptied": lambda _: b"",
    "cut": lambda data: data[: len(data) // 2],
    "a byte changed": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
    "longer": lambda data: data + b"x",
    "no magic": lambda data: b"x" * len(data),
    "only a magic": lambda data: data[:18],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_cache_is_thrown_away(
    damage: Callable[[bytes], bytes], cached: Path, parsed: Parsed
) -> None:
    expected = snapshot(read_history(cached.parent / "site"))
    file = cached / "history.cache"
    file.write_bytes(damage(file.read_bytes()))
    parsed.clear()
    assert reread(cached) == expected
    assert parsed == ["migration"]
    parsed.clear()
    assert reread(cached) == expected
    assert parsed == []


def test_a_foreign_cache_is_thrown_away(cached: Path, tmp_path: Path, parsed: Parsed) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(cached, copy)
    parsed.clear()
    read_history(tmp_path / "site", cache=copy)
    assert parsed == ["migration"]


def test_a_forged_cache_hides_nothing(cached: Path, parsed: Parsed) -> None:
    data = (cached / "history.cache").read_bytes()
    start = sealed._HEAD
    entries = marshal.loads(data[start:])
    forged = {key: (home, needs, (None, None, None)) for key, (home, needs, _) in entries.items()}
    payload = marshal.dumps(forged)
    (cached / "history.cache").write_bytes(data[:start] + payload)
    parsed.clear()
    assert len(reread(cached)[0]) == 1
    assert parsed == ["migration"]


def test_another_tool_version_starts_afresh(
    cached: Path, parsed: Parsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed, "__version__", "another")
    parsed.clear()
    reread(cached)
    assert parsed == ["migration"]


def test_a_cache_behind_a_link_is_not_used(cached: Path, tmp_path: Path, parsed: Parsed) -> None:
    (tmp_path / "link").symlink_to(cached)
    parsed.clear()
    read_history(tmp_path / "site", cache=tmp_path / "link")
    assert parsed == ["migration"]
    assert sorted(item.name for item in cached.iterdir()) == [
        ".gitignore",
        "history.cache",
        "history.seal",
    ]


@pytest.mark.parametrize("place", ["not/there/at/all", "file", "file/below"])
def test_a_cache_that_cannot_be_is_nobodys_business(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    write_tree(tmp_path / "site", {FIRST: migration()})
    assert len(read_history(tmp_path / "site", cache=tmp_path / place).migrations) == 1
    assert (tmp_path / "file").read_text() == "x"


def test_the_cache_keeps_out_of_commits(cached: Path) -> None:
    assert (cached / ".gitignore").read_text() == "*\n"


def test_nothing_temporary_is_left(cached: Path) -> None:
    assert not list(cached.glob("*.tmp"))
    assert stat.S_ISREG((cached / "history.cache").stat().st_mode)


def test_many_at_once_agree(tmp_path: Path) -> None:
    write_tree(tmp_path / "site", CONSTANTS)
    expected = snapshot(read_history(tmp_path / "site"))
    seen: list[Any] = []

    def run() -> None:
        folder = tmp_path / "site"
        seen.extend(snapshot(read_history(folder, cache=tmp_path / ".workflow")) for _ in range(5))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 20
    assert all(item == expected for item in seen)


TEXTS = [
    migration(),
    migration("shop.0001_initial"),
    migration("shop.0001_initial", body="replaces = [('shop', '0001_initial')]"),
    CONSTANTS[SECOND],
    "DEPS = [('shop', '0001_initial')]",
    "DEPS = []",
    "from .deps import *",
    "from shop.migrations.deps import DEPS",
    "class Migration(:",
    "class Config: pass",
    "from django.apps import AppConfig\nclass C(AppConfig):\n    name = 'shop'\n    label = 'x'\n",
    HEAD + "from .base import Base\nclass Migration(Base):\n    pass\n",
    HEAD + "class Base(migrations.Migration):\n    atomic = False\n",
    "INSTALLED_APPS = ['shop.apps.C']\nMIGRATION_MODULES = {'shop': 'moved'}",
    "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site')",
]
NAMES = [
    FIRST,
    SECOND,
    "shop/migrations/deps.py",
    "shop/migrations/base.py",
    "shop/apps.py",
    "shop/__init__.py",
    "shop/migrations/__init__.py",
    "other/migrations/0001_initial.py",
    "moved/0001_initial.py",
    "manage.py",
    "site.py",
    "__init__.py",
]
EDITS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.one_of(st.none(), st.sampled_from(TEXTS))), max_size=8
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(edits=EDITS)
def test_cached_and_uncached_agree_after_any_edits(edits: list[Any], tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "site", ignore_errors=True)
    write_tree(tmp_path / "site", CONSTANTS)
    for name, text in [(FIRST, TEXTS[0]), *edits]:
        path = tmp_path / "site" / name
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        cached = read_history(tmp_path / "site", cache=tmp_path / ".workflow")
        assert snapshot(cached) == snapshot(read_history(tmp_path / "site"))
