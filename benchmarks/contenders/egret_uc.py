"""EGRET on a PGLib-UC file: its tight formulation, solved by HiGHS through Pyomo to a relative gap."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from egret.models.unit_commitment import create_tight_unit_commitment_model
from egret.parsers.pglib_uc_parser import create_ModelData
from pyomo.environ import SolverFactory

from benchmarks.contenders.outcome import write

THREADS = 2


def main(folder: str, target: str, gap: str, seed: str) -> None:
    begun = time.perf_counter()
    model = create_tight_unit_commitment_model(create_ModelData(str(Path(folder) / "case.json")))
    built = time.perf_counter()
    solver = SolverFactory("appsi_highs")
    solver.options.update({"mip_rel_gap": float(gap), "mip_abs_gap": 0.0, "random_seed": int(seed), "threads": THREADS})
    done = solver.solve(model, tee=True, load_solutions=False)
    best, bound = (float(v) for v in (done.problem.upper_bound, done.problem.lower_bound))
    stages = [(built - begun, "model built"), (time.perf_counter() - begun, "solved")]
    write(Path(target), objective=best, status=str(done.solver.termination_condition), gap=(best - bound) / abs(best), stages=stages)


if __name__ == "__main__":
    main(*sys.argv[1:])
