"""Each part of the settlement by hand, most on one bus."""

from dataclasses import replace

import numpy as np
import pytest

from gridopt.case.check import CaseError
from gridopt.dispatch.market_run import MarketRun
from gridopt.settlement.agc import Service
from gridopt.settlement.losses import GRID
from tests.support.market import ONE_PERIOD, cleared, priced
from tests.support.settled import Settled, Settlement, case_of, one_bus, settle_books, settle_run, total

DAY = one_bus({"generator A": [100.0] * 24}, [100.0] * 24, [300.0] * 24)
CONTRACT = {"contract": "c", "kind": "generator", "element": "A", "buyer": "b", "price_cny_per_mwh": 250}


# ---------------------------------------------------------------------------------------------------------- contracts
@pytest.mark.parametrize(
    ("curve", "hours"), [("flat", range(24)), ("peak", [7, 8, 17, 18, 19, 20, 21, 22]), ("valley", range(9, 17)), ("evening", [18, 18, 18, 19])]
)
@pytest.mark.parametrize("parts", [1, 4])
def test_K1_two_days_of_energy_on_one_day(curve, hours, parts):
    """960 MWh on 10 and 11 March: 480 on the first, evenly over the hours of the curve (evening: three quarters at 18)."""
    run = one_bus({"generator A": [100.0] * 24 * parts}, [100.0] * 24 * parts, [300.0] * 24 * parts, hours=1 / parts)
    shape = [{"curve": "evening", "hour": 18, "share": 0.75}, {"curve": "evening", "hour": 19, "share": 0.25}]
    row = CONTRACT | {"energy_mwh": 960, "start_date": "2025-03-10", "end_date": "2025-03-11", "curve": curve}
    table = settle_run(run, contract=[row], contract_curve=shape).books.tables["ledger"]
    mine = table[table["code"] == "contract"]
    hour = mine["period"].dt.hour.to_numpy()
    expected = {h: 480.0 * list(hours).count(h) / len(list(hours)) for h in hours}
    assert {int(h): float(mine["quantity"][hour == h].sum()) for h in set(hour)} == pytest.approx(expected)
    assert (mine["payer"] == "load b").all() and (mine["payee"] == "generator A").all()


def test_K1_pv_curve_has_no_energy_at_night():
    night = one_bus({"generator A": [100.0]}, [100.0], [300.0], start="2025-03-10T00:00")
    with pytest.raises(CaseError, match="contract 'c', column curve: 'pv' has no energy in the hours from 2025-03-10T00:00:00"):
        settle_run(night, contract=[CONTRACT | {"energy_mwh": 10, "curve": "pv"}])


def test_K1_share_of_what_is_sold_day_ahead():
    """84 % of 100 and of 40 MWh from two plants; users with 60 and 40 % of the load buy 117.6 MWh in these parts: 0.6 x 117.6 x 250."""
    run = one_bus({"generator A": [100.0], "generator B": [40.0]}, [140.0], [300.0])
    row = {"contract": "c", "kind": "generator", "technology": "coal", "day_ahead_share": 0.84, "price_cny_per_mwh": 250}
    done = settle_run(run, contract=[row], user=[{"user": "mill", "bus": "b", "share": 0.6}])
    assert done.of("contract", "generator A") == pytest.approx(84 * 250) and done.of("contract", "generator B") == pytest.approx(33.6 * 250)
    assert done.of("contract", "user mill") == pytest.approx(-0.6 * 29400) and done.of("contract", "load b") == pytest.approx(-0.4 * 29400)
    assert done.balance["account contracts"] == pytest.approx(0, abs=1e-9) and done.residual("basis") == 0


def test_K1_contract_outside_its_dates_is_not_settled():
    row = CONTRACT | {"energy_mwh": 960, "start_date": "2025-04-01", "end_date": "2025-04-30"}
    assert set(settle_run(DAY, contract=[row]).books.tables["ledger"]["code"]) == {"energy_da"}


# ---------------------------------------------------------------------------------------------------------- mechanism
def test_D2_mean_by_technology_and_month():
    """31 January at 100 with 10 MWh, 1 February at 200 with 30 MWh, then 400 with 10: January 100, February (6000 + 4000) / 40 = 250.
    Another technology does not count. Half of the output at 300: 5 x 200 + 15 x 50 + 5 x 50 = 2000."""
    run = one_bus(
        {"generator A": [10.0, 30.0, 10.0], "generator B": [90.0, 0.0, 0.0]}, [100.0, 30.0, 10.0], [100.0, 200.0, 400.0],
        start="2025-01-31T23:00", technology=np.array(["wind", "coal"], dtype=object),
    )  # fmt: skip
    volume = {"mechanism": "m", "kind": "generator", "element": "A", "output_share": 0.5, "price_cny_per_mwh": 300}
    assert settle_run(run, mechanism=[volume]).of("mechanism", "generator A") == pytest.approx(2000)


@pytest.mark.parametrize(("energy", "contract", "volume"), [(100, 0, 100), (250, 0, 200), (100, 40, 100), (200, 40, 180)])
def test_D3_an_energy_settles_by_output(energy, contract, volume):
    """The sun gives 100 MWh in the second and third of four hours, at a price of 200: of 100 MWh at 300 all settle, of 250 what there is. A
    contract of 10 MWh an hour leaves 180 MWh."""
    run = one_bus({"generator A": [0.0, 100.0, 100.0, 0.0]}, [100.0] * 4, [200.0] * 4)
    row = {"mechanism": "m", "kind": "generator", "element": "A", "energy_mwh": energy, "price_cny_per_mwh": 300}
    done = settle_run(run, mechanism=[row], contract=[CONTRACT | {"energy_mwh": contract}])
    assert done.of("mechanism", "generator A") == pytest.approx(volume * 100)


def test_D3_a_month_does_not_make_up_for_another():
    """200 MWh over the last two hours of January and the first two of February are 100 in each month: of these February gives 50."""
    run = one_bus({"generator A": [0.0, 100.0, 50.0, 0.0]}, [100.0] * 4, [200.0] * 4, start="2025-01-31T22:00")
    row = {"mechanism": "m", "kind": "generator", "element": "A", "energy_mwh": 200, "price_cny_per_mwh": 300}
    assert settle_run(run, mechanism=[row]).of("mechanism", "generator A") == pytest.approx(150 * 100)


def test_D1_energies_that_overlap_are_refused():
    """24 h of 100 MW are 2400 MWh: 1500 under contract and 1000 of the mechanism do not fit."""
    volume = {"mechanism": "m", "kind": "generator", "element": "A", "energy_mwh": 1000, "price_cny_per_mwh": 300}
    with pytest.raises(CaseError, match="1000 MWh in the studied period overlap the 1500 MWh under contract of 'generator A'"):
        settle_run(DAY, contract=[CONTRACT | {"energy_mwh": 1500}], mechanism=[volume])
    settle_run(DAY, contract=[CONTRACT | {"energy_mwh": 1400}], mechanism=[volume])


@pytest.mark.parametrize(("column", "paid"), [("built_before", {"generator A"}), ("built_from", {"generator B"})])
def test_D1_plants_by_the_day_they_were_built(column, paid):
    run = one_bus({"generator A": [50.0], "generator B": [50.0]}, [100.0], [200.0], start="2025-07-01T00:00")
    plants = [{"generator": g, "bus": "b", "power_max_mw": 100, "technology": "wind", "in_service": d}
              for g, d in (("A", "2024-01-01"), ("B", "2025-06-01"))]  # fmt: skip
    volume = {"mechanism": "m", "kind": "generator", "output_share": 0.5, "price_cny_per_mwh": 300, column: "2025-06-01"}
    table = settle_run(run, generator=plants, mechanism=[volume]).books.tables["ledger"]
    assert set(table[table["code"] == "mechanism"]["payee"]) == paid


# ---------------------------------------------------------------------------------------------------------- capacity
def test_C1_store_of_the_parameters_of_2026():
    """330 x 0.8953 x (1 - 0.0174) x 0.475 = 137.9 CNY/kW a year, credit 2.85 h / 6 h = 0.475; 100 MW for one day of 365, borne by load."""
    store = {"storage": "s", "bus": "b", "technology": "battery", "power_max_mw": 100, "energy_max_mwh": 285}
    run = replace(DAY, plant=np.array(["storage s"], dtype=object))
    row = {"capacity": "k", "kind": "storage", "price_cny_per_kw_year": 330, "supply_factor": 0.8953 * (1 - 0.0174)}
    done = settle_run(run, storage=[store], capacity=[row])
    assert done.of("capacity", "storage s") == pytest.approx(137.9 * 1000 * 100 / 365, rel=1e-4)
    assert done.of("allocation_capacity", "load b") == pytest.approx(-done.of("capacity", "storage s"))


def test_C1_leap_years_and_dates():
    """1000 CNY/kW a year on 100 MW: 2024 has 366 days; half of a day in force counts half."""
    run = one_bus({"generator A": [100.0] * 24}, [100.0] * 24, [300.0] * 24, start="2024-03-09T12:00")
    row = {"capacity": "k", "kind": "generator", "price_cny_per_kw_year": 1000, "start_date": "2024-03-10"}
    assert settle_run(run, capacity=[row]).of("capacity", "generator A") == pytest.approx(1000 * 1000 * 100 / 366 / 2)


def test_C3_what_is_not_there_is_not_paid():
    """80 MW declared at a factor of 0.5 are 40 MW; 20 MW are available: half is paid, and half of that was there when called."""
    row = {"capacity": "k", "kind": "generator", "price_cny_per_kw_year": 365, "declared_mw": 80, "supply_factor": 0.5, "delivered_share": 0.5}
    run = replace(DAY, available=np.full((1, 24), 20.0))
    full = settle_run(run, capacity=[row]).of("capacity", "generator A")
    assert full == pytest.approx(40 * 0.5 * 1000)
    part = settle_run(run, rules={"capacity": {"non_delivery": True}}, capacity=[row]).of("capacity", "generator A")
    assert part == pytest.approx(full / 2)


def test_C1_plants_of_a_link_are_left_out():
    row = {"capacity": "k", "kind": "generator", "price_cny_per_kw_year": 365, "dc_paired": "true"}
    assert settle_run(DAY, capacity=[row]).residual("capacity") == 0


def test_W1_peak_hours_bear_capacity():
    """100 MW at 365 CNY/kW a year cost 100000 a day. Two users of 500 MWh: b has all of it from 17 to 22, c none; by energy both pay the same,
    by peak b alone."""
    load = np.array([[0.0] * 17 + [100.0] * 5 + [0.0] * 2, [20.0] * 17 + [0.0] * 5 + [80.0] * 2])
    two = replace(
        DAY, bus=np.array(["b", "c"]), zone=np.array(["z", "z"]), load=load, output=load.sum(axis=0)[None, :],
        **{n: np.repeat(getattr(DAY, n), 2, axis=0) for n in ("lmp", "energy", "congestion", "loss", "load_price", "settled")},
    )  # fmt: skip
    row = {"capacity": "k", "kind": "generator", "price_cny_per_kw_year": 365}
    even = settle_run(two, capacity=[row])
    assert [even.of("allocation_capacity", f"load {b}") for b in "bc"] == pytest.approx([-50e3, -50e3])
    peak = settle_run(two, rules={"allocations": {"capacity": {"payers": "peak"}}}, capacity=[row])
    assert peak.of("allocation_capacity", "load b") == pytest.approx(-100e3) and peak.of("allocation_capacity", "load c") == 0
    none = settle_run(two, rules={"allocations": {"capacity": {"payers": "peak"}}, "peak_hours": [2]}, capacity=[row])
    assert none.of("allocation_capacity", "load c") == pytest.approx(-100e3)


# ---------------------------------------------------------------------------------------------------------- make-whole
def test_M1_load_pays_what_a_block_lacks():
    """A 250 MW at 250, B 100 MW at 300 and 9000 for being on: price 250, B lacks 14000; load pays 350 x 250 + 14000 = 101500."""
    outcome = priced(ONE_PERIOD, "ip")
    run = MarketRun.of(outcome.solved, outcome.priced.prices, "DA")
    done = Settled(settle_books(run, None, cleared(ONE_PERIOD).case, Settlement()))
    assert done.of("mwp_da", "generator B") == pytest.approx(14000) and done.residual("uplift") == pytest.approx(-14000)
    assert done.balance["load bus"] == pytest.approx(-101500)
    assert settle_none(run).balance["load bus"] == pytest.approx(-87500)
    table = done.books.tables["uplift"].set_index("unit")
    of_b = table.loc["generator B", ["revenue", "cost", "profit", "mwp", "paid"]].tolist()
    assert of_b == pytest.approx([25000, 39000, -14000, 14000, 14000])
    assert table["payer"].to_dict() == {"generator A": "", "generator B": "load"} and table.at["generator A", "mwp"] == 0


def settle_none(run: MarketRun) -> Settled:
    return Settled(settle_books(run, None, cleared(ONE_PERIOD).case, Settlement(make_whole={"enabled": False})))


def test_M1_real_time_after_day_ahead():
    """Day-ahead 10 MWh at 80, cost 1000: 200. Real time 12 MWh, 2 at 50, cost 1500: 1500 - 100 - 800 - 200 = 400. One stage: 600."""
    day = one_bus({"generator A": [10.0]}, [10.0], [80.0], cost=np.array([[1000.0]]))
    real = one_bus({"generator A": [12.0]}, [12.0], [50.0], "RT", cost=np.array([[1500.0]]))
    both = settle_run(day, real, {"make_whole": {}})
    assert both.of("mwp_da", "generator A") == pytest.approx(200) and both.of("mwp_rt", "generator A") == pytest.approx(400)
    once = settle_run(day, real, {"make_whole": {"two_stage": False}})
    assert once.of("mwp_da", "generator A") == 0 and once.of("mwp_rt", "generator A") == pytest.approx(600)
    table = both.books.tables["uplift"]
    assert table["run"].tolist() == ["DA", "RT"] and table["paid"].tolist() == pytest.approx([200, 400])
    assert table["revenue"].tolist() == pytest.approx([800, 900]) and table["mwp"].tolist() == pytest.approx([200, 400])
    unpaid = settle_run(day, real).books.tables["uplift"]
    assert unpaid["mwp"].tolist() == pytest.approx([200, 400]) and unpaid["paid"].tolist() == [0, 0]


def test_M1_self_owned_units_are_left_out():
    kind = {"unit_type": "t", "min_load_fraction": 0.3, "fuel_rate_full_tce_per_mwh": 0.3}
    unit = {"bus": "b", "unit_type": "t", "fuel": "coal", "power_max_mw": 100}
    made = {"unit": [unit | {"unit": "u"}, unit | {"unit": "own", "self_owned": "true"}], "unit_type": [kind],
            "fuel": [{"fuel": "coal", "price_cny_per_tce": 800, "co2_t_per_tce": 2.7}]}  # fmt: skip
    run = one_bus({"unit u": [10.0], "unit own": [10.0]}, [20.0], [100.0], cost=np.array([[1500.0], [1500.0]]))
    done = settle_run(run, rules={"make_whole": {}}, **made)
    assert done.of("mwp_da", "unit u") == pytest.approx(500) and done.of("mwp_da", "unit own") == 0


def test_M1_a_day_makes_up_for_its_hours():
    """Loses 100 in the first hour, earns 300 in the second; the day after loses 50."""
    run = one_bus({"generator A": [1.0] * 3}, [1.0] * 3, [0.0, 400.0, 50.0], start="2025-03-10T22:00", cost=np.array([[100.0, 100.0, 100.0]]))
    table = settle_run(run, rules={"make_whole": {}}).books.tables["ledger"]
    paid = table[table["code"] == "mwp_da"]
    assert paid["amount"].tolist() == [50.0] and str(paid["period"].iloc[0]) == "2025-03-11 00:00:00"
    whole = settle_run(run, rules={"make_whole": {"horizon": "whole"}})
    assert whole.of("mwp_da", "generator A") == 0


@pytest.mark.parametrize(("payers", "raised", "of_b"), [("account", 10.0, -30.0), ("zone", 10.0, -90.0), ("cause", 10.0, -90.0),
                                                        ("cause", -10.0, -30.0)])  # fmt: skip
def test_M1_who_bears_it(payers, raised, of_b):
    """A plant in zone y lacks 90. Load 1 MWh in y, 2 in z: by load a third, by zone all of it from y; by cause where congestion raises its
    price."""
    run = MarketRun(
        "DA", DAY.start[:1], np.ones(1), np.array(["b", "c"]), np.array(["y", "z"]), np.array(["generator A"], dtype=object), np.zeros(1, int),
        np.array(["coal"], dtype=object), np.array([[3.0]]), np.array([[3.0]]), np.array([[390.0]]), np.array([[1.0], [2.0]]),
        *(np.full((2, 1), v) for v in (0.0, 100.0, 100.0)), np.array([[raised], [0.0]]), *(np.full((2, 1), v) for v in (0.0, 100.0, 100.0)),
        np.array([], dtype=object), *(np.zeros((0, 1)),) * 3,
    )  # fmt: skip
    done = settle_run(run, rules={"make_whole": {"payers": payers}})
    assert done.of("allocation_uplift", "load b") + done.of("uplift_zone", "load b") == pytest.approx(of_b)
    assert done.residual("uplift") == pytest.approx(-90) and done.balance["account uplift"] == pytest.approx(0, abs=1e-9)


# ---------------------------------------------------------------------------------------------------------- others
def test_A1_A2_mileage_and_opportunity():
    """100 MW of mileage at 10, performance 0.9: 900. Withheld 50 MWh, price 400, offer 300: 50 x 100 x 0.9 - 900 = 3600; 5 MWh: 450, none.
    Generators bear it by energy, A 60 and B 40 of 100."""
    run = one_bus({"generator A": [60.0], "generator B": [40.0]}, [100.0], [400.0])

    def service(withheld: float) -> Service:
        one = np.ones((1, 1))
        return Service(np.array(["generator A"], dtype=object), 100 * one, np.array([10.0]), np.array([0.9]), withheld * one, 300 * one)

    done = settle_run(run, service=service(50.0))
    assert done.of("agc", "generator A") == pytest.approx(900) and done.of("agc_opportunity", "generator A") == pytest.approx(3600)
    assert done.of("allocation_agc", "generator B") == pytest.approx(-360)
    users = settle_run(run, rules={"allocations": {"agc_opportunity": {"payers": "load"}}}, service=service(50.0))
    assert users.of("allocation_agc_opportunity", "load b") == pytest.approx(-3600)
    assert settle_run(run, service=service(5.0)).of("agc_opportunity", "generator A") == 0
    with pytest.raises(ValueError, match="plants generator A regulate but are not in the run"):
        settle_run(one_bus({"generator B": [100.0]}, [100.0], [400.0]), service=service(5.0))


def test_Y1_tiers_below_half_of_the_power():
    """100 MW: at 30 MW 10 MWh are missing below 50 % and 10 below 40 %: 10 x 400 + 10 x 800 = 12000 an hour; at 45 MW 5 x 400; off: none.
    Generators bear it by output, 75 MWh of A and 25 of B: B 3500 of 14000. Quarter hours make no difference."""
    rules = {"deep_peak": {"enabled": True}}
    for parts in (1, 4):
        run = one_bus({"generator A": np.repeat([30.0, 45.0, 0.0], parts), "generator B": np.repeat([0.0, 0.0, 25.0], parts)},
                      np.repeat([30.0, 45.0, 25.0], parts), [300.0] * 3 * parts, hours=1 / parts,
                      technology=np.array(["coal", "wind"], dtype=object))  # fmt: skip
        done = settle_run(run, rules=rules)
        assert done.of("deep_peak", "generator A") == pytest.approx(14000) and done.of("deep_peak", "generator B") == 0
        assert done.of("allocation_deep_peak", "generator B") == pytest.approx(-3500)
    assert settle_run(run).of("deep_peak", "generator A") == 0
    with pytest.raises(ValueError, match="do not fall"):
        Settlement(deep_peak={"tiers": [{"below_share": 0.4, "price_cny_per_mwh": 1}, {"below_share": 0.5, "price_cny_per_mwh": 2}]})


@pytest.mark.parametrize(("of", "plants", "users"), [("all", -100.0, -100.0), ("plants", -100.0, 0.0), ("users", 0.0, -100.0)])
def test_N1_beyond_the_dead_band(of, plants, users):
    """100 MWh planned, 110 in real time at 200: 10 less 5 % of 100 is 5; 5 x 0.1 x 200 = 100 on each side, back to the load."""
    day, real = one_bus({"generator A": [100.0]}, [100.0], [300.0]), one_bus({"generator A": [110.0]}, [110.0], [200.0], "RT")
    done = settle_run(day, real, {"deviation": {"enabled": True, "of": of}})
    assert done.of("deviation", "generator A") == pytest.approx(plants) and done.of("deviation", "load b") == pytest.approx(users)
    assert done.of("allocation_deviation", "load b") == pytest.approx(-plants - users)


def test_U1_what_the_two_sides_do_not_match():
    """Spot 400, regulated 300: 100 MWh guaranteed generation, users with 60: (100 - 60)(400 - 300) = 4000 to those in the market."""
    home = {"user": "home", "bus": "b", "share": 0.5, "use": "guaranteed", "price_cny_per_mwh": 300}
    sold = {"guaranteed": "g", "kind": "generator", "price_cny_per_mwh": 300}
    run = one_bus({"generator A": [100.0], "exchange X": [20.0]}, [120.0], [400.0])
    done = settle_run(run, user=[home], guaranteed=[sold])
    assert done.balance["generator A"] == pytest.approx(30000) and done.balance["user home"] == pytest.approx(-18000)
    assert done.residual("dual_track") == pytest.approx(4000) and done.of("allocation_dual_track", "load b") == pytest.approx(4000)


def test_U1_generation_from_other_provinces_has_its_own_code():
    tie = {"exchange": "X", "bus": "b", "schedule": ""}
    run = one_bus({"generator A": [100.0], "exchange X": [20.0]}, [120.0], [400.0])
    done = settle_run(run, exchange=[tie], guaranteed=[{"guaranteed": "g", "kind": "exchange", "price_cny_per_mwh": 350}])
    assert done.of("dual_track_inter", "exchange X") == pytest.approx(-20 * 50) and done.of("dual_track_intra", "exchange X") == 0


def test_U1_regulated_prices_hold_in_real_time_too():
    """100 planned at 400, 110 real at 200: 30000 and 3000 whatever the prices."""
    day, real = one_bus({"generator A": [100.0]}, [100.0], [400.0]), one_bus({"generator A": [110.0]}, [110.0], [200.0], "RT")
    done = settle_run(day, real, guaranteed=[{"guaranteed": "g", "kind": "generator", "price_cny_per_mwh": 300}])
    assert done.balance["generator A"] == pytest.approx(33000)


def test_Z1_allowances():
    """100 MWh at 100 CNY/t. A unit of 0.8 t/MWh with 0.79 free: 100 (0.01) 100 = 100; with 0.82 free it sells 200. A generator of 0.5 sells
    2900 and 3200; one that emits nothing has none to sell."""
    kind = {"unit_type": "t", "min_load_fraction": 0.3, "fuel_rate_full_tce_per_mwh": 0.3, "co2_t_per_mwh": 0.8}
    unit = {"unit": "u", "bus": "b", "unit_type": "t", "fuel": "coal", "power_max_mw": 100}
    clean = {"generator": "N", "bus": "b", "power_max_mw": 100}
    made = {"generator": [clean | {"generator": "A", "co2_t_per_mwh": 0.5}, clean], "unit": [unit], "unit_type": [kind],
            "fuel": [{"fuel": "coal", "price_cny_per_tce": 800, "co2_t_per_tce": 2.7}]}  # fmt: skip
    run = one_bus({"generator A": [100.0], "generator N": [100.0], "unit u": [100.0]}, [300.0], [300.0])
    for free, sold, expected in ((0.79, 2900.0, -100.0), (0.82, 3200.0, 200.0)):
        year = [{"year": 2025, "carbon_price_cny_per_t": 100, "carbon_benchmark_t_per_mwh": free}]
        done = settle_run(run, year=year, **made)
        assert done.of("carbon", "generator A") == pytest.approx(sold) and done.of("carbon", "unit u") == pytest.approx(expected)
        assert done.of("carbon", "generator N") == 0
        assert done.residual("carbon") == pytest.approx(-sold - expected) and total(done.balance) == pytest.approx(0, abs=1e-6)
    assert settle_run(run, rules={"carbon": False}, year=year, **made).of("carbon", "unit u") == 0


def two_buses(price: list[float], energy: float, output: float, **other) -> MarketRun:
    """A plant at bus b, 400 MW of load at bus c."""
    lmp = np.array(price)[:, None]
    base = one_bus({"generator A": [output]}, [0.0], [price[0]])
    parts = {"lmp": lmp, "energy": np.full((2, 1), energy), "congestion": np.zeros((2, 1)), "loss": lmp - energy}
    parts |= {"load_price": lmp, "settled": lmp}
    return replace(base, **(parts | {"bus": np.array(["b", "c"]), "zone": np.array(["y", "z"]), "load": np.array([[0.0], [400.0]])} | other))


def test_L1_the_grid_company_buys_losses():
    """Loss 1e-4 g², offer 300, load 400: g 417.4243, receiving price 327.3268, surplus 5703.44. Reference at the load: the lost 17.4243 MWh
    at 327.3268 cost 5703.44, loss prices bring twice that, and the rest goes to the tariff."""
    sent = (1 - np.sqrt(1 - 4e-4 * 400)) / 2e-4
    far = 300 / (1 - 2e-4 * sent)
    done = settle_run(two_buses([300.0, far], far, sent))
    lost = (sent - 400) * far
    assert sent == pytest.approx(417.4243, abs=1e-4) and far == pytest.approx(327.3268, abs=1e-4)
    assert done.residual("loss") == pytest.approx(5703.44, abs=0.01) and done.residual("congestion") == 0
    assert done.of("loss_energy", GRID) == pytest.approx(-lost) and done.of("loss_surplus", GRID) == pytest.approx(5703.44 + lost, abs=0.01)
    assert done.balance["tariff"] == pytest.approx(5703.44, abs=0.01) and done.balance[GRID] == pytest.approx(0, abs=1e-6)


def test_E2_E3_a_full_line_that_loses_energy_brings_its_rent_to_the_account_of_congestion():
    """101 MW at b, of which 1 MW is lost there, 100 MW fill the line, 1 MW is lost at c and 99 MW are served; prices 200 and 250.

    The limit is worth 50 and 100 MW flow: 5000, not 50 x 101. Users pay 24750, the plant gets 20200; what is left, -450, is energy that is
    lost: 250 x 2 at the mean price by load, less the 50 by which the half lost at b is cheaper.
    """
    run = two_buses([200.0, 250.0], 250.0, 101.0, congestion=np.array([[-50.0], [0.0]]), loss=np.zeros((2, 1)), lost=np.ones((2, 1)))
    done = settle_run(replace(run, load=np.array([[0.0], [99.0]])))
    assert done.residual("congestion") == pytest.approx(5000) and done.residual("loss") == pytest.approx(-450)


def test_E4_what_a_cap_cuts_off():
    """Plant at 700 cut to 650, users at 500: rent (500 - 700) 400 = -80000, of which the cap gives back 50 x 400; users pay 200000,
    the plant gets 260000."""
    run = two_buses([700.0, 500.0], 500.0, 400.0)
    run = replace(run, congestion=run.loss, loss=0 * run.loss, settled=np.array([[650.0], [500.0]]))
    done = settle_run(run)
    assert done.of("energy_da", "generator A") == pytest.approx(260000)
    assert done.residual("congestion") == pytest.approx(-80000) and done.residual("cap_adjust") == pytest.approx(20000)
    assert done.residual() == pytest.approx(-60000)


def test_V1_shares_of_a_load():
    """A quarter of 100 MWh at 300 is the mill's; what is left bears the name of the bus."""
    done = settle_run(one_bus({"generator A": [100.0]}, [100.0], [300.0]), user=[{"user": "mill", "bus": "b", "share": 0.25}])
    assert done.balance["user mill"] == pytest.approx(-7500) and done.balance["load b"] == pytest.approx(-22500)


def test_V1_a_plant_of_one_run_alone():
    """B is only there in real time: 10 MWh at 200; A falls by 10."""
    day = one_bus({"generator A": [100.0]}, [100.0], [300.0])
    real = one_bus({"generator B": [10.0], "generator A": [90.0]}, [100.0], [200.0], "RT")
    done = Settled(settle_books(day, real, case_of(real), Settlement()))
    assert done.balance["generator B"] == pytest.approx(2000) and done.balance["generator A"] == pytest.approx(30000 - 2000)


def test_runs_that_do_not_belong_together_are_refused():
    other = one_bus({"generator A": [100.0]}, [100.0], [300.0], "RT", start="2025-03-11T00:00")
    with pytest.raises(ValueError, match="different periods"):
        settle_run(one_bus({"generator A": [100.0]}, [100.0], [300.0]), other)
    with pytest.raises(ValueError, match="different buses"):
        settle_run(one_bus({"generator A": [100.0]}, [100.0], [300.0]), two_buses([300.0, 300.0], 300.0, 400.0))


def test_pay_as_bid_pays_starts_of_idle_hours():
    """100 MWh for 20000, and 500 for a start without output: users pay 300 each MWh, the account of the spread keeps the rest."""
    run = one_bus({"generator A": [100.0], "generator B": [0.0]}, [100.0], [300.0], cost=np.array([[20000.0], [500.0]]))
    done = settle_run(run, rules={"plants": "offer"})
    assert done.balance["generator A"] == pytest.approx(20000) and done.balance["generator B"] == pytest.approx(500)
    assert done.residual("zone_spread") == pytest.approx(30000 - 20500)


def test_no_periods_and_no_plants():
    nothing = one_bus({}, np.zeros((1, 0)), np.zeros((1, 0)))
    assert settle_run(nothing).books.tables["ledger"].empty
    unserved = one_bus({}, [0.0], [300.0])
    assert settle_run(unserved, rules={"make_whole": {}}).books.tables["ledger"].empty
