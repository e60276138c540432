"""MATPOWER case files: what is read, what is refused, and the optima and prices of reference cases from the tables alone."""

import csv
from pathlib import Path

import pytest

from gridopt.case.check import CaseError
from gridopt.case.imported import BRANCH_MODELS
from gridopt.case.readers.matpower import read
from tests.case.dc_opf import optimum

CASES = Path(__file__).parents[4] / "shared" / "cases"
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="the folder of reference cases is not here")

SMALL = """function mpc = small
%SMALL  three buses, 'quoted' % comment [1 2
mpc.version = '2';
mpc.baseMVA = 100;
%{
mpc.bus = [ 9 9 9 ];
%}
mpc.bus = [
	1	3	0	0	0	0	1	1	0	230	1	1.1	0.9;
	2	2	300	98.61	0	0	1	1	0	230	2	1.1	0.9;	% a comment ];
	30, 1, 50, 98.61, 0, 0, 1, 1, 0, 230, 2, 1.1, 0.9
];
mpc.gen = [ 1 40 0 30 -30 1 100 1 400 0; 2 170 0 127.5 -127.5 1 100 1 520 ...
	20 ];
mpc.branch = [
	1	2	0.00281	0.0281	0.00712	250	0	300	0	0	1	-30	30;
	1	30	0.00304	0.0304	0.00658	0	0	0	0	0	1	-360	360;
	2	30	0.00064	0.0064	0.03126	0	0	0	0.98	2	1	0	0;
];
mpc.gencost = [
	2	0	0	3	0	14	5;
	2	0	0	3	0.5	15	0;
];
mpc.bus_name = {
	'North 50%';
	'O''Hara';
	'South';
};
mpc.genfuel = {'coal'; 'ng'};
"""


def case(folder, text=SMALL):
    file = folder / "small.m"
    file.write_text(text)
    return file


def test_tables_of_a_small_case(tmp_path):
    imported = read(case(tmp_path), "matpower-dc")
    tables = imported.tables
    assert list(tables["bus"].index) == ["1", "2", "30"]
    assert list(tables["bus"]["name"]) == ["North 50%", "O'Hara", "South"]
    assert list(tables["bus"]["zone"]) == ["1", "2", "2"] and list(tables["bus"]["voltage_kv"]) == [230] * 3
    assert tables["load"]["mean_mw"].to_dict() == {"2": 300, "30": 50} and not tables["load"]["sheddable"].any()
    generator = tables["generator"]
    assert generator["bus"].to_dict() == {"gen 1": "1", "gen 2": "2"}
    assert list(generator["technology"]) == ["coal", "ng"]
    assert generator.loc["gen 2", ["power_min_mw", "power_max_mw"]].tolist() == [20, 520]
    costs = ["cost_cny_per_h", "cost_cny_per_mwh", "cost_quadratic_cny_per_mw2h"]
    assert generator[costs].to_numpy().tolist() == [[5, 14, 0], [0, 15, 0.5]]
    branch = tables["ac_branch"]
    assert branch.loc["3", ["from_bus", "to_bus", "tap_ratio", "shift_deg"]].tolist() == ["2", "30", 0.98, 2]
    assert branch.loc["1", ["reactance_pu", "rating_mw", "rating_emergency_mw"]].tolist() == [0.0281, 250, 300]
    assert branch.loc["1", ["angle_min_deg", "angle_max_deg"]].tolist() == [-30, 30]
    assert branch.loc[["2", "3"], ["rating_mw", "angle_min_deg", "angle_max_deg"]].isna().all(axis=None)
    assert imported.currency == "$" and list(imported.time.hours) == [1.0]
    assert imported.report.found == {"bus": 3, "gen": 2, "branch": 3, "gencost": 2}
    assert imported.report.totals["load_mw"] == 350 and imported.report.totals["generation_capacity_mw"] == 920


def test_windows_line_ends_and_other_names_of_the_case(tmp_path):
    plain = read(case(tmp_path), "matpower-dc").tables
    (tmp_path / "small.m").write_bytes(SMALL.replace("mpc", "s").replace("\n", "\r\n").encode("utf-8-sig"))
    other = read(tmp_path / "small.m", "matpower-dc").tables
    assert all(plain[t].equals(other[t]) for t in plain)


def faults(folder, *changes, model="matpower-dc"):
    text = SMALL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(CaseError) as error:
        read(case(folder, text), model)
    return error.value.faults


BUS_2, BUS_30 = "	2	2	300	98.61	0	0	1	1	0	230	2	1.1	0.9;", "	30, 1, 50, 98.61,"
BRANCH_1, BRANCH_3 = "1	2	0.00281	0.0281	0.00712	250	0	300	0	0	1", "2	30	0.00064	0.0064	0.03126"
GEN_1 = "1 40 0 30 -30 1 100 1 400 0;"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (BUS_2, BUS_2.replace("300", "NaN"), ("line 10 (bus 2)", "column Pd", "'nan'", "finite")),
        (BUS_2, BUS_2.replace("300", "Inf"), ("column Pd", "'inf'")),
        (BUS_2, BUS_2.replace("300", "1_00"), ("line 10", "'1_00' is not a number")),
        (BUS_2, BUS_2.replace("300", "3*100"), ("'3*100' is not a number",)),
        (BUS_2, BUS_2.replace("300\t", ""), ("line 10", "12 values, the other rows have 13")),
        (BUS_30, BUS_30.replace("30", "2"), ("line 11 (bus 3)", "column bus_i", "'2'", "another bus")),
        (BUS_30, BUS_30.replace("30", "2.5"), ("whole number",)),
        (BUS_30, BUS_30.replace(" 1,", " 7,"), ("column type", "'7'")),
        (GEN_1, GEN_1.replace("1 40", "7 40"), ("line 13 (gen 1)", "column bus", "'7'")),
        (GEN_1, GEN_1.replace("400 0", "400 401"), ("column Pmin", "'401'", "Pmax '400'")),
        (BRANCH_1, BRANCH_1.replace("1	2", "1	8", 1), ("line 16 (branch 1)", "column tbus", "'8'")),
        (BRANCH_1, BRANCH_1.replace("1	2", "1	1", 1), ("two different buses",)),
        (BRANCH_1, BRANCH_1.replace("0.0281	", "0	"), ("column x", "'0'", "reactance")),
        (BRANCH_1, BRANCH_1.replace("250", "-250"), ("column rateA", "'-250'")),
        (BRANCH_1, BRANCH_1.replace("	0	0	1", "	-1	0	1"), ("column ratio", "'-1'")),
        (BRANCH_1, BRANCH_1.replace("	0	0	1", "	1e-300	0	1"), ("column ratio", "'1e-300'", "0.1 to 10")),
        ("-30	30;", "400	30;", ("column angmin", "'400'", "within +-360")),
        (BUS_2, BUS_2.replace("300", "1e308"), ("column Pd", "beyond 1e+15")),
        ("-30	30;", "30	-30;", ("column angmin", "larger than angmax")),
        ("mpc.baseMVA = 100;", "mpc.baseMVA = 0;", ("line 4", "must be above 0")),
        ("mpc.baseMVA = 100;", "mpc.baseMVA = Inf;", ("line 4", "must be above 0")),
        ("mpc.baseMVA = 100;", "mpc.baseMVA = big;", ("'big' is not a number",)),
        ("mpc.baseMVA = 100;", "", ("no mpc.baseMVA",)),
        ("mpc.version = '2'", "mpc.version = '1'", ("version '1'",)),
        ("function mpc = small", "function [baseMVA, bus] = small", ("format version 1",)),
        ("	1	3	0", "	1	2	0", ("none of the 3 buses", "reference")),
        ("	2	0	0	3	0.5	15	0;\n", "", ("gencost has 1 rows for 2 generators",)),
        ("	2	0	0	3	0.5	15	0;", "	2	0	0	4	0.5	15	0;", ("line 22 (gencost 2)", "column n", "'4'", "room for 3")),
        ("	2	0	0	3	0.5	15	0;", "	3	0	0	3	0.5	15	0;", ("column model", "'3'")),
        ("	2	0	0	3	0.5	15	0;", "	2	0	0	3	-0.5	15	0;", ("gencost 2", "bends downwards")),
        ("'South';\n", "", ("bus_name has 2 entries for 3 rows",)),
        ("mpc.genfuel", "mpc.branch(:, 4) = mpc.branch(:, 4) + 10;\nmpc.genfuel", ("line 29", "is a command, not data")),
        ("mpc.genfuel", "mpc = scale_load(2, mpc);\nmpc.genfuel", ("is a command, not data",)),
        ("mpc.genfuel", "mpc.bus = [];\nmpc.genfuel", ("mpc.bus is given again, first in line 8",)),
    ],
)  # fmt: skip
def test_faults_name_line_value_and_rule(tmp_path, old, new, words):
    said = faults(tmp_path, (old, new))
    assert any(all(w in f for w in words) for f in said), said


def test_all_faults_at_once(tmp_path):
    said = faults(tmp_path, (BUS_30, BUS_30.replace(" 1,", " 7,")), (GEN_1, GEN_1.replace("400 0", "400 401")), ("250	0", "-250	-1"))
    assert len(said) == 4 and len({f.split(",")[1] for f in said}) == 3


@pytest.mark.parametrize("matrix", ["bus", "gen", "branch", "gencost"])
def test_missing_matrix(tmp_path, matrix):
    said = faults(tmp_path, (f"mpc.{matrix} = [\n" if f"mpc.{matrix} = [\n" in SMALL else f"mpc.{matrix} = [", f"mpc.{matrix}x = ["))
    assert any(f"no matrix mpc.{matrix}." in f for f in said)


def test_wherever_the_file_is_cut_it_is_refused(tmp_path):
    """Up to the last matrix; behind it whole fields may be lacking, but none may be half."""
    whole = SMALL.index("mpc.bus_name")
    for end in [*range(0, whole - 4, 7), SMALL.index("'South'"), len(SMALL) - 3]:
        with pytest.raises(CaseError) as error:
            read(case(tmp_path, SMALL[:end]), "matpower-dc")
        assert error.value.faults


def test_an_unclosed_matrix_is_named(tmp_path):
    said = faults(tmp_path, ("];\nmpc.gen = ", "\nmpc.gen = "))
    assert said == ["small.m, line 8: mpc.bus begins here and is not closed by ']'. Is the file cut off?"]


@pytest.mark.parametrize("text", ["", "hello", "\x00\x01", "mpc.bus = 3;", "function mpc = x\n"])
def test_what_is_no_case(tmp_path, text):
    with pytest.raises(CaseError):
        read(case(tmp_path, text), "matpower-dc")


def test_no_file_and_no_such_model(tmp_path):
    with pytest.raises(CaseError, match="cannot be read"):
        read(tmp_path / "no.m", "matpower-dc")
    with pytest.raises(CaseError, match="branch model 'ac'"):
        read(case(tmp_path), "ac")


def test_buses_alone(tmp_path):
    start, end = SMALL.index("mpc.branch"), SMALL.index("mpc.gencost")
    imported = read(case(tmp_path, SMALL[:start] + "mpc.branch = [];\n" + SMALL[end:]), "matpower-dc")
    assert imported.report.found["branch"] == 0 and len(imported.tables["bus"]) == 3


def test_fields_that_are_not_used_are_said(tmp_path):
    extra = "mpc.reserves.req = [60; 20];\nmpc.dcline = [\n1 2 1 10 10 0 0 1 1 0 100 0 0 0 0 0 0;\n];\n"
    imported = read(case(tmp_path, SMALL + extra), "matpower-dc")
    assert imported.report.found["dcline"] == 1 and not len(imported.tables["dc_link"])
    assert any("toggle_dcline" in c for c in imported.report.changes) and "reserves.req" in imported.report.changes[-1]


def test_dc_lines_of_powermodels(tmp_path):
    """PowerModels has them in its flow: 5 to 100 MW at 2 MW and 3 % of loss and 4 per MW; -60 to 80 MW both ways at 1; one out of service."""
    extra = """mpc.dcline = [
	1 2 1 10 10 0 0 1 1 5 100 0 0 0 0 2 0.03;
	2 30 1 10 10 0 0 1 1 -60 80 0 0 0 0 0 0;
	1 30 0 10 10 0 0 1 1 0 80 0 0 0 0 0 0;
];
mpc.dclinecost = [2 0 0 2 4 0; 2 0 0 2 1 0; 2 0 0 2 0 0];
"""
    imported = read(case(tmp_path, SMALL + extra), "powermodels-dcp")
    link = imported.tables["dc_link"]
    assert list(link.index) == ["dcline 1", "dcline 2", "dcline 2 (reverse)"]
    assert list(link["from_bus"]) == ["1", "2", "30"] and list(link["to_bus"]) == ["2", "30", "2"]
    assert list(link["power_min_mw"]) == [5, 0, 0] and list(link["power_max_mw"]) == [100, 80, 60]
    assert list(link["loss_no_load_fraction"]) == [0.02, 0, 0] and list(link["loss_linear_fraction"]) == [0.03, 0, 0]
    assert list(link["cost_cny_per_mwh"]) == [4, 1, -1]
    assert "Left out as out of service: DC lines, 1." in imported.report.changes
    assert not any("toggle_dcline" in c for c in imported.report.changes)
    for old, new, words in (
        ("-60 80 0 0 0 0 0 0;", "-60 80 0 0 0 0 1 0;", "line 32 (dcline 2), column PMIN: '-60' lets a line with losses send backwards"),
        ("1 5 100", "1 500 100", "line 31 (dcline 1), column PMIN: '500' is larger than PMAX '100'"),
        ("	2 30 1", "	2 31 1", "line 32 (dcline 2), column tbus: '31' is not the number of a bus"),
        ("2 0 0 2 4 0;", "2 0 0 2 4 9;", "(dclinecost 1): is no cost of so much per MW"),
        ("; 2 0 0 2 0 0]", "]", "mpc.dclinecost has 2 rows for 3 DC lines"),
    ):
        assert old in extra
        with pytest.raises(CaseError) as error:
            read(case(tmp_path, SMALL + extra.replace(old, new)), "powermodels-dcp")
        assert len(error.value.faults) == 1 and words in error.value.faults[0], error.value.faults


def rows():
    if not CASES.is_dir():
        return []
    with (CASES / "expected.csv").open(newline="") as file:
        return [r for r in csv.DictReader(file) if r["file"].endswith(".m")]


OPTIMA = [
    r for r in rows() if r["quantity"] in ("objective", "status") and (r["problem"], r["convention"]) in
    (("dcopf", "matpower-dc"), ("dcopf", "powermodels-dcp"), ("economic_dispatch", "copperplate (no network)"))
    and "case10000" not in r["file"]
]  # fmt: skip


@pytest.mark.parametrize("row", OPTIMA, ids=lambda r: f"{r['case']}-{r['convention']}-{r['value'][:6]}")
def test_optimum_of_reference_case(row):
    tables = read(CASES / row["file"], row["convention"].split()[0]).tables
    found = optimum(tables)
    if row["value"] == "infeasible":
        assert found is None
    else:
        assert found[0] == pytest.approx(float(row["value"]), rel=float(row["rtol"] or 0), abs=float(row["atol"] or 0))


PRICED = sorted({(r["file"], r["convention"]) for r in rows() if r["quantity"] == "lmp" and r["problem"] == "dcopf"})


@pytest.mark.parametrize(("file", "model"), PRICED)
def test_prices_of_reference_case(file, model):
    tables = read(CASES / file, model).tables
    _, price, output, flow = optimum(tables)
    kinds = {"lmp": price, "pg": {g.removeprefix("gen "): p for g, p in output.items()}, "flow": flow}
    if tables["generator"]["cost_quadratic_cny_per_mw2h"].any():
        kinds = {"lmp": price}  # tangents leave outputs open by the root of the LP's tolerance
    count = 0
    for row in rows():
        if (row["file"], row["problem"], row["convention"]) == (file, "dcopf", model) and row["quantity"] in kinds:
            name = row["key"].partition("=")[2].split(" ")[0]
            given = pytest.approx(float(row["value"]), rel=float(row["rtol"] or 0), abs=float(row["atol"] or 0))
            assert kinds[row["quantity"]][name] == given, row["key"]
            count += 1
    assert count


@needs_cases
def test_found_counts():
    facts = [row for row in rows() if row["problem"] == "parse"]
    found = {file: read(CASES / file, "matpower-dc").report.found for file in sorted({row["file"] for row in facts})}
    for row in facts:
        assert found[row["file"]][row["quantity"].removeprefix("n_")] == int(row["value"]), row["case"]


@needs_cases
@pytest.mark.parametrize("model", BRANCH_MODELS)
def test_ten_thousand_buses_are_read(model):
    imported = read(CASES / "pglib_opf" / "pglib_opf_case10000_goc.m", model)
    assert imported.report.kept["bus"] == 10000 and imported.report.kept["ac_branch"] == 13193
