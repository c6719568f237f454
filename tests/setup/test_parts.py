"""Each part writes what that repository needs, and nothing where it needs nothing."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from workflow.setup.parts import compose_dev, env_example, github, gitlab, handbook
from workflow.setup.parts.github import workflow
from workflow.setup.parts.gitlab import with_jobs
from workflow.setup.parts.table import values_of, with_table
from workflow.setup.pre_commit_config import FILES
from workflow.setup.proposal import propose
from workflow.setup.writing import ByHand, NotReadable
from workflow.setup.yaml import load
from workflow.verbs import COMMON, VERBS

if TYPE_CHECKING:
    from tests.setup.repository import Repository

ROOT = Path(__file__).parents[2]

SERVICE = "services:\n  web:\n    build: .\n"
MOUNTED = f"{SERVICE}    volumes: ['.:/code']\n"
LONG = f"{SERVICE}    volumes:\n      - type: bind\n        source: .\n        target: /code\n"
DOCKERFILE = "FROM python\nWORKDIR /code\nCOPY . .\n"


def edited(repository: Repository) -> dict[str, str | None]:
    """What would be written, by the path of the file."""
    found = repository.found()
    return {found.shown(edit.path): edit.after for edit in propose(found).edits}


class TestTable:
    def test_a_usual_project_needs_none(self, repository: Repository) -> None:
        repository.commit_all()
        assert values_of(repository.found()) == {}

    def test_a_container_is_said_where_this_host_can_run_nothing(
        self, repository: Repository
    ) -> None:
        repository.write("compose.yaml", MOUNTED)
        assert values_of(repository.found()) == {"runs": "container"}

    def test_a_project_that_runs_on_the_host_too_is_left_to_be_found(
        self, repository: Repository
    ) -> None:
        repository.write("compose.yaml", MOUNTED)
        repository.write(".venv/bin/python", "")
        repository.write(".venv/lib/python3.12/site-packages/django/__init__.py", "")
        assert values_of(repository.found()) == {}

    def test_a_file_for_the_database_alone_says_nothing(self, repository: Repository) -> None:
        repository.write("compose.yaml", "services:\n  database:\n    image: postgres\n")
        assert values_of(repository.found()) == {}

    def test_a_file_that_compose_would_add_by_itself_is_named(self, repository: Repository) -> None:
        repository.write("compose.yaml", SERVICE)
        repository.write("compose.override.yaml", "services:\n  web:\n    volumes: ['.:/code']\n")
        files = values_of(repository.found())["compose-file"]
        assert files == ["compose.yaml", "compose.override.yaml"]

    def test_a_main_branch_that_only_this_clone_knows_is_named(
        self, repository: Repository
    ) -> None:
        repository.git("init", "--quiet", "--initial-branch=develop")
        repository.commit_all()
        repository.git("update-ref", "refs/remotes/origin/develop", "HEAD")
        head = "refs/remotes/origin/HEAD"
        repository.git("symbolic-ref", head, "refs/remotes/origin/develop")
        assert values_of(repository.found()) == {"main-branch": "origin/develop"}

    @pytest.mark.parametrize("text", ["", "[project]\nname='x'  # theirs", "[tool.ruff]\r\n"])
    def test_it_stands_last_and_every_byte_before_it_stays(self, text: str) -> None:
        after = with_table(text, {"runs": "container"})
        assert after.startswith(text)
        assert "[tool.django-migration-workflow]" in after
        assert with_table(after, {"runs": "host"}) == after

    def test_tables_in_braces_are_left_to_their_owner(self) -> None:
        with pytest.raises(ByHand) as told:
            with_table("tool = {ruff = {}}\n", {"runs": "host"})
        assert told.value.lines.startswith("[tool.django-migration-workflow]\n")

    def test_what_is_no_toml_is_said(self) -> None:
        with pytest.raises(NotReadable, match="TOML"):
            with_table("[project\n", {"runs": "host"})


class TestEnvExample:
    def test_it_has_names_and_no_values(self, repository: Repository) -> None:
        secret = 'KEY="a\nSECOND=line of a secret"\nexport URL=sql://u:pw@h/${KEY}\nEMPTY\n'
        repository.write(".env", secret)
        text = edited(repository)[".env.example"] or ""
        assert text.splitlines()[1:] == ["KEY=", "URL=", "EMPTY="]

    @pytest.mark.parametrize("name", env_example.NAMES)
    def test_another_name_is_as_good(self, repository: Repository, name: str) -> None:
        repository.write(".env", "KEY=1\n")
        repository.write(name, "KEY=\n")
        assert ".env.example" not in edited(repository)

    def test_no_env_needs_no_example(self, repository: Repository) -> None:
        assert ".env.example" not in edited(repository)


class TestComposeDev:
    def written(self, repository: Repository, compose: str, dockerfile: str = DOCKERFILE) -> Any:
        repository.write("docker-compose.yml", compose)
        repository.write("Dockerfile", dockerfile)
        return edited(repository).get(compose_dev.NAME)

    def test_it_overrides_one_service_and_nothing_of_it_but_volumes(
        self, repository: Repository
    ) -> None:
        text = self.written(repository, SERVICE)
        assert load(text) == {"services": {"web": {"volumes": [".:/code"]}}}

    def test_an_environment_in_the_image_is_not_hidden(self, repository: Repository) -> None:
        text = self.written(repository, SERVICE, DOCKERFILE + "RUN uv sync\n")
        assert load(text)["services"]["web"]["volumes"] == [".:/code", "/code/.venv"]

    @pytest.mark.parametrize("compose", [MOUNTED, LONG])
    def test_a_source_that_is_mounted_needs_none(
        self, repository: Repository, compose: str
    ) -> None:
        assert self.written(repository, compose) is None

    def test_one_that_is_there_is_enough(self, repository: Repository) -> None:
        repository.write("docker-compose.dev.yml", MOUNTED)
        assert self.written(repository, SERVICE) is None

    def test_no_place_is_guessed(self, repository: Repository) -> None:
        assert self.written(repository, SERVICE, "FROM python\n") is None
        [finding] = [one for one in propose(repository.found()).findings if one.code == "CFG202"]
        assert ".:/WHERE/IT/WORKS" in finding.data["lines"]


class TestCI:
    def test_github_by_its_folder(self, repository: Repository) -> None:
        (repository.folder / ".github").mkdir()
        repository.commit_all()
        text = edited(repository)[github.NAME] or ""
        data = load(text)
        assert list(data["jobs"]) == ["files", "clean"]
        assert data["on"]["push"]["branches"] == ["main"]

    @pytest.mark.parametrize(
        ("remote", "name"),
        [
            ("https://github.com/a/b", github.NAME),
            ("git@gitlab.example.org:a/b.git", ".gitlab-ci.yml"),
            ("https://u:p@gitlab.com/a/github-mirror", ".gitlab-ci.yml"),
        ],
    )
    def test_by_the_remote(self, repository: Repository, remote: str, name: str) -> None:
        repository.commit_all()
        repository.git("remote", "add", "origin", remote)
        assert name in edited(repository)

    def test_another_provider_gets_no_file(self, repository: Repository) -> None:
        repository.commit_all()
        assert not {github.NAME, ".gitlab-ci.yml"} & edited(repository).keys()
        assert "    migration-workflow validate-migration-dependencies --against origin/main" in (
            edited(repository)[handbook.NAME] or ""
        )

    def test_a_workflow_of_theirs_that_runs_a_verb_is_enough(self, repository: Repository) -> None:
        repository.write(".github/workflows/ci.yml", "run: migration-workflow lint\n")
        assert github.NAME not in edited(repository)

    def test_a_database_that_takes_a_server_is_not_guessed(self, repository: Repository) -> None:
        repository.replace("config/settings.py", "backends.sqlite3", "backends.postgresql")
        assert list(load(workflow(repository.found()))["jobs"]) == ["files"]

    def test_commands_are_ones_that_there_are(self, repository: Repository) -> None:
        repository.commit_all()
        jobs = load(workflow(repository.found()))["jobs"].values()
        runs = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
        options = {f"--{option.name}" for verb in VERBS for option in (*verb.options, *COMMON)}
        for words in (shlex.split(run) for run in runs if run.startswith("migration-workflow")):
            assert words[1] in {verb.name for verb in VERBS}
            assert {word for word in words if word.startswith("--")} <= options

    def test_gitlab_jobs_stand_last_in_a_stage_that_there_always_is(self) -> None:
        before = "stages: [build]\n\nbuild:  # theirs\n  stage: build\n  script: !reference [a]\n"
        after = with_jobs(before, {"ours": {"script": ["x"]}})
        assert after.startswith(before)
        assert load(after)["ours"] == {"stage": ".pre", "script": ["x"]}

    def test_a_new_gitlab_file_needs_no_stage(self) -> None:
        assert "stage" not in with_jobs(None, {"ours": {"script": ["x"]}})

    def test_what_is_no_table_of_jobs_is_said(self) -> None:
        with pytest.raises(NotReadable):
            with_jobs("- a\n", {})

    def test_a_job_of_that_name_is_left_alone(self) -> None:
        with pytest.raises(ByHand):
            with_jobs("ours: {script: [theirs]}\n", {"ours": {"script": ["x"]}})

    def test_gitlab_has_the_main_branch_at_hand(self, repository: Repository) -> None:
        repository.commit_all()
        made = gitlab.jobs(repository.found())
        assert any("git fetch origin" in line for line in made[gitlab.STATIC_JOB]["script"])


def test_the_hooks_look_at_the_files_that_all_hooks_look_at() -> None:
    hooks = load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {hook["files"] for hook in hooks} == {FILES}


def test_a_file_that_prek_reads_alone_is_left_to_its_owner(repository: Repository) -> None:
    path = repository.write("prek.toml", "repos = []\n")
    repository.commit_all()
    proposal = propose(repository.found())
    assert ".pre-commit-config.yaml" not in edited(repository)
    assert [one.path for one in proposal.findings] == ["prek.toml"]
    path.write_text("# check-migrations is in here\n", encoding="utf-8")
    assert propose(repository.found()).findings == ()


class TestHome:
    def test_a_project_of_the_tests_further_down_changes_nothing(
        self, repository: Repository
    ) -> None:
        repository.write("tests/fixtures/site/manage.py", "")
        repository.commit_all()
        found = repository.found()
        assert (found.home, found.project_from_home) == (repository.folder, None)

    def test_a_project_at_the_top_is_meant_where_there_is_one_below(
        self, repository: Repository
    ) -> None:
        repository.write("example/manage.py", "")
        repository.commit_all()
        found = repository.found()
        assert (found.home, found.project_from_top) == (repository.folder, None)

    def test_the_only_project_of_a_monorepo_is_named_in_the_table(
        self, repository: Repository
    ) -> None:
        (repository.folder / "manage.py").unlink()
        repository.write("code/backend/manage.py", "")
        repository.commit_all()
        found = repository.found("code/backend")
        assert found.home == repository.folder
        assert values_of(found)["project"] == "code/backend"
        assert found.project_from_top is None

    def test_one_of_several_has_its_own_files(self, repository: Repository) -> None:
        (repository.folder / "manage.py").unlink()
        for name in ("north", "south"):
            repository.write(f"sites/{name}/manage.py", "")
        repository.commit_all()
        found = repository.found("sites/north")
        assert found.home == repository.folder / "sites/north"
        assert found.project_from_top == "sites/north"


def test_a_handbook_of_theirs_stays(repository: Repository) -> None:
    repository.write(handbook.NAME, "Ours.\n")
    assert handbook.NAME not in edited(repository)


def test_the_handbook_names_no_target_that_means_something_else(repository: Repository) -> None:
    repository.write("Makefile", "pre-check:\n\techo theirs\n")
    text = handbook.handbook(repository.found())
    assert "make pre-check" not in text
    assert "    migration-workflow pre-check\n" in text
    assert "    make migrate-safe\n" in text


def test_no_secret_is_in_anything_that_is_written(repository: Repository) -> None:
    secret = "correct-horse-battery"
    repository.write(".env", f"DATABASE_URL=postgres://u:{secret}@h/d\n")
    repository.commit_all()
    repository.git("remote", "add", "origin", f"https://u:{secret}@github.com/a/b")
    said = repository.setup("--yes", "--verbose")
    assert secret not in said
    written = [name for name, text in repository.tree().items() if secret.encode() in text]
    assert written == [".env"]
    assert repository.has(github.NAME)
