"""New and altered fields that rows would not survive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpora.mutating.ground import FIRST_OPERATION, Ground, Mutant, kind

if TYPE_CHECKING:
    from collections.abc import Iterator


def _added(ground: Ground, field: str) -> Iterator[Mutant]:
    for model in ground.shuffled(ground.models):
        if not ground.history.full.parents[ground.leaves[model.app]]:
            continue
        operation = f'migrations.AddField({model.name!r}, "zz_mutant", {field})'
        path, text = ground.new_leaf(model.app, operation)
        own = [
            key
            for key in ground.history.full.ancestors(ground.leaves[model.app])
            if key.app == model.app
        ]
        if own and model.origin.migration != ground.leaves[model.app]:
            yield Mutant({path: text}, path, FIRST_OPERATION)


@kind("non-null field without default", "FLD121")
def no_default(ground: Ground) -> Iterator[Mutant]:
    yield from _added(ground, "models.IntegerField()")


@kind("non-null without a backfill", "FLD122")
def no_backfill(ground: Ground) -> Iterator[Mutant]:
    for model in ground.shuffled(ground.models):
        add = f'migrations.AddField({model.name!r}, "zz_mutant", models.IntegerField(null=True))'
        alter = f'migrations.AlterField({model.name!r}, "zz_mutant", models.IntegerField())'
        path, text = ground.new_leaf(model.app, add, alter)
        yield Mutant({path: text}, path, FIRST_OPERATION + 1)


@kind("unique field with a constant", "FLD123")
def constant(ground: Ground) -> Iterator[Mutant]:
    yield from _added(ground, "models.IntegerField(unique=True, default=7)")


@kind("unique field with a callable", "FLD124")
def function(ground: Ground) -> Iterator[Mutant]:
    yield from _added(ground, "models.UUIDField(unique=True, default=uuid.uuid4)")
