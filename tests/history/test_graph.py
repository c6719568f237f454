"""The graph as Django's loader would build it, in both views."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.history.conftest import HEAD, migration
from workflow.history.model import History, MigrationKey

Read = Callable[..., History]


def key(name: str) -> MigrationKey:
    return MigrationKey(*name.split("."))


def tree(**migrations: str | tuple[str, ...]) -> dict[str, str]:
    """Return a tree of ``shop__0001="shop.0000 other.0001"`` and the like."""
    files = {}
    for name, after in migrations.items():
        app, _, number = name.partition("__")
        names = after.split() if isinstance(after, str) else after
        files[f"{app}/migrations/{number}.py"] = migration(*names)
    return files


def squash(*replaced: str, after: tuple[str, ...] = ()) -> str:
    pairs = [tuple(name.split(".")) for name in replaced]
    return migration(*after, body=f"replaces = {pairs!r}")


CHAIN = tree(shop__a="", shop__b="shop.a", shop__c="shop.b")


def test_edges_roots_and_leaves(read: Read) -> None:
    graph = read({**CHAIN, **tree(other__a="shop.b")}).fresh
    assert graph.parents[key("shop.b")] == (key("shop.a"),)
    assert graph.children[key("shop.b")] == (key("other.a"), key("shop.c"))
    assert graph.roots("shop") == (key("shop.a"),)
    assert graph.leaves("shop") == (key("shop.c"),)
    assert graph.all_leaves() == (key("other.a"), key("shop.c"))
    assert graph.ancestors(key("other.a")) == {key("shop.a"), key("shop.b")}
    assert graph.descendants(key("shop.a")) == {key("shop.b"), key("shop.c"), key("other.a")}


def test_the_plan_is_djangos(read: Read) -> None:
    graph = read({**CHAIN, **tree(other__a="shop.b", other__b="other.a shop.c")}).fresh
    names = [str(item) for item in graph.plan()]
    assert names == ["shop.a", "shop.b", "shop.c", "other.a", "other.b"]
    assert [str(item) for item in graph.plan([key("shop.b")])] == ["shop.a", "shop.b"]


def test_duplicate_references_are_one_edge(read: Read) -> None:
    graph = read(tree(shop__a="", shop__b="shop.a shop.a")).fresh
    assert graph.parents[key("shop.b")] == (key("shop.a"),)


def test_run_before_turns_the_edge_round(read: Read) -> None:
    first = migration(body="run_before = [('other', 'a')]")
    graph = read({"shop/migrations/a.py": first, **tree(other__a="")}).fresh
    assert graph.parents[key("other.a")] == (key("shop.a"),)


def test_first_and_latest_mean_root_and_leaf(read: Read) -> None:
    graph = read({**CHAIN, **tree(x__a="shop.__first__", y__a="shop.__latest__")}).fresh
    assert graph.parents[key("x.a")] == (key("shop.a"),)
    assert graph.parents[key("y.a")] == (key("shop.c"),)


def test_first_of_the_own_app_is_ignored_as_in_django(read: Read) -> None:
    graph = read(tree(shop__a="shop.__first__")).fresh
    assert graph.parents[key("shop.a")] == ()


def test_references_that_lead_nowhere_are_told(read: Read) -> None:
    history = read({**CHAIN, **tree(other__a="shop.nope gone.a")})
    (broken,) = history.fresh.broken
    assert broken.migration == key("other.a")
    assert broken.reference.key == key("shop.nope")
    assert broken.app_exists
    assert broken.reference.line == 5


def test_run_before_that_leads_nowhere_is_told(read: Read) -> None:
    first = migration(body="run_before = [('other', 'nope')]")
    (broken,) = read({"shop/migrations/a.py": first, **tree(other__a="")}).fresh.broken
    assert (broken.migration, broken.kind) == (key("shop.a"), "run_before")


def test_an_app_without_migrations_may_be_named_first(read: Read) -> None:
    files = {"plain/models.py": "", **tree(shop__a="plain.__first__")}
    assert not read(files, installed={}).fresh.broken
    files = {"plain/models.py": "", **tree(shop__a="plain.0001_initial")}
    assert len(read(files, installed={}).fresh.broken) == 1


SQUASHED = {**CHAIN, "shop/migrations/s.py": squash("shop.a", "shop.b")}


def test_a_squash_wins_on_a_fresh_database(read: Read) -> None:
    graph = read(SQUASHED).fresh
    assert set(graph.parents) == {key("shop.s"), key("shop.c")}
    assert graph.parents[key("shop.c")] == (key("shop.s"),)
    assert graph.replaced == {key("shop.a"): key("shop.s"), key("shop.b"): key("shop.s")}


def test_originals_count_in_the_full_view(read: Read) -> None:
    later = {"shop/migrations/d.py": migration("shop.s"), **tree(other__a="shop.s")}
    graph = read({**SQUASHED, **later}).full
    assert key("shop.s") not in graph.parents
    assert graph.dropped == {key("shop.s")}
    assert graph.parents[key("shop.d")] == (key("shop.b"),)
    assert graph.parents[key("other.a")] == (key("shop.b"),)
    assert not graph.replaced


@pytest.mark.parametrize("view", ["fresh", "full"])
def test_deleted_originals_live_on_in_replaces(view: str, read: Read) -> None:
    files = {
        "shop/migrations/s.py": squash("shop.a", "shop.b"),
        **tree(shop__c="shop.b", other__a="shop.a"),
    }
    graph = getattr(read(files), view)
    assert not graph.broken
    assert graph.parents[key("shop.c")] == (key("shop.s"),)
    assert graph.parents[key("other.a")] == (key("shop.s"),)


def test_a_half_deleted_range_is_replaced_in_both_views(read: Read) -> None:
    files = {**SQUASHED}
    del files["shop/migrations/a.py"]
    history = read(files)
    assert set(history.full.parents) == set(history.fresh.parents)
    assert not history.full.broken


def test_a_squash_of_a_squash(read: Read) -> None:
    files = {**SQUASHED, "shop/migrations/t.py": squash("shop.s", "shop.c")}
    history = read(files)
    assert set(history.fresh.parents) == {key("shop.t")}
    assert set(history.full.parents) == {key("shop.a"), key("shop.b"), key("shop.c")}
    assert history.full.dropped == {key("shop.s"), key("shop.t")}


def test_a_squash_takes_over_what_its_originals_waited_for(read: Read) -> None:
    files = {**tree(shop__a="", shop__b="shop.a other.a", other__a="")}
    files["shop/migrations/s.py"] = squash("shop.a", "shop.b")
    assert read(files).fresh.parents[key("shop.s")] == (key("other.a"),)


def test_uncertain_edges_are_apart_and_leave_the_app_open(read: Read) -> None:
    text = HEAD + (
        "class Migration(migrations.Migration):\n"
        "    dependencies = [('shop', 'a')] if settings.X else []\n"
    )
    graph = read({**tree(shop__a=""), "shop/migrations/b.py": text}).fresh
    assert graph.parents[key("shop.b")] == ()
    assert graph.maybe == {(key("shop.b"), key("shop.a"))}
    assert graph.open_apps == {"shop"}


def test_unknown_references_to_other_apps_leave_the_app_closed(read: Read) -> None:
    text = HEAD + (
        "class Migration(migrations.Migration):\n    dependencies = [\n        ('shop', 'a'),\n"
        "        migrations.swappable_dependency(settings.X_MODEL),\n    ]\n"
    )
    assert not read({**tree(shop__a=""), "shop/migrations/b.py": text}).fresh.open_apps


@pytest.mark.parametrize(
    ("files", "cycle"),
    [
        (tree(shop__a="shop.a"), "shop.a"),
        (tree(shop__a="shop.b", shop__b="shop.a"), "shop.a shop.b"),
        (
            tree(a__a="b.a", b__a="c.a", c__a="a.a", d__a="a.a"),
            "a.a b.a c.a",
        ),
        (
            tree(a__a="b.a", b__a="c.a", c__a="d.a a.a", d__a="c.a"),
            "c.a d.a",
        ),
    ],
)
def test_the_shortest_cycle_is_shown(files: dict[str, str], cycle: str, read: Read) -> None:
    graph = read(files).fresh
    assert graph.cycles() == (tuple(key(name) for name in cycle.split()),)
    assert len(graph.plan()) == len(files)


def test_each_knot_shows_one_cycle(read: Read) -> None:
    files = tree(a__a="a.b", a__b="a.a", b__a="b.b", b__b="b.a", c__a="a.a b.a")
    assert len(read(files).fresh.cycles()) == 2


def test_what_is_in_order_has_no_cycle(read: Read) -> None:
    assert read({**SQUASHED, **tree(other__a="shop.c")}).fresh.cycles() == ()


def test_depth_does_not_matter(read: Read) -> None:
    files = {f"shop/migrations/m{n:05}.py": migration(f"shop.m{n - 1:05}") for n in range(1, 3000)}
    files["shop/migrations/m00000.py"] = migration("shop.m02999")
    graph = read(files).fresh
    assert len(graph.cycles()[0]) == 3000
    assert len(graph.plan()) == 3000
    assert len(graph.ancestors(key("shop.m00005"))) == 3000
