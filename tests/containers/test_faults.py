"""Cut off in the middle: a sentence, exit code 3, no half-written file and no leftover."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.containers.faults import WAITS, Started, Wire, agents, tokens, until
from tests.containers.stack import Stack, compose, web
from workflow.flows import FLOWS

VERBS = [name for name, flow in FLOWS.items() if flow.asks_project and not flow.starts_containers]


def stop(stack: Stack, wire: Wire) -> None:
    stack.docker("kill", stack.container())


def remove(stack: Stack, wire: Wire) -> None:
    stack.docker("rm", "-f", stack.container())


def cut(stack: Stack, wire: Wire) -> None:
    wire.cut()


FAULTS: dict[str, tuple[Callable[[Stack, Wire], None], str]] = {
    "container killed": (stop, "its container was stopped"),
    "container removed": (remove, "ended before it answered"),
    "engine gone": (cut, "the Docker Engine gave no answer"),
}


@pytest.fixture
def wire(tmp_path: Path) -> Wire:
    return Wire(tmp_path / "engine.sock")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("verb", VERBS)
def test_cut_off_while_the_project_boots(verb: str, fault: str, stack: Stack, wire: Wire) -> None:
    break_it, said = FAULTS[fault]
    stack.up()
    stack.append("config/settings.py", WAITS)
    before = stack.tree()
    with wire:
        started = Started(stack, verb, **wire.variables, MIGRATION_WORKFLOW_RUNS="container")
        started.reaches(stack.folder / "config/reached")
        (stack.folder / "config/reached").unlink()
        break_it(stack, wire)
        done = started.ends()

    assert done.code == 3, done
    assert said in done.said
    assert "Traceback" not in done.said
    assert stack.new_files(before) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_cut_off_while_a_migration_is_rehearsed(fault: str, stack: Stack, wire: Wire) -> None:
    break_it, said = FAULTS[fault]
    stack.up()
    assert stack.run("migrate-safe").code == 0
    stack.add_migration(
        "migrations.RunPython(wait)", head="def wait(apps, schema_editor):" + indented(WAITS)
    )
    database, before = stack.dump(), stack.tree()
    with wire:
        started = Started(stack, "migrate-safe", **wire.variables)
        started.reaches(stack.folder / "catalogue/migrations/reached")
        (stack.folder / "catalogue/migrations/reached").unlink()
        break_it(stack, wire)
        done = started.ends()

    assert done.code == 3, done
    assert said in done.said
    assert stack.dump() == database
    if fault == "engine gone":
        until(lambda: agents(stack) == [])
        return
    stack.start()
    assert stack.run("pre-check").code == 0
    assert stack.new_files(before) == []


def indented(code: str) -> str:
    return code.replace("\n", "\n    ")


@pytest.mark.parametrize("verb", ["makemigrations", "migrate-safe"])
def test_a_host_that_is_killed_leaves_no_process_there(verb: str, stack: Stack) -> None:
    stack.up()
    stack.append("config/settings.py", WAITS)
    started = Started(stack, verb)
    started.reaches(stack.folder / "config/reached")
    assert len(agents(stack)) == 1

    started.kill()

    until(lambda: agents(stack) == [])
    stack.replace("config/settings.py", "time.sleep(600)", "")
    assert stack.gate().code == 0
    assert tokens(stack) == []


def test_a_slow_engine_changes_nothing(stack: Stack, tmp_path: Path) -> None:
    stack.up()
    with Wire(tmp_path / "engine.sock", delay=0.15) as slow:
        done = stack.gate(variables=slow.variables)
    assert done.code == 0, done


def test_a_slow_mount_is_waited_for_and_not_for_ever(stack: Stack) -> None:
    """The first read of the project's Python takes two seconds."""
    slow = '#!/bin/sh\nsleep 2\nexec /usr/bin/python3 "$@"\n'
    stack.write("slow/python", slow).chmod(0o755)
    path = "/app/slow:/usr/local/bin:/usr/bin:/bin"
    stack.up(web(environment={"PATH": path}))
    assert stack.gate().code == 0

    stack.configure("sync-seconds = 0.5")
    done = stack.gate()

    assert done.code == 3
    assert "the tree could not be compared with the container" in done.said
    assert "within 0.5 seconds" in done.said
    assert tokens(stack) == []


def test_an_engine_that_hangs(stack: Stack, tmp_path: Path) -> None:
    """It takes the connection and says nothing. The time limit is the SDK's."""
    stack.up()
    with Wire(tmp_path / "engine.sock", delay=30.0) as hanging:
        done = stack.gate(variables={**hanging.variables, "MIGRATION_WORKFLOW_RUNS": "container"})
    assert done.code == 3
    assert done.codes == ["ENV202"]


def test_values_in_dotenv_with_quotes_and_dollars(stack: Stack) -> None:
    stack.write(".env", 'API_TOKEN=\'pa$$ "word" $HOME\'\nPLAIN="it\'s"\n')
    stack.up(web(environment={"API_TOKEN": "${API_TOKEN}", "PLAIN": "${PLAIN}"}))
    done = stack.gate("--verbose")
    assert done.code == 0, done
    assert "word" not in done.said


def test_a_variable_that_is_unset_is_no_fault_of_its_own(stack: Stack) -> None:
    stack.up(web(environment={"MAYBE": "${MAYBE_SET}"}))
    assert stack.gate().code == 0


SECRET = "hunter22-the-secret"


@pytest.mark.parametrize(
    "prepare",
    [
        "raise ValueError(os.environ['API_TOKEN'])",
        "print(os.environ['API_TOKEN']); os._exit(3)",
        "os.write(2, os.environ['API_TOKEN'].encode()); os._exit(3)",
    ],
)
def test_a_secret_of_the_container_is_never_shown(prepare: str, stack: Stack) -> None:
    stack.up(web(environment={"API_TOKEN": SECRET}))
    stack.append("config/settings.py", f"\nimport os\n{prepare}\n")
    for words in ((), ("--verbose",), ("--format", "json")):
        done = stack.run("validate-migrations", *words)
        assert done.code == 3
        assert SECRET not in done.said


def test_a_secret_in_a_compose_file_that_does_not_parse(stack: Stack) -> None:
    text = compose(web(environment={"API_TOKEN": "${API_TOKEN}"}, image=[SECRET]))
    stack.write("docker-compose.dev.yml", text)
    variables = {"API_TOKEN": SECRET, "MIGRATION_WORKFLOW_RUNS": "container"}
    done = stack.gate("--verbose", variables=variables)
    assert done.codes == ["ENV206"]
    assert SECRET not in done.said


def test_nothing_of_docker_in_a_project_without_compose_files(stack: Stack) -> None:
    """Not even a look at the socket: it is one that nobody could open."""
    done = stack.gate(variables={"DOCKER_HOST": f"unix://{stack.home}/gone.sock"})
    assert done.code == 0
