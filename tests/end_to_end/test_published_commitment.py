"""Published unit commitment of PGLib-UC, run as a user would: `gridopt run FILE --json`; linear relaxations, and schedules with a gap.

Our relaxation is tighter than that of the library's own equations, so that it lies between theirs and the best schedule.
Expected values lie beside the repository; without them these tests are left out.
"""

import csv
import json
import os
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from gridopt.commands import execute
from gridopt.dispatch.attempts import Attempts

CASES = Path(__file__).parents[3] / "shared" / "cases"
SAME = 1e-6
QUICK, SLOW = "2020-07-06", "2014-09-01"


def expected() -> dict[str, dict[str, float]]:
    """(problem quantity) -> value, by file."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    path = CASES / "expected.csv"
    for row in csv.DictReader(path.open(encoding="utf-8")) if path.exists() else []:
        if row["file"].startswith("pglib_uc/") and row["problem"].startswith("uc") and row["value"] != "unknown":
            found[row["file"]][f"{row['problem']} {row['quantity']}"] = float(row["value"])
            found[row["file"]][f"{row['problem']} {row['quantity']} rtol"] = float(row["rtol"] or 0)
    return dict(found)


EXPECTED = expected()
pytestmark = pytest.mark.skipif(not EXPECTED, reason="the folder with published cases is absent")


def files(gaps: dict[str, float] | None = None):
    """Parameters (file, gap); all but two are long."""
    for file in EXPECTED:
        marks = [] if QUICK in file else [pytest.mark.slow if SLOW in file else pytest.mark.long]
        yield pytest.param(file, (gaps or {}).get(file.split("/")[1], 0.0), id=Path(file).stem, marks=marks)


def run(file: str, folder: Path, capsys, **keys) -> tuple[int, dict]:
    words = ["run", str(CASES / file), "--json", "--set", "report=false", "-o", str(folder)]
    code = execute([*words, *(w for key, value in keys.items() for w in ("--set", f"{key}={value}"))])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("file", "gap"), list(files()))
def test_relaxation(file, gap, tmp_path, capsys):
    code, document = run(file, tmp_path / "run", capsys, commitment="relaxed")
    assert code == 0 and document["certificate"]["passed"], document
    want = EXPECTED[file]
    assert want["uc_lp_relaxation objective"] * (1 - SAME) <= document["objective"] <= want["uc best_upper_bound"] * (1 + SAME)
    assert document["gap"] <= 1e-9


@pytest.mark.parametrize(("file", "gap"), list(files({"rts_gmlc": 0.005, "ca": 0.001, "ferc": 0.001})))
def test_schedule(file, gap, tmp_path, capsys):
    code, document = run(file, tmp_path / "run", capsys, mip_gap=gap)
    assert code == 0 and document["status"] == "optimal" and document["certificate"]["passed"], document
    want = EXPECTED[file]
    assert document["gap"] <= gap and document["bound"] <= want["uc best_upper_bound"] * (1 + SAME)
    assert want["uc best_lower_bound"] * (1 - SAME) <= document["objective"] <= want["uc best_upper_bound"] * (1 + gap + SAME) / (1 - gap)
    if "uc objective" in want:
        value, room = want["uc objective"], want["uc objective rtol"]
        assert value * (1 - room) <= document["objective"] <= value * (1 + room + gap)


@pytest.mark.parametrize("file", [f for f in EXPECTED if QUICK in f])
def test_a_limit_of_time_is_exit_code_4_and_keeps_the_schedule(file, tmp_path, capsys, monkeypatch):
    # The limit comes once a schedule is known, on a fast machine as on a slow one: no proof of the best is quicker than that.
    left = Attempts.left.fget
    monkeypatch.setattr(Attempts, "left", property(lambda attempts: left(attempts) if attempts.x is None else 0.0))
    words = ["run", str(CASES / file), "--hours", "0:24", "--set", "mip_gap=0", "--set", "time_limit_s=600", "--set", "report=false"]
    code = execute([*words, "--json", "-o", str(tmp_path / "run")])
    document = json.loads(capsys.readouterr().out)
    assert code == 4 and document["status"] == "limit_reached" and document["exit_code"] == 4
    assert document["certificate"]["passed"] and 0 < document["gap"] < 0.05 and document["bound"] < document["objective"]
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["summary"]["status"] == "limit_reached"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals between processes")
@pytest.mark.parametrize("file", [f for f in EXPECTED if QUICK in f])
def test_ctrl_c_ends_a_search_and_keeps_the_schedule(file, tmp_path):
    words = ["run", str(CASES / file), "--hours", "0:24", "--set", "mip_gap=0", "--set", "report=false", "--json", "-o", str(tmp_path / "run")]
    # A shell lets what it starts in the background ignore SIGINT, and so would all that these tests start.
    listens = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    command = [sys.executable, "-m", "gridopt", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **listens) as process:
        for line in process.stderr:
            if "cost" in line and "gap" in line:
                process.send_signal(signal.SIGINT)
                break
        out, _ = process.communicate(timeout=300)
    document = json.loads(out)
    assert process.returncode == 4 and document["status"] == "limit_reached" and document["certificate"]["passed"]
    assert 0 < document["gap"] < 0.05 and (tmp_path / "run" / "results.nc").exists()
