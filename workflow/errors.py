"""Everything that this tool raises on purpose: each message is one clear sentence."""

from __future__ import annotations


class WorkflowError(Exception):
    """The root: something expected went wrong. ``str(error)`` is a sentence for the user."""

    exit_code = 3


class UsageError(WorkflowError):
    """Wrong words on the command line, or wrong configuration."""

    exit_code = 2


class CouldNotCheck(WorkflowError):
    """A gate could not look: a tool, an engine, an interpreter or a database is not there.

    ``details`` holds what the failed part said itself, such as the project's traceback.
    """

    def __init__(self, message: str, details: str | None = None) -> None:
        super().__init__(message)
        self.details = details
