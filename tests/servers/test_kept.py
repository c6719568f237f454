"""Databases that are kept on a server for the next run, and what is never done to others'."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.e2e.shop import Shop
    from tests.servers.conftest import MakeShop
    from tests.servers.engines import Server
    from tests.servers.fixtures import ServerOf

PREFIX = "migration_workflow_kept_"

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def server(server_of: ServerOf) -> Server:
    return server_of("postgresql")


def clean(shop: Shop) -> dict[str, Any]:
    """Run the verb, which must pass; return what the gate tells."""
    done = shop.json("test-migrations-clean")
    assert done.code == 0, done.stderr[-1500:]
    (gate,) = [gate for gate in done.document["gates"] if gate["name"] == "clean"]
    told: dict[str, Any] = gate
    return told


def kept(gate: dict[str, Any]) -> int:
    """Return how many migrations came from a kept database."""
    number: int = gate["scratch"]["kept"]["migrations"]
    return number


def databases(server: Server) -> set[str]:
    return {name for name in server.databases() if name.startswith(PREFIX)}


@on_postgresql
def test_what_was_kept_is_begun_with(shop: Shop, server: Server) -> None:
    others = databases(server)
    first = clean(shop)
    assert kept(first) == 0
    made = databases(server) - others
    assert 1 <= len(made) <= 4
    second = clean(shop)
    of = second["scratch"]["kept"]["of"]
    assert (kept(second), second.get("evidence", [])) == (of, [])

    shop.add_migration(app="orders", name="0005_more", after="0004_order_indexes")
    third = clean(shop)
    assert 0 < kept(third) < of + 1
    assert "0005_more" in {row["migration"] for row in third["evidence"]}
    assert kept(clean(shop)) == of + 1
    assert len(databases(server) - others) <= 4
    assert not [name for name in server.databases() if "scratch" in name]


@on_postgresql
def test_a_database_that_was_changed_is_dropped_and_not_used(shop: Shop, server: Server) -> None:
    others = databases(server)
    clean(shop)
    made = databases(server) - others
    for name in made:
        with pytest.raises(AssertionError, match="not currently accepting connections"):
            shop_sql(server, name, "CREATE TABLE other (x integer)")
        server.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        shop_sql(server, name, "CREATE TABLE other (x integer)")
    assert kept(clean(shop)) == 0
    assert kept(clean(shop)) > 0


def shop_sql(server: Server, name: str, sql: str) -> None:
    """Run a statement in another database than the maintenance one."""
    server._replace(client=(*server.client[:-1], "-d", name, "-c")).run(sql)


@on_postgresql
def test_another_projects_databases_are_left_alone(
    shop: Shop, database_url: str, on: MakeShop, server: Server
) -> None:
    """Also where it is a copy of the same project, and uses the same database."""
    others = databases(server)
    clean(shop)
    of_the_first = databases(server) - others
    other = on(database_url)
    assert kept(clean(other)) == 0
    other.add_migration()
    clean(other)
    assert databases(server) >= of_the_first
    assert kept(clean(shop)) > 0


@on_postgresql
def test_a_kill_before_anything_is_kept_leaves_nothing(shop: Shop, server: Server) -> None:
    others = databases(server)
    shop.sabotaged(
        "test-migrations-clean", at="building again catalogue.0001_initial", do="KILL-BOTH"
    )
    assert [name for name in server.databases() if "scratch" in name]
    assert databases(server) == others
    assert kept(clean(shop)) == 0
    assert not [name for name in server.databases() if "scratch" in name]


@on_postgresql
def test_recover_drops_what_is_kept_for_this_project_and_no_other(
    shop: Shop, database_url: str, on: MakeShop, server: Server
) -> None:
    others = databases(server)
    clean(shop)
    of_the_first = databases(server) - others
    other = on(database_url)
    clean(other)
    of_the_other = databases(server) - others - of_the_first
    assert of_the_first
    assert of_the_other
    for name in of_the_first:  # whatever somebody did to it
        server.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    done = shop.run("recover", "--dry-run")
    assert f"drop {len(of_the_first)} kept database" in done.said
    assert databases(server) >= of_the_first
    done = shop.run("recover")
    assert (done.code, f"dropped {len(of_the_first)} kept database" in done.said) == (0, True)
    assert databases(server) == others | of_the_other
    assert kept(clean(shop)) == 0


@pytest.mark.parametrize("database_url", ["postgresql", "mariadb"], indirect=True)
def test_recover_drops_what_a_killed_run_left_and_nothing_of_one_that_lives(
    shop: Shop, database_url: str, server_of: ServerOf
) -> None:
    server = server_of("postgresql" if database_url.startswith("postgresql") else "mariadb")
    at = "rehearsing catalogue.0001_initial"
    before = server.databases()
    shop.sabotaged("rehearse", at=at, do="KILL-BOTH")
    left = server.databases() - before
    assert len(left) == 1
    done = shop.run("recover")
    assert (done.code, "dropped 1 scratch database of killed runs" in done.said) == (0, True)
    assert server.databases() == before

    recover = [*shop.program, "recover", "--project", str(shop.folder)]
    note = shop.folder.parent / "seen"
    code = (
        "import subprocess\n"
        f"done = subprocess.run({recover!r}, capture_output=True, text=True)\n"
        f"open({str(note)!r}, 'w').write(str(done.returncode) + done.stdout)"
    )
    done = shop.sabotaged("rehearse", at=at, run=code)
    assert (done.code, note.read_text()[0]) == (0, "0"), done
    assert "nothing was kept or left behind" in " ".join(note.read_text().split())
    assert server.databases() == before


@pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)
def test_mariadb_keeps_none(shop: Shop) -> None:
    """It can't make a database from another."""
    for _ in range(2):
        assert "kept" not in clean(shop)["scratch"]
