"""What is looked at before anything runs in a container, in order: the first cause ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workflow.outcome import Finding
from workflow.project.container.origin import check_origin
from workflow.project.container.running import check_replicas, check_state
from workflow.project.container.source import (
    check_mounted,
    check_place,
    check_writable,
)
from workflow.project.container.staleness import check_staleness
from workflow.project.container.view import View

Check = Callable[[View], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    check_state,
    check_replicas,
    check_origin,
    check_mounted,
    check_writable,
    check_place,
    check_staleness,
)
"""Each yields nothing, or what makes it useless to look further."""


def declared(view: View) -> tuple[Finding, ...]:
    """Return what Compose and the engine say is wrong, up to the first cause."""
    found = (tuple(check(view)) for check in CHECKS)
    return next((findings for findings in found if findings), ())
