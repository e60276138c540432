"""What is drawn from a solved dispatch before anything is written: labelled variables, tables, summary, and the certificate."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from gridopt.analysis import balance, budgets, congestion, contingencies, contracts, curtailment, dc_rules, emissions, losses, reserves
from gridopt.case.topology import BRANCH_TABLES
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.certificate import Certificate, certify
from gridopt.dispatch.lmp import Prices
from gridopt.dispatch.result import Dispatch
from gridopt.program.labels import Quantity

ELEMENTS = {
    "bus": ("name", "name_zh", "role", "zone", "region", "latitude_deg", "longitude_deg", "voltage_kv"),
    "generator": ("name", "name_zh", "bus", "technology", "power_min_mw", "power_max_mw"),
    "unit": ("name", "name_zh", "plant", "bus", "technology", "unit_type", "power_max_mw", "self_owned"),
    "storage": ("name", "name_zh", "bus", "technology", "power_max_mw", "energy_max_mwh"),
    "reservoir": ("name", "name_zh", "bus", "power_max_mw", "volume_min_hm3", "volume_max_hm3"),
    "csp": ("name", "name_zh", "bus", "power_max_mw"),
    "pumped": ("name", "name_zh", "bus", "units", "power_max_mw", "pump_mw", "upper_max_mwh"),
    "pump": ("name", "name_zh", "bus", "from_reservoir", "to_reservoir", "power_max_mw"),
    "dc_link": ("name", "name_zh", "from_bus", "to_bus", "technology", "power_max_mw"),
    "interface": ("name", "name_zh"),
    "exchange": ("name", "name_zh", "bus"),
}
RENEWABLE = ("name", "name_zh", "bus", "technology", "base", "power_max_mw")
SELDOM = {
    "fuel_stock": ("fuel", "plant"), "fuel_budget": ("fuel", "plant", "start_date", "end_date"),
    "interruptible": ("name", "name_zh", "load", "power_max_mw"), "shiftable": ("name", "name_zh", "load"),
    "data_centre": ("name", "name_zh", "load", "power_max_mw"), "price_response": ("name", "name_zh", "load", "price_cny_per_mwh"),
    "dc_market": ("name", "name_zh", "dc_link", "power_max_mw", "tariff_cny_per_mwh"),
}  # fmt: skip
"""Tables that are left out where they are empty."""
COST_ZH = {
    "thermal.fuel": "燃料费", "thermal.variable": "火电变动运维费", "carbon.allowance": "碳配额费",
    "demand.shedding": "切负荷损失", "demand.surplus": "过剩出力惩罚", "renewable.variable": "新能源变动费",
    "renewable.curtailment": "弃电费", "storage.wear": "储能损耗费", "storage.charging": "储能充电费",
    "csp.end_value": "期末储热价值(负)", "power_block.start": "光热启动费",
    "storage.end_value": "期末储能价值(负)", "pumped.variable": "抽蓄变动费", "pumped.end_value": "期末上库电量价值(负)",
    "hydro.end_short": "期末蓄水不足费用", "hydro.end_value": "期末多蓄水价值(负)",
    "commitment.start": "启动费用", "commitment.stop": "停机费用",
    "commitment.firing": "深调稳燃费用", "thermal.deep": "火电深调费用", "generator.deep": "发电机深调费用",
    "overload.penalty": "越限惩罚", "generator.energy": "发电费用", "dc_link.cost": "直流输电费",
    "dc_market.sales": "直流受端售电收入(负)", "dc_contract.late": "直流合同滞后费用", "fuel.short": "燃料照付不议费用",
    "interruptible.payment": "可中断负荷补偿", "shiftable.payment": "可转移负荷补偿", "price_response.worth": "价格响应用电价值(负)",
    "ramping.rise": "升出力费用", "ramping.fall": "降出力费用", "reserve.offer": "备用费用", "reserve.shortage": "备用缺额费用",
    "exchange.export": "外送收入(负)", "exchange.import": "购入费用",
}  # fmt: skip
LINK_FIGURES = ("sent_mwh", "received_mwh", "renewable_share", "hours")


@dataclass
class Found:
    """Tables by name, technologies of the stack, causes, sizes, summary entries and warnings of one dispatch."""

    solved: Dispatch
    prices: Prices
    causes: curtailment.Causes
    tables: dict[str, pd.DataFrame]
    technologies: list[str]
    technology_output: np.ndarray
    summary: dict
    warnings: list[str] = field(default_factory=list)

    @cached_property
    def size(self) -> dict[str, int]:
        solution = self.solved.solution
        added = sum(v.shape[1] for v in solution.added.values())
        return solution.form.size | {"rounds": solution.rounds, "rows_added": added}

    def variables(self, solved: Dispatch, prices: Prices) -> dict[str, Quantity]:
        """Everything that goes into results.nc."""
        found = dict(solved.quantities) | price_quantities(solved, prices)
        dims, sign = ("technology", "time"), "positive: generation"
        found["technology_output"] = Quantity(dims, self.technology_output, "MW", "output by technology", "分技术出力", sign)
        return found


def analyse(solved: Dispatch, prices: Prices, search: Search | None = None, causes: curtailment.Causes | None = None) -> Found:
    """All tables and the entries of the summary. search: how rules of DC links are solved again to tell what they are worth; None: not.
    causes of curtailment: where they are known already."""
    causes = curtailment.causes(solved, prices) if causes is None else causes
    names, output = balance.technology_output(solved)
    tables = network_tables(solved) | {
        "renewable": _renewable(solved), "curtailment_by_cause": curtailment.by_plant(solved, causes),
        "curtailment_cause_hourly": curtailment.hourly(solved, causes), "congestion": congestion.congestion(solved),
        "energy_balance": balance.energy_balance(solved), "emissions": emissions.by_technology(solved),
        "emissions_unit": emissions.by_unit(solved), **_some("budgets", budgets.budgets(solved)),
        **({} if solved.case.commitment == "off" else _some("head_zone", solved.case.table("head_zone"))),
        "dc_contracts": contracts.dc_contracts(solved), "dc_links": contracts.dc_links(solved), "costs": _costs(solved),
        **({"dc_rules": dc_rules.dc_rules(solved, search)} if len(solved.case.table("dc_link")) else {}),
        **({"branch_losses": losses.branch_losses(solved)} if solved.case.losses != "off" else {}),
        **({"contingencies": contingencies.contingencies(solved)} if secured(solved) else {}),
        **({"reserves": reserves.reserves(solved), "reserve_providers": reserves.providers(solved)} if reserved(solved) else {}),
        "price_zones": balance.price_zones(solved, prices), "price_zones_monthly": balance.price_zones_monthly(solved, prices),
        **solved.audit,
    }  # fmt: skip
    summary = _summary(solved, tables, causes, names, output)
    return Found(solved, prices, causes, tables, list(names), output, summary, _warnings(solved, tables))


def network_tables(solved: Dispatch) -> dict[str, pd.DataFrame]:
    """Names, places and sizes of elements, by table."""
    case = solved.case
    elements = ELEMENTS | {t: columns for t, columns in SELDOM.items() if len(case.table(t))}
    plants = case.table("renewable").reset_index()[["renewable", *RENEWABLE]]
    return {t: case.table(t).reset_index()[[t, *columns]] for t, columns in elements.items()} | {
        "branch": _branch(solved), "renewable": plants, **_some("ownership", case.table("ownership")),
    }  # fmt: skip


def _some(name: str, frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """A table by name, nothing where it is empty."""
    return {name: frame} if len(frame) else {}


def certified(solved: Dispatch, prices: Prices, causes: curtailment.Causes) -> Certificate:
    """The independent check on plain arrays."""
    quantities = {name: q.values for name, q in solved.quantities.items()}
    quantities |= {"flow": solved.flow, "interface_flow": solved.interface_flow}
    parts = {
        "price": prices.price, "price_energy": prices.energy, "price_congestion": prices.congestion, "price_loss": prices.loss,
        "branch_shadow_price": solved.branch_shadow_price, "interface_shadow_price": solved.interface_shadow_price,
    }  # fmt: skip
    parts |= solved.pushes | ({"reserve_price": solved.reserve_price} if len(solved.case.table("reserve")) else {})
    solution, shares = solved.solution, curtailment.as_arrays(solved, causes)
    after = solved.contingency_prices
    return certify(solved.case, quantities, parts, solution.objective, solution.bound, shares, after)


def price_quantities(solved: Dispatch, prices: Prices) -> dict[str, Quantity]:
    """Prices, flows, limits and shadow prices as labelled quantities. The energy price is that of the area with the most load."""
    main = int(np.argmax(solved.quantities["load"].values.sum(axis=1)))
    at_bus, at_branch, section = ("bus", "time"), ("branch", "time"), ("interface", "time")
    money, along = "CNY/MWh", "positive: from_bus to to_bus"
    forward, backward = (np.where(np.isfinite(v), v, np.nan) for v in (solved.interface_limits[1], -solved.interface_limits[0]))
    worth = "worth of one more MW of limit"
    rating = np.where(np.isfinite(solved.case.grid.rating), solved.case.grid.rating, np.nan)
    there = solved.case.commissioned("bus") > 0
    price, congestion, loss = (np.where(there, v, np.nan) for v in (prices.price, prices.congestion, prices.loss))
    reserve = {"reserve_price": Quantity(("reserve", "time"), solved.reserve_price, money, "price of reserve", "备用价格")}
    return (reserve if reserved(solved) else {}) | {
        "price": Quantity(at_bus, price, money, "nodal price (LMP), NaN: no bus yet", "节点电价", "cost of one more MWh of load"),
        "price_energy": Quantity(("time",), prices.energy[main], money, "energy part of the price", "电能分量"),
        "price_congestion": Quantity(at_bus, congestion, money, "congestion part of the price", "阻塞分量"),
        "price_loss": Quantity(at_bus, loss, money, "loss part of the price", "网损分量"),
        "flow": Quantity(at_branch, solved.flow, "MW", "flow of AC branches", "交流支路潮流", along),
        "flow_limit": Quantity(at_branch, rating, "MW", "limit of AC branches, NaN: none", "支路限额"),
        "branch_shadow_price": Quantity(at_branch, solved.branch_shadow_price, money, worth, "支路影子价格"),
        "interface_flow": Quantity(section, solved.interface_flow, "MW", "flow of interfaces", "断面潮流", "positive: forward"),
        "interface_forward_limit": Quantity(section, forward, "MW", "forward limit", "断面正向限额"),
        "interface_backward_limit": Quantity(section, backward, "MW", "backward limit", "断面反向限额"),
        "interface_shadow_price": Quantity(section, solved.interface_shadow_price, money, worth, "断面影子价格"),
    }


def secured(solved: Dispatch) -> bool:
    """Whether outages had to be withstood."""
    return solved.case.security != "listed" or bool(len(solved.case.table("contingency")))


def reserved(solved: Dispatch) -> bool:
    """Whether there are reserves."""
    return bool(len(solved.case.table("reserve")))


def _branch(solved: Dispatch) -> pd.DataFrame:
    line, transformer, own = (solved.case.table(t).reset_index(names="branch").assign(kind=t) for t in BRANCH_TABLES)
    line = line.assign(rating_mw=line["rating_mw"] * line["circuits"])
    transformer = transformer.assign(circuits=transformer["units"])
    columns = ["branch", "kind", "name", "name_zh", "from_bus", "to_bus", "circuits", "rating_mw"]
    parts = [t[columns] for t in (line, transformer, own.assign(circuits=1)) if len(t)]
    return pd.concat(parts, ignore_index=True) if parts else line[columns]


def _renewable(solved: Dispatch) -> pd.DataFrame:
    case, hours = solved.case, solved.case.time.hours
    table = case.table("renewable").reset_index()[["renewable", *RENEWABLE]]
    table["zone"] = case.table("bus")["zone"].reindex(table["bus"]).to_numpy()
    for name in ("available", "output", "curtailed"):
        table[f"{name}_mwh"] = solved.quantities[f"renewable_{name}"].values @ hours
    had, zero = table["available_mwh"], np.zeros(len(table))
    table["curtailed_share"] = np.divide(table["curtailed_mwh"], had, out=zero, where=had > 0)
    return table


def _costs(solved: Dispatch) -> pd.DataFrame:
    rows = [(name, COST_ZH.get(name, name), amount) for name, amount in solved.costs.items()]
    return pd.DataFrame(rows, columns=["name", "name_zh", "cost_cny"])


def _summary(solved: Dispatch, tables, causes, names, output) -> dict:
    hours = solved.case.time.hours
    by = tables["renewable"].groupby("technology")[["available_mwh", "curtailed_mwh"]].sum()
    zones = tables["price_zones"].set_index("zone")["load_weighted_mean"]
    links = tables["dc_links"].set_index("dc_link")
    return {
        "energy_mwh": {n: float(e) for n, e in zip(names, output @ hours, strict=True)},
        "available_mwh": {t: float(v) for t, v in by["available_mwh"].items()},
        "curtailed_mwh": {t: float(v) for t, v in by["curtailed_mwh"].items()},
        "curtailed_by_cause_mwh": {k: float(v) for k, v in curtailment.totals(solved, causes).items()},
        "dc_links": {n: {k: _number(row[k]) for k in LINK_FIGURES} for n, row in links.iterrows()},
        "price_mean": {z: _number(v) for z, v in zones.items()},
        "load_mwh": float(solved.quantities["load"].values.sum(axis=0) @ hours),
        "shedding_mwh": float(solved.quantities["shedding"].values.sum(axis=0) @ hours),
        "surplus_mwh": float(solved.quantities["surplus"].values.sum(axis=0) @ hours),
        "storage_both_mwh": float(solved.quantities["storage_both"].values.sum(axis=0) @ hours),
        "storage_spared_mwh": float(solved.solution.statistics.get("storage_spared_mwh", 0.0)),
        "storage_apart_h": float(hours[solved.values.written("storage.apart")[1]].sum() / 2),
        "costs_cny": {k: float(v) for k, v in solved.costs.items()},
        **({"reserves": reserves.summary(tables["reserves"])} if reserved(solved) else {}),
    }


def _number(value) -> float | None:
    return float(value) if np.isfinite(value) else None


def unserved(solved: Dispatch) -> list[str]:
    """A sentence where load is shed, and one where generation finds no use."""
    found = []
    for name, text in (("shedding", "load is shed"), ("surplus", "generation finds no use")):
        energy = float(solved.quantities[name].values.sum(axis=0) @ solved.case.time.hours)
        if energy > 1e-3:
            found.append(f"{text}: {energy:,.1f} MWh")
    return found


def _warnings(solved: Dispatch, tables: dict[str, pd.DataFrame]) -> list[str]:
    hours, quantities = solved.case.time.hours, solved.quantities
    found = unserved(solved)
    both = np.minimum(quantities["storage_charge"].values, quantities["storage_discharge"].values)
    if (both > 1e-6).any():
        lost = float((quantities["storage_both"].values @ hours).sum())
        text = f"stores charge and discharge in the same step: {float((both @ hours).sum()):,.1f} MWh on each side"
        found.append(f"{text}, which destroys {lost:,.1f} MWh")
    if "dc_artificial_loss" in quantities:
        lost = float((quantities["dc_artificial_loss"].values @ hours).sum())
        if lost > 1e-3:
            found.append(f"DC links lose {lost:,.1f} MWh more than their loss curves, where a negative price makes losses pay")
    cut = tables["contingencies"]["contingency"][tables["contingencies"]["islanding"]] if "contingencies" in tables else []
    if len(cut):
        few = ", ".join(str(c) for c in cut[:5]) + (" ..." if len(cut) > 5 else "")
        found.append(f"{len(cut)} outages cut buses off and have no limits after them: {few}")
    return found + losses.warnings(solved) + reserves.warnings(solved)
