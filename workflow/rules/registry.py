"""Where rules register themselves, each with the kind of thing that it looks at.

A rule is a generator of findings. It looks at the whole history, at one migration, at one
step of the replay, or at the state in which the history ends.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from workflow.history.model import Migration
    from workflow.history.state import State
    from workflow.history.values import Unknown
    from workflow.outcome import Finding, Severity
    from workflow.rules.context import Context
    from workflow.rules.operations import Placed
    from workflow.rules.sight import Sight

    HistoryCheck: TypeAlias = Callable[[Context], Iterable[Finding]]
    MigrationCheck: TypeAlias = Callable[[Context, Migration], Iterable[Finding]]
    StepCheck: TypeAlias = Callable[[Context, Sight], Iterable[Finding]]
    OperationCheck: TypeAlias = Callable[[Context, Migration, Placed], Iterable[Finding]]
    StateCheck: TypeAlias = Callable[[Context, State], Iterable[Finding]]

RULE_MODULE = re.compile(r"[a-z]{3}\d{3}_\w+")


class Rule(NamedTuple):
    """What a rule says about itself. ``severities``: those that its findings may have."""

    code: str
    title: str
    severities: tuple[Severity, ...]
    module: str


class Registry:
    """All rules, by what they look at."""

    def __init__(self) -> None:
        self.rules: dict[str, Rule] = {}
        self.is_complete = False
        self.history: list[HistoryCheck] = []
        self.migrations: list[MigrationCheck] = []
        self.operations: dict[str | Unknown, list[OperationCheck]] = {}
        self.steps: dict[str | Unknown, list[StepCheck]] = {}
        self.crossing: dict[str | Unknown, list[StepCheck]] = {}
        self.states: list[StateCheck] = []

    def over_history(
        self, code: str, title: str, *severities: Severity
    ) -> Callable[[HistoryCheck], HistoryCheck]:
        """Register a rule that looks at the whole history once."""

        def register(check: HistoryCheck) -> HistoryCheck:
            self._add(code, title, severities, check.__module__)
            self.history.append(check)
            return check

        return register

    def over_migrations(
        self, code: str, title: str, *severities: Severity
    ) -> Callable[[MigrationCheck], MigrationCheck]:
        """Register a rule that looks at each migration of the project by itself."""

        def register(check: MigrationCheck) -> MigrationCheck:
            self._add(code, title, severities, check.__module__)
            self.migrations.append(check)
            return check

        return register

    def over_operations(
        self, code: str, title: str, *severities: Severity, kinds: Iterable[str]
    ) -> Callable[[OperationCheck], OperationCheck]:
        """Register a rule that looks at operations of these kinds that the database sees."""

        def register(check: OperationCheck) -> OperationCheck:
            self._add(code, title, severities, check.__module__)
            for kind in kinds:
                self.operations.setdefault(kind, []).append(check)
            return check

        return register

    def over_steps(
        self,
        code: str,
        title: str,
        *severities: Severity,
        kinds: Iterable[str],
        crossing: bool = False,
    ) -> Callable[[StepCheck], StepCheck]:
        """Register a rule that looks at operations of these kinds and the state before.

        ``crossing``: whether it looks at models of other apps too.
        """

        def register(check: StepCheck) -> StepCheck:
            self._add(code, title, severities, check.__module__)
            for kind in kinds:
                self.steps.setdefault(kind, []).append(check)
                if crossing:
                    self.crossing.setdefault(kind, []).append(check)
            return check

        return register

    def over_states(
        self, code: str, title: str, *severities: Severity
    ) -> Callable[[StateCheck], StateCheck]:
        """Register a rule that looks at all models as they are in the end."""

        def register(check: StateCheck) -> StateCheck:
            self._add(code, title, severities, check.__module__)
            self.states.append(check)
            return check

        return register

    def _add(self, code: str, title: str, severities: tuple[Severity, ...], module: str) -> None:
        rule = Rule(code, title, severities, module)
        if self.rules.setdefault(code, rule) != rule:
            raise ValueError(f"{code} is registered twice: {self.rules[code].module}, {module}")


REGISTRY = Registry()
over_history = REGISTRY.over_history
over_migrations = REGISTRY.over_migrations
over_operations = REGISTRY.over_operations
over_steps = REGISTRY.over_steps
over_states = REGISTRY.over_states


def load() -> Registry:
    """Import every rule, once, and return the registry."""
    if REGISTRY.is_complete:
        return REGISTRY
    import workflow.rules

    for module in pkgutil.iter_modules(workflow.rules.__path__):
        if RULE_MODULE.fullmatch(module.name):
            importlib.import_module(f"workflow.rules.{module.name}")
    REGISTRY.is_complete = True
    return REGISTRY
