"""What MATPOWER leaves inactive until it is switched on: fixed zonal reserves (toggle_reserves), limits of interfaces (toggle_iflims).

Reserves: mpc.reserves.zones (zones x generators, 1 inside), req [MW], cost [$/MW], qty [MW], the last two by generator, with or without
those in no zone. An award counts in every zone of its generator: generators in several zones offer for a reserve of their own without
requirement, which counts for all of them. Also at most ramp_10 where the generator has one.
Interfaces: mpc.if.map (number, branch; negative: against its direction), mpc.if.lims (number, lower, upper) [MW].
Source: https://matpower.org/docs/ref/matpower7.1/lib/toggle_reserves.html and toggle_iflims.html
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.case.matpower_text import CaseText
from gridopt.case.ppc_arrays import Alive, Ppc

TOGGLES = ("reserves", "iflims")
RAMP_10 = 17
"""Column of gen with the ramp in ten minutes, MW."""

Tables = dict[str, pd.DataFrame]


def toggled(case: CaseText, ppc: Ppc, here: Alive, names: tuple[str, ...], file: str) -> tuple[Tables, list[str]]:
    """Tables of what is switched on, and faults."""
    tables: Tables = {}
    faults = []
    for name, fields, make in (
        ("reserves", ("reserves.zones", "reserves.req", "reserves.cost"), _reserves), ("iflims", ("if.map", "if.lims"), _interfaces),
    ):  # fmt: skip
        if name in names:
            missing = [f"mpc.{f}" for f in fields if not _values(case, f).size]
            if missing:
                rule = f"has no matrix {' and no '.join(missing)}, which toggle '{name}' needs"
                faults.append(f"{file}: {rule}. Leave the toggle out or add it.")
            else:
                made, wrong = make(case, ppc, here, file)
                tables |= made
                faults += wrong
    return tables, faults


def _values(case: CaseText, name: str) -> np.ndarray:
    """A matrix or a single number of the case, (n, columns); empty where there is none."""
    if name in case.matrices:
        return case.matrices[name].values
    try:
        return np.array([[float(case.scalars[name])]])
    except (KeyError, ValueError):
        return np.zeros((0, 0))


def _reserves(case: CaseText, ppc: Ppc, here: Alive, file: str) -> tuple[Tables, list[str]]:
    zones, required = _values(case, "reserves.zones") != 0, np.ravel(_values(case, "reserves.req"))
    count, faults = len(ppc.gen), []
    if zones.shape != (len(required), count):
        rule = f"mpc.reserves.zones has {' x '.join(map(str, zones.shape))} entries, not {len(required)} x {count}"
        cure = "Give one row per entry of mpc.reserves.req and one column per generator."
        return {}, [f"{file}, line {case.lines['reserves.zones']}: {rule}. {cure}"]
    any_zone = zones.any(axis=0)
    each = {}
    for name, otherwise in (("cost", 0.0), ("qty", np.inf)):
        found = _values(case, f"reserves.{name}")
        given = found.ravel() if found.size else np.full(count, otherwise)
        if len(given) not in (count, any_zone.sum()):
            rule = f"mpc.reserves.{name} has {len(given)} entries, {count} generators, {any_zone.sum()} of them in a zone"
            faults.append(f"{file}, line {case.lines[f'reserves.{name}']}: {rule}. Give one entry per generator.")
            continue
        each[name] = np.full(count, otherwise)
        each[name][slice(None) if len(given) == count else any_zone] = given
    if faults:
        return {}, faults
    ramp = ppc.gen[:, RAMP_10] if ppc.gen.shape[1] > RAMP_10 else np.zeros(count)
    most = np.where(ramp > 0, np.minimum(each["qty"], ramp), each["qty"])
    some = np.flatnonzero(any_zone & here.gen)
    own = ["+".join(str(z + 1) for z in np.flatnonzero(zones[:, g])) for g in some]
    several = sorted({o for o in own if "+" in o})
    plain = dict(product="spinning_up", requirement_mw=0.0)
    reserve = [dict(plain, reserve=f"zone {z + 1}", requirement_mw=r) for z, r in enumerate(required)]
    reserve += [dict(plain, reserve=f"zone {o}") for o in several]
    offer = [dict(reserve=f"zone {o}", kind="generator", element=ppc.gen_id[g], award_max_mw=most[g] if most[g] < np.inf else np.nan,
                  cost_cny_per_mwh=each["cost"][g]) for o, g in zip(own, some, strict=True)]  # fmt: skip
    nested = [dict(reserve=f"zone {o}", counts_for=f"zone {z}") for o in several for z in o.split("+")]
    made = {"reserve": reserve, "reserve_offer": offer, "reserve_nesting": nested}
    return {name: pd.DataFrame(rows) for name, rows in made.items() if rows}, faults


def _interfaces(case: CaseText, ppc: Ppc, here: Alive, file: str) -> tuple[Tables, list[str]]:
    pairs, limits = case.matrices["if.map"].values, case.matrices["if.lims"].values
    faults = []
    branch = np.abs(pairs[:, 1]).astype(int) - 1
    for row in np.flatnonzero((branch < 0) | (branch >= len(ppc.branch))):
        where = f"{file}, line {case.matrices['if.map'].line[row]}"
        faults.append(f"{where}: mpc.if.map names branch {pairs[row, 1]:g}, the case has {len(ppc.branch)}. Correct the number.")
    for row in np.flatnonzero(~np.isin(limits[:, 0], pairs[:, 0])):
        where = f"{file}, line {case.matrices['if.lims'].line[row]}"
        faults.append(f"{where}: mpc.if.lims names interface {limits[row, 0]:g}, which mpc.if.map does not have. Correct the number.")
    if faults:
        return {}, faults
    kept = here.branch[branch]
    name = [f"interface {n:g}" for n in pairs[kept, 0]]
    member = dict(interface=name, kind="ac_branch", element=ppc.branch_id[branch[kept]], coefficient=np.sign(pairs[kept, 1]))
    limit = dict(interface=[f"interface {n:g}" for n in limits[:, 0]], forward_mw=limits[:, 2], backward_mw=-limits[:, 1])
    listed = pd.DataFrame({"interface": sorted({*name, *(f"interface {n:g}" for n in limits[:, 0])})})
    return {"interface": listed, "interface_member": pd.DataFrame(member), "interface_limit": pd.DataFrame(limit)}, faults
