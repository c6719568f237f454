"""SQL104: raw SQL ends the transaction in which Django runs its migration."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.trees import FIRST_OPERATION_LINE, Tree, at, create, migration
from workflow.outcome import Finding, Severity

Findings = Callable[..., list[Finding]]
SCRIPT = "BEGIN; UPDATE a SET b = 1; COMMIT;"

PROCEDURE = """\
CREATE PROCEDURE p(IN x INT)
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
  END;
  START TRANSACTION;
  again: LOOP
    SET x = x - 1;
    IF x < 1 THEN
      LEAVE again;
    END IF;
  END LOOP;
  WHILE x < 5 DO
    SET x = x + 1;
  END WHILE;
  COMMIT;
END"""
REPEATING = """\
CREATE PROCEDURE p(IN x INT)
BEGIN
  REPEAT
    SET x = x - 1;
  UNTIL x < 1 END REPEAT;
  COMMIT;
END"""
TRIGGER = """\
CREATE TEMP TRIGGER IF NOT EXISTS t AFTER UPDATE OF b ON a
WHEN CASE WHEN new.b THEN 1 ELSE 0 END
BEGIN
  UPDATE c SET d = CASE WHEN d > 1 THEN 2 ELSE 3 END;
  SELECT CASE WHEN new.b < 0 THEN RAISE(ABORT, 'no') END;
END;"""


def tree(sql: object, reverse: object = "", body: str = "") -> Tree:
    operation = f"migrations.RunSQL({sql!r}, {reverse!r})"
    return {at("shop", "0001_initial"): migration(operation, body=body)}


def test_script(findings: Findings) -> None:
    (finding,) = findings("SQL104", tree(SCRIPT))
    assert finding == Finding(
        "SQL104",
        Severity.WARNING,
        "shop.0001_initial says COMMIT in the sql of RunSQL, inside the transaction that Django "
        "opens for it: what came before it stays if the migration fails later on, and the "
        "migration is not recorded.",
        "Instead: leave BEGIN and COMMIT out, for Django begins and ends the transaction itself; "
        "or say atomic = False in 0001_initial, and leave nothing else in it that needs Django's.\n"
        "Next: migration-workflow validate-migration-dependencies",
        app="shop",
        migration="0001_initial",
        operation=0,
        path="shop/migrations/0001_initial.py",
        line=FIRST_OPERATION_LINE,
    )


def test_on_the_way_back(findings: Findings) -> None:
    (finding,) = findings("SQL104", tree("SELECT 1", ["UPDATE a SET b = 0", "rollback"]))
    assert finding.message == (
        "shop.0001_initial says ROLLBACK in the reverse_sql of RunSQL, inside the transaction that "
        "Django opens for it: what came before it is taken back, and is recorded as done all the "
        "same."
    )


def test_once_for_an_operation(findings: Findings) -> None:
    (finding,) = findings("SQL104", tree([SCRIPT, SCRIPT], SCRIPT))
    assert "in the sql of RunSQL" in finding.message


FIRING: dict[str, object] = {
    "a list": ["SELECT 1", "COMMIT"],
    "a statement with parameters": [("COMMIT", None)],
    "START TRANSACTION": "START TRANSACTION; UPDATE a SET b = 1; COMMIT",
    "BEGIN TRANSACTION": "BEGIN TRANSACTION;\nUPDATE a SET b = 1;\nEND;",
    "BEGIN with modes": "BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE a SET b = 1; COMMIT;",
    "BEGIN with more modes": "begin read write, not deferrable; UPDATE a SET b = 1; commit",
    "COMMIT WORK": "SELECT 1; COMMIT  WORK",
    "AND CHAIN": "SELECT 1; COMMIT\nAND CHAIN; SELECT 2",
    "AND NO CHAIN": "ROLLBACK TRANSACTION AND NO CHAIN",
    "END TRANSACTION": "END TRANSACTION",
    "ABORT": "SELECT 1; abort;",
    "PREPARE TRANSACTION": "PREPARE TRANSACTION 'later'",
    "behind a line of comment": "-- all or nothing\nCOMMIT",
    "behind a comment": "/* all; */COMMIT/* done */;",
    "before a comment": "SELECT 1; COMMIT -- done",
    "behind CASE": "UPDATE a SET b = CASE WHEN c THEN 1 END; END",
    "behind a body in dollars": "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN "
    "RETURN 1; END; $f$; COMMIT;",
    "behind a trigger": "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END; COMMIT;",
    "around a function": "BEGIN; CREATE FUNCTION f() RETURNS int AS $$ BEGIN RETURN 1; END $$ "
    "LANGUAGE plpgsql; COMMIT;",
    "behind a procedure": f"{PROCEDURE}; COMMIT",
    "behind a cursor": "DECLARE c CURSOR FOR SELECT 1; COMMIT",
    "behind a backslash": r"INSERT INTO a VALUES ('C:\'); COMMIT; INSERT INTO a VALUES ('D:\')",
    "behind a column of that name": "SELECT begin FROM a; COMMIT",
    "BEGIN IMMEDIATE": "BEGIN IMMEDIATE; UPDATE a SET b = 1; COMMIT",
    "BEGIN NOT DEFERRABLE": "BEGIN NOT DEFERRABLE; UPDATE a SET b = 1; COMMIT",
    "behind BEGIN ATOMIC": "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; COMMIT",
}


@pytest.mark.parametrize("sql", FIRING.values(), ids=FIRING.keys())
def test_firing_for(sql: object, findings: Findings) -> None:
    assert len(findings("SQL104", tree(sql))) == 1


def test_what_prepared_means(findings: Findings) -> None:
    (finding,) = findings("SQL104", tree("PREPARE TRANSACTION 'later'"))
    assert "waits, with its locks, until somebody says COMMIT PREPARED" in finding.message


def test_inside_separate_database_and_state(findings: Findings) -> None:
    text = migration(
        create("Product"),
        'migrations.SeparateDatabaseAndState(database_operations=[migrations.RunSQL("COMMIT")])',
    )
    (finding,) = findings("SQL104", {at("shop", "0001_initial"): text})
    assert (finding.operation, finding.line) == (1, FIRST_OPERATION_LINE + 1)


@pytest.mark.parametrize("vendor", ["postgresql", "sqlite"])
def test_firing_on(vendor: str, findings: Findings) -> None:
    assert len(findings("SQL104", tree(SCRIPT), vendor=vendor)) == 1


@pytest.mark.parametrize("vendor", ["mysql", "mariadb", "oracle"])
def test_silent_because_there_is_no_transaction_on(vendor: str, findings: Findings) -> None:
    assert findings("SQL104", tree(SCRIPT), vendor=vendor) == []


SILENT_SQL: dict[str, object] = {
    "a transaction is only begun": "BEGIN; SELECT 1",
    "savepoints are inside of it": "SAVEPOINT a; ROLLBACK TO SAVEPOINT a; RELEASE SAVEPOINT a",
    "it goes back to a savepoint": ["ROLLBACK TO a", "ROLLBACK TRANSACTION TO SAVEPOINT a"],
    "another transaction was prepared": "COMMIT PREPARED 'later'",
    "a statement is prepared": "PREPARE one AS SELECT 1; EXECUTE one",
    "it is a comment": "-- first;\n-- COMMIT;\n/* then;\nCOMMIT;\n*/ SELECT 1",
    "it is a string": "INSERT INTO a VALUES ('one;\nCOMMIT;\ntwo')",
    "it is an escaped string": r"INSERT INTO a VALUES (E'it\'s;" + "\nCOMMIT;\n')",
    "it is a name": 'SELECT "one;\nCOMMIT;\n" FROM a',
    "it is a column": "SELECT 1 AS a,\ncommit FROM b",
    "it ends CASE": "UPDATE a SET b = CASE\nWHEN c THEN 1\nEND;",
    "it is the body of a DO block": "DO $$\nBEGIN\nUPDATE a SET b = 1;\nCOMMIT;\nEND;\n$$;",
    "it is a body with a tag": "CREATE FUNCTION f() RETURNS trigger AS $body$ BEGIN\nCOMMIT;\n"
    "EXECUTE $$ SELECT 1; $$;\nEND; $body$ LANGUAGE plpgsql",
    "it is a body in quotes": "CREATE FUNCTION f() RETURNS int AS 'BEGIN\nRETURN 1;\nEND;' "
    "LANGUAGE plpgsql",
    "it is the body of BEGIN ATOMIC": "CREATE FUNCTION f(a int) RETURNS int\nBEGIN ATOMIC\n"
    "SELECT 1;\nSELECT CASE WHEN a = 1 THEN 2\nEND;\nEND;",
    "it is the body of a trigger": TRIGGER,
    "it is one body of two": f"{TRIGGER}\n{TRIGGER.replace('EXISTS t', 'EXISTS u')}",
    "it is the body of a procedure": PROCEDURE,
    "it is the body of a procedure that repeats": REPEATING,
    "it is the body of somebody's": PROCEDURE.replace("CREATE", "CREATE DEFINER = `a`@`%`"),
    "it is the body of an event": "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO\n"
    "BEGIN\nDELETE FROM a;\nCOMMIT;\nEND",
    "it comes after IF EXISTS": PROCEDURE.replace("START", "DROP TABLE IF EXISTS a;\nSTART"),
    "it ends CASE in a procedure": PROCEDURE.replace(
        "COMMIT", "CASE x WHEN 1 THEN SET x = 2; ELSE SET x = 3; END CASE; COMMIT"
    ),
    "it is a block of PL/SQL": "DECLARE x INT; BEGIN x := 1; COMMIT; END;",
    "it is a block of PL/SQL that declares nothing": "BEGIN UPDATE a SET b = 1; COMMIT; END;",
    "it is a block": "BEGIN NOT ATOMIC\n  START TRANSACTION;\n  COMMIT;\nEND",
}


@pytest.mark.parametrize("sql", SILENT_SQL.values(), ids=SILENT_SQL.keys())
def test_silent_because(sql: object, findings: Findings) -> None:
    assert findings("SQL104", tree(sql)) == []


SILENT: dict[str, Tree] = {
    "it runs without a transaction": tree(SCRIPT, body="atomic = False"),
    "whether it is atomic is computed": tree(SCRIPT, body="atomic = settings.ATOMIC"),
    "nobody knows what it says": {
        at("shop", "0001_initial"): migration("migrations.RunSQL(settings.SQL, settings.BACK)")
    },
    "it only changes the state": {
        at("shop", "0001_initial"): migration(
            'migrations.SeparateDatabaseAndState(state_operations=[migrations.RunSQL("COMMIT")])'
        )
    },
}


@pytest.mark.parametrize("tree", SILENT.values(), ids=SILENT.keys())
def test_silent_although_it_says_commit_because(tree: Tree, findings: Findings) -> None:
    assert findings("SQL104", tree) == []
