"""Real time: windows of which one interval binds, what they are priced by, and that the moving program is that of each window."""

from dataclasses import replace

import numpy as np
import pytest

from gridopt.case.actual import actual
from gridopt.case.check import CaseError
from gridopt.dispatch.formulate import outline
from gridopt.dispatch.real_time import RealTimeRule, run_real_time
from gridopt.dispatch.single import dispatch
from gridopt.settlement.uplift import uplift
from gridopt.study.load import load_study
from tests.support.block_cases import FUEL, UNIT_TYPE, buses, line, load, unit
from tests.support.certify import certificate
from tests.support.small import case

TWO_UNITS = """
periods: 3
demand_mw: [{expected}]
generators:
  - {{id: G1, p_max: 500, marginal_cost: 25, ramp_mw_per_h: 500, initial_mw: 450}}
  - {{id: G2, p_max: 500, marginal_cost: 30, ramp_mw_per_h: 50, initial_mw: 50}}
real_time: {{demand_mw: [{comes}]}}
"""


@pytest.fixture
def two_units(tmp_path):
    def made(expected, comes):
        path = tmp_path / "case.yaml"
        path.write_text(TWO_UNITS.format(expected=expected, comes=comes), encoding="utf-8")
        return load_study(path, {}, None).case

    return made


def ran(given, intervals, weights=(0.0, 1.0), mode="first"):
    return run_real_time(dispatch(given), actual(given), RealTimeRule(intervals, weights, mode))


def test_an_output_held_up_for_a_price_to_come_loses_money(two_units):
    """G1 25, ramp 500; G2 30, ramp 50 a period; before it (450, 50). Window 1 sees 420, 600: G2 needs 100 in period 2, so 50 in period 1,
    and G1, 370, sets 25. Window 2 sees 590, 590: G1 500, G2 90, which is between 50 and 100 and sets 30. G2 earns
    50 (25 - 30) = -250 in period 1 and nothing after; at prices 25, 30, 30 it would rather have run at 0: LOC 250."""
    done = ran(two_units("420, 600, 590", "420, 590, 590"), 2)
    assert done.dispatch.quantities["generator_output"].values == pytest.approx(np.array([[370, 500, 500], [50, 90, 90.0]]))
    assert done.prices.price[0] == pytest.approx([25, 30, 30])
    left = uplift(done.dispatch, done.prices)
    place = list(left.names).index("generator G2")
    assert (left.profit[place], left.loc[place]) == pytest.approx((-250, 250))


def test_the_price_with_ramps_of_a_unit_pays_what_it_is_held_up_for(two_units):
    """The ramp row of G2 from period 1 to 2 has a dual of 5 in window 1 (a MW more in period 1 lets period 2 do without 35 - 30):
    25 + 5 = 30 for G2; G1 has no such row."""
    done = ran(two_units("420, 600, 590", "420, 590, 590"), 2, mode="tlmp")
    price = dict(zip(done.tlmp_plants, done.tlmp, strict=True))
    assert price["generator G2"] == pytest.approx([30, 30, 30])
    assert price["generator G1"] == pytest.approx([25, 30, 30])
    run = done.run()
    paid = dict(zip(run.plant, run.price_at_plant, strict=True))
    assert paid["generator G2"] == pytest.approx([30, 30, 30])


@pytest.mark.parametrize("less", [0.0, 1e-3])
def test_with_foresight_the_program_of_all_intervals_has_the_price_of_the_ramp(two_units, less):
    """420, 590, 590 known: G2 (40, 90, 90). One MW more in period 2 needs G2 one MW higher in period 1, where G1 gives way:
    30 + 30 - 25 = 35. Prices after the fact are (25, 35, 30)."""
    comes = ", ".join(str(v - less) for v in (420, 590, 590))
    done = ran(two_units(comes, comes), 3, (0.0,), "expost")
    assert done.dispatch.quantities["generator_output"].values[1] == pytest.approx([40 - less, 90 - less, 90 - less])
    assert done.prices.price[0] == pytest.approx([25, 35, 30])


def test_windows_keep_what_they_said_of_the_intervals_ahead(two_units):
    """Window 1 expects 25 and then 35 for 600 MW; window 2 says 30, 30."""
    done = ran(two_units("420, 600, 590", "420, 590, 590"), 2)
    assert done.advisory_price[:2, :, 0] == pytest.approx(np.array([[25, 35], [30, 30.0]]))
    assert np.isnan(done.advisory_price[2, 1, 0])
    g2 = list(done.plants).index("generator G2")
    assert done.advisory_output[0, :, g2] == pytest.approx([50, 100])


def test_where_nothing_comes_otherwise_real_time_is_the_day_before(two_units):
    given = two_units("420, 600, 590", "420, 600, 590")
    plan, done = dispatch(given), ran(given, 3, (0.0,))
    assert done.dispatch.solution.objective == pytest.approx(plan.solution.objective)


RAMPED = """
periods: 1
period_h: {hours}
demand_mw: 150
generators:
  - {{id: G, p_max: 300, marginal_cost: 200, no_load_cost: 1, ramp_mw_per_h: {ramp}, initial_status_h: 5, initial_mw: 100}}
  - {{id: peaker, p_max: 300, marginal_cost: 400}}
real_time: {{demand_mw: {comes}}}
"""


@pytest.mark.parametrize("hours", [1.0, 0.25])
@pytest.mark.parametrize("comes, output, price, own", [(250, [150, 100], 400, 200), (120, [120, 0], 200, 200), (30, [50, 0], -9e9, 200)])
def test_what_is_switched_keeps_its_ramp_from_the_output_before_the_first_interval(tmp_path, hours, comes, output, price, own):
    """G is on at 100, ramp 50 a period. Of 250 MW it gives 150 and the peaker, 400, the rest; one more MW of its ramp would save 200, so its
    price with ramps is 400 - 200. Of 120 it gives all. Of 30 it gives 50: 20 are too much and set the price."""
    path = tmp_path / "case.yaml"
    path.write_text(RAMPED.format(hours=hours, ramp=50 / hours, comes=comes), encoding="utf-8")
    done = ran(load_study(path, {}, None).case, 1, mode="tlmp")
    assert done.dispatch.quantities["generator_output"].values[:, 0] == pytest.approx(output)
    assert done.prices.price.item() == pytest.approx(price) or (price < 0 and done.prices.price.item() < 0)
    assert dict(zip(done.tlmp_plants, done.tlmp[:, 0], strict=True))["generator G"] == pytest.approx(own)
    assert certificate(done.dispatch).passed


def test_a_budget_of_fuel_leaves_what_the_plan_does_not_use_later():
    """100 MW in all 24 hours at 10 CNY with 1 tce per MWh, of which the day has 2400. 110, 90, 112 come in hours 0 to 2: in hour 0 nothing
    is left for the other 10 MW, which cost 30; in hour 1 10 are saved, and in hour 2 110 MW are burnt and 2 bought at 30."""
    comes = np.r_[110.0, 90.0, 112.0, np.full(21, 100.0)]
    expected, actually = (
        case(24, series={"d": shape}, bus=buses("A"), fuel=FUEL, unit_type=UNIT_TYPE, load=[load("A", "d")],
             unit=[unit("A", 10, 200.0), unit("A", 30, 200.0)],
             fuel_budget=[dict(fuel_budget="b", fuel="c10", start_date="2025-01-01", end_date="2025-01-01", amount_max_tce=2400.0)])
        for shape in (np.full(24, 100.0), comes)
    )  # fmt: skip
    done = run_real_time(dispatch(expected), actually, RealTimeRule(1))
    assert done.dispatch.quantities["unit_output"].values[:, :4] == pytest.approx(np.array([[100, 90, 110, 100], [10, 0, 2, 0.0]]))
    assert done.prices.price[0, :3] == pytest.approx([30, 10, 30])
    assert certificate(done.dispatch).passed


def meshed(seed, steps=5, losses="off"):
    """Three buses in a triangle with limits, units with ramps, wind: what is expected and what comes."""
    r = np.random.default_rng(seed)
    shape = {n: r.uniform(0.5, 1.0, steps) for n in ("a", "b", "w")}
    later = {n: v * r.uniform(0.8, 1.2, steps) for n, v in shape.items()}
    later["w"] = np.minimum(later["w"], 1.0)
    rows = dict(
        bus=buses("A", "B", "C"), line=[line("A", "B", 60.0), line("B", "C", 80.0), line("A", "C", 70.0)], fuel=FUEL, unit_type=UNIT_TYPE,
        unit=[unit("A", 20, 150.0), unit("B", 50, 150.0), unit("C", 90, 200.0)], load=[load("B", "a", 120.0), load("C", "b", 150.0)],
        renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=90.0, profile="w")],
        ramping=[dict(kind="unit", element="A20", up_mw_per_min=0.3, down_mw_per_min=0.3)],
        shedding_tier=[dict(tier="all", share=1.0, cost_cny_per_mwh=5000.0)],
    )  # fmt: skip
    return tuple(replace(case(steps, series=s, **rows), losses=losses) for s in (shape, later))


@pytest.mark.parametrize("seed", range(6))
def test_each_window_is_the_dispatch_of_its_own_case(seed):
    """The same windows made one by one as cases of their own: series that mix what is expected and what comes by the weights, outputs before
    the first step given. Output of the first interval costs the same, and with it every price is right."""
    expected, comes = meshed(seed)
    weights, ahead = (0.0, 0.5, 1.0), 3
    done = run_real_time(dispatch(expected), comes, RealTimeRule(ahead, weights))
    steps = len(expected.time)
    for k in range(steps):
        last = min(k + ahead, steps)
        mixed = {
            n: np.array([(1 - w) * comes.source.values[n][t] + w * expected.source.values[n][t]
                         for t, w in zip(range(k, last), weights, strict=False)])
            for n in expected.source.values
        }  # fmt: skip
        time = expected.time.part(k, last)
        own = replace(expected, time=time, source=type(expected.source)(time, mixed))
        if k:
            before = done.dispatch.quantities["unit_output"].values[:, k - 1]
            tables = dict(own.tables)
            tables["ramping"] = tables["ramping"].assign(initial_mw=before[0])
            tables["unit"] = tables["unit"].assign(initial_mw=before)
            own = replace(own, tables=tables)
        alone = dispatch(own)
        assert done.window_cost[k] == pytest.approx(_moving_cost(alone), abs=1e-3)


def test_of_a_plan_an_outline_is_enough():
    """A plan put together from days has no program of its own."""
    expected, comes = meshed(1)
    plan, rule = dispatch(expected), RealTimeRule(3, (0.0, 0.5, 1.0))
    found = [run_real_time(p, comes, rule) for p in (plan, replace(plan, model=outline(expected)))]
    assert np.array_equal(found[0].dispatch.solution.x, found[1].dispatch.solution.x)
    assert np.array_equal(found[0].prices.price, found[1].prices.price)


def _moving_cost(found):
    """Cost of a dispatch without what no decision changes."""
    return found.solution.objective - found.solution.form.offset


def test_one_interval_is_a_window_of_one():
    expected, comes = meshed(1, 1)
    done = run_real_time(dispatch(expected), comes, RealTimeRule(8, (0.0, 1.0)))
    assert done.dispatch.solution.objective == pytest.approx(dispatch(comes).solution.objective)


def test_cases_with_other_elements_are_refused():
    expected, comes = meshed(2)
    fewer = replace(comes, tables={**comes.tables, "unit": comes.table("unit").iloc[:2]})
    with pytest.raises(CaseError, match="differ in more than figures"):
        run_real_time(dispatch(expected), fewer, RealTimeRule(2))


@pytest.mark.parametrize("selection", ["lower", "upper"])
@pytest.mark.parametrize("mode", ["first", "expost"])
def test_where_nothing_can_move_the_smallest_price_is_taken(mode, selection):
    """Island B lives on a store that keeps to its schedule: any price between those of violations is right there; 0 is taken. At A a unit
    at 20 sets the price."""
    given = case(
        2, bus=buses("A", "B"), fuel=FUEL, unit_type=UNIT_TYPE, unit=[unit("A", 20, 100.0)],
        load=[load("A", mean=50.0), load("B", mean=10.0)],
        storage=[dict(storage="s", bus="B", power_max_mw=20.0, energy_max_mwh=100.0, energy_start_fraction=1.0, energy_end_fraction=0.0)],
        shedding_tier=[dict(tier="all", share=1.0, cost_cny_per_mwh=5000.0)],
    )  # fmt: skip
    done = run_real_time(dispatch(given), given, RealTimeRule(2, (0.0,), mode, selection, stores=False))
    assert done.prices.price == pytest.approx(np.array([[20, 20], [0, 0.0]]), abs=1e-6)


@pytest.mark.parametrize("mode", ["first", "tlmp", "expost"])
def test_of_several_right_prices_the_selection_takes_one(mode):
    """100 MW from units of 100 at 20 and 300 at 50: every price from 20 to 50 is right."""
    given = case(1, bus=buses("A"), fuel=FUEL, unit_type=UNIT_TYPE, unit=[unit("A", 20, 100.0), unit("A", 50, 300.0)],
                 load=[load("A", mean=100.0)])  # fmt: skip
    plan = dispatch(given)
    found = [run_real_time(plan, given, RealTimeRule(1, (0.0,), mode, s)).prices.price.item() for s in ("lower", "mid", "upper")]
    assert found == pytest.approx([20, 35, 50])


TWINS = """
periods: {periods}
demand_mw: {demand}
generators:
  - {{id: A, p_max: 300, marginal_cost: 300{a}}}
  - {{id: B, p_max: 300, marginal_cost: 300{b}}}
"""


def twins(tmp_path, demand, a="", b="", intervals=2, more=""):
    """Output (2, T) of two units of 300 MW that offer at the same price, and the run."""
    path = tmp_path / "case.yaml"
    path.write_text(TWINS.format(periods=len(demand), demand=demand, a=a, b=b) + more, encoding="utf-8")
    done = ran(load_study(path, {}, None).case, intervals)
    assert done.prices.price[0] == pytest.approx(300.0) and certificate(done.dispatch).passed
    assert done.advisory_output[:, 0] == pytest.approx(done.dispatch.quantities["generator_output"].values.T)
    return done.dispatch.quantities["generator_output"].values


@pytest.mark.parametrize("kind", ["", ", must_run: true, initially_on: true"])
def test_equal_offers_at_one_bus_share_in_real_time(tmp_path, kind):
    """Half each; where B offers 100 MW of its 300 dearer, 300 MW are shared 3 to 2."""
    assert twins(tmp_path, [300, 400, 200], kind, kind) == pytest.approx(np.array([[150, 200, 100]] * 2))
    text = TWINS.replace("marginal_cost: 300{b}", "blocks: [[200, 300], [100, 350]]{b}")
    path = tmp_path / "blocks.yaml"
    path.write_text(text.format(periods=1, demand=[300], a=kind, b=kind), encoding="utf-8")
    done = ran(load_study(path, {}, None).case, 1)
    assert done.dispatch.quantities["generator_output"].values[:, 0] == pytest.approx([180, 120])


@pytest.mark.parametrize("kind", ["", ", must_run: true, initial_status_h: 5"])
def test_a_window_begins_from_what_the_one_before_has_shared(tmp_path, kind):
    """Ramps of 150 a period; windows of one interval. From (150, 150) both can give 300 of the 600 MW that come; from (300, 0) B could give
    150 alone, and 150 MW would be shed."""
    ramp = ", ramp_mw_per_h: 150, initial_mw: 150" + kind
    assert twins(tmp_path, [300, 600], ramp, ramp, 1) == pytest.approx(np.array([[150, 300]] * 2))


@pytest.mark.parametrize("kind", ["", ", must_run: true, initial_status_h: 5"])
def test_where_a_ramp_is_in_the_way_of_sharing_the_split_stays_and_limits_hold(tmp_path, kind):
    """A may change by 10 MW a period, from 0: half of 300 is out of its reach."""
    output = twins(tmp_path, [300, 300], ", ramp_mw_per_h: 10, initial_mw: 0" + kind, kind and kind + ", initial_mw: 300")
    assert (output[0] <= [10 + 1e-6, 20 + 1e-6]).all() and output.sum(axis=0) == pytest.approx([300, 300])


def test_plants_that_offer_at_one_price_share_curtailment_in_real_time():
    """Wind 100 and sun 50 MW at 40 CNY for 60 MW: 40 % of each, whatever the solver has found."""
    wind, sun = (dict(renewable=n, bus="A", technology=n, power_max_mw=p, cost_cny_per_mwh=40.0, curtailment_cost_cny_per_mwh=0.0, profile=n)
                 for n, p in (("wind", 100.0), ("solar", 50.0)))  # fmt: skip
    given = case(2, bus=buses("A", "B"), line=[line("A", "B")], fuel=FUEL, unit_type=UNIT_TYPE, unit=[unit("A", 90, 100.0)],
                 renewable=[wind, dict(sun, bus="B")], series=dict(wind=np.ones(2), solar=np.ones(2)), load=[load("A", mean=60.0)])  # fmt: skip
    done = run_real_time(dispatch(given), given, RealTimeRule(2))
    assert done.dispatch.quantities["renewable_output"].values == pytest.approx(np.array([[40.0, 40.0], [20.0, 20.0]]))
    assert certificate(done.dispatch).passed


@pytest.mark.parametrize("losses", ["piecewise", "marginal"])
def test_losses_of_lines_are_refused(losses):
    with pytest.raises(CaseError, match="key 'losses'"):
        run_real_time(dispatch(meshed(3)[0]), meshed(3, losses=losses)[1], RealTimeRule(2))
