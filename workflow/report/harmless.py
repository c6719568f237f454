"""Text of a project that no reader takes for a command: neither a terminal nor a parser."""

from __future__ import annotations

import re

CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    r"\ud800-\udfff\ufffe\uffff]"
)
"""What moves the cursor, changes the screen, or turns the direction in which a text is read; and
what no encoding and no XML can hold."""


RUNNER = re.compile(r"(?<!\S):(?=:)|#(?=#\[)")
"""Where a line of a log begins a command to the runner of GitHub Actions, indented or not."""


def harmless(text: str) -> str:
    """Return the text with control characters spelled out, so that nobody obeys them."""
    return CONTROL.sub(_spelled_out, text)


def harmless_in_actions(text: str) -> str:
    """Return harmless text that commands the runner of GitHub Actions nothing either."""
    return RUNNER.sub(_spelled_out, harmless(text))


def _spelled_out(match: re.Match[str]) -> str:
    number = ord(match.group())
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
