"""Would the development environment that is about to be started be one of production?

Nothing is started for it: the Compose files and the variables around them are what it looks at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.gates.environment import stopped
from workflow.project.cause import Cause
from workflow.project.container.production import check_production

if TYPE_CHECKING:
    from workflow.context import Context
    from workflow.outcome import StepResult

NAME = "production"


def run(context: Context) -> StepResult:
    """Look at what is set here, and at what the files would give the container."""
    settings, development = context.settings, context.development
    try:
        variables, labels = development.wanted_variables, development.wanted_labels
        service = development.service
    except Cause as error:
        return stopped(NAME, error)
    findings = (
        *check_production(settings.variables, {}, settings, service),
        *check_production(variables, labels, settings, service),
    )[:1]
    return context.judged(NAME, findings)
