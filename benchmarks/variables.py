"""The environment variables of what is timed."""

from __future__ import annotations

import os

WITHOUT = {"PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "PYTHONPATH", "DJANGO_SETTINGS_MODULE"}


def variables(**more: str) -> dict[str, str]:
    """Return this environment, but with bytecode cached and environments told apart."""
    return {**{name: value for name, value in os.environ.items() if name not in WITHOUT}, **more}
