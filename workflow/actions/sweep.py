"""Drops the databases of ours that outlived their run: the next begins with nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from workflow.context import NO_SCRATCH_DATABASE
from workflow.errors import CouldNotCheck
from workflow.gates.pre_check import counted
from workflow.outcome import StepResult, Verdict
from workflow.project.agent import AgentFailed

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "sweep"

Found = Mapping[str, Sequence[str]]
"""The names of databases that are ``kept`` for later runs, and that killed runs ``left``."""


def plan(context: Context) -> str:
    """Return what ``run`` would drop."""
    return "\n".join(f"drop {what}" for what in _told(_ask(context))) or "nothing to drop"


def run(context: Context) -> StepResult:
    """Drop them: they only save time. Raises CouldNotCheck where they can't be looked for."""
    dropped = [f"dropped {what}" for what in _told(_ask(context, drop=True))]
    if not dropped:
        return StepResult(NAME, Verdict.SKIPPED, reason="nothing was kept or left behind")
    return StepResult(NAME, Verdict.PASSED, details="\n".join(dropped))


def _ask(context: Context, *, drop: bool = False) -> Found:
    """Ask at the first of the places: what is started for a run goes with it."""
    where = next(iter(context.databases.places()))
    scratch = context.place.there(context.scratch.folder)
    try:
        found: Found = context.agent.ask(
            "leftovers",
            database=context.settings.database,
            scratch=scratch,
            where=where,
            drop=drop,
        )
    except AgentFailed as error:
        if error.kind == NO_SCRATCH_DATABASE:  # then no run has made one there, either
            return {}
        raise CouldNotCheck(
            f"the databases that outlived their run can't be dropped: {error}", error.details
        ) from error
    return found


def _told(found: Found) -> Iterator[str]:
    if kept := found.get("kept"):
        yield counted(len(kept), "kept database", "kept databases")
    if left := found.get("left"):
        yield counted(len(left), "scratch database", "scratch databases") + " of killed runs"
