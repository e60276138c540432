"""`gridopt market` through the command: what it writes, prints and refuses."""

import json

import pandas as pd
import pytest

from gridopt.commands import execute
from tests.support.market import RING


@pytest.fixture
def ring(tmp_path):
    path = tmp_path / "ring.yaml"
    path.write_text(RING, encoding="utf-8")
    return path


def test_a_ring_is_cleared_and_its_tables_lie_in_the_folder(ring, capsys):
    """Four buses in a ring with equal reactances, 300 MW on 1-3: outputs (600, 50, 250, 0), LMP (220, 260, 340, 300), limit price
    160 on 300 MW: rent 48000. By generation the zones pay 223.0769 and 340: 22307.69 + 340 (300 + 500) = 294307.69."""
    out = ring.parent / "out"
    assert execute(["market", str(ring), "-o", str(out), "--set", "report=false", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["market"]["runs"]["DA"]
    assert found["load_payment"] == pytest.approx(294307.69, abs=0.01)
    assert found["congestion_rent"] == pytest.approx(48000)
    prices = pd.read_parquet(out / "tables" / "market_prices.parquet").set_index("bus")
    assert prices.loc[["1", "2", "3", "4"], "lmp"].to_numpy() == pytest.approx([220, 260, 340, 300])
    limits = pd.read_parquet(out / "tables" / "market_constraints.parquet")
    assert limits[["element", "direction", "flow", "mu", "rent"]].to_numpy().tolist() == [
        ["13", "forward", pytest.approx(300), pytest.approx(160), pytest.approx(48000)]
    ]
    output = pd.read_parquet(out / "tables" / "market_dispatch.parquet").set_index("unit")["mw"]
    assert output[["generator W1", "generator C2", "generator C3", "generator C4"]].to_numpy() == pytest.approx([600, 50, 250, 0])
    assert json.loads((out / "certificate.json").read_text())["passed"]


def test_wrong_keys_of_the_market_are_named_and_nothing_is_written(ring, capsys):
    out = ring.parent / "out"
    settings = "market={offers: {flor_cny_per_mwh: 3}, price: {mode: cut}}"
    assert execute(["market", str(ring), "-o", str(out), "--set", settings]) == 5
    said = capsys.readouterr().err
    assert "'flor_cny_per_mwh': is not a key of 'market.offers'" in said and "floor_cny_per_mwh" in said
    assert "market.price.mode" in said
    assert not out.exists()


def test_an_unknown_rule_is_refused(ring, capsys):
    assert execute(["market", str(ring), "--set", "market={rule: best}"]) == 5
    assert "rule 'best'" in capsys.readouterr().err
