"""The baseline: what was found when a project adopted the workflow, one row for each finding."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from workflow.errors import CouldNotCheck, UsageError
from workflow.weighing import fault_of_code

TABLE = "finding"
HEAD = """\
# Findings that were there before the workflow was. None of them refuses as long as its row
# stands here; a row whose finding is gone is reported. --baseline writes the rows: reasons are
# yours to write and are kept, other changes and comments are not.
"""


class Row(NamedTuple):
    """One accepted finding.

    ``digest`` tells what stands at its place: the same finding at another place, or at a place
    that says something else by now, is not accepted. ``operation`` tells apart two places that
    say the same; the operations before it may become more or fewer.
    """

    code: str
    app: str | None
    migration: str | None
    operation: int | None
    path: str | None
    digest: str
    reason: str

    @property
    def subject(self) -> tuple[str, str | None, str | None, str | None, str]:
        """What must be the same in a finding."""
        return self.code, self.app, self.migration, self.path, self.digest

    @property
    def order(self) -> tuple[str, str, int, str, str, str]:
        """Its place in the file: rows of one migration stand together, so that merges do."""
        operation = -1 if self.operation is None else self.operation
        where = (self.app or "", self.migration or self.path or "", operation)
        return (*where, self.code, self.digest, self.reason)


TEXTS = {"code": True, "app": False, "migration": False, "path": False, "digest": True,
         "reason": True}  # fmt: skip
"""The keys of a row that are texts, and whether it must have them. ``operation`` is a number."""


def reason_today() -> str:
    """Return the reason that a row gets before somebody writes a better one."""
    return f"accepted on {date.today().isoformat()}, before the workflow was adopted"


def read_baseline(path: Path) -> tuple[Row, ...]:
    """Return the rows of a baseline, none where there is no such file.

    Raises UsageError with one line for each thing that is wrong.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from error
    rows = document.get(TABLE, [])
    problems = [f"unknown key {key!r}" for key in document if key != TABLE]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        problems.append(f"{TABLE!r} must be a list of tables: [[{TABLE}]]")
    else:
        problems += [
            f"row {number}: {fault}"
            for number, row in enumerate(rows, 1)
            for fault in _faults_of(row)
        ]
    if problems:
        raise UsageError("\n".join(f"{path}: {problem}" for problem in problems))
    return tuple(Row(**{key: row.get(key) for key in Row._fields}) for row in rows)


def _faults_of(row: dict[str, Any]) -> Iterator[str]:
    for key, value in row.items():
        if key == "operation":
            if type(value) is not int or value < 0:
                yield f"{key!r} must be a number from 0, not {value!r}"
        elif key not in TEXTS:
            yield f"unknown key {key!r}; known are {', '.join(Row._fields)}"
        elif not isinstance(value, str) or not value.strip():
            yield f"{key!r} must be a text that is not empty, not {value!r}"
        elif key == "code" and (fault := fault_of_code(value)) is not None:
            yield fault
    yield from (f"it has no {key!r}" for key, needed in TEXTS.items() if needed and key not in row)


def render(rows: Iterable[Row]) -> str:
    """Return the text of a baseline."""
    return "\n".join([HEAD, *(_rendered(row) for row in sorted(set(rows), key=_order))])


def _order(row: Row) -> Any:
    return row.order


def _rendered(row: Row) -> str:
    lines = [
        f"{key} = {_value(value)}" for key, value in row._asdict().items() if value is not None
    ]
    return "\n".join([f"[[{TABLE}]]", *lines, ""])


def _value(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    # What JSON escapes, TOML escapes likewise; it does not stand one more control character.
    text = value.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_baseline(path: Path, text: str) -> None:
    """Write the file at once and whole. Raises CouldNotCheck where the disk refuses."""
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise CouldNotCheck(f"{path} can't be written: {error.strerror}") from error
