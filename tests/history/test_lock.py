"""The lock file: what it says, and what git makes of it when two branches changed it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.two_apps import git
from workflow.history.lock import NAME, Row, parse, render, rows_of
from workflow.history.reading import read_history

MIGRATION = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [{dependencies}]
    operations = []
"""

Rows = Mapping[str, str]
Change = Callable[[Rows], Rows]


def migration(folder: Path, name: str, *after: str) -> Path:
    path = folder / "shop/migrations" / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "__init__.py").touch()
    (path.parents[1] / "models.py").touch()
    dependencies = ", ".join(f'("shop", "{other}")' for other in after)
    path.write_text(MIGRATION.format(dependencies=dependencies), encoding="utf-8")
    return path


def rows(folder: Path) -> list[Row]:
    return rows_of(read_history(folder), lambda path: (folder / path).read_bytes())


class TestRows:
    @pytest.fixture
    def tree(self, tmp_path: Path) -> Path:
        migration(tmp_path, "0001_initial")
        migration(tmp_path, "0002_price", "0001_initial")
        return tmp_path

    def test_one_for_each_app(self, tree: Path) -> None:
        [row] = rows(tree)
        assert (row.label, row.leaf) == ("shop", "0002_price")

    def test_the_leaf_node_follows_the_graph_and_not_the_names(self, tree: Path) -> None:
        migration(tree, "0000_late", "0002_price")
        assert rows(tree)[0].leaf == "0000_late"

    def test_a_squash_that_nothing_follows_is_the_leaf_node(self, tree: Path) -> None:
        squash = migration(tree, "0001_squashed")
        replaces = '    replaces = [("shop", "0001_initial"), ("shop", "0002_price")]\n'
        text = squash.read_text(encoding="utf-8")
        squash.write_text(
            text.replace("    dependencies", f"{replaces}    dependencies"), encoding="utf-8"
        )
        assert rows(tree)[0].leaf == "0001_squashed"

    def test_several_leaf_nodes(self, tree: Path) -> None:
        migration(tree, "0002_sku", "0001_initial")
        assert rows(tree)[0].leaf == "0002_price,0002_sku"

    def test_no_leaf_node(self, tree: Path) -> None:
        migration(tree, "0001_initial", "0002_price")
        assert rows(tree)[0].leaf == "-"

    def test_an_app_without_migrations_has_none(self, tree: Path) -> None:
        (tree / "blog/migrations").mkdir(parents=True)
        (tree / "blog/models.py").touch()
        (tree / "blog/migrations/__init__.py").touch()
        assert [row.label for row in rows(tree)] == ["shop"]

    @pytest.mark.parametrize("name", ["0001_initial", "0002_price"])
    def test_the_digest_changes_with_every_text(self, tree: Path, name: str) -> None:
        before = rows(tree)
        with (tree / f"shop/migrations/{name}.py").open("a", encoding="utf-8") as file:
            file.write("# more\n")
        assert rows(tree)[0].leaf == before[0].leaf
        assert rows(tree)[0].digest != before[0].digest

    def test_the_digest_changes_with_a_name(self, tree: Path) -> None:
        before = rows(tree)
        path = tree / "shop/migrations/0001_initial.py"
        path.rename(path.with_name("0001_first.py"))
        assert rows(tree)[0].digest != before[0].digest

    def test_line_endings_do_not_count(self, tree: Path) -> None:
        before = rows(tree)
        path = tree / "shop/migrations/0001_initial.py"
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        assert rows(tree) == before


class TestText:
    ROWS = (Row("blog", "0002_b", "0a"), Row("shop", "0003_c", "1b"))

    def test_what_is_written_is_read_again(self) -> None:
        lock = parse(render(self.ROWS))
        assert [row for row, _ in lock.rows.values()] == list(self.ROWS)
        assert lock.faults == []

    def test_the_lines_are_those_of_the_file(self) -> None:
        text = render(self.ROWS)
        for row, line in parse(text).rows.values():
            assert text.splitlines()[line - 1] == " ".join(row)

    def test_line_endings_do_not_count(self) -> None:
        assert parse(render(self.ROWS).replace("\n", "\r\n")) == parse(render(self.ROWS))

    @pytest.mark.parametrize(
        ("line", "fault"),
        [
            ("<<<<<<< HEAD", "a conflict marker"),
            ("=======", "a conflict marker"),
            ("shop 0003_c", "no label, leaf node and digest"),
            ("shop 0003_c 1b 2c", "no label, leaf node and digest"),
            ("shop 0004_d 2c", "a second line for shop"),
        ],
    )
    def test_what_can_not_be_read(self, line: str, fault: str) -> None:
        text = render(self.ROWS)
        number = len(text.splitlines()) + 1
        assert parse(f"{text}{line}\n").faults == [(number, fault)]

    def test_nothing(self) -> None:
        assert parse("") == ({}, [])


def change(*labels: str) -> Change:
    return lambda rows: {**rows, **{label: f"{rows[label]}_more" for label in labels}}


def add(label: str) -> Change:
    return lambda rows: {**rows, label: "0001_initial"}


def remove(label: str) -> Change:
    return lambda rows: {name: leaf for name, leaf in rows.items() if name != label}


def to(label: str, leaf: str) -> Change:
    return lambda rows: {**rows, label: leaf}


BASE = {"accounts": "0001_a", "blog": "0002_b", "shop": "0003_c", "stock": "0004_d"}

MERGED: dict[str, tuple[Change, Change]] = {
    "neighbours": (change("blog"), change("shop")),
    "every second and every other": (change("accounts", "shop"), change("blog", "stock")),
    "first and last": (change("accounts"), change("stock")),
    "a new app after one that changes": (change("blog"), add("order")),
    "a new app before one that changes": (change("shop"), add("order")),
    "a new first one": (change("accounts"), add("aardvark")),
    "a new last one": (change("stock"), add("zebra")),
    "two new ones apart": (add("aardvark"), add("order")),
    "an app goes after one that changes": (change("accounts"), remove("blog")),
    "an app goes before one that changes": (change("shop"), remove("blog")),
    "the same": (change("shop"), change("shop")),
}

CONFLICTS: dict[str, tuple[Change, Change]] = {
    "one app": (to("shop", "0004_p"), to("shop", "0004_q")),
    "one app, and one neighbour each": (
        lambda rows: change("blog")(to("shop", "0004_p")(rows)),
        lambda rows: change("stock")(to("shop", "0004_q")(rows)),
    ),
    "one new app": (to("new", "0001_p"), to("new", "0001_q")),
    "an app goes that changes": (change("shop"), remove("shop")),
}


class Repository:
    """A lock file on two branches."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        git(folder, "init", "--quiet", "--initial-branch=main")
        self.commit(BASE)
        git(folder, "branch", "feature")

    def commit(self, rows: Rows) -> None:
        (self.folder / NAME).write_text(text(rows), encoding="utf-8")
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--allow-empty", "--message", "Something")

    def merge(self, ours: Change, theirs: Change, *how: str) -> bool:
        """Return whether git merges without a conflict."""
        self.commit(theirs(BASE))
        git(self.folder, "switch", "--quiet", "feature")
        self.commit(ours(BASE))
        try:
            git(self.folder, *how, "main")
        except subprocess.CalledProcessError:
            return False
        return True


def text(rows: Rows) -> str:
    return render(Row(label, leaf, f"digest-of-{leaf}") for label, leaf in sorted(rows.items()))


WAYS = {
    "merge": ("merge", "--quiet", "--no-edit"),
    "older merge": ("merge", "--quiet", "--no-edit", "--strategy=recursive"),
    "rebase": ("rebase", "--quiet"),
    "rebase by patches": ("rebase", "--quiet", "--apply"),
}


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("case", MERGED)
def test_git_merges_lines_of_different_apps(tmp_path: Path, case: str, how: str) -> None:
    ours, theirs = MERGED[case]
    assert Repository(tmp_path).merge(ours, theirs, *WAYS[how])
    merged = (tmp_path / NAME).read_text(encoding="utf-8")
    expected = theirs(BASE) if case == "the same" else ours(theirs(BASE))
    assert merged == text(expected)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("case", CONFLICTS)
def test_git_conflicts_in_the_line_of_one_app(tmp_path: Path, case: str, how: str) -> None:
    ours, theirs = CONFLICTS[case]
    assert not Repository(tmp_path).merge(ours, theirs, *WAYS[how])
    first, *_ = parse((tmp_path / NAME).read_text(encoding="utf-8")).faults
    assert first[1] == "a conflict marker"
