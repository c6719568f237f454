"""The history after a merge with another branch: asked of real git repositories."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.gates.test_against import (
    PRICE_FILE,
    SKU,
    SKU_FILE,
    SQUASH,
    Tree,
    codes,
    only,
    started,
)
from tests.project.old_git import any_git
from tests.two_apps import git
from workflow.errors import CouldNotCheck, UsageError
from workflow.gates import dependencies
from workflow.outcome import Finding, Severity, StepResult, Verdict

__all__ = ["any_git"]

COLOUR = SKU.replace("sku", "colour").replace("0002_price", "0003_sku")
WEIGHT = COLOUR.replace("colour", "weight")
COLOUR_FILE = "shop/migrations/0004_colour.py"
WEIGHT_FILE = "shop/migrations/0004_weight.py"
ROOM_FILE = "stock/migrations/0002_room.py"
ROOM = SKU.replace('("shop", "0002_price")', '("stock", "0001_initial")').replace(
    "Product", "Place"
)
SHELF = ROOM.replace("sku", "shelf")
ROOM_AFTER_SKU = ROOM.replace('[("stock"', '[("shop", "0003_sku"), ("stock"')
WHOLE_SQUASH = SQUASH.replace(
    "operations = []",
    """operations = [
        migrations.CreateModel("Product", [("sku", models.TextField())], {"ordering": ["sku"]}),
    ]""",
)
ERROR = Severity.ERROR

PASSED = StepResult("against", Verdict.PASSED)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A feature branch that has nothing of its own yet."""
    tree = started(tmp_path / "site", tmp_path / "site")
    tree.git("switch", "--quiet", "--create", "feature")
    return tree


def on_main(tree: Tree, change: Callable[[Tree], object]) -> None:
    tree.git("switch", "--quiet", "main")
    change(tree)
    tree.commit("Theirs")
    tree.git("switch", "--quiet", "feature")


class Case(NamedTuple):
    """What this branch and the other one do, and what must be found: code, severity, path."""

    ours: Callable[[Tree], object]
    theirs: Callable[[Tree], object]
    found: tuple[tuple[str, Severity, str | None], ...] = ()


def nothing(tree: Tree) -> None:
    pass


def colour(tree: Tree) -> Tree:
    return tree.write(COLOUR_FILE, COLOUR)


def weight(tree: Tree) -> Tree:
    return tree.write(WEIGHT_FILE, WEIGHT)


def app(name: str, file: str = "0001_initial") -> Callable[[Tree], Tree]:
    text = COLOUR.replace('[("shop", "0003_sku")]', "[]").replace("Product", "Post")
    return lambda tree: (
        tree.write(f"{name}/__init__.py", "")
        .write(f"{name}/models.py", "")
        .write(f"{name}/migrations/__init__.py", "")
        .write(f"{name}/migrations/{file}.py", text)
    )


FIRING = {
    "both add to one app": Case(colour, weight, (("HIS108", ERROR, COLOUR_FILE),)),
    "both add to one app, under two numbers": Case(
        lambda tree: tree.write("shop/migrations/0005_colour.py", COLOUR),
        weight,
        (("HIS108", ERROR, "shop/migrations/0005_colour.py"),),
    ),
    "both add two": Case(
        lambda tree: colour(tree).write(
            "shop/migrations/0005_paint.py", COLOUR.replace("0003_sku", "0004_colour")
        ),
        lambda tree: weight(tree).write(
            "shop/migrations/0005_size.py", WEIGHT.replace("0003_sku", "0004_weight")
        ),
        (("HIS108", ERROR, "shop/migrations/0005_paint.py"),),
    ),
    "both add to both apps": Case(
        lambda tree: colour(tree).write(ROOM_FILE, ROOM),
        lambda tree: weight(tree).write("stock/migrations/0002_shelf.py", SHELF),
        (("HIS108", ERROR, COLOUR_FILE), ("HIS108", ERROR, ROOM_FILE)),
    ),
    "both add one name": Case(
        colour,
        lambda tree: tree.write(COLOUR_FILE, WEIGHT),
        (("HIS109", ERROR, COLOUR_FILE),),
    ),
    "both change a comment": Case(
        lambda tree: tree.replace(PRICE_FILE, "# every product", "# every product, ours"),
        lambda tree: tree.replace(PRICE_FILE, "# every product", "# every product, theirs"),
        (("HIS109", ERROR, PRICE_FILE),),
    ),
    "ours depends on what theirs deleted": Case(
        lambda tree: tree.write(ROOM_FILE, ROOM_AFTER_SKU),
        lambda tree: tree.remove(SKU_FILE),
        (("GRF101", ERROR, ROOM_FILE),),
    ),
    "theirs depends on what ours deleted": Case(
        lambda tree: tree.remove(SKU_FILE),
        lambda tree: tree.write(ROOM_FILE, ROOM_AFTER_SKU),
        (("HIS107", ERROR, SKU_FILE), ("GRF101", ERROR, ROOM_FILE)),
    ),
    "ours edits what theirs deleted": Case(
        lambda tree: tree.replace(SKU_FILE, "from django", "# ours\nfrom django"),
        lambda tree: tree.remove(SKU_FILE),
        (("HIS109", ERROR, SKU_FILE),),
    ),
    "both begin an app": Case(
        app("blog"),
        app("blog", "0001_start"),
        (
            ("GRF104", Severity.WARNING, "blog/migrations/0001_start.py"),
            ("HIS108", ERROR, "blog/migrations/0001_initial.py"),
        ),
    ),
    "ours edits what theirs has, and both add": Case(
        lambda tree: colour(tree).replace(PRICE_FILE, "null=True", "default=0"),
        weight,
        (("HIS106", ERROR, PRICE_FILE), ("HIS108", ERROR, COLOUR_FILE)),
    ),
    "both edit one line": Case(
        lambda tree: tree.replace(PRICE_FILE, "null=True", "default=0"),
        lambda tree: tree.replace(PRICE_FILE, "null=True", "default=1"),
        (("HIS106", ERROR, PRICE_FILE),),
    ),
}

SILENT = {
    "nothing": Case(nothing, nothing),
    "ours alone": Case(colour, nothing),
    "theirs alone": Case(nothing, weight),
    "each to another app": Case(colour, lambda tree: tree.write(ROOM_FILE, ROOM)),
    "both the same": Case(colour, colour),
    "both the same, and theirs more": Case(
        colour,
        lambda tree: colour(tree).write(
            "shop/migrations/0005_paint.py", WEIGHT.replace("0003_sku", "0004_colour")
        ),
    ),
    "a squash there, and a migration here that names an original": Case(
        colour,
        lambda tree: (
            tree.remove("shop/migrations/0001_initial.py"),
            tree.remove(PRICE_FILE),
            tree.remove(SKU_FILE),
            tree.write("shop/migrations/0001_squashed.py", WHOLE_SQUASH),
        ),
    ),
    "two leaf nodes there": Case(
        lambda tree: tree.write(ROOM_FILE, ROOM), lambda tree: colour(weight(tree))
    ),
    "two leaf nodes here": Case(
        lambda tree: colour(weight(tree)), lambda tree: tree.write(ROOM_FILE, ROOM)
    ),
    "an app gone there": Case(colour, lambda tree: tree.remove("stock")),
    "other files": Case(
        lambda tree: tree.write("shop/models.py", "x = 1\n"),
        lambda tree: tree.write("shop/models.py", "x = 2\n"),
    ),
}


@pytest.mark.usefixtures("any_git")
@pytest.mark.parametrize("committed", [False, True], ids=["uncommitted", "committed"])
@pytest.mark.parametrize("case", FIRING.values(), ids=FIRING)
def test_it_fires(tree: Tree, case: Case, committed: bool) -> None:
    result = played(tree, case, committed=committed)
    assert sorted(codes(result)) == sorted(case.found)
    assert result.verdict is Verdict.REFUSED
    assert all(item.fix and item.fix.startswith("Instead: ") for item in result.findings)


@pytest.mark.usefixtures("any_git")
@pytest.mark.parametrize("committed", [False, True], ids=["uncommitted", "committed"])
@pytest.mark.parametrize("case", SILENT.values(), ids=SILENT)
def test_it_is_silent(tree: Tree, case: Case, committed: bool) -> None:
    assert played(tree, case, committed=committed) == PASSED


def played(tree: Tree, case: Case, *, committed: bool) -> StepResult:
    on_main(tree, case.theirs)
    case.ours(tree)
    if committed:
        tree.commit("Ours")
    return tree.run("main")


def test_only_where_it_is_asked_for(tree: Tree) -> None:
    assert played(tree, FIRING["both add to one app"], committed=True).findings
    assert tree.run() == PASSED


def test_what_is_said_of_two_that_add_to_one_app(tree: Tree) -> None:
    result = played(tree, FIRING["both add to one app"], committed=True)
    assert only(result) == Finding(
        "HIS108",
        Severity.ERROR,
        "shop has 2 leaf nodes after the merge with main: 0004_colour of this branch and "
        "0004_weight of main. Both took the number 0004. Django refuses to migrate and to make "
        "migrations until they are one.",
        "Instead: let 0004_colour depend on 0004_weight and call it 0005_colour where nobody has "
        "applied it yet; or join the two with a merge migration.\n"
        "Next: git merge main && migration-workflow makemigrations --merge shop",
        app="shop",
        migration="0004_colour",
        path=COLOUR_FILE,
        data={"against": "main", "ours": ["0004_colour"], "theirs": ["0004_weight"]},
    )


def test_what_is_said_where_each_adds_two(tree: Tree) -> None:
    finding = only(played(tree, FIRING["both add two"], committed=True))
    assert "Both took the numbers 0004 and 0005. " in finding.message
    assert finding.fix
    assert finding.fix.startswith(
        "Instead: let 0004_colour depend on 0005_size and number your 2 from 0006 on where nobody "
        "has applied them yet; "
    )


def test_what_is_said_where_the_numbers_differ(tree: Tree) -> None:
    finding = only(played(tree, FIRING["both add to one app, under two numbers"], committed=True))
    assert "took the number" not in finding.message
    assert finding.fix
    assert finding.fix.startswith(
        "Instead: let 0005_colour depend on 0004_weight where nobody has applied it yet; "
    )


def test_what_is_said_of_one_name(tree: Tree) -> None:
    finding = only(played(tree, FIRING["both add one name"], committed=True))
    assert finding.message == (
        "shop.0004_colour is two migrations: this branch and main both have one of that name. Git "
        "can't merge them, and whoever has applied the one never applies the other."
    )
    assert finding.fix == (
        "Instead: give yours another name and the next free number, in what depends on it too, "
        "and let it depend on that of main.\n"
        "Next: migration-workflow validate-migration-dependencies --against main"
    )


def test_what_is_said_of_a_text_that_both_changed(tree: Tree) -> None:
    finding = only(played(tree, FIRING["both change a comment"], committed=True))
    assert finding.message.startswith(
        "shop.0002_price was changed by this branch and by main, each in its own way. Git can't"
    )
    assert finding.fix
    assert "(git checkout main -- shop/migrations/0002_price.py)" in finding.fix


def test_what_is_said_of_a_file_that_is_gone_there(tree: Tree) -> None:
    finding = only(played(tree, FIRING["ours edits what theirs deleted"], committed=True))
    assert finding.message.startswith(
        "shop.0003_sku was edited by this branch and deleted by main. Git can't merge them, "
    )
    assert "delete it here, too (git rm shop/migrations/0003_sku.py), and" in str(finding.fix)


def test_what_is_said_of_a_dependency_that_is_lost(tree: Tree) -> None:
    finding = only(played(tree, FIRING["ours depends on what theirs deleted"], committed=True))
    assert finding.message.startswith(
        "After the merge with main: stock.0002_room depends on shop.0003_sku, which does not exist"
    )
    assert finding.fix
    assert finding.fix.endswith(
        "\nNext: git merge main && migration-workflow validate-migration-dependencies"
    )
    assert finding.data["against"] == "main"


def test_the_commands_in_the_message_mend_it(tree: Tree) -> None:
    on_main(tree, weight)
    colour(tree).commit("Ours")
    assert only(tree.run("main")).code == "HIS108"
    tree.git("merge", "--quiet", "--no-edit", "main")
    assert tree.run("main") == PASSED
    assert dependencies.run(tree.context("main")).verdict is Verdict.REFUSED
    tree.move(COLOUR_FILE, "shop/migrations/0005_colour.py")
    tree.replace("shop/migrations/0005_colour.py", "0003_sku", "0004_weight")
    assert tree.run("main") == PASSED
    assert dependencies.run(tree.context("main")).verdict is Verdict.PASSED


def test_what_is_wrong_here_alone_is_told_once(tree: Tree) -> None:
    on_main(tree, lambda there: there.write(ROOM_FILE, ROOM))
    colour(weight(tree)).commit("Ours")
    context = tree.context("main")
    assert "GRF103" in [item.code for item in dependencies.run(context).findings]
    assert tree.run("main") == PASSED


def test_a_third_leaf_node_is_told_even_where_there_are_two(tree: Tree) -> None:
    on_main(tree, weight)
    colour(tree).write("shop/migrations/0004_size.py", WEIGHT.replace("weight", "size")).commit()
    finding = only(tree.run("main"))
    assert finding.data["ours"] == ["0004_colour", "0004_size"]


class TestPlaces:
    """What HEAD and the other branch may be."""

    def test_a_merge_queue(self, tree: Tree) -> None:
        on_main(tree, weight)
        tree.write(ROOM_FILE, ROOM).commit("Ours")
        tree.git("switch", "--quiet", "--create", "gh-readonly-queue/main/pr-1-0abc", "main")
        tree.git("merge", "--quiet", "--no-ff", "--no-edit", "feature")
        assert tree.run("main") == PASSED
        tree.remove(WEIGHT_FILE)
        assert only(tree.run("main")).code == "HIS107"

    def test_a_detached_head(self, tree: Tree) -> None:
        on_main(tree, weight)
        colour(tree).commit("Ours")
        tree.git("switch", "--quiet", "--detach", "feature")
        assert only(tree.run("main")).code == "HIS108"

    def test_any_name_of_a_commit(self, tree: Tree) -> None:
        on_main(tree, weight)
        colour(tree).commit("Ours")
        commit = tree.git("rev-parse", "main")
        finding = only(tree.run(commit))
        assert f"after the merge with {commit}: " in finding.message

    def test_a_worktree(self, tree: Tree, tmp_path: Path) -> None:
        on_main(tree, weight)
        colour(tree).commit("Ours")
        tree.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "other"), "feature")
        assert only(Tree(tmp_path / "other", tmp_path / "other").run("main")).code == "HIS108"

    def test_a_project_below_the_top(self, tmp_path: Path) -> None:
        tree = started(tmp_path / "top/site", tmp_path / "top")
        tree.git("switch", "--quiet", "--create", "feature")
        on_main(tree, lambda there: there.write(COLOUR_FILE, WEIGHT))
        colour(tree).commit("Ours")
        assert codes(tree.run("main")) == [("HIS109", ERROR, COLOUR_FILE)]

    def test_nothing_in_common(self, tree: Tree) -> None:
        tree.git("switch", "--quiet", "--orphan", "other")
        colour(tree).commit("Ours")
        with pytest.raises(CouldNotCheck, match=r"no commit that is shared with main$"):
            tree.run("main")

    @pytest.mark.parametrize("both", [True, False], ids=["all branches", "one branch"])
    def test_a_shallow_clone(self, tree: Tree, tmp_path: Path, both: bool) -> None:
        on_main(tree, weight)
        colour(tree).commit("Ours")
        clone = tmp_path / "clone"
        wanted = "--no-single-branch" if both else "--single-branch"
        git(tmp_path, "clone", "--quiet", "--depth=1", wanted, "--branch=feature",
            f"file://{tree.top}", str(clone))  # fmt: skip
        shallow = Tree(clone, clone)
        with pytest.raises(CouldNotCheck) as caught:
            shallow.run("origin/main")
        assert caught.value.exit_code == 3
        command = "fetch --unshallow" + ("" if both else " origin +main:refs/remotes/origin/main")
        assert f": git {command} gets" in str(caught.value)
        git(clone, *command.split())
        assert only(shallow.run("origin/main")).code == "HIS108"

    def test_a_branch_that_was_not_cloned(self, tree: Tree, tmp_path: Path) -> None:
        clone = tmp_path / "clone"
        git(tmp_path, "clone", "--quiet", "--single-branch", str(tree.top), str(clone))
        with pytest.raises(UsageError) as caught:
            Tree(clone, clone).run("origin/main")
        assert str(caught.value) == (
            "--against origin/main: origin/main is no branch, tag or commit of this clone: "
            "git fetch origin +main:refs/remotes/origin/main gets it"
        )
