"""Reserves, regulation and price limits of cases by hand, through `gridopt price`."""

import json

import pytest

from gridopt.commands import execute

CURVE = """
demand_mw: DEMAND
generators:
  - {id: G1, p_max: 250, marginal_cost: 300}
  - {id: G2, p_max: 200, marginal_cost: 450}
reserves: [{id: r, product: spinning_up, demand: [[50, 1000], [50, 300], [50, 50]]}]
MORE
"""
REGULATION = """
demand_mw: 500
generators: [{id: G1, p_max: 400, marginal_cost: 260}, {id: G2, p_max: 300, marginal_cost: 320}]
agc: {mode: MODE, requirement_mw: 80, offers: [{generator: G1, max_mw: 60, price: 10}, {generator: G2, max_mw: 40, price: 5}]}
"""


@pytest.fixture
def priced(tmp_path, capsys):
    def run(text):
        path = tmp_path / "case.yaml"
        path.write_text(text, encoding="utf-8")
        assert execute(["price", str(path), "--rules", "ip", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        return found["objective"], found["rules"]["ip"]

    return run


@pytest.mark.parametrize(
    ("demand", "energy", "reserve", "missing"), [(340, 500, 50, 40), (380, 750, 300, 80), (430, 1450, 1000, 130)]
)  # fmt: skip
def test_energy_costs_what_the_reserve_given_up_for_it_is_worth(priced, demand, energy, reserve, missing):
    """450 MW there, 150 asked for in blocks worth 1000, 300, 50. 340: 110 are left, the third block is the one that is part full: 50, and
    a MWh costs 450 + 50. 380: 70 left: 300, 750. 430: 20 left: 1000, 1450."""
    _, found = priced(CURVE.replace("DEMAND", str(demand)).replace("MORE", ""))
    assert found["prices"][0]["price"] == pytest.approx(energy)
    assert found["reserves"][0]["price"] == pytest.approx(reserve)
    assert found["reserves"][0]["missing"] == pytest.approx(missing)


def test_a_cap_on_energy_alone_makes_reserve_the_better_choice(priced):
    """380 MW, energy cut off at 650, reserve at 300: G2 sells 130 at 650 and 70 at 300: 26000 + 21000 = 47000; all reserve: 200 x 300 =
    60000: 13000 lost. G1 earns 350 by energy and would 300 by reserve: nothing lost."""
    _, found = priced(CURVE.replace("DEMAND", "380").replace("MORE", "market: {price: {mode: clip}}"))
    assert found["prices"][0]["price"] == pytest.approx(650) and found["prices"][0]["lmp"] == pytest.approx(750)
    units = {u["unit"]: u for u in found["units"]}
    assert (units["G2"]["profit"], units["G2"]["best_profit"], units["G2"]["loc"]) == pytest.approx((47000, 60000, 13000))
    assert units["G1"]["loc"] == pytest.approx(0, abs=1e-6)
    assert found["cap_adjust"] == pytest.approx(0, abs=1e-6)  # what is injected is taken at the same bus


def test_regulation_with_energy(priced):
    """80 MW up and down. G2, at 5, is held to 40; G1 gives the other 40 at 10 and 40 MW less energy, which G2 gives for 60 more: 70.
    (360, 140): 360 x 260 + 140 x 320 + 40 x 10 + 40 x 5 = 139000."""
    cost, found = priced(REGULATION.replace("MODE", "co-optimised"))
    assert cost == pytest.approx(139000)
    assert found["prices"][0]["price"] == pytest.approx(320)
    assert found["reserves"][0]["price"] == pytest.approx(70)
    assert found["reserves"][0]["awards"] == pytest.approx({"G1": 40, "G2": 40})


def test_regulation_after_energy_leaves_energy_alone(priced):
    """400 x 260 + 100 x 320 = 136000 at 320; no reserve is in the clearing."""
    cost, found = priced(REGULATION.replace("MODE", "sequential"))
    assert cost == pytest.approx(136000) and found["prices"][0]["price"] == pytest.approx(320)
    assert "reserves" not in found


def test_a_curve_from_the_value_of_lost_load_is_a_reserve_by_blocks(priced):
    """Least 30, mean 20, no deviation, to 80 MW in 2 blocks: [0, 40] is worth all of 800, of [40, 80] 10 of 40 MW: 200. 450 - 420 = 30
    are left: 10 of the first block are missing: 800, energy 450 + 800."""
    curve = "{value_of_lost_load: 800, least_mw: 30, mean_mw: 20, deviation_mw: 0, to_mw: 80, blocks: 2}"
    text = CURVE.replace("DEMAND", "420").replace("MORE", "").replace("demand: [[50, 1000], [50, 300], [50, 50]]", f"curve: {curve}")
    _, found = priced(text)
    assert (found["prices"][0]["price"], found["reserves"][0]["price"], found["reserves"][0]["missing"]) == pytest.approx((1250, 800, 50))


def test_offers_stand_in_place_of_costs_and_are_checked(priced, tmp_path, capsys):
    text = "demand_mw: 100\ngenerators: [{id: A, p_max: 200, marginal_cost: 10}]\noffers: [{generator: A, blocks: [[200, PRICE]]}]\n"
    cost, found = priced(text.replace("PRICE", "60"))
    assert cost == pytest.approx(6000) and found["prices"][0]["price"] == pytest.approx(60)
    path = tmp_path / "dear.yaml"
    path.write_text(text.replace("PRICE", "700"), encoding="utf-8")
    for command in (["price", str(path)], ["check", str(path)]):
        assert execute(command) == 5
        assert "700 is above the cap of offers, 650" in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("reserves: [{id: r}]", "Give one of requirement_mw, demand, curve"),
        ("reserves: [{id: r, demand: 3}]", "is not a list of pairs"),
        ("agc: {mode: fast, requirement_mw: 1}", "is not one of sequential, co-optimised"),
        ("demand_bids: [{bus: nowhere, blocks: [[1, 50]]}]", "has no load that could bid"),
        ("real_time: {limit: {ab: 3}}", "'limit' is not known"),
    ],
)
def test_keys_that_cannot_be_read_are_named(tmp_path, capsys, text, said):
    path = tmp_path / "case.yaml"
    path.write_text(f"demand_mw: 100\ngenerators: [{{id: A, p_max: 200, marginal_cost: 10}}]\n{text}\n", encoding="utf-8")
    assert execute(["price", str(path)]) == 5
    assert said in capsys.readouterr().err
