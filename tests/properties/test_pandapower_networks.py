"""Networks that come with pandapower, through `gridopt run`: the cost of `pandapower.rundcopp`, or infeasible where nothing is feasible."""

import json

import pandapower as pp
import pandapower.networks
import pytest

from gridopt.case.readers.pandapower import read
from gridopt.commands import execute
from tests.case.dc_opf import optimum

QUICK = ("case5", "case9", "case14", "case30", "example_multivoltage")
SLOW = (
    "case6ww", "case24_ieee_rts", "case_ieee30", "case33bw", "case39", "case57", "case118", "case_illinois200", "case300", "GBreducednetwork",
    "GBnetwork", "iceland", "mv_oberrhein", "example_simple", "create_cigre_network_hv", "create_cigre_network_mv", "create_cigre_network_lv",
    "create_kerber_dorfnetz", "panda_four_load_branch", "simple_four_bus_system", "simple_mv_open_ring_net", "ieee_european_lv_asymmetric",
)  # fmt: skip
INFEASIBLE = ("case4gs", "case89pegase", "case145", "case1354pegase", "case1888rte")
FAILS_THERE = ("case3120sp",)
"""rundcopp does not converge, though there is an optimum."""


def slow(names):
    return [pytest.param(n, marks=pytest.mark.slow) for n in names]


@pytest.fixture
def run(tmp_path, capsys):
    """Exit code, JSON document and file of a network by its name."""

    def made(name):
        path = tmp_path / f"{name}.json"
        pp.to_json(getattr(pandapower.networks, name)(), str(path))
        code = execute(["run", str(path), "--json", "--set", "report=false", "-o", str(tmp_path / "results")])
        return code, json.loads(capsys.readouterr().out), path

    return made


@pytest.mark.parametrize("name", [*QUICK, *slow(SLOW)])
def test_cost_of_rundcopp(name, run):
    code, document, path = run(name)
    assert code == 0, document
    net = pp.from_json(str(path))
    pp.rundcopp(net)
    assert document["objective"] == pytest.approx(net.res_cost, rel=1e-7, abs=1e-7)
    assert document["currency"] == "EUR"


@pytest.mark.parametrize("name", ["case4gs", *slow(INFEASIBLE[1:])])
def test_infeasible_where_nothing_is_feasible(name, run, tmp_path):
    """As shipped, these have limits that no DC flow meets: rundcopp finds nothing, nor does a program of its own in angles."""
    code, document, path = run(name)
    assert (code, document["status"]) == (3, "infeasible")
    assert "objective" not in document
    assert not (tmp_path / "results").exists()
    assert optimum(read(path, "matpower-dc").tables) is None
    with pytest.raises(pp.OPFNotConverged):
        pp.rundcopp(pp.from_json(str(path)))


@pytest.mark.parametrize("name", slow(FAILS_THERE))
def test_cost_where_rundcopp_fails(name, run):
    code, document, path = run(name)
    assert code == 0
    assert document["objective"] == pytest.approx(optimum(read(path, "matpower-dc").tables)[0], rel=1e-7)
