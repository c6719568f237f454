"""The file of the baseline: read, rendered, written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workflow.errors import CouldNotCheck, UsageError
from workflow.waivers.baseline import Row, read_baseline, render, write_baseline

ROW = Row("FLD121", "shop", "0004_price", 1, None, "5be91b7e5b0a1a52", "old")
BARE = Row("DRF105", None, None, None, None, "00", 'a "reason"\\\n\x7f\x01 ünï')
FOLDER = Row("GRF113", "stock", None, None, "stock/migrations", "01", "old")


def written(folder: Path, text: str) -> Path:
    path = folder / "migrations-baseline.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> list[str]:
    path = written(folder, text)
    with pytest.raises(UsageError) as caught:
        read_baseline(path)
    return [line.removeprefix(f"{path}: ") for line in str(caught.value).splitlines()]


def test_what_is_rendered_is_read_again(tmp_path: Path) -> None:
    rows = (BARE, ROW, FOLDER)
    assert read_baseline(written(tmp_path, render(rows))) == rows


def test_the_form(tmp_path: Path) -> None:
    assert render([ROW]).partition("\n[[")[2] == (
        'finding]]\ncode = "FLD121"\napp = "shop"\nmigration = "0004_price"\noperation = 1\n'
        'digest = "5be91b7e5b0a1a52"\nreason = "old"\n'
    )


def test_rows_are_sorted_and_stand_once() -> None:
    rows = [ROW, FOLDER, ROW._replace(operation=0), ROW._replace(migration="0003"), ROW, BARE]
    assert render(rows) == render(reversed(rows))
    places = [line for line in render(rows).splitlines() if line.startswith(("migr", "oper"))]
    assert places == [
        'migration = "0003"',
        "operation = 1",
        'migration = "0004_price"',
        "operation = 0",
        'migration = "0004_price"',
        "operation = 1",
    ]


def test_what_no_file_can_hold_is_replaced(tmp_path: Path) -> None:
    row = FOLDER._replace(path="caf\udce9")
    assert read_baseline(written(tmp_path, render([row]))) == (row._replace(path="caf?"),)


def test_no_file_has_no_rows(tmp_path: Path) -> None:
    assert read_baseline(tmp_path / "none.toml") == ()


def test_all_faults_at_once(tmp_path: Path) -> None:
    said = faults(
        tmp_path,
        "other = 1\n"
        '[[finding]]\ncode = "FLD999"\napp = 1\noperation = true\ndigest = "00"\nline = 3\n'
        '[[finding]]\ncode = "GRF103"\ndigest = "00"\nreason = "old"\n',
    )
    assert said[0] == "unknown key 'other'"
    assert said[1].startswith("row 1: there is no code 'FLD999'")
    assert said[2:5] == [
        "row 1: 'app' must be a text that is not empty, not 1",
        "row 1: 'operation' must be a number from 0, not True",
        f"row 1: unknown key 'line'; known are {', '.join(Row._fields)}",
    ]
    assert said[5:] == [
        "row 1: it has no 'reason'",
        "row 2: GRF103 can't be waived: Django itself refuses to migrate then",
    ]


@pytest.mark.parametrize("text", ["finding = 1\n", "finding = [1]\n", "[finding]\n"])
def test_what_is_no_list_of_tables(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, text) == ["'finding' must be a list of tables: [[finding]]"]


@pytest.mark.parametrize("text", [b"[[", b"\xff"])
def test_what_is_no_toml(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "baseline.toml"
    path.write_bytes(text)
    with pytest.raises(UsageError, match="is not valid TOML"):
        read_baseline(path)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read: Is a directory"):
        read_baseline(tmp_path)


def test_it_is_written_through_a_link(tmp_path: Path) -> None:
    target = written(tmp_path, "")
    link = tmp_path / "link.toml"
    link.symlink_to(target)
    write_baseline(link, "# new\n")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "# new\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [link.name, target.name]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_what_cannot_be_written_stays_as_it_is(tmp_path: Path) -> None:
    path = written(tmp_path, "# old\n")
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(CouldNotCheck, match="can't be written: Permission denied"):
            write_baseline(path, "# new\n")
    finally:
        tmp_path.chmod(0o755)
    assert path.read_text(encoding="utf-8") == "# old\n"


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "baseline.toml"
    path.mkdir()
    with pytest.raises(CouldNotCheck, match="can't be written"):
        write_baseline(path, "# new\n")
    assert [one.name for one in tmp_path.iterdir()] == ["baseline.toml"]
