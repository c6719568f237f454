"""The verbs as tasks of Invoke: two lines in ``tasks.py``, be there a namespace in it or not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from workflow.setup.writing import ByHand, NotReadable, appended, line_end
from workflow.verbs import VERBS

if TYPE_CHECKING:
    from workflow.setup.found import Found
    from workflow.setup.proposal import Target

ABOUT = "the verbs as tasks of Invoke"

OLDEST = (2, 2)
"""The oldest Invoke that the verbs run with."""

NEW = """\
\"\"\"The tasks of this project: inv --list shows them.\"\"\"

from workflow.tasks import namespace

ns = namespace
"""

NAMESPACES = ("ns", "namespace")
"""What Invoke takes for the namespace of a module, in its order."""


class Lines(NamedTuple):
    """What is added to a module: an import among its imports, and a last line."""

    imported: str
    last: str

    @property
    def shown(self) -> str:
        """The lines for somebody to add."""
        return f"{self.imported}\n{self.last}\n"


def targets(found: Found) -> Iterator[Target]:
    """Yield the file of the tasks."""
    yield (found.tasks or found.home / "tasks.py"), lambda text: with_verbs(text, why_not(found))


def remarks(found: Found) -> Iterator[str]:
    """Yield which tasks are the project's own, and stay."""
    if found.tasks is None:
        return
    own = sorted(_own_tasks(found.text(found.tasks) or "") & {verb.name for verb in VERBS})
    if own:
        yield (
            f"{found.shown(found.tasks)} has tasks of its own called {', '.join(own)}: they stay, "
            f"and the verbs are {found.manager.command(found.home)} {own[0]} and the like."
        )


def why_not(found: Found) -> str | None:
    """Return what keeps Invoke from finding the verbs, if anything does."""
    if found.namesake is not None:
        return (
            f"the project has a package called workflow ({found.shown(found.namesake)}), and "
            "Invoke would import that one. The console script is not confused by it: "
            f"{found.manager.command(found.home)}"
        )
    version = found.invoke_version
    if version is not None and version < OLDEST:
        had, needed = (".".join(map(str, one)) for one in (version, OLDEST))
        return f"the project has Invoke {had}, and the verbs need {needed} or later"
    return None


def with_verbs(text: str | None, why_not: str | None = None) -> str:
    """Return the module with the verbs in its namespace.

    Raises ByHand with ``why_not`` and where it is not a module of Invoke's tasks, NotReadable
    where it is no Python.
    """
    if text is None or not text.strip():
        if why_not is not None:
            raise ByHand(why_not, NEW)
        return appended(text, NEW)
    tree = _parsed(text)
    if _imports(tree, "workflow.tasks"):
        return text
    lines = _lines_for(tree)
    if why_not is not None:
        raise ByHand(why_not, lines.shown)
    place = _imports(tree, "invoke")
    if not place:
        raise ByHand("it does not import Invoke, so it is something else", lines.shown)
    if "ctask" in text:
        raise ByHand("it is written for an Invoke older than 0.13", lines.shown)
    return _inserted(text, place[0], lines)


def _lines_for(tree: ast.Module) -> Lines:
    """Return what to add: to the namespace that there is, or to the one that Invoke makes up."""
    for name in NAMESPACES:
        if name in _assigned(tree):
            return Lines("from workflow.tasks import add_verbs", f"add_verbs({name})")
    return Lines("from workflow.tasks import with_verbs", "ns = with_verbs(__name__)")


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text.lstrip("\ufeff"))
    except (SyntaxError, ValueError) as error:
        raise NotReadable(f"it is not valid Python: {error}") from error


def _imports(tree: ast.Module, module: str) -> list[int]:
    """Return the lines on which the module's own imports of another begin, from 0."""
    found = []
    for node in tree.body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names.append(node.module or "")
        if any(name == module or name.startswith(f"{module}.") for name in names):
            found.append((node.end_lineno or node.lineno) - 1)
    return found


def _assigned(tree: ast.Module) -> set[str]:
    """Return the names that the module assigns to, at its top level."""
    targets = [
        target
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _own_tasks(text: str) -> set[str]:
    """Return the names of a module's functions, as tasks are called."""
    defined = re.findall(r"^def (\w+)", text, re.MULTILINE)
    return {name.replace("_", "-") for name in defined}


def _inserted(text: str, place: int, lines: Lines) -> str:
    """Return the text with the import behind those around line ``place``, and the last line."""
    end = line_end(text)
    rows = text.splitlines(keepends=True)
    while place + 1 < len(rows) and re.match(r"(from|import) ", rows[place + 1]):
        place += 1
    if not rows[place].endswith("\n"):
        rows[place] += end
    rows.insert(place + 1, lines.imported + end)
    return appended("".join(rows), f"\n{lines.last}\n")
