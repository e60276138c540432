"""Interruptible load: what may be switched off under contract, for so many hours.

Sets        i contract on one load, t step of length h[t] hours, day, season of a calendar year
Data        power P [MW], load D[i,t], block B [MW], price c [CNY/MWh], hours per day and per season H [h], those already called
Columns     interruptible.called x [MW];  with decisions interruptible.on u [1], interruptible.blocks k [1] of those in blocks (whole)

    0 <= x <= min(P, D) in its season and after the notice, else 0        (N1)
    sooner than that no more than notice was given of before the first step (table interruptible_notice)
    x <= P u                                                              (N2)  interruptible.on
    x = B k                                                               (N3)  interruptible.blocks
    sum of h u over a day, over a season <= H                             (N4)  interruptible.day, interruptible.season

Cost        interruptible.payment = c h x
Ports       injection: x at the load's bus;  demand_change: -x
Assumes     without decisions x / P stands for u in (N4): so much energy may be called in all; no blocks
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.demands import HOUR, bus_of, load_of, noticed
from gridopt.program.labels import Quantity


class Columns(NamedTuple):
    """called (n, T); on (n, T), empty without decisions; blocked int (q,): those in blocks, blocks (q, T)."""

    called: np.ndarray
    on: np.ndarray
    blocked: np.ndarray
    blocks: np.ndarray


def declare(case, b):
    """Columns of (N1) to (N3), cost and injections."""
    table, time, exact = case.table("interruptible"), case.time, case.commitment == "exact"
    season = np.where((table["season"] == "").to_numpy()[:, None], 1.0, case.in_season(table["season"]))
    late = (time.start - time.start[:1]) / HOUR >= table["notice_h"].to_numpy(float)[:, None] - 1e-9
    most = np.minimum(table["power_max_mw"].to_numpy(float)[:, None], load_of(case, "interruptible")) * season
    most = np.where(late, most, np.minimum(most, noticed(case)))
    over = {"interruptible": table.index, "time": time.index}
    called = b.columns("interruptible.called", unit="MW", over=over, upper=most)
    if len(table):
        b.cost("interruptible.payment", called, table["cost_cny_per_mwh"].to_numpy(float)[:, None] * time.hours)
    bus = bus_of(case, "interruptible")
    b.port("injection").add(bus, called)
    b.port("demand_change", len(case.table("bus"))).add(bus, called, -1.0)
    decided = np.arange(len(table)) if case.commitment != "off" else np.zeros(0, int)
    on = b.columns("interruptible.on", unit="1", over={"interruptible": table.index[decided], "time": time.index},
                   upper=(most > 0)[decided], integer=exact)  # fmt: skip
    size = table["block_mw"].to_numpy(float)
    blocked = decided[~np.isnan(size[decided])]
    count = np.floor(most[blocked] / size[blocked, None] + 1e-9)
    over = {"interruptible": table.index[blocked], "time": time.index}
    blocks = b.columns("interruptible.blocks", unit="1", over=over, upper=count, integer=exact)
    return Columns(called, on, blocked, blocks)


def constrain(case, b, columns):
    """Rows (N2) to (N4)."""
    table, time = case.table("interruptible"), case.time
    if not len(table):
        return
    over = {"interruptible": table.index[: len(columns.on)], "time": time.index}
    power = table["power_max_mw"].to_numpy(float)[:, None]
    row = b.rows("interruptible.on", unit="MW", over=over, upper=0.0)
    b.term(row, columns.called[: len(columns.on)])
    b.term(row, columns.on, -power[: len(columns.on)])
    some = columns.blocked
    row = b.rows("interruptible.blocks", unit="MW", over={"interruptible": table.index[some], "time": time.index}, equal=0.0)
    b.term(row, columns.called[some])
    b.term(row, columns.blocks, -table["block_mw"].to_numpy(float)[some, None])
    used, per = (columns.on, np.ones_like(power)) if len(columns.on) else (columns.called, 1.0 / np.where(power > 0, power, 1.0))
    years = np.unique(time.year)
    season = np.full((len(table), len(years)), np.nan)
    season[:] = table["hours_per_season"].to_numpy(float)[:, None]
    season[:, 0] = np.maximum(season[:, 0] - table["called_h"].to_numpy(float), 0.0)
    days, of_day = np.unique(time.start.astype("datetime64[D]"), return_inverse=True)
    day = np.repeat(table["hours_per_day"].to_numpy(float)[:, None], len(days), axis=1)
    for name, labels, of, most in (("day", days, of_day, day), ("season", years, np.searchsorted(years, time.year), season)):
        some = np.flatnonzero(~np.isnan(most[:, -1]))
        row = b.rows(f"interruptible.{name}", unit="h", over={"interruptible": table.index[some], name: labels}, upper=most[some])
        b.term(row[:, of], used[some], per[some] * time.hours)


def results(case, columns, values) -> dict[str, Quantity]:
    """Power interrupted by contract."""
    if not len(columns.called):
        return {}
    text = "load interrupted under contract"
    found = Quantity(("interruptible", "time"), values["interruptible.called"], "MW", text, "可中断负荷", "positive: not consumed")
    return {"interruptible_called": found}
