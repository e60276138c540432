"""What each rule of a DC link is worth: what one more change a day, a shorter hold, a smaller step .. would save.

    by a dual, of the program with decisions fixed: contracts, shares, ramp: saving per unit                       (R1)
    by a re-solve with the rule relaxed by one unit, commitment of plants held as found: cost before - cost after   (R2)

A decision has no dual: the rules of table dc_schedule and least power of links that may stop are known by (R2) alone. Both costs are
known within the gap of their searches; `uncertain_cny` is how far the saving may lie above what is told.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from gridopt.analysis.contracts import dc_contracts
from gridopt.case.case import Case
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.held import solve_held
from gridopt.dispatch.result import Dispatch
from gridopt.program.solution import Infeasible, LimitReached, SolverFailed

COLUMNS = ["dc_link", "rule", "limit", "relaxed_to", "unit", "saving_cny", "uncertain_cny", "method"]
HELD = ("commitment", "power_block", "pumped")
"""Blocks whose decisions stay as they are in (R2)."""
RESOLVE, DUAL = "re-solve, commitment held", "dual"


def dc_rules(solved: Dispatch, search: Search | None = None) -> pd.DataFrame:
    """Table dc_rules: a row per link and rule; saving_cny is over the study, per unit of the rule for duals. Without `search` no
    re-solves are made. A rule whose re-solve reached a limit has no number."""
    rows = [*_contracts(solved), *_ramps(solved)]
    if search is not None and solved.case.commitment == "exact":
        rows += [_resolved(solved, rule, search) for rule in _relaxed_rules(solved.case)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _contracts(solved: Dispatch) -> list[tuple]:
    """(R1): energy at its least or largest, and the share: one more MWh that need not be covered."""
    found = []
    for row in dc_contracts(solved).to_dict("records"):
        energy = row["value_of_energy_cny_per_mwh"]
        rule, limit = ("energy_max_mwh", row["energy_max_mwh"]) if energy < 0 else ("energy_min_mwh", row["energy_min_mwh"])
        if limit == limit:
            away = limit + (1.0 if energy < 0 else -1.0)
            found.append((row["dc_link"], f"{rule} of {row['contract']}", limit, away, "MWh", abs(energy), 0.0, DUAL))
        if row["renewable_share_min"] > 0:
            rule, one = f"renewable_share_min of {row['contract']}", row["value_of_share_cny_per_mwh"]
            found.append((row["dc_link"], rule, row["renewable_share_min"], np.nan, "MWh", one, 0.0, DUAL))
    return found


def _ramps(solved: Dispatch) -> list[tuple]:
    """(R1): one more MW/min."""
    table, hours = solved.case.table("dc_link"), solved.case.time.hours
    if not any(f.family.name == "dc_link.ramp" for f in solved.model.builder.lazy_families):
        return []
    minutes = 30.0 * (hours + np.append(hours[:1], hours[:-1]))
    saving = np.abs(solved.values.dual("dc_link.ramp")) @ minutes
    rate = (table["ramp_fraction_per_min"] * table["power_max_mw"]).to_numpy(float)
    return [(n, "ramp", r, r + 1.0, "MW/min", s + 0.0, 0.0, DUAL) for n, r, s in zip(table.index, rate, saving, strict=True)]


def _relaxed_rules(case: Case) -> list[tuple[str, str, float, float, str, dict]]:
    """(link, rule, limit, relaxed to, unit, cells to change by table) of every rule of the schedules."""
    found, step_h = [], float(case.time.hours.min())
    for name, rule in case.table("dc_schedule").iterrows():
        link = case.table("dc_link").loc[name]
        step, instant = rule["step_mw"], rule["change_minutes"] / 60.0 if rule["change_minutes"] > 0 else step_h
        options: tuple[tuple[str, float, str, dict], ...] = (
            ("changes_per_day", 1.0, "1", {}),
            ("hold_h", -max(instant, step_h), "h", {}),
            ("steps_per_change", 1.0, "1", {}),
            ("step_mw", -0.5 * step, "MW", {"steps_per_change": 2.0 * rule["steps_per_change"]}),
            ("change_minutes", -0.5 * rule["change_minutes"], "min", {}),
            ("reversal_h", -max(instant, step_h), "h", {}),
        )
        for column, away, unit, more in options:
            limit = rule[column]
            if limit == limit and (limit > 0 or column == "changes_per_day"):
                to = max(limit + away, 0.0)
                if column != "change_minutes" or to >= 60.0 * step_h - 1e-9:
                    found.append((name, column, limit, to, unit, {"dc_schedule": {column: to} | more}))
        if link["power_min_mw"] > 0 and not link["schedule"]:
            to = max(link["power_min_mw"] - (step if step > 0 else 1.0), 0.0)
            found.append((name, "power_min_mw", link["power_min_mw"], to, "MW", {"dc_link": {"power_min_mw": to}}))
    return found


def _resolved(solved: Dispatch, rule: tuple, search: Search) -> tuple:
    """(R2). Nothing is told of a rule that even in part reached a limit."""
    name, column, limit, to, unit, cells = rule
    tables = dict(solved.case.tables)
    for table, values in cells.items():
        tables[table] = tables[table].copy()
        for cell, value in values.items():
            tables[table].loc[name, cell] = value
    try:
        after = solve_held(solved, replace(solved.case, tables=tables), HELD, search)
    except (Infeasible, LimitReached, SolverFailed):
        return (name, column, limit, to, unit, np.nan, np.nan, RESOLVE)
    proven = after.bound if after.proven is None else after.proven
    saving = max(solved.solution.objective - after.objective, 0.0)
    return (name, column, limit, to, unit, saving, max(after.objective - proven, 0.0), RESOLVE)
