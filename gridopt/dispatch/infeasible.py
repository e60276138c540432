"""Infeasible, and then? Repairs that are tried one by one, and told in words with what each would take.

A repair is a change of the tables; it is named only after the case changed so has been dispatched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.case.fleet import TABLES as SWITCHED
from gridopt.case.fleet import switched
from gridopt.case.pools import studied
from gridopt.case.topology import BRANCH_TABLES
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.single import dispatch
from gridopt.program.solution import Infeasible, LimitReached, SolverFailed

NAMED = 3
"""Buses named in a sentence."""
MISSING = 1e5
"""CNY/MWh of a reserve that is missing, in a repair."""
NOTICED = 1e-3
"""MW."""
SECONDS = 60.0
"""Time in which whole values are looked for in one repair."""
Tables = Mapping[str, pd.DataFrame]


def softened(tables: Tables) -> Tables:
    """Every load may be shed, and surplus may vanish everywhere."""
    return {**tables, "load": tables["load"].assign(sheddable=True), "bus": tables["bus"].assign(surplus_allowed=True)}


def unlimited(tables: Tables) -> Tables:
    """No limits of branches, of angles, of sections."""
    free = {t: tables[t].assign(rating_mw=np.nan, rating_emergency_mw=np.nan) for t in BRANCH_TABLES}
    free["ac_branch"] = free["ac_branch"].assign(angle_min_deg=np.nan, angle_max_deg=np.nan)
    return {**tables, **free, "interface_limit": tables["interface_limit"].iloc[:0]}


def unramped(tables: Tables) -> Tables:
    """No ramps of generators, units and links."""
    free = {t: tables[t].assign(ramp_fraction_per_min=1e3) for t in ("unit_type", "dc_link")}
    ramps = {"ramp_fraction_per_min": np.nan, "ramp_down_fraction_per_min": np.nan}
    free["ramping"] = tables["ramping"].assign(up_mw_per_min=np.nan, down_mw_per_min=np.nan)
    return {**tables, **free, "generator": tables["generator"].assign(**ramps)}


def unhurried(tables: Tables) -> Tables:
    """What is switched may start and stop at any time, whatever was before the first step."""
    free = {"min_up_h": 0.0, "min_down_h": 0.0, "initial_h": np.nan, "initial_mw": np.nan}
    times = dict.fromkeys(("min_up_h", "min_down_h"), 0.0)
    return {**tables, "commitment": tables["commitment"].assign(**free), "unit_type": tables["unit_type"].assign(**times)}


def unforced(tables: Tables) -> Tables:
    """Nothing must run, no status is fixed, and stations and weeks have no limits of changes."""
    free = {"must_run": False, "status_profile": "", "max_changes_per_day": np.nan, "max_starts_per_week": np.nan}
    return {**tables, "commitment": tables["commitment"].assign(**free), "unit": tables["unit"].assign(must_run="no"),
            "chp": tables["chp"].assign(other_heat=True)}  # fmt: skip


def unreserved(tables: Tables) -> Tables:
    """Every reserve may be missing, dearer than load."""
    open_end = tables["reserve_shortage"].iloc[:0].reindex(range(len(tables["reserve"])))
    open_end = open_end.assign(reserve=tables["reserve"].index.to_numpy(), cost_cny_per_mwh=MISSING)
    return {**tables, "reserve_shortage": open_end}


def without(*names: str) -> Callable[[Tables], Tables]:
    """Tables without the rows of some."""
    return lambda tables: {**tables, **{name: tables[name].iloc[:0] for name in names}}


def _briefly(case: Case) -> Dispatch:
    """A dispatch, of a search for whole values that ends after SECONDS with the best by then."""
    return dispatch(case, search=Search(seconds=SECONDS))


def reasons(case: Case, solve: Callable[[Case], Dispatch] = _briefly) -> list[str]:
    """Sentences on a case that has no dispatch: which change alone gives it one, and what it then takes."""
    found = ["no dispatch satisfies all limits"]
    secured = case.security != "listed" or len(case.table("contingency"))
    bare = replace(case, security="listed", tables={**case.tables, "contingency": case.table("contingency").iloc[:0]})
    repairs: list[tuple[str, Case, Callable[[Dispatch], str]]] = [
        ("with load shedding and surplus allowed", replace(case, tables=softened(case.tables)), _short),
        ("without limits of branches, angles and sections", replace(case, tables=unlimited(case.tables)), lambda d: _beyond(case, d)),
    ]
    if len(case.time) > 1 or case.table("dc_link")["initial_mw"].notna().any():
        repairs.append(("without ramps", replace(case, tables=unramped(case.tables)), lambda d: ""))
    if any(switched(case, table).any() for table in SWITCHED):
        repairs += [
            ("without minimum times and the status before the first step", replace(case, tables=unhurried(case.tables)), lambda d: ""),
            ("with units free to be on or off at any time", replace(case, tables=unforced(case.tables)), lambda d: _unforced(case, d)),
        ]
    if len(case.table("reserve")):
        repairs.append(("with reserves that may be missing", replace(case, tables=unreserved(case.tables)), _unreserved))
    optional = (
        ("without contracts of DC links", ("dc_contract",), lambda d: _uncontracted(case, d)),
        ("without budgets and stocks of fuel and caps on CO2", ("fuel_budget", "fuel_stock", "emission_cap"), lambda d: ""),
        *([("without schedules of DC links", ("dc_schedule",), lambda d: "")] if case.commitment != "off" else []),
    )
    for words, names, told in optional:
        if any(len(case.table(n)) for n in names):
            repairs.append((words, replace(case, tables=without(*names)(case.tables)), told))
    if secured:
        repairs.insert(0, ("without outages to withstand (N-1)", bare, lambda d: ""))
    for words, changed, told in repairs:
        try:
            found.append(f"  {words} there is one{told(solve(changed))}")
        except Infeasible:
            found.append(f"  {words} there is none either")
        except (LimitReached, SolverFailed) as error:
            found.append(f"  {words} there may be one: not decided, {error}")
    return found


def _unforced(case: Case, d: Dispatch) -> str:
    """What then has another status than it must have."""
    fleet, on = case.fleet, {t: d.quantities[f"{t}_on"].values for t in SWITCHED if f"{t}_on" in d.quantities}
    status = np.array([on[t][row] for t, row in zip(fleet.table, fleet.row, strict=True)])
    other = (fleet.must_on & (status < 0.5)) | (fleet.must_off & (status > 0.5))
    names = [f"{fleet.table[n]} '{fleet.name[n]}'" for n in np.flatnonzero(other.any(axis=1))]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"; on or off against its rule: {', '.join(names[:NAMED])}{more}" if names else ""


def _short(d: Dispatch) -> str:
    parts = []
    for name, words in (("shedding", "not served"), ("surplus", "left over")):
        most = d.quantities[name].values
        step = int(np.argmax(most.sum(axis=0)))
        if most[:, step].sum() > NOTICED:
            when = str(d.case.time.start[step]).replace("T", " ")[:16]
            parts.append(f"{most[:, step].sum():,.1f} MW are {words} at {when} ({_places('bus', d.case.table('bus').index, most[:, step])})")
    return "; " + "; ".join(parts) if parts else ""


def _uncontracted(case: Case, d: Dispatch) -> str:
    """How far the energy sent then is from what contracts ask for in the part of their periods that is studied."""
    table, found = case.table("dc_contract"), d.quantities
    inside, share = studied(case, table)
    power = found.get("dc_power", found["dc_sent"]).values[case.position("dc_link", table["dc_link"])]
    sent = (inside * case.time.hours * power).sum(axis=1)
    low, high = (table[f"energy_{c}_mwh"].to_numpy(float) * share for c in ("min", "max"))
    away = np.fmax(np.fmax(low - sent, sent - high), 0.0)
    return f"; the energy sent then misses contracts ({_places('contract', table.index, away, 'MWh')})" if (away > NOTICED).any() else ""


def _unreserved(d: Dispatch) -> str:
    """How much reserve is missing when most is."""
    short = d.quantities["reserve_shortage"].values
    step = int(np.argmax(short.sum(axis=0)))
    if short[:, step].sum() <= NOTICED:
        return ""
    when = str(d.case.time.start[step]).replace("T", " ")[:16]
    return f"; then missing at {when}: {_places('reserve', d.case.table('reserve').index, short[:, step])}"


def _beyond(case: Case, d: Dispatch) -> str:
    """How far flows go beyond the limits that were lifted."""
    beyond = np.maximum(d.flow - case.grid.upper, case.grid.lower - d.flow).max(axis=1, initial=0.0)
    return f"; flows then exceed limits ({_places('branch', case.grid.branches.ids, beyond)})" if (beyond > NOTICED).any() else ""


def _places(kind: str, names, values: np.ndarray, unit: str = "MW") -> str:
    """The largest values, each at its element: `bus 7: 12.0 MW`."""
    order = np.argsort(-values, kind="stable")[:NAMED]
    return ", ".join(f"{kind} {names[i]}: {values[i]:,.1f} {unit}" for i in order if values[i] > NOTICED)
