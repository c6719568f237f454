"""The jobs of GitLab CI, at the end of the file that there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workflow.setup.found import GITLAB
from workflow.setup.parts.pipelines import (
    ON_DISK,
    PYTHON,
    TOOL,
    folder_of,
    live_commands,
    main_branch,
    static_command,
)
from workflow.setup.writing import ByHand, NotReadable, appended
from workflow.setup.yaml import dump, load

if TYPE_CHECKING:
    from workflow.setup.found import Found
    from workflow.setup.proposal import Target

ABOUT = "the gates in CI"

STATIC_JOB, LIVE_JOB = "migration-files", "migrations-clean"


def targets(found: Found) -> Iterator[Target]:
    """Yield the file where GitLab is what they use."""
    if found.ci is not None and found.ci.value == "GitLab":
        yield found.top / GITLAB, lambda text: with_jobs(text, jobs(found))


def jobs(found: Found) -> dict[str, Any]:
    """Return the jobs. A container can't be started in them without a runner that allows it."""
    made = {STATIC_JOB: _job(found, [TOOL, *_fetch(found), static_command(found)])}
    live = live_commands(found) if set(found.engines) <= ON_DISK else []
    if live and found.service is None:
        made[LIVE_JOB] = _job(found, live)
    return made


def with_jobs(text: str | None, jobs: dict[str, Any]) -> str:
    """Return the file with the jobs, in GitLab's own first stage where it has stages of its own.

    Raises NotReadable, ByHand.
    """
    before = load(text) if text else None
    if before is not None and not isinstance(before, dict):
        raise NotReadable("it is no table of jobs")
    if "migration-workflow" in (text or ""):
        return text or ""
    if before is not None:
        jobs = {name: {"stage": ".pre", **job} for name, job in jobs.items()}
    block = f"# Written by migration-workflow setup, once: it is yours to change.\n{dump(jobs)}"
    after = appended(text, f"\n{block}" if text else block)
    try:
        read_again = load(after)
    except NotReadable as error:
        raise ByHand("its jobs are written in an unusual way", block) from error
    if read_again != {**(before or {}), **jobs}:
        raise ByHand("its jobs are written in an unusual way", block)
    return after


def _fetch(found: Found) -> list[str]:
    branch = main_branch(found)
    if branch is None:
        return []
    return [f"git fetch origin +refs/heads/{branch}:refs/remotes/origin/{branch}"]


def _job(found: Found, commands: list[str]) -> dict[str, Any]:
    folder = folder_of(found)
    script = commands if folder is None else [f"cd {folder}", *commands]
    return {"image": f"python:{PYTHON}", "variables": {"GIT_DEPTH": "0"}, "script": script}
