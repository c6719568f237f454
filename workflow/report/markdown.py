"""The report as Markdown, fit for a comment on a pull request and for the summary of a job.

What a project says in it is text: it makes no headings, links, mentions or markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from workflow.outcome import Severity, Verdict
from workflow.report.harmless import harmless
from workflow.report.located import Located, located, sentences

if TYPE_CHECKING:
    from workflow.outcome import Report, StepResult

LONGEST = 60_000
"""Characters at most: GitHub takes comments of 65,536."""

MOST_REMARKS = 50
"""How many findings that refuse nothing are listed before the rest is only counted."""

TOO_LONG = "*The rest is too long to show here: `--format json` tells everything.*"

PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
"""What Markdown may read as its own, and what a backslash takes the meaning from:
https://spec.commonmark.org/0.31.2/#backslash-escapes"""

LINKED = re.compile(r"(?<=[@#])(?=\w)|(?<=\b[Gg][Hh])(?=-\d)|(?<=:)(?=//)|(?<=\b[Ww]{3})(?=\.)")
"""Where a host would make a mention, a reference or a link of plain text."""

APART = "\u200b"
"""Keeps two characters apart that a host would read as one word. It has no width."""

WEIGHTS = tuple(Severity)


def render(report: Report) -> str:
    """Return the document, what weighs most first; what makes it too long is left out, and said."""
    findings = sorted(located(report), key=lambda item: WEIGHTS.index(item.finding.severity))
    shown = [item for item in findings if _is_shown(item)]
    remarks = [item for item in findings if not _is_shown(item)]
    parts = [
        f"<!-- migration-workflow: {report.flow} -->\n",
        f"### {report.flow}: {report.verdict.value}\n",
        _table(("gate", "verdict", "seconds"), map(_row, report.steps)),
        *map(_stop, filter(_has_stopped, report.steps)),
        *map(_finding, shown),
        *_evidence(report),
        *_remarks(remarks),
    ]
    if report.next_command is not None and report.verdict is Verdict.PASSED:
        parts.append(f"Next: {_code(report.next_command)}\n")
    return "\n".join(_fitting(parts))


def _fitting(parts: Iterable[str]) -> Iterator[str]:
    left, is_whole = LONGEST, True
    for part in parts:
        if len(part) < left:
            left -= len(part) + 1
            yield part
        else:
            is_whole = False
    if not is_whole:
        yield f"{TOO_LONG}\n"


def _is_shown(item: Located) -> bool:
    return item.finding.severity is not Severity.INFO and item.finding.waived is None


def _row(step: StepResult) -> tuple[str, ...]:
    verdict = step.verdict.value.replace("-", " ")
    why = f": {_cell(step.reason)}" if step.verdict is Verdict.SKIPPED and step.reason else ""
    return step.name, verdict + why, f"{step.seconds:.2f}"


def _has_stopped(step: StepResult) -> bool:
    return step.verdict is Verdict.ERRORED


def _stop(step: StepResult) -> str:
    return f"**{step.name} could not be checked.** {_text(step.reason or '')}\n"


def _finding(item: Located) -> str:
    finding = item.finding
    place = ""
    if finding.path is not None:
        line = "" if finding.line is None else f":{finding.line}"
        place = f" {_code(f'{item.path}{line}')}"
    return (
        f"**{finding.code}** {finding.severity.value}{place}\n\n"
        f"> {_text(sentences(finding)).replace(BREAK, f'{BREAK}> ')}\n"
    )


def _remarks(items: list[Located]) -> Iterator[str]:
    if items:
        remarks = "1 remark" if len(items) == 1 else f"{len(items)} remarks"
        listed = "\n".join(f"- {_remark(item)}" for item in items[:MOST_REMARKS])
        if len(items) > MOST_REMARKS:
            listed += f"\n- and {len(items) - MOST_REMARKS} more"
        yield f"<details><summary>{remarks}</summary>\n\n{listed}\n\n</details>\n"


def _remark(item: Located) -> str:
    finding = item.finding
    waived = "" if finding.waived is None else f" (waived: {_text(finding.waived.reason)})"
    return f"**{finding.code}** {_text(finding.message)}{waived}".replace(BREAK, f"{BREAK}  ")


def _evidence(report: Report) -> Iterator[str]:
    for step in report.steps:
        if step.evidence:
            columns = list(dict.fromkeys(name for row in step.evidence for name in row))
            rows = ([_shown(row.get(name)) for name in columns] for row in step.evidence)
            heads = (name.replace("_", " ") for name in columns)
            engine = step.scratch.get("engine")
            where = f" on {_text(str(engine))}" if engine else ""
            yield f"What {step.name} ran{where}:\n\n{_table(heads, rows)}"


def _shown(value: Any) -> str:
    """Return a value of the evidence as a cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, Mapping):
        return _cell(", ".join(f"{name} {inner}" for name, inner in value.items()))
    if isinstance(value, list | tuple):
        return ", ".join(
            _cell(" ".join(map(str, inner)) if isinstance(inner, list | tuple) else str(inner))
            for inner in value
        )
    return "" if value is None else _cell(str(value))


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(heads)
    lines = [names, ["---"] * len(names), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


BREAK = "<br>\n"


def _text(text: str) -> str:
    """Return text that Markdown shows as it is, with its lines kept."""
    lines = (line.strip() for line in harmless(text).splitlines())
    return BREAK.join(PUNCTUATION.sub(r"\\\1", LINKED.sub(APART, line)) for line in lines if line)


def _cell(text: str) -> str:
    """Return text for the cell of a table, which is one line."""
    return _text(" ".join(text.split()))


def _code(text: str) -> str:
    """Return text as a span of code, whatever backticks it has itself."""
    spaced = " ".join(harmless(text).split())
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", spaced)), default=0))
    margin = " " if "`" in spaced else ""
    return f"{fence}{margin}{spaced}{margin}{fence}"
