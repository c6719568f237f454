"""Was the container started from this checkout, and from the development files in it?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workflow.outcome import Finding, Severity
from workflow.project.cause import DEV

if TYPE_CHECKING:
    from workflow.project.container.view import View


def check_origin(view: View) -> Iterator[Finding]:
    """Yield where other Compose files, or those of another folder, started the container."""
    wanted, used = set(view.files.paths), view.started_from
    if not used or wanted & set(used):
        return
    names = {path.name for path in used}
    if names & {path.name for path in wanted}:
        yield Finding(
            "ENV213",
            Severity.ERROR,
            f"The container of {view.service} was started from another checkout: "
            f"{view.started_in}, not {view.files.folder}. What runs in it is the code of that one.",
            f"Start it from here: {DEV}. To keep both, give each a name of its own: "
            "COMPOSE_PROJECT_NAME=other in its .env",
            data={"started_in": str(view.started_in)},
        )
        return
    shown = ", ".join(path.name for path in used)
    yield Finding(
        "ENV212",
        Severity.ERROR,
        f"The container of {view.service} was started from {shown}, not from "
        f"{view.files.shown}: what it mounts and which settings it has are not what development "
        "needs.",
        f"Start the development environment: {DEV}. Where {shown} is the one for development, say "
        f'so: compose-file = "{used[0].name}" in [tool.django-migration-workflow]',
        data={"started_from": [str(path) for path in used]},
    )
