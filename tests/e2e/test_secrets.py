"""No secret reaches the output, a file of ours, or the folder of throwaway copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.shop import Shop

SECRET = "hunter2-änd-more"
RAISE = "raise ValueError({})\n"


def in_manage(shop: Shop) -> None:
    shop.write(".env", f"API_TOKEN={SECRET}\n")
    shop.replace_start(
        "manage.py",
        "import os\nfrom dotenv import load_dotenv\nload_dotenv('.env')\n"
        + RAISE.format("os.environ['API_TOKEN']"),
    )


def in_settings(shop: Shop) -> None:
    shop.write(".env", f"SECRET_KEY={SECRET}\n")
    shop.append("config/settings.py", RAISE.format("f'bad key {SECRET_KEY}'"))


def in_a_migration(shop: Shop) -> None:
    shop.write(".env", f"SECRET_KEY={SECRET}\n")
    shop.add_migration(
        "migrations.RunPython(work)",
        head="""
        def work(apps, schema_editor):
            from django.conf import settings
            print(settings.SECRET_KEY)
            raise ValueError(f"signed with {settings.SECRET_KEY}")
        """,
    )


def in_a_drafted_default(shop: Shop) -> None:
    shop.write(".env", f"SECRET_KEY={SECRET}\n")
    shop.replace_start("catalogue/models.py", "import os\n")
    shop.add_field(
        "colour = models.CharField(max_length=99, default='x', help_text='a/b://u:p@ss')"
    )


def in_a_database_url(shop: Shop) -> None:
    shop.write(".env", f"DATABASE_URL=postgresql://shop:{SECRET}@127.0.0.1:1/shop\n")


def that_the_process_prints(shop: Shop) -> None:
    shop.write(".env", f"SERVICE_PASSWORD={SECRET}\n")
    shop.append(
        "config/settings.py",
        "import sys\n"
        "print('connecting with', os.environ['SERVICE_PASSWORD'], file=sys.stderr, flush=True)\n"
        "os._exit(3)\n",
    )


@pytest.mark.parametrize("verb", ["migrate-safe", "makemigrations", "enforce-dev-environment"])
@pytest.mark.parametrize(
    "prepare",
    [
        in_manage,
        in_settings,
        in_a_migration,
        in_a_drafted_default,
        in_a_database_url,
        that_the_process_prints,
    ],
)
def test_a_secret(verb: str, prepare: Callable[[Shop], None], shop: Shop) -> None:
    prepare(shop)
    for form in ("text", "json"):
        done = shop.run(verb, "--verbose", "--format", form)
        said = done.stdout + done.stderr
        for spelling in (SECRET, SECRET.encode("unicode_escape").decode(), "hunter2"):
            assert spelling not in said, said
    for path in (shop.folder / ".workflow").rglob("*"):
        assert not path.is_file() or b"hunter2" not in path.read_bytes()
