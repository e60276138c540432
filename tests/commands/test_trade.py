"""`gridopt trade` through the command."""

import json

import pytest

from gridopt.commands import execute

CASE = """
demand_mw: 0
trade:
  segments:
    - {id: east, from: S, to: B1, loss: 0.065, tariff: 60, atc_mw: 400}
    - {id: south, from: S, to: B2, loss: 0.07, tariff: 50, atc_mw: 300}
  sell: [{province: S, steps: [[200, 150], [300, 260]]}]
  buy: [{province: B1, steps: [[250, 500]]}, {province: B2, steps: [[300, 420]]}]
"""


def written(tmp_path, text):
    path = tmp_path / "trade.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_pairs_and_prices(tmp_path, capsys):
    """See tests/dispatch/test_province_trade.py for the arithmetic."""
    path = written(tmp_path, CASE)
    assert execute(["trade", path, "--tick", "0", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    pairs = [(p["seller"], p["buyer"], p["path"]) for p in found["pairs"]]
    assert pairs == [("S", "B1", ["east"]), ("S", "B1", ["east"]), ("S", "B2", ["south"])]
    assert found["prices"][0]["price"] == pytest.approx(302.05) and found["short_of_best"] == pytest.approx(0, abs=1e-6)
    assert execute(["trade", path]) == 0
    assert "2025-01-01T00:00\tS\tB2\tsouth\t233.00" in capsys.readouterr().out


def test_periods_and_who_may_not(tmp_path, capsys):
    """Two periods; S is short in the second."""
    text = "periods: 2\n" + CASE.rstrip() + "\n  provinces: [{id: S, short_mw: [0, 10]}]\n"
    assert execute(["trade", written(tmp_path, text), "--json"]) == 0
    said = capsys.readouterr()
    assert {p["time"] for p in json.loads(said.out)["pairs"]} == {"2025-01-01T00:00"} and "'S' is short of power in 1 periods" in said.err


@pytest.mark.parametrize(
    "change, told",
    [
        (("to: B1", "to: S"), "is where the segment begins"), (("loss: 0.065", "loss: 6.5"), "must be at most 0.99"),
        (("[250, 500]", "[250, 50000]"), "outside 0 to 10000"), (("steps: [[250, 500]]", "steps: 250"), "is not a list of pairs"),
        (("tariff: 60", "tarif: 60"), "tarif"),
    ],
)  # fmt: skip
def test_faults(tmp_path, capsys, change, told):
    assert execute(["trade", written(tmp_path, CASE.replace(*change))]) == 5
    assert told in capsys.readouterr().err


def test_no_trade(tmp_path, capsys):
    assert execute(["trade", written(tmp_path, "demand_mw: 1\ngenerators: []\n")]) == 5
    assert "holds no trade between provinces" in capsys.readouterr().err
