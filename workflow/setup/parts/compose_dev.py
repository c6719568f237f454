"""``docker-compose.dev.yml``: the source mounted where the service works, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from workflow.project.compose_files import BY_NAME, DEVELOPMENT, USUAL
from workflow.setup.dockerfile import Layout, read_layout
from workflow.setup.writing import ByHand
from workflow.setup.yaml import dump

if TYPE_CHECKING:
    from workflow.setup.found import Found
    from workflow.setup.proposal import Target

ABOUT = "the source, mounted where the service works"

NAME = DEVELOPMENT[0]


def targets(found: Found) -> Iterator[Target]:
    """Yield the file, where theirs does not mount the source."""
    path = dev_file(found)
    if path is not None:
        yield path, lambda text: written(found) if text is None else text


def dev_file(found: Found) -> Path | None:
    """Return the file that development needs besides theirs, ``None`` where it needs none."""
    files, services = found.compose_files, found.services
    if files is None or services is None or found.service is None or files.origin != BY_NAME:
        return None
    mounted = services.mounts(found.service, found.settings.project)
    return None if mounted or files.paths[0].name not in USUAL else files.folder / NAME


def written(found: Found) -> str:
    """Return the file. Raises ByHand where it can't be told where the code lies in the image."""
    assert found.services is not None  # noqa: S101 - or it would not be needed
    assert found.service is not None  # noqa: S101
    base, service = found.services.files[0], found.service
    layout = _layout(found)
    if layout is None:
        sample = dump({"services": {service: {"volumes": [".:/WHERE/IT/WORKS"]}}})
        raise ByHand("the Dockerfile does not tell where the code lies in the image", sample)
    context = Path((found.services.build(service) or {})["context"]) / layout.source
    mounts = [f"{_from(base.parent, context)}:{layout.target}"]
    if layout.has_environment:
        mounts.append(f"{layout.target / '.venv'}")  # the image's own, which it would lie over
    body = dump({"services": {service: {"volumes": mounts}}})
    return (
        "# Written by migration-workflow setup: what development adds to "
        f"{base.name}. Started by:\n#   {found.manager.command(found.home)} dev\n{body}"
    )


def _layout(found: Found) -> Layout | None:
    """Return where the code lies in the service's image."""
    assert found.services is not None  # noqa: S101 - see above
    assert found.service is not None  # noqa: S101
    build: Any = found.services.build(found.service)
    if build is None:
        return None
    context = Path(build["context"])
    text = found.text(context / str(build.get("dockerfile", "Dockerfile")))
    if text is None or not found.settings.project.is_relative_to(context):
        return None
    project = PurePosixPath(found.settings.project.relative_to(context).as_posix())
    return read_layout(text, project, build.get("target"))


def _from(folder: Path, path: Path) -> str:
    """Return a path as Compose takes it for one and not for the name of a volume."""
    relative = os.path.relpath(path, folder)
    return relative if relative.startswith(".") else f"./{relative}"
