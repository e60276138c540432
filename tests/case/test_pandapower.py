"""Tables to a pandapower net and back, and pandapower's own power flow on the net."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gridopt.case.check import CaseError
from gridopt.case.readers import pandapower as reader
from gridopt.case.readers.network_csv import read_network
from gridopt.case.tables import TABLES
from gridopt.case.topology import Topology, branches_of
from gridopt.case.writers.pandapower import in_service_at, write_net
from tests.support.small import tables

pp = pytest.importorskip("pandapower")
DATE = "2025-06-01"


@pytest.fixture
def small():
    """A in the west (slack), B 200 km east with demand, C the 330 kV side at B, S the far end of a DC link from B."""
    return tables(
        bus=[
            dict(bus="A", name="West", name_zh="西", voltage_kv=750, latitude_deg=40.1, longitude_deg=94.7, zone="w", region="r"),
            dict(bus="B", voltage_kv=750, latitude_deg=39.0, longitude_deg=97.0, zone="e"),
            dict(bus="C", voltage_kv=330),
            dict(bus="S", voltage_kv=500, role="sink"),
        ],
        line=[dict(line="A-B", from_bus="A", to_bus="B", circuits=2, length_km=200.0, resistance_ohm_per_km=0.012,
                   reactance_ohm_per_km=0.27, susceptance_us_per_km=4.2, rating_mw=2300.0, source="x;y"),
              dict(line="old", from_bus="A", to_bus="B", length_km=210.0, reactance_ohm_per_km=0.3, retirement="2024-01-01")],
        transformer=[dict(transformer="T", from_bus="C", to_bus="B", units=2, rated_mva=1500.0, reactance_fraction=0.15,
                          rating_mw=2100.0)],
        unit_type=[dict(unit_type="u600", min_load_fraction=0.4, fuel_rate_full_tce_per_mwh=0.31)],
        fuel=[dict(fuel="coal", price_cny_per_tce=800.0, co2_t_per_tce=2.77)],
        season=[dict(season="heat", start_day="11-01", end_day="03-31")],
        unit=[dict(unit="u1", bus="A", unit_type="u600", fuel="coal", power_max_mw=600.0, heating_season="heat", self_owned=True),
              dict(unit="u2", bus="C", unit_type="u600", fuel="coal", power_max_mw=350.0, in_service="2026-01-01")],
        renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=900.0, profile="wind.A", cost_cny_per_mwh=1.5)],
        csp=[dict(csp="c", bus="A", power_max_mw=100.0, efficiency=0.42, field_heat_max_mw=500.0, store_heat_max_mwh=2600.0)],
        reservoir=[dict(reservoir="h", bus="C", power_max_mw=300.0, power_mw_per_m3s=0.9, volume_max_hm3=50.0),
                   dict(reservoir="h2", bus="C", power_max_mw=10.0, power_mw_per_m3s=0.5, volume_max_hm3=5.0)],
        storage=[dict(storage="b", bus="A", power_max_mw=100.0, energy_max_mwh=200.0, charge_efficiency=0.93, charge_max_mw=80.0,
                      cyclic=True),
                 dict(storage="e", bus="A", power_max_mw=10.0, energy_max_mwh=20.0, energy_end_fraction=0.5, inflow_profile="in")],
        pumped=[dict(pumped="p", bus="C", units=4, power_max_mw=75.0, power_min_mw=30.0, pump_mw=80.0, pump_efficiency=0.87,
                     upper_max_mwh=1500.0, mode_change_h=0.5)],
        pump=[dict(pump="lift", bus="C", from_reservoir="h2", to_reservoir="h", power_max_mw=20.0, flow_m3s_per_mw=0.5)],
        outage=[dict(kind="line", element="A-B", start_time="2025-03-01 06:30", end_time="2025-03-04")],
        contingency=[dict(contingency="N1", kind="dc_link", element="D", share=0.5)],
        load=[dict(load="l", bus="B", mean_mw=700.0, profile="load.B")],
        exchange=[dict(exchange="x", bus="A", schedule="schedule.X", scale=0.4)],
        dc_link=[dict(dc_link="D", from_bus="B", to_bus="S", power_max_mw=800.0, loss_no_load_fraction=0.005,
                      loss_linear_fraction=0.01, loss_quadratic_fraction=0.03)],
        dc_contract=[dict(contract="k", dc_link="D", start_date="2025-01-01", end_date="2025-12-31", energy_min_mwh=1e6)],
        year=[dict(year=2025, load_scale=1.04)],
    )  # fmt: skip


POWER = {"unit": {"u1": 500.0}, "renewable": {"w": 600.0}, "reservoir": {"h": 200.0}, "storage": {"b": 50.0},
         "load": {"l": 650.0}, "exchange": {"x": -100.0}, "dc_link": {"D": 400.0}}  # fmt: skip


def assert_same(first, second):
    for name in TABLES:
        a, b = first[name], second[name]
        pd.testing.assert_frame_equal(a.sort_index(), b.sort_index(), check_dtype=False, check_index_type=False, rtol=1e-9)


def test_tables_come_back(small):
    assert_same(small, reader.read_network(write_net(small, DATE, POWER)))


def test_tables_come_back_through_a_file(small, tmp_path):
    pp.to_json(write_net(small, DATE, POWER), str(tmp_path / "net.json"))
    assert_same(small, reader.read_file(tmp_path / "net.json"))


def test_tables_that_pandapower_has_no_element_for_come_back(small):
    """Per-unit branches, cost curves: as a whole beside the net."""
    more = tables(
        bus=[dict(bus=b, voltage_kv=750) for b in "AB"],
        ac_branch=[dict(ac_branch="P", from_bus="A", to_bus="B", reactance_pu=0.02, shift_min_deg=-30.0, shift_max_deg=30.0,
                        rating_profile="hot"),
                   dict(ac_branch="Q", from_bus="A", to_bus="B", reactance_pu=0.1, tap_ratio=1.05, angle_max_deg=20.0)],
        generator=[dict(generator="g", bus="A", power_min_mw=-5.0, power_max_mw=5.0, ramp_fraction_per_min=0.1)],
        cost_point=[dict(generator="g", power_mw=x, cost_cny_per_h=y) for x, y in ((-5.0, -100.0), (5.0, 200.0))],
    )  # fmt: skip
    small |= {name: more[name] for name in ("ac_branch", "generator", "cost_point")}
    assert_same(small, reader.read_network(write_net(small, DATE, POWER)))


def test_what_pandapower_holds_is_in_its_units(small):
    """Rating 2300 MW at 750 kV: 2300 / (sqrt 3 * 750) = 1.770541 kA; 4.2 uS/km: 4.2e-6 / (2 pi 50) = 13.36902 nF/km;
    firm 2100 of 2 * 1500 MVA: 70 %; DC loss at 400 of 800 MW: 0.005*800 + (0.01 + 0.03*0.5)*400 = 4 + 10 = 14 MW."""
    net = write_net(small, DATE, POWER)
    line = net.line.set_index("name").loc["A-B"]
    assert (line.max_i_ka, line.c_nf_per_km) == pytest.approx((1.770541, 13.36902), rel=1e-6)
    assert net.trafo.max_loading_percent[0] == pytest.approx(70.0)
    assert (net.trafo.hv_bus[0], net.trafo.lv_bus[0]) == (1, 2)
    assert net.dcline.loss_mw[0] + net.dcline.loss_percent[0] / 100 * net.dcline.p_mw[0] == pytest.approx(14.0)
    assert net.bus.geo[0] == '{"coordinates": [94.7, 40.1], "type": "Point"}'
    assert list(net.line.in_service) == [True, False]
    assert list(net.gen.in_service) == [True, False, True, True]


def test_power_flow_balances(small):
    """Given 500 + 600 + 200 + 50 + 100 imported = 1450 MW, taken 650 + 400 = 1050: the slack at A absorbs 400 less the losses."""
    net = write_net(small, DATE, POWER, compensation=0.7)
    pp.runpp(net, numba=False)
    assert net.converged
    slack = net.res_ext_grid.p_mw[0]
    assert slack == pytest.approx(-400 + net.res_line.pl_mw.sum(), abs=1e-3)
    assert net.res_ext_grid.p_mw[1] == pytest.approx(-386.0, abs=1e-6)
    assert net.res_bus.vm_pu.between(0.95, 1.05).all()


def test_pumped_storage_and_pumps_take_their_power(small):
    """Four machines of 75 MW out and 80 MW in: -300 to 320 MW as a storage, 1500 MWh. Pumping 160 and lifting 15 MW at C: the slack gives
    175 MW more than without them; generating 75 MW instead, 60 MW less."""
    plain, taken, given = (
        write_net(small, DATE, POWER | {"pumped": {"p": p}, "pump": {"lift": lift}}) for p, lift in ((0.0, 0.0), (-160.0, 15.0), (75.0, 15.0))
    )
    store = taken.storage.set_index("name").loc["p"]
    assert (store.min_p_mw, store.max_p_mw, store.max_e_mwh, store.p_mw) == (-300.0, 320.0, 1500.0, 160.0)
    for net in (plain, taken, given):
        pp.rundcpp(net)
    slack = [net.res_ext_grid.p_mw[0] for net in (plain, taken, given)]
    assert np.diff(slack) == pytest.approx([175.0, -235.0])


def test_a_machine_changed_in_pandapower_comes_back(small):
    net = write_net(small, DATE, POWER)
    row = net.storage.index[net.storage.name == "p"][0]
    net.storage.loc[row, ["min_p_mw", "max_e_mwh"]] = [-400.0, 1600.0]
    again = reader.read_network(net)["pumped"].loc["p"]
    assert (again.power_max_mw, again.pump_mw, again.upper_max_mwh) == (100.0, 80.0, 1600.0)


def test_dc_power_flow_is_that_of_gridopt(small):
    """pandapower's linear power flow and gridopt's agree on every branch, unequal lines in parallel and a loop included."""
    line = small["line"].assign(retirement=pd.NaT)
    short = line.loc[["A-B"]].assign(to_bus="C", length_km=90.0).rename(index={"A-B": "A-C"})
    small["line"] = pd.concat([line, short]).astype(small["line"].dtypes)
    small["bus"].loc["C", "voltage_kv"] = 750.0
    net = write_net(small, DATE, POWER)
    pp.rundcpp(net)
    injection = np.array([500 + 600 + 50 + 100 + net.res_ext_grid.p_mw[0], -650 - 400, 200, 0])[:, None]
    branches = branches_of(small)
    flow = Topology(branches, 4, np.ones(len(branches.ids), bool)).flows(injection)[:, 0]
    # both ends of the transformer are at 750 kV here, so its from side C counts as the high side
    assert flow == pytest.approx([*net.res_line.p_from_mw, net.res_trafo.p_hv_mw[0]], abs=1e-6)
    assert abs(flow).min() > 10


def test_a_change_made_in_pandapower_comes_back(small):
    net = write_net(small, DATE, POWER)
    net.line.loc[0, "length_km"] = 123.0
    net.gen.loc[0, "bus"] = 1
    again = reader.read_network(net)
    assert again["line"].loc["A-B", "length_km"] == 123.0
    assert again["unit"].loc["u1", "bus"] == "B"


def test_elements_added_in_pandapower_are_read(small):
    """A load of 50 MW at scaling 0.5; 30 MWh behind 15 MW; a DC line with 1 MW and 2 % of loss of 100 MW; 50 km of line."""
    net = write_net(small, DATE, POWER)
    pp.create_load(net, 1, 50.0, name="new", scaling=0.5)
    pp.create_storage(net, 0, 0.0, 30.0, max_p_mw=15.0, name="s2")
    pp.create_dcline(net, 1, 3, 5.0, 2.0, 1.0, 1.0, 1.0, max_p_mw=100.0, name="D2")
    pp.create_line_from_parameters(net, 0, 1, 50.0, 0.01, 0.3, 10.0, 1.0, name="L2")
    again = reader.read_network(net)
    assert again["load"]["mean_mw"].to_dict() == {"l": 700.0, "new": 25.0}
    assert again["storage"].loc["s2", ["power_max_mw", "energy_max_mwh"]].tolist() == [15.0, 30.0]
    assert again["dc_link"].loc["D2", ["loss_no_load_fraction", "loss_linear_fraction"]].tolist() == [0.01, 0.02]
    assert again["line"].loc["L2", "length_km"] == 50.0 and set(again["pumped"].index) == {"p"}
    pp.create_gen(net, 0, 10.0, max_p_mw=20.0, name="g2")
    assert any("unit 'g2'" in f and "unit_type" in f for f in said(net))


def said(net):
    with pytest.raises(CaseError) as error:
        reader.read_network(net)
    return error.value.faults


def test_changes_that_cannot_come_back_are_told(small):
    """Demand written as 650 MW; each fault names its element."""

    def changed(change):
        net = write_net(small, DATE, POWER)
        change(net)
        return said(net)

    def put(element, row, column, value):
        def change(net):
            net[element].loc[row, column] = value

        return changed(change)

    demand = 1  # after the pump, before the exchange
    for found, words in (
        (put("line", 0, "in_service", False), "net.line 0, in_service: 'False' was changed"),
        (put("line", 1, "in_service", True), "net.line 1, in_service: 'True' was changed"),
        (put("load", demand, "p_mw", 7.0), f"net.load {demand}, p_mw: '7' differs from the 650 MW"),
        (put("load", demand, "scaling", 2.0), f"net.load {demand}, p_mw: '1300' differs from the 650 MW"),
        (put("load", demand, "gridopt_table", "lode"), f"net.load {demand}, gridopt_table: 'lode' is no table"),
        (changed(lambda net: pp.create_ext_grid(net, 1)), "net.ext_grid 2 at bus 'B': was added"),
        (changed(lambda net: pp.create_shunt(net, 1, 0.0, p_mw=3.0)), "net.shunt 4, p_mw: '3.0' is a demand"),
        (changed(lambda net: pp.create_poly_cost(net, 0, "gen", cp1_eur_per_mw=3.0)), "net.poly_cost: 1 costs"),
        (changed(lambda net: pp.create_pwl_cost(net, 0, "gen", [[0, 20, 1]])), "net.pwl_cost: 1 costs"),
    ):
        assert len(found) == 1 and found[0].startswith(words), found


def test_a_foreign_net_is_asked_for_what_it_lacks():
    """A net made in pandapower has no fuel and no unit type; its external grid has no counterpart."""
    net = pp.networks.case9()
    with pytest.raises(CaseError) as error:
        reader.read_network(net)
    assert any("net.ext_grid" in fault for fault in error.value.faults)
    assert any("net.gen" in fault and "unit_type" in fault for fault in error.value.faults)


@pytest.fixture(scope="module")
def gansu():
    return read_network(Path(__file__).parents[2] / "networks" / "gansu")


def gansu_hour(tables):
    """A mean hour of June 2025: mean demand, wind at 25 %, solar at 20 %, hydro at half, 7.5 GW sent by DC and 3.5 GW by the AC
    ties, imports from the north-west, and coal equally loaded for the rest and 2 % of losses."""
    alive = {name: tables[name][in_service_at(tables[name], DATE)] for name in ("unit", "reservoir", "renewable", "load")}
    share = {"wind": 0.25, "solar": 0.2, "hydro_ror": 0.5}
    power = {
        "renewable": (alive["renewable"]["power_max_mw"] * alive["renewable"]["technology"].map(share)).to_dict(),
        "reservoir": (alive["reservoir"]["power_max_mw"] * 0.5).to_dict(),
        "load": alive["load"]["mean_mw"].to_dict(),
        "dc_link": {"QISHAO": 4500.0, "LONGDONG": 3000.0},
        "exchange": {"X_HAMI": -600.0, "X_YANDUN": -600.0, "X_YUQIA": 300.0, "X_GUOLONG": 600.0, "X_GUANTING": 300.0,
                     "X_NXHH": 700.0, "X_LIUPAN": 400.0, "X_QIANXIAN": 1200.0, "X_BAOJI": 1200.0},
    }  # fmt: skip
    taken = sum(sum(power[name].values()) for name in ("load", "dc_link", "exchange"))
    given = sum(sum(power[name].values()) for name in ("renewable", "reservoir"))
    loading = 1.02 * (taken - given) / alive["unit"]["power_max_mw"].sum()
    return power | {"unit": (alive["unit"]["power_max_mw"] * loading).to_dict()}


def test_gansu_comes_back(gansu):
    assert_same(gansu, reader.read_network(write_net(gansu, DATE, gansu_hour(gansu))))


def test_power_flow_of_gansu(gansu):
    """pandapower's AC power flow converges, voltages stay in the band of 750 kV operation, losses are some per cent, and the
    external grid has little left to balance."""
    net = write_net(gansu, DATE, gansu_hour(gansu))
    pp.runpp(net, numba=False)
    in_band = net.res_bus.vm_pu[net.bus.in_service].between(0.95, 1.05)
    assert in_band.all(), net.bus.name[net.bus.in_service][~in_band].to_list()
    assert abs(net.res_ext_grid.p_mw[0]) < 500
    assert 0.002 < net.res_line.pl_mw.sum() / net.load.p_mw.sum() < 0.05
    assert net.dcline[net.dcline.in_service].p_mw.sum() == 7500


def test_gansu_holds_together_in_every_year(gansu):
    """Linear power flow of 2021 to 2028: every internal bus in service is supplied."""
    for year in (2021, 2024, 2025, 2028):
        net = write_net(gansu, f"{year}-12-31")
        pp.rundcpp(net)
        alone = net.bus.name[net.bus.in_service & net.res_bus.va_degree.isna()]
        assert not len(alone), (year, list(alone))
