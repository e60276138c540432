"""CBC called directly, as a solver of PuLP: PuLP reads its values from a text of eight digits, and takes no folder with a space in its name.

A search for whole values tells its bound in the log alone, with three decimals. It ends early, keeping what it has found, when CBC is
told so by the signal of Ctrl-C.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import numpy as np
import pulp

LOWER_BOUND = re.compile(r"^Lower bound:\s*(\S+)", re.MULTILINE)
DECIMALS = 1e-3
"""What a bound may have been rounded up by."""
LISTEN_S = 0.2


class Cbc(pulp.COIN_CMD):
    """CBC read in full precision: its binary solution holds rows, row duals, columns and reduced costs as doubles.

    gapRel: relative gap of a search for whole values; stop: ends one when set; bound: what a search has proven, -inf if nothing.
    """

    def __init__(self, mip: bool = False, msg: bool = False, timeLimit: float | None = None, logPath: str = "", gapRel: float | None = None):
        bundled = getattr(getattr(pulp, "PULP_CBC_CMD", None), "pulp_cbc_path", "")
        super().__init__(path=shutil.which(bundled) or shutil.which("cbc") or "cbc", mip=mip, msg=msg, timeLimit=timeLimit)
        self.log, self.gap = logPath, gapRel
        self.stop: threading.Event | None = None
        self.bound = -np.inf

    def actualSolve(self, lp: pulp.LpProblem, **_) -> int:
        """Solves; sets values, duals and statuses of the problem. The name is PuLP's."""
        folder = Path(self.tmpDir)
        model, text, binary, log = (folder / name for name in ("model.mps", "status.txt", "values.bin", "log.txt"))
        columns = lp.writeMPS(str(model), rename=True)[0]
        limit = [] if self.timeLimit is None else ["-timeMode", "elapsed", "-sec", str(self.timeLimit)]
        how = ["-ratioGap", str(self.gap or 0.0), "-allowableGap", "0", "-branch"] if self.mip else ["-initialSolve"]
        self._call([self.path, str(model), *limit, *how, "-solution", str(text), "-saveSolution", str(binary)], log)
        said = log.read_text(encoding="utf-8", errors="replace")
        if self.log:
            with open(self.log, "a", encoding="utf-8") as out:
                out.write(said)
        if not text.exists():
            raise pulp.PulpSolverError("CBC ended without a result")
        first = text.read_text(encoding="utf-8").partition("\n")[0]
        status, kept = _status(first)
        lp.assignStatus(status, kept)
        if kept in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
            self._take(lp, columns, binary)
        told = LOWER_BOUND.search(said)
        if told:
            self.bound = float(told[1]) - DECIMALS
        elif kept == pulp.LpSolutionOptimal:
            self.bound = float(pulp.value(lp.objective) or 0.0)
        return status

    def _call(self, command: list[str], log: Path) -> None:
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=os.name != "nt")
            told = False
            try:
                while True:
                    try:
                        process.wait(LISTEN_S)
                        return
                    except subprocess.TimeoutExpired:
                        if self.stop is not None and self.stop.is_set() and not told:
                            process.send_signal(signal.SIGINT)
                            told = True
            except BaseException:
                process.kill()
                process.wait()
                raise

    @staticmethod
    def _take(lp: pulp.LpProblem, columns: list[pulp.LpVariable], binary: Path) -> None:
        m, n = np.fromfile(binary, np.int32, 2).tolist()
        values = np.fromfile(binary, np.float64, offset=16)  # after both counts and the objective: m, m, n, n numbers
        for column, value in zip(columns, values[2 * m : 2 * m + n].tolist(), strict=True):
            column.varValue = value
        for row, dual in zip(lp.constraints(), values[m : 2 * m].tolist(), strict=True):
            row.pi = dual


def _status(line: str) -> tuple[int, int]:
    """(status, status of the values) in PuLP's numbers for the first line of a solution."""
    if line.startswith("Optimal"):
        return pulp.LpStatusOptimal, pulp.LpSolutionOptimal
    if line.startswith(("Infeasible", "Integer infeasible")):
        return pulp.LpStatusInfeasible, pulp.LpSolutionInfeasible
    if line.startswith("Unbounded"):
        return pulp.LpStatusUnbounded, pulp.LpSolutionUnbounded
    found = line.startswith("Stopped") and "no integer solution" not in line
    return pulp.LpStatusNotSolved, pulp.LpSolutionIntegerFeasible if found else pulp.LpSolutionNoSolutionFound
