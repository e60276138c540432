"""PyPSA networks: reference results of PyPSA itself, and small networks whose figures are worked out by hand."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gridopt.case.check import CaseError
from gridopt.case.pypsa_plants import technology
from gridopt.case.readers.pypsa import read
from tests.case.dispatch_lp import optimum

ROOT = Path(__file__).parents[3]
CASES = ROOT.parent / "shared" / "cases"
REFERENCE = ("market-1zone", "market-2zone", "market-1zone-4periods-storage", "ac-dc-meshed-fixed", "scigrid-de", "ramp-limits")


def folder(path, **files):
    """A network folder; `files`: name without .csv, with __ for -, and its text. One bus A, unless given."""
    files.setdefault("buses", "name\nA\n")
    for name, text in files.items():
        (path / f"{name.replace('__', '-')}.csv").write_text(text, encoding="utf-8")
    return path


@pytest.mark.skipif(not CASES.is_dir(), reason="the reference cases are not here")
@pytest.mark.parametrize("name", REFERENCE)
def test_reference_objective_and_prices(name):
    found = read(CASES / "pypsa" / name, "matpower-dc")
    cost, price = optimum(found)
    with open(CASES / "expected.csv", encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["case"] == f"pypsa_{name}" and r["problem"] == "multiperiod_dispatch"]
    assert {r["quantity"] for r in rows} == {"objective", "price"}
    for row in rows:
        value, rtol, atol = (float(row[c] or 0) for c in ("value", "rtol", "atol"))
        key = dict(part.split("=") for part in row["key"].split(";") if part)
        mine = cost if not key else price[found.tables["bus"].index.get_loc(key["bus"]), int(key["t"])]
        assert abs(mine - value) <= atol + rtol * abs(value), row


def test_Y1_lines_transformers_and_types(tmp_path):
    """Line on 200 kV: x = 8 ohm is 8/200^2 = 2e-4 on 1 MVA, 0.02 on 100 MVA. Type Al/St 240/40 2-bundle 220.0, 0.301 ohm/km, 100 km, two
    parallel: 15.05 ohm, 0.037625. In the DC network r = 4 ohm at 100 kV: 0.04. Transformer type 160 MVA 380/110 kV, vsc 12.2, vscr 0.25 %,
    tap position 2 at 1.5 %: x = sqrt(0.122^2 - 0.0025^2), tap 1.03, rating 160."""
    found = read(
        folder(
            tmp_path,
            buses="name,v_nom,carrier\nA,200,\nB,200,AC\nC,100,DC\nD,100,DC\nE,110,AC\n",
            lines="name,bus0,bus1,x,r,type,length,num_parallel,s_nom,s_max_pu\n"
            "1,A,B,8,1,,,,50,0.7\n2,A,B,,,Al/St 240/40 2-bundle 220.0,100,2,60,\n3,C,D,,4,,,,inf,\n",
            transformers="name,bus0,bus1,x,s_nom,tap_ratio,phase_shift,type,tap_position\n1,A,E,0.1,80,1.05,-3,,\n"
            "typed,B,E,,,,,160 MVA 380/110 kV,2\n",
        ),
        "matpower-dc",
    ).tables["ac_branch"]
    assert list(found.index) == ["1", "2", "3", "transformer 1", "typed"]
    wound = np.sqrt(0.122**2 - 0.0025**2)
    assert found["reactance_pu"].tolist() == pytest.approx([0.02, 0.037625, 0.04, 0.1, wound], rel=1e-12)
    assert found["base_mva"].tolist() == [100, 100, 100, 80, 160]
    assert found["tap_ratio"].tolist() == pytest.approx([1, 1, 1, 1.05, 1.03])
    assert found["shift_deg"].tolist() == [0, 0, 0, -3, 0]
    assert found["rating_mw"].tolist()[:2] == pytest.approx([35, 60])
    assert np.isnan(found["rating_mw"].iloc[2])
    assert found["rating_mw"].iloc[4] == 160


def test_Y2_copperplate_has_no_limits(tmp_path):
    lines = "name,bus0,bus1,x,s_nom,v_ang_max\n1,A,B,8,50,10\n"
    given = folder(tmp_path, buses="name\nA\nB\n", lines=lines)
    limited, free = (read(given, m).tables["ac_branch"].iloc[0] for m in ("matpower-dc", "copperplate"))
    assert limited[["rating_mw", "angle_min_deg", "angle_max_deg"]].tolist() == [50, -10, 10]
    assert free[["rating_mw", "angle_min_deg", "angle_max_deg"]].isna().all()


def test_a_bridge_needs_no_impedance(tmp_path):
    found = read(folder(tmp_path, buses="name\nA\nB\n", lines="name,bus0,bus1,s_nom\n1,A,B,50\n"), "matpower-dc")
    assert found.tables["ac_branch"]["reactance_pu"].tolist() == [1.0]
    assert any("impedance 0" in c for c in found.report.changes)


def test_Y4_a_link_both_ways_is_two(tmp_path):
    """p from -0.5 x 40 = -20 to 40 MW at 3 per MWh: forward 40 at 3, back 20 at -3."""
    text = "name,bus0,bus1,p_nom,p_min_pu,efficiency,marginal_cost\nL,A,B,40,-0.5,1,3\nM,A,B,10,0,0.9,0\n"
    found = read(folder(tmp_path, buses="name\nA\nB\n", links=text), "matpower-dc").tables["dc_link"]
    assert list(found.index) == ["L", "M", "L (reverse)"]
    assert found["from_bus"].tolist() == ["A", "A", "B"]
    assert found["power_max_mw"].tolist() == [40, 10, 20]
    assert found["cost_cny_per_mwh"].tolist() == [3, 0, -3]
    assert found["loss_linear_fraction"].tolist() == pytest.approx([0, 0.1, 0])


def test_Y5_signs_costs_and_emissions(tmp_path):
    """Sign 0.001 and p_nom 1e6 make 1000 MW; cost 2 per p is 2000 per MWh. Sign -1 turns [0, 30] into [-30, 0], cost -5 into 5.
    Emissions 0.2 t per MWh of gas at efficiency 0.5: 0.4 t per MWh."""
    text = "name,bus,carrier,p_nom,sign,marginal_cost,efficiency\nshed,A,,1e6,0.001,2,1\nuse,A,,30,-1,-5,1\ngas,A,gas,10,1,7,0.5\n"
    found = read(folder(tmp_path, generators=text, carriers="name,co2_emissions\ngas,0.2\n"), "matpower-dc").tables["generator"]
    assert found[["power_min_mw", "power_max_mw"]].to_numpy().tolist() == [[0, 1000], [-30, 0], [0, 10]]
    assert found["cost_cny_per_mwh"].tolist() == [2000, 5, 7]
    assert found["co2_t_per_mwh"].tolist() == [0, 0, 0.4]


def test_Y5_what_is_renewable(tmp_path):
    generators = "name,bus,carrier,p_nom,p_min_pu,marginal_cost\nw,A,Wind Onshore,10,,1\nv,A,onwind,10,0.1,1\ns,A,solar,10,,-1\nr,A,ror,5,,\n"
    series = "snapshot,w,v,s,r\n0,0.5,0.5,0.5,0.5\n1,0.2,0.2,0.2,0.5\n"
    found = read(folder(tmp_path, generators=generators, generators__p_max_pu=series, snapshots="snapshot\n0\n1\n"), "matpower-dc")
    assert found.tables["renewable"]["technology"].to_dict() == {"w": "wind"}  # v must run, s is paid to run, r never changes
    assert list(found.source.values) == ["generators-p_max_pu/w"]  # one of three equal ones
    assert found.tables["generator"].loc["r", "power_max_mw"] == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("carrier", "kind"),
    [("offwind-ac", "wind"), ("Wind Onshore", "wind"), ("Solar", "solar"), ("solar-hsat", "solar"), ("ror", "hydro_ror"),
     ("Run of River", "hydro_ror"), ("solar thermal", ""), ("error", ""), ("gas", "")],
)  # fmt: skip
def test_technology(carrier, kind):
    assert technology(carrier) == kind


def test_Y6_loads_that_feed_in(tmp_path):
    """L: 10 and 30 MW, mean 20. N: 5 and -10 MW of demand, so -5 and 10 MW of output. F: sign 1 feeds in 4 MW."""
    found = read(
        folder(tmp_path, snapshots="snapshot\n0\n1\n", loads="name,bus,p_set,sign\nL,A,0,-1\nN,A,0,-1\nF,A,4,1\n",
               loads__p_set="snapshot,L,N\n0,10,5\n1,30,-10\n"),
        "matpower-dc",
    )  # fmt: skip
    load, fixed, values = found.tables["load"], found.tables["generator"], found.source.values
    assert load["mean_mw"].tolist() == [20]
    assert (20 * values[load["profile"].iloc[0]]).tolist() == [10, 30]
    assert not load["sheddable"].any()
    assert not found.tables["bus"]["surplus_allowed"].any()
    for side, profile in (("power_min_mw", "min_profile"), ("power_max_mw", "profile")):
        assert (fixed.loc["N", side] * values[fixed.loc["N", profile]]).tolist() == [-5, 10]
        assert fixed.loc["F", side] == 4


def test_Y7_Y8_storage(tmp_path):
    """50 MW x 4 h = 200 MWh, 90 of them at first; the loss of 10 % counts in the first hour here, not in PyPSA: 90 / 0.9 = 100 MWh, half.
    A store of 30 MWh in steps of half an hour: 60 MW empty it."""
    units = (
        "name,bus,carrier,p_nom,max_hours,p_min_pu,state_of_charge_initial,standing_loss,cyclic_state_of_charge\n"
        "b,A,,50,4,-0.5,90,0.1,False\np,A,PHS,10,6,-1,5,0,True\n"
    )
    hourly = read(folder(tmp_path, storage_units=units), "matpower-dc").tables["storage"]
    assert hourly["energy_max_mwh"].tolist() == [200, 60]
    assert hourly["charge_max_mw"].tolist() == [25, 10]
    assert hourly["energy_start_fraction"].tolist() == pytest.approx([0.5, 0])
    assert hourly["energy_end_fraction"].tolist() == [0, 0]
    assert hourly["cyclic"].tolist() == [False, True]
    assert hourly["technology"].tolist() == ["battery", "pumped_hydro"]
    half = folder(tmp_path, stores="name,bus,e_nom\nb,A,30\n", snapshots="snapshot,objective,stores\n0,0.5,0.5\n")
    assert read(half, "matpower-dc").tables["storage"].loc["store b", "power_max_mw"] == 60


def test_ramps_count_per_snapshot(tmp_path):
    """0.1 of 200 MW from snapshot to snapshot of 2 h: 20 MW in 120 min; 0.2 down: 40 MW. A limit at or above the range is none. Where only
    the rise is limited, the whole range of 200 MW in 120 min may be lost."""
    text = "name,bus,p_nom,ramp_limit_up,ramp_limit_down\ng,A,200,0.1,0.2\nfree,A,200,1,1\nrise,A,200,0.1,\nfall,A,200,,0.2\n"
    given = folder(tmp_path, generators=text, snapshots="snapshot,objective\n0,2\n1,2\n")
    found = read(given, "matpower-dc").tables["generator"][["ramp_fraction_per_min", "ramp_down_fraction_per_min"]] * 120 * 200
    assert found.loc["g"].tolist() == pytest.approx([20, 40])
    assert found.loc["rise"].tolist() == pytest.approx([20, 200])
    assert found.loc["fall"].tolist() == pytest.approx([np.nan, 40], nan_ok=True)
    assert found.loc["free"].isna().all()


def test_series_of_storage(tmp_path):
    """10 MW x (0.5, 0.2) out: 5 MW times (1, 0.4); x (-0.4, -0.8) in: 8 MW times (0.5, 1). A store of 50 MWh that may hold 40, then 20, and
    must hold a tenth of 50: 40 MWh times (1, 0.5), at least 5 of 40."""
    given = folder(
        tmp_path, snapshots="snapshot\n0\n1\n", storage_units="name,bus,p_nom,max_hours\nb,A,10,2\n",
        storage_units__p_max_pu="s,b\n0,0.5\n1,0.2\n", storage_units__p_min_pu="s,b\n0,-0.4\n1,-0.8\n",
        stores="name,bus,e_nom,e_min_pu\ne,A,50,0.1\n", stores__e_max_pu="s,e\n0,0.8\n1,0.4\n",
    )  # fmt: skip
    found = read(given, "matpower-dc")
    table, values = found.tables["storage"], found.source.values
    assert table.loc["b", ["power_max_mw", "charge_max_mw", "energy_max_mwh"]].tolist() == [5, 8, 20]
    assert values[table.at["b", "discharge_profile"]].tolist() == [1, 0.4] and values[table.at["b", "charge_profile"]].tolist() == [0.5, 1]
    assert table.at["e", "energy_max_mwh"] == 40 and values[table.at["e", "energy_max_profile"]].tolist() == [1, 0.5]
    assert values[table.at["e", "energy_min_profile"]].tolist() == [0.125, 0.125] and table.at["b", "energy_min_profile"] == ""


def test_ramps_of_links_begin_from_p_init(tmp_path):
    """A ramp of 0.1 x 40 MW begins from 12 MW; without a ramp that can bind p_init says nothing."""
    text = "name,bus0,bus1,p_nom,p_init,ramp_limit_up,ramp_limit_down\nL,A,B,40,12,0.1,0.1\nM,A,B,40,12,,\n"
    found = read(folder(tmp_path, buses="name\nA\nB\n", links=text), "matpower-dc").tables["dc_link"]
    assert found["initial_mw"].tolist() == pytest.approx([12, np.nan], nan_ok=True)


def test_what_versions_of_pypsa_read_in_another_way_is_told(tmp_path):
    """down_time_before beside up_time_before 1, given or usual; up_time_before 0 of a ramp without commitment; storage beside commitment."""
    units = "name,bus,p_nom,committable,down_time_before,ramp_limit_up{}\nu,A,100,True,2,{}\nv,A,100,False,0,0.1{}\n"
    store = "name,bus,p_nom\ns,A,10\n"

    def said(number, head="", first="", second=""):
        (tmp_path / str(number)).mkdir()
        given = folder(tmp_path / str(number), generators=units.format(head, first, second), storage_units=store)
        return " ".join(read(given, "matpower-dc").report.changes)

    plain, off = said(1), said(2, ",up_time_before", ",0", ",0")
    assert "down_time_before, whose up_time_before (1 unless given) is not 0, taken as off before" in plain
    assert "older ones have them on before: 1." in plain
    assert "begin their ramp" not in plain and "not charge and discharge at once" in plain
    assert "down_time_before, whose" not in off and "begin their ramp at 0 MW: 1." in off


COMMITTED = """name,bus,p_nom,p_min_pu,committable,start_up_cost,shut_down_cost,stand_by_cost,min_up_time,min_down_time,up_time_before,\
down_time_before,ramp_limit_up,ramp_limit_start_up,p_init
on,A,200,0.4,True,5000,300,7,3,2,4,0,0.1,0.5,120
off,A,100,0,True,0,0,0,0,0,0,3,,,
usual,A,100,0.2,True,0,0,0,0,0,1,0,,,
long,A,100,0.2,True,0,0,0,0,0,0,0,,,
free,A,50,0,False,9,9,9,9,9,9,9,,,
"""


def test_committable_generators(tmp_path):
    """Snapshots of 2 h: minimum times of 3 and 2 snapshots are 6 and 4 h, on for 4 snapshots 8 h; a start at most at half of 200 MW."""
    given = folder(tmp_path, generators=COMMITTED.replace("\\\n", ""), snapshots="snapshot,objective\n0,2\n1,2\n")
    tables = read(given, "matpower-dc").tables
    table = tables["commitment"].set_index("element")
    assert table.index.tolist() == ["on", "off", "usual", "long"]
    columns = ["min_up_h", "min_down_h", "start_ramp_mw", "start_cny", "stop_cny", "initial_h", "initial_mw"]
    assert table.loc["on", columns].tolist() == [6, 4, 100, 5000, 300, 8, 120]
    assert table["initial_h"].tolist() == [8, -6, 2, -8760]
    assert np.isnan(table.loc["usual", "initial_mw"]) and table.loc["off", "initial_mw"] == 0
    generator = tables["generator"]
    assert generator.loc["on", ["power_min_mw", "power_max_mw", "cost_cny_per_h"]].tolist() == [80, 200, 7]
    assert generator.loc["free", "cost_cny_per_h"] == 0
    assert generator.loc["on", "ramp_fraction_per_min"] * 120 * 200 == pytest.approx(20)


@pytest.mark.parametrize(
    ("text", "start", "hours"),
    [
        ("snapshot\nnow\n", ["2025-01-01T00:00"], [1]),
        (",snapshot,objective\n0,2020-02-28 22:00:00,3\n1,2020-02-29 01:00:00,3\n", ["2020-02-28T22:00", "2020-02-29T01:00"], [3, 3]),
        ("name,weightings\n2020-01-01,365\n2020-01-01 01:00,365\n", ["2020-01-01T00:00", "2020-01-16T05:00"], [365, 365]),
        ("snapshot,objective\n2020-01-01,1\n2020-01-03,1\n", ["2020-01-01T00:00", "2020-01-01T01:00"], [1, 1]),
        ("snapshot,objective,stores\n0,2,1\n1,1.5,1\n", ["2025-01-01T00:00", "2025-01-01T02:00"], [2, 1.5]),
    ],
)
def test_snapshots(tmp_path, text, start, hours):
    """Dates stay where they fit the weightings; otherwise steps follow each other, and the report says so."""
    found = read(folder(tmp_path, snapshots=text), "matpower-dc")
    assert found.time.start.tolist() == np.array(start, "datetime64[s]").tolist()
    assert found.time.hours.tolist() == hours
    fits = "2020-02-28" in text
    assert any("follow each other" in c for c in found.report.changes) != fits


def test_what_is_not_read_is_told(tmp_path):
    """By name and kind, series as such; neither empty columns nor results, coordinates and figures of expansion."""
    given = folder(
        tmp_path, buses="name,x,y,v_mag_pu_set,island\nA,1,2,1.05,N\n", snapshots="snapshot\n0\n1\n", network="name\nnet\n",
        generators="name,bus,p_nom,p_nom_min,p_nom_opt,capital_cost,lifetime,outage_rate,hint\ng,A,5,1,7,100,20,0.1,\n",
        generators__p="s,g\n0,1\n1,2\n", generators__mu_upper="s,g\n0,1\n1,2\n", generators__heat_rate="s,g\n0,1\n1,2\n",
        sub_networks="name,carrier\n0,AC\n", flow_based_domains="name,ram\n",
    )  # fmt: skip
    told = [c for c in read(given, "matpower-dc").report.changes if "Not read" in c]
    assert told == ["Not read, of buses: island.", "Not read, of generators: heat_rate (series), outage_rate."]


def test_netcdf_says_what_is_not_read(tmp_path):
    xr = pytest.importorskip("xarray")
    names = np.array(["A"], object)
    data = {"buses_v_nom": ("buses_i", [380.0]), "buses_island": ("buses_i", np.array(["N"], object)), "buses_x": ("buses_i", [1.0]),
            "buses_t_marginal_price": (("snapshots", "buses_t_marginal_price_i"), [[3.0]]),
            "buses_t_wind": (("snapshots", "buses_t_wind_i"), [[3.0]])}  # fmt: skip
    coords = {"snapshots": pd.date_range("2020-01-01", periods=1, freq="h"), "buses_i": names, "buses_t_marginal_price_i": names,
              "buses_t_wind_i": names}  # fmt: skip
    xr.Dataset(data, coords=coords).to_netcdf(tmp_path / "net.nc", engine="h5netcdf")
    assert read(tmp_path / "net.nc", "matpower-dc").report.changes == ["Not read, of buses: island, wind (series)."]
    more = {"flow_based_domains_ram": ("flow_based_domains_i", [3.0])}
    xr.Dataset(data | more, coords=coords | {"flow_based_domains_i": names}).to_netcdf(tmp_path / "more.nc", engine="h5netcdf")
    with pytest.raises(CaseError, match="more.nc: flow_based_domains are not known, and may limit the dispatch"):
        read(tmp_path / "more.nc", "matpower-dc")


def test_netcdf_says_the_same_as_the_folder(tmp_path):
    """The layout of PyPSA's files: generators_i, generators_p_nom, generators_t_p_max_pu over snapshots."""
    xr = pytest.importorskip("xarray")
    times = pd.date_range("2020-01-01", periods=2, freq="h")
    data = xr.Dataset(
        {
            "snapshots_objective": ("snapshots", [1.0, 1.0]),
            "buses_v_nom": ("buses_i", [380.0]),
            "generators_bus": ("generators_i", np.array(["A", "A"], object)),
            "generators_carrier": ("generators_i", np.array(["onwind", ""], object)),
            "generators_p_nom": ("generators_i", [10.0, 20.0]),
            "generators_committable": ("generators_i", [False, False]),
            "generators_t_p_max_pu": (("snapshots", "generators_t_p_max_pu_i"), [[0.5], [0.2]]),
        },
        coords={
            "snapshots": times,
            "buses_i": np.array(["A"], object),
            "generators_i": np.array(["w", "g"], object),
            "generators_t_p_max_pu_i": np.array(["w"], object),
        },
    )
    data.to_netcdf(tmp_path / "net.nc", engine="h5netcdf")
    given = folder(
        tmp_path, buses="name,v_nom\nA,380\n", generators="name,bus,carrier,p_nom\nw,A,onwind,10\ng,A,,20\n",
        snapshots="snapshot,objective\n2020-01-01 00:00:00,1\n2020-01-01 01:00:00,1\n",
        generators__p_max_pu="snapshot,w\n2020-01-01 00:00:00,0.5\n2020-01-01 01:00:00,0.2\n",
    )  # fmt: skip
    first, second = read(tmp_path / "net.nc", "matpower-dc"), read(given, "matpower-dc")
    assert len(first.tables["renewable"]) == len(first.tables["generator"]) == 1
    for name in first.tables:
        pd.testing.assert_frame_equal(first.tables[name], second.tables[name])
    assert (first.time.start == second.time.start).all()
    assert {k: v.tolist() for k, v in first.source.values.items()} == {"generators-p_max_pu/w": [0.5, 0.2]}
    assert second.source.values["generators-p_max_pu/w"].tolist() == [0.5, 0.2]
