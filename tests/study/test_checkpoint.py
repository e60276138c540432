"""Checkpoint: an older run is kept until a newer one has a window, and nothing is left of a run that never had anything to keep."""

from types import SimpleNamespace

import numpy as np
import pytest

from gridopt.case.check import CaseError
from gridopt.study.checkpoint import Checkpoint


def loaded(demand=1.0):
    return SimpleNamespace(study=SimpleNamespace(model_dump=lambda mode: {"demand_scale": demand, "title_en": "any"}), inputs={"a.csv": "1"})


def opened(tmp_path, resume=False, demand=1.0):
    return Checkpoint.open(tmp_path / "run", loaded(demand), (0, 24), resume)


def stopped(tmp_path, windows=2):
    """What a run leaves that stopped after some windows: guide 0, window k holds k."""
    made = opened(tmp_path)
    made.save("guide", {"x": np.array([0.0])})
    for k in range(windows):
        made.save(f"window-{k:05d}", {"x": np.array([float(k)])})
    made.leave()


def test_a_run_that_saves_nothing_leaves_nothing(tmp_path):
    made = opened(tmp_path)
    assert made.load("guide") is None and made.told == ""
    made.leave()
    assert not list(tmp_path.iterdir())


def test_what_was_left_is_found_again(tmp_path):
    stopped(tmp_path)
    again = opened(tmp_path, resume=True)
    assert [again.load(n)["x"][0] for n in ("guide", "window-00000", "window-00001")] == [0.0, 0.0, 1.0]
    assert again.load("window-00002") is None and again.told == ""
    again.remove()
    assert not list(tmp_path.iterdir())


def test_an_older_run_is_told_and_kept_until_the_first_window(tmp_path):
    stopped(tmp_path)
    new = opened(tmp_path, demand=2.0)
    assert new.told.startswith("2 windows of an earlier run") and "--resume" in new.told
    new.save("guide", {"x": np.array([9.0])})
    assert new.load("guide")["x"][0] == 9.0 and new.load("window-00000") is None
    assert opened(tmp_path, resume=True).load("window-00001")["x"][0] == 1.0  # a run that stops here has lost nothing


def test_an_older_run_is_gone_with_the_first_window(tmp_path):
    stopped(tmp_path)
    new = opened(tmp_path, demand=2.0)
    new.save("guide", {"x": np.array([9.0])})
    new.save("window-00000", {"x": np.array([8.0])})
    assert [p.name for p in tmp_path.iterdir()] == [".rolling-run"] and new.told == ""
    again = opened(tmp_path, resume=True, demand=2.0)
    assert [again.load(n)["x"][0] for n in ("guide", "window-00000")] == [9.0, 8.0] and again.load("window-00001") is None
    with pytest.raises(CaseError, match="demand_scale"):
        opened(tmp_path, resume=True)


def test_a_run_that_fails_before_its_first_window_leaves_the_older_one_alone(tmp_path):
    stopped(tmp_path)
    new = opened(tmp_path)
    new.save("guide", {"x": np.array([9.0])})
    new.leave()
    assert [p.name for p in tmp_path.iterdir()] == [".rolling-run"]
    assert opened(tmp_path, resume=True).load("guide")["x"][0] == 0.0


def test_results_in_place_leave_nothing(tmp_path):
    stopped(tmp_path)
    new = opened(tmp_path)
    new.remove()  # even if the last run needed no window
    assert not list(tmp_path.iterdir())
