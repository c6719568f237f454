"""Histories of migrations, by number."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tests.fuzz.rendering.known import Known
from tests.fuzz.rendering.operations import Written, any_operation, create_model, user_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class Step:
    """One migration: its app and the text of its operations; or all of an app of Django's."""

    app: str
    operations: tuple[str, ...] = ()
    contrib: bool = False


@dataclass(frozen=True)
class Story:
    """A history of migrations. As text it is what a file of migrations would hold."""

    seed: int
    steps: tuple[Step, ...]
    code: dict[str, str] = field(default_factory=dict)
    unmigrated: tuple[str, ...] = ()
    back: int = 0
    """So many migrations are taken back in the end."""

    def __str__(self) -> str:
        used = "\n".join(text for step in self.steps for text in step.operations)
        lines = [f"# seed {self.seed}"]
        lines += [text for name, text in self.code.items() if name in used]
        for number, step in enumerate(self.steps, 1):
            what = "all of Django's migrations" if step.contrib else ""
            lines += ["", f"# {number}. {step.app} {what}".rstrip()]
            lines += [f"{operation}," for operation in step.operations]
        lines += ["", f"# then {self.back} back"]
        return "\n".join([*lines, *(f"# {app} has no migrations" for app in self.unmigrated)])

    def shorter(self) -> Iterator[Story]:
        """Yield the history without each migration, and without each operation."""
        for number in reversed(range(len(self.steps))):
            yield self._with(number, ())
        for number, step in enumerate(self.steps):
            for place in range(len(step.operations)):
                left = step.operations[:place] + step.operations[place + 1 :]
                if left:
                    yield self._with(number, (replace(step, operations=left),))
        if self.back:
            yield replace(self, back=self.back - 1)

    def _with(self, number: int, steps: tuple[Step, ...]) -> Story:
        steps = (*self.steps[:number], *steps, *self.steps[number + 1 :])
        return replace(self, steps=steps, back=min(self.back, len(steps)))


def story(seed: int) -> Story:
    """Return the history of a number: some models first, then whatever comes."""
    known = Known(seed)
    steps: list[Step] = []
    if known.users:
        _begin_with_users(known, steps)
    for _ in range(known.chance.randint(2, 5)):
        _write(known, steps, create_model)
    for _ in range(known.chance.randint(5, 18)):
        _write(known, steps, any_operation)
    own = sum(not step.contrib for step in steps)
    back = known.chance.randint(1, own) if known.often(0.35) else 0
    return Story(seed, tuple(steps), known.code, known.unmigrated, back)


def _begin_with_users(known: Known, steps: list[Step]) -> None:
    app, text = user_model()
    for contrib in ("contenttypes", "auth", "", "admin"):
        if contrib:
            known.follow_contrib(contrib)
            steps.append(Step(contrib, contrib=True))
        elif known.follow(app, (text,)):
            steps.append(Step(app, (text,)))


def _write(known: Known, steps: list[Step], write: Callable[[Known], Written]) -> None:
    """Try a few times to write what is valid now; often it belongs to the last migration."""
    for _ in range(4):
        app, *texts = write(known) or ("",)
        if texts and known.follow(app, tuple(texts)):
            break
    else:
        return
    last = steps[-1] if steps else None
    alone = "RunPython" in texts[0] and known.often(0.8)
    joins = last is not None and last.app == app and not last.contrib and known.often(0.6)
    if last is not None and joins and not alone:
        steps[-1] = replace(last, operations=(*last.operations, *texts))
    else:
        steps.append(Step(app, tuple(texts)))
