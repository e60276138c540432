"""Markets at the receiving ends of DC links: a falling demand curve in steps.

Sets        m step of a link's demand curve, t time step of length h[t] hours
Data        width Q [MW] while in service; price c[m,t], tariff f [CNY/MWh] of received energy
Columns     dc_market.sold q [MW]

    0 <= q <= Q                                                           (V1)

Cost        dc_market.sales = -(c - f) h q
Ports       injection: -q at the link's to_bus
Assumes     steps are filled from the dearest, in whatever order they stand; they bind only together with the price at the sending end:
            netback = (c - f)(1 - marginal loss)
"""

from __future__ import annotations

from gridopt.program.labels import Quantity


def declare(case, b):
    """Column (V1), its revenue and injection."""
    table = case.table("dc_market")
    active = case.in_service("dc_market")
    price = table["price_cny_per_mwh"].to_numpy(float)[:, None] + case.series(table["price_profile"], 0.0)
    most = table["power_max_mw"].to_numpy(float)[:, None] * active
    sold = b.columns("dc_market.sold", unit="MW", over={"dc_market": table.index, "time": case.time.index}, upper=most)
    if len(table):
        b.cost("dc_market.sales", sold, (table["tariff_cny_per_mwh"].to_numpy(float)[:, None] - price) * case.time.hours)
    bus = case.table("dc_link")["to_bus"].reindex(table["dc_link"])
    b.port("injection").add(case.position("bus", bus), sold, -1.0)


def constrain(case, b, columns):
    """No rows: bounds say it all."""


def results(case, columns, values) -> dict[str, Quantity]:
    """Power sold by step of the demand curves."""
    if not len(case.table("dc_market")):
        return {}
    sold, meaning = values["dc_market.sold"], "power sold at the receiving end"
    return {"dc_market_sold": Quantity(("dc_market", "time"), sold, "MW", meaning, "受端售电功率", "positive: sold")}
