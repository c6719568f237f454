"""All drafts are written or none, never half of one, and never over a file that is there."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.two_apps import Project
from workflow.actions import lock, write
from workflow.context import Context, DraftedFile
from workflow.errors import CouldNotCheck
from workflow.gates import dependencies
from workflow.outcome import StepResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = "from django.db import migrations\n# ünï\n"


def drafted(project: Project, *places: str, text: str = TEXT) -> Context:
    context = project.context()
    context.drafted = tuple(
        DraftedFile(place.split("/")[0], Path(place).stem, project.folder / place, text)
        for place in places
    )
    return context


def new_files(project: Project, before: dict[str, bytes]) -> set[str]:
    project.close()
    now = project.tree()
    assert {name: now[name] for name in before} == before
    return now.keys() - before.keys()


@pytest.fixture
def before(project: Project) -> dict[str, bytes]:
    return project.tree()


class TestWritten:
    def test_one_file(self, project: Project, before: dict[str, bytes]) -> None:
        result = write.run(drafted(project, "shop/migrations/0002_a.py"))
        assert result == StepResult(
            "write", Verdict.PASSED, details="wrote shop/migrations/0002_a.py"
        )
        assert new_files(project, before) == {"shop/migrations/0002_a.py"}
        path = project.folder / "shop/migrations/0002_a.py"
        assert path.read_bytes() == TEXT.encode()

    def test_it_is_as_readable_as_others(self, project: Project) -> None:
        write.run(drafted(project, "shop/migrations/0002_a.py"))
        other = (project.folder / "shop/migrations/0001_initial.py").stat().st_mode
        assert (project.folder / "shop/migrations/0002_a.py").stat().st_mode == other

    def test_several(self, project: Project, before: dict[str, bytes]) -> None:
        places = ("shop/migrations/0002_a.py", "stock/migrations/0002_a.py")
        result = write.run(drafted(project, *places))
        assert str(result.details).splitlines() == [f"wrote {place}" for place in places]
        assert new_files(project, before) == set(places)

    def test_line_ends_are_the_same_everywhere(self, project: Project) -> None:
        write.run(drafted(project, "shop/migrations/0002_a.py", text="a\nb\n"))
        assert (project.folder / "shop/migrations/0002_a.py").read_bytes() == b"a\nb\n"

    def test_a_new_package_gets_its_init(self, project: Project, before: dict[str, bytes]) -> None:
        (project.folder / "blog").mkdir()
        write.run(drafted(project, "blog/migrations/0001_initial.py"))
        assert new_files(project, before) == {
            "blog/migrations/__init__.py",
            "blog/migrations/0001_initial.py",
        }

    def test_a_package_without_one_gets_it(
        self, project: Project, before: dict[str, bytes]
    ) -> None:
        (project.folder / "blog/migrations").mkdir(parents=True)
        write.run(drafted(project, "blog/migrations/0001_initial.py"))
        assert "blog/migrations/__init__.py" in new_files(project, before)

    def test_an_odd_folder(self, project: Project) -> None:
        odd = Project(project.folder.with_name("mein [alter] Ordner 'ü'"))
        project.folder.rename(odd.folder)
        context = drafted(odd, "shop/migrations/0002_ünï.py")
        assert write.run(context).details == "wrote shop/migrations/0002_ünï.py"
        odd.close()

    def test_skipped_when_nothing_was_drafted(self, project: Project) -> None:
        result = write.run(project.context())
        assert (result.verdict, result.reason) == (Verdict.SKIPPED, "nothing was drafted")

    def test_no_scratch_is_left(self, project: Project) -> None:
        write.run(drafted(project, "shop/migrations/0002_a.py"))
        project.close()
        assert not (project.folder / ".workflow").exists()


class TestPlan:
    def test_it_names_the_files_and_writes_nothing(
        self, project: Project, before: dict[str, bytes]
    ) -> None:
        places = ("shop/migrations/0002_a.py", "stock/migrations/0002_a.py")
        plan = write.plan(drafted(project, *places))
        assert plan.splitlines() == [f"would write {place}" for place in places]
        assert new_files(project, before) == set()

    def test_nothing(self, project: Project) -> None:
        assert write.plan(project.context()) == "nothing to write"


class TestAllOrNone:
    def refused(self, context: Context) -> str:
        with pytest.raises(CouldNotCheck) as caught:
            write.run(context)
        return str(caught.value)

    def test_a_file_that_is_there_is_never_replaced(
        self, project: Project, before: dict[str, bytes]
    ) -> None:
        context = drafted(project, "shop/migrations/0001_initial.py")
        assert self.refused(context).startswith("the migration could not be saved: File exists: ")
        assert self.refused(drafted(project, "shop/migrations/0001_initial.py")).endswith(
            "Nothing was written."
        )
        assert new_files(project, before) == set()

    def test_when_the_second_fails_the_first_is_taken_back(
        self, project: Project, before: dict[str, bytes]
    ) -> None:
        context = drafted(project, "shop/migrations/0002_a.py", "stock/migrations/0001_initial.py")
        assert "File exists" in self.refused(context)
        assert new_files(project, before) == set()

    def test_a_new_package_is_taken_back_too(
        self, project: Project, before: dict[str, bytes]
    ) -> None:
        (project.folder / "blog").mkdir()
        context = drafted(
            project, "blog/migrations/0001_initial.py", "stock/migrations/0001_initial.py"
        )
        self.refused(context)
        assert new_files(project, before) == set()
        assert not (project.folder / "blog/migrations").exists()

    def test_an_app_that_is_not_there(self, project: Project, before: dict[str, bytes]) -> None:
        context = drafted(project, "shop/migrations/0002_a.py", "gone/migrations/0001_initial.py")
        assert "No such file or directory" in self.refused(context)
        assert new_files(project, before) == set()

    def test_a_text_that_can_not_be_encoded_leaves_nothing(
        self, project: Project, before: dict[str, bytes]
    ) -> None:
        context = drafted(project, "shop/migrations/0002_a.py")
        bad = context.drafted[0]._replace(
            path=project.folder / "stock/migrations/0002_b.py", text="\udcff"
        )
        context.drafted = (*context.drafted, bad)
        with pytest.raises(UnicodeEncodeError):
            write.run(context)
        assert new_files(project, before) == set()

    def test_an_interruption_in_the_middle_takes_back_what_was_placed(
        self, project: Project, before: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        link, linked = os.link, []

        def interrupted(source: str, target: str) -> None:
            link(source, target)
            linked.append(target)
            if len(linked) == 2:
                raise KeyboardInterrupt

        monkeypatch.setattr(os, "link", interrupted)
        context = drafted(project, "shop/migrations/0002_a.py", "stock/migrations/0002_a.py")
        with pytest.raises(KeyboardInterrupt):
            write.run(context)
        assert new_files(project, before) <= {"stock/migrations/0002_a.py"}

    def test_a_folder_that_can_not_be_written(self, project: Project) -> None:
        code = (
            "import sys\n"
            "from pathlib import Path\n"
            "from tests.actions.test_write import drafted, write\n"
            "from tests.two_apps import Project\n"
            "from workflow.errors import CouldNotCheck\n"
            "project = Project(Path(sys.argv[1]))\n"
            "places = 'shop/migrations/0002_a.py', 'stock/migrations/0002_a.py'\n"
            "try:\n"
            "    write.run(drafted(project, *places))\n"
            "except CouldNotCheck as error:\n"
            "    print(error)\n"
            "project.close()\n"
        )
        argv = [sys.executable, "-c", code, str(project.folder)]
        if os.geteuid() == 0:
            setpriv = shutil.which("setpriv")
            if setpriv is None:
                pytest.skip("root may write everywhere, and there is no setpriv to give that up")
            argv = [setpriv, "--bounding-set=-dac_override,-dac_read_search", *argv]
        (project.folder / "stock/migrations").chmod(0o500)
        done = subprocess.run(
            argv, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
        )
        (project.folder / "stock/migrations").chmod(0o700)
        assert "the migration could not be saved: Permission denied: " in done.stdout, done.stderr
        assert not (project.folder / "shop/migrations/0002_a.py").exists()


class TestFullDisk:
    """A limit on the size of a file stands in for a disk that is full: a write fails half way."""

    def test_nothing_is_left(self, project: Project, before: dict[str, bytes]) -> None:
        code = (
            "import resource, signal, sys\n"
            "from pathlib import Path\n"
            "from tests.actions.test_write import drafted, write\n"
            "from tests.two_apps import Project\n"
            "from workflow.errors import CouldNotCheck\n"
            "project = Project(Path(sys.argv[1]))\n"
            "context = drafted(project, 'shop/migrations/0002_a.py')\n"
            "big = 'stock/migrations/0002_a.py'\n"
            "context.drafted += drafted(project, big, text='# too long\\n' * 9999).drafted\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
            "try:\n"
            "    write.run(context)\n"
            "except CouldNotCheck as error:\n"
            "    print(error)\n"
            "project.close()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(project.folder)],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.startswith("the migration could not be saved: File too large: ")
        assert done.stdout.endswith("Nothing was written.\n")
        assert new_files(project, before) == set()


@pytest.fixture(params=["to another", "at all"])
def across(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that can't link: to another one, or at all."""
    link = os.link

    def refuse(source: str | Path, target: str | Path) -> None:
        if request.param == "to another" and Path(source).parent == Path(target).parent:
            link(source, target)
            return
        number = errno.EXDEV if request.param == "to another" else errno.EPERM
        raise OSError(number, os.strerror(number), str(source), None, str(target))

    monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("across")
class TestAcross:
    """The scratch folder and the app are on two file systems."""

    def test_one_file(self, project: Project, before: dict[str, bytes]) -> None:
        write.run(drafted(project, "shop/migrations/0002_a.py"))
        assert new_files(project, before) == {"shop/migrations/0002_a.py"}
        assert (project.folder / "shop/migrations/0002_a.py").read_bytes() == TEXT.encode()

    def test_a_file_that_is_there_is_never_replaced(
        self, project: Project, before: dict[str, bytes]
    ) -> None:
        places = ("shop/migrations/0002_a.py", "shop/migrations/0001_initial.py")
        with pytest.raises(CouldNotCheck, match=r"File exists: .*0001_initial\.py\. Nothing was"):
            write.run(drafted(project, *places))
        assert new_files(project, before) == set()

    def test_what_somebody_else_is_writing_is_not_touched(
        self, project: Project, before: dict[str, bytes]
    ) -> None:
        other = f"shop/migrations/_0002_a.py.{os.getpid()}.new"
        project.write(other, "theirs")
        with pytest.raises(CouldNotCheck, match=r"File exists"):
            write.run(drafted(project, "shop/migrations/0002_a.py"))
        assert new_files(project, before) == {other}


class TestOtherFileSystem:
    """A real one, where mounting is allowed."""

    @pytest.fixture
    def mounted(self, project: Project) -> Iterator[Project]:
        folder = project.folder / "stock/migrations"
        argv = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)]
        if os.geteuid() != 0 or subprocess.run(argv, capture_output=True, check=False).returncode:
            pytest.skip("this user may not mount a file system")
        (folder / "__init__.py").touch()
        yield project
        project.close()
        subprocess.run(["umount", str(folder)], check=True)

    def test_a_file_goes_there(self, mounted: Project) -> None:
        write.run(drafted(mounted, "shop/migrations/0002_a.py", "stock/migrations/0002_a.py"))
        assert (mounted.folder / "stock/migrations/0002_a.py").read_bytes() == TEXT.encode()

    def test_when_it_is_full_nothing_is_left(self, mounted: Project) -> None:
        before = mounted.tree()
        context = drafted(mounted, "shop/migrations/0002_a.py")
        big = drafted(mounted, "stock/migrations/0002_a.py", text="# too long\n" * 9999)
        context.drafted += big.drafted
        with pytest.raises(CouldNotCheck, match=r"^the migration could not be saved: No space"):
            write.run(context)
        assert new_files(mounted, before) == set()


MORE = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RunSQL("SELECT 1", "SELECT 1")]
"""


class TestWhatSaysWhereMigrationsEnd:
    """The lock file, and django-linear-migrations' ``max_migration.txt``, where they are kept."""

    MAX = "shop/migrations/max_migration.txt"
    LOCK = "migrations.lock"

    @pytest.fixture
    def kept(self, project: Project) -> Project:
        lock.run(project.context())
        project.write(self.MAX, "0001_initial\n")
        return project

    def draft(self, project: Project, name: str = "0002_a") -> Context:
        return drafted(project, f"shop/migrations/{name}.py", text=MORE)

    def test_they_follow(self, kept: Project) -> None:
        result = write.run(self.draft(kept))
        assert str(result.details).splitlines() == [
            "wrote shop/migrations/0002_a.py",
            "updated shop/migrations/max_migration.txt",
            "updated migrations.lock",
        ]
        assert (kept.folder / self.MAX).read_bytes() == b"0002_a\n"
        assert "\nshop 0002_a " in (kept.folder / self.LOCK).read_text(encoding="utf-8")
        assert dependencies.run(kept.context()).verdict is Verdict.PASSED

    def test_the_plan_names_them(self, kept: Project) -> None:
        before = kept.tree()
        assert write.plan(self.draft(kept)).splitlines() == [
            "would write shop/migrations/0002_a.py",
            "would update shop/migrations/max_migration.txt",
            "would update migrations.lock",
        ]
        assert kept.tree() == before

    def test_the_last_of_several_counts(self, kept: Project) -> None:
        context = self.draft(kept)
        context.drafted += drafted(
            kept, "shop/migrations/0003_b.py", text=MORE.replace("0001_initial", "0002_a")
        ).drafted
        write.run(context)
        assert (kept.folder / self.MAX).read_bytes() == b"0003_b\n"
        assert "\nshop 0003_b " in (kept.folder / self.LOCK).read_text(encoding="utf-8")

    def test_other_apps_are_left_alone(self, kept: Project) -> None:
        other = kept.write("stock/migrations/max_migration.txt", "0001_initial\n")
        write.run(self.draft(kept))
        assert other.read_bytes() == b"0001_initial\n"

    def test_conflict_markers_are_written_over(self, kept: Project) -> None:
        for name in (self.MAX, self.LOCK):
            text = (kept.folder / name).read_text(encoding="utf-8")
            kept.write(name, f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> main\n")
        write.run(self.draft(kept))
        assert (kept.folder / self.MAX).read_bytes() == b"0002_a\n"
        assert dependencies.run(kept.context()).verdict is Verdict.PASSED

    def test_none_is_made_where_there_is_none(self, project: Project) -> None:
        write.run(self.draft(project))
        assert not (project.folder / self.MAX).exists()
        assert not (project.folder / self.LOCK).exists()

    @pytest.mark.parametrize("number", [1, 2])
    def test_when_one_can_not_be_written_all_is_taken_back(
        self, kept: Project, monkeypatch: pytest.MonkeyPatch, number: int
    ) -> None:
        replace, done = Path.replace, []

        def refuse(path: Path, target: Path) -> Path:
            done.append(target)
            if len(done) == number:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
            return replace(path, target)

        before = kept.tree()
        monkeypatch.setattr(Path, "replace", refuse)
        with pytest.raises(CouldNotCheck, match=r"No space left on device: .*Nothing was written"):
            write.run(self.draft(kept))
        assert new_files(kept, before) == set()

    def test_killed_before_they_follow_the_gate_names_it_and_the_lock_mends_it(
        self, kept: Project
    ) -> None:
        code = (
            "import os, sys\n"
            "from pathlib import Path\n"
            "from tests.actions.test_write import TestWhatSaysWhereMigrationsEnd, write\n"
            "from tests.two_apps import Project\n"
            "Path.replace = lambda path, target: os.kill(os.getpid(), 9)\n"
            "project = Project(Path(sys.argv[1]))\n"
            "write.run(TestWhatSaysWhereMigrationsEnd().draft(project))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(kept.folder)],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=False,
        )
        assert done.returncode == -9
        assert (kept.folder / "shop/migrations/0002_a.py").exists()
        refused = dependencies.run(kept.context())
        assert [finding.code for finding in refused.findings] == ["HIS110"]
        lock.run(kept.context())
        assert dependencies.run(kept.context()).verdict is Verdict.PASSED
