"""Regulation after energy: merit order of mileage price over performance, one price."""

import numpy as np
import pandas as pd
import pytest

from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.regulation import cleared_after


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


def test_what_regulation_kept_from_being_sold_is_withheld():
    """G1 gives 80 of 100 MW and regulates 30: 20 MW could have been sold, 10 MWh in half an hour."""
    table = offers(("G1", 40.0, 5.0, 1.0))
    assert cleared_after(run([[80.0]]), table, np.array([30.0]), withhold=True).withheld == pytest.approx(np.array([[10.0]]))
    assert cleared_after(run([[80.0]]), table, np.array([30.0])).withheld.sum() == 0
