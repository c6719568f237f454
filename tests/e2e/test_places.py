"""Any folder, any name, any encoding, any place in git."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.shop import Shop

FOLDERS = [
    "with space",
    "[red]markup[/red]",
    'it\'s "quoted"',
    "naïve ☃ 漢字",
    "100% {braces} $HOME `id` ;&|",
    "-dash --project",
    "*glob?[a-z]",
    "#hash?mode=ro&x=%41",
    "trailing ",
    "new\nline",
    "tab\tand\x1b[31mescape",
    os.fsdecode(b"caf\xe9 in Latin-1"),
    "site-packages-of-mine",
]
ENCODINGS = {
    "UTF-8": {},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "ascii, strictly": {"PYTHONIOENCODING": "ascii:strict"},
    "C": {"LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "POSIX": {"LANG": "POSIX", "LC_ALL": "POSIX"},
    "UTF-8 mode": {"PYTHONUTF8": "1"},
}
COLOUR = "catalogue/migrations/0011_product_colour.py"


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_of_any_name(name: str, tmp_path: Path, make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(tmp_path / name / name)
    shop.add_field()
    done = shop.run("makemigrations")
    assert done.code == 0, done
    assert f"wrote {COLOUR}" in done.said
    done = shop.json("migrate-safe")
    assert done.code == 0, done
    assert ("catalogue", "0011_product_colour") in shop.applied()
    done = shop.run("test-migrations-clean", "--project", str(shop.folder), cwd=tmp_path)
    assert done.code == 0, done
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_of_any_name_in_a_message(
    name: str, tmp_path: Path, make_shop: Callable[..., Shop]
) -> None:
    shop = make_shop(tmp_path / name)
    shop.write(".env", f"DATABASE_URL=sqlite:///{'no/such/folder'}/db.sqlite3\n")
    for variables in ({}, {"FORCE_COLOR": "1", "COLUMNS": "60"}):
        done = shop.run("pre-check", variables=variables)
        assert done.code == 3, done
        assert "its folder does not exist" in done.said
        assert "\x1b[31mescape" not in done.stdout
        assert "\x1b[?25l" not in done.stdout
    done = shop.run("pre-check", "--output", "report.txt")
    assert done.code == 3, done
    assert "errored" in (shop.folder / "report.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ENCODINGS)
def test_any_encoding(name: str, shop: Shop) -> None:
    shop.add_field('colour = models.CharField("Färbung ☃ [red]", max_length=20, default="weiß")')
    shop.add_migration(
        "migrations.RunPython(work)",
        app="orders",
        name="0005_work",
        after="0004_order_indexes",
        head="def work(apps, schema_editor):\n    raise ValueError('☃ weiß')\n",
    )
    variables = ENCODINGS[name]
    done = shop.run("makemigrations", variables=variables)
    assert done.code == 0, done
    text = (shop.folder / COLOUR).read_text(encoding="utf-8")
    assert "default='weiß'" in text
    assert "'Färbung ☃ [red]'" in text
    done = shop.run("migrate-safe", variables=variables)
    assert done.code == 1, done
    assert "DAT201" in done.stdout
    assert any(word in done.said for word in ("☃ weiß", "\\u2603 wei\\xdf", "\\u2603 wei\udcdf"))
    done = shop.json("migrate-safe", variables=variables)
    assert "ValueError: ☃ weiß" in str(done.document)
    done = shop.run("pre-check", "--output", "report.txt", variables=variables)
    assert done.code == 0, done


def test_names_are_never_read_as_markup(shop: Shop) -> None:
    shop.replace("orders/models.py", '"order_status_created_idx"', '"idx_[red]_[/]"')
    for variables in ({}, {"FORCE_COLOR": "1", "COLUMNS": "300"}):
        done = shop.run("check-migrations", variables=variables)
        assert done.code == 1, done
        assert "idx_[red]_[/]" in done.said


@pytest.mark.parametrize("columns", ["60", "20", "1", "0", "x"])
def test_a_stream_of_any_width(columns: str, shop: Shop) -> None:
    shop.add_field("colour = models.CharField(max_length=-1)")
    for variables in ({"COLUMNS": columns}, {"COLUMNS": columns, "FORCE_COLOR": "1"}):
        done = shop.run("pre-check", variables=variables)
        assert done.code == 0, done
        done = shop.run("validate-migrations", variables=variables)
        assert done.code == 1, done


def expect_flows(shop: Shop, cwd: Path | None = None) -> None:
    """Draft, apply, and test a change; git is asked on the way."""
    shop.add_field()
    done = shop.run("makemigrations", cwd=cwd)
    assert done.code == 0, done
    assert f"wrote {COLOUR}" in done.said
    done = shop.run("migrate-safe", cwd=cwd)
    assert done.code == 0, done
    done = shop.json("pre-check", cwd=cwd)
    assert done.code == 0, done
    done = shop.run("test-migrations-clean", cwd=cwd)
    assert done.code == 0, done


def uncommitted(shop: Shop, cwd: Path | None = None) -> list[str]:
    findings = shop.json("pre-check", cwd=cwd).document["gates"][0]["findings"]
    return [
        path
        for finding in findings
        if finding["code"] == "HIS104"
        for path in finding["data"].get("uncommitted", [])
    ]


def test_outside_git(shop: Shop) -> None:
    expect_flows(shop)
    assert uncommitted(shop) == []
    assert "not under git" in shop.run("enforce-dev-environment", "--verbose").said


def test_at_the_top_of_a_repository(shop: Shop) -> None:
    shop.commit_all()
    expect_flows(shop)
    assert uncommitted(shop) == [COLOUR]
    assert shop.git("status", "--porcelain") == "M catalogue/models.py\n?? " + COLOUR


def test_in_a_repository_without_a_commit(shop: Shop) -> None:
    shop.git("init", "--quiet")
    expect_flows(shop)
    assert COLOUR in uncommitted(shop)


@pytest.mark.parametrize("place", ["services/[the] shop ☃", "a b/c'd"])
def test_in_a_subfolder_of_a_repository(
    place: str, tmp_path: Path, make_shop: Callable[..., Shop]
) -> None:
    top = tmp_path / "repository"
    shop = make_shop(top / place)
    (top / "pyproject.toml").write_text(
        f'[tool.django-migration-workflow]\nproject = "{place}"\n', encoding="utf-8"
    )
    (top / "tools").mkdir()
    shop.commit_all(top)
    expect_flows(shop, cwd=top)
    assert uncommitted(shop, cwd=top) == [COLOUR]
    assert uncommitted(shop, cwd=shop.folder / "catalogue/migrations") == [COLOUR]
    assert uncommitted(shop, cwd=top / "tools") == [COLOUR]


def test_below_a_repository_without_configuration(
    tmp_path: Path, make_shop: Callable[..., Shop]
) -> None:
    shop = make_shop(tmp_path / "repository/shop")
    shop.commit_all(tmp_path / "repository")
    expect_flows(shop, cwd=tmp_path / "repository")


def test_in_a_worktree(shop: Shop, tmp_path: Path, home: Path) -> None:
    shop.commit_all()
    tree = tmp_path / "other tree"
    shop.git("worktree", "add", "--quiet", "-b", "topic", str(tree))
    other = type(shop)(tree, home)
    (tree / "db.sqlite3").write_bytes(shop.database.read_bytes())
    before = shop.tree()
    expect_flows(other)
    assert uncommitted(other) == [COLOUR]
    assert f"topic in {tree}" in other.run("enforce-dev-environment", "--verbose").said
    assert shop.tree() == before


def test_in_a_worktree_inside_the_tree_that_it_belongs_to(shop: Shop, home: Path) -> None:
    """The outer tree holds the same apps a second time: they are another checkout's."""
    shop.commit_all()
    tree = shop.folder / ".worktrees/topic"
    shop.git("worktree", "add", "--quiet", "-b", "topic", str(tree))
    other = type(shop)(tree, home)
    expect_flows(other)
    assert uncommitted(other) == [COLOUR]
    done = shop.json("validate-migrations")
    assert done.code == 0, done
    assert done.document["history"]["apps"] == 4


def test_on_a_detached_head(shop: Shop) -> None:
    shop.commit_all()
    shop.git("checkout", "--quiet", "--detach")
    expect_flows(shop)
    assert "detached HEAD in" in shop.run("enforce-dev-environment", "--verbose").said


def test_on_a_branch(shop: Shop) -> None:
    shop.commit_all()
    shop.git("checkout", "--quiet", "-b", "topic/☃")
    shop.add_field()
    assert shop.run("makemigrations").code == 0
    shop.git("add", ".")
    shop.git("commit", "--quiet", "--message=Colour")
    findings = shop.json("pre-check").document["gates"][0]["findings"]
    (finding,) = [finding for finding in findings if finding["code"] == "HIS104"]
    assert finding["data"] == {"changed": [COLOUR]}
    assert "since it left main" in finding["message"]


def test_from_a_hook_of_another_repository(shop: Shop, tmp_path: Path) -> None:
    """Git tells its hooks where its folder and index are: that is not the shop's."""
    shop.commit_all()
    shop.add_field()
    variables = {"GIT_DIR": str(tmp_path / "other.git"), "GIT_INDEX_FILE": "no/index"}
    done = shop.run("makemigrations", variables=variables)
    assert done.code == 0, done
    assert uncommitted(shop) == [COLOUR]


def test_without_git_on_the_machine(shop: Shop, tmp_path: Path) -> None:
    shop.commit_all()
    (tmp_path / "empty").mkdir()
    done = shop.run("pre-check", variables={"PATH": str(tmp_path / "empty")})
    assert done.code == 0, done


def test_through_a_symbolic_link(shop: Shop, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(shop.folder)
    expect_flows(shop, cwd=link)


def test_a_migrations_folder_that_is_a_link_out_of_the_project(shop: Shop, tmp_path: Path) -> None:
    """Never written outside the project's tree."""
    outside = tmp_path / "outside"
    (shop.folder / "catalogue/migrations").rename(outside)
    (shop.folder / "catalogue/migrations").symlink_to(outside)
    shop.add_field()
    before = sorted(outside.glob("*.py"))
    done = shop.run("makemigrations")
    assert done.code in {0, 1}, done
    assert sorted(outside.glob("*.py")) == before


def test_in_a_folder_that_is_gone(shop: Shop, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = 'cd "$0" && rmdir "$0" && shift 0 && exec "$@"'
    done = shop.run("pre-check", program=["sh", "-c", script, str(gone), *shop.program])
    assert done.code == 2, done
    assert "Traceback" not in done.stderr
