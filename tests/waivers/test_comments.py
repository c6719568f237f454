"""Comments that speak to this tool: what they say, and what is no comment."""

from __future__ import annotations

import pytest

from workflow.waivers.comments import SAMPLE, Remark, remarks_in

ALLOW = "# migration-workflow: allow"


def only(text: str) -> Remark:
    (remark,) = remarks_in(text.encode())
    return remark


def test_the_sample_is_one() -> None:
    assert only(f"x = 1\n{SAMPLE}\n") == Remark(
        2, True, 3, ("FLD121",), "the table is empty everywhere"
    )


@pytest.mark.parametrize(
    ("text", "codes", "reason"),
    [
        (f"{ALLOW} FLD121, SQL101 -- two", ("FLD121", "SQL101"), "two"),
        (f"{ALLOW} FLD121,FLD121 -- once", ("FLD121",), "once"),
        (f"{ALLOW} FLD121 -- a -- b, c", ("FLD121",), "a -- b, c"),
        ("#migration-workflow:allow FLD121 -- no blanks", ("FLD121",), "no blanks"),
        (f"# noqa: E501  {ALLOW} FLD121 -- behind another", ("FLD121",), "behind another"),
        (f"{ALLOW} FLD121 -- ünï", ("FLD121",), "ünï"),
        (f"{ALLOW} FLD121", ("FLD121",), ""),
        (f"{ALLOW} FLD121 --", ("FLD121",), ""),
        (f"{ALLOW} FLD121 because", (), ""),
        (f"{ALLOW} -- no code", (), ""),
        ("# migration-workflow: ignore FLD121 -- another word", (), ""),
        ("# migration-workflow:", (), ""),
    ],
)
def test_what_it_says(text: str, codes: tuple[str, ...], reason: str) -> None:
    remark = only(text)
    assert (remark.codes, remark.reason) == (codes, reason)


@pytest.mark.parametrize(
    "text",
    [
        f'text = "{ALLOW} FLD121 -- in a text"\n',
        f'"""\n{ALLOW} FLD121 -- in a docstring\n"""\n',
        "# Next: migration-workflow makemigrations\n",
        "# see migration-workflow: allow FLD121 -- told of, not said\n",
        "",
    ],
)
def test_what_is_none(text: str) -> None:
    assert remarks_in(text.encode()) == []


def test_one_behind_code_does_not_stand_alone() -> None:
    assert only(f"x = 1  {ALLOW} FLD121 -- here\n") == Remark(1, False, 1, ("FLD121",), "here")


def test_comments_below_belong_to_the_same_block() -> None:
    text = f"{ALLOW} FLD121 -- one\n# what it does\n{ALLOW} SQL101 -- two\nx = 1\n"
    assert [(one.line, one.below) for one in remarks_in(text.encode())] == [(1, 4), (3, 4)]


def test_a_blank_line_ends_the_block() -> None:
    assert only(f"{ALLOW} FLD121 -- one\n\nx = 1\n").below == 2


def test_windows_line_ends() -> None:
    assert only(f"x = 1\r\n{ALLOW} FLD121 -- here\r\ny = 2\r\n") == Remark(
        2, True, 3, ("FLD121",), "here"
    )


def test_the_encoding_is_the_one_that_is_declared() -> None:
    text = f"# coding: latin-1\n{ALLOW} FLD121 -- früher\n"
    (remark,) = remarks_in(text.encode("latin-1"))
    assert remark.reason == "früher"


def test_a_byte_order_mark() -> None:
    (remark,) = remarks_in(b"\xef\xbb\xbf" + f"{ALLOW} FLD121 -- here\n".encode())
    assert remark.line == 1


@pytest.mark.parametrize("rest", [b"x = (\n", b"'''\n", b"  y\n x\n", b"\xff\n", b"\0\n"])
def test_a_file_that_python_cannot_read_ends_in_no_traceback(rest: bytes) -> None:
    assert len(remarks_in(f"{ALLOW} FLD121 -- here\n".encode() + rest)) <= 1
