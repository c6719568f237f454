"""No wrong environment passes, and no right one is refused: on a real engine, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.containers.right import RIGHT, Right
from tests.containers.wrong import WRONG, Wrong

if TYPE_CHECKING:
    from tests.containers.stack import Stack


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.make.__name__ + "-" + case.what)
def test_a_wrong_environment_is_named(case: Wrong, stack: Stack) -> None:
    done = case.make(stack)

    assert done.codes == [case.code], done
    assert done.code == case.exit_code
    [finding] = done.document["gates"][0]["findings"]
    assert finding["fix"]
    for text in case.said:
        assert text in finding["message"]
    assert "hunter22" not in done.said
    assert not list(stack.folder.rglob("from-host*"))


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case.make.__name__)
def test_a_right_environment_passes(case: Right, stack: Stack) -> None:
    done = case.make(stack)

    assert done.codes == [], done
    assert done.code == 0
    assert not (stack.folder / ".workflow").exists()
