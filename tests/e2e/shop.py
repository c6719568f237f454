"""A copy of the example project, and what tests do with it: change it, run on it, look at it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

PROGRAM: tuple[str, ...] = (str(Path(sys.executable).with_name("migration-workflow")),)
"""The console script, as it was installed beside the Python that runs the tests."""

SABOTEUR = Path(__file__).with_name("saboteur.py")

SECONDS = 120
"""A run that takes longer than this hangs."""

MOMENT = re.compile(r"'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?'")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
OUR_CODE = re.compile(r'File "[^"]*[/\\]workflow[/\\](?!agent[/\\])[^"]*", line')

OUR_CACHE = {
    ".workflow",
    ".workflow/.gitignore",
    ".workflow/findings.cache",
    ".workflow/history.cache",
    ".workflow/history.seal",
    ".workflow/journal.jsonl",
}
"""What we keep in a project on purpose: it may go at any time, and changes nothing but the time."""

OUR_DATABASES = Path(".workflow/kept")
"""The folder of databases that later runs begin with, kept for the same reason."""

CREATED = "    created_at = models.DateTimeField(default=timezone.now, editable=False)\n"


class Run(NamedTuple):
    """How one run ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        """Everything on both streams, without colours, each white space made one blank."""
        return " ".join(COLOURS.sub("", self.stdout + self.stderr).split())

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document on standard output, which must hold nothing else."""
        document: dict[str, Any] = json.loads(self.stdout)
        return document

    @property
    def codes(self) -> list[str]:
        """The codes of all findings, in order."""
        return [finding["code"] for gate in self.document["gates"] for finding in gate["findings"]]

    def verdicts(self) -> dict[str, str]:
        """How each step ended."""
        return {gate["name"]: gate["verdict"] for gate in self.document["gates"]}


class Shop:
    """One copy of the example project in a folder of its own."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.home = home
        self.points = folder.parent / "points"
        self.meeting = folder.parent / "meeting"
        # Without a word, each run would ask the engine of this machine for a container of the shop.
        self.variables = {"MIGRATION_WORKFLOW_RUNS": "host"}

    @property
    def program(self) -> tuple[str, ...]:
        return PROGRAM

    @property
    def database(self) -> Path:
        return self.folder / "db.sqlite3"

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The variables of a run: few, and none that this machine happens to have."""
        passed_on = ("PATH", "http_proxy", "https_proxy", "PIP_NO_INDEX")
        return {
            **{name: os.environ[name] for name in passed_on if name in os.environ},
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TMPDIR": str(self.home),
            "GIT_CONFIG_NOSYSTEM": "1",
            **self.variables,
            **(more or {}),
        }

    def run(
        self,
        *words: str,
        cwd: Path | None = None,
        variables: Mapping[str, str] | None = None,
        program: Sequence[str] | None = None,
        before: Sequence[str] = (),
    ) -> Run:
        """Run the console script. What it prints may never hold a traceback of ours."""
        done = subprocess.run(
            [*before, *(PROGRAM if program is None else program), *words],
            cwd=cwd or self.folder,
            env=self.environment(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        stdout, stderr = (os.fsdecode(stream) for stream in (done.stdout, done.stderr))
        found = OUR_CODE.search(stdout + stderr)
        assert found is None, f"a traceback of ours:\n{stdout}\n{stderr}"
        assert "has a bug" not in stderr, stderr
        return Run(done.returncode, stdout, stderr)

    def json(self, *words: str, **how: Any) -> Run:
        """Run with a JSON report; the exit code must be the one of the document's verdict."""
        done = self.run(*words, "--format", "json", **how)
        if done.stdout:
            agreed = {"passed": 0, "refused": 1, "errored": 3}[done.document["verdict"]]
            assert agreed == done.code, done
        return done

    def sabotaged(
        self, *words: str, at: str, do: str = "RUN", run: str = "", again: str = ""
    ) -> Run:
        """Run with something happening at one point: see the saboteur."""
        self.points.unlink(missing_ok=True)
        order = {"at": at, "do": do, "run": run, "again": again, "log": str(self.points)}
        if self.meeting.exists():
            order["meet"] = str(self.meeting)
        program = [sys.executable, str(SABOTEUR)]
        return self.run(*words, program=program, variables={"SABOTAGE": json.dumps(order)})

    def points_reached(self) -> list[str]:
        """The points that the last sabotaged run passed."""
        lines = self.points.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if not line.startswith(("agent ", "closing"))]

    def agents(self) -> list[int]:
        """The process ids of the agents of the last sabotaged run."""
        lines = self.points.read_text(encoding="utf-8").splitlines()
        return [int(line.split()[1]) for line in lines if line.startswith("agent ")]

    def manage(self, *words: str) -> Run:
        """Run the project's own ``manage.py``; it must not fail."""
        done = self.run(*words, program=[sys.executable, "manage.py"])
        assert done.code == 0, done
        return done

    def git(self, *words: str, cwd: Path | None = None) -> str:
        """Run git as somebody; it must not fail."""
        who = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org"}
        who |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()}
        done = self.run(*words, program=["git"], cwd=cwd, variables=who)
        assert done.code == 0, done
        return done.stdout.strip()

    def commit_all(self, cwd: Path | None = None) -> None:
        """Put everything but throwaway files under git, in one commit on ``main``."""
        top = cwd or self.folder
        self.git("init", "--quiet", "--initial-branch=main", cwd=top)
        (top / ".git/info/exclude").write_text("__pycache__/\n*.sqlite3\n", encoding="utf-8")
        self.git("add", ".", cwd=top)
        self.git("commit", "--quiet", "--message=All", cwd=top)

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file, dedented."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = text if isinstance(text, bytes) else textwrap.dedent(text).encode()
        path.write_bytes(content)
        return path

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace what must be there exactly once."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def replace_start(self, name: str, text: str) -> None:
        """Put lines before the first of a file."""
        path = self.folder / name
        path.write_text(text + path.read_text(encoding="utf-8"), encoding="utf-8")

    def append(self, name: str, text: str) -> None:
        """Add lines to the end of a file."""
        with (self.folder / name).open("a", encoding="utf-8") as file:
            file.write(textwrap.dedent(text))

    def configure(self, *lines: str) -> None:
        """Write the configuration table."""
        self.write("migration-workflow.toml", "\n".join(lines) + "\n")

    def add_field(
        self, field: str = 'colour = models.CharField(max_length=20, default="")', app: str = ""
    ) -> None:
        """Add a field to the product, or to the order where the app is ``orders``."""
        self.replace(f"{app or 'catalogue'}/models.py", CREATED, f"{CREATED}    {field}\n")

    def add_migration(
        self,
        *operations: str,
        app: str = "catalogue",
        name: str = "0011_more",
        after: str = "0010_product_status_price_idx",
        head: str = "",
        body: str = "",
    ) -> Path:
        """Write a migration by hand. ``head`` is code above its class, ``body`` within it."""
        lines = [
            "import os",
            "from django.db import connection, connections, migrations, models",
            textwrap.dedent(head),
            "",
            "class Migration(migrations.Migration):",
            *([textwrap.indent(textwrap.dedent(body), "    ")] if body else []),
            f"    dependencies = [({app!r}, {after!r})]",
            "    operations = [",
            *(f"        {operation}," for operation in operations),
            "    ]",
        ]
        folder = {"feedback": "reviews"}.get(app, app)
        return self.write(f"{folder}/migrations/{name}.py", "\n".join(lines) + "\n")

    def tree(self) -> dict[str, str]:
        """A digest of every file and folder, but for compiled Python, git's own and our cache."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            relative = path.relative_to(self.folder)
            if {"__pycache__", ".git"} & set(relative.parts) or str(relative) in OUR_CACHE:
                continue
            if OUR_DATABASES in (relative, relative.parent):
                continue
            if path.is_symlink() or not path.is_file():
                found[f"{relative}/"] = "folder"
            else:
                found[str(relative)] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    def new_files(self, before: Mapping[str, str]) -> list[str]:
        """What is in the tree now and was not before; nothing else may have changed."""
        now = self.tree()
        assert {name: now.get(name) for name in before} == before
        return sorted(now.keys() - before.keys())

    def dump(self, database: Path | None = None) -> list[str]:
        """What a SQLite database holds, but for the moments that migrations were recorded."""
        with closing(sqlite3.connect(database or self.database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return [
                MOMENT.sub("'…'", line) if "django_migrations" in line else line
                for line in connection.iterdump()
            ]

    def query(self, sql: str, database: Path | None = None) -> list[tuple[Any, ...]]:
        """Ask the database; commit what the statement changed."""
        with closing(sqlite3.connect(database or self.database)) as connection, connection:
            return connection.execute(sql).fetchall()

    def applied(self) -> set[tuple[str, str]]:
        """The recorded migrations."""
        return {(app, name) for app, name in self.query("SELECT app, name FROM django_migrations")}
