"""How a team weighs findings: the severities and the waivers that the configuration holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from workflow.codes import why_not_waived, why_unknown
from workflow.outcome import Finding, Severity

WORDS = ", ".join(repr(severity.value) for severity in Severity)

WAIVER_KEYS = ("code", "app", "migration", "path", "reason")


class Wrong(ValueError):
    """A value of the configuration has faults. ``problems``: one line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Waiver(NamedTuple):
    """A waiver of the configuration: what is accepted, where, and why.

    ``path`` is relative to the project and may hold ``*``. What is ``None`` narrows nothing.
    """

    code: str
    reason: str
    app: str | None = None
    migration: str | None = None
    path: str | None = None

    def covers(self, finding: Finding) -> bool:
        """Return whether the finding is what this waiver speaks of."""
        from fnmatch import fnmatchcase

        return (
            finding.code == self.code
            and self.app in {None, finding.app}
            and self.migration in {None, finding.migration}
            and (self.path is None or fnmatchcase(finding.path or "", self.path))
        )


class Severities(NamedTuple):
    """How much findings weigh here: by code, and by app label and code, which comes first."""

    everywhere: Mapping[str, Severity] = {}
    by_app: Mapping[str, Mapping[str, Severity]] = {}

    def weighed(self, finding: Finding) -> Finding:
        """Return the finding with the severity that it has in this project."""
        of_app = self.by_app.get(finding.app or "", {})
        severity = of_app.get(finding.code) or self.everywhere.get(finding.code)
        return finding if severity is None else finding._replace(severity=severity)


def read_waivers(value: Any) -> tuple[Waiver, ...]:
    """Return the waivers of the configuration. Raises Wrong."""
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise ValueError("a list of tables, each with 'code', 'app' or 'path', and 'reason'")
    problems = [
        f"waiver {number}: {problem}"
        for number, row in enumerate(value, 1)
        for problem in _faults_of(row)
    ]
    if problems:
        raise Wrong(problems)
    return tuple(Waiver(**row) for row in value)


def _faults_of(row: Mapping[str, Any]) -> Iterator[str]:
    for key, value in row.items():
        if key not in WAIVER_KEYS:
            yield f"unknown key {key!r}; known are {', '.join(WAIVER_KEYS)}"
        elif not isinstance(value, str) or not value.strip():
            yield f"{key!r} must be a text that is not empty, not {value!r}"
        elif key == "code" and (fault := fault_of_code(value)) is not None:
            yield fault
    for key in ("code", "reason"):
        if key not in row:
            yield f"it has no {key!r}"
    if "app" not in row and "path" not in row:
        yield "it has no place: name an 'app', or a 'path'"
    if "migration" in row and "app" not in row:
        yield "'migration' needs the 'app' that it is of"


def fault_of_code(code: str) -> str | None:
    """Return why there can be no waiver for a code, ``None`` where there can."""
    if (unknown := why_unknown(code)) is not None:
        return unknown
    reason = why_not_waived(code)
    return None if reason is None else f"{code} can't be waived: {reason}"


def read_severities(value: Any) -> Severities:
    """Return the severities of the configuration. Raises Wrong."""
    if not isinstance(value, dict):
        raise ValueError("a table of code = severity, or of app = such a table")  # noqa: TRY004
    problems: list[str] = []
    tables = {label: table for label, table in value.items() if isinstance(table, dict)}
    everywhere = {key: word for key, word in value.items() if key not in tables}
    severities = Severities(
        _severities("", everywhere, problems),
        {label: _severities(f"{label}.", table, problems) for label, table in tables.items()},
    )
    if problems:
        raise Wrong(problems)
    return severities


def _severities(of: str, table: Mapping[str, Any], problems: list[str]) -> Mapping[str, Severity]:
    known = {severity.value: severity for severity in Severity}
    for code, word in table.items():
        problem = why_unknown(code)
        if problem is None and (reason := why_not_waived(code)) is not None:
            problem = f"{code} weighs what it weighs: {reason}"
        if problem is None and (not isinstance(word, str) or word not in known):
            problem = f"{code} must be {WORDS}, not {word!r}"
        if problem is not None:
            problems.append(f"severity of {of}{code}: {problem}")
    if problems:
        return {}
    return {code: known[word] for code, word in table.items()}
