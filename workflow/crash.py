"""What happens when this tool itself is wrong: a sentence, and a log to paste into a report."""

from __future__ import annotations

import platform
import tempfile
import traceback

from workflow import __version__
from workflow.project.secrets import redact


def write_log(error: BaseException, verb: str) -> str:
    """Write the traceback with versions to a file of its own; return its path."""
    trace = "".join(traceback.format_exception(error))
    lines = (
        f"migration-workflow {__version__}, verb {verb}",
        f"Python {platform.python_version()}, {platform.platform()}",
        "",
        redact(trace),
    )
    with tempfile.NamedTemporaryFile(
        "w", prefix="migration-workflow-", suffix=".log", delete=False, encoding="utf-8"
    ) as log:
        log.write("\n".join(lines))
    return log.name
