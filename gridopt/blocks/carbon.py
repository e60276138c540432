"""Carbon: cost of emissions above a free allowance per MWh of what emits, and caps on emissions in a period.

Sets        k cap, t step of length h[t] hours, w[k,t] share of it inside the cap's period
Data        carbon price c[t] [CNY/t], allowance a[t] [t/MWh] of the step's calendar year; cap A[k] [t] of the whole period, z[k] the
            share of it that is studied (what is left of A instead of z A, where it is known what was emitted in the rest of the period)
Ports       draws on emission E [t/h] and thermal_energy W [MW], output of units and generators that emit; others have no allowance to sell

    sum_t w h E <= z A                                                    (K2)  carbon.cap

Cost        carbon.allowance = c h (E - a W)                              (K1)
Dual        carbon.cap <= 0: what one more tonne would save [CNY/t], besides the carbon price
"""

from __future__ import annotations

import numpy as np

from gridopt.case.pools import left, studied


def declare(case, b):
    """Opens the ports that emitters offer to. Returns the caps that the study touches and their hours, (k,), (k, T), and z A."""
    b.port("emission", 1)
    b.port("thermal_energy", 1)
    table = case.table("emission_cap")
    inside, share = studied(case, table)
    some = np.flatnonzero(share > 0)
    return some, inside[some] * case.time.hours, left(table, "amount_max_t", "emitted_outside_t", share)[some]


def constrain(case, b, columns):
    """(K1) is a cost on what was offered; rows (K2)."""
    price = case.of_year("carbon_price_cny_per_t", 0.0) * case.time.hours
    allowance = case.of_year("carbon_benchmark_t_per_mwh", 0.0)
    for name, rate in (("emission", price), ("thermal_energy", -price * allowance)):
        port = b.port(name)
        b.fixed_cost("carbon.allowance", float((port.constant[0] * rate).sum()))
        for _, columns_offered, coef in port.offers():
            b.cost("carbon.allowance", columns_offered, coef * rate)
    some, weight, most = columns
    emitted, labels = b.port("emission"), {"emission_cap": case.table("emission_cap").index[some]}
    row = b.rows("carbon.cap", unit="t", over=labels, upper=most - weight @ emitted.constant[0])
    for _, cols, coef in emitted.offers():
        b.term(row[:, None, None], cols, coef * weight[:, None, :])
