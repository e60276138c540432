"""Response of demand as a whole: what all that responds at a bus leaves of its load.

Data        load D[b,t] MW, never below 0
Ports       draws on demand_change C: consumption above the load [MW], shedding u [MW]

    D + C - u >= 0                                                        (Z1)  response.least    at buses where something responds
"""

from __future__ import annotations

import numpy as np

from gridopt.case.demands import loads
from gridopt.program.labels import Quantity


def declare(case, b):
    """Nothing: opens the ports. Returns the load by bus MW (B, T)."""
    total = np.zeros((len(case.table("bus")), len(case.time)))
    np.add.at(total, case.position("bus", case.table("load")["bus"]), np.maximum(loads(case), 0.0))
    for name in ("demand_change", "shedding"):
        b.port(name, len(total))
    return total


def constrain(case, b, columns):
    """Rows (Z1)."""
    some = np.unique(np.concatenate([np.zeros(0, int), *(at for at, _, _ in b.port("demand_change").offers())]))
    row = b.rows("response.least", unit="MW", over={"bus": case.table("bus").index[some], "time": case.time.index}, lower=-columns[some])
    place = np.full(len(columns), -1)
    place[some] = np.arange(len(some))
    for name, sign in (("demand_change", 1.0), ("shedding", -1.0)):
        for at, cols, coef in b.port(name).offers():
            mine = np.flatnonzero(place[at] >= 0)
            b.term(row[place[at[mine]]], cols[mine], sign * coef[mine])


def results(case, columns, values) -> dict[str, Quantity]:
    """Consumption above the load, by bus, where anything responds."""
    port = values.builder.port("demand_change")
    if not any(len(at) for at, _, _ in port.offers()):
        return {}
    text = "consumption above the load by response of demand"
    return {"demand_change": Quantity(("bus", "time"), port.value(values.solution.x), "MW", text, "需求响应", "positive: more")}
