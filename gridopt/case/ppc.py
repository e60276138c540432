"""Arrays in MATPOWER's layout (bus, gen, branch, gencost) as gridopt's tables; shared by the readers of MATPOWER and pandapower.

Units of the arrays: MW, kV, degrees, per unit on base_mva, money per hour. Demand Pd and conductance Gs become loads, where they are
negative generators of fixed output. Branches and the branch model: `ppc_branches.py`; costs: `ppc_costs.py`; faults: `ppc_check.py`.
Layout: https://matpower.org/docs/ref/matpower7.1/lib/caseformat.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from gridopt.case.check import CaseError
from gridopt.case.complete import complete
from gridopt.case.imported import BRANCH_MODELS, Imported, ImportReport
from gridopt.case.ppc_arrays import BRANCH, BUS, GEN, Alive, Ppc, alive
from gridopt.case.ppc_branches import branches
from gridopt.case.ppc_costs import Curves, cost_curves
from gridopt.case.series import GivenSeries
from gridopt.case.time import TimeGrid

UNLIMITED_MW = 1e8
"""Limits of outputs at or beyond this stand for none."""


class Raw(NamedTuple):
    """tables: columns by table, before the check; changes: sentences for the report; totals: sums by name."""

    tables: dict[str, pd.DataFrame]
    changes: list[str]
    totals: dict[str, float]


def to_tables(ppc: Ppc, branch_model: str) -> Raw:
    """Tables of the elements in service. `ppc` has passed `ppc_check.check`. Raises CaseError for cost curves that cannot be used."""
    if branch_model not in BRANCH_MODELS:
        raise CaseError([f"branch model '{branch_model}': is not one of {', '.join(BRANCH_MODELS)}. Choose one of these."])
    here = alive(ppc)
    least, most, changes = _limits(ppc, here)
    curves = cost_curves(ppc.gencost, least, most, here.gen, ppc.place)
    if curves.faults:
        raise CaseError(curves.faults)
    load = ppc.bus[:, BUS.load] * here.bus
    tables = {
        "bus": _buses(ppc, here),
        "ac_branch": branches(ppc, here, branch_model, changes),
        "generator": pd.concat([_generators(ppc, here, least, most, curves), _injections(ppc, here)], ignore_index=True),
        "cost_point": pd.DataFrame(
            {
                "generator": ppc.gen_id[curves.owner],
                "power_mw": curves.power,
                "cost_cny_per_h": curves.cost,
            }
        ),
        "load": _loads(ppc, here),
    }
    changes = [*_dropped(ppc, here), *changes, *curves.changes, *_assumed(ppc, here, least)]
    shunt = ppc.bus[:, BUS.shunt] * here.bus
    totals = {
        "load_mw": float(load.clip(0).sum() + shunt.clip(0).sum()),
        "generation_capacity_mw": float(most[here.gen].clip(0).sum()),
        "generation_least_mw": float(least[here.gen].clip(0).sum()),
        "dispatchable_load_mw": float((-least[here.gen]).clip(0).sum()),
        "fixed_injection_mw": float((-load).clip(0).sum() + (-shunt).clip(0).sum()),
        "rating_mw": float(tables["ac_branch"]["rating_mw"].sum()),
    }
    return Raw({name: table for name, table in tables.items() if len(table) or name == "bus"}, changes, totals)


def imported(raw: Raw, path: Path, kind: str, found: Mapping[str, int], currency: str, faults: Sequence[str] = ()) -> Imported:
    """The checked tables over one step of an hour; `faults`: those found so far. Raises CaseError with all."""
    tables = complete(raw.tables, lambda name: f"{path.name} as table {name}", faults)
    time = TimeGrid.regular("2025-01-01T00:00", "2025-01-01T01:00")
    kept = {name: len(table) for name, table in tables.items() if len(table)}
    return Imported(tables, time, GivenSeries(time, {}), currency, ImportReport(kind, found, kept, raw.totals, raw.changes))


def _buses(ppc: Ppc, here: Alive) -> pd.DataFrame:
    part, bus = here.bus, ppc.bus[here.bus]
    return pd.DataFrame(
        {
            "bus": ppc.bus_id[part],
            "name": _texts(ppc.bus_name, part),
            "zone": _whole(bus[:, BUS.zone]),
            "region": _whole(bus[:, BUS.area]),
            "voltage_kv": np.where(bus[:, BUS.voltage] > 0, bus[:, BUS.voltage], 1.0),
            "surplus_allowed": "false",
        }
    )


def _loads(ppc: Ppc, here: Alive) -> pd.DataFrame:
    """A row per bus with demand, and one per bus with shunt conductance: its power at 1 p.u. voltage."""
    parts = []
    for column, prefix in ((BUS.load, ""), (BUS.shunt, "shunt ")):
        some = here.bus & (ppc.bus[:, column] > 0)
        bus = ppc.bus_id[some]
        parts.append(pd.DataFrame({"load": prefix + bus, "bus": bus, "mean_mw": ppc.bus[some, column], "sheddable": "false"}))
    return pd.concat(parts, ignore_index=True)


def _injections(ppc: Ppc, here: Alive) -> pd.DataFrame:
    """Negative demand: generators of fixed output without cost."""
    parts = []
    for column, prefix in ((BUS.load, "injection "), (BUS.shunt, "shunt ")):
        some = here.bus & (ppc.bus[:, column] < 0)
        bus, power = ppc.bus_id[some], -ppc.bus[some, column]
        fixed = {"power_min_mw": power, "power_max_mw": power}
        costs = dict.fromkeys(("cost_cny_per_h", "cost_cny_per_mwh", "cost_quadratic_cny_per_mw2h"), 0.0)
        parts.append(pd.DataFrame({"generator": prefix + bus, "name": "", "bus": bus, "technology": "fixed injection", **fixed, **costs}))
    return pd.concat(parts, ignore_index=True)


def _limits(ppc: Ppc, here: Alive) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Least and largest output MW of each row of gen; an output without limit gets one that all loads, generators and ratings together
    cannot reach, since sums with a thousand gigawatts lose digits."""
    least, most = ppc.gen[:, GEN.least].copy(), ppc.gen[:, GEN.most].copy()
    limit = np.abs(np.concatenate([least[here.gen], most[here.gen]]))
    if not (limit >= UNLIMITED_MW).any():
        return least, most, []
    rate = ppc.branch[here.branch, BRANCH.rate_a]
    parts = (limit[limit < UNLIMITED_MW], np.abs(ppc.bus[here.bus][:, [BUS.load, BUS.shunt]]), rate[rate < UNLIMITED_MW])
    bound = float(np.ceil(sum(p.sum() for p in parts))) + 1.0
    count = int(((np.abs(least) >= UNLIMITED_MW) | (np.abs(most) >= UNLIMITED_MW))[here.gen].sum())
    said = f"Outputs without limit, {bound:,.0f} MW taken, more than all loads, generators and ratings together: {count}."
    return least.clip(-bound, bound), most.clip(-bound, bound), [said]


def _generators(ppc: Ppc, here: Alive, least: np.ndarray, most: np.ndarray, curves: Curves) -> pd.DataFrame:
    part = here.gen
    technology = np.array([str(t) for t in ppc.technology] or [""] * len(part), object)
    consumes = (least < 0) & (most <= 0)
    technology = np.where(technology != "", technology, np.where(consumes, "dispatchable load", "other"))
    return pd.DataFrame(
        {
            "generator": ppc.gen_id[part],
            "name": _texts(ppc.gen_name, part),
            "bus": ppc.bus_id[here.gen_bus[part]],
            "technology": technology[part],
            "power_min_mw": least[part],
            "power_max_mw": most[part],
            "cost_cny_per_h": curves.constant[part],
            "cost_cny_per_mwh": curves.linear[part],
            "cost_quadratic_cny_per_mw2h": curves.quadratic[part],
        }
    )


def _dropped(ppc: Ppc, here: Alive) -> list[str]:
    """Sentences on what is out of service."""
    said = []
    if not here.bus.all():
        power = ppc.bus[~here.bus][:, [BUS.load, BUS.shunt]].sum()
        said.append(f"Left out with all that is connected to them: isolated buses (type 4), {(~here.bus).sum()} with {power:g} MW of load.")
    if not here.gen.all():
        power = ppc.gen[~here.gen, GEN.most].clip(0).sum()
        said.append(f"Left out as out of service: generators, {(~here.gen).sum()} of {power:g} MW in all.")
    if not here.branch.all():
        said.append(f"Left out as out of service: branches, {(~here.branch).sum()}.")
    return said


def _assumed(ppc: Ppc, here: Alive, least: np.ndarray) -> list[str]:
    """Sentences on what was read in a way that is not plain."""
    bus = ppc.bus[here.bus]
    demand, shunt = bus[:, [BUS.load, BUS.shunt]], bus[:, BUS.shunt]
    consumes = here.gen & (least < 0)
    given = (
        ((demand < 0).sum(), -demand.clip(None, 0).sum(), "Negative demands, now generators of fixed output without cost"),
        ((shunt > 0).sum(), shunt.clip(0).sum(), "Shunt conductances, now constant loads"),
        (consumes.sum(), -least[consumes].sum(), "Generators that may consume (negative least output)"),
    )
    said = [f"{what}: {count}, {power:g} MW in all." for count, power, what in given if count]
    bare = int((bus[:, BUS.voltage] == 0).sum())
    return [*said, f"Buses without a base voltage, 1 kV taken: {bare}."] if bare else said


def _texts(given: Sequence[str], part: np.ndarray):
    return np.asarray(given, object)[part] if len(given) else ""


def _whole(values: np.ndarray) -> np.ndarray:
    """Numbers of zones as text, without '.0'."""
    known, place = np.unique(values, return_inverse=True)
    return np.array([f"{v:g}" for v in known], object)[place]
