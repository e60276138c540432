"""Small random commitment cases against every schedule tried one by one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from gridopt.program.solution import Infeasible
from tests.support.block_cases import buses
from tests.support.certify import certificate
from tests.support.optimum import assert_optimal
from tests.support.schedules import cheapest
from tests.support.small import case

whole = st.integers


@st.composite
def machine(draw):
    least = draw(whole(2, 12))
    most = least + draw(whole(0, 20))
    ramps = st.one_of(st.just(np.inf), whole(1, 12).map(lambda v: v / 60.0))
    limit = st.one_of(st.just(np.inf), whole(least, most))
    lags = sorted({draw(whole(0, 2)), *draw(st.lists(whole(1, 5), max_size=2))})
    prices = sorted(draw(whole(0, 60)) for _ in lags)
    initial = draw(st.one_of(st.none(), whole(1, 4), whole(-4, -1)))
    return dict(
        least=float(least), most=float(most), fixed=float(draw(whole(0, 80))), slope=float(draw(whole(1, 40))),
        up=draw(ramps), down=draw(ramps), start_ramp=float(draw(limit)), stop_ramp=float(draw(limit)), min_up=float(draw(whole(0, 3))),
        min_down=float(draw(whole(0, 3))), initial_h=initial, stop_cost=float(draw(whole(0, 9))),
        initial_mw=float(draw(whole(least, most))) if initial is not None and initial > 0 and draw(st.booleans()) else None,
        kinds=[(float(lag), float(p)) for lag, p in zip(lags, prices, strict=True)],
    )  # fmt: skip


def build(units, load, hours):
    finite = lambda v: None if np.isinf(v) else v  # noqa: E731
    rows = dict(
        bus=buses("A", surplus_allowed=False),
        generator=[dict(generator=f"g{i}", bus="A", power_min_mw=u["least"], power_max_mw=u["most"], cost_cny_per_h=u["fixed"],
                        cost_cny_per_mwh=u["slope"], ramp_fraction_per_min=finite(u["up"] / u["most"]),
                        ramp_down_fraction_per_min=1e9 if np.isinf(u["down"]) else u["down"] / u["most"])
                   for i, u in enumerate(units)],
        commitment=[dict(kind="generator", element=f"g{i}", min_up_h=u["min_up"], min_down_h=u["min_down"],
                         start_ramp_mw=finite(u["start_ramp"]), stop_ramp_mw=finite(u["stop_ramp"]), stop_cny=u["stop_cost"],
                         initial_h=None if u["initial_h"] is None else float(u["initial_h"]), initial_mw=u["initial_mw"])
                    for i, u in enumerate(units)],
        start_cost=[dict(kind="generator", element=f"g{i}", offline_h=lag, cost_cny=cost) for i, u in enumerate(units)
                    for lag, cost in u["kinds"]],
        load=[dict(load="d", bus="A", mean_mw=1.0, profile="d", sheddable=False)],
    )  # fmt: skip
    minutes = round(60 * hours[0])
    count = round(sum(hours))
    first, length = np.datetime64("2025-01-01T00:00"), np.timedelta64(minutes, "m")
    rows["outage"] = [dict(kind="generator", element=f"g{i}", start_time=str(first + t * length), end_time=str(first + (t + 1) * length))
                      for i, u in enumerate(units) for t in u.get("out", ())]  # fmt: skip
    made = case(count, minutes, series={"d": np.ones(count)}, **rows)
    return replace(made, commitment="exact", source=Given(load, made.time))


class Given:
    """The load by step, whatever its length."""

    def __init__(self, load, time):
        self.load, self.begin = np.asarray(load, float), time.start

    def on_grid(self, names, start, hours):
        return np.array([self.load[np.searchsorted(self.begin, start)] for _ in names]).reshape(len(names), len(start))


@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.lists(machine(), min_size=2, max_size=2), st.lists(whole(0, 45), min_size=4, max_size=4), st.sampled_from([1.0, 0.5]))
def test_every_schedule_tried(units, load, length):
    """Same least cost as the cheapest of all schedules, on steps of 60 and of 30 min; infeasible together."""
    agree(units, load, length)


@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.lists(machine(), min_size=2, max_size=2), st.lists(whole(0, 30), min_size=4, max_size=4), st.lists(whole(0, 3), max_size=2))
def test_every_schedule_tried_with_a_machine_out_of_service(units, load, out):
    """The first machine is out of service in some hours, and the second has all the load then."""
    units[0] |= dict(out=tuple(sorted(set(out))), min_up=units[0]["min_up"] + 2.0)
    units[1] |= dict(least=0.0, most=60.0, min_up=0.0, min_down=0.0, start_ramp=np.inf, stop_ramp=np.inf, up=np.inf, down=np.inf,
                     initial_mw=None)  # fmt: skip
    agree(units, load, 1.0)


def test_a_share_of_a_unit_is_not_restarted_hot_within_its_minimum_down_time():
    """A quarter of it stops at 01:00 and half of it starts at 02:00, where statuses need not be whole: no start is hot, for the minimum
    down time of 3 h lies between the stop and the start of what is hot until 2 h."""
    unit = dict(least=10.0, most=10.0, fixed=0.0, slope=30.0, up=np.inf, down=np.inf, start_ramp=np.inf, stop_ramp=np.inf, min_up=0.0,
                min_down=3.0, stop_cost=0.0, initial_h=None, initial_mw=None, kinds=[(0.0, 10.0), (2.0, 200.0)])  # fmt: skip
    other = unit | dict(least=0.0, most=60.0, slope=70.0, min_down=0.0, kinds=[(0.0, 0.0)])
    found = dispatch(replace(build([unit, other], [5.0, 2.5, 7.5], np.ones(3)), commitment="relaxed"))
    # 15 MWh at 30 and half a start at 200; 5 MWh of the other instead would cost 5 x 40
    assert found.solution.objective == pytest.approx(15 * 30 + 0.5 * 200)
    assert certificate(found).passed, certificate(found).failed


def agree(units, load, length):
    hours = np.full(len(load), length)
    least = cheapest(units, np.array(load, float), hours)
    made = build(units, load, hours)
    if np.isinf(least):
        with pytest.raises(Infeasible):
            dispatch(made, search=Search(gap=0.0))
        return
    found = dispatch(made, search=Search(gap=0.0))
    assert_optimal(found)
    assert certificate(found).passed, certificate(found).failed
    assert found.solution.objective == pytest.approx(least, rel=1e-6, abs=1e-5)
    assert found.solution.proven == pytest.approx(least, rel=1e-6, abs=1e-5)
    relaxed = dispatch(replace(made, commitment="relaxed"))
    assert certificate(relaxed).passed, certificate(relaxed).failed
    assert relaxed.solution.objective <= least * (1 + 1e-7) + 1e-5
