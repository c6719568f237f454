"""The labels that Django gives to the apps in a project's folders.

In this order: what ``MIGRATION_MODULES`` says, ``AppConfig.label``, the last part of
``AppConfig.name``, the folder's own name.
"""

# Paths are text here: pathlib costs ten times as much, and a history has thousands.
# ruff: noqa: PTH118, PTH119, PTH206

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workflow.history.raw import Raw


class Config(NamedTuple):
    """One ``AppConfig``: raw values, ``None`` where it does not say, ``...`` for unknown."""

    module: str
    class_name: str
    name: Raw
    label: Raw
    default: Raw

    @property
    def dotted(self) -> str:
        """How ``INSTALLED_APPS`` would name it."""
        return f"{self.module}.{self.class_name}"


def matches(folder: str, dotted: str) -> bool:
    """Return whether the folder's path ends as this dotted name does."""
    parts = dotted.split(".")
    return folder.split(os.sep)[-len(parts) :] == parts


def target_of(config: Config, folder: str, root: str) -> str:
    """Return the folder of the app that a configuration in ``folder`` is for.

    ``root`` is where the folder's imports start from.
    """
    if type(config.name) is not str or matches(folder, config.name):
        return folder
    return os.path.join(root, *config.name.split("."))


class Label(NamedTuple):
    """``label`` is ``None`` where only running the project could tell it."""

    label: str | None
    source: str
    module: str | None
    listed: bool


def label_of(folder: str, dotted: str, configs: Iterable[Config], entries: frozenset[str]) -> Label:
    """Return the label of the app in this folder. ``entries`` are ``INSTALLED_APPS``."""
    known = list(configs)
    names = {config.name for config in known if type(config.name) is str} | {dotted}
    for config in known:
        if config.dotted in entries:
            return _label(config, folder, dotted, listed=True)
    listed = not names.isdisjoint(entries)
    candidates = _candidates(known, listed=listed)
    labels = [_label(config, folder, dotted, listed=listed) for config in candidates]
    if len({label.label for label in labels}) > 1:
        return Label(None, "label", dotted, listed)
    return labels[0]


def _candidates(configs: list[Config], *, listed: bool) -> list[Config | None]:
    """Return the configurations that Django may use; ``None`` stands for its own plain one."""
    usable = [config for config in configs if config.default is not False]
    defaults = [config for config in usable if config.default is True]
    if len(defaults) == 1 or len(usable) == 1:
        return list(defaults or usable)
    if not usable or listed:
        return [None]
    # One that has no name is a base class of those that INSTALLED_APPS may list.
    return [config for config in usable if config.name is not None] or list(usable)


def _label(config: Config | None, folder: str, dotted: str, *, listed: bool) -> Label:
    if config is None:
        return Label(os.path.basename(folder), "folder", dotted, listed)
    module = config.name if type(config.name) is str else dotted
    if config.label is ... or (config.label is None and config.name is ...):
        return Label(None, "label", module, listed)
    if config.label is not None:
        return Label(config.label, "label", module, listed)
    return Label(module.rpartition(".")[2], "name", module, listed)
