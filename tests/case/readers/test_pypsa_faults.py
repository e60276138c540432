"""What is refused of PyPSA networks: each fault by name, all at once, never a traceback."""

from pathlib import Path

import pytest

from gridopt.case.check import CaseError
from gridopt.case.readers.pypsa import read

CASES = Path(__file__).parents[3].parent / "shared" / "cases" / "pypsa"
TWO = "snapshot,objective,stores\n0,1,1\n1,1,1\n"
GENERATOR = "name,bus,p_nom,{}\ng,A,10,{}\n"
LINK = "name,bus0,bus1,p_nom,{}\nL,A,B,10,{}\n"
UNIT = "name,bus,p_nom,{}\ns,A,10,{}\n"


def faults(path, model="matpower-dc", **files):
    """Faults of the folder of `files` (see test_pypsa.folder)."""
    path.mkdir(exist_ok=True)
    for name, text in {"buses": "name\nA\nB\n", **files}.items():
        if text is not None:
            (path / f"{name.replace('__', '-')}.csv").write_text(text, encoding="utf-8")
    with pytest.raises(CaseError) as error:
        read(path, model)
    return error.value.faults


REFUSED = [
    ("generators", GENERATOR.format("e_sum_max", "5"), "e_sum_max: '5.0' sets largest energy"),
    ("generators", GENERATOR.format("p_nom_extendable,p_nom_opt", "True,20").replace("10", "0"), "extendable generators have p_nom 0"),
    ("generators", GENERATOR.format("p_min_pu,p_max_pu", "0.6,0.5"), "p_min_pu: '0.6' is above p_max_pu"),
    ("generators", GENERATOR.format("marginal_cost", "cheap"), "marginal_cost: 'cheap' is not a finite number"),
    ("generators", GENERATOR.format("marginal_cost", "nan"), "marginal_cost: 'nan' is not a finite number"),
    ("generators", GENERATOR.format("committable,min_up_time", "True,1.5"), "'1.5' is not a number of snapshots"),
    ("generators", GENERATOR.format("committable,sign", "True,-1"), "is not 1 for a committable generator"),
    ("generators", GENERATOR.format("committable,p_min_pu", "True,-0.1"), "is below 0 for a committable generator"),
    ("generators", GENERATOR.format("committable,p_set", "True,5"), "fixes the output of a committable generator"),
    ("generators", GENERATOR.format("committable,p_nom_mod", "True,5"), "p_nom_mod: '5.0' makes it several modules"),
    ("lines", "name,bus0,bus1,x,s_nom,s_set\n1,A,B,1,10,4\n", "s_set: '4.0' sets a fixed flow"),
    ("transformers", "name,bus0,bus1,x,s_nom,s_set\n1,A,B,1,10,0\n", "s_set: '0.0' sets a fixed flow"),
    ("lines", "name,bus0,bus1,x,s_nom,marginal_cost\n1,A,B,1,10,2\n", "marginal_cost: '2.0' sets a cost of flow"),
    ("stores", "name,bus,e_nom,e_min_pu,e_max_pu\ns,A,10,0.6,0.5\n", "e_min_pu: '0.6' is above e_max_pu"),
    ("flow_based_domains", "name,ram\nd,5\n", "flow_based_domains.csv: flow_based_domains are not known, and may limit the dispatch"),
    ("links", LINK.format("committable", "True"), "sets commitment of a link"),
    ("generators", GENERATOR.format("committable", "perhaps"), "'perhaps' is not True or False"),
    ("generators", "name,bus,p_nom\ng,a,10\n", "bus: 'a' is not in buses"),
    ("generators", "name,bus,p_nom\ng,A,10\ng,A,20\n", "row 3 (generator 'g'), column name: 'g' was used before"),
    ("generators", "name,bus,p_nom\ng,A,inf\n", "p_nom: 'inf' is not a finite number"),
    ("generators", "name,bus,p_nom\ng,A,1e308\n", "p_nom: '1e308' is not a finite number within +-1e+15"),
    ("generators", "name,bus,p_nom\ng,A\n", "row 2: has 2 cells, but the head of the table 3"),
    ("generators", "name,bus,p_nom\ng,A,-4\n", "must be at least 0"),
    ("generators__marginal_cost_quadratic", "snapshot,g\nnow,1\n", "'g': is not in generators"),
    ("generators__marginal_cost-pw", "snapshot,g\nnow,1\n", "piecewise"),
    ("links", LINK.format("bus2", "A"), "sets a third bus"),
    ("links", LINK.format("efficiency", "3"), "above 1"),
    ("links", LINK.format("efficiency,p_min_pu", "0.9,-1"), "whose efficiency is not 1"),
    ("links", LINK.format("p_min_pu,ramp_limit_up,ramp_limit_down", "-1,0.1,0.1"), "may send backwards"),
    ("links", LINK.format("ramp_limit_up,ramp_limit_down", "0.1,0.2"), "links have one ramp"),
    ("links", "name,bus0,bus1\nL,A,A\n", "is also bus0"),
    ("storage_units", UNIT.format("state_of_charge_initial", "11"), "above the energy the storage holds"),
    ("storage_units", UNIT.format("state_of_charge_set", "4"), "a fixed state of charge"),
    ("storage_units", UNIT.format("efficiency_dispatch", "1e-300"), "efficiency_dispatch: '1e-300' must be at least 0.001"),
    ("buses", "name\n", "the network has no buses"),
    ("buses", "name\nA\nA\n", "'A' was used before"),
    ("loads__p_set", "snapshot,l\n", "has 0 rows, but the network has 1 snapshots"),
    ("stores", "name,bus,e_nom,marginal_cost\ns,A,10,2\n", "earned when charging"),
    ("stores", "name,bus,e_nom,e_min_pu\ns,A,10,-1\n", "least energy level"),
    ("lines", "name,bus0,bus1,x,s_nom\n1,A,B,,10\n2,A,B,1,10\n", "makes the impedance 0"),
    ("lines", "name,bus0,bus1,type,length,s_nom\n1,A,B,Al/St 240/40 2-bundle,9,10\n", "did you mean 'Al/St 240/40 2-bundle 220.0'"),
    ("transformers", "name,bus0,bus1,x\n1,A,B,0.1\n", "s_nom: '0.0' must be a number above 0"),
    ("global_constraints", "name,sense,constant\nco2,<=,10\n", "limits energy or emissions"),
    ("investment_periods", "name,objective\n2030,1\n", "investment periods"),
    ("scenarios", "name,weight\nlow,0.5\n", "stochastic"),
    ("snapshots", "snapshot,objective\n0,0\n", "is not a number above 0"),
    ("snapshots", "snapshot,objective\n0,1\n0,1\n", "is there twice"),
]


@pytest.mark.parametrize(("file", "text", "says"), REFUSED)
def test_refused_by_name(tmp_path, file, text, says):
    found = faults(tmp_path, **{file: text})
    assert len(found) == 1, found
    assert says in found[0]
    assert found[0].endswith(".")


def test_lines_between_buses_of_other_carriers(tmp_path):
    found = faults(tmp_path, buses="name,carrier\nA,heat\nB,heat\n", lines="name,bus0,bus1,x,s_nom\n1,A,B,1,10\n")
    assert len(found) == 1
    assert "lines carry AC or DC only" in found[0]


def test_series_that_do_not_fit(tmp_path):
    given = {"snapshots": TWO, "generators": "name,bus,p_nom\ng,A,10\nh,A,10\n"}
    assert "has 1 rows, but the network has 2 snapshots" in faults(tmp_path / "1", **given, generators__p_max_pu="s,g\n0,1\n")[0]
    assert "row 3, column 'g': 'nan'" in faults(tmp_path / "2", **given, generators__p_max_pu="s,g\n0,1\n1,\n")[0]
    assert "row 3, column 'g': 'x' is not a number" in faults(tmp_path / "3", **given, generators__p_max_pu="s,g\n0,1\n1,x\n")[0]
    assert "row 2, column 'g': '1e+308' is not a finite" in faults(tmp_path / "6", **given, generators__p_max_pu="s,g\n0,1e308\n1,1\n")[0]
    assert "column 'g': is there twice" in faults(tmp_path / "4", **given, generators__p_max_pu="s,g,g\n0,1,1\n1,1,0\n")[0]
    assert "p_set: 'a series' sets a fixed flow" in faults(
        tmp_path / "5", snapshots=TWO, links="name,bus0,bus1,p_nom\nL,A,B,10\n", links__p_set="s,L\n0,1\n1,2\n"
    )[0]  # fmt: skip


def test_ramps_of_snapshots_of_different_length(tmp_path):
    text = GENERATOR.format("ramp_limit_up,ramp_limit_down", "0.1,0.1")
    found = faults(tmp_path, snapshots="snapshot,objective,stores\n0,1,1\n1,2,2\n", generators=text)
    assert all("not of one length" in f for f in found)
    assert len(found) == 2  # one for each direction


def test_weightings_that_differ_are_refused_where_energy_is_stored(tmp_path):
    found = faults(tmp_path, snapshots="snapshot,objective,stores\n0,8,1\n", storage_units="name,bus,p_nom\ns,A,1\n")
    assert len(found) == 1
    assert "8 in the objective, but 1 h for stores" in found[0]


def test_all_faults_at_once(tmp_path):
    found = faults(
        tmp_path, generators="name,bus,p_nom\ng,X,10\n", loads="name,bus,p_set\nl,Y,x\n", snapshots="snapshot,objective\n0,-1\n",
        global_constraints="name\nco2\n",
    )  # fmt: skip
    assert [any(word in f for f in found) for word in ("'X'", "'Y'", "'x'", "'-1'", "co2")] == [True] * 5


def test_files_that_are_no_networks(tmp_path):
    assert "no buses.csv" in faults(tmp_path / "none", buses=None)[0]
    assert "buses.csv: is empty" in faults(tmp_path / "empty", buses="")[0]
    for name, content in (("cut.nc", b"\x89HDF\r\n\x1a\n" + b"\x00" * 40), ("old.nc", b"CDF\x01"), ("text.nc", b"hello")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CaseError, match="cannot be read as netCDF"):
            read(tmp_path / name, "matpower-dc")
    with pytest.raises(CaseError, match="cannot be read"):
        read(tmp_path / "absent.nc", "matpower-dc")


def test_a_branch_model_of_other_formats(tmp_path):
    assert "Choose one of matpower-dc, copperplate" in faults(tmp_path, model="powermodels-dcp")[0]


@pytest.mark.skipif(not CASES.is_dir(), reason="the reference cases are not here")
def test_expansion_with_a_limit_on_emissions():
    with pytest.raises(CaseError) as error:
        read(CASES / "ac-dc-meshed", "matpower-dc")
    assert [("co2_limit" in f, "limits energy or emissions" in f) for f in error.value.faults] == [(True, True)]
