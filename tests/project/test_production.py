"""What makes an environment look like production, and what only seems to."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflow.config import Settings
from workflow.project.production import signs_in_labels, signs_of_production

SETTINGS = Settings(project=Path("/p"), root=Path("/p"), production_hosts=("db.example.org",))


@pytest.mark.parametrize(
    ("variables", "sign"),
    [
        (
            {"DJANGO_SETTINGS_MODULE": "shop.settings.prod"},
            "the settings module is shop.settings.prod",
        ),
        ({"APP_ENV": "Live"}, "APP_ENV is 'Live'"),
        ({"DEBUG": "False"}, "DEBUG is 'False'"),
        ({"DJANGO_DEBUG": "0"}, "DJANGO_DEBUG is '0'"),
        ({"POSTGRES_HOST": "db.example.org"}, "the database host is db.example.org"),
        (
            {"DATABASE_URL": "postgresql://u:hunter22@db.example.org:5432/shop"},
            "the database host is db.example.org",
        ),
    ],
)
def test_a_sign(variables: dict[str, str], sign: str) -> None:
    assert list(signs_of_production(variables, SETTINGS)) == [sign]


@pytest.mark.parametrize(
    ("reason", "variables"),
    [
        ("development", {"DJANGO_ENV": "development", "DEBUG": "on"}),
        ("a debug flag that is empty", {"DEBUG": ""}),
        ("a module that only holds the word", {"DJANGO_SETTINGS_MODULE": "shop.reproduction"}),
        ("another host", {"DATABASE_URL": "postgresql://db/shop"}),
        ("a URL that is none", {"DATABASE_URL": "postgresql://[db/shop"}),
        ("nothing at all", {}),
    ],
)
def test_no_sign(reason: str, variables: dict[str, str]) -> None:
    assert list(signs_of_production(variables, SETTINGS)) == [], reason


def test_a_host_that_is_named_twice_is_told_once() -> None:
    variables = {"DB_HOST": "db.example.org", "DATABASE_URL": "postgresql://db.example.org/shop"}
    assert len(list(signs_of_production(variables, SETTINGS))) == 1


@pytest.mark.parametrize(
    ("labels", "signs"),
    [
        ({"org.example.environment": "Production"}, 1),
        ({"env": "prod"}, 1),
        ({"org.example.environment": "development"}, 0),
        ({"org.example.product": "production"}, 0),
        ({}, 0),
    ],
)
def test_labels(labels: dict[str, str], signs: int) -> None:
    assert len(list(signs_in_labels(labels, SETTINGS))) == signs
