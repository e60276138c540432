"""Reserve: prices with stepped shortage, symmetric regulation, nesting, zones, response, largest unit and pole, shares, off-line awards."""

import pytest

from gridopt.pricing.marginal import price
from tests.support.block_cases import buses, load, power_case
from tests.support.optimum import solve


def generator(name, power, cost, bus="A", **kw):
    return dict(dict(generator=name, bus=bus, power_max_mw=float(power), cost_cny_per_mwh=float(cost)), **kw)


def offer(reserve, element="", kind="generator", **kw):
    return dict(dict(reserve=reserve, kind=kind, element=element), **kw)


def shortage(reserve, *steps):
    return [dict(reserve=reserve, power_mw=float(w), cost_cny_per_mwh=float(c)) for w, c in steps]


def award(d, name):
    return d.quantities["reserve_award"].values[[f"{r}/{k}/{e}" for r, k, e in []] or list(d.model.columns[-2].offers.name).index(name)]


@pytest.mark.parametrize(
    ("demand", "lmp", "rho", "output", "reserve"),
    [(340, 500, 50, (250, 90), 110), (380, 750, 300, (250, 130), 70), (430, 1450, 1000, (250, 180), 20)],
)
def test_V2_stepped_shortage(demand, lmp, rho, output, reserve):
    """G1 250 MW at 300, G2 200 MW at 450, reserve free; 150 MW required, missing 50 at 50, 50 at 300, 50 at 1000.

    Demand 380: 450 - 380 = 70 MW are left for reserve, so 80 are missing: 50 at 50 and 30 at 300. One more MWh comes from G2
    (450) and takes one MW of reserve (300): 750. At 340 110 are left, 40 missing at 50: 500; at 430 20 are left: 1450.
    """
    d = solve(
        power_case(
            bus=buses("A"),
            generator=[generator("G1", 250, 300), generator("G2", 200, 450)],
            load=[load("A", mean=float(demand))],
            reserve=[dict(reserve="up", product="spinning_up", requirement_mw=150.0)],
            reserve_shortage=shortage("up", (50, 1000), (50, 300), (50, 50)),
            reserve_offer=[offer("up")],
        )
    )
    assert price(d).price[0] == pytest.approx([lmp])
    assert d.reserve_price[0] == pytest.approx([rho])
    assert d.quantities["generator_output"].values[:, 0] == pytest.approx(output)
    assert d.quantities["reserve_award"].values.sum() == pytest.approx(reserve)
    assert d.quantities["reserve_shortage"].values[0] == pytest.approx([150 - reserve])


def test_V2_symmetric_regulation():
    """Demand 500; 80 MW up and down. G1 400 MW at 260, <= 60 at 10; G2 300 MW at 320, <= 40 at 5.

    G2 gives its 40 at 5, G1 the other 40 at 10 and so at most 360: 360*260 + 140*320 + 40*10 + 40*5 = 139000. One more MW of
    regulation costs G1 10 and moves a MWh from G1 to G2: 10 + 60 = 70. Price of energy 320.
    """
    d = solve(
        power_case(
            bus=buses("A"),
            generator=[generator("G1", 400, 260), generator("G2", 300, 320)],
            load=[load("A", mean=500.0)],
            reserve=[dict(reserve="agc", product="regulation", requirement_mw=80.0)],
            reserve_offer=[
                offer("agc", "G1", award_max_mw=60.0, cost_cny_per_mwh=10.0), offer("agc", "G2", award_max_mw=40.0, cost_cny_per_mwh=5.0)
            ],
        )
    )  # fmt: skip
    assert d.solution.objective == pytest.approx(139000)
    assert d.quantities["generator_output"].values[:, 0] == pytest.approx([360, 140])
    assert d.quantities["reserve_award"].values[:, 0] == pytest.approx([40, 40])
    assert price(d).price[0, 0] == pytest.approx(320)
    assert d.reserve_price[0] == pytest.approx([70])
    assert d.costs["reserve.offer"] == pytest.approx(600)
