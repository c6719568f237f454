"""Which models and fields exist at a point of the history.

Three-valued: ``None`` is "certainly not there", ``UNKNOWN`` is "cannot be told".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from workflow.history.fields import model_key
from workflow.history.values import UNKNOWN, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from workflow.history.fields import Field
    from workflow.history.model import MigrationKey
    from workflow.history.values import Call, Key, Value

ModelKey = tuple[str, str]
"""An app's label and a model's name in lower case."""


class Origin(NamedTuple):
    """Which operation made a thing. ``operation`` is the index of the outermost one."""

    migration: MigrationKey
    operation: int
    line: int


class Model(NamedTuple):
    """A model at one point. Never changed: the next point has a new one.

    ``fields`` by name as written, in order. ``indexes`` and ``constraints`` by name, with the
    expression that made them. ``options`` as in ``Meta``, indexes and constraints apart.
    ``bases``: ``"app.model"`` in lower case for models, dotted paths for other classes.
    ``origins``: where each field, index and constraint got the shape it has.
    ``closed``: whether these are certainly all its fields, indexes and constraints.
    ``unsure``: names of fields, indexes and constraints that may be gone or different.
    """

    app: str
    name: str
    fields: Mapping[str, Field]
    options: Mapping[Key, Value]
    bases: tuple[str | Unknown, ...]
    indexes: Mapping[str, Call | None]
    constraints: Mapping[str, Call | None]
    origin: Origin
    origins: Mapping[str, Origin]
    closed: bool = True
    unsure: frozenset[str] = frozenset()

    @property
    def key(self) -> ModelKey:
        """How states find it."""
        return self.app, self.name.lower()

    @property
    def proxy(self) -> bool | Unknown:
        """Whether it has no table of its own."""
        value = self.option("proxy", default=False)
        return value if isinstance(value, bool) else UNKNOWN

    @property
    def swappable(self) -> str | Unknown | None:
        """The setting that may put another model in its place."""
        value = self.option("swappable", default=None)
        return value if value is None or isinstance(value, str) else UNKNOWN

    def option(self, name: str, default: Value) -> Value:
        """Return an option of ``Meta``, ``default`` where it is not set."""
        if name in self.options:
            return self.options[name]
        return UNKNOWN if UNKNOWN in self.options else default

    def field(self, name: str) -> Field | Unknown | None:
        """Return the field, ``None`` where there certainly is none, else ``UNKNOWN``."""
        if name in self.unsure:
            return UNKNOWN
        found = self.fields.get(name)
        return found if found is not None or self.closed else UNKNOWN


class State:
    """All models at one point. Only the replay changes it: copy it to keep it.

    ``is_external`` tells the labels of apps that nobody showed us.
    """

    __slots__ = ("_apps", "_is_external", "_open", "_pointing", "_unsure")

    def __init__(self, is_external: Callable[[str], bool]) -> None:
        self._is_external = is_external
        self._apps: dict[str, dict[str, Model]] = {}
        self._unsure: set[ModelKey] = set()
        self._open: set[str] = set()
        # Which models have ever pointed to another. It only grows, so that copies share it.
        self._pointing: dict[ModelKey, dict[ModelKey, None]] = {}

    def model(self, app: str, name: str) -> Model | Unknown | None:
        """Return a model whatever its case, ``None`` where there certainly is none.

        Models of external apps are ``UNKNOWN``.
        """
        key = (app, name.lower())
        found = self.get(key)
        if found is not None and key not in self._unsure:
            return found
        unknown = found is not None or key in self._unsure or app in self._open
        return UNKNOWN if unknown or self._is_external(app) else None

    def models(self, app: str | None = None) -> Iterator[Model]:
        """Yield the models that certainly are there, or those of one app."""
        for label in self._apps if app is None else [app]:
            for name, model in self._apps.get(label, {}).items():
                if (label, name) not in self._unsure:
                    yield model

    def is_open(self, app: str) -> bool:
        """Return whether the app may have more models than are known."""
        return app in self._open or self._is_external(app)

    def copy(self) -> State:
        """Return a state that later steps of the replay do not change."""
        copy = State(self._is_external)
        copy._apps = {app: dict(models) for app, models in self._apps.items()}
        copy._unsure = set(self._unsure)
        copy._open = set(self._open)
        copy._pointing = self._pointing
        return copy

    def get(self, key: ModelKey) -> Model | None:
        """Return what is known of a model, be it there or not."""
        return self._apps.get(key[0], _NO_MODELS).get(key[1])

    def put(self, model: Model, *, certain: bool = True) -> None:
        """Set a model. Only for the replay."""
        self.replace(model)
        (self._unsure.discard if certain else self._unsure.add)(model.key)
        for field in model.fields.values():
            self.note(model, field)

    def remove(self, key: ModelKey, *, certain: bool = True) -> None:
        """Take a model away, or say that it may be gone. Only for the replay."""
        if certain:
            self._apps.get(key[0], {}).pop(key[1], None)
            self._unsure.discard(key)
        else:
            self._unsure.add(key)

    def replace(self, model: Model) -> None:
        """Set a model as certain as the one that it takes the place of. Only for the replay."""
        self._apps.setdefault(model.app, {})[model.name.lower()] = model

    def note(self, model: Model, field: Field) -> None:
        """Remember what a new field of a model points to. Only for the replay."""
        if field.call is None or field.is_relation is False:
            return
        for target in (field.argument("to"), field.argument("through")):
            key = model_key(target, model.app, model.name)
            if not isinstance(key, Unknown):
                self._pointing.setdefault(key, {})[model.key] = None

    def pointing_to(self, target: ModelKey) -> list[Model]:
        """Return the models that may point to this one, be they there or not."""
        found = [self.get(key) for key in self._pointing.get(target, ())]
        return [model for model in found if model is not None]

    def blur(self, app: str) -> None:
        """Say that anything may have happened to the app's models. Only for the replay."""
        self._open.add(app)
        self._unsure.update((app, name) for name in self._apps.get(app, ()))


_NO_MODELS: Mapping[str, Model] = {}
