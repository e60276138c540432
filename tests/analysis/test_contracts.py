"""DC contracts and totals of DC links."""

import dataclasses

import numpy as np
import pytest

from gridopt.analysis.contracts import CONTRACT_COLUMNS, dc_contracts, dc_links
from gridopt.dispatch.single import dispatch
from tests.support.block_cases import BLOCK_CASES, buses, load, power_case, unit
from tests.support.optimum import solve


def wind(power: float, name: str, **kw) -> dict:
    return dict(renewable=name, bus="A", technology="wind", power_max_mw=power, **kw)


def sending(contract: dict | None = None, **rows):
    """Wind of 100 MW and 10 MW of the bundle (used first) at A, a link of 50 MW to a market that pays 100; one hour."""
    base = dict(
        bus=[*buses("A"), *buses("S", role="sink")],
        renewable=[wind(100, "w"), wind(10, "green", curtailment_cost_cny_per_mwh=1.0)],
        dc_link=[dict(dc_link="L", from_bus="A", to_bus="S", power_max_mw=50.0, loss_linear_fraction=0.1)],
        dc_bundle=[dict(plant="green", dc_link="L")], series={"p": [100.0]},
        exchange=[dict(exchange="M", bus="S", export_flexible_mw=100.0, price_profile="p")],
    )  # fmt: skip
    day = dict(contract="c", dc_link="L", start_date="2025-01-01", end_date="2025-01-01")
    return power_case(**base | dict(dc_contract=[day | contract] if contract else []) | rows)


def test_F1_upper_end_of_a_contract():
    """24 x 30 MWh in a day, one hour studied: 30 MWh; one more would earn 90 (10 % are lost). 10 of 30 MWh are bundled."""
    found = dc_contracts(solve(sending(dict(energy_max_mwh=720.0))))
    assert list(found.columns) == CONTRACT_COLUMNS
    row = found.iloc[0]
    assert row[["contract", "dc_link"]].tolist() == ["c", "L"]
    assert row["start_date"] == row["end_date"] == np.datetime64("2025-01-01")
    assert row["sent_mwh"] == pytest.approx(30) and row["energy_max_mwh"] == pytest.approx(30) and np.isnan(row["energy_min_mwh"])
    assert row["renewable_share"] == pytest.approx(1 / 3) and row["renewable_share_min"] == 0
    assert row["value_of_energy_cny_per_mwh"] == pytest.approx(-90) and row["value_of_share_cny_per_mwh"] == 0


def test_F1_lower_end_of_a_contract():
    """20 MWh at least, made from coal for 150 and sold for 100 less 10 %: one more costs 150 - 90 = 60."""
    coal = dict(fuel=[dict(fuel="f", price_cny_per_tce=150.0, co2_t_per_tce=0.0)],
                unit=[dict(unit="k", bus="A", unit_type="u", fuel="f", power_max_mw=100.0)])  # fmt: skip
    case = sending(dict(energy_min_mwh=480.0), renewable=[], dc_bundle=[], **coal)
    row = dc_contracts(solve(case)).iloc[0]
    assert row["sent_mwh"] == pytest.approx(20) == row["energy_min_mwh"]
    assert row["value_of_energy_cny_per_mwh"] == pytest.approx(60)


def test_F2_share():
    """10 MW bundled at a share of one half: 20 MW. One more unbundled MWh lets two more be sent: 2 x 90 = 180."""
    row = dc_contracts(solve(sending(dict(renewable_share_min=0.5)))).iloc[0]
    assert row["sent_mwh"] == pytest.approx(20) and row["renewable_share"] == pytest.approx(0.5)
    assert row["value_of_share_cny_per_mwh"] == pytest.approx(180) and row["value_of_energy_cny_per_mwh"] == pytest.approx(0)


@pytest.mark.parametrize("minutes", [60, 15])
def test_F1_is_what_a_little_more_energy_costs(minutes):
    """Two contracts of which two hours are studied: 1.2 MWh a day more at the upper end of the second are 0.1 in the study."""
    case = BLOCK_CASES["dc_link"].build(minutes)
    d = dispatch(case)
    found = dc_contracts(d)
    assert found["energy_min_mwh"].tolist() == pytest.approx([192 / 12, 228 / 12])
    assert found["energy_max_mwh"].tolist() == pytest.approx([np.nan, 240 / 12], nan_ok=True)
    more = case.table("dc_contract").copy()
    more.loc["c2", "energy_max_mwh"] += 1.2
    other = dispatch(dataclasses.replace(case, tables=dict(case.tables) | {"dc_contract": more}))
    rise = other.solution.objective - d.solution.objective
    assert rise == pytest.approx(0.1 * found["value_of_energy_cny_per_mwh"].iloc[1]) and rise < -1
    assert found["sent_mwh"].sum() == pytest.approx(dc_links(d)["sent_mwh"].iloc[0])


def test_totals_of_links():
    """50 MWh sent, 45 received, 10 bundled; full load for one hour."""
    found = dc_links(solve(sending()))
    assert list(found.columns) == ["dc_link", "sent_mwh", "received_mwh", "renewable_share", "hours"]
    assert found.iloc[0].tolist() == ["L", *(pytest.approx(v) for v in (50, 45, 0.2, 1))]


def test_without_contracts_or_links():
    d = solve(sending())
    assert list(dc_contracts(d).columns) == CONTRACT_COLUMNS and len(dc_contracts(d)) == 0
    d = solve(power_case(bus=buses("A"), unit=[unit("A", 10, 100)], load=[load("A", mean=5.0)]))
    assert dc_contracts(d).shape == (0, len(CONTRACT_COLUMNS)) and dc_links(d).shape == (0, 5)
