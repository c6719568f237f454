"""Verbs, options, configuration, modules, exit codes and the JSON document are as described."""

from __future__ import annotations

import ast
import itertools
import json
import re
from typing import Any

import pytest

from tests.docs.documents import (
    ARCHITECTURE,
    DOCUMENTS,
    README,
    ROOT,
    bare,
    indented,
    read,
    section,
    table,
)
from workflow.config import KEYS, Settings
from workflow.door import INTERRUPTED
from workflow.flows import FLOWS
from workflow.outcome import EXIT_CODES, Finding, HistorySize, Report, Severity, StepResult, Verdict
from workflow.report import json as json_report
from workflow.verbs import COMMON, FORMATS, VERBS, Option, Verb

VERB_NAMES = [verb.name for verb in VERBS]
COMMAND = re.compile(r"(?<![-\w/.])migration-workflow ([a-z][-a-z]+)((?: [^\s`|;&<>]+)*)")


def spelled(option: Option, verb: Verb | None = None) -> str:
    """Return an option as the documents write it."""
    if verb is not None and option is verb.operand:
        return f"{option.value} …" if option.many else str(option.value)
    return f"--{option.name}" + (f" {option.value}" if option.value else "")


def options() -> list[tuple[str, str, str]]:
    """Return every option, the verbs that take it, and its help."""
    rows = {spelled(option): (["every flow"], option.help) for option in COMMON}
    for verb in VERBS:
        for option in verb.everything:
            if verb.name not in FLOWS or option not in COMMON:
                row = rows.setdefault(spelled(option, verb), ([], option.help))
                row[0].append(f"`{verb.name}`")
    return [(name, ", ".join(verbs), text) for name, (verbs, text) in rows.items()]


def test_the_readme_lists_the_verbs() -> None:
    rows = table(section(README, "Use it in your project"))
    assert [bare(verb).partition(" ")[0] for verb, _ in rows] == VERB_NAMES


def test_the_readme_names_what_every_verb_takes() -> None:
    line = next(line for line in read(README).splitlines() if line.startswith("All flows take "))
    named = re.findall(r"`(--[^`]+)`", line)
    assert named == [spelled(option).replace("FORMAT", "|".join(FORMATS)) for option in COMMON]


@pytest.mark.parametrize("verb", [verb for verb in FLOWS if len(FLOWS[verb].steps) > 4])
def test_the_readme_tells_the_order_of_the_long_flows(verb: str) -> None:
    rows = table(section(README, "Use it in your project"))
    described = next(text for name, text in rows if bare(name).split()[0] == verb)
    if "→" in described:
        words = re.sub(r"the draft", "draft", described).split(" → ")
        steps = [step.NAME for step in FLOWS[verb].steps]
        known = {"validate draft": "validate-draft", "validate": "drift", "rehearse": "rehearsal"}
        places = [steps.index(known.get(word, word)) for word in words]
        assert places == sorted(places)


def test_the_forms_of_a_report_are_told() -> None:
    told = [bare(form) for form, _, _ in table(read("docs/reports.md"))]
    assert told == list(FORMATS)


def test_the_architecture_lists_the_options() -> None:
    rows = table(section(ARCHITECTURE, "Verbs and options"))
    assert sorted((bare(option), of, does) for option, of, does in rows) == sorted(options())


def test_the_architecture_lists_the_keys_of_the_configuration() -> None:
    assert [bare(key) for key, _, _ in table(section(ARCHITECTURE, "Configuration"))] == list(KEYS)


@pytest.mark.parametrize(
    ("key", "told"), [(bare(key), d) for key, _, d in table(section(ARCHITECTURE, "Configuration"))]
)
def test_the_defaults_are_those_of_the_settings(key: str, told: str) -> None:
    default: Any = Settings._field_defaults.get(key.replace("-", "_"))
    if default is None:
        assert told, "what is it when it is left out?"
    elif isinstance(default, dict):
        assert default == {}
    elif isinstance(default, tuple):
        assert told == (", ".join(default) or "none")
    else:
        assert bare(told) == (f"{default:g}" if isinstance(default, float | int) else default)


def test_the_variables_that_are_honoured_are_read() -> None:
    line = next(line for line in read(ARCHITECTURE).splitlines() if "Also honoured: " in line)
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "workflow").rglob("*.py")
    )
    names = re.findall(r"`([A-Z_]+)`", line.partition("Also honoured: ")[2])
    assert names
    by_rich = {"NO_COLOR"}
    assert [name for name in names if name not in source and name not in by_rich] == []


def test_the_house_names_every_module_and_nothing_else() -> None:
    lines = indented(section(ARCHITECTURE, "The house")).splitlines()
    named = {line.split()[0] for line in lines if line.startswith("  ")}
    private = {"__init__.py", "__main__.py", "__pycache__"}
    found = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in (ROOT / "workflow").iterdir()
        if path.name not in private and path.suffix in {"", ".py"}
    }
    assert named == found


def test_the_order_of_imports_is_the_one_of_the_contract() -> None:
    text = section(ARCHITECTURE, "The house")
    line = next(line for line in text.splitlines() if line.startswith("    doors → "))
    layers = read(".importlinter").partition("layers =\n")[2].partition("exhaustive")[0]
    contract = [layer.split(" | ") for layer in map(str.strip, layers.splitlines()) if layer]
    place = {name: number for number, layer in enumerate(contract) for name in layer}
    told = [words.split(", ") for words in line.strip().split(" → ")[1:]]
    for above, below in itertools.pairwise(told):
        assert max(place[name] for name in above) < min(place[name] for name in below)


def test_the_exit_codes_are_the_doors() -> None:
    told = {
        "passed": EXIT_CODES[Verdict.PASSED],
        "a gate refused": EXIT_CODES[Verdict.REFUSED],
        "wrong usage or configuration": 2,
        "a gate could not be checked": EXIT_CODES[Verdict.ERRORED],
        "interrupted": INTERRUPTED,
    }
    for name, separator in ((README, ", "), (ARCHITECTURE, " · ")):
        assert separator.join(f"`{code}` {word}" for word, code in told.items()) in read(name)


def test_the_json_document_is_the_one_that_is_described() -> None:
    [finding] = [
        Finding("GRF101", Severity.ERROR, "…", "…", "shop", "0004_price", 0, "s.py", 12, {})
    ]
    step = StepResult("dependencies", Verdict.REFUSED, (finding,), evidence=({"app": "shop"},))
    report = Report("validate-migrations", Verdict.REFUSED, (step,), 0.1, HistorySize(9, 143))
    real = json.loads(json_report.render(report))
    told = json.loads(indented(section(ARCHITECTURE, "Exit codes and the JSON document")))
    assert real["gates"][0].pop("evidence")
    assert _form(told) == _form(real)


def _form(value: Any) -> Any:
    """Return which keys a document has, and in what order."""
    if isinstance(value, dict):
        return [(key, _form(inner)) for key, inner in value.items()]
    return [_form(inner) for inner in value] if isinstance(value, list) else None


def test_the_evidence_has_the_fields_that_are_described() -> None:
    text = section(ARCHITECTURE, "Exit codes and the JSON document")
    line = next(line for line in text.splitlines() if '`"evidence"`' in line)
    told = re.findall(r"`(\w+)`", line.partition("one row for each, with ")[2].partition("(")[0])
    tree = ast.parse(read("workflow/agent/migrating.py"))
    rows = [[ast.unparse(key) for key in d.keys if key] for d in _dicts(tree)]
    assert [repr(name) for name in told] in rows


def _dicts(tree: ast.AST) -> list[ast.Dict]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]


def test_the_versions_are_those_that_are_tested() -> None:
    nox = ast.parse(read("noxfile.py"))
    [pairs] = [
        ast.literal_eval(node.value)
        for node in nox.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DJANGOS"
    ]
    pythons = sorted({python for of in pairs.values() for python in of}, key=_number)
    djangos = sorted(pairs, key=_number)
    told = f"Django {djangos[0]} to {djangos[-1]} on Python {pythons[0]} to {pythons[-1]}"
    assert told in read(README)
    metadata = read("pyproject.toml")
    assert f'requires-python = ">={pythons[0]}"' in metadata
    assert f'"django>={djangos[0]}"' in metadata
    assert [python for python in pythons if f"Python :: {python}" not in metadata] == []


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@pytest.mark.parametrize("name", [*DOCUMENTS, "CHANGELOG.md"])
def test_every_command_that_is_named_exists(name: str) -> None:
    """``migration-workflow VERB --option`` in any document; its options are the verb's."""
    known = {
        verb.name: {"--help", *(f"--{option.name}" for option in verb.flags)} for verb in VERBS
    }
    text = read(name).replace("migration-workflow itself", "")
    for verb, words in COMMAND.findall(text):
        assert verb in known, f"{name} names the verb {verb}"
        assert set(re.findall(r"(?<!\S)--[a-z][-a-z]*", words)) <= known[verb]


def test_the_changelog_names_every_verb() -> None:
    assert [verb for verb in VERB_NAMES if f"`{verb}`" not in read("CHANGELOG.md")] == []


def test_the_licence_is_named_and_there() -> None:
    assert "[LICENSE](LICENSE)" in read(README)
    assert read("LICENSE").startswith("MIT License")
    assert 'license = "MIT"' in read("pyproject.toml")
