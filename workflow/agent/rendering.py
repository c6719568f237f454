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
from django.db.migrations.operations import AlterField, CreateModel
from django.db.migrations.state import AppConfigStub, ModelState, ProjectState, StateApps

KNOWN_DJANGO = ((4, 2), (6, 1))
"""The first and the last Django whose operations and schema editors this was compared with."""

KNOWN_OPERATIONS = ("django.db.migrations.operations.", "django.contrib.postgres.operations")


class ModelsAskedFor(StateApps):
    """The models of one state, each made when it is asked for.

    ``models`` belongs to it, so that nothing changes a model before it is made. ``before`` has
    the models of the state before: there a model is made first, since that is the order of its
    columns where SQLite's table is made anew with an old model's fields and a new one.
    """

    def __init__(self, models, real_apps, real_models, before=None):
        self._before = before
        self._waiting = {}
        self._making = False
        self._whole = True  # while there is nothing
        super().__init__([], {})
        self._whole = False
        self._real_apps = real_apps
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
        """Make every model that nobody asked for so far, and the apps, in Django's order."""
        if self._making or self._whole:
            return
        self._whole = True
        waiting, self._waiting = self._waiting, {}
        labels = {*self._real_apps, *self.app_configs, *(label for label, _ in waiting)}
        self.app_configs = {label: self._app(label) for label in sorted(labels)}
        self._making = True
        try:
            self.render_multiple(list(waiting.values()))
        finally:
            self._making = False

    def _app(self, label):
        if label in self.app_configs:
            return self.app_configs[label]
        app = AppConfigStub(label)
        app.apps = self
        return app

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
            self._apps = self._asked_for(before)
        return self._apps

    def _asked_for(self, before=None):
        return ModelsAskedFor(copied(self.models), self.real_apps, self._real_models, before)

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
        self._apps = self._asked_for()
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

    _as_django = False
    """Whether all migrations from here on run on states as Django has them."""

    def apply_migration(self, state, migration, **how):
        """Run a migration, on a state as Django has it where something is not Django's own."""
        own = isinstance(state, StateAskedFor)
        self._as_django = self._as_django or leaves_models_behind(state, migration)
        if self._as_django or not self._knows(migration):
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


def leaves_models_behind(state, migration):
    """Say whether Django does not make anew all models that a changed key has to do with.

    It doesn't see that the link to a parent refers to the parent's key. So models that refer to
    the child keep to the child as it was, and their columns keep to its old type. Whatever
    statements follow from that are to be the same here.
    """
    operations = list(with_those_within(migration.operations))
    bases = [model.bases for model in state.models.values()]
    bases += [one.bases for one in operations if isinstance(one, CreateModel)]
    parents = {name for some in bases for name in map(_key_of_base, some)}
    for operation in operations:
        if isinstance(operation, AlterField):
            key = (migration.app_label, operation.model_name_lower)
            model = state.models.get(key)
            before = model.fields.get(operation.name) if model is not None else None
            is_key = operation.field.primary_key or before is None or before.primary_key
            if is_key and key in parents:
                return True
    return False


def _key_of_base(base):
    if isinstance(base, str):
        return tuple(base.lower().split("."))
    return (base._meta.app_label, base._meta.model_name) if hasattr(base, "_meta") else None


def with_those_within(operations):
    """Yield operations, each followed by those that are within it."""
    for operation in operations:
        yield operation
        yield from with_those_within(_within(operation))


def _within(operation):
    """Return the operations that an operation has in turn."""
    names = ("database_operations", "state_operations")
    return [part for name in names for part in getattr(operation, name, ())]


def is_known(operation):
    """Say whether an operation is Django's own, with all that are within it."""
    kind = type(operation).__module__
    return kind.startswith(KNOWN_OPERATIONS) and all(map(is_known, _within(operation)))


def as_django_has_it(state):
    """Return a state with every model made, which Django keeps up to date."""
    plain = ProjectState(copied(state.models), state.real_apps)
    plain.is_delayed = state.is_delayed
    plain.__dict__["apps"] = state._asked_for()
    plain.apps.make_all()
    return plain
