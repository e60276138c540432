"""What must hold of prices in any market: identities of congestion and lost opportunity, derivatives of cost, and what changes nothing.

Random meshed grids with thermal units, wind, a battery, limits that may be broken at a price, and units that are switched.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gridopt.dispatch.lmp import from_duals
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.right_duals import Duals, marginal
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from gridopt.study.priced import price_by
from tests.support.meshed import meshed_rows
from tests.support.small import case

SEEDS = st.integers(0, 10**6)
FEW = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
STARTS = {f"start_{kind}_cny": 30.0 for kind in ("hot", "warm", "cold")}
SWITCHED = dict(unit_type="s", min_load_fraction=0.5, fuel_rate_full_tce_per_mwh=1.0, **STARTS)


def near(value, rel=1e-7, least=1e-5):
    return pytest.approx(value, rel=rel, abs=least)


def rows_of(seed: int, hours: int, lumpy: bool = False, soft: bool = False) -> tuple[dict, dict]:
    """Rows and series of a market; lumpy: every other unit is switched and cannot give less than half; soft: lines may be overloaded."""
    rows, series = meshed_rows(seed, buses_count=5, extra=3, hours=hours)
    rng = np.random.default_rng(seed + 1)
    rows["storage"] = [dict(storage="S", bus="B1", power_max_mw=6.0, energy_max_mwh=10.0, charge_efficiency=0.9, energy_start_fraction=0.5,
                            wear_cny_per_mwh=float(rng.uniform(1, 3)))]  # fmt: skip
    if soft:
        rows["limit_penalty"] = [dict(kind="line", element=r["line"], cost_cny_per_mwh=float(rng.uniform(5, 60))) for r in rows["line"]
                                 if r["rating_mw"] is not None]  # fmt: skip
    if lumpy:
        rows["unit_type"] = [*rows["unit_type"], SWITCHED]
        rows["unit"] = [u | (dict(unit_type="s") if i % 2 else {}) for i, u in enumerate(rows["unit"])]
    return rows, series


def made(rows: dict, series: dict, hours: int, lumpy: bool = False, minutes: int = 60):
    found = case(hours, minutes, series=series, **rows)
    return replace(found, commitment="exact") if lumpy else found


@cache
def solved(seed: int, hours: int = 2, lumpy: bool = False, soft: bool = False):
    return dispatch(made(*rows_of(seed, hours, lumpy, soft), hours, lumpy), search=Search(gap=0.0))


def nodal(d, choice: str = "lower"):
    people = d.participants
    return from_duals(d, people, marginal(d, choice)[people.shared])


@FEW
@given(SEEDS, st.booleans())
def test_congestion_rent_is_what_load_pays_beyond_what_plants_get(seed, soft):
    """Energy price is the mean by load; - sum of price x injection = sum of mu x flow; a limit with a price is reached; where none has
    one, all prices are the same."""
    d = solved(seed, soft=soft)
    prices, run = nodal(d), MarketRun.of(d, nodal(d), "DA")
    assert (prices.weight * prices.price).sum(axis=0) == near(prices.energy[0])
    assert -(prices.price * d.injection * run.hours).sum() == near(run.rent.sum(), 1e-7, 1e-4)
    if not soft:
        some = np.abs(run.mu) > 1e-6
        assert run.flow[some] == near(run.limit[some])
    free = (np.abs(run.mu) <= 1e-9).all(axis=0)
    assert np.ptp(prices.price[:, free], axis=0) == near(np.zeros(free.sum()))


@FEW
@given(SEEDS)
def test_units_between_their_limits_offer_the_price(seed):
    """Without ramps: at the most, the price is no lower than the offer, at nothing no higher, between them equal."""
    d = solved(seed)
    prices, table = nodal(d).price, d.case.table("unit")
    offer = table["fuel"].map(d.case.table("fuel")["price_cny_per_tce"]).to_numpy(float)[:, None]
    price, output = prices[d.case.position("bus", table["bus"])], d.quantities["unit_output"].values
    most = table["power_max_mw"].to_numpy(float)[:, None]
    assert (price[output > 1e-5] >= (offer + 0 * output)[output > 1e-5] - 1e-5).all()
    assert (price[output < most - 1e-5] <= (offer + 0 * output)[output < most - 1e-5] + 1e-5).all()


@FEW
@given(SEEDS, st.integers(0, 4), st.integers(0, 1))
def test_one_more_mw_costs_the_highest_right_price_and_one_less_saves_the_lowest(seed, bus, step):
    d = solved(seed)
    people, size = d.participants, len(d.solution.form.row_lower)
    weight, duals, ends = np.zeros(size), Duals(d.solution.form, d.solution.x), []
    pick = np.zeros(d.injection.shape)
    pick[bus, step] = 1.0
    weight[people.shared] = people.payment(pick)
    for sign in (1.0, -1.0):
        ends.append(float(weight @ duals.least(sign * weight)))
    assert ends[0] - 1e-6 <= nodal(d).price[bus, step] <= ends[1] + 1e-6
    name, small = d.case.table("bus").index[bus], 1e-3
    rows, series = rows_of(seed, 2)
    for sign, worth in ((-1.0, ends[0]), (1.0, ends[1])):
        more = dict(load="more", bus=name, mean_mw=sign * small, profile="m")
        shape = {"m": np.where(np.arange(2) == step, 1.0, 0.0)}
        if sign < 0:  # less demand, as output that is given
            extra = dict(generator=[dict(generator="more", bus=name, power_min_mw=small, power_max_mw=small, profile="m", min_profile="m")])
            changed = rows | extra
        else:
            changed = rows | dict(load=[*rows["load"], more])
        z = dispatch(made(changed, series | shape, 2)).solution.objective
        assert z - d.solution.objective == near(sign * worth * small, 1e-4, 1e-6)


@FEW
@given(SEEDS, st.integers(0, 4), st.floats(0.5, 20))
def test_dearer_offers_never_lower_the_cost_and_wider_limits_never_raise_it(seed, number, step):
    rows, series = rows_of(seed, 2, soft=True)
    z = solved(seed, soft=True).solution.objective
    fuel = [f | (dict(price_cny_per_tce=f["price_cny_per_tce"] + step) if f["fuel"] == f"f{number}" else {}) for f in rows["fuel"]]
    line = [r | (dict(rating_mw=r["rating_mw"] + step) if r["rating_mw"] is not None else {}) for r in rows["line"]]
    assert dispatch(made(rows | dict(fuel=fuel), series, 2)).solution.objective >= z - 1e-6 * abs(z)
    assert dispatch(made(rows | dict(line=line), series, 2)).solution.objective <= z + 1e-6 * abs(z)


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_lost_opportunities_and_shortfalls_are_cost_less_bound_and_least_under_hull_prices(seed):
    """q(y) <= hull <= cost for prices of every rule; the rule has left the clearing as it was."""
    d = solved(seed, lumpy=True)
    before = d.solution.x.copy(), d.solution.y.copy()
    z, left = d.solution.objective, {}
    for rule in ("ip", "achp", "elmp", "chp", "aic", "minmwp"):
        found = price_by(rule, d)
        bound = found.prices.people.answers.at(found.prices.dual).bound
        left[rule] = found.uplift.loc.sum() + found.uplift.shortfall.sum()
        assert left[rule] == near(z - bound, 1e-6, 1e-4 * max(abs(z), 1.0) * 1e-2)
        assert (found.uplift.loc >= -1e-9).all() and (found.uplift.shortfall >= -1e-6).all()
        if rule == "chp":
            cost, proven = found.prices.hull
            assert proven <= cost + 1e-6 * abs(cost) and cost <= z + 1e-6 * abs(z)
    assert all(left["chp"] <= v + 1e-6 * abs(z) for v in left.values())
    assert (d.solution.x == before[0]).all() and (d.solution.y == before[1]).all()


@FEW
@given(SEEDS)
def test_rules_agree_where_nothing_is_switched(seed):
    first = price_by("ip", solved(seed))
    for rule in ("achp", "elmp", "chp", "aic"):
        found = price_by(rule, solved(seed))
        assert found.prices.price == near(first.prices.price, 1e-6, 1e-4)
        assert found.uplift.loc.sum() == near(0, least=1e-3) and found.uplift.mwp.sum() == near(first.uplift.mwp.sum(), least=1e-3)


@FEW
@given(SEEDS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_price(seed, random):
    """Buses (and with them the reference), lines and units in another order."""
    rows, series = rows_of(seed, 2)
    mixed = {t: random.sample(r, len(r)) if t in ("bus", "line", "unit", "load", "renewable") else r for t, r in rows.items()}
    d, other = solved(seed), dispatch(made(mixed, series, 2))
    place = [list(other.case.table("bus").index).index(b) for b in d.case.table("bus").index]
    assert nodal(other).price[place] == near(nodal(d).price, 1e-6, 1e-4)


@FEW
@given(SEEDS, st.floats(0.2, 5.0))
def test_prices_follow_the_scale_of_offers(seed, k):
    """As long as nothing is shed, all offers times k make all prices times k and leave the schedule."""
    rows, series = rows_of(seed, 2)
    d = solved(seed)
    assume(d.quantities["shedding"].values.max() < 1e-6 and d.quantities["surplus"].values.max() < 1e-6)
    fuel = [f | dict(price_cny_per_tce=k * f["price_cny_per_tce"]) for f in rows["fuel"]]
    storage = [s | dict(wear_cny_per_mwh=k * s["wear_cny_per_mwh"]) for s in rows["storage"]]
    other = dispatch(made(rows | dict(fuel=fuel, storage=storage), series, 2))
    base, wind = d.costs, d.case.table("renewable")
    assume(all(abs(base.get(n, 0.0)) < 1e-9 for n in ("renewable.curtailment", "renewable.variable", "storage.end_value")) and len(wind))
    assert other.solution.objective == near(k * d.solution.objective, 1e-6, 1e-4)
    assert nodal(other).price == near(k * nodal(d).price, 1e-6, 1e-3)


@FEW
@given(SEEDS)
def test_halves_of_periods_have_the_price_of_the_whole(seed):
    d = solved(seed)
    halves = dispatch(made(*rows_of(seed, 2), 2, minutes=30))
    assert halves.solution.objective == near(d.solution.objective, 1e-7, 1e-4)
    assert nodal(halves).price == near(np.repeat(nodal(d).price, 2, axis=1), 1e-6, 1e-4)


@FEW
@given(SEEDS, st.integers(0, 4))
def test_a_unit_of_no_power_changes_nothing(seed, bus):
    rows, series = rows_of(seed, 2)
    none = dict(unit="none", bus=f"B{bus}", unit_type="u", fuel="c10", power_max_mw=0.0)
    other = dispatch(made(rows | dict(unit=[*rows["unit"], none]), series, 2))
    assert nodal(other).price == near(nodal(solved(seed)).price, 1e-6, 1e-4)


@FEW
@given(SEEDS)
def test_pay_as_bid_takes_no_more_than_one_price_at_the_same_offers(seed):
    d = solved(seed)
    found = price_by("pab", d).uplift
    assert found.revenue.sum() <= price_by("ip", d).uplift.revenue.sum() + 1e-4 and found.mwp.sum() == 0
