"""From a file's bytes to its syntax tree, or to the reason why there is none."""

from __future__ import annotations

import _ast
import re
import sys
from typing import Final, NamedTuple

from workflow.history.model import Trouble

MAX_BYTES: Final = 8 * 1024 * 1024
"""A bigger file is not read: the largest migration of 16,583 real ones has 0.74 MB."""

_ONLY_AST: Final = 0x0400
"""``ast.PyCF_ONLY_AST``, without the price of importing :mod:`ast`."""


class Failure(NamedTuple):
    """Why a file has no syntax tree. ``line`` from 1, ``None`` where there is none."""

    trouble: Trouble
    line: int | None
    reason: str


def parse(data: bytes) -> _ast.Module | Failure:
    """Return the tree of a source file. Warnings must be silenced by the caller."""
    if len(data) > MAX_BYTES:
        return Failure(Trouble.TOO_LARGE, None, f"{len(data):,} bytes")
    try:
        tree = compile(data, "<migration>", "exec", _ONLY_AST, dont_inherit=True)
        assert isinstance(tree, _ast.Module)  # noqa: S101 - what the flag asks for
    except SyntaxError as error:
        return _explain(data, error)
    except ValueError as error:
        return _explain_value(data, error)
    except (RecursionError, MemoryError):
        return Failure(Trouble.TOO_DEEP, None, "nested deeper than Python's parser takes")
    except OverflowError as error:
        return Failure(Trouble.SYNTAX, None, str(error))
    return tree


def _explain_value(data: bytes, error: ValueError) -> Failure:
    if b"\0" in data:
        return _null_bytes(data)
    return Failure(Trouble.SYNTAX, None, _one_line(str(error)))


def _null_bytes(data: bytes) -> Failure:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Failure(Trouble.ENCODING, 1, "UTF-16 or UTF-32, which Python does not read")
    line = data.count(b"\n", 0, data.find(b"\0")) + 1
    return Failure(Trouble.NULL_BYTES, line, "the file has null bytes")


def _explain(data: bytes, error: SyntaxError) -> Failure:
    line = error.lineno if error.lineno and error.lineno > 0 else None
    conflict = conflict_line(data)
    if conflict is not None:
        return Failure(Trouble.CONFLICT_MARKERS, conflict, "git conflict markers are in the file")
    if b"\0" in data:
        return _null_bytes(data)
    reason = _one_line(error.msg or "invalid syntax")
    if _is_encoding(data, error):
        return Failure(Trouble.ENCODING, line, reason)
    if "too many nested" in reason or "too complex" in reason or "too many levels" in reason:
        return Failure(Trouble.TOO_DEEP, line, reason)
    newer = needs_newer(data, line)
    if newer is not None:
        version = ".".join(map(str, newer))
        return Failure(Trouble.NEWER_GRAMMAR, line, f"grammar of Python {version}: {reason}")
    return Failure(Trouble.SYNTAX, line, reason)


def _one_line(reason: str) -> str:
    return " ".join(reason.split())[:200]


def _is_encoding(data: bytes, error: SyntaxError) -> bool:
    if "encoding" in (error.msg or "") or "codec" in (error.msg or ""):
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "unicode error" in (error.msg or "") or not error.lineno
    return False


def conflict_line(data: bytes) -> int | None:
    """Return the line of git's first conflict marker, where all three kinds follow in order."""
    if b"<<<<<<< " not in data:
        return None
    found = _CONFLICT.search(data)
    return None if found is None else data.count(b"\n", 0, found.start()) + 1


_CONFLICT: Final = re.compile(
    rb"^<{7} [^\n]*\n(?:(?!={7}\r?$)[^\n]*\n)*?={7}\r?\n(?:(?!>{7} )[^\n]*\n)*?>{7} ", re.MULTILINE
)

_NEWER: Final = (
    ((3, 11), re.compile(rb"^\s*except\s*\*")),
    ((3, 12), re.compile(rb"^\s*type\s+\w+\s*(?:\[.*\])?\s*=")),
    ((3, 12), re.compile(rb"^\s*(?:async\s+)?(?:def|class)\s+\w+\s*\[")),
    ((3, 12), re.compile(rb"\b[rR]?[fF][rR]?([\"']).*\{[^}\"']*\1")),
    ((3, 14), re.compile(rb"^\s*except\*?\s+[\w.]+\s*,")),
    ((3, 14), re.compile(rb"\b[rR]?[tT][rR]?[\"']")),
    ((3, 15), re.compile(rb"^\s*lazy\s+(?:import|from)\b")),
)
"""What a line looks like that only this version and later ones can read."""


def needs_newer(data: bytes, line: int | None) -> tuple[int, int] | None:
    """Return the Python version whose grammar this line seems to be, if newer than ours."""
    if line is None:
        return None
    lines = data.split(b"\n", line)
    text = lines[line - 1] if line <= len(lines) else b""
    for version, pattern in _NEWER:
        if version > sys.version_info[:2] and pattern.search(text):
            return version
    return None
