"""What the steps of one flow share: settings, the words of the user, and what was found so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from workflow.codes import SEEN_WHOLE, why_not_waived
from workflow.errors import CouldNotCheck, UsageError
from workflow.outcome import StepResult, verdict_of

if TYPE_CHECKING:
    from workflow.config import Settings
    from workflow.databases.places import Databases
    from workflow.history.model import History
    from workflow.outcome import Finding
    from workflow.project.agent import Agent
    from workflow.project.commit import Commit
    from workflow.project.container.development import Development
    from workflow.project.container.search import Search
    from workflow.project.git import Git
    from workflow.project.packages import Packages
    from workflow.project.place import Place
    from workflow.project.scratch import Scratch
    from workflow.waivers.judge import Judge


END_SECONDS = 12.0
"""How long the agent may take to end."""

UNDO_SECONDS = 600.0
"""How long it may take where it has to put a snapshot back first."""

NO_SCRATCH_DATABASE = "NoScratchDatabaseError"
"""What the agent raises where it can't make a scratch database at the place that it was given."""

SHARED_SESSION = "SharedSessionError"
"""What it raises where a pooler lies between it and the server, and sessions are not its own."""

UNREADABLE = "UnreadableError"
"""What it raises where the database itself can't be read whole, whatever the scratch place."""

SCRATCH_LOST = "ScratchLostError"
"""What it raises where a scratch database fails under a migration."""

NO_SUCH_MIGRATION = "NoSuchMigrationError"
"""What it raises where the words name no migration, or one that nothing leads to."""

WAIT_SECONDS = 600.0
"""How long to wait for another migrator, where nobody says how long."""


class Words(NamedTuple):
    """What the user asked for, beyond the verb itself."""

    labels: tuple[str, ...] = ()
    name: str | None = None
    empty: bool = False
    merge: bool = False
    answers: Mapping[str, str] = {}
    production: str | None = None
    yes: bool = False
    check: bool = False
    undo: bool = False
    completion: str | None = None
    """The shell that is taught to complete the command line."""
    dry_run: bool = False
    strict: bool = False
    baseline: bool = False
    against: str | None = None
    wait: float = WAIT_SECONDS
    since: str | None = None
    """The migration after which a rehearsal begins, on an empty database: ``APP.NAME``."""
    until: str | None = None
    """The migration with which it ends."""
    fake: str | None = None
    """The migration that is recorded as applied and not run: ``APP.NAME``, with the ``reason``."""
    reason: str | None = None


class Talk(Protocol):
    """Somebody to keep informed and to ask. Nothing said here is part of the report."""

    def progress(self, text: str) -> None:
        """Say what is being done right now."""

    def show(self, text: str) -> None:
        """Show lines as they are, before a question about them."""

    def ask(self, text: str) -> str | None:
        """Ask a person; ``None`` where there is none to ask."""


class DraftedFile(NamedTuple):
    """A migration that was drafted and is not written yet."""

    app: str
    name: str
    path: Path
    text: str


class Context:
    """The state of one run. Each part is made when it is first asked for, and once."""

    def __init__(  # noqa: PLR0913 - each keyword is a trait of the flow
        self,
        settings: Settings,
        words: Words,
        talk: Talk,
        *,
        writes: bool = False,
        is_static: bool = False,
        asks_about_production: bool = False,
        starts_containers: bool = False,
        commit: Commit | None = None,
    ) -> None:
        self.settings = settings
        self.words = words
        self.talk = talk
        self.writes = writes
        self.asks_about_production = asks_about_production
        self.starts_containers = starts_containers
        self.commit = commit
        self.is_static = is_static
        self.drafted: tuple[DraftedFile, ...] = ()
        self.rehearsed: dict[str, Any] | None = None
        self.has_turn = False
        self._agent: Agent | None = None

    @cached_property
    def place(self) -> Place:
        """Where the project's Python runs."""
        from workflow.project.choosing import choose_place, container_found_by

        if self.starts_containers:
            return container_found_by(self._search)
        return choose_place(self.settings)

    @cached_property
    def development(self) -> Development:
        """The development environment of the Compose files, whether it is there or not."""
        from workflow.project.container.development import Development

        return Development(self._search)

    @cached_property
    def _search(self) -> Search:
        from workflow.project.choosing import begin_search
        from workflow.project.compose_files import find_compose_files

        return begin_search(self.settings, find_compose_files(self.settings))

    @cached_property
    def git(self) -> Git:
        """What git says about the project."""
        from workflow.project.git import Git

        return Git(self.settings.project, self.settings.main_branch, commit=self.commit)

    @cached_property
    def scratch(self) -> Scratch:
        """The run's own folder for throwaway copies."""
        from workflow.project.scratch import Scratch

        _ = self._cache  # decided before there is a folder of ours, for a while
        return Scratch(self.settings.state_folder)

    @cached_property
    def history(self) -> History:
        """The migration files as they are on disk; in a static hook, as they will be in git."""
        return self.read_history({})

    @property
    def is_push(self) -> bool:
        """Whether this is the hook of a push: others get to see the branch."""
        return self.commit is not None and self.commit.pushed is not None

    @cached_property
    def _not_on_disk(self) -> Mapping[Path, bytes | None]:
        """What a static hook reads instead of what is on disk: what git is about to keep.

        ``None`` for a file that is no part of it.
        """
        if self.commit is None or not self.is_static:
            return {}
        from workflow.history import lock

        project = self.settings.project
        patterns = ["*.py", lock.NAME]
        return {project / path: text for path, text in self.git.not_in_commit(patterns).items()}

    def read_bytes(self, path: Path) -> bytes:
        """Return a file of the history, from where it was read. Raises OSError."""
        text = self._not_on_disk.get(path)
        return path.read_bytes() if text is None else text

    @property
    def agent(self) -> Agent:
        """The agent in the project's Python. It boots once in a flow, while we do other work."""
        if self._agent is None:
            self._agent = self._start_agent()
        return self._agent

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the agent booted. Raises CouldNotCheck where the project does not boot."""
        from workflow.project.cause import expect_none

        expect_none(self.of_the_place)
        agent = self.agent
        try:
            facts = agent.facts(seconds=self.settings.boot_seconds)
        except CouldNotCheck as error:
            raise CouldNotCheck(self._why_no_boot(error), error.details) from error
        apps = [{**app, "path": str(self.place.here(app["path"]))} for app in facts["apps"]]
        return {**facts, "apps": apps}

    def _why_no_boot(self, error: CouldNotCheck) -> str:
        """Say what went wrong, and in which interpreter: it is often the wrong one."""
        message = f"the project does not boot in {self.place.shown}: {error}"
        if "ModuleNotFoundError" not in message:
            return message
        return (
            f"{message}. If that is not the project's Python, activate its environment, or name "
            "it as 'python' in the configuration"
        )

    @cached_property
    def of_the_place(self) -> tuple[Finding, ...]:
        """What is wrong with the place. Raises Cause where it can't even be looked at."""
        return tuple(self.place.examine(self))

    @property
    def migration_files(self) -> Sequence[str]:
        """The migration files, relative to the project."""
        return sorted(str(migration.path) for migration in self.history.migrations.values())

    @property
    def meeting_folder(self) -> Path:
        """A folder in the tree where the agent and we can leave something for each other."""
        return self.scratch.folder

    @property
    def seen_there(self) -> dict[str, Any]:
        """What the agent saw of the tree before it booted Django."""
        agent = self.agent
        try:
            return agent.seen(seconds=self.settings.sync_seconds)
        except CouldNotCheck as error:
            raise CouldNotCheck(
                f"the tree could not be compared with {self.place.shown}: {error}", error.details
            ) from error

    @cached_property
    def state(self) -> dict[str, Any]:
        """What the database says of the history on disk.

        Raises UsageError for an alias that the settings lack and for a migration to end with that
        is not there, CouldNotCheck for a database that can't be read.
        """
        from workflow.project.agent import AgentFailed

        alias = self.settings.database
        databases = self.facts["databases"]
        if alias not in databases:
            known = ", ".join(databases) or "none"
            raise UsageError(f"the settings have no database {alias!r}; they have: {known}")
        until = self.words.until if self.words.since is None else None
        try:
            answer = self.agent.ask("state", database=alias, until=until)
        except AgentFailed as failed:
            if failed.kind != NO_SUCH_MIGRATION:
                raise
            raise UsageError(failed.said) from failed
        if (error := answer["database"]["error"]) is not None:
            place = describe_database(databases[alias])
            raise CouldNotCheck(
                f"the database {alias!r} ({place}) can't be used: {' '.join(error.split())}"
            )
        return answer

    @cached_property
    def databases(self) -> Databases:
        """Where scratch databases can be had for the one that the flow is about."""
        from workflow.databases.places import Databases, Target

        found, networks = self.state["database"], self.place.networks
        packages = self._packages.folders if networks is None else ()
        version, zones = found["version"] or "", found["zones"]
        target = Target(found["engine"], version, networks, packages, zones)
        return Databases(self.settings, target, self.scratch)

    def ask_on_scratch(self, question: str, **arguments: Any) -> dict[str, Any]:
        """Ask the agent something that it needs a scratch database for.

        Raises CouldNotCheck where there is none to be had, with what each place said.
        """
        from workflow.project.agent import AgentFailed

        reasons = []
        for where in self.databases.places():
            try:
                return self.agent.ask(
                    question,
                    database=self.settings.database,
                    scratch=self.place.there(self.scratch.folder),
                    where=where,
                    **arguments,
                )
            except AgentFailed as error:  # noqa: PERF203 - there are few places
                if error.kind in {SHARED_SESSION, SCRATCH_LOST, UNREADABLE}:
                    raise CouldNotCheck(error.said) from error
                if error.kind != NO_SCRATCH_DATABASE:
                    raise
                reasons.append(error.said)
        reasons += self.databases.failures
        raise CouldNotCheck(
            f"no scratch database can be had: {'; '.join(reasons)}. Let the database's user create "
            "databases, or name a server where one may: scratch-database in the configuration"
        )

    def forget_state(self) -> None:
        """Ask the database anew when the state is wanted next: somebody changed it."""
        self.__dict__.pop("state", None)

    @property
    def has_pending(self) -> bool:
        """Whether the database is known to lack migrations that are on disk."""
        return "state" in self.__dict__ and bool(self.state.get("pending"))

    def judged(self, gate: str, findings: Iterable[Finding], **more: Any) -> StepResult:
        """Return how a gate ends that looked at all it had to look at, and found this.

        Findings weigh what the project says, and refuse where nobody accepted them. A result
        that a gate makes itself stands, whatever was accepted. ``more``: other parts of it.
        """
        found = tuple(findings)
        if gate in SEEN_WHOLE.values() or not all(why_not_waived(one.code) for one in found):
            found = found if self.judge is None else tuple(self.judge.judge(gate, found))
        return StepResult(gate, verdict_of(found, strict=self.words.strict), found, **more)

    @cached_property
    def judge(self) -> Judge | None:
        """What weighs findings, ``None`` where nobody said anything about any.

        Raises UsageError for a baseline that can't be read.
        """
        settings, baseline = self.settings, self.settings.baseline_file
        has_baseline = baseline.is_file()
        said = settings.waivers or settings.severities or has_baseline or self.words.baseline
        if not said and not self.history.marked:
            return None
        from workflow.waivers.baseline import read_baseline
        from workflow.waivers.judge import Judge, Said

        project, source = settings.project, settings.origins.get("waivers")
        return Judge(
            self.history,
            Said(
                settings.waivers,
                settings.severities,
                read_baseline(baseline) if has_baseline else (),
                "the configuration" if source is None else show_path(Path(source), project),
                show_path(baseline, project),
            ),
            lambda path: self.read_bytes(project / path),
            accepts=self.words.baseline,
        )

    def is_own(self, app: str) -> bool:
        """Return whether an app is the project's own, as Django runs it; others aren't judged."""
        return app in self.state["own"]

    def read_history(self, overlay: Mapping[Path, str | bytes | None]) -> History:
        """Read the history with some files as they would be, not as they are."""
        from workflow.history.reading import read_history

        packages = self._packages
        return read_history(
            self.settings.project,
            overlay={**self._not_on_disk, **overlay},
            migration_modules=self.settings.migration_modules or None,
            exclude=self.settings.exclude,
            site=packages.folders,
            site_is_sure=packages.are_sure,
            cache=self._cache,
        )

    @cached_property
    def _packages(self) -> Packages:
        """The installed packages that migrations of the project may refer to.

        Those of this host say nothing of a project that is said to run in a container.
        """
        from workflow.project.packages import Packages, find_packages

        settings = self.settings
        if settings.runs == "container":
            return Packages()
        return find_packages(settings.project, settings.root, settings.python, settings.variables)

    @cached_property
    def findings(self) -> list[Finding]:
        """What the rules say of the migration files as they are on disk."""
        return self.check(self.history)

    def check(self, history: History) -> list[Finding]:
        """Return what the rules say of a history."""
        from workflow import rules  # not needed before the project boots, as it does meanwhile

        return rules.check(history, cache=self._cache)

    @cached_property
    def _cache(self) -> Path | None:
        """The folder of what was read and found before.

        It is begun by the static gate alone, which lives on its speed: a flow that boots Django
        wins little by it, and leaves no folder in a tree that it found nothing to do in.
        """
        folder = self.settings.state_folder
        return folder if self.is_static or folder.is_dir() else None

    def prepare(self) -> None:
        """Start booting the project, and do meanwhile what needs no answer from it."""
        from workflow.databases.left import end_left_servers
        from workflow.project.scratch import sweep_leftovers

        with suppress(CouldNotCheck):  # the first step that needs it says so
            _ = self.agent
        end_left_servers(self.settings)
        sweep_leftovers(self.settings.state_folder)
        _ = self.history, self.git.branch, self.git.branch_point
        if self.writes:
            _ = self.findings  # what was wrong before the drafts is not theirs

    def restart_agent(self) -> Agent:
        """Boot the project again, because its process is gone."""
        if self._agent is not None:
            self._agent.close(seconds=END_SECONDS)
        self._agent = self._start_agent()
        self._agent.facts(seconds=self.settings.boot_seconds)
        return self._agent

    def close(self) -> None:
        """End the agent and remove what this run made for itself."""
        self.end_agent()
        if "databases" in self.__dict__:
            self.databases.close()
        if "scratch" in self.__dict__:
            self.scratch.remove()

    def end_agent(self) -> None:
        """End the agent. It takes back first what it was doing, as far as that can be done."""
        if self._agent is not None:
            self._agent.close(seconds=UNDO_SECONDS if self.is_half_applied else END_SECONDS)
            self._agent = None

    @property
    def is_half_applied(self) -> bool:
        """Whether an apply is under way that only a snapshot can undo."""
        return "scratch" in self.__dict__ and self.scratch.has_note

    def _start_agent(self) -> Agent:
        from workflow.project.agent import Agent
        from workflow.project.secrets import secret_values

        place, settings = self.place, self.settings
        module = place.settings_module()
        return Agent(
            place.start,
            directory=place.there(settings.project),
            manage=None if settings.manage is None else place.there(settings.manage),
            command="migrate",
            variables={} if module is None else {"DJANGO_SETTINGS_MODULE": module},
            secrets=secret_values({**settings.variables, **place.variables}),
            before_boot=place.before_boot(self),
        )


def show_path(path: Path, project: Path) -> str:
    """Return a path relative to the project where it is inside, as it is otherwise."""
    with suppress(ValueError):
        return path.relative_to(project).as_posix()
    return str(path)


def describe_database(database: Mapping[str, str]) -> str:
    """Return where a database is: never who uses it, or with what password."""
    place = f"{database['name']} on {database['host']}" if database["host"] else database["name"]
    return f"{database['vendor']} {place}"
