"""`gridopt doctor` on this machine, and on one whose solver is gone."""

import json

from gridopt import commands
from gridopt.program import highs
from gridopt.program.solution import SolverMissing


def test_this_machine_can_run(capsys):
    assert commands.execute(["doctor", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    checks = {check["name"]: check for check in document["checks"]}
    assert {"python", "libraries", "solver", "networks", "memory", "disk", "browser", "fonts"} <= set(checks)
    assert checks["solver"]["status"] == "ok"


def test_a_missing_solver_is_a_fault(monkeypatch, capsys):
    def gone():
        raise SolverMissing("HiGHS is not installed.")

    monkeypatch.setattr(highs, "library", gone)
    assert commands.execute(["doctor"]) == 6
    out = capsys.readouterr().out
    assert "fault   solver" in out
    assert "pip install" in out
