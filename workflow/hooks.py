"""Entry point of commit hooks: ``python -m workflow.hooks VERB``.

It starts as fast as it can, and takes the names of files that hooks are given and that no verb
wants: what is judged is the whole history.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from workflow.cli import main as console


def main(argv: Sequence[str] | None = None) -> int:
    """Run a verb as the console script does, without the names of files after it."""
    verb, *words = (sys.argv[1:] if argv is None else argv) or [""]
    return console([verb, *(words if _has_options(words) else ())])


def _has_options(words: Sequence[str]) -> bool:
    return any(word.startswith("-") for word in words)


if __name__ == "__main__":
    sys.exit(main())
