"""When rules of settlement hold: by their dates, or by those of another day, told in words."""

import numpy as np
import pytest

from gridopt.dispatch.market_tables import frame
from gridopt.report.market_ledger import terms as sentences
from gridopt.settlement.rules import Settlement
from gridopt.settlement.terms import as_of, in_force
from tests.support.settled import case_of, one_bus, settle_run

WEEK = "2025-03-10T00:00"
MECHANISM = [
    {"mechanism": "old", "kind": "generator", "element": "A", "built_before": "2025-06-01", "start_date": "2026-01-01",
     "output_share": "0.5", "price_cny_per_mwh": "307.8"},
]  # fmt: skip
GUARANTEED = [
    {"guaranteed": "before", "kind": "generator", "element": "A", "end_date": "2025-12-31", "output_share": "0.5",
     "price_cny_per_mwh": "307.8"},
    {"guaranteed": "always", "kind": "generator", "element": "B", "price_cny_per_mwh": "250"},
]  # fmt: skip
CAPACITY = [{"capacity": "k", "kind": "generator", "element": "A", "price_cny_per_kw_year": "330", "start_date": "2026-01-01"}]


def run():
    return one_bus({"generator A": [100.0], "generator B": [20.0]}, [120.0], [200.0], start=WEEK)


def settled(**rules):
    return settle_run(run(), rules=rules, mechanism=MECHANISM, guaranteed=GUARANTEED, capacity=CAPACITY)


def test_what_begins_later_is_not_settled_and_told():
    """In March 2025: half of A's 100 MWh and all of B's 20 are guaranteed. No mechanism price, no capacity."""
    done = settled()
    assert done.of("mechanism", "generator A") == 0 and done.of("capacity", "generator A") == 0
    assert done.of("dual_track_intra", "generator A") == pytest.approx(-50 * (200 - 307.8))
    table = done.books.tables["terms"].set_index("table")
    assert table.loc["mechanism", ["rows", "holding", "begins", "ended", "as_of"]].to_list() == [1, 0, "2026-01-01", "", ""]
    assert table.loc["guaranteed", ["rows", "holding", "begins", "ended"]].to_list() == [2, 2, "", ""]
    words = sentences(done.books.tables["terms"])
    assert words[0][0] == "Mechanism price: none of 1 entries holds in this period; others begin on 2026-01-01."
    assert "2026-01-01" in words[0][1] and len(words) == 2  # capacity begins then, too; guaranteed volumes all hold


def test_rules_of_another_day_hold_as_if_the_period_began_then():
    """By those of 10 March 2026: the mean price of coal in the month is 200, so half of A's output gets 50 (307.8 - 200) = 5390; its
    guaranteed share has ended, that of B goes on; 100 MW of capacity for an hour of 8760 at 330 a kW."""
    done = settled(rules_of="2026-03-10")
    assert done.of("mechanism", "generator A") == pytest.approx(5390)
    assert done.of("dual_track_intra", "generator A") == 0 and done.of("dual_track_intra", "generator B") == pytest.approx(-20 * (200 - 250))
    assert done.of("capacity", "generator A") == pytest.approx(100 * 330_000 / 8760)
    table = done.books.tables["terms"].set_index("table")
    assert table.loc["guaranteed", ["rows", "holding", "begins", "ended", "as_of"]].to_list() == [2, 1, "", "2025-12-31", "2026-03-10"]
    words = sentences(done.books.tables["terms"])
    assert words[0][0] == "Mechanism prices, guaranteed volumes and capacity are settled by the rules of 2026-03-10."
    assert words[1][0] == "Guaranteed generation: 1 of 2 entries hold in this period; others ended on 2025-12-31." and len(words) == 2


def test_contracts_keep_their_dates():
    contract = [{"contract": "c", "kind": "generator", "element": "A", "energy_mwh": "10", "price_cny_per_mwh": "250",
                 "start_date": "2025-03-10", "end_date": "2025-03-10"}]  # fmt: skip
    case = case_of(run(), contract=contract, mechanism=MECHANISM)
    moved = as_of(case, Settlement(rules_of="2026-03-10").rules_of)
    assert moved.table("contract").equals(case.table("contract"))
    assert str(moved.table("mechanism")["start_date"].iloc[0])[:10] == "2025-01-01" and as_of(case, None) is case


def test_no_tables_no_words():
    found = in_force(case_of(run()))
    assert not found["table"] and sentences(frame("terms", **found)) == []
    assert np.isfinite(settle_run(run(), rules={"rules_of": "2030-01-01"}).balance["generator A"])
