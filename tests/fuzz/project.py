"""A project that takes any bytes as any of its files, and what must hold whatever they are."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from workflow import rules
from workflow.history.comparing import compare, fingerprint
from workflow.history.reading import read_history
from workflow.history.state import state_after

if TYPE_CHECKING:
    from workflow.history.model import History
    from workflow.outcome import Finding

MANAGE = """\
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
"""

AFTER = b"""\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_fuzzed")]
    operations = [migrations.AddField("Product", "price", models.IntegerField(null=True))]
"""

FUZZED = "shop/migrations/0001_fuzzed.py"

SECONDS = 1.0
"""How much processor time one file may cost: the figure, which is measured at rest."""

ENDLESS = 60.0
"""What takes this much of any machine grows with its input as it must not."""


class Slow(Exception):
    """A file took longer than it may."""


def make_project(folder: Path) -> None:
    """Write what stays the same around the fuzzed files."""
    for name in ("shop/migrations", "config"):
        (folder / name).mkdir(parents=True)
    (folder / "manage.py").write_text(MANAGE)
    for name in ("shop/__init__.py", "shop/migrations/__init__.py", "config/__init__.py"):
        (folder / name).touch()
    (folder / "shop/migrations/0002_after.py").write_bytes(AFTER)


def put(folder: Path, data: bytes, *, everywhere: bool) -> None:
    """Let the bytes be a migration, or all at once what else is read."""
    names = [FUZZED]
    if everywhere:
        names += ["shop/apps.py", "config/settings.py", "shop/migrations/_names.py"]
    for name in names:
        (folder / name).write_bytes(data)


def look(folder: Path, *, seconds: float = ENDLESS) -> tuple[History, list[Finding]]:
    """Read and judge the project, as the static gate does. Nothing may be raised but Slow."""
    began = time.process_time()
    history = read_history(folder)
    findings = rules.check(history)
    state_after(history, history.fresh)
    text = (folder / FUZZED).read_bytes() if (folder / FUZZED).exists() else b""
    compare(AFTER, text)
    fingerprint(text)
    if (took := time.process_time() - began) > seconds:
        raise Slow(f"{took:.2f} seconds")
    return history, findings
