"""Fuel: budgets of a period, take or pay, and stocks with deliveries.

Sets        m budget or stock of one fuel, of all stations or one; t step of length h[t] hours, w[m,t] share of it inside the period
Data        amounts [Emin, Emax] tce of the whole period, z[m] the share of it that is studied (where it is known what was burnt in the
            rest of it, what that leaves instead of z Emin, z Emax); price of what is missing of Emin;
            stock before the first step L0, least stock at the end, deliveries d[m,t] tce
Columns     fuel.stock L [tce];  fuel.short y [tce], what is missing of Emin, counted in the last step of the period that is studied

    z Emin <= sum_t w h F + y,   sum_t w h F <= z Emax                    (F1)  fuel.least, fuel.most
    L[t-1] + d[t] - h F[t] - L[t] = 0,   L[-1] = L0                       (F2)  fuel.balance
    L >= 0,   L[last] >= least stock at the end                           (F3)

Cost        fuel.short = price of what is missing y
Ports       draws on fuel: F [tce/h] burnt from each budget and stock (case/pools.py)
Dual        fuel.least >= 0: cost of one more tce that must be burnt; fuel.most <= 0: one more tce that may be burnt; fuel.balance:
            value of one more tce in stock [CNY/tce]
Assumes     budgets of which no unit is in service are left out; fuel is paid when it is burnt; deliveries cost nothing themselves and
            are there at the begin of the step they fall in
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.pools import left, pools, studied
from gridopt.program.labels import Quantity


class Columns(NamedTuple):
    """inside (k, T), share (k,): budgets by what is studied of their periods; paying int (q,): budgets with a price of what is missing,
    short (q, T); stock (n, T)."""

    inside: np.ndarray
    share: np.ndarray
    paying: np.ndarray
    short: np.ndarray
    stock: np.ndarray


def declare(case, b):
    """Columns of (F1) to (F3), their cost, and the port that units offer to."""
    b.port("fuel", len(pools(case)))
    budget, stock, time = case.table("fuel_budget"), case.table("fuel_stock"), case.time
    inside, share = studied(case, budget)
    price = budget["short_cny_per_tce"].to_numpy(float)
    owed = budget["amount_min_tce"].notna().to_numpy() & pools(case)[: len(budget)].any(axis=1) & (share > 0)
    paying = np.flatnonzero(~np.isnan(price) & owed)
    last = len(time) - 1 - np.argmax(inside[paying, ::-1] > 0, axis=1) if len(paying) else np.zeros(0, int)
    most = np.zeros((len(paying), len(time)))
    most[np.arange(len(paying)), last] = np.inf
    short = b.columns("fuel.short", unit="tce", over={"fuel_budget": budget.index[paying], "time": time.index}, upper=most)
    if len(paying):
        b.cost("fuel.short", short, price[paying, None])
    least = np.zeros((len(stock), len(time)))
    least[:, -1:] = stock["stock_end_tce"].to_numpy(float)[:, None]
    level = b.columns("fuel.stock", unit="tce", over={"fuel_stock": stock.index, "time": time.index}, lower=least)
    return Columns(inside, share, paying, short, level)


def deliveries(case) -> np.ndarray:
    """Deliveries to each stock in each step tce (n, T); what comes before the first step or after the last is left out."""
    table, found = case.table("fuel_delivery"), np.zeros((len(case.table("fuel_stock")), len(case.time)))
    when = table["time"].to_numpy("datetime64[s]")
    step = np.searchsorted(case.time.start, when, "right") - 1
    some = (step >= 0) & (when < case.time.end[-1]) if len(table) else np.zeros(0, bool)
    np.add.at(found, (case.position("fuel_stock", table["fuel_stock"])[some], step[some]), table["amount_tce"].to_numpy(float)[some])
    return found


def constrain(case, b, columns):
    """Rows (F1) and (F2)."""
    budget, stock, hours, burnt = case.table("fuel_budget"), case.table("fuel_stock"), case.time.hours, b.port("fuel")
    weight, count = columns.inside * hours, len(budget)
    base = (weight * burnt.constant[:count]).sum(axis=1)
    asked = (columns.share > 0) & pools(case)[:count].any(axis=1)
    for name, column in (("least", "amount_min_tce"), ("most", "amount_max_tce")):
        amount = left(budget, column, "burnt_outside_tce", columns.share)
        some = np.flatnonzero(~np.isnan(amount) & asked)
        bound = {"lower" if name == "least" else "upper": amount[some] - base[some]}
        row = b.rows(f"fuel.{name}", unit="tce", over={"fuel_budget": budget.index[some]}, **bound)
        for at, cols, coef in burnt.offers():
            k, n = np.nonzero(some[:, None] == at)
            b.term(row[k, None], cols[n], coef[n] * weight[some[k]])
        if name == "least":
            owed = np.searchsorted(some, columns.paying)
            b.term(row[owed, None], columns.short)
    given = deliveries(case) - burnt.constant[count:] * hours
    given[:, :1] += stock["stock_start_tce"].to_numpy(float)[:, None]
    row = b.rows("fuel.balance", unit="tce", over={"fuel_stock": stock.index, "time": case.time.index}, equal=-given)
    b.term(row[:, 1:], columns.stock[:, :-1])
    b.term(row, columns.stock, -1.0)
    for at, cols, coef in burnt.offers():
        some = np.flatnonzero(at >= count)
        b.term(row[at[some] - count], cols[some], -coef[some] * hours)


def results(case, columns, values) -> dict[str, Quantity]:
    """Stock after each step and its value; fuel that had to be paid without being burnt."""
    found = {}
    if len(columns.stock):
        dims, text = ("fuel_stock", "time"), "fuel in stock at the end of the step"
        worth, value = values.dual("fuel.balance"), "value of one more tce in stock"
        found["fuel_stock_level"] = Quantity(dims, values["fuel.stock"], "tce", text, "燃料库存")
        found["fuel_stock_value"] = Quantity(dims, worth, "CNY/tce", value, "库存燃料价值")
    if len(case.table("fuel_budget")):
        short = np.zeros((len(case.table("fuel_budget")), len(case.time)))
        short[columns.paying] = values["fuel.short"]
        text = "fuel paid but not taken, in the last step of its period"
        found["fuel_short"] = Quantity(("fuel_budget", "time"), short, "tce", text, "照付不议未提量")
    return found
