"""Certificate, ramping: changes of output by table ramping.

    -60 D m <= output[t] - output[t-1] <= 60 U m,  m the hours between the middles of two steps, the first step's length before it
                                                                                                                  ramping.limit

Cost: what a rise and a fall cost, MW by MW. Entering or leaving service is no change, nor is the first step where nobody knows the
output before it.
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate_check import POWER, RELATIVE, Check, Evidence

OUTPUT = {"unit": "unit_output", "generator": "generator_output", "renewable": "renewable_output", "csp": "csp_output",
          "reservoir": "hydro_output"}  # fmt: skip


def changes(e: Evidence) -> np.ndarray:
    """Change of output of each row of table ramping MW (n, T); 0 where it is none."""
    case, table = e.case, e.case.table("ramping")
    found = np.zeros((len(table), len(case.time)))
    for i, (kind, element, before) in enumerate(zip(table["kind"], table["element"], table["initial_mw"], strict=True)):
        n = case.table(kind).index.get_loc(element)
        output = e[OUTPUT[kind]][n] if kind in OUTPUT else e["storage_discharge"][n] - e["storage_charge"][n]
        share = case.in_service(kind)[n]
        found[i, 1:] = np.where(share[1:] == share[:-1], output[1:] - output[:-1], 0.0)
        found[i, 0] = output[0] - before if before == before and share[0] > 0 else 0.0
    return found


def check_ramping(e: Evidence) -> list[Check]:
    """The check named at the head of this file; none without rows."""
    table, hours = e.case.table("ramping"), e.case.time.hours
    if not len(table):
        return []
    between = np.append(hours[0], 0.5 * (hours[1:] + hours[:-1]))
    up, down = (np.where(np.isnan(v), np.inf, v) for v in (e.number("ramping", "up_mw_per_min"), e.number("ramping", "down_mw_per_min")))
    moved = changes(e)
    excess = np.maximum(moved - 60.0 * up * between, -moved - 60.0 * down * between)
    return [e.judge("ramping.limit", "MW", excess, POWER + RELATIVE * np.abs(moved), table["element"].to_numpy(object))]


def ramping_cost(e: Evidence) -> dict[str, np.ndarray]:
    """CNY/h (n, T)."""
    moved = changes(e)
    cost = e.number("ramping", "up_cost_cny_per_mw") * np.maximum(moved, 0.0)
    cost += e.number("ramping", "down_cost_cny_per_mw") * np.maximum(-moved, 0.0)
    return {"ramping": cost / e.case.time.hours}
