"""Four days of the shipped network, day by day, through the public command: complete results; killed, resumed, and the same to the bit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import xarray as xr

WORDS = ("gansu-2025", "--hours", "0:96", "--set", "rolling={window_h: 24, look_ahead_h: 24}", "--set", "report=false")
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.getcwd()}
UNLIKE = "seconds"
"""The one column that two runs of the same study do not share."""


def words(folder, *more):
    return [sys.executable, "-m", "gridopt", "run", "--json", "-o", str(folder), *WORDS, *more]


def run(folder, *more):
    """Exit code, JSON document and messages."""
    done = subprocess.run(words(folder, *more), capture_output=True, text=True, timeout=600, env=ENVIRONMENT)
    return done.returncode, json.loads(done.stdout), done.stderr


def killed(folder, window: str):
    """A run that is killed once it has left a window."""
    left = folder.parent / f".rolling-{folder.name}" / f"{window}.npz"
    process = subprocess.Popen(words(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    deadline = time.monotonic() + 300
    while not left.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
    process.wait()
    assert left.exists()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results") / "whole"
    code, document, said = run(folder)
    assert code == 0, said
    return folder, document, said


def test_a_rolled_run_is_proven_certified_and_complete(whole):
    folder, document, said = whole
    assert document["status"] == "optimal" and abs(document["gap"]) < 1e-6 and document["certificate"]["passed"]
    assert sum(document["costs_cny"].values()) == pytest.approx(document["objective"], rel=1e-9)
    assert sum(document["curtailed_by_cause_mwh"].values()) == pytest.approx(sum(document["curtailed_mwh"].values()), rel=1e-6)
    assert said.count("window ") == 4 and "about 0 min left" in said
    windows, seams = (pd.read_parquet(folder / "tables" / f"{n}.parquet") for n in ("windows", "seams"))
    assert windows["kept_h"].tolist() == [24.0] * 4 and windows["seen_h"].tolist() == [48.0] * 3 + [24.0]
    assert windows["finished"].all() and len(seams) == 3
    assert not list(folder.parent.glob(".rolling-*")) and not list(folder.parent.glob(".unfinished-*"))


def test_a_killed_run_goes_on_and_ends_with_the_same_numbers(whole, tmp_path):
    killed(tmp_path / "again", "window-00001")
    code, document, said = run(tmp_path / "again", "--resume")
    assert code == 0 and said.count("window ") < 4
    assert document["objective"] == whole[1]["objective"]
    with xr.open_dataset(whole[0] / "results.nc", engine="h5netcdf") as one, xr.open_dataset(
        tmp_path / "again" / "results.nc", engine="h5netcdf"
    ) as other:
        assert set(one.variables) == set(other.variables)
        assert [n for n in one.variables if not np.array_equal(one[n].values, other[n].values, equal_nan=one[n].dtype.kind == "f")] == []
    for path in sorted((whole[0] / "tables").glob("*.parquet")):
        tables = [pd.read_parquet(p).drop(columns=UNLIKE, errors="ignore") for p in (path, tmp_path / "again" / "tables" / path.name)]
        pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_a_changed_study_may_not_be_resumed(tmp_path):
    killed(tmp_path / "other", "window-00000")
    code, document, _ = run(tmp_path / "other", "--resume", "--set", "demand_scale=1.01")
    assert code == 5 and document["messages"] == [
        "key 'demand_scale': has changed since the run that is to be resumed. Undo the change, or run without --resume from the start."
    ]


def test_only_windows_can_be_resumed(tmp_path):
    code, document, _ = run(tmp_path / "none", "--resume", "--set", "rolling=null")
    assert code == 5 and "--resume" in document["messages"][0]


def test_a_misspelled_key_of_the_windows_is_named(tmp_path):
    code, document, _ = run(tmp_path / "none", "--set", "rolling={windo_h: 24}")
    assert code == 5 and "windo_h" in document["messages"][0] and "window_h" in document["messages"][0]


def test_windows_end_at_an_amount_of_money_where_the_study_gives_one(tmp_path):
    """No share of the cost will do, a hundred million will: windows keep the first schedule, and tell what it misses."""
    given = ("--hours", "0:48", "--set", "commitment=exact", "--set", "rolling={window_h: 24, look_ahead_h: 48, look_ahead_step_h: 6}")
    code, document, said = run(tmp_path / "run", *given, "--set", "mip_gap=0", "--set", "mip_gap_cny=1e8")
    assert code == 0, said
    assert document["status"] == "optimal" and document["certificate"]["passed"] and document["gap"] > 0
    windows = pd.read_parquet(tmp_path / "run" / "tables" / "windows.parquet")
    assert windows["finished"].all() and 0 < (windows["cost_cny"] - windows["bound_cny"]).max() <= 1e8
