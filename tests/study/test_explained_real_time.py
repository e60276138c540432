"""Prices of real time explained by their windows, through the command and for every price of a case with everything."""

import json

import numpy as np
import pytest

from gridopt.analysis.explain_price import Explanation
from gridopt.case.actual import actual
from gridopt.commands import execute
from gridopt.dispatch.real_time import RealTimeRule, run_real_time
from gridopt.dispatch.rt_explained import windows_of
from gridopt.dispatch.rt_program import Moving
from tests.commands.test_market import TRADE
from tests.settlement.test_besides import EVERYTHING
from tests.study.test_market_uplift import RAMPING
from tests.support.market import ONE_PERIOD, cleared


def explain(tmp_path, capsys, text, *words):
    path = tmp_path / "case.yaml"
    path.write_text(text, encoding="utf-8")
    code = execute(["explain", str(path), *words, "--json"])
    return code, capsys.readouterr()


def test_prices_of_windows_by_hand(tmp_path, capsys):
    """Window 1 sees 420 and 600: G1 at 25 answers. Window 2 sees 590 and 590: G1 is full, G2 at 30 answers, down to 50 MW less, where
    its ramp ends."""
    code, out = explain(tmp_path, capsys, RAMPING, "--price", "bus@1", "--price", "bus@2", "--set", "stage=RT")
    assert code == 0
    one, two = json.loads(out.out)["prices"]
    assert (one["lmp"], two["lmp"]) == pytest.approx((25, 30))
    assert [m["source"] for m in one["marginal"]] == ["generator G1"] and [m["source"] for m in two["marginal"]] == ["generator G2"]
    assert one["check"]["agrees"] and two["check"]["agrees"] and two["holds"]["down_mw"] == pytest.approx(50)
    assert one["window"] == {"begin": "2025-01-01T00:00", "end": "2025-01-01T02:00"}
    assert "of which only the first interval binds" in one["words"][1]


@pytest.mark.parametrize(("stores", "words"), [
    ("free", "with statuses as decided before its prices, links as planned, and stores and reservoirs by their worth in the plan."),
    ("held", "with statuses as decided before its prices, and links, stores and reservoirs as planned."),
])  # fmt: skip
def test_what_a_window_holds_is_told(tmp_path, capsys, stores, words):
    more = ["--price", "bus@1", "--set", "stage=RT", "--set", f"market.real_time.stores={stores}"]
    assert json.loads(explain(tmp_path, capsys, RAMPING, *more)[1].out)["prices"][0]["words"][1].endswith(words)


def test_windows_are_solved_once_for_all_prices(tmp_path, capsys, monkeypatch):
    """Four prices of the windows 3, 2, 3 and 1: three windows, in the order that was asked for."""
    solved, solve = [], Moving.solve
    monkeypatch.setattr(Moving, "solve", lambda self, first, last: solved.append(first) or solve(self, first, last))
    words = [w for t in (3, 2, 3, 1) for w in ("--price", f"bus@{t}")]
    code, out = explain(tmp_path, capsys, RAMPING, *words, "--set", "stage=RT")
    assert code == 0 and [p["period"] for p in json.loads(out.out)["prices"]] == [3, 2, 3, 1] and solved == [0, 1, 2]


@pytest.mark.parametrize("t", range(4))
def test_windows_have_the_prices_of_real_time_and_terms_that_add_up(t):
    """A line with another limit than expected, commitment, reserve with shortages, wind that comes otherwise."""
    plan = cleared(EVERYTHING)
    comes, rule = actual(plan.case), RealTimeRule(2, (0.0, 0.5))
    done = run_real_time(plan, comes, rule)
    _, window, y, last = next(windows_of(plan, comes, rule, [t]))
    why = Explanation(window, rule.selection, y)
    assert why.prices.price[:, t] == pytest.approx(done.prices.price[:, t], abs=1e-6) and last == min(t + 2, 4)
    terms = why.at(t, np.arange(2))
    for b in range(2):
        mine = (terms.bus == b) & ~np.isin(terms.term, ("energy", "loss", "congestion", "choice", "cap"))
        assert terms.contribution[mine].sum() == pytest.approx(done.prices.price[b, t], abs=1e-4)


def test_windows_know_what_provinces_have_traded(tmp_path, capsys):
    """500 MW leave A beside its 100 MW of load: G gives its 550 at 100, H the rest at 300. Without the trade G alone would answer."""
    text = TRADE.replace("p_max: 650, marginal_cost: 100}", "p_max: 550, marginal_cost: 100}, {id: H, bus: a, p_max: 100, marginal_cost: 300}")
    code, out = explain(tmp_path, capsys, text, "--price", "a@1", "--set", "stage=RT")
    one = json.loads(out.out)["prices"][0]
    assert code == 0 and one["lmp"] == pytest.approx(300) and [m["source"] for m in one["marginal"]] == ["generator H"]


def test_what_cannot_be_explained_is_refused(tmp_path, capsys):
    after = RAMPING.replace("intervals: 2", "intervals: 2, mode: expost")
    code, out = explain(tmp_path, capsys, after, "--price", "bus@1", "--set", "stage=RT")
    assert code == 5 and "expost" in out.out + out.err
    path = tmp_path / "out"
    assert execute(["market", str(tmp_path / "case.yaml"), "-o", str(path), "--set", "report=false"]) == 0
    assert execute(["explain", str(path), "--price", "bus@1", "--set", "stage=RT"]) == 5
    assert "gridopt explain STUDY --set stage=RT" in capsys.readouterr().err


def test_hull_prices_are_explained_where_the_rule_is_chp(tmp_path, capsys):
    """345, by the hull of B; another rule says that its prices are others."""
    code, out = explain(tmp_path, capsys, ONE_PERIOD, "--price", "bus@1", "--set", "rule=chp")
    one = json.loads(out.out)["prices"][0]
    assert code == 0 and one["lmp"] == pytest.approx(345) and one["check"]["agrees"]
    code, out = explain(tmp_path, capsys, ONE_PERIOD + "market: {rule: elmp}\n", "--price", "bus@1")
    assert "The rule is elmp, which makes other prices" in json.loads(out.out)["prices"][0]["words"][1]


def test_floor_and_cap_of_hull_prices_are_told(tmp_path, capsys):
    """345 by the hull of B, 300 for settlement; a cap of 400 changes nothing."""
    for cap, settled in ((300, 300), (400, 345)):
        limits = f"market: {{rule: chp, price: {{mode: clip, cap_cny_per_mwh: {cap}}}}}\n"
        code, out = explain(tmp_path, capsys, ONE_PERIOD + limits, "--price", "bus@1")
        one = json.loads(out.out)["prices"][0]
        assert code == 0 and (one["lmp"], one["settled"]) == pytest.approx((345, settled)) and one["check"]["agrees"]
        assert ("Floor or cap change it to 300.00 CNY/MWh for settlement." in one["words"]) == (cap == 300)
    assert json.loads(explain(tmp_path, capsys, ONE_PERIOD, "--price", "bus@1", "--set", "rule=chp")[1].out)["prices"][0]["settled"] is None


def test_a_rule_that_is_none_and_one_beside_real_time_are_refused(tmp_path, capsys):
    code, out = explain(tmp_path, capsys, ONE_PERIOD, "--price", "bus@1", "--set", "rule=chq")
    assert code == 5 and "key 'rule': 'chq' is not known; did you mean 'chp'? Known rules: ip, " in out.err and "clearing" not in out.err
    code, out = explain(tmp_path, capsys, RAMPING, "--price", "bus@1", "--set", "stage=RT", "--set", "rule=chp")
    assert code == 5 and "key 'rule': has no effect on prices of real time, which are those of its windows. Remove the key." in out.err
