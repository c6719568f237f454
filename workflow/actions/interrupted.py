"""What to say of an apply that was interrupted: how far it had come, and what may stay of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workflow.context import show_path
from workflow.errors import CouldNotCheck
from workflow.project.halves import half_applied

if TYPE_CHECKING:
    from workflow.context import Context


class Progress:
    """Which migrations an apply has begun, and which it began to take back after a failure."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.taken_back: list[str] = []

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take note of what the agent tells. It tells of a long migration more than once."""
        begun = {"applying": self.begun, "taking back": self.taken_back}.get(event["doing"])
        if begun is not None and "migration" in event:
            name = f"{event['app']}.{event['migration']}"
            if name not in begun:
                begun.append(name)


def what_stays(context: Context, progress: Progress) -> str:
    """Return where the database stands, as far as is known without asking it again.

    The agent has ended, and with it whatever can be taken back is. On SQLite that is the plan, or
    a snapshot is left, which ``Context.is_half_applied`` says.
    """
    database = context.settings.database
    if not progress.begun:
        return f"No migration had been begun on the database {database!r}."
    under_way = (progress.taken_back or progress.begun)[-1]
    doing = "taken back" if progress.taken_back else "applied"
    said = [f"{under_way} was being {doing} (database {database!r})."]
    if context.is_half_applied:
        return said[0]
    if context.facts["databases"][database]["vendor"] == "sqlite":
        said.append("The plan is applied as a whole, or the database is as it was before.")
    else:
        said += _on_a_server(context, progress, under_way)
    said.append("What is applied now, and what is to be done, says: migration-workflow pre-check")
    return " ".join(said)


def _on_a_server(context: Context, progress: Progress, under_way: str) -> list[str]:
    """Return what stays of the plan where each migration is applied by itself."""
    said = []
    if before := [name for name in progress.begun[:-1] if name not in progress.taken_back]:
        said.append(f"What was applied before that stays applied: {', '.join(before)}.")
    if gone := progress.taken_back[:-1]:
        said.append(f"Taken back: {', '.join(gone)}.")
    try:
        half = half_applied(context.settings.state_folder, context.settings.database)
    except CouldNotCheck as error:
        return [*said, f"{error}."]
    if half is None:
        return [*said, f"Nothing is noted of {under_way} that the server can't take back."]
    note = show_path(half.path, context.settings.project)
    return [
        *said,
        f"What the server can't take back of {half.app}.{half.migration} is noted in {note}.",
    ]
