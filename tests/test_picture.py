"""The picture has every migration and every edge, and nothing that a name smuggles in."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.documents import ROOT
from tests.two_apps import Project
from workflow.door import execute
from workflow.errors import UsageError
from workflow.history.reading import read_history
from workflow.picture import MOST_EDGES, picture

NODE = re.compile(r'^        (m\d+)\["(.*)"\]$', re.MULTILINE)
EDGE = re.compile(r"^    (m\d+) (-->|-\.->) (m\d+)$", re.MULTILINE)
BOX = re.compile(r'^    subgraph a\d+\["(.*)"\]$', re.MULTILINE)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path / "project")
    project.create()
    yield project
    project.close()


def drawn(folder: Path, *labels: str) -> str:
    talk = io.StringIO()
    text = picture(folder, labels, talk)
    assert talk.getvalue() == ""
    known = [NODE, EDGE, BOX, re.compile(r"^flowchart LR$|^    end$", re.MULTILINE)]
    assert not [line for line in text.splitlines() if not any(p.search(line) for p in known)]
    return text


def edges(text: str) -> set[tuple[str, str, str]]:
    names = dict(NODE.findall(text))
    return {(names[parent], arrow, names[child]) for parent, arrow, child in EDGE.findall(text)}


def test_two_apps(project: Project) -> None:
    assert drawn(project.folder) == (
        "flowchart LR\n"
        '    subgraph a0["shop"]\n'
        '        m0["0001_initial"]\n'
        "    end\n"
        '    subgraph a1["stock"]\n'
        '        m1["0001_initial"]\n'
        "    end\n"
        "    m0 --> m1\n"
    )


def test_everything_of_the_example(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(ROOT / "example", folder, ignore=shutil.ignore_patterns("*.sqlite3", ".*"))
    graph = read_history(folder).fresh
    text = drawn(folder)
    assert sorted(name for _, name in NODE.findall(text)) == sorted(
        key.name for key in graph.parents
    )
    assert len(EDGE.findall(text)) == sum(map(len, graph.parents.values()))
    squash = "0002_tags_squashed_0004_widen_product_weight"
    assert ("0001_initial", "-->", squash) in edges(text)
    assert "0002_tags" not in dict(NODE.findall(text)).values()


def test_some_apps_with_what_they_depend_on(project: Project) -> None:
    project.migration("shop", "0002_more")
    assert BOX.findall(drawn(project.folder, "shop")) == ["shop"]
    text = drawn(project.folder, "stock")
    assert BOX.findall(text) == ["shop", "stock"]
    assert len(NODE.findall(text)) == 2


def test_what_exists_under_a_condition_is_dashed(project: Project) -> None:
    path = project.migration("shop", "0002_more")
    text = path.read_text(encoding="utf-8")
    condition = "    if input():\n        dependencies += [('stock', '0001_initial')]\n"
    path.write_text(text.replace("    operations", f"{condition}    operations"), encoding="utf-8")
    assert ("0001_initial", "-.->", "0002_more") in edges(drawn(project.folder))


@pytest.mark.parametrize(
    "name", ['0002_"]', "0002_#quot;", "0002_<b>x", "0002_`x`&", "0002_x\n    m0 --> m0"]
)
def test_a_name_is_only_a_name(project: Project, name: str) -> None:
    project.migration("shop", name)
    shown = [label for _, label in NODE.findall(drawn(project.folder))]
    read = [re.sub(r"#(\d+);", lambda match: chr(int(match[1])), label) for label in shown]
    assert name.replace("\n", " ") in read
    assert not re.search(r'["<>&`]', "".join(shown))


def test_an_unknown_app(project: Project) -> None:
    with pytest.raises(UsageError, match="no app 'shpo' with migrations; there are: shop, stock"):
        picture(project.folder, ["shpo"], io.StringIO())


def test_what_can_not_be_read_is_said(project: Project) -> None:
    project.write("shop/migrations/0002_broken.py", "def broken(:\n")
    talk = io.StringIO()
    picture(project.folder, [], talk)
    assert talk.getvalue() == (
        "shop/migrations/0002_broken.py can't be read: the picture may lack an arrow\n"
    )


def test_too_many_arrows_are_said(project: Project) -> None:
    for number in range(2, MOST_EDGES + 2):
        project.migration("shop", f"{number:04}_more")
    talk = io.StringIO()
    picture(project.folder, ["stock"], talk)
    assert talk.getvalue() == ""
    picture(project.folder, ["shop"], talk)
    picture(project.folder, [], talk)
    assert talk.getvalue().count("name some apps") == 1


def test_it_is_printed_by_its_verb(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute("graph", {"project": str(project.folder), "app": ["shop"]}) == 0
    output = capsys.readouterr()
    assert (output.out, output.err) == (drawn(project.folder, "shop"), "")
    assert execute("graph", {"project": str(project.folder), "app": ["shpo"]}) == 2
