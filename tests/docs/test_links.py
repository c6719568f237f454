"""What the documents point to is there: links, headings, files, Make targets and scripts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.documents import DOCUMENTS, ROOT, read
from workflow.verbs import VERBS

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
OURS = re.compile(r"`((?:workflow|docs|scripts|example|tests|benchmarks)/[\w./-]*|\.importlinter)`")
TARGET = re.compile(r"^([a-z][-a-z ]*):", re.MULTILINE)
SCRIPTS = sorted(path.name for path in (ROOT / "scripts").glob("*.sh"))
VERB_NAMES = [verb.name for verb in VERBS]


def prose(name: str) -> str:
    return FENCED.sub("", read(name))


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub makes of headings."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    for link in LINK.findall(prose(name)):
        if link.startswith(("https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), f"{name} links to {link}"
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{name} links to {link}"


@pytest.mark.parametrize("name", ["README.md", "MIGRATION_WORKFLOW.md", "docs/architecture.md"])
def test_every_file_of_ours_that_is_named_exists(name: str) -> None:
    missing = [path for path in OURS.findall(prose(name)) if not (ROOT / path).exists()]
    assert missing == []


def make_targets() -> set[str]:
    text = read("Makefile").replace("\\\n", " ")
    verbs = re.search(r"^VERBS := (.+)$", text, re.MULTILINE)
    assert verbs is not None
    targets = TARGET.findall(text.replace("$(VERBS):", f"{' '.join(verbs[1].split())}:"))
    return {word for target in targets for word in target.split()}


def test_every_verb_is_a_make_target() -> None:
    assert set(VERB_NAMES) <= make_targets()
    assert make_targets() - set(VERB_NAMES) == {
        "help",
        "demo",
        "test",
        "test-projects",
        "lint",
        "ready",
    }


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_that_is_named_exists(name: str) -> None:
    named = set(re.findall(r"(?:`|^    )make ([a-z][-a-z]*)", read(name), re.MULTILINE))
    assert named <= make_targets()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_sound_and_can_be_run(name: str) -> None:
    path = ROOT / "scripts" / name
    assert os.access(path, os.X_OK)
    assert subprocess.run(["sh", "-n", path], check=False).returncode == 0


def call(name: str, *words: str) -> subprocess.CompletedProcess[str]:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [ROOT / "scripts" / name, *words],
        cwd="/",
        env={"PATH": programs, "HOME": os.environ["HOME"]},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("name", "verb"),
    [
        ("enforce-dev-environment.sh", "enforce-dev-environment"),
        ("pre-migration-check.sh", "pre-check"),
        ("validate-migration-dependencies.sh", "validate-migration-dependencies"),
    ],
)
def test_a_script_runs_its_verb_and_passes_words_and_exit_code(name: str, verb: str) -> None:
    done = call(name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: migration-workflow {verb} ")
    assert call(name, "--format", "tea leaves").returncode == 2


def test_a_script_acts_on_the_example_from_any_folder() -> None:
    done = call("validate-migration-dependencies.sh", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert '"flow": "validate-migration-dependencies"' in done.stdout
