"""Was the container made from the files as they are now?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.outcome import Finding, Severity
from workflow.project.cause import DEV
from workflow.project.container.engine import moment
from workflow.project.container.receipt import was_built_from

if TYPE_CHECKING:
    from workflow.project.container.view import View

COMPOSE = "com.docker.compose"


def check_staleness(view: View) -> Iterator[Finding]:
    """Yield what has changed since the container was made."""
    changed = [path.name for path in _changed(view)]
    if changed:
        yield Finding(
            "ENV218",
            Severity.ERROR,
            f"The container of {view.service} is older than {', '.join(changed)}: it does not "
            "run what these say now.",
            f"Build and start it anew: {DEV}",
            data={"changed": changed},
        )


def _changed(view: View) -> Iterator[Path]:
    made = moment(view.inspected["Created"])
    if _files_differ(view, made):
        yield from view.files.paths
    dockerfile = _dockerfile(view)
    if dockerfile is not None and _modified(dockerfile) > made and not was_built_from(view):
        yield dockerfile


def _files_differ(view: View, made: float) -> bool:
    """Compare what Compose would label the container now; across its versions, only times."""
    labels = view.inspected["Config"]["Labels"]
    if view.compose.hashes.get(view.service) == labels.get(f"{COMPOSE}.config-hash"):
        return False
    if view.compose.version == labels.get(f"{COMPOSE}.version"):
        return True
    return any(_modified(path) > made for path in view.files.paths)


def _dockerfile(view: View) -> Path | None:
    build = view.compose.services[view.service].get("build")
    if not build or "dockerfile_inline" in build or "://" in build["context"]:
        return None
    return Path(build["context"], build.get("dockerfile") or "Dockerfile")


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
