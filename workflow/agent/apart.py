"""Runs something in a copy of this process, so that nothing it changes here lasts."""

import json
import os
import warnings

from _migration_workflow_agent.channel import describe_error


class ApartError(Exception):
    """What was raised in the copy, as plain data."""

    def __init__(self, described):
        super().__init__(described["message"])
        self.described_apart = described


def apart(work):
    """Return what ``work`` returns, which must be plain data. Raises ApartError where it raises."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # Python warns of threads that a copy lacks; ours only waits for the host to go away.
        warnings.simplefilter("ignore")
        copy = os.fork()
    if copy == 0:
        _answer(work, writing)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as file:
        text = file.read()
    os.waitpid(copy, 0)
    if not text:
        raise RuntimeError("the copy of the project's process ended before it answered")
    answer = json.loads(text)
    if "error" in answer:
        raise ApartError(answer["error"])
    return answer["answer"]


def _answer(work, writing):
    """Work, answer, and end at once: connections that are shared must not be closed here."""
    try:
        answer = {"answer": work()}
    except BaseException as error:  # noqa: BLE001 - whatever the project raises is the answer
        answer = {"error": describe_error(error)}
    try:
        with os.fdopen(writing, "w", encoding="utf-8") as file:
            json.dump(answer, file, default=str)
    finally:
        os._exit(0)
