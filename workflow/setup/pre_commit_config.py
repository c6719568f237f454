"""The hooks in ``.pre-commit-config.yaml``, which the pre-commit framework and prek read.

A file that is there keeps every byte: ruamel.yaml tells where its list of repositories ends and
how it is indented, our entries are put in there as text, and what came of it is read again.
"""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workflow import __version__
from workflow.setup.manager import HOOK, PACKAGE
from workflow.setup.writing import ByHand, NotReadable
from workflow.setup.yaml import dump, end_of_value, load

if TYPE_CHECKING:
    from workflow.setup.manager import Manager

NAME = ".pre-commit-config.yaml"

STATIC = "validate-migration-dependencies"
COMMIT = ("pre-commit", "pre-merge-commit")
PUSH = ("pre-push",)
HOOKS = {
    STATIC: (*COMMIT, *PUSH),
    "check-migrations": COMMIT,
    "test-migrations-clean": PUSH,
}
"""Each hook, and when it runs. Together they look at all that ``validate-migrations`` looks at."""

FILES = (
    r"(^|/)([^/]*(migrations|models|settings)[^/]*(/.*)?|apps)\.py$"
    r"|(^|/)(migration-workflow\.toml|migrations\.lock)$"
)
"""The files whose change can change a verdict."""

NEEDED = ("python-dotenv>=1", "tomli>=2; python_version < '3.11'")
"""All that the static hook needs besides the standard library: Django and Docker stay out."""

ABOUT = "# Written by migration-workflow setup; MIGRATION_WORKFLOW.md tells what each hook is for."


def entry(manager: Manager, verb: str, *, top: Path, project: str | None) -> dict[str, Any]:
    """Return one hook. ``project`` is its folder as seen from ``top``, where it must be named.

    The static hook needs no project: the framework gives it an environment of its own. All
    others run in the project's, or from there in its container.
    """
    named = () if project is None else ("--project", project)
    is_static = verb == STATIC
    words = (HOOK,) if is_static else manager.words(HOOK, top)
    hook: dict[str, Any] = {
        "id": verb,
        "name": verb.replace("-", " "),
        "entry": shlex.join((*words, verb, *named)),
        "language": "python" if is_static else "system",
    }
    if is_static:
        hook["additional_dependencies"] = ["--no-deps", f"{PACKAGE}=={__version__}", *NEEDED]
    # The hook asks git what is about to change: the frameworks leave out what was deleted.
    hook |= {"files": FILES, "always_run": True, "pass_filenames": False, "require_serial": True}
    return {**hook, "stages": list(HOOKS[verb])}


def with_hooks(text: str | None, manager: Manager, *, top: Path, project: str | None) -> str:
    """Return the file's text with our hooks; the same text where it names one of them already.

    Raises NotReadable for what is no such file, ByHand for a form that text can't be put into.
    """
    entries = [entry(manager, verb, top=top, project=project) for verb in HOOKS]
    if text is None or load(text) is None:
        head = f"default_install_hook_types: [{', '.join(HOOKS[STATIC])}]\nrepos:\n"
        return (text or "") + head + _block(entries, column=2)
    data = _parsed(text)
    if set(_ids(data)) & HOOKS.keys():
        return text
    repos = data["repos"]
    if repos.fa.flow_style() or not repos:
        raise ByHand("its list of repositories is written in brackets", _block(entries, column=2))
    lines = text.splitlines(keepends=True)
    column = _dash(lines[repos.lc.item(0)[0]])
    place = end_of_value(lines, data, "repos")
    end = "\r\n" if lines[0].endswith("\r\n") else "\n"
    block = _block(entries, column=column).replace("\n", end)
    before = "".join(lines[:place])
    if before and not before.endswith("\n"):
        before += end
    changed = before + block + "".join(lines[place:])
    if not _is_as_meant(changed, data, entries):
        raise ByHand("its list of repositories is written in an unusual way", block)
    return changed


def _parsed(text: str) -> Any:
    data = load(text)
    if not isinstance(data, dict) or not isinstance(data.get("repos"), list):
        raise NotReadable("it has no list of repositories ('repos')")
    return data


def _ids(data: Any) -> Iterator[str]:
    for repo in data["repos"]:
        for hook in (repo.get("hooks") or ()) if isinstance(repo, dict) else ():
            if isinstance(hook, dict):
                yield str(hook.get("id"))


def _block(entries: list[dict[str, Any]], *, column: int) -> str:
    """Return our repository of local hooks as an item of a list whose dashes are at ``column``."""
    item = dump([{"repo": "local", "hooks": entries}], offset=2 if column else 0)
    return textwrap.indent(f"{ABOUT}\n{item}", " " * column)


def _dash(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_as_meant(changed: str, before: Any, entries: list[dict[str, Any]]) -> bool:
    try:
        after = _parsed(changed)
    except NotReadable:
        return False
    wanted = {**before, "repos": [*before["repos"], {"repo": "local", "hooks": entries}]}
    return bool(after == wanted)
