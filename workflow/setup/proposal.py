"""What a repository lacks: the edits that would mend it, and what is left to its owner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from workflow.outcome import Finding, Severity
from workflow.setup.parts import (
    compose_dev,
    env_example,
    github,
    gitlab,
    handbook,
    hooks,
    invoke_tasks,
    make_targets,
    table,
)
from workflow.setup.writing import ByHand, Edit, NotReadable, is_writable, read

if TYPE_CHECKING:
    from workflow.setup.found import Found

Target = tuple[Path, Callable[[str | None], str]]
"""A file, and what makes its text as it should be from its text as it is."""


class Part(Protocol):
    """One part of the adoption. A module with these names is one."""

    @property
    def ABOUT(self) -> str:  # noqa: N802 - modules satisfy this, with a constant
        """What it brings, in a few words."""

    def targets(self, found: Found) -> Iterator[Target]:
        """Yield the files that it is for. Raises NotReadable."""


PARTS: tuple[Part, ...] = (
    table,
    compose_dev,
    env_example,
    invoke_tasks,
    make_targets,
    hooks,
    github,
    gitlab,
    handbook,
)


class Proposal(NamedTuple):
    """What is to be written, and what is found on the way."""

    edits: tuple[Edit, ...] = ()
    abouts: tuple[str, ...] = ()
    """What each edit brings."""
    findings: tuple[Finding, ...] = ()


def propose(found: Found) -> Proposal:
    """Return everything that is missing."""
    edits: list[Edit] = []
    abouts: list[str] = []
    findings: list[Finding] = []
    for part in PARTS:
        findings += _remarks(part, found)
        try:
            for path, change in part.targets(found):
                outcome = _outcome(path, change, part.ABOUT, found)
                if isinstance(outcome, Finding):
                    findings.append(outcome)
                elif outcome.before != outcome.after:
                    edits.append(outcome)
                    abouts.append(part.ABOUT)
        except NotReadable as error:
            findings.append(unreadable(str(error), part.ABOUT))
    return Proposal(tuple(edits), tuple(abouts), tuple(findings))


def _outcome(
    path: Path, change: Callable[[str | None], str], about: str, found: Found
) -> Edit | Finding:
    name = found.shown(path)
    try:
        before = read(path)
        edit = Edit(path, before, change(before))
    except NotReadable as error:
        return unreadable(f"{name}: {error}", about, name)
    except ByHand as error:
        return _by_hand(name, str(error), error.lines, about)
    if edit.before == edit.after or is_writable(path):
        return edit
    return _by_hand(name, "it is read-only", _added(edit), about)


def _added(edit: Edit) -> str:
    from workflow.setup.record import insertions

    assert edit.after is not None  # noqa: S101 - nothing is removed here
    return "".join(insertions(edit.before or "", edit.after))


def unreadable(what: str, about: str, path: str | None = None) -> Finding:
    """Return the finding for a file that must be corrected before anything is written."""
    return Finding(
        "CFG203",
        Severity.ERROR,
        f"{what}. So nobody can say what it lacks ({about}), and nothing was written.",
        "Correct it, then run: migration-workflow setup",
        path=path,
    )


def _by_hand(name: str, why: str, lines: str, about: str) -> Finding:
    return Finding(
        "CFG202",
        Severity.WARNING,
        f"{name} was left as it is: {why}. What it lacks is {about}.",
        f"To have it, add by hand:\n{lines.rstrip()}",
        path=name,
        data={"lines": lines},
    )


def _remarks(part: Part, found: Found) -> Iterator[Finding]:
    remarks: Callable[[Found], Iterator[str]] | None = getattr(part, "remarks", None)
    for text in remarks(found) if remarks is not None else ():
        yield Finding("CFG204", Severity.INFO, text)
