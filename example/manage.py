#!/usr/bin/env python
"""Django's command-line utility for administrative tasks."""

import os
import sys
from pathlib import Path


def main():
    """Run administrative tasks."""
    try:
        from django.core.management import execute_from_command_line
        from dotenv import load_dotenv
    except ImportError as error:
        raise ImportError(
            "Couldn't import Django and python-dotenv. Are they installed, and is the virtual "
            "environment active?"
        ) from error
    load_dotenv(Path(__file__).resolve().parent / ".env")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
