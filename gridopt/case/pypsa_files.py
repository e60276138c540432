"""PyPSA networks as they lie in files: a folder of CSV files, or one netCDF file. PyPSA itself is not needed.

Layout of both: https://docs.pypsa.org/latest/user-guide/import-export/
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from gridopt.case.check import CaseError, show
from gridopt.case.pypsa_attributes import DEFAULTS
from gridopt.case.pypsa_source import Component, Network, add_series, component, numeric
from gridopt.case.pypsa_unread import OTHER_FILES, filled, sentences, unknown_component, unknown_files, unread


def read_network(path: Path) -> Network:
    """The network in a folder or netCDF file. What cannot be read at all raises CaseError; other faults are in `faults`."""
    return _folder(path) if path.is_dir() else _netcdf(path)


def _folder(path: Path) -> Network:
    faults: list[str] = []
    if not (path / "buses.csv").is_file():
        raise CaseError([f"{path}: has no buses.csv, so it is not a PyPSA network. Export it with export_to_csv_folder."])
    frames = {kind: _csv(path / f"{kind}.csv", faults) for kind in (*DEFAULTS, "network", "snapshots")}
    snapshots = frames.pop("snapshots")
    snapshots = pd.DataFrame({"snapshot": ["now"]}) if snapshots is None else snapshots
    about, parts, rest = frames.pop("network"), {}, {}
    faults.extend(unknown_files(path))
    for kind, frame in frames.items():
        names = np.array([], object) if frame is None else frame.iloc[:, 0].str.strip().to_numpy(object)
        static = {} if frame is None else {a: frame[a].to_numpy(object) for a in frame.columns[1:]}
        parts[kind] = component(kind, f"{kind}.csv", static, names, faults, rows=True)
        rest[kind] = [str(a) for a, cells in static.items() if unread(kind, str(a)) and filled(cells)]
        for file in sorted(path.glob(f"{kind}-*.csv")):
            attribute = file.stem.removeprefix(f"{kind}-")
            if attribute.endswith("-pw"):
                faults.append(f"{file.name}: piecewise curves of PyPSA are not read. Use marginal_cost and marginal_cost_quadratic.")
            elif numeric(kind, attribute):
                series = _series_csv(file, faults)
                if series is not None:
                    add_series(parts[kind], attribute, file.name, list(series.columns), series.to_numpy(float), len(snapshots))
            elif unread(kind, attribute):
                rest[kind].append(f"{attribute} (series)")
    attributes = {} if about is None or not len(about) else {str(k): str(v) for k, v in about.iloc[0].items()}
    return Network(path.name, parts, snapshots, attributes, faults, sentences(rest))


def _csv(file: Path, faults: list[str]) -> pd.DataFrame | None:
    """Cells as text, the first column first; None where there is no such file or it cannot be read."""
    if not file.is_file():
        return None
    try:
        with open(file, encoding="utf-8-sig", newline="") as opened:
            head, *rows = [row for row in csv.reader(opened) if row] or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        faults.append(f"{file.name}: cannot be read ({' '.join(str(error).split())}). Export the network again.")
        return None
    uneven = [i for i, row in enumerate(rows) if len(row) != len(head)]
    if uneven:
        rule = f"has {len(rows[uneven[0]])} cells, but the head of the table {len(head)}"
        faults.append(f"{file.name}, row {uneven[0] + 2}: {rule}. Is the file cut off? Export the network again.")
    elif not head or len(set(head)) < len(head):
        faults.append(f"{file.name}: {'has a column twice' if head else 'is empty'}. Export the network again.")
    else:
        return pd.DataFrame(rows, columns=head, dtype=object)
    return None


def _series_csv(file: Path, faults: list[str]) -> pd.DataFrame | None:
    """Numbers (T, k) by element."""
    try:
        with open(file, encoding="utf-8-sig", newline="") as opened:
            names = next(csv.reader(opened), [""])[1:]  # pandas would rename a second column of the same name
        frame = pd.read_csv(file, index_col=0, encoding="utf-8-sig")
    except (ValueError, OSError, UnicodeDecodeError, csv.Error) as error:
        faults.append(f"{file.name}: cannot be read ({' '.join(str(error).split())}). Export the network again.")
        return None
    if len(names) != frame.shape[1]:
        faults.append(f"{file.name}: rows have more cells than the head of the table. Export the network again.")
        return None
    for name in sorted({n for n in names if names.count(n) > 1}) if len(set(names)) < len(names) else ():
        faults.append(f"{file.name}, column '{name}': is there twice. Remove one.")
    worded = [k for k, kind in enumerate(frame.dtypes) if len(frame) and not pd.api.types.is_numeric_dtype(kind)]
    for k in worded:
        column = frame.iloc[:, k]
        row = int(np.argmax((pd.to_numeric(column, errors="coerce").isna() & column.notna()).to_numpy()))
        faults.append(f"{file.name}, row {row + 2}, column '{names[k]}': {show(column.iloc[row])} is not a number. Correct it.")
    frame.columns = names
    return frame if len(set(names)) == len(names) and not worded else None


def _netcdf(path: Path) -> Network:
    import xarray as xr

    faults: list[str] = []
    try:
        with open(path, "rb") as file:
            classic = file.read(3) == b"CDF"
        with xr.open_dataset(path, engine="scipy" if classic else "h5netcdf") as data:
            data.load()
    except Exception as error:  # h5py, h5netcdf and scipy raise anything on a file that is cut off
        reason = " ".join(str(error).split())[:200]
        raise CaseError([f"{path}: cannot be read as netCDF ({reason}). Is it cut off? Export the network again."]) from error
    if "buses_i" not in data.variables:
        raise CaseError([f"{path}: has no buses, so it is not a PyPSA network. Export it with export_to_netcdf."])
    if "scenario" in data.dims:
        raise CaseError([f"{path}: the network has scenarios; stochastic problems are not modelled. Export one scenario."])
    steps = pd.DataFrame({str(v).removeprefix("snapshots_"): data[v].to_numpy() for v in data.variables if str(v).startswith("snapshots_")})
    if "snapshots" in data.variables and "snapshot" not in steps:
        steps.insert(0, "snapshot", data["snapshots"].to_index().map(str) if data["snapshots"].ndim == 1 else "")
    if not len(steps):
        steps = pd.DataFrame({"snapshot": ["now"]})
    parts = {kind: _elements(data, kind, path.name, len(steps), faults) for kind in DEFAULTS}
    rest = _unread(data, path.name, faults)
    attributes = {str(k).removeprefix("network_"): str(v) for k, v in data.attrs.items()}
    return Network(path.name, parts, steps, attributes, faults, sentences(rest))


def _unread(data, file: str, faults: list[str]) -> dict[str, list[str]]:
    """Names of what is not read by kind; faults for components that are not known."""
    rest: dict[str, list[str]] = {kind: [] for kind in DEFAULTS}
    kinds = sorted({*DEFAULTS, *OTHER_FILES}, key=len, reverse=True)
    for name in map(str, data.variables):
        kind = next((k for k in kinds if name == k or name.startswith(f"{k}_")), "")
        attribute = name.removeprefix(f"{kind}_")
        if not kind:
            if name.endswith("_i") and "_t_" not in name and data[name].size:
                faults.append(unknown_component(file, name.removesuffix("_i")))
        elif kind in rest and name != kind and not attribute.endswith("_i") and attribute != "i" and not attribute.startswith("pw_"):
            bare = attribute.removeprefix("t_")
            if unread(kind, bare) and filled(data[name].to_numpy()):
                rest[kind].append(bare if bare == attribute else f"{bare} (series)")
    return rest


def _elements(data, kind: str, file: str, steps: int, faults: list[str]) -> Component:
    index = kind if kind in ("scenarios", "investment_periods") else f"{kind}_i"
    names = np.array([str(n).strip() for n in data[index].to_numpy()] if index in data.variables else [], object)
    static = {a: data[f"{kind}_{a}"].to_numpy() for a in DEFAULTS[kind] if f"{kind}_{a}" in data.variables}
    static = {a: v.astype(object) if v.dtype.kind in "USO" else v for a, v in static.items()}
    result = component(kind, file, static, names, faults, rows=False)
    for attribute in DEFAULTS[kind]:
        series = f"{kind}_t_{attribute}"
        if series in data.variables and numeric(kind, attribute):
            given = data[series].transpose("snapshots", ...)
            add_series(result, attribute, f"{file}, {series}", [str(n) for n in data[f"{series}_i"].to_numpy()], given.to_numpy(), steps)
        if f"{kind}_pw_{attribute}" in data.variables:
            faults.append(f"{file}, {kind}_pw_{attribute}: piecewise curves of PyPSA are not read. Use marginal_cost_quadratic.")
    return result
