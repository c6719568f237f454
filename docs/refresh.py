"""Runs the commands that the documents show, and puts in what they really print.

A ``console`` block holds commands after ``$`` and their output. All blocks of one document are
run in order, in one copy of example/. A comment ``<!-- run: COMMAND -->`` is run as well, and
shows nothing: it is what somebody types into an editor. ``python docs/refresh.py`` writes the
documents anew; the tests ask that nothing would change.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "MIGRATION_WORKFLOW.md", "MIGRATION_PREVENTION_SUMMARY.md")

PART = re.compile(
    r"^```console\n(?P<block>.*?)^```$|^<!-- run: (?P<hidden>.*?) -->$", re.MULTILINE | re.DOTALL
)
SECONDS = re.compile(r"  \d+\.\d\d s$", re.MULTILINE)
"""Wall time: the one thing in the output that is never twice the same."""


def refresh(text: str) -> str:
    """Return a document with the output that its commands print now."""
    with tempfile.TemporaryDirectory(prefix="shop-") as folder:
        shop = Path(folder).resolve() / "shop"
        ignored = shutil.ignore_patterns("db.sqlite3*", "__pycache__", ".workflow", ".env")
        shutil.copytree(ROOT / "example", shop, ignore=ignored)
        return PART.sub(lambda part: _run_part(part, shop), text)


def timeless(text: str) -> str:
    """Return the text without the times in it, to compare two runs."""
    return SECONDS.sub("", text)


def _run_part(part: re.Match[str], shop: Path) -> str:
    if part["hidden"] is not None:
        _run(part["hidden"], shop)
        return part[0]
    lines = [line for command in _commands(part["block"]) for line in _shown(command, shop)]
    return "\n".join(("```console", *lines, "```"))


def _commands(block: str) -> Iterator[str]:
    for line in block.splitlines():
        if line.startswith("$ "):
            yield line[2:]


def _shown(command: str, shop: Path) -> Iterator[str]:
    yield f"$ {command}"
    yield from _run(command, shop).splitlines()


def _run(command: str, shop: Path) -> str:
    """Run a command line of a document as its reader would, in a shell."""
    done = subprocess.run(
        ["sh", "-c", command],  # noqa: S607 - a shell is what the reader types into
        cwd=shop,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    return done.stdout.replace(str(shop), "/home/you/shop")


def _environment() -> dict[str, str]:
    """Return an environment with our programs in front and nothing of the caller's project."""
    unwanted = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE", "FORCE_COLOR", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    programs = str(Path(sys.executable).parent)
    who = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for role in ("AUTHOR", "COMMITTER"):
        who |= {f"GIT_{role}_NAME": "you", f"GIT_{role}_EMAIL": "you@example.com"}
    return {**kept, **who, "PATH": f"{programs}{os.pathsep}{kept['PATH']}"}


def main() -> None:
    """Write the documents that are out of date."""
    for name in DOCUMENTS:
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        fresh = refresh(text)
        if timeless(fresh) != timeless(text):
            path.write_text(fresh, encoding="utf-8")
            sys.stderr.write(f"refreshed {name}\n")


if __name__ == "__main__":
    main()
