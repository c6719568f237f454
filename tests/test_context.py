"""What the steps of a flow share: made when it is asked for, once, and cleaned up at the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.two_apps import Project
from workflow.context import Context, describe_database, show_path
from workflow.errors import CouldNotCheck, UsageError
from workflow.project.process import Process
from workflow.project.scratch import KEEP


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project whose database is not there yet."""
    project = Project(tmp_path / "project")
    project.create()
    yield project
    project.close()


class TestOnce:
    def test_the_project_boots_once_for_all_that_is_asked(self, project: Project) -> None:
        context = project.context()
        context.prepare()
        assert context.facts["settings"] == "config.settings"
        assert context.state is context.state
        assert context.agent is context.agent
        assert context.agent.boots == 1

    def test_the_history_is_read_once(self, project: Project) -> None:
        context = project.context()
        assert context.history is context.history
        assert {key.app for key in context.history.migrations} == {"shop", "stock"}

    def test_nothing_is_made_that_nobody_asks_for(self, project: Project) -> None:
        context = project.context()
        before = project.tree()
        context.close()
        assert context._agent is None
        assert project.tree() == before

    def test_the_static_parts_need_no_agent(self, project: Project) -> None:
        context = project.context()
        assert len(context.history.migrations) == 2
        assert context.git.top is None
        assert context._agent is None


class TestFacts:
    def test_the_settings_module_of_the_configuration(self, project: Project) -> None:
        project.write("config/other.py", "from config.settings import *\n")
        project.write("migration-workflow.toml", 'settings = "config.other"\n')
        assert project.context().facts["settings"] == "config.other"

    def test_a_project_without_manage_py(self, project: Project) -> None:
        (project.folder / "manage.py").unlink()
        project.write("migration-workflow.toml", 'settings = "config.settings"\n')
        context = project.context()
        assert context.settings.manage is None
        assert context.facts["settings"] == "config.settings"

    def test_a_project_that_does_not_boot(self, project: Project) -> None:
        project.add_setting("raise ValueError('it is hunter22')\n")
        context = project.context(variables={"API_TOKEN": "hunter22"})
        message = r"^the project does not boot in .*: ValueError: it is \*\*\*$"
        with pytest.raises(CouldNotCheck, match=message) as caught:
            _ = context.facts
        assert "hunter22" not in str(caught.value.details)

    def test_a_module_that_is_missing_may_mean_another_interpreter(self, project: Project) -> None:
        project.add_setting("import no_such_module\n")
        with pytest.raises(CouldNotCheck) as caught:
            _ = project.context().facts
        assert str(caught.value) == (
            f"the project does not boot in {sys.executable} (the environment of "
            "migration-workflow itself): ModuleNotFoundError: No module named 'no_such_module'. "
            "If that is not the project's Python, activate its environment, or name it as "
            "'python' in the configuration"
        )


class TestState:
    def test_an_alias_that_there_is_not(self, project: Project) -> None:
        context = project.context(database="gone")
        message = r"^the settings have no database 'gone'; they have: default$"
        with pytest.raises(UsageError, match=message):
            _ = context.state

    def test_a_database_that_can_not_be_read(self, project: Project) -> None:
        project.database.write_bytes(b"no database, but long enough to be taken for one" * 20)
        with pytest.raises(CouldNotCheck) as caught:
            _ = project.context().state
        assert str(caught.value) == (
            f"the database 'default' (sqlite {project.database}) can't be used: file is not a "
            "database"
        )


class TestOverlay:
    def test_files_as_they_would_be(self, project: Project) -> None:
        context = project.context()
        path = project.folder / "shop/migrations/0002_more.py"
        text = (project.folder / "shop/migrations/0001_initial.py").read_text(encoding="utf-8")
        assert len(context.read_history({path: text}).migrations) == 3
        assert len(context.history.migrations) == 2
        assert not path.exists()


def pid_of(context: Context) -> int:
    """The process of the agent, on this host."""
    running = context.agent._process
    assert isinstance(running, Process)
    return running.pid


class TestClose:
    def test_the_agent_ends_and_the_scratch_folder_goes(self, project: Project) -> None:
        context = project.context()
        assert context.facts
        assert context.scratch.folder.is_dir()
        pid = pid_of(context)
        context.close()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        assert not (project.folder / ".workflow").exists()

    def test_a_note_keeps_the_scratch_folder(self, project: Project) -> None:
        context = project.context()
        (context.scratch.folder / KEEP).touch()
        assert context.is_half_applied
        context.close()
        assert (context.scratch.folder / KEEP).exists()

    def test_closing_twice_does_no_harm(self, project: Project) -> None:
        context = project.context()
        assert context.facts
        context.close()
        context.close()

    def test_another_agent_can_take_over(self, project: Project) -> None:
        context = project.context()
        first = context.agent
        assert context.facts
        os.kill(pid_of(context), 9)
        assert context.restart_agent() is not first
        assert context.agent.ask("drift", database="default") == {"changes": {}}


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/site/shop/models.py", "shop/models.py"),
        ("/site", "."),
        ("/sites/shop", "/sites/shop"),
        ("/other", "/other"),
    ],
)
def test_paths_are_relative_to_the_project(path: str, shown: str) -> None:
    assert show_path(Path(path), Path("/site")) == shown


@pytest.mark.parametrize(
    ("database", "described"),
    [
        ({"vendor": "sqlite", "name": "/db", "host": ""}, "sqlite /db"),
        ({"vendor": "postgresql", "name": "shop", "host": "db"}, "postgresql shop on db"),
        (
            {"vendor": "mysql", "name": "shop", "host": "", "user": "u", "password": "p"},
            "mysql shop",
        ),
    ],
)
def test_a_database_is_described_without_who_uses_it(
    database: dict[str, str], described: str
) -> None:
    assert describe_database(database) == described
