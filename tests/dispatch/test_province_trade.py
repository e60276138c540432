"""Trade between provinces: pairs matched by netback, prices at the mean of the last pair; by hand, by brute force, against the best welfare."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.case.check import CaseError
from gridopt.dispatch.province_trade import Trade, TradeRule, match
from tests.support.small import case

FREE = TradeRule(tick_mw=0.0)
SEGMENTS = [
    dict(trade_segment="east", from_province="S", to_province="B1", loss_fraction=0.065, tariff_cny_per_mwh=60.0, atc_mw=400.0),
    dict(trade_segment="south", from_province="S", to_province="B2", loss_fraction=0.07, tariff_cny_per_mwh=50.0, atc_mw=300.0),
]  # fmt: skip
STEPS = [("S", "sell", 200.0, 150.0), ("S", "sell", 300.0, 260.0), ("B1", "buy", 250.0, 500.0), ("B2", "buy", 300.0, 420.0)]


def near(value, rel=1e-6):
    return pytest.approx(value, rel=rel, abs=1e-6)


def made(steps, segments, rule=FREE, hours=1, provinces=None, series=None):
    """Trade of steps (province, side, MW, price)."""
    names = dict.fromkeys([*(s[0] for s in steps), *(g[e] for g in segments for e in ("from_province", "to_province"))])
    rows = dict(
        bus=[dict(bus="A", voltage_kv=330.0)],
        province=[dict(province=n) | (provinces or {}).get(n, {}) for n in names],
        trade_segment=segments,
        trade_step=[dict(trade_step=f"{k}", province=p, side=side, power_max_mw=mw, price_cny_per_mwh=price)
                    for k, (p, side, mw, price) in enumerate(steps)],
    )  # fmt: skip
    return Trade.of(case(hours, series=series, **rows), rule)


def sent(found):
    return {(str(found.trade.sell.name[i]), str(found.trade.buy.name[j])): q
            for i, j, q in zip(found.seller, found.buyer, found.sent[:, 0], strict=True) if q > 0}  # fmt: skip


def test_two_buyers_by_netback():
    """Netbacks (500 - 60) 0.935 = 411.4 and (420 - 50) 0.93 = 344.1. Gains: 0-B1 261.4, 0-B2 194.1, 1-B1 151.4, 1-B2 84.1.

    0-B1 takes all 200 MW of step 0; B1 still wants 250/0.935 - 200 = 67.3797 of step 1; B2 gets the other 232.6203 (it wants 322.6, ATC 300).
    Last pair 1-B2: seller price (260 + 344.1)/2 = 302.05; B1 302.05/0.935 + 60 = 383.0481, B2 302.05/0.93 + 50 = 374.7849.
    B1 pays 250 x 383.0481 = 95,762.03 = 267.3797 x 302.05 + 250 x 60. The best welfare is the same.
    """
    found = match(made(STEPS, SEGMENTS), FREE)
    assert sent(found) == {("0", "2"): near(200), ("1", "2"): near(67.3796791), ("1", "3"): near(232.6203209)}
    assert found.node_price[0, 0] == near(302.05)
    assert found.buyer_price[found.sent[:, 0] > 0, 0] == near([383.04812834, 383.04812834, 374.78494624])
    first = found.trade.buy.name[found.buyer] == "2"
    assert found.payment[first].sum() == near(95762.0321) and found.revenue[first].sum() == near(80762.0321)
    assert found.tariff[first].sum() == near(15000)
    assert (found.below.sum(), found.above.sum(), found.short) == (0, 0, near(0))
    assert found.welfare == near(200 * 261.4 + 67.3796791 * 151.4 + 232.6203209 * 84.1)
    assert found.export()[:, 0] == near([500, -250, -216.3368984])


def test_whole_megawatts():
    """The same in ticks of 1 MW: 67 of 67.38, then 233 of what is left for B2."""
    found = match(made(STEPS, SEGMENTS), TradeRule())
    assert sent(found) == {("0", "2"): 200, ("1", "2"): 67, ("1", "3"): 233}


def test_the_same_in_every_period_and_money_by_the_hour():
    """Three periods, the middle one with half the power to sell: 250 MW, so that B2 gets nothing more than 0."""
    trade = made(STEPS, SEGMENTS, hours=3)
    half = np.array([1.0, 0.5, 1.0])
    trade = replace(trade, sell=replace(trade.sell, power=trade.sell.power * half))
    found = match(trade, FREE)
    assert found.sent[:, 0] == near(found.sent[:, 2]) and found.sent.sum(axis=0) == near([500, 250, 500])
    # 100 MW of step 0 and 150 of step 1, all to B1, which wants 267.38: last pair 1-B1, (260 + 411.4)/2.
    assert found.node_price[0] == near([302.05, 335.7, 302.05])


def test_a_chain_of_two_segments():
    """A to C by way of B: v = ((500 - 20) 0.9 - 10) 0.8 = 337.6; 100 MW sent arrive as 80, then 72. ATC of the second: 40 MW that enter, so 50
    sent. Price (100 + 337.6)/2 = 218.8; at C (218.8/0.8 + 10)/0.9 + 20 = 335. Tariffs 10 x 40 + 20 x 36 = 1120."""
    segments = [
        dict(trade_segment="1", from_province="A", to_province="B", loss_fraction=0.2, tariff_cny_per_mwh=10.0),
        dict(trade_segment="2", from_province="B", to_province="C", loss_fraction=0.1, tariff_cny_per_mwh=20.0, atc_mw=40.0),
    ]
    found = match(made([("A", "sell", 100.0, 100.0), ("C", "buy", 500.0, 500.0)], segments), FREE)
    assert found.sent == near(np.array([[50.0]])) and found.landed == near(np.array([[36.0]]))
    assert (found.node_price[0, 0], found.buyer_price[0, 0], found.tariff.sum()) == near((218.8, 335, 1120))
    assert found.payment.sum() == near(found.revenue.sum() + 1120)


def test_the_cheaper_path_first():
    """Two ways from S to B, tariff 20 with room for 60 MW and tariff 30: the cheap one is filled, then the other takes 40 MW."""
    segments = [dict(trade_segment="dear", from_province="S", to_province="B", tariff_cny_per_mwh=30.0),
                dict(trade_segment="cheap", from_province="S", to_province="B", tariff_cny_per_mwh=20.0, atc_mw=60.0)]  # fmt: skip
    found = match(made([("S", "sell", 100.0, 100.0), ("B", "buy", 500.0, 300.0)], segments), FREE)
    way = found.trade.segment[found.paths.segments[found.path][:, 0]]
    assert dict(zip(way, found.sent[:, 0], strict=True)) == near({"cheap": 60, "dear": 40})
    # Last pair by the dear way: (100 + 270)/2 = 185; at B 205 by one way and 215 by the other.
    assert dict(zip(way, found.buyer_price[:, 0], strict=True)) == near({"cheap": 205, "dear": 215})


def test_the_best_pair_first_falls_short():
    """S1 reaches X (bid 400, 100 MW) and Y (bid 390, 100 MW), S2 only X. Offers 100 MW at 100 and 100 MW at 350. The best pair S1-X (gain 300)
    leaves S2 with nobody and Y unserved: 30,000. S1-Y and S2-X together: 29,000 + 5000."""
    segments = [dict(trade_segment=f"{a}{b}", from_province=a, to_province=b) for a, b in (("S1", "X"), ("S1", "Y"), ("S2", "X"))]
    steps = [("S1", "sell", 100.0, 100.0), ("S2", "sell", 100.0, 350.0), ("X", "buy", 100.0, 400.0), ("Y", "buy", 100.0, 390.0)]
    found = match(made(steps, segments), FREE)
    assert (found.welfare, found.best, found.short) == near((30000, 34000, 4000))


def test_prices_beyond_offers_and_bids_are_told():
    """The two buyers at other prices of the seller's province: at 250 step 1 (300 MW at 260) gets 10 too little: 3000. At 400 B1 pays
    400/0.935 + 60 = 487.81, below its bid, B2 400/0.93 + 50 = 480.1075, 60.1075 above its bid on 216.3369 MW."""
    found = match(made(STEPS, SEGMENTS), FREE)
    low, high = (replace(found, node_price=np.full(found.node_price.shape, p)) for p in (250.0, 400.0))
    assert (low.below.sum(), low.above.sum()) == near((3000, 0))
    assert (high.below.sum(), high.above.sum()) == near((0, 13003.47604))


def test_who_may_not_take_part():
    """S is short in the second hour and B2 curtails in the first."""
    barred = {"S": dict(short_profile="short"), "B2": dict(curtailing_profile="spill")}
    series = {"short": np.array([0.0, 40.0]), "spill": np.array([5.0, 0.0])}
    trade = made(STEPS, SEGMENTS, hours=2, provinces=barred, series=series)
    found = match(trade, FREE)
    assert found.sent.sum(axis=0) == near([267.3796791, 0])
    assert trade.refused == (
        "province 'S' is short of power in 1 periods: what it would sell then is refused",
        "province 'B2' curtails renewables in 1 periods: what it would buy then is refused",
    )


def test_curves_that_break_the_rule():
    """Six steps to sell, and a price above the cap: both faults at once."""
    steps = [*(("S", "sell", 10.0, 100.0 + k) for k in range(6)), ("B1", "buy", 10.0, 10001.0)]
    with pytest.raises(CaseError) as error:
        made(steps, SEGMENTS)
    first, second = sorted(error.value.faults)
    assert "province 'S' has 6 steps to sell" in second and "10001" in first and "outside 0 to 10000" in first


@pytest.mark.parametrize("steps, segments", [([], []), (STEPS[:2], SEGMENTS), (STEPS, [])])
def test_nobody_to_trade_with(steps, segments):
    found = match(made(steps, segments), TradeRule())
    assert found.sent.sum() == 0 and found.best == 0 and found.payment.sum() == 0


def by_hand(trade):
    """(Q2) for one period, pair by pair in Python: sent by (seller step, buyer step, segments)."""
    pairs, left = [], {"s": trade.sell.power[:, 0].copy(), "b": trade.buy.power[:, 0].copy(), "g": trade.atc[:, 0].copy()}

    def walk(i, at, seen, way):
        for j in np.flatnonzero(trade.buy.province == at) if way else []:
            v = trade.buy.price[j, 0]
            for g in reversed(way):
                v = (v - trade.tariff[g]) * (1 - trade.loss[g])
            pairs.append((v - trade.sell.price[i, 0], i, j, way))
        for g, (a, b) in enumerate(trade.ends) if len(way) < 3 else []:
            if a == at and b not in seen:
                walk(i, b, [*seen, b], [*way, g])

    for i, n in enumerate(trade.sell.province):
        walk(i, n, [n], [])
    found = {}
    for gain, i, j, way in sorted(pairs, key=lambda p: -p[0]):
        if gain < 0:
            continue
        kept = np.cumprod([1.0, *(1 - trade.loss[g] for g in way)])
        q = min(left["s"][i], left["b"][j] / kept[-1], *(left["g"][g] / k for g, k in zip(way, kept, strict=False)))
        left["s"][i] -= q
        left["b"][j] -= q * kept[-1]
        for g, k in zip(way, kept, strict=False):
            left["g"][g] -= q * k
        if q > 1e-9:
            found[i, j, tuple(way)] = q
    return found


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_random_trade(seed):
    """As pair by pair in Python; never more welfare than the best; what buyers pay is what sellers and segments receive; limits hold."""
    rng = np.random.default_rng(seed)
    names = [f"P{n}" for n in range(int(rng.integers(2, 6)))]
    steps = [(str(rng.choice(names)), side, float(rng.uniform(5, 50)), float(rng.uniform(0, 400) + 200 * (side == "buy")))
             for side in ("sell", "buy") for _ in range(int(rng.integers(1, 5)))]  # fmt: skip
    segments = [dict(trade_segment=f"g{k}", from_province=a, to_province=b, loss_fraction=float(rng.uniform(0, 0.1)),
                     tariff_cny_per_mwh=float(rng.uniform(0, 80)), atc_mw=float(rng.uniform(5, 60)))
                for k, (a, b) in enumerate(rng.choice(names, 2, replace=False).tolist() for _ in range(int(rng.integers(1, 8))))]  # fmt: skip
    trade = made(steps, segments)
    found, expected = match(trade, FREE), by_hand(trade)
    ways = [tuple(int(g) for g in way if g >= 0) for way in found.paths.segments[found.path]]
    own = {(int(i), int(j), w): q for i, j, w, q in zip(found.seller, found.buyer, ways, found.sent[:, 0], strict=True) if q > 1e-9}
    assert own == pytest.approx(expected)
    assert found.short >= -1e-6 * max(found.best, 1.0)
    assert found.payment.sum() == near(found.revenue.sum() + found.tariff.sum())
    whole = match(trade, TradeRule())
    assert (whole.sent % 1.0 == 0).all() and whole.welfare <= whole.best + 1e-6 * max(found.best, 1.0)
    # A pair that would do better at the margin is taken first: no seller below its offer, no buyer above its bid.
    assert [m.below.sum() + m.above.sum() for m in (found, whole)] == near([0, 0])
