"""Damaged files of other programs through `gridopt run` and `gridopt check`: a sentence that names the file, never a traceback or numbers.

Each example is a valid small case with one to three random mutations. Some leave a valid case: then it is solved, or infeasible.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandapower as pp
import pandapower.networks
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridopt.commands import execute

OK, INFEASIBLE, INVALID = 0, 3, 5
CASES = Path(__file__).parents[3] / "shared" / "cases"
PLACE = st.integers(0, 10**6)

MATPOWER = """function mpc = small
%% a comment with ' and [ in it
mpc.version = '2';
mpc.baseMVA = 100;
%	bus_i	type	Pd	Qd	Gs	Bs	area	Vm	Va	baseKV	zone	Vmax	Vmin
mpc.bus = [
	1	3	0	0	0	0	1	1	0	230	1	1.1	0.9;
	2	2	90	30	0	0	1	1	0	230	1	1.1	0.9;
	3	1	60	20	1.5	0	1	1	0	230	1	1.1	0.9;
	4	1	40	10	0	0	2	1	0	230	1	1.1	0.9;
];
mpc.gen = [
	1	50	0	30	-30	1	100	1	150	0;
	2	50	0	30	-30	1	100	1	80	10;
	4	0	0	30	-30	1	100	0	50	0;
];
mpc.branch = [
	1	2	0.01	0.1	0.02	100	0	0	0	0	1	-360	360;
	1	3	0.01	0.12	0.02	90	0	0	1.02	0	1	-30	30;
	2	3	0.01	0.08	0	60	70	80	0	2.5	1	0	0;
	3	4	0	0.2	0	0	0	0	0	0	1	-360	360;
	3	4	0	0.25	0	0	0	0	0	0	1	-360	360;
];
mpc.gencost = [
	2	0	0	3	0.02	20	100;
	2	0	0	2	35	0	0;
	2	0	0	1	0	0	0;
];
mpc.bus_name = {'north'; 'east % 1'; 'it''s'; 'west'};
mpc.genfuel = {'coal'; 'gas'; 'wind'};
"""

# ---------------------------------------------------------------------------------------------------------------- mutations of text
NUMBER = re.compile(r"(?<![\w.'])-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.'])")
ODD = ("NaN", "nan", "Inf", "-Inf", "-1", "0",
       "1e308", "1e999", "-1e16", "1e-300", "abc", "", "1_0", "0x10", "1i", "1,5", "--1", "1e", "99", "2.5",
       "null", "true", "'1'", "pi", "1+1", "٣", "9" * 400, "[1 2]")  # fmt: skip
CODE = ("system('touch MARK');", "!touch MARK", "eval('x=1')", "mpc.bus(:, 3) = 0;", "mpc = ext2int(mpc);", "mpc.gen = [mpc.gen; 1 2 3];",
        "%{\n%{\nnested\n%}", "...", "%}", "];", "[", "}", "'", "mpc.bus = load('x');", "if true", "mpc.baseMVA = 0;", "mpc.branch = [];",
        "mpc.x = @(y) y;", "@include 'x'", "=", "mpc.bus =", "mpc..bus = [1];", "mpc.bus{1} = 2;", "\x00", "mpc.gencost = {};")  # fmt: skip


def _number(text: str, place: int, other: int) -> str:
    found = list(NUMBER.finditer(text))
    if not found:
        return text
    at = found[place % len(found)]
    return text[: at.start()] + ODD[other % len(ODD)] + text[at.end() :]


def _lines(change: Callable[[list[str], int, int], list[str]]) -> Callable[[str, int, int], str]:
    def mutate(text: str, place: int, other: int) -> str:
        lines = text.split("\n")
        return "\n".join(change(lines, place % len(lines), other))

    return mutate


def _widened(lines: list[str], at: int, other: int) -> list[str]:
    cells = re.split(r"([\t,])", lines[at])
    k = other % len(cells)
    cells[k : k + 1] = [] if other % 2 else [cells[k], "\t" if "\t" in lines[at] else ",", "7"]
    return [*lines[:at], "".join(cells), *lines[at + 1 :]]


TEXT_MUTATIONS: dict[str, Callable[[str, int, int], str]] = {
    "cut": lambda text, place, other: text[: place % (len(text) + 1)],
    "number": _number,
    "another number": _number,
    "delete a row": _lines(lambda lines, at, _: lines[:at] + lines[at + 1 :]),
    "duplicate a row": _lines(lambda lines, at, _: [*lines[:at], lines[at], *lines[at:]]),
    "swap rows": _lines(lambda lines, at, other: [*lines[:at], lines[other % len(lines)], *lines[at + 1 :]]),
    "a cell more or less": _lines(_widened),
    "code": _lines(lambda lines, at, other: [*lines[:at], CODE[other % len(CODE)], *lines[at:]]),
    "character": lambda text, place, other: text[: place % (len(text) + 1)] + chr(1 + other % 700) + text[place % (len(text) + 1) :],
    "drop a character": lambda text, place, other: text[: place % (len(text) + 1)] + text[place % (len(text) + 1) + 1 :],
    "line ends": lambda text, place, other: text.replace("\n", "\r\n" if other % 2 else "\r"),
    "byte order mark": lambda text, place, other: "\ufeff" + text,
}
ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-16", "latin-1", "utf-32", "cp037")

mutations = st.lists(st.tuples(st.sampled_from(sorted(TEXT_MUTATIONS)), PLACE, PLACE), min_size=1, max_size=3)


def mutated(text: str, chosen) -> str:
    for kind, place, other in chosen:
        text = TEXT_MUTATIONS[kind](text, place, other)
    return text


# ---------------------------------------------------------------------------------------------------------------------- the judgement
def run(args: list[str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command line."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = execute(args)
    return code, out.getvalue(), err.getvalue()


def judge(path: Path, model: str = "matpower-dc") -> int:
    """Runs and checks the case in `path`; the exit code of the run, after everything was asserted that must hold for any file."""
    results = path.parent / "results"
    code, out, err = run(["run", str(path), "--json", "--set", "report=false", "-o", str(results), "--branch-model", model])
    shown = f"exit {code}\n{out[-2000:]}\n{err[-2000:]}"
    assert code in (OK, INFEASIBLE, INVALID), shown
    assert "Traceback" not in err, shown
    document = json.loads(out)
    left = sorted(p.name for p in path.parent.iterdir() if p.name != path.name)
    if code == OK:
        assert np.isfinite(document["objective"]), shown
        assert left == ["results"], left
    else:
        assert document["exit_code"] == code, shown
        assert document["messages"], shown
        assert "objective" not in document, shown
        assert left == [], left
    if code == INVALID:
        assert any(path.name in m or any(f.name in m for f in path.glob("*")) for m in document["messages"]), shown
        assert all(len(m) < 2000 for m in document["messages"]), shown
    shutil.rmtree(results, ignore_errors=True)
    checked, out, err = run(["check", str(path), "--json", "--set", f"branch_model={model}"])
    assert checked == (INVALID if code == INVALID else OK), f"check says {checked}, run {code}\n{out}\n{err}\n{shown}"
    return code


@contextlib.contextmanager
def folder():
    """A folder that is gone afterwards; whatever a case would run leaves MARK in it or in the working directory."""
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        (Path(name) / "case").mkdir()
        yield Path(name) / "case"
        assert sorted(p.name for p in Path(name).iterdir()) == ["case"]


def many(examples: int):
    return settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


MODELS = st.sampled_from(("matpower-dc", "matpower-dc", "powermodels-dcp", "copperplate"))


@many(80)
@given(mutations, st.sampled_from(ENCODINGS), MODELS)
def test_matpower(chosen, encoding, model):
    with folder() as place:
        (place / "small.m").write_bytes(mutated(MATPOWER, chosen).encode(encoding, "replace"))
        judge(place / "small.m", model)


@pytest.mark.skipif(not CASES.is_dir(), reason="the folder of reference cases is not here")
@many(25)
@given(PLACE, mutations)
def test_published_matpower_files(which, chosen):
    files = sorted(f for f in CASES.rglob("*.m") if f.stat().st_size < 20_000)
    file = files[which % len(files)]
    with folder() as place:
        (place / file.name).write_text(mutated(file.read_text("latin-1"), chosen), encoding="utf-8")
        judge(place / file.name)


# -------------------------------------------------------------------------------------------------------------------- pandapower
def pandapower_text() -> str:
    """case5 with a DC line, a transformer with three windings left out, a switch and a static generator."""
    net = pandapower.networks.case5()
    pp.create_dcline(net, 0, 3, p_mw=5.0, loss_percent=1.0, loss_mw=0.1, vm_from_pu=1.0, vm_to_pu=1.0, max_p_mw=20.0)
    pp.create_switch(net, 1, 0, et="l", closed=True)
    pp.create_sgen(net, 2, p_mw=3.0)
    pp.create_shunt(net, 2, q_mvar=0.0, p_mw=1.0)
    # Standard types are most of the text and play no part.
    net.std_types = {kind: {} for kind in net.std_types}
    return pp.to_json(net)


NET = json.loads(pandapower_text())
TABLES = sorted(k for k, v in NET["_object"].items() if isinstance(v, dict) and json.loads(v.get("_object", "{}")).get("data"))
NAMES = ("bus", "gen", "ext_grid", "load", "line", "dcline", "switch", "poly_cost", "sgen", "shunt", "f_hz", "sn_mva", "version", "trafo")
VALUES = (None, 0, -1, 1e308, -1e16, 1e-300, "abc", "", True, [1, 2], {}, 99, 2.5, "1e999", 10**400,
          {"_module": "os", "_class": "system", "_object": "touch MARK"}, {"_module": "numpy", "_class": "float64", "_object": "1"},
          {"_module": "builtins", "_class": "exec", "_object": "1"})  # fmt: skip


def damaged_net(name: str, kind: str, place: int, other: int) -> str:
    """The net as JSON with one change in the table `name`."""
    net = json.loads(json.dumps(NET))
    elements = net["_object"]
    if kind == "replace":
        elements[name] = VALUES[other % len(VALUES)]
    elif kind == "remove":
        elements.pop(name, None)
    elif name in TABLES:
        table = json.loads(elements[name]["_object"])
        _in_table(table, kind, place, other)
        elements[name]["_object"] = json.dumps(table)
    return json.dumps(net)


def _in_table(table: dict, kind: str, place: int, other: int) -> None:
    at, column = place % len(table["data"]), (place // 7) % len(table["columns"])
    if kind == "value":
        table["data"][at][column] = VALUES[other % len(VALUES)]
    elif kind == "row":
        del table["data"][at], table["index"][at]
    elif kind == "index":
        table["index"][at] = VALUES[other % len(VALUES)] if other % 3 else table["index"][0]
    elif kind == "column":
        del table["columns"][column]
        if other % 2:
            table["data"] = [row[:column] + row[column + 1 :] for row in table["data"]]
    elif kind == "uneven":
        table["data"][at] = table["data"][at][:column] if other % 2 else [*table["data"][at], 1]


KINDS = ("value", "value", "value", "value", "row", "index", "column", "uneven", "replace", "remove")


@many(20)
@given(st.sampled_from(NAMES), st.sampled_from(KINDS), PLACE, PLACE)
def test_pandapower_tables(name, kind, place, other):
    with folder() as case:
        (case / "net.json").write_text(damaged_net(name, kind, place, other))
        judge(case / "net.json")


@many(15)
@given(mutations, st.sampled_from(ENCODINGS))
def test_pandapower_text(chosen, encoding):
    text = json.dumps(NET, indent=0)
    with folder() as case:
        (case / "net.json").write_bytes(mutated(text, chosen).encode(encoding, "replace"))
        judge(case / "net.json")


# ------------------------------------------------------------------------------------------------------------------------- PyPSA
PYPSA = {
    "network.csv": "name,pypsa_version\nsmall,0.35.0\n",
    "snapshots.csv": "snapshot,objective,stores,generators\n"
    "2025-01-01 00:00:00,1,1,1\n2025-01-01 01:00:00,1,1,1\n2025-01-01 02:00:00,1,1,1\n",
    "buses.csv": "name,v_nom,x,y,carrier\nA,220,10,50,AC\nB,220,11,50,AC\nC,220,11,51,AC\nD,220,12,51,DC\n",
    "generators.csv": "name,bus,p_nom,marginal_cost,carrier,p_min_pu,ramp_limit_up\n"
    "nuke,A,120,8,nuclear,0.2,0.5\ngas,B,150,60,gas,0,\nwind,C,80,0,wind,0,\n",
    "lines.csv": "name,bus0,bus1,x,r,s_nom,s_max_pu\nAB,A,B,40,4,60,0.9\nBC,B,C,30,3,50,1\nAC,A,C,35,3,70,1\n",
    "links.csv": "name,bus0,bus1,p_nom,efficiency,marginal_cost\nCD,C,D,30,0.95,1\n",
    "storage_units.csv": "name,bus,p_nom,max_hours,efficiency_store,efficiency_dispatch,cyclic_state_of_charge\nbattery,C,20,2,0.9,0.95,True\n",
    "loads.csv": "name,bus,p_set\nlA,A,20\nlB,B,0\nlC,C,30\nlD,D,10\n",
    "loads-p_set.csv": "snapshot,lB\n2025-01-01 00:00:00,70\n2025-01-01 01:00:00,90\n2025-01-01 02:00:00,80\n",
    "generators-p_max_pu.csv": "snapshot,wind\n2025-01-01 00:00:00,0.2\n2025-01-01 01:00:00,0.9\n2025-01-01 02:00:00,0.5\n",
}  # fmt: skip


@many(50)
@given(st.sampled_from(sorted(PYPSA)), mutations, st.sampled_from(ENCODINGS))
def test_pypsa_folder(name, chosen, encoding):
    with folder() as place:
        case = place / "net"
        case.mkdir()
        for file, text in PYPSA.items():
            if file == name:
                (case / file).write_bytes(mutated(text, chosen).encode(encoding, "replace"))
            else:
                (case / file).write_text(text)
        judge(case)


def pypsa_dataset() -> xr.Dataset:
    """The network of PYPSA in PyPSA's netCDF layout."""
    data = {}
    for file, text in PYPSA.items():
        kind, _, attribute = file.removesuffix(".csv").partition("-")
        table = pd.read_csv(io.StringIO(text))
        if kind == "snapshots":
            data["snapshots"] = ("snapshots", table["snapshot"].to_numpy("datetime64[ns]"))
            data |= {f"snapshots_{c}": ("snapshots", table[c].to_numpy(float)) for c in table.columns[1:]}
        elif attribute:
            names = table.columns[1:].to_numpy(object)
            data[f"{kind}_t_{attribute}_i"] = (f"{kind}_t_{attribute}_i", names)
            data[f"{kind}_t_{attribute}"] = (("snapshots", f"{kind}_t_{attribute}_i"), table.iloc[:, 1:].to_numpy(float))
        elif kind != "network":
            data[f"{kind}_i"] = (f"{kind}_i", table["name"].to_numpy(object))
            data |= {f"{kind}_{c}": (f"{kind}_i", table[c].to_numpy()) for c in table.columns[1:]}
    return xr.Dataset(data, attrs={"network_name": "small", "network_pypsa_version": "0.35.0"})


ODD_NUMBERS = (np.nan, np.inf, -1.0, 0.0, 1e308, -1e16, 1e-300, 2.5)


@many(25)
@given(st.booleans(), PLACE, PLACE)
def test_pypsa_netcdf(cut, place, other):
    """The file cut off, or else one number in it changed. Changed bytes are left out: on some, the HDF5 library itself never returns."""
    data = pypsa_dataset()
    if not cut:
        name = sorted(v for v in data if data[v].dtype.kind in "fi")[place % 17]
        values = data[name].to_numpy().astype(float)
        values.flat[place % values.size] = ODD_NUMBERS[other % len(ODD_NUMBERS)]
        data[name] = (data[name].dims, values)
    with folder() as case:
        data.to_netcdf(case / "net.nc", engine="h5netcdf")
        if cut:
            raw = (case / "net.nc").read_bytes()
            (case / "net.nc").write_bytes(raw[: place % len(raw)])
        judge(case / "net.nc")


# --------------------------------------------------------------------------------------------------------------- files that are no case
NO_CASES = {
    "empty.m": b"", "empty.json": b"", "empty.nc": b"", "noise.m": bytes(range(256)) * 20, "noise.json": bytes(range(256)) * 20,
    "noise.nc": bytes(range(256)) * 20, "list.json": b"[1, 2, 3]", "number.json": b"5", "null.json": b"null", "deep.json": b"[" * 10**5,
    "deep2.json": b'{"a":' * 10**5, "map.json": b'{"type": "FeatureCollection", "features": []}', "net.json": b'{"bus": 1}',
    "old.json": b'{"bus": {"name": {"0": "a"}}, "name": "x", "parameters": {"parameter": {}}}', "path.json": b"/etc/passwd",
    "script.m": b"x = 1;\nsystem('touch MARK');\n", "other.m": b"function y = f(x)\ny = x + 1;\nend\n",
    "calls.m": b"function mpc = c\nmpc = loadcase('case9');\nsystem('touch MARK');\n", "classic.nc": b"CDF\x01" + bytes(40),
    "hdf.nc": b"\x89HDF\r\n\x1a\n" + bytes(100), "brackets.m": b"mpc.bus = " + b"[" * 10**5, "quote.m": b"mpc.a = {" + b"'" * 10**4,
    "pickle.json": b"\x80\x04\x95\x1c\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
}  # fmt: skip


@pytest.mark.parametrize("name", NO_CASES)
def test_what_is_no_case_is_invalid(name):
    with folder() as case:
        (case / name).write_bytes(NO_CASES[name])
        assert judge(case / name) == INVALID


@pytest.mark.parametrize("write", ["matpower", "pandapower", "folder", "netcdf"])
def test_the_case_without_a_mutation_is_solved(write):
    """Without this the tests above could pass on files that nothing could read."""
    with folder() as case:
        path = case / {"matpower": "small.m", "pandapower": "net.json", "folder": "net", "netcdf": "net.nc"}[write]
        if write == "matpower":
            path.write_text(MATPOWER)
        elif write == "pandapower":
            path.write_text(json.dumps(NET))
        elif write == "netcdf":
            pypsa_dataset().to_netcdf(path, engine="h5netcdf")
        else:
            path.mkdir()
            for file, text in PYPSA.items():
                (path / file).write_text(text)
        assert judge(path) == OK
