"""Settings: every key, every error at once, and where each value came from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from workflow.config import KEYS, PRODUCTION_WORDS, Settings, load_settings
from workflow.errors import UsageError
from workflow.outcome import Severity
from workflow.weighing import Severities, Waiver

HEAD = "[tool.django-migration-workflow]\n"
KNOWN = ", ".join(KEYS)

VALUES: dict[str, tuple[str, Any]] = {
    "project": ('"."', None),
    "python": ('".venv"', ".venv"),
    "settings": ('"site.dev"', "site.dev"),
    "database": ('"reports"', "reports"),
    "main-branch": ('"trunk"', "trunk"),
    "boot-seconds": ("90", 90.0),
    "runs": ('"container"', "container"),
    "compose-file": ('["base.yml", "dev.yml"]', ("base.yml", "dev.yml")),
    "service": ('"web"', "web"),
    "sync-seconds": ("0.5", 0.5),
    "hooks-without-container": ('"pass"', "pass"),
    "exclude": ('["legacy", "!tests"]', ("legacy", "!tests")),
    "migration-modules": ('{ shop = "db.shop", blog = "" }', {"shop": "db.shop", "blog": None}),
    "production-words": ('["kunden"]', ("kunden",)),
    "production-hosts": ('["db1.example.org"]', ("db1.example.org",)),
    "scratch-database": ('"SCRATCH_URL"', "SCRATCH_URL"),
    "lock-seconds": ("0.5", 0.5),
    "retry-seconds": ("10", 10.0),
    "statement-seconds": ("30", 30.0),
    "copy-megabytes": ("0", 0.0),
    "small-rows": ("0", 0),
    "severities": ('{ FLD121 = "info" }', Severities({"FLD121": Severity.INFO})),
    "waivers": (
        '[{ code = "FLD121", app = "shop", reason = "it is empty" }]',
        (Waiver("FLD121", "it is empty", "shop"),),
    ),
    "baseline": ('"accepted.toml"', "accepted.toml"),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder that is the top of a repository, so that nothing above it is looked at."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "manage.py").touch()
    return tmp_path


def configure(folder: Path, *lines: str, name: str = "pyproject.toml") -> Path:
    path = folder / name
    path.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def load(start: Path, variables: dict[str, str] | None = None, **overrides: Any) -> Settings:
    return load_settings(start, variables=variables or {}, **overrides)


def refusal(start: Path, variables: dict[str, str] | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        load(start, variables)
    return str(caught.value)


def below(start: Path, *parts: str) -> Path:
    folder = start.joinpath(*parts)
    folder.mkdir(parents=True)
    return folder


class TestValues:
    def test_each_key_has_a_case(self) -> None:
        assert VALUES.keys() == KEYS.keys()

    @pytest.mark.parametrize("key", sorted(VALUES.keys() - {"project"}))
    def test_each_key_is_read(self, project: Path, key: str) -> None:
        text, value = VALUES[key]
        source = configure(project, f"{key} = {text}")
        settings = load(project)
        assert getattr(settings, key.replace("-", "_")) == value
        assert settings.origins == {key.replace("-", "_"): str(source)}

    def test_without_a_table_everything_has_its_default(self, project: Path) -> None:
        assert load(project) == Settings(
            project=project,
            root=project,
            manage=project / "manage.py",
            database="default",
            boot_seconds=60.0,
            production_words=PRODUCTION_WORDS,
        )

    def test_a_pyproject_without_our_table_says_nothing(self, project: Path) -> None:
        (project / "pyproject.toml").write_text("[tool.other]\nkey = 1\n", encoding="utf-8")
        assert load(project).origins == {}

    def test_the_state_folder_is_in_the_project(self, project: Path) -> None:
        assert load(project).state_folder == project / ".workflow"
        assert not (project / ".workflow").exists()

    @pytest.mark.parametrize("value", ['""', '"  "', "1", "[]", "true"])
    @pytest.mark.parametrize("key", ["project", "python", "settings", "database", "main-branch"])
    def test_a_text_must_be_one_and_not_empty(self, project: Path, key: str, value: str) -> None:
        configure(project, f"{key} = {value}")
        assert f"'{key}' must be a text that is not empty, not " in refusal(project)

    def test_one_compose_file_may_be_a_text(self, project: Path) -> None:
        configure(project, "compose-file = 'local.yml'")
        assert load(project).compose_file == ("local.yml",)

    @pytest.mark.parametrize("value", ['""', "1", "[1]", "true"])
    def test_compose_files_must_be_texts(self, project: Path, value: str) -> None:
        configure(project, f"compose-file = {value}")
        assert "'compose-file' must be a text or a list of texts, not " in refusal(project)

    @pytest.mark.parametrize("value", ['"docker"', '""', "1", "true"])
    def test_it_runs_on_the_host_or_in_a_container(self, project: Path, value: str) -> None:
        configure(project, f"runs = {value}")
        assert "'runs' must be 'host' or 'container', not " in refusal(project)

    def test_a_person_may_choose_where_it_runs(self, project: Path) -> None:
        configure(project, "runs = 'container'")
        settings = load(project, {"MIGRATION_WORKFLOW_RUNS": "host"})
        assert settings.runs == "host"
        assert settings.origins["runs"] == "MIGRATION_WORKFLOW_RUNS"

    def test_a_person_may_choose_only_what_there_is(self, project: Path) -> None:
        told = refusal(project, {"MIGRATION_WORKFLOW_RUNS": "docker"})
        assert told == "MIGRATION_WORKFLOW_RUNS must be 'host' or 'container', not 'docker'"

    @pytest.mark.parametrize("value", ["0", "-1", '"60"', "true", "[60]"])
    def test_seconds_must_be_a_number_above_zero(self, project: Path, value: str) -> None:
        configure(project, f"boot-seconds = {value}")
        assert "'boot-seconds' must be a number of seconds above 0, not " in refusal(project)

    @pytest.mark.parametrize("value", ['"legacy"', "[1]", "1", "{}"])
    @pytest.mark.parametrize("key", ["exclude", "production-words", "production-hosts"])
    def test_a_list_must_hold_texts(self, project: Path, key: str, value: str) -> None:
        configure(project, f"{key} = {value}")
        assert f"'{key}' must be a list of texts, not " in refusal(project)

    @pytest.mark.parametrize("value", ['"shop"', "{ shop = 1 }", "[]"])
    def test_migration_modules_must_be_a_table(self, project: Path, value: str) -> None:
        configure(project, f"migration-modules = {value}")
        assert "'migration-modules' must be a table of app label = module" in refusal(project)


class TestErrors:
    def test_all_are_told_at_once_with_the_nearest_name(self, project: Path) -> None:
        source = configure(
            project, "databse = 'x'", "boot-seconds = 'soon'", "zzz = 1", "exclude = 'legacy'"
        )
        assert refusal(project).splitlines() == [
            f"{source}: unknown key 'databse'; did you mean 'database'?",
            f"{source}: 'boot-seconds' must be a number of seconds above 0, not 'soon'",
            f"{source}: unknown key 'zzz'; known are {KNOWN}",
            f"{source}: 'exclude' must be a list of texts, not 'legacy'",
        ]

    def test_an_underscore_is_not_a_hyphen(self, project: Path) -> None:
        configure(project, "main_branch = 'trunk'")
        assert refusal(project).endswith("unknown key 'main_branch'; did you mean 'main-branch'?")

    def test_the_table_must_be_a_table(self, project: Path) -> None:
        source = project / "pyproject.toml"
        source.write_text("[tool]\ndjango-migration-workflow = 'example'\n", encoding="utf-8")
        assert refusal(project) == f"{source}: [tool.django-migration-workflow] must be a table"

    def test_invalid_toml(self, project: Path) -> None:
        source = project / "pyproject.toml"
        source.write_text("[tool\n", encoding="utf-8")
        assert refusal(project).startswith(f"{source} is not valid TOML: ")

    def test_invalid_utf_8(self, project: Path) -> None:
        source = project / "pyproject.toml"
        source.write_bytes(b"name = '\xff'\n")
        assert refusal(project).startswith(f"{source} is not valid TOML: 'utf-8' codec can't")

    def test_a_dotenv_that_is_not_utf_8(self, project: Path) -> None:
        (project / ".env").write_bytes(b"NAME=\xff\n")
        assert refusal(project).startswith(f"{project / '.env'} can't be read: 'utf-8' codec can't")

    def test_a_folder_that_is_not_there(self, project: Path) -> None:
        assert refusal(project / "nowhere") == f"there is no folder {project / 'nowhere'}"

    def test_a_current_folder_that_is_gone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gone = below(tmp_path, "gone")
        monkeypatch.chdir(gone)
        gone.rmdir()
        with pytest.raises(UsageError, match=r"^the current folder is not there any more$"):
            load_settings(variables={})

    def test_a_file_is_no_folder(self, project: Path) -> None:
        assert refusal(project / "manage.py") == f"{project / 'manage.py'} is not a folder"

    def test_a_link_that_leads_to_itself(self, project: Path) -> None:
        loop = project / "loop"
        loop.symlink_to(loop)
        assert str(loop) in refusal(loop)

    def test_wrong_configuration_has_its_own_exit_code(self, project: Path) -> None:
        configure(project, "zzz = 1")
        with pytest.raises(UsageError) as caught:
            load(project)
        assert caught.value.exit_code == 2


class TestPrecedence:
    """Command line, then environment, then ``.env``, then the table."""

    def test_the_table_alone(self, project: Path) -> None:
        source = configure(project, "settings = 'from.table'")
        settings = load(project)
        assert (settings.settings, settings.origins["settings"]) == ("from.table", str(source))

    def test_dotenv_before_the_table(self, project: Path) -> None:
        configure(project, "settings = 'from.table'")
        (project / ".env").write_text("DJANGO_SETTINGS_MODULE=from.dotenv\n", encoding="utf-8")
        settings = load(project)
        assert (settings.settings, settings.origins["settings"]) == ("from.dotenv", ".env")

    def test_the_environment_before_dotenv(self, project: Path) -> None:
        configure(project, "settings = 'from.table'")
        (project / ".env").write_text("DJANGO_SETTINGS_MODULE=from.dotenv\n", encoding="utf-8")
        settings = load(project, {"DJANGO_SETTINGS_MODULE": "from.environment"})
        assert settings.settings == "from.environment"
        assert settings.origins["settings"] == "environment"

    def test_the_command_line_before_all(self, project: Path) -> None:
        configure(project, "settings = 'from.table'", "database = 'table'")
        (project / ".env").write_text("DJANGO_SETTINGS_MODULE=from.dotenv\n", encoding="utf-8")
        settings = load(
            project,
            {"DJANGO_SETTINGS_MODULE": "from.environment"},
            settings="from.words",
            database="words",
        )
        assert (settings.settings, settings.database) == ("from.words", "words")
        assert settings.origins == {"settings": "command line", "database": "command line"}

    def test_what_is_not_given_on_the_command_line_overrides_nothing(self, project: Path) -> None:
        configure(project, "database = 'table'")
        assert load(project, database=None).database == "table"

    def test_an_empty_settings_module_is_none(self, project: Path) -> None:
        assert load(project, {"DJANGO_SETTINGS_MODULE": ""}).settings is None

    def test_the_environment_is_the_process_own_unless_given(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "from.process")
        assert load_settings(project).settings == "from.process"

    def test_the_process_environment_is_not_changed(self, project: Path) -> None:
        (project / ".env").write_text("ONLY_IN_DOTENV=1\n", encoding="utf-8")
        assert load_settings(project).variables["ONLY_IN_DOTENV"] == "1"
        assert "ONLY_IN_DOTENV" not in os.environ


class TestDotenv:
    def test_quotes_comments_and_exports(self, project: Path) -> None:
        (project / ".env").write_text(
            "# a comment\nexport PLAIN=one\nSINGLE='two words'\n"
            'DOUBLE="three\\nlines # no comment"\nEMPTY=\nNAME_ONLY\n',
            encoding="utf-8",
        )
        assert load(project).variables == {
            "PLAIN": "one",
            "SINGLE": "two words",
            "DOUBLE": "three\nlines # no comment",
            "EMPTY": "",
        }

    def test_the_one_in_the_project_lies_on_the_one_beside_the_table(self, project: Path) -> None:
        (project / "manage.py").unlink()
        (below(project, "backend") / "manage.py").touch()
        configure(project, "project = 'backend'")
        (project / ".env").write_text("A=above\nB=above\n", encoding="utf-8")
        (project / "backend/.env").write_text("B=below\n", encoding="utf-8")
        assert load(project).variables == {"A": "above", "B": "below"}

    def test_a_folder_of_that_name_is_none(self, project: Path) -> None:
        (project / ".env").mkdir()
        assert load(project).variables == {}


class TestDiscovery:
    def test_the_nearest_manage_py_above(self, project: Path) -> None:
        settings = load(below(project, "shop", "migrations"))
        assert settings.project == project
        assert settings.manage == project / "manage.py"

    def test_the_table_of_a_folder_above(self, project: Path) -> None:
        source = configure(project, "database = 'reports'")
        (below(project, "backend") / "manage.py").touch()
        settings = load(project / "backend")
        assert settings.project == project / "backend"
        assert settings.root == project
        assert settings.origins == {"database": str(source)}

    def test_nothing_is_looked_for_above_the_repository(self, project: Path) -> None:
        configure(project, "database = 'reports'")
        inner = below(project, "vendored")
        (inner / ".git").touch()  # a worktree's or a submodule's is a file
        settings = load(inner)
        assert (settings.project, settings.root, settings.manage) == (inner, inner, None)
        assert settings.database == "default"

    def test_the_root_without_a_table_is_the_repository(self, project: Path) -> None:
        (below(project, "backend") / "manage.py").touch()
        assert load(project / "backend").root == project

    def test_the_configured_project(self, project: Path) -> None:
        (project / "manage.py").unlink()
        (below(project, "services", "shop") / "manage.py").touch()
        (below(project, "services", "blog") / "manage.py").touch()
        configure(project, "project = 'services/shop'")
        assert load(project).project == project / "services/shop"

    def test_the_configured_project_holds_below_the_table_too(self, project: Path) -> None:
        (project / "manage.py").unlink()
        (below(project, "shop") / "manage.py").touch()
        docs = below(project, "docs", "pages")
        configure(project, "project = 'shop'")
        assert load(docs).project == project / "shop"

    def test_a_manage_py_that_is_nearer_comes_before_the_configured_project(
        self, project: Path
    ) -> None:
        (project / "manage.py").unlink()
        (below(project, "shop") / "manage.py").touch()
        (below(project, "blog") / "manage.py").touch()
        configure(project, "project = 'shop'")
        assert load(project / "blog").project == project / "blog"

    def test_a_configured_project_that_is_not_there(self, project: Path) -> None:
        (project / "manage.py").unlink()
        source = configure(project, "project = 'gone'")
        assert refusal(project) == (
            f"{source}: 'project' names {project / 'gone'}, which is no folder"
        )

    def test_one_manage_py_just_below(self, project: Path) -> None:
        (project / "manage.py").unlink()
        (below(project, "backend") / "manage.py").touch()
        assert load(project).project == project / "backend"

    def test_several_just_below_must_be_told_apart(self, project: Path) -> None:
        (project / "manage.py").unlink()
        (below(project, "shop") / "manage.py").touch()
        (below(project, "blog") / "manage.py").touch()
        assert refusal(project) == (
            "there are several projects here; say which one: --project blog, --project shop"
        )

    def test_one_in_a_hidden_folder_is_none(self, project: Path) -> None:
        (project / "manage.py").unlink()
        (below(project, ".tox") / "manage.py").touch()
        settings = load(project)
        assert (settings.project, settings.manage) == (project, None)

    def test_a_folder_of_apps_is_a_project_without_manage_py(self, project: Path) -> None:
        (project / "manage.py").unlink()
        settings = load(project)
        assert (settings.project, settings.manage) == (project, None)

    def test_a_project_outside_the_folder_of_its_table_is_its_own_root(self, project: Path) -> None:
        here, there = below(project, "here"), below(project, "there")
        configure(here, "project = '../there'")
        settings = load(here)
        assert (settings.project, settings.root) == (there, there)

    def test_a_link_to_the_project_is_followed(self, project: Path) -> None:
        real = below(project, "real")
        (real / "manage.py").touch()
        (project / "link").symlink_to(real)
        assert load(project / "link").project == real

    def test_names_with_spaces_brackets_and_other_letters(self, project: Path) -> None:
        odd = below(project, "mein [alter] Ordner 'ü'")
        (odd / "manage.py").touch()
        assert load(odd).manage == odd / "manage.py"


class TestOwnFile:
    def test_its_keys_stand_at_the_top(self, project: Path) -> None:
        source = project / "migration-workflow.toml"
        source.write_text("database = 'reports'\n", encoding="utf-8")
        settings = load(project)
        assert settings.database == "reports"
        assert settings.origins == {"database": str(source)}

    def test_it_comes_before_the_pyproject_beside_it(self, project: Path) -> None:
        configure(project, "database = 'pyproject'")
        (project / "migration-workflow.toml").write_text("database = 'own'\n", encoding="utf-8")
        assert load(project).database == "own"

    def test_an_empty_one_counts(self, project: Path) -> None:
        configure(project, "database = 'pyproject'")
        (project / "migration-workflow.toml").touch()
        assert load(project).database == "default"

    def test_its_errors_name_it(self, project: Path) -> None:
        source = project / "migration-workflow.toml"
        source.write_text("pyton = 'python3'\n", encoding="utf-8")
        assert refusal(project) == f"{source}: unknown key 'pyton'; did you mean 'python'?"
