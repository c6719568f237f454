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
    words = list(sys.argv[1:] if argv is None else argv)
    while len(words) > 1 and words[-1].endswith(".py"):
        words.pop()
    return console(words)


if __name__ == "__main__":
    sys.exit(main())
