"""``setup`` on whole repositories: looks, shows, writes, takes back, and harms nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.setup.repository import Repository
from tests.two_apps import Silence
from workflow.errors import CouldNotCheck
from workflow.outcome import Verdict
from workflow.setup import adopt, look, take_back

pytestmark = pytest.mark.e2e

MAKEFILE = "run:\n\tpython manage.py runserver\n"

COMPOSE = """\
services:
  database:
    image: postgres:17
  web:
    build: .
    ports: ["8000:8000"]
"""

DOCKERFILE = """\
FROM python:3.12-slim
WORKDIR /code
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
"""


def pip_and_make(repository: Repository) -> None:
    repository.write("requirements.txt", "django\n")
    repository.write("Makefile", MAKEFILE)
    repository.write(".github/workflows/tests.yml", "on: push\njobs: {}\n")
    repository.commit_all()


def uv_and_compose(repository: Repository) -> None:
    repository.write("pyproject.toml", '[project]\nname = "shop"   # ours\n')
    repository.write("uv.lock", "version = 1\n")
    repository.write("compose.yaml", COMPOSE)
    repository.write("Dockerfile", DOCKERFILE)
    repository.write(".gitlab-ci.yml", "stages: [build]\n\ncompile:\n  stage: build\n")
    repository.commit_all()


def poetry_and_src(repository: Repository) -> None:
    src = repository.folder / "src"
    src.mkdir()
    for path in list(repository.folder.iterdir()):
        if path != src:
            path.rename(src / path.name)
    repository.write("pyproject.toml", '[tool.poetry]\nname = "shop"\n')
    repository.write("poetry.lock", "")
    settings = src / "config/settings"
    settings.mkdir()
    (src / "config/settings.py").rename(settings / "base.py")
    (settings / "__init__.py").touch()
    (settings / "local.py").write_text("from config.settings.base import *\n")
    repository.replace("src/manage.py", "config.settings", "config.settings.local")
    repository.commit_all()


HABITS: dict[str, Callable[[Repository], None]] = {
    "pip": pip_and_make,
    "uv": uv_and_compose,
    "poetry": poetry_and_src,
}
every_habit = pytest.mark.parametrize("habit", HABITS)


@every_habit
def test_a_repository_comes_on_board_and_leaves_again(repository: Repository, habit: str) -> None:
    HABITS[habit](repository)
    before = repository.tree()

    assert "CFG201" in repository.setup("--check", code=1)
    assert repository.tree() == before

    repository.setup("--yes")
    on_board = repository.tree()
    assert before.items() <= {**on_board, **_unlike(before, on_board)}.items()
    assert {"tasks.py", ".pre-commit-config.yaml", "MIGRATION_WORKFLOW.md"} <= on_board.keys()

    repository.setup("--check")
    assert "nothing is missing" in repository.setup("--yes")
    assert repository.tree() == on_board

    repository.setup("--undo", "--yes")
    assert repository.tree() == before


def _unlike(before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, bytes]:
    """What is another file now; every line that it had must still be in it."""
    changed = {name: text for name, text in before.items() if after[name] != text}
    for name, text in changed.items():
        lines = after[name].splitlines()
        assert all(line in lines for line in text.splitlines()), name
    return changed


@every_habit
def test_a_dry_run_shows_the_diff_and_writes_nothing(repository: Repository, habit: str) -> None:
    HABITS[habit](repository)
    before = repository.tree()
    assert "+++ b/tasks.py" in repository.setup("--dry-run")
    assert repository.tree() == before


@every_habit
def test_the_verbs_are_found_as_the_handbook_spells_them(
    repository: Repository, habit: str
) -> None:
    HABITS[habit](repository)
    repository.setup("--yes")
    handbook = repository.text("MIGRATION_WORKFLOW.md")
    prefix = {"pip": "make", "uv": "uv run migration-workflow", "poetry": "poetry run "}[habit]
    assert f"    {prefix}" in handbook
    assert "validate-migrations" in repository.run("inv", "--list")
    repository.run("inv", "validate-migration-dependencies")


def test_make_calls_the_verbs(repository: Repository) -> None:
    pip_and_make(repository)
    repository.setup("--yes")
    assert "passed" in repository.run("make", "validate-migration-dependencies")
    assert repository.run("make", "--dry-run") == "python manage.py runserver"


def test_a_container_gets_its_source_mounted(repository: Repository) -> None:
    uv_and_compose(repository)
    repository.setup("--yes")
    assert "  web:\n    volumes:\n      - .:/code\n" in repository.text("docker-compose.dev.yml")
    assert 'runs = "container"' in repository.text("pyproject.toml")
    assert repository.text("pyproject.toml").startswith('[project]\nname = "shop"   # ours\n')


def test_a_project_below_the_top_is_found_again(repository: Repository) -> None:
    poetry_and_src(repository)
    repository.setup("--yes", cwd="src")
    assert not repository.has("src/tasks.py")
    assert "passed" in repository.run("inv", "validate-migration-dependencies")


def test_the_only_project_of_a_monorepo_is_found_from_its_top(repository: Repository) -> None:
    backend = repository.folder / "code/backend"
    backend.mkdir(parents=True)
    for path in list(repository.folder.iterdir()):
        if path.name != "code":
            path.rename(backend / path.name)
    repository.commit_all()
    before = repository.tree()
    repository.setup("--yes", "--project", "code/backend")
    assert "passed" in repository.run("inv", "validate-migration-dependencies")
    repository.setup("--check")
    repository.setup("--check", cwd="code/backend")
    repository.setup("--undo", "--yes")
    shutil.rmtree(backend / ".workflow")  # what the gate remembers
    assert repository.tree() == before


class TestAsking:
    def test_nothing_is_written_before_somebody_agrees(self, repository: Repository) -> None:
        repository.commit_all()
        before = repository.tree()
        said = repository.setup(code=3)
        assert "say yes, or give --yes. Nothing was changed" in said
        assert "+++ b/tasks.py" in said
        assert repository.tree() == before

    @pytest.mark.parametrize(("reply", "writes"), [("yes", True), ("no", False)])
    def test_the_diff_is_shown_and_the_answer_counts(
        self, repository: Repository, reply: str, writes: bool
    ) -> None:
        repository.commit_all()
        talk = Silence(reply)
        context = repository.context_in(talk=talk)
        look.run(context)
        if writes:
            assert adopt.run(context).verdict is Verdict.PASSED
        else:
            with pytest.raises(CouldNotCheck):
                adopt.run(context)
        assert "+ns = namespace" in talk.told[0]
        assert repository.has("tasks.py") is writes


class TestUndo:
    def test_what_was_changed_since_stays_and_is_named(self, repository: Repository) -> None:
        pip_and_make(repository)
        repository.setup("--yes")
        repository.replace("tasks.py", "ns = namespace", "ns = namespace  # ours now")
        repository.replace("Makefile", "run:", "serve:")
        said = repository.setup("--undo", "--yes")
        assert "CFG205 warning tasks.py" in said
        assert repository.text("Makefile") == MAKEFILE.replace("run:", "serve:")
        assert repository.has("tasks.py")
        assert "tasks.py stays" in repository.setup("--undo", "--dry-run")

    def test_lines_that_were_changed_stay(self, repository: Repository) -> None:
        pip_and_make(repository)
        repository.setup("--yes")
        repository.replace("Makefile", "include migration-workflow.mk", "-include *.mk")
        assert "-include *.mk" not in repository.setup("--undo", "--yes", "--verbose")
        assert "-include *.mk" in repository.text("Makefile")

    def test_folders_of_theirs_stay(self, repository: Repository) -> None:
        (repository.folder / ".github").mkdir()
        repository.write(".github/CODEOWNERS", "* @shop\n")
        repository.commit_all()
        repository.setup("--yes")
        assert repository.has(".github/workflows/migrations.yml")
        repository.setup("--undo", "--yes")
        assert not repository.has(".github/workflows")
        assert repository.has(".github/CODEOWNERS")

    def test_without_a_record_there_is_nothing_to_take_back(self, repository: Repository) -> None:
        repository.write("tasks.py", "from workflow.tasks import namespace\n\nns = namespace\n")
        context = repository.context_in(undo=True, yes=True)
        result = take_back.run(context)
        assert (result.verdict, result.reason) == (
            Verdict.SKIPPED,
            "setup has written nothing here",
        )
        assert repository.has("tasks.py")

    def test_a_record_that_was_spoilt_is_said(self, repository: Repository) -> None:
        repository.write(".migration-workflow.json", "{}\n")
        assert "is not as setup wrote it" in repository.setup("--undo", code=2)


class TestBadInput:
    def test_a_dirty_tree_keeps_what_is_not_committed(self, repository: Repository) -> None:
        pip_and_make(repository)
        repository.replace("Makefile", "run:", "serve:")
        repository.setup("--yes")
        assert repository.text("Makefile").startswith("serve:")

    def test_a_detached_head(self, repository: Repository) -> None:
        repository.commit_all()
        repository.git("checkout", "--quiet", "--detach")
        assert "detached HEAD" in repository.setup("--yes")

    def test_a_shallow_clone(self, repository: Repository, tmp_path: Path) -> None:
        repository.commit_all()
        repository.write("later.txt", "")
        repository.commit_all("Later")
        clone = Repository(tmp_path / "clone")
        url = f"file://{repository.folder}"
        repository.git("clone", "--quiet", "--depth", "1", url, str(clone.folder))
        assert "shallow clone" in clone.setup("--yes")

    def test_no_remote_and_a_branch_of_an_unusual_name(self, repository: Repository) -> None:
        repository.git("init", "--quiet", "--initial-branch=trunk")
        repository.commit_all()
        repository.setup("--yes")
        assert repository.text("migration-workflow.toml") == 'main-branch = "trunk"\n'

    def test_no_git_at_all(self, repository: Repository) -> None:
        repository.setup("--yes")
        assert not repository.has(".pre-commit-config.yaml")
        repository.setup("--check")

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            (".pre-commit-config.yaml", "repos: [\n"),
            (".pre-commit-config.yaml", b"repos:\n- \xff\n"),
            ("tasks.py", "def (:\n"),
            ("compose.yaml", "services: [\n"),
        ],
    )
    def test_a_file_that_cant_be_read_stops_it(
        self, repository: Repository, name: str, text: str | bytes
    ) -> None:
        repository.write(name, text)
        repository.commit_all()
        before = repository.tree()
        said = repository.setup("--yes", code=1)
        assert "CFG203 error" in said
        assert name in said
        assert repository.tree() == before

    def test_a_makefile_with_targets_of_the_same_name(self, repository: Repository) -> None:
        repository.write("Makefile", "dev setup:\n\techo theirs\n")
        repository.commit_all()
        assert "called dev, setup: they stay" in repository.setup("--yes", "--verbose")
        assert repository.run("make", "dev") == "echo theirs theirs"
        assert "passed" in repository.run("make", "validate-migration-dependencies")

    def test_two_projects(self, repository: Repository) -> None:
        for folder in ("north", "south"):
            repository.write(f"{folder}/manage.py", "")
        (repository.folder / "manage.py").unlink()
        repository.commit_all()
        assert "--project north, --project south" in repository.setup("--yes", code=2)
        repository.setup("--yes", "--project", "south")
        assert repository.has("south/tasks.py")
        assert "--project south" in repository.text(".pre-commit-config.yaml")

    def test_a_project_further_down_is_named(self, repository: Repository) -> None:
        repository.write("code/backend/manage.py", "")
        (repository.folder / "manage.py").unlink()
        repository.commit_all()
        assert "--project code/backend" in repository.setup(code=2)

    def test_a_package_called_workflow(self, repository: Repository) -> None:
        repository.write("workflow/__init__.py", "")
        repository.write("workflow/models.py", "")
        repository.commit_all()
        said = repository.setup("--yes")
        assert "the project has a package called workflow" in said
        assert not repository.has("tasks.py")
        assert "passed" in repository.run("migration-workflow", "validate-migration-dependencies")
        assert "passed" in repository.run("migration-workflow", "check-migrations")

    def test_windows_line_endings(self, repository: Repository) -> None:
        repository.write("Makefile", MAKEFILE.replace("\n", "\r\n"))
        repository.write("pyproject.toml", '[project]\r\nname = "shop"\r\n')
        repository.git("init", "--quiet", "--initial-branch=trunk")
        repository.commit_all()
        before = repository.tree()
        repository.setup("--yes")
        for name in ("Makefile", "pyproject.toml"):
            text = repository.text(name)
            assert text.encode() != before[name]
            assert text.count("\n") == text.count("\r\n")
        repository.setup("--undo", "--yes")
        assert repository.tree() == before

    def test_a_read_only_file(self, repository: Repository) -> None:
        path = repository.write("Makefile", MAKEFILE)
        repository.commit_all()
        path.chmod(0o444)
        said = repository.setup("--yes")
        assert "Makefile was left as it is: it is read-only" in said
        assert "include migration-workflow.mk" in said
        assert path.read_text() == MAKEFILE
