"""What happens when this tool itself is wrong: a sentence, and a log to paste into a report."""

from __future__ import annotations

import os
import platform
import tempfile
import traceback

from workflow import __version__
from workflow.project.secrets import redact, secret_values


def describe(error: BaseException, verb: str) -> str:
    """Return what to tell the user. The traceback goes to a file of its own, with versions."""
    secrets = secret_values(os.environ)
    lines = (
        f"migration-workflow {__version__}, verb {verb}",
        f"Python {platform.python_version()}, {platform.platform()}",
        "",
        redact("".join(traceback.format_exception(error)), secrets),
    )
    with tempfile.NamedTemporaryFile(
        "w", prefix="migration-workflow-", suffix=".log", delete=False, encoding="utf-8"
    ) as log:
        log.write("\n".join(lines))
    said = redact(f"{type(error).__name__}: {error}", secrets)
    return f"migration-workflow has a bug: {said}\nPlease report it, with what {log.name} holds.\n"
