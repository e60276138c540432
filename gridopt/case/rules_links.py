"""Rules of DC links that look at more than one cell: both directions, what was before the first step, schedules, pole outages.

`check_agreed` looks at series as well, which are known only once a study names its profiles.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.check import CaseError, Checked

NEAR = 1e-6
"""MW by which a power may miss a multiple of a step or a limit."""


def check_links(tables: dict[str, Checked]) -> None:
    """Adds a fault to the table concerned for each broken rule."""
    link, schedule = tables["dc_link"], tables["dc_schedule"]
    _directions(link)
    _before(link, set(schedule.frame["dc_link"]))
    own = link.frame.drop_duplicates("dc_link").set_index("dc_link").reindex(schedule.frame["dc_link"])
    _instants(schedule)
    _steps(schedule, own)
    _useless(schedule, own)
    _poles(tables["outage"])


def _directions(link: Checked) -> None:
    frame = link.frame
    for i in np.flatnonzero(((frame["power_reverse_max_mw"] > 0) & (frame["power_min_mw"] > frame["power_reverse_max_mw"])).to_numpy()):
        rule = f"is below power_min_mw {frame['power_min_mw'].iloc[i]:g}, which holds both ways"
        link.fault(i, "power_reverse_max_mw", frame["power_reverse_max_mw"].iloc[i], rule, "Give 0 for a link that is never reversed.")


def _before(link: Checked, scheduled: set) -> None:
    frame = link.frame
    initial = frame["initial_mw"]
    beyond = (initial > frame["power_max_mw"]) | (initial < -frame["power_reverse_max_mw"])
    for i in np.flatnonzero(beyond.to_numpy()):
        rule = f"lies outside what the link can carry, {-frame['power_reverse_max_mw'].iloc[i] + 0.0:g} to {frame['power_max_mw'].iloc[i]:g} MW"
        link.fault(i, "initial_mw", initial.iloc[i], rule, "Give the power at the sending end, negative from to_bus.")
    for i in np.flatnonzero(frame["initial_hold_h"].notna().to_numpy()):
        hours = frame["initial_hold_h"].iloc[i]
        if initial.isna().iloc[i]:
            link.fault(i, "initial_hold_h", hours, "tells how long a power has been held, but initial_mw is empty", "Give initial_mw as well.")
        elif frame["dc_link"].iloc[i] not in scheduled:
            link.fault(i, "initial_hold_h", hours, "has no use: the link has no row in dc_schedule", "Add the row or leave the cell empty.")


def _instants(schedule: Checked) -> None:
    minutes = schedule.frame["change_minutes"].to_numpy(float)
    for i in np.flatnonzero(1440.0 % np.where(minutes > 0, minutes, 1.0) > 1e-9):
        rule = "does not divide the day: instants would differ from day to day"
        schedule.fault(i, "change_minutes", f"{minutes[i]:g}", rule, "Give minutes that divide 1440, for example 15 or 60.")


def _steps(schedule: Checked, own) -> None:
    frame = schedule.frame
    step, least, most = frame["step_mw"].to_numpy(float), own["power_min_mw"].to_numpy(float), own["power_max_mw"].to_numpy(float)
    first = np.ceil((least - NEAR) / step) * step
    for i in np.flatnonzero((first > most + NEAR) & ~frame["may_stop"].to_numpy(bool)):
        rule = f"has no multiple between power_min_mw {least[i]:g} and power_max_mw {most[i]:g} of DC link '{frame['dc_link'].iloc[i]}'"
        schedule.fault(i, "step_mw", f"{step[i]:g}", rule, "Give a smaller step, or allow the link to stop.")
    initial = own["initial_mw"].to_numpy(float)
    for i in np.flatnonzero(np.abs(initial - np.round(initial / step) * step) > NEAR):
        rule = f"does not divide initial_mw {initial[i]:g} of DC link '{frame['dc_link'].iloc[i]}', from which the schedule starts"
        schedule.fault(i, "step_mw", f"{step[i]:g}", rule, "Correct one of them.")
    for i in np.flatnonzero(frame["steps_per_change"].notna().to_numpy() & np.isnan(step)):
        rule = "counts steps, but step_mw is empty"
        schedule.fault(i, "steps_per_change", frame["steps_per_change"].iloc[i], rule, "Give step_mw, or leave the cell empty.")


def _useless(schedule: Checked, own) -> None:
    frame = schedule.frame
    lone = (frame["reversal_h"].to_numpy(float) > 0) & (own["power_reverse_max_mw"].to_numpy(float) == 0)
    for i in np.flatnonzero(lone):
        rule = f"has no use: DC link '{frame['dc_link'].iloc[i]}' sends one way only (power_reverse_max_mw is 0)"
        schedule.fault(i, "reversal_h", f"{frame['reversal_h'].iloc[i]:g}", rule, "Give power_reverse_max_mw in dc_link, or 0 here.")
    never = (frame["reversal_h"].to_numpy(float) > 0) & ~lone & ~frame["may_stop"].to_numpy(bool)
    floor, idle = own["power_min_mw"].to_numpy(float), own["loss_no_load_fraction"].to_numpy(float)
    for i in np.flatnonzero(never & ((floor > 0) | (idle > 0))):
        why = f"its power_min_mw is {floor[i]:g}" if floor[i] > 0 else f"its loss_no_load_fraction is {idle[i]:g}"
        rule = f"could never pass: DC link '{frame['dc_link'].iloc[i]}' may not stop, so it cannot wait at no power before it turns; {why}"
        schedule.fault(i, "reversal_h", f"{frame['reversal_h'].iloc[i]:g}", rule, "Allow it to stop (may_stop), or give 0 here.")
    for i in np.flatnonzero((own["schedule"].fillna("") != "").to_numpy()):
        rule = f"has rules for a schedule, but the power of the link is fixed by series '{own['schedule'].iloc[i]}'"
        schedule.fault(i, "dc_link", frame["dc_link"].iloc[i], rule, "Remove the row, or the schedule of the link.")


def _poles(outage: Checked) -> None:
    frame = outage.frame
    for i in np.flatnonzero(((frame["share"] < 1.0) & ~frame["kind"].isin(("dc_link", ""))).to_numpy()):
        rule = f"is below 1, but a {frame['kind'].iloc[i]} is out whole"
        outage.fault(i, "share", f"{frame['share'].iloc[i]:g}", rule, "Write 1; parts are for poles of a dc_link.")


def check_agreed(case) -> None:
    """Raises CaseError where a schedule of a link in service lies outside what the link can carry, one fault per link."""
    link, faults = case.table("dc_link"), []
    agreed = case.series(link["schedule"], 0.0)
    some = (link["schedule"] != "").to_numpy()[:, None] & (case.in_service("dc_link") > 0.5)
    factor = case.series(link["max_profile"], 1.0)
    for d, (name, row) in enumerate(link.iterrows()):
        most, back = row["power_max_mw"] * factor[d], row["power_reverse_max_mw"] * factor[d]
        wrong = np.flatnonzero(some[d] & ((agreed[d] > most + NEAR) | (agreed[d] < -back - NEAR)))
        if len(wrong):
            t = wrong[0]
            when = str(case.time.start[t]).replace("T", " ")[:16]
            faults.append(
                f"series '{row['schedule']}': {agreed[d, t]:g} MW at {when} is outside what DC link '{name}' can carry then, "
                f"{-back[t] + 0.0:g} to {most[t]:g} MW ({len(wrong)} steps in all). Correct the series or the link's power."
            )
    if faults:
        raise CaseError(faults)
