"""What the functions of a migration file take, read and look up."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.history.conftest import migration
from workflow.history.model import Import, Migration, ModelLookup
from workflow.history.values import UNKNOWN

One = Callable[..., Migration]

SIGNATURES = {
    "two": ("(apps, schema_editor)", ("apps", "schema_editor"), 2, False, False),
    "none": ("()", (), 0, False, False),
    "a default": ("(apps, x=1)", ("apps", "x"), 1, False, False),
    "positional only": ("(apps, s, /)", ("apps", "s"), 2, False, False),
    "variadic": ("(*args)", (), 0, True, False),
    "keyword only": ("(apps, s, *, k)", ("apps", "s"), 2, False, True),
    "keyword with default": ("(apps, s, *, k=1, **r)", ("apps", "s"), 2, False, False),
}


@pytest.mark.parametrize(
    ("text", "parameters", "required", "variadic", "keyword"),
    SIGNATURES.values(),
    ids=SIGNATURES.keys(),
)
def test_signatures(
    text: str,
    parameters: tuple[str, ...],
    required: int,
    variadic: bool,
    keyword: bool,
    one: One,
) -> None:
    found = one(migration(head=f"def f{text}:\n    pass\n")).body.functions["f"]
    assert (found.parameters, found.required) == (parameters, required)
    assert (found.variadic, found.keyword_only) == (variadic, keyword)


HEAD = """
from shop.models import Product as P
import shop.tools
def helper(): pass
@decorated
def forwards(apps, schema_editor):
    from shop.more import Thing
    Product = apps.get_model("shop", "Product")
    apps.get_model("shop.Line")
    apps.get_model(app_label="shop", model_name=name)
    other.get_model("shop", "Not")
    P.objects.all()
    shop.tools.clean(Thing)
    helper()
"""


def test_what_a_function_reads(one: One) -> None:
    found = one(migration(head=HEAD)).body.functions["forwards"]
    assert found.decorated
    assert found.imports == (Import("shop.more.Thing", "Thing", 9),)
    read = {"shop.models.Product.objects.all", "shop.tools.clean", "shop.more.Thing", ".helper"}
    assert read <= {*found.names}
    assert found.lookups == (
        ModelLookup("shop", "Product", 10),
        ModelLookup("shop", "Line", 11),
        ModelLookup("shop", UNKNOWN, 12),
    )


def test_imports_of_the_file_and_of_its_functions(one: One) -> None:
    imports = one(migration(head=HEAD)).body.imports
    assert Import("shop.models.Product", "P", 4) in imports
    assert Import("shop.tools", "shop", 5) in imports
    assert Import("shop.more.Thing", "Thing", 9) in imports


def test_relative_imports_are_resolved(one: One) -> None:
    head = "from . import helpers\nfrom ..models import Product\n"
    imports = one(migration(head=head)).body.imports
    assert [item.path for item in imports[-2:]] == [
        "shop.migrations.helpers",
        "shop.models.Product",
    ]


def test_methods_of_classes_are_functions_too(one: One) -> None:
    body = "@staticmethod\ndef forwards(apps, schema_editor):\n    pass"
    assert "Migration.forwards" in one(migration(body=body)).body.functions


def test_names_of_the_function_hide_those_of_the_file(one: One) -> None:
    head = """
    from shop.models import Product, Line, Order
    def f(apps, Line):
        Product = apps.get_model("shop", "Product")
        for Order in Product.objects.all():
            Line(Order)
    """
    assert one(migration(head=head)).body.functions["f"].names == ()
