"""Faults of arrays in MATPOWER's layout, all at once, each with the place in the file, the value, the rule and a cure.

What is out of service may be odd; its numbers must still be numbers and its buses exist.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.ppc_arrays import BRANCH, BUS, GEN, ISOLATED, REFERENCE, USED, WIDTHS, Alive, Ppc, alive, title

LARGEST, LEAST_REACTANCE = 1e15, 1e-9
LARGEST_KV, LEAST_TAP, LARGEST_TAP, LARGEST_SHIFT_DEG = 1500.0, 0.1, 10.0, 360.0


def check(ppc: Ppc, branch_model: str) -> list[str]:
    """Faults; [] when `ppc.to_tables` may be called."""
    if not (np.isfinite(ppc.base_mva) and ppc.base_mva > 0):
        return [f"{ppc.place('baseMVA', 0)}: '{ppc.base_mva:g}' must be above 0. Give the system base in MVA."]
    faults = [f for m in ("bus", "gen", "branch", "gencost") for f in widths(ppc, m)]
    if faults:
        return faults
    collect = _Collector(ppc)
    for matrix in ("bus", "gen", "branch", "gencost"):
        collect.numbers(matrix)
    if not collect.faults:
        here = alive(ppc)
        _buses(collect, here)
        _ends(collect, here)
        _generators(collect, here)
        _branches(collect, here, branch_model)
        _references(collect, here)
    return collect.faults


def widths(ppc: Ppc, matrix: str) -> list[str]:
    """Fault when a matrix has a number of columns that no case has, or no rows."""
    values = getattr(ppc, matrix)
    exact, most, words = WIDTHS[matrix]
    if not len(values) and matrix != "branch" and (matrix != "gencost" or len(ppc.gen)):
        return [f"{ppc.place(matrix, 0)}: matrix {matrix} has no rows. Give the case complete."]
    if not len(values) or values.shape[1] in exact or values.shape[1] >= most:
        return []
    return [f"{ppc.place(matrix, 0)}: matrix {matrix} has {values.shape[1]} columns, must have {words}. Is a column missing?"]


class _Collector:
    def __init__(self, ppc: Ppc):
        self.ppc, self.faults = ppc, list[str]()

    def add(self, matrix: str, wrong: np.ndarray, column: int, rule: str, cure: str) -> None:
        """A fault for each row of `matrix` in `wrong` (bool)."""
        for i in np.flatnonzero(wrong):
            value = getattr(self.ppc, matrix)[i, column]
            self.faults.append(f"{self.ppc.place(matrix, int(i))}, column {title(matrix, column)}: '{value:.12g}' {rule}. {cure}")

    def numbers(self, matrix: str) -> None:
        values = getattr(self.ppc, matrix)
        if (np.abs(values) <= LARGEST).all():
            return
        for column in range(values.shape[1]):
            used = matrix == "gencost" or column in USED[matrix]
            wrong = ~np.isfinite(values[:, column]) if used else np.isnan(values[:, column])
            self.add(matrix, wrong, column, "is not a finite number", "Give a number.")
            wrong = np.isfinite(values[:, column]) & (np.abs(values[:, column]) > LARGEST)
            self.add(matrix, wrong & used, column, f"is beyond {LARGEST:g}", "Give a number in the unit of the column.")


def _buses(collect: _Collector, here: Alive) -> None:
    bus = collect.ppc.bus
    number = bus[:, BUS.number]
    wrong = (number <= 0) | (number != np.floor(number))
    collect.add("bus", wrong, BUS.number, "is not a whole number above 0", "Give each bus a number of its own.")
    order = np.argsort(number, kind="stable")
    again = np.zeros(len(number), bool)
    again[order[1:]] = np.diff(number[order]) == 0
    collect.add("bus", again, BUS.number, "is the number of another bus, too", "Give each bus a number of its own.")
    collect.add("bus", ~np.isin(bus[:, BUS.type], (1, 2, 3, 4)), BUS.type, "is not 1, 2, 3 or 4",
                "Give 1 (load), 2 (generation), 3 (reference) or 4 (isolated).")  # fmt: skip
    voltage = bus[:, BUS.voltage]
    wrong = here.bus & ((voltage < 0) | (voltage > LARGEST_KV))
    collect.add("bus", wrong, BUS.voltage, f"must be at least 0 and at most {LARGEST_KV:g} kV", "Give the base voltage in kV.")


def _ends(collect: _Collector, here: Alive) -> None:
    for matrix, column, position in (
        ("gen", GEN.bus, here.gen_bus),
        ("branch", BRANCH.from_bus, here.from_bus),
        ("branch", BRANCH.to_bus, here.to_bus),
    ):
        collect.add(matrix, position < 0, column, "is not the number of a bus", "Correct it or add the bus.")
    same = (here.from_bus == here.to_bus) & (here.from_bus >= 0) & here.branch
    collect.add("branch", same, BRANCH.to_bus, "is fbus, too", "A branch joins two different buses; correct one end.")


def _generators(collect: _Collector, here: Alive) -> None:
    ppc = collect.ppc
    wrong = here.gen & (ppc.gen[:, GEN.least] > ppc.gen[:, GEN.most])
    for i in np.flatnonzero(wrong):
        cure = f"is larger than Pmax '{ppc.gen[i, GEN.most]:g}'"
        collect.add("gen", np.arange(len(wrong)) == i, GEN.least, cure, "Swap or correct them.")
    if len(ppc.gencost) not in (len(ppc.gen), 2 * len(ppc.gen)):
        rule = f"matrix gencost has {len(ppc.gencost)} rows for {len(ppc.gen)} generators"
        collect.faults.append(f"{ppc.place('gencost', 0)}: {rule}. Give one row per generator (or two, the second half for reactive power).")


def _branches(collect: _Collector, here: Alive, branch_model: str) -> None:
    branch = collect.ppc.branch
    tap, shift, x = (branch[:, c] for c in (BRANCH.tap, BRANCH.shift, BRANCH.reactance))
    if branch_model != "copperplate":
        collect.add("branch", here.branch & (np.abs(x) < LEAST_REACTANCE), BRANCH.reactance, "leaves the flow undefined",
                    "Give the series reactance, a small one for a bus coupler, or put the branch out of service.")  # fmt: skip
    for column in (BRANCH.rate_a, BRANCH.rate_b, BRANCH.rate_c):
        collect.add("branch", here.branch & (branch[:, column] < 0), column, "must be at least 0 MVA", "Give the rating, 0 for none.")
    wrong = here.branch & (tap != 0) & ((tap < LEAST_TAP) | (tap > LARGEST_TAP))
    collect.add("branch", wrong, BRANCH.tap, f"must be 0, or {LEAST_TAP:g} to {LARGEST_TAP:g}", "Give the tap ratio, 0 for a line.")
    wrong = here.branch & (np.abs(shift) > LARGEST_SHIFT_DEG)
    collect.add("branch", wrong, BRANCH.shift, "must lie within +-360 degrees", "Give the phase shift in degrees.")
    if branch.shape[1] > BRANCH.angle_max:
        low, high = branch[:, BRANCH.angle_min], branch[:, BRANCH.angle_max]
        for column, wrong in ((BRANCH.angle_min, low >= 360), (BRANCH.angle_max, high <= -360)):
            cure = "Give the limit in degrees, 0 in both for none."
            collect.add("branch", here.branch & wrong, column, "leaves no angle within +-360 degrees", cure)
        crossed = here.branch & (low > high) & (low > -360) & (high < 360)
        collect.add("branch", crossed, BRANCH.angle_min, "is larger than angmax", "Swap or correct them.")


def _references(collect: _Collector, here: Alive) -> None:
    ppc = collect.ppc
    reference = ppc.bus[:, BUS.type] == REFERENCE
    if not reference.any():
        count = int((ppc.bus[:, BUS.type] != ISOLATED).sum())
        collect.faults.append(f"{ppc.place('bus', 0)}: none of the {count} buses in service is the reference. Give one bus type 3.")
        return
    joined = np.zeros(len(ppc.bus), bool)
    joined[here.from_bus[here.branch]] = joined[here.to_bus[here.branch]] = True
    if here.branch.any() and not (reference & joined).any():
        collect.add("bus", reference, BUS.number, "is the reference but no branch in service reaches it", "Connect it or choose another.")
