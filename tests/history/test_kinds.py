"""Operations of well-known packages, told by their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.history.conftest import migration
from workflow.history.values import UNKNOWN

KINDS = {
    "from django_migration_linter import IgnoreMigration as Op": "",
    "from pgtrigger.migrations import AddTrigger as Op": "",
    "from django.contrib.postgres.operations import TrigramExtension as Op": "TrigramExtension",
    "from django.db.migrations.operations.special import RunPython as Op": "RunPython",
    "from x import Op": UNKNOWN,
    "from .there import Op": "AddField",
    "from . import there\nOp = there.Op": "AddField",
    "from .not_there import Op": UNKNOWN,
    "Op = compute()": UNKNOWN,
}
THERE = "from django.db import migrations\nclass Op(migrations.AddField):\n    pass\n"


@pytest.mark.parametrize(("head", "kind"), KINDS.items())
def test_the_kind_is(head: str, kind: object, one: Callable[..., Any]) -> None:
    (found,) = one(migration(head=head, operations="Op()"), migrations__there=THERE).operations
    assert found.kind == kind
