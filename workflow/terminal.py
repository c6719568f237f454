"""The person at the terminal: told what is being done, asked what Django wants to know."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workflow.report.text import Writer


class TerminalTalk:
    """Talks to whoever runs the command, if somebody is there."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def progress(self, text: str) -> None:
        """Say what is being done right now."""
        self._writer.begin(f"    {text} ")

    def ask(self, text: str) -> str | None:
        """Ask; ``None`` where there is no terminal to ask on, or it was closed."""
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return None
        self._writer.block(text, indent=4, style="strong")
        sys.stderr.write("    > ")
        sys.stderr.flush()
        reply = sys.stdin.readline()
        return reply.strip() if reply else None
