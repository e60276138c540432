"""Bids in place of costs: from a case by costs to the case that the market clears.

    unit, generator     cost of output p = integral of the curve of the day from 0 to p; a unit that bids becomes a generator of the same
                        name with the limits, times, ramps, starts and reserves that it had                                              (O1)
    renewable           one plant per price: available of it = what lies of the forecast between the ends of its segments   (O2)
    storage             pays its price to sell per MWh discharged, gets its price to buy per MWh charged                    (O3)
    load                buys by segments of the hour instead of its forecast; reserves still follow the forecast            (O4)

Rows with a day hold on it in place of those without; what one curve is the whole period through has no series. An element without rows
keeps its costs: that is its default bid. What bids is charged no cost of carbon besides: it is in its price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from gridopt.case import units
from gridopt.case.case import Case
from gridopt.case.check import CaseError
from gridopt.case.fleet import Fleet
from gridopt.case.series import GivenSeries, Layered
from gridopt.case.tables import TABLES
from gridopt.case.tables_bids import BUY, SELL

FREE = 0.5
"""Value of a status profile that leaves a unit free."""
FUEL = ("fuel_budget", "fuel_stock", "emission_cap")
"""Tables that limit what units burn, which generators do not."""
CLOSE = 1e-9
"""MW by which ends of segments may differ and be one."""
Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Offer:
    """width MW, price CNY/MWh of the segments of each curve, from 0 MW on; of int (T,): the curve of each step."""

    width: list[np.ndarray]
    price: list[np.ndarray]
    of: np.ndarray

    @classmethod
    def read(cls, case: Case, rows: pd.DataFrame) -> Offer:
        """The offer of one element and side."""
        parts, of = by_day(case, rows)
        parts = [part.sort_values("segment") for part in parts]
        width, price = ([part[c].to_numpy(float) for part in parts] for c in ("power_mw", "price_cny_per_mwh"))
        same = [k for k in range(len(parts)) if not any(_alike(width, price, j, k) for j in range(k))]
        first = np.array([next(i for i, j in enumerate(same) if _alike(width, price, j, k)) for k in range(len(parts))], int)
        return cls([width[k] for k in same], [price[k] for k in same], first[of])

    @property
    def total(self) -> np.ndarray:
        """MW offered (T,)."""
        return np.array([w.sum() for w in self.width])[self.of]

    def points(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Outputs MW at the ends of all segments (n+1,), cost there CNY/h (n+1,), and what the segments cost beyond that, CNY/MWh (n, T), with
        no rows where one curve says all."""
        if len(self.width) == 1:
            ends = np.append(0.0, np.cumsum(self.width[0]))
            return ends, np.append(0.0, np.cumsum(self.width[0] * self.price[0])), np.zeros((0, len(self.of)))
        cuts = np.sort(np.concatenate([np.append(0.0, np.cumsum(w)) for w in self.width]))
        ends = cuts[np.append(True, np.diff(cuts) > CLOSE)]
        middle = 0.5 * (ends[1:] + ends[:-1])
        price = [p[np.minimum(np.searchsorted(np.cumsum(w), middle), len(p) - 1)] for w, p in zip(self.width, self.price, strict=True)]
        return ends, np.zeros(len(ends)), np.array(price).T[:, self.of]


def by_day(case: Case, rows: pd.DataFrame) -> tuple[list[pd.DataFrame], np.ndarray]:
    """Rows of bids of one element that hold on the same days, and which of them hold in each step, -1: none, int (T,)."""
    day, known = case.time.start.astype("datetime64[D]"), rows["day"].to_numpy("datetime64[D]")
    days = np.unique(known[~np.isnat(known)])
    parts = [rows[np.isnat(known)], *(rows[known == d] for d in days)]
    own = np.isin(day, days)
    of = np.where(own, np.searchsorted(days, day) + 1, 0 if len(parts[0]) else -1)
    used = np.unique(of[of >= 0])
    return [parts[k] for k in used], np.where(of < 0, -1, np.searchsorted(used, of))


def _alike(width: list[np.ndarray], price: list[np.ndarray], j: int, k: int) -> bool:
    return np.array_equal(width[j], width[k]) and np.array_equal(price[j], price[k])


class Change:
    """Tables and series of a case while bids are laid in."""

    def __init__(self, case: Case):
        self.case, self.tables = case, dict(case.tables)
        self.series: dict[str, np.ndarray] = {}

    def profile(self, name: str, values: np.ndarray) -> str:
        """A series over the steps of the case (T,), by a name of its own."""
        self.series[f"bid: {name}"] = values
        return f"bid: {name}"

    def done(self) -> Case:
        """The case with everything that was laid in."""
        source = Layered(self.case.source, GivenSeries(self.case.time, self.series))
        return replace(self.case, tables=self.tables, source=source, loss_points=None)


def with_offers(case: Case) -> Case:
    """The case with the offers of table bid (O1) to (O3). Raises CaseError where a rule of the case cannot be kept with bids."""
    bids = case.table("bid")
    if not len(bids):
        return case
    change = Change(case)
    curves = {key: Offer.read(case, rows) for key, rows in bids.groupby(["kind", "element", "side"], sort=False)}
    sold = {kind: {e: c for (k, e, side), c in curves.items() if k == kind and side == SELL} for kind in ("unit", "generator", "renewable")}
    _check(case, sold["unit"])
    _generators(change, sold["generator"])
    _units(change, sold["unit"])
    _renewables(change, sold["renewable"])
    _stores(change, curves)
    return change.done()


def with_demand_bids(case: Case) -> tuple[Case, Case]:
    """(the case in which users buy by their bids (O4), the same case with their forecasts): both with the same elements."""
    bids = case.table("demand_bid")
    if not len(bids):
        return case, case
    bid, forecast = Change(case), Change(case)
    load = case.table("load")
    hour = (case.time.start - case.time.start.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)
    rows = []
    for name, mine in bids.groupby("load", sort=False):
        parts, of = by_day(case, mine)
        most = int(max((part["segment"].max() for part in parts), default=0))
        width, price = np.zeros((2, most, len(parts) + 1, 24))  # a day without rows, the last one, buys nothing
        for d, part in enumerate(parts):
            at = part["segment"].to_numpy(int) - 1, d, part["hour"].to_numpy(int)
            width[at], price[at] = part["power_mw"].to_numpy(float), part["price_cny_per_mwh"].to_numpy(float)
        width, price = (v[:, of, hour] for v in (width, price))
        for k in range(most):
            size = float(width[k].max(initial=0.0)) or 1.0
            rows.append({
                "generator": f"{name} segment {k + 1}", "bus": load.at[name, "bus"], "technology": "price-sensitive load",
                "power_min_mw": -size, "power_max_mw": 0.0, "cost_cny_per_mwh": 0.0,
                "min_profile": bid.profile(f"{name} width {k + 1}", width[k] / size),
                "price_profile": bid.profile(f"{name} price {k + 1}", price[k]),
                "in_service": load.at[name, "in_service"], "retirement": load.at[name, "retirement"],
            })  # fmt: skip
            forecast.series[f"bid: {name} width {k + 1}"] = np.zeros(len(case.time))
            forecast.series[f"bid: {name} price {k + 1}"] = price[k]
    for change in (bid, forecast):
        change.tables["generator"] = _appended(case.table("generator"), "generator", rows)
    _reserves_by_forecast(bid, bids["load"].unique())
    bid.tables["load"] = load.assign(mean_mw=load["mean_mw"].where(~load.index.isin(bids["load"]), 0.0))
    return bid.done(), forecast.done()


def segments_of_users(case: Case) -> list[str]:
    """Names of the generators by which users buy in a case with bids (O4)."""
    rows = case.table("demand_bid")[["load", "segment"]].drop_duplicates()
    return [f"{name} segment {k:g}" for name, k in rows.itertuples(index=False)]


def _reserves_by_forecast(change: Change, loads) -> None:
    """Shares of the load that no longer is one in the case go to the series of each reserve."""
    case, table, load = change.case, change.case.table("reserve"), change.case.table("load")
    if not len(table) or not (table["load_share"] > 0).any():
        return
    mine = load.index.isin(loads)
    each = load["mean_mw"].to_numpy(float)[:, None] * case.series(load["profile"], 1.0) * case.of_year("load_scale", 1.0)
    zone = case.table("bus")["zone"].reindex(load["bus"]).to_numpy(object)
    role = case.table("bus")["role"].reindex(load["bus"]).to_numpy(object)
    names = []
    for reserve, row in table.iterrows():
        inside = mine & (role == "internal") & ((row["zone"] == "") | (zone == row["zone"]))
        own = case.series([row["profile"]], 0.0)[0]
        names.append(change.profile(f"reserve {reserve}", own + row["load_share"] * (each * case.in_service("load"))[inside].sum(axis=0)))
    change.tables["reserve"] = table.assign(profile=names)


def _check(case: Case, curves: Mapping[str, Offer]) -> None:
    """Raises CaseError for what generators cannot do as units did."""
    faults = [
        f"table {name}: limits what units burn, which units that bid do not tell. Leave the table out (key leave_out), or their bids."
        for name in FUEL if curves and len(case.table(name))
    ]  # fmt: skip
    least = dict(zip(case.table("unit").index, units.output_range(case)[0].max(axis=1, initial=0.0), strict=True))
    taken = set(case.table("generator").index)
    for name, curve in curves.items():
        offered = float(curve.total.min(initial=np.inf))
        if offered < least[name] - 1e-6:
            faults.append(f"table bid, unit '{name}': offers {offered:g} MW, less than its least output, {least[name]:g} MW. Offer more.")
        if name in taken:
            faults.append(f"table bid, unit '{name}': a generator has the same name. Rename one of them.")
    if faults:
        raise CaseError(faults)


def _generators(change: Change, curves: Mapping[str, Offer]) -> None:
    """(O1) for generators: nothing is given beyond what is offered."""
    if not curves:
        return
    table, point = change.tables["generator"].copy(), change.tables["cost_point"]
    for name, curve in curves.items():
        most, able = float(curve.total.max(initial=0.0)), table.at[name, "power_max_mw"]
        if curve.total.min(initial=np.inf) < most:
            given = able * change.case.series([table.at[name, "profile"]], 1.0)[0]
            table.at[name, "profile"] = change.profile(f"{name} largest", np.minimum(given, curve.total) / able)
        elif most < able:
            table.at[name, "power_max_mw"] = max(most, table.at[name, "power_min_mw"])
        for column in ("cost_cny_per_h", "cost_cny_per_mwh", "cost_quadratic_cny_per_mw2h", "co2_t_per_mwh"):
            table.at[name, column] = 0.0
        table.at[name, "price_profile"] = ""
    change.tables["generator"] = table
    change.tables["cost_point"] = _with_points(change, point[~point["generator"].isin(curves)], curves)
    _no_deep(change, "generator", list(curves))


def _with_points(change: Change, point: pd.DataFrame, curves: Mapping[str, Offer]) -> pd.DataFrame:
    rows = []
    for n, curve in curves.items():
        power, cost, more = curve.points()
        named = [change.profile(f"{n} segment {k + 1} price", price) for k, price in enumerate(more)]
        named += [""] * (len(power) - len(named))
        rows += [{"generator": n, "power_mw": p, "cost_cny_per_h": c, "price_profile": s} for p, c, s in zip(power, cost, named, strict=True)]
    return _appended(point, "cost_point", rows)


def _no_deep(change: Change, kind: str, names: list[str]) -> None:
    """What is offered includes what is below normal output."""
    band = change.tables["deep_band"]
    change.tables["deep_band"] = band[~((band["kind"] == kind) & band["element"].isin(names)).to_numpy()]


def _units(change: Change, curves: Mapping[str, Offer]) -> None:
    """(O1) for units."""
    if not curves:
        return
    case, unit = change.case, change.case.table("unit")
    names = [n for n in unit.index if n in curves]
    here = case.in_service("unit")[case.position("unit", names)]
    fleet = case.fleet if case.commitment != "off" else None
    least, most = _limits(case, fleet, names)
    # Limits while in service: what is out by dates and outages is so as a generator, too.
    least, most = (np.divide(v, here, out=np.zeros_like(v), where=here > 0) for v in (least, most))
    offered = np.array([curves[n].total for n in names])
    most = np.maximum(np.minimum(most, offered), least)
    ramp = _ramps(case, names)
    rows = []
    for i, n in enumerate(names):
        low, high = float(least[i].max(initial=0.0)), float(most[i].max(initial=0.0))
        rows.append({
            "generator": n, **{c: unit.at[n, c] for c in ("name", "name_zh", "bus", "technology", "initial_mw", "in_service", "retirement")},
            "power_min_mw": low, "min_profile": _factor(change, f"{n} least", least[i], low),
            "power_max_mw": high, "profile": _factor(change, f"{n} largest", most[i], high),
            "ramp_fraction_per_min": ramp[i] / high if high > 0 and ramp[i] > 0 else np.nan,
        })  # fmt: skip
    change.tables["generator"] = _appended(change.tables["generator"], "generator", rows)
    change.tables["unit"] = unit[~unit.index.isin(names)]
    change.tables["cost_point"] = _with_points(change, change.tables["cost_point"], {n: curves[n] for n in names})
    _no_deep(change, "unit", names)
    _renamed(change, names)
    if fleet is not None:
        _commitment(change, fleet, names)


def _factor(change: Change, name: str, values: np.ndarray, base: float) -> str:
    """Series of factors on `base`, '' where it never changes."""
    return "" if base <= 0 or (values == base).all() else change.profile(name, values / base)


def _limits(case: Case, fleet: Fleet | None, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest output of units MW (n, T): while on where they are switched, else while in service."""
    if fleet is None:
        at = case.position("unit", names)
        least, most = units.limits(case)
        return least[at], most[at]
    place = {n: i for i, n in enumerate(fleet.name) if fleet.table[i] == "unit"}
    at = np.array([place[n] for n in names], int)
    return fleet.least[at], np.maximum(fleet.most[at], fleet.least[at])


def _ramps(case: Case, names: list[str]) -> np.ndarray:
    """Ramp of units MW/min (n,)."""
    unit = case.table("unit").loc[names]
    rate = case.table("unit_type").loc[unit["unit_type"], "ramp_fraction_per_min"].to_numpy(float)
    return rate * (unit["power_max_mw"] * unit["available_fraction"]).to_numpy(float)


def _renamed(change: Change, names: list[str]) -> None:
    """Rows of other tables that speak of the units speak of generators."""
    for table in ("outage", "contingency", "ramping", "commitment", "start_cost", "interface_support", "bid", "agc_offer"):
        frame = change.tables[table]
        mine = ((frame["kind"] == "unit") & frame["element"].isin(names)).to_numpy()
        change.tables[table] = frame.assign(kind=frame["kind"].where(~mine, "generator"))
    heat = change.tables["chp"]
    change.tables["chp"] = heat[~((heat["kind"] == "unit") & heat["element"].isin(names)).to_numpy()]
    offer, rows = change.tables["reserve_offer"], []
    for n in names:
        technology = change.case.table("unit").at[n, "technology"]
        for reserve, given in offer[(offer["kind"] == "unit").to_numpy()].groupby("reserve", sort=False):
            fits = given[given["element"].isin(("", n)) & given["technology"].isin(("", technology))]
            best = (fits["element"] != "") * 2 + (fits["technology"] != "")
            if len(fits):
                row = fits.loc[best.idxmax()]
                rows.append({**row, "reserve": reserve, "kind": "generator", "technology": "", "element": n})
    change.tables["reserve_offer"] = _appended(offer, "reserve_offer", rows)


def _commitment(change: Change, fleet: Fleet, names: list[str]) -> None:
    """Rows of tables commitment and start_cost that say of the generators what the fleet says of the units."""
    wanted, rows, starts = set(names), [], []
    for i, n in enumerate(fleet.name):
        if fleet.table[i] != "unit" or n not in wanted:
            continue
        forced = np.where(fleet.must_off[i] & ~fleet.too_low[i] & fleet.here[i], 0.0, np.where(fleet.must_on[i] | fleet.fixed_on[i], 1.0, FREE))
        rows.append({
            "kind": "generator", "element": n, "min_up_h": fleet.min_up[i], "min_down_h": fleet.min_down[i],
            "start_ramp_mw": _finite(fleet.start_ramp[i]), "stop_ramp_mw": _finite(fleet.stop_ramp[i]), "start_cny": 0.0,
            "stop_cny": fleet.stop_cost[i], "initial_h": fleet.initial_h[i], "initial_mw": fleet.initial_mw[i],
            "initial_award_mw": fleet.initial_award[i], "must_run": bool((forced == 1.0).all()),
            "status_profile": "" if (forced == forced[0]).all() and forced[0] != 0.0 else change.profile(f"{n} status", forced),
            "station": fleet.station[i], "max_changes_per_day": fleet.max_changes[i], "max_starts_per_week": fleet.max_starts[i],
            "start_notice_min": fleet.start_notice[i],
            "initial_outage": bool(fleet.initial_outage[i]), "initial_changes": fleet.initial_changes[i],
            "initial_starts": fleet.initial_starts[i], "count": fleet.count[i],
        })  # fmt: skip
        mine = fleet.starts.of == i
        starts += [{"kind": "generator", "element": n, "offline_h": lag, "cost_cny": cost}
                   for lag, cost in zip(fleet.starts.lag[mine], fleet.starts.cost[mine], strict=True)]  # fmt: skip
    for name, new in (("commitment", rows), ("start_cost", starts)):
        frame = change.tables[name]
        rest = frame[~((frame["kind"] == "generator") & frame["element"].isin(wanted)).to_numpy()]
        change.tables[name] = _appended(rest, name, new)


def _finite(value: float) -> float:
    return float(value) if np.isfinite(value) else np.nan


def _renewables(change: Change, curves: Mapping[str, Offer]) -> None:
    """(O2): the lowest price keeps the name."""
    table = change.tables["renewable"].copy()
    more, of = [], []
    for name, curve in curves.items():
        price, row = np.unique(np.concatenate(curve.price)), table.loc[name]
        if len(price) > 1 or curve.total.min(initial=np.inf) < row["power_max_mw"]:
            output = row["power_max_mw"] * change.case.series([row["profile"]], 1.0)[0]
            below, upto = (np.array([[w[side(p, v)].sum() for w, p in zip(curve.width, curve.price, strict=True)] for v in price])
                           for side in (np.less, np.less_equal))  # fmt: skip
            for k in range(len(price)):
                begin, end = below[k][curve.of], upto[k][curve.of]
                size = float((end - begin).max(initial=0.0))
                part = np.clip(output - begin, 0.0, end - begin) / size
                piece = {"power_max_mw": size, "profile": change.profile(f"{name} segment {k + 1}", part), "cost_cny_per_mwh": price[k]}
                if k == 0:
                    table.loc[name, list(piece)] = list(piece.values())
                else:
                    more.append({**row, "renewable": f"{name} segment {k + 1}", **piece})
                    of.append((name, f"{name} segment {k + 1}"))
        else:
            table.at[name, "cost_cny_per_mwh"] = price[0]
    change.tables["renewable"] = _appended(table, "renewable", more)
    bundle = change.tables["dc_bundle"]
    twins = [{"plant": new, **bundle.loc[old]} for old, new in of if old in bundle.index]
    change.tables["dc_bundle"] = _appended(bundle, "dc_bundle", twins)
    for name in ("outage", "interface_member"):
        frame = change.tables[name]
        again = [{**row, "element": new} for old, new in of
                 for _, row in frame[(frame["kind"] == "renewable") & (frame["element"] == old)].iterrows()]  # fmt: skip
        change.tables[name] = _appended(frame, name, again)


def _stores(change: Change, curves: Mapping[tuple[str, str, str], Offer]) -> None:
    """(O3)."""
    table = change.tables["storage"].copy()
    for (kind, name, side), curve in curves.items():
        if kind == "storage":
            price = float(curve.price[0][0])
            table.loc[name, "charging_cost_cny_per_mwh" if side == BUY else "wear_cny_per_mwh"] = -price if side == BUY else price
    change.tables["storage"] = table


def _appended(frame: pd.DataFrame, name: str, rows: list[dict]) -> pd.DataFrame:
    """The table with further rows; cells that they do not have take the declared default."""
    if not rows:
        return frame
    table = TABLES[name]
    more = pd.DataFrame(rows)
    for column in table.columns:
        if column.name not in more and (column.name in frame or column.name == table.identifier):
            kind = frame[column.name].dtype if column.name in frame else object
            empty = column.required or column.default is None or column.kind in ("date", "time")
            more[column.name] = pd.Series([None if empty else column.default] * len(more), dtype=object).astype(kind)
    if table.identifier:
        more = more.set_index(table.identifier)
    return pd.concat([frame, more[frame.columns].astype(frame.dtypes)], ignore_index=not table.identifier).astype(frame.dtypes)
