"""Reading a project's migrations from disk, and from texts that are not on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from workflow.history.model import History


def read_history(  # noqa: PLR0913 - each is one thing that a caller may know better
    project: Path,
    *,
    overlay: Mapping[Path, str | None] | None = None,
    migration_modules: Mapping[str, str | None] | None = None,
    exclude: Sequence[str] = (),
    installed: Mapping[str, Path] | None = None,
    cache: Path | None = None,
) -> History:
    """Read the migrations of every app below ``project``.

    ``overlay`` replaces or adds files in memory (``None`` takes one away); its paths are
    absolute or relative to ``project``. ``migration_modules`` overrides what the settings
    say. ``exclude`` names folders to leave out, as names or paths relative to the project
    with ``*``; with ``!`` in front, folders to take in that are left out by default
    (``!tests``). ``installed`` gives the migration folder of each installed app
    outside the tree; it must be all of them. ``cache`` is a folder that may hold what was
    read before; it changes nothing but the time.
    """
    raise NotImplementedError
