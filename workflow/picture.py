"""Draws the graph of migrations as a flowchart in Mermaid, from the files alone.

https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from workflow.errors import UsageError
from workflow.report.harmless import harmless

if TYPE_CHECKING:
    from workflow.history.graph import Graph
    from workflow.history.model import History, MigrationKey

SPECIAL = re.compile(r'[#"<>&`]')
"""What ends a label of Mermaid's, or is read as markup in one."""

MOST_EDGES = 500
"""How many arrows Mermaid draws where nobody allowed it more."""


def picture(project: Path | None, labels: Sequence[str], talk: TextIO) -> str:
    """Return the picture of these apps, or of all; say on ``talk`` what it may lack.

    Raises UsageError for a label that no app has.
    """
    history = _read(project)
    unknown = [label for label in labels if label not in history.apps]
    if unknown:
        known = ", ".join(history.apps) or "none"
        raise UsageError(f"there is no app {unknown[0]!r} with migrations; there are: {known}")
    talk.writelines(
        f"{harmless(problem.path)} can't be read: the picture may lack an arrow\n"
        for problem in history.problems
    )
    drawn = draw(history.fresh, labels or tuple(history.apps))
    if drawn.count(" --> ") + drawn.count(" -.-> ") > MOST_EDGES:
        talk.write(f"Mermaid draws {MOST_EDGES} arrows unless it is allowed more: name some apps\n")
    return drawn


def draw(graph: Graph, apps: Sequence[str]) -> str:
    """Return a flowchart of the migrations of these apps, and of those that they depend on.

    An arrow goes from what runs first; it is dashed where it exists under a condition.
    """
    wanted = {key for key in graph.parents if key.app in apps}
    edges = [(parent, key, "-->") for key in sorted(wanted) for parent in graph.parents[key]]
    edges += [(parent, key, "-.->") for key, parent in sorted(graph.maybe) if key in wanted]
    keys = sorted(wanted.union(parent for parent, _, _ in edges))
    names = {key: f"m{number}" for number, key in enumerate(keys)}
    lines = ["flowchart LR", *_boxes(names)]
    lines += [f"    {names[parent]} {arrow} {names[key]}" for parent, key, arrow in edges]
    return "\n".join(lines) + "\n"


def _boxes(names: Mapping[MigrationKey, str]) -> list[str]:
    lines = []
    for number, (app, keys) in enumerate(itertools.groupby(names, lambda key: key.app)):
        lines.append(f'    subgraph a{number}["{_label(app)}"]')
        lines += [f'        {names[key]}["{_label(key.name)}"]' for key in keys]
        lines.append("    end")
    return lines


def _label(text: str) -> str:
    """Return a text as Mermaid shows it, whatever is in it."""
    return SPECIAL.sub(lambda match: f"#{ord(match.group())};", harmless(text)).replace("\n", " ")


def _read(project: Path | None) -> History:
    from workflow.config import load_settings
    from workflow.history.reading import read_history

    settings = load_settings(project)
    return read_history(
        settings.project,
        migration_modules=settings.migration_modules or None,
        exclude=settings.exclude,
    )
