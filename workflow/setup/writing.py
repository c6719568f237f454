"""What is to be written into a repository, and how it gets there: all of it or nothing."""

from __future__ import annotations


class ByHand(Exception):
    """A file has a form of its own: what is to be added to it is told, and not written.

    ``str(error)`` says why, for the middle of a sentence; ``lines`` are what is to be added.
    """

    def __init__(self, why: str, lines: str) -> None:
        super().__init__(why)
        self.lines = lines


class NotReadable(Exception):
    """A file can't be read as what it should be. ``str(error)`` says why."""
