"""The European test system of 9,241 buses (PEGASE, in pandapower's collection) as a MATPOWER file. Runs in pandapower's environment.

The collection gives every generator the same cost, so that any dispatch within limits is as good as another. Here the generators cost
10 to 99 per MWh by their number; all else is as in the collection.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from pandapower.converter.pypower.to_ppc import to_ppc
from pandapower.networks import case9241pegase

from benchmarks.cases.mpc import write

COLUMNS = {"bus": 13, "gen": 10, "branch": 13}


def main(folder: str) -> None:
    ppc = to_ppc(case9241pegase(), init="flat", mode="opf", calculate_voltage_angles=True)
    parts = {name: np.nan_to_num(np.real(ppc[name][:, :count]), nan=1.0) for name, count in COLUMNS.items()}
    parts["bus"][:, 0] += 1
    parts["gen"][:, 0] += 1
    parts["branch"][:, :2] += 1
    number = np.arange(len(parts["gen"]))
    zero = np.zeros(len(number))
    parts["gencost"] = np.column_stack([zero + 2, zero, zero, zero + 2, 10 + 37 * number % 90, zero])
    write(Path(folder) / "case.m", float(ppc["baseMVA"]), parts)


if __name__ == "__main__":
    main(*sys.argv[1:])
