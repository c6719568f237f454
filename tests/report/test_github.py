"""Workflow commands are read back as GitHub's runner reads them."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from tests.report.sample import ATTACKS, ERRORED, PASSED, REFUSED, attacked
from workflow.report.github import render
from workflow.report.harmless import harmless

COMMAND = re.compile(r"::(?P<name>[a-z]+) (?P<properties>[^:]*)::(?P<data>.*)")
OF_DATA = {"%0D": "\r", "%0A": "\n", "%25": "%"}
OF_PROPERTIES = {"%3A": ":", "%2C": ",", **OF_DATA}


class Read(NamedTuple):
    name: str
    properties: dict[str, str]
    message: str


def unescaped(text: str, escapes: dict[str, str]) -> str:
    return re.sub("|".join(escapes), lambda match: escapes[match.group()], text)


def read(rendered: str) -> list[Read]:
    """Read a log as the runner does: commands stand at the beginning of a line."""
    commands = []
    for line in rendered.splitlines():
        match = COMMAND.fullmatch(line)
        assert match is not None, line
        pairs = (pair.partition("=") for pair in match["properties"].split(","))
        properties = {name: unescaped(value, OF_PROPERTIES) for name, _, value in pairs}
        commands.append(Read(match["name"], properties, unescaped(match["data"], OF_DATA)))
    return commands


def test_what_weighs_something_is_an_annotation() -> None:
    assert read(render(REFUSED)) == [
        Read(
            "error",
            {
                "file": "backend/shop/migrations/0004_price.py",
                "line": "12",
                "title": "GRF101 shop.0004_price",
            },
            "shop.0004_price depends on shop.0003_gone, which is not there.\n"
            "Instead: depend on 0002_name.",
        ),
        Read(
            "warning",
            {
                "file": "backend/shop/migrations/0005_fill.py",
                "line": "9",
                "title": "DAT101 shop.0005_fill",
            },
            "shop.0005_fill can't be undone.",
        ),
        Read("error", {"title": "DRF101"}, "The models changed.\nmakemigrations"),
    ]


def test_what_only_informs_or_was_accepted_is_none() -> None:
    assert render(PASSED) == ""


def test_what_could_not_be_checked_is_an_error() -> None:
    assert read(render(ERRORED)) == [
        Read("error", {"title": "pre-check could not be checked"}, "No database.")
    ]


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_text_of_a_project_is_no_command(text: str) -> None:
    stop, finding = read(render(attacked(text)))
    said = harmless(text)
    assert (stop.name, stop.message) == ("error", said)
    assert finding.message == f"{said}\n{said}"
    assert finding.properties.keys() == {"file", "line", "title"}
    assert finding.properties["file"].startswith("backend/shop/")
