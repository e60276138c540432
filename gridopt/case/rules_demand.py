"""Rules of demand that responds that look at more than one cell."""

from __future__ import annotations

import numpy as np

from gridopt.case.check import Checked


def check_demand(tables: dict[str, Checked]) -> None:
    """Adds a fault to the table concerned for each broken rule."""
    _contracts(tables["interruptible"])
    _windows(tables["shiftable"])
    _hours(tables["price_response"])
    _one_each(tables["data_centre"])


def _contracts(called: Checked) -> None:
    frame = called.frame
    for i in np.flatnonzero((frame["block_mw"] > frame["power_max_mw"]).to_numpy()):
        rule = f"is above power_max_mw {frame['power_max_mw'].iloc[i]:g}: the load could never be called"
        called.fault(i, "block_mw", f"{frame['block_mw'].iloc[i]:g}", rule, "Give a smaller block, or leave the cell empty.")
    for i in np.flatnonzero(((frame["called_h"] > 0) & frame["hours_per_season"].isna()).to_numpy()):
        rule = "has no use: hours_per_season is empty"
        called.fault(i, "called_h", f"{frame['called_h'].iloc[i]:g}", rule, "Give hours_per_season, or 0 here.")


def _windows(shifted: Checked) -> None:
    hours = shifted.frame["window_h"].to_numpy(float)
    known = np.where(hours > 0, hours, 24.0)
    uneven = (np.abs(24.0 / known - np.round(24.0 / known)) > 1e-9) & (np.abs(known / 24.0 - np.round(known / 24.0)) > 1e-9)
    for i in np.flatnonzero(uneven):
        rule = "neither divides a day nor is a number of days: windows would begin at another hour every day"
        shifted.fault(i, "window_h", f"{hours[i]:g}", rule, "Give for example 4, 6, 12, 24 or 48.")


def _hours(grown: Checked) -> None:
    frame = grown.frame
    whole = (frame["end_hour"] - frame["start_hour"]) == 24.0
    for i in np.flatnonzero((~whole & (frame["start_hour"] % 24.0 == frame["end_hour"] % 24.0)).to_numpy()):
        rule = f"is start_hour {frame['start_hour'].iloc[i]:g} as well: no hour lies between"
        grown.fault(i, "end_hour", f"{frame['end_hour'].iloc[i]:g}", rule, "Give 0 and 24 for the whole day.")


def _one_each(centre: Checked) -> None:
    frame = centre.frame
    for i in np.flatnonzero((frame["load"].duplicated() & (frame["load"] != "")).to_numpy()):
        rule = "is the load of another data centre already: its work would wait twice"
        centre.fault(i, "load", frame["load"].iloc[i], rule, "Give each data centre its own load.")
