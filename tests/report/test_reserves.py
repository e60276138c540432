"""Sections on reserves and on the rules of DC links."""

import pytest

from gridopt.report.links import rules
from gridopt.report.pack import Page
from gridopt.report.reserves import reserves


def test_rows_and_providers(opened):
    page = Page()
    rows = reserves(opened, page)
    assert [r["name"] for r in rows] == [("Regulation", "调频"), ("Spinning", "上备用")]
    assert rows[0]["providers"] == [(("Unit", "机组"), 0.75), (("Storage", "储能"), 0.25)]
    assert rows[1]["shortage_mwh"] == pytest.approx(1200.0) and rows[1]["shortage_h"] == 6
    assert [t["meta"]["pick"] for t in page.figures["reserve"]["data"]] == ["agc"] * 3 + ["spin"] * 3


def test_rules_by_what_they_save(opened):
    first, second = rules(opened)
    assert first["rule"] == ("changes a day", "每日调整次数") and first["saving"] == 12000.0
    assert second["rule"][0] == "least energy (LONGDONG_2025_03)" and second["method"][0] == "dual, per unit"


def test_a_run_without_reserves_has_no_section(opened):
    del opened.data.variables["reserve_requirement"]
    assert reserves(opened, Page()) is None
