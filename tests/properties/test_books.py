"""What must hold for the books of any market: sums of zero, congestion from limits, funds, scaling, cutting of periods."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.settlement.book import Books, settle
from gridopt.settlement.ledger import account
from gridopt.settlement.rules import Settlement
from tests.support.random_market import make, scaled, split, zonal

SEED = st.integers(0, 10**6)
FEW = settings(max_examples=20, deadline=None)
PLAIN = {"make_whole": {"enabled": False}}
MANY = {"deviation": {"enabled": True}, "make_whole": {"payers": "cause"}}
HOME = {"user": "home", "bus": "b0", "share": "0.3", "use": "guaranteed", "price_cny_per_mwh": "310"}
MILL = {"user": "mill", "bus": "b1", "share": "1"}
ONE = {"contract": "c0", "kind": "generator", "element": "g0", "buyer": "mill", "energy_mwh": "60", "price_cny_per_mwh": "250", "curve": "peak"}
SHARE = {"contract": "c1", "kind": "generator", "technology": "coal", "day_ahead_share": "0.3", "price_cny_per_mwh": "260"}
BY_PRICE = {"contract": "c2", "kind": "generator", "element": "g1", "energy_mwh": "50", "price_cny_per_mwh": "200"}
EVERYTHING = {
    "user": [HOME, MILL],
    "contract": [ONE, SHARE, BY_PRICE | {"settlement": "cfd", "reference": "seller"}],
    "mechanism": [{"mechanism": "m", "kind": "generator", "technology": "wind", "output_share": "0.6", "price_cny_per_mwh": "307.8"}],
    "ftr": [{"ftr": "f", "holder": "trader", "source_bus": "b0", "sink_bus": "b1", "power_mw": "40"}],
    "capacity": [{"capacity": "k", "kind": "generator", "technology": "coal", "price_cny_per_kw_year": "330"}],
    "guaranteed": [{"guaranteed": "h", "kind": "generator", "technology": "coal", "output_share": "0.2", "price_cny_per_mwh": "300"}],
}  # fmt: skip


def books(market, rules: dict | None = None, day=None, real=None, alone: bool = False) -> Books:
    """Books of a market, of other runs where some are given, or day-ahead alone."""
    later = None if alone else real or market.real
    return settle(day or market.day, later, market.case, Settlement(**(PLAIN if rules is None else rules)))


def money(done: Books) -> float:
    return float(done.tables["ledger"]["amount"].sum()) + 1.0


@FEW
@given(SEED)
def test_I12_everything_adds_up_to_zero_and_is_quantity_times_price(seed):
    market = make(seed, extra=EVERYTHING)
    done = settle(zonal(market.day, "generation"), zonal(market.real, "generation"), market.case, Settlement(**MANY))
    table = done.tables["ledger"]
    assert np.array_equal(table["amount"], table["quantity"] * table["price"]) and (table["amount"] > 0).all()
    assert np.abs(done.ledger.by_period().sum(axis=0)).max() <= 1e-9 * money(done)
    assert abs(done.ledger.balance_of("market")).max() <= 1e-9 * money(done)
    before = ~table["code"].astype(str).str.startswith("allocation_")
    paid, received = (table[before].groupby(side)["amount"].sum() for side in ("payer", "payee"))
    assert paid.sum() == pytest.approx(received.sum())


@FEW
@given(SEED)
def test_I12_every_account_is_shared_out_to_the_last(seed):
    """All users have load here, so that each fund finds payers; accounts of contracts that many share are empty in every period."""
    market = make(seed, extra=EVERYTHING)
    done = settle(market.day, market.real, market.case, Settlement(**MANY))
    table, residuals = done.tables["ledger"], done.tables["residuals"]
    nobody = set(residuals[residuals["allocated_to"] == "nobody"]["account"])
    for name in type(Settlement().allocations).model_fields:
        if name not in nobody:
            assert abs(done.ledger.balance_of(account(name)).sum()) <= 1e-9 * money(done), name
            rest = (residuals["account"] == name) & ~residuals["allocated_to"].isin(["ftr holders", "users of the zone"])
            held = residuals[rest]["amount"].sum()
            mine = table[table["code"] == f"allocation_{name}"]
            given_out = mine[mine["payer"] == account(name)]["amount"].sum() - mine[mine["payee"] == account(name)]["amount"].sum()
            assert given_out == pytest.approx(held, abs=1e-9 * money(done)), name
    assert np.abs(done.ledger.balance_of(account("contracts"))).max() <= 1e-9 * money(done)


@FEW
@given(SEED)
def test_I11_nodal_residual_is_the_rent_of_limits_less_the_basis(seed):
    """K = sum of mu^DA f^DA + sum of mu^RT (f^RT - f^DA) - B in every period, without losses."""
    market = make(seed, extra={"user": EVERYTHING["user"][1:], "contract": EVERYTHING["contract"]})
    done = books(market)
    first = (market.day.mu * market.day.flow).sum(axis=0)
    later = (market.real.mu * (market.real.flow - market.day.flow)).sum(axis=0)
    table = done.tables["ledger"]
    for code, rent in (("residual_da", first), ("residual_rt", later)):
        mine = table[table["code"] == code]
        inward = mine[mine["payee"] == "account congestion"]["amount"].sum() - mine[mine["payer"] == "account congestion"]["amount"].sum()
        assert inward == pytest.approx(rent.sum(), abs=1e-9 * money(done))
    offset = table[table["code"] == "contract_offset"]
    basis = offset[offset["payer"] == "market"]["amount"].sum() - offset[offset["payee"] == "market"]["amount"].sum()
    whole = done.tables["residuals"].set_index("account")["amount"]
    assert whole["basis"] == pytest.approx(-basis, abs=1e-9 * money(done))
    assert whole.sum() == pytest.approx(first.sum() + later.sum() - basis, abs=1e-8 * money(done))


@FEW
@given(SEED, st.floats(0.1, 1.0))
def test_I9_rights_that_the_network_can_bear_are_covered(seed, part):
    """Rights as one injection pattern whose flows stay within all limits: claims are at most the rent."""
    market = make(seed, periods=1)
    rng = np.random.default_rng(seed)
    ends = [rng.choice(market.ptdf.shape[1], 2, replace=False) for _ in range(3)]
    pattern = np.zeros(market.ptdf.shape[1])
    power = rng.uniform(1.0, 50.0, 3)
    for (a, b), mw in zip(ends, power, strict=True):
        pattern[a] += mw
        pattern[b] -= mw
    flow = market.ptdf @ pattern
    scale = part * np.divide(market.day.limit[:, 0], np.abs(flow), out=np.full(len(flow), 1e6), where=np.abs(flow) > 1e-9).min(initial=1e6)
    value = market.day.congestion[:, 0]
    rights = [
        {"ftr": f"f{i}", "holder": "trader", "source_bus": f"b{a}", "sink_bus": f"b{b}", "power_mw": repr(float(mw * scale))}
        for i, ((a, b), mw) in enumerate(zip(ends, power, strict=True))
    ]  # fmt: skip
    done = books(make(seed, periods=1, extra={"ftr": rights}), alone=True)
    rent = (market.day.mu * market.day.flow).sum()
    claim = sum(mw * scale * (value[b] - value[a]) for (a, b), mw in zip(ends, power, strict=True))
    assert claim <= rent + 1e-9 * money(done)
    assert done.figures["ftr_paid_cny"] == pytest.approx(claim, abs=1e-9 * money(done))


@FEW
@given(SEED)
def test_real_time_as_day_ahead_is_one_settlement(seed):
    market = make(seed, extra=EVERYTHING)
    once, twice = books(market, alone=True), books(market, real=replace(market.day, stage="RT"))
    assert once.ledger.balances() == pytest.approx(twice.ledger.balances(), abs=1e-9 * money(once))


@FEW
@given(SEED, st.floats(0.0, 120.0), st.sampled_from(["seller", "buyer", "system"]))
def test_contract_by_price_moves_money_between_its_two_parties_only(seed, energy, place):
    row = ONE | {"settlement": "cfd", "reference": place}

    def balances(mwh: float) -> dict[str, float]:
        extra = {"user": EVERYTHING["user"], "contract": [row | {"energy_mwh": repr(mwh)}]}
        return books(make(seed, extra=extra)).ledger.balances()

    none, some = balances(0.0), balances(energy)
    for name in none:
        if name not in ("generator g0", "user mill"):
            assert some[name] == pytest.approx(none[name], abs=1e-6)
    assert some["generator g0"] - none["generator g0"] == pytest.approx(none["user mill"] - some["user mill"], abs=1e-6)


@FEW
@given(SEED)
def test_doubled_prices_double_all_but_contracts(seed):
    market = make(seed, extra={"ftr": EVERYTHING["ftr"]})
    once = books(market, {})
    twice = books(market, {}, day=scaled(market.day, 2.0), real=scaled(market.real, 2.0))
    doubled = {k: 2.0 * v for k, v in once.ledger.balances().items()}
    assert twice.ledger.balances() == pytest.approx(doubled, abs=1e-8 * money(once))


@FEW
@given(SEED)
def test_zones_by_load_leave_what_users_pay_in_all(seed):
    market = make(seed)
    nodal, zones = books(market, alone=True), books(market, alone=True, day=zonal(market.day, "load"))
    spread = zones.tables["residuals"].set_index("account")["amount"]["zone_spread"]
    assert spread == pytest.approx(0.0, abs=1e-9 * money(nodal))


@FEW
@given(SEED)
def test_one_zone_by_generation_pays_what_generation_gets(seed):
    market = make(seed, single_zone=True)
    table = books(market, alone=True, day=zonal(market.day, "generation")).tables["ledger"]
    bought = table[(table["code"] == "energy_da")]
    net = bought[bought["payee"] == "market"]["amount"].sum() - bought[bought["payer"] == "market"]["amount"].sum()
    assert net == pytest.approx(0.0, abs=1e-9 * bought["amount"].sum() + 1e-9)


@FEW
@given(SEED)
def test_a_party_without_volume_pays_nothing(seed):
    market = make(seed, extra={k: v for k, v in EVERYTHING.items() if k not in ("user", "contract", "ftr")})
    output = market.day.output.copy()
    idle = len(output) - 1
    output[0] += output[idle]
    output[idle] = 0.0
    day = replace(market.day, output=output, cost=np.where(output > 0, market.day.cost, 0.0))
    done = books(market, {"allocations": {"congestion": {"payers": "generation"}}, "deviation": {"enabled": True}}, alone=True, day=day)
    table = done.tables["ledger"]
    mine = (table["payer"] == day.plant[idle]) | (table["payee"] == day.plant[idle])
    assert set(table[mine]["code"]) <= {"capacity"}
    unloaded = {f"load {b}" for b, load in zip(day.bus, day.load, strict=True) if not load.any()}
    assert not (table["payer"].isin(unloaded) | table["payee"].isin(unloaded)).any()


@FEW
@given(SEED, st.integers(2, 4))
def test_cutting_periods_changes_no_balance(seed, parts):
    market = make(seed, extra=EVERYTHING)
    whole = books(market, MANY)
    cut = books(market, MANY, day=split(market.day, parts), real=split(market.real, parts))
    assert cut.ledger.balances() == pytest.approx(whole.ledger.balances(), abs=1e-8 * money(whole))


@FEW
@given(SEED)
def test_pay_as_bid_costs_at_most_the_uniform_price(seed):
    """Offers at or below the price of the plant, as in any clearing that is convex."""
    market = make(seed)
    price = market.day.lmp[market.day.plant_bus]
    offer = np.minimum(price, np.random.default_rng(seed).uniform(0.0, 400.0, price.shape))
    day = replace(market.day, cost=offer * market.day.output)

    def paid(rules: dict) -> float:
        done = books(market, PLAIN | rules, alone=True, day=day)
        return sum(v for k, v in done.ledger.balances().items() if k.startswith("generator"))

    bid, uniform = paid({"plants": "offer"}), paid({})
    assert bid == pytest.approx(float(day.cost.sum()), abs=1e-6) and bid <= uniform + 1e-6


@FEW
@given(SEED)
def test_order_of_plants_and_a_plant_without_power_change_nothing(seed):
    """Balances stay, by name; what is new has none."""
    market = make(seed, extra=EVERYTHING)
    order = np.append(np.random.default_rng(seed).permutation(len(market.day.plant)), 0)

    def moved(run):
        names = run.plant[order].copy()
        names[-1] = "generator nothing"
        keep = np.append(np.ones(len(order) - 1), 0.0)[:, None]
        return replace(
            run, plant=names, plant_bus=run.plant_bus[order], technology=run.technology[order],
            **{n: getattr(run, n)[order] * keep for n in ("output", "available", "cost")},
        )  # fmt: skip

    before, after = books(market, MANY), books(market, MANY, day=moved(market.day), real=moved(market.real))
    found = after.ledger.balances()
    assert found.pop("generator nothing", 0.0) == 0.0
    assert found == pytest.approx(before.ledger.balances(), abs=1e-9 * money(before))


@FEW
@given(SEED)
def test_each_party_gets_what_the_formula_says(seed):
    """Plant: sum of Q^DA π^DA + (Q^RT - Q^DA) π^RT + q (P - π^DA); users the other way; written out party by party and period by period."""
    market = make(seed, extra={"contract": [SHARE]})
    day, real = zonal(market.day, "generation"), zonal(market.real, "generation")
    table = books(market, day=day, real=real).tables["ledger"]
    mine = table[~table["code"].str.contains("allocation")]
    net = mine.groupby("payee")["amount"].sum().sub(mine.groupby("payer")["amount"].sum(), fill_value=0.0)
    sold = np.zeros(len(day.start))
    for g, name in enumerate(day.plant):
        b, expected = day.plant_bus[g], 0.0
        for t in range(len(day.start)):
            q, p = day.output[g, t], day.lmp[b, t]
            expected += q * p + (real.output[g, t] - q) * real.lmp[b, t]
            if day.technology[g] == "coal" and day.load[:, t].sum() > 0:
                expected += 0.3 * q * (260.0 - p)
                sold[t] += 0.3 * q
        assert net.get(name, 0.0) == pytest.approx(expected, abs=1e-8 * mine["amount"].sum())
    for b, name in enumerate(day.bus):
        expected = 0.0
        for t in range(len(day.start)):
            load, p = day.load[b, t], day.load_price[b, t]
            bought = sold[t] * load / day.load[:, t].sum() if day.load[:, t].sum() > 0 else 0.0
            expected -= load * p + (real.load[b, t] - load) * real.load_price[b, t] + bought * (260.0 - p)
        assert net.get(f"load {name}", 0.0) == pytest.approx(expected, abs=1e-8 * mine["amount"].sum() + 1e-9)
