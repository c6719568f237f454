"""What the project's settings say, as far as their files show it.

Settings are Python, and another module may be chosen when the project runs. What is read here
is used only where a wrong answer could not come of it.
"""

# Paths are text here: pathlib costs ten times as much, and a history has thousands.
# ruff: noqa: PTH118

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from workflow.history.raw import Raw, items_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.history.files import Files

_CHOSEN: Final = re.compile(rb"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([\w.]+)['\"]")


class Settings(NamedTuple):
    """Raw values of the settings that matter here; what cannot be read is not there."""

    values: Mapping[str, Raw] = {}

    def migration_modules(self) -> dict[str, str | None]:
        """Return ``MIGRATION_MODULES``, as far as it is certain."""
        raw = self.values.get("MIGRATION_MODULES")
        if type(raw) is not dict:
            return {}
        return {
            label: module
            for label, module in raw.items()
            if type(label) is str and (module is None or type(module) is str)
        }

    def moved_labels(self) -> frozenset[str] | None:
        """Return the labels that ``MIGRATION_MODULES`` has, ``None`` where it may have others."""
        raw = self.values.get("MIGRATION_MODULES")
        if type(raw) is not dict or not all(type(label) is str for label in raw):
            return None
        return frozenset(map(str, raw))

    def installed_apps(self) -> tuple[list[str], bool]:
        """Return the certain entries of ``INSTALLED_APPS``, and whether these are all."""
        items = items_of(self.values.get("INSTALLED_APPS"))
        if items is None:
            return [], False
        entries = [item for item in items if type(item) is str]
        return entries, len(entries) == len(items)


def settings_module(files: Files, folder: str) -> str | None:
    """Return the settings module that the folder's ``manage.py`` chooses, if it names one."""
    content = files.read(os.path.join(folder, "manage.py"))
    found = set(_CHOSEN.findall(content.data)) if content else set()
    return found.pop().decode("ascii") if len(found) == 1 else None
