"""Runs the commands that the documents show, and puts in what they really print.

A ``console`` block holds commands after ``$`` and their output. All blocks of one document are
run in order, in one copy of example/ that is under git. A comment ``<!-- run: COMMAND -->`` is
run as well, and shows nothing: it is what somebody types into an editor.

``python docs/refresh.py`` writes a document anew where more would change than times and
versions, with ``--all`` in any case. The tests ask that nothing else would change.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "MIGRATION_WORKFLOW.md")
SHOWN_AS = "/home/you/shop"
"""The folder of the copy, as the documents call it."""

WIDTH = 100
"""Longer lines of output (SQL) are cut there."""

PART = re.compile(
    r"^(?P<margin> *)```console\n(?P<block>.*?)^(?P=margin)```$|^<!-- run: (?P<hidden>.*?) -->$",
    re.MULTILINE | re.DOTALL,
)

VARYING = (
    (re.compile(r"  \d+\.\d\d s$", re.MULTILINE), ""),
    (re.compile(r"^( +(?:python|django) +)[\d.]+\w*", re.MULTILINE), r"\1VERSION"),
    (re.compile(r"\(version [\d.]+\)"), "(VERSION)"),
    (re.compile(r"^( +(?:CREATE TABLE|INSERT INTO) \S+) .*$", re.MULTILINE), r"\1 …"),
)
"""What differs between two machines or two releases of Django, and means nothing here.

Wall time, versions, and the order of columns in the SQL with which SQLite's tables are rebuilt.
"""


def refresh(text: str) -> str:
    """Return a document with the output that its commands print now."""
    with tempfile.TemporaryDirectory(prefix="shop-") as folder:
        shop = copy_example(Path(folder).resolve() / "shop")
        _put_under_git(shop)
        return PART.sub(lambda part: _run_part(part, shop), text)


def lasting(text: str) -> str:
    """Return the text without what varies, to compare two runs."""
    for pattern, replacement in VARYING:
        text = pattern.sub(replacement, text)
    return text


def copy_example(folder: Path) -> Path:
    """Copy example/ as a clone holds it, without what running it leaves behind."""
    left_behind = shutil.ignore_patterns("*.sqlite3*", "__pycache__", ".workflow", ".env")
    shutil.copytree(ROOT / "example", folder, ignore=left_behind)
    return folder


def _put_under_git(shop: Path) -> None:
    ignored = shop / ".gitignore"
    ignored.write_text("__pycache__/\n*.sqlite3\n", encoding="utf-8")
    _run_hidden("git init --quiet --initial-branch main", shop)
    _run_hidden("git add . && git commit --quiet --message 'Open the shop'", shop)


def run(command: str, shop: Path) -> subprocess.CompletedProcess[str]:
    """Run a command line of a document as its reader would, in a shell."""
    return subprocess.run(
        ["sh", "-c", command],  # noqa: S607 - a shell is what the reader types into
        cwd=shop,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


def _run_part(part: re.Match[str], shop: Path) -> str:
    if part["hidden"] is not None:
        _run_hidden(part["hidden"], shop)
        return part[0]
    commands = _commands(textwrap.dedent(part["block"]))
    lines = [line for command in commands for line in _shown(command, shop)]
    return textwrap.indent("\n".join(("```console", *lines, "```")), part["margin"])


def _run_hidden(command: str, shop: Path) -> None:
    done = run(command, shop)
    if done.returncode != 0:
        raise RuntimeError(f"{command} ended with {done.returncode}:\n{done.stdout}")


def _commands(block: str) -> Iterator[str]:
    for line in block.splitlines():
        if line.startswith("$ "):
            yield line[2:]


def _shown(command: str, shop: Path) -> Iterator[str]:
    yield f"$ {command}"
    for line in run(command, shop).stdout.replace(str(shop), SHOWN_AS).splitlines():
        yield line if len(line) <= WIDTH else line[: WIDTH - 2] + " …"


def _environment() -> dict[str, str]:
    """Return an environment with our programs in front and little else of the caller's."""
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ}
    programs = str(Path(sys.executable).parent)
    kept |= {"LANG": "C.UTF-8", "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    for who in ("AUTHOR", "COMMITTER"):
        kept |= {f"GIT_{who}_NAME": "you", f"GIT_{who}_EMAIL": "you@example.com"}
    kept["MIGRATION_WORKFLOW_RUNS"] = "host"  # whatever containers this machine has
    return {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def main() -> None:
    """Write the documents that are out of date."""
    everything = "--all" in sys.argv[1:]
    for name in DOCUMENTS:
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        fresh = refresh(text)
        if everything or lasting(fresh) != lasting(text):
            path.write_text(fresh, encoding="utf-8")
            sys.stderr.write(f"refreshed {name}\n")


if __name__ == "__main__":
    main()
