"""Two branches that add to one app: seen before the merge, by git itself, and put right."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.shop import Shop

MERGE = ("-c", "user.name=A", "-c", "user.email=a@example.org", "merge", "--quiet", "main")
LOCK = "migrations.lock"


def part_ways(shop: Shop, ours: str = "colour", theirs: str = "size") -> None:
    """Let a branch and ``main`` each make a migration of their own, with the tool itself."""
    shop.git("switch", "--quiet", "--create", "feature")
    make(shop, ours)
    shop.git("switch", "--quiet", "main")
    make(shop, theirs)
    shop.git("switch", "--quiet", "feature")


def make(shop: Shop, field: str) -> None:
    shop.add_field(f'{field} = models.CharField(max_length=9, default="")')
    done = shop.run("makemigrations", "--name", field)
    assert done.code == 0, done
    shop.git("add", "--all")
    shop.git("commit", "--quiet", "--message", field)


def test_the_merge_is_refused_before_it_is_made(shop: Shop) -> None:
    shop.commit_all()
    part_ways(shop)
    before = shop.git("status", "--porcelain")
    for verb in ("validate-migration-dependencies", "validate-migrations"):
        assert shop.json(verb).verdicts()["against"] == "passed"
        done = shop.json(verb, "--against", "main")
        assert (done.code, "HIS108" in done.codes) == (1, True)
    assert shop.git("status", "--porcelain") == before


def test_the_lock_file_makes_git_conflict_and_a_merge_migration_mends_both(shop: Shop) -> None:
    assert shop.run("lock").code == 0
    shop.commit_all()
    part_ways(shop)
    merged = shop.run(*MERGE, program=["git"])
    assert merged.code == 1
    assert LOCK in shop.git("diff", "--name-only", "--diff-filter=U").split()
    assert {"GRF103", "HIS111"} <= set(shop.json("validate-migration-dependencies").codes)
    shop.git("checkout", "--ours", "catalogue/models.py")
    shop.add_field('size = models.CharField(max_length=9, default="")')
    done = shop.run("makemigrations", "--merge", "catalogue", "--answer", "merge:catalogue=yes")
    assert (done.code, "updated migrations.lock" in done.said) == (0, True), done
    assert shop.json("validate-migration-dependencies").code == 0


def test_branches_that_add_to_different_apps_merge_lock_file_and_all(shop: Shop) -> None:
    assert shop.run("lock").code == 0
    shop.commit_all()
    shop.git("switch", "--quiet", "--create", "feature")
    make(shop, "colour")
    shop.git("switch", "--quiet", "main")
    done = shop.run("makemigrations", "orders", "--empty", "--name", "fill")
    assert done.code == 0, done
    shop.git("add", "--all")
    shop.git("commit", "--quiet", "--message", "Fill")
    shop.git("switch", "--quiet", "feature")
    assert shop.json("validate-migration-dependencies", "--against", "main").code == 0
    shop.git("merge", "--quiet", "--no-edit", "main")
    assert shop.json("validate-migration-dependencies", "--against", "main").code == 0


def test_a_lock_file_that_somebody_went_round_is_refused_and_written_anew(shop: Shop) -> None:
    shop.run("lock")
    shop.add_migration()
    refused = shop.json("validate-migration-dependencies")
    assert (refused.code, refused.codes.count("HIS110")) == (1, 1)
    assert "wrote migrations.lock" in shop.run("lock").said
    assert shop.json("validate-migration-dependencies").code == 0
