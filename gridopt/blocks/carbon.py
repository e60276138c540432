"""Carbon: cost of emissions above a free allowance per MWh of thermal output.

Data        carbon price c[t] [CNY/t], allowance a[t] [t/MWh] of the step's calendar year
Ports       draws on emission E [t/h] and thermal_energy W [MW]

Cost        carbon.allowance = c h (E - a W)                              (K1)
"""

from __future__ import annotations


def declare(case, b):
    """Opens the ports that emitters offer to."""
    b.port("emission", 1)
    b.port("thermal_energy", 1)


def constrain(case, b, columns):
    """No rows; (K1) is a cost on what was offered."""
    price = case.of_year("carbon_price_cny_per_t", 0.0) * case.time.hours
    allowance = case.of_year("carbon_benchmark_t_per_mwh", 0.0)
    for name, rate in (("emission", price), ("thermal_energy", -price * allowance)):
        port = b.port(name)
        b.fixed_cost("carbon.allowance", float((port.constant[0] * rate).sum()))
        for _, columns_offered, coef in port.offers():
            b.cost("carbon.allowance", columns_offered, coef * rate)
