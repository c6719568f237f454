"""migrate-safe: what fails, or does something else than it did in the rehearsal, is undone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.shop import Run, Shop

ADD_STOCK = 'migrations.AddField("product", "stock", models.IntegerField(null=True))'
STOCK = "stock = models.IntegerField(null=True)"
TAG = "INSERT INTO catalogue_tag (name) VALUES ('{0}')"

SECOND_TIME = """
def second_time():
    with open("calls", "a+") as calls:
        calls.write("x")
        calls.seek(0)
        return len(calls.read()) > 1
"""
"""True from the second call on: not in the rehearsal, but when it is applied."""

AS_ONE, STEPWISE = "", "atomic = False"
MODES = pytest.mark.parametrize("body", [AS_ONE, STEPWISE], ids=["as one", "stepwise"])


def code(*lines: str) -> str:
    """Return the head of a migration with a function ``work``."""
    body = "\n".join(f"    {line}" for line in lines)
    return f"{SECOND_TIME}\n\ndef work(apps, schema_editor):\n{body}\n"


def pending(shop: Shop, *lines: str, body: str = AS_ONE) -> None:
    """Add three migrations: two that work, and between them one that runs these lines."""
    shop.add_field(STOCK)
    shop.add_migration(ADD_STOCK, name="0011_stock")
    shop.add_migration(
        f'migrations.RunSQL("{TAG.format("written")}")',
        "migrations.RunPython(work)",
        name="0012_work",
        after="0011_stock",
        head=code(*lines),
        body=body,
    )
    shop.add_migration(name="0013_more", after="0012_work")


def expect_undone(shop: Shop, done: Run, before: list[str], body: str, *expected: str) -> None:
    assert done.code == 1, done
    for code_ in expected:
        assert code_ in done.codes, done
    how = "The snapshot was put back" if body else "The database was rolled back"
    assert f"{how}: the database is as it was before" in done.stdout or (
        f"{how}: it is as it was before" in done.stdout
    )
    assert shop.dump() == before
    assert not (shop.folder / ".workflow/scratch").exists()


@MODES
def test_it_can_pass(body: str, shop: Shop) -> None:
    pending(shop, "second_time()", body=body)
    done = shop.json("migrate-safe")
    assert done.code == 0, done
    assert ("catalogue", "0013_more") in shop.applied()
    assert shop.query("SELECT count(*) FROM catalogue_tag WHERE name = 'written'") == [(1,)]
    assert (shop.folder / "calls").read_text(encoding="utf-8") == "xx"


@MODES
def test_what_fails_in_the_rehearsal_never_touches_the_database(body: str, shop: Shop) -> None:
    pending(shop, "raise ValueError('no [red] good')", body=body)
    database = shop.database.read_bytes()
    tree = shop.tree()
    done = shop.json("migrate-safe")
    assert done.code == 1, done
    (finding,) = [
        finding
        for gate in done.document["gates"]
        for finding in gate["findings"]
        if finding["code"] == "DAT201"
    ]
    assert (finding["app"], finding["migration"]) == ("catalogue", "0012_work")
    assert finding["operation"] == 1
    assert "ValueError: no [red] good" in finding["message"]
    assert "Nothing was changed" in finding["fix"]
    assert done.verdicts()["apply"] == "not-reached"
    assert shop.database.read_bytes() == database
    assert shop.new_files(tree) == []


@MODES
def test_what_fails_only_when_it_is_applied_is_undone(body: str, shop: Shop) -> None:
    pending(shop, "if second_time():", "    raise ValueError('later')", body=body)
    before = shop.dump()
    done = shop.json("migrate-safe")
    expect_undone(shop, done, before, body, "DAT204")
    assert "catalogue.0012_work failed, although its rehearsal did not" in done.stdout


@MODES
@pytest.mark.parametrize(
    ("statement", "difference", "table"),
    [
        (TAG.format("more"), "catalogue_tag: rows changed by 2, in the rehearsal by 1", None),
        ("DELETE FROM accounts_wishlistitem", "rows changed by", None),
        ("CREATE TABLE surprise (id integer)", "surprise is left over", "surprise"),
        (
            "CREATE INDEX surprise ON catalogue_tag (name, id)",
            "surprise is left over",
            "catalogue_tag",
        ),
        (
            "DROP INDEX product_status_price_idx",
            "product_status_price_idx is missing",
            "catalogue_product",
        ),
        (
            "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'y', '2024-01-01')",
            "other migrations were recorded than in the rehearsal",
            None,
        ),
        (
            "CREATE TRIGGER surprise AFTER INSERT ON catalogue_tag BEGIN SELECT 1; END",
            "trigger surprise is left over",
            "catalogue_tag",
        ),
    ],
)
def test_what_does_something_else_when_it_is_applied_is_undone(
    statement: str, difference: str, table: str | None, body: str, shop: Shop
) -> None:
    """A plan that runs step by step is stopped right there, by what its tables are then."""
    pending(shop, "if second_time():", f"    schema_editor.execute({statement!r})", body=body)
    before = shop.dump()
    done = shop.json("migrate-safe")
    expect_undone(shop, done, before, body, "DAT203")
    if body and table is not None:
        difference = f"after it in the rehearsal ({table} was changed)"
    assert difference in done.stdout


@MODES
def test_rows_that_change_without_changing_their_number_are_not_refused(
    body: str, shop: Shop
) -> None:
    """The rule is about schema, history and numbers of rows; this says where it ends."""
    statement = "UPDATE catalogue_tag SET name = upper(name)"
    pending(shop, "if second_time():", f"    schema_editor.execute({statement!r})", body=body)
    assert shop.json("migrate-safe").code == 0


@MODES
def test_a_broken_foreign_key_is_found_in_the_rehearsal(body: str, shop: Shop) -> None:
    statement = "UPDATE catalogue_product SET category_id = 4711"
    pending(shop, f"schema_editor.execute({statement!r})", body=body)
    before = shop.dump()
    done = shop.json("migrate-safe")
    assert done.code == 1, done
    assert "DAT201" in done.codes
    assert "4711" in done.stdout
    assert shop.dump() == before


@MODES
def test_a_process_that_ends_itself_is_undone(body: str, shop: Shop) -> None:
    pending(shop, "if second_time():", "    import sys; sys.exit(5)", body=body)
    before = shop.dump()
    done = shop.json("migrate-safe")
    assert done.code in {1, 3}, done
    assert shop.dump() == before


@MODES
def test_a_migration_that_writes_to_another_database(body: str, shop: Shop) -> None:
    shop.append(
        "config/settings.py",
        "DATABASES['audit'] = {**DATABASES['default'], 'NAME': BASE_DIR / 'audit.sqlite3'}\n",
    )
    audit = shop.folder / "audit.sqlite3"
    shop.query("CREATE TABLE log (line text)", audit)
    pending(
        shop,
        "with connections['audit'].cursor() as cursor:",
        "    cursor.execute('SELECT count(*) FROM log')",
        "    cursor.execute(\"INSERT INTO log VALUES ('rehearsed')\")",
        body=body,
    )
    before = shop.dump()
    done = shop.json("migrate-safe")
    assert done.code == 1, done
    assert done.codes[-1] == "DAT202"
    assert "it writes to the database 'audit'" in done.stdout
    assert shop.query("SELECT * FROM log", audit) == []
    assert shop.dump() == before


@MODES
def test_a_migration_that_sends_mail_sends_it_once(body: str, shop: Shop) -> None:
    shop.append(
        "config/settings.py",
        "EMAIL_BACKEND = 'django.core.mail.backends.filebased.EmailBackend'\n"
        "EMAIL_FILE_PATH = BASE_DIR / 'outbox'\n",
    )
    pending(
        shop,
        "from django.core.mail import send_mail",
        "send_mail('Moved', 'by a migration', 'a@example.org', ['b@example.org'])",
        body=body,
    )
    done = shop.json("migrate-safe")
    assert done.code == 0, done
    (mail,) = (shop.folder / "outbox").iterdir()
    assert "by a migration" in mail.read_text(encoding="utf-8")


@MODES
def test_a_migration_that_prints_is_not_heard_on_standard_output(body: str, shop: Shop) -> None:
    pending(
        shop,
        'print(\'{"answer": {"failed": null}}\', flush=True)',
        "os.write(1, b'{\"event\": 1}\\n')",
        "os.system('echo chatter')",
        body=body,
    )
    done = shop.json("migrate-safe")
    assert done.code == 0, done
    assert "chatter" not in done.stdout
    assert ("catalogue", "0013_more") in shop.applied()


@MODES
def test_a_migration_that_talks_a_lot_does_not_stop_the_flow(body: str, shop: Shop) -> None:
    """More than a pipe holds, in lines and in one line."""
    pending(shop, "print('x' * 3_000_000)", "print('line\\n' * 300_000)", body=body)
    assert shop.json("migrate-safe").code == 0


@MODES
def test_a_migration_that_reads_gets_nothing(body: str, shop: Shop) -> None:
    pending(shop, "import sys", "assert sys.stdin.read() == ''", body=body)
    assert shop.json("migrate-safe").code == 0


WRITER = f"""
import sqlite3
from contextlib import closing

with closing(sqlite3.connect("db.sqlite3", timeout=0)) as other, other:
    other.execute("{TAG.format("meanwhile")}")
"""


def written_meanwhile(shop: Shop) -> list[tuple[int]]:
    return shop.query("SELECT count(*) FROM catalogue_tag WHERE name = 'meanwhile'")


@MODES
def test_rows_that_come_between_rehearsal_and_apply_stay(body: str, shop: Shop) -> None:
    pending(shop, "pass", body=body)
    done = shop.sabotaged("migrate-safe", at="begin apply", run=WRITER)
    assert done.code == 0, done
    assert written_meanwhile(shop) == [(1,)]
    assert ("catalogue", "0013_more") in shop.applied()


@MODES
def test_rows_that_come_between_stay_even_if_the_apply_fails(body: str, shop: Shop) -> None:
    pending(shop, "if second_time():", "    raise ValueError('later')", body=body)
    done = shop.sabotaged("migrate-safe", at="begin apply", run=WRITER)
    assert done.code == 1, done
    assert written_meanwhile(shop) == [(1,)]
    assert ("catalogue", "0011_stock") not in shop.applied()


@MODES
@pytest.mark.parametrize(
    ("statement", "difference"),
    [
        ("CREATE TABLE surprise (id integer)", "surprise is left over"),
        ("DELETE FROM django_migrations WHERE app = 'sessions'", "other migrations are recorded"),
    ],
)
def test_a_database_that_changes_between_rehearsal_and_apply_is_left_alone(
    statement: str, difference: str, body: str, shop: Shop
) -> None:
    pending(shop, "pass", body=body)
    meanwhile = WRITER.replace(TAG.format("meanwhile"), statement)
    done = shop.sabotaged("migrate-safe", at="begin apply", run=meanwhile)
    assert done.code == 1, done
    assert "DAT203" in done.stdout
    assert "the database changed since the rehearsal" in done.said
    assert difference in done.said
    assert ("catalogue", "0011_stock") not in shop.applied()
    if "surprise" in statement:
        assert shop.query("SELECT count(*) FROM surprise") == [(0,)]


def test_a_migration_file_that_changes_between_is_not_run(shop: Shop) -> None:
    """What was rehearsed is what is applied: the agent loaded the files once."""
    pending(shop, "pass")
    change = "open('catalogue/migrations/0013_more.py', 'a').write('raise ValueError(1)')\n"
    done = shop.sabotaged("migrate-safe", at="begin apply", run=change)
    assert done.code in {0, 1}, done
    assert done.code == 1 or ("catalogue", "0013_more") in shop.applied()


@MODES
def test_what_somebody_changes_after_the_apply_is_found(body: str, shop: Shop) -> None:
    pending(shop, "pass", body=body)
    change = WRITER.replace(TAG.format("meanwhile"), "CREATE TABLE surprise (id integer)")
    done = shop.sabotaged("migrate-safe", at="begin verify", run=change)
    assert done.code == 1, done
    assert "DAT205" in done.said


@MODES
def test_stepwise_evidence_names_each_migration(body: str, shop: Shop) -> None:
    pending(shop, "pass", body=body)
    done = shop.json("migrate-safe")
    for gate in done.document["gates"]:
        if gate["name"] in {"rehearsal", "apply"}:
            names = [row["migration"] for row in gate["evidence"]]
            assert names == ["0011_stock", "0012_work", "0013_more"]
            assert [row["reversible"] for row in gate["evidence"]] == [True, False, True]


def test_a_database_with_a_write_ahead_log_is_put_back(shop: Shop) -> None:
    shop.query("PRAGMA journal_mode = WAL")
    pending(shop, "if second_time():", "    raise ValueError('later')", body=STEPWISE)
    before = shop.dump()
    expect_undone(shop, shop.json("migrate-safe"), before, STEPWISE, "DAT204")
    assert shop.query("PRAGMA journal_mode") == [("wal",)]


def test_the_report_is_data_whatever_the_project_says(shop: Shop) -> None:
    pending(shop, "print('a' * 100)", "raise ValueError('\\x1b[2J\\x07 [bold]{}%s')")
    done = shop.json("migrate-safe")
    assert done.code == 1
    assert "\x1b" not in done.stdout + done.stderr
    assert json.loads(done.stdout)["verdict"] == "refused"


SECOND_RUN = """
import subprocess
done = subprocess.run({program} + {words}, capture_output=True, text=True)
assert done.returncode == {code}, done
"""


@MODES
@pytest.mark.parametrize("verb", ["pre-check", "test-migrations-clean"])
@pytest.mark.parametrize("at", ["end rehearsal", "begin verify"])
def test_a_second_run_that_only_looks_disturbs_nobody(
    at: str, verb: str, body: str, shop: Shop
) -> None:
    pending(shop, "pass", body=body)
    code = SECOND_RUN.format(program=list(shop.program), words=[verb], code=0)
    done = shop.sabotaged("migrate-safe", at=at, run=code)
    assert done.code == 0, done
    assert ("catalogue", "0013_more") in shop.applied()
    assert not (shop.folder / ".workflow/scratch").exists()


@MODES
def test_a_second_run_has_no_turn_while_the_first_has_it(body: str, shop: Shop) -> None:
    pending(shop, "pass", body=body)
    words = ["migrate-safe", "--wait", "0"]
    code = SECOND_RUN.format(program=list(shop.program), words=words, code=1)
    done = shop.sabotaged("migrate-safe", at="begin apply", run=code)
    assert done.code == 0, done
    assert ("catalogue", "0013_more") in shop.applied()
    assert shop.query("SELECT count(*) FROM catalogue_tag WHERE name = 'written'") == [(1,)]
