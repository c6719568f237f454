"""Layouts that are right, however unusual: none of them may be refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from tests.containers.stack import DEV, PAUSE, Stack, compose, web

if TYPE_CHECKING:
    from tests.e2e.shop import Run


class Right(NamedTuple):
    """One right environment. ``make`` makes it and runs the gate on it."""

    what: str
    make: Callable[[Stack], Run]


def usual(stack: Stack) -> Run:
    stack.up()
    return stack.gate()


def other_names(stack: Stack) -> Run:
    service = web(volumes=[".:/app"])
    services = {"worker-of-pages": service, "cache": web(volumes=None)}
    stack.write(DEV, json.dumps({"services": services}))
    stack.start()
    return stack.gate()


def other_place(stack: Stack) -> Run:
    stack.up(web(volumes=[".:/srv/shop/code"], working_dir="/srv/shop/code"))
    return stack.gate()


def monorepo(stack: Stack) -> Run:
    top = stack.folder.with_name(f"top-{stack.folder.name}")
    top.mkdir()
    shutil.move(stack.folder, top / "services" / "shop")
    stack.folder, stack.top, stack.names = top / "services" / "shop", top, {top.name}
    (top / ".git").mkdir()
    service = web(volumes=[".:/workspace"], working_dir="/workspace/services/shop")
    (top / DEV).write_text(compose(service), encoding="utf-8")
    stack.start()
    return stack.gate()


def subfolder(stack: Stack) -> Run:
    """Only the project is mounted; the Compose file lies above it."""
    top = stack.folder.with_name(f"top-{stack.folder.name}")
    top.mkdir()
    shutil.move(stack.folder, top / "backend")
    stack.folder, stack.top, stack.names = top / "backend", top, {top.name}
    (top / ".git").mkdir()
    (top / DEV).write_text(compose(web(volumes=["./backend:/app"])), encoding="utf-8")
    stack.start()
    return stack.gate()


def volumes_elsewhere(stack: Stack) -> Run:
    volumes = [".:/app", "env:/app/.venv", "/app/node_modules", "media:/app/media", "data:/data"]
    named: dict[str, object] = {"env": {}, "media": {}, "data": {}}
    stack.up(web(volumes=volumes, tmpfs=["/tmp", "/app/.cache"]), volumes=named)
    return stack.gate()


def included(stack: Stack) -> Run:
    stack.write("containers/web.json", compose(web(volumes=["..:/app"])))
    stack.write(DEV, json.dumps({"include": ["containers/web.json"]}))
    stack.start()
    return stack.gate()


def extended(stack: Stack) -> Run:
    stack.write("base.json", compose(web(volumes=None)))
    service = {"extends": {"file": "base.json", "service": "web"}, "volumes": [".:/app"]}
    stack.up(service)
    return stack.gate()


def several_files(stack: Stack) -> Run:
    stack.write("base.yml", compose(web(volumes=None)))
    stack.write("mine.yml", json.dumps({"services": {"web": {"volumes": [".:/app"]}}}))
    stack.variables["COMPOSE_FILE"] = "base.yml:mine.yml"
    stack.start()
    return stack.gate()


def on_top_of_the_usual(stack: Stack) -> Run:
    """A development file that is no whole one: it adds to docker-compose.yml."""
    stack.write("docker-compose.yml", compose(web(volumes=None)))
    stack.write(DEV, json.dumps({"services": {"web": {"volumes": [".:/app"]}}}))
    files = [word for name in ("docker-compose.yml", DEV) for word in ("-f", name)]
    stack.docker("compose", *files, "up", "-d")
    return stack.gate()


def in_a_profile(stack: Stack) -> Run:
    stack.write(DEV, compose(web(profiles=["development"])))
    stack.compose("--profile", "development", "up", "-d")
    return stack.gate()


def configured(stack: Stack) -> Run:
    stack.configure('runs = "container"', 'compose-file = "local.yml"', 'service = "django"')
    services = {"web": web(volumes=None), "django": web()}
    stack.write("local.yml", json.dumps({"services": services}))
    stack.start(file="local.yml")
    return stack.gate()


def only_python3(stack: Stack) -> Run:
    path = "/usr/sbin:/usr/bin"
    stack.up(web(environment={"PATH": path}, command=["python3", *PAUSE[1:]]))
    return stack.gate()


def read_only_root(stack: Stack) -> Run:
    stack.up(web(read_only=True))
    return stack.gate()


def without_shell(stack: Stack) -> Run:
    stack.up()
    remove = "import os; [os.remove(f'/usr/bin/{name}') for name in ('cat', 'sh', 'bash', 'dash')]"
    stack.docker("exec", stack.container(), "python", "-c", remove)
    return stack.gate()


def started_elsewhere_too(stack: Stack) -> Run:
    """A one-off container of ``run`` beside the service is not a second replica."""
    stack.up()
    stack.compose("run", "-d", "web", *PAUSE)
    return stack.gate()


RIGHT = (
    Right("the file's usual name, one service, `.:/app`", usual),
    Right("other service names, and other services beside it", other_names),
    Right("another mount point", other_place),
    Right("a monorepo: its top is mounted, the project is a folder in it", monorepo),
    Right("a Compose file above the one folder that is mounted", subfolder),
    Right("further volumes: `.venv`, `node_modules`, media, data, a tmpfs", volumes_elsewhere),
    Right("`include`", included),
    Right("`extends`", extended),
    Right("several files in `COMPOSE_FILE`", several_files),
    Right("a development file that adds to `docker-compose.yml`", on_top_of_the_usual),
    Right("a profile", in_a_profile),
    Right("`compose-file` and `service` in the configuration", configured),
    Right("an image with `python3` and no `python`", only_python3),
    Right("a root file system that is read-only", read_only_root),
    Right("no `sh` and no `cat` in the container", without_shell),
    Right("a container of `docker compose run` beside it", started_elsewhere_too),
)
