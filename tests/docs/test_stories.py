"""What the documents show is what the commands print, and what the demonstration shows holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.documents import README, ROOT, STORY, read, refreshing

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("name", [README, STORY])
def test_the_output_in_a_document_is_what_is_printed(name: str) -> None:
    written = read(name)
    fresh = refreshing.refresh(written)
    assert refreshing.lasting(fresh) == refreshing.lasting(written), "run python docs/refresh.py"


def test_every_document_that_shows_output_is_refreshed() -> None:
    shown = {
        str(path.relative_to(ROOT))
        for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))
        if "```console" in path.read_text(encoding="utf-8")
    }
    assert shown == set(refreshing.DOCUMENTS)


def test_the_first_screen_of_the_readme_shows_a_refusal() -> None:
    first_screen = "\n".join(read(README).splitlines()[:40])
    assert "$ migration-workflow migrate-safe" in first_screen
    assert "rehearsal ...................... refused" in first_screen


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("  drift .... passed  0.01 s\n", "  drift .... passed\n"),
        ("  apply .... passed  0.99 s\n", "  apply .... passed  12.30 s\n"),
        ("    python    3.11.7 (.venv)\n", "    python    3.14.0rc1 (.venv)\n"),
        ("    django    5.2.19, settings a\n", "    django    6.0, settings a\n"),
        ("    sqlite db (version 3.40.1)\n", "    sqlite db (version 3.50.0)\n"),
        (
            '  CREATE TABLE "new__a" ("id" i, "b" i);\n',
            '  CREATE TABLE "new__a" ("b" i, "id" i);\n',
        ),
        ('  INSERT INTO "new__a" ("id", …\n', '  INSERT INTO "new__a" ("b", "id") SELECT …\n'),
    ],
)
def test_what_varies_does_not_count(one: str, other: str) -> None:
    assert refreshing.lasting(one) == refreshing.lasting(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("  drift .... passed  0.01 s\n", "  drift .... refused  0.01 s\n"),
        ("    python    3.11.7 (.venv)\n", "    python    3.11.7 (venv)\n"),
        ('  CREATE TABLE "new__a" ("id" i);\n', '  CREATE TABLE "new__b" ("id" i);\n'),
        ('  DROP TABLE "a";\n', '  DROP TABLE "b";\n'),
    ],
)
def test_what_means_something_counts(one: str, other: str) -> None:
    assert refreshing.lasting(one) != refreshing.lasting(other)


def test_a_hidden_command_that_fails_is_an_error() -> None:
    with pytest.raises(RuntimeError, match=r"exit 3 ended with 3"):
        refreshing.refresh("<!-- run: exit 3 -->\n")


def test_blocks_within_lists_are_refreshed_too() -> None:
    text = "1. Say it.\n\n   ```console\n   $ echo hello\n   old\n   ```\n"
    assert refreshing.refresh(text) == text.replace("old", "hello")


def test_long_lines_are_cut() -> None:
    fresh = refreshing.refresh("```console\n$ printf 'a%.0s' $(seq 200)\n```\n")
    assert fresh.splitlines()[2] == "a" * 98 + " …"


def test_the_demonstration_holds(tmp_path: Path) -> None:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [ROOT / "scripts" / "demo.sh"],
        cwd="/",
        env={"PATH": programs, "HOME": os.environ["HOME"], "TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    places = [done.stdout.find(text) for text in DEMONSTRATED]
    assert -1 not in places, DEMONSTRATED[places.index(-1)]
    assert places == sorted(places)
    assert list(tmp_path.iterdir()) == [], "it left something behind"


DEMONSTRATED = (
    "== 1. A new colleague",
    "migrate-safe: passed",
    "== 2. A model changes",
    "DRF101 error",
    "check-migrations: refused",
    "wrote catalogue/migrations/0011_product_subtitle.py",
    "== 3. It is rehearsed",
    "applied catalogue.0011_product_subtitle",
    "== 4. An empty database",
    "test-migrations-clean: passed",
    "== 5. A colleague's branch",
    "GRF103 error",
    "migrate-safe: refused",
    "== 6. The leaf nodes are joined",
    "wrote catalogue/migrations/0012_merge_",
    "DAT201 error",
    "UNIQUE constraint failed",
    "== The database is byte for byte what it was",
)
