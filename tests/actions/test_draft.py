"""Drafts stay in memory, and what only a person knows is asked, or refused with its flag."""

from __future__ import annotations

from typing import Any

import pytest

from tests.two_apps import Project, Silence
from workflow.actions import draft
from workflow.context import Context, DraftedFile
from workflow.errors import UsageError
from workflow.outcome import Finding, Severity, StepResult, Verdict

NULL = "price = models.IntegerField(null=True)"
NO_DEFAULT = "price = models.IntegerField()"


def run(project: Project, **how: Any) -> tuple[StepResult, Context]:
    context = project.context(**how)
    before = project.tree()
    result = draft.run(context)
    assert project.tree() == before, "a draft writes nothing"
    return result, context


def text_of(context: Context) -> str:
    (drafted,) = context.drafted
    return drafted.text


class TestDrafts:
    def test_nothing_to_draft(self, project: Project) -> None:
        result, context = run(project)
        assert (
            result
            == StepResult("draft", Verdict.SKIPPED, reason="no changes detected", details=None)
            or result.reason == "no changes detected"
        )
        assert result.verdict is Verdict.SKIPPED
        assert context.drafted == ()

    def test_one_field(self, project: Project) -> None:
        project.add_field(NULL)
        result, context = run(project)
        assert (result.verdict, result.findings) == (Verdict.PASSED, ())
        path = project.folder / "shop/migrations/0002_product_price.py"
        assert context.drafted == (
            DraftedFile("shop", "0002_product_price", path, text_of(context)),
        )
        assert "AddField" in text_of(context)

    def test_the_plan_and_the_sql_are_shown(self, project: Project) -> None:
        project.add_field(NULL)
        result, _ = run(project)
        assert "Add field price to product" in str(result.details)
        assert 'ALTER TABLE "shop_product" ADD COLUMN "price" integer NULL' in str(result.details)

    def test_a_password_that_is_a_word_of_the_project(self, project: Project) -> None:
        project.add_setting('DATABASES["default"]["PASSWORD"] = "shop"\n')
        project.add_field(NULL)
        result, context = run(project)
        assert "('shop', '0001_initial')" in text_of(context).replace('"', "'")
        assert "***" not in text_of(context) + str(result.details)

    def test_without_a_database_nothing_is_made(self, project: Project) -> None:
        project.database.unlink()
        project.add_field(NULL)
        result, _ = run(project)
        assert 'ADD COLUMN "price"' in str(result.details)
        assert not project.database.exists()

    def test_files_come_in_the_order_of_their_dependencies(self, project: Project) -> None:
        project.add_field("place = models.ForeignKey('stock.Box', models.CASCADE, null=True)")
        box = "\n\nclass Box(models.Model):\n    size = models.IntegerField()\n"
        models = (project.folder / "stock/models.py").read_text(encoding="utf-8")
        project.write("stock/models.py", models + box)
        _, context = run(project)
        assert [drafted.app for drafted in context.drafted] == ["stock", "shop"]

    def test_only_the_labels_that_are_named(self, project: Project) -> None:
        project.add_field(NULL)
        project.add_field(NULL, app="stock")
        _, context = run(project, labels=("stock",))
        assert [drafted.app for drafted in context.drafted] == ["stock"]

    def test_a_name_of_ones_own(self, project: Project) -> None:
        project.add_field(NULL)
        _, context = run(project, name="pricing")
        assert [drafted.name for drafted in context.drafted] == ["0002_pricing"]

    def test_an_empty_one(self, project: Project) -> None:
        result, context = run(project, labels=("shop",), empty=True, name="tidy")
        assert [drafted.name for drafted in context.drafted] == ["0002_tidy"]
        assert "no operations yet: write them before you apply it" in str(result.details)
        assert "shop" in text_of(context)

    def test_a_merge(self, project: Project) -> None:
        project.migration("shop", "0002_left")
        project.migration("shop", "0002_right")
        _, context = run(project, merge=True, answers={"merge:shop": "yes"})
        assert [drafted.name for drafted in context.drafted] == ["0003_merge_0002_left_0002_right"]
        assert "0002_left" in text_of(context)

    def test_a_merge_that_is_declined(self, project: Project) -> None:
        project.migration("shop", "0002_left")
        project.migration("shop", "0002_right")
        result, context = run(project, merge=True, answers={"merge:shop": "no"})
        assert (result.verdict, context.drafted) == (Verdict.SKIPPED, ())

    def test_a_merge_of_nothing(self, project: Project) -> None:
        result, _ = run(project, merge=True)
        assert result.verdict is Verdict.SKIPPED

    def test_the_first_of_an_app(self, project: Project) -> None:
        project.write("blog/__init__.py", "")
        project.write(
            "blog/models.py",
            """
            from django.db import models

            class Entry(models.Model):
                day = models.DateField()
            """,
        )
        project.replace("config/settings.py", '"stock"]', '"stock", "blog"]')
        result, context = run(project, labels=("blog",))
        path = project.folder / "blog/migrations/0001_initial.py"
        assert [drafted.path for drafted in context.drafted] == [path]
        assert 'CREATE TABLE "blog_entry"' in str(result.details)


class TestUsage:
    def test_an_app_that_there_is_not(self, project: Project) -> None:
        message = r"^there is no app 'blog'; the project's own are: shop, stock$"
        with pytest.raises(UsageError, match=message):
            run(project, labels=("blog",))

    def test_an_empty_one_needs_a_label(self, project: Project) -> None:
        message = r"^--empty needs the label of the app that the migration is for$"
        with pytest.raises(UsageError, match=message):
            run(project, empty=True)

    @pytest.mark.parametrize("name", ["two words", "a-b", "../evil", "1st", ""])
    def test_a_name_that_is_no_module(self, project: Project, name: str) -> None:
        with pytest.raises(UsageError, match=r"^--name must be a Python identifier, not "):
            run(project, name=name)


class TestDRF103:
    """Changes in an installed app are never drafted."""

    @pytest.fixture(autouse=True)
    def foreign(self, project: Project) -> None:
        project.add_field(NULL, app="stock")
        packages = project.folder / "site-packages"
        packages.mkdir()
        (project.folder / "stock").rename(packages / "stock")
        project.replace("manage.py", "# before", f"sys.path.append({str(packages)!r})")

    def test_warns_and_drafts_the_rest(self, project: Project) -> None:
        project.add_field(NULL)
        result, context = run(project)
        assert result.verdict is Verdict.PASSED
        assert [(one.code, one.severity) for one in result.findings] == [
            ("DRF103", Severity.WARNING)
        ]
        assert [drafted.app for drafted in context.drafted] == ["shop"]

    def test_refuses_when_it_was_asked_for_by_name(self, project: Project) -> None:
        result, context = run(project, labels=("stock",))
        assert result.verdict is Verdict.REFUSED
        assert [(one.code, one.severity) for one in result.findings] == [("DRF103", Severity.ERROR)]
        assert context.drafted == ()


class TestDRF104:
    """A question that only a person can answer."""

    def test_fires_when_there_is_nobody_to_ask(self, project: Project) -> None:
        project.add_field(NO_DEFAULT)
        result, context = run(project)
        assert result.verdict is Verdict.REFUSED
        assert result.findings == (
            Finding(
                "DRF104",
                Severity.ERROR,
                "product.price is new, may not be null and has no default. What shall the rows "
                "that exist hold? Answer with a Python value, such as '' or 0. Only a person can "
                "know, and there is no terminal to ask on. Nothing was written.",
                "Answer on the command line: migration-workflow makemigrations --answer "
                "'default:product.price=<Python value>'",
                data={"question": "default:product.price"},
            ),
        )
        assert context.drafted == ()

    def test_silent_when_somebody_answers(self, project: Project) -> None:
        project.add_field(NO_DEFAULT)
        talk = Silence("7")
        result, context = run(project, talk=talk)
        assert result.verdict is Verdict.PASSED
        assert len(talk.asked) == 1
        assert "default=7" in text_of(context)

    def test_silent_when_the_answer_is_on_the_command_line(self, project: Project) -> None:
        project.add_field(NO_DEFAULT)
        result, context = run(project, answers={"Default:Product.Price": "0"})
        assert result.verdict is Verdict.PASSED
        assert "default=0" in text_of(context)

    def test_an_answer_that_is_no_python_is_asked_again(self, project: Project) -> None:
        project.add_field(NO_DEFAULT)
        talk = Silence("seven", "7")
        result, _ = run(project, talk=talk)
        assert result.verdict is Verdict.PASSED
        assert talk.asked[1].endswith(
            "('seven' is not a Python value: name 'seven' is not defined)"
        )

    def test_a_rename_is_asked_for(self, project: Project) -> None:
        project.replace("shop/models.py", "name = ", "title = ")
        result, _ = run(project)
        (finding,) = result.findings
        assert finding.message.startswith(
            "Was product.name renamed to product.title (a CharField)? Only a person can know"
        )
        assert finding.fix == (
            "Answer on the command line: migration-workflow makemigrations --answer "
            "'rename-field:product.name:title=yes'"
        )

    @pytest.mark.parametrize(("reply", "operation"), [("y", "RenameField"), ("Yes", "RenameField")])
    def test_a_rename_that_is_one(self, project: Project, reply: str, operation: str) -> None:
        project.replace("shop/models.py", "name = ", "title = ")
        _, context = run(project, talk=Silence(reply))
        assert operation in text_of(context)

    def test_a_rename_that_is_none(self, project: Project) -> None:
        project.replace(
            "shop/models.py",
            "name = models.CharField(max_length=20)",
            "title = models.CharField(max_length=20, default='')",
        )
        _, context = run(project, talk=Silence("no", "no"))
        assert "RenameField" not in text_of(context)
        assert "RemoveField" in text_of(context)

    def test_neither_yes_nor_no_is_asked_again(self, project: Project) -> None:
        project.replace("shop/models.py", "name = ", "title = ")
        talk = Silence("perhaps", "yes")
        result, _ = run(project, talk=talk)
        assert result.verdict is Verdict.PASSED
        assert talk.asked[1].endswith("Answer yes or no.")

    def test_a_model_that_was_renamed(self, project: Project) -> None:
        project.replace("shop/models.py", "class Product(", "class Article(")
        project.replace("stock/models.py", "shop.Product", "shop.Article")
        talk = Silence("yes")
        _, context = run(project, talk=talk)
        assert talk.asked == ["Was the model shop.Product renamed to Article?"]
        assert "RenameModel" in "".join(drafted.text for drafted in context.drafted)

    def test_a_field_that_may_no_longer_be_null(self, project: Project) -> None:
        project.add_field(NO_DEFAULT)
        operation = 'migrations.AddField("product", "price", models.IntegerField(null=True))'
        project.migration("shop", "0002_price", operation)
        (finding,) = run(project)[0].findings
        assert finding.message.startswith("product.price may no longer be null.")
        result, context = run(project, answers={"default:product.price": "leave"})
        assert result.verdict is Verdict.PASSED
        assert "default" not in text_of(context)

    def test_the_moment_of_rows_that_exist(self, project: Project) -> None:
        project.add_field("added = models.DateTimeField(auto_now_add=True)")
        result, context = run(project, answers={"default:product.added": "timezone.now"})
        assert result.verdict is Verdict.PASSED
        assert "timezone.now" in text_of(context)

    def test_a_unique_default_that_would_be_the_same_for_all(self, project: Project) -> None:
        project.replace("shop/models.py", "from django.db", "import uuid\nfrom django.db")
        project.add_field("key = models.UUIDField(default=uuid.uuid4, unique=True)")
        (finding,) = run(project)[0].findings
        assert finding.data == {"question": "same-default:product.key"}
        (finding,) = run(project, answers={"same-default:product.key": "no"})[0].findings
        assert finding.fix == (
            "Instead: product.key needs three migrations: add it with null=True, fill it with "
            "RunPython, then make it unique."
        )
        result, _ = run(project, answers={"same-default:product.key": "yes"})
        assert result.verdict is Verdict.PASSED
