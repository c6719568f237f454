"""Every flow as a tuple of gates and actions, in the order in which they run."""

from __future__ import annotations

from typing import NamedTuple

from workflow.context import Context, Words
from workflow.lazily import lazily
from workflow.runner import Step

with lazily("workflow.actions", "workflow.gates", "workflow.setup"):
    from workflow.actions import (
        accept,
        apply,
        compose_up,
        draft,
        equip,
        fake,
        install_hooks,
        lock,
        put_back,
        sweep,
        write,
    )
    from workflow.gates import (
        against,
        clean,
        dependencies,
        drift,
        environment,
        outlook,
        pre_check,
        production,
        rehearsal,
        turn,
        validate_draft,
        verify,
    )
    from workflow.setup import adopt, look, machine, take_back

Steps = tuple[Step[Context], ...]

FILES: Steps = (environment, dependencies, against)
VALIDATE: Steps = (*FILES, pre_check, drift)


class Flow(NamedTuple):
    """What one verb does. ``asks_project``: whether it needs the agent in the project's Python.

    ``writes``: whether it writes migration files. ``then`` is the verb that comes next.
    ``asks_about_production``: whether a person may let it at production, by the database's name.
    ``starts_containers``: whether the project's Python can't be there before the flow begins.
    With ``--baseline``, where a verb takes it, what was found becomes a baseline in the end.
    ``faking`` are the steps where ``--fake`` records a migration instead of running it.
    """

    steps: Steps
    asks_project: bool = True
    writes: bool = False
    then: str | None = None
    asks_about_production: bool = False
    starts_containers: bool = False
    faking: Steps = ()

    def steps_for(self, words: Words) -> Steps:
        """Return the steps that are run for these words."""
        steps = self.faking if words.fake is not None else self.steps
        return (*steps, accept) if words.baseline else steps


FLOWS = {
    "setup": Flow(
        (look, adopt, take_back, equip, machine),
        asks_project=False,
        then="makemigrations",
    ),
    "dev": Flow((production, compose_up, environment), starts_containers=True, then="pre-check"),
    "enforce-dev-environment": Flow((environment,), then="pre-check"),
    "pre-check": Flow((pre_check, outlook), then="makemigrations"),
    "makemigrations": Flow(
        (environment, pre_check, draft, validate_draft, write), writes=True, then="migrate-safe"
    ),
    "validate-migration-dependencies": Flow((dependencies, against), asks_project=False),
    "check-migrations": Flow((environment, pre_check, drift)),
    "validate-migrations": Flow(VALIDATE, then="migrate-safe"),
    "rehearse": Flow((environment, dependencies, rehearsal)),
    "migrate-safe": Flow(
        (*FILES, turn, pre_check, drift, rehearsal, apply, verify),
        asks_about_production=True,
        faking=(*FILES, turn, pre_check, fake),
    ),
    "test-migrations-clean": Flow((environment, dependencies, clean, drift)),
    "setup-pre-commit": Flow((install_hooks,), asks_project=False),
    "lock": Flow((lock,), asks_project=False),
    "recover": Flow((environment, put_back, sweep), then="pre-check"),
}
