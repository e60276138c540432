"""Section on commitment: rows of units, the picture of on and off."""

from copy import copy

import numpy as np
import pandas as pd
import pytest

from gridopt.report.commitment import commitment
from gridopt.report.folder import table
from gridopt.report.pack import Page


def test_hours_starts_and_load_are_those_of_the_run(opened):
    page = Page()
    found = commitment(opened, page)
    rows = {r["id"]: r for r in found["rows"]}
    on, output = opened.data["unit_on"].values[5], opened.data["unit_output"].values[5]
    assert rows["U05"]["hours"] == pytest.approx(on.sum())
    assert rows["U05"]["starts"] == int((np.diff(on) > 0).sum()) > 0
    most = opened.data["unit_output"].values[5].max().round(0) + 1.0
    assert rows["U05"]["mean_load"] == pytest.approx(output.sum() / (most * on.sum()), rel=1e-4)
    assert found["starts"] == sum(r["starts"] for r in found["rows"])
    assert page.arrays["gantt"]["rows"] == len(page.figures["gantt"]["data"][0]["y"]) == 90


def test_an_idle_unit_has_no_load_and_no_error(opened):
    opened.data["unit_on"].values[3] = 0.0
    row = next(r for r in commitment(opened, Page())["rows"] if r["id"] == "U03")
    assert row["mean_load"] is None and row["hours"] == 0.0 and np.isnan(row["load"]).all()


def test_a_run_without_commitment_has_no_section(opened):
    del opened.data.variables["unit_on"]
    assert commitment(opened, Page()) is None


def test_units_of_one_name_are_kept_apart(opened):
    """Without their remarks these two are alike; whole names tell them apart."""
    frame = table(opened, "unit").copy()
    frame.loc[[0, 1], ["name", "name_zh"]] = [["Works (300 MW) 1", "甲厂(300)1"], ["Works (320 MW) 1", "甲厂(320)1"]]
    opened.known["table unit"] = frame
    names = [r["name"][0] for r in commitment(opened, Page())["rows"] if r["id"] in ("U00", "U01")]
    assert sorted(names) == ["Works (300 MW) 1", "Works (320 MW) 1"]


def test_power_blocks_that_are_on_throughout_were_not_decided(opened):
    """Without commitment the blocks of all CSP plants are on in every step and none starts: no section. One start makes it one."""
    stored = opened.data.variables
    shape = stored["csp_output"].values.shape
    stored["csp_on"], stored["csp_start"] = copy(stored["csp_output"]), copy(stored["csp_output"])
    stored["csp_on"].values, stored["csp_start"].values = np.ones(shape), np.zeros(shape)
    del stored["unit_on"]
    ids = ["CSP1", "CSP2", "CSP3"]
    opened.known["table csp"] = pd.DataFrame({"csp": ids, "name": ids, "name_zh": ids, "bus": "A", "power_max_mw": 50.0})
    assert commitment(opened, Page()) is None
    stored["csp_start"].values[1, 5] = 1.0
    found = commitment(opened, Page())
    assert found["starts"] == 1 and {r["id"] for r in found["rows"]} == set(ids)
