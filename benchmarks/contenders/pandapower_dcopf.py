"""pandapower on a MATPOWER file: its converter, then rundcopp (PYPOWER's interior point method)."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pandapower as pp
from pandapower.converter.matpower import from_mpc

from benchmarks.contenders.outcome import write


def main(folder: str, target: str) -> None:
    begun = time.perf_counter()
    net = from_mpc(str(Path(folder) / "case.m"), f_hz=50)
    built = time.perf_counter()
    pp.rundcopp(net, delta=1e-10)
    stages = [(built - begun, "network built"), (time.perf_counter() - begun, "solved")]
    write(Path(target), objective=net.res_cost, status="optimal" if net.OPF_converged else "not converged", stages=stages)


if __name__ == "__main__":
    main(*sys.argv[1:])
