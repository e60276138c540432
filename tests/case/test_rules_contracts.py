"""Contracts and other things that are settled: parties, volumes, curves, dates."""

import pytest

from tests.case.test_rules import KIND, UNIT, faults, one

BUSES = [dict(bus="A", voltage_kv=330, zone="west"), dict(bus="B", voltage_kv=330, zone="east")]
WIND = dict(renewable="w", bus="A", technology="wind", power_max_mw=50)
BASE = dict(bus=BUSES, unit_type=[KIND], unit=[UNIT], renewable=[WIND])
CONTRACT = dict(contract="c", kind="unit", element="u", buyer="B", energy_mwh=100, price_cny_per_mwh=250)
MECHANISM = dict(mechanism="m", kind="renewable", technology="wind", output_share=0.5, price_cny_per_mwh=307.8)
USER = dict(user="mill", bus="A", share=0.5)
DAY = dict(start_date="2025-03-10", end_date="2025-03-10")


def rows(**kw):
    return BASE | kw


def test_sound_tables():
    curve = [dict(curve="evening", hour=18, share=0.25), dict(curve="evening", hour=19, share=0.75)]
    contracts = [
        CONTRACT, CONTRACT | dict(contract="d", buyer="mill", curve="evening", settlement="cfd", reference="zone", reference_at="east"),
        dict(contract="e", kind="renewable", technology="wind", day_ahead_share=0.5, price_cny_per_mwh=200),
    ]  # fmt: skip
    home = dict(user="home", bus="A", share=0.5, use="guaranteed", price_cny_per_mwh=300)
    owner = dict(kind="unit", element="u", owner="X")
    assert not faults(**rows(
        user=[USER, home], contract=contracts, contract_curve=curve, mechanism=[MECHANISM], ownership=[owner],
        ftr=[dict(ftr="f", holder="unit u", source_bus="A", sink_bus="B", power_mw=10)],
        capacity=[dict(capacity="k", kind="unit", price_cny_per_kw_year=330)],
        guaranteed=[dict(guaranteed="g", kind="unit", output_share=0.1, price_cny_per_mwh=300)],
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(element="v"), ["column element: 'v'", "is not in table unit"]),
        (dict(technology="coal"), ["column technology: 'coal'", "beside element 'u'"]),
        (dict(buyer="C"), ["column buyer: 'C'", "neither a user nor a bus"]),
        (dict(curve="flt"), ["column curve: 'flt'", "did you mean 'flat'", "Known curves: flat, peak, pv, valley"]),
        (dict(day_ahead_share=0.5), ["column energy_mwh", "beside day_ahead_share"]),
        (dict(energy_mwh=""), ["column energy_mwh", "day_ahead_share and profile are empty"]),
        (dict(element=""), ["column element", "is empty beside energy_mwh, which is of one plant"]),
        (dict(reference="bus", reference_at="X", settlement="cfd"), ["column reference_at: 'X'", "is not a bus"]),
        (dict(reference="zone", reference_at="wst", settlement="cfd"), ["is not a zone; did you mean 'west'"]),
        (dict(reference="buyer", reference_at="A", settlement="cfd"), ["column reference_at: 'A'", "has no use"]),
        (dict(reference="buyer", settlement="qd"), ["column reference: 'buyer'", "qd", "write cfd"]),
        (dict(reference_run="RT", settlement="qd"), ["column reference_run: 'RT'"]),
        (dict(start_date="2025-02-01", end_date="2025-01-01"), ["column start_date", "is larger than end_date"]),
    ],
)
def test_contract_that_cannot_be_settled(change, words):
    one(["contract.csv, row 2 (contract 'c')", *words], **rows(contract=[CONTRACT | change]))


def test_all_faults_of_a_contract_come_at_once():
    found = faults(**rows(contract=[CONTRACT | dict(element="v", buyer="C", curve="x", energy_mwh="")]))
    assert len(found) == 4


def test_bus_whose_load_belongs_to_users_buys_nothing():
    one(["column buyer: 'A'", "whole load belongs to users"], **rows(user=[USER | dict(share=1)], contract=[CONTRACT | dict(buyer="A")]))


def test_shares_of_a_bus():
    one(["user.csv, row 3 (user 'home')", "to 1.2 of its load"], **rows(user=[USER, dict(user="home", bus="A", share=0.7)]))


def test_regulated_price_goes_with_guaranteed_users():
    one(["column price_cny_per_mwh: ''", "regulated price"], **rows(user=[USER | dict(use="guaranteed")]))
    one(["column price_cny_per_mwh: '300'", "has no use"], **rows(user=[USER | dict(price_cny_per_mwh=300)]))


def test_hours_of_a_curve_add_up_to_one():
    one(["contract_curve.csv, row 3", "hours add up to 0.9"],
        **rows(contract_curve=[dict(curve="x", hour=1, share=0.5), dict(curve="x", hour=2, share=0.4)]))  # fmt: skip


def test_shares_of_contract_and_mechanism_overlap():
    """0.6 of what wind sells day-ahead and 0.5 of its output."""
    contract = dict(contract="c", kind="renewable", technology="wind", day_ahead_share=0.6, price_cny_per_mwh=200)
    found = faults(**rows(contract=[contract], mechanism=[MECHANISM]))
    assert len(found) == 2 and all("'renewable w' to 1.1 of what it can produce" in f for f in found)
    assert not faults(**rows(contract=[contract | dict(day_ahead_share=0.5)], mechanism=[MECHANISM]))
    assert not faults(**rows(contract=[contract | dict(end_date="2024-12-31")], mechanism=[MECHANISM | dict(start_date="2025-01-01")]))
    assert faults(**rows(contract=[contract | dict(end_date="2025-01-01")], mechanism=[MECHANISM | dict(start_date="2025-01-01")]))


def test_energies_of_contract_and_mechanism_overlap():
    """One day of 50 MW is 1200 MWh: 800 and 500 do not fit, 700 and 500 do."""
    contract = CONTRACT | DAY | dict(kind="renewable", element="w", energy_mwh=800)
    volume = MECHANISM | DAY | dict(technology="", element="w", output_share="", energy_mwh=500)
    found = faults(**rows(contract=[contract], mechanism=[volume]))
    assert len(found) == 2 and all("to 1.083 of what it can produce" in f for f in found)
    assert not faults(**rows(contract=[contract | dict(energy_mwh=700)], mechanism=[volume]))


def test_plants_by_the_day_they_were_built_do_not_overlap():
    plants = [WIND | dict(in_service="2024-01-01"), WIND | dict(renewable="n", in_service="2025-07-01")]
    old, new = (MECHANISM | dict(output_share=0.8, **{c: "2025-06-01"}) for c in ("built_before", "built_from"))
    assert not faults(**rows(renewable=plants, mechanism=[old, new | dict(mechanism="n")]))
    assert faults(**rows(renewable=plants, mechanism=[old, new | dict(mechanism="n", built_from="2023-01-01")]))


def test_mechanism_has_one_volume():
    one(["column energy_mwh", "output_share are empty"], **rows(mechanism=[MECHANISM | dict(output_share="")]))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(sink_bus="A"), ["column sink_bus: 'A'", "worth nothing"]),
        (dict(holder="unit v"), ["column holder: 'unit v'", "names no unit"]),
        (dict(holder="load X"), ["column holder: 'load X'", "names no bus"]),
    ],
)
def test_rights(change, words):
    right = dict(ftr="f", holder="trader", source_bus="A", sink_bus="B", power_mw=10)
    assert not faults(**rows(ftr=[right]))
    one(["ftr.csv, row 2 (ftr 'f')", *words], **rows(ftr=[right | change]))


def test_capacity_is_paid_once():
    paid = [dict(capacity="k", kind="unit", price_cny_per_kw_year=330), dict(capacity="l", kind="unit", element="u", price_cny_per_kw_year=330)]
    found = faults(**rows(capacity=paid))
    assert len(found) == 2 and "pays 'unit u' while another row pays it" in found[0]
    later = paid[1] | dict(start_date="2026-01-01")
    assert not faults(**rows(capacity=[paid[0] | dict(end_date="2025-12-31"), later]))


def test_owner_of_a_plant_that_is_not_there():
    one(["ownership.csv", "column element: 'v'"], **rows(ownership=[dict(kind="unit", element="v", owner="X")]))
