"""Rules of plants that look at more than one cell: fuel curves, cost curves, heating seasons, least outputs, release bands.

q r(q) at q = 0.3, 0.5 and 1 must bend upwards for a unit that must run and can work on both sides of half load: its two
segments are filled from the cheaper one, so a curve that bends downwards would be costed out of order. So must cost curves by
points; their first and last slopes go on beyond the points, which therefore need not reach the limits of output. `check_curves` looks at
their price series as well, which are known only once a study names its profiles.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from gridopt.case.check import CaseError, Checked
from gridopt.case.generators import curves

BEND = 1e-9
"""tce/MWh by which the lower slope may lie above the upper one."""
FALL, ROUNDING = 1e-9, 1e-12
"""Share of the larger of two slopes by which the upper one may lie below, and how far the costs they come from may be rounded."""
LOWER = 1e-6
"""CNY/MWh by which a slope with its price series may lie below the one before: both are rounded."""


def check_plants(tables: dict[str, Checked]) -> None:
    """Adds a fault to the table concerned for each broken rule."""
    unit, kind = tables["unit"], tables["unit_type"]
    own = kind.frame.drop_duplicates("unit_type").set_index("unit_type").reindex(unit.frame["unit_type"])
    _heating(unit)
    _least_in_season(unit, own)
    _bends(kind, unit.frame, own)
    _cost_points(tables["cost_point"], tables["generator"])
    _bands(tables["release_band"], tables["reservoir"])


def _least(unit: pd.DataFrame, own: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Least output over capacity, out of and in the heating season, of each unit when it must run; NaN where it need not."""
    given = unit["must_run_fraction"].to_numpy(float)
    plain, heat = (own[c].to_numpy(float) for c in ("min_load_fraction", "heat_min_fraction"))
    rule, season = unit["must_run"].to_numpy(), (unit["heating_season"] != "").to_numpy()
    cold = np.where(np.isnan(given), np.maximum(plain, heat), given)
    warm = np.where(np.isnan(given), plain, given)
    return np.where(rule == "always", warm, np.nan), np.where((rule != "no") & season, cold, np.nan)


def _heating(unit: Checked) -> None:
    lacking = (unit.frame["must_run"] == "heating") & (unit.frame["heating_season"] == "")
    for i in np.flatnonzero(lacking.to_numpy()):
        cure = "Name a season of the table season, or write 'no' or 'always' for must_run."
        unit.fault(i, "heating_season", "", "is empty although must_run is 'heating': the unit would never have to run", cure)


def _least_in_season(unit: Checked, own: pd.DataFrame) -> None:
    least, most = _least(unit.frame, own)[1], own["heat_max_fraction"].to_numpy(float)
    for i in np.flatnonzero(least > most):
        given = unit.frame["must_run_fraction"].iloc[i]
        column, value = ("must_run_fraction", given) if given == given else ("unit_type", unit.frame["unit_type"].iloc[i])
        what = "is" if given == given else f"has a least output of {least[i]:g},"
        rule = f"{what} above {most[i]:g}, the largest output in the heating season (heat_max_fraction of '{own.index[i]}')"
        unit.fault(i, column, value, rule, "Lower the least output or raise heat_max_fraction.")


def _bends(kind: Checked, unit: pd.DataFrame, own: pd.DataFrame) -> None:
    full, half, low = (kind.frame[f"fuel_rate_{c}_tce_per_mwh"].to_numpy(float) for c in ("full", "extra_half", "extra_low"))
    below = (0.5 * (full + half) - 0.3 * (full + low)) / 0.2
    above = (full - 0.5 * (full + half)) / 0.5
    warm, cold = _least(unit, own)
    top = np.fmax(own["heat_max_fraction"].to_numpy(float), cold)
    both = ((warm > 0) & (warm < 0.5)) | ((cold > 0) & (cold < 0.5) & (top > 0.5))
    for i in np.flatnonzero(below > above + BEND):
        names = unit["unit"][both & (unit["unit_type"] == kind.frame["unit_type"].iloc[i]).to_numpy()].tolist()
        if names:
            who = ", ".join(f"'{n}'" for n in names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            rule = (
                f"makes the fuel curve bend downwards: {below[i]:g} tce/MWh from 30 % to 50 % load, only {above[i]:g} above; "
                f"{who} must run and may work on both sides of 50 %"
            )
            least = math.ceil(half[i] * 7 / 3 * 1e6) / 1e6
            cure = f"Give fuel_rate_extra_low_tce_per_mwh {least:g} or more, or a smaller value here."
            kind.fault(i, "fuel_rate_extra_half_tce_per_mwh", half[i], rule, cure)


def _cost_points(point: Checked, generator: Checked) -> None:
    names = generator.frame["generator"].drop_duplicates()
    owner = np.append(names.index, -1)[pd.Index(names).get_indexer(point.frame["generator"])]
    power, cost = (point.frame[c].to_numpy(float) for c in ("power_mw", "cost_cny_per_h"))
    good = np.flatnonzero((owner >= 0) & ~np.isnan(power + cost))
    who, first, count = np.unique(owner[good], return_index=True, return_counts=True)
    for i in good[first[count == 1]]:
        point.fault(i, "power_mw", f"{power[i]:g}", "is the only point of its generator: a curve needs two", "Add points or remove it.")
    for column in ("cost_cny_per_mwh", "cost_quadratic_cny_per_mw2h"):
        value = generator.frame[column].to_numpy(float)
        for g, i in zip(who, good[first], strict=True):
            if value[g] != 0.0:
                rule = f"stands beside a cost curve by points ({point.file}, row {point.rows[i]}), and costs do not add up"
                generator.fault(g, column, f"{value[g]:g}", rule, "Keep one of the two; write 0 here to keep the points.")
    _convex(point, good[np.lexsort((power[good], owner[good]))])


def _convex(point: Checked, rows: np.ndarray) -> None:
    """Slopes of each generator do not fall. rows: by generator, then by power; a point that is given twice is a fault of its own."""
    frame = point.frame.iloc[rows]
    owner, power, cost = frame["generator"].to_numpy(), frame["power_mw"].to_numpy(float), frame["cost_cny_per_h"].to_numpy(float)
    width = np.where(owner[1:] == owner[:-1], np.diff(power), 0.0)
    known = width > 0
    slope, rounding = (
        np.divide(of, width, out=np.zeros_like(width), where=known)
        for of in (np.diff(cost), ROUNDING * np.maximum(np.abs(cost[:-1]), np.abs(cost[1:])))
    )
    near = FALL * np.maximum(np.abs(slope[:-1]), np.abs(slope[1:])) + rounding[:-1] + rounding[1:]
    for k in np.flatnonzero(known[:-1] & known[1:] & (slope[1:] < slope[:-1] - near)):
        rule = (
            f"makes the cost curve of generator '{owner[k + 1]}' bend downwards at {power[k + 1]:g} MW: "
            f"{slope[k]:.10g} CNY/MWh below, only {slope[k + 1]:.10g} above"
        )
        cure = "Dispatch needs a curve whose slopes rise; raise a cost beyond this point or lower this one."
        point.fault(rows[k + 1], "cost_cny_per_h", f"{cost[k + 1]:.10g}", rule, cure)


def check_curves(case) -> None:
    """Raises CaseError where price series make a cost curve by points bend downwards while its generator is in service, one fault each."""
    if not (case.table("cost_point")["price_profile"] != "").any():
        return
    bands, faults = curves(case), []
    price, here = bands.prices(case), case.in_service("generator")[bands.of] > 0
    fallen = (price[1:] < price[:-1] - LOWER) & here[1:] & (bands.of[1:] == bands.of[:-1])[:, None]
    band, step = np.nonzero(fallen)
    for k in np.unique(np.unique(bands.of[band + 1], return_index=True)[1]):
        i, t = band[k], step[k]
        name, when = case.table("generator").index[bands.of[i]], str(case.time.start[t]).replace("T", " ")[:16]
        series = ", ".join(dict.fromkeys(f"'{n}'" for n in bands.profile[i : i + 2] if n))
        times = int((fallen & (bands.of[1:] == bands.of[i])[:, None]).any(axis=0).sum())
        faults.append(
            f"table cost_point, column price_profile: with its price series ({series}) the cost curve of generator '{name}' bends downwards "
            f"at {bands.end[i]:g} MW at {when}: {price[i, t]:.10g} CNY/MWh below, only {price[i + 1, t]:.10g} above ({times} steps in all). "
            "Dispatch needs a curve whose slopes rise; correct the series or the points."
        )
    if faults:
        raise CaseError(faults)


def _bands(band: Checked, reservoir: Checked) -> None:
    frame = reservoir.frame
    place = dict(zip(frame["reservoir"], range(len(frame)), strict=True))
    for i, name in enumerate(band.frame["reservoir"]):
        r = place.get(name)
        if r is not None and not frame["volume_max_hm3"].iloc[r] > frame["volume_min_hm3"].iloc[r]:
            where = f"{reservoir.file}, row {reservoir.rows[r]}"
            rule = f"has no volume (volume_max_hm3 is not above volume_min_hm3 in {where}), so it passes on what it receives"
            band.fault(i, "reservoir", name, rule, "Give it a volume or remove the band.")
