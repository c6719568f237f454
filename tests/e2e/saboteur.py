"""Runs the console script, and does something to it at one point of its run.

``SABOTAGE`` in the environment holds, as JSON, ``at`` (the name of a point), ``do`` (INT, TERM,
KILL, KILL-AGENT, KILL-BOTH or RUN), ``run`` (the code for RUN) and ``log`` (a file for the names
of the points that were passed, and for the process id of the agent).

A point is ``begin STEP`` or ``end STEP``; ``DOING APP.MIGRATION`` where the agent reports an
event; ``staged N``, ``placing N`` or ``placed N`` within the write action. With ``meet``, a
named pipe, a strike at an event waits until the migration has reached the place where it waits.
With ``again``, a second point is struck, such as ``closing``, the moment before the agent is ended.
Each is struck when it is reached first: the agent tells of a long migration more than once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from workflow import cli
from workflow.actions import write
from workflow.gates.rehearsal import describe_event
from workflow.project.agent import Agent
from workflow.project.process import Process
from workflow.report.text import TextReport

ORDER: Mapping[str, str] = json.loads(os.environ.pop("SABOTAGE"))
AGENT: list[int] = []
COUNTED: dict[str, int] = {}
TO_STRIKE = {ORDER["at"], ORDER.get("again")}


def log(line: str) -> None:
    with Path(ORDER["log"]).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def reach(point: str) -> None:
    """Log that a point is reached, and strike if it is the one."""
    log(point)
    if point in TO_STRIKE:
        TO_STRIKE.remove(point)
        strike()


def reach_next(name: str) -> None:
    COUNTED[name] = COUNTED.get(name, 0) + 1
    reach(f"{name} {COUNTED[name]}")


def strike() -> None:
    what = ORDER["do"]
    if what == "RUN":
        exec(compile(ORDER["run"], "sabotage", "exec"), {})
    elif what.startswith("KILL-"):
        os.kill(AGENT[0], signal.SIGKILL)
        if what == "KILL-BOTH":
            os.kill(os.getpid(), signal.SIGKILL)
    else:
        os.kill(os.getpid(), getattr(signal, f"SIG{what}"))


def with_points(
    function: Callable[..., Any], before: Callable[..., None], after: Callable[..., None]
) -> Callable[..., Any]:
    def wrapped(*arguments: Any, **named: Any) -> Any:
        before(*arguments)
        value = function(*arguments, **named)
        after(*arguments)
        return value

    return wrapped


def nothing(*_: Any) -> None:
    """Reach no point."""


def watch(agent: Agent, *_: Any) -> None:
    running = agent._process
    assert isinstance(running, Process)
    AGENT.append(running.pid)
    log(f"agent {running.pid}")


def ask(agent: Agent, *arguments: Any, on_event: Any = None, **named: Any) -> Any:
    def hear(event: Mapping[str, Any]) -> None:
        point = describe_event(event)
        if point == ORDER["at"] and point in TO_STRIKE and "meet" in ORDER:
            Path(ORDER["meet"]).read_bytes()
        if on_event is not None:
            on_event(event)
        reach(point)

    return ASK(agent, *arguments, on_event=hear, **named)


ASK = Agent.ask


def main() -> int:
    patches: dict[tuple[Any, str], Callable[..., Any]] = {
        (TextReport, "begun"): with_points(
            TextReport.begun, nothing, lambda _, name: reach(f"begin {name}")
        ),
        (TextReport, "ended"): with_points(
            TextReport.ended, nothing, lambda _, result: reach(f"end {result.name}")
        ),
        (Agent, "__init__"): with_points(Agent.__init__, nothing, watch),
        (Agent, "close"): with_points(Agent.close, lambda _: reach("closing"), nothing),
        (Agent, "ask"): ask,
        (write, "_stage"): with_points(write._stage, nothing, lambda *_: reach_next("staged")),
        (write, "_place"): with_points(
            write._place, lambda *_: reach_next("placing"), lambda *_: reach_next("placed")
        ),
    }
    for (owner, name), function in patches.items():
        setattr(owner, name, function)
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
