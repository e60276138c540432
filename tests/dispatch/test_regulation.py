"""Regulation after energy: merit order of mileage price over performance, one price."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest

from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.regulation import cleared_after
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from gridopt.dispatch.withheld import Kept, joined, kept_by
from gridopt.study.load import load_study
from gridopt.study.market_case import market_cases


def run(output, available=None):
    output = np.asarray(output, float)
    names = np.array([f"generator G{i + 1}" for i in range(len(output))], object)
    one, steps = np.zeros((1, output.shape[1])), output.shape[1]
    most = np.full(output.shape, 100.0) if available is None else np.asarray(available, float)
    return MarketRun(
        "DA", np.arange(steps).astype("datetime64[s]"), np.full(steps, 0.5), np.array(["a"]), np.array([""]), names,
        np.zeros(len(names), int), np.full(len(names), "coal", object), output, most, 300.0 * output, one, one, one, one, one, one, one,
        np.zeros(0, object), *np.zeros((3, 0, steps)), np.zeros(steps),
    )  # fmt: skip


def offers(*rows):
    frame = pd.DataFrame(rows, columns=["element", "power_max_mw", "price_cny_per_mw", "performance"])
    return frame.assign(kind="generator", mileage_per_mw=3.0)


def test_cheap_mileage_goes_first_and_the_last_taken_sets_the_price():
    """Scores 12 / 1.5 = 8, 6 / 1 = 6, 9 / 1 = 9. 50 MW: G2 20 at 6, G1 30 at 8: the price is 8; G3 gives nothing. 90 MW: all of them
    give 85, the price is 9, 5 MW are missing."""
    table = offers(("G1", 40.0, 12.0, 1.5), ("G2", 20.0, 6.0, 1.0), ("G3", 25.0, 9.0, 1.0))
    done = cleared_after(run(np.full((3, 2), 50.0)), table, np.array([50.0, 90.0]))
    assert done.award == pytest.approx(np.array([[30, 40], [20, 20], [0, 25.0]]))
    assert done.price == pytest.approx([8, 9])
    assert done.missing == pytest.approx([0, 5])


def test_equal_scores_share_by_what_they_offer():
    done = cleared_after(run(np.full((2, 1), 50.0)), offers(("G1", 40.0, 8.0, 1.0), ("G2", 20.0, 8.0, 1.0)), np.array([30.0]))
    assert done.award[:, 0] == pytest.approx([20, 10])


def test_who_is_off_does_not_regulate_and_who_is_not_there_is_passed_over():
    table = offers(("G1", 40.0, 5.0, 1.0), ("G2", 20.0, 8.0, 1.0), ("G9", 20.0, 1.0, 1.0))
    done = cleared_after(run([[0.0], [50.0]]), table, np.array([30.0]))
    assert done.award[:, 0] == pytest.approx([0, 20]) and done.missing == pytest.approx([10])


def test_without_offers_or_requirement_nothing_is_taken():
    done = cleared_after(run(np.full((2, 1), 50.0)), offers(), np.array([30.0]))
    assert done.award.shape == (0, 1) and done.price == pytest.approx([0]) and done.missing == pytest.approx([30])
    done = cleared_after(run(np.full((2, 1), 50.0)), offers(("G1", 40.0, 5.0, 1.0)), np.array([0.0]))
    assert done.award.sum() == 0 and done.price == pytest.approx([0])


@pytest.mark.parametrize(
    ("price", "held", "mwh", "offer"), [(320, 20, 10, 300), (320, 0, 0, 0), (290, 20, 0, 0), (400, 30, 15, 320), (340, 30, 10, 300)]
)
def test_what_regulation_kept_from_being_sold_is_withheld(price, held, mwh, offer):
    """G1 gives 80 MW and regulates 30 for half an hour; above its output it offers 20 MW at 300 and 20 at 360. Where the clearing holds 20 MW
    for it, these are 10 MWh at 300, if the price is above that; of 30 MW the last 10 count at 360: (20 x 300 + 10 x 360) / 30 = 320."""
    table, given = offers(("G1", 40.0, 5.0, 1.0)), replace(run([[80.0]]), settled=np.full((1, 1), float(price)))
    kept = Kept(np.array([float(held)]), np.array([[20.0], [20.0]]), np.array([[360.0], [300.0]]))
    found = cleared_after(given, table, np.array([30.0]), {"generator G1": kept})
    assert (found.withheld[0, 0], found.offer[0, 0]) == pytest.approx((mwh, offer))
    assert cleared_after(given, table, np.array([30.0])).withheld.sum() == 0


HELD = """
demand_mw: DEMAND
generators:
  - {id: G1, p_max: 150, blocks: [[100, 200], [50, 300]], MORE}
  - {id: G2, p_max: 300, marginal_cost: 320}
agc: {mode: sequential, requirement_mw: 50, offers: [{generator: G1, max_mw: 50, price: 10}]}
market: {rule: ip, agc: {withhold: true}}
"""


@pytest.mark.parametrize(
    ("more", "demand", "held", "room"),
    [
        ("no_load_cost: 1, initially_on: true", 200, 50, 50),  # G1 gives 100 MW in place of 150 at 320
        ("technology: coal", 200, 50, 50),  # never switched
        ("technology: coal", 60, 0, 90),  # gives the 60 MW that are wanted: 90 are left, 50 of them for regulation
        ("ramp_mw_per_h: 90, initial_mw: 0", 200, 0, 60),  # gives 90 MW, as fast as it rises
    ],
)
def test_what_the_clearing_holds_for_regulation(more, demand, held, room):
    """150 MW less 50 kept ready are 100. Where something else keeps G1 from more, nothing is held."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "case.yaml"
        path.write_text(HELD.replace("DEMAND", str(demand)).replace("MORE", more), encoding="utf-8")
        loaded = load_study(path, {}, None)
    case = market_cases(loaded.case, loaded.study.market)[0]
    solved = dispatch(case, search=Search(gap=0.0))
    kept = joined([kept_by(solved, "agc", str)], [1])["generator G1"]
    assert kept.held == pytest.approx([held]) and kept.room.sum() == pytest.approx(room)
    assert kept.offer[kept.room[:, 0] > 1e-6, 0].tolist() == pytest.approx([200, 300][-(kept.room[:, 0] > 1e-6).sum():])


def test_what_follows_each_other_is_joined_over_what_is_kept():
    """Three parts in the first run, one in the second, of which G2 holds nothing."""
    first = Kept(np.arange(3.0), np.ones((3, 3)), np.full((3, 3), 5.0))
    found = joined([{"G1": first}, {"G2": Kept(np.ones(2), np.ones((1, 2)), np.ones((1, 2)))}], [2, 1])
    assert found["G1"].held.tolist() == [0, 1, 0] and found["G1"].room.sum() == 6 and found["G2"].held.tolist() == [0, 0, 1]
