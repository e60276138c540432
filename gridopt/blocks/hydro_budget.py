"""Hydro budget: energy and release of hydro plants in a period (a season, a month), also where only a part of it is studied.

Sets        c budget, of one plant r(c) and a period; t step of length h[t] hours, w[c,t] share of the step inside the period
Data        energy [Emin, Emax] MWh and release [Wmin, Wmax] hm3 of the whole period; z[c] = hours of it studied / its hours; or what was
            given outside the study is known, o[c]: then z = 1

    z Emin <= o + sum over t of w h p        <= z Emax                    (W1)  hydro_budget.energy
    z Wmin <= o + sum over t of w 0.0036 h R <= z Wmax                    (W2)  hydro_budget.release

Ports       draws on reservoir_output: p [MW] and reservoir_release: R [m3/s]
Dual        hydro_budget.energy [CNY/MWh], hydro_budget.release [CNY/hm3]: what one more unit of the budget costs
"""

from __future__ import annotations

import numpy as np


def declare(case, b):
    """Nothing: the budgets draw on columns of others. Returns the budgets that the study touches and what of their steps, (k,), (k, T)."""
    table = case.table("hydro_budget")
    if not len(table):
        return np.zeros(0, int), np.zeros((0, len(case.time)))
    begin, end = (table[c].to_numpy("datetime64[s]") for c in ("start_date", "end_date"))
    inside = case.time.share_between(begin, end + np.timedelta64(86400, "s"))
    some = np.flatnonzero(inside.any(axis=1))
    return some, inside[some]


def constrain(case, b, columns):
    """Rows (W1) and (W2) of the budgets that have the limit."""
    some, inside = columns
    table = case.table("hydro_budget").iloc[some]
    days = (table["end_date"] - table["start_date"]).dt.days.to_numpy(float) + 1.0
    hours = inside * case.time.hours
    studied = hours.sum(axis=1) / (24.0 * days)
    plant = case.position("reservoir", table["reservoir"])
    for name, unit, port, factor in (("energy", "mwh", "reservoir_output", 1.0), ("release", "hm3", "reservoir_release", 0.0036)):
        low, high, outside = (table[f"{name}_{c}_{unit}"].to_numpy(float) for c in ("min", "max", "outside"))
        limited, part = np.flatnonzero(~np.isnan(low) | ~np.isnan(high)), np.where(np.isnan(outside), studied, 1.0)
        rest = (v * part - np.nan_to_num(outside) for v in (low, high))
        low, high = (np.where(np.isnan(v), e, v)[limited] for v, e in zip(rest, (-np.inf, np.inf), strict=True))
        label = {"mwh": "MWh", "hm3": "hm3"}[unit]
        row = b.rows(f"hydro_budget.{name}", unit=label, over={"budget": table.index[limited]}, lower=low, upper=high)
        for at, cols, coef in b.port(port).offers():
            k, n = np.nonzero(plant[limited, None] == at)
            b.term(row[k, None], cols[n], coef[n] * factor * hours[limited[k]])
