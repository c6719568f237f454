"""A report with everything in it that a form of reports must get right."""

from __future__ import annotations

from workflow.outcome import (
    Checkout,
    Finding,
    HistorySize,
    Report,
    Severity,
    StepResult,
    Verdict,
    Waived,
)

CHECKOUT = Checkout("/work/shop", "/work/shop/backend", "/work/shop/backend/manage.py")

ERROR = Finding(
    "GRF101",
    Severity.ERROR,
    "shop.0004_price depends on shop.0003_gone, which is not there.",
    "Instead: depend on 0002_name.",
    app="shop",
    migration="0004_price",
    path="shop/migrations/0004_price.py",
    line=12,
)
WARNING = Finding(
    "DAT101",
    Severity.WARNING,
    "shop.0005_fill can't be undone.",
    app="shop",
    migration="0005_fill",
    operation=1,
    path="shop/migrations/0005_fill.py",
    line=9,
)
ACCEPTED = WARNING._replace(operation=2, line=14, waived=Waived("inline", "it is a seed"))
INFO = Finding("HIS104", Severity.INFO, "1 migration is not committed.", "git add")
OF_THE_PROJECT = Finding("DRF101", Severity.ERROR, "The models changed.", "makemigrations")
ROW = {
    "app": "shop",
    "migration": "0004_price",
    "direction": "forwards",
    "seconds": 0.0123,
    "statements": 2,
    "reversible": True,
    "locks": [["shop_product", "AccessExclusiveLock"]],
}
SCRATCH = {"engine": "postgresql 18.4", "where": "a server of its own"}

REFUSED = Report(
    "validate-migrations",
    Verdict.REFUSED,
    (
        StepResult("environment", Verdict.PASSED, seconds=0.123),
        StepResult("rehearsal", Verdict.PASSED, evidence=(ROW,), scratch=SCRATCH),
        StepResult(
            "dependencies",
            Verdict.REFUSED,
            (ERROR, WARNING, ACCEPTED, INFO, OF_THE_PROJECT),
            seconds=0.04,
        ),
        StepResult("draft", Verdict.SKIPPED, reason="no changes"),
        StepResult("apply", Verdict.NOT_REACHED),
    ),
    seconds=0.2,
    history=HistorySize(2, 7),
    checkout=CHECKOUT,
)
PASSED = Report(
    "pre-check",
    Verdict.PASSED,
    (StepResult("pre-check", Verdict.PASSED, (INFO,)),),
    0.01,
    next_command="migration-workflow migrate-safe",
    checkout=CHECKOUT,
)
ERRORED = Report(
    "pre-check",
    Verdict.ERRORED,
    (
        StepResult("pre-check", Verdict.ERRORED, reason="No database.", details="Traceback"),
        StepResult("outlook", Verdict.NOT_REACHED),
    ),
    0.01,
    checkout=CHECKOUT,
)

ATTACKS: dict[str, str] = {
    "a command": "::error::x\n::add-mask::passed\n##[error]x",
    "percents": "100%25 %0A%0D%3A%2C , : done",
    "html": "<script>alert(1)</script><img src=x onerror=y><!-- --> &lt;b&gt; </details>",
    "a closed cdata": "]]> <![CDATA[ </failure>",
    "markdown": "# a\n\n- b\n1. c\n| d | e |\n> f\n**g** _h_ ~~i~~ `j` ``` k\n    l\n---\n===\n\\",
    "links": "[a](http://x.org) ![b](c) <http://d.org> www.e.org https://f.org [g]: h",
    "mentions": "@everyone #12 GH-12 user@example.org",
    "control": "\x00\x07\x1b[31m\x7f\x9b\r\x0b\u202e\u2028",
    "what no encoding holds": "\ud800 \udcff \ufffe \uffff",
    "what is no English": "Ünïcode 試験 🎉",
    "quotes": "\"'\\",
    "nothing": "",
}
"""Texts of a project that some form of a report would obey, or choke on."""


def attacked(text: str) -> Report:
    """Return a report in which a project says this wherever it can."""
    finding = Finding(
        "GRF101",
        Severity.ERROR,
        text,
        text,
        app=text,
        migration=text or None,
        path=f"shop/{text}.py",
        line=1,
        data={"said": text},
    )
    waived = finding._replace(waived=Waived("baseline", text))
    return Report(
        "validate-migrations",
        Verdict.ERRORED,
        (
            StepResult("dependencies", Verdict.REFUSED, (finding, waived)),
            StepResult(
                "rehearsal",
                Verdict.PASSED,
                evidence=({"app": text, "locks": [[text]]},),
                scratch={"engine": text},
            ),
            StepResult("drift", Verdict.ERRORED, reason=text, details=text),
            StepResult("draft", Verdict.SKIPPED, reason=text),
        ),
        0.1,
        next_command=text,
        checkout=CHECKOUT,
    )
