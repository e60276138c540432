"""What is expected and what comes: forecasts with errors the day before, and changes that real time brings.

Table real_time gives what comes otherwise than expected, in MW: demand, available output, limits. Forecast errors go the other way: the
series of a case are what comes, what is expected is made from them:

    expected[s,t] = actual[s,t] (1 + share e[s,t]),   e[s,t] = r e[s,t-1] + sqrt(1 - r^2) n[s,t],   r = exp(-h / T)                 (F1)

n: independent standard normal numbers of the seed, one course e for each series; outputs stay within 0 and capacity, where nothing
comes (the sun at night) nothing is expected.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gridopt.case.case import Case
from gridopt.case.check import CaseError
from gridopt.case.series import GivenSeries, Layered

ENDS: dict[str, dict[str, float | str]] = {"storage": {"energy_end_fraction": 0.0}, "reservoir": {"volume_end_hm3": "volume_min_hm3"}}
"""What is to be left at the end: cells by table, a value or the column that holds it."""
BRANCHES = {"line": "circuits", "transformer": "", "ac_branch": ""}
"""Tables of branches, and the column by which their limit is multiplied."""


@dataclass(frozen=True)
class ForecastError:
    """Standard deviations of the relative errors a day ahead, hours T over which they fade, seed."""

    wind: float = 0.0
    solar: float = 0.0
    load: float = 0.0
    hours: float = 6.0
    seed: int = 0


def expected(case: Case, rule: ForecastError) -> Case:
    """The case with series (F1) of load, wind and sun in place of what comes."""
    named: dict[str, float] = {}
    for kind, share in (("wind", rule.wind), ("solar", rule.solar)):
        plant = case.table("renewable")
        named |= {n: share for n in plant["profile"][(plant["technology"] == kind).to_numpy()] if n and share > 0}
    named |= {n: rule.load for n in case.table("load")["profile"] if n and rule.load > 0}
    if not named:
        return case
    names = sorted(named)
    values = case.series(names, 1.0)
    made = {n: _expected(v, named[n], case.time.hours, rule, n) for n, v in zip(names, values, strict=True)}
    limited = set(case.table("renewable")["profile"])
    made = {n: np.clip(v, 0.0, 1.0) if n in limited else np.maximum(v, 0.0) for n, v in made.items()}
    return replace(case, source=Layered(case.source, GivenSeries(case.time, made)), loss_points=None)


def _expected(actual: np.ndarray, share: float, hours: np.ndarray, rule: ForecastError, name: str) -> np.ndarray:
    """(F1) of one series; its numbers depend on the seed and its name alone."""
    normal = np.random.default_rng([rule.seed, zlib.crc32(name.encode())]).standard_normal(len(actual))
    error = np.zeros(len(actual))
    last = 0.0
    for t, n in enumerate(normal):
        r = np.exp(-hours[t] / rule.hours) if t else 0.0
        last = r * last + np.sqrt(1.0 - r * r) * n
        error[t] = last
    return actual * (1.0 + share * error)


def actual(case: Case) -> Case:
    """The case with what table real_time brings. Raises CaseError with every row that cannot be."""
    table = case.table("real_time")
    if not len(table):
        return case
    tables, series, faults = dict(case.tables), {}, []
    for kind, element, value, profile in table[["kind", "element", "value_mw", "profile"]].itertuples(index=False):
        if element not in tables[kind].index:
            faults.append(f"table real_time, {kind} '{element}': is not in table {kind} in the period. Correct the name.")
            continue
        power = value * case.series([profile], 1.0)[0]
        name = f"real time: {kind} {element}"
        change = _change(case, kind, element, power, name)
        if isinstance(change, str):
            faults.append(f"table real_time, {kind} '{element}': {change}")
            continue
        cells, values = change
        frame = tables[kind].copy()
        for column, cell in cells.items():
            frame.at[element, column] = cell
        tables[kind] = frame
        series[name] = values
    if faults:
        raise CaseError(faults)
    return replace(case, tables=tables, source=Layered(case.source, GivenSeries(case.time, series)), loss_points=None)


def without_ends(case: Case) -> Case:
    """The case in which stores and reservoirs may end at any level: what a plan wants left then has a worth in real time, no limit."""
    changed = {}
    for name, cells in ENDS.items():
        table = case.table(name)
        changed[name] = table.assign(**{c: table[v] if isinstance(v, str) else v for c, v in cells.items()})
    return replace(case, tables={**case.tables, **changed})


def _change(case: Case, kind: str, element: str, power: np.ndarray, name: str) -> tuple[Mapping[str, object], np.ndarray] | str:
    """Cells of the element's row and the series that they name; or what is wrong."""
    row = case.table(kind).loc[element]
    if kind == "load":
        return {"mean_mw": 1.0, "profile": name}, power / case.of_year("load_scale", 1.0)
    if kind in BRANCHES:
        limit = float(row["rating_mw"]) * (float(row[BRANCHES[kind]]) if BRANCHES[kind] else 1.0)
        if not limit > 0:
            return "has no limit that could change. Give it one in its table."
        return {"rating_profile": name}, power / limit
    most = float(row["power_max_mw"])
    if (power > most * (1.0 + 1e-9)).any():
        return f"{power.max():g} MW are more than power_max_mw, {most:g}. Lower it."
    return {"profile": name}, power / most if most > 0 else power
