"""The certificate plays outages through on its own: by hand, in both ways of solving, and it finds rows and prices that are wrong."""

import dataclasses

import numpy as np
import pytest

from gridopt.dispatch import certificate_contingency
from gridopt.dispatch.certificate import certify
from gridopt.dispatch.certificate_check import collect
from gridopt.dispatch.certificate_contingency import Scene, outages, paid
from gridopt.dispatch.single import dispatch
from tests.blocks.test_contingency import hard, outage, plain, secure, triangle
from tests.support.block_cases import BLOCK_CASES, line
from tests.support.certify import evidence


def failed(given) -> set[str]:
    return {c.name for c in certify(**given).failed}


def scene(made):
    given = evidence(dispatch(made))
    return Scene(collect(made, given["quantities"], given["prices"]))


def test_flows_after_outages_by_hand():
    """60 MW from A to B over equal sides: without AB 60 over C, without AC or BC 60 over AB."""
    found = scene(secure(triangle()))
    flows = {o.name: found.after(o).flow[:, 0] for o in outages(found.e)}
    assert flows["AB"] == pytest.approx([0, 60, -60])
    assert flows["AC"] == pytest.approx([60, 0, 0]) == flows["BC"]


def test_lost_unit_by_hand():
    """A gives 60 of its 200 MW, B 20 of its 200; losing half of what B gives, A gives 10 more: 70 MW arrive at B."""
    found = scene(secure(triangle(contingency=outage("B50", name="b", kind="unit", share=0.5))))
    after = found.after(next(o for o in outages(found.e) if o.name == "b"))
    assert found.e["unit_output"][:, 0] == pytest.approx([60, 20]) and after.injection[:, 0] == pytest.approx([70, -70, 0])


def test_outages_that_cut_off_or_that_nothing_takes_over_are_no_rule():
    lines = [line("A", "B", 90.0), line("B", "C", 90.0)]
    lost = outage("A10", "B50", name="all", kind="unit")
    found = scene(secure(triangle(line=lines, contingency=lost)))
    assert not any(found.after(o).rule.any() for o in outages(found.e))


@pytest.mark.parametrize("seed", range(6))
def test_transfers_give_what_solving_anew_gives(seed, monkeypatch):
    made = hard(seed)
    given, checks = evidence(dispatch(plain(made))), []
    for limit in (np.inf, -1):
        monkeypatch.setattr(certificate_contingency, "ANEW", limit)
        verdict = certify(**given | dict(case=made))
        checks.append(next(c for c in verdict.checks if c.name == "contingency.limit"))
    assert checks[0].worst == pytest.approx(checks[1].worst, rel=1e-9, abs=1e-9) and checks[0].where == checks[1].where


@pytest.mark.parametrize("seed", range(6))
def test_a_dispatch_made_without_outages_fails_where_they_cost(seed):
    """Whatever security costs something must have been broken without it."""
    made = hard(seed)
    free, safe = dispatch(plain(made)), dispatch(made)
    dearer = safe.solution.objective > free.solution.objective * (1 + 1e-6)
    assert ("contingency.limit" in failed(evidence(free) | dict(case=made))) == dearer
    assert not failed(evidence(safe))


@pytest.fixture(scope="module")
def sound():
    given = evidence(dispatch(BLOCK_CASES["contingency"].build()))
    assert not failed(given) and len(given["contingency_prices"]) > 3
    return given


def changed(given, change):
    return given | dict(contingency_prices=[change(*p) for p in given["contingency_prices"]])


def test_prices_left_out(sound):
    assert failed(sound | dict(contingency_prices=[])) == {"price.network", "rent"}


def test_half_the_price(sound):
    assert failed(changed(sound, lambda k, b, t, v: (k, b, t, v / 2))) == {"price.network", "rent"}


def test_price_with_wrong_sign(sound):
    assert failed(changed(sound, lambda k, b, t, v: (k, b, t, -v))) == {"price.binding", "price.network", "rent"}


def test_price_of_another_outage(sound):
    assert "price.binding" in failed(changed(sound, lambda k, b, t, v: ("CD", b, t, v)))


def test_price_of_an_outage_that_is_none(sound):
    assert "price.binding" in failed(changed(sound, lambda k, b, t, v: ("nothing", b, t, v)))


def test_price_of_a_flow_with_room(sound):
    k, b, t, v = sound["contingency_prices"][0]
    found = paid(dataclasses.replace(collect(sound["case"], sound["quantities"], sound["prices"]), contingency_prices=[(k, "BC", t, v)]))
    assert found.idle.max() > 1.0


def test_emergency_rating_exceeded(sound):
    case = sound["case"]
    table = case.table("line").copy()
    table["rating_emergency_mw"] = table["rating_emergency_mw"].fillna(table["rating_mw"]) - 0.01
    assert "contingency.limit" in failed(sound | dict(case=dataclasses.replace(case, tables={**case.tables, "line": table})))
