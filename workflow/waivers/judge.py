"""Where findings meet what a team said of them: how much they weigh, and what is accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from workflow.codes import seen_whole_by, why_not_waived
from workflow.history.model import MigrationKey
from workflow.outcome import Finding, Severity, Waived
from workflow.waivers import baseline
from workflow.waivers.comments import remarks_in
from workflow.waivers.findings import faults_of, unused_comment, unused_row, unused_waiver
from workflow.waivers.places import Places
from workflow.waivers.subject import Subjects
from workflow.weighing import fault_of_code

if TYPE_CHECKING:
    from workflow.history.model import History
    from workflow.waivers.comments import Remark
    from workflow.weighing import Severities, Waiver

WHERE_COMMENTS_ARE_JUDGED = "dependencies"
"""The gate that reports what is wrong with a comment in itself: the one about the files."""


class Said(NamedTuple):
    """What a project says of findings, beside the comments in its migrations.

    ``source`` and ``baseline`` are the files of the configuration and of the baseline, as
    findings show them.
    """

    waivers: tuple[Waiver, ...] = ()
    severities: Severities | None = None
    rows: tuple[baseline.Row, ...] = ()
    source: str = ""
    baseline: str = ""


class Change(NamedTuple):
    """How a baseline would change: all rows that it would have, those that come and that go."""

    rows: tuple[baseline.Row, ...]
    new: int
    gone: int


class Judge:
    """Judges the findings of one flow, one gate after the other.

    ``accepts``: whether whatever can be accepted is accepted, to become a row of the baseline.
    ``read`` returns the text of a file of the project, and may raise OSError.
    """

    def __init__(
        self, history: History, said: Said, read: Callable[[str], bytes], *, accepts: bool = False
    ) -> None:
        self._history = history
        self._said = said
        self._accepts = accepts
        self._subjects = Subjects(history, read)
        self._gates: set[str] = set()
        self._used: set[object] = set()
        self._held: dict[int, int | None] = {}
        self._new: dict[baseline.Row, None] = {}

    def judge(self, gate: str, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield what a gate found as it weighs here, and what is wrong with the waivers.

        The gate has looked at all that it had to look at: what it sees as a whole and did not
        find is not there.
        """
        for finding in findings:
            yield self._judged(finding)
        self._gates.add(gate)
        if gate == WHERE_COMMENTS_ARE_JUDGED:
            for key, remarks in self._remarks.items():
                for remark in remarks:
                    yield from faults_of(self._history.migrations[key], remark)
        yield from self._unused(gate)

    def _judged(self, finding: Finding) -> Finding:
        if why_not_waived(finding.code) is not None:
            return finding
        if self._said.severities is not None:
            finding = self._said.severities.weighed(finding)
        waived = [*self._by_comments(finding), *self._by_configuration(finding)]
        waived += self._by_baseline(finding, is_needed=not waived)
        return finding._replace(waived=waived[0]) if waived else finding

    def _by_comments(self, finding: Finding) -> Iterator[Waived]:
        key = MigrationKey(finding.app or "", finding.migration or "")
        for remark in self._remarks.get(key, ()):
            if finding.code in _codes(remark) and self._places(key).is_about(remark, finding):
                self._used.add((key, remark.line, finding.code))
                yield Waived("inline", remark.reason)

    def _by_configuration(self, finding: Finding) -> Iterator[Waived]:
        for waiver in self._said.waivers:
            if waiver.covers(finding):
                self._used.add(waiver)
                yield Waived("configuration", waiver.reason)

    @cached_property
    def _rows(self) -> dict[tuple[str | None, ...], list[int]]:
        """The numbers of the rows, by what they speak of."""
        rows: dict[tuple[str | None, ...], list[int]] = {}
        for at, row in enumerate(self._said.rows):
            rows.setdefault(row.subject, []).append(at)
        return rows

    def _by_baseline(self, finding: Finding, *, is_needed: bool) -> Iterator[Waived]:
        if not self._said.rows and not self._accepts:
            return
        row = self._row_of(finding)
        if row is not None:
            yield Waived("baseline", row.reason)
        elif self._accepts and is_needed and finding.severity is not Severity.INFO:
            row = self._subjects.row(finding, baseline.reason_today())
            self._new[row] = None
            yield Waived("baseline", row.reason)

    def _row_of(self, finding: Finding) -> baseline.Row | None:
        """Return the row that accepts a finding. Each row stands for one place."""
        alike = self._rows.get(self._subjects.row(finding, "").subject, ())
        for at in sorted(alike, key=lambda at: self._said.rows[at].operation != finding.operation):
            if self._held.setdefault(at, finding.operation) == finding.operation:
                return self._said.rows[at]
        return None

    @cached_property
    def _remarks(self) -> dict[MigrationKey, list[Remark]]:
        return {key: remarks_in(text) for key, text in self._history.marked.items()}

    def _places(self, key: MigrationKey) -> Places:
        if key not in self._known_places:
            migration = self._history.migrations[key]
            self._known_places[key] = Places(migration, self._history.marked[key])
        return self._known_places[key]

    @cached_property
    def _known_places(self) -> dict[MigrationKey, Places]:
        return {}

    def _unused(self, gate: str) -> Iterator[Finding]:
        for key, remarks in self._remarks.items():
            for remark in remarks:
                for code in _codes(remark):
                    used = (key, remark.line, code) in self._used
                    if not used and seen_whole_by(code) == gate:
                        yield unused_comment(self._history.migrations[key], remark, code)
        for waiver in self._said.waivers:
            if waiver not in self._used and seen_whole_by(waiver.code) == gate:
                yield unused_waiver(waiver, self._said.source)
        if not self._accepts:  # then what is gone is taken out
            for row in self._gone({gate}):
                yield unused_row(row, self._said.baseline)

    def _gone(self, gates: set[str]) -> Iterator[baseline.Row]:
        """Yield the rows of what these gates would have found, and did not."""
        for at, row in enumerate(self._said.rows):
            if at not in self._held and seen_whole_by(row.code) in gates:
                yield row

    def change(self) -> Change:
        """Return how the baseline changes by what was accepted in this flow."""
        rows = self._said.rows
        gone = list(self._gone(self._gates))
        reasons = {(row.code, row.app, row.migration, row.operation): row.reason for row in gone}
        kept = [
            row._replace(operation=self._held.get(at, row.operation))
            for at, row in enumerate(rows)
            if row not in gone
        ]
        new = [
            row._replace(
                reason=reasons.get((row.code, row.app, row.migration, row.operation), row.reason)
            )
            for row in self._new
        ]
        return Change((*kept, *new), len(new), len(gone))


def _codes(remark: Remark) -> tuple[str, ...]:
    """Return the codes that a comment accepts, as far as it may and says why."""
    if not remark.reason:
        return ()
    return tuple(code for code in remark.codes if fault_of_code(code) is None)
