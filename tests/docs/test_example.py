"""What example/README.md tells of the example is what is there."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.docs.documents import ROOT, bare, read, section, table

EXAMPLE = ROOT / "example"
APPS = table(section("example/README.md", "The apps"))
LABELS = {bare(folder): bare(label) for folder, label, _ in APPS}
NUMBERS = {20: "twenty", 21: "twenty-one", 22: "twenty-two", 23: "twenty-three"}


def files() -> dict[str, Path]:
    return {
        f"{LABELS[path.parts[-3]]}.{path.stem}": path for path in EXAMPLE.glob("*/migrations/0*.py")
    }


def test_every_app_is_told_with_its_models() -> None:
    assert sorted(LABELS) == sorted(path.parent.name for path in EXAMPLE.glob("*/models.py"))
    for folder, _, models in APPS:
        tree = ast.parse((EXAMPLE / bare(folder) / "models.py").read_text(encoding="utf-8"))
        classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
        assert sorted(name for name in classes if f"`{name}`" in models) == sorted(classes)


def test_every_migration_is_told() -> None:
    told = [bare(name) for name, _ in table(section("example/README.md", "The history"))]
    assert sorted(told) == sorted(files())
    assert f"in {NUMBERS[len(told)]} files" in read("example/README.md")


def test_the_example_is_as_large_as_it_is_meant_to_be() -> None:
    assert len(LABELS) >= 4
    assert len(files()) >= 15
