"""Where text goes: a plain stream, or a terminal that knows colours and width."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TextIO

from workflow.report.harmless import harmless, harmless_in_actions

if TYPE_CHECKING:
    from rich.status import Status

WIDTH = 80
"""Columns of a stream that is no terminal."""

PAGE_WIDTH = 100
"""Columns that a page takes at most: longer lines are hard to read."""

NARROWEST = 20
"""Columns that a text gets in any terminal, even one that says it has none."""

Spelling = Callable[[str], str]
"""Makes text harmless to whatever reads the stream."""


def _wrapped(text: str, width: int, indent: int) -> Iterator[str]:
    """Yield the lines of a harmless text, wrapped; a long word, such as a path, is not broken."""
    margin = " " * indent
    width = max(width, indent + NARROWEST)
    for paragraph in text.splitlines() or [""]:
        yield textwrap.fill(
            paragraph,
            width,
            initial_indent=margin,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        )


class PlainWriter:
    """Writes to any stream, without colours."""

    def __init__(self, stream: TextIO, spelling: Spelling = harmless) -> None:
        self._stream = stream
        self._spelling = spelling

    def begin(self, text: str) -> None:
        """Nothing: in a stream a line is written once, when its end is known."""

    def stop(self) -> None:
        """Nothing: there is nothing to take away."""

    def line(self, text: str, word: str = "", style: str = "") -> None:  # noqa: ARG002
        """Write one line."""
        self._write(self._spelling(text + word))

    def block(self, text: str, *, indent: int, style: str = "") -> None:  # noqa: ARG002
        """Write a paragraph."""
        for line in _wrapped(self._spelling(text), WIDTH, indent):
            self._write(line)

    def verbatim(self, text: str, *, indent: int, style: str = "") -> None:  # noqa: ARG002
        """Write lines as they are."""
        self._write(textwrap.indent(self._spelling(text.rstrip("\n")), " " * indent))

    def page(self, text: str) -> None:
        """Write a page in Markdown, which is plain text as well."""
        self._write(self._spelling(text.rstrip("\n")))

    def _write(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()


class TerminalWriter:
    """Writes through Rich: colours where wanted, wrapped to the terminal, a sign of life."""

    THEME: Mapping[str, str] = {
        "passed": "green",
        "refused": "bold red",
        "errored": "bold yellow",
        "quiet": "dim",
        "strong": "bold",
        "": "default",
    }

    def __init__(
        self, stream: TextIO, variables: Mapping[str, str], spelling: Spelling = harmless
    ) -> None:
        from rich.console import Console

        self._spelling = spelling
        self._console = Console(
            file=stream,
            highlight=False,
            markup=False,
            emoji=False,
            force_terminal=True if variables.get("FORCE_COLOR") else None,
            no_color=bool(variables.get("NO_COLOR")),
        )
        self._status: Status | None = None

    def begin(self, text: str) -> None:
        """Show what is at work, in a line that goes away again."""
        from rich.text import Text

        self.stop()
        if self._console.is_terminal and self._console.file.isatty():
            self._status = self._console.status(Text(self._spelling(text)), spinner="line")
            self._status.start()

    def stop(self) -> None:
        """Take the sign of life away."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def line(self, text: str, word: str = "", style: str = "") -> None:
        """Write one line that ends in a styled word."""
        from rich.text import Text

        self.stop()
        line = Text(self._spelling(text))
        line.append(self._spelling(word), self.THEME[style])
        self._console.print(line, soft_wrap=True)

    def block(self, text: str, *, indent: int, style: str = "") -> None:
        """Write a paragraph, wrapped to the terminal."""
        from rich.text import Text

        self.stop()
        for line in _wrapped(self._spelling(text), self._console.width, indent):
            self._console.print(Text(line, self.THEME[style]), soft_wrap=True)

    def verbatim(self, text: str, *, indent: int, style: str = "") -> None:
        """Write lines as they are; the terminal may wrap them."""
        from rich.text import Text

        self.stop()
        margin = " " * indent
        lines = textwrap.indent(self._spelling(text.rstrip("\n")), margin)
        self._console.print(Text(lines, self.THEME[style]), soft_wrap=True)

    def page(self, text: str) -> None:
        """Write a page in Markdown, laid out for the terminal."""
        from rich.markdown import Markdown

        self.stop()
        self._console.print(
            Markdown(self._spelling(text)), width=min(self._console.width, PAGE_WIDTH)
        )


def writer_for(
    stream: TextIO, variables: Mapping[str, str], *, plain: bool = False
) -> PlainWriter | TerminalWriter:
    """Return the writer for a stream. What the stream can't encode is spelled out.

    A ``plain`` one needs no Rich: the environment of a hook has none.
    """
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    spelling = harmless_in_actions if variables.get("GITHUB_ACTIONS") == "true" else harmless
    if not plain and (stream.isatty() or variables.get("FORCE_COLOR")):
        return TerminalWriter(stream, variables, spelling)
    return PlainWriter(stream, spelling)
