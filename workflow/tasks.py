"""The Invoke namespace.

A project's own ``tasks.py`` needs two lines: ``from workflow.tasks import namespace`` and
``ns = namespace``. One that has tasks already needs ``add_verbs`` or ``with_verbs``.
"""

from __future__ import annotations

import inspect
import keyword
import sys
from typing import Any

from invoke import Collection, Context, Task

from workflow.door import execute
from workflow.verbs import VERBS, Option, Verb


def make_task(verb: Verb) -> Task[Any]:
    """Return the task of a verb. Its parameters are the verb's options."""

    def body(_: Context, **values: Any) -> None:
        words = {name.rstrip("_"): value for name, value in values.items()}
        code = execute(verb.name, words, door="inv")
        if code != 0:
            sys.exit(code)

    word = verb.operand
    body.__name__ = verb.name.replace("-", "_")
    body.__doc__ = verb.help
    body.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter("_", inspect.Parameter.POSITIONAL_OR_KEYWORD),
            *map(_parameter, verb.everything),
        ]
    )
    return Task(
        body,
        name=verb.name,
        help={option.name: option.help for option in verb.everything},
        positional=[] if word is None or word.many else [word.parameter],
        iterable=[option.parameter for option in verb.everything if option.many],
        # A switch that changes something must be spelled out: no -p for --production.
        auto_shortflags=False,
    )


def _parameter(option: Option) -> inspect.Parameter:
    default: Any = False if option.value is None else None
    if option.many:
        default = []
    # A word of Python's own gets an underscore, which Invoke leaves out of the flag.
    name = option.parameter + "_" * keyword.iskeyword(option.parameter)
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)


namespace = Collection(*(make_task(verb) for verb in VERBS))


def add_verbs(own: Collection) -> None:
    """Add the verbs to a project's namespace. What it has by the same name stays."""
    for task in namespace.tasks.values():
        if task.name not in own.tasks and task.name not in own.collections:
            own.add_task(task)


def with_verbs(module: str) -> Collection:
    """Return the tasks that Invoke finds in a module without a namespace, and the verbs.

    To be called at the end of that module, with its ``__name__``.
    """
    own = Collection.from_module(sys.modules[module])
    add_verbs(own)
    return own
