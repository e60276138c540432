"""The frame of the command line: quick help, lazy commands, one exit code per outcome, data on stdout only."""

import json
import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest

from gridopt import commands
from gridopt.case.check import CaseError
from gridopt.program.solution import Infeasible, LimitReached, SolverMissing

HEAVY = {
    "pandas",
    "numpy",
    "plotly",
    "xarray",
    "pandapower",
    "scipy",
    "numba",
    "pvlib",
    "pydantic",
    "dask",
    "openpyxl",
    "highspy",
}


def call(*args, **kwargs):
    """`python -m gridopt ARGS` in a process of its own."""
    return subprocess.run([sys.executable, "-m", "gridopt", *args], capture_output=True, text=True, encoding="utf-8", **kwargs)


@pytest.fixture
def study(monkeypatch):
    """Replaces gridopt.study.run; `raises` or `returns` say what its two functions do, `calls` what they were given."""
    fake = types.ModuleType("gridopt.study.run")
    fake.calls, fake.raises, fake.returns = [], None, {"status": "optimal", "objective": 1.5, "files": ["report.html"]}

    def answer(*args, **kwargs):
        fake.calls.append((args, kwargs))
        if fake.raises:
            raise fake.raises
        return fake.returns

    fake.run_study = fake.check_study = answer
    monkeypatch.setitem(sys.modules, "gridopt.study.run", fake)
    return fake


def test_help_answers_in_a_second():
    """The best of three, since other work may share the processors."""
    seconds = []
    for _ in range(3):
        begin = time.perf_counter()
        done = call("--help")
        seconds.append(time.perf_counter() - begin)
        assert done.returncode == 0
        assert all(name in done.stdout for name in commands.COMMANDS)
    assert min(seconds) < 1.0


@pytest.mark.parametrize("args", [["--help"], *([name, "--help"] for name in commands.COMMANDS)])
def test_help_loads_nothing_heavy(args):
    code = (
        f"import sys; from gridopt.commands import execute; print(execute({args}))\n"
        f"print(sorted({HEAVY} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.rstrip().endswith("0"), done.stderr
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_each_command_is_there_and_has_an_example(name, capsys):
    assert commands.execute([name, "--help"]) == 0
    assert f"gridopt {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (CaseError(["bus.csv, row 2: first", "bus.csv, row 3: second"]), 5, "invalid_input"),
        (Infeasible("no dispatch satisfies all limits"), 3, "infeasible"),
        (LimitReached("limit"), 4, "limit_reached"),
        (SolverMissing("HiGHS is not installed"), 6, "solver_missing"),
        (PermissionError(13, "Permission denied", "out"), 2, "usage"),
        (OSError(28, "No space left on device", "out"), 1, "disk_full"),
        (ZeroDivisionError("division by zero"), 1, "bug"),
    ],
)
def test_exit_codes(study, capsys, error, code, status):
    study.raises = error
    assert commands.execute(["run"]) == code
    plain = capsys.readouterr()
    assert plain.out == ""
    assert "Traceback" not in plain.err
    assert commands.execute(["run", "--json"]) == code
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["exit_code"]) == (status, code)
    assert document["messages"] == plain.err.splitlines() or status == "bug"


def test_faults_are_one_to_a_line(study, capsys):
    study.raises = CaseError(["first", "second"])
    commands.execute(["run"])
    assert capsys.readouterr().err == "first\nsecond\n"


def test_a_bug_leaves_its_traceback_in_a_file(study, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(commands.tempfile, "gettempdir", lambda: str(tmp_path))
    study.raises = ZeroDivisionError("division by zero")
    assert commands.execute(["run"]) == 1
    (log,) = tmp_path.iterdir()
    assert "Traceback" in log.read_text()
    assert str(log) in capsys.readouterr().err
    assert commands.execute(["run", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "args",
    [
        ["nonsense"],
        ["run", "--nonsense"],
        ["run", "--hours", "9:3"],
        ["run", "--hours", "a:b"],
        ["run", "--set", "novalue"],
        ["report", "nowhere"],
    ],
)
def test_wrong_usage(study, capsys, args):
    assert commands.execute(args) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err
    assert not study.calls


def test_options_reach_the_study(study, capsys):
    assert (
        commands.execute(["run", "my.yaml", "--hours", "0:168", "--set", "year=2024", "--set", "a.b = c", "-o", "out", "--json"])
        == 0
    )
    ((args, given),) = study.calls
    assert args == (Path("my.yaml"),)
    progress = given.pop("progress")
    assert given.pop("stop") is commands.stop
    assert given == {"overrides": {"year": "2024", "a.b": "c"}, "hours": (0, 168), "output": Path("out"), "dry_run": False, "resume": False}
    captured = capsys.readouterr()
    assert json.loads(captured.out) == study.returns
    assert captured.err == ""
    progress("reading")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "reading\n")


def test_check_exit_code_follows_the_faults(study, capsys):
    study.returns = []
    assert commands.execute(["check"]) == 0
    study.returns = ["bus.csv, row 2: wrong"]
    capsys.readouterr()
    assert commands.execute(["check", "--json"]) == 5
    captured = capsys.readouterr()
    assert json.loads(captured.out)["faults"] == study.returns
    assert captured.err == "bus.csv, row 2: wrong\n"


SLOW_RUN = """
import hashlib, sys, time, types
m = types.ModuleType("gridopt.study.run")
def run_study(*args, **kwargs):
    print("started", file=sys.stderr, flush=True)
    {work}
m.run_study = run_study
sys.modules["gridopt.study.run"] = m
from gridopt.commands import main
main(["run"])
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals between processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("work", ["time.sleep(60)", "hashlib.pbkdf2_hmac('sha256', b'', b'', 10**9)"])
def test_interruption(number, work):
    """In Python, and in a library that does not come back for minutes."""
    words = [sys.executable, "-c", SLOW_RUN.replace("{work}", work)]
    # A shell lets what it starts in the background ignore SIGINT, and so would all that these tests start.
    listens = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, **listens) as process:
        assert process.stderr.readline() == "started\n"
        process.send_signal(number)
        assert process.wait(timeout=10) == 130
        assert "Traceback" not in process.stderr.read()


@pytest.mark.skipif(os.name == "nt", reason="needs a shell with pipes")
def test_a_reader_that_goes_away_is_no_bug():
    done = subprocess.run(f"{sys.executable} -m gridopt doctor --json | head -c 1", shell=True, capture_output=True, text=True)
    assert done.stderr == ""
