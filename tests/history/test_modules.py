"""Constants of other modules are followed as far as the tree shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.history.conftest import HEAD

DEPS = "DEPS = [('shop', '0001_initial')]\ndef get():\n    return DEPS\n"
IMPORTS = {
    "a sibling": ("from .deps import DEPS", "DEPS"),
    "a sibling by its full name": ("from shop.migrations.deps import DEPS", "DEPS"),
    "a sibling module": ("from . import deps", "deps.DEPS"),
    "a sibling module's full name": ("import shop.migrations.deps", "shop.migrations.deps.DEPS"),
    "another name": ("from .deps import DEPS as D", "D"),
    "everything": ("from .deps import *", "DEPS"),
    "a function": ("from .deps import get", "get()"),
    "handed on": ("from .more import DEPS", "DEPS"),
    "handed on with everything": ("from .most import *", "DEPS"),
    "in a sum": ("from .deps import DEPS", "DEPS + []"),
    "unpacked": ("from .deps import get", "[*get()]"),
}
OTHERS = {
    "migrations__deps": DEPS,
    "migrations__more": "from .deps import DEPS\n",
    "migrations__most": "from .deps import *\n",
    "migrations__a": "from .b import DEPS\n",
    "migrations__b": "from .a import DEPS\n",
    "migrations__bad": "(",
    "migrations__if": "if x:\n    DEPS = []\n",
}


@pytest.mark.parametrize(("head", "value"), IMPORTS.values(), ids=IMPORTS.keys())
def test_is_followed(head: str, value: str, one: Callable[..., Any]) -> None:
    text = f"{HEAD}{head}\nclass Migration(migrations.Migration):\n    dependencies = {value}\n"
    found = one(text, **OTHERS).dependencies
    assert [item.key for item in found.items] == [("shop", "0001_initial")]
    assert found.complete


NOT_FOLLOWED = {
    "a circle": ("from .a import DEPS", "DEPS"),
    "a broken file": ("from .bad import DEPS", "DEPS"),
    "no file": ("from .nothing import DEPS", "DEPS"),
    "no name": ("from .deps import NOTHING", "NOTHING"),
    "a name under a condition": ("from .if import DEPS".replace("if", "iff"), "DEPS"),
    "another package": ("from package import DEPS", "DEPS"),
    "beyond the top": ("from ........ import DEPS", "DEPS"),
}


@pytest.mark.parametrize(("head", "value"), NOT_FOLLOWED.values(), ids=NOT_FOLLOWED.keys())
def test_is_not_followed(head: str, value: str, one: Callable[..., Any]) -> None:
    others = {**OTHERS, "migrations__iff": OTHERS["migrations__if"]}
    text = f"{HEAD}{head}\nclass Migration(migrations.Migration):\n    dependencies = {value}\n"
    assert not one(text, **others).dependencies.complete


def test_what_one_file_changes_is_not_changed_for_another(one: Callable[..., Any]) -> None:
    text = (
        f"{HEAD}from .deps import DEPS\nDEPS.append(('a', 'b'))\n"
        "class Migration(migrations.Migration):\n    dependencies = []\n"
    )
    assert one(text, **OTHERS).dependencies.complete
