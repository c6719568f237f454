"""Text reaches every stream: narrow, colourless, of another encoding, and never as a command."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import termios
from collections.abc import Callable, Iterator
from typing import TextIO

import pytest

from workflow.report.harmless import harmless
from workflow.report.writers import PlainWriter, TerminalWriter, writer_for

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
PATH = "shop/migrations/" + "0004_" + "a_very_long_name_indeed_" * 4 + ".py"
WORDS = "The models of the shop say what no migration does, and a database is not one. " * 3
ATTACKS = {
    "markup": "[red]danger[/red] [link=file:///etc]x[/link] pkg[beta]",
    "closing markup": "[/] [/bold]",
    "colour": "\x1b[31mred\x1b[0m",
    "clear screen": "\x1b[2J\x1b[H",
    "title": "\x1b]0;title\x07",
    "eight bit": "\x9b31m",
    "carriage return": "passed\rrefused",
    "backspaces": "refused\x08\x08passed",
    "null": "a\x00b",
    "emoji code": ":warning: :boom:",
}

Terminal = Callable[[], str]


@pytest.fixture(autouse=True)
def no_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours and width are the terminal's, not those of the machine that runs the tests."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "COLORTERM", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


class Screen:
    """A terminal of 60 columns, with a stream to write to and all that came out of it."""

    def __init__(self, columns: int = 60) -> None:
        self._screen, keyboard = pty.openpty()
        self._stdin = os.dup(0)
        os.dup2(keyboard, 0)  # whoever has a terminal has it on standard input, too
        fcntl.ioctl(keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        attributes = termios.tcgetattr(keyboard)
        attributes[1] &= ~termios.OPOST  # nothing is put in on the way
        termios.tcsetattr(keyboard, termios.TCSANOW, attributes)
        self.stream = os.fdopen(keyboard, "w", encoding="utf-8")

    def close(self) -> str:
        """Close the stream; return what was shown."""
        self.stream.flush()
        os.set_blocking(self._screen, False)
        shown = b""
        while (part := self._read()) != b"":
            shown += part
        self.stream.close()
        os.dup2(self._stdin, 0)
        os.close(self._stdin)
        os.close(self._screen)
        return shown.decode("utf-8")

    def _read(self) -> bytes:
        try:
            return os.read(self._screen, 65536)
        except OSError:
            return b""


@pytest.fixture
def screen() -> Iterator[Screen]:
    screen = Screen()
    yield screen
    if not screen.stream.closed:
        screen.close()


def in_encoding(encoding: str) -> tuple[TextIO, io.BytesIO]:
    raw = io.BytesIO()
    return io.TextIOWrapper(raw, encoding=encoding, errors="strict", write_through=True), raw


class TestTerminal:
    def test_paragraphs_are_wrapped_to_its_width(self, screen: Screen) -> None:
        TerminalWriter(screen.stream, {}).block(WORDS, indent=6)
        lines = COLOUR.sub("", screen.close()).splitlines()
        assert len(lines) > 3
        assert all(len(line) <= 60 for line in lines)
        assert all(line.startswith(" " * 6) for line in lines)
        assert " ".join(" ".join(lines).split()) == WORDS.strip()

    def test_a_long_word_is_not_broken(self, screen: Screen) -> None:
        TerminalWriter(screen.stream, {}).block(f"See {PATH} for more.", indent=4)
        assert PATH in COLOUR.sub("", screen.close())

    def test_lines_of_steps_are_not_wrapped(self, screen: Screen) -> None:
        TerminalWriter(screen.stream, {}).line("  name ....... ", "skipped: " + WORDS, "quiet")
        assert len(COLOUR.sub("", screen.close()).splitlines()) == 1

    def test_verbatim_lines_stay_as_they_are(self, screen: Screen) -> None:
        TerminalWriter(screen.stream, {}).verbatim("  - Add field x\n\n" + WORDS + "\n", indent=4)
        lines = COLOUR.sub("", screen.close()).splitlines()
        assert lines == ["      - Add field x", "", "    " + WORDS]

    def test_words_have_their_colour(self, screen: Screen) -> None:
        TerminalWriter(screen.stream, {}).line("a ", "refused", "refused")
        assert screen.close() == "a \x1b[1;31mrefused\x1b[0m\n"

    def test_no_color_is_honoured(self, screen: Screen) -> None:
        TerminalWriter(screen.stream, {"NO_COLOR": "1"}).line("a ", "passed", "passed")
        assert screen.close() == "a passed\n"

    def test_a_terminal_that_can_do_nothing(
        self, screen: Screen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TERM", "dumb")
        writer = TerminalWriter(screen.stream, {})
        writer.begin("a")
        writer.line("a ", "passed", "passed")
        assert "\x1b" not in screen.close()

    def test_the_sign_of_life_goes_away_again(self, screen: Screen) -> None:
        writer = TerminalWriter(screen.stream, {})
        writer.begin("  draft ..... ")
        writer.line("  draft ..... ", "passed", "passed")
        shown = screen.close()
        assert shown.endswith("  draft ..... \x1b[32mpassed\x1b[0m\n")
        assert "\x1b[?25l" in shown
        assert "\x1b[?25h" in shown

    def test_a_question_follows_the_sign_of_life_cleanly(self, screen: Screen) -> None:
        writer = TerminalWriter(screen.stream, {})
        writer.begin("one")
        writer.begin("two")
        writer.stop()
        writer.stop()
        shown = screen.close()
        assert shown.count("\x1b[?25h") == shown.count("\x1b[?25l") == 2

    @pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
    def test_nothing_in_a_text_is_obeyed(self, screen: Screen, attack: str) -> None:
        writer = TerminalWriter(screen.stream, {})
        writer.line(attack + "|", attack, "refused")
        writer.block(attack, indent=4)
        writer.verbatim(attack, indent=4)
        shown = COLOUR.sub("", screen.close())
        assert shown.count(harmless(attack)) == 4
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)

    @pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
    def test_nothing_in_the_sign_of_life_is_obeyed(self, screen: Screen, attack: str) -> None:
        writer = TerminalWriter(screen.stream, {})
        writer.begin(attack)
        writer.stop()
        assert harmless(attack) in screen.close()


class TestPlain:
    def test_paragraphs_are_wrapped_to_eighty_columns(self) -> None:
        stream = io.StringIO()
        PlainWriter(stream).block(WORDS, indent=6)
        lines = stream.getvalue().splitlines()
        assert all(
            (len(line) <= 80 and line.startswith("      T")) or len(line) <= 80 for line in lines
        )
        assert " ".join(" ".join(lines).split()) == WORDS.strip()

    @pytest.mark.parametrize("word", [PATH, "--production-" * 12, "x" * 200])
    def test_a_long_word_is_not_broken(self, word: str) -> None:
        stream = io.StringIO()
        PlainWriter(stream).block(f"See {word} for more.", indent=4)
        assert word in stream.getvalue()

    def test_paragraphs_stay_apart(self) -> None:
        stream = io.StringIO()
        PlainWriter(stream).block("one\ntwo", indent=2)
        PlainWriter(stream).block("", indent=2)
        assert stream.getvalue() == "  one\n  two\n\n"

    def test_verbatim_lines_stay_as_they_are(self) -> None:
        stream = io.StringIO()
        PlainWriter(stream).verbatim(f"  a\n\n{WORDS}\n", indent=2)
        assert stream.getvalue() == f"    a\n\n  {WORDS}\n"

    def test_nothing_is_shown_while_a_step_is_at_work(self) -> None:
        stream = io.StringIO()
        PlainWriter(stream).begin("draft")
        assert stream.getvalue() == ""

    @pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
    def test_nothing_in_a_text_is_obeyed(self, attack: str) -> None:
        stream = io.StringIO()
        writer = PlainWriter(stream)
        writer.line(attack, attack, "refused")
        writer.block(attack, indent=4)
        writer.verbatim(attack, indent=4)
        assert stream.getvalue().count(harmless(attack)) == 4
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", stream.getvalue())


class TestHarmless:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("\x1b[31m", "\\x1b[31m"),
            ("\x9b31m", "\\x9b31m"),
            ("a\rb", "a\\x0db"),
            ("\x7f", "\\x7f"),
            ("a\tb\n", "a\tb\n"),
            ("ünï 漢字 [red]", "ünï 漢字 [red]"),
        ],
    )
    def test_control_characters_are_spelled_out(self, text: str, shown: str) -> None:
        assert harmless(text) == shown

    @pytest.mark.parametrize("text", ["\u202e", "\u2066", "\u2028", "\u061c", "\u200f"])
    def test_so_is_what_turns_the_direction_of_a_text(self, text: str) -> None:
        assert harmless(f"a{text}b") == f"a\\u{ord(text):04x}b"


class TestEncodings:
    """What a stream can't hold is spelled out: no report is lost to an accent."""

    @pytest.mark.parametrize(
        ("encoding", "written"),
        [
            ("utf-8", "ü → 漢\n".encode()),
            ("cp1252", b"\xfc \\u2192 \\u6f22\n"),
            ("ascii", b"\\xfc \\u2192 \\u6f22\n"),
        ],
    )
    def test_plain(self, encoding: str, written: bytes) -> None:
        stream, raw = in_encoding(encoding)
        writer_for(stream, {}).line("ü → 漢")
        assert raw.getvalue() == written

    @pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
    def test_with_colours(self, encoding: str) -> None:
        stream, raw = in_encoding(encoding)
        writer = writer_for(stream, {"FORCE_COLOR": "1"})
        writer.line("→ ", "漢", "passed")
        writer.block("→ 漢 " * 30, indent=2)
        assert b"\\u2192 \x1b[32m\\u6f22\x1b[0m\n" in raw.getvalue()

    def test_file_names_that_are_no_text(self) -> None:
        stream, raw = in_encoding("utf-8")
        writer_for(stream, {}).line(os.fsdecode(b"shop/\xff.py"))
        assert raw.getvalue() == b"shop/\\udcff.py\n"


class TestChoice:
    def test_a_terminal(self, screen: Screen) -> None:
        assert isinstance(writer_for(screen.stream, {}), TerminalWriter)

    def test_a_stream(self) -> None:
        assert isinstance(writer_for(io.StringIO(), {}), PlainWriter)

    def test_a_stream_that_is_wanted_in_colour(self) -> None:
        stream = io.StringIO()
        writer_for(stream, {"FORCE_COLOR": "1"}).line("a ", "passed", "passed")
        assert stream.getvalue() == "a \x1b[32mpassed\x1b[0m\n"

    def test_no_color_wins_over_force_color(self) -> None:
        stream = io.StringIO()
        writer_for(stream, {"FORCE_COLOR": "1", "NO_COLOR": "1"}).line("a ", "passed", "passed")
        assert stream.getvalue() == "a passed\n"


COMMANDS = [
    "::error::x",
    "  ::add-mask::x",
    "a\n::stop-commands::x",
    "words " * 12 + "::error::x",
    "a ##[error]x",
]
"""What the runner of GitHub Actions would obey in a log, at the beginning of a line or anywhere."""


@pytest.mark.parametrize("text", COMMANDS)
@pytest.mark.parametrize("colours", ["", "1"])
def test_a_log_commands_the_runner_of_github_nothing(text: str, colours: str) -> None:
    stream = io.StringIO()
    writer = writer_for(stream, {"GITHUB_ACTIONS": "true", "FORCE_COLOR": colours})
    writer.line(text, text, "strong")
    writer.block(text, indent=4)
    writer.verbatim(text, indent=4)
    shown = COLOUR.sub("", stream.getvalue())
    assert not re.findall(r"^\s*::|##\[", shown, re.MULTILINE)
    assert r"\x3a:" in shown or r"\x23#[" in shown


def test_elsewhere_such_text_is_left_as_it_is() -> None:
    stream = io.StringIO()
    writer_for(stream, {}).line("::error::x ##[error]x")
    assert stream.getvalue() == "::error::x ##[error]x\n"


def test_types_of_sql_are_left_as_they_are_everywhere() -> None:
    stream = io.StringIO()
    writer_for(stream, {"GITHUB_ACTIONS": "true"}).line("SELECT price::text")
    assert stream.getvalue() == "SELECT price::text\n"
