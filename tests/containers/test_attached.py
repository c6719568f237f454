"""The streams of a program in a container."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

from workflow.project.container.attached import Attached
from workflow.project.container.engine import connect

if TYPE_CHECKING:
    from tests.containers.stack import Stack


def test_they_stay_open_whatever_is_collected_as_garbage(stack: Stack) -> None:
    stack.up()
    engine = connect(os.environ)
    number, stream = engine.execute(stack.container(), ["cat"], folder="/", variables={})
    program = Attached(engine, stack.container(), number, stream)

    gc.collect()

    program.stdin.write(b"still there\n")
    assert program.stdout.readline() == b"still there\n"
    program.end(seconds=10)
    assert program.describe_end() == "exit code 0"
    program.stdout.close()
    program.stderr.close()
