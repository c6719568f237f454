"""What other branches have must not change: asked of real git repositories."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.two_apps import Silence, git
from workflow.config import load_settings
from workflow.context import Context, Words
from workflow.errors import CouldNotCheck, UsageError
from workflow.gates import against
from workflow.outcome import Finding, Severity, StepResult, Verdict

INITIAL = '''\
"""The first."""
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel(
            name="Product",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=20, help_text="As the customer sees it")),
            ],
            options={"ordering": ["name"]},
        ),
    ]
'''

PRICE = """\
from decimal import Decimal

from django.db import migrations, models


def fill(apps, schema_editor):
    # every product
    Product = apps.get_model("shop", "Product")
    Product.objects.update(price=Decimal(1))


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [
        migrations.AddField("Product", "price", models.IntegerField(null=True)),
        migrations.RunPython(fill),
    ]
"""

SKU = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_price")]
    operations = [migrations.AddField("Product", "sku", models.TextField(default=""))]
"""

COLOUR = SKU.replace("0002_price", "0003_sku").replace("sku", "colour")

SQUASH = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("shop", "0001_initial"), ("shop", "0002_price"), ("shop", "0003_sku")]
    initial = True
    operations = []
"""

STOCK = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_price")]
    operations = [migrations.CreateModel("Place", [("id", models.AutoField(primary_key=True))])]
"""

PRICE_FILE = "shop/migrations/0002_price.py"
SKU_FILE = "shop/migrations/0003_sku.py"


class Tree:
    """A project in a repository; ``folder`` may be below its top."""

    def __init__(self, folder: Path, top: Path) -> None:
        self.folder = folder
        self.top = top

    def write(self, name: str, text: str) -> Tree:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return self

    def read(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> Tree:
        text = self.read(name)
        assert old in text
        self.write(name, text.replace(old, new))
        return self

    def remove(self, name: str) -> Tree:
        path = self.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        return self

    def move(self, old: str, new: str) -> Tree:
        (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / old).rename(self.folder / new)
        return self

    def git(self, *words: str) -> str:
        return git(self.top, *words)

    def commit(self, message: str = "Something") -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    def context(self, ref: str | None = None, *, strict: bool = False) -> Context:
        settings = load_settings(self.folder, variables={})
        return Context(settings, Words(against=ref, strict=strict), Silence())

    def run(self, ref: str | None = None, *, strict: bool = False) -> StepResult:
        return against.run(self.context(ref, strict=strict))


def fill(tree: Tree) -> None:
    """Write two apps."""
    for name in ("shop", "shop/migrations", "stock", "stock/migrations"):
        tree.write(f"{name}/__init__.py", "")
    tree.write("shop/models.py", "")
    tree.write("shop/apps.py", APPS)
    tree.write("stock/models.py", "")
    tree.write("shop/migrations/0001_initial.py", INITIAL)
    tree.write(PRICE_FILE, PRICE)
    tree.write(SKU_FILE, SKU)
    tree.write("stock/migrations/0001_initial.py", STOCK)


APPS = """\
from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"
    label = "shop"
"""


def started(folder: Path, top: Path) -> Tree:
    top.mkdir(parents=True)
    git(top, "init", "--quiet", "--initial-branch=main")
    tree = Tree(folder, top)
    fill(tree)
    tree.commit("All")
    return tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A feature branch that has nothing of its own yet."""
    tree = started(tmp_path / "site", tmp_path / "site")
    tree.git("switch", "--quiet", "--create", "feature")
    return tree


def codes(result: StepResult) -> list[tuple[str, Severity, str | None]]:
    return [(item.code, item.severity, item.path) for item in result.findings]


def only(result: StepResult) -> Finding:
    [finding] = result.findings
    return finding


ERROR, WARNING = Severity.ERROR, Severity.WARNING


class Case(NamedTuple):
    """One thing done to a tree, and what must be found: code, severity, path."""

    do: Callable[[Tree], object]
    found: tuple[tuple[str, Severity, str | None], ...] = ()


def edit(old: str, new: str, name: str = PRICE_FILE) -> Callable[[Tree], Tree]:
    return lambda tree: tree.replace(name, old, new)


EDITED = (("HIS106", ERROR, PRICE_FILE),)
STATE_ONLY = (("HIS106", WARNING, "shop/migrations/0001_initial.py"),)

FIRING = {
    "another argument": Case(edit("null=True", "default=0"), EDITED),
    "another field": Case(edit('"price", models', '"cost", models'), EDITED),
    "one more operation": Case(
        edit(
            "        migrations.RunPython",
            "        migrations.DeleteModel('X'),\n        migrations.RunPython",
        ),
        EDITED,
    ),
    "an operation taken out": Case(edit("        migrations.RunPython(fill),\n", ""), EDITED),
    "operations in another order": Case(
        lambda tree: tree.write(
            PRICE_FILE,
            PRICE.replace("        migrations.RunPython(fill),\n", "").replace(
                "operations = [\n", "operations = [\n        migrations.RunPython(fill),\n"
            ),
        ),
        EDITED,
    ),
    "the code of a data migration": Case(edit("Decimal(1)", "Decimal(2)"), EDITED),
    "where a name of that code is from": Case(
        edit("from decimal import Decimal", "from money import Decimal"), EDITED
    ),
    "another dependency": Case(
        edit('("shop", "0001_initial")', '("stock", "0001_initial")'), EDITED
    ),
    "one more dependency": Case(
        edit('("shop", "0001_initial")', '("shop", "0001_initial"), ("stock", "0001_initial")'),
        EDITED,
    ),
    "a dependency that only running could tell": Case(
        edit('[("shop", "0001_initial")]', "computed()"), EDITED
    ),
    "run_before": Case(
        edit("    operations", '    run_before = [("stock", "0001_initial")]\n    operations'),
        EDITED,
    ),
    "replaces": Case(
        edit("    operations", '    replaces = [("stock", "0001_initial")]\n    operations'), EDITED
    ),
    "a method of the class": Case(
        edit("    operations", "    def apply(self, *args):\n        pass\n\n    operations"),
        EDITED,
    ),
    "operations appended below the class": Case(
        lambda tree: tree.write(
            PRICE_FILE, PRICE + "\n\nMigration.operations.append(migrations.DeleteModel('X'))\n"
        ),
        EDITED,
    ),
    "what only the recorded state has: help_text": Case(
        edit("As the customer", "As nobody", "shop/migrations/0001_initial.py"), STATE_ONLY
    ),
    "what only the recorded state has: an option": Case(
        edit('["name"]', '["-name"]', "shop/migrations/0001_initial.py"), STATE_ONLY
    ),
    "a reverse for RunPython": Case(
        edit("RunPython(fill)", "RunPython(fill, migrations.RunPython.noop)"),
        (("HIS106", WARNING, PRICE_FILE),),
    ),
    "atomic": Case(
        edit("    operations", "    atomic = False\n    operations"),
        (("HIS106", WARNING, PRICE_FILE),),
    ),
    "deleted": Case(lambda tree: tree.remove(SKU_FILE), (("HIS107", ERROR, SKU_FILE),)),
    "two deleted": Case(
        lambda tree: (tree.remove(SKU_FILE), tree.remove(PRICE_FILE)),
        (("HIS107", ERROR, PRICE_FILE), ("HIS107", ERROR, SKU_FILE)),
    ),
    "emptied": Case(lambda tree: tree.write(SKU_FILE, "# moved\n"), (("HIS107", ERROR, SKU_FILE),)),
    "renamed": Case(
        lambda tree: tree.move(SKU_FILE, "shop/migrations/0003_stock_unit.py"),
        (("HIS107", ERROR, "shop/migrations/0003_stock_unit.py"),),
    ),
    "renumbered, with what it depends on": Case(
        lambda tree: (
            tree.write("shop/migrations/0003_new.py", COLOUR.replace("0003_sku", "0002_price")),
            tree.move(SKU_FILE, "shop/migrations/0004_sku.py"),
            tree.replace("shop/migrations/0004_sku.py", "0002_price", "0003_new"),
        ),
        (("HIS107", ERROR, "shop/migrations/0004_sku.py"),),
    ),
    "started anew": Case(
        lambda tree: (
            tree.remove(SKU_FILE),
            tree.remove(PRICE_FILE),
            tree.replace("shop/migrations/0001_initial.py", "max_length=20", "max_length=30"),
        ),
        (
            ("HIS106", ERROR, "shop/migrations/0001_initial.py"),
            ("HIS107", ERROR, PRICE_FILE),
            ("HIS107", ERROR, SKU_FILE),
        ),
    ),
    "all migrations of an app deleted": Case(
        lambda tree: tree.remove("stock/migrations"),
        (("HIS107", ERROR, "stock/migrations/0001_initial.py"),),
    ),
    "an app deleted": Case(
        lambda tree: tree.remove("stock"), (("HIS107", WARNING, "stock/migrations"),)
    ),
    "moved with its app, and edited": Case(
        lambda tree: (
            tree.move("shop", "apps/shop"),
            tree.replace("apps/shop/apps.py", '"shop"\n    label', '"apps.shop"\n    label'),
            tree.replace("apps/" + PRICE_FILE, "null=True", "default=0"),
        ),
        (("HIS106", ERROR, "apps/" + PRICE_FILE),),
    ),
    "an original deleted that the squash does not name": Case(
        lambda tree: (
            tree.write(
                "shop/migrations/0001_squashed.py",
                SQUASH.replace(', ("shop", "0003_sku")', ""),
            ),
            tree.remove("shop/migrations/0001_initial.py"),
            tree.remove(PRICE_FILE),
            tree.remove(SKU_FILE),
        ),
        (("HIS107", ERROR, SKU_FILE),),
    ),
}

SILENT = {
    "nothing": Case(lambda tree: tree),
    "a new migration": Case(lambda tree: tree.write("shop/migrations/0004_colour.py", COLOUR)),
    "other files": Case(
        lambda tree: (tree.write("shop/models.py", "x = 1\n"), tree.remove("shop/apps.py"))
    ),
    "a helper among the migrations": Case(
        lambda tree: tree.write("shop/migrations/_names.py", "x = 1\n")
    ),
    "comments": Case(edit("# every product", "# all products, whatever they are")),
    "formatting": Case(
        edit('"Product", "price", ', "'Product',\n            'price',\n            ")
    ),
    "a docstring": Case(lambda tree: tree.write(PRICE_FILE, f'"""Price."""\n\n{PRICE}')),
    "another docstring": Case(
        edit('"""The first."""', '"""Where it began."""', "shop/migrations/0001_initial.py")
    ),
    "a docstring of a function": Case(
        edit("    # every product\n", '    """Give every product a price."""\n')
    ),
    "imports in another order": Case(
        edit(
            "from decimal import Decimal\n\nfrom django.db import migrations, models\n",
            "from django.db import models, migrations\nfrom decimal import Decimal\n",
        )
    ),
    "an import that nothing uses": Case(
        lambda tree: tree.write(
            PRICE_FILE, f"from __future__ import annotations\nimport os\n{PRICE}"
        )
    ),
    "an import under another name": Case(
        lambda tree: tree.write(
            SKU_FILE,
            SKU.replace("import migrations, models", "import migrations as m, models").replace(
                "migrations.", "m."
            ),
        )
    ),
    "annotations": Case(
        lambda tree: (
            tree.replace(
                PRICE_FILE,
                "(apps, schema_editor):",
                "(apps: object, schema_editor: object) -> None:",
            ),
            tree.replace(PRICE_FILE, "    dependencies =", "    dependencies: list[object] ="),
        )
    ),
    "keywords for positions": Case(
        edit('"Product", "price", models', 'model_name="Product", name="price", field=models')
    ),
    "tuples for lists": Case(edit('[("shop", "0001_initial")]', '(("shop", "0001_initial"),)')),
    "dependencies in another order, one of them twice": Case(
        lambda tree: tree.write(
            "stock/migrations/0001_initial.py",
            STOCK.replace(
                '[("shop", "0002_price")]', '[("shop", "0002_price"), ("shop", "0002_price")]'
            ),
        )
    ),
    "CRLF": Case(lambda tree: tree.write(PRICE_FILE, PRICE.replace("\n", "\r\n"))),
    "touched": Case(lambda tree: (tree.folder / PRICE_FILE).touch()),
    "originals deleted that a squash replaces": Case(
        lambda tree: (
            tree.write("shop/migrations/0001_squashed.py", SQUASH),
            tree.remove("shop/migrations/0001_initial.py"),
            tree.remove(PRICE_FILE),
            tree.remove(SKU_FILE),
        )
    ),
    "dependants that name the squash instead": Case(
        lambda tree: (
            tree.write("shop/migrations/0001_squashed.py", SQUASH),
            tree.remove("shop/migrations/0001_initial.py"),
            tree.remove(PRICE_FILE),
            tree.remove(SKU_FILE),
            tree.replace("stock/migrations/0001_initial.py", "0002_price", "0001_squashed"),
        )
    ),
    "renamed, and says so in replaces": Case(
        lambda tree: (
            tree.move(SKU_FILE, "shop/migrations/0003_stock_unit.py"),
            tree.replace(
                "shop/migrations/0003_stock_unit.py",
                "    dependencies",
                '    replaces = [("shop", "0003_sku")]\n    dependencies',
            ),
        )
    ),
    "moved with its app, label and names the same": Case(
        lambda tree: (
            tree.move("shop", "apps/shop"),
            tree.replace("apps/shop/apps.py", '"shop"\n    label', '"apps.shop"\n    label'),
        )
    ),
    "removed from git, but still there": Case(
        lambda tree: tree.git("rm", "--quiet", "--cached", SKU_FILE)
    ),
}


@pytest.mark.parametrize("committed", [False, True], ids=["uncommitted", "committed"])
@pytest.mark.parametrize("case", FIRING.values(), ids=FIRING)
def test_it_fires(tree: Tree, case: Case, committed: bool) -> None:
    case.do(tree)
    if committed:
        tree.commit()
    result = tree.run()
    assert tuple(codes(result)) == case.found
    refuses = any(severity is ERROR for _, severity, _ in case.found)
    assert result.verdict is (Verdict.REFUSED if refuses else Verdict.PASSED)
    assert all(item.fix and item.fix.startswith("Instead: ") for item in result.findings)


@pytest.mark.parametrize("committed", [False, True], ids=["uncommitted", "committed"])
@pytest.mark.parametrize("case", SILENT.values(), ids=SILENT)
def test_it_is_silent(tree: Tree, case: Case, committed: bool) -> None:
    case.do(tree)
    if committed:
        tree.commit()
    assert tree.run() == StepResult("against", Verdict.PASSED)


def test_what_is_said_of_an_edit(tree: Tree) -> None:
    tree.replace(SKU_FILE, 'default=""', 'default="x"')
    assert only(tree.run()) == Finding(
        "HIS106",
        Severity.ERROR,
        "shop.0003_sku was edited, and main has it already: its operations changed. Whoever has "
        "applied it does not apply it again: their database stays as it is, and differs from "
        "every new one.",
        "Instead: put it back (git checkout main -- shop/migrations/0003_sku.py) and make the "
        "change in a new migration.\nNext: migration-workflow makemigrations shop",
        app="shop",
        migration="0003_sku",
        operation=0,
        path=SKU_FILE,
        line=6,
        data={"against": "main", "changed": ["operations"]},
    )


def test_what_is_said_of_an_edit_that_no_database_sees(tree: Tree) -> None:
    tree.replace("shop/migrations/0001_initial.py", "As the", "as the")
    assert only(tree.run()).message == (
        "shop.0001_initial was edited, and main has it already: its operations changed. No "
        "database differs by that, but what others draft from their models does."
    )


def test_what_is_said_of_a_rename(tree: Tree) -> None:
    tree.move(SKU_FILE, "shop/migrations/0003_unit.py")
    finding = only(tree.run())
    assert finding.message == (
        "shop.0003_sku is called 0003_unit here, and main has it under its old name. Whoever has "
        "applied it would apply it again under the new one, and fail on what is there already."
    )
    assert finding.fix == (
        "Instead: give it its name back (git mv shop/migrations/0003_unit.py "
        "shop/migrations/0003_sku.py), in what depends on it too; or let it say "
        'replaces = [("shop", "0003_sku")].\n'
        "Next: migration-workflow validate-migration-dependencies"
    )
    assert finding.migration == "0003_unit"


def test_what_is_said_of_a_deletion(tree: Tree) -> None:
    tree.remove(SKU_FILE)
    finding = only(tree.run())
    assert finding.message == (
        "shop.0003_sku was deleted, and main has it already. Whoever has applied it keeps what "
        "it did, and nothing here knows of it; a new database never gets it."
    )
    assert finding.fix == (
        "Instead: put it back (git checkout main -- shop/migrations/0003_sku.py). To undo what "
        "it does, write a new migration that does; to shorten the history, squash it.\n"
        "Next: migration-workflow validate-migration-dependencies"
    )


def test_what_is_said_of_an_app_that_is_gone(tree: Tree) -> None:
    tree.remove("shop")
    finding = only(tree.run())
    assert finding.message == (
        "The app shop is gone with its 3 migrations, and main has it. Its tables stay in every "
        "database, and nothing here knows of them."
    )
    assert finding.data["migrations"] == ["0001_initial", "0002_price", "0003_sku"]


def test_the_command_in_the_message_puts_it_back(tree: Tree) -> None:
    tree.replace(SKU_FILE, 'default=""', 'default="x"')
    git(tree.folder, "checkout", "--quiet", "main", "--", SKU_FILE)
    assert tree.run().findings == ()


def test_a_strict_run_refuses_what_only_the_state_has(tree: Tree) -> None:
    tree.replace("shop/migrations/0001_initial.py", "As the", "as the")
    assert tree.run(strict=True).verdict is Verdict.REFUSED


def test_names_that_are_text(tmp_path: Path) -> None:
    tree = started(tmp_path / "site", tmp_path / "site")
    name = "shop/migrations/0004_[x] 'q' ü\n.py"
    tree.write(name, COLOUR)
    tree.commit()
    tree.git("switch", "--quiet", "--create", "feature")
    tree.remove(name)
    finding = only(tree.run())
    assert (finding.code, finding.path) == ("HIS107", name)
    assert "git checkout main -- 'shop/migrations/0004_[x] '\"'\"'q'\"'\"' ü\n.py'" in str(
        finding.fix
    )


class TestSquashes:
    def squash(self, tree: Tree) -> None:
        tree.git("switch", "--quiet", "main")
        tree.write("shop/migrations/0001_squashed.py", SQUASH)
        tree.commit("Squash")
        tree.git("switch", "--quiet", "--create", "cleanup")

    def test_originals_deleted_and_the_squash_made_an_ordinary_migration(self, tree: Tree) -> None:
        self.squash(tree)
        for name in ("0001_initial", "0002_price", "0003_sku"):
            tree.remove(f"shop/migrations/{name}.py")
        lines = SQUASH.splitlines(keepends=True)
        squash = "".join(line for line in lines if "replaces" not in line)
        tree.write("shop/migrations/0001_squashed.py", squash)
        tree.replace("stock/migrations/0001_initial.py", "0002_price", "0001_squashed")
        assert tree.run().findings == ()

    def test_the_squash_deleted(self, tree: Tree) -> None:
        self.squash(tree)
        tree.remove("shop/migrations/0001_squashed.py")
        assert only(tree.run()).path == "shop/migrations/0001_squashed.py"

    def test_the_squash_and_its_originals_deleted(self, tree: Tree) -> None:
        self.squash(tree)
        tree.remove("shop/migrations/0001_squashed.py")
        tree.remove(SKU_FILE)
        assert {item.path for item in tree.run().findings} == {
            "shop/migrations/0001_squashed.py",
            SKU_FILE,
        }

    def test_an_original_named_in_replaces_no_more_while_it_is_there(self, tree: Tree) -> None:
        self.squash(tree)
        tree.replace("shop/migrations/0001_squashed.py", ', ("shop", "0003_sku")', "")
        finding = only(tree.run())
        assert (finding.code, finding.data["changed"]) == ("HIS106", ["replaces"])


class TestOtherBranch:
    """What is compared with what."""

    def test_what_main_gained_since_is_not_deleted_here(self, tree: Tree) -> None:
        tree.git("switch", "--quiet", "main")
        tree.write("shop/migrations/0004_colour.py", COLOUR)
        tree.commit()
        tree.git("switch", "--quiet", "feature")
        assert tree.run().findings == ()

    def test_what_main_edited_since_is_not_edited_here(self, tree: Tree) -> None:
        tree.git("switch", "--quiet", "main")
        tree.replace(PRICE_FILE, "null=True", "default=0")
        tree.commit()
        tree.git("switch", "--quiet", "feature")
        assert tree.run().findings == ()

    def test_an_edit_of_main_taken_over_by_hand(self, tree: Tree) -> None:
        tree.git("switch", "--quiet", "main")
        tree.replace(PRICE_FILE, "null=True", "default=0")
        tree.commit("Fix")
        tree.git("switch", "--quiet", "feature")
        tree.git("cherry-pick", "--no-commit", "main")
        assert tree.run().findings == ()

    def test_an_edit_of_main_in_the_middle_of_a_merge(self, tree: Tree) -> None:
        tree.write("shop/migrations/0004_colour.py", COLOUR)
        tree.commit()
        tree.git("switch", "--quiet", "main")
        tree.replace(PRICE_FILE, "null=True", "default=0")
        tree.commit()
        tree.git("switch", "--quiet", "feature")
        tree.git("merge", "--quiet", "--no-commit", "main")
        assert tree.run().findings == ()

    def test_what_main_deleted_since(self, tree: Tree) -> None:
        tree.git("switch", "--quiet", "main")
        tree.remove(SKU_FILE)
        tree.commit()
        tree.git("switch", "--quiet", "feature")
        tree.remove(SKU_FILE)
        assert tree.run().findings == ()

    def test_a_migration_of_this_branch_may_change(self, tree: Tree) -> None:
        tree.write("shop/migrations/0004_colour.py", COLOUR)
        tree.commit()
        tree.replace("shop/migrations/0004_colour.py", 'default=""', 'default="x"')
        tree.commit()
        tree.move("shop/migrations/0004_colour.py", "shop/migrations/0004_paint.py")
        assert tree.run().findings == ()

    def test_after_main_was_merged_in(self, tree: Tree) -> None:
        tree.git("switch", "--quiet", "main")
        tree.write("shop/migrations/0004_colour.py", COLOUR)
        tree.commit()
        tree.git("switch", "--quiet", "feature")
        tree.commit("Own")
        tree.git("merge", "--quiet", "main")
        assert tree.run().findings == ()
        tree.remove("shop/migrations/0004_colour.py")
        assert only(tree.run()).migration == "0004_colour"

    def test_on_main_itself_what_is_committed_counts(self, tree: Tree) -> None:
        tree.git("switch", "--quiet", "main")
        assert tree.run() == StepResult("against", Verdict.PASSED)
        tree.remove(SKU_FILE)
        assert only(tree.run()).code == "HIS107"
        tree.commit()
        assert tree.run() == StepResult("against", Verdict.PASSED)

    @pytest.mark.parametrize("name", ["older", "tag", "HEAD~1", "commit"])
    def test_any_name_of_a_commit(self, tree: Tree, name: str) -> None:
        tree.git("branch", "older")
        tree.git("tag", "tag")
        commit = tree.git("rev-parse", "HEAD")
        tree.remove(SKU_FILE)
        tree.commit()
        ref = commit if name == "commit" else name
        assert only(tree.run(ref)).data["against"] == ref
        assert tree.run("HEAD").findings == ()

    def test_a_branch_that_the_configuration_names(self, tree: Tree) -> None:
        tree.write("migration-workflow.toml", 'main-branch = "trunk"\n')
        assert tree.run().reason == "trunk is no branch, tag or commit of this clone"
        tree.git("branch", "trunk")
        tree.remove(SKU_FILE)
        assert only(tree.run()).data["against"] == "trunk"


class TestPlaces:
    """Where the tree is, and what git knows there."""

    def test_outside_git(self, tmp_path: Path) -> None:
        tree = Tree(tmp_path, tmp_path)
        fill(tree)
        result = tree.run()
        assert (result.verdict, result.findings) == (Verdict.SKIPPED, ())
        assert result.reason == f"{tmp_path} is not under git"

    def test_without_git(self, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")
        assert tree.run().verdict is Verdict.SKIPPED

    def test_without_a_main_branch(self, tree: Tree) -> None:
        tree.git("branch", "--delete", "main")
        result = tree.run()
        assert (result.verdict, result.reason) == (
            Verdict.SKIPPED,
            "no main branch is known here",
        )

    def test_without_commits(self, tmp_path: Path) -> None:
        git(tmp_path, "init", "--quiet", "--initial-branch=main")
        tree = Tree(tmp_path, tmp_path)
        fill(tree)
        tree.write("migration-workflow.toml", 'main-branch = "main"\n')
        assert tree.run().verdict is Verdict.SKIPPED
        with pytest.raises(UsageError, match="main is no branch, tag or commit of this clone"):
            tree.run("main")

    @pytest.mark.parametrize("name", ["no-such-branch", "--exec=x", "main:shop", "", " "])
    def test_a_name_that_is_none(self, tree: Tree, name: str) -> None:
        if not name:
            assert tree.run(name).verdict is Verdict.PASSED
            return
        with pytest.raises(UsageError) as caught:
            tree.run(name)
        assert str(caught.value) == (
            f"--against {name}: {name} is no branch, tag or commit of this clone"
        )
        assert caught.value.exit_code == 2

    def test_asked_for_outside_git(self, tmp_path: Path) -> None:
        tree = Tree(tmp_path, tmp_path)
        fill(tree)
        with pytest.raises(UsageError, match="is not under git"):
            tree.run("main")

    def test_nothing_in_common(self, tree: Tree) -> None:
        tree.git("switch", "--quiet", "--orphan", "other")
        fill(tree)
        tree.commit()
        assert tree.run().reason == "this clone has no commit that is shared with main"
        with pytest.raises(CouldNotCheck, match="no commit that is shared with main"):
            tree.run("main")

    def test_a_shallow_clone(self, tree: Tree, tmp_path: Path) -> None:
        tree.commit("Own")
        tree.git("switch", "--quiet", "main")
        tree.commit("Theirs")
        tree.git("switch", "--quiet", "feature")
        clone = tmp_path / "clone"
        git(tmp_path, "clone", "--quiet", "--depth=1", "--no-single-branch",
            f"file://{tree.top}", str(clone))  # fmt: skip
        git(clone, "remote", "set-head", "origin", "main")
        shallow = Tree(clone, clone)
        reason = (
            "this clone has no commit that is shared with origin/main; it is shallow: "
            "git fetch --unshallow gets the rest"
        )
        assert (shallow.run().verdict, shallow.run().reason) == (Verdict.SKIPPED, reason)
        with pytest.raises(CouldNotCheck, match="it is shallow"):
            shallow.run("origin/main")
        git(clone, "fetch", "--quiet", "--unshallow")
        shallow.remove(SKU_FILE)
        assert only(shallow.run()).data["against"] == "origin/main"

    def test_the_default_of_the_remote(self, tree: Tree, tmp_path: Path) -> None:
        tree.git("switch", "--quiet", "--create", "trunk", "main")
        clone = tmp_path / "clone"
        git(tmp_path, "clone", "--quiet", str(tree.top), str(clone))
        cloned = Tree(clone, clone)
        cloned.remove(SKU_FILE)
        assert only(cloned.run()).data["against"] == "origin/trunk"

    def test_what_was_not_pushed_may_change(self, tree: Tree, tmp_path: Path) -> None:
        tree.git("switch", "--quiet", "main")
        clone = tmp_path / "clone"
        git(tmp_path, "clone", "--quiet", str(tree.top), str(clone))
        cloned = Tree(clone, clone)
        cloned.write("shop/migrations/0004_colour.py", COLOUR)
        cloned.commit()
        cloned.remove("shop/migrations/0004_colour.py")
        assert cloned.run() == StepResult("against", Verdict.PASSED)

    def test_a_detached_head(self, tree: Tree) -> None:
        tree.remove(SKU_FILE)
        tree.commit()
        tree.git("switch", "--quiet", "--detach", "HEAD")
        assert only(tree.run()).code == "HIS107"

    def test_a_worktree(self, tree: Tree, tmp_path: Path) -> None:
        tree.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "beside"))
        beside = Tree(tmp_path / "beside", tmp_path / "beside")
        beside.remove(SKU_FILE)
        assert only(beside.run()).path == SKU_FILE
        assert tree.run().findings == ()

    def test_inside_a_hook(self, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
        tree.remove(SKU_FILE)
        monkeypatch.setenv("GIT_DIR", "/nowhere")
        monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
        assert only(tree.run()).path == SKU_FILE

    def test_a_project_below_the_top(self, tmp_path: Path) -> None:
        tree = started(tmp_path / "mono/back end/site", tmp_path / "mono")
        other = tmp_path / "mono/other/migrations/0001_initial.py"
        other.parent.mkdir(parents=True)
        other.write_text(INITIAL)
        tree.commit()
        tree.git("switch", "--quiet", "--create", "feature")
        other.unlink()
        assert tree.run().findings == ()
        tree.remove(SKU_FILE)
        assert only(tree.run()).path == SKU_FILE

    def test_migrations_that_live_elsewhere(self, tmp_path: Path) -> None:
        tree = started(tmp_path / "site", tmp_path / "site")
        tree.write("migration-workflow.toml", '[migration-modules]\nshop = "database.shop"\n')
        tree.move("shop/migrations", "database/shop")
        tree.write("database/__init__.py", "")
        tree.commit()
        tree.git("switch", "--quiet", "--create", "feature")
        tree.replace("database/shop/0003_sku.py", 'default=""', 'default="x"')
        tree.remove("database/shop/0002_price.py")
        assert codes(tree.run()) == [
            ("HIS107", ERROR, "database/shop/0002_price.py"),
            ("HIS106", ERROR, "database/shop/0003_sku.py"),
        ]

    def test_a_fresh_copy_whose_times_say_nothing(self, tree: Tree, tmp_path: Path) -> None:
        shutil.copytree(tree.top, tmp_path / "copy")
        copied = Tree(tmp_path / "copy", tmp_path / "copy")
        assert copied.run() == StepResult("against", Verdict.PASSED)
        copied.remove(SKU_FILE)
        assert only(copied.run()).path == SKU_FILE

    def test_a_partial_clone_that_lost_its_remote(self, tree: Tree) -> None:
        blob = tree.git("rev-parse", f"main:{SKU_FILE}")
        (tree.top / ".git/objects" / blob[:2] / blob[2:]).unlink()
        tree.replace(SKU_FILE, 'default=""', 'default="x"')
        with pytest.raises(CouldNotCheck, match="the clone is not whole"):
            tree.run()

    def test_files_that_are_links(self, tree: Tree) -> None:
        tree.git("switch", "--quiet", "main")
        tree.write("shared/0004_colour.py", COLOUR)
        (tree.folder / "shop/migrations/0004_colour.py").symlink_to("../../shared/0004_colour.py")
        tree.commit()
        tree.git("switch", "--quiet", "--create", "another")
        (tree.folder / "shop/migrations/0004_colour.py").unlink()
        tree.write("shop/migrations/0004_colour.py", COLOUR)
        assert tree.run().findings == ()


def test_what_git_cannot_tell_does_not_pass(tree: Tree) -> None:
    (tree.top / ".git/index").write_bytes(b"broken")
    with pytest.raises(CouldNotCheck, match="git diff-index failed: "):
        tree.run()
