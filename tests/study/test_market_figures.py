"""Tables explain and metrics of a market study, through the command."""

import pandas as pd
import pytest

from gridopt.commands import execute
from gridopt.study.market_case import own_names
from tests.support.market import RING, cleared


def tables(tmp_path, text, *words):
    path, out = tmp_path / "case.yaml", tmp_path / "out"
    path.write_text(text, encoding="utf-8")
    assert execute(["market", str(path), "-o", str(out), "--set", "report=false", *words]) == 0
    return {n: pd.read_parquet(out / "tables" / f"market_{n}.parquet") for n in ("explain", "metrics", "prices")}


def test_prices_of_a_ring_are_explained_and_measured(tmp_path):
    """Bus 4: half a MW each of C2 at 260 and C3 at 340. Capacity 600, 350, 400, 400: HHI 2620.41. Users pay 16,307.69 beyond their buses."""
    found = tables(tmp_path, RING)
    table = found["explain"]
    mine = table[(table["bus"] == "4") & (table["term"] == "marginal")].set_index("source")
    assert mine["weight"].to_dict() == pytest.approx({"generator C2": 0.5, "generator C3": 0.5})
    assert table[table["term"] == "congestion"]["source"].unique().tolist() == ["branch 13"]
    figures = found["metrics"][found["metrics"]["scope"] == "market"].set_index("name")["value"]
    assert figures["hhi_capacity"] == pytest.approx(2620.408163) and figures["zone_spread"] == pytest.approx(16307.692308)
    assert figures["congestion_rent"] == pytest.approx(48000)


@pytest.mark.parametrize("where, buses", [("zones", {"2", "4"}), ("off", set())])
def test_fewer_prices_are_explained_where_fewer_are_asked_for(tmp_path, where, buses):
    """A bus for each zone, the one with the most load; or none."""
    assert set(tables(tmp_path, RING, "--set", f"market={{explain: {where}}}")["explain"]["bus"]) == buses


def test_terms_of_several_days_add_up_to_prices(tmp_path):
    """Two days of hours, cleared one after the other with a look ahead: the terms of every hour stand once."""
    load = [150 + 10 * (h % 24) for h in range(48)]
    text = f"""
periods: 48
demand_mw: {load}
generators:
  - {{id: A, p_max: 300, marginal_cost: 100}}
  - {{id: B, p_max: 300, marginal_cost: 200, ramp_mw_per_h: 30}}
"""
    found = tables(tmp_path, text)
    terms = found["explain"]
    terms = terms[~terms["term"].isin(("energy", "congestion", "loss", "cap"))]
    total = terms.groupby("period")["contribution"].sum()
    assert len(total) == 48 and total.to_numpy() == pytest.approx(found["prices"].sort_values("period")["lmp"].to_numpy())


def test_names_of_plants_that_bid():
    case = cleared(RING).case
    assert own_names(["generator C2", "renewable x segment 1", "storage s"], case) == ["generator C2", "renewable x segment 1", "storage s"]
