"""A market case written by hand, YAML or JSON: one or few periods, demand, units with their offers, lines where there are some.

    periods: 3                      # 1 if left out
    period_h: 1                     # hours of a period
    demand_mw: [220, 320, 440]      # one bus; with a network: buses: [{id: a, load_mw: 150}, {id: b}]
    generators:
      - {id: A, p_max: 300, marginal_cost: 280}
      - {id: B, p_min: 60, p_max: 160, marginal_cost: 250, no_load_cost: 4000, startup_cost: 2000, ramp_mw_per_h: 60,
         start_ramp_mw: 60, initially_on: false}
      - {id: C, p_max: 260, blocks: [[200, 50], [30, 53], [30, 56]]}      # MW and price of each block
    lines: [{id: ab, from: a, to: b, limit_mw: 100, x_pu: 0.1}]
    bids: [{id: d, bus: a, blocks: [[50, 400]]}]                           # demand that buys up to its price
    pricing: {zonal_avg: {weights: load}}                                  # parameters of pricing rules, as in a study
    market: {rule: ip, real_time: {intervals: 2}}                          # how it is cleared as a market, as in a study

A unit is switched on and off if it has a cost of being on, of a start or a stop, a limit of its output at one of them, a minimum time, a
status before the first period, or must_run; others are always in service. Blocks and curves reach p_max.
Costs are per hour (no_load_cost, c0), per MWh, and per start; a curve is [[MW, cost per hour], ...].
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gridopt.case.case_rows import CaseRows, totals
from gridopt.case.check import CaseError
from gridopt.case.complete import complete
from gridopt.case.imported import Imported, ImportReport
from gridopt.case.json_file import Record, read_object, text_of
from gridopt.case.market_bids import KEYS as BIDDING
from gridopt.case.market_bids import add_bids, study_of
from gridopt.case.market_contracts import KEYS as SETTLED
from gridopt.case.market_contracts import add_settled
from gridopt.case.market_links import add_links
from gridopt.case.market_trade import add_trade
from gridopt.case.time import TimeGrid

TOP = {"name", "title", "tag", "source", "conventions", "note", "currency", "base_mva", "periods", "period_h", "demand_mw", "buses", "lines",
       "generators", "bids", "value_of_lost_load", "spinning_reserve_fraction", "spinning_reserve_mw", "trade", "dc_links", "pricing",
       "market", *SETTLED, *BIDDING}  # fmt: skip
SWITCHED = ("no_load_cost", "startup_cost", "hot_start_cost", "cold_start_cost", "min_up", "min_down", "initially_on", "initial_status_h",
            "start_notice_min", "must_run", "shutdown_cost", "start_ramp_mw", "stop_ramp_mw", "cold_start_hours")
GENERATOR = {"id", "bus", "p_min", "p_max", "marginal_cost", "cost", "blocks", "curve", "ramp_mw_per_h", "ramp_down_mw_per_h",
             "initial_mw", "technology", *SWITCHED}  # fmt: skip
LINE = {"id", "frm", "from", "to", "r_pu", "x_pu", "limit_mw"}
BID = {"id", "bus", "blocks"}
SAME = 1e-6
"""MW by which the ends of blocks or a curve may miss the limits of output."""
START, ONE_BUS, LONG_H, BASE_MVA, RESERVE = "2025-01-01T00:00", "bus", 8760.0, 100.0, "spinning reserve"


def read(path: Path, branch_model: str) -> Imported:
    """Tables, periods and series of the case. Raises CaseError with every fault."""
    file = read_object(path) if path.suffix.lower() == ".json" else _yaml(path)
    file.only(TOP)
    time = _time(file)
    rows, changes = CaseRows(time), [f"The case has no dates: its periods follow each other from {START.replace('T', ' ')}."]
    _buses(file, rows)
    for line in file.listed("lines", "line"):
        _line(line, file, rows)
    units = file.listed("generators", "generator")
    always: list[str] = []
    for unit in units:
        _generator(unit, rows, always)
    if always:
        changes.append(
            f"Generators that are always on at their p_min or above, as nothing says that they are switched: {', '.join(always)}. "
            "Write must_run: false or startup_cost: 0 for those that may be off."
        )
    for bid in file.listed("bids", "bid"):
        _bid(bid, rows)
    _reserve(file, units, rows)
    add_bids(file, rows)
    add_settled(file, rows)
    add_trade(file, rows)
    add_links(file, rows)
    price = file.number("value_of_lost_load", 10000.0)
    if price <= 0:
        file.fault("value_of_lost_load", price, "must be above 0", "Give what a MWh that is not served costs, or leave it out for 10000.")
    rows.add("shedding_tier", tier="all", share=1.0, cost_cny_per_mwh=price)
    market = study_of(file)
    if file.faults:
        raise CaseError(file.faults)
    tables = complete(rows.frames(), lambda name: f"{path.name} as table {name}")
    kept = {name: len(table) for name, table in tables.items() if len(table)}
    found = {"period": len(time), "generator": len(units), "line": len(tables["ac_branch"]), "bus": len(tables["bus"])}
    report = ImportReport(f"market case {path.name}", found, kept, totals(tables, rows.source(), time), changes)
    study = ({"pricing": dict(file.record("pricing").entries)} if "pricing" in file else {}) | market
    return Imported(tables, time, rows.source(), file.text("currency", "CNY"), report, study)


def _yaml(path: Path) -> Record:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        value = YAML(typ="safe", pure=True).load(text_of(path))
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", row {mark.line + 1}" if mark else ""
        raise CaseError([f"{path.name}{where}: is not YAML ({getattr(error, 'problem', error)}). Correct the file."]) from None
    if not isinstance(value, dict):
        raise CaseError([f"{path.name}: holds no keys. A market case needs at least: demand_mw and generators."])
    return Record({str(k): v for k, v in value.items()}, path.name, [])


def _time(file: Record) -> TimeGrid:
    count, length = int(file.number("periods", 1.0, 1.0, 1e5)), file.number("period_h", 1.0, 1.0 / 60.0, 24.0)
    if file.faults:
        raise CaseError(file.faults)
    start = np.datetime64(START, "s") + (np.arange(count) * length * 3600.0).round().astype("timedelta64[s]")
    return TimeGrid(start, np.full(count, length))


def _place(record: Record, rows: CaseRows) -> str:
    return record.name("bus") if "bus" in record else rows.names("bus")[0] if rows.count("bus") == 1 else record.name("bus")


def _buses(file: Record, rows: CaseRows) -> None:
    steps = len(rows.time)
    buses = file.listed("buses", "bus")
    for bus in buses:
        bus.only({"id", "load_mw", "zone"})
        name = bus.name()
        rows.add("bus", bus=name, voltage_kv=330.0, zone=bus.text("zone", ""))
        _load(name, bus.series("load_mw", steps, 0.0, 0.0), rows)
    if not buses:
        rows.add("bus", bus=ONE_BUS, voltage_kv=330.0)
        _load(ONE_BUS, file.series("demand_mw", steps, least=0.0), rows)
    elif "demand_mw" in file:
        file.fault("demand_mw", "demand", "stands beside buses, each with a load_mw of its own", "Keep one of the two.")


def _load(bus: str, demand: np.ndarray, rows: CaseRows) -> None:
    if np.isfinite(demand).all() and demand.any():
        mean, profile = rows.figure(f"load {bus}", demand)
        rows.add("load", load=f"load {bus}", bus=bus, mean_mw=mean, profile=profile)


def _line(line: Record, file: Record, rows: CaseRows) -> None:
    line.only(LINE)
    limit = line.number("limit_mw", None, 0.0)
    rows.add(
        "ac_branch", ac_branch=line.name(), from_bus=line.name("from" if "from" in line else "frm"), to_bus=line.name("to"),
        resistance_pu=line.number("r_pu", 0.0, 0.0), reactance_pu=line.number("x_pu", 0.1),
        base_mva=file.number("base_mva", BASE_MVA, 1e-3), rating_mw=limit,
    )  # fmt: skip


def _generator(unit: Record, rows: CaseRows, always: list[str]) -> None:
    """Rows of a generator; its name goes to `always` where it is on in every period with a least output."""
    unit.only(GENERATOR)
    name, steps = unit.name(), len(rows.time)
    low, high = unit.series("p_min", steps, 0.0), unit.series("p_max", steps)
    if (low > high).any():
        unit.fault("p_min", float(low.max()), f"is above p_max, {float(high.min()):g}", "Swap or correct them.")
    most = float(np.nanmax(np.abs(high), initial=0.0))
    cells: dict[str, Any] = {}
    for column, key in (("ramp_fraction_per_min", "ramp_mw_per_h"), ("ramp_down_fraction_per_min", "ramp_down_mw_per_h")):
        limit = unit.number(key, None, 0.0)
        cells[column] = limit / 60.0 / most if limit is not None and most > 0 else None
    rows.add(
        "generator", generator=name, bus=_place(unit, rows), technology=unit.text("technology", "thermal"),
        initial_mw=unit.number("initial_mw", None, 0.0), **rows.limits(name, low, high), **cells,
        **_costs(name, unit, float(low.min()), float(high.max()), rows),
    )  # fmt: skip
    if any(key in unit for key in SWITCHED):
        _switched(name, unit, rows)
    elif (low > 0).any():
        always.append(name)


def _costs(name: str, unit: Record, least: float, most: float, rows: CaseRows) -> dict[str, float]:
    """Cells of table generator; blocks and curves become points, which reach from `least` to `most` MW at least. Blocks of a unit with a
    least output begin at 0 MW."""
    given = [key for key in ("marginal_cost", "cost", "blocks", "curve") if key in unit]
    if len(given) != 1:
        rule = f"are given ({', '.join(given)})" if given else "are missing"
        unit.faults.append(f"{unit.place}: costs {rule}. Give one of marginal_cost, cost, blocks, curve.")
        return {}
    on = unit.number("no_load_cost", 0.0)
    if given[0] == "marginal_cost":
        return {"cost_cny_per_h": on, "cost_cny_per_mwh": unit.number("marginal_cost")}
    if given[0] == "cost":
        cost = unit.record("cost")
        cost.only({"type", "c0", "c1", "c2"})
        cells = {"cost_cny_per_h": on + cost.number("c0", 0.0), "cost_cny_per_mwh": cost.number("c1", 0.0)}
        return cells | {"cost_quadratic_cny_per_mw2h": cost.number("c2", 0.0, 0.0)}
    before = len(unit.faults)
    points = _pairs(unit, given[0])
    if len(unit.faults) > before:
        return {}
    if given[0] == "blocks":
        power = np.append(0.0, np.cumsum(points[:, 0]))
        points = np.column_stack([power, np.append(0.0, np.cumsum(points[:, 0] * points[:, 1]))])
    first, last = points[:, 0].min(), points[:, 0].max()
    if first > least + SAME or last < most - SAME:
        rule = f"must reach from {least:g} to {most:g} MW, the limits of output"
        unit.fault(given[0], f"{first:g} to {last:g} MW", rule, "Correct them, or p_min and p_max.")
    for power, cost in points:
        rows.add("cost_point", generator=name, power_mw=float(power), cost_cny_per_h=float(cost))
    return {"cost_cny_per_h": on}


def _pairs(record: Record, key: str) -> np.ndarray:
    """A list of pairs of numbers (n, 2)."""
    value = record.get(key, [])
    good = isinstance(value, list) and value and all(isinstance(v, list) and len(v) == 2 for v in value)
    if not good or not all(isinstance(n, int | float) and np.isfinite(n) for v in value for n in v):
        record.fault(key, value, "is not a list of pairs of numbers, such as [[200, 50], [60, 53]]", "Correct it.")
        return np.zeros((1, 2))
    return np.array(value, float)


def _switched(name: str, unit: Record, rows: CaseRows) -> None:
    hot, cold = unit.number("hot_start_cost", 0.0, 0.0), unit.number("cold_start_cost", None, 0.0)
    for key in ("hot_start_cost", "cold_start_hours") if cold is None else ("startup_cost",):
        if key in unit:
            rule = "has no use without cold_start_cost" if cold is None else "stands beside cold_start_cost"
            unit.fault(key, unit.get(key, None), rule, "Give startup_cost alone, or hot_start_cost, cold_start_cost and cold_start_hours.")
    if cold is not None and "hot_start_cost" not in unit:
        rule = "stands without hot_start_cost: a start that is not cold would cost nothing"
        unit.fault("cold_start_cost", cold, rule, "Give hot_start_cost as well, 0 if such starts are free.")
    down = unit.number("min_down", 0.0, 0.0)
    if cold is not None:
        rows.add("start_cost", kind="generator", element=name, offline_h=0.0, cost_cny=hot)
        # Cold after more than so many hours; whole periods are off line, so from one period more.
        later = down + unit.number("cold_start_hours", 0.0, 0.0) + float(rows.time.hours[0])
        rows.add("start_cost", kind="generator", element=name, offline_h=later, cost_cny=cold)
    before = unit.number("initial_status_h", None)
    if before is None and "initially_on" in unit:
        before = LONG_H if unit.flag("initially_on", False) else -LONG_H
    rows.add(
        "commitment", kind="generator", element=name, min_up_h=unit.number("min_up", 0.0, 0.0), min_down_h=down,
        start_ramp_mw=unit.number("start_ramp_mw", None, 0.0), stop_ramp_mw=unit.number("stop_ramp_mw", None, 0.0),
        start_cny=unit.number("startup_cost", 0.0), stop_cny=unit.number("shutdown_cost", 0.0), initial_h=before,
        initial_mw=unit.number("initial_mw", None, 0.0), start_notice_min=unit.number("start_notice_min", None, 0.0),
        must_run="true" if unit.flag("must_run", False) else "false",
    )  # fmt: skip


def _reserve(file: Record, units: list[Record], rows: CaseRows) -> None:
    """Spinning reserve of all generators that are on: a number of MW and a share of the demand."""
    share, power = (file.number(f"spinning_reserve_{n}", 0.0, 0.0) for n in ("fraction", "mw"))
    if share or power:
        rows.add("reserve", reserve=RESERVE, product="spinning_up", load_share=share, requirement_mw=power)
        for unit in units:
            rows.add("reserve_offer", reserve=RESERVE, kind="generator", element=unit.name())


def _bid(bid: Record, rows: CaseRows) -> None:
    """Demand that buys: consumption down to the negative of its blocks, dearest first."""
    bid.only(BID)
    name = rows.free("generator", bid.name(), "bid")
    points = _pairs(bid, "blocks")
    if (np.diff(points[:, 1]) > 0).any():
        bid.fault("blocks", points[:, 1].tolist(), "rise in price: a bid falls as it grows", "Sort them.")
        return
    power = np.append(0.0, np.cumsum(points[:, 0]))
    value = np.append(0.0, np.cumsum(points[:, 0] * points[:, 1]))
    for p, v in zip(-power[::-1], -value[::-1], strict=True):
        rows.add("cost_point", generator=name, power_mw=float(p), cost_cny_per_h=float(v))
    kind = "price-sensitive load"
    rows.add("generator", generator=name, bus=_place(bid, rows), technology=kind, power_min_mw=-float(power[-1]), power_max_mw=0.0)
