"""An apply that is interrupted says what it had come to. On servers: tests/servers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.two_apps import Silence
from workflow.actions import apply
from workflow.actions.interrupted import Progress
from workflow.gates import rehearsal
from workflow.outcome import Verdict

if TYPE_CHECKING:
    from tests.two_apps import Project

TABLE = 'migrations.RunSQL("CREATE TABLE half (x)", "DROP TABLE half")'
STEPWISE = "atomic = False"
NEXT = "What is applied now, and what is to be done, says: migration-workflow pre-check"


class Impatient(Silence):
    """Interrupts when the agent tells of something for the first time."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self.at = at

    def progress(self, text: str) -> None:
        if text == self.at:
            raise KeyboardInterrupt


def interrupted(project: Project, at: str) -> str:
    """Apply until the agent tells of something; return what the interrupt says."""
    context = project.context(talk=Impatient(at))
    assert rehearsal.run(context).verdict is Verdict.PASSED
    with pytest.raises(KeyboardInterrupt) as caught:
        apply.run(context)
    assert not context.is_half_applied
    return str(caught.value)


@pytest.mark.parametrize("body", ["", STEPWISE], ids=["as one", "stepwise"])
def test_on_sqlite_all_of_a_plan_stays_or_nothing(project: Project, body: str) -> None:
    project.migration("shop", "0002_table", TABLE, body=body)
    assert interrupted(project, "applying shop.0002_table") == (
        "shop.0002_table was being applied (database 'default'). The plan is applied as a whole, "
        f"or the database is as it was before. {NEXT}"
    )


def test_before_any_migration_nothing_is_said_to_stay(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.migration("shop", "0002_table", TABLE)
    monkeypatch.setattr(Progress, "hear", lambda *_: None)
    said = interrupted(project, "applying shop.0002_table")
    assert said == "No migration had been begun on the database 'default'."


def test_the_journal_says_that_nobody_knows_what_stays(project: Project) -> None:
    project.migration("shop", "0002_table", TABLE)
    interrupted(project, "applying shop.0002_table")
    _, end = (project.folder / ".workflow/journal.jsonl").read_text().splitlines()
    told = json.loads(end)
    assert (told["event"], told["outcome"], told["applied"]) == ("end", "interrupted", None)


def test_a_migration_is_heard_of_once() -> None:
    progress = Progress()
    for name in ("0001", "0002", "0002"):
        progress.hear({"doing": "applying", "app": "shop", "migration": name})
    progress.hear({"doing": "pausing", "seconds": 2, "tries": 1})
    progress.hear({"doing": "taking back", "app": "shop", "migration": "0001"})
    assert progress.begun == ["shop.0001", "shop.0002"]
    assert progress.taken_back == ["shop.0001"]
