"""With a person at a terminal: questions are asked there, and answered, or not."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.terminal import Terminal, terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.shop import Shop

COLOUR = "catalogue/migrations/0011_product_colour.py"

pytestmark = pytest.mark.skipif(shutil.which("setsid") is None, reason="needs setsid")


@pytest.fixture
def start(shop: Shop) -> Iterator[Callable[..., Terminal]]:
    """Run the console script in a terminal."""
    with contextlib.ExitStack() as stack:

        def run(*words: str, columns: int = 100, shell: str = "", **variables: str) -> Terminal:
            argv = [*shop.program, *words]
            if shell:
                argv = ["sh", "-c", f'"$0" "$@" {shell}', *argv]
            return stack.enter_context(
                terminal(
                    argv, cwd=shop.folder, variables=shop.environment(variables), columns=columns
                )
            )

        yield run


def expect_cursor(at: Terminal) -> None:
    """The cursor that the sign of life hides must be shown again."""
    assert at.raw.rfind("\x1b[?25h") >= at.raw.rfind("\x1b[?25l")


def test_a_default_is_asked_for(shop: Shop, start: Callable[..., Terminal]) -> None:
    shop.add_field("colour = models.CharField(max_length=20)")
    at = start("makemigrations")
    at.expect("product.colour is new, may not be null and has no default.")
    at.expect("What shall the rows that exist hold?")
    at.expect(">")
    at.type("'red'\n")
    at.expect(f"wrote {COLOUR}")
    assert at.end() == 0
    assert "default='red'" in (shop.folder / COLOUR).read_text(encoding="utf-8")
    expect_cursor(at)


def test_nonsense_is_asked_for_again(shop: Shop, start: Callable[..., Terminal]) -> None:
    shop.add_field("colour = models.CharField(max_length=20)")
    at = start("makemigrations")
    at.expect("rows that exist hold?")
    at.expect(">")
    at.type("[red]\n")
    at.expect("'[red]' is not a Python value")
    at.expect(">")
    at.type("'[red]'\n")
    assert at.end() == 0
    assert "default='[red]'" in (shop.folder / COLOUR).read_text(encoding="utf-8")


@pytest.mark.parametrize(("reply", "operation"), [("yes", "RenameField"), ("n", "RemoveField")])
def test_a_rename_is_asked_for(
    reply: str, operation: str, shop: Shop, start: Callable[..., Terminal]
) -> None:
    shop.replace("catalogue/models.py", "    description = ", "    text = ")
    at = start("makemigrations", "--name", "text")
    at.expect("Was product.description renamed to product.text (a TextField)?")
    at.expect(">")
    at.type("perhaps\n")
    at.expect("Answer yes or no.")
    at.expect(">")
    at.type(f"{reply}\n")
    assert at.end() == 0
    text = (shop.folder / "catalogue/migrations/0011_text.py").read_text(encoding="utf-8")
    assert operation in text


def test_several_questions(shop: Shop, start: Callable[..., Terminal]) -> None:
    shop.replace("catalogue/models.py", "    description = ", "    text = ")
    shop.add_field("gift = models.IntegerField()", app="orders")
    at = start("makemigrations")
    at.expect("renamed to product.text")
    at.type("y\n")
    at.expect("order.gift is new")
    at.type("4711\n")
    assert at.end() == 0
    assert len(list(shop.folder.glob("*/migrations/*order_gift.py"))) == 1


def test_a_merge_is_asked_for(shop: Shop, start: Callable[..., Terminal]) -> None:
    shop.add_migration(name="0011_left")
    shop.add_migration(name="0011_right")
    at = start("makemigrations", "--merge")
    at.expect("Merge the branches of catalogue?")
    at.expect(">")
    at.type("yes\n")
    at.expect("0012_merge_0011_left_0011_right.py")
    assert at.end() == 0


@pytest.mark.parametrize(("key", "code"), [("\x04", 1), ("\x03", 130)], ids=["Ctrl-D", "Ctrl-C"])
def test_no_answer_writes_nothing(
    key: str, code: int, shop: Shop, start: Callable[..., Terminal]
) -> None:
    shop.add_field("colour = models.CharField(max_length=20)")
    before = shop.tree()
    at = start("makemigrations")
    at.expect("rows that exist hold?")
    at.expect(">")
    at.expect_waiting()
    at.type(key)
    assert at.end() == code
    assert ("DRF104" if code == 1 else "Interrupted") in at.shown
    assert "Traceback" not in at.shown
    assert shop.new_files(before) == []
    expect_cursor(at)


def test_ctrl_c_while_the_project_is_at_work(shop: Shop, start: Callable[..., Terminal]) -> None:
    """The agent sits in a session of its own: Ctrl-C reaches us, and we end it in good order."""
    shop.add_migration(
        "migrations.RunPython(work)",
        head="def work(apps, schema_editor):\n    while True:\n        pass\n",
    )
    before = shop.dump()
    at = start("migrate-safe")
    at.expect("rehearsing catalogue.0011_more")
    at.type("\x03")
    assert at.end() == 130
    assert "Interrupted" in at.shown
    assert "Traceback" not in at.shown
    assert shop.dump() == before
    assert not (shop.folder / ".workflow/scratch").exists()
    expect_cursor(at)


def test_the_question_is_shown_where_the_report_goes_elsewhere(
    shop: Shop, start: Callable[..., Terminal]
) -> None:
    shop.add_field("colour = models.CharField(max_length=20)")
    at = start("makemigrations", "--format", "json", shell="> report.json")
    at.expect("What shall the rows that exist hold?")
    at.expect(">")
    at.type("'red'\n")
    assert at.end() == 0
    report = (shop.folder / "report.json").read_text(encoding="utf-8")
    assert report.startswith("{")
    assert "What shall" not in report


def test_the_question_is_shown_where_the_text_goes_elsewhere(
    shop: Shop, start: Callable[..., Terminal]
) -> None:
    shop.add_field("colour = models.CharField(max_length=20)")
    at = start("makemigrations", shell="> report.txt")
    at.expect("What shall the rows that exist hold?")
    at.expect(">")
    at.type("'red'\n")
    assert at.end() == 0
    report = (shop.folder / "report.txt").read_text(encoding="utf-8")
    assert "What shall" not in report


def test_nobody_is_asked_where_nobody_can_answer(
    shop: Shop, start: Callable[..., Terminal]
) -> None:
    shop.add_field("colour = models.CharField(max_length=20)")
    at = start("makemigrations", shell="< /dev/null")
    assert at.end() == 1
    assert "DRF104" in at.shown


def test_recover_asks(shop: Shop, start: Callable[..., Terminal]) -> None:
    at = start("recover")
    assert at.end() == 0
    assert "no apply was cut off" in at.shown


@pytest.mark.parametrize("columns", [60, 20])
def test_a_narrow_terminal(columns: int, shop: Shop, start: Callable[..., Terminal]) -> None:
    shop.add_field("colour = models.CharField(max_length=-1)")
    at = start("validate-migrations", columns=columns)
    assert at.end() == 1
    assert "'max_length' must be a positive integer." in at.shown
    if columns == 60:
        wide = [line for line in at.lines if len(line) > columns and " " in line.strip()]
        assert [line for line in wide if not line.startswith("validate-migrations:")] == []


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
    ids=["plain", "NO_COLOR", "dumb"],
)
def test_colours_in_a_terminal(
    variables: dict[str, str], coloured: bool, shop: Shop, start: Callable[..., Terminal]
) -> None:
    at = start("pre-check", **variables)
    assert at.end() == 0
    assert ("\x1b[32m" in at.raw) is (coloured or "TERM" in variables)


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
    ],
)
def test_colours_in_a_stream(variables: dict[str, str], coloured: bool, shop: Shop) -> None:
    done = shop.run("pre-check", variables=variables)
    assert done.code == 0
    assert ("\x1b[32m" in done.stdout) is coloured


def test_json_is_never_coloured(shop: Shop) -> None:
    done = shop.json("pre-check", variables={"FORCE_COLOR": "1"})
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_closed_streams(closed: str, form: str, shop: Shop) -> None:
    shop.add_field("colour = models.CharField(max_length=20)")
    before = shop.tree()
    program = ["sh", "-c", f'"$0" "$@" {closed}', *shop.program]
    done = shop.run("makemigrations", "--format", form, program=program)
    assert done.code == 1, done
    assert ">&-" in closed or "DRF104" in done.stdout
    assert shop.new_files(before) == []
    answer = "default:product.colour='red'"
    assert shop.run("makemigrations", "--answer", answer, program=program).code == 0
    assert shop.run("migrate-safe", program=program).code == 0
    assert ("catalogue", "0011_product_colour") in shop.applied()
