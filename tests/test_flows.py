"""The flows: what runs in which order, and what must come before what."""

from __future__ import annotations

import itertools

import pytest

from workflow.context import Words
from workflow.door import WITHOUT_FLOW
from workflow.flows import FLOWS, Flow
from workflow.verbs import BASELINE, VERBS

ORDER = {
    "setup": "look adopt take-back equip machine",
    "dev": "production compose-up environment",
    "enforce-dev-environment": "environment",
    "pre-check": "pre-check outlook",
    "makemigrations": "environment pre-check draft validate-draft write",
    "validate-migration-dependencies": "dependencies against",
    "check-migrations": "environment pre-check drift",
    "validate-migrations": "environment dependencies against pre-check drift",
    "rehearse": "environment dependencies rehearsal",
    "migrate-safe": "environment dependencies against turn pre-check drift rehearsal apply verify",
    "test-migrations-clean": "environment dependencies clean drift",
    "setup-pre-commit": "install-hooks",
    "lock": "lock",
    "recover": "environment put-back sweep",
}


PROVES = {"verify", "environment", "machine"}
"""Gates that look at what an action made, and come after it."""


def names(flow: Flow) -> list[str]:
    return [step.NAME for step in flow.steps]


def test_every_verb_has_a_flow_and_every_flow_a_verb() -> None:
    assert FLOWS.keys() == {verb.name for verb in VERBS} - WITHOUT_FLOW.keys() == ORDER.keys()


@pytest.mark.parametrize("verb", FLOWS)
def test_the_steps_of_a_flow(verb: str) -> None:
    assert " ".join(names(FLOWS[verb])) == ORDER[verb]


def test_what_is_recorded_and_not_run_passes_the_same_gates() -> None:
    words = Words(fake="shop.0002_price", reason="done by hand")
    steps = [step.NAME for step in FLOWS["migrate-safe"].steps_for(words)]
    assert steps == ["environment", "dependencies", "against", "turn", "pre-check", "fake"]


def test_a_name_means_one_step_everywhere() -> None:
    steps = {step.NAME: step for flow in FLOWS.values() for step in flow.steps}
    for flow in FLOWS.values():
        assert all(steps[step.NAME] is step for step in flow.steps)
        assert len(set(names(flow))) == len(flow.steps)


@pytest.mark.parametrize("verb", FLOWS)
def test_no_flow_changes_anything_before_its_gates_have_passed(verb: str) -> None:
    kinds = ["action" if hasattr(step, "plan") else "gate" for step in FLOWS[verb].steps]
    for (kind, following), step in zip(
        itertools.pairwise(kinds), FLOWS[verb].steps[1:], strict=True
    ):
        assert kind == "gate" or following == "action" or step.NAME in PROVES


def test_only_these_steps_change_something() -> None:
    actions = {step.NAME for flow in FLOWS.values() for step in flow.steps if hasattr(step, "plan")}
    assert actions == {
        "compose-up", "write", "lock", "apply", "put-back", "adopt", "take-back", "equip",
        "install-hooks", "sweep",
    }  # fmt: skip


def test_a_baseline_is_written_after_everything_else() -> None:
    for verb in VERBS:
        if BASELINE in verb.options:
            flow = FLOWS[verb.name]
            assert flow.steps_for(Words()) == flow.steps
            *steps, last = flow.steps_for(Words(baseline=True))
            assert (tuple(steps), last.NAME) == (flow.steps, "accept")
            assert not any(hasattr(step, "plan") for step in flow.steps)


def test_a_draft_is_validated_before_it_is_written() -> None:
    assert names(FLOWS["makemigrations"])[-3:] == ["draft", "validate-draft", "write"]


def test_what_is_applied_was_rehearsed_and_is_verified() -> None:
    assert names(FLOWS["migrate-safe"])[-3:] == ["rehearsal", "apply", "verify"]


def test_only_makemigrations_says_that_it_writes_files() -> None:
    assert [verb for verb, flow in FLOWS.items() if flow.writes] == ["makemigrations"]


def test_only_the_static_gate_needs_no_project() -> None:
    without = [verb for verb, flow in FLOWS.items() if not flow.asks_project]
    assert without == ["setup", "validate-migration-dependencies", "setup-pre-commit", "lock"]


def test_the_next_verb_is_one_that_there_is() -> None:
    assert {flow.then for flow in FLOWS.values()} - {None} <= FLOWS.keys()
