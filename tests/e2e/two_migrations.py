"""Two pending migrations of two apps, each of which can be held in its middle."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.shop import Shop

MIGRATIONS = (
    ("catalogue", "0011_stock", "product", "stock", "0010_product_status_price_idx"),
    ("orders", "0005_parcels", "order", "parcels", "0004_order_indexes"),
)
"""App and name of each, its model and new field, and what it comes after."""

NAMES = [f"{app}.{name}" for app, name, *_ in MIGRATIONS]
DOINGS = ("rehearsing", "taking back", "applying")
EVENTS = [f"{doing} {name}" for doing in DOINGS for name in NAMES]
"""What a migrator says when it begins with one of them."""


def add_two(shop: Shop, held: str, *, stepwise: bool) -> None:
    """Add both. ``held`` defines what each runs in its middle, ``work`` forward and ``back``.

    MIGRATION in it stands for the name of the migration.
    """
    for app, name, model, field, after in MIGRATIONS:
        shop.add_migration(
            f'migrations.AddField("{model}", "{field}", models.IntegerField(null=True))',
            "migrations.RunPython(work, back)",
            app=app,
            name=name,
            after=after,
            head=held.replace("MIGRATION", f"{app}.{name}"),
            body="atomic = False" if stepwise else "",
        )
        shop.add_field(f"{field} = models.IntegerField(null=True)", app=app)
