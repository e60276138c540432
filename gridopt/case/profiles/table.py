"""What an opened file of series offers, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gridopt.case.profiles.stamps import Axis


@dataclass(frozen=True)
class Source:
    """One file. With `column`, only that column, under `name` (or its own name).

    `any_year`: use the data for any calendar year, matched by month, day and time of day. `zone`: IANA zone of stamps without
    offset; empty: what the file says, else the network's local time.
    """

    path: Path
    column: str = ""
    name: str = ""
    any_year: bool = False
    zone: str = ""


@dataclass
class Table:
    """An opened file: its axis, its columns, a function that reads some of them, float (n, N), and what a fault calls a row."""

    file: str
    axis: Axis
    columns: list[str]
    read: Callable[[list[str]], np.ndarray]
    row: Callable[[int], str]
    any_year: bool = False
    cache: dict[str, np.ndarray] = field(default_factory=dict)


def listed(words: Sequence[str]) -> str:
    """The first dozen of `words`."""
    return ", ".join(words[:12]) + (", …" if len(words) > 12 else "")
