"""Penalties and caps of a market that do not fit together are told."""

import json

import pytest

from gridopt.case.penalties import with_penalties
from gridopt.commands import execute
from gridopt.study.market_doubts import doubts
from gridopt.study.market_schema import Market
from tests.support.block_cases import FUEL, UNIT_TYPE, buses, line, load, unit
from tests.support.small import case


def given(*shortage, **more):
    """Two buses, a line with a limit, and reserves with what shortage of them costs; b counts for a."""
    names = "abc"[: len(shortage)]
    reserve = [dict(reserve=n, product="spinning_up", requirement_mw=10.0) for n in names]
    steps = [dict(reserve=n, power_mw=10.0, cost_cny_per_mwh=cost) for n, cost in zip(names, shortage, strict=True)]
    nested = [dict(reserve="b", counts_for="a")] if len(names) > 1 else []
    found = case(1, bus=buses("A", "B"), line=[line("A", "B", 100.0)], fuel=FUEL, unit_type=UNIT_TYPE, unit=[unit("A", 20, 500.0)],
                 load=[load("B", mean=50.0)], reserve=reserve, reserve_shortage=steps, reserve_nesting=nested,
                 shedding_tier=[dict(tier="all", share=1.0, cost_cny_per_mwh=10000.0)], **more)  # fmt: skip
    return with_penalties(found, 10000.0, 60000.0, 40000.0)


def test_the_usual_penalties_fit():
    for shortage in ((), (1000,)):
        assert doubts(given(*shortage), Market(price={"mode": "penalty"})) == []
    assert doubts(given(), Market(price={"mode": "clip"})) == [] and doubts(given(70000.0), Market()) == []


@pytest.mark.parametrize(
    ("shortage", "penalties", "said"),
    [
        ((59000.0, 400.0), {}, "line 60000 is not above the cap of prices (650) and the dearest shortage of reserve (59400) together"),
        ((), {"balance": 60600}, "balance 60600 is not above the cap of prices (650) and line (60000) together"),
        ((), {"balance": 900, "line": 650, "security": 100}, "line 650 is not above the cap of prices (650): "),
    ],
)
def test_penalties_that_are_not_far_enough_apart_are_told(shortage, penalties, said):
    """59000 and 400 for both reserves that one award counts for, and offers up to 650, are more than 60000."""
    found = [text for text in doubts(given(*shortage), Market(penalties_dispatch=penalties)) if said in text]
    assert len(found) == 1 and found[0].startswith("key 'market.penalties_dispatch'")


def test_those_of_a_pricing_run_are_told_but_for_the_balance():
    """Line 3000, reserve 2500 + 650: the pricing run would rather pass the line. The balance stands at the cap."""
    found = doubts(given(2500.0), Market(price={"mode": "penalty"}))
    assert len(found) == 1 and "key 'market.penalties_pricing': line 3000 is not above" in found[0]


@pytest.mark.parametrize(("cap", "told"), [(11999.0, True), (12000.0, False)])
def test_a_cap_below_the_worth_of_shortage_is_told(cap, told):
    """10000 for energy and 2000 for reserve."""
    found = doubts(given(2000.0), Market(price={"mode": "clip", "cap_cny_per_mwh": cap}))
    assert bool(found) == told and (not told or "may make prices of 12000, which are cut off at 11999" in found[0])


def test_commands_tell_it(tmp_path, capsys):
    text = """
demand_mw: 150
generators: [{id: A, p_max: 200, marginal_cost: 100}]
reserves: [{id: spin, product: spinning_up, requirement_mw: 20, shortage: [[20, 900]], offers: [{generator: A, max_mw: 50, price: 0}]}]
market: {rule: ip, price: {mode: clip}}
"""
    path = tmp_path / "case.yaml"
    path.write_text(text, encoding="utf-8")
    for command in (["price", str(path), "--rules", "ip"], ["market", str(path), "-o", str(tmp_path / "out"), "--set", "report=false"]):
        assert execute([*command, "--json"]) == 0
        said = capsys.readouterr()
        told = [w for w in json.loads(said.out)["warnings"] if "shortage of reserve (900)" in w]
        assert len(told) == 1 and f"warning: {told[0]}" in said.err
