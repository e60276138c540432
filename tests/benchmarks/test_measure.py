"""Processes are measured and stopped at their limits; the table says so."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import page, plan
from benchmarks.measure import Measured

ROOT = Path(__file__).parent.parent.parent
LINUX = sys.platform == "linux"
BUSY = "import time\nend = time.process_time() + 0.4\nwhile time.process_time() < end: pass"


LAUNCH = """
import json, os, pathlib, sys
from benchmarks.measure import Limits, measure
code, seconds, memory, folder = json.loads(sys.argv[1])
folder = pathlib.Path(folder)
words = [sys.executable, "-S", "-c", code]
print(json.dumps(vars(measure(words, Limits(seconds, memory), folder / "log", folder / "out", folder, os.environ))))
"""


def run(tmp_path, code, seconds=30.0, memory=4000.0):
    """Measured from a small process, as the command does: a child starts with the memory of its parent."""
    words = [sys.executable, "-S", "-c", LAUNCH, json.dumps([code, seconds, memory, str(tmp_path)])]
    done = subprocess.run(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=True, text=True)
    return Measured(**json.loads(done.stdout))


def test_processor_time_of_children_counts(tmp_path):
    found = run(tmp_path, f"import subprocess, sys\nsubprocess.run([sys.executable, '-S', '-c', {BUSY!r}])")
    assert found.status == "done" and 0.4 <= found.cpu_s < 2.0 and found.wall_s >= 0.4


def test_peak_memory_is_that_of_the_process(tmp_path):
    """120 MB of ones, freed again before the end."""
    small, large = run(tmp_path, "pass"), run(tmp_path, "x = bytes(1) + b'1' * 120_000_000\ndel x")
    assert 100 < large.peak_mb - small.peak_mb < 400


def test_a_failure_keeps_its_code_and_words(tmp_path):
    found = run(tmp_path, "import sys\nprint('data')\nsys.exit('no such file')")
    assert (found.status, found.code) == ("failed", 1)
    assert (tmp_path / "log").read_text().strip() == "no such file" and (tmp_path / "out").read_text().strip() == "data"


def test_stopped_at_the_limit_of_time(tmp_path):
    found = run(tmp_path, "import time\ntime.sleep(60)", seconds=0.5)
    assert found.status == "time" and found.wall_s < 5


@pytest.mark.skipif(not LINUX, reason="resident memory is sampled from /proc")
def test_stopped_at_the_limit_of_memory(tmp_path):
    found = run(tmp_path, "import time\nx = b'1' * 300_000_000\ntime.sleep(60)", memory=200.0)
    assert found.status == "memory" and found.wall_s < 10


def result(contender, wall, status="done", objective=100.0):
    return {"case": "forty_bus", "size": "24 h", "contender": contender, "status": status, "wall_s": wall, "cpu_s": wall, "peak_mb": 10 * wall,
            "objective": objective if status == "done" else None, "remark": "", "date": "2025-01-01"}  # fmt: skip


def test_ratios_are_over_the_first_contender():
    """2 s against 5 s: 2.5; what was stopped took more than its ratio; another optimum is named."""
    own, slow, stopped = result("gridopt run", 2.0), result("peer", 5.0), result("other", 8.0, "time")
    wrong = result("wrong", 4.0, objective=101.0)
    cells = [dict(zip(page.HEAD, row, strict=True)) for row in page.rows([own, slow, stopped, wrong])]
    assert [c["wall ×"] for c in cells] == ["1.00", "2.50", "> 4.00", "2.00"]
    assert cells[1]["difference"] == "+0.0e+00" and cells[2]["objective"] == ""
    assert [c["remark"] for c in cells] == ["", "", "", "not the same optimum"]


def test_the_page_holds_every_result(tmp_path):
    found = [result("gridopt run", 2.0), result("peer", 5.0), {**result("peer", 20.0), "size": "48 h"}]
    results = [r | {"machine": "a machine"} for r in found]
    page.write(tmp_path / "page.md", results, {"gridopt": {"python": "3.11"}})
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "a machine" in text and "python 3.11" in text and text.count("| forty_bus") == 3
    assert "- peer, from 24 h to 48 h: wall × 4.0" in text


def test_every_setup_names_files_that_exist():
    for setup in plan.setups([], (168, 720), None):
        modules = [w for c in setup.contenders for w in c.words if w.startswith("benchmarks.")] + [setup.prepare[2]]
        for name in modules:
            assert (ROOT / (name.replace(".", "/") + ".py")).is_file(), name
        assert setup.contenders[0].name == "gridopt run"
