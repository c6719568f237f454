"""Makes of a state the models that are asked for, where migrations run on a scratch database.

Django holds every model of the state as a class, and makes anew after each operation those that
are related to what it changed: in a grown project most of them, and that is most of the time that
``migrate`` takes from zero. Its own operations ask for one or two models by name. Here a
model is made when it is asked for, with all that it refers to, and the rest is made as soon as
anything else is asked for, such as the relations that lead to a model. Code of a migration gets
all models. Where an operation or the schema editor isn't Django's own, all is as Django has it.

A class is handed on from one state to the next where neither its model has changed nor any that it
refers to. It belongs to the newest of those states, and answers for that one when it is asked which
relations lead to it.
"""

import copy
from itertools import chain
from operator import is_

import django
from django.apps.registry import Apps, apps
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.operations import AddField, AlterField, CreateModel, RunPython
from django.db.migrations.state import AppConfigStub, ModelState, ProjectState, StateApps
from django.db.models import Field
from django.db.models.signals import class_prepared

KNOWN_DJANGO = ((4, 2), (6, 1))
"""The first and the last Django whose operations and schema editors this was compared with."""

KNOWN_OPERATIONS = (
    "django.db.migrations.operations.",
    "django.contrib.contenttypes.management",
    "django.contrib.postgres.operations",
)


KNOWN_FIELDS = {
    "django.db.models.fields",
    "django.db.models.fields.files",
    "django.db.models.fields.json",
    "django.db.models.fields.related",
}
"""The modules of fields that hold no other field."""


NUMBERS = 1_000_000
"""More fields than the models of one state have."""


class ModelsAskedFor(StateApps):
    """The models of one state, each made when it is asked for.

    ``models`` belongs to it, so that nothing changes a model before it is made. ``before`` has
    the models of the state before, if some of its classes are to be handed on to this one.

    Fields are numbered as if all models of a state were made at once, and those of the next after
    them: that is the order of columns where SQLite's table is made anew with fields of both.
    """

    def __init__(self, models, real_apps, real_models, before=None):
        self._before = before
        self._changed = set()
        self._refers = {}
        self._tables = {}
        self._waiting = {}
        self._making = False
        self._numbering = False
        self._numbers = Field.creation_counter, Field.auto_creation_counter
        Field.creation_counter += NUMBERS
        Field.auto_creation_counter -= NUMBERS
        self._whole = True  # while there is nothing
        super().__init__([], {})
        self._whole = False
        self._real_apps = real_apps
        self.real_models = real_models
        waiting = [*models.values(), *real_models]
        self._models = {(model.app_label, model.name_lower): model for model in waiting}
        self._waiting = dict(self._models)
        if before is not None:
            then = before._models.items()
            self._changed = {key for key, one in then if not is_same(one, self._models.get(key))}
            self._inherit()

    def get_model(self, app_label, model_name=None, require_ready=True):
        """Return a model. All that its fields refer to is there as well."""
        if model_name is None:
            app_label, model_name = app_label.split(".")
        key = (app_label, model_name.lower())
        if key in self._waiting:
            if self._making:  # one that is being made asks for its base
                self.render_multiple([self._waiting.pop(key)])
            else:
                self._make_or_inherit(key)
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

        Django's own also drops, with every model that is made, which settings name models: the
        same of all registries, and asked for each foreign key that is copied.
        """
        if self.ready:
            for _, model in self._made():
                model._meta._expire_cache()

    def register_model(self, app_label, model):
        """Take a class in, and note what its table is made of before others add to it."""
        self._tables[app_label, model._meta.model_name] = model, _table_of(model)
        super().register_model(app_label, model)

    def add_to_others(self):
        """Say whether making a model has changed what the table of another one is made of.

        No field of Django's does that. One that keeps a sum of rows in what they belong to may.
        """
        return any(_table_of(model) != table for model, table in self._tables.values())

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

    def render_multiple(self, model_states):
        """Make models, with fields that are numbered for this state."""
        if self._numbering:
            super().render_multiple(model_states)
            return
        self._numbering = True
        later = Field.creation_counter, Field.auto_creation_counter
        Field.creation_counter, Field.auto_creation_counter = self._numbers
        try:
            super().render_multiple(model_states)
        finally:
            self._numbers = Field.creation_counter, Field.auto_creation_counter
            Field.creation_counter, Field.auto_creation_counter = later
            self._numbering = False

    def _make_or_inherit(self, key):
        if self._before is not None and key in self._before._waiting:
            # It will be asked for there as well: what both refer to is then made once.
            self._before._make([key])
            self._inherit()
        if key in self._waiting:
            self._make([key])

    def _inherit(self):
        """Take over the classes of the state before that would be made here as they are.

        Those are the ones that neither a change nor something missing has to do with.
        """
        before, here = self._before, self.all_models
        if before._pending_operations:
            return
        made_anew = {
            key for key, model in before._made() if here[key[0]].get(key[1], model) is not model
        }
        stale = before._reached_by(self._changed | made_anew)
        for key, model in before._made():
            if key not in stale and key[1] not in here[key[0]]:
                self._waiting.pop(key, None)
                self._refers[key] = before._refers[key]
                self._adopt(*key, model)

    def _made(self):
        """Return the key and the class of all that is there so far."""
        there = self.all_models.items()
        return [((label, name), model) for label, some in there for name, model in some.items()]

    def _with_bases(self, keys):
        """Return the keys of models, and of those that they inherit from."""
        found, more = set(), set(keys)
        while more:
            found |= more
            more = (
                {
                    _key_of(base)
                    for key in more & self._models.keys()
                    for base in self._models[key].bases
                }
                - found
                - {None}
            )
        return found

    def _reached_by(self, changed):
        """Return the keys of changed models, of what they inherit from, and of all that lead there.

        Of a parent, the state before and the one after are asked which relations lead to it.
        """
        for key, model in self._made():
            if key not in self._refers:
                self._refers[key] = set(_referred_to(model))
        reached, more = set(), self._with_bases(changed)
        while more:
            reached |= more
            more = {key for key, others in self._refers.items() if others & more} - reached
        return reached

    def _adopt(self, label, name, model):
        if label not in self.app_configs:
            self.app_configs[label] = AppConfigStub(label)
            self.app_configs[label].apps = self
        self.all_models[label][name] = self.app_configs[label].models[name] = model
        model._meta.apps = self
        model._meta._expire_cache()

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


def part_fields_that_refer(models):
    """Give models of a state fields of their own, where ``RenameField`` changes fields themselves.

    Those are the ones that lead to a model, or are a key that is made of other fields.
    """
    for model in models.values():
        for name, field in model.fields.items():
            if field.remote_field is not None or hasattr(field, "field_names"):
                model.fields[name] = field.clone()


def is_same(model, other):
    """Say whether two states of a model are made into the same class.

    Of what a model has, each change puts another object in the place of the one before.
    """
    return (
        other is not None
        and model.name == other.name
        and list(model.fields) == list(other.fields)
        and all(map(is_, model.fields.values(), other.fields.values()))
        and model.bases == other.bases
        and model.managers == other.managers
        and model.options == other.options
    )


def _table_of(model):
    """Return what a model says of its own table."""
    meta = model._meta
    fields = *meta.local_fields, *meta.local_many_to_many, *meta.private_fields
    return fields, (*meta.indexes, *meta.constraints), meta.unique_together, meta.db_table


def _referred_to(model):
    """Yield the keys of the models that a model refers to, or inherits from."""
    meta = model._meta
    for field in (*meta.local_fields, *meta.local_many_to_many, *meta.private_fields):
        remote = field.remote_field
        for other in (getattr(remote, "model", None), getattr(remote, "through", None)):
            if hasattr(other, "_meta"):
                yield _key_of(other)
    for base in model.__mro__[1:]:
        if hasattr(base, "_meta") and not base._meta.abstract:
            yield _key_of(base)


class StateAskedFor(ProjectState):
    """A state whose models are made when they are asked for.

    ``real_models`` are those of apps without migrations, as Django's registry of a state has them.
    ``onward``: whether states are gone through in their order, so that one can hand on classes to
    the next.
    """

    def __init__(self, models, real_apps, real_models, *, onward=False):
        super().__init__(models, real_apps)
        self._real_models = real_models
        self._onward = onward
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

    @apps.deleter
    def apps(self):
        """Let the models be made anew, as own operations do that change a state themselves."""
        self._changed()

    def _asked_for(self, before=None):
        before = before if self._onward else None
        return ModelsAskedFor(copied(self.models), self.real_apps, self._real_models, before)

    def _changed(self):
        if self._apps is not None:
            # The state before that one may have concluded something from the same classes.
            self._apps.clear_cache()
            self._apps, self._apps_before = None, self._apps

    def clone(self):
        """Return a copy, which shares the models until one of both is changed."""
        models = copied(self.models)
        clone = StateAskedFor(models, self.real_apps, self._real_models, onward=self._onward)
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
        super().add_model(_copied(model_state))
        self._changed()

    def remove_model(self, app_label, model_name):
        """Take a model away."""
        super().remove_model(app_label, model_name)
        self._changed()

    def rename_field(self, app_label, model_name, old_name, new_name):
        """Rename a field. Those that refer to it, which Django changes, are first made our own."""
        part_fields_that_refer(self.models)
        super().rename_field(app_label, model_name, old_name, new_name)

    def reload_model(self, app_label, model_name, delay=False):  # noqa: ARG002 - as in Django
        """Take note that a model was changed."""
        self.is_delayed = self.is_delayed or delay
        self._changed()

    def reload_models(self, models, delay=True):  # noqa: ARG002 - as in Django
        """Take note that models were changed."""
        self.is_delayed = self.is_delayed or delay
        self._changed()


class Copied(ModelState):
    """A model of a state, made without the detours that Django takes with each."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.clones = {}

    def render(self, apps):
        """Make the class, with copies of clones where Django clones each field anew."""
        fields = self.fields
        self.fields = {name: self._cloned(name, field) for name, field in fields.items()}
        try:
            return super().render(apps)
        finally:
            self.fields = fields

    def _cloned(self, name, field):
        cloned = self.clones.get(name)
        if cloned is None or cloned.field is not field:
            cloned = self.clones[name] = Cloned(field)
        return cloned


class Cloned:
    """A field, and a clone of it that belongs to no model: it is copied for all that are to come.

    A clone is not always what the field is: it doesn't know whether ``symmetrical`` was given.
    """

    def __init__(self, field):
        self.field = field
        self._clone = None

    def clone(self):
        """Return a clone of the field, as Django asks it for one."""
        if type(self.field).__module__ not in KNOWN_FIELDS:
            return self.field.clone()
        if self._clone is None:
            self._clone = self.field.clone()
        field = copy.deepcopy(self._clone)  # not deep: Django copies the relation beside it
        if field.auto_created:
            field.creation_counter = Field.auto_creation_counter
            Field.auto_creation_counter -= 1
        else:
            field.creation_counter = Field.creation_counter
            Field.creation_counter += 1
        return field


def copied(models):
    """Return copies of the models of a state, without the checks that Django repeats for each."""
    return {key: _copied(model) for key, model in models.items()}


def _copied(model, kind=Copied):
    copied_model = kind.__new__(kind if type(model) in {Copied, ModelState} else type(model))
    own = vars(copied_model)
    own.update(vars(model))
    own["fields"] = model.fields.copy()
    own["options"] = model.options.copy()
    own["managers"] = model.managers.copy()
    if kind is ModelState:  # Django changes fields of such a model
        own.pop("clones", None)
    else:
        own.setdefault("clones", {})  # all copies have the same
    return copied_model


class Executor(MigrationExecutor):
    """Django's executor, on states whose models are made when they are asked for."""

    onward = True
    """Whether the states of a plan are gone through in their order."""

    _as_django = False
    """Whether all migrations from here on run on states as Django has them."""

    _shares = False
    """Whether code has run, and what comes next gets the same models, as long as all are there."""

    def _create_project_state(self, with_applied_migrations=False):
        """Return the state that a plan begins with."""
        state = super()._create_project_state(with_applied_migrations)
        if self._as_django or not self._knows_django():
            return state
        return self._asked_for(state, real_models_of(state.real_apps))

    def _migrate_all_forwards(self, state, plan, full_plan, **how):
        """Run a plan. Whoever has the models of the state before it keeps them as they were."""
        if isinstance(state, StateAskedFor):
            state.apps.make_all()
            if state.apps._pending_operations:
                StateApps(state.real_apps, state.models)  # says what a field leads to in vain
            self._as_django = self._as_django or state.apps.add_to_others()
            state = self._asked_for(state, state._real_models)
        return super()._migrate_all_forwards(state, plan, full_plan, **how)

    def apply_migration(self, state, migration, **how):
        """Run a migration, on a state as Django has it where something is not Django's own.

        Until something makes it put off what it has to make anew, Django gives code of one
        migration the very classes that code of another had.
        """
        own = isinstance(state, StateAskedFor)
        self._as_django = (
            self._as_django
            or not self._knows_django()
            or leaves_models_behind(state, migration)
            or adds_to_others(state, migration)
        )
        has_code = any(map(is_own_code, with_those_within(migration.operations)))
        self._shares = not state.is_delayed and (self._shares or has_code)
        known = not (self._as_django or self._shares) and self._knows(migration)
        if own and not known:
            state = as_django_has_it(state)
        elif known and not own:
            state = self._asked_for(state, state.apps.real_models)
        return super().apply_migration(state, migration, **how)

    def _asked_for(self, state, real_models):
        models = copied(state.models)
        asked_for = StateAskedFor(models, state.real_apps, real_models, onward=self.onward)
        asked_for.is_delayed = state.is_delayed
        return asked_for

    def _knows_django(self):
        first, last = KNOWN_DJANGO
        editor = self.connection.SchemaEditorClass
        return first <= django.VERSION[:2] <= last and editor.__module__.startswith("django.")

    def _knows(self, migration):
        kind = type(migration)
        return (
            kind.apply is Migration.apply
            and kind.unapply is Migration.unapply
            and kind.mutate_state is Migration.mutate_state
            and all(map(is_known, migration.operations))
        )


def real_models_of(labels):
    """Return the models of apps without migrations, as Django's registry of a state has them."""
    configs = map(apps.get_app_config, labels)
    return [
        ModelState.from_model(model, exclude_rels=True)
        for config in configs
        for model in config.get_models()
    ]


def is_own_code(operation):
    """Say whether an operation runs code of the project's. What contenttypes adds is Django's."""
    is_django_s = type(operation).__module__.startswith("django.contrib.")
    return isinstance(operation, RunPython) and not is_django_s


def leaves_models_behind(state, migration):
    """Say whether Django does not make anew all models that a changed key has to do with.

    It doesn't see that the link to a parent refers to the parent's key. So models that refer to
    the child keep to the child as it was, and their columns keep to its old type. Whatever
    statements follow from that are to be the same here.
    """
    operations = list(with_those_within(migration.operations))
    bases = [model.bases for model in state.models.values()]
    bases += [one.bases for one in operations if isinstance(one, CreateModel)]
    parents = {name for some in bases for name in map(_key_of, some)}
    for operation in operations:
        if isinstance(operation, AlterField):
            key = (migration.app_label, operation.model_name_lower)
            model = state.models.get(key)
            before = model.fields.get(operation.name) if model is not None else None
            is_key = operation.field.primary_key or before is None or before.primary_key
            if is_key and key in parents:
                return True
    return False


def adds_to_others(state, migration):
    """Say whether models that a migration makes or changes add fields to others.

    Where a class that isn't Django's takes part in making them, it is tried. Then those others have
    fields which depend on what else is made, and on what was made before.
    """
    parts = chain.from_iterable(map(_parts_of, with_those_within(migration.operations)))
    if all(map(is_django_s, parts)) and not class_prepared.has_listeners():
        return False
    before = state.models
    try:
        state = migration.mutate_state(alone(state), preserve=False)
        for key, model in state.models.items():
            if not is_same(model, before.get(key)):
                state.apps.get_model(*key)
    except Exception:  # noqa: BLE001 - whatever it is, it is to arise when the migration runs
        return True
    return state.apps.add_to_others() or bool(state.apps._pending_operations)


def may_have(operations, kind):
    """Say whether an operation of some kind is among these or within one, as far as is known.

    One that isn't Django's may be of any.
    """
    return any(
        isinstance(part, kind) or not is_django_s(part) for part in with_those_within(operations)
    )


def is_django_s(part):
    """Say whether a class, or that of an object, is Django's own."""
    kind = part if isinstance(part, type) else type(part)
    return kind.__module__.startswith("django.")


def _parts_of(operation):
    """Yield an operation, and what it has a model made of."""
    yield operation
    if isinstance(operation, CreateModel):
        yield from (field for _, field in operation.fields)
        yield from (base for base in operation.bases if not isinstance(base, str))
    yield from (manager for _, manager in getattr(operation, "managers", ()))
    if isinstance(operation, (AddField, AlterField)):
        yield operation.field


def _key_of(model):
    """Return the key of a model that is given as a class or by name, ``None`` for another class."""
    if isinstance(model, str):
        label, _, name = model.rpartition(".")
        return label, name.lower()
    return (model._meta.app_label, model._meta.model_name) if hasattr(model, "_meta") else None


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


def alone(state):
    """Return a copy of a state that shares no class, and hands none on."""
    own = isinstance(state, StateAskedFor)
    real_models = state._real_models if own else state.apps.real_models
    return StateAskedFor(copied(state.models), state.real_apps, real_models)


def as_django_has_it(state):
    """Return a state with every model made, which Django keeps up to date."""
    models = {key: _copied(model, ModelState) for key, model in state.models.items()}
    plain = ProjectState(models, state.real_apps)
    plain.is_delayed = state.is_delayed
    plain.__dict__["apps"] = state._asked_for()
    plain.apps.make_all()
    return plain
