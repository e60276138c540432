"""Columns of MATPOWER's matrices that are used, by position, and the names users know them by."""

from __future__ import annotations

from typing import NamedTuple

ISOLATED, REFERENCE = 4, 3
"""Types of buses."""


class BusColumns(NamedTuple):
    number: int = 0
    type: int = 1
    load: int = 2
    shunt: int = 4
    area: int = 6
    angle: int = 8
    voltage: int = 9
    zone: int = 10
    voltage_max: int = 11


class GenColumns(NamedTuple):
    bus: int = 0
    status: int = 7
    most: int = 8
    least: int = 9


class BranchColumns(NamedTuple):
    from_bus: int = 0
    to_bus: int = 1
    resistance: int = 2
    reactance: int = 3
    charging: int = 4
    rate_a: int = 5
    rate_b: int = 6
    rate_c: int = 7
    tap: int = 8
    shift: int = 9
    status: int = 10
    angle_min: int = 11
    angle_max: int = 12


class CostColumns(NamedTuple):
    model: int = 0
    startup: int = 1
    shutdown: int = 2
    size: int = 3
    first: int = 4


BUS, GEN, BRANCH, COST = BusColumns(), GenColumns(), BranchColumns(), CostColumns()

HEADER = {
    "bus": ("bus_i", "type", "Pd", "Qd", "Gs", "Bs", "area", "Vm", "Va", "baseKV", "zone", "Vmax", "Vmin"),
    "gen": ("bus", "Pg", "Qg", "Qmax", "Qmin", "Vg", "mBase", "status", "Pmax", "Pmin"),
    "branch": ("fbus", "tbus", "r", "x", "b", "rateA", "rateB", "rateC", "ratio", "angle", "status", "angmin", "angmax"),
    "gencost": ("model", "startup", "shutdown", "n"),
}
WIDTHS = {
    "bus": ((13,), 14, "13"),
    "gen": ((10,), 21, "10, or 21 and more"),
    "branch": ((11,), 13, "11, or 13 and more"),
    "gencost": ((), 5, "5 and more"),
}
"""By matrix: widths that may be, the width from which on more columns (results) do not matter, and both in words."""


def title(matrix: str, column: int) -> str:
    """Name of a column, else its number."""
    names = HEADER[matrix]
    return names[column] if column < len(names) else str(column + 1)
