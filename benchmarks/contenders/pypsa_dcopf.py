"""PyPSA on a MATPOWER file: one step, HiGHS with PyPSA's default options.

`optimize` also finds voltage angles after the solve, by a dense pseudo-inverse as large as the network; with the word `bare` only the
linear program is written and solved, and PyPSA's tables of results stay empty.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from benchmarks.contenders.outcome import write
from benchmarks.contenders.pypower_file import network, read


def main(folder: str, target: str, bare: str = "") -> None:
    begun = time.perf_counter()
    n, fixed = network(read(str(Path(folder) / "case.m")))
    built = time.perf_counter()
    if bare:
        _, status = n.optimize.create_model().solve(solver_name="highs")
    else:
        _, status = n.optimize(solver_name="highs")
    stages = [(built - begun, "network built"), (time.perf_counter() - begun, "solved")]
    write(Path(target), objective=n.model.objective.value + fixed, status=status, stages=stages)


if __name__ == "__main__":
    main(*sys.argv[1:])
