"""DAT102: a data migration uses a model class as it is today."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
FIRST = {at("shop", "0001_initial"): migration(create("Product"))}


def data(body: str, head: str = "") -> str:
    function = f"{head}\n\ndef fill(apps, schema_editor):\n    {body}"
    return migration("migrations.RunPython(fill, fill)", after="shop.0001_initial", head=function)


def test_names_class_and_function(findings: Findings) -> None:
    text = data("Product.objects.update(price=0)", "from shop.models import Product")
    (finding,) = findings("DAT102", {**FIRST, at("shop", "0002_fill"): text})
    assert finding == Finding(
        "DAT102",
        Severity.WARNING,
        "shop.0002_fill uses shop.models.Product in fill, the class as it is today: once Product "
        "gets another field, a fresh database no longer builds.",
        "Instead: Product = apps.get_model('shop', 'Product') in fill, which is the model as it "
        "was at this point.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0002_fill",
        path="shop/migrations/0002_fill.py",
        line=3,
        data={"model": "shop.Product", "function": "fill"},
    )


@pytest.mark.parametrize(
    "text",
    [
        data("models.Product.objects.all()", "from shop import models"),
        data("Product().save()", "from ..models import Product"),
        data("from shop.models import Product; Product.objects.all()"),
        data("User.objects.all()", "from django.contrib.auth.models import User"),
        data(
            "helper()", "from shop.models import Product\ndef helper():\n    Product.objects.all()"
        ),
    ],
    ids=["by its module", "relative", "inside the function", "of Django", "in a helper"],
)
def test_however_it_is_imported(text: str, findings: Findings) -> None:
    assert len(findings("DAT102", {**FIRST, at("shop", "0002_fill"): text})) == 1


SILENT: dict[str, Tree] = {
    "it asks for the model as it was": {
        **FIRST,
        at("shop", "0002_fill"): data('apps.get_model("shop", "Product").objects.all()'),
    },
    "a function of the module is used for a field only": {
        **FIRST,
        at("shop", "0002_file"): migration(
            'migrations.AddField("product", "file", models.FileField(upload_to=shop.models.path))',
            after="shop.0001_initial",
            head="import shop.models",
        ),
    },
    "a constant on the class is not its table": {
        **FIRST,
        at("shop", "0002_fill"): data("Product.KINDS", "from shop.models import Product"),
    },
    "the name is bound anew in the function": {
        **FIRST,
        at("shop", "0002_fill"): data(
            'Product = apps.get_model("shop", "Product"); Product.objects.all()',
            "from shop.models import Product",
        ),
    },
    "what is imported is no model of the history": {
        **FIRST,
        at("shop", "0002_fill"): data("Kinds.objects", "from shop.models import Kinds"),
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_because(tree: Tree, findings: Findings) -> None:
    assert findings("DAT102", tree) == []
