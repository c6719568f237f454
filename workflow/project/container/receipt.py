"""What ``dev`` built last: so that a file that was only touched since does not count as changed."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

from workflow.project.scratch import make_state_folder

if TYPE_CHECKING:
    from pathlib import Path

    from workflow.project.container.view import View

NAME = "built"


def was_built_from(view: View) -> bool:
    """Say whether ``dev`` was run with the Dockerfile as it is now, for this container."""
    with suppress(OSError):
        written = (view.settings.state_folder / NAME).read_text(encoding="ascii")
        return written == _receipt(view)
    return False


def write_receipt(view: View) -> None:
    """Note what this container was built from."""
    with suppress(OSError):  # without it a touched file counts as changed, and no more
        make_state_folder(view.settings.state_folder)
        (view.settings.state_folder / NAME).write_text(_receipt(view), encoding="ascii")


def _receipt(view: View) -> str:
    build = view.compose.services[view.service].get("build") or {}
    digest = hashlib.sha256(view.inspected["Id"].encode())
    digest.update(_content(build))
    return digest.hexdigest()


def _content(build: dict[str, str]) -> bytes:
    from pathlib import Path

    path: Path = Path(build.get("context", "."), build.get("dockerfile") or "Dockerfile")
    return path.read_bytes()
