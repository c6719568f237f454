"""What to say of an apply that did not do what its rehearsal did, and where the database stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from workflow.errors import CouldNotCheck
from workflow.gates.pre_check import counted, listed, numbered, out_of_half
from workflow.gates.rehearsal import quoted, where_it_failed
from workflow.outcome import Finding, Severity

if TYPE_CHECKING:
    from workflow.context import Context

AGAIN = "migration-workflow migrate-safe"


def find_failure(context: Context, answer: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield why the plan is not applied as rehearsed, if so.

    Raises CouldNotCheck where no migration failed but the database did.
    """
    failed, timed_out = answer["failed"], answer["timed_out"]
    if failed is not None and timed_out is not None:
        yield _timed_out(context, answer)
    elif failed is not None and failed["app"] is None:
        raise CouldNotCheck(
            f"the database could not be migrated: {quoted(failed['error'])} "
            + _where_it_stands(answer),
            failed["error"]["traceback"],
        )
    elif failed is not None:
        yield Finding(
            "DAT204",
            Severity.ERROR,
            f"{failed['app']}.{failed['migration']} failed, although its rehearsal did not: "
            f"{quoted(failed['error'])} {_where_it_stands(answer)}",
            "Something differs between the copy and the database, such as a lock or rows "
            f"that came in between. {_how_to_go_on(answer, 'Run again')}",
            **where_it_failed(context, failed),
            data={**_done(answer), **_back(answer)},
        )
    elif answer["differences"]:
        first, *rest = answer["differences"]
        yield Finding(
            "DAT203",
            Severity.ERROR,
            f"{'Stopped' if _stays(answer) else 'Not applied'}: {first} ({'; '.join(rest[:5])}). "
            f"{_where_it_stands(answer)}",
            f"{_how_to_take_back(answer)}If somebody else used the database meanwhile, run again: "
            f"{AGAIN}",
            data={"differences": rest, **_back(answer)},
        )


def _timed_out(context: Context, answer: Mapping[str, Any]) -> Finding:
    failed, timed_out = answer["failed"], answer["timed_out"]
    place = {} if failed["app"] is None else where_it_failed(context, failed)
    name = "The plan" if failed["app"] is None else f"{failed['app']}.{failed['migration']}"
    if timed_out["what"] == "statement":
        return Finding(
            "DAT212",
            Severity.ERROR,
            f"{name} has a statement that ran longer than {timed_out['limit']:g} seconds, and the "
            f"server cut it off. {_where_it_stands(answer)}",
            "Do it in smaller parts, or give it more time with 'statement-seconds' in the "
            f"configuration. {_how_to_go_on(answer, 'Then run again')}",
            **place,
            data={**timed_out, **_done(answer), **_back(answer)},
        )
    return Finding(
        "DAT211",
        Severity.ERROR,
        f"{name} did not get a lock within {timed_out['waited']:.0f} seconds "
        f"({counted(timed_out['tries'], 'try', 'tries')}). {_in_the_way(timed_out['blocking'])} "
        f"{_where_it_stands(answer)}",
        f"{_how_to_go_on(answer, 'Run again when that is done')}"
        f"{_how_to_end(context, timed_out['blocking'])}",
        **place,
        data={**timed_out, **_done(answer)},
    )


def _in_the_way(blocking: list[Mapping[str, Any]]) -> str:
    if not blocking:
        return "Who has it, the server does not tell."
    return f"In the way: {listed([named_session(one) for one in blocking])}."


def named_session(session: Mapping[str, Any]) -> str:
    """Return which session of the server it is, whose, and what it is at."""
    about = [
        f"{word} {session[part]}".lstrip()
        for part, word in (
            ("user", "of the user"),
            ("application", "application"),
            ("address", "from"),
            ("state", ""),
            ("since", "since"),
            ("query", "last statement"),
        )
        if session[part]
    ]
    return f"session {session['session']} ({', '.join(about)})"


def _how_to_end(context: Context, blocking: list[Mapping[str, Any]]) -> str:
    """Return the commands that end the sessions in the way; whether to is for a person to say."""
    if not blocking:
        return ""
    alias = context.settings.database
    postgresql = context.facts["databases"][alias]["vendor"] == "postgresql"
    end = "SELECT pg_terminate_backend({})" if postgresql else "KILL {}"
    ends = "; ".join(end.format(one["session"]) for one in blocking)
    return f". A session that nobody needs is ended by: {ends}"


def _stays(answer: Mapping[str, Any]) -> bool:
    """Say whether something that was applied is in the database to stay."""
    return answer["restored"] is None and bool(answer["evidence"])


def _is_cut_in_two(answer: Mapping[str, Any]) -> bool:
    half = answer["half"]
    there = half is not None and bool(half["operations"] or half["statements"])
    return there and answer["restored"] is None


def _done(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the statements that are in the database of a migration that was cut in two."""
    return {"done": answer["half"]["done"]} if _is_cut_in_two(answer) else {}


def _how_to_go_on(answer: Mapping[str, Any], again: str) -> str:
    """Return the commands that lead on: none runs the plan again over half a migration."""
    back = _how_to_take_back(answer)
    if not _is_cut_in_two(answer):
        return f"{back}{again}: {AGAIN}"
    half = out_of_half(answer["failed"]["app"], answer["failed"]["migration"])
    return f"{half}. {back}".removesuffix(". ")


def _how_to_take_back(answer: Mapping[str, Any]) -> str:
    """Return the commands that take back the migrations that stay, where there are some."""
    back = answer["back"]
    if back is None or not back["commands"]:
        return ""
    return f"What stays is taken back by: {'; '.join(back['commands'])}. "


def _back(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return which migrations were taken back one by one, and which stay."""
    back = answer["back"]
    if back is None or not (back["taken"] or back["stays"]):
        return {}
    return {"taken_back": _named(back["taken"]), "stays": _named(back["stays"])}


def _named(keys: list[list[str]]) -> list[str]:
    return [".".join(key) for key in keys]


def _where_it_stands(answer: Mapping[str, Any]) -> str:
    stands: dict[str | None, str] = {
        "rolled back": "The database was rolled back: it is as it was before.",
        "untouched": "The database was not touched: it is as it was before.",
        "snapshot put back": "The snapshot was put back: the database is as it was before.",
        None: _what_stays(answer),
    }
    return stands[answer["restored"]]


def _what_stays(answer: Mapping[str, Any]) -> str:
    """Return which migrations are in the database, and which operations of the one that failed."""
    half, back = answer["half"], answer["back"]
    said = _what_went(back) if back is not None and back["taken"] else []
    stays = [] if back is None else _named(back["stays"])
    if stays or not said:
        said.append(f"What was applied before that stays applied: {', '.join(stays) or 'nothing'}.")
    if back is not None and back["why"]:
        said.append(f"{stays[-1]} was not taken back: {back['why']}.")
    if half is not None:
        said.append(_half(answer["failed"], half))
    return " ".join(said)


def _what_went(back: Mapping[str, Any]) -> list[str]:
    said = [f"Taken back: {', '.join(_named(back['taken']))}."]
    if back["as_before"]:
        said.append("The schema is as it was before.")
    elif not back["stays"]:
        said.append("The schema is not as it was before: somebody else changes it, too.")
    return said


def _half(failed: Mapping[str, Any], half: Mapping[str, Any]) -> str:
    name = f"{failed['app']}.{failed['migration']}"
    if not half["operations"] and not half["statements"]:
        return f"Nothing of {name} is in the database."
    said = f"{name} is half applied and not recorded:"
    operations = "; ".join(numbered(half["operations"]))
    if operations:
        said += f" in the database {'is' if len(half['operations']) == 1 else 'are'} {operations};"
    under_way = "its last part"
    if half["under_way"] is not None:
        under_way = numbered([*half["operations"], half["under_way"]])[-1]
    if half["statements"]:
        statements = counted(half["statements"], "statement", "statements")
        return f"{said} and of {under_way}, {statements} that came before the failure."
    return f"{said} nothing of {under_way} is."
