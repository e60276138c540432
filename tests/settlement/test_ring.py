"""The ring of four buses settled by hand.

Day-ahead: limit 300 MW on 1-3, outputs (600, 50, 250, 0), LMP (220, 260, 340, 300), rent 160 x 300 = 48000. Real time: limit 260,
outputs (580, 0, 320, 0), LMP (40, 140, 340, 240), shadow price 400. Load (0, 100, 300, 500) in both. Zone prices day-ahead by generation:
Hexi (600 x 220 + 50 x 260) / 650 = 223.0769, Hedong 340; users pay 100 x 223.0769 + 800 x 340 = 294307.69, generation gets 230000.
Real time moves 580 - 600 = -20 at 40, -50 at 140, +70 at 340: -800, -7000, +23800, in all 16000 = -K^RT, K^RT = 400 (260 - 300).
"""

import numpy as np
import pytest

from tests.support.settled import run, settle, total

CONTRACTS = """
contracts:
  - {id: c1, seller: W1, buyer: 4, energy_mwh: 300, price: 250}
  - {id: c3, seller: C3, buyer: 4, energy_mwh: 200, price: 330}
"""
BY_PRICE = {"contracts": {"settlement": "cfd"}}
SURPLUS = 294307.6923076923 - 230000


def test_the_two_runs_are_those_of_the_arithmetic():
    day, real = run("DA"), run("RT", limit=260)
    assert day.output[:, 0] == pytest.approx([600, 50, 250, 0]) and real.output[:, 0] == pytest.approx([580, 0, 320, 0])
    assert day.lmp[:, 0] == pytest.approx([220, 260, 340, 300]) and real.lmp[:, 0] == pytest.approx([40, 140, 340, 240])
    assert day.rent.sum() == pytest.approx(48000) and (real.mu * real.flow).sum() == pytest.approx(400 * 260)


def test_K2_contracts_by_quantity():
    """W1: 300 x 250 + 300 x 220 - 20 x 40 = 140200. C2: 50 x 260 - 50 x 140 = 6000. C3: 200 x 330 + 50 x 340 + 70 x 340 = 106800.
    Users: bus 2 -100 x 223.0769; bus 3 -300 x 340; bus 4 -(75000 + 66000) - 0 x 340 = -141000.
    Residual 64307.69 - 16000 - 36000, basis 300 (340 - 220) + 200 (340 - 340)."""
    done = settle(CONTRACTS, {"allocations": {a: {"payers": "tariff"} for a in ("congestion", "zone_spread", "basis")}})
    balance = done.balance
    assert balance["generator W1"] == pytest.approx(140200) and balance["generator C2"] == pytest.approx(6000)
    assert balance["generator C3"] == pytest.approx(106800) and balance["generator C4"] == 0
    assert balance["load 2"] == pytest.approx(-22307.6923) and balance["load 3"] == pytest.approx(-102000)
    assert balance["load 4"] == pytest.approx(-141000)
    assert balance["tariff"] == pytest.approx(SURPLUS - 16000 - 36000) == pytest.approx(12307.6923)
    assert done.residual("basis") == pytest.approx(-36000) and done.residual("congestion") == pytest.approx(48000 - 16000)
    assert done.residual() == pytest.approx(12307.6923)
    assert balance["market"] == pytest.approx(0, abs=1e-6)


def test_K3_contracts_by_price():
    """W1: 600 x 220 - 20 x 40 + 300 (250 - 340) = 104200; C3 250 x 340 + 70 x 340 + 200 (330 - 340) = 106800.
    Residual 64307.69 - 16000 = 48307.69."""
    done = settle(CONTRACTS, BY_PRICE)
    assert done.of("contract_difference", "generator W1") == pytest.approx(-27000)
    energy = {p: done.of("energy_da", p) + done.of("energy_rt", p) + done.of("contract_difference", p) for p in done.balance}
    assert energy["generator W1"] == pytest.approx(104200) and energy["generator C3"] == pytest.approx(106800)
    assert energy["load 4"] == pytest.approx(-141000) and energy["load 2"] == pytest.approx(-22307.6923)
    assert done.residual() == pytest.approx(48307.6923) and done.residual("basis") == 0


def test_K2_K3_users_at_their_node():
    """Reference bus 4, 300: W1 131200 + 300 (250 - 300) = 116200, C3 108800 + 200 (330 - 300) = 114800. Residual 48000 - 16000 = 32000;
    by quantity less basis 300 (300 - 220) + 200 (300 - 340) = 16000: 16000."""
    price = settle(CONTRACTS, BY_PRICE, "ip")
    assert sum(price.of(c, "generator W1") for c in ("energy_da", "energy_rt", "contract_difference")) == pytest.approx(116200)
    assert sum(price.of(c, "generator C3") for c in ("energy_da", "energy_rt", "contract_difference")) == pytest.approx(114800)
    assert price.residual() == pytest.approx(32000) and price.residual("zone_spread") == pytest.approx(0, abs=1e-6)
    quantity = settle(CONTRACTS, {}, "ip")
    assert quantity.residual() == pytest.approx(16000) and quantity.residual("basis") == pytest.approx(-16000)


@pytest.mark.parametrize(("place", "expected"), [("reference: seller", 250 - 220), ("reference: bus, reference_at: 3", 250 - 340),
                                                 ("reference: zone, reference_at: Hexi", 250 - 223.0769230769),
                                                 ("reference: system", 250 - 294307.6923 / 900)])  # fmt: skip
def test_K3_references(place, expected):
    text = f"\ncontracts: [{{id: c, seller: W1, buyer: 4, energy_mwh: 100, price: 250, settlement: cfd, {place}}}]\n"
    assert settle(text).of("contract_difference", "generator W1") == pytest.approx(100 * expected)


def test_K3_reference_in_real_time():
    """Seller's real-time price 40: 100 (250 - 40)."""
    text = "\ncontracts: [{id: c, seller: W1, buyer: 4, energy_mwh: 100, price: 250, settlement: cfd, reference: seller, reference_run: RT}]\n"
    assert settle(text).of("contract_difference", "generator W1") == pytest.approx(21000)


@pytest.mark.parametrize(("stage", "expected"), [("RT", 200 * (307.8 - 40)), ("DA", 200 * (307.8 - 220))])
def test_D1_mechanism_price(stage, expected):
    """Wind in real time at 40: 200 (307.8 - 40) = 53560, on 900 MWh 59.5111 CNY/MWh; day-ahead at 220: 17560."""
    done = settle(f"\nmechanism: [{{id: m, plant: W1, energy_mwh: 200, price: 307.8, reference_run: {stage}}}]\n")
    assert done.of("mechanism", "generator W1") == pytest.approx(expected) == pytest.approx({"RT": 53560, "DA": 17560}[stage])
    table = done.books.tables["ledger"]
    shared = table[table["code"] == "allocation_mechanism"]
    assert shared["price"].to_numpy() == pytest.approx([expected / 900] * 3) and shared["quantity"].sum() == pytest.approx(900)
    assert done.residual("mechanism") == pytest.approx(-expected)


def test_D1_mechanism_is_two_way():
    """At 20 below what wind earns, 40: the plant pays 200 x 20."""
    assert settle("\nmechanism: [{id: m, plant: W1, energy_mwh: 200, price: 20}]\n").of("mechanism", "generator W1") == pytest.approx(-4000)


def test_D1_what_contracts_leave_of_the_output():
    """Output 580, contract 300: of 80 % = 464 only 280 are left."""
    text = "\ncontracts: [{id: c, seller: W1, buyer: 4, energy_mwh: 300, price: 250}]"
    done = settle(text + "\nmechanism: [{id: m, plant: W1, share: 0.8, price: 140}]\n")
    assert done.of("mechanism", "generator W1") == pytest.approx(280 * 100)


def test_F1_right_over_the_whole_limit_takes_the_rent():
    """600 MW from 1 to 4: 600 (300 - 220) = 48000, the rent; revenue adequacy 1."""
    done = settle("\nftrs: [{id: f, holder: trader, source: 1, sink: 4, mw: 600}]\n")
    assert done.balance["trader"] == pytest.approx(48000) and done.books.figures["ftr_adequacy"] == pytest.approx(1)
    assert done.residual("congestion") == pytest.approx(48000 - 16000)


def test_F2_rights_beyond_the_rent_are_paid_in_part():
    """1200 MW from 1 to 4 claim 96000, a right from 4 to 3 of 100 MW 100 (340 - 300) = 4000, one from 3 to 4 pays 4000 for 100 MW:
    (48000 + 4000) / 100000 = 0.52 of every claim."""
    rights = ["{id: f, holder: trader, source: 1, sink: 4, mw: 1200}", "{id: g, holder: other, source: 4, sink: 3, mw: 100}",
              "{id: h, holder: third, source: 3, sink: 4, mw: 100}"]  # fmt: skip
    done = settle(f"\nftrs: [{', '.join(rights)}]\n")
    assert done.balance["trader"] == pytest.approx(0.52 * 96000) and done.balance["other"] == pytest.approx(2080)
    assert done.balance["third"] == pytest.approx(-4000) and done.books.figures["ftr_adequacy"] == pytest.approx(48000 / 96000)


def test_F1_options_never_pay():
    done = settle("\nftrs: [{id: f, holder: trader, source: 4, sink: 1, mw: 600, option: true}]\n")
    assert "trader" not in done.balance or done.balance["trader"] == 0


def test_every_table_is_empty_for_a_market_of_energy_alone():
    """Day-ahead alone: users pay 294307.69, plants get 230000; 48000 is congestion, the rest spread between zones."""
    done = settle(real_limit=None)
    assert done.residual("congestion") == pytest.approx(48000) and done.residual("zone_spread") == pytest.approx(SURPLUS - 48000)
    assert total(done.balance) == pytest.approx(0, abs=1e-6)
    ledger = done.books.tables["ledger"]
    assert set(ledger["code"]) == {"energy_da", "residual_da", "allocation_congestion", "allocation_zone_spread"}
    assert np.array_equal(ledger["amount"], ledger["quantity"] * ledger["price"]) and (ledger["amount"] > 0).all()


def test_what_users_get_back_follows_their_load():
    """48000 + 16307.69 over 900 MWh: bus 2 gets a ninth of 64307.69."""
    done = settle(real_limit=None)
    assert done.balance["load 2"] == pytest.approx(-22307.6923 + SURPLUS / 9)


def test_paid_as_bid_load_pays_what_is_offered():
    """600 x 40 + 50 x 260 + 250 x 340 = 122000, 135.5556 each MWh; nothing is left."""
    done = settle(rules={"plants": "offer"}, rule="pab", real_limit=None)
    assert [done.balance[f"generator {g}"] for g in ("W1", "C2", "C3")] == pytest.approx([24000, 13000, 85000])
    assert done.balance["load 4"] == pytest.approx(-500 * 122000 / 900) and done.residual() == pytest.approx(0, abs=1e-6)
