"""The page of a code in a terminal, in a stream, and from a wheel."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.docs.documents import PAGES, ROOT
from workflow import door
from workflow.errors import CouldNotCheck, UsageError
from workflow.explain import explain
from workflow.rules import pages

PROGRAM = str(Path(sys.executable).with_name("migration-workflow"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(code: str | None, stream: io.StringIO | None = None, **variables: str) -> str:
    stream = stream or io.StringIO()
    explain(code, stream, variables)
    return stream.getvalue()


def test_a_stream_gets_the_page_as_it_is() -> None:
    assert shown("GRF101") == (PAGES / "GRF101.md").read_text(encoding="utf-8")


def test_lower_case_will_do() -> None:
    assert shown("grf101") == shown("GRF101")


def test_a_terminal_gets_it_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm-256color")
    page = shown("GRF101", Terminal())
    assert "\x1b[" in page
    assert "## Problem" not in page
    assert "Problem" in page
    assert "```" not in page


def test_a_terminal_without_colours_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    page = shown("GRF101", Terminal(), NO_COLOR="1")
    assert "## Problem" not in page
    assert not [code for code in ("\x1b[3", "\x1b[4;3", "\x1b[40") if code in page]


def test_a_wide_terminal_gets_no_long_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    page = shown("GRF101", Terminal(), NO_COLOR="1", TERM="dumb")
    assert max(len(line.rstrip()) for line in page.splitlines()) <= 120


def test_without_a_code_all_are_listed_with_their_titles() -> None:
    lines = shown(None).splitlines()
    listed = [line.split("  ", 2)[1:] for line in lines if line.startswith("  ")]
    assert listed == [[page.code, page.title] for page in in_order()]
    assert [line.partition(":")[0] for line in lines if not line.startswith("  ")] == [
        family for family in pages.FAMILIES if any(PAGES.glob(f"{family}*.md"))
    ]


def in_order() -> list[pages.Page]:
    families = list(pages.FAMILIES)
    return sorted(
        pages.pages_in(PAGES), key=lambda page: (families.index(page.code[:3]), page.code)
    )


def test_what_is_near_an_unknown_code_is_told() -> None:
    with pytest.raises(UsageError) as caught:
        shown("grf19")
    first, *near, last = str(caught.value).splitlines()
    assert first == "there is no code 'grf19'. Near it are:"
    assert "  GRF109  half-done squash" in near
    assert last == "All codes: migration-workflow explain"


def test_what_is_near_nothing() -> None:
    with pytest.raises(UsageError) as caught:
        shown("zebra")
    assert str(caught.value).splitlines() == [
        "there is no code 'zebra'.",
        "All codes: migration-workflow explain",
    ]


def test_pages_that_were_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pages, "FOLDERS", (tmp_path / "manual", tmp_path / "docs"))
    with pytest.raises(CouldNotCheck, match="install migration-workflow again"):
        shown("GRF101")


def test_no_project_and_no_sound_configuration_is_needed(tmp_path: Path) -> None:
    (tmp_path / "migration-workflow.toml").write_text("not = [toml", encoding="utf-8")
    for words, code in ((["explain", "GRF101"], 0), (["explain", "GRF999"], 2), (["explain"], 0)):
        done = subprocess.run(
            [PROGRAM, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        assert bool(done.stdout) is (code == 0)
    assert door.WITHOUT_FLOW.keys() >= {"explain"}


def test_a_wheel_brings_every_page(tmp_path: Path) -> None:
    """Built as an installer would, without asking for its requirements."""
    pytest.importorskip("hatchling")
    from hatchling.builders.wheel import WheelBuilder

    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    manual = tmp_path / "workflow/rules/manual"
    assert {path.name for path in manual.iterdir()} == {path.name for path in PAGES.iterdir()}
    done = subprocess.run(
        [sys.executable, "-m", "workflow", "explain", "GRF101"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("# GRF101: "), done.stderr


def test_an_editable_installation_copies_no_page(tmp_path: Path) -> None:
    """They would be older than the checkout's before long."""
    pytest.importorskip("hatchling")
    from hatchling.builders.wheel import WheelBuilder

    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["editable"])
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if name.startswith("workflow/")]
        [path] = [name for name in archive.namelist() if name.endswith(".pth")]
        assert archive.read(path).decode().split() == [str(ROOT)]
