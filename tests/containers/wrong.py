"""Every wrong environment, made for real: what was done, and which finding must name it."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.containers.stack import BASE, DEV, IMAGE, POSTGRES, Stack, compose, web

if TYPE_CHECKING:
    from tests.e2e.shop import Run


class Wrong(NamedTuple):
    """One wrong environment. ``make`` makes it and runs the gate on it."""

    what: str
    code: str
    make: Callable[[Stack], Run]
    exit_code: int = 1
    said: tuple[str, ...] = ()


CONTAINER = {"MIGRATION_WORKFLOW_RUNS": "container"}
"""Where nothing shows that the project runs in a container, the team's word has to."""


def without_docker(stack: Stack) -> Run:
    programs = Path(tempfile.mkdtemp(dir=stack.home))
    (programs / "git").symlink_to(shutil.which("git") or "")
    address = f"unix://{stack.home}/docker.sock"
    stack.write(DEV, compose())
    return stack.gate(variables={"PATH": str(programs), "DOCKER_HOST": address, **CONTAINER})


def without_engine(stack: Stack) -> Run:
    stack.write(DEV, compose())
    address = f"unix://{stack.home}/docker.sock"
    return stack.gate(variables={"DOCKER_HOST": address, **CONTAINER})


def without_permission(stack: Stack) -> Run:
    """Root may do everything, so what lets it is taken away."""
    stack.up()
    setpriv = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    prefix = setpriv if os.geteuid() == 0 else []
    closed = Path(tempfile.mkdtemp(dir=stack.home))
    closed.chmod(0)
    address = f"unix://{closed}/docker.sock"
    try:
        return stack.gate(variables={"DOCKER_HOST": address, **CONTAINER}, before=prefix)
    finally:
        closed.chmod(0o700)


def on_a_remote_engine(stack: Stack) -> Run:
    stack.write(DEV, compose())
    return stack.gate(variables={"DOCKER_HOST": "ssh://build.example.org", **CONTAINER})


def without_compose(stack: Stack) -> Run:
    stack.up()
    return stack.gate(variables={"DOCKER_CONFIG": str(stack.home), **CONTAINER})


def with_old_compose(stack: Stack) -> Run:
    stack.up()
    programs = Path(tempfile.mkdtemp(dir=stack.home))
    old = programs / "docker-compose"
    old.write_text("#!/bin/sh\n", encoding="ascii")
    old.chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return stack.gate(variables={"DOCKER_CONFIG": str(stack.home), "PATH": path, **CONTAINER})


def with_a_file_that_does_not_parse(stack: Stack) -> Run:
    stack.up()
    stack.write(DEV, "services:\n  web:\n   image: [\n")
    return stack.gate()


def with_a_variable_unset(stack: Stack) -> Run:
    stack.write(DEV, compose(web(environment={"TOKEN": "${API_TOKEN:?is not set}"})))
    return stack.gate(variables=CONTAINER)


def without_the_service(stack: Stack) -> Run:
    stack.configure('runs = "container"', 'service = "api"')
    stack.up()
    return stack.gate()


def without_any_service_for_it(stack: Stack) -> Run:
    stack.write(DEV, compose(web(volumes=None)))
    return stack.gate(variables=CONTAINER)


def not_started(stack: Stack) -> Run:
    stack.write(DEV, compose())
    return stack.gate(variables=CONTAINER)


def stopped(stack: Stack) -> Run:
    stack.up()
    stack.compose("stop", "-t", "0")
    return stack.gate()


def never_started(stack: Stack) -> Run:
    stack.write(DEV, compose())
    stack.compose("create")
    return stack.gate()


def paused(stack: Stack) -> Run:
    stack.up()
    stack.compose("pause")
    return stack.gate()


def restarting(stack: Stack) -> Run:
    stack.up(web(command=["python", "-c", "raise SystemExit(4)"], restart="always"))
    _until(lambda: "Restarting" in stack.compose("ps", "-a"))
    return stack.gate()


def unhealthy(stack: Stack) -> Run:
    test = ["CMD", "python", "-c", "raise SystemExit(1)"]
    stack.up(web(healthcheck={"test": test, "interval": "1s", "retries": 1}))
    _until(lambda: "unhealthy" in stack.compose("ps"))
    return stack.gate()


def twice(stack: Stack) -> Run:
    stack.up(None, "--scale", "web=2")
    return stack.gate()


def from_the_production_file(stack: Stack) -> Run:
    stack.write(DEV, compose())
    stack.write("docker-compose.yml", compose(web(volumes=None)))
    stack.start(file="docker-compose.yml")
    return stack.gate()


def from_another_checkout(stack: Stack) -> Run:
    """The same folder name elsewhere: Compose gives both the same project name."""
    other = Stack(stack.folder.parent / "other" / stack.folder.name, stack.home)
    shutil.copytree(stack.folder, other.folder)
    other.variables = stack.variables
    other.up()
    stack.write(DEV, compose())
    return stack.gate(variables=CONTAINER)


def from_another_worktree(stack: Stack) -> Run:
    name = stack.folder.name
    stack.write(DEV, compose(name=name))
    stack.commit_all()
    stack.start()
    worktree = Stack(stack.folder.parent / "worktree", stack.home)
    worktree.variables = stack.variables
    stack.git("worktree", "add", "--quiet", str(worktree.folder))
    return worktree.gate(variables=CONTAINER)


def with_another_checkout_mounted(stack: Stack) -> Run:
    other = stack.folder.parent / "other"
    shutil.copytree(stack.folder, other)
    stack.configure('service = "web"')
    stack.up(web(volumes=[f"{other}:/app"]))
    return stack.gate()


def with_the_code_of_the_image(stack: Stack) -> Run:
    stack.configure('service = "web"')
    stack.up(web(volumes=None))
    return stack.gate()


def with_the_code_in_a_volume(stack: Stack) -> Run:
    stack.configure('service = "web"')
    stack.up(web(volumes=["code:/app"]), volumes={"code": {}})
    return stack.gate()


def mounted_read_only(stack: Stack) -> Run:
    stack.up(web(volumes=[".:/app:ro"]))
    return stack.gate()


def mounted_elsewhere(stack: Stack) -> Run:
    stack.up(web(volumes=[".:/code"]))
    return stack.gate()


def shadowed(*volumes: str, **more: object) -> Callable[[Stack], Run]:
    def make(stack: Stack) -> Run:
        named: dict[str, object] = {
            line.partition(":")[0]: {} for line in volumes if not line.startswith(("/", "."))
        }
        stack.up(web(volumes=[".:/app", *volumes], **more), volumes=named)
        return stack.gate()

    return make


def with_a_changed_compose_file(stack: Stack) -> Run:
    stack.up()
    stack.write(DEV, compose(web(environment={"NEW": "1"})))
    return stack.gate()


def with_a_changed_dockerfile(stack: Stack) -> Run:
    build = {"context": ".", "args": {"PYTHON_IMAGE": BASE}}
    stack.up(web(image=IMAGE, build=build))
    stack.append("Dockerfile", "\nENV NEW=1\n")
    return stack.gate()


def given(**variables: str) -> Callable[[Stack], Run]:
    def make(stack: Stack) -> Run:
        stack.configure('production-hosts = ["db.example.org"]')
        stack.up(web(environment=variables))
        return stack.gate()

    return make


def labelled_production(stack: Stack) -> Run:
    stack.up(web(labels={"org.example.environment": "production"}))
    return stack.gate()


def with_a_folder_that_was_replaced(stack: Stack) -> Run:
    """What a new clone does: the container keeps the folder that is gone."""
    stack.up()
    old = stack.folder.with_name("old")
    stack.folder.rename(old)
    shutil.copytree(old, stack.folder)
    return stack.gate()


def with_something_mounted_inside(stack: Stack) -> Run:
    """What no engine knows of, so that only the files themselves can show it."""
    stack.up()
    _mount_inside(stack, "-t", "tmpfs", "none")
    return stack.gate()


def with_other_migrations(stack: Stack) -> Run:
    stack.up()
    copy = stack.folder / "copy"
    shutil.copytree(stack.folder / "catalogue/migrations", copy)
    (copy / "0011_more.py").write_text("# not in the tree\n", encoding="utf-8")
    _mount_inside(stack, "--bind", "/app/copy")
    return stack.gate()


def _mount_inside(stack: Stack, *what: str) -> None:
    number = stack.docker("inspect", "--format", "{{.State.Pid}}", stack.container())
    mount = ("mount", *what, "/app/catalogue/migrations")
    done = stack.run("-t", number, "-m", *mount, program=["nsenter"])
    assert done.code == 0, done


def as_a_user_who_may_not(stack: Stack) -> Run:
    stack.up(web(user="4321:4321"))
    return stack.gate()


def as_another_user(stack: Stack) -> Run:
    stack.up()
    os.chown(stack.folder, 1234, 1234)
    return stack.gate("--strict")


def without_python(stack: Stack) -> Run:
    stack.up(web(image=POSTGRES, entrypoint=["sleep", "infinity"], command=[]))
    return stack.gate()


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


WRONG = (
    Wrong("Docker is not installed", "ENV201", without_docker, 3),
    Wrong("The engine is not running", "ENV202", without_engine, 3),
    Wrong("This user may not use the engine's socket", "ENV203", without_permission, 3),
    Wrong("`DOCKER_HOST` names an engine on another machine", "ENV204", on_a_remote_engine, 3),
    Wrong("Compose is not installed", "ENV205", without_compose, 3),
    Wrong("Only Compose v1 is installed", "ENV205", with_old_compose, 3, ("only the old",)),
    Wrong("The Compose file does not parse", "ENV206", with_a_file_that_does_not_parse),
    Wrong("A variable that the Compose file needs is unset", "ENV206", with_a_variable_unset),
    Wrong("The configured service is not defined", "ENV207", without_the_service),
    Wrong("No service mounts or builds the project", "ENV207", without_any_service_for_it),
    Wrong("The service has no container", "ENV208", not_started),
    Wrong("The container was stopped", "ENV208", stopped),
    Wrong("The container was created and not started", "ENV208", never_started),
    Wrong("The container is paused", "ENV208", paused),
    Wrong("The container restarts again and again", "ENV209", restarting, 1, ("again and again",)),
    Wrong("The health check fails", "ENV210", unhealthy),
    Wrong("The service runs twice", "ENV211", twice),
    Wrong("It was started from the production Compose file", "ENV212", from_the_production_file),
    Wrong("It was started from another checkout", "ENV213", from_another_checkout),
    Wrong("It was started from another git worktree", "ENV213", from_another_worktree),
    Wrong("It mounts another checkout", "ENV213", with_another_checkout_mounted),
    Wrong("The source is not mounted: the image's copy runs", "ENV214", with_the_code_of_the_image),
    Wrong("A volume is mounted instead of the source", "ENV214", with_the_code_in_a_volume),
    Wrong("The source is mounted read-only", "ENV215", mounted_read_only),
    Wrong("The source is mounted beside the working directory", "ENV216", mounted_elsewhere),
    Wrong(
        "A named volume lies over `migrations/`",
        "ENV217",
        shadowed("kept:/app/catalogue/migrations"),
        1,
        ("kept lies over catalogue/migrations",),
    ),
    Wrong("An anonymous volume lies over an app", "ENV217", shadowed("/app/catalogue")),
    Wrong("A folder from elsewhere lies over an app", "ENV217", shadowed("/tmp:/app/orders")),
    Wrong("A tmpfs lies over `migrations/`", "ENV217", shadowed(tmpfs=["/app/reviews/migrations"])),
    Wrong(
        "The Compose file changed since the container was made",
        "ENV218",
        with_a_changed_compose_file,
    ),
    Wrong(
        "The Dockerfile changed since the container was made", "ENV218", with_a_changed_dockerfile
    ),
    Wrong(
        "Its settings module is production's",
        "ENV219",
        given(DJANGO_SETTINGS_MODULE="config.settings.production"),
    ),
    Wrong("A variable in it names production", "ENV219", given(DJANGO_ENV="production")),
    Wrong("A label of it names production", "ENV219", labelled_production),
    Wrong("`DEBUG` is off in it", "ENV219", given(DEBUG="off")),
    Wrong(
        "Its database is on a production host",
        "ENV219",
        given(DATABASE_URL="postgresql://u:hunter22@db.example.org/shop"),
    ),
    Wrong(
        "The folder was replaced after it was mounted", "ENV220", with_a_folder_that_was_replaced
    ),
    Wrong(
        "Something was mounted over `migrations/` from inside",
        "ENV221",
        with_something_mounted_inside,
    ),
    Wrong("It has other migration files", "ENV221", with_other_migrations),
    Wrong("Its user may not touch the tree", "ENV222", as_a_user_who_may_not),
    Wrong("Its user is not the tree's (a warning: `--strict`)", "ENV222", as_another_user),
    Wrong("The container has no Python", "ENV223", without_python),
)
