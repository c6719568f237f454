"""The workflow on the example in containers: whole, by a user who is not root."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.app import USER, App
from tests.containers.conftest import DOCKER_CONFIG
from tests.containers.stack import DEV, PAUSE, Stack, compose, web
from tests.e2e.conftest import EXAMPLE, THROWAWAY

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

MIGRATION = "catalogue/migrations/0011_product_colour.py"


@pytest.fixture
def app(port: int, engine: None) -> Iterator[App]:
    """Where another user gets to: not below the folders of pytest, which are for its own."""
    with tempfile.TemporaryDirectory(prefix="mw-") as name:
        Path(name).chmod(0o755)
        folder, home = Path(name, f"app-{port}"), Path(name, "home")
        shutil.copytree(EXAMPLE, folder, ignore=THROWAWAY)
        shutil.copytree(DOCKER_CONFIG, home / ".docker")
        app = App(folder, home)
        app.settle(port)
        yield app
        app.take_down()


@needs_root
def test_from_nothing_to_a_migrated_database(app: App, port: int) -> None:
    dry = app.run("dev", "--dry-run")
    assert dry.code == 0, dry
    assert "would run docker compose" in dry.said
    assert app.docker("ps", "-aq", "--filter", f"name={app.folder.name}") == ""

    started = app.run("dev")
    assert started.code == 0, started
    for text in (f"http://localhost:{port}", "logs -f web", "down", "Next: migration-workflow pre"):
        assert text in started.said

    applied = app.json("migrate-safe")
    assert applied.code == 0, applied
    assert applied.verdicts()["rehearsal"] == applied.verdicts()["verify"] == "passed"

    app.add_field()
    drafted = app.json("makemigrations")
    assert drafted.code == 0, drafted
    assert (app.folder / MIGRATION).stat().st_uid == USER
    again = app.json("migrate-safe")
    assert again.code == 0, again
    assert app.json("test-migrations-clean").code == 0
    assert app.json("validate-migrations").code == 0
    assert app.owners() == {USER}

    count = "from catalogue.models import Product; print(Product.objects.filter(colour='').count())"
    assert app.ask_web(count) == "0"


@needs_root
def test_what_a_container_of_root_drafts_belongs_to_the_user(app: App, port: int) -> None:
    app.settle(port, user="0:0")
    assert app.run("dev").code == 0
    app.add_field()

    done = app.json("makemigrations")

    assert done.code == 0, done
    assert "ENV222" in done.codes
    assert 'user: "1234:1234"' in done.said
    assert (app.folder / MIGRATION).stat().st_uid == USER


def test_a_database_file_in_the_tree(stack: Stack) -> None:
    """SQLite in the mounted tree: rehearsed, applied and put back through the mount."""
    stack.up()
    assert stack.json("migrate-safe").code == 0
    stack.add_field()
    drafted = stack.json("makemigrations")
    assert drafted.code == 0, drafted
    assert (stack.folder / MIGRATION).is_file()
    assert stack.json("migrate-safe").code == 0

    stack.add_migration(
        "migrations.RunPython(fail)",
        name="0012_fail",
        after="0011_product_colour",
        head='def fail(apps, schema_editor):\n    raise ValueError("no")\n',
    )
    before = stack.dump()
    refused = stack.json("migrate-safe")

    assert refused.code == 1
    assert "DAT201" in refused.codes
    gates = {gate["name"]: gate for gate in refused.document["gates"]}
    [finding] = gates["rehearsal"]["findings"]
    assert finding["path"] == "catalogue/migrations/0012_fail.py"
    assert stack.dump() == before


def test_dev_mends_what_is_wrong(stack: Stack) -> None:
    stack.write("docker-compose.yml", compose(web(volumes=None)))
    stack.start(file="docker-compose.yml")
    stack.write(DEV, compose())
    assert stack.gate().codes == ["ENV212"]

    assert stack.json("dev").code == 0
    assert stack.gate().code == 0

    stack.write(DEV, compose(web(environment={"MORE": "1"})))
    assert stack.gate().codes == ["ENV218"]
    assert stack.json("dev").code == 0
    assert stack.gate().code == 0


def test_dev_lets_a_touched_dockerfile_count_once(stack: Stack) -> None:
    build = {"context": ".", "args": {"PYTHON_IMAGE": "migration-workflow-test-python"}}
    stack.write(DEV, compose(web(image=None, build=build)))
    assert stack.json("dev").code == 0

    os.utime(stack.folder / "Dockerfile")

    assert stack.gate().code == 0
    stack.append("Dockerfile", "\nENV MORE=1\n")
    assert stack.gate().codes == ["ENV218"]


@pytest.mark.parametrize("where", ["file", "shell"])
def test_dev_starts_nothing_that_looks_like_production(where: str, stack: Stack) -> None:
    given = {"DJANGO_ENV": "production"}
    stack.write(DEV, compose(web(environment=given if where == "file" else None)))

    done = stack.json("dev", variables=given if where == "shell" else None)

    assert (done.code, done.codes) == (1, ["ENV219"])
    assert done.verdicts()["compose-up"] == "not-reached"
    assert stack.docker("ps", "-aq", "--filter", f"name={stack.folder.name}") == ""


def test_dev_tells_what_compose_said_without_secrets(stack: Stack) -> None:
    secret = {"API_TOKEN": "hunter22-of-the-file"}
    stack.write(DEV, compose(web(environment=secret, command=["hunter22-of-the-file"])))

    done = stack.run("dev")

    assert done.code == 3, done
    assert "the containers did not start" in done.said
    assert "hunter22" not in done.said


def test_dev_without_a_compose_file_says_what_to_write(stack: Stack) -> None:
    done = stack.run("dev")
    assert done.code == 1
    assert "ENV206" in done.said
    assert "compose-file" in done.said


def test_migrating_production_asks_for_the_name_of_its_database(stack: Stack) -> None:
    stack.configure('service = "web"')
    stack.up(web(environment={"DJANGO_ENV": "production"}))
    refused = stack.json("migrate-safe")
    assert (refused.code, refused.codes) == (1, ["ENV101"])

    done = stack.json("migrate-safe", "--production", "/app/db.sqlite3")

    assert done.code == 0, done
    assert ("catalogue", "0010_product_status_price_idx") in stack.applied()


def test_the_state_gate_alone_needs_a_container_too(stack: Stack) -> None:
    stack.up()
    stack.compose("stop", "-t", "0")

    done = stack.run("pre-check")

    assert done.code == 3
    assert "ENV208" in done.said
    assert "migration-workflow dev" in done.said


@pytest.mark.parametrize("file", ["docker-compose.yml", DEV])
def test_compose_accepts_the_files_of_the_example(file: str, stack: Stack) -> None:
    shutil.copy(EXAMPLE / file, stack.folder)
    assert stack.compose("config", "--quiet", file=file) == ""


class TestWhereItRuns:
    def test_on_the_host_where_nothing_was_started(self, stack: Stack) -> None:
        stack.write(DEV, compose())
        done = stack.run("enforce-dev-environment", "--verbose")
        assert done.code == 0, done
        assert "environment of migration-workflow itself" in done.said

    def test_in_the_container_where_there_is_one(self, stack: Stack) -> None:
        stack.up()
        done = stack.run("enforce-dev-environment", "--verbose")
        assert f"container {stack.folder.name}-web-1" in done.said

    def test_on_the_host_where_the_containers_are_for_others(self, stack: Stack) -> None:
        stack.up(web(volumes=None, command=PAUSE))
        done = stack.run("enforce-dev-environment", "--verbose")
        assert "environment of migration-workflow itself" in done.said

    @pytest.mark.parametrize("how", ["variable", "table"])
    def test_on_the_host_where_somebody_says_so(self, how: str, stack: Stack) -> None:
        stack.up()
        if how == "table":
            stack.configure('runs = "host"')
        else:
            stack.write(".env", "MIGRATION_WORKFLOW_RUNS=host\n")
        done = stack.run("enforce-dev-environment", "--verbose")
        assert "environment of migration-workflow itself" in done.said
