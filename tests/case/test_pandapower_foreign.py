"""Nets made in pandapower: the tables give the optimum and the prices that `rundcopp` finds, and faults are said."""

import csv
from pathlib import Path

import numpy as np
import pandapower as pp
import pytest

from gridopt.case.check import CaseError
from gridopt.case.readers.pandapower import read
from tests.case.dc_opf import optimum

CASES = Path(__file__).parents[3] / "shared" / "cases"
MODEL = "matpower-dc"


def saved(net, folder):
    file = folder / "net.json"
    pp.to_json(net, str(file))
    return file


def square(lines_limited=True):
    """Four buses in a ring, 110 kV: cheap generation at 0 (external grid, 10) and 2 (gen, 30), 80 MW of load at 1 and 40 MW at 3."""
    net = pp.create_empty_network(sn_mva=100.0)
    buses = [pp.create_bus(net, 110.0, name=f"B{i}") for i in range(4)]
    for start, end, x in ((0, 1, 0.4), (1, 2, 0.3), (2, 3, 0.5), (3, 0, 0.2)):
        pp.create_line_from_parameters(
            net, buses[start], buses[end], 10.0, 0.1, x, 0.0, 0.25, max_loading_percent=100.0 if lines_limited else 1000.0
        )
    grid = pp.create_ext_grid(net, buses[0], min_p_mw=0.0, max_p_mw=500.0)
    gen = pp.create_gen(net, buses[2], 10.0, min_p_mw=5.0, max_p_mw=100.0, controllable=True, type="gas", name="peaker")
    pp.create_load(net, buses[1], 80.0, controllable=False)
    pp.create_load(net, buses[3], 40.0, controllable=False)
    pp.create_poly_cost(net, grid, "ext_grid", cp1_eur_per_mw=10.0, cp0_eur=7.0)
    pp.create_poly_cost(net, gen, "gen", cp1_eur_per_mw=30.0)
    return net


def compare(net, folder):
    """The optimum of the tables equals rundcopp's: cost and prices."""
    tables = read(saved(net, folder), MODEL).tables
    cost, price, *_ = optimum(tables)
    pp.rundcopp(net)
    assert cost == pytest.approx(net.res_cost, rel=1e-6, abs=1e-4)
    for i, given in net.res_bus["lam_p"].dropna().items():
        if str(i) in price:  # pandapower gives prices at isolated buses, too
            assert price[str(i)] == pytest.approx(given, rel=1e-5, abs=1e-4), i
    return tables


def test_plain_net(tmp_path):
    """47.6 MW (0.25 kA at 110 kV) bind on the way from the cheap bus."""
    tables = compare(square(), tmp_path)
    assert list(tables["generator"].index) == ["ext_grid 0", "gen 0"]
    assert tables["generator"].loc["gen 0", ["name", "technology", "power_min_mw"]].tolist() == ["peaker", "gas", 5.0]
    assert list(tables["bus"]["name"]) == ["B0", "B1", "B2", "B3"]
    assert tables["ac_branch"]["rating_mw"].to_numpy() == pytest.approx(0.25 * 110 * np.sqrt(3))
    assert not tables["load"]["sheddable"].any() and not tables["bus"]["surplus_allowed"].any()


def test_flexible_elements(tmp_path):
    """A static generator, a load and a storage that are controllable are dispatched; those that are not stay."""
    net = square(lines_limited=False)
    sgen = pp.create_sgen(net, 3, 5.0, min_p_mw=0.0, max_p_mw=30.0, controllable=True)
    pp.create_sgen(net, 1, 100.0, controllable=False)
    load = pp.create_load(net, 2, 20.0, min_p_mw=0.0, max_p_mw=25.0, controllable=True)
    pp.create_storage(net, 0, 3.0, 20.0, min_p_mw=-8.0, max_p_mw=8.0, controllable=True)
    pp.create_poly_cost(net, sgen, "sgen", cp1_eur_per_mw=5.0)
    pp.create_poly_cost(net, load, "load", cp1_eur_per_mw=-20.0)
    tables = compare(net, tmp_path)
    assert set(tables["generator"].index) == {"ext_grid 0", "gen 0", "sgen 0", "load 2", "storage 0", "injection 1"}
    assert tables["generator"].loc["load 2", ["power_min_mw", "power_max_mw"]].tolist() == [-25.0, 0.0]


def test_uncontrollable_gen_is_fixed(tmp_path):
    net = square(lines_limited=False)
    net.gen["controllable"] = False
    tables = compare(net, tmp_path)
    assert tables["generator"].loc["gen 0", ["power_min_mw", "power_max_mw"]].tolist() == [10.0, 10.0]


def test_piecewise_costs(tmp_path):
    """pwl_cost beside a linear poly_cost, as pandapower allows."""
    net = square(lines_limited=False)
    net.poly_cost.drop(net.poly_cost.index[1], inplace=True)
    net.poly_cost["cp0_eur"] = 0.0
    pp.create_pwl_cost(net, 0, "gen", [[0, 20, 4], [20, 100, 25]])
    tables = compare(net, tmp_path)
    assert tables["cost_point"][["power_mw", "cost_cny_per_h"]].to_numpy().tolist() == [[0, 0], [20, 80], [100, 2080]]


def test_transformers_switches_and_spare_parts(tmp_path):
    """A three-winding transformer, a shifted two-winding one, buses fused by a switch, an open line, parts out of service."""
    net = square(lines_limited=False)
    medium, low = pp.create_bus(net, 20.0), pp.create_bus(net, 10.0)
    pp.create_transformer3w(net, 0, medium, low, "63/25/38 MVA 110/20/10 kV")
    pp.create_load(net, medium, 9.0)
    pp.create_load(net, low, 4.0)
    side = pp.create_bus(net, 20.0)
    pp.create_transformer(net, 3, side, "25 MVA 110/20 kV", tap_pos=3)
    twin = pp.create_bus(net, 20.0, name="twin")
    pp.create_switch(net, side, twin, "b")
    pp.create_load(net, twin, 6.0)
    pp.create_shunt(net, 1, 0.0, p_mw=2.5)
    pp.create_switch(net, 1, 1, "l", closed=False)
    lost = pp.create_bus(net, 110.0)
    pp.create_load(net, lost, 50.0)
    pp.create_bus(net, 110.0, in_service=False)
    imported = read(saved(net, tmp_path), MODEL)
    tables = compare(net, tmp_path)
    assert {str(i) for i in (medium, low, side, twin)} <= set(tables["bus"].index) and str(lost) not in tables["bus"].index
    assert tables["ac_branch"].loc[f"fused {twin}", ["from_bus", "to_bus"]].tolist() == [str(side), str(twin)]
    assert {"trafo3w 0 hv", "trafo3w 0 mv", "trafo3w 0 lv", "trafo 0"} <= set(tables["ac_branch"].index)
    assert imported.report.found["bus"] == 10
    assert any("out of service or without an external grid: 2" in c for c in imported.report.changes)
    assert imported.report.totals["load_mw"] == pytest.approx(80 + 40 + 9 + 4 + 6 + 2.5, abs=0.2)  # and iron losses of transformers


def test_two_external_grids_hold_their_angles(tmp_path):
    """A second grid 1 degree ahead pushes power through the ring, whatever it costs: rundcopp fixes both angles."""
    net = square(lines_limited=False)
    grid = pp.create_ext_grid(net, 3, va_degree=1.0, min_p_mw=-500.0, max_p_mw=500.0)
    pp.create_poly_cost(net, grid, "ext_grid", cp1_eur_per_mw=12.0)
    tables = read(saved(net, tmp_path), MODEL).tables
    cost, _, output, _ = optimum(tables)
    pp.rundcopp(net)
    assert cost == pytest.approx(net.res_cost, rel=1e-6)
    assert output["ext_grid 1"] == pytest.approx(net.res_ext_grid.p_mw[1], abs=1e-3)


def test_dc_line(tmp_path):
    """150 MW of DC at 2 % and 1 MW loss and a cost of 3 per MW sent: S = 1.02 p + 1, so loss = (0.02 S + 1) / 1.02."""
    net = square(lines_limited=False)
    pp.create_dcline(net, 0, 2, 10.0, 2.0, 1.0, 1.0, 1.0, max_p_mw=150.0, name="cable")
    pp.create_poly_cost(net, 0, "dcline", cp1_eur_per_mw=3.0)
    link = read(saved(net, tmp_path), MODEL).tables["dc_link"].loc["dcline 0"]
    assert link[["name", "from_bus", "to_bus"]].tolist() == ["cable", "0", "2"]
    assert link[["power_min_mw", "power_max_mw", "cost_cny_per_mwh"]].tolist() == [1.0, 150.0, 3.0]
    sent = 60.0
    loss = link["loss_no_load_fraction"] * 150 + link["loss_linear_fraction"] * sent
    assert 1.02 * (sent - loss) + 1.0 == pytest.approx(sent)
    assert len(read(saved(net, tmp_path), MODEL).tables["generator"]) == 2


def test_dc_line_as_rundcopp_dispatches_it(tmp_path):
    """The gen is dear and alone at its bus but for the DC line: rundcopp sends what the load needs, with the loss of the tables."""
    net = square(lines_limited=False)
    net.sn_mva = 1.0  # rundcopp takes loss_mw as per unit
    net.line.loc[[1, 2], "in_service"] = False
    net.gen["min_p_mw"] = 0.0
    pp.create_ext_grid(net, 2, min_p_mw=0.0, max_p_mw=0.0)
    pp.create_load(net, 2, 50.0)
    pp.create_dcline(net, 0, 2, 10.0, 2.0, 1.0, 1.0, 1.0, max_p_mw=150.0)
    link = read(saved(net, tmp_path), MODEL).tables["dc_link"].iloc[0]
    pp.rundcopp(net)
    sent = net.res_dcline.p_from_mw[0]
    loss = link["loss_no_load_fraction"] * link["power_max_mw"] + link["loss_linear_fraction"] * sent
    assert sent == pytest.approx(1.02 * 50 + 1, abs=1e-3)
    assert sent - loss == pytest.approx(50, abs=1e-3)


@pytest.mark.parametrize("given", [-10.0, 0.0])
def test_a_dc_line_that_sends_from_its_to_bus(tmp_path, given):
    """p_mw not above 0: rundcopp earns 3 per MW; all 150 MW go from 2 to 0 and come back by the ring: 450 less than the 1307 without."""
    net = square(lines_limited=False)
    pp.create_dcline(net, 0, 2, given, 0.0, 0.0, 1.0, 1.0, max_p_mw=150.0)
    pp.create_poly_cost(net, 0, "dcline", cp1_eur_per_mw=3.0)
    imported = read(saved(net, tmp_path), MODEL)
    assert imported.tables["dc_link"].iloc[0][["from_bus", "to_bus", "cost_cny_per_mwh"]].tolist() == ["2", "0", -3.0]
    assert "dcline 0 sends from its to_bus, since p_mw is not positive; its cost per MW is earned, as in rundcopp." in imported.report.changes
    pp.rundcopp(net)
    assert (net.res_cost, optimum(imported.tables)[0] - 450.0) == pytest.approx((857.0, 857.0), abs=1e-4)


def test_no_costs_and_no_limits(tmp_path):
    """Without costs rundcopp minimises generation; an external grid without limits gets one that cannot bind."""
    net = square(lines_limited=False)
    net.poly_cost.drop(net.poly_cost.index, inplace=True)
    net.ext_grid[["min_p_mw", "max_p_mw"]] = np.nan
    imported = read(saved(net, tmp_path), MODEL)
    assert any("No costs are given" in c for c in imported.report.changes)
    bound = imported.tables["generator"].at["ext_grid 0", "power_max_mw"]
    assert 220 < bound < 1e5
    compare(net, tmp_path)


def faults(net, folder):
    with pytest.raises(CaseError) as error:
        read(saved(net, folder), MODEL)
    return error.value.faults


def test_faults(tmp_path):
    net = square()
    net.load.loc[0, "bus"] = 77
    net.gen.loc[0, "bus"] = 78
    said = faults(net, tmp_path)
    assert any("net.load 0, bus: '77' is not a bus" in f for f in said) and any("net.gen 0, bus: '78'" in f for f in said)
    net = square()
    net.ext_grid["in_service"] = False
    assert "eference bus" in faults(net, tmp_path)[0]
    net = square()
    net.gen["min_p_mw"], net.line.loc[2, "x_ohm_per_km"] = 200.0, 0.0
    said = faults(net, tmp_path)
    assert any("net.gen 0" in f and "larger than" in f for f in said) and any("net.line 2" in f for f in said)
    net = square()
    net.load.loc[0, "p_mw"] = np.nan
    assert "net.bus 1" in faults(net, tmp_path)[0]
    net = square()
    net.poly_cost.loc[1, "cp2_eur_per_mw2"] = -1.0
    assert "gen 0" in faults(net, tmp_path)[0] and "bends downwards" in faults(net, tmp_path)[0]


@pytest.mark.parametrize("text", ["", "{}", "[1, 2", '{"a": 1}', "[1, 2]"])
def test_what_is_no_net(tmp_path, text):
    file = tmp_path / "net.json"
    file.write_text(text)
    with pytest.raises(CaseError):
        read(file, MODEL)


def test_no_file(tmp_path):
    with pytest.raises(CaseError, match="no such file"):
        read(tmp_path / "no.json", MODEL)


def expected():
    if not CASES.is_dir():
        return []
    with (CASES / "expected.csv").open(newline="") as file:
        return [r for r in csv.DictReader(file) if r["file"].startswith("pandapower/")]


@pytest.mark.skipif(not CASES.is_dir(), reason="the folder of reference cases is not here")
def test_reference_cases():
    """Found buses and optima."""
    cases = {file: read(CASES / file, MODEL) for file in sorted({row["file"] for row in expected()})}
    for row in expected():
        imported = cases[row["file"]]
        if row["quantity"] == "n_bus":
            assert imported.report.found["bus"] == int(row["value"]), row["case"]
        elif row["quantity"] == "objective":
            assert optimum(imported.tables)[0] == pytest.approx(float(row["value"]), rel=float(row["rtol"])), row["case"]
