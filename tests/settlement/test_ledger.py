"""The ledger: signs, sums, funds."""

import numpy as np
import pytest

from gridopt.settlement.ledger import Ledger, allocate, horizon

DAYS = np.array(["2025-01-31T00:00", "2025-01-31T12:00", "2025-02-01T00:00"], "datetime64[s]")


def test_B1_negative_payments_go_the_other_way():
    """2 MWh at 100: the market pays a 200. -3 MWh at 50 (bought back): a pays 150. 4 MWh at -20: a pays 80, as -4 x -20.
    Balance of a: 200 - 150 - 80 = -30."""
    book = Ledger(3)
    book.pay("energy", "market", ["a"], np.array([[2.0, -3.0, 4.0]]), np.array([100.0, 50.0, -20.0]))
    frame = book.columns(DAYS)
    assert frame["payer"].tolist() == ["market", "a", "a"] and frame["payee"].tolist() == ["a", "market", "market"]
    assert frame["quantity"].tolist() == [2.0, 3.0, -4.0] and frame["price"].tolist() == [100.0, 50.0, -20.0]
    assert frame["amount"].tolist() == [200.0, 150.0, 80.0]
    assert book.balances() == {"market": 30.0, "a": -30.0}
    assert book.balance_of("a").tolist() == [200.0, -150.0, -80.0] and book.balance_of("nobody").tolist() == [0.0, 0.0, 0.0]


def test_B2_payments_of_nothing_are_not_booked():
    book = Ledger(2)
    book.pay("energy", ["a", "b"], "market", np.array([[0.0, 1.0], [0.0, 0.0]]), 5.0)
    assert len(book.entries.amount) == 1 and book.by_period().sum() == 0.0


def test_an_empty_ledger_has_no_accounts():
    book = Ledger(0)
    book.pay("energy", np.array([], object), "market", np.zeros((0, 0)), 1.0)
    assert len(book.columns(DAYS[:0])["payer"]) == 0 and book.by_period().sum() == 0.0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match="energy: a quantity or price"):
        Ledger(1).pay("energy", "a", "b", np.array([value]), 1.0)


def test_periods_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="2 periods are booked into a ledger of 3"):
        Ledger(3).pay("energy", "a", "b", np.ones(2), 1.0)


def test_B3_funds_are_shared_by_day():
    """31 January: 30 + 60 over weights 1 + 2 + 3 + 4 = 10: 9 per unit. 1 February: 5 over 5: 1."""
    weight = np.array([[1.0, 2.0, 5.0], [3.0, 4.0, 0.0]])
    rate, left = allocate(np.array([30.0, 60.0, 5.0]), weight, horizon(DAYS, "day"))
    assert rate.tolist() == [9.0, 9.0, 1.0] and left.tolist() == [0.0, 0.0, 0.0]
    assert (rate * weight).sum() == pytest.approx(95.0)


def test_B3_a_fund_that_nobody_pays_is_left():
    rate, left = allocate(np.array([30.0, 60.0]), np.zeros((2, 2)), np.array([0, 1]))
    assert rate.tolist() == [0.0, 0.0] and left.tolist() == [30.0, 60.0]


def test_B3_negative_weights_are_refused():
    with pytest.raises(ValueError, match="negative weights"):
        allocate(np.ones(1), np.array([[-1.0]]), np.zeros(1, int))


def test_horizons():
    assert [horizon(DAYS, h).tolist() for h in ("period", "day", "month", "whole")] == [[0, 1, 2], [0, 0, 1], [0, 0, 1], [0, 0, 0]]
