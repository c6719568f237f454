"""The help of every option is true: each is tried out on a copy of the example."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.docs.documents import SUMMARY, bare, read, refreshing, table
from workflow.flows import FLOWS
from workflow.verbs import VERBS

pytestmark = pytest.mark.e2e

MODELS = "catalogue/models.py"
SKU = 'sku = models.CharField("article number", max_length=20, unique=True)'
PENDING = "catalogue/migrations/0011_more.py"
ARCHIVE = 'DATABASES["archive"] = {**DATABASES["default"], "NAME": BASE_DIR / "archive.sqlite3"}\n'
GIFT = "\n\nclass Gift(models.Model):\n    pass\n"
KILLED = next(bare(command) for _, _, code, command in table(read(SUMMARY)) if code == "HIS105")


class Shop:
    """A copy of the example, with every migration applied."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, command: str, code: int = 0) -> str:
        """Run a command line; return what it said on both streams, with its blanks made one."""
        done: CompletedProcess[str] = refreshing.run(command, self.folder)
        assert done.returncode == code, done.stdout
        return " ".join(done.stdout.split())

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.folder / path).read_text(encoding="utf-8")
        assert text.count(old) == 1
        (self.folder / path).write_text(text.replace(old, new), encoding="utf-8")

    def append(self, path: str, text: str) -> None:
        with (self.folder / path).open("a", encoding="utf-8") as file:
            file.write(text)

    def add_field(self, field: str = 'colour = models.CharField(max_length=9, default="")') -> None:
        self.replace(MODELS, SKU, f"{SKU}\n    {field}")

    def add_migration(self, operation: str = "", name: str = "0011_more") -> None:
        """Write a migration by hand."""
        (self.folder / f"catalogue/migrations/{name}.py").write_text(
            "from django.db import migrations, models\n\n\n"
            "class Migration(migrations.Migration):\n"
            '    dependencies = [("catalogue", "0010_product_status_price_idx")]\n'
            f"    operations = [{operation}]\n",
            encoding="utf-8",
        )

    def migrations(self) -> set[str]:
        """The migration files that the example does not have."""
        here = {str(p.relative_to(self.folder)) for p in self.folder.glob("*/migrations/0*.py")}
        return {name for name in here if not (refreshing.ROOT / "example" / name).exists()}

    def contents(self) -> dict[str, str]:
        """A digest of every file, but for compiled Python and the cache of what was read."""
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
            and "__pycache__" not in path.parts
            and path.parent.name != ".workflow"
        }


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shop = Shop(refreshing.copy_example(tmp_path_factory.mktemp("migrated") / "shop"))
    shop.run("python manage.py migrate --verbosity 0")
    return shop.folder


@pytest.fixture
def shop(migrated: Path, tmp_path: Path) -> Shop:
    shutil.copytree(migrated, tmp_path / "shop")
    return Shop(tmp_path / "shop")


def project(shop: Shop) -> None:
    assert "passed" in shop.run("cd catalogue/migrations && migration-workflow pre-check")
    assert "passed" in shop.run("cd .. && migration-workflow pre-check --project shop")
    shop.run("mkdir ../empty && cd ../empty && migration-workflow pre-check", 2)


def database(shop: Shop) -> None:
    shop.append("config/settings.py", ARCHIVE)
    verb = "migration-workflow enforce-dev-environment --verbose"
    assert "/db.sqlite3" in shop.run(verb)
    assert "/db.sqlite3" in shop.run(f"{verb} --database default")
    assert "/archive.sqlite3" in shop.run(f"{verb} --database archive")
    shop.run(f"{verb} --database other", 2)


def format_(shop: Shop) -> None:
    verb = "migration-workflow validate-migration-dependencies"
    assert json.loads(shop.run(f"{verb} --format json 2> talk"))["verdict"] == "passed"
    assert shop.run(f"{verb} --format text").startswith("dependencies ....")
    shop.run(f"{verb} --format xml", 2)


def output(shop: Shop) -> None:
    verb = "migration-workflow check-migrations --output report --format json"
    assert shop.run(f"{verb} 2> talk") == ""
    assert json.loads((shop.folder / "report").read_text(encoding="utf-8"))["schema"] == 1


def strict(shop: Shop) -> None:
    shop.add_migration("migrations.RunPython(lambda apps, editor: None)")
    verb = "migration-workflow validate-migration-dependencies"
    assert "DAT101 warning" in shop.run(verb)
    assert "refused" in shop.run(f"{verb} --strict", 1)


def dry_run(shop: Shop) -> None:
    """See ``test_a_dry_run_changes_nothing``."""


def verbose(shop: Shop) -> None:
    verb = "migration-workflow enforce-dev-environment"
    assert "django " not in shop.run(verb)
    assert "django " in shop.run(f"{verb} --verbose")
    shop.replace("config/settings.py", "import os\n", "import os, nowhere\n")
    assert "Traceback" in shop.run(f"{verb} --verbose", 3)


def app(shop: Shop) -> None:
    shop.add_field()
    shop.append("orders/models.py", GIFT)
    shop.run("migration-workflow makemigrations catalogue")
    assert shop.migrations() == {"catalogue/migrations/0011_product_colour.py"}
    shop.run("migration-workflow makemigrations")
    assert "orders/migrations/0005_gift.py" in shop.migrations()


def name(shop: Shop) -> None:
    shop.add_field()
    shop.run("migration-workflow makemigrations --name paint")
    assert shop.migrations() == {"catalogue/migrations/0011_paint.py"}


def empty(shop: Shop) -> None:
    shop.run("migration-workflow makemigrations --empty catalogue --name paint")
    text = (shop.folder / "catalogue/migrations/0011_paint.py").read_text(encoding="utf-8")
    assert "operations = [\n    ]" in text


def merge(shop: Shop) -> None:
    shop.add_migration(name="0011_left")
    shop.add_migration(name="0011_right")
    shop.run("migration-workflow makemigrations --merge --answer merge:catalogue=yes")
    assert "catalogue/migrations/0012_merge_0011_left_0011_right.py" in shop.migrations()


def answer(shop: Shop) -> None:
    shop.add_field("colour = models.CharField(max_length=9); size = models.IntegerField()")
    both = "--answer default:product.colour=\"'red'\" --answer default:product.size=3"
    shop.run("migration-workflow makemigrations", 1)
    assert "'red'" in shop.run(f"migration-workflow makemigrations --name both {both}")


def production(shop: Shop) -> None:
    verb = "DJANGO_ENV=production migration-workflow migrate-safe"
    assert "ENV101" in shop.run(verb, 1)
    assert "ENV101" in shop.run(f"{verb} --production yes", 1)
    shop.run(f'{verb} --production "$PWD/db.sqlite3"')


def wait(shop: Shop) -> None:
    shop.run("flock db.sqlite3-migrating migration-workflow migrate-safe --wait 0", 1)
    shop.run("migration-workflow migrate-safe --wait 0")
    shop.run("migration-workflow migrate-safe --wait long", 2)


def fake(shop: Shop) -> None:
    verb = "migration-workflow migrate-safe --fake catalogue.0011_more"
    shop.add_migration('migrations.RunSQL("SELECT 1", "")')
    assert "takes a reason" in shop.run(verb, 2)
    assert "DAT215" in shop.run(f"{verb} --reason 'nothing to run'")
    assert "nothing is pending" in shop.run("migration-workflow migrate-safe")


def from_(shop: Shop) -> None:
    verb = "migration-workflow rehearse --verbose"
    assert "nothing is pending" in shop.run(verb)
    rehearsed = shop.run(f"{verb} --format json --from catalogue.0009 2> talk")
    assert '"0010_product_status_price_idx"' in rehearsed
    assert '"0009_product_featured_review"' not in rehearsed
    assert '"0009_product_featured_review"' in shop.run(f"{verb} --format json --from zero 2> talk")


def to(shop: Shop) -> None:
    verb = "migration-workflow rehearse --format json --from catalogue.0005"
    rehearsed = shop.run(f"{verb} --to catalogue.0006 2> talk")
    assert '"0006_product_sku"' in rehearsed
    assert '"0007_fill_product_sku"' not in rehearsed
    pending(shop)
    assert "is applied" in shop.run("migration-workflow migrate-safe --to accounts.0001", 2)
    applied = shop.run("migration-workflow migrate-safe --to catalogue.0011")
    assert "applied catalogue.0011" in applied


def plan(shop: Shop) -> None:
    pending(shop)
    assert "would apply catalogue.0011" in shop.run("migration-workflow migrate-safe --plan")
    assert "1 migration is pending" in shop.run("migration-workflow pre-check")


def yes(shop: Shop) -> None:
    shop.run(KILLED, 1)
    assert "nobody to ask, give --yes" in shop.run("migration-workflow recover", 2)
    assert "passed" in shop.run("migration-workflow recover --yes")


def check(shop: Shop) -> None:
    shop.run("git init --quiet")
    before = shop.contents()
    assert "tasks.py is missing" in shop.run("migration-workflow setup --check", 1)
    assert shop.contents() == before
    shop.run("CI=1 migration-workflow setup --yes")
    shop.run("CI=1 migration-workflow setup --check")


def completion(shop: Shop) -> None:
    shop.run("git init --quiet")
    shop.run('CI=1 HOME="$PWD" migration-workflow setup --yes --completion fish')
    assert ".config/fish/completions/migration-workflow.fish" in shop.contents()


def undo(shop: Shop) -> None:
    shop.run("git init --quiet")
    before = shop.contents()
    shop.run("CI=1 migration-workflow setup --yes")
    shop.append(".pre-commit-config.yaml", "fail_fast: true\n")
    told = shop.run("migration-workflow setup --undo --yes")
    assert "CFG205 warning .pre-commit-config.yaml" in told
    left = {name for name in shop.contents().keys() - before.keys() if ".git/" not in name}
    assert left == {".env", ".pre-commit-config.yaml", ".migration-workflow.json"}


def baseline(shop: Shop) -> None:
    shop.add_migration('migrations.RunSQL("SELECT 1")')
    verb = "migration-workflow validate-migration-dependencies"
    shop.run(f"{verb} --strict", 1)
    assert "wrote migrations-baseline.toml" in shop.run(f"{verb} --baseline")
    assert "1 accepted finding" in shop.run(f"{verb} --strict")


def against(shop: Shop) -> None:
    shop.run("printf '__pycache__/\\n*.sqlite3\\n' > .gitignore && git init --quiet -b trunk")
    shop.run("git add . && git commit --quiet --message 1 && git switch --quiet --create mine")
    shop.replace("catalogue/migrations/0010_product_status_price_idx.py", '"price"]', '"name"]')
    verb = "migration-workflow validate-migration-dependencies"
    shop.run(verb)
    assert "trunk has it already" in shop.run(f"{verb} --against trunk", 1)
    shop.run("git branch main trunk")
    assert "main has it already" in shop.run(verb, 1)


def code(shop: Shop) -> None:
    assert shop.run("cd / && migration-workflow explain grf103").startswith("# GRF103: several")
    listed = shop.run("migration-workflow explain")
    assert "GRF101 reference to" in listed
    assert "HIS101 applied migration" in listed


TRIED: dict[str, Callable[[Shop], None]] = {
    "project": project,
    "database": database,
    "format": format_,
    "output": output,
    "strict": strict,
    "dry-run": dry_run,
    "verbose": verbose,
    "app": app,
    "name": name,
    "empty": empty,
    "merge": merge,
    "answer": answer,
    "production": production,
    "wait": wait,
    "fake": fake,
    "reason": fake,
    "from": from_,
    "to": to,
    "plan": plan,
    "yes": yes,
    "against": against,
    "baseline": baseline,
    "check": check,
    "undo": undo,
    "completion": completion,
    "code": code,
}


def test_every_option_is_tried() -> None:
    options = {option.name for verb in VERBS for option in verb.everything}
    assert options == TRIED.keys()


@pytest.mark.parametrize("option", TRIED)
def test_the_help_is_true_of(option: str, shop: Shop) -> None:
    TRIED[option](shop)


def drifted(shop: Shop) -> None:
    shop.add_field()


def pending(shop: Shop) -> None:
    shop.add_migration('migrations.AddField("product", "stock", models.IntegerField(null=True))')
    shop.add_field("stock = models.IntegerField(null=True)")


def killed(shop: Shop) -> None:
    shop.run(KILLED, 1)


def not_made_yet(shop: Shop) -> None:
    (shop.folder / "db.sqlite3").unlink()


Situation = Callable[[Shop], None]
PLANNED: dict[tuple[str, Situation], str] = {
    ("makemigrations", drifted): "would write catalogue/migrations/0011_product_colour.py",
    ("migrate-safe", pending): "would apply catalogue.0011_more",
    ("migrate-safe", not_made_yet): "would apply catalogue.0001_initial",
    ("lock", drifted): "would write migrations.lock",
    ("lock", pending): "would write migrations.lock",
    ("recover", killed): "put the database 'default' back",
}
"""What a dry run must announce; all others have nothing to change."""

WITHOUT_GIT = [
    name
    for name, flow in FLOWS.items()
    if not flow.starts_containers and name != "setup-pre-commit"
]

RUNS = [
    *((name, situation) for name in WITHOUT_GIT for situation in (drifted, pending)),
    ("migrate-safe", not_made_yet),
    ("recover", killed),
]


@pytest.mark.parametrize(("verb", "situation"), RUNS)
def test_a_dry_run_changes_nothing(verb: str, situation: Situation, shop: Shop) -> None:
    situation(shop)
    before = shop.contents()
    done = refreshing.run(f"migration-workflow {verb} --dry-run --verbose", shop.folder)
    assert done.returncode in {0, 1}, done.stdout
    announced = PLANNED.get((verb, situation))
    if announced is None:
        assert "would " not in done.stdout
    else:
        assert announced in done.stdout
    assert shop.contents() == before
