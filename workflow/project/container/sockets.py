"""Where an engine may listen, told without connecting or importing anything of Docker."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

DEFAULT = Path("/var/run/docker.sock")


def may_listen(variables: Mapping[str, str]) -> bool:
    """Say whether there may be an engine at all, without connecting or importing anything."""
    if variables.get("DOCKER_HOST") or has_chosen_context(variables):
        return True
    return DEFAULT.exists()


def has_chosen_context(variables: Mapping[str, str]) -> bool:
    """Say whether the docker command was told to use another engine than the usual."""
    folder = Path(variables.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        return '"currentContext"' in (folder / "config.json").read_text(encoding="utf-8")
    except OSError:
        return False
