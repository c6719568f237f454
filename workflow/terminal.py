"""The person at the terminal: told what is being done, asked what Django wants to know."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workflow.report.text import Writer


class TerminalTalk:
    """Talks to whoever runs the command, if somebody is there."""

    def __init__(self, writer: Writer, variables: Mapping[str, str]) -> None:
        self._writer = writer
        self._variables = variables

    def progress(self, text: str) -> None:
        """Say what is being done right now."""
        self._writer.begin(f"    {text} ")

    def show(self, text: str) -> None:
        """Show lines as they are, before a question about them; nothing where nobody is there."""
        if sys.stdin.isatty() and sys.stderr.isatty():
            from workflow.report.writers import writer_for

            self._writer.stop()
            writer_for(sys.stderr, self._variables).verbatim(text, indent=4)

    def ask(self, text: str) -> str | None:
        """Ask; ``None`` where there is no terminal to ask on, or it was closed."""
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return None
        from workflow.report.writers import writer_for

        self._writer.stop()
        # A question is talk: where the report goes into a file, the question must not.
        writer_for(sys.stderr, self._variables).block(text, indent=4, style="strong")
        sys.stderr.write("    > ")
        sys.stderr.flush()
        reply = sys.stdin.readline()
        return reply.strip() if reply else None
