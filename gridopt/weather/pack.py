"""How series are rounded and stored: whole multiples of a step, as 16-bit numbers in a compressed NetCDF-4 file.

Rounding happens when a series is made, so that what is in memory and what is read back from the file are the same numbers.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray

# kind of series (what stands before the dot): step, unit, description
KINDS = {
    "wind": (0.001, "1", "available wind output over capacity"),
    "solar": (0.001, "1", "available PV output (AC, fixed tilt) over capacity"),
    "hydro_ror": (0.001, "1", "available run-of-river output over capacity"),
    "csp": (0.001, "1", "heat of the solar field over its maximum"),
    "inflow": (0.1, "m3 s-1", "natural inflow between the upstream plant and this one"),
    "load": (0.0005, "1", "demand over its yearly mean"),
    "schedule": (1.0, "MW", "agreed AC export of Gansu to the province (negative: import)"),
    "price": (0.1, "CNY/MWh", "price outside the province"),
    "dc_max": (0.0001, "1", "upper limit of sent power over rated power"),
}
FILL = -32768


def rounded(values: np.ndarray, step: float, keep_mean: float | None = None) -> np.ndarray:
    """Values (T,) as whole multiples of `step`; with `keep_mean` their mean is that number exactly.

    To keep the mean, the hours whose rounding was nearest to going the other way go the other way, as many as the sum is off.
    """
    scaled = np.asarray(values, float) / step
    whole = np.rint(scaled)
    if keep_mean is not None:
        off = round(keep_mean / step * len(whole)) - int(whole.sum())
        order = np.argsort((whole - scaled) * (1 if off > 0 else -1), kind="stable")
        whole[order[: abs(off)]] += np.sign(off)
    if np.abs(whole).max(initial=0) >= -FILL:
        raise ValueError(f"a value of {np.abs(values).max():g} does not fit 16 bits with step {step:g}")
    return whole * step


def write(dataset: xarray.Dataset, path: Path) -> None:
    """Write to `path`, whole or not at all: a temporary file beside it is renamed when complete."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    try:
        _fill(name, dataset)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _fill(name: str, dataset: xarray.Dataset) -> None:
    """The NetCDF-4 file. Every variable is one chunk; the HDF5 1.10 layout spends 2 kB less on each than the oldest one."""
    import h5netcdf

    steps, common = dataset.sizes["time"], {"compression": "gzip", "compression_opts": 9, "shuffle": True}
    start = dataset.time.values.astype("datetime64[s]")
    hours = ((start - start[0]).astype(int) / 3600).astype("int32")
    with h5netcdf.File(name, "w", libver=("v110", "v110")) as file:
        file.dimensions = {"time": steps}
        file.attrs.update(dataset.attrs)
        time = file.create_variable("time", ("time",), "int32", hours, chunks=(steps,), **common)
        units = f"hours since {str(start[0]).replace('T', ' ')}"
        time.attrs.update({**dataset.time.attrs, "units": units, "calendar": "proleptic_gregorian"})
        for series, values in dataset.data_vars.items():
            step = KINDS[str(series).partition(".")[0]][0]
            whole = np.rint(values.values / step).astype("int16")
            shape = {"chunks": (steps,), "fillvalue": np.int16(FILL), **common}
            stored = file.create_variable(str(series), ("time",), "int16", whole, **shape)
            stored.attrs.update({**values.attrs, "scale_factor": step})
