"""A team comes on board and works for a day: with real git, real hooks and real pushes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adoption.habits import HABITS, Habit
from tests.adoption.member import Member

pytestmark = pytest.mark.pypi


@pytest.fixture(params=HABITS, ids=[habit.name for habit in HABITS])
def habit(request: pytest.FixtureRequest) -> Habit:
    chosen: Habit = request.param
    return chosen


@pytest.fixture
def alice(
    habit: Habit,
    tmp_path: Path,
    variables: dict[str, str],
    framework_programs: dict[str, Path],
) -> Member:
    """A member of a team whose repository knows nothing of this tool yet."""
    folder = tmp_path / "alice"
    folder.mkdir()
    path = f"{framework_programs[habit.framework]}:{variables['PATH']}"
    made = Member(folder, {**variables, "PATH": path}, habit.project)
    habit.make(made)
    made.git("init", "--quiet", "--initial-branch=main")
    made.commit_all("All that there is")
    made.git("init", "--quiet", "--bare", "--initial-branch=main", str(tmp_path / "origin.git"))
    made.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    made.git("push", "--quiet", "--set-upstream", "origin", "main")
    made.git("remote", "set-head", "origin", "main")
    return made


def test_a_day_of_a_team(habit: Habit, alice: Member, tmp_path: Path) -> None:
    _come_on_board(alice, habit)
    _commit_a_good_migration(alice)
    _have_a_bad_one_refused(alice)
    _forget_to_add_one(alice)
    alice.git("push")
    _have_a_conflict_refused_at_push(alice, tmp_path)
    _have_the_merge_refused(alice)


def _come_on_board(alice: Member, habit: Habit) -> None:
    habit.adopt(alice)
    alice.tool("setup", "--yes")
    said = alice.tool("setup-pre-commit")
    assert f"{habit.framework} runs at pre-commit, pre-merge-commit, pre-push" in said
    alice.commit_all("Check migrations")
    alice.git("push")


def _commit_a_good_migration(alice: Member) -> None:
    alice.add_field("shop", "colour")
    alice.tool("makemigrations", "--name", "colour")
    said = alice.commit_all("Colours")
    assert "validate migration dependencies" in said
    assert (alice.project / "shop/migrations/0002_colour.py").is_file()


def _have_a_bad_one_refused(alice: Member) -> None:
    before = alice.head
    alice.add_migration("shop", "0003_lost", after="0009_nowhere", field="lost")
    assert "GRF101" in alice.commit_all("A bad one", code=1)
    assert alice.head == before
    alice.git("rm", "--quiet", "--force", str(alice.project / "shop/migrations/0003_lost.py"))


def _forget_to_add_one(alice: Member) -> None:
    """A model is committed without its migration, which is there and was never added."""
    alice.add_field("shop", "size")
    alice.tool("makemigrations", "--name", "size")
    alice.git("add", "--update")
    said = alice.commit("Sizes", code=1)
    assert "shop/migrations/0003_size.py. Add it (git add)" in " ".join(said.split())
    alice.commit_all("Sizes")


def _have_a_conflict_refused_at_push(alice: Member, tmp_path: Path) -> None:
    """Bob, who has no hooks, adds to the same app on the main branch."""
    alice.git("switch", "--quiet", "--create", "weights")
    alice.add_field("shop", "weight")
    alice.tool("makemigrations", "--name", "weight")
    alice.commit_all("Weights")

    bob = Member(tmp_path / "bob", alice.variables, str(alice.project.relative_to(alice.folder)))
    alice.git("clone", "--quiet", str(tmp_path / "origin.git"), str(bob.folder))
    bob.add_field("shop", "height")
    bob.add_migration("shop", "0004_height", after="0003_size", field="height")
    bob.commit_all("Heights")
    bob.git("push", "--quiet")

    alice.git("fetch", "--quiet")
    said = alice.git("push", "origin", "weights", code=1)
    assert "0004_weight" in said
    assert "0004_height" in said
    assert alice.git("ls-remote", "--heads", "origin", "weights") == ""


def _have_the_merge_refused(alice: Member) -> None:
    before = alice.head
    alice.git("config", "merge.conflictStyle", "merge")
    ours = ("-X", "ours")  # both changed the same line of the model: not what this is about
    said = alice.git("merge", "--no-edit", *ours, "origin/main", code=1)
    assert "GRF103" in said
    assert alice.head == before

    alice.replace("shop/models.py", "    # more\n", "    height = models.IntegerField(null=True)\n")
    alice.tool("makemigrations", "--merge", "--answer", "merge:shop=yes")
    alice.commit_all("Merge")
    assert len(alice.git("rev-list", "--parents", "--max-count=1", "HEAD").split()) == 3
    alice.git("push", "origin", "weights")
