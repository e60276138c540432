"""A results folder as the report reads it: nothing is computed here but longer steps for very long runs.

Everything may be missing except the time coordinate: a small case has no DC links, a first version of a run no causes. A reader
gets None or an empty table then, and the page leaves the section out with a sentence.
"""

from __future__ import annotations

import json
import pathlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from gridopt.dispatch.market_tables import PREFIX

# A leap year of hours. Longer or finer runs are shown as means over equal blocks of steps, so that the page stays below 25 MB.
MOST_STEPS = 8784
MARKET_PRICES = f"tables/{PREFIX}prices.parquet"
"""What a folder without results.nc must hold: prices of a run of the market."""
REMARK = re.compile(r"\s+\([^()]*\)|(?<=[\u4e00-\u9fff])[(（][^()（）]*[)）]|(?<=\S{4})(: |：).*$")


@dataclass
class Variable:
    """A variable of results.nc: names of its dimensions, and its values, read once when they are asked for."""

    stored: Any

    @property
    def dims(self) -> tuple[str, ...]:
        return self.stored.dimensions

    @cached_property
    def values(self) -> np.ndarray:
        return np.asarray(self.stored[...])


class Results:
    """An open results.nc. By h5netcdf itself, as it is written: xarray, and dask that it loads, take longer to load than the file."""

    def __init__(self, path: pathlib.Path):
        import h5netcdf

        self._file = h5netcdf.File(path, "r", decode_vlen_strings=True)
        self.attrs = dict(self._file.attrs)
        self.variables = {name: Variable(stored) for name, stored in self._file.variables.items()}

    def __getitem__(self, name: str) -> Variable:
        return self.variables[name]

    def __contains__(self, name: str) -> bool:
        return name in self.variables

    @property
    def stamps(self) -> pd.DatetimeIndex:
        """Where the steps start: numbers of a unit since a date, by the convention of NetCDF."""
        unit, _, since = str(self["time"].stored.attrs["units"]).partition(" since ")
        return pd.DatetimeIndex(pd.Timestamp(since) + pd.to_timedelta(self["time"].values, unit=unit))

    def close(self) -> None:
        self._file.close()


class NoResults(Results):
    """In place of results.nc where a folder holds nothing but tables of the market: their periods are the steps."""

    def __init__(self, periods: pd.Series):
        self.attrs, self.variables = {}, {}
        self._stamps = pd.DatetimeIndex(periods.unique()).sort_values()

    @property
    def stamps(self) -> pd.DatetimeIndex:
        return self._stamps

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class Run:
    """What a finished run left behind. `time` are the labels shown, `hours` their lengths [h], `block` steps make one label."""

    folder: pathlib.Path
    data: Results
    manifest: dict
    certificate: dict
    time: pd.DatetimeIndex
    hours: np.ndarray
    block: int
    known: dict[str, Any] = field(default_factory=dict)

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """The result of `make`, made at the first call with this key: several sections need the same sums."""
        if key not in self.known:
            self.known[key] = make()
        return self.known[key]

    @property
    def summary(self) -> dict:
        return self.manifest.get("summary") or {}

    @property
    def days(self) -> float:
        """Length of what is shown, first label to last [days]."""
        return float((self.time[-1] - self.time[0]) / pd.Timedelta(days=1))

    @property
    def imported(self) -> dict:
        """What a reader of another program's case did with it; {} where the network is a folder of gridopt."""
        return self.manifest.get("import") or {}

    @property
    def currency(self) -> str:
        return str(self.data.attrs.get("currency") or self.summary.get("currency") or "CNY")


def open_run(folder: pathlib.Path) -> Run:
    """Open `folder`; results.nc stays open and is read variable by variable. Raises FileNotFoundError naming what is missing."""
    folder = pathlib.Path(folder)
    data = _results(folder)
    manifest, certificate = (_json(folder / name) for name in ("manifest.json", "certificate.json"))
    stamps = data.stamps
    block = max(1, -(-len(stamps) // MOST_STEPS))
    start = np.arange(0, len(stamps), block)
    steps = np.asarray(data["step_hours"].values, dtype=float) if "step_hours" in data else _step_hours(stamps, manifest)
    return Run(folder, data, manifest, certificate, stamps[start], np.add.reduceat(steps, start), block)


def _results(folder: pathlib.Path) -> Results:
    if (folder / "results.nc").is_file():
        return Results(folder / "results.nc")
    prices = folder / MARKET_PRICES
    periods = pd.read_parquet(prices, columns=["period"])["period"] if prices.is_file() else ()
    if not len(periods):
        raise FileNotFoundError(f"{folder / 'results.nc'} does not exist: a report needs the folder of a finished run.")
    return NoResults(periods)


def values(run: Run, name: str) -> tuple[list[str], np.ndarray] | None:
    """Variable `name` as (ids, float32 array (element, label)); ids is [''] where it has only time. None: absent or empty."""
    if name not in run.data or "time" not in run.data[name].dims:
        return None
    variable = run.data[name]
    other = [d for d in variable.dims if d != "time"]
    array = np.moveaxis(np.asarray(variable.values, dtype=np.float32), variable.dims.index("time"), -1)
    array = array.reshape(-1, array.shape[-1])
    if array.size == 0:
        return None
    ids = [str(v) for v in run.data[other[0]].values] if other else [""]
    return ids, _mean_of_blocks(array, run.block)


def table(run: Run, name: str) -> pd.DataFrame:
    """tables/<name>.parquet, else .csv, else an empty frame. Not to be changed in place."""
    return run.once(f"table {name}", lambda: _table(run, name))


def _table(run: Run, name: str) -> pd.DataFrame:
    path = run.folder / "tables" / f"{name}.parquet"
    if path.is_file():
        return pd.read_parquet(path)
    path = path.with_suffix(".csv")
    return pd.read_csv(path) if path.is_file() else pd.DataFrame()


def names(run: Run, kind: str, ids: list[str]) -> list[tuple[str, str]]:
    """(English, Chinese) short name of each id from tables/<kind>; the other language or the id where one is missing."""
    found = run.once(f"names {kind}", lambda: _names(table(run, kind), kind, keep_apart=bool(run.imported)))
    return [found.get(i) or (i, i) for i in ids]


def _names(frame: pd.DataFrame, kind: str, keep_apart: bool) -> dict[str, tuple[str, str]]:
    """Short names by id; `keep_apart`: those that become alike without their remarks stay whole ('Link', 'Link (reverse)')."""
    if kind not in frame:
        return {}
    rows = frame[[c for c in (kind, "name", "name_zh") if c in frame]].to_dict("records")
    whole = {key: pair(cell(r, "name"), cell(r, "name_zh"), key) for r in rows for key in (str(r[kind]),)}
    count = Counter(map(brief, whole.values())) if keep_apart else Counter[tuple[str, str]]()
    return {key: both if count[brief(both)] > 1 else brief(both) for key, both in whole.items()}


def pair(en: str, zh: str, fallback: str) -> tuple[str, str]:
    """Both names, each with the other or the fallback in place of an empty one."""
    return en or zh or fallback, zh or en or fallback


def brief(both: tuple[str, str]) -> tuple[str, str]:
    """Names without remarks, for axes and maps: 'Huahai (Yumen)' -> 'Huahai', 'Heyu section: east of Hexi' -> 'Heyu section'."""
    return _brief(both[0]), _brief(both[1])


def _brief(text: str) -> str:
    return REMARK.sub("", text).strip() or text


def cell(row: dict, column: str) -> str:
    """Text of a cell; '' for a missing column or an empty cell."""
    value = row.get(column)
    return "" if value is None or value is pd.NA or value != value else str(value)


def number(row: dict, column: str) -> float | None:
    """Number of a cell; None for a missing column, an empty cell or a word."""
    try:
        value = float(row.get(column))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return value if np.isfinite(value) else None


def _json(path: pathlib.Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _step_hours(stamps: pd.DatetimeIndex, manifest: dict) -> np.ndarray:
    """Lengths of the steps [h] where results.nc does not tell: all alike."""
    return np.full(len(stamps), _usual_step(stamps, manifest))


def _usual_step(stamps: pd.DatetimeIndex, manifest: dict) -> float:
    minutes = (manifest.get("period") or {}).get("step_minutes")
    if minutes:
        return float(minutes) / 60.0
    return float(np.diff(stamps.values).min() / np.timedelta64(1, "h")) if len(stamps) > 1 else 1.0


def _mean_of_blocks(array: np.ndarray, block: int) -> np.ndarray:
    if block == 1:
        return array
    start = np.arange(0, array.shape[1], block)
    length = np.diff(np.append(start, array.shape[1]))
    return (np.add.reduceat(array, start, axis=1) / length).astype(np.float32)
