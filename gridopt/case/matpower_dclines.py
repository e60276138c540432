"""DC lines of a MATPOWER case (mpc.dcline, mpc.dclinecost) as table dc_link, as PowerModels has them in its optimal power flow:

    PMIN <= p <= PMAX leaves fbus, (1 - loss1) p - loss0 reaches tbus, the cost is that of p;
    without losses a p below 0 is a second link, back, with the opposite cost                                                          (M6)

Layout: https://matpower.org/docs/ref/matpower7.1/lib/idx_dcline.html; PowerModels.jl src/io/matpower.jl, src/form/shared.jl.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from gridopt.case.matpower_text import CaseText
from gridopt.case.ppc_arrays import COST, Alive, Ppc
from gridopt.case.ppc_check import LARGEST
from gridopt.case.ppc_costs import PIECEWISE, POLYNOMIAL


class Columns(NamedTuple):
    from_bus: int = 0
    to_bus: int = 1
    status: int = 2
    least: int = 9
    most: int = 10
    loss_fixed: int = 15
    loss_share: int = 16


LINE = Columns()


def dc_links(case: CaseText, ppc: Ppc, here: Alive, file: str) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Rows of dc_link (M6), sentences, faults."""
    matrix = case.matrices.get("dcline")
    if matrix is None or not len(matrix.values):
        return pd.DataFrame(), [], []
    lines, rows, faults = matrix.values, [], list[str]()
    if lines.shape[1] <= LINE.loss_share:
        rule = f"matrix dcline has {lines.shape[1]} columns, must have 17 and more"
        return pd.DataFrame(), [], [f"{file}, line {case.lines['dcline']}: {rule}. Is a column missing?"]
    cost, wrong = _costs(case, len(lines), file)
    faults += wrong
    ends = ppc.at(lines[:, LINE.from_bus]), ppc.at(lines[:, LINE.to_bus])
    active = (lines[:, LINE.status] > 0) & (ends[0] >= 0) & (ends[1] >= 0) & here.bus[ends[0]] & here.bus[ends[1]]
    for k, line in enumerate(lines):
        where = f"{file}, line {matrix.line[k]} (dcline {k + 1})"
        for column, name in ((LINE.from_bus, "fbus"), (LINE.to_bus, "tbus")):
            if ends[column][k] < 0:
                faults.append(f"{where}, column {name}: '{line[column]:g}' is not the number of a bus. Correct it or add the bus.")
        if not active[k]:
            continue
        fault = _fault(where, line)
        if fault:
            faults.append(fault)
            continue
        start, end = (ppc.bus_id[e[k]] for e in ends)
        least, most, fixed, share = (float(line[c]) for c in (LINE.least, LINE.most, LINE.loss_fixed, LINE.loss_share))
        name = f"dcline {k + 1}"
        if most > 0 or least >= 0:
            loss = {"loss_no_load_fraction": fixed / most if most else 0.0, "loss_linear_fraction": share}
            rows.append(_link(name, start, end, max(least, 0.0), most, cost[k]) | loss)
        if least < 0:
            rows.append(_link(f"{name} (reverse)", end, start, max(-most, 0.0), -least, -cost[k]))
    said = [f"Left out as out of service: DC lines, {(~active).sum()}."] if not active.all() else []
    both = int((active & (lines[:, LINE.least] < 0)).sum())
    said += [f"DC lines that may send backwards have a dc_link '<name> (reverse)' for it: {both}."] if both else []
    return pd.DataFrame(rows), said, faults


def _link(name: str, start: str, end: str, least: float, most: float, cost: float) -> dict[str, object]:
    return {"dc_link": name, "from_bus": start, "to_bus": end, "power_min_mw": least, "power_max_mw": most, "cost_cny_per_mwh": cost,
            "loss_no_load_fraction": 0.0, "loss_linear_fraction": 0.0}  # fmt: skip


def _fault(where: str, line: np.ndarray) -> str:
    """What keeps a line in service from being a link, '' where nothing does."""
    least, most, fixed, share = (line[c] for c in (LINE.least, LINE.most, LINE.loss_fixed, LINE.loss_share))
    if not (np.abs([least, most, fixed, share]) <= LARGEST).all():
        rule = f"must be numbers within +-{LARGEST:g}"
        return f"{where}: PMIN '{least:g}', PMAX '{most:g}', LOSS0 '{fixed:g}' and LOSS1 '{share:g}' {rule}. Correct them."
    if least > most:
        return f"{where}, column PMIN: '{least:g}' is larger than PMAX '{most:g}'. Swap or correct them."
    if fixed < 0 or not 0 <= share < 1:
        return f"{where}: LOSS0 '{fixed:g}' must be at least 0 MW and LOSS1 '{share:g}' from 0 to below 1. Correct them."
    if least < 0 and (fixed or share):
        rule = "lets a line with losses send backwards, where PowerModels turns them into gains"
        return f"{where}, column PMIN: '{least:g}' {rule}. Set it to 0 and add a second line, back, or set LOSS0 and LOSS1 to 0."
    return ""


def _costs(case: CaseText, count: int, file: str) -> tuple[np.ndarray, list[str]]:
    """Cost per MW of each line (count,), 0 without mpc.dclinecost; faults for costs that are not so much per MW."""
    found, matrix = np.zeros(count), case.matrices.get("dclinecost")
    if matrix is None or not len(matrix.values):
        return found, []
    if len(matrix.values) < count:
        rule = f"mpc.dclinecost has {len(matrix.values)} rows for {count} DC lines"
        return found, [f"{file}, line {case.lines['dclinecost']}: {rule}. Give one row per line."]
    faults = []
    for k, row in enumerate(matrix.values[:count]):
        usable = len(row) > COST.first and bool((np.abs(row) <= LARGEST).all())
        size = int(row[COST.size]) if usable and row[COST.size] > 0 else 0
        values = row[COST.first : COST.first + size * (1 if row[COST.model] == POLYNOMIAL else 2)]
        if row[COST.model] == POLYNOMIAL and 0 < size == len(values) and not values[:-2].any() and not values[-1:].any():
            found[k] = values[-2] if size > 1 else 0.0
        elif row[COST.model] == PIECEWISE and size == 2 and len(values) == 4 and values[2] > values[0]:
            found[k] = (values[3] - values[1]) / (values[2] - values[0])
        else:
            cure = "Give a polynomial of two coefficients whose constant is 0"
            faults.append(f"{file}, line {matrix.line[k]} (dclinecost {k + 1}): is no cost of so much per MW. {cure}.")
    return found, faults
