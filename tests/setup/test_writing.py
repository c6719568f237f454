"""All of it is written or nothing, and a record takes back exactly that."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.errors import CouldNotCheck
from workflow.setup.record import Record, as_edit, insertions, read_record, recorded, taken_back
from workflow.setup.writing import Edit, is_writable, write_all

LINES = st.lists(st.sampled_from(["a", "b", "", "ns = x"]), max_size=6)


def test_all_is_written_with_folders_and_modes(tmp_path: Path) -> None:
    script = tmp_path / "run.sh"
    script.write_text("old\n")
    script.chmod(0o750)
    new = tmp_path / "a/b/new.txt"
    write_all([Edit(script, "old\n", "new\n"), Edit(new, None, "x\r\n")])
    assert (script.read_text(), script.stat().st_mode & 0o777) == ("new\n", 0o750)
    assert new.read_bytes() == b"x\r\n"


def test_a_file_behind_a_link_is_written_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old\n")
    (tmp_path / "link").symlink_to("real")
    write_all([Edit(tmp_path / "link", "old\n", "new\n")])
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new\n"


def test_where_one_fails_nothing_was_written(tmp_path: Path) -> None:
    old = tmp_path / "old.txt"
    old.write_text("old\n")
    (tmp_path / "file").write_text("")
    edits = [
        Edit(old, "old\n", "new\n"),
        Edit(tmp_path / "a/new.txt", None, "x"),
        Edit(tmp_path / "file/below.txt", None, "x"),
    ]
    with pytest.raises(CouldNotCheck, match="Nothing was changed"):
        write_all(edits)
    assert old.read_text() == "old\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "old.txt"]


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("theirs\n")
    with pytest.raises(CouldNotCheck, match="somebody else"):
        write_all([Edit(path, "as it was\n", "ours\n")])
    assert path.read_text() == "theirs\n"


def test_a_file_that_is_marked_read_only_is_not_writable(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.touch()
    assert is_writable(path)
    path.chmod(0o444)
    assert not is_writable(path)
    assert is_writable(tmp_path / "a/b/c")


@given(before=LINES, block=LINES.filter(bool), ends=st.booleans(), place=st.integers(0, 6))
def test_what_was_put_in_is_known_to_the_byte(
    before: list[str], block: list[str], ends: bool, place: int
) -> None:
    """Lines of theirs may be the same, which no piece may be cut from."""
    rows = [f"{line}\n" for line in before]
    new = [f"ours {line}\n" for line in block]
    old = "".join(rows) if ends or not any(before[-1:]) else "".join(rows)[:-1]
    after = "".join([*rows[:place], *new, *rows[place:]])
    pieces = list(insertions(old, after))
    assert all("ours" in piece for piece in pieces)
    if all(after.count(piece) == 1 for piece in pieces):
        text = after
        for piece in pieces:
            text = text.replace(piece, "")
        assert text in {old, old + "\n"}


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = Edit(tmp_path / "a/new.txt", None, "x\n")
    added = Edit(tmp_path / "old.txt", "old", "old\nours\n")
    (tmp_path / "old.txt").write_text("old")
    record = recorded(Record(), [made, added], tmp_path)
    write_all([made, added, as_edit(record, tmp_path)])
    assert read_record(tmp_path) == record

    edits, kept = taken_back(record, tmp_path)
    write_all(edits)
    assert kept == []
    assert (tmp_path / "old.txt").read_text() == "old"
    assert not (tmp_path / "a/new.txt").exists()
