"""Makes of a state the models that are asked for, where migrations run on a scratch database.

Django holds every model of the state as a class, and makes anew after each operation those that
are related to what it changed: in a grown project most of them, and that is most of the time that
``migrate`` takes from zero. Its own operations ask for one or two models by name. Here a
model is made when it is asked for, with all that it refers to, and the rest is made as soon as
anything else is asked for, such as the relations that lead to a model. Code of a migration gets
all models. Where an operation or the schema editor isn't Django's own, all is as Django has it.
"""

import django
from django.apps.registry import Apps
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.state import ModelState, ProjectState, StateApps

KNOWN_DJANGO = ((4, 2), (6, 1))
"""The first and the last Django whose operations and schema editors this was compared with."""

KNOWN_OPERATIONS = ("django.db.migrations.operations.", "django.contrib.postgres.operations")


class ModelsAskedFor(StateApps):
    """The models of one state, each made when it is asked for.

    ``models`` belongs to it, so that nothing changes a model before it is made. ``before`` has
    the models of the state before: there a model is made first, since that is the order of its
    columns where SQLite's table is made anew with an old model's fields and a new one.
    """

    def __init__(self, models, real_models, before=None):
        self._before = before
        self._waiting = {}
        self._making = False
        super().__init__([], {})
        self.real_models = real_models
        waiting = [*models.values(), *real_models]
        self._waiting = {(model.app_label, model.name_lower): model for model in waiting}

    def get_model(self, app_label, model_name=None, require_ready=True):
        """Return a model. All that its fields refer to is there as well."""
        if model_name is None:
            app_label, model_name = app_label.split(".")
        key = (app_label, model_name.lower())
        if key in self._waiting:
            if self._making:  # one that is being made asks for its base
                self.render_multiple([self._waiting.pop(key)])
            else:
                self._make_after_before(key)
        if key[0] not in self.app_configs:
            return super().get_model(app_label, model_name, require_ready)
        return self.app_configs[key[0]].get_model(model_name, require_ready)

    def get_models(self, include_auto_created=False, include_swapped=False):
        """Return all models. Django concludes from them which relations lead to a model."""
        self.make_all()
        return Apps.get_models.__wrapped__(self, include_auto_created, include_swapped)

    def get_app_configs(self):
        """Return all apps, with all models."""
        self.make_all()
        return super().get_app_configs()

    def get_app_config(self, app_label):
        """Return an app, with all its models."""
        self.make_all()
        return super().get_app_config(app_label)

    def get_containing_app_config(self, object_name):
        """Return the app that holds an object."""
        self.make_all()
        return super().get_containing_app_config(object_name)

    def is_installed(self, app_name):
        """Say whether there is an app."""
        self.make_all()
        return super().is_installed(app_name)

    def clear_cache(self):
        """Drop what models here have concluded from each other.

        Django's own drops, with every model that is made, also which settings name models: the
        same of all registries, and asked for each foreign key that is copied.
        """
        if self.ready:
            for models in self.all_models.values():
                for model in models.values():
                    model._meta._expire_cache()

    def make_all(self):
        """Make every model that nobody asked for so far."""
        if self._waiting and not self._making:
            self._make(list(self._waiting))

    def _make_after_before(self, key):
        if self._before is not None and key in self._before._waiting:
            self._before._make([key])
        self._make([key])

    def _make(self, keys):
        """Make models and all that they refer to: something in the registry is pending on that."""
        self._making = True
        try:
            with self.bulk_update():
                while keys:
                    for key in keys:
                        if key in self._waiting:
                            self.render_multiple([self._waiting.pop(key)])
                    keys = [key for key in self._pending_operations if key in self._waiting]
        finally:
            self._making = False


class StateAskedFor(ProjectState):
    """A state whose models are made when they are asked for.

    ``real_models`` are those of apps without migrations, as Django's registry of a state has them.
    """

    def __init__(self, models, real_apps, real_models):
        super().__init__(models, real_apps)
        self._real_models = real_models
        self._apps = None
        self._apps_before = None

    @property
    def apps(self):
        """The models. As they are no entry of ``__dict__``, Django doesn't keep them up to date."""
        if self._apps is None:
            before, self._apps_before = self._apps_before, None
            if before is not None:
                before._before = None
            self._apps = ModelsAskedFor(copied(self.models), self._real_models, before)
        return self._apps

    def _changed(self):
        if self._apps is not None:
            self._apps, self._apps_before = None, self._apps

    def clone(self):
        """Return a copy, which shares the models until one of both is changed."""
        clone = StateAskedFor(copied(self.models), self.real_apps, self._real_models)
        clone.is_delayed = self.is_delayed
        clone._apps = self.apps
        return clone

    def clear_delayed_apps_cache(self):
        """Make all models, and all of them anew: what comes next is code of a migration.

        Where one refers to what isn't there, Django says so, if it would make them anew as well.
        """
        self._apps = ModelsAskedFor(copied(self.models), self._real_models)
        self._apps.make_all()
        if self.is_delayed and self._apps._pending_operations:
            self._apps = StateApps(self.real_apps, self.models)

    def add_model(self, model_state):
        """Add a model."""
        super().add_model(model_state)
        self._changed()

    def remove_model(self, app_label, model_name):
        """Take a model away."""
        super().remove_model(app_label, model_name)
        self._changed()

    def rename_field(self, app_label, model_name, old_name, new_name):
        """Make all models before: Django renames it within fields that copies of a state share."""
        self.apps.make_all()
        super().rename_field(app_label, model_name, old_name, new_name)

    def reload_model(self, app_label, model_name, delay=False):  # noqa: ARG002 - as in Django
        """Take note that a model was changed."""
        self.is_delayed = self.is_delayed or delay
        self._changed()

    def reload_models(self, models, delay=True):  # noqa: ARG002 - as in Django
        """Take note that models were changed."""
        self.is_delayed = self.is_delayed or delay
        self._changed()


def copied(models):
    """Return copies of the models of a state, without the checks that Django repeats for each."""
    copies = {}
    for key, model in models.items():
        copy = copies[key] = ModelState.__new__(type(model))
        copy.__dict__.update(model.__dict__)
        copy.fields = dict(model.fields)
        copy.options = dict(model.options)
        copy.managers = list(model.managers)
    return copies


class Executor(MigrationExecutor):
    """Django's executor, on states whose models are made when they are asked for."""

    def apply_migration(self, state, migration, **how):
        """Run a migration, on a state as Django has it where something is not Django's own."""
        own = isinstance(state, StateAskedFor)
        if not self._knows(migration):
            state = as_django_has_it(state) if own else state
        elif not own:
            state = StateAskedFor(copied(state.models), state.real_apps, state.apps.real_models)
        return super().apply_migration(state, migration, **how)

    def _knows(self, migration):
        first, last = KNOWN_DJANGO
        kind = type(migration)
        return (
            first <= django.VERSION[:2] <= last
            and self.connection.SchemaEditorClass.__module__.startswith("django.")
            and kind.apply is Migration.apply
            and kind.mutate_state is Migration.mutate_state
            and all(map(is_known, migration.operations))
        )


def is_known(operation):
    """Say whether an operation is Django's own, with all that are within it."""
    parts = (getattr(operation, name, ()) for name in ("database_operations", "state_operations"))
    kind = type(operation).__module__
    return kind.startswith(KNOWN_OPERATIONS) and all(
        is_known(part) for sub in parts for part in sub
    )


def as_django_has_it(state):
    """Return a state with every model made, which Django keeps up to date."""
    plain = ProjectState(copied(state.models), state.real_apps)
    plain.is_delayed = state.is_delayed
    plain.__dict__["apps"] = ModelsAskedFor(copied(state.models), state._real_models)
    plain.apps.make_all()
    return plain
