"""Rules of what is switched on and off: who is named, what was before the first step, starts, stations; and, once the steps are known,
fuel curves, outputs and schedules that no status can satisfy."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.case import generators, heat, units
from gridopt.case.check import CaseError, Checked
from gridopt.case.fleet import Fleet
from gridopt.case.windows import INSTANT, begins

ROUNDING = 1e-9
"""Share of a figure by which another may lie beyond it."""


def check_commitment(tables: dict[str, Checked]) -> None:
    """Adds a fault to the table concerned for each broken rule; that elements exist is checked with the other tables that name some."""
    commitment = tables["commitment"]
    _history(commitment)
    _outputs(commitment, tables)
    _stations(commitment)
    _notices(commitment)
    _starts(tables["start_cost"], commitment)
    _heat(tables["chp"])
    _deep(tables["deep_band"], tables)


def _history(commitment: Checked) -> None:
    """What was before the first step contradicts itself in no row."""
    frame = commitment.frame
    hours, power = (frame[c].to_numpy(float) for c in ("initial_h", "initial_mw"))
    for i in np.flatnonzero(hours == 0.0):
        rule = "says neither on (positive) nor off (negative)"
        commitment.fault(i, "initial_h", 0, rule, "Give the hours in its status, or leave the cell empty where nobody knows.")
    for i in np.flatnonzero((hours < 0) & (power > 0)):
        rule = f"is an output before the first step, but by initial_h {hours[i]:g} it is off then"
        commitment.fault(i, "initial_mw", f"{power[i]:g}", rule, "Write 0 or nothing, or give positive initial_h.")
    for i in np.flatnonzero(np.isnan(hours) & ~np.isnan(power)):
        rule = "is an output before the first step, but initial_h is empty: whether it is on then is not known"
        commitment.fault(i, "initial_mw", f"{power[i]:g}", rule, "Give initial_h as well.")


def _outputs(commitment: Checked, tables: dict[str, Checked]) -> None:
    """Outputs that a row names can be reached: not above the largest, and a start reaches the least."""
    frame, (least, most) = commitment.frame, _ranges(commitment, tables)
    power = frame["initial_mw"].to_numpy(float)
    for i in np.flatnonzero(power > most * (1.0 + ROUNDING) + ROUNDING):
        rule = f"is above the largest output of {_who(frame, i)}, {most[i]:g} MW"
        commitment.fault(i, "initial_mw", f"{power[i]:g}", rule, "Give the output of one unit before the first step, in MW.")
    for column, what in (("start_ramp_mw", "it could never start"), ("stop_ramp_mw", "it could never stop")):
        ramp = frame[column].to_numpy(float)
        for i in np.flatnonzero(ramp < least * (1.0 - ROUNDING) - ROUNDING):
            rule = f"is below the least output of {_who(frame, i)}, {least[i]:g} MW: {what}"
            commitment.fault(i, column, f"{ramp[i]:g}", rule, "Give at least the least output, or nothing where there is no limit.")


def _ranges(commitment: Checked, tables: dict[str, Checked]) -> tuple[np.ndarray, np.ndarray]:
    """(least, largest) output MW of each row, NaN where a series or an unknown name leaves it open."""
    generator, unit, kind = (tables[t].frame.drop_duplicates(t).set_index(t) for t in ("generator", "unit", "unit_type"))
    capacity = unit["power_max_mw"] * unit["available_fraction"]
    steady = [generator[f"power_{side}_mw"].where(generator[f"{n}profile"] == "") for side, n in (("min", "min_"), ("max", ""))]
    known = {
        "generator": steady,
        "unit": (capacity * kind["min_load_fraction"].reindex(unit["unit_type"]).to_numpy(float), unit["power_max_mw"]),
    }
    frame, found = commitment.frame, np.full((2, len(commitment.frame)), np.nan)
    for name, sides in known.items():
        mine = (frame["kind"] == name).to_numpy()
        for side, values in enumerate(sides):
            found[side, mine] = pd.to_numeric(values).reindex(frame.loc[mine, "element"]).to_numpy(float)
    return found[0], found[1]


def _who(frame: pd.DataFrame, i: int | np.integer) -> str:
    return f"{frame['kind'].iloc[i]} '{frame['element'].iloc[i]}'"


def _stations(commitment: Checked) -> None:
    """The rows of a station that limit its changes say the same number."""
    frame = commitment.frame
    mine = frame[(frame["station"] != "") & frame["max_changes_per_day"].notna()]
    first = mine.drop_duplicates("station").set_index("station")
    for i in mine.index[(mine["max_changes_per_day"].to_numpy() != first["max_changes_per_day"].reindex(mine["station"]).to_numpy())]:
        station = frame["station"].iloc[i]
        other = first.loc[station, "max_changes_per_day"]
        rule = f"differs from {other:g}, which another row says of station '{station}'"
        commitment.fault(i, "max_changes_per_day", f"{frame['max_changes_per_day'].iloc[i]:g}", rule, "Give a station one number.")


def _notices(commitment: Checked) -> None:
    """What real time starts has no limit over a day or week: windows of hours do not see it."""
    frame = commitment.frame
    soon = frame["start_notice_min"].notna()
    for column in ("max_changes_per_day", "max_starts_per_week"):
        for i in np.flatnonzero(soon & frame[column].notna()):
            rule = f"is given, but so is {column}, which starts in real time cannot keep"
            commitment.fault(i, "start_notice_min", f"{frame['start_notice_min'].iloc[i]:g}", rule, "Leave one of the two empty.")


def _starts(start: Checked, commitment: Checked) -> None:
    """Start costs belong to what is switched and rise with the hours off line."""
    frame, switched = start.frame, set(zip(commitment.frame["kind"], commitment.frame["element"], strict=True))
    for i in np.flatnonzero([k == "generator" and (k, e) not in switched for k, e in zip(frame["kind"], frame["element"], strict=True)]):
        rule = f"has start costs but no row in {commitment.file}: it is never switched"
        start.fault(i, "element", frame["element"].iloc[i], rule, "Add the row or remove this one.")
    order = frame.assign(row=np.arange(len(frame))).sort_values(["kind", "element", "offline_h"], kind="stable")
    same = (order[["kind", "element"]].to_numpy()[1:] == order[["kind", "element"]].to_numpy()[:-1]).all(axis=1)
    cost, row = order["cost_cny"].to_numpy(float), order["row"].to_numpy(int)
    for k in np.flatnonzero(same & (np.diff(cost) < 0)):
        rule = f"is less than the {cost[k]:g} CNY of a start after fewer hours off line (row {start.rows[row[k]]})"
        start.fault(row[k + 1], "cost_cny", f"{cost[k + 1]:g}", rule, "A colder start costs no less than a warmer one; correct one of them.")


def _heat(chp: Checked) -> None:
    """Each mode has its own coefficients."""
    frame = chp.frame
    back, fixed = (frame["mode"] == "back_pressure").to_numpy(), frame["power_per_heat"].to_numpy(float)
    for i in np.flatnonzero(back & np.isnan(fixed)):
        chp.fault(i, "power_per_heat", "", "is empty, but gives the output of a back-pressure plant", "Give output per heat (c_m).")
    for i in np.flatnonzero(~back & ~np.isnan(fixed)):
        rule = "is of back-pressure plants; this one is of mode extraction"
        chp.fault(i, "power_per_heat", f"{fixed[i]:g}", rule, "Leave it empty, or write back_pressure for mode.")
    for column in ("power_per_heat_min", "power_lost_per_heat"):
        for i in np.flatnonzero(back & (frame[column].to_numpy(float) > 0)):
            rule = "is of extraction plants; the output of a back-pressure plant follows from its heat"
            chp.fault(i, column, f"{frame[column].iloc[i]:g}", rule, "Leave it empty, or write extraction for mode.")
    idle = ~back & (frame["power_per_heat_min"] <= 0).to_numpy() & (frame["power_lost_per_heat"] <= 0).to_numpy()
    for i in np.flatnonzero(idle):
        rule = "is 0 like power_lost_per_heat: the heat load would limit nothing"
        chp.fault(i, "power_per_heat_min", 0, rule, "Give c_b, c_v or both, or remove the row.")


def _deep(band: Checked, tables: dict[str, Checked]) -> None:
    """Bands lie below the normal least output, and deeper is no cheaper."""
    frame, normal = band.frame, _normal(band.frame, tables)
    down, cost = frame["down_to_fraction"].to_numpy(float), frame["cost_cny_per_mwh"].to_numpy(float)
    for i in np.flatnonzero(down >= normal - ROUNDING):
        rule = f"is not below the normal least output of {_who(frame, i)}, {normal[i]:g} of its largest"
        band.fault(i, "down_to_fraction", f"{down[i]:g}", rule, "Give the lower end of the band.")
    order = np.lexsort((-down, frame["element"].astype(str), frame["kind"].astype(str)))
    key = frame[["kind", "element"]].to_numpy()[order]
    same = (key[1:] == key[:-1]).all(axis=1)
    for k in np.flatnonzero(same & (np.diff(cost[order]) < 0)):
        rule = f"is less than {cost[order[k]]:g}, the price of the band above it (row {band.rows[order[k]]})"
        band.fault(order[k + 1], "cost_cny_per_mwh", f"{cost[order[k + 1]]:g}", rule, "A deeper band costs no less; correct one of them.")


def _normal(frame: pd.DataFrame, tables: dict[str, Checked]) -> np.ndarray:
    """Normal least output over largest of what each band belongs to, NaN where that is not known."""
    generator, unit, kind = (tables[t].frame.drop_duplicates(t).set_index(t) for t in ("generator", "unit", "unit_type"))
    least = kind["min_load_fraction"]
    share = generator["power_min_mw"] / generator["power_max_mw"].where(generator["power_max_mw"] > 0)
    of = {"unit_type": least, "unit": unit["unit_type"].map(least), "generator": share.where(generator["min_profile"] == "")}
    found = np.full(len(frame), np.nan)
    for name, values in of.items():
        mine = (frame["kind"] == name).to_numpy()
        found[mine] = pd.to_numeric(values).reindex(frame.loc[mine, "element"]).to_numpy(float)
    return found


def check_fleet(case) -> None:
    """Raises CaseError where a heat load leaves no output, or where what is switched has no status that satisfies its data; one sentence
    per element."""
    faults = _heated(case)
    if case.commitment != "off" and not faults:
        fleet = case.fleet
        faults = [*_bending(case, fleet), *_too_low(case, fleet), *_schedules(case, fleet)]
    if faults:
        raise CaseError(faults)


def _heated(case) -> list[str]:
    """A heat load that keeps a plant on leaves it some output."""
    found = []
    for table, (low, high) in (("unit", units.output_range(case)), ("generator", generators.limits(case))):
        keeps = heat.must_heat(case, table)
        for i in np.flatnonzero((keeps & (low > high + ROUNDING * np.maximum(np.abs(high), 1.0))).any(axis=1)):
            steps = np.flatnonzero(keeps[i] & (low[i] > high[i] + ROUNDING * np.maximum(np.abs(high[i]), 1.0)))
            t = steps[0]
            found.append(
                f"{table} '{case.table(table).index[i]}': its heat load at {_when(case, t)}, {heat.heat_of(case, table)[i, t]:g} MW, leaves no "
                f"output: at least {low[i, t]:g} MW, at most {high[i, t]:g} MW ({len(steps)} steps in all). "
                "Correct the heat load or the coefficients in table chp."
            )
    return found


def _bending(case, fleet: Fleet) -> list[str]:
    """Fuel curves of units that may work on both sides of half load bend upwards."""
    mine = np.flatnonzero(fleet.table == "unit")
    fire, half = units.burning(case, fleet.row[mine]), 0.5 * units.capacity(case)[fleet.row[mine]]
    both = ((fleet.least[mine] < half) & (fleet.most[mine] > half)).any(axis=1)
    wrong = mine[both & ((fire.slope_low - fire.slope_high)[:, 0] > ROUNDING)]
    kinds = case.table("unit")["unit_type"].iloc[fleet.row[wrong]]
    return [
        f"unit_type '{kind}': its fuel curve bends downwards at half load, and {len(names)} units that are switched may work on both sides "
        f"of it ('{names.index[0]}'). Raise fuel_rate_extra_low_tce_per_mwh to 7/3 of fuel_rate_extra_half_tce_per_mwh or more."
        for kind, names in kinds.groupby(kinds, sort=False)
    ]


def _too_low(case, fleet: Fleet) -> list[str]:
    """What must be on can give its least output."""
    return [
        f"{fleet.table[n]} '{fleet.name[n]}': must be on at {_when(case, steps[0])}, but its largest output then, "
        f"{fleet.most[n, steps[0]]:g} MW, is below its least, {fleet.least[n, steps[0]]:g} MW ({len(steps)} steps in all). "
        "Correct the limits, or let it stop."
        for n in range(len(fleet))
        for steps in [np.flatnonzero(fleet.must_on[n] & fleet.too_low[n])]
        if len(steps)
    ]


def _schedules(case, fleet: Fleet) -> list[str]:
    """Times on and off that are fixed on both ends last as long as they must."""
    begin, found = begins(case), []
    fixed = np.where(fleet.fixed_on, 1, np.where(fleet.must_off & fleet.here, 0, -1))
    for n in np.flatnonzero((fixed >= 0).any(axis=1)):
        change = np.flatnonzero(np.diff(fixed[n])) + 1
        for first, last in zip(change[:-1], change[1:], strict=True):
            status, least = fixed[n, first], (fleet.min_down, fleet.min_up)
            ends = fixed[n, first - 1], fixed[n, last]
            if status >= 0 and ends == (1 - status, 1 - status) and begin[last] - begin[first] < least[status][n] - INSTANT:
                word = ("off", "on")[status]
                found.append(
                    f"{fleet.table[n]} '{fleet.name[n]}': its status_profile holds it {word} for {begin[last] - begin[first]:g} h from "
                    f"{_when(case, first)}, less than its minimum {('down', 'up')[status]} time, {least[status][n]:g} h. "
                    "Correct the series or the time."
                )
                break
    return found


def _when(case, step: int | np.integer) -> str:
    return str(case.time.start[step]).replace("T", " ")[:16]
