"""The tool inside a container, as in a dev container: it runs there, and looks at the mount."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.containers.stack import IMAGE, Stack

if TYPE_CHECKING:
    from tests.e2e.shop import Run

ROOT = Path(__file__).parents[2]
TOOL = ("--volume", f"{ROOT}:/tool:ro", "--volume", f"{sysconfig.get_path('purelib')}:/wheels2:ro")


def inside(stack: Stack, *words: str, options: tuple[str, ...] = ()) -> Run:
    """Run our program in a container of the example's image."""
    return stack.run(
        *("run", "--rm", "--network", "none", *TOOL, "--env", "PYTHONPATH=/tool:/wheels2"),
        *(*options, IMAGE, "python", "-m", "workflow", *words),
        program=["docker"],
    )


def test_a_migration_in_the_image_would_be_lost(stack: Stack) -> None:
    done = inside(stack, "makemigrations")
    assert done.code == 1, done
    assert "ENV224 error" in done.said
    assert "/app is part of its image" in done.said


def test_looking_is_allowed(stack: Stack) -> None:
    done = inside(stack, "enforce-dev-environment")
    assert done.code == 0, done
    assert "ENV224 warning" in done.said


def test_in_ci_it_is_meant_so(stack: Stack) -> None:
    done = inside(stack, "enforce-dev-environment", options=("--env", "CI=true"))
    assert done.code == 0, done
    assert "ENV224" not in done.said


@pytest.mark.parametrize("with_compose", [False, True])
def test_a_tree_that_is_mounted_is_worked_on_here(with_compose: bool, stack: Stack) -> None:
    if with_compose:
        stack.write("docker-compose.dev.yml", "services: {}\n")
    stack.add_field()
    done = inside(
        stack, "makemigrations", "--verbose", options=("--volume", f"{stack.folder}:/app")
    )
    assert done.code == 0, done
    assert "ENV" not in done.said
    assert (stack.folder / "catalogue/migrations/0011_product_colour.py").is_file()


def test_a_tree_that_is_mounted_read_only(stack: Stack) -> None:
    done = inside(stack, "makemigrations", options=("--volume", f"{stack.folder}:/app:ro"))
    assert done.code == 1, done
    assert "ENV215 error" in done.said
