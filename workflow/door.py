"""What every door does: take the words, run the flow, write the report, return the exit code."""

from __future__ import annotations

import math
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from workflow.errors import UsageError, WorkflowError
from workflow.outcome import EXIT_CODES, HistorySize, Report, Verdict
from workflow.verbs import COMMAND, FORMATS, SHELLS

if TYPE_CHECKING:
    from workflow.config import Settings
    from workflow.context import Context, Words
    from workflow.flows import Flow
    from workflow.project.commit import Commit
    from workflow.report.text import TextReport

COULD_NOT_CHECK = EXIT_CODES[Verdict.ERRORED]
INTERRUPTED = 130


class Hook(Protocol):
    """A hook of git that a verb is run for."""

    @property
    def commit(self) -> Commit:
        """What git is about to commit or to push."""

    def leaves_out(self, context: Context) -> str | None:
        """Return why the verb need not be run, if that is so. Raises WorkflowError."""


def execute(
    verb: str, values: Mapping[str, Any], *, door: str = COMMAND, hook: Hook | None = None
) -> int:
    """Run a verb with the values of its options; return the exit code.

    ``door`` is how the user called, so that the next command is shown the same way.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    _open_standard_streams()
    try:
        return _execute(verb, values, door, hook)
    except KeyboardInterrupt as interrupt:
        sys.stderr.write(f"\n{' '.join(('Interrupted.', *interrupt.args))}\n")
        return INTERRUPTED
    except WorkflowError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except BrokenPipeError:
        # Whoever read the report has gone; closing standard output must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT_CHECK
    except Exception as error:  # noqa: BLE001 - a bug of ours must not pass, nor look like theirs
        from workflow.crash import describe

        sys.stderr.write(describe(error, verb))
        return COULD_NOT_CHECK


def _open_standard_streams() -> None:
    """Open those that were closed when we were started, as daemons and some hooks do it.

    Python has none of them then, and the first file that is opened would take their place.
    """
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != descriptor:
                os.dup2(nothing, descriptor)
                os.close(nothing)
            mode = "r" if descriptor == 0 else "w"
            stream = open(descriptor, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - to stay
            setattr(sys, name, stream)


def _interrupt(signum: int, frame: object) -> None:  # noqa: ARG001 - what signal handlers take
    raise KeyboardInterrupt


def _execute(verb: str, values: Mapping[str, Any], door: str, hook: Hook | None) -> int:
    if (without_flow := WITHOUT_FLOW.get(verb)) is not None:
        return without_flow(values)
    return _execute_flow(verb, values, door, hook)


def _explain(values: Mapping[str, Any]) -> int:
    from workflow.explain import explain

    explain(values.get("code"), sys.stdout, os.environ)
    return 0


def _graph(values: Mapping[str, Any]) -> int:
    from workflow.picture import picture
    from workflow.reporting import write

    project = values.get("project")
    folder = None if project is None else Path(project)
    write(picture(folder, values.get("app") or (), sys.stderr), None)
    return 0


WITHOUT_FLOW: Mapping[str, Callable[[Mapping[str, Any]], int]] = {
    "graph": _graph,
    "explain": _explain,
}
"""The verbs that run no gates: each takes the values of its options, and returns the exit code."""


def _execute_flow(verb: str, values: Mapping[str, Any], door: str, hook: Hook | None) -> int:
    from workflow.config import load_settings
    from workflow.context import Context
    from workflow.flows import FLOWS
    from workflow.report.text import TextReport
    from workflow.report.writers import writer_for
    from workflow.reporting import write_report
    from workflow.terminal import TerminalTalk

    flow, words = FLOWS[verb], _words(values)
    output = _output(values)
    form = _format(values, output)
    project = values.get("project")
    settings = load_settings(
        None if project is None else Path(project), database=values.get("database")
    )
    _expect_project(flow, settings)
    told_is_data = form == "text" and output is None
    writer = writer_for(
        sys.stdout if told_is_data else sys.stderr, settings.variables, plain=hook is not None
    )
    told = TextReport(writer, verbose=bool(values.get("verbose")))
    context = Context(
        settings,
        words,
        TerminalTalk(writer, settings.variables),
        writes=flow.writes,
        is_static=not flow.asks_project,
        asks_about_production=flow.asks_about_production,
        starts_containers=flow.starts_containers,
        commit=None if hook is None else hook.commit,
    )
    if hook is not None and (reason := hook.leaves_out(context)) is not None:
        sys.stderr.write(f"{reason}\n" if reason else "")
        return 0
    try:
        report = _run(verb, flow, context, told)
    finally:
        writer.stop()
    report = report._replace(next_command=_next(flow, context, door))
    told.summary(report)
    if not told_is_data:
        write_report(report, form, output, settings)
    return EXIT_CODES[report.verdict]


def _run(verb: str, flow: Flow, context: Context, told: TextReport) -> Report:
    from workflow.runner import run_flow

    try:
        if flow.asks_project and not flow.starts_containers:
            context.prepare()
        steps = flow.steps_for(context.words)
        report = run_flow(verb, steps, context, told, dry_run=context.words.dry_run)
    finally:
        context.close()
        if context.is_half_applied:
            sys.stderr.write(f"\nThe database may be half changed: {COMMAND} recover\n")
    return report._replace(history=_size(context))


def _words(values: Mapping[str, Any]) -> Words:
    from workflow.context import Words

    return Words(
        labels=tuple(values.get("app") or ()),
        name=values.get("name"),
        empty=bool(values.get("empty")),
        merge=bool(values.get("merge")),
        answers=dict(_answer(text) for text in values.get("answer") or ()),
        production=values.get("production"),
        yes=bool(values.get("yes")),
        check=bool(values.get("check")),
        undo=bool(values.get("undo")),
        completion=_shell(values.get("completion")),
        dry_run=bool(values.get("dry_run") or values.get("plan")),
        strict=bool(values.get("strict")),
        baseline=bool(values.get("baseline")),
        against=values.get("against"),
        wait=_wait(values.get("wait")),
        since=_migration("from", values.get("from")),
        until=_migration("to", values.get("to")),
        fake=_migration("fake", values.get("fake")),
        reason=_reason(values),
    )


def _reason(values: Mapping[str, Any]) -> str | None:
    """Return why a migration is recorded and not run: nobody may do that without one."""
    fake, reason = values.get("fake"), (values.get("reason") or "").strip()
    if fake is not None and not reason:
        raise UsageError(
            f"--fake records {fake} as applied without running it, and takes a reason, which stays "
            f'in the journal: {COMMAND} migrate-safe --fake {fake} --reason "…"'
        )
    if fake is None and reason:
        raise UsageError("--reason belongs to --fake APP.NAME")
    if fake is not None and (values.get("to") or values.get("plan")):
        raise UsageError("--fake records one migration: it goes with neither --to nor --plan")
    return reason or None


def _migration(option: str, text: str | None) -> str | None:
    is_name = text is not None and all(text.partition("."))
    if not (text is None or is_name or (option, text) == ("from", "zero")):
        raise UsageError(f"--{option} takes APP.NAME, not {text!r}")
    return text


def _wait(value: str | None) -> float:
    from workflow.context import WAIT_SECONDS

    try:
        seconds = WAIT_SECONDS if value is None else float(value)
    except ValueError:
        seconds = math.nan
    if not seconds >= 0:
        raise UsageError(f"--wait takes a number of seconds, not {value!r}")
    return seconds


def _format(values: Mapping[str, Any], output: Path | None) -> str:
    """Return the form of the report. Invoke takes any word, so it is checked here."""
    from workflow.reporting import usual_form

    form: str = values.get("format") or usual_form(os.environ, output)
    if form not in FORMATS:
        raise UsageError(f"--format takes {', '.join(FORMATS[:-1])} or {FORMATS[-1]}, not {form!r}")
    return form


def _shell(value: str | None) -> str | None:
    """Return the shell to teach. Invoke takes any word, so it is checked here."""
    if value is not None and value not in SHELLS:
        raise UsageError(f"--completion takes {', '.join(SHELLS)}, not {value!r}")
    return value


def _answer(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"--answer takes KEY=VALUE, not {text!r}")
    return key, value


def _expect_project(flow: Flow, settings: Settings) -> None:
    if flow.asks_project and settings.manage is None and settings.settings is None:
        raise UsageError(
            f"there is no manage.py in {settings.project} or above it. Go to the project, name "
            "it with --project DIR, or give its settings module as 'settings' in the table "
            "[tool.django-migration-workflow] of pyproject.toml."
        )


def _size(context: Context) -> HistorySize | None:
    """Return how much there is at the end of a run, where it read any: with what it wrote."""
    if "history" not in context.__dict__:
        return None
    migrations = {(key.app, key.name) for key in context.history.migrations}
    migrations |= {(one.app, one.name) for one in context.drafted if one.path.exists()}
    return HistorySize(len({app for app, _ in migrations}), len(migrations))


def _next(flow: Flow, context: Context, door: str) -> str | None:
    if flow.then is None or (flow.writes and not context.drafted) or context.words.undo:
        return None
    behind = flow.then == "makemigrations" and context.has_pending
    return f"{door} {'migrate-safe' if behind else flow.then}"


def _output(values: Mapping[str, Any]) -> Path | None:
    """Return where the report goes. Looked at before anything runs: a report is not lost after."""
    if values.get("output") is None:
        return None
    path = Path(values["output"])
    reason = None
    if path.is_dir():
        reason = "it is a folder"
    elif not path.parent.is_dir():
        reason = f"there is no folder {path.parent}"
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        reason = "this user may not write there"
    if reason is not None:
        raise UsageError(f"{path} can't be written: {reason}")
    return path
