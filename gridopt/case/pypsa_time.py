"""Snapshots of a PyPSA network as time steps.

A step is as long as the snapshot's weighting in the objective says, since costs and energies then add up as in PyPSA. Steps follow each
other without gap or overlap: where snapshots do not, the first one keeps its date and the others are dated by what passed before them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.case.check import CaseError, show
from gridopt.case.pypsa_source import Network
from gridopt.case.time import TimeGrid

START = np.datetime64("2025-01-01T00:00:00", "s")
"""Where the steps of a network without dates begin."""


def time_grid(net: Network, changes: list[str]) -> TimeGrid:
    """The steps; raises CaseError where no sequence of steps says the same."""
    frame, where = net.snapshots, f"{net.file}, snapshots"
    faults: list[str] = []
    if not len(frame):
        raise CaseError([f"{where}: there are none. A network needs at least one snapshot."])
    if "period" in frame or net.attributes.get("_multi_invest", "0") in ("1", "1.0") or len(net["investment_periods"]):
        faults.append(f"{net.file}: has investment periods; capacity expansion is not modelled. Export one period.")
    if "snapshot" not in frame and "timestep" not in frame:
        frame = frame.rename(columns={frame.columns[0]: "snapshot"})
    labels = frame["snapshot" if "snapshot" in frame else "timestep"]
    twice = labels.duplicated().to_numpy()
    if twice.any() and "period" not in frame:
        i = int(np.argmax(twice))
        faults.append(f"{where}, row {i + 2}: '{labels.iloc[i]}' is there twice. Give each snapshot its own time.")
    objective, stores = (_weighting(frame, name, where, faults) for name in ("objective", "stores"))
    differ = np.abs(objective - stores) > 1e-9 * np.abs(objective)
    if differ.any() and (len(net["storage_units"]) or len(net["stores"])):
        i = int(np.argmax(differ))
        rule = f"the weighting is {objective[i]:g} in the objective, but {stores[i]:g} h for stores"
        cure = "A step has one length: give both the same, or leave out the storage"
        faults.append(f"{where}, row {i + 2} ('{labels.iloc[i]}'): {rule}. {cure} ({int(differ.sum())} snapshots).")
    if faults:
        raise CaseError(faults)
    return _laid_out(labels, objective, changes)


def _weighting(frame: pd.DataFrame, name: str, where: str, faults: list[str]) -> np.ndarray:
    """Hours (T,); versions of PyPSA before 0.18 had one column for all purposes."""
    column = name if name in frame else "weightings"
    if column not in frame:
        return np.ones(len(frame))
    cells = frame[column].replace("", 1.0)
    values = pd.to_numeric(cells, errors="coerce").to_numpy(float)
    bad = ~(np.isfinite(values) & (values > 0))
    for i in np.flatnonzero(bad):
        faults.append(f"{where}, row {i + 2}, column {column}: {show(cells.iloc[i])} is not a number above 0. Give the hours it stands for.")
    return np.where(bad, 1.0, values)


def _laid_out(labels: pd.Series, hours: np.ndarray, changes: list[str]) -> TimeGrid:
    passed = np.concatenate([[0.0], np.cumsum(hours)[:-1]])
    after = np.rint(passed * 3600.0).astype("int64").astype("timedelta64[s]")
    dates = _dates(labels)
    if dates is None:
        changes.append(f"Snapshots are not dates (the first is '{labels.iloc[0]}'): steps follow each other from {_day(START)}.")
        return TimeGrid(START + after, hours)
    start = dates[0] + after
    if (start != dates).any():
        i = int(np.argmax(start != dates))
        why = f"snapshot '{labels.iloc[i]}' begins {(dates[i] - dates[0]) / np.timedelta64(3600, 's'):g} h after the first, "
        why += f"but those before it weigh {passed[i]:g} h"
        changes.append(f"Weightings and dates of the snapshots differ ({why}): steps follow each other from {_day(dates[0])}.")
    return TimeGrid(start, hours)


def _dates(labels: pd.Series) -> np.ndarray | None:
    """Times datetime64[s] (T,), or None where labels are no times. A time zone is dropped: times are local."""
    if labels.dtype.kind in "iuf" or not labels.astype(str).str.contains("[-/:]").all():
        return None
    try:
        times = pd.to_datetime(labels, format="ISO8601" if labels.astype(str).str.match(r"\d{4}-").all() else None)
        zoned = getattr(times.dtype, "tz", None) is not None
        return (times.dt.tz_localize(None) if zoned else times).to_numpy("datetime64[s]")
    except (ValueError, TypeError, AttributeError):
        return None


def _day(time: np.datetime64) -> str:
    return str(time).replace("T", " ")[:16]
