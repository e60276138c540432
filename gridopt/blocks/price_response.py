"""Price response: load that grows where energy is cheap, such as households under a wet-season tariff.

Sets        i step of the demand curve of one load, t step of length h[t] hours
Data        load D[i,t], growth s, worth v [CNY/MWh], season and hours of the day as shares a[i,t] of the step
Columns     price_response.more e [MW]

    0 <= e <= s D a                                                       (T1)

Cost        price_response.worth = -v h e
Ports       injection: -e at the load's bus;  demand_change: e
Assumes     what is consumed more is worth v, so it is consumed where the price lies below. A tariff lowered from p0 in steps to p1 > p2 >
            ... with elasticity -n (growth over growth of the price) makes rows s[k] = n (p[k-1] - p[k]) / p0, v[k] = p[k] less the part
            of the tariff that is not energy
"""

from __future__ import annotations

import numpy as np

from gridopt.case.demands import bus_of, hours_share, load_of
from gridopt.program.labels import Quantity


def declare(case, b):
    """Column (T1), its worth and injection."""
    table = case.table("price_response")
    season = np.where((table["season"] == "").to_numpy()[:, None], 1.0, case.in_season(table["season"]))
    hours = hours_share(case.time, table["start_hour"].to_numpy(float), table["end_hour"].to_numpy(float))
    most = table["share"].to_numpy(float)[:, None] * load_of(case, "price_response") * season * hours
    more = b.columns("price_response.more", unit="MW", over={"price_response": table.index, "time": case.time.index}, upper=most)
    if len(table):
        b.cost("price_response.worth", more, -table["price_cny_per_mwh"].to_numpy(float)[:, None] * case.time.hours)
    bus = bus_of(case, "price_response")
    b.port("injection").add(bus, more, -1.0)
    b.port("demand_change", len(case.table("bus"))).add(bus, more)
    return more


def constrain(case, b, columns):
    """No rows: bounds say it all."""


def results(case, columns, values) -> dict[str, Quantity]:
    """Growth by step of the demand curves."""
    if not len(columns):
        return {}
    more, text = values["price_response.more"], "load that grows where energy is cheap"
    return {"price_response_more": Quantity(("price_response", "time"), more, "MW", text, "价格响应增加负荷", "positive: more")}
