"""Installed packages are followed by path: what they certainly lack is told, nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.history.conftest import Tree, migration, write_tree
from workflow.history.reading import read_history
from workflow.rules import check

if TYPE_CHECKING:
    from workflow.history.model import History

MANAGE = "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings')\n"
CONFIG = "from django.apps import AppConfig\n\n\nclass {}(AppConfig):\n    name = '{}'\n"
TAGS = {
    "tags/__init__.py": "",
    "tags/apps.py": CONFIG.format("TagsConfig", "tags"),
    "tags/migrations/0001_initial.py": migration(),
    "tags/migrations/0002_colour.py": migration("tags.0001_initial"),
}
LABELLED = {**TAGS, "tags/apps.py": TAGS["tags/apps.py"] + "    label = 'labels'\n"}
SQUASHED = {
    **TAGS,
    "tags/migrations/0003_squashed.py": migration(body="replaces = [('tags', '0000_old')]"),
}

Check = Callable[..., "History"]


def project(reference: str, *entries: str, more: str = "") -> Tree:
    """Return a project with one migration that depends on ``reference``."""
    return {
        "manage.py": MANAGE,
        "config/settings.py": f"INSTALLED_APPS = {['shop', *entries]!r}\n{more}",
        "shop/__init__.py": "",
        "shop/migrations/0001_initial.py": migration(reference),
    }


@pytest.fixture
def read(tmp_path: Path) -> Check:
    """Write packages and a project, and read the project."""

    def run(tree: Tree, packages: Tree, **options: Any) -> History:
        write_tree(tmp_path / "packages", packages)
        write_tree(tmp_path / "project", tree)
        site = [tmp_path / "packages"]
        return read_history(tmp_path / "project", **{"site": site, **options})

    return run


@pytest.mark.parametrize("entry", ["tags", "tags.apps.TagsConfig"])
def test_a_migration_that_an_installed_app_lacks_is_told(read: Check, entry: str) -> None:
    (finding,) = check(read(project("tags.0002_color", entry), TAGS))
    assert finding.code == "GRF101"
    assert finding.path == "shop/migrations/0001_initial.py"
    assert finding.message == (
        "shop.0001_initial depends on tags.0002_color, which the installed package does not have: "
        "Django cannot load any migration of the project (NodeNotFoundError)."
    )
    assert finding.fix == (
        "Instead: name tags.0002_colour, the nearest that exists, or install the release of the "
        "package that has 0002_color.\n"
        "Next: migration-workflow validate-migration-dependencies"
    )


def test_where_nothing_is_near_the_release_is_the_advice(read: Check) -> None:
    (finding,) = check(read(project("tags.0099_nothing", "tags"), TAGS))
    assert str(finding.fix).startswith("Instead: install the release of the package that has 0099_")


def test_run_before_counts_too(read: Check) -> None:
    tree = project("tags.0001_initial", "tags")
    body = "run_before = [('tags', '0003_gone')]"
    first = {"shop/migrations/0001_initial.py": migration(body=body)}
    (finding,) = check(read({**tree, **first}, TAGS))
    assert "must run before tags.0003_gone" in finding.message


def test_the_label_is_the_configuration_s(read: Check) -> None:
    assert check(read(project("labels.0009_gone", "tags"), LABELLED))
    assert not check(read(project("tags.0009_gone", "tags"), LABELLED))


def test_only_what_is_referred_to_is_known(read: Check) -> None:
    history = read(project("tags.0002_colour", "tags"), {**TAGS, "more/migrations/0001_a.py": ""})
    assert history.installed == {"tags": ("0001_initial", "0002_colour")}
    assert not history.closed
    assert set(history.apps) == {"shop"}
    assert history.is_external("tags")


def test_a_release_with_the_migration_changes_the_digest(read: Check) -> None:
    before = read(project("tags.0003_more", "tags"), TAGS)
    after = read({}, {"tags/migrations/0003_more.py": migration("tags.0002_colour")})
    assert check(before)
    assert not check(after)
    assert before.digest != after.digest


@pytest.mark.parametrize("name", ["0001_initial", "0002_colour", "__first__", "__latest__"])
def test_what_is_there_is_no_finding(read: Check, name: str) -> None:
    assert check(read(project(f"tags.{name}", "tags"), TAGS)) == []


def test_a_swappable_dependency_is_no_finding(read: Check) -> None:
    tree = project("tags.__first__", "tags", more="AUTH_USER_MODEL = 'tags.Tag'\n")
    body = "dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]"
    tree = {**tree, "shop/migrations/0001_initial.py": migration(body=body)}
    assert check(read(tree, TAGS)) == []


LOST = "tags.0099_nothing"
MOVED = "MIGRATION_MODULES = {'tags': 'elsewhere'}\n"
COMPUTED = "import os\nMIGRATION_MODULES = dict(os.environ)\n"
UNREADABLE = {**SQUASHED, "tags/migrations/0003_squashed.py": migration(body="replaces = f()")}
PYC: Tree = {**TAGS, "tags/migrations/0099_nothing.pyc": b""}
BARE = {"tags/migrations.py": "", "tags/apps.py": TAGS["tags/apps.py"]}
ANY_NAME = {**TAGS, "tags/apps.py": CONFIG.format("TagsConfig", "tags").replace("'tags'", "f()")}
STARRED = {**TAGS, "tags/apps.py": "from .configs import *\n"}
COPIED = {**TAGS, "other/migrations/0001_initial.py": migration()}
OTHER = CONFIG.format("OtherConfig", "other") + "    label = 'tags'\n"
VENDORED = {**project(LOST, "tags"), "tags/__init__.py": ""}
REPLACING = {
    **project(LOST, "tags"),
    "shop/migrations/0002_squashed.py": migration(
        "shop.0001_initial", body="replaces = [('tags', '0099_nothing')]"
    ),
}

SILENT: dict[str, tuple[Tree, Tree, dict[str, Any]]] = {
    "no folder of packages is known": (project(LOST, "tags"), TAGS, {"site": ()}),
    "the package is not installed": (project(LOST, "tags"), {}, {}),
    "only another settings module may install it": (project(LOST), TAGS, {}),
    "the entry is computed": (project(LOST, more="INSTALLED_APPS += [f()]\n"), TAGS, {}),
    "the settings moved its migrations": (project(LOST, "tags", more=MOVED), TAGS, {}),
    "what the settings moved is computed": (project(LOST, "tags", more=COMPUTED), TAGS, {}),
    "the configuration moved its migrations": (
        project(LOST, "tags"), TAGS, {"migration_modules": {"tags": "elsewhere"}}
    ),
    "a squash of the package stands for it": (project("tags.0000_old", "tags"), SQUASHED, {}),
    "a squash of the package may stand for it": (project(LOST, "tags"), UNREADABLE, {}),
    "a squash of the project stands for it": (REPLACING, TAGS, {}),
    "it is there without its source": (project(LOST, "tags"), PYC, {}),
    "the app has no migrations package": (project(LOST, "tags"), BARE, {}),
    "the name of the app is computed": (project(LOST, "tags"), ANY_NAME, {}),
    "its configuration is imported": (project(LOST, "tags"), STARRED, {}),
    "its configuration is not there": (project(LOST, "tags.apps.Gone"), TAGS, {}),
    "the entry is no name": (project(LOST, "tags./apps.TagsConfig", "..", ""), TAGS, {}),
    "two packages have the label": (
        project(LOST, "tags", "other"), {**COPIED, "other/apps.py": OTHER}, {}
    ),
    "the tree has the package": (VENDORED, TAGS, {}),
}  # fmt: skip


@pytest.mark.parametrize("case", SILENT, ids=str)
def test_silent_where(read: Check, case: str) -> None:
    tree, packages, options = SILENT[case]
    found = [one for one in check(read(tree, packages, **options)) if one.code == "GRF101"]
    assert found == []


def test_silent_where_two_folders_have_the_package(read: Check, tmp_path: Path) -> None:
    write_tree(tmp_path / "before", TAGS)
    site = [tmp_path / "before", tmp_path / "packages"]
    assert check(read(project(LOST, "tags"), TAGS, site=site)) == []


class TestNotSure:
    """The folders may be those of another project."""

    def test_they_count_where_they_have_every_app(self, read: Check) -> None:
        assert check(read(project(LOST, "tags.apps.TagsConfig"), TAGS, site_is_sure=False))

    def test_they_do_not_where_they_lack_one(self, read: Check) -> None:
        tree = project(LOST, "tags", "blocks")
        assert check(read(tree, TAGS))
        assert not check(read(tree, TAGS, site_is_sure=False))


def test_a_cache_changes_nothing(read: Check, tmp_path: Path) -> None:
    tree, cache = project("tags.0000_older", "tags"), tmp_path / "cache"
    first = check(read(tree, SQUASHED, cache=cache))
    assert len(first) == 1
    assert check(read(tree, SQUASHED, cache=cache)) == first
