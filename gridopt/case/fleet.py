"""Fleet: what is switched on and off, as plain arrays: thermal units and the generators of table commitment.

Where decisions are modelled (Case.commitment is not 'off') every thermal unit is switched, with the figures of its type and what
table commitment says instead; a generator is switched if it has a row there. Figures in MW are for one unit of a row.

    least m, largest M [MW] while on; cost at m a[t] [CNY/h]; above m segments k of width W[k,t] [MW] and slope s[k,t] [CNY/MWh]
    a start after `lag` hours off line or more, and less than `until`, costs its category's price
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gridopt.case import generators, heat, units
from gridopt.case.segments import Curve, Deep, curve_of, deep_bands

TABLES = ("unit", "generator")
ROUNDING = 1e-9
"""MW, or share of a limit, by which the largest output may lie below the least."""
HOT, WARM, COLD = "start_hot_cny", "start_warm_cny", "start_cold_cny"


@dataclass(frozen=True)
class Starts:
    """Categories of starts, by element and hours off line: of int (Y,), lag and until h (Y,), cost CNY (Y,)."""

    of: np.ndarray
    lag: np.ndarray
    until: np.ndarray
    cost: np.ndarray


@dataclass(frozen=True)
class Fleet:
    """Switched elements n on steps T.

    table text, row int, name text (n,): where an element stands; bus, count int (n,). here: in service in some of the step;
    must_on: must-run, fixed_on: by status profile, too_low: its largest output is below its least,
    so that it cannot be on, must_off bool (n, T). min_up, min_down h; ramp_up, ramp_down MW/min, start_ramp,
    stop_ramp MW, inf where there is none;
    initial_h h: on, or off where negative, NaN: free; initial_mw MW, NaN: any; initial_award: upward reserve beside it MW. stop_cost CNY
    (n,).
    least, most MW (n, T); curve: what it costs to be on and to give more; deep: bands below the normal least output, which `least`
    lies at the bottom of.
    start_notice: minutes from an order to the first output, NaN: not started in real time (n,).
    max_changes: starts and stops in a day of its station (NaN: any), station text; max_starts: in a calendar week; initial_outage: off
    before the first step because of an outage; initial_changes, initial_starts: so many were made that day, that week before it (n,).
    """

    table: np.ndarray
    row: np.ndarray
    name: np.ndarray
    bus: np.ndarray
    count: np.ndarray
    here: np.ndarray
    must_on: np.ndarray
    fixed_on: np.ndarray
    too_low: np.ndarray
    must_off: np.ndarray
    min_up: np.ndarray
    min_down: np.ndarray
    ramp_up: np.ndarray
    ramp_down: np.ndarray
    start_ramp: np.ndarray
    stop_ramp: np.ndarray
    initial_h: np.ndarray
    initial_mw: np.ndarray
    initial_award: np.ndarray
    stop_cost: np.ndarray
    starts: Starts
    station: np.ndarray
    max_changes: np.ndarray
    max_starts: np.ndarray
    initial_outage: np.ndarray
    initial_changes: np.ndarray
    initial_starts: np.ndarray
    start_notice: np.ndarray
    least: np.ndarray
    most: np.ndarray
    curve: Curve
    deep: Deep

    def __len__(self) -> int:
        return len(self.row)

    @property
    def room(self) -> np.ndarray:
        """MW between least and largest output (n, T)."""
        return np.maximum(self.most - self.least, 0.0)


def switched(case, table: str) -> np.ndarray:
    """Whether each row of 'unit' or 'generator' is switched on and off, bool (n,)."""
    frame = case.table(table)
    if case.commitment == "off":
        return np.zeros(len(frame), bool)
    if table == "unit":
        return np.ones(len(frame), bool)
    given = case.table("commitment")
    return frame.index.isin(given.loc[(given["kind"] == table).to_numpy(), "element"])


def labels(fleet: Fleet) -> np.ndarray:
    """What families over elements call them, text (n,)."""
    return np.array([f"{t} {n}" for t, n in zip(fleet.table, fleet.name, strict=True)], object)


def left_on(case, table: str) -> np.ndarray:
    """Rows of 'unit' or 'generator' that are not switched, int (n,)."""
    return np.flatnonzero(~switched(case, table))


def fleet_of(case) -> Fleet:
    """The fleet of a case; empty where nothing is switched."""
    rows = {t: np.flatnonzero(switched(case, t)) for t in TABLES}
    table = np.repeat(np.array(TABLES, object), [len(rows[t]) for t in TABLES])
    row = np.concatenate([rows[t] for t in TABLES])
    frames = [case.table(t).iloc[rows[t]] for t in TABLES]
    name = np.concatenate([f.index.to_numpy(object) for f in frames])
    given = _given(case, table, name)
    here = np.concatenate([case.in_service(t)[rows[t]] for t in TABLES])
    forced = _forced(case, given, rows, here > 0)
    least, most = (np.concatenate(p) for p in zip(_unit_range(case, rows["unit"]), _generator_range(case, rows["generator"]), strict=True))
    too_low = most < least * (1.0 - ROUNDING) - ROUNDING
    deep = _deep(case, rows, least)
    least = deep.lowest(least)
    curve = curve_of(case, rows, least, np.maximum(least, most), deep)
    kind = case.table("unit_type").loc[frames[0]["unit_type"]]
    pad = np.zeros(len(rows["generator"]))
    ramp = np.concatenate([_unit_ramp(case, rows["unit"], kind), generators.ramps(case)[:, rows["generator"]]], axis=1)
    minimum = [_or(given[c], np.append(kind[c].to_numpy(float), pad)) for c in ("min_up_h", "min_down_h")]
    return Fleet(
        table=table, row=row, name=name, bus=np.concatenate([case.position("bus", f["bus"]) for f in frames]),
        count=given["count"].to_numpy(float).astype(int), here=here > 0, must_on=forced[0], fixed_on=forced[1], too_low=too_low,
        must_off=forced[2] | too_low,
        min_up=minimum[0], min_down=minimum[1], ramp_up=ramp[0], ramp_down=ramp[1],
        start_ramp=_or(given["start_ramp_mw"], np.inf), stop_ramp=_or(given["stop_ramp_mw"], np.inf),
        initial_h=given["initial_h"].to_numpy(float), initial_mw=given["initial_mw"].to_numpy(float),
        initial_award=given["initial_award_mw"].to_numpy(float),
        stop_cost=given["stop_cny"].to_numpy(float), starts=_starts(case, table, name, given, kind),
        station=given["station"].to_numpy(object), max_changes=given["max_changes_per_day"].to_numpy(float),
        max_starts=given["max_starts_per_week"].to_numpy(float),
        initial_outage=given["initial_outage"].to_numpy(bool), initial_changes=given["initial_changes"].to_numpy(float),
        initial_starts=given["initial_starts"].to_numpy(float), start_notice=given["start_notice_min"].to_numpy(float),
        least=least, most=most, curve=curve, deep=deep,
    )  # fmt: skip


def _or(column: pd.Series, otherwise) -> np.ndarray:
    """Values of a column, `otherwise` where it is empty."""
    values = column.to_numpy(float)
    return np.where(np.isnan(values), otherwise, values)


def _given(case, table: np.ndarray, name: np.ndarray) -> pd.DataFrame:
    """Rows of table commitment for the elements, defaults where there is none."""
    frame = case.table("commitment")
    given = frame.set_index(["kind", "element"]).reindex(pd.MultiIndex.from_arrays([table, name]))
    plain: dict[str, Any] = {"start_cny": 0.0, "stop_cny": 0.0, "must_run": False, "status_profile": "", "station": "", "count": 1,
             "initial_outage": False, "initial_changes": 0, "initial_starts": 0, "initial_award_mw": 0.0}  # fmt: skip
    filled = {c: np.where(given[c].isna(), value, given[c].to_numpy(object)).astype(type(value)) for c, value in plain.items()}
    return given.assign(**filled)


def _forced(case, given: pd.DataFrame, rows: dict[str, np.ndarray], here: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(must be on by must-run, is on by fixed status, must be off) bool (n, T); what is out of service is off, and a fixed status goes
    before a must-run."""
    status = case.series(given["status_profile"].tolist(), 0.5)
    always = np.repeat(given["must_run"].to_numpy(bool)[:, None], here.shape[1], axis=1)
    always |= np.concatenate([units.must_run(case)[rows["unit"]], heat.must_heat(case, "generator")[rows["generator"]]])
    off, on = ~here | (status <= 0.0), here & (status >= 1.0)
    return (always & ~off) | on, on, off


def _unit_range(case, rows: np.ndarray):
    return tuple(v[rows] for v in units.output_range(case))


def _generator_range(case, rows: np.ndarray):
    return tuple(v[rows] for v in generators.limits(case))


def _deep(case, rows: dict[str, np.ndarray], least: np.ndarray) -> Deep:
    """Bands of both tables."""
    n = len(rows["unit"])
    one, two = (deep_bands(case, t, rows[t], part) for t, part in zip(TABLES, (least[:n], least[n:]), strict=True))
    joined = (np.concatenate([getattr(one, f), getattr(two, f)]) for f in ("begin", "end", "cost", "firing"))
    return Deep(np.append(one.of, n + two.of), *joined)


def _unit_ramp(case, rows: np.ndarray, kind: pd.DataFrame) -> np.ndarray:
    """Ramps up and down MW/min (2, n) of the available capacity."""
    unit = case.table("unit").iloc[rows]
    able = (unit["power_max_mw"] * unit["available_fraction"]).to_numpy(float)
    rate = kind["ramp_fraction_per_min"].to_numpy(float) * able
    return np.array([rate, rate])


def _starts(case, table: np.ndarray, name: np.ndarray, given: pd.DataFrame, kind: pd.DataFrame) -> Starts:
    """Categories from table start_cost, else of the unit type, else one that costs start_cny; start_cny is in all of them."""
    frame, place = case.table("start_cost"), pd.MultiIndex.from_arrays([table, name])
    of = place.get_indexer(pd.MultiIndex.from_arrays([frame["kind"], frame["element"]])) if len(place) else np.full(len(frame), -1)
    lag, cost = (frame[c].to_numpy(float)[of >= 0] for c in ("offline_h", "cost_cny"))
    of = of[of >= 0]
    typed = np.setdiff1d(np.arange(len(kind)), of)
    for column, after in ((HOT, None), (WARM, "warm_after_h"), (COLD, "cold_after_h")):
        of = np.append(of, typed)
        lag = np.append(lag, np.zeros(len(typed)) if after is None else kind[after].to_numpy(float)[typed])
        cost = np.append(cost, kind[column].to_numpy(float)[typed])
    plain = np.setdiff1d(np.arange(len(name)), of)
    of, lag, cost = np.append(of, plain), np.append(lag, np.zeros(len(plain))), np.append(cost, np.zeros(len(plain)))
    order = np.lexsort((lag, of))
    of, lag, cost = of[order], lag[order], cost[order]
    new = np.append(True, (of[1:] != of[:-1]) | (cost[1:] != cost[:-1]))[: len(of)]
    of, lag, cost = of[new], lag[new], cost[new] + given["start_cny"].to_numpy(float)[of[new]]
    until = np.append(np.where(of[1:] == of[:-1], lag[1:], np.inf), np.inf)[: len(of)]
    return Starts(of, lag, until, cost)
