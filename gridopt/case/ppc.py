"""Arrays in MATPOWER's layout (bus, gen, branch, gencost) as gridopt's tables; shared by the readers of MATPOWER and pandapower.

Units of the arrays: MW, kV, degrees, per unit on base_mva, money per hour. The branch model is applied by what is written into ac_branch:

    matpower-dc        flow = (angle_f - angle_t - shift) / (x tap);  angle limits where nonzero and inside +-360 degrees      (M1)
    powermodels-dcp    flow = x / (r^2 + x^2) (angle_f - angle_t);  angle limits beyond +-90 degrees, or both 0, are +-60      (M2)
    copperplate        neither ratings nor angle limits                                                                        (M3)

rateA 0 is no limit under (M1). PowerModels has no such branch, but gives it the flow that voltages and angles allow, and so does (M2):
rating = base v / |z| sqrt(v_f^2 + v_t^2 - 2 v_f v_t cos(largest angle)), v_f, v_t the largest voltages and v the larger of both    (M4)
Several reference buses of one synchronous area keep their angles: branches that join them with this shift and may carry no flow.
Layout: https://matpower.org/docs/ref/matpower7.1/lib/caseformat.html; PowerModels.jl src/core/data.jl for (M2), (M4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from gridopt.case.check import CaseError
from gridopt.case.complete import complete
from gridopt.case.imported import BRANCH_MODELS, Imported, ImportReport
from gridopt.case.ppc_columns import BRANCH, BUS, GEN, ISOLATED, REFERENCE
from gridopt.case.ppc_costs import Curves, cost_curves
from gridopt.case.series import GivenSeries
from gridopt.case.time import TimeGrid

DEFAULT_ANGLE_DEG, LARGEST_ANGLE_DEG = 60.0, 90.0
UNLIMITED_MW = 1e8
"""Limits of outputs at or beyond this stand for none."""


@dataclass(frozen=True)
class Ppc:
    """bus, gen, branch, gencost: float, a row per element, columns as in `ppc_columns`. `place(matrix, row)`: where a row stands, for
    faults. bus_id, gen_id, branch_id: texts, what the tables call the rows; bus_name, gen_name, technology: '' where not given."""

    base_mva: float
    bus: np.ndarray
    gen: np.ndarray
    branch: np.ndarray
    gencost: np.ndarray
    place: Callable[[str, int], str]
    bus_id: np.ndarray
    gen_id: np.ndarray
    branch_id: np.ndarray
    bus_name: Sequence[str]
    gen_name: Sequence[str]
    technology: Sequence[str]

    def at(self, numbers: np.ndarray) -> np.ndarray:
        """Rows of `bus` with these numbers, int; -1 where there is none."""
        order = np.argsort(self.bus[:, BUS.number], kind="stable")
        known = self.bus[order, BUS.number]
        near = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
        return np.where(known[near] == numbers, order[near], -1)


class Alive(NamedTuple):
    """In service, bool: bus, gen, branch; rows of bus, int: gen_bus, from_bus, to_bus (-1: unknown)."""

    bus: np.ndarray
    gen: np.ndarray
    branch: np.ndarray
    gen_bus: np.ndarray
    from_bus: np.ndarray
    to_bus: np.ndarray


def alive(ppc: Ppc) -> Alive:
    """What is in service: an element at an isolated bus (type 4) is not."""
    gen_bus, start, end = ppc.at(ppc.gen[:, GEN.bus]), ppc.at(ppc.branch[:, BRANCH.from_bus]), ppc.at(ppc.branch[:, BRANCH.to_bus])
    bus = ppc.bus[:, BUS.type] != ISOLATED
    gen = (ppc.gen[:, GEN.status] > 0) & bus[gen_bus] & (gen_bus >= 0)
    branch = (ppc.branch[:, BRANCH.status] != 0) & bus[start] & bus[end] & (start >= 0) & (end >= 0)
    return Alive(bus, gen, branch, gen_bus, start, end)


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
        "ac_branch": _branches(ppc, here, branch_model, changes),
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


def imported(raw: Raw, path: Path, kind: str, found: Mapping[str, int], currency: str) -> Imported:
    """The checked tables over one step of an hour."""
    tables = complete(raw.tables, lambda name: f"{path.name} as table {name}")
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


def _branches(ppc: Ppc, here: Alive, model: str, changes: list[str]) -> pd.DataFrame:
    branch, start, end = ppc.branch[here.branch], here.from_bus[here.branch], here.to_bus[here.branch]
    r, x = branch[:, BRANCH.resistance], branch[:, BRANCH.reactance]
    tap = np.where(branch[:, BRANCH.tap] == 0, 1.0, branch[:, BRANCH.tap])
    shift, rating, emergency = branch[:, BRANCH.shift], _rate(branch[:, BRANCH.rate_a]), _emergency(branch)
    low, high = _angles(branch, model)
    if model == "powermodels-dcp":
        rating = np.where(np.isnan(rating), _allowed(ppc, branch, start, end, np.maximum(abs(low), abs(high)), changes), rating)
        with np.errstate(divide="ignore"):
            x = (r**2 + x**2) / x
        tap, shift = np.ones_like(tap), np.zeros_like(shift)
        _say_ignored(branch, changes)
    elif model == "copperplate":
        rating = emergency = np.full(len(branch), np.nan)
        x = np.where(x == 0, 1e-4, x)  # flows mean nothing without limits, but must be defined
        changes.append("Left out, as the branch model says: ratings and angle limits of branches.")
    bus = ppc.bus_id
    frame = pd.DataFrame(
        {
            "ac_branch": ppc.branch_id[here.branch],
            "from_bus": bus[start],
            "to_bus": bus[end],
            "base_mva": ppc.base_mva,
            "resistance_pu": r,
            "reactance_pu": x,
            "charging_pu": branch[:, BRANCH.charging],
            "tap_ratio": tap,
            "shift_deg": shift,
            "angle_min_deg": low,
            "angle_max_deg": high,
            "rating_mw": rating,
            "rating_emergency_mw": emergency,
        }
    )
    ties = _reference_ties(ppc, here, model, changes)
    return pd.concat([frame, ties], ignore_index=True) if len(ties) else frame


def _rate(rate: np.ndarray) -> np.ndarray:
    """NaN where 0 stands for no limit; so do MATPOWER's and PYPOWER's 1e10 and beyond."""
    return np.where((rate == 0) | (rate >= 1e10), np.nan, rate)


def _emergency(branch: np.ndarray) -> np.ndarray:
    """rateC, else rateB, where it is above rateA; a smaller one is no emergency rating."""
    given = np.where(branch[:, BRANCH.rate_c] > 0, branch[:, BRANCH.rate_c], branch[:, BRANCH.rate_b])
    return np.where((branch[:, BRANCH.rate_a] > 0) & (given >= branch[:, BRANCH.rate_a]), _rate(given), np.nan)


def _angles(branch: np.ndarray, model: str) -> tuple[np.ndarray, np.ndarray]:
    """Limits of the angle difference in degrees, NaN: none (M1), (M2)."""
    low, high = (branch[:, c] if branch.shape[1] > BRANCH.angle_max else np.zeros(len(branch)) for c in (BRANCH.angle_min, BRANCH.angle_max))
    if model == "powermodels-dcp":
        both = (low == 0) & (high == 0)
        low = np.where(both | (low <= -LARGEST_ANGLE_DEG), -DEFAULT_ANGLE_DEG, low)
        return low, np.where(both | (high >= LARGEST_ANGLE_DEG), DEFAULT_ANGLE_DEG, high)
    if model == "copperplate":
        return np.full(len(branch), np.nan), np.full(len(branch), np.nan)
    return np.where((low != 0) & (low > -360), low, np.nan), np.where((high != 0) & (high < 360), high, np.nan)


def _allowed(ppc: Ppc, branch: np.ndarray, start: np.ndarray, end: np.ndarray, angle: np.ndarray, changes: list[str]) -> np.ndarray:
    """MW that voltages and angles allow (M4)."""
    free = int(np.isnan(_rate(branch[:, BRANCH.rate_a])).sum())
    if free:
        changes.append(f"Branches with rateA 0, limited by what voltage and angle limits allow, as PowerModels does: {free}.")
    first, second = ppc.bus[start, BUS.voltage_max], ppc.bus[end, BUS.voltage_max]
    square = first**2 + second**2 - 2 * first * second * np.cos(np.deg2rad(angle))
    impedance = np.hypot(branch[:, BRANCH.resistance], branch[:, BRANCH.reactance])
    return ppc.base_mva * np.maximum(first, second) * np.sqrt(np.maximum(square, 0.0)) / impedance


def _say_ignored(branch: np.ndarray, changes: list[str]) -> None:
    taps = int(((branch[:, BRANCH.tap] != 0) & (branch[:, BRANCH.tap] != 1)).sum())
    shifts = int((branch[:, BRANCH.shift] != 0).sum())
    if taps or shifts:
        changes.append(f"Left out, as the branch model says: tap ratios, {taps}; phase shifts, {shifts}.")


def _reference_ties(ppc: Ppc, here: Alive, model: str, changes: list[str]) -> pd.DataFrame:
    """Branches without flow that hold the angles between reference buses of one area."""
    reference = np.flatnonzero(here.bus & (ppc.bus[:, BUS.type] == REFERENCE))
    if len(reference) < 2 or model == "copperplate":
        return pd.DataFrame()
    ends = here.from_bus[here.branch], here.to_bus[here.branch]
    size = len(ppc.bus)
    area = connected_components(sp.csr_array((np.ones(len(ends[0])), ends), shape=(size, size)), directed=False)[1][reference]
    first = reference[[int(np.argmax(area == a)) for a in area]]
    some = first != reference
    if not some.any():
        return pd.DataFrame()
    changes.append(f"Further reference buses of an area, held at their angle by branches named 'reference': {some.sum()}.")
    angle = ppc.bus[:, BUS.angle] * (model == "matpower-dc")
    bus = ppc.bus_id
    return pd.DataFrame(
        {
            "ac_branch": "reference " + bus[reference[some]],
            "from_bus": bus[first[some]],
            "to_bus": bus[reference[some]],
            "base_mva": ppc.base_mva,
            "reactance_pu": 0.1,
            "resistance_pu": 0.0,
            "charging_pu": 0.0,
            "tap_ratio": 1.0,
            "shift_deg": angle[first[some]] - angle[reference[some]],
            "rating_mw": 0.0,
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
