"""The entry point of commit hooks: it does what the console script does, and loads little."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.two_apps import Project
from workflow.hooks import RELEVANT

VERB = "validate-migration-dependencies"
MODULES = ("workflow", "workflow.hooks")

UNWANTED = {
    "argparse", "ast", "asyncio", "bz2", "difflib", "django", "docker", "dotenv", "hashlib",
    "inspect", "invoke", "json", "lzma", "pkgutil", "rich", "shutil", "tempfile", "unittest",
}  # fmt: skip
"""What costs time at every commit, or has no business in a gate that reads files."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project")
    made.create()
    made.commit_all()
    return made


def call(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=project.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("module", MODULES)
def test_a_warm_static_gate_loads_only_what_it_needs(project: Project, module: str) -> None:
    call(project, "-m", module, VERB)

    done = call(project, "-X", "importtime", "-m", module, VERB)

    assert done.returncode == 0, done.stderr
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "workflow.gates.against" in names
    assert {name.partition(".")[0] for name in names} & UNWANTED == set()
    assert not [name for name in names if name.startswith("workflow.rules.grf")]
    assert "workflow.history.parsing" not in names


@pytest.mark.parametrize("module", MODULES)
def test_what_is_found_refuses(project: Project, module: str) -> None:
    project.migration("shop", "0002_x", after=(("shop", "0009_missing"),))
    project.git("add", "--all")

    done = call(project, "-m", module, VERB)

    assert done.returncode == 1
    assert "GRF101" in done.stdout


def test_names_of_files_are_not_taken_for_words(project: Project) -> None:
    done = call(project, "-m", "workflow.hooks", VERB, "--strict", "shop/models.py", "shop/apps.py")

    assert (done.returncode, done.stderr) == (0, "")


def test_options_are_heeded(project: Project) -> None:
    done = call(project, "-m", "workflow.hooks", VERB, "--against", "nowhere")

    assert done.returncode == 2
    assert "--against nowhere: nowhere is no branch, tag or commit of this clone" in done.stderr


@pytest.mark.parametrize("words", [(), ("no-such-verb",)], ids=["none", "unknown"])
def test_no_verb_is_wrong_usage(project: Project, words: tuple[str, ...]) -> None:
    assert call(project, "-m", "workflow.hooks", *words).returncode == 2


BAD = (("shop", "0009_missing"),)


class Committer(Project):
    """A project whose ``pre-commit`` hook calls us straight, without a framework."""

    def hook(
        self, kind: str = "pre-commit", *, verb: str = VERB, inside: Path | None = None
    ) -> None:
        """Write one of git's hooks, with the ``PATH`` that a client without a terminal has."""
        folder = Path(self.git("rev-parse", "--git-path", "hooks", cwd=inside))
        path = ((inside or self.folder) / folder) / kind
        path.parent.mkdir(parents=True, exist_ok=True)
        where = f" --project {self.folder}" if inside else ""
        text = (
            f"#!/bin/sh\nPATH=/usr/bin:/bin exec {sys.executable} -m workflow.hooks {verb}{where}\n"
        )
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def commit(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Commit, whatever the hook says."""
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        return subprocess.run(
            ["git", *who, "commit", "--quiet", "--message", "More", *words],
            cwd=cwd or self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def committer(tmp_path: Path) -> Committer:
    made = Committer(tmp_path / "project")
    made.create()
    made.commit_all()
    made.hook()
    return made


def as_submodule(committer: Committer, whole: Path) -> Committer:
    """Make a repository a part of another one; return the part."""
    whole.mkdir()
    committer.git("init", "--quiet", cwd=whole)
    add = ["-c", "protocol.file.allow=always", "submodule", "add", "--quiet"]
    committer.git(*add, str(committer.folder), "part", cwd=whole)
    return Committer(whole / "part")


class TestWhatIsCommitted:
    def test_a_bad_migration_is_refused(self, committer: Committer) -> None:
        committer.migration("shop", "0002_x", after=BAD)
        committer.git("add", "--all")
        done = committer.commit()
        assert done.returncode == 1
        assert "GRF101" in done.stderr + done.stdout

    def test_one_that_is_not_added_is_no_part_of_it(self, committer: Committer) -> None:
        committer.migration("shop", "0002_x", after=BAD)
        committer.add_field("size = models.IntegerField(null=True)")
        done = committer.commit("--all")
        assert done.returncode == 0, done.stderr

    def test_what_is_staged_counts_and_not_what_is_on_disk(self, committer: Committer) -> None:
        committer.migration("shop", "0002_x")
        committer.git("add", "--all")
        committer.migration("shop", "0002_x", after=BAD)
        assert committer.commit().returncode == 0

    def test_a_bad_one_is_staged_and_mended_on_disk_alone(self, committer: Committer) -> None:
        committer.migration("shop", "0002_x", after=BAD)
        committer.git("add", "--all")
        committer.migration("shop", "0002_x")
        assert committer.commit().returncode == 1

    def test_one_file_is_committed_past_a_bad_one_that_is_staged(
        self, committer: Committer
    ) -> None:
        committer.migration("shop", "0002_x", after=BAD)
        committer.git("add", "--all")
        committer.add_field("size = models.IntegerField(null=True)")
        assert committer.commit("shop/models.py").returncode == 0

    def test_all_changes_are_committed_at_once(self, committer: Committer) -> None:
        committer.migration("shop", "0001_initial", after=BAD)
        assert committer.commit("--all").returncode == 1

    def test_a_migration_is_deleted_and_nothing_else(self, committer: Committer) -> None:
        committer.git("rm", "--quiet", "shop/migrations/0001_initial.py")
        done = committer.commit()
        assert done.returncode == 1
        assert "stock.0001_initial depends on shop.0001_initial" in done.stderr + done.stdout

    def test_a_change_of_nothing_of_ours_is_not_looked_at(self, committer: Committer) -> None:
        committer.migration("shop", "0002_x", after=BAD)
        committer.git("add", "--all")
        assert committer.commit("--no-verify").returncode == 0
        committer.write("README.md", "A shop.\n")
        committer.git("add", "--all")
        done = committer.commit()
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


class TestWhereItIsCommitted:
    def test_in_a_worktree(self, committer: Committer, tmp_path: Path) -> None:
        committer.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "tree"))
        tree = Committer(tmp_path / "tree")
        tree.migration("shop", "0002_x", after=BAD)
        tree.git("add", "--all")
        assert tree.commit().returncode == 1
        tree.migration("shop", "0002_x")
        tree.git("add", "--all")
        assert tree.commit().returncode == 0

    def test_in_a_submodule(self, committer: Committer, tmp_path: Path) -> None:
        whole = tmp_path / "whole"
        part = as_submodule(committer, whole)
        part.hook()
        part.migration("shop", "0002_x", after=BAD)
        part.git("add", "--all")
        assert part.commit().returncode == 1

    def test_around_a_submodule_whose_index_is_another(
        self, committer: Committer, tmp_path: Path
    ) -> None:
        whole = tmp_path / "whole"
        part = as_submodule(committer, whole)
        part.hook(inside=whole)
        (whole / "models.py").touch()
        part.git("add", "--all", cwd=whole)
        done = part.commit("--all", cwd=whole)
        assert done.returncode == 0, done.stderr
        assert "(2 migrations in 2 apps)" in done.stderr + done.stdout

    def test_below_the_top_of_the_repository(self, tmp_path: Path) -> None:
        top = tmp_path / "everything"
        made = Committer(top / "backend/site")
        made.create()
        made.git("init", "--quiet", cwd=top)
        made.git("add", "--all", cwd=top)
        made.git("commit", "--quiet", "--message", "All", cwd=top)
        made.hook(inside=top)
        made.migration("shop", "0002_x", after=BAD)
        made.git("add", "--all", cwd=top)
        assert made.commit(cwd=top).returncode == 1


def test_a_push_is_judged_by_the_commit_that_is_pushed(
    committer: Committer, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = committer.git("rev-parse", "HEAD")
    committer.git("switch", "--quiet", "--create", "bad")
    committer.migration("shop", "0002_x", after=BAD)
    committer.git("add", "--all")
    committer.commit("--no-verify")
    pushed = committer.git("rev-parse", "HEAD")
    committer.git("switch", "--quiet", "main")
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", start)
    monkeypatch.setenv("PRE_COMMIT_TO_REF", pushed)
    done = call(committer, "-m", "workflow.hooks", VERB)
    assert done.returncode == 1
    assert "GRF101" in done.stdout


def test_the_project_is_not_asked_about_other_files_than_those_of_the_commit(
    committer: Committer,
) -> None:
    committer.add_field("size = models.IntegerField(null=True)")
    committer.git("add", "--all")
    committer.migration("shop", "0002_size")
    done = call(committer, "-m", "workflow.hooks", "check-migrations")
    assert done.returncode == 3
    assert "is about to keep: shop/migrations/0002_size.py. Add it (git add)" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("configured", "code"), [("refuse", 3), ("pass", 0)])
def test_without_a_container_one_line_says_so(
    committer: Committer, monkeypatch: pytest.MonkeyPatch, configured: str, code: int
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    committer.write("docker-compose.dev.yml", "services: {web: {image: x, volumes: ['.:/app']}}\n")
    committer.write(
        "migration-workflow.toml",
        f'runs = "container"\nhooks-without-container = "{configured}"\n',
    )
    committer.git("add", "--all")
    done = call(committer, "-m", "workflow.hooks", "check-migrations")
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("check-migrations was not run: ")
    assert done.stderr.count("\n") == 1
    assert ("let pass: hooks-without-container" in done.stderr) is (code == 0)


def test_the_definitions_name_the_files_that_matter() -> None:
    text = (Path(__file__).parents[1] / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    assert f"'{RELEVANT.pattern}'" in text


@pytest.mark.parametrize(
    ("name", "is_relevant"),
    [
        ("shop/migrations/0001_initial.py", True),
        ("shop/migrations/__init__.py", True),
        ("shop/models.py", True),
        ("shop/models/product.py", True),
        ("shop/abstract_models.py", True),
        ("shop/apps.py", True),
        ("config/settings/base.py", True),
        ("migration-workflow.toml", True),
        ("shop/views.py", False),
        ("shop/migrations/README.md", False),
        ("docs/models.md", False),
    ],
)
def test_which_files_can_change_a_verdict(name: str, is_relevant: bool) -> None:
    assert bool(RELEVANT.search(name)) is is_relevant
