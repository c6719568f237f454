"""Finds the Python of a container. Nothing is run for it: an image need not even have a shell."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from workflow.project.cause import cause

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.project.container.view import View

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def find_python(view: View, variables: Mapping[str, str]) -> str:
    """Return ``python`` or ``python3``, whichever is on the path there; what is configured wins.

    Raises Cause where neither is.
    """
    if view.settings.python is not None:
        return view.settings.python
    folders = [PurePosixPath(name) for name in (variables.get("PATH") or PATH).split(":") if name]
    for name in ("python", "python3"):
        for folder in folders:
            if view.engine.has_file(view.inspected["Id"], folder / name):
                return str(folder / name)
    raise cause(
        "ENV223",
        f"The container of {view.service} has no Python on its path, so it can't be the one that "
        "runs the project.",
        'Name the service that does: service = "NAME" in [tool.django-migration-workflow]; or the '
        'interpreter in it: python = "/path/in/the/container"',
    )
