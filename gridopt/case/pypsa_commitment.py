"""Committable generators of a PyPSA network as tables commitment, besides their rows of table generator.

    on: output in [p_min_pu, p_max_pu] p_nom, stand_by_cost; start_up_cost and shut_down_cost; minimum times in snapshots;
    ramps between snapshots, in the snapshot of a start and in that before a stop                                                      (Y9)
    before the first snapshot: off where down_time_before is not 0, else on where up_time_before (1 unless given) is not 0; p_init     (Y10)

Equations: https://docs.pypsa.org/latest/user-guide/optimization/unit-commitment/
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.case.pypsa_source import Component

LONG_AGO_H = 8760.0
"""Hours for which a unit that was off before the first snapshot was off, where the network does not say."""
TIMES = ("min_up_time", "min_down_time", "up_time_before", "down_time_before")


def commitment(unit: Component, hours: float | None, changes: list[str]) -> pd.DataFrame:
    """Rows of table commitment. `hours`: length of every snapshot, None where they differ; faults go to the component."""
    some = unit.flag("committable")
    if not some.any():
        return pd.DataFrame()
    _refuse(unit, some, hours)
    step, nominal = hours or 1.0, unit.number("p_nom")
    time = {key: unit.number(key) for key in TIMES}
    off = time["down_time_before"] > 0
    both = some & off & (time["up_time_before"] > 0)
    if both.any():
        what = "Committable generators with down_time_before, whose up_time_before (1 unless given) is not 0, taken as off before"
        changes.append(f"{what}, as new versions of PyPSA do; older ones have them on before: {int(both.sum())}.")
    on = ~off & (time["up_time_before"] > 0)
    before = np.where(on, time["up_time_before"] * step, np.where(off, -time["down_time_before"] * step, -LONG_AGO_H))
    initial = np.where(on, unit.number("p_init"), 0.0)
    frame = pd.DataFrame(
        {
            "kind": "generator",
            "element": unit.names,
            "min_up_h": time["min_up_time"] * step,
            "min_down_h": time["min_down_time"] * step,
            "start_ramp_mw": unit.number("ramp_limit_start_up") * nominal,
            "stop_ramp_mw": unit.number("ramp_limit_shut_down") * nominal,
            "start_cny": unit.number("start_up_cost"),
            "stop_cny": unit.number("shut_down_cost"),
            "initial_h": before,
            "initial_mw": initial,
        }
    )
    return frame[some].reset_index(drop=True)


def _refuse(unit: Component, some: np.ndarray, hours: float | None) -> None:
    """What counts in snapshots needs snapshots of one length; what else the tables cannot say."""
    for key in TIMES:
        value = unit.number(key)
        unit.some(some & ((value < 0) | (value != np.round(value))), key, "is not a number of snapshots", "Give a whole number.")
        if hours is None and key.startswith("min"):
            rule = "counts snapshots in PyPSA, but the snapshots are not of one length"
            unit.some(some & (value > 1), key, rule, "Give snapshots of one length or leave it out.")
    for key in ("ramp_limit_start_up", "ramp_limit_shut_down"):
        unit.some(some & (unit.number(key) < 0), key, "must be at least 0", "Give a share of p_nom.")
    module = unit.number("p_nom_mod")
    rule = "makes it several modules, each of them on or off, which is not modelled"
    unit.some(some & (module > 0) & (module != unit.number("p_nom")), "p_nom_mod", rule, "Give each module a generator of its own.")
    unit.some(some & (unit.number("sign") != 1), "sign", "is not 1 for a committable generator", "Set it to 1.")
    fixed = np.isfinite(unit.number("p_set")) | np.isin(np.arange(len(unit)), list(unit.varying("p_set")))
    unit.some(some & fixed, "p_set", "fixes the output of a committable generator", "Set committable to False.")
    low = unit.extremes("p_min_pu")[0]
    unit.some(some & (low < 0), "p_min_pu", "is below 0 for a committable generator", "Set it to 0 or more.")
