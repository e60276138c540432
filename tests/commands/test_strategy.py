"""`gridopt strategy` through the command."""

import json

import pytest

from gridopt.commands import execute
from tests.support import market


@pytest.fixture
def ring(tmp_path):
    path = tmp_path / "ring.yaml"
    path.write_text(market.RING, encoding="utf-8")
    return str(path)


def test_outcomes_and_who_is_pivotal(ring, capsys):
    """See tests/analysis/test_strategy.py for the arithmetic."""
    assert execute(["strategy", ring, "--owner", "C3", "--raise", "0,10,50", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [round(r["profit"], 6) for r in found["outcomes"]] == [0, 8500, 42500] and found["plants"] == ["generator C3"]
    assert found["without"]["highest_price"] == pytest.approx(700) and found["without"]["pivotal_share"] == 1
    assert found["needed_mw"] == pytest.approx(0, abs=1e-6)
    assert execute(["strategy", ring, "--owner", "C3", "--raise", "0", "--withhold", "0,200", "--cap", "800"]) == 0
    said = capsys.readouterr().out
    assert "0\t200\t72000.00" in said and "pivotal in 0% of the time (cap 800)" in said


def outcomes(path, capsys, owner, *words):
    assert execute(["strategy", path, "--owner", owner, "--raise", "0,10", "--json", *words]) == 0
    return json.loads(capsys.readouterr().out)["outcomes"]


@pytest.mark.parametrize(
    ("rule", "profit", "own", "load"),
    [
        # 250 MWh at its own 374; 122,000 and 8500 more for all.
        ("pab", [0, 8500], [340, 374], [122000, 130500]),
        # One price of 260; C3 is paid what it offers beyond it for being constrained on, 20,000, then 28,500.
        ("smp", [0, 8500], [260, 260], [254000, 262500]),
        # Zone means by generation: Hexi (600 x 220 + 50 x 260) / 650, then with 203 at bus 1, on 100 MWh; Hedong 340, then 374, on 800.
        ("zonal_avg", [0, 8500], [340, 374], [294307.692308, 319938.461538]),
    ],
)
def test_the_rule_of_the_market_says_what_is_gained(ring, capsys, rule, profit, own, load):
    found = outcomes(ring, capsys, "C3", "--set", f"market.rule={rule}")
    for key, wanted in (("profit", profit), ("own_price", own), ("load_payment", load)):
        assert [r[key] for r in found] == pytest.approx(wanted, abs=1e-6)


def test_what_redispatch_pays_is_gained_too(ring, capsys):
    """700 MW may be traded: C3 gives 100 at its price, and 150 more at its offer, for what the network lacks: 34 x 250 more."""
    border = "pricing.split_atc={borders: [{from_zone: Hexi, to_zone: Hedong, mw: 700}]}"
    found = outcomes(ring, capsys, "C3", "--set", "market.rule=split_atc", "--set", border)
    assert [r["profit"] for r in found] == pytest.approx([0, 8500], abs=1e-6) and [r["own_price"] for r in found] == pytest.approx([340, 374])


@pytest.mark.parametrize(
    "words, code, told",
    [
        (["--owner", "C9"], 5, "owner 'C9': owns no plant"), (["--owner", "C3", "--raise", "ten"], 2, "is not a list of numbers"),
        (["--owner", "C3", "--withhold", "900"], 5, "cannot be withheld"),
    ],
)  # fmt: skip
def test_faults(ring, capsys, words, code, told):
    assert execute(["strategy", ring, *words]) == code
    assert told in capsys.readouterr().err
