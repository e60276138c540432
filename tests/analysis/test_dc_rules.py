"""What rules of DC links are worth, by duals and by solving again, on example E13 and by hand."""

import numpy as np
import pytest

from gridopt.analysis.dc_rules import dc_rules
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from tests.blocks.test_dc_link import bundle_case, link_case
from tests.blocks.test_dc_schedule import enumerated, published, small

PROVEN = Search(gap=0.0)


def worth(d, search=PROVEN):
    found = dc_rules(d, search)
    return found.set_index("rule")


def test_R2_rules_of_E13():
    """Hold of an hour, two changes a day: 522040. Each rule is worth what the whole case gains when it alone is written looser."""
    d = dispatch(published(hold_h=1.0, changes_per_day=2), search=PROVEN)
    found = worth(d)
    anew = {
        "changes_per_day": published(hold_h=1.0, changes_per_day=3),
        "hold_h": published(hold_h=0.75, changes_per_day=2),
        "steps_per_change": published(hold_h=1.0, changes_per_day=2, steps_per_change=3),
        "step_mw": published(hold_h=1.0, changes_per_day=2, step_mw=200.0, steps_per_change=4),
        "power_min_mw": published(hold_h=1.0, changes_per_day=2, link=dict(power_min_mw=400.0)),
    }
    for rule, case in anew.items():
        saving = d.solution.objective - dispatch(case, search=PROVEN).solution.objective
        assert found.loc[rule, "saving_cny"] == pytest.approx(saving, abs=1e-3), rule
        assert found.loc[rule, "method"] == "re-solve, commitment held" and found.loc[rule, "uncertain_cny"] == pytest.approx(0, abs=1e-3)
    assert found.loc["steps_per_change", "saving_cny"] > 1000 and found.loc["hold_h", "relaxed_to"] == 0.75
    assert "change_minutes" not in found.index  # instants are as close as the steps


def test_R2_one_more_change_against_enumeration():
    prices, rule = [60.0, 30.0, 65.0, 20.0, 70.0], dict(changes_per_day=1)
    d = dispatch(small(prices, 0.0, 60, **rule), search=PROVEN)
    saving = enumerated(prices, 0.0, 60, changes_per_day=1) - enumerated(prices, 0.0, 60, changes_per_day=2)
    assert saving > 10 and worth(d).loc["changes_per_day", "saving_cny"] == pytest.approx(saving)


def test_R1_contract_and_ramp():
    """A MWh of contract less saves 5 at its least end; a ramp wider by 1 MW/min lets 60 MW more go for 30 each (hand cases of the block)."""
    made = link_case(2, prices=(30.0, 45.0), more=dict(dc_contract=[dict(contract="c", dc_link="L", start_date="2025-01-01",
                                                                          end_date="2025-01-01", energy_min_mwh=480.0)]))  # fmt: skip
    found = worth(dispatch(made), None)
    assert tuple(found.loc["energy_min_mwh of c", ["limit", "saving_cny", "method"]]) == (40.0, pytest.approx(5), "dual")
    found = worth(dispatch(link_case(2, prices=(20.0, 100.0), ramp_fraction_per_min=0.005)))
    assert found.loc["ramp", "saving_cny"] == pytest.approx(30 * 60) and found.loc["ramp", "limit"] == pytest.approx(0.5)


def test_R1_share():
    found = worth(dispatch(bundle_case((4, 2), 0.5)))
    assert found.loc["renewable_share_min of c", "saving_cny"] == pytest.approx(100)


def test_no_links_no_rules():
    assert not len(dc_rules(dispatch(link_case(more=dict(dc_link=[])))))


def test_without_a_search_nothing_is_solved_again():
    found = dc_rules(dispatch(published(hold_h=1.0), search=PROVEN))
    assert set(found["method"]) == {"dual"} and np.isfinite(found["saving_cny"]).all()
