"""Prices explained: weights of marginal plants, what reaches in from other periods, how far a price holds; by hand and on random meshes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.analysis.explain_check import check, reach, right_prices
from gridopt.analysis.explain_detail import explain_one
from gridopt.analysis.explain_price import Explanation, explain_table, zone_buses
from gridopt.dispatch.single import dispatch
from tests.support import market
from tests.support.market import cleared
from tests.support.meshed import meshed_rows
from tests.support.small import case

RAMPS = """
periods: 3
demand_mw: [420, 590, 590]
generators:
  - {id: G1, p_max: 500, marginal_cost: 25, initial_mw: 450}
  - {id: G2, p_max: 500, marginal_cost: 30, ramp_mw_per_h: 50, initial_mw: 50}
"""
QUARTERS = market.RING.replace("\nbuses", "\nperiods: 4\nperiod_h: 0.25\nbuses", 1)
LMP_TERMS = ("marginal", "cost", "ramp", "store", "budget", "time", "choice")
few = settings(max_examples=6, deadline=None, derandomize=True)


def near(value, rel=1e-7):
    return pytest.approx(value, rel=rel, abs=1e-7)


def rows(table, **where):
    """Source -> (weight, value, contribution) of the rows in which columns have some values."""
    for column, value in where.items():
        table = table[table[column] == value]
    return {r.source: (r.weight, r.value, r.contribution) for r in table.itertuples()}


def sums(table, terms):
    """Sum of contributions of some terms by period and bus."""
    return table[table["term"].isin(terms)].groupby(["period", "bus"])["contribution"].sum()


@pytest.mark.parametrize("text", [market.RING, QUARTERS])
def test_ring_of_four_buses(text):
    """Branch 1-3 is full; C2 and C3 are inside their limits. Shift factors of 1-3 with bus 4 as reference: 0.5, 0.25, -0.25, 0.

    Bus 1: a + b = 1 MW from C2 and C3 with no change on 1-3: 0.25 a - 0.25 b = 0.5, so a = 1.5, b = -0.5: 390 - 170 = 220.
    Bus 4: 0.25 a - 0.25 b = 0: half each, 300. Worth of 1-3: one MW more lets C2 replace C3 by 2 MW: 2 x 80 = 160.
    Quarter hours change nothing.
    """
    found = Explanation(cleared(text))
    table = explain_table(found)
    table = table[table["period"] == table["period"].max()]
    assert rows(table, bus="1", term="marginal") == {"generator C2": near((1.5, 260, 390)), "generator C3": near((-0.5, 340, -170))}
    assert rows(table, bus="2", term="marginal") == {"generator C2": near((1, 260, 260))}
    assert rows(table, bus="4", term="marginal") == {"generator C2": near((0.5, 260, 130)), "generator C3": near((0.5, 340, 170))}
    # Mean shift factor by load 1/9, 3/9, 5/9: 0.25/9 - 0.75/9 = -0.0555...; a MW of load at bus 1 changes 1-3 by -0.5 - 0.0555... = -0.5555...
    assert rows(table, bus="1", term="congestion") == {"branch 13": near((-5 / 9, 160, -800 / 9))}
    assert rows(table, bus="1", term="energy")["energy"][2] == near(2780 / 9)
    assert sums(table, LMP_TERMS).to_numpy() == near([220, 260, 340, 300])
    assert sums(table, ("energy", "loss", "congestion")).to_numpy() == near([220, 260, 340, 300])


def test_ring_how_far_prices_hold():
    """At bus 1 each MW takes 1.5 MW of C2, which stands at 50 of 350 MW: down 50/1.5, up 300/1.5. At bus 3 C3 alone: 250 down, 150 up."""
    found = Explanation(cleared(market.RING))
    assert reach(found, 0, 0) == (near(100 / 3), near(200), "generator C2", "generator C2")
    assert reach(found, 2, 0) == (near(250), near(150), "generator C3", "generator C3")
    assert check(found, 3, 0, reach(found, 3, 0)) == (1.0, near(300), near(300), True)


def test_a_limit_that_was_never_written_ends_the_reach():
    """Two buses, 100 MW at b from a at 10; the line of 120 MW is far from full and b's own unit costs 90: 20 MW more, then the line is full."""
    text = """
buses: [{id: a}, {id: b, load_mw: 100}]
lines: [{id: ab, from: a, to: b, limit_mw: 120}]
generators: [{id: A, bus: a, p_max: 500, marginal_cost: 10}, {id: B, bus: b, p_max: 500, marginal_cost: 90}]
"""
    found = Explanation(cleared(text))
    assert reach(found, 1, 0) == (near(100), near(20), "generator A", "network.limit ab")
    assert reach(found, 0, 0) == (near(100), near(400), "generator A", "generator A")


def test_a_ramp_reaches_in():
    """G2 may rise by 50 MW: 40, 90, 90 beside 380, 500, 500 of G1. A MW more in period 2 comes from G2, which must give one more in period 1,
    too, where G1 then gives one less: 30 + (30 - 25) = 35."""
    found = Explanation(cleared(RAMPS))
    table = explain_table(found)
    second = table[table["period"] == np.datetime64("2025-01-01T01:00")]
    assert rows(second, term="marginal") == {"generator G2": near((1, 30, 30))}
    (source, (weight, value, contribution)), = rows(second, term="ramp").items()
    assert source == "generator.ramp G2 @ 2025-01-01T01:00" and (weight * value, contribution) == near((5, 5))
    told = explain_one(found, 0, 1)
    assert {r["source"]: (r["mw"], r["cost"]) for r in told["elsewhere"]} == {"generator G1": near((-1, -25)), "generator G2": near((1, 30))}
    assert told["check"]["agrees"] and told["lmp"] == near(35)
    assert sums(table, LMP_TERMS).to_numpy() == near([25, 35, 30])


def test_a_store_reaches_in():
    """Load 10, then 22 MW; a cheap unit of 20 MW at 10, a dear one at 90, a battery that keeps 0.9 of what it takes. The battery gives the
    2 MW that are missing; one MW more in hour 2 takes 1/0.9 MW more of the cheap unit in hour 1: 10 / 0.9 = 11.11."""
    plants = dict(
        bus=[dict(bus="A", voltage_kv=330.0)], load=[dict(load="d", bus="A", mean_mw=1.0, profile="d")],
        generator=[dict(generator="cheap", bus="A", power_max_mw=20.0, cost_cny_per_mwh=10.0),
                   dict(generator="dear", bus="A", power_max_mw=100.0, cost_cny_per_mwh=90.0)],
        storage=[dict(storage="S", bus="A", power_max_mw=8.0, energy_max_mwh=10.0, charge_efficiency=0.9, discharge_efficiency=1.0,
                      cyclic=False, energy_start_fraction=0.0, energy_end_fraction=0.0)],
    )  # fmt: skip
    found = Explanation(dispatch(case(2, series={"d": np.array([10.0, 22.0])}, **plants)))
    table = explain_table(found)
    assert sums(table, LMP_TERMS).to_numpy() == near([10, 10 / 0.9])
    second = table[table["period"] == table["period"].max()]
    assert rows(second, term="marginal") == {"storage S": near((1, 0, 0))}
    assert [r[2] for r in rows(second, term="store").values()] == [near(10 / 0.9)]
    told = explain_one(found, 0, 1)["elsewhere"]
    assert {r["source"]: (r["mw"], r["cost"]) for r in told} == {"generator cheap": near((1 / 0.9, 10 / 0.9)), "storage S": near((-1 / 0.9, 0))}


def test_the_price_at_an_edge():
    """All 600 MW of A at 40: from 40 to 260 every price is right; the lowest is what a MW less saves."""
    found = Explanation(cleared(market.ALL_OF_A))
    held = reach(found, 0, 0)
    assert (held.down, held.up) == (near(600), 0.0)
    assert check(found, 0, 0, held) == (-1.0, near(-40), near(-40), True)
    assert right_prices(found, 0, 0) == near((40, 260))
    assert any("from 40.00 to 260.00" in line for line in explain_one(found, 0, 0)["words"])


def test_a_decision_that_is_held_sets_no_price():
    """B is on at 100 MW at 300 and 9000 a hour while A sets 250: being on costs 9000 + 100 x 50 = 14,000 more than it earns."""
    told = explain_one(Explanation(cleared(market.ONE_PERIOD)), 0, 0)
    assert [(r["source"], r["held_at"], r["cost_of_one_more"]) for r in told["commitment"]] == [("generator B", 1.0, near(14000))]
    assert [r["source"] for r in told["marginal"]] == ["generator A"]


def test_load_that_is_not_served_sets_the_price():
    """No plant at all: 10 MW are shed at 5000, and one MW more, too."""
    rows_ = dict(bus=[dict(bus="A", voltage_kv=330.0)], load=[dict(load="d", bus="A", mean_mw=10.0)],
                 shedding_tier=[dict(tier="all", share=1.0, cost_cny_per_mwh=5000.0)])  # fmt: skip
    found = Explanation(dispatch(case(1, **rows_)))
    assert list(rows(explain_table(found), term="marginal").values()) == [near((1, 5000, 5000))]


def test_plants_that_are_tied_share():
    """A and B offer 100 and 300 MW at 50: of one more MW a quarter comes from A, for the optimum cannot tell them apart; C at 40 is full."""
    text = """
demand_mw: 250
generators: [{id: C, p_max: 50, marginal_cost: 40}, {id: A, p_max: 100, marginal_cost: 50}, {id: B, p_max: 300, marginal_cost: 50}]
"""
    d = cleared(text)
    family = next(f for f in d.model.builder.column_families if f.name == "generator.band")
    x = d.solution.x.copy()
    x[family.ids[:, 0]] = [50.0, 60.0, 140.0]  # both inside their limits
    shared = type(d)(d.case, d.model, replace(d.solution, x=x))
    found = rows(explain_table(Explanation(shared)), term="marginal")
    assert found == {"generator A": near((0.25, 50, 12.5)), "generator B": near((0.75, 50, 37.5))}


def test_square_costs_share_by_their_slopes():
    """0.1 p^2 + 10 p and 0.3 p^2 + 2 p, 100 MW: 0.2 a + 10 = 0.6 b + 2, a = 65, b = 35: 23. One more MW: 0.2 da = 0.6 db, 3/4 and 1/4."""
    text = """
demand_mw: 100
generators: [{id: A, p_max: 300, cost: {c1: 10, c2: 0.1}}, {id: B, p_max: 300, cost: {c1: 2, c2: 0.3}}]
"""
    found = Explanation(cleared(text))
    table = rows(explain_table(found), term="marginal")
    assert {n: r[0] for n, r in table.items()} == near({"generator A": 0.75, "generator B": 0.25}, rel=1e-5)
    assert sum(r[2] for r in table.values()) == near(23, rel=1e-5)
    told = explain_one(found, 0, 0)
    assert told["check"] is None and any("Not checked" in line for line in told["words"])


def test_no_bus_no_rows():
    found = Explanation(cleared(market.RING))
    table = explain_table(found, np.zeros(0, int))
    assert not len(table) and "contribution" in table


def test_a_cap_is_told():
    found = Explanation(cleared(market.RING))
    table = explain_table(found, settled=np.minimum(found.prices.price, 250.0))
    assert {b: rows(table, bus=b, term="cap") for b in "124"} == {
        "1": {}, "2": {"floor or cap of settled prices": near((1, -10, -10))}, "4": {"floor or cap of settled prices": near((1, -50, -50))},
    }  # fmt: skip


def test_a_bus_for_each_zone():
    """The bus with the most load: 2 in Hexi, 4 in Hedong."""
    assert zone_buses(cleared(market.RING).case).tolist() == [1, 3]


def extra(seed, bus, hour, amount):
    """The random mesh with so many MW more load at a bus in one hour."""
    table, series = meshed_rows(seed)
    table["load"] = [*table["load"], dict(load="more", bus=f"B{bus}", mean_mw=1.0, profile="more")]
    series["more"] = np.where(np.arange(2) == hour, amount, 0.0)
    return case(2, series=series, **table)


@few
@given(st.integers(0, 10**6))
def test_weights_add_up_to_one_and_terms_to_prices(seed):
    """Lossless meshes with sections, wind and limits: each bus and hour."""
    found = Explanation(dispatch(extra(seed, 0, 0, 0.0)))
    table, price = explain_table(found), found.prices.price.T.ravel()
    weight = table[table["term"] == "marginal"].groupby(["period", "bus"])["weight"].sum()
    assert weight.to_numpy() == near(np.ones(len(price)))
    for terms in (LMP_TERMS, ("energy", "loss", "congestion")):
        assert sums(table, terms).to_numpy() == pytest.approx(price, rel=1e-6, abs=1e-5)
    assert not (table["term"] == "choice").any()


@few
@given(st.integers(0, 10**6), st.integers(0, 6), st.integers(0, 1))
def test_a_price_is_what_more_load_costs(seed, bus, hour):
    """The mesh cleared anew with more load, inside what the explanation says the price holds for, costs LMP times that; beyond it, more."""
    found = Explanation(dispatch(extra(seed, bus, hour, 0.0)))
    held = reach(found, bus, hour)
    price, before = found.prices.price[bus, hour], found.dispatch.solution.objective
    up = 0.9 * min(held.up, 50.0)
    after = dispatch(extra(seed, bus, hour, up)).solution.objective
    assert after - before == pytest.approx(price * up, rel=1e-6, abs=1e-4)
    beyond = dispatch(extra(seed, bus, hour, held.up + 5.0)).solution.objective if np.isfinite(held.up) else np.inf
    assert beyond - before >= price * (held.up + 5.0) - 1e-4 if np.isfinite(held.up) else True
    assert check(found, bus, hour, held).agrees


def tied(seed):
    """The mesh with offers, ratings and loads of few round sizes, so that many things are tied and many limits met at once."""
    rng = np.random.default_rng(seed)
    table, series = meshed_rows(seed)

    def some(factor):
        return float(rng.integers(1, 4) * factor)

    for fuel in table["fuel"]:
        fuel |= dict(price_cny_per_tce=9.0 + some(1)) if fuel["fuel"].startswith("f") else {}
    for row in table["unit"]:
        row |= dict(power_max_mw=some(20))
    for row in table["load"]:
        row |= dict(mean_mw=some(5))
    for line in table["line"]:
        line |= dict(length_km=10.0, circuits=1, rating_mw=some(5)) if line["rating_mw"] else {}
    for limit in table["interface_limit"]:
        limit |= dict(forward_mw=some(5), backward_mw=some(5))
    return case(2, series={n: np.round(4 * v) / 4 for n, v in series.items()}, **table)


@few
@given(st.integers(0, 10**6), st.sampled_from(["lower", "upper"]))
def test_ties_and_limits_met_at_once(seed, choice):
    """Lowest and highest prices are made by marginal plants alone; each is what a MW more costs, or what a MW less saves."""
    found = Explanation(dispatch(tied(seed)), choice)
    table, price = explain_table(found), found.prices.price.T.ravel()
    assert sums(table, LMP_TERMS).to_numpy() == pytest.approx(price, rel=1e-5, abs=1e-5)
    assert not (table["term"] == "choice").any()
    for bus in range(0, 7, 2):
        assert check(found, bus, seed % 2, reach(found, bus, seed % 2)).agrees


def lossy(seed, losses):
    """The mesh with resistances, without limits; no wind, so that no price falls below zero."""
    table, series = meshed_rows(seed)
    for line in table["line"]:
        line |= dict(resistance_ohm_per_km=1.0, rating_mw=None)
    table |= dict(interface=[], interface_limit=[], interface_member=[], renewable=[])
    return replace(case(2, series=series, **table), losses=losses)


@settings(max_examples=3, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.sampled_from(["marginal", "piecewise"]))
def test_terms_add_up_with_losses(seed, losses):
    """A MW more of load takes more or less than a MW of plants; terms still add up to prices, and prices to what more load costs."""
    found = Explanation(dispatch(lossy(seed, losses)))
    table, price = explain_table(found), found.prices.price.T.ravel()
    for terms in (LMP_TERMS, ("energy", "loss", "congestion")):
        assert sums(table, terms).to_numpy() == pytest.approx(price, rel=1e-6, abs=1e-5)
    weight = table[table["term"] == "marginal"].groupby(["period", "bus"])["weight"].sum()
    assert (weight > 0).all() and np.abs(weight - 1.0).max() > 1e-4
    assert check(found, 3, 1, reach(found, 3, 1)).agrees
