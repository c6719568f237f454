"""What the team and the machine say about the project: one table, ``.env``, the environment.

Every error is collected before any is raised, and every value knows where it came from.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from workflow.errors import UsageError
from workflow.weighing import Severities, Waiver, Wrong, read_severities, read_waivers

TABLE = "django-migration-workflow"
OWN_FILE = "migration-workflow.toml"
STATE_FOLDER = ".workflow"
"""Where the tool keeps what it needs again. Ignored by git; safe to delete when nothing runs."""

PRODUCTION_WORDS = ("prod", "production", "live", "staging")
PLACES = ("host", "container")
PLACE_VARIABLE = "MIGRATION_WORKFLOW_RUNS"
ENVIRONMENT_NAMES = ("DJANGO_ENV", "ENVIRONMENT", "APP_ENV", "ENV", "DJANGO_ENVIRONMENT")


class Settings(NamedTuple):
    """Everything that a flow is told. ``origins`` says where each value came from."""

    project: Path
    """The folder that holds ``manage.py``, or the apps where there is none."""
    root: Path
    """The folder of the configuration, or of the repository, or the project itself."""
    manage: Path | None = None
    python: str | None = None
    settings: str | None = None
    """The settings module, where it is not ``manage.py`` that chooses it."""
    database: str = "default"
    main_branch: str | None = None
    boot_seconds: float = 60.0
    runs: str | None = None
    """Where the project's Python runs: ``host`` or ``container``; detected where it is not said."""
    compose_file: tuple[str, ...] = ()
    service: str | None = None
    """The Compose service that runs the project, where it can't be found out."""
    sync_seconds: float = 5.0
    """How long a change of a file may take to be seen on the other side of a mount."""
    hooks_without_container: str = "refuse"
    """What a hook does that must ask the project, while its container is not there."""
    exclude: tuple[str, ...] = ()
    migration_modules: Mapping[str, str | None] = {}
    production_words: tuple[str, ...] = PRODUCTION_WORDS
    production_hosts: tuple[str, ...] = ()
    scratch_database: str | None = None
    """The server for scratch databases: its URL, or the name of the variable that holds it."""
    copy_megabytes: float = 2000.0
    """Up to what size a database is copied with all its rows: a minute or so, at 30 MB a second."""
    severities: Severities | None = None
    """How much findings weigh in this project, where that is not what their rules say."""
    waivers: tuple[Waiver, ...] = ()
    baseline: str = "migrations-baseline.toml"
    """The file of findings that were accepted when the workflow was adopted."""
    small_rows: int = 10_000
    """Up to how many rows (of 1 kB) a table is gone through before anybody notices."""
    lock_seconds: float = 2.0
    """How long a statement may wait for a lock: as long as those behind it have to wait, too."""
    retry_seconds: float = 60.0
    """How long to try again what did not get its lock."""
    statement_seconds: float | None = None
    """How long a statement may run."""
    variables: Mapping[str, str] = {}
    """The environment, on top of what ``.env`` says."""
    origins: Mapping[str, str] = {}

    @property
    def state_folder(self) -> Path:
        """The tool's own folder in the project. It may not exist."""
        return self.project / STATE_FOLDER

    @property
    def baseline_file(self) -> Path:
        """Where the baseline is kept. It may not exist."""
        return self.root / self.baseline


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text that is not empty")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("a list of texts")
    return tuple(value)


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ValueError("a number of seconds above 0")
    return float(value)


def _rows(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a number of rows, 0 or above")
    return value


def _megabytes(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError("a number of megabytes, 0 or above")
    return float(value)


def _texts_or_one(value: Any) -> tuple[str, ...]:
    try:
        return _texts([value] if isinstance(value, str) and value.strip() else value)
    except ValueError:
        raise ValueError("a text or a list of texts") from None


def _place(value: Any) -> str:
    if value not in PLACES:
        raise ValueError("'host' or 'container'")
    return str(value)


def _refuse_or_pass(value: Any) -> str:
    if value not in {"refuse", "pass"}:
        raise ValueError("'refuse' or 'pass'")
    return str(value)


def _modules(value: Any) -> dict[str, str | None]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise ValueError("a table of app label = module")
    return {label: module or None for label, module in value.items()}


def _path_within(value: Any) -> str:
    path = Path(_text(value))
    if path.is_absolute() or ".." in path.parts:
        raise ValueError("a path within the folder of the configuration")
    return str(path)


KEYS: Mapping[str, Callable[[Any], Any]] = {
    "project": _text,
    "python": _text,
    "settings": _text,
    "database": _text,
    "main-branch": _text,
    "boot-seconds": _seconds,
    "runs": _place,
    "compose-file": _texts_or_one,
    "service": _text,
    "sync-seconds": _seconds,
    "hooks-without-container": _refuse_or_pass,
    "exclude": _texts,
    "migration-modules": _modules,
    "production-words": _texts,
    "production-hosts": _texts,
    "scratch-database": _text,
    "copy-megabytes": _megabytes,
    "small-rows": _rows,
    "lock-seconds": _seconds,
    "retry-seconds": _seconds,
    "statement-seconds": _seconds,
    "severities": read_severities,
    "waivers": read_waivers,
    "baseline": _path_within,
}
"""Each key of the table, and what reads its value."""


def load_settings(
    start: Path | None = None,
    *,
    variables: Mapping[str, str] | None = None,
    **overrides: Any,
) -> Settings:
    """Find the project around ``start`` (the current folder) and read what is said about it.

    What is asked for on the command line comes first, then the environment, then ``.env``,
    then the table. Raises UsageError with one line for each thing that is wrong.
    """
    start = _existing_folder(start or Path())
    source, table = _find_table(start)
    values, problems = _read_table(table)
    if problems:
        raise UsageError("\n".join(f"{source}: {problem}" for problem in problems))
    project = _project_folder(start, source, values)
    environment = os.environ if variables is None else variables
    dotenv = _read_dotenv(project, source)
    merged = {**dotenv, **environment}
    values.pop("project", None)
    origins = dict.fromkeys(values, str(source))
    if module := merged.get("DJANGO_SETTINGS_MODULE"):
        values["settings"] = module
        given_there = "DJANGO_SETTINGS_MODULE" in environment
        origins["settings"] = "environment" if given_there else ".env"
    if place := merged.get(PLACE_VARIABLE):
        if place not in PLACES:
            raise UsageError(f"{PLACE_VARIABLE} must be 'host' or 'container', not {place!r}")
        values["runs"] = place
        origins["runs"] = PLACE_VARIABLE
    given = {key: value for key, value in overrides.items() if value is not None}
    origins.update(dict.fromkeys(given, "command line"))
    manage = project / "manage.py"
    root = source.parent if source is not None else repository_of(project)
    return Settings(
        project=project,
        root=root if project.is_relative_to(root) else project,
        manage=manage if manage.is_file() else None,
        variables=merged,
        origins=origins,
        **{**values, **given},
    )


def _existing_folder(folder: Path) -> Path:
    try:
        absolute = folder.absolute().resolve()
    except FileNotFoundError as error:
        raise UsageError("the current folder is not there any more") from error
    except (OSError, RuntimeError) as error:
        raise UsageError(f"{folder} can't be followed: {error}") from error
    if absolute.is_dir():
        return absolute
    if absolute.exists():
        raise UsageError(f"{folder} is not a folder")
    raise UsageError(f"there is no folder {folder}")


def _find_table(start: Path) -> tuple[Path | None, Mapping[str, Any]]:
    """Return the nearest table in a folder at or above ``start``, within its repository."""
    for folder in (start, *start.parents):
        for name, keys in ((OWN_FILE, ()), ("pyproject.toml", ("tool", TABLE))):
            path = folder / name
            if path.is_file():
                table = parse_toml(path)
                for key in keys:
                    table = table.get(key, {}) if isinstance(table, dict) else {}
                if table or not keys:
                    return path, table
        if (folder / ".git").exists():
            break
    return None, {}


def parse_toml(path: Path) -> Any:
    """Return what a TOML file says. Raises UsageError for one that can't be read."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from error


def _read_table(table: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    problems = []
    if not isinstance(table, dict):
        return {}, [f"[tool.{TABLE}] must be a table"]
    for key, value in table.items():
        if key not in KEYS:
            import difflib

            near = difflib.get_close_matches(key, KEYS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(KEYS)}"
            problems.append(f"unknown key {key!r}{hint}")
            continue
        try:
            values[key.replace("-", "_")] = KEYS[key](value)
        except Wrong as error:
            problems += error.problems
        except ValueError as error:
            problems.append(f"{key!r} must be {error}, not {value!r}")
    return values, problems


def _project_folder(start: Path, source: Path | None, values: Mapping[str, Any]) -> Path:
    """Return the project's folder: configured, else the nearest ``manage.py``, else ``start``."""
    for folder in (start, *start.parents):
        if (folder / "manage.py").is_file():
            return folder
        if source is not None and folder == source.parent and "project" in values:
            configured: Path = (folder / values["project"]).resolve()
            if not configured.is_dir():
                raise UsageError(f"{source}: 'project' names {configured}, which is no folder")
            return configured
        if (folder / ".git").exists():
            break
    return _project_below(start)


def _project_below(start: Path) -> Path:
    """Return the one folder just below that holds a ``manage.py``, else ``start`` itself."""
    found = sorted({path.parent for path in start.glob("[!.]*/manage.py")})
    if len(found) > 1:
        names = ", ".join(f"--project {path.name}" for path in found)
        raise UsageError(f"there are several projects here; say which one: {names}")
    return found[0] if found else start


def repository_of(project: Path) -> Path:
    """Return the top of the repository around a project, or the project itself outside git."""
    for folder in (project, *project.parents):
        if (folder / ".git").exists():
            return folder
    return project


def _read_dotenv(project: Path, source: Path | None) -> dict[str, str]:
    """Read ``.env`` of the project, on top of the one beside the configuration."""
    folders = [project] if source is None else [source.parent, project]
    paths = [folder / ".env" for folder in dict.fromkeys(folders)]
    values: dict[str, str] = {}
    for path in paths:
        if not path.is_file():
            continue
        from dotenv import dotenv_values

        try:
            found = dotenv_values(path)
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} can't be read: {error}") from error
        values.update({name: value for name, value in found.items() if value is not None})
    return values


def names_in_dotenv(path: Path) -> tuple[str, ...]:
    """Return the names that a ``.env`` sets, in its order."""
    from dotenv import dotenv_values

    return tuple(dotenv_values(path, interpolate=False))
