"""What can be told about a history without running it: one rule, one file, one code.

Pick any module named after a code, such as ``grf101_missing_reference``: it is complete in
itself. :func:`check` runs them all over one history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from workflow.history.model import History
    from workflow.outcome import Finding


def check(
    history: History, *, vendor: str | None = None, cache: Path | None = None
) -> list[Finding]:
    """Return what all rules find, sorted by path, line and code.

    ``vendor`` is Django's name for the database engine, such as ``"postgresql"``, where it
    is known; rules that depend on one are silent without it. ``cache`` is a folder that may
    remember what was found in this very history before; it changes nothing but the time.
    """
    memory = None
    if cache is not None:
        from workflow.rules.recall import Memory, digest_of_history

        memory, digest = Memory(cache), digest_of_history(history, vendor)
        if (found := memory.get(digest)) is not None:
            return found
    findings = _run_rules(history, vendor)
    if memory is not None:
        memory.keep(digest, findings)
    return findings


def _run_rules(history: History, vendor: str | None) -> list[Finding]:
    import gc

    from workflow.rules.checking import run_rules  # only now: it is much code to load

    enabled = gc.isenabled()
    gc.disable()  # much is made and nothing of it is garbage: looking for some costs a sixth
    try:
        return run_rules(history, vendor)
    finally:
        if enabled:
            gc.enable()
