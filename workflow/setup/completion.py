"""Where a shell of this user looks for what completes a command line, and the files put there."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from workflow.errors import CouldNotCheck
from workflow.verbs import COMMAND

PLACES = {
    "bash": ".local/share/bash-completion/completions/{}",
    "zsh": ".zfunc/_{}",
    "fish": ".config/fish/completions/{}.fish",
}
"""Below the user's home, with the name of the command."""

INVOKES = ("bash", "fish")
"""The shells that find the completion of ``inv`` by its name. In zsh it is read by ``.zshrc``."""


def completions(shell: str, variables: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Yield each file that the shell lacks, or has in another version, with its text."""
    home = Path(variables.get("HOME") or Path.home())
    for command, text in _scripts(shell):
        path = home / PLACES[shell].format(command)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            yield path, text


def write(path: Path, text: str) -> None:
    """Write one of them. Raises CouldNotCheck where the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CouldNotCheck(f"{path} can't be written: {error.strerror}") from error


def _scripts(shell: str) -> Iterator[tuple[str, str]]:
    from workflow.parser import completion_script
    from workflow.project.process import run

    yield COMMAND, completion_script(shell)
    invoke = Path(sys.executable).with_name("inv")
    if shell in INVOKES and invoke.is_file():
        done = run((str(invoke), "--print-completion-script", shell), cwd=Path.cwd())
        if done.code == 0:
            yield invoke.name, done.stdout
