"""What can be told about a history without running it: one rule, one file, one code.

Pick any module named after a code, such as ``grf101_missing_reference``: it is complete in
itself. :func:`check` runs them all over one history.
"""

from __future__ import annotations

from workflow.rules.checking import check

__all__ = ["check"]
