"""Energy: output by technology, the balance of the studied system, prices by zone.

The studied system is every bus but the far ends of DC links (role sink). What crosses its border is a DC link to a sink, counted
where it leaves, and an exchange at an AC bus.

    technologies + imports + shedding
        = load + response of demand + AC exports + DC sent + DC losses inside + sold by DC links inside + AC losses inside
          + storage losses + storage filling + pumping + surplus    (E1)
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.blocks import pumped, storage
from gridopt.dispatch.formulate import BLOCKS
from gridopt.dispatch.lmp import Prices
from gridopt.dispatch.result import Dispatch

SUPPLY = {
    "nuclear": "核电", "coal": "煤电", "gas": "气电", "oil": "油电", "biomass": "生物质", "hydro": "水库水电",
    "hydro_ror": "径流水电", "csp": "光热", "wind": "风电", "solar": "光伏", "battery_discharge": "电化学储能放电",
    "pumped_hydro_discharge": "抽蓄发电", "imports": "外来电",
}  # fmt: skip
"""Technologies from the bottom of a stack to its top."""
USE = {
    "shedding": "切负荷", "load": "负荷", "demand_change": "需求响应", "dc_market": "直流受端售电",
    "ac_export": "交流外送", "dc_sent": "直流外送", "dc_losses": "直流损耗",
    "ac_losses": "交流网损",
    "storage_losses": "储能损耗", "storage_filling": "储能存电变化", "pumping": "梯级抽水", "surplus": "过剩电量",
}  # fmt: skip
PLANTS = (
    ("unit", "unit_output", ""), ("generator", "generator_output", ""), ("reservoir", "hydro_output", "hydro"), ("csp", "csp_output", "csp"),
    ("renewable", "renewable_output", ""),
)  # fmt: skip
"""Table, quantity, and the technology where the table does not name it."""


def technology_output(dispatch: Dispatch) -> tuple[list[str], np.ndarray]:
    """Technologies that the case has, by SUPPLY and then by the alphabet, and their output in the studied system MW (technology, T)."""
    found = _generation(dispatch)
    case, inside = dispatch.case, _inside(dispatch.case)
    store = case.table("storage")
    discharge = dispatch.quantities["storage_discharge"].values * _at(case, "storage", inside)
    for name in store["technology"].unique():
        found[f"{name}_discharge"] = discharge[(store["technology"] == name).to_numpy()].sum(axis=0)
    if len(case.table("pumped")):
        given = (dispatch.quantities["pumped_generate"].values * _at(case, "pumped", inside)).sum(axis=0)
        found["pumped_hydro_discharge"] = found.get("pumped_hydro_discharge", 0.0) + given
    trade, sent = _trade(dispatch), _dc(dispatch)
    if len(trade) or sent["imports"].any():
        found["imports"] = np.maximum(-trade, 0.0).sum(axis=0) + sent["imports"]
    names = [n for n in SUPPLY if n in found] + sorted(set(found) - set(SUPPLY))
    return names, np.array([found[n] for n in names]).reshape(len(names), len(case.time))


def energy_balance(dispatch: Dispatch) -> pd.DataFrame:
    """Table energy_balance: item, item_zh, energy_mwh (supply positive, use negative); the items add up to zero (E1).

    Stores appear with what they lost and with what they hold more at the end than at the start.
    """
    inside, hours = _inside(dispatch.case), dispatch.case.time.hours
    names, output = technology_output(dispatch)
    items = {n: float(v @ hours) for n, v in zip(names, output, strict=True) if not n.endswith("_discharge")}
    at_bus = {n: float((dispatch.quantities[n].values[inside] @ hours).sum()) for n in ("shedding", "load", "surplus")}
    sent = _dc(dispatch)
    items |= {
        "shedding": at_bus["shedding"],
        "load": -at_bus["load"],
        "ac_export": -float(np.maximum(_trade(dispatch), 0.0).sum(axis=0) @ hours),
        "dc_sent": -float(sent["sent"] @ hours),
        "dc_losses": -float(sent["losses"] @ hours),
    }
    if "demand_change" in dispatch.quantities:
        items["demand_change"] = -float((dispatch.quantities["demand_change"].values[inside] @ hours).sum())
    sold = _sold_inside(dispatch, inside)
    if sold.any():
        items["dc_market"] = -float(sold @ hours)
    if dispatch.case.losses != "off":
        items["ac_losses"] = -float(_ac_losses(dispatch) @ hours)
    lost, filled = _stores(dispatch)
    items |= {"storage_losses": -lost, "storage_filling": -filled}
    if len(dispatch.case.table("pump")):
        items["pumping"] = -float((dispatch.quantities["pump_power"].values * _at(dispatch.case, "pump", inside)).sum(axis=0) @ hours)
    items["surplus"] = -at_bus["surplus"]
    words = SUPPLY | USE
    energy = [v + 0.0 for v in items.values()]  # no -0.0
    return pd.DataFrame({"item": list(items), "item_zh": [words.get(n, n) for n in items], "energy_mwh": energy})


def price_zones(dispatch: Dispatch, prices: Prices) -> pd.DataFrame:
    """Table price_zones: zone, mean, load_weighted_mean, min, max in CNY/MWh over internal buses and steps, from the first to the last
    day of each bus; NaN where none of a zone is there."""
    return _zone_prices(dispatch, prices, np.zeros(len(dispatch.case.time), int), [""]).drop(columns="month")


def price_zones_monthly(dispatch: Dispatch, prices: Prices) -> pd.DataFrame:
    """As price_zones, by month (YYYY-MM)."""
    month, of = np.unique(dispatch.case.time.start.astype("datetime64[M]"), return_inverse=True)
    return _zone_prices(dispatch, prices, of, [str(m) for m in month])


def _zone_prices(dispatch: Dispatch, prices: Prices, of: np.ndarray, periods: list[str]) -> pd.DataFrame:
    case, rows = dispatch.case, []
    there = case.commissioned("bus")
    bus, load, hours = case.table("bus"), dispatch.quantities["load"].values, case.time.hours
    zones = bus["zone"][bus["role"] == "internal"]
    for period, label in enumerate(periods):
        steps = np.flatnonzero(of == period)
        for zone in dict.fromkeys(zones):
            some = np.ix_(((bus["role"] == "internal") & (bus["zone"] == zone)).to_numpy(), steps)
            share = there[some]
            if not share.any():
                rows.append((label, zone, *[np.nan] * 4))
                continue
            price, length = prices.price[some], hours[steps] * share
            weight = load[some] * length
            mean = np.average(price, weights=length)
            weighted = np.average(price, weights=weight) if weight.sum() > 0 else mean
            rows.append((label, zone, mean, weighted, price[share > 0].min(), price[share > 0].max()))
    return pd.DataFrame(rows, columns=["month", "zone", "mean", "load_weighted_mean", "min", "max"])


def _inside(case) -> np.ndarray:
    """Whether each bus belongs to the studied system, bool (B,)."""
    return (case.table("bus")["role"] != "sink").to_numpy()


def _at(case, table: str, inside: np.ndarray, column: str = "bus") -> np.ndarray:
    """1.0 where an element stands inside, (n, 1)."""
    return inside[case.position("bus", case.table(table)[column])].astype(float)[:, None]


def _generation(dispatch: Dispatch) -> dict[str, np.ndarray]:
    case, inside = dispatch.case, _inside(dispatch.case)
    found: dict[str, np.ndarray] = {}
    for table, quantity, single in PLANTS:
        frame = case.table(table)
        kind = np.full(len(frame), single, dtype=object) if single else frame["technology"].to_numpy(object)
        output = dispatch.quantities[quantity].values * _at(case, table, inside)
        for k in dict.fromkeys(kind):
            found[k] = found.get(k, 0.0) + output[kind == k].sum(axis=0)
    return found


def _trade(dispatch: Dispatch) -> np.ndarray:
    """Export MW of the exchanges inside (n, T)."""
    here = _at(dispatch.case, "exchange", _inside(dispatch.case))[:, 0] > 0
    return dispatch.quantities["exchange_export"].values[here]


def _dc(dispatch: Dispatch) -> dict[str, np.ndarray]:
    """DC links over the border: sent out, imports; links inside: losses. MW (T,) each."""
    case, inside = dispatch.case, _inside(dispatch.case)
    start, end = (_at(case, "dc_link", inside, c) for c in ("from_bus", "to_bus"))
    sent, received = (dispatch.quantities[f"dc_{n}"].values for n in ("sent", "received"))
    parts = {"sent": start * (1 - end) * sent, "imports": (1 - start) * end * received, "losses": start * end * (sent - received)}
    return {name: v.sum(axis=0) for name, v in parts.items()}


def _sold_inside(dispatch: Dispatch, inside: np.ndarray) -> np.ndarray:
    """Sold by DC links whose receiving end lies inside MW (T,)."""
    case = dispatch.case
    if not len(case.table("dc_market")):
        return np.zeros(len(case.time))
    here = _at(case, "dc_link", inside, "to_bus")[case.position("dc_link", case.table("dc_market")["dc_link"])]
    return (here * dispatch.quantities["dc_market_sold"].values).sum(axis=0)


def _ac_losses(dispatch: Dispatch) -> np.ndarray:
    """Losses of AC branches taken out of buses inside, MW (T,)."""
    branches, inside = dispatch.case.grid.branches, _inside(dispatch.case)
    return 0.5 * (inside[branches.from_bus].astype(float) + inside[branches.to_bus]) @ dispatch.quantities["branch_loss"].values


def _stores(dispatch: Dispatch) -> tuple[float, float]:
    """MWh that stores inside lost, and what they hold more at the end than before the first step."""
    case, hours = dispatch.case, dispatch.case.time.hours
    columns, above = (dispatch.model.columns[BLOCKS.index(block)] for block in (storage, pumped))
    here = _at(case, "pumped", _inside(case))[:, 0]
    pump, generate, upper = (dispatch.quantities[f"pumped_{n}"].values for n in ("pump", "generate", "upper"))
    rise = float(here @ (upper[:, -1] - above.start))
    fall = float(here @ ((pump - generate) @ hours)) - rise
    if not len(columns.groups):
        return fall, rise
    here = _at(case, "storage", _inside(case))[:, 0]
    charge, discharge, energy = (dispatch.quantities[f"storage_{n}"].values for n in ("charge", "discharge", "energy"))
    one = here[columns.groups.first]  # members of a group stand at one bus
    filled = float(here @ energy[:, -1] - one @ columns.start)
    return float(here @ ((charge - discharge) @ hours)) - filled + fall, filled + rise
