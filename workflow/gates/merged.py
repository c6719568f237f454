"""What would be wrong after a merge with the other branch: the second half of ``against``.

The history as it would be is read from git's objects, laid over the files that are here. What
is wrong on this branch by itself, or on the other one, is not what the merge brings.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from workflow.outcome import Finding, Severity
from workflow.rules.wording import CHECK_AGAIN, instead, listed

if TYPE_CHECKING:
    from workflow.context import Context
    from workflow.history.model import Migration
    from workflow.project.merging import Merge

COMMAND = "migration-workflow"

Identity = tuple[str, str | None, str | None, str]


def after_merge(
    context: Context, name: str, base: str, told: Collection[str | None]
) -> Iterator[Finding]:
    """Yield what a merge with the branch ``name`` would bring.

    ``base`` is the commit where this branch left it. Of files that both changed, those in
    ``told`` are passed over. Raises CouldNotCheck where git can't give what it keeps.
    """
    from workflow.project.merging import foresee_merge

    def read(path: str) -> bytes | None:
        try:
            return context.read_bytes(context.settings.project / path)
        except OSError:
            return None

    merge = foresee_merge(context.git, name, base, read)
    if merge.texts or merge.torn:
        yield from _Judgement(context, name, base, merge).findings(told)


class _Judgement:
    """What is to be said of one merge."""

    def __init__(self, context: Context, name: str, base: str, merge: Merge) -> None:
        self.context = context
        self.name = name
        self.base = base
        self.merge = merge
        project = context.settings.project
        self.merged = context.read_history({project / p: text for p, text in merge.texts.items()})

    def findings(self, told: Collection[str | None]) -> Iterator[Finding]:
        """Yield what refuses or warns, but for torn files that something was told of."""
        migrations = (*self.merged.migrations.values(), *self.context.history.migrations.values())
        torn = {one.path: one for one in migrations if one.path in self.merge.torn}
        yield from (self._torn(torn[path]) for path in sorted(torn.keys() - set(told)))
        known = {_identity(finding) for finding in self.context.findings}
        for finding in self.context.check(self.merged):
            if finding.severity is Severity.INFO or _identity(finding) in known:
                continue
            if _identity(finding) not in self._of_theirs:
                yield self._two_leaves(finding) or self._after(finding)

    @cached_property
    def _of_theirs(self) -> set[Identity]:
        """What is wrong on the other branch by itself: asked only where something is."""
        from workflow.project.merging import texts_at

        texts = texts_at(self.context.git, self.name, self._paths)
        project = self.context.settings.project
        theirs = self.context.read_history({project / path: text for path, text in texts.items()})
        return {_identity(finding) for finding in self.context.check(theirs)}

    @property
    def _paths(self) -> list[str]:
        return [migration.path for migration in self.context.history.migrations.values()]

    def _after(self, finding: Finding) -> Finding:
        """Return a finding as one of what will be."""
        return finding._replace(
            message=f"After the merge with {self.name}: {finding.message}",
            fix=(finding.fix or "").replace(f"Next: {COMMAND} ", f"Next: {self._merge_and} "),
            data={**finding.data, "against": self.name},
        )

    @property
    def _merge_and(self) -> str:
        return f"git merge {shlex.quote(self.name)} && {COMMAND}"

    def _two_leaves(self, finding: Finding) -> Finding | None:
        """Return what to say of leaf nodes that the two branches have; ``None`` for others."""
        if finding.code != "GRF103":
            return None
        app, leaves = str(finding.app), finding.data["leaves"]
        sides = self._sides(app)
        ours = [name for name in leaves if name not in sides.theirs]
        theirs = [name for name in leaves if name in sides.theirs]
        if not ours or not theirs or not sides.ours:
            return None
        return Finding(
            "HIS108",
            Severity.ERROR,
            f"{app} has {len(leaves)} leaf nodes after the merge with {self.name}: {listed(ours)} "
            f"of this branch and {listed(theirs)} of {self.name}. {sides.collision}Django refuses "
            "to migrate and to make migrations until they are one.",
            f"Instead: {sides.renumbering(theirs[-1])} where nobody has applied "
            f"{'it' if len(sides.ours) == 1 else 'them'} yet; or join the two with a merge "
            f"migration.\nNext: {self._merge_and} makemigrations --merge {app}",
            app=app,
            migration=ours[-1],
            path=self._ours_by_name(app)[ours[-1]].path,
            data={"against": self.name, "ours": ours, "theirs": theirs},
        )

    def _sides(self, app: str) -> _Sides:
        """Return what each branch alone has of an app, sorted by name."""
        ours = self._ours_by_name(app)
        kept = self.context.git.blobs_at(self.name, (one.path for one in ours.values()))
        return _Sides(
            [name for name, migration in ours.items() if migration.path not in kept],
            [key.name for key in self.merged.migrations if key.app == app and key.name not in ours],
        )

    def _ours_by_name(self, app: str) -> dict[str, Migration]:
        migrations = self.context.history.migrations.items()
        return {key.name: migration for key, migration in migrations if key.app == app}

    def _torn(self, migration: Migration) -> Finding:
        what, advice = self._how_torn(migration)
        return Finding(
            "HIS109",
            Severity.ERROR,
            f"{migration.key} {what}. Git can't merge them, and whoever has applied the one never "
            "applies the other.",
            instead(advice, f"{CHECK_AGAIN} --against {shlex.quote(self.name)}"),
            app=migration.key.app,
            migration=migration.key.name,
            path=migration.path,
            data={"against": self.name},
        )

    def _how_torn(self, migration: Migration) -> tuple[str, str]:
        """Return what the two branches did to a migration, and what to do about it."""
        name, path = self.name, shlex.quote(migration.path)
        if not self.context.git.blobs_at(self.base, [migration.path]):
            what = f"is two migrations: this branch and {name} both have one of that name"
            advice = (
                "give yours another name and the next free number, in what depends on it too, "
                f"and let it depend on that of {name}."
            )
        elif not self.context.git.blobs_at(name, [migration.path]):
            what = f"was edited by this branch and deleted by {name}"
            advice = (
                f"delete it here, too (git rm {path}), and make your change in a new migration."
            )
        else:
            what = f"was changed by this branch and by {name}, each in its own way"
            advice = (
                f"take the text of {name} (git checkout {shlex.quote(name)} -- {path}) and make "
                "your change in a new migration."
            )
        return what, advice


class _Sides(NamedTuple):
    """The names of the migrations of one app that only this branch has, or only the other."""

    ours: list[str]
    theirs: list[str]

    @property
    def collision(self) -> str:
        """A sentence on the numbers that both took, where there are any."""
        same = sorted({_number(name) for name in self.ours} & {_number(n) for n in self.theirs})
        numbers = [number for number in same if number]
        if not numbers:
            return ""
        return f"Both took the number{'s' if len(numbers) > 1 else ''} {listed(numbers)}. "

    def renumbering(self, onto: str) -> str:
        """Return how this branch's migrations can follow the other's last one."""
        first, number = self.ours[0], _number(self.ours[0])
        highest = max((_number(name) for name in self.theirs), key=lambda text: int(text or 0))
        advice = f"let {first} depend on {onto}"
        if not number or not highest or int(number) > int(highest):
            return advice
        free = str(int(highest) + 1).zfill(len(highest))
        if len(self.ours) == 1:
            return f"{advice} and call it {free}{first.removeprefix(number)}"
        return f"{advice} and number your {len(self.ours)} from {free} on"


def _number(name: str) -> str:
    number = name.partition("_")[0]
    return number if number.isdigit() else ""


def _identity(finding: Finding) -> Identity:
    return finding.code, finding.path, finding.migration, finding.message
