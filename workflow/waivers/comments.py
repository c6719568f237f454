"""Waivers in the files: ``# migration-workflow: allow FLD121 -- the table is empty``."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

SPEAKS = re.compile(r"#\s*migration-workflow:\s*(?P<words>.*)")
"""The start of what a comment says to this tool; another comment may stand before it."""

ALLOWS = re.compile(r"allow\s+(?P<codes>\w+(?:\s*,\s*\w+)*)(?:\s+--\s*(?P<reason>.*))?")

SAMPLE = "# migration-workflow: allow FLD121 -- the table is empty everywhere"


class Remark(NamedTuple):
    """One comment to this tool.

    ``line`` is where it stands. ``alone``: whether nothing but the comment is on that line;
    then ``below`` is the next line that is no comment. ``codes`` are empty for a comment that
    says nothing which this tool understands, ``reason`` for one that gives none.
    """

    line: int
    alone: bool
    below: int
    codes: tuple[str, ...] = ()
    reason: str = ""


def remarks_in(text: bytes) -> list[Remark]:
    """Return what the comments of a file say to this tool, as far as Python can read it."""
    comments = list(_comments(text))
    alone = {line for line, is_alone, _ in comments if is_alone}
    return [
        _remark(match["words"], line, is_alone, alone)
        for line, is_alone, comment in comments
        if (match := SPEAKS.search(comment)) is not None
    ]


def _comments(text: bytes) -> Iterator[tuple[int, bool, str]]:
    """Yield line, whether it stands alone there, and text of every comment."""
    try:
        for token in tokenize.tokenize(io.BytesIO(text).readline):
            if token.type == tokenize.COMMENT:
                line, column = token.start
                yield line, not token.line[:column].strip(), token.string
    except (tokenize.TokenError, SyntaxError, ValueError):
        return  # a rule of its own speaks of a file that Python can't read


def _remark(words: str, line: int, is_alone: bool, alone: set[int]) -> Remark:
    below = line
    while is_alone and below in alone:
        below += 1
    match = ALLOWS.fullmatch(words.strip())
    if match is None:
        return Remark(line, is_alone, below)
    codes = tuple(dict.fromkeys(re.split(r"\s*,\s*", match["codes"])))
    return Remark(line, is_alone, below, codes, (match["reason"] or "").strip())
