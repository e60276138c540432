"""The European test system of 9,241 buses (PEGASE, in pandapower's collection) as a MATPOWER file. Runs in pandapower's environment.

The collection gives every generator the same cost, so that any dispatch within limits is as good as another. Here the generators cost
10 to 99 per MWh by their number. Branches without a limit stand in the collection with a limit of 99.999 MVA (transformers) or above
90,000 MVA (lines); here they have none. All else is as in the collection.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from pandapower.converter.pypower.to_ppc import to_ppc
from pandapower.networks import case9241pegase

from benchmarks.cases.mpc import write

COLUMNS = {"bus": 13, "gen": 10, "branch": 13}
RATE, UNLIMITED_TRANSFORMER, UNLIMITED_LINE = 5, 99.999, 9e4


def main(folder: str) -> None:
    ppc = to_ppc(case9241pegase(), init="flat", mode="opf", calculate_voltage_angles=True)
    parts = {name: np.nan_to_num(np.real(ppc[name][:, :count]), nan=1.0) for name, count in COLUMNS.items()}
    parts["bus"][:, 0] += 1
    parts["gen"][:, 0] += 1
    parts["branch"][:, :2] += 1
    rate = parts["branch"][:, RATE]
    rate[np.isclose(rate, UNLIMITED_TRANSFORMER, atol=1e-6) | (rate > UNLIMITED_LINE)] = 0.0
    number = np.arange(len(parts["gen"]))
    zero = np.zeros(len(number))
    parts["gencost"] = np.column_stack([zero + 2, zero, zero, zero + 2, 10 + 37 * number % 90, zero])
    write(Path(folder) / "case.m", float(ppc["baseMVA"]), parts)


if __name__ == "__main__":
    main(*sys.argv[1:])
