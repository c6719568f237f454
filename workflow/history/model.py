"""The data types of a history. Frozen: nothing here is changed after reading.

How much is known is said everywhere, and nothing is guessed:

- a value is exact or :data:`~workflow.history.values.UNKNOWN`;
- a list that may hold more than it shows says ``complete = False``;
- a thing that may or may not be there, such as a dependency under an ``if``, says
  ``certain = False``.

A rule must speak only where what it needs is exact, complete and certain.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final, NamedTuple

from workflow.history.building import build_graph
from workflow.history.digests import digest_of
from workflow.history.values import UNKNOWN, Ternary, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from workflow.history.graph import Graph


MARK: Final = b"migration-workflow:"
"""What stands in a file that may speak to this tool, in a comment."""


class MigrationKey(NamedTuple):
    """How Django names a migration: ``("shop", "0004_price")``."""

    app: str
    name: str

    def __str__(self) -> str:
        return f"{self.app}.{self.name}"


class Reference(NamedTuple):
    """One entry of ``dependencies``, ``run_before`` or ``replaces``.

    ``name`` may be ``__first__`` or ``__latest__``. For a swappable dependency ``setting``
    names the setting, and ``app`` is known only where the setting is. ``certain`` is false
    where the entry stands under a condition. ``line`` counts from 1.
    """

    app: str | Unknown
    name: str | Unknown
    line: int
    certain: bool = True
    setting: str | None = None

    @property
    def key(self) -> MigrationKey | None:
        """The key it names, or ``None`` where a part of it is not known."""
        if isinstance(self.app, str) and isinstance(self.name, str):
            return MigrationKey(self.app, self.name)
        return None


class References(NamedTuple):
    """A list of references. ``complete`` is false where it may hold more than ``items``.

    ``line`` is where the list is written, 0 where the migration states none.
    """

    items: tuple[Reference, ...] = ()
    complete: bool = True
    line: int = 0


class Operation(NamedTuple):
    """One operation of a migration.

    ``kind`` is Django's class name, such as ``"AddField"``, where the operation certainly
    changes the state as that class does: it is Django's own, or a subclass that was read
    and leaves that alone. ``UNKNOWN`` for any other operation, and for a stretch of the list
    that is not statically known (then ``name`` is empty, and any number of operations,
    none included, may stand here). ``""`` for an operation that certainly leaves the
    state alone without being one of Django's.

    ``is_django``: the class is Django's own, not a subclass or a namesake.
    ``path``: dotted path of the class, ``name`` its last part, as the file calls it.
    ``args``: by Django's parameter names, whether given by position or keyword; what is not
    given is not there. ``complete`` is false where ``*args`` or ``**kwargs`` may add more.
    ``position``: its index in the list that it stands in, from 0; for a nested operation that is
    the list of its parent. ``line``: from 1.
    ``certain``: false where it may not be there at all.
    ``database_operations`` and ``state_operations``: those of ``SeparateDatabaseAndState``
    and ``RunSQL``.
    """

    name: str
    path: str
    kind: str | Unknown
    is_django: bool
    args: Mapping[str, Value]
    complete: bool
    line: int
    position: int
    certain: bool = True
    database_operations: tuple[Operation, ...] = ()
    state_operations: tuple[Operation, ...] = ()

    def argument(self, name: str, default: Value = None) -> Value:
        """Return an argument, ``default`` where it is not given, else ``UNKNOWN``."""
        if name in self.args:
            return self.args[name]
        return default if self.complete else UNKNOWN

    def text(self, name: str) -> str | Unknown:
        """Return an argument that must be a string, ``UNKNOWN`` where it is not one."""
        value = self.argument(name, UNKNOWN)
        return value if isinstance(value, str) else UNKNOWN


class Import(NamedTuple):
    """One name that the file imports, at its top or inside a function.

    ``path`` is the dotted path (``shop.models.Product``), relative imports resolved,
    ``alias`` the name that it is bound to (``*`` for a star import).
    """

    path: str
    alias: str
    line: int


class ModelLookup(NamedTuple):
    """One ``apps.get_model(…)`` call; parts that are computed are ``UNKNOWN``."""

    app: str | Unknown
    model: str | Unknown
    line: int


class Function(NamedTuple):
    """A function that the migration file defines, for ``RunPython``.

    ``parameters``: names of those that take positional arguments. ``required``: how many of
    them have no default. ``variadic``: whether it has ``*args``. ``decorated``: then its
    signature is not what callers see. ``keyword_only``: whether it requires keywords.
    ``names``: dotted paths, imports resolved, that its body reads; own names start with a dot.
    ``lookups``: its ``get_model`` calls on its first parameter.
    """

    name: str
    line: int
    parameters: tuple[str, ...]
    required: int
    variadic: bool
    decorated: bool
    keyword_only: bool
    names: tuple[str, ...]
    imports: tuple[Import, ...]
    lookups: tuple[ModelLookup, ...]


class Trouble(enum.Enum):
    """Why a file or folder could not be read as it should."""

    SYNTAX = "syntax"
    """No Python, or a Python older than the oldest that is supported."""
    NEWER_GRAMMAR = "newer-grammar"
    """Grammar that the tool's own Python does not know but a newer one may."""
    CONFLICT_MARKERS = "conflict-markers"
    """Git's ``<<<<<<<``, ``=======``, ``>>>>>>>`` are still there."""
    ENCODING = "encoding"
    """Not the encoding that it declares, or UTF-8 where it declares none."""
    NULL_BYTES = "null-bytes"
    TOO_DEEP = "too-deep"
    """Nested beyond what Python's parser takes."""
    TOO_LARGE = "too-large"
    UNREADABLE = "unreadable"
    """The operating system refused: permissions, a broken link, a vanished file."""


class Problem(NamedTuple):
    """A file or folder that could not be read.

    ``path`` is relative to the project with ``/``, ``line`` from 1 or ``None``, ``reason``
    one line for a person. ``app`` and ``migration`` where the file would be a migration.
    """

    trouble: Trouble
    path: str
    line: int | None
    reason: str
    app: str | None = None
    migration: str | None = None


class Header(NamedTuple):
    """What a migration says about itself beside its operations.

    ``line`` is where ``class Migration`` stands. ``base`` is the dotted path of its base
    class, empty where there are several or none can be told.
    ``initial`` is ``None`` where the file does not say.
    ``alters_state``: true where the class itself may change the state (an overridden
    ``mutate_state``, computed operations): its operations are not the whole story.
    """

    line: int = 0
    base: str = ""
    dependencies: References = References()
    run_before: References = References()
    replaces: References = References()
    initial: Ternary | None = None
    atomic: Ternary = True
    alters_state: Ternary = False


class Body(NamedTuple):
    """What a migration does. ``imports`` are all of the file's, nested ones included."""

    operations: tuple[Operation, ...] = ()
    imports: tuple[Import, ...] = ()
    functions: Mapping[str, Function] = {}


class Migration:
    """One migration file.

    The header is read at once; the body is made when it is asked for.

    ``path`` is relative to the project, with ``/``; absolute for an installed package.
    ``problem`` says why the file could not be read; then the references may be known all
    the same, and the operations are one unknown stretch.
    ``digest`` changes whenever anything changes that this migration was read from.
    """

    __slots__ = ("_body", "_make_body", "digest", "header", "key", "path", "problem")

    def __init__(  # noqa: PLR0913 - frozen data has as many parts as it has
        self,
        key: MigrationKey,
        path: str,
        header: Header,
        make_body: Callable[[], Body],
        *,
        digest: str = "",
        problem: Problem | None = None,
    ) -> None:
        self.key = key
        self.path = path
        self.header = header
        self.digest = digest
        self.problem = problem
        self._make_body = make_body
        self._body: Body | None = None

    @property
    def body(self) -> Body:
        """Operations, imports and functions; made once."""
        if self._body is None:
            self._body = self._make_body()
        return self._body

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations in order, stretches that are not known included."""
        return self.body.operations

    @property
    def line(self) -> int:
        """Where ``class Migration`` stands."""
        return self.header.line

    @property
    def dependencies(self) -> References:
        """What must run before this."""
        return self.header.dependencies

    @property
    def run_before(self) -> References:
        """What must run after this."""
        return self.header.run_before

    @property
    def replaces(self) -> References:
        """What this is a squash of."""
        return self.header.replaces

    @property
    def initial(self) -> Ternary | None:
        """What the file says, ``None`` where it says nothing."""
        return self.header.initial

    @property
    def atomic(self) -> Ternary:
        """Whether it runs inside one transaction."""
        return self.header.atomic

    def __repr__(self) -> str:
        return f"<Migration {self.key}>"


class App(NamedTuple):
    """One app that has, or should have, a folder of migrations.

    ``label`` is Django's app label, ``module`` the dotted path of the migrations package as
    far as the tree shows it. ``path`` is the migrations folder and ``root`` the app's own,
    both relative to the project with ``/`` (absolute outside it).
    ``in_project``: false for an installed package. ``has_init``: whether the folder has an
    ``__init__.py``; without one Django loads nothing from it.
    ``label_source`` says where the label is from: ``"MIGRATION_MODULES"``, ``"label"``,
    ``"name"``, ``"folder"``, ``"references"`` (what its migrations call themselves) or
    ``"installed"``.
    ``listed``: whether the settings' ``INSTALLED_APPS`` have it, where they can be read.
    ``migrations``: names of its migrations, sorted.
    ``strays``: names of files that Django takes for migrations and that certainly bind no
    ``Migration``: it refuses to load any app then.
    ``hidden``: names of migrations that a package of the same name hides from Django.
    """

    label: str
    path: str
    root: str
    module: str
    in_project: bool
    has_init: bool
    label_source: str
    listed: Ternary
    migrations: tuple[str, ...]
    strays: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


class History:
    """The migrations of a project, and those of installed packages where they were given.

    ``apps`` is by label. ``collisions`` are further folders that claim a label that an app in
    ``apps`` already has; their migrations are not in ``migrations``.
    ``unlabelled`` are migration folders whose label only running the project could tell:
    with any of them, or without ``closed``, a label that is not in ``apps`` may exist.
    ``unmigrated`` are labels of folders that may be apps and have no migrations.
    ``closed``: whether every installed app is in ``apps``.
    ``installed``: of apps outside the tree that migrations refer to, the names of all their
    migrations, where that is certain. They are known to be there, and nothing else of them is.
    ``settings``: what the settings files say, as far as it is certain.
    ``problems``: all files and folders that could not be read.
    ``marked``: the text of each migration of the project that has :data:`MARK` in it.
    """

    def __init__(  # noqa: PLR0913 - frozen data has as many parts as it has
        self,
        project: Path,
        apps: Mapping[str, App],
        migrations: Mapping[MigrationKey, Migration],
        *,
        collisions: tuple[App, ...] = (),
        unlabelled: tuple[str, ...] = (),
        unmigrated: frozenset[str] = frozenset(),
        problems: tuple[Problem, ...] = (),
        settings: Mapping[str, Value] | None = None,
        installed: Mapping[str, tuple[str, ...]] | None = None,
        closed: bool = False,
        marked: Mapping[MigrationKey, bytes] | None = None,
    ) -> None:
        self.project = project
        self.apps = apps
        self.migrations = migrations
        self.collisions = collisions
        self.unlabelled = unlabelled
        self.unmigrated = unmigrated
        self.problems = problems
        self.settings = settings or {}
        self.installed = installed or {}
        self.closed = closed
        self.marked = marked or {}
        self._graphs: dict[str, Graph] = {}

    @property
    def fresh(self) -> Graph:
        """The graph as an empty database sees it: a squash wins over what it replaces."""
        return self._graph("fresh")

    @property
    def full(self) -> Graph:
        """The graph with every original that is still there; a squash only for what is gone."""
        return self._graph("full")

    def _graph(self, view: str) -> Graph:
        if view not in self._graphs:
            self._graphs[view] = build_graph(self, replace=view == "fresh")
        return self._graphs[view]

    @property
    def digest(self) -> str:
        """What changes whenever anything changes that this history was read from.

        What is kept under it, such as the findings of the rules, is right for these files.
        """
        files = [
            (*key, migration.path, migration.digest, migration.problem)
            for key, migration in self.migrations.items()
        ]
        parts = (
            files,
            list(self.apps.values()),
            self.collisions,
            self.unlabelled,
            sorted(self.unmigrated),
            self.problems,
            sorted(self.settings.items()),
            sorted(self.installed.items()),
            self.closed,
        )
        return digest_of(repr(parts).encode("utf-8", "surrogatepass"))

    def is_external(self, label: str) -> bool:
        """Return whether this label may belong to an app that nobody showed us."""
        return label not in self.apps and not (self.closed and not self.unlabelled)

    def is_missing(self, key: MigrationKey) -> bool:
        """Return whether an installed app certainly lacks this migration."""
        return key.name not in self.installed.get(key.app, (key.name,))
