"""YAML, read with its places in the text, and written the way a file is written already."""

from __future__ import annotations

import io
import textwrap
from typing import Any

from workflow.setup.writing import NotReadable

WIDTH = 1000
"""No line that we write is folded."""


def load(text: str) -> Any:
    """Return what a text says; its mappings and lists know their lines. Raises NotReadable."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML().load(text)
    except (YAMLError, ValueError) as error:
        raise NotReadable(f"it is not valid YAML: {' '.join(str(error).split())}") from error


def dump(data: Any, *, offset: int = 2) -> str:
    """Return data as text, with the dashes of lists ``offset`` columns in from their key."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = WIDTH
    yaml.indent(mapping=2, sequence=2 + offset, offset=offset)
    stream = io.StringIO()
    yaml.dump(data, stream)
    return textwrap.dedent(stream.getvalue())


def end_of_value(lines: list[str], data: Any, key: str) -> int:
    """Return the line after the value of a key, before the blanks and remarks behind it."""
    begins = data.lc.key(key)[0]
    later = [data.lc.key(other)[0] for other in data if data.lc.key(other)[0] > begins]
    end: int = min(later, default=len(lines))
    while not lines[end - 1].strip() or lines[end - 1].startswith("#"):
        end -= 1
    return end
