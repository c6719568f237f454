"""The Markdown is read by a parser that knows GitHub's dialect: a project's text stays text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from tests.report.sample import ATTACKS, ERROR, ERRORED, INFO, PASSED, REFUSED, attacked
from workflow.report.harmless import harmless
from workflow.report.markdown import APART, LONGEST, MOST_REMARKS, TOO_LONG, render

if TYPE_CHECKING:
    from workflow.outcome import Finding, Report

GITHUB = MarkdownIt("gfm-like")
assert GITHUB.linkify is not None
GITHUB.linkify.set({"fuzzy_link": False})  # GitHub links no bare domains


class Page(HTMLParser):
    """What a browser would show: tags and text, without comments."""

    def __init__(self, rendered: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(GITHUB.render(rendered))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not attrs, (tag, attrs)
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data.replace(APART, "")


def report_of(*findings: Finding) -> Report:
    step = REFUSED.steps[2]._replace(findings=findings)
    return REFUSED._replace(steps=(step,))


def test_a_report() -> None:
    assert render(REFUSED) == (
        "<!-- migration-workflow: validate-migrations -->\n"
        "\n"
        "### validate-migrations: refused\n"
        "\n"
        "| gate | verdict | seconds |\n"
        "| --- | --- | --- |\n"
        "| environment | passed | 0.12 |\n"
        "| rehearsal | passed | 0.00 |\n"
        "| dependencies | refused | 0.04 |\n"
        "| draft | skipped: no changes | 0.00 |\n"
        "| apply | not reached | 0.00 |\n"
        "\n"
        "**GRF101** error `backend/shop/migrations/0004_price.py:12`\n"
        "\n"
        r"> shop\.0004\_price depends on shop\.0003\_gone\, which is not there\.<br>"
        "\n"
        r"> Instead\: depend on 0002\_name\."
        "\n"
        "\n"
        "**DRF101** error\n"
        "\n"
        r"> The models changed\.<br>"
        "\n"
        "> makemigrations\n"
        "\n"
        "**DAT101** warning `backend/shop/migrations/0005_fill.py:9`\n"
        "\n"
        r"> shop\.0005\_fill can\'t be undone\."
        "\n"
        "\n"
        r"What rehearsal ran on postgresql 18\.4:"
        "\n"
        "\n"
        "| app | migration | direction | seconds | statements | reversible | locks |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        r"| shop | 0004\_price | forwards | 0.012 | 2 | yes | shop\_product AccessExclusiveLock |"
        "\n"
        "\n"
        "<details><summary>2 remarks</summary>\n"
        "\n"
        r"- **DAT101** shop\.0005\_fill can\'t be undone\. (waived: it is a seed)"
        "\n"
        r"- **HIS104** 1 migration is not committed\."
        "\n"
        "\n"
        "</details>\n"
    )


def test_a_pass_tells_what_comes_next() -> None:
    assert render(PASSED).endswith("\nNext: `migration-workflow migrate-safe`\n")
    refused = PASSED._replace(verdict=REFUSED.verdict)
    assert "Next" not in render(refused)


def test_what_could_not_be_checked_says_why() -> None:
    assert "**pre-check could not be checked.** No database\\.\n" in render(ERRORED)


def test_a_reader_sees_tables_and_quotations() -> None:
    tags = Page(render(REFUSED)).tags
    assert [tags.count(tag) for tag in ("table", "blockquote", "details", "h3", "li")] == [
        *(2, 3, 1, 1, 2)
    ]


@pytest.mark.parametrize(
    "text", [text for text in ATTACKS.values() if text], ids=filter(None, ATTACKS)
)
def test_text_of_a_project_is_text(text: str) -> None:
    page, usual = Page(render(attacked(text))), Page(render(attacked("usual")))
    assert [tag for tag in page.tags if tag != "br"] == [tag for tag in usual.tags if tag != "br"]
    shown = " ".join(page.text.split())
    for line in harmless(text).splitlines():
        assert " ".join(line.split()) in shown


def test_nobody_is_called_and_nothing_is_linked() -> None:
    rendered = render(attacked(f"{ATTACKS['mentions']} {ATTACKS['links']}"))
    plain = re.sub(r"(`+).+?\1", "", rendered).replace("\\", "")  # nothing is linked in code
    assert not re.findall(r"@\w|#\d|\bGH-\d|://|\bwww\.", plain)


@pytest.mark.parametrize("path", ["a`b.py", "``a``.py", "`", "a|b.py", "a\n\n# b.py", "<b>.py"])
def test_any_path_is_code(path: str) -> None:
    page = Page(render(report_of(ERROR._replace(path=path))))
    assert page.tags.count("code") == 1
    assert " ".join(path.split()) in page.text


def test_many_remarks_are_counted() -> None:
    rendered = render(report_of(*[INFO] * (MOST_REMARKS + 7)))
    assert rendered.count("**HIS104**") == MOST_REMARKS
    assert "- and 7 more\n" in rendered


def test_a_comment_is_never_too_long() -> None:
    """What weighs most is kept, and it is said that something was left out."""
    warning = ERROR._replace(severity=REFUSED.steps[2].findings[1].severity, code="DAT101")
    findings = [*[warning] * 500, *[ERROR] * 200]
    rendered = render(report_of(*findings))
    assert len(rendered) <= LONGEST + len(TOO_LONG) + 2 <= 65_536
    assert rendered.count("**GRF101**") == 200
    assert 0 < rendered.count("**DAT101**") < 500
    assert rendered.endswith(f"\n{TOO_LONG}\n")


def test_one_text_that_is_too_long_takes_nothing_else_away() -> None:
    rendered = render(report_of(ERROR._replace(message="x" * LONGEST, code="GRF105"), ERROR))
    assert "**GRF105**" not in rendered
    assert "**GRF101**" in rendered
    assert TOO_LONG in rendered
