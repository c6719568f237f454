"""Severities and waivers of the configuration: all that is wrong is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflow.config import load_settings
from workflow.errors import UsageError
from workflow.outcome import Finding, Severity
from workflow.weighing import Severities, Waiver, read_severities, read_waivers

FOUND = Finding(
    "FLD121",
    Severity.ERROR,
    "It is wrong.",
    app="shop",
    migration="0004_price",
    path="shop/migrations/0004_price.py",
)
OTHER = FOUND._replace(app="stock", migration="0001_initial", path="stock/migrations/0001.py")


def configure(folder: Path, text: str) -> None:
    (folder / ".git").mkdir(exist_ok=True)
    (folder / "migration-workflow.toml").write_text(text, encoding="utf-8")


def refusal(folder: Path, text: str) -> list[str]:
    configure(folder, text)
    with pytest.raises(UsageError) as caught:
        load_settings(folder, variables={})
    source = folder / "migration-workflow.toml"
    return [line.removeprefix(f"{source}: ") for line in str(caught.value).splitlines()]


class TestWaivers:
    @pytest.mark.parametrize(
        ("where", "covered"),
        [
            ({"app": "shop"}, True),
            ({"app": "stock"}, False),
            ({"app": "shop", "migration": "0004_price"}, True),
            ({"app": "shop", "migration": "0004"}, False),
            ({"path": "shop/*"}, True),
            ({"path": "*/0004_*.py"}, True),
            ({"path": "stock/*"}, False),
            ({"app": "shop", "path": "stock/*"}, False),
        ],
    )
    def test_what_they_cover(self, where: dict[str, str], covered: bool) -> None:
        (waiver,) = read_waivers([{"code": "FLD121", "reason": "old", **where}])
        assert waiver.covers(FOUND) is covered
        assert not waiver.covers(FOUND._replace(code="FLD122"))

    def test_a_path_covers_nothing_that_has_none(self) -> None:
        assert not Waiver("FLD121", "old", path="shop/*").covers(FOUND._replace(path=None))

    def test_from_a_file(self, tmp_path: Path) -> None:
        configure(tmp_path, '[[waivers]]\ncode = "FLD121"\napp = "shop"\nreason = "old"\n')
        settings = load_settings(tmp_path, variables={})
        assert settings.waivers == (Waiver("FLD121", "old", "shop"),)

    def test_all_faults_at_once(self, tmp_path: Path) -> None:
        said = refusal(
            tmp_path,
            'database = ""\n'
            '[[waivers]]\ncode = "FLD212"\napp = "shop"\nreason = " "\n'
            '[[waivers]]\ncode = "ENV101"\nmigration = "0001"\nwhy = "so"\nreason = "x"\n'
            "[severities]\n"
            'FLD121 = "off"\n',
        )
        assert said[0] == "'database' must be a text that is not empty, not ''"
        assert said[1].startswith("waiver 1: there is no code 'FLD212'; did you mean FLD12")
        assert said[2] == "waiver 1: 'reason' must be a text that is not empty, not ' '"
        assert said[3].startswith("waiver 2: ENV101 can't be waived: it is part of the proof that")
        assert said[4:] == [
            "waiver 2: unknown key 'why'; known are code, app, migration, path, reason",
            "waiver 2: it has no place: name an 'app', or a 'path'",
            "waiver 2: 'migration' needs the 'app' that it is of",
            "severity of FLD121: FLD121 must be 'error', 'warning', 'info', not 'off'",
        ]

    def test_one_that_says_nothing(self, tmp_path: Path) -> None:
        assert refusal(tmp_path, "[[waivers]]\n") == [
            "waiver 1: it has no 'code'",
            "waiver 1: it has no 'reason'",
            "waiver 1: it has no place: name an 'app', or a 'path'",
        ]

    @pytest.mark.parametrize("value", ["1", '"FLD121"', "[1]", "{}"])
    def test_what_is_no_list_of_tables(self, tmp_path: Path, value: str) -> None:
        (said,) = refusal(tmp_path, f"waivers = {value}\n")
        assert said.startswith("'waivers' must be a list of tables")


class TestSeverities:
    def test_the_app_comes_first(self) -> None:
        severities = read_severities({"FLD121": "warning", "shop": {"FLD121": "info"}})
        assert severities.weighed(FOUND).severity is Severity.INFO
        assert severities.weighed(OTHER).severity is Severity.WARNING
        assert severities.weighed(OTHER._replace(code="FLD122")).severity is Severity.ERROR

    def test_from_a_file(self, tmp_path: Path) -> None:
        configure(tmp_path, '[severities]\nDAT101 = "info"\nshop.FLD122 = "error"\n')
        assert load_settings(tmp_path, variables={}).severities == Severities(
            {"DAT101": Severity.INFO}, {"shop": {"FLD122": Severity.ERROR}}
        )

    def test_faults_name_their_app(self, tmp_path: Path) -> None:
        text = '[severities]\nENV101 = "info"\nDAT101 = 1\nshop.FLD999 = "info"\n'
        said = refusal(tmp_path, text)
        assert said[0].startswith("severity of ENV101: ENV101 weighs what it weighs: it is part")
        assert said[1] == ("severity of DAT101: DAT101 must be 'error', 'warning', 'info', not 1")
        assert said[2].startswith("severity of shop.FLD999: there is no code 'FLD999'; did you")

    def test_what_is_no_table(self, tmp_path: Path) -> None:
        (said,) = refusal(tmp_path, 'severities = "info"\n')
        assert said.startswith("'severities' must be a table of code = severity")


class TestBaseline:
    @pytest.mark.parametrize("path", ["/etc/baseline.toml", "../baseline.toml", "a/../../b"])
    def test_it_stays_where_the_configuration_is(self, tmp_path: Path, path: str) -> None:
        (said,) = refusal(tmp_path, f'baseline = "{path}"\n')
        assert said.startswith("'baseline' must be a path within the folder of the configuration")

    def test_it_is_beside_the_configuration(self, tmp_path: Path) -> None:
        configure(tmp_path, 'project = "shop"\n')
        (tmp_path / "shop").mkdir()
        settings = load_settings(tmp_path, variables={})
        assert settings.baseline_file == tmp_path / "migrations-baseline.toml"
