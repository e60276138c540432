"""Renewable: wind, solar and run-of-river plants with explicit curtailment.

Sets        g group of plants at one bus with the same costs, the same DC bundle, in the same interfaces and with no ramps of their own,
            t step of length h[t] hours
Data        available A[g,t] = sum of power_max_mw x series x readiness over the members [MW], cost c, cost of curtailment k [CNY/MWh]
Columns     renewable.curtailment x [MW]

    0 <= x <= A,   output = A - x                                         (R1)

Cost        renewable.variable = c h (A - x);  renewable.curtailment = k h x
Ports       injection: A - x;  bundle (of the DC link the group counts for): A - x;  where there are reserves, ramping, outages or
            interfaces of plants also renewable_output, renewable_available, renewable_least by plant: A - x by share of A, A, 0
Ties        members of a group share x pro rata to what they have available: the fair tie rule at one bus; wider ties are evened
            out after the solve (dispatch/fair.py)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from gridopt.case.groups import Groups, group_by
from gridopt.program.labels import Quantity


class Columns(NamedTuple):
    groups: Groups
    available: np.ndarray
    curtailment: np.ndarray


def available(case) -> np.ndarray:
    """Available output by plant MW (n, T); a new plant reaches its full output after its commissioning days."""
    plant = case.table("renewable")
    days = plant["commissioning_days"].to_numpy(float)[:, None]
    age = (case.time.start[None, :] - plant["in_service"].to_numpy("datetime64[s]")[:, None]) / np.timedelta64(86400, "s")
    ready = np.where((days > 0) & ~np.isnan(age), np.clip(age / np.where(days > 0, days, 1.0), 0.0, 1.0), 1.0)
    return ready * plant["power_max_mw"].to_numpy(float)[:, None] * case.series(plant["profile"], 1.0) * case.in_service("renewable")


def _apart(case) -> list[np.ndarray]:
    """What tells plants apart besides their figures, (n,) each: a ramp of their own; interfaces that they are members of; their kind, where
    reserves ask for shares of output."""
    plant, ramping = case.table("renewable"), case.table("ramping")
    own = plant.index.isin(ramping["element"][ramping["kind"] == "renewable"])
    by_output = (case.table("reserve")["renewable_basis"] == "output").any()
    kind, member = plant["technology"].to_numpy(object), case.table("interface_member")
    member = member[member["kind"] == "renewable"]
    sections = pd.Series([(i, w) for i, w in zip(member["interface"], member["coefficient"], strict=True)], member["element"], object)
    sections = sections.groupby(level=0).agg(lambda v: tuple(sorted(v))).reindex(plant.index).to_numpy(object)
    return [np.where(own, plant.index.to_numpy(object), ""), sections, *([kind] if by_output else [])]


def declare(case, b):
    """Column (R1), costs and what it offers to the ports."""
    plant, hours = case.table("renewable"), case.time.hours
    link = case.table("dc_bundle")["dc_link"].reindex(plant.index).fillna("")
    groups = group_by(plant, ("bus", "cost_cny_per_mwh", "curtailment_cost_cny_per_mwh"), (link, *_apart(case)))
    each = available(case)
    total = groups.sum(each)
    x = b.columns("renewable.curtailment", unit="MW", over={"group": groups.name, "time": case.time.index}, upper=total)
    one = plant.iloc[groups.first]
    variable = one["cost_cny_per_mwh"].to_numpy(float)[:, None] * hours
    b.cost("renewable.variable", x, -variable)
    b.fixed_cost("renewable.variable", variable * total, {"group": groups.name})
    b.cost("renewable.curtailment", x, one["curtailment_cost_cny_per_mwh"].to_numpy(float)[:, None] * hours)
    b.port("injection").add(case.position("bus", one["bus"]), x, -1.0, constant=total)
    bundled = np.flatnonzero(link.iloc[groups.first] != "")
    at = case.position("dc_link", link.iloc[groups.first[bundled]])
    b.port("bundle", len(case.table("dc_link"))).add(at, x[bundled], -1.0, constant=total[bundled])
    named = any((case.table(t)["kind"] == "renewable").any() for t in ("contingency", "interface_member"))
    if len(case.table("reserve")) or len(case.table("ramping")) or named:
        _offer_by_plant(b, groups, each, total, x)
    return Columns(groups, each, x)


def _offer_by_plant(b, groups: Groups, each: np.ndarray, total: np.ndarray, x: np.ndarray) -> None:
    """What each plant gives, for what draws on single plants."""
    every, none = np.arange(len(each)), np.zeros_like(each)
    share = np.divide(each, total[groups.of], out=none.copy(), where=total[groups.of] > 0)
    b.port("renewable_output", len(each)).add(every, x[groups.of], -share, each)
    for name, value in (("available", each), ("least", none)):
        b.port(f"renewable_{name}", len(each)).add(every, constant=value)


def constrain(case, b, columns):
    """No rows: bounds say it all."""


def results(case, columns, values) -> dict[str, Quantity]:
    """Available, used and curtailed power by plant."""
    groups, each, _ = columns
    curtailed = groups.split(np.clip(values["renewable.curtailment"], 0.0, groups.sum(each)), each)
    dims = ("renewable", "time")
    return {
        "renewable_available": Quantity(dims, each, "MW", "available output", "可用出力", "positive: generation"),
        "renewable_output": Quantity(dims, each - curtailed, "MW", "output", "出力", "positive: generation"),
        "renewable_curtailed": Quantity(dims, curtailed, "MW", "curtailed output", "弃电功率", "positive: curtailed"),
    }
