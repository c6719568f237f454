"""Who may import whom, and what users, hooks and CI rely on."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import workflow
from workflow.door import INTERRUPTED
from workflow.errors import CouldNotCheck, UsageError, WorkflowError
from workflow.outcome import EXIT_CODES, Verdict

ROOT = Path(__file__).parents[1]
PACKAGE = Path(workflow.__file__).parent
LINT = (str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
LINT_HERE = "from importlinter.cli import lint_imports_command; lint_imports_command()"
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
AGENT = [path for path in MODULES if path.parts[0] == "agent"]
OURS = [path for path in MODULES if path.parts[0] != "agent"]
PURE = [
    path
    for path in OURS
    if path.parts[0]
    in {"errors.py", "history", "outcome.py", "report", "rules", "runner.py", "verbs.py"}
]
STANDARD = sys.stdlib_module_names


def imported(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides who imports whom"
            names.add(node.module or "")
    return names


def top(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


needs_linter = pytest.mark.skipif(
    importlib.util.find_spec("importlinter") is None, reason="import-linter is not installed here"
)


class TestImports:
    @needs_linter
    def test_the_contracts_are_kept(self) -> None:
        done = subprocess.run(LINT, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout

    @needs_linter
    @pytest.mark.parametrize(
        ("place", "line", "contract"),
        [
            ("rules/wording.py", "import subprocess", "Data in, data out"),
            ("gates/drift.py", "from workflow.actions import apply", "Doors, flows"),
            ("report/json.py", "from workflow.config import TABLE", "Reports know outcomes"),
            ("history/raw.py", "from workflow.outcome import Finding", "A history is read"),
            ("project/git.py", "import subprocess", "One module starts processes"),
            ("context.py", "import rich", "Each library has its one place"),
            ("novelty.py", "", "Doors, flows"),
        ],
    )
    def test_a_breach_is_seen(self, tmp_path: Path, place: str, line: str, contract: str) -> None:
        shutil.copytree(PACKAGE, tmp_path / "workflow")
        shutil.copy(ROOT / ".importlinter", tmp_path)
        with (tmp_path / "workflow" / place).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
        done = subprocess.run(
            [sys.executable, "-c", LINT_HERE],
            cwd=tmp_path,
            env={"PYTHONPATH": str(tmp_path), "PATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0
        lines = done.stdout.splitlines()
        assert any(row.startswith(contract) and "BROKEN" in row for row in lines), done.stdout

    @pytest.mark.parametrize("path", AGENT, ids=str)
    def test_the_agent_needs_nothing_but_django(self, path: Path) -> None:
        own = "_migration_workflow_agent"
        assert top(imported(path)) <= STANDARD | {"django", own}
        for name in imported(path):
            if name.startswith(f"{own}."):
                assert (PACKAGE / "agent" / f"{name.partition('.')[2]}.py").is_file()

    def test_nobody_imports_the_agent(self) -> None:
        assert not (PACKAGE / "agent/__init__.py").exists()
        for path in OURS:
            assert not [name for name in imported(path) if name.startswith("workflow.agent")]

    @pytest.mark.parametrize("path", PURE, ids=str)
    def test_what_is_pure_reads_no_environment(self, path: Path) -> None:
        tree = ast.parse((PACKAGE / path).read_text(encoding="utf-8"))
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not names & {"environ", "environb", "getenv", "system", "popen"}

    @pytest.mark.parametrize("path", MODULES, ids=str)
    def test_nobody_uses_a_shell(self, path: Path) -> None:
        tree = ast.parse((PACKAGE / path).read_text(encoding="utf-8"))
        keywords = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
        assert "shell" not in keywords
        called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert not called & {"os.system", "os.popen", "subprocess.getoutput"}


class TestExitCodes:
    def test_of_verdicts(self) -> None:
        assert EXIT_CODES == {Verdict.PASSED: 0, Verdict.REFUSED: 1, Verdict.ERRORED: 3}

    def test_of_errors(self) -> None:
        assert UsageError.exit_code == 2
        assert CouldNotCheck.exit_code == 3
        assert WorkflowError.exit_code == 3
        assert INTERRUPTED == 130

    def test_an_error_is_a_sentence_with_details(self) -> None:
        error = CouldNotCheck("The database is locked.", "Traceback")
        assert (str(error), error.details) == ("The database is locked.", "Traceback")
        assert CouldNotCheck("x").details is None
