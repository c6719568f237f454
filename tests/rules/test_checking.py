"""What all rules find together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.rules.trees import at, create, migration, write_tree
from workflow.history.reading import read_history
from workflow.rules import check, checking

if TYPE_CHECKING:
    import pytest

ADD = 'migrations.AddField("product", "price", models.IntegerField(default=0))'
BROKEN = {
    at("shop", "0001_initial"): migration(create("Product")),
    at("shop", "0002_price"): migration(ADD, after="shop.0001_initial"),
    at("shop", "0003_again"): migration(ADD, after="shop.0002_price"),
    at("shop", "0001_squashed"): migration(
        create("Product"),
        ADD,
        ADD,
        body='replaces = [("shop", "0001_initial"), ("shop", "0002_price")]',
    ),
    at("orders", "0001_initial"): migration(after="shop.0009_gone"),
}


def test_findings_are_sorted_by_path_and_line(tmp_path: Path) -> None:
    write_tree(tmp_path, BROKEN)
    found = check(read_history(tmp_path))
    places = [(finding.path, finding.line) for finding in found]
    assert places == sorted(places)
    assert {finding.code for finding in found} >= {"GRF101"}


def test_a_fault_of_each_view_is_told_once(tmp_path: Path) -> None:
    tree = {path: text for path, text in BROKEN.items() if path.startswith("shop")}
    write_tree(tmp_path, tree)
    found = [one.migration for one in check(read_history(tmp_path)) if one.code == "FLD101"]
    assert found == ["0001_squashed", "0003_again"]


def test_a_second_process_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = {path: text for path, text in BROKEN.items() if path.startswith("shop")}
    write_tree(tmp_path, tree)
    alone = check(read_history(tmp_path))
    monkeypatch.setattr(checking, "ENOUGH", 1)
    assert check(read_history(tmp_path)) == alone


def test_an_empty_project_has_nothing_to_say(tmp_path: Path) -> None:
    assert check(read_history(tmp_path)) == []


def test_external_apps_alone_are_not_spoken_of(tmp_path: Path) -> None:
    tree = {
        at("shop", "0001_initial"): migration(
            create("Product", '("owner", models.ForeignKey("auth.User", models.CASCADE))'),
            after=("auth.0012_alter_user_first_name_max_length", "taggit.0001_initial"),
        ),
    }
    write_tree(tmp_path, tree)
    assert check(read_history(tmp_path)) == []


def test_installed_apps_are_not_judged_but_known(tmp_path: Path) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    write_tree(project, {at("shop", "0001_initial"): migration(after="tags.0002_gone")})
    write_tree(
        elsewhere,
        {
            at("tags", "0001_initial"): migration(),
            at("tags", "0002_a"): migration(after="tags.0001_initial"),
            at("tags", "0002_b"): migration(after="tags.0001_initial"),
        },
    )
    installed = {"tags": elsewhere / "tags" / "migrations"}
    (finding,) = check(read_history(project, installed=installed))
    assert (finding.code, finding.path) == ("GRF101", "shop/migrations/0001_initial.py")


def test_an_app_that_is_nowhere_is_named_with_the_nearest(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            at("shop", "0001_initial"): migration(),
            at("orders", "0001_initial"): migration(after="shopp.0001_initial"),
        },
    )
    (finding,) = check(read_history(tmp_path, installed={}))
    assert finding.message == (
        "orders.0001_initial depends on shopp.0001_initial, but no app with migrations is labelled "
        "shopp: Django cannot load any migration of the project (NodeNotFoundError)."
    )
    assert finding.fix == (
        "Instead: name the app shop, the nearest that exists, or add the app shopp.\n"
        "Next: migration-workflow validate-migration-dependencies"
    )
