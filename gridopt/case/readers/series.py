"""Series of the user or shipped with gridopt: CSV, NetCDF, Parquet and renewables.ninja CSV, laid onto the steps of a study.

    source = load([Path("profiles/gansu/2025.nc"), Source(Path("my_farm.csv"), column="output", name="wind.DUN")])
    values = source.on_grid(["wind.DUN", "load.BAI"], starts, hours)          # float (2, T)

A value holds from its stamp to the next. Finer steps repeat it, coarser steps take the time-weighted mean. Files named later
override earlier ones name by name. Times are local (`zone`): stamps with an offset are converted, others are taken as local
unless the file or the source says otherwise. Nothing is filled, clipped or guessed: faults are gathered, then raised at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gridopt.case.check import CaseError, nearest
from gridopt.case.profiles import overlap, stamps
from gridopt.case.profiles.netcdf import open_netcdf
from gridopt.case.profiles.parquet import open_parquet
from gridopt.case.profiles.table import Source, Table, listed
from gridopt.case.profiles.text import open_csv

__all__ = ["Series", "Source", "load"]

ZONE = "Asia/Shanghai"
SHARE, POSITIVE, ANY = (0.0, 1.0), (0.0, np.inf), (-np.inf, np.inf)
RANGES = {"wind": SHARE, "solar": SHARE, "hydro_ror": SHARE, "csp": SHARE, "dc_max": SHARE, "inflow": POSITIVE, "load": POSITIVE}
"""Range by what stands before the dot of a name."""
SLACK = 1e-6


@dataclass
class Series:
    """Where each name is found: table and column. Reads only what is asked for, once."""

    places: dict[str, tuple[Table, str]]
    files: list[str]

    @property
    def names(self) -> list[str]:
        return list(self.places)

    def on_grid(self, names: Sequence[str], starts: np.ndarray, hours: np.ndarray) -> np.ndarray:
        """Values float (len(names), T) on steps that begin at `starts` (datetime64, local) and last `hours`."""
        begin = np.asarray(starts).astype("datetime64[s]").astype("int64")
        end = begin + np.rint(np.asarray(hours, float) * 3600).astype("int64")
        result = np.empty((len(names), len(begin)))
        faults = [self._unknown(name) for name in dict.fromkeys(names) if name not in self.places]
        groups: dict[int, list[int]] = {}
        for i, name in enumerate(names):
            if name in self.places:
                groups.setdefault(id(self.places[name][0]), []).append(i)
        for members in groups.values():
            asked = {names[i]: self.places[names[i]][1] for i in members}
            try:
                rows = _lay(self.places[names[members[0]]][0], asked, begin, end)
                for i in members:
                    result[i] = rows[names[i]]
            except CaseError as error:
                faults += error.faults
        if faults:
            raise CaseError(faults)
        return result

    def _unknown(self, name: str) -> str:
        where = ", ".join(self.files) or "no file is given"
        like = nearest(name, self.places) or "."
        return f"series '{name}': is in none of the profile files ({where}){like} Correct the name or add a file that has it."


def load(sources: Sequence[Path | str | Source], zone: str = ZONE) -> Series:
    """Open the files: names and time stamps are read and checked now, values when they are asked for."""
    places: dict[str, tuple[Table, str]] = {}
    files, faults = [], []
    for source in sources:
        source = source if isinstance(source, Source) else Source(Path(source))
        try:
            table = _open(source, zone)
            files.append(table.file)
            places.update(_names(source, table))
        except CaseError as error:
            faults += error.faults
    if faults:
        raise CaseError(faults)
    return Series(places, list(dict.fromkeys(files)))


def _names(source: Source, table: Table) -> dict[str, tuple[Table, str]]:
    if not source.column:
        if source.name:
            rule = f"is given without a column. Say which of {listed(table.columns)} it is for."
            raise CaseError([f"{table.file}: name '{source.name}' {rule}"])
        return {column: (table, column) for column in table.columns}
    if source.column not in table.columns:
        like = nearest(source.column, table.columns) or "."
        rule = f"has no column '{source.column}'{like} Its columns are {listed(table.columns)}. Correct the name."
        raise CaseError([f"{table.file}: {rule}"])
    return {source.name or source.column: (table, source.column)}


def _lay(table: Table, asked: dict[str, str], begin: np.ndarray, end: np.ndarray) -> dict[str, np.ndarray]:
    """Name to values on the steps; `asked`: name to column."""
    missing = [c for c in dict.fromkeys(asked.values()) if c not in table.cache]
    if missing:
        table.cache.update(zip(missing, table.read(missing), strict=True))
    if not len(begin):
        return {name: np.zeros(0) for name in asked}
    axis, datum = _axis(table, begin, end)
    data = np.stack([table.cache[column] for column in asked.values()])
    first, last = np.searchsorted(axis.edges, begin.min(), side="right") - 1, np.searchsorted(axis.edges, end.max(), side="left")
    used = datum[first:last]
    _check(table, list(asked.items()), data, np.unique(used))
    rows = overlap.mean(data[:, used], axis.edges[first : last + 1], begin, end)
    return dict(zip(asked, rows, strict=True))


def _axis(table: Table, begin: np.ndarray, end: np.ndarray) -> tuple[stamps.Axis, np.ndarray]:
    """Axis that covers the steps, and the datum of each of its steps."""
    if table.any_year:
        years = np.array([begin.min(), end.max() - 1]).astype("datetime64[s]").astype("datetime64[Y]").astype(int) + 1970
        return overlap.repeated(table.axis, np.arange(years[0], years[1] + 1), table.file)
    edges = table.axis.edges
    if begin.min() < edges[0] or end.max() > edges[-1]:
        have = f"{stamps.shown(edges[0])} to {stamps.shown(edges[-1])}, {len(edges) - 1} steps of {table.axis.step / 60:g} min"
        need = f"{stamps.shown(begin.min())} to {stamps.shown(end.max())}"
        cure = "Give the missing rows, change the period, or set any_year: true to use the data for another year."
        if edges[0] - begin.min() == table.axis.step:
            cure = "Do the stamps mark the end of each step? Shift them back by one step: the start is expected."
        raise CaseError([f"{table.file}: holds {have} (local time), which does not cover the study, {need}. {cure}"])
    return table.axis, np.arange(len(edges) - 1)


def _check(table: Table, asked: list[tuple[str, str]], data: np.ndarray, used: np.ndarray) -> None:
    """Every value that is used is a finite number within the range of its kind."""
    faults = []
    for (name, column), row in zip(asked, data, strict=True):
        low, high = RANGES.get(name.partition(".")[0], ANY) if "." in name else ANY
        value = row[used]
        bad = used[~np.isfinite(value) | (value < low - SLACK) | (value > high + SLACK)]
        if not len(bad):
            continue
        i, given = int(bad[0]), row[bad[0]]
        where = f"{table.file}, {table.row(i)} ({stamps.shown(table.axis.start[i])}), column {column}"
        more = f" {len(bad) - 1} more rows of it have faults." if len(bad) > 1 else ""
        if not np.isfinite(given):
            faults.append(f"{where}: is empty or not a finite number. Fill the cell; no gap is filled.{more}")
        elif given < low:
            faults.append(f"{where}: {given:g} must be at least {low:g}. Correct the value or its sign.{more}")
        else:
            cure = "Was a percentage or MW given? Divide by 100 or by the capacity."
            faults.append(f"{where}: {given:g} must be at most {high:g}. {cure}{more}")
    if faults:
        raise CaseError(faults)


def _open(source: Source, zone: str) -> Table:
    """The file by its content: HDF5 or classic NetCDF, Parquet, else text."""
    path = Path(source.path)
    try:
        with path.open("rb") as file:
            magic = file.read(8)
    except OSError as error:
        raise CaseError([f"{path}: cannot be read ({error.strerror}). Correct the path of the profile file."]) from error
    if magic.startswith((b"\x89HDF", b"CDF")):
        return open_netcdf(path, source, zone, classic=magic.startswith(b"CDF"))
    if magic.startswith(b"PAR1"):
        return open_parquet(path, source, zone)
    if magic.startswith(b"PK"):
        raise CaseError([f"{path}: is a workbook or archive, not a text file. Save the sheet as CSV (UTF-8)."])
    return open_csv(path, source, zone)
