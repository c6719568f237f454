"""``python -m workflow`` is the console script."""

import sys

from workflow.cli import main

sys.exit(main())
