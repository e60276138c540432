"""DC schedules against calculation by hand: example E13 of the market specification, each rule alone, and enumeration."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.dispatch.formulate import formulate
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from tests.support.block_cases import buses, power_case, unit
from tests.support.certify import certificate
from tests.support.small import tables as tables_of

BUS = [*buses("A"), *buses("S", role="sink")]
PROVEN = Search(gap=0.0)


def published(minutes=15, hours=2, commitment="exact", link=None, **rules):
    """E13: 2000 MW at 200 then 300; sold at 300 for an hour, at 480 in the next, less 60 per MWh landed; 6.5 % loss."""
    rows = dict(
        bus=BUS,
        unit=[dict(unit("A", 20, 2000), fuel="c200"), dict(unit("A", 30, 10000), fuel="c300")],
        fuel=[dict(fuel=f"c{p}", price_cny_per_tce=float(p), co2_t_per_tce=0.0) for p in (200, 300)],
        dc_link=[dict(dict(dc_link="L", from_bus="A", to_bus="S", power_min_mw=800.0, power_max_mw=6000.0, initial_mw=2000.0,
                           loss_linear_fraction=0.065), **(link or {}))],
        dc_schedule=[dict(dict(dc_link="L", may_stop=True, step_mw=400.0, change_minutes=15.0, steps_per_change=2), **rules)],
        dc_market=[dict(dc_market="M", dc_link="L", power_max_mw=9999.0, price_profile="p", tariff_cny_per_mwh=60.0)],
    )  # fmt: skip
    return replace(power_case(hours, minutes, series={"p": [300.0, 480.0]}, **rows), commitment=commitment)


def test_J_E13_hold_of_an_hour_and_two_changes_a_day():
    """2800 MW for four quarters, then 3600: (2800 x 224.4 - 640000) + (3600 x 392.7 - 880000) = -11680 + 533720 = 522040."""
    d = dispatch(published(hold_h=1.0, changes_per_day=2), search=PROVEN)
    assert d.quantities["dc_sent"].values[0] == pytest.approx([2800] * 4 + [3600] * 4)
    assert d.solution.objective == pytest.approx(-522040)


def test_J_E13_changes_at_every_quarter():
    """A quarter each at 2000, 2000, 2800, 3600, 4400, 5200, 6000, 6000 MW: 704020."""
    d = dispatch(published(hold_h=0.25, changes_per_day=8), search=PROVEN)
    assert d.quantities["dc_sent"].values[0] == pytest.approx([2000, 2000, 2800, 3600, 4400, 5200, 6000, 6000])
    assert d.solution.objective == pytest.approx(-704020)


@pytest.mark.parametrize("minutes", [60, 30, 15, 5])
def test_J_schedule_at_the_hour_by_the_length_of_the_step(minutes):
    """Changes at the hour: 2800 MW, then 3600, whatever the step."""
    d = dispatch(published(minutes, hold_h=1.0, changes_per_day=2, change_minutes=60.0), search=PROVEN)
    assert d.solution.objective == pytest.approx(-522040)
    assert certificate(d).passed


def test_J_relaxed_bounds_exact_and_off_knows_no_rules():
    exact, relaxed, off = (dispatch(published(commitment=c, hold_h=1.0, changes_per_day=2), search=PROVEN) for c in ("exact", "relaxed", "off"))
    assert off.solution.objective < relaxed.solution.objective - 1 and relaxed.solution.objective <= exact.solution.objective + 1e-3
    assert not len(off.values["dc_schedule.change"])
    assert certificate(relaxed).passed and certificate(off).passed


def test_J3_hold_before_the_first_step():
    """Half an hour of a hold of one was over: 2000 MW for two quarters more, then 2800 for an hour, then 3600 for two quarters.

    (2000 x 2 + 2800 x 2)/4 x 224.4 - (400000 x 2 + 640000 x 2)/4 + (2800 x 2 + 3600 x 2)/4 x 392.7 - (640000 x 2 + 880000 x 2)/4.
    """
    d = dispatch(published(hold_h=1.0, link=dict(initial_hold_h=0.5)), search=PROVEN)
    assert d.quantities["dc_sent"].values[0] == pytest.approx([2000] * 2 + [2800] * 4 + [3600] * 2)
    assert d.solution.objective == pytest.approx(-(2400 * 224.4 - 520000 + 3200 * 392.7 - 760000))
    assert certificate(d).passed


def test_J4_changes_made_before_count():
    """One of two changes a day was made: only 2800 MW are reached, at the first step or later: held for both hours."""
    d = dispatch(published(changes_per_day=2, initial_changes=1), search=PROVEN)
    assert np.count_nonzero(np.abs(np.diff(d.quantities["dc_sent"].values[0], prepend=2000)) > 1) == 1
    assert certificate(d).passed


def test_J1_least_power_when_on_or_nothing():
    """Sold for nothing in the second hour: the link stops then; where it may not, 800 MW stay, made at 200, and 60 paid on 748."""
    rows = dict(step_mw=None, steps_per_change=None)
    made = {stop: published(may_stop=stop, **rows) for stop in (True, False)}
    for case in made.values():
        case.source.values["p"] = np.array([480.0, 0.0])
    found = {stop: dispatch(case, search=PROVEN) for stop, case in made.items()}
    sent = {stop: d.quantities["dc_sent"].values[0] for stop, d in found.items()}
    assert sent[True] == pytest.approx([6000] * 4 + [0] * 4) and sent[False] == pytest.approx([6000] * 4 + [800] * 4)
    assert found[False].solution.objective - found[True].solution.objective == pytest.approx(800 * 200 + 0.935 * 800 * 60)
    assert found[True].quantities["dc_on"].values[0] == pytest.approx([1] * 4 + [0] * 4)
    assert all(certificate(d).passed for d in found.values())


LEVELS = (0, 10, 20, 30)


def small(prices, before, minutes, **rule):
    """15 MW at 20, more at 50; sold at `prices`, 5 % lost; 0 or 10 to 30 MW in steps of 10."""
    rows = dict(
        bus=BUS, unit=[unit("A", 20, 15), unit("A", 50, 100)],
        dc_link=[dict(dc_link="L", from_bus="A", to_bus="S", power_min_mw=10.0, power_max_mw=30.0, loss_linear_fraction=0.05,
                      initial_mw=before)],
        dc_schedule=[dict(dc_link="L", may_stop=True, step_mw=10.0, **rule)],
        exchange=[dict(exchange="M", bus="S", export_flexible_mw=100.0, price_profile="p")],
    )  # fmt: skip
    return replace(power_case(len(prices), minutes, series={"p": prices}, **rows), commitment="exact")


def enumerated(prices, before, minutes, hold_h=0.0, changes_per_day=None, steps_per_change=None, change_minutes=None):
    """Least cost over all sequences of levels, step by step in plain Python."""
    steps, h = len(prices) * 60 // minutes, minutes / 60
    best = np.inf
    for levels in itertools.product(LEVELS, repeat=steps):
        jumps = [(t, b - a) for t, (a, b) in enumerate(itertools.pairwise((before, *levels))) if a != b]
        bad = any(steps_per_change is not None and abs(j) > 10 * steps_per_change for _, j in jumps)
        bad |= changes_per_day is not None and len(jumps) > changes_per_day
        bad |= any((s - t) * h < hold_h for (t, _), (s, _) in itertools.pairwise(jumps))
        bad |= any(change_minutes is not None and t * minutes % change_minutes for t, _ in jumps)
        if not bad:
            cost = (20 * min(p, 15) + 50 * max(p - 15, 0) - prices[t * minutes // 60] * 0.95 * p for t, p in enumerate(levels))
            best = min(best, sum(cost) * h)
    return best


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_J_enumeration(data):
    """Random prices and rules: the search finds what trying every schedule finds."""
    hours, minutes = data.draw(st.sampled_from([(2, 30), (4, 60), (5, 60), (3, 30)]))
    prices = [float(data.draw(st.integers(10, 70))) for _ in range(hours)]
    rule = dict(hold_h=data.draw(st.sampled_from([0.0, 1.0, 1.5, 2.0])))
    for name, values in (("changes_per_day", (1, 2, 3)), ("steps_per_change", (1, 2)), ("change_minutes", (60.0, 120.0))):
        if data.draw(st.booleans()):
            rule[name] = data.draw(st.sampled_from(values))
    before = float(data.draw(st.sampled_from(LEVELS)))
    d = dispatch(small(prices, before, minutes, **rule), search=PROVEN)
    assert d.solution.objective == pytest.approx(enumerated(prices, before, minutes, **rule), abs=1e-6)
    assert certificate(d).passed, certificate(d).failed


def coefficients(case):
    """What a change is worth in the rows of rises, MW (n, T), the integer columns of levels bool (m, T), and limits of contracts."""
    model = formulate(case)
    form, builder = model.builder.form(), model.builder
    rows = {f.name: f for f in builder.row_families}
    columns = {f.name: f for f in builder.column_families}
    change, rise = columns["dc_schedule.change"].ids, rows["dc_schedule.rise"].ids
    worth = np.array([[-form.matrix[[r]].toarray()[0, c] for r, c in zip(*pair, strict=True)] for pair in zip(rise, change, strict=True)])
    energy = rows["dc_contract.energy"].ids if "dc_contract.energy" in rows else np.zeros(0, int)
    return worth, np.isin(columns["dc_schedule.level"].ids, form.integer), (form.row_lower[energy], form.row_upper[energy])


def test_J2_a_ramp_allows_whole_steps():
    """1000 MW in a quarter of an hour are two steps of 400 MW, so three steps at once are never made: 704020 as with two (E13). From 2100
    MW, which is no level, the first change may use the whole ramp."""
    ramp = dict(ramp_fraction_per_min=1000 / 15 / 6000)
    given = published(hold_h=0.25, changes_per_day=8, steps_per_change=3, link=ramp)
    assert coefficients(given)[0][0] == pytest.approx([800.0] * 8)
    assert dispatch(given, search=PROVEN).solution.objective == pytest.approx(-704020)
    other = published(hold_h=0.25, changes_per_day=8, steps_per_change=3, link=dict(ramp, initial_mw=2100.0))
    assert coefficients(other)[0][0] == pytest.approx([1000.0] + [800.0] * 7)
    assert coefficients(replace(given, commitment="relaxed"))[0][0] == pytest.approx([1000.0] * 8)


def test_J1_levels_are_decided_where_power_may_change():
    """Changes at the hour: of eight quarters the first and the fifth are decided; what lies between follows."""
    whole = coefficients(published(change_minutes=60.0, hold_h=1.0))[1]
    assert whole[0].tolist() == [True] + 3 * [False] + [True] + 3 * [False]


@pytest.mark.parametrize(
    "least, most, drawn", [(0, 1000, (0, 800)), (500, 1300, (800, 1200)), (900, 1000, (900, 1000)), (None, 1600, (0, 1600))]
)
def test_O1_contracts_of_links_in_steps_count_in_whole_steps(least, most, drawn):
    """400 MW for an hour at a time: energies are multiples of 400 MWh. 0..1000 is 0..800, 500..1300 is 800..1200; between 900 and 1000
    there is none, which is left for the solver to say."""
    day = dict(start_date="2025-01-01", end_date="2025-01-01", sent_outside_mwh=0.0)
    limits = dict(energy_max_mwh=float(most), **({} if least is None else dict(energy_min_mwh=float(least))))
    given = published(change_minutes=60.0, hold_h=1.0)
    given = replace(given, tables={**given.tables, **kept(dict(day, contract="K", dc_link="L", **limits))})
    low, high = coefficients(given)[2]
    assert (low[0], high[0]) == pytest.approx(drawn)
    low, high = coefficients(replace(given, commitment="relaxed"))[2]
    assert (low[0], high[0]) == pytest.approx((least or 0, most))


def test_O1_a_contract_that_is_used_up_but_for_part_of_a_step():
    """E13 with changes at the hour sends 2800 then 3600 MW, 6400 MWh. Of 6300 MWh no more than 6000 can be sent; 2400 then 3200 is best:
    2400 x 224.4 - 2000 x 200 - 400 x 300 = 18560 and 3200 x 392.7 - 2000 x 200 - 1200 x 300 = 496640, 515200 in all; 2800 then 3200
    would earn 496640 - 11680."""
    day = dict(contract="K", dc_link="L", start_date="2025-01-01", end_date="2025-01-01", sent_outside_mwh=0.0, energy_max_mwh=6300.0)
    given = published(change_minutes=60.0, hold_h=1.0, changes_per_day=2)
    found = dispatch(replace(given, tables={**given.tables, **kept(day)}), search=PROVEN)
    assert found.quantities["dc_sent"].values[0] == pytest.approx([2400] * 4 + [3200] * 4)
    assert found.solution.objective == pytest.approx(-515200)
    assert certificate(found).passed


def kept(contract):
    return {"dc_contract": tables_of(dc_contract=[contract])["dc_contract"]}
