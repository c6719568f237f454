"""A real project, and what tests do with it."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.shop import Run, Shop

STATE = ".workflow"

BROKEN = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [({app!r}, {after!r})]
    operations = []
"""


class Site(Shop):
    """A copy of a real project, with its environment in ``.venv``."""

    def manage(self, *words: str) -> Run:
        """Run the project's own ``manage.py`` in the project's own environment."""
        done = self.run(*words, program=[str(self.folder / ".venv/bin/python"), "manage.py"])
        assert done.code == 0, done
        return done

    def leaf(self, app: str, folder: str) -> str:
        """Name the newest migration of an app by its number."""
        names = sorted(path.stem for path in (self.folder / folder).glob("[0-9]*.py"))
        assert names, f"{app} has no migrations in {folder}"
        return names[-1]

    def add_bare_migration(self, folder: str, name: str, app: str, after: str) -> Path:
        """Write a migration that does nothing, but depends on ``after``."""
        return self.write(f"{folder}/{name}.py", BROKEN.format(app=app, after=after))

    def tree(self) -> dict[str, str]:
        """A digest of the project's own files: what the tool keeps for itself is not one."""
        return {
            name: digest for name, digest in super().tree().items() if name.split("/")[0] != STATE
        }

    def twin(self, folder: Path) -> Site:
        """Copy the project as it is now, to compare with what Django alone does."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Site(folder, self.home)

    def schema(self) -> set[tuple[str, str]]:
        """What SQLite says of every table, index, view and trigger."""
        return set(self.query("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))

    def row_counts(self) -> dict[str, int]:
        """How many rows each table has."""
        tables = self.query("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name: self.query(f'SELECT count(*) FROM "{name}"')[0][0] for (name,) in tables}
