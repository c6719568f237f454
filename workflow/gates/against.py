"""Does every migration that the main branch has still do here what it does there?

Django remembers a migration by its name and never runs it again. One that is edited, renamed
or deleted after others have it changes their files, but not their databases.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from workflow.errors import CouldNotCheck, UsageError
from workflow.history.model import MigrationKey
from workflow.outcome import Finding, Severity, StepResult, Verdict
from workflow.rules.wording import instead, listed

if TYPE_CHECKING:
    from workflow.context import Context
    from workflow.history.comparing import Difference, Moves
    from workflow.history.model import History, Migration
    from workflow.project.git import Change, Git

NAME = "against"

PATTERN = ":(glob)**/migrations/*.py"


class Other(NamedTuple):
    """The branch that is compared with: its name, and the commit where this one left it."""

    name: str
    base: str


def run(context: Context) -> StepResult:
    """Compare with the other branch. Raises UsageError where the one asked for is not there."""
    other = _other(context.git, context.words.against)
    if isinstance(other, str):
        return StepResult(NAME, Verdict.SKIPPED, reason=other)
    return context.judged(NAME, _findings(context, other))


def _findings(context: Context, other: Other) -> Iterator[Finding]:
    """Yield what was done to what the other branch has, and what a merge would bring.

    The second only where somebody asked, or at a push: it is no fault of a branch that others
    go on.
    """
    relocated = [f":(literal){path}" for path in _folders(context.history) if not _is_usual(path)]
    changes = context.git.changes_since(other.base, [PATTERN, *relocated])
    found = tuple(_Comparison(context, other, changes).findings()) if changes else ()
    yield from found
    if context.words.against is not None or context.is_push:
        from workflow.gates.merged import after_merge

        yield from after_merge(context, *other, {finding.path for finding in found})


def _other(git: Git, asked: str | None) -> Other | str:
    """Return what to compare with, or why there is nothing."""
    name = asked or git.main_branch
    base = git.shared_commit(name) if name else None
    if name and base:
        return Other(name, base)
    # Only now: with a branch to compare with, these questions to git would be for nothing.
    if git.top is None:
        reason = f"{git.directory} is not under git"
    elif name is None:
        reason = "no main branch is known here"
    elif git.commit(name) is None:
        reason = f"{name} is no branch, tag or commit of this clone{_how_to_have(git, name)}"
        if asked is not None and git.is_shallow:
            raise CouldNotCheck(reason)
    elif git.commit("HEAD") is None:
        reason = "nothing is committed yet"
    else:
        advice = "; it is shallow: git fetch --unshallow gets the rest" if git.is_shallow else ""
        reason = f"this clone has no commit that is shared with {name}{advice}"
        if asked is not None:
            raise CouldNotCheck(reason)
    if asked is not None:
        raise UsageError(f"--against {asked}: {reason}")
    return reason


def _how_to_have(git: Git, name: str) -> str:
    """Return how to get a branch of a remote that was left out when this was cloned."""
    remote, _, branch = name.partition("/")
    if remote not in git.remotes:
        return ""
    depth = "--unshallow " if git.is_shallow else ""
    refspec = shlex.quote(f"+{branch}:refs/remotes/{name}")
    return f": git fetch {depth}{remote} {refspec} gets it"


def _folders(history: History) -> dict[str, str]:
    """Return the label of every migrations folder inside the project, by its path."""
    apps = (*history.collisions, *history.apps.values())
    return {app.path: app.label for app in apps if app.in_project}


def _is_usual(folder: str) -> bool:
    return PurePosixPath(folder).name == "migrations"


class _Old(NamedTuple):
    """A migration as the other branch had it: at the shared commit, and now."""

    change: Change
    folder: str
    name: str
    text: bytes
    newest: bytes


class _Comparison:
    """One comparison of the tree with the other branch."""

    def __init__(self, context: Context, other: Other, changes: Iterable[Change]) -> None:
        self.context = context
        self.other = other
        self.history = context.history
        self.changes = list(changes)
        self.labels = _folders(context.history)

    def findings(self) -> Iterator[Finding]:
        """Yield what happened to each migration that the other branch has."""
        from workflow.history.comparing import read_header

        gone_apps: dict[str, list[_Old]] = {}
        for old in self.olds:
            if read_header(old.text) is None:
                continue
            label = self.labels.get(old.folder) or self.former_labels.get(old.folder)
            if label is None or (label not in self.history.apps and self._is_app_gone(old)):
                gone_apps.setdefault(label or old.folder, []).append(old)
            else:
                yield from self._judge(old, MigrationKey(label, old.name))
        yield from (self._app_gone(label, olds) for label, olds in gone_apps.items())

    def _is_app_gone(self, old: _Old) -> bool:
        return not (self.context.settings.project / old.folder).parent.is_dir()

    @cached_property
    def olds(self) -> list[_Old]:
        """What the other branch had at the shared commit and still has."""
        changes = [change for change in self.changes if self._may_be_migration(change.path)]
        paths = [change.path for change in changes]
        newest = self.context.git.blobs_at(self.other.name, paths) if paths else {}
        changes = [change for change in changes if change.path in newest]
        blobs = [blob for change in changes for blob in (change.blob, newest[change.path])]
        texts = self.context.git.contents(blobs)
        olds = []
        for change in changes:
            path = PurePosixPath(change.path)
            text, latest = texts[change.blob], texts[newest[change.path]]
            olds.append(_Old(change, str(path.parent), path.stem, text, latest))
        return olds

    def _may_be_migration(self, path: str) -> bool:
        pure = PurePosixPath(path)
        folder = str(pure.parent)
        return (
            pure.suffix == ".py"
            and pure.stem[0] not in "_~"
            and "." not in pure.stem
            and (_is_usual(folder) or folder in self.labels)
        )

    @cached_property
    def former_labels(self) -> Mapping[str, str]:
        """Labels of folders that are no migrations folders any more, as they were."""
        folders = {old.folder for old in self.olds} - self.labels.keys()
        if not folders:
            return {}
        project, git = self.context.settings.project, self.context.git
        texts = {old.change.path: old.text for old in self.olds if old.folder in folders}
        about = [
            str(PurePosixPath(folder).parent / name)
            for folder in folders
            for name in ("__init__.py", "apps.py", "migrations/__init__.py")
        ]
        blobs = git.blobs_at(self.other.base, about)
        contents = git.contents(blobs.values())
        texts |= {path: contents[blob] for path, blob in blobs.items()}
        before = self.context.read_history(
            {project / path: text.decode("utf-8", "replace") for path, text in texts.items()}
        )
        return _folders(before)

    @cached_property
    def moves(self) -> Moves:
        """What squashes explain: those in this tree, as they are and as they were."""
        from workflow.history.comparing import Moves, read_header

        replaced = {}
        for migration in self.history.migrations.values():
            for reference in migration.replaces.items:
                if reference.key is not None:
                    replaced[reference.key] = migration.key
        for old in self.olds:
            key = MigrationKey(self.labels.get(old.folder, ""), old.name)
            header = read_header(old.text) if key in self.history.migrations else None
            for reference in header.replaces.items if header else ():
                if reference.key is not None:
                    replaced.setdefault(reference.key, key)
        return Moves(replaced, frozenset(replaced.keys() - self.history.migrations.keys()))

    def _judge(self, old: _Old, key: MigrationKey) -> Iterator[Finding]:
        migration = self.history.migrations.get(key)
        if migration is not None:
            difference = self._difference(old, migration)
            if difference is not None:
                yield self._edited(old, migration, difference)
        elif key not in self.moves.replaced:
            renamed = self._renamed(old, key.app)
            yield self._deleted(old, key) if renamed is None else self._named(old, key, renamed)

    def _difference(self, old: _Old, migration: Migration) -> Difference | None:
        from workflow.history.comparing import compare

        text = self._text(migration)
        difference = compare(old.text, text, self.moves)
        # What the other branch itself changed since, and this one took over, is no edit.
        if difference is None or compare(old.newest, text, self.moves) is None:
            return None
        return difference

    def _text(self, migration: Migration) -> bytes:
        try:
            return self.context.read_bytes(self.context.settings.project / migration.path)
        except OSError as error:
            raise CouldNotCheck(f"{migration.path} can't be read: {error.strerror}") from error

    def _renamed(self, old: _Old, app: str) -> Migration | None:
        """Return the new migration of the app that does what the old one did."""
        from workflow.history.comparing import fingerprint

        return self._new_ones(app).get(fingerprint(old.text) or "")

    def _new_ones(self, app: str) -> Mapping[str, Migration]:
        """Return the migrations of an app that the other branch did not have, by what they do."""
        from workflow.history.comparing import fingerprint

        if app not in self._new:
            ours = {m.path: m for m in self.history.migrations.values() if m.key.app == app}
            theirs = self.context.git.blobs_at(self.other.base, ours)
            new = [migration for path, migration in ours.items() if path not in theirs]
            self._new[app] = {fingerprint(self._text(m)) or str(m.key): m for m in new}
        return self._new[app]

    @cached_property
    def _new(self) -> dict[str, Mapping[str, Migration]]:
        return {}

    def _edited(self, old: _Old, migration: Migration, difference: Difference) -> Finding:
        name = self.other.name
        if difference.reaches_database:
            consequence = (
                "Whoever has applied it does not apply it again: their database stays as it is, "
                "and differs from every new one."
            )
        else:
            consequence = (
                "No database differs by that, but what others draft from their models does."
            )
        return Finding(
            "HIS106",
            Severity.ERROR if difference.reaches_database else Severity.WARNING,
            f"{migration.key} was edited, and {name} has it already: its "
            f"{listed(difference.parts)} changed. {consequence}",
            instead(
                f"{self._put_back(old)} and make the change in a new migration.",
                then=f"makemigrations {migration.key.app}",
            ),
            app=migration.key.app,
            migration=migration.key.name,
            operation=difference.operation,
            path=migration.path,
            line=difference.line,
            data={"against": name, "changed": list(difference.parts)},
        )

    def _named(self, old: _Old, key: MigrationKey, renamed: Migration) -> Finding:
        name = self.other.name
        return Finding(
            "HIS107",
            Severity.ERROR,
            f"{key} is called {renamed.key.name} here, and {name} has it under its old name. "
            "Whoever has applied it would apply it again under the new one, and fail on what is "
            "there already.",
            instead(
                "give it its name back (git mv "
                f"{shlex.quote(renamed.path)} {shlex.quote(old.change.path)}), in what depends "
                f'on it too; or let it say replaces = [("{key.app}", "{key.name}")].'
            ),
            app=key.app,
            migration=renamed.key.name,
            path=renamed.path,
            line=renamed.line or None,
            data={"against": name, "was": key.name},
        )

    def _deleted(self, old: _Old, key: MigrationKey) -> Finding:
        name = self.other.name
        return Finding(
            "HIS107",
            Severity.ERROR,
            f"{key} was deleted, and {name} has it already. Whoever has applied it keeps what it "
            "did, and nothing here knows of it; a new database never gets it.",
            instead(
                f"{self._put_back(old)}. To undo what it does, write a new migration that does; "
                "to shorten the history, squash it."
            ),
            app=key.app,
            migration=key.name,
            path=old.change.path,
            data={"against": name},
        )

    def _app_gone(self, label: str, olds: list[_Old]) -> Finding:
        first, name = olds[0], self.other.name
        several = f"its {len(olds)} migrations" if len(olds) > 1 else "its migration"
        return Finding(
            "HIS107",
            Severity.WARNING,
            f"The app {label} is gone with {several}, and {name} has it. Its tables stay in every "
            "database, and nothing here knows of them.",
            instead(
                "let a migration delete its models first, and remove the app when every database "
                f"has applied it. To have it back: git checkout {shlex.quote(name)} -- "
                f"{shlex.quote(str(PurePosixPath(first.folder).parent))}"
            ),
            app=label,
            path=first.folder,
            data={"against": name, "migrations": [old.name for old in olds]},
        )

    def _put_back(self, old: _Old) -> str:
        source = shlex.quote(self.other.name)
        return f"put it back (git checkout {source} -- {shlex.quote(old.change.path)})"
