"""The agent compares as the project's own ``makemigrations`` does, and goes back where it may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from workflow.project.agent import AgentFailed

if TYPE_CHECKING:
    from tests.two_apps import Project

NO_HELP_TEXTS = """\
from django.core.management.commands.makemigrations import Command as Parent
from django.db import models


class Command(Parent):
    def handle(self, *args, **options):
        deconstruct = models.Field.deconstruct

        def without_help(field):
            name, path, arguments, keywords = deconstruct(field)
            keywords.pop("help_text", None)
            return name, path, arguments, keywords

        models.Field.deconstruct = without_help
        print("no help texts")
        super().handle(*args, **options)
"""

NO_ORDERING = """\
from django.core.management.commands.makemigrations import Command as Parent
from django.db.migrations.operations.models import AlterModelOptions


class Command(Parent):
    def handle(self, *args, **options):
        AlterModelOptions.ALTER_OPTION_KEYS.remove("ordering")
        super().handle(*args, **options)
"""

OPTIONS = 'migrations.AlterModelOptions("product", {})'

FORBIDDEN = """\
from django.core.management.base import CommandError
from django.core.management.commands.makemigrations import Command as Parent


class Command(Parent):
    def handle(self, *args, **options):
        raise CommandError("Ask the database team.")
"""

LATE_MODEL = """\
from django.db import models


class Shelf(models.Model):
    class Meta:
        app_label = "shop"
"""

GERMAN = """\
LANGUAGE_CODE = "de"
USE_I18N = True
"""


def drift(project: Project) -> dict[str, Any]:
    context = project.context()
    assert context.facts
    first: dict[str, Any] = context.agent.ask("drift", database="default")["changes"]
    assert context.agent.ask("drift", database="default")["changes"] == first
    return first


def add_command(project: Project, text: str) -> None:
    for folder in ("shop/management", "shop/management/commands"):
        project.write(f"{folder}/__init__.py", "")
    project.write("shop/management/commands/makemigrations.py", text)


def test_a_help_text_is_a_change_for_django(project: Project) -> None:
    project.replace("shop/models.py", "max_length=20", 'max_length=20, help_text="Any."')
    assert list(drift(project)) == ["shop"]


def test_what_a_command_of_the_project_leaves_out_is_no_change(project: Project) -> None:
    project.replace("shop/models.py", "max_length=20", 'max_length=20, help_text="Any."')
    add_command(project, NO_HELP_TEXTS)
    before = project.tree()
    assert drift(project) == {}
    assert project.tree() == before


def test_what_such_a_command_does_not_leave_out_is_one(project: Project) -> None:
    project.add_field("price = models.IntegerField(default=0)")
    add_command(project, NO_HELP_TEXTS)
    assert drift(project)["shop"]["operations"] == ["Add field price to product"]


def test_what_such_a_command_changes_does_not_reach_the_migrations(project: Project) -> None:
    add_command(project, NO_ORDERING)
    project.migration("shop", "0002_ordered", OPTIONS.format({"ordering": ["name"]}))
    project.migration(
        "shop",
        "0003_unordered",
        OPTIONS.format({}),
        "migrations.RunPython(all_products)",
        after=(("shop", "0002_ordered"),),
        head="""\
            def all_products(apps, schema_editor):
                product = apps.get_model("shop", "Product")
                assert product._meta.ordering == [], product._meta.ordering
        """,
    )
    context = project.context()
    assert context.facts
    assert context.agent.ask("drift", database="default")["changes"] == {}
    rehearsed = context.ask_on_scratch("rehearse", part=[None, None])
    assert rehearsed["failed"] is None


def test_what_such_a_command_raises_is_told(project: Project) -> None:
    add_command(project, FORBIDDEN)
    context = project.context()
    assert context.facts
    with pytest.raises(AgentFailed, match="Ask the database team"):
        context.agent.ask("drift", database="default")


def test_a_database_that_is_not_there_stays_away(project: Project) -> None:
    project.database.unlink()
    add_command(project, NO_HELP_TEXTS)
    assert drift(project) == {}
    assert not project.database.exists()


def test_a_translation_is_no_change(project: Project) -> None:
    """Django's commands compare without translations, whatever the language of the site."""
    project.add_setting(GERMAN)
    label = 'name = models.CharField("{0}", max_length=20)'
    lazy = 'name = models.CharField(_("{0}"), max_length=20)'
    project.replace("shop/models.py", "name = models.CharField(max_length=20)", lazy.format("Yes"))
    project.replace(
        "shop/models.py",
        "from django.db import models",
        "from django.db import models\nfrom django.utils.translation import gettext_lazy as _",
    )
    project.replace(
        "shop/migrations/0001_initial.py",
        '("name", models.CharField(max_length=20))',
        f'("name", {label.format("Yes").partition(" = ")[2]})',
    )
    assert drift(project) == {}


def test_a_model_that_only_a_view_imports_is_seen(project: Project) -> None:
    project.write("shop/shelves.py", LATE_MODEL)
    assert drift(project) == {}
    project.close()
    project.write("config/urls.py", "import shop.shelves\n\nurlpatterns = []\n")
    project.add_setting('ROOT_URLCONF = "config.urls"')
    assert drift(project)["shop"]["operations"] == ["Create model Shelf"]


def test_urls_that_cannot_be_imported_are_told(project: Project) -> None:
    project.add_setting('ROOT_URLCONF = "config.urls"')
    context = project.context()
    assert context.facts
    with pytest.raises(AgentFailed, match=r"No module named 'config\.urls'"):
        context.agent.ask("drift", database="default")


def clean(project: Project) -> dict[str, Any]:
    context = project.context()
    assert context.facts
    return context.ask_on_scratch("clean", main=None)


def test_the_projects_own_migrations_go_back(project: Project) -> None:
    answer = clean(project)
    assert answer["back"] == [["stock", "0001_initial"], ["shop", "0001_initial"]]
    assert answer["held"] == []


def test_what_an_installed_app_needs_stays(project: Project) -> None:
    project.migration(
        "shop",
        "0002_price",
        'migrations.AddField("product", "price", models.IntegerField(default=0))',
    )
    project.add_field("price = models.IntegerField(default=0)")
    packages = project.folder / "site-packages"
    packages.mkdir()
    (project.folder / "stock").rename(packages / "stock")
    project.replace("manage.py", "# before", f"sys.path.append({str(packages)!r})")
    answer = clean(project)
    assert answer["failed"] is None
    assert answer["back"] == [["shop", "0002_price"]]
    assert answer["held"] == [["shop", "0001_initial"]]
