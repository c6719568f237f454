"""The command line, made from the verbs: its parser, and what completes it in a shell."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from workflow import __version__
from workflow.verbs import COMMAND, MIGRATION, SHELLS, VERBS, Option

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the console script."""
    import argparse

    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description="A gated migration workflow for Django.",
        epilog="Exit codes: 0 passed, 1 a gate refused, 2 wrong usage or configuration, "
        "3 a gate could not be checked, 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    _add_completion(parser)
    subparsers = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in VERBS:
        subparser = subparsers.add_parser(
            verb.name, help=verb.help, description=verb.help, allow_abbrev=False
        )
        if (word := verb.operand) is not None:
            number = "*" if word.many else "?"
            subparser.add_argument(word.name, nargs=number, metavar=word.value, help=word.help)
        for option in verb.flags:
            _add(subparser, option)
    return parser


def completion_script(shell: str) -> str:
    """Return a script that lets a shell complete verbs, options and what they take.

    The shell reads it once: completing starts no Python.
    """
    import shtab

    parser = make_parser()
    for action in _actions(parser):
        if action.metavar in {"FILE", "DIR"}:
            kind = shtab.FILE if action.metavar == "FILE" else shtab.DIRECTORY
            action.complete = kind  # type: ignore[attr-defined]
        elif action.metavar == "CODE":
            action.choices = _codes()
    script: str = shtab.complete(parser, shell)
    return script


def _add_completion(parser: argparse.ArgumentParser) -> None:
    import argparse

    class Print(argparse.Action):
        def __call__(
            self,
            parser: argparse.ArgumentParser,
            namespace: argparse.Namespace,  # noqa: ARG002
            values: str | Sequence[Any] | None,
            option_string: str | None = None,  # noqa: ARG002
        ) -> None:
            sys.stdout.write(completion_script(str(values)))
            parser.exit()

    parser.add_argument(
        "--print-completion",
        metavar="SHELL",
        choices=SHELLS,
        action=Print,
        default=argparse.SUPPRESS,
        help=f"Print a script that completes this command: {', '.join(SHELLS)}.",
    )


def _add(parser: argparse.ArgumentParser, option: Option) -> None:
    flag = f"--{option.name}"
    if option.value is None:
        parser.add_argument(flag, action="store_true", help=option.help)
    elif option.value == MIGRATION:
        parser.add_argument(
            flag, metavar=(option.value, "NAME"), help=option.help, nargs="+", action=_joining()
        )
    else:
        parser.add_argument(
            flag,
            metavar=option.value,
            help=option.help,
            choices=option.choices or None,
            action="append" if option.many else "store",
        )


def _joining() -> type[argparse.Action]:
    """Return an action that takes a migration as one word or, as Django does, as two."""
    import argparse

    class Join(argparse.Action):
        def __call__(
            self,
            parser: argparse.ArgumentParser,  # noqa: ARG002
            namespace: argparse.Namespace,
            values: str | Sequence[Any] | None,
            option_string: str | None = None,  # noqa: ARG002
        ) -> None:
            setattr(namespace, self.dest, ".".join(values or ()))

    return Join


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield everything that the parser and those of its verbs take."""
    import argparse

    for action in parser._actions:  # noqa: SLF001 - argparse has no public door to them
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for subparser in action.choices.values():
                yield from _actions(subparser)


def _codes() -> list[str]:
    from workflow.rules.pages import installed_folder, pages_in

    return [page.code for page in pages_in(installed_folder())]
