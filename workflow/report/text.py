"""The report as lines for a person, written while the flow runs."""

from __future__ import annotations

import io
from typing import Protocol

from workflow.outcome import Finding, Report, Severity, StepResult, Verdict

DOTS = 34
"""Width of a step's name with the dots behind it."""

STYLES = {
    Verdict.PASSED: "passed",
    Verdict.REFUSED: "refused",
    Verdict.ERRORED: "errored",
    Verdict.SKIPPED: "quiet",
    Verdict.NOT_REACHED: "quiet",
}

TELLING = {"pre-check", "outlook", "draft", "fake"}
"""Steps whose information is what they are run for."""

CHANGING = {
    *("accept", "draft", "write", "lock", "apply", "fake", "compose-up", "install-hooks"),
    *("look", "adopt", "take-back", "equip", "machine", "put-back", "sweep"),
}
"""Steps whose details tell what they changed, or have to tell what they found."""

ENDINGS = {
    Verdict.PASSED: "passed",
    Verdict.REFUSED: "refused: nothing after the gate that refused was run",
    Verdict.ERRORED: "stopped: what could not be checked does not pass",
}


class Writer(Protocol):
    """Puts text on a screen or into a stream. Texts are never read as markup."""

    def begin(self, text: str) -> None:
        """Show what has begun, for as long as it takes."""

    def line(self, text: str, word: str = "", style: str = "") -> None:
        """Write one line that ends in a styled word."""

    def block(self, text: str, *, indent: int, style: str = "") -> None:
        """Write a paragraph, wrapped to the width there is."""

    def verbatim(self, text: str, *, indent: int, style: str = "") -> None:
        """Write lines as they are."""

    def stop(self) -> None:
        """Show no longer what has begun."""


class TextReport:
    """Tells a flow as it happens: what the runner's Listener hears, as lines."""

    def __init__(self, writer: Writer, *, verbose: bool) -> None:
        self._writer = writer
        self._verbose = verbose

    def begun(self, name: str) -> None:
        """Show that a step is at work."""
        self._writer.begin(_dotted(name))

    def ended(self, result: StepResult) -> None:
        """Write how a step ended, and what it found."""
        took = f"  {result.seconds:.2f} s" if result.seconds >= 0.005 else ""
        word = result.verdict.value.replace("-", " ")
        skipped = result.verdict is Verdict.SKIPPED
        why = f": {result.reason}" if skipped else took
        self._writer.line(_dotted(result.name), word + why, STYLES[result.verdict])
        if result.reason is not None and not skipped:
            self._writer.block(result.reason, indent=4)
        for finding in sorted(result.findings, key=_weight):
            if self._shows(result, finding):
                self._finding(finding)
        hidden = [one for one in result.findings if not self._shows(result, one)]
        accepted = sum(finding.waived is not None for finding in hidden)
        self._count(accepted, "accepted finding")
        self._count(len(hidden) - accepted, "remark")
        if result.details and self._wants_details(result):
            self._writer.verbatim(result.details, indent=4, style="quiet")

    def summary(self, report: Report) -> None:
        """Write how the flow ended, and what to type next."""
        verdict = report.verdict
        self._writer.line(f"{report.flow}: ", ENDINGS[verdict] + _size(report), STYLES[verdict])
        if report.next_command is not None and verdict is Verdict.PASSED:
            self._writer.line("Next: ", report.next_command, "strong")

    def _shows(self, result: StepResult, finding: Finding) -> bool:
        """Say whether a finding is worth a line each day: what only informs is, of the state."""
        informs = finding.severity is Severity.INFO
        refuses = not informs and finding.waived is None
        return self._verbose or refuses or (informs and result.name in TELLING)

    def _count(self, hidden: int, what: str) -> None:
        """Write how many there are of what is not shown."""
        if hidden:
            told = f"1 {what}: --verbose shows it"
            if hidden > 1:
                told = f"{hidden} {what}s: --verbose shows them"
            self._writer.block(told, indent=4, style="quiet")

    def _wants_details(self, result: StepResult) -> bool:
        failed = result.verdict is Verdict.ERRORED
        refused = result.verdict is Verdict.REFUSED
        changing = result.name in CHANGING and not refused
        # Of a server there are several: which one a verdict is for belongs to it.
        on_server = "own_engine" in result.scratch and not refused
        return self._verbose or failed or changing or on_server

    def _finding(self, finding: Finding) -> None:
        if finding.severity is Severity.INFO and not self._verbose:
            self._writer.block(f"{finding.code} {finding.message}", indent=4, style="quiet")
            return
        place = "" if finding.path is None else f"  {finding.path}"
        if finding.line is not None:
            place += f":{finding.line}"
        style = {Severity.ERROR: "refused", Severity.WARNING: "errored"}.get(
            finding.severity, "quiet"
        )
        if finding.waived is not None:
            place, style = f", accepted{place}", "quiet"
        self._writer.block(f"{finding.code} {finding.severity.value}{place}", indent=4, style=style)
        self._writer.block(finding.message, indent=6)
        if finding.waived is not None:
            by, reason = finding.waived
            self._writer.block(f"Accepted ({by}): {reason}", indent=6)
        elif finding.fix is not None:
            self._writer.block(finding.fix, indent=6, style="strong")


def render(report: Report) -> str:
    """Return a whole report as text, as it is told to a stream."""
    from workflow.report.writers import PlainWriter

    stream = io.StringIO()
    told = TextReport(PlainWriter(stream), verbose=True)
    for result in report.steps:
        told.ended(result)
    told.summary(report)
    return stream.getvalue()


def _size(report: Report) -> str:
    """Say how much was looked at, so that nobody takes an empty folder for a sound history."""
    if report.history is None or report.verdict is not Verdict.PASSED:
        return ""
    apps, migrations = report.history.apps, report.history.migrations
    return f" ({migrations} migrations in {apps} apps)"


def _weight(finding: Finding) -> int:
    return list(Severity).index(finding.severity)


def _dotted(name: str) -> str:
    return f"  {name} ".ljust(DOTS, ".") + " "
