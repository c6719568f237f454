"""What gates find meets what a team said of it: each finding about a waiver, firing and silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from workflow.actions import accept
from workflow.errors import UsageError
from workflow.gates import against, dependencies, drift, pre_check
from workflow.outcome import Finding, Severity, StepResult, Verdict, Waived
from workflow.waivers.baseline import read_baseline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.two_apps import Project

ALLOW = "# migration-workflow: allow"
PLAIN = 'migrations.RunSQL("SELECT 1")'
SQL = f"{ALLOW} SQL101 -- nobody goes back\n        {PLAIN}"
"""An operation that SQL101 warns of, below a comment that accepts it."""
FIELD = "price = models.IntegerField()"
GONE = (("shop", "0001_initial"), ("shop", "0001_gone"))
BASELINE = "migrations-baseline.toml"


def check(project: Project, **words: Any) -> StepResult:
    return dependencies.run(project.context(strict=True, **words))


def codes(result: StepResult) -> list[str]:
    """The codes of what was found; a minus is in front of what was accepted."""
    return [("-" if one.waived else "") + one.code for one in result.findings]


def configure(project: Project, text: str) -> None:
    project.write("migration-workflow.toml", text)


def baseline(project: Project, **words: Any) -> StepResult:
    """Accept what the static gate finds; return how that step ended."""
    context = project.context(baseline=True, strict=True, **words)
    assert dependencies.run(context).verdict is Verdict.PASSED
    return accept.run(context)


def rows(project: Project) -> list[tuple[str, str | None, int | None]]:
    found = read_baseline(project.folder / BASELINE)
    return [(row.code, row.migration, row.operation) for row in found]


class TestComments:
    def test_nothing_is_accepted_that_nobody_accepted(self, project: Project) -> None:
        project.migration("shop", "0002_more", PLAIN)
        assert codes(check(project)) == ["SQL101"]
        assert check(project).verdict is Verdict.REFUSED

    def test_an_operation(self, project: Project) -> None:
        project.migration("shop", "0002_more", SQL)
        result = check(project)
        assert result.verdict is Verdict.PASSED
        (finding,) = result.findings
        assert finding.waived == Waived("inline", "nobody goes back")
        assert finding.severity is Severity.WARNING

    def test_another_operation_of_the_same_code_is_not_hidden(self, project: Project) -> None:
        project.migration("shop", "0002_more", SQL, PLAIN)
        result = check(project)
        assert codes(result) == ["-SQL101", "SQL101"]
        assert result.verdict is Verdict.REFUSED

    def test_another_code_in_the_same_operation_is_not_hidden(self, project: Project) -> None:
        waiver = f"{ALLOW} DAT101 -- another"
        project.migration("shop", "0002_more", f"{waiver}\n        {PLAIN}")
        assert sorted(codes(check(project))) == ["CFG104", "SQL101"]

    def test_the_whole_migration(self, project: Project) -> None:
        head = f"{ALLOW} GRF101 -- it is on the server"
        project.migration("shop", "0002_more", after=GONE, head=head)
        assert codes(check(project)) == ["-GRF101"]

    def test_windows_line_ends(self, project: Project) -> None:
        path = project.migration("shop", "0002_more", SQL)
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        assert codes(check(project)) == ["-SQL101"]

    def test_a_text_is_no_comment(self, project: Project) -> None:
        head = f'"""\n{ALLOW} SQL101 -- nobody goes back\n"""'
        project.migration("shop", "0002_more", PLAIN, head=head)
        assert codes(check(project)) == ["SQL101"]

    def test_a_nested_operation(self, project: Project) -> None:
        inner = f"\n            {ALLOW} SQL101 -- nobody goes back\n            {PLAIN},"
        operation = f"migrations.SeparateDatabaseAndState(database_operations=[{inner}\n {PLAIN}])"
        project.migration("shop", "0002_more", operation)
        assert codes(check(project)) == ["-SQL101", "SQL101"]

    def test_what_is_remembered_changes_nothing(self, project: Project) -> None:
        project.write(".workflow/.gitignore", "*\n")
        path = project.migration("shop", "0002_more", SQL)
        runs = [codes(check(project)) for _ in range(2)]
        path.write_text(path.read_text("utf-8").replace(ALLOW, "#"), encoding="utf-8")
        runs += [codes(check(project)) for _ in range(2)]
        path.write_text(path.read_text("utf-8").replace("# SQL101", f"{ALLOW} SQL101"), "utf-8")
        runs += [codes(check(project)) for _ in range(2)]
        assert runs == [["-SQL101"]] * 2 + [["SQL101"]] * 2 + [["-SQL101"]] * 2
        assert (project.folder / ".workflow/findings.cache").exists()

    def test_an_edited_migration(self, project: Project) -> None:
        project.migration("shop", "0002_more", 'migrations.RunSQL("SELECT 1", "SELECT 2")')
        project.commit_all()
        operation = 'migrations.RunSQL("SELECT 3", "SELECT 2")'
        waiver = f"{ALLOW} HIS106 -- nobody has applied it"
        project.migration("shop", "0002_more", f"{waiver}\n        {operation}")
        result = against.run(project.context())
        assert (codes(result), result.verdict) == (["-HIS106"], Verdict.PASSED)
        project.migration("shop", "0002_more", operation)
        assert against.run(project.context()).verdict is Verdict.REFUSED


class TestCFG101:
    @pytest.mark.parametrize("says", ["allow SQL101", "ignore SQL101 -- old", "allow -- old"])
    def test_fires(self, project: Project, says: str) -> None:
        comment = f"# migration-workflow: {says}"
        project.migration("shop", "0002_more", f"{comment}\n        {PLAIN}")
        result = dependencies.run(project.context())
        assert codes(result) == ["SQL101", "CFG101"]
        finding = result.findings[-1]
        assert (finding.path, finding.line) == ("shop/migrations/0002_more.py", 6)
        assert result.verdict is Verdict.REFUSED

    def test_silent_where_it_is_right(self, project: Project) -> None:
        project.migration("shop", "0002_more", SQL)
        assert "CFG101" not in codes(check(project))

    def test_silent_outside_of_migrations(self, project: Project) -> None:
        project.write("shop/other.py", "# migration-workflow: allow SQL101\n")
        assert codes(check(project)) == []


class TestCFG102:
    def test_fires(self, project: Project) -> None:
        comment = f"{ALLOW} SQL101, SLQ101 -- old"
        project.migration("shop", "0002_more", f"{comment}\n        {PLAIN}")
        result = check(project)
        assert codes(result) == ["-SQL101", "CFG102"]
        assert result.findings[-1].message == (
            "The comment in shop.0002_more accepts what does not exist: there is no code "
            "'SLQ101'; did you mean SQL101?."
        )

    def test_silent_where_the_code_exists(self, project: Project) -> None:
        project.migration("shop", "0002_more", SQL)
        assert "CFG102" not in codes(check(project))


class TestCFG103:
    def test_fires(self, project: Project) -> None:
        head = f"{ALLOW} GRF103 -- both are right"
        project.migration("shop", "0002_more", head=head)
        project.migration("shop", "0002_other")
        result = check(project)
        assert sorted(set(codes(result))) == ["CFG103", "GRF103"]
        assert result.verdict is Verdict.REFUSED

    def test_silent_for_what_can_be_waived(self, project: Project) -> None:
        project.migration("shop", "0002_more", SQL)
        assert "CFG103" not in codes(check(project))


class TestCFG104:
    def test_fires_for_a_comment(self, project: Project) -> None:
        waiver = f"{ALLOW} SQL101, FLD121 -- old"
        project.migration("shop", "0002_more", f"{waiver}\n        {PLAIN}")
        result = dependencies.run(project.context())
        assert (codes(result), result.verdict) == (["-SQL101", "CFG104"], Verdict.PASSED)
        finding = result.findings[-1]
        assert (finding.severity, finding.data, finding.line) == (
            Severity.WARNING,
            {"code": "FLD121"},
            6,
        )
        assert check(project).verdict is Verdict.REFUSED

    def test_fires_for_the_configuration(self, project: Project) -> None:
        configure(project, '[[waivers]]\ncode = "SQL101"\napp = "shop"\nreason = "old"\n')
        result = check(project)
        assert codes(result) == ["CFG104"]
        assert result.findings[0].path == "migration-workflow.toml"

    def test_silent_where_it_matches(self, project: Project) -> None:
        configure(project, '[[waivers]]\ncode = "SQL101"\npath = "shop/*"\nreason = "old"\n')
        project.migration("shop", "0002_more", PLAIN)
        result = check(project)
        assert codes(result) == ["-SQL101"]
        assert result.findings[0].waived == Waived("configuration", "old")

    def test_silent_where_the_gate_did_not_run(self, project: Project) -> None:
        project.migration("shop", "0002_more", f"{ALLOW} SQL101 -- old\n        {PLAIN}")
        configure(project, '[[waivers]]\ncode = "FLD121"\napp = "shop"\nreason = "old"\n')
        assert [one.code for one in pre_check.run(project.context()).findings] == ["HIS103"]

    def test_silent_where_the_gate_could_not_look(self, project: Project) -> None:
        configure(project, '[[waivers]]\ncode = "DRF102"\napp = "shop"\nreason = "old"\n')
        project.migration("shop", "0002_more", after=GONE)
        result = pre_check.run(project.context())
        assert (codes(result), result.verdict) == (["GRF101"], Verdict.REFUSED)

    def test_silent_for_what_one_database_shows(self, project: Project) -> None:
        configure(project, '[[waivers]]\ncode = "HIS101"\napp = "shop"\nreason = "old"\n')
        assert codes(pre_check.run(project.context())) == []

    def test_silent_for_what_one_branch_shows(self, project: Project) -> None:
        project.migration("shop", "0002_more", f"{ALLOW} HIS106 -- old\n        {SQL}")
        project.commit_all()
        assert codes(against.run(project.context())) == []

    def test_a_later_fault_that_is_accepted_refuses_where_django_stops(
        self, project: Project
    ) -> None:
        project.migration("shop", "0002_more", after=GONE)
        configure(project, '[[waivers]]\ncode = "GRF101"\napp = "shop"\nreason = "old"\n')
        assert dependencies.run(project.context()).verdict is Verdict.PASSED
        assert pre_check.run(project.context()).verdict is Verdict.REFUSED
        assert drift.run(project.context()).verdict is Verdict.REFUSED


class TestSeverities:
    def test_they_weigh(self, project: Project) -> None:
        project.migration("shop", "0002_more", PLAIN)
        configure(project, '[severities]\nSQL101 = "error"\n')
        assert dependencies.run(project.context()).verdict is Verdict.REFUSED
        configure(project, '[severities]\nSQL101 = "error"\nshop.SQL101 = "info"\n')
        result = check(project)
        assert (codes(result), result.verdict) == (["SQL101"], Verdict.PASSED)

    def test_they_weigh_what_the_project_is_asked(self, project: Project) -> None:
        project.add_field(FIELD)
        assert drift.run(project.context()).verdict is Verdict.REFUSED
        configure(project, '[severities]\nDRF101 = "warning"\n')
        assert drift.run(project.context()).verdict is Verdict.PASSED
        assert drift.run(project.context(strict=True)).verdict is Verdict.REFUSED


class TestAccept:
    def test_everything_at_once(self, project: Project) -> None:
        project.migration("shop", "0002_more", PLAIN, PLAIN, after=GONE)
        step = baseline(project)
        assert step.details == f"wrote {BASELINE}: 3 accepted, 3 of them new, 0 gone"
        assert rows(project) == [
            ("GRF101", "0002_more", None),
            ("SQL101", "0002_more", 0),
            ("SQL101", "0002_more", 1),
        ]
        result = check(project)
        assert (codes(result), result.verdict) == (
            ["-GRF101", "-SQL101", "-SQL101"],
            Verdict.PASSED,
        )
        waived = result.findings[0].waived
        assert waived is not None
        assert waived.by == "baseline"
        assert waived.reason.endswith(", before the workflow was adopted")

    def test_what_is_new_refuses(self, project: Project) -> None:
        project.migration("shop", "0002_more", PLAIN)
        baseline(project)
        project.migration("shop", "0002_more", PLAIN, PLAIN)
        assert codes(check(project)) == ["-SQL101", "SQL101"]
        project.migration("shop", "0003_more", PLAIN, after=(("shop", "0002_more"),))
        assert codes(check(project)) == ["-SQL101", "SQL101", "SQL101"]

    def test_what_moves_is_known_again(self, project: Project) -> None:
        project.migration("shop", "0002_more", PLAIN)
        baseline(project)
        other = 'migrations.RunSQL("SELECT 2", "SELECT 3")'
        formatted = "migrations.RunSQL(\n            'SELECT 1',  # it is old\n        )"
        project.migration("shop", "0002_more", other, formatted, head="# a comment\n\n")
        assert codes(check(project)) == ["-SQL101"]

    def test_what_is_edited_is_not(self, project: Project) -> None:
        project.migration("shop", "0002_more", PLAIN)
        baseline(project)
        project.migration("shop", "0002_more", 'migrations.RunSQL("SELECT 2")')
        assert sorted(codes(check(project))) == ["CFG105", "SQL101"]

    def test_reasons_are_kept(self, project: Project) -> None:
        project.migration("shop", "0002_more", PLAIN)
        baseline(project)
        path = project.folder / BASELINE
        text = path.read_text(encoding="utf-8")
        reason = text.partition('reason = "')[2].partition('"')[0]
        path.write_text(text.replace(reason, "Ours."), encoding="utf-8")
        other = 'migrations.RunSQL("SELECT 2")'
        project.migration("shop", "0002_more", 'migrations.RunSQL("SELECT 1, 1")', other)
        assert baseline(project).details == (f"wrote {BASELINE}: 2 accepted, 2 of them new, 1 gone")
        assert [row.reason for row in read_baseline(path)] == ["Ours.", reason]

    def test_what_is_accepted_elsewhere_needs_no_row(self, project: Project) -> None:
        project.migration("shop", "0002_more", SQL)
        assert baseline(project).verdict is Verdict.SKIPPED
        assert not (project.folder / BASELINE).exists()

    def test_what_only_informs_needs_no_row(self, project: Project) -> None:
        references = (("shop", "0001_initial"), ("shop", "0001_initial"))
        project.migration("shop", "0002_more", after=references)
        assert baseline(project).verdict is Verdict.SKIPPED

    def test_what_cannot_be_accepted_stops_it(self, project: Project) -> None:
        project.migration("shop", "0002_more", PLAIN)
        project.migration("shop", "0002_other")
        context = project.context(baseline=True)
        result = dependencies.run(context)
        assert result.verdict is Verdict.REFUSED
        assert "GRF103" in codes(result)

    def test_a_plan_changes_nothing(self, project: Project) -> None:
        project.migration("shop", "0002_more", PLAIN)
        context = project.context(baseline=True)
        assert accept.plan(context) == f"{BASELINE} stays as it is"
        dependencies.run(context)
        assert accept.plan(context) == (
            f"would write {BASELINE}: 1 accepted, 1 of them new, 0 gone"
        )
        assert not (project.folder / BASELINE).exists()

    def test_twice_changes_nothing(self, project: Project) -> None:
        project.migration("shop", "0002_more", PLAIN)
        baseline(project)
        before = (project.folder / BASELINE).read_bytes()
        assert baseline(project).verdict is Verdict.SKIPPED
        assert (project.folder / BASELINE).read_bytes() == before

    def test_what_the_flow_did_not_look_at_stays(self, project: Project) -> None:
        project.add_field(FIELD)
        context = project.context(baseline=True)
        assert drift.run(context).verdict is Verdict.PASSED
        accept.run(context)
        project.migration("shop", "0002_more", PLAIN)
        baseline(project)
        assert sorted(code for code, _, _ in rows(project)) == ["DRF101", "SQL101"]
        assert codes(drift.run(project.context())) == ["-DRF101"]

    def test_more_drift_is_new(self, project: Project) -> None:
        project.add_field(FIELD)
        context = project.context(baseline=True)
        drift.run(context)
        accept.run(context)
        project.add_field(FIELD.replace("price", "weight"))
        assert sorted(codes(drift.run(project.context()))) == ["CFG105", "DRF101"]

    def test_a_broken_one_is_wrong_usage(self, project: Project) -> None:
        project.write(BASELINE, "[[")
        with pytest.raises(UsageError, match="is not valid TOML"):
            check(project)


class TestCFG105:
    def test_fires(self, project: Project) -> None:
        project.migration("shop", "0002_more", PLAIN)
        baseline(project)
        project.migration("shop", "0002_more")
        result = check(project)
        (finding,) = result.findings
        assert (finding.code, finding.severity, finding.path) == (
            "CFG105",
            Severity.WARNING,
            BASELINE,
        )
        assert finding.fix is not None
        assert finding.fix.endswith("validate-migration-dependencies --baseline")
        assert baseline(project).details == (f"wrote {BASELINE}: 0 accepted, 0 of them new, 1 gone")
        assert codes(check(project)) == []

    def test_silent_where_it_is_there(self, project: Project) -> None:
        project.migration("shop", "0002_more", PLAIN)
        baseline(project)
        assert codes(check(project)) == ["-SQL101"]

    def test_silent_where_the_gate_did_not_run(self, project: Project) -> None:
        project.migration("shop", "0002_more", PLAIN)
        baseline(project)
        project.migration("shop", "0002_more")
        project.manage("migrate", "--verbosity=0")
        assert codes(drift.run(project.context())) == []


class TestThePlaceWhereItIsDone:
    def test_a_gate_that_decides_itself_is_believed(self, project: Project) -> None:
        finding = Finding("GRF101", Severity.ERROR, "It is wrong.", app="shop")
        configure(project, '[[waivers]]\ncode = "GRF101"\napp = "shop"\nreason = "old"\n')
        context = project.context()
        assert context.judged("draft", [finding]).verdict is Verdict.PASSED
        assert context.judged("draft", [finding._replace(app="stock")]).verdict is Verdict.REFUSED

    def test_what_proves_the_environment_reads_no_history(self, project: Project) -> None:
        context = project.context()
        finding = Finding("ENV101", Severity.ERROR, "It is production.")
        assert context.judged("environment", [finding]).verdict is Verdict.REFUSED
        assert "history" not in context.__dict__

    def test_own_apps(self, project: Project) -> None:
        context = project.context()
        assert context.is_own("shop")
        assert not context.is_own("contenttypes")

    def test_only_these_steps_weigh_findings_themselves(self, root: Path) -> None:
        """What they find is about what they did, and nobody can accept it."""
        names: Mapping[str, str] = {
            str(path.relative_to(root / "workflow")): path.read_text(encoding="utf-8")
            for folder in ("gates", "actions", "setup")
            for path in (root / "workflow" / folder).glob("*.py")
        }
        own = {name for name, text in names.items() if "verdict_of" in text}
        assert own == {
            *("actions/apply.py", "actions/fake.py"),
            *("gates/environment.py", "gates/turn.py", "gates/verify.py"),
            *("setup/adopt.py", "setup/machine.py", "setup/take_back.py"),
        }


@pytest.fixture
def root() -> Path:
    from tests.docs.documents import ROOT

    return ROOT
