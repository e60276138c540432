"""gridopt through its Python interface: load_study and dispatch, without prices, certificate, results and report."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from benchmarks.contenders.outcome import write
from gridopt.dispatch.single import dispatch
from gridopt.study.load import load_study


def main(study: str, hours: str, target: str, *settings: str) -> None:
    """settings: KEY=VALUE, as of `gridopt run --set`."""
    begun = time.perf_counter()
    stages: list[tuple[float, str]] = []
    loaded = load_study(Path(study), dict(s.split("=", 1) for s in settings), (0, int(hours)))
    stages.append((time.perf_counter() - begun, "loaded"))
    solved = dispatch(loaded.case, workers=loaded.study.workers, progress=lambda text: stages.append((time.perf_counter() - begun, text)))
    stages.append((time.perf_counter() - begun, "solved"))
    write(Path(target), objective=sum(solved.costs.values()), status="optimal", stages=stages)


if __name__ == "__main__":
    main(*sys.argv[1:])
