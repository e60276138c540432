"""Parquet files of series: the time is column 'time', or else the first column of stamps (a stored index is one)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gridopt.case.check import CaseError
from gridopt.case.profiles import stamps
from gridopt.case.profiles.table import Source, Table, listed


def open_parquet(path: Path, source: Source, zone: str) -> Table:
    """Stamps and names of a Parquet file; `zone` is the network's local time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pq.read_schema(path)
    stamp = "time" if "time" in schema.names else next((f.name for f in schema if pa.types.is_timestamp(f.type)), "")
    if not stamp:
        raise CaseError([f"{path}: has no column 'time' and no stamps in {listed(schema.names)}. Add a column 'time'."])

    def row(i: int) -> str:
        return f"row {i + 1}"

    def read(names: list[str]) -> np.ndarray:
        table = pq.read_table(path, columns=names)
        return np.stack([table[name].cast(pa.float64()).to_numpy(zero_copy_only=False) for name in names])

    column = pq.read_table(path, columns=[stamp])[stamp]
    if pa.types.is_timestamp(column.type):
        utc = column.type.tz is not None
        instants = column.cast(pa.timestamp("ns", tz=column.type.tz)).to_numpy().astype("datetime64[s]")
        instants = stamps.to_zone(instants, "UTC" if utc else source.zone or zone, zone, str(path))
    else:
        instants = stamps.parse([str(v) for v in column.to_pylist()], zone, source.zone or zone, str(path), row)
    numbers = [f.name for f in schema if f.name != stamp and (pa.types.is_floating(f.type) or pa.types.is_integer(f.type))]
    return Table(str(path), stamps.regular(instants, str(path), row), numbers, read, row, source.any_year)
