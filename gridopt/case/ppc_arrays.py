"""The arrays of a case in MATPOWER's layout: columns that are used, by position and by the names users know, and what is in service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

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

USED = {
    "bus": (BUS.number, BUS.type, BUS.load, BUS.shunt, BUS.area, BUS.angle, BUS.voltage, BUS.zone, BUS.voltage_max),
    "gen": (GEN.bus, GEN.status, GEN.most, GEN.least),
    "branch": tuple(BRANCH),
}
"""Columns that enter the tables."""

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


@dataclass(frozen=True)
class Ppc:
    """bus, gen, branch, gencost: float, a row per element, columns as above. `place(matrix, row)`: where a row stands, for
    faults. bus_id, gen_id, branch_id: texts, what the tables call the rows; bus_name, gen_name, technology: '' where not given."""

    base_mva: float
    bus: np.ndarray
    gen: np.ndarray
    branch: np.ndarray
    gencost: np.ndarray
    place: Callable[[str, int], str]
    bus_id: np.ndarray
    gen_id: np.ndarray
    branch_id: np.ndarray
    bus_name: Sequence[str]
    gen_name: Sequence[str]
    technology: Sequence[str]

    def at(self, numbers: np.ndarray) -> np.ndarray:
        """Rows of `bus` with these numbers, int; -1 where there is none."""
        order = np.argsort(self.bus[:, BUS.number], kind="stable")
        known = self.bus[order, BUS.number]
        near = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
        return np.where(known[near] == numbers, order[near], -1)


class Alive(NamedTuple):
    """In service, bool: bus, gen, branch; rows of bus, int: gen_bus, from_bus, to_bus (-1: unknown)."""

    bus: np.ndarray
    gen: np.ndarray
    branch: np.ndarray
    gen_bus: np.ndarray
    from_bus: np.ndarray
    to_bus: np.ndarray


def alive(ppc: Ppc) -> Alive:
    """What is in service: an element at an isolated bus (type 4) is not."""
    gen_bus, start, end = ppc.at(ppc.gen[:, GEN.bus]), ppc.at(ppc.branch[:, BRANCH.from_bus]), ppc.at(ppc.branch[:, BRANCH.to_bus])
    bus = ppc.bus[:, BUS.type] != ISOLATED
    gen = (ppc.gen[:, GEN.status] > 0) & bus[gen_bus] & (gen_bus >= 0)
    branch = (ppc.branch[:, BRANCH.status] != 0) & bus[start] & bus[end] & (start >= 0) & (end >= 0)
    return Alive(bus, gen, branch, gen_bus, start, end)
