"""Takes migrations back as Django does, and makes only those models that they ask for.

Django makes every model of the state before each migration that is to go, before it takes back
the first of them: that takes as long as to apply them all. Code on the way back then gets classes
which may lead to others that were made for an earlier state. Here it gets what it would get if each
migration were taken back by a ``migrate`` of its own.
"""

from _migration_workflow_agent.rendering import (
    Executor,
    StateAskedFor,
    adds_to_others,
    alone,
    as_django_has_it,
    leaves_models_behind,
    may_have,
    part_fields_that_refer,
)
from django.db.migrations.operations import RenameField, RunPython


class Backwards(Executor):
    """An executor for plans that lead back."""

    onward = False

    def _migrate_all_backwards(self, plan, full_plan, fake):
        """Take a plan back, and return the state after it.

        All is done as Django does it where it would not make anew every model that it should.
        """
        if not self._knows_django():
            return super()._migrate_all_backwards(plan, full_plan, fake)
        going = {migration for migration, _ in plan}
        nodes, applied = self.loader.graph.nodes, self.loader.applied_migrations
        staying = {nodes[key] for key in applied if key in nodes} - going
        before, state = {}, self._create_project_state()
        for migration, _ in full_plan:
            if migration in going:
                before[migration] = state
            elif migration not in staying:
                continue
            left_behind = before and leaves_models_behind(state, migration)
            if left_behind or adds_to_others(state, migration):
                self._as_django = True
                return super()._migrate_all_backwards(plan, full_plan, fake)
            state = alone(state) if migration in going else state
            state = migration.mutate_state(state, preserve=False)
        for migration, _ in plan:
            self.unapply_migration(before.pop(migration), migration, fake=fake)
        state = self._create_project_state()
        for migration, _ in full_plan:
            if migration in staying:
                state = migration.mutate_state(state, preserve=False)
        return state

    def unapply_migration(self, state, migration, **how):
        """Take a migration back, with every model made where code is to get them."""
        all_at_once = not self._knows(migration) or may_have(migration.operations, RunPython)
        if all_at_once and isinstance(state, StateAskedFor):
            state = as_django_has_it(_apart(state, migration))
        return super().unapply_migration(state, migration, **how)


def _apart(state, migration):
    """Return a state of which a migration may change fields that other states have, too."""
    if not may_have(migration.operations, RenameField):
        return state
    state = alone(state)
    part_fields_that_refer(state.models)
    return state
