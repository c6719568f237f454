"""Is there a container of the service, one, and in working order?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workflow.outcome import Finding, Severity
from workflow.project.cause import DEV, cause
from workflow.project.container.engine import moment
from workflow.project.container.view import started_from

if TYPE_CHECKING:
    from workflow.project.cause import Cause
    from workflow.project.compose_files import ComposeFiles
    from workflow.project.container.engine import Inspected
    from workflow.project.container.view import View

SETTLED_SECONDS = 10.0
"""A container that was started again this long ago has settled."""

WRONG_STATES = {
    "exited": "it has ended (exit code {code})",
    "created": "it was made, and never started",
    "paused": "it is paused",
    "dead": "the engine could not remove it",
    "removing": "it is being removed",
}


def not_there(files: ComposeFiles, service: str, elsewhere: list[Inspected]) -> Cause:
    """Return the cause where a service has no container at all."""
    others = {str(path.parent) for one in elsewhere for path in started_from(one["Labels"])[:1]}
    hint = ""
    if others:
        hint = f" The {service} that there is was started from {', '.join(sorted(others))}."
    return cause(
        "ENV208",
        f"The service {service} of {files.shown} has no container, so there is nothing to run "
        f"the project in.{hint}",
        f"Start it: {DEV}",
    )


def check_state(view: View) -> Iterator[Finding]:
    """Yield what keeps the container from running the project."""
    state, name = view.inspected["State"], view.inspected["Name"].removeprefix("/")
    log = f"docker compose -f {view.files.shown} logs {view.service}"
    if state["Restarting"] or _has_just_restarted(view):
        yield Finding(
            "ENV209",
            Severity.ERROR,
            f"The container {name} starts and ends again and again{_last_code(state)}: no command "
            "in it comes to its end.",
            f"See why: {log}. Correct it, then run: {DEV}",
        )
    elif not state["Running"] or state["Paused"]:
        words = WRONG_STATES.get(state["Status"], f"it is {state['Status']}")
        yield Finding(
            "ENV208",
            Severity.ERROR,
            f"The container {name} does not run: {words.format(code=state['ExitCode'])}.",
            f"See why: {log}. Start it: {DEV}",
        )
    elif (state.get("Health") or {}).get("Status") == "unhealthy":
        yield Finding(
            "ENV210",
            Severity.ERROR,
            f"The container {name} runs, but its health check fails: what the project needs in "
            "there is not in order.",
            f"See why: docker inspect {name}, and {log}. Correct it, then run: {DEV}",
        )


def _has_just_restarted(view: View) -> bool:
    """Say whether it is up only until it fails the next time."""
    restarts, started = view.inspected["RestartCount"], view.inspected["State"]["StartedAt"]
    return restarts >= 2 and time.time() - moment(started) < SETTLED_SECONDS


def _last_code(state: Inspected) -> str:
    """Return how it ended the last time; the engine forgets that when it is up again."""
    return "" if state["Running"] and not state["ExitCode"] else f" (exit code {state['ExitCode']})"


def check_replicas(view: View) -> Iterator[Finding]:
    """Yield where one service has several containers: a change would reach one of them."""
    names = sorted(
        one["Names"][0].removeprefix("/") for one in view.containers if one["State"] == "running"
    )
    if len(names) > 1:
        yield Finding(
            "ENV211",
            Severity.ERROR,
            f"The service {view.service} runs {len(names)} times ({', '.join(names)}): what is "
            "found in one of them need not be so in the others.",
            f"Run one: docker compose -f {view.files.shown} up -d --scale {view.service}=1",
        )
