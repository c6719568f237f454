"""The SQL that a RunSQL is given: its texts, and the statements that they consist of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workflow.history.values import Call, Ref

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workflow.history.values import Value

LEXEME = re.compile(
    r"""
    (?P<nothing> \s+ | --[^\r\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<quoted>
        E'(?:[^'\\]|\\.|'')*(?:'|\Z)
        | '[^']*(?:'|\Z) | "[^"]*(?:"|\Z) | `[^`]*(?:`|\Z)
        | \$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z) )
    | (?P<part> END\s+(?:FOR|IF|LOOP|REPEAT|WHILE)\b )
    | (?P<word> END\s+CASE\b | \w[\w$]* )
    | (?P<sign> . )
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
"""One piece of SQL, as PostgreSQL and SQLite read it. What is never closed goes to the end.

https://www.postgresql.org/docs/current/sql-syntax-lexical.html, whose comments within comments
SQLite does not know.
"""

OF_ROUTINES = frozenset({"EVENT", "FUNCTION", "PROCEDURE", "TRIGGER"})
HEAD = 12
"""Among so many words stands what is created: ``CREATE OR REPLACE DEFINER = … PROCEDURE``."""

OF_TRANSACTIONS = frozenset(
    {"CONCURRENT", "DEFERRABLE", "DEFERRED", "EXCLUSIVE", "IMMEDIATE"}
    | {"ISOLATION", "READ", "TRANSACTION", "WORK"}
)
"""What follows a BEGIN that begins a transaction and no block."""


def texts_of(value: Value) -> Iterator[str]:
    """Yield what one argument of RunSQL says, with or without parameters, as far as it is known."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple) and not isinstance(value, Ref | Call):
        for item in value:
            text = item[0] if isinstance(item, tuple) and item else item
            if isinstance(text, str):
                yield text


def statements_in(text: str) -> Iterator[str]:
    """Yield each statement of a text in capitals, without comments, with single spaces.

    What is in quotes or dollars is shown as ``''``. A block (``BEGIN … END``) is part of the
    statement that it stands in: of a routine, of a trigger, or by itself.
    """
    said: list[str] = []
    depth = 0
    for lexeme in LEXEME.finditer(text):
        if lexeme["nothing"]:
            continue
        if lexeme["sign"] == ";" and (depth <= 0 or _begins_transaction(said)):
            yield " ".join(said)
            said, depth = [], 0
            continue
        said.append("''" if lexeme["quoted"] else lexeme[0].upper())
        if lexeme["word"] and _may_hold_a_block(said):
            depth += _deeper(said[-1])
    yield " ".join(said)


def _may_hold_a_block(said: Sequence[str]) -> bool:
    """Return whether a BEGIN in this statement is that of a block."""
    return said[0] in {"BEGIN", "DECLARE"} or (
        said[0] == "CREATE" and not OF_ROUTINES.isdisjoint(said[:HEAD])
    )


def _begins_transaction(said: Sequence[str]) -> bool:
    """Return whether a statement that begins like a block is none."""
    return said[:1] == ["BEGIN"] and (
        len(said) == 1 or said[1] in OF_TRANSACTIONS or said[1:3] == ["NOT", "DEFERRABLE"]
    )


def _deeper(word: str) -> int:
    """Return how many blocks and cases a word opens, less than none where it closes one."""
    if word in {"BEGIN", "CASE"}:
        return 1
    return -1 if word.split(maxsplit=1)[0] == "END" else 0
