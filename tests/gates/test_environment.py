"""The environment gate: each finding fires on a real project, and keeps silent beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.two_apps import Project, Silence
from workflow.errors import CouldNotCheck, UsageError
from workflow.gates import environment
from workflow.outcome import Finding, Severity, StepResult, Verdict

CHECK = "class Meta:\n        indexes = [models.Index(fields=['gone'], name='gone_idx')]"


def run(project: Project, **how: Any) -> StepResult:
    return environment.run(project.context(**how))


def only(result: StepResult, code: str) -> Finding:
    (finding,) = result.findings
    assert finding.code == code
    return finding


def passes(result: StepResult) -> bool:
    return result.verdict is Verdict.PASSED and result.findings == ()


class TestPasses:
    def test_a_development_environment(self, project: Project) -> None:
        result = run(project)
        assert passes(result)
        assert result.details is not None
        lines = result.details.splitlines()
        assert [line.split()[0] for line in lines] == ["python", "django", "database", "tree"]
        assert lines[0].endswith(" (the environment of migration-workflow itself)")
        assert lines[1].endswith(", settings config.settings")
        assert lines[2].startswith(f"database  sqlite {project.database} (version 3.")
        assert lines[3] == "tree      not under git"

    def test_it_says_on_which_branch(self, project: Project) -> None:
        project.commit_all()
        assert str(run(project).details).endswith(f"tree      main in {project.folder}")

    def test_it_says_that_there_is_no_branch(self, project: Project) -> None:
        project.commit_all()
        project.git("switch", "--quiet", "--detach")
        assert str(run(project).details).endswith(f"detached HEAD in {project.folder}")

    def test_a_database_that_is_not_there_yet(self, project: Project) -> None:
        project.database.unlink()
        result = run(project)
        assert passes(result)
        assert f"sqlite {project.database}, not there yet" in str(result.details)
        assert not project.database.exists()


class TestENV101:
    """Production, by its settings, its environment or its host."""

    def test_a_settings_module(self, project: Project) -> None:
        project.write("config/production.py", "from config.settings import *\n")
        result = run(project, variables={"DJANGO_SETTINGS_MODULE": "config.production"})
        assert result.verdict is Verdict.REFUSED
        assert only(result, "ENV101") == Finding(
            "ENV101",
            Severity.ERROR,
            "This looks like production: the settings module is config.production. A "
            "development command here would change what users depend on.",
            "Use the development settings (DJANGO_SETTINGS_MODULE, or 'settings' in the "
            "configuration). To migrate this database on purpose: migration-workflow "
            f"migrate-safe --production {project.database}",
            data={"facts": ["the settings module is config.production"]},
        )

    @pytest.mark.parametrize(
        "name", ["DJANGO_ENV", "ENVIRONMENT", "APP_ENV", "ENV", "DJANGO_ENVIRONMENT"]
    )
    @pytest.mark.parametrize("value", ["Production", "prod", "live", "staging"])
    def test_a_variable(self, project: Project, name: str, value: str) -> None:
        context = project.context(variables={name: value})
        facts = {"settings": "config.settings", "databases": {"default": {"host": ""}}}
        assert environment.production_facts(context, facts) == [f"{name} is {value!r}"]

    def test_a_variable_of_dotenv(self, project: Project) -> None:
        project.write(".env", "DJANGO_ENV=production\n")
        assert "DJANGO_ENV is 'production'" in only(run(project), "ENV101").message

    def test_a_database_host(self, project: Project) -> None:
        project.write("migration-workflow.toml", 'production-hosts = ["db.example.org"]\n')
        project.add_setting('DATABASES["default"]["HOST"] = "db.example.org"\n')
        message = only(run(project), "ENV101").message
        assert "the database host is db.example.org" in message

    def test_words_of_the_teams_own(self, project: Project) -> None:
        project.write("migration-workflow.toml", 'production-words = ["Kunden"]\n')
        assert (
            "ENV is 'kunden'" in only(run(project, variables={"ENV": "kunden"}), "ENV101").message
        )

    def test_all_that_looks_so_is_named(self, project: Project) -> None:
        result = run(project, variables={"ENV": "prod", "APP_ENV": "live"})
        assert "production: APP_ENV is 'live'; ENV is 'prod'." in only(result, "ENV101").message

    @pytest.mark.parametrize(
        ("reason", "variables"),
        [
            ("a word that only begins so", {"ENV": "produce"}),
            ("another value", {"DJANGO_ENV": "development"}),
            ("another variable", {"STAGE": "production"}),
            ("an empty value", {"ENV": ""}),
        ],
    )
    def test_silent_for(self, project: Project, reason: str, variables: dict[str, str]) -> None:
        assert passes(run(project, variables=variables)), reason

    def test_silent_for_a_module_whose_name_only_holds_the_word(self, project: Project) -> None:
        project.write("config/reproduction.py", "from config.settings import *\n")
        assert passes(run(project, variables={"DJANGO_SETTINGS_MODULE": "config.reproduction"}))

    def test_silent_when_the_database_is_spelled_out(self, project: Project) -> None:
        production = str(project.database)
        assert passes(run(project, variables={"ENV": "prod"}, production=production))

    def test_not_silent_when_another_database_is_spelled_out(self, project: Project) -> None:
        only(run(project, variables={"ENV": "prod"}, production="yes"), "ENV101")

    def ask(self, project: Project, *replies: str) -> tuple[StepResult, list[str]]:
        """Run in a flow that may be let at production, with somebody at the terminal."""
        talk = Silence(*replies)
        how = {"talk": talk, "variables": {"ENV": "prod"}, "asks_about_production": True}
        return run(project, **how), talk.asked

    def test_silent_when_the_database_is_typed(self, project: Project) -> None:
        result, asked = self.ask(project, str(project.database))
        assert passes(result)
        [question] = asked
        assert question == (
            "This looks like production: ENV is 'prod'. To migrate it, type the name of the "
            "database; anything else stops here."
        )

    @pytest.mark.parametrize("reply", ["yes", "y", "", "db.sqlite3"])
    def test_not_silent_when_anything_else_is_typed(self, project: Project, reply: str) -> None:
        result, _ = self.ask(project, reply)
        only(result, "ENV101")

    def test_not_silent_when_nobody_is_there_to_type(self, project: Project) -> None:
        result, asked = self.ask(project)
        only(result, "ENV101")
        assert len(asked) == 1

    def test_nobody_is_asked_about_a_development_verb(self, project: Project) -> None:
        talk = Silence(str(project.database))
        only(run(project, talk=talk, variables={"ENV": "prod"}), "ENV101")
        assert talk.asked == []


class TestENV102:
    """Another copy of an app is what Django runs."""

    @pytest.fixture
    def other(self, project: Project, tmp_path: Path) -> Path:
        other = tmp_path / "other"
        shutil.copytree(project.folder / "shop", other / "shop")
        project.replace("manage.py", "# before", f"sys.path.insert(0, {str(other)!r})")
        return other

    def test_fires(self, project: Project, other: Path) -> None:
        result = run(project)
        assert result.verdict is Verdict.REFUSED
        assert only(result, "ENV102") == Finding(
            "ENV102",
            Severity.ERROR,
            f"Django runs the app shop from {other / 'shop'}, not from this working tree (shop). "
            "What is checked here is not the code you see.",
            "Take that copy out of Python's path: sys.path in manage.py, PYTHONPATH, or what is "
            f"installed ({sys.executable} -m pip list). Then run: migration-workflow "
            "enforce-dev-environment",
            app="shop",
            path="shop",
        )

    @pytest.mark.usefixtures("other")
    def test_fires_where_the_apps_of_this_tree_are_in_src(self, project: Project) -> None:
        (project.folder / "src").mkdir()
        (project.folder / "shop").rename(project.folder / "src/shop")
        assert only(run(project), "ENV102").path == "src/shop"

    def test_silent_for_a_package_in_src_beside_another_of_its_name(self, project: Project) -> None:
        shutil.copytree(project.folder / "shop", project.folder / "src/shop")
        project.replace("manage.py", "# before", 'sys.path.insert(0, "src")')
        assert passes(run(project))

    def test_silent_for_a_link_to_the_same_folder(self, project: Project, other: Path) -> None:
        shutil.rmtree(other / "shop")
        (other / "shop").symlink_to(project.folder / "shop")
        assert passes(run(project))

    @pytest.mark.usefixtures("other")
    def test_silent_for_a_folder_here_that_is_no_package(self, project: Project) -> None:
        (project.folder / "shop/__init__.py").unlink()
        shutil.rmtree(project.folder / "shop/migrations")
        assert passes(run(project))


class TestENV103:
    """Django's own checks of the models."""

    def test_fires(self, project: Project) -> None:
        project.add_field(CHECK)
        result = run(project)
        assert result.verdict is Verdict.REFUSED
        assert only(result, "ENV103") == Finding(
            "ENV103",
            Severity.ERROR,
            "Django's system check of the models fails: shop.Product: (models.E012) 'indexes' "
            "refers to the nonexistent field 'gone'. Migrations made from broken models are "
            "broken.",
            "Correct the model, then run the same command again.",
            data={"check": "models.E012"},
        )

    def test_a_hint_of_django_is_the_fix(self, project: Project) -> None:
        project.add_field("other = models.ForeignKey('shop.Product', models.SET_NULL)")
        finding = only(run(project), "ENV103")
        assert finding.data == {"check": "fields.E320"}
        assert finding.fix == "Set null=True argument on the field, or change the on_delete rule."

    def test_silent_for_a_warning(self, project: Project) -> None:
        field = "models.ManyToManyField('stock.Place', null=True, related_name='+')"
        project.add_field(f"tags = {field}")
        assert passes(run(project))

    def test_silent_for_a_check_that_the_project_silences(self, project: Project) -> None:
        project.add_field(CHECK)
        project.add_setting('SILENCED_SYSTEM_CHECKS = ["models.E012"]\n')
        assert passes(run(project))


class TestENV104:
    """A folder that this user can't write to. Root can write everywhere, so root must not be it."""

    CODE = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.two_apps import Project\n"
        "from workflow.gates import environment\n"
        "project = Project(Path(sys.argv[1]))\n"
        "result = environment.run(project.context(writes=sys.argv[2] == 'writes'))\n"
        "print([tuple(finding) for finding in result.findings])\n"
        "project.close()\n"
    )

    def gate(self, project: Project, *, writes: bool) -> str:
        argv = [sys.executable, "-c", self.CODE, str(project.folder), "writes" if writes else ""]
        if os.geteuid() == 0:
            setpriv = shutil.which("setpriv")
            if setpriv is None:
                pytest.skip("root may write everywhere, and there is no setpriv to give that up")
            argv = [setpriv, "--bounding-set=-dac_override,-dac_read_search", *argv]
        root = Path(__file__).parents[2]
        done = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def test_fires(self, project: Project) -> None:
        folder = project.folder / "shop/migrations"
        folder.chmod(0o500)
        found = self.gate(project, writes=True)
        folder.chmod(0o700)
        expected = Finding(
            "ENV104",
            Severity.ERROR,
            "The folder shop/migrations can't be written by this user, so a migration of shop "
            "could not be saved.",
            f"Give the folder to yourself (chown, chmod) or mount it writable: {folder}",
            app="shop",
            path="shop/migrations",
        )
        assert found == repr([tuple(expected)])

    def test_silent_in_a_flow_that_writes_nothing(self, project: Project) -> None:
        folder = project.folder / "shop/migrations"
        folder.chmod(0o500)
        found = self.gate(project, writes=False)
        folder.chmod(0o700)
        assert found == "[]"

    def test_silent_for_folders_that_can_be_written(self, project: Project) -> None:
        assert self.gate(project, writes=True) == "[]"

    def test_silent_for_an_app_that_has_no_folder_yet(self, project: Project) -> None:
        shutil.rmtree(project.folder / "stock/migrations")
        assert self.gate(project, writes=True) == "[]"


class TestCouldNotCheck:
    """What could not be looked at does not pass."""

    def test_settings_that_raise(self, project: Project) -> None:
        project.add_setting("raise RuntimeError('no such luck')\n")
        message = r"^the project does not boot in .*: RuntimeError: no such luck$"
        with pytest.raises(CouldNotCheck, match=message) as caught:
            run(project)
        assert "config/settings.py" in str(caught.value.details)

    def test_a_project_that_ends_its_process(self, project: Project) -> None:
        project.add_setting("import os; os._exit(4)\n")
        with pytest.raises(CouldNotCheck, match=r"^the project does not boot in .*exit code 4"):
            run(project)

    def test_an_interpreter_without_what_the_project_needs(self, project: Project) -> None:
        project.add_setting("import nobody_has_this\n")
        with pytest.raises(CouldNotCheck, match=r"name it as 'python' in the configuration$"):
            run(project)

    def test_a_project_that_hangs(self, project: Project) -> None:
        project.write("migration-workflow.toml", "boot-seconds = 0.5\n")
        project.add_setting("import signal; signal.pause()\n")
        with pytest.raises(CouldNotCheck) as caught:
            run(project)
        said = str(caught.value)
        assert said.startswith("the project does not boot in ")
        assert said.endswith(": the project gave no answer within 0.5 seconds")

    def test_a_configured_interpreter_that_is_not_there(self, project: Project) -> None:
        project.write("migration-workflow.toml", 'python = "gone/bin/python"\n')
        with pytest.raises(CouldNotCheck, match=r"the configured interpreter is not there: "):
            run(project)

    def test_an_alias_that_the_settings_lack(self, project: Project) -> None:
        message = r"^the settings have no database 'reports'; they have: default$"
        with pytest.raises(UsageError, match=message):
            run(project, database="reports")

    def test_a_database_that_is_none(self, project: Project) -> None:
        project.database.write_bytes(b"this is no database, but long enough to be read as one")
        with pytest.raises(CouldNotCheck) as caught:
            run(project)
        assert str(caught.value) == (
            f"the database 'default' (sqlite {project.database}) can't be used: file is not a "
            "database"
        )

    def test_a_database_in_a_folder_that_is_not_there(self, project: Project) -> None:
        project.add_setting('DATABASES["default"]["NAME"] = BASE_DIR / "gone/db.sqlite3"\n')
        with pytest.raises(CouldNotCheck, match=r"can't be used: its folder does not exist: "):
            run(project)

    def test_a_server_that_does_not_answer_and_a_password_that_stays_hidden(
        self, project: Project
    ) -> None:
        project.add_setting(
            """
            DATABASES["default"] = {
                "ENGINE": "config.backend", "NAME": "shop", "HOST": "127.0.0.1",
                "USER": "shopkeeper", "PASSWORD": "hunter22",
            }
            """
        )
        project.write("config/backend/__init__.py", "")
        project.write(
            "config/backend/base.py",
            """
            from django.db.backends.sqlite3 import base

            class DatabaseWrapper(base.DatabaseWrapper):
                vendor = "postgresql"

                def get_new_connection(self, conn_params):
                    raise base.Database.OperationalError(f"no server for {self.settings_dict}")
            """,
        )
        with pytest.raises(CouldNotCheck) as caught:
            run(project)
        assert str(caught.value).startswith(
            "the database 'default' (postgresql shop on 127.0.0.1) can't be used: no server for"
        )
        assert "hunter22" not in str(caught.value)


def test_it_asks_nobody_and_writes_nothing(project: Project) -> None:
    before, talk = project.tree(), Silence()
    run(project, talk=talk, writes=True)
    assert (talk.asked, project.tree()) == ([], before)


def test_the_project_boots_once(project: Project) -> None:
    context = project.context()
    environment.run(context)
    environment.run(context)
    assert context.agent.boots == 1
