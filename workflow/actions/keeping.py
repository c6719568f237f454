"""Keeps a journal of an apply. Where it can't be kept, that is said, and the apply goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workflow.context import show_path
from workflow.gates.pre_check import database_of
from workflow.journal import Journal, text_of
from workflow.outcome import Finding, Severity

if TYPE_CHECKING:
    from workflow.context import Context


class Kept:
    """The two lines of one apply. ``findings`` says why one could not be written."""

    def __init__(self, context: Context) -> None:
        self.findings: list[Finding] = []
        self._context = context
        self._journal = Journal(context.settings.state_folder)
        self._run: str | None = None

    def begin(self) -> None:
        """Write down what is about to be applied."""

        def write() -> None:
            context = self._context
            assert context.rehearsed is not None  # noqa: S101 - or nothing would be applied
            migrations = list(described(context, context.rehearsed["plan"]))
            self._run = self._journal.begin(database_of(context), context.git, migrations)

        self._try(write)

    def end(
        self,
        outcome: str,
        evidence: Sequence[Mapping[str, Any]] | None,
        codes: Sequence[str],
        taken_back: Sequence[Sequence[str]] = (),
    ) -> None:
        """Write down how it ended. ``evidence``: of what stays applied, ``None``: nobody knows."""
        run = self._run
        if run is not None:
            self._try(lambda: self._journal.end(run, outcome, evidence, codes, taken_back))

    def _try(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            place = show_path(self._journal.path, self._context.settings.project)
            self.findings.append(
                Finding(
                    "DAT214",
                    Severity.WARNING,
                    f"The journal {place} can't be written: {error.strerror}. What was applied "
                    "here is not in it, so that nobody notices when its files are edited.",
                    "Make the file writable for this user; the next migration-workflow "
                    "migrate-safe goes on with it.",
                )
            )


def described(context: Context, plan: Iterable[Sequence[str]]) -> Iterator[dict[str, Any]]:
    """Yield each migration of a plan, with what its file is where that is the project's own."""
    files = {key: migration.path for key, migration in context.history.migrations.items()}
    for app, name in plan:
        path = files.get((app, name))  # type: ignore[call-overload]
        text = None if path is None else text_of((context.settings.project / path).read_bytes())
        yield {
            "app": app,
            "migration": name,
            "digest": text and text.digest,
            "meaning": text and text.meaning,
        }
