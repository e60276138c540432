"""NetCDF files of series: every variable along `time` alone is a series.

NetCDF-4 goes through h5py, which decodes only what is asked; classic NetCDF through scipy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridopt.case.check import CaseError
from gridopt.case.profiles import stamps
from gridopt.case.profiles.table import Source, Table, listed

SECONDS = {"second": 1, "sec": 1, "s": 1, "minute": 60, "min": 60, "hour": 3600, "hr": 3600, "h": 3600, "day": 86400, "d": 86400}
ATTRIBUTES = ("units", "calendar", "timezone", "scale_factor", "add_offset", "_FillValue", "missing_value")


def open_netcdf(path: Path, source: Source, zone: str, classic: bool) -> Table:
    """Stamps and names of a NetCDF file; `zone` is the network's local time."""
    values = _classic_values if classic else _hdf5_values
    shapes, whole = (_classic_header if classic else _hdf5_header)(path)
    if "time" not in shapes:
        raise CaseError([f"{path}: has no variable 'time', only {listed(list(shapes))}. Name the time axis 'time'."])
    raw, about = values(path, ["time"])[0]
    instants, written = _instants(raw, about, str(path))
    said = source.zone or written or str(about.get("timezone", whole.get("timezone", zone)))

    def row(i: int) -> str:
        return f"step {i + 1}"

    def read(names: list[str]) -> np.ndarray:
        return np.stack([_unpacked(raw, about) for raw, about in values(path, names)])

    axis = stamps.regular(stamps.to_zone(instants, said, zone, str(path)), str(path), row)
    columns = [name for name, shape in shapes.items() if name != "time" and shape == (len(instants),)]
    return Table(str(path), axis, columns, read, row, source.any_year)


def _hdf5_header(path: Path) -> tuple[dict[str, tuple[int, ...]], dict]:
    """Shape of every numeric data set, and the attributes of the file."""
    import h5py

    with h5py.File(path) as file:
        shapes = {name: item.shape for name, item in file.items() if isinstance(item, h5py.Dataset) and item.dtype.kind in "iuf"}
        return shapes, _known(dict(file.attrs))


def _hdf5_values(path: Path, names: list[str]) -> list[tuple[np.ndarray, dict]]:
    import h5py

    with h5py.File(path) as file:
        return [(file[name][()], _known(dict(file[name].attrs))) for name in names]


def _classic_header(path: Path) -> tuple[dict[str, tuple[int, ...]], dict]:
    from scipy.io import netcdf_file

    with netcdf_file(path, mmap=False) as file:
        shapes = {name: item.data.shape for name, item in file.variables.items() if item.data.dtype.kind in "iuf"}
        return shapes, _known(file._attributes)


def _classic_values(path: Path, names: list[str]) -> list[tuple[np.ndarray, dict]]:
    from scipy.io import netcdf_file

    with netcdf_file(path, mmap=False) as file:
        found = [file.variables[name] for name in names]
        return [(item.data.astype(item.data.dtype.newbyteorder("=")), _known(item._attributes)) for item in found]


def _known(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes that matter, as text or numbers."""
    single = {k: v[0] if isinstance(v, np.ndarray) and v.size == 1 else v for k, v in attributes.items() if k in ATTRIBUTES}
    return {k: v.decode() if isinstance(v, bytes) else v for k, v in single.items()}


def _unpacked(raw: np.ndarray, about: dict[str, Any]) -> np.ndarray:
    """CF packing undone: fill values become nan, then scale and offset."""
    values = raw.astype(float)
    for mark in ("_FillValue", "missing_value"):
        if mark in about:
            values[raw == about[mark]] = np.nan
    return values * float(about.get("scale_factor", 1.0)) + float(about.get("add_offset", 0.0))


def _instants(raw: np.ndarray, about: dict[str, Any], file: str) -> tuple[np.ndarray, str]:
    """Instants from 'hours since 2025-01-01' and the like, and 'UTC' if the origin has an offset, else ''."""
    units, calendar = str(about.get("units", "")), str(about.get("calendar", "standard"))
    unit, _, since = units.partition(" since ")
    seconds = SECONDS.get(unit.strip().lower().rstrip("s")) or SECONDS.get(unit.strip().lower())
    if seconds is None or calendar not in ("standard", "gregorian", "proleptic_gregorian"):
        rule = "cannot be read. Use 'hours since 2025-01-01' and calendar 'standard'."
        raise CaseError([f"{file}, time: units '{units}', calendar '{calendar}' {rule}"])
    try:
        origin = pd.Timestamp(since)
    except ValueError as error:
        raise CaseError([f"{file}, time: '{since}' in the units is not a time. Use 'hours since 2025-01-01'."]) from error
    zoned = origin.tz is not None
    origin = origin.tz_convert("UTC").tz_localize(None) if zoned else origin
    passed = np.rint(raw.astype(float) * seconds).astype("int64").astype("timedelta64[s]")
    return origin.to_datetime64().astype("datetime64[s]") + passed, "UTC" if zoned else ""
