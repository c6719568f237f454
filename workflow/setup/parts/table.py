"""The configuration: what can't be found again on another machine, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from workflow.config import OWN_FILE, TABLE
from workflow.project.git import USUAL
from workflow.setup.compose import override_of
from workflow.setup.parts.compose_dev import dev_file
from workflow.setup.writing import ByHand, NotReadable, appended

if TYPE_CHECKING:
    from workflow.setup.found import Found
    from workflow.setup.proposal import Target

ABOUT = "the configuration"


def targets(found: Found) -> Iterator[Target]:
    """Yield pyproject.toml where there is one, else our own file; none where all is found."""
    values = values_of(found)
    if not values or (found.home / OWN_FILE).is_file():
        return
    if (found.home / "pyproject.toml").is_file():
        yield found.home / "pyproject.toml", lambda text: with_table(text or "", values)
    else:
        yield found.home / OWN_FILE, lambda text: rendered(values) if text is None else text


def values_of(found: Found) -> dict[str, Any]:
    """Return the keys that somebody else's machine could not find out."""
    values: dict[str, Any] = {}
    if found.project_from_home is not None:
        values["project"] = found.project_from_home
    if (branch := _main_branch(found)) is not None:
        values["main-branch"] = branch
    if found.service is not None and found.host_environment is None:
        values["runs"] = "container"
    files = found.compose_files
    if found.service is not None and files is not None and (more := override_of(files)):
        dev = (dev_file(found),) if dev_file(found) is not None else ()
        values["compose-file"] = [
            os.path.relpath(path, found.home) for path in (*files.paths, *more, *dev)
        ]
    return {key: value for key, value in values.items() if key not in _said(found)}


def said_or_written(found: Found, key: str) -> Any:
    """Return a key's value as it will be once everything is written."""
    said = getattr(found.settings, key.replace("-", "_"))
    return said if said is not None else values_of(found).get(key)


def _said(found: Found) -> set[str]:
    return {name.replace("_", "-") for name in found.settings.origins}


def _main_branch(found: Found) -> str | None:
    """Return the main branch where its name is none that is tried, or only this clone knows it."""
    git = found.git
    known = git.main_branch
    if git.top is None:
        return None
    if known is None:
        return git.branch
    usual = {name.removeprefix("refs/remotes/").removeprefix("refs/heads/") for name in USUAL}
    return None if known in usual else known


def rendered(values: Mapping[str, Any]) -> str:
    """Return the keys as TOML."""
    import tomlkit

    return tomlkit.dumps(values)


def with_table(text: str, values: Mapping[str, Any]) -> str:
    """Return pyproject.toml with our table, which stands last; the same text where it has one.

    Raises NotReadable, ByHand.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        before = tomlkit.parse(text).unwrap()
    except TOMLKitError as error:
        raise NotReadable(f"it is not valid TOML: {error}") from error
    if TABLE in before.get("tool", {}):
        return text
    block = f"[tool.{TABLE}]\n{rendered(values)}"
    after = appended(text, f"\n{block}")
    try:
        read_again = tomlkit.parse(after).unwrap()
    except TOMLKitError as error:
        raise ByHand("its tables are written in an unusual way", block) from error
    tool = {**before.get("tool", {}), TABLE: dict(values)}
    if read_again != {**before, "tool": tool}:
        raise ByHand("its tables are written in an unusual way", block)
    return after
