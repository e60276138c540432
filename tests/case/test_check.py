"""Faults in a network folder: one sentence each with file, row, column, value and cure; all together; nothing else escapes."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridopt.case.check import CaseError
from gridopt.case.readers.network_csv import read_network

SOUND = {
    "bus": "bus,name_zh,role,voltage_kv\nA,甲站,internal,330\nB,乙站,internal,330\nS,远方,sink,500\n",
    "line": "line,from_bus,to_bus,length_km,reactance_ohm_per_km,circuits,rating_mw,in_service,retirement\n"
    "AB,A,B,10,0.3,2,100,2020-01-01,\nold,A,B,12,0.3,1,,2010-01-01,2020-01-01\n",
    "transformer": "transformer,from_bus,to_bus,rated_mva,reactance_fraction\nT,A,B,1000,0.15\n",
    "interface": "interface\nwest\n",
    "interface_limit": "interface,forward_mw,in_service,retirement\nwest,50,,2025-01-01\nwest,70,2025-01-01,\n",
    "interface_member": "interface,kind,element,coefficient\nwest,line,AB,1\nwest,transformer,T,1\n",
    "season": "season,start_day,end_day\nheat,11-01,03-31\n",
    "fuel": "fuel,price_cny_per_tce,co2_t_per_tce\ncoal,800,2.7\n",
    "unit_type": "unit_type,min_load_fraction,fuel_rate_full_tce_per_mwh\nu,0.4,0.3\n",
    "unit": "unit,bus,unit_type,fuel,power_max_mw,must_run,self_owned,heating_season\nu1,A,u,coal,300,no,false,heat\n",
    "renewable": "renewable,bus,technology,power_max_mw\nw1,A,wind,100\ns1,B,solar,50\n",
    "reservoir": "reservoir,bus,power_max_mw,power_mw_per_m3s,downstream\nup,A,10,0.5,low\nlow,B,10,0.5,\n",
    "storage": "storage,bus,power_max_mw,energy_max_mwh,charge_efficiency\nP1,A,100,400,0.88\n",
    "load": "load,bus,mean_mw\nd,B,100\n",
    "shedding_tier": "tier,share,cost_cny_per_mwh\nsoft,0.1,500\nhard,0.9,9000\n",
    "dc_link": "dc_link,from_bus,to_bus,power_max_mw,power_min_mw\nL,A,S,800,80\n",
    "dc_contract": "contract,dc_link,start_date,end_date,energy_min_mwh,energy_max_mwh\n"
    "c1,L,2025-01-01,2025-06-30,1000,2000\nc2,L,2025-07-01,2025-12-31,,\n",
    "dc_bundle": "plant,dc_link\nw1,L\n",
    "year": "year,load_scale\n2025,1.0\n2026,1.05\n",
}


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "alpine"
    path.mkdir()
    for name, text in SOUND.items():
        (path / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


def change(folder, name, old, new):
    path = folder / f"{name}.csv"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"'{old}' must stand once in {name}.csv"
    path.write_text(text.replace(old, new), encoding="utf-8")


def faults(folder) -> list[str]:
    with pytest.raises(CaseError) as caught:
        read_network(folder)
    for sentence in caught.value.faults:
        assert "\n" not in sentence and sentence.endswith((".", "?")), sentence
    assert str(caught.value) == "\n".join(caught.value.faults)
    return caught.value.faults


def test_the_sound_network_is_read(folder):
    tables = read_network(folder)
    assert tables["line"].loc["AB", "circuits"] == 2 and tables["bus"].loc["A", "name_zh"] == "甲站"
    assert tables["storage"].loc["P1", "discharge_efficiency"] == 1.0 and len(tables["csp"]) == 0
    assert tables["year"].index.tolist() == [2025, 2026]


# what changes in which file -> words that the sentence must hold: place, value, rule, cure
CELLS = {
    "negative reactance": (
        "line",
        "AB,A,B,10,0.3",
        "AB,A,B,10,-0.3",
        ["alpine/line.csv, row 2 (line 'AB'), column reactance_ohm_per_km", "'-0.3'", "above 0 ohm/km", "Was the sign lost?"],
    ),
    "unknown bus": (
        "line",
        "AB,A,B",
        "AB,A,Bx",
        ["alpine/line.csv, row 2 (line 'AB'), column to_bus", "'Bx'", "not in table bus", "alpine/bus.csv"],
    ),
    "percentage for a fraction": (
        "storage",
        "400,0.88",
        "400,88",
        [
            "alpine/storage.csv, row 2 (storage 'P1'), column charge_efficiency",
            "'88'",
            "must be at most 1. Was a",
            "percentage given for a fraction? Write 0.88.",
        ],
    ),
    "NaN": (
        "load",
        "d,B,100",
        "d,B,NaN",
        ["alpine/load.csv, row 2 (load 'd'), column mean_mw", "'NaN'", "not a finite number", "in MW"],
    ),
    "inf": (
        "load",
        "d,B,100",
        "d,B,inf",
        ["alpine/load.csv, row 2 (load 'd'), column mean_mw", "'inf'", "not a finite number", "in MW"],
    ),
    "too large to be a number": ("load", "d,B,100", "d,B,1e999", ["column mean_mw", "'1e999'", "not a finite number"]),
    "digits with underscores": (
        "load",
        "d,B,100",
        "d,B,1_00",
        ["column mean_mw", "'1_00'", "is not a number", "Give a number in MW"],
    ),
    "thousands comma in quotes": ("load", "d,B,100", 'd,B,"1,000"', ["column mean_mw", "'1,000'", "is not a number"]),
    "text for a number": (
        "unit",
        "coal,300",
        "coal,big",
        ["alpine/unit.csv, row 2 (unit 'u1'), column power_max_mw", "'big'", "is not a number", "Give a number in MW"],
    ),
    "unit in the cell": ("unit", "coal,300", "coal,300 MW", ["column power_max_mw", "'300 MW'", "is not a number"]),
    "empty required cell": (
        "bus",
        "B,乙站,internal,330",
        "B,乙站,internal,",
        ["alpine/bus.csv, row 3 (bus 'B'), column voltage_kv", "is empty", "Give a number in kV"],
    ),
    "duplicate id": (
        "renewable",
        "s1,B",
        "w1,B",
        ["alpine/renewable.csv, row 3", "column renewable", "'w1'", "was used before, in row 2", "own identifier"],
    ),
    "fraction of a circuit": ("line", "0.3,2,100", "0.3,1.5,100", ["column circuits", "'1.5'", "not a whole number"]),
    "wrong word": (
        "unit",
        "300,no,",
        "300,alway,",
        ["column must_run", "'alway'", "not one of no, heating, always", "did you mean 'always'?"],
    ),
    "neither true nor false": ("unit", "no,false,", "no,perhaps,", ["column self_owned", "'perhaps'", "is not true or false"]),
    "date the other way round": ("line", "2020-01-01,\n", "01/01/2020,\n", ["column in_service", "'01/01/2020'", "YYYY-MM-DD"]),
    "no such day": ("line", "2020-01-01,\n", "2021-02-29,\n", ["column in_service", "'2021-02-29'", "not a day of the calendar"]),
    "retired before it began": (
        "line",
        "2010-01-01,2020-01-01",
        "2021-01-01,2020-01-01",
        ["alpine/line.csv, row 3 (line 'old'), column in_service", "larger than retirement", "Swap or correct"],
    ),
    "both ends at one bus": (
        "line",
        "AB,A,B",
        "AB,A,A",
        ["alpine/line.csv, row 2 (line 'AB'), column to_bus", "'A' is also from_bus", "two different buses"],
    ),
    "unknown member": (
        "interface_member",
        "line,AB",
        "line,ABx",
        [
            "alpine/interface_member.csv, row 2, column element",
            "'ABx'",
            "not in table line",
            "did you mean 'AB'?",
            "alpine/line.csv",
        ],
    ),
    "member of another kind": (
        "interface_member",
        "transformer,T",
        "line,T",
        ["row 3, column element", "'T'", "not in table line"],
    ),
    "id shared by line and transformer": (
        "line",
        "old,A",
        "T,A",
        ["alpine/transformer.csv, row 2", "'T'", "also the id of a line"],
    ),
    "tiers that do not add up": (
        "shedding_tier",
        "hard,0.9",
        "hard,0.8",
        ["alpine/shedding_tier.csv", "0.9 in all", "must add up to 1", "sheddable in full"],
    ),
    "contract that ends before it begins": (
        "dc_contract",
        "c1,L,2025-01-01,2025-06-30",
        "c1,L,2025-01-01,2024-06-30",
        [
            "alpine/dc_contract.csv, row 2 (dc_contract 'c1'), column end_date",
            "'2024-06-30'",
            "before start_date",
            "Swap or correct",
        ],
    ),
    "least energy above largest": (
        "dc_contract",
        "1000,2000",
        "3000,2000",
        ["column energy_min_mwh", "'3000.0'", "larger than energy_max_mwh"],
    ),
    "bundle of an unknown plant": (
        "dc_bundle",
        "w1,L",
        "w9,L",
        ["alpine/dc_bundle.csv, row 2", "'w9'", "neither a renewable nor a csp plant"],
    ),
    "river in a circle": (
        "reservoir",
        "low,B,10,0.5,",
        "low,B,10,0.5,low",
        ["alpine/reservoir.csv, row 3", "column downstream", "leads back"],
    ),
    "no such day of a season": ("season", "11-01", "13-01", ["alpine/season.csv, row 2", "column start_day", "'13-01'", "MM-DD"]),
    "limits that overlap": (
        "interface_limit",
        "west,50,,2025-01-01",
        "west,50,,2025-02-01",
        ["alpine/interface_limit.csv, row 3", "column in_service", "limit in row 2", "without overlap"],
    ),
    "year twice": ("year", "2026,", "2025,", ["alpine/year.csv, row 3", "column year", "was used before, in row 2"]),
    "control character": ("unit", "u1,A", "u\x011,A", ["column unit", "control character"]),
}


@pytest.mark.parametrize("what", CELLS)
def test_one_fault_one_sentence(folder, what):
    name, old, new, words = CELLS[what]
    change(folder, name, old, new)
    found = faults(folder)
    assert len(found) == 1, found
    for word in words:
        assert word in found[0], f"'{word}' is not in: {found[0]}"


def test_two_limits_from_the_beginning(folder):
    """Empty dates are equal: the second row repeats the key, and the two overlap."""
    change(folder, "interface_limit", "west,70,2025-01-01,", "west,70,,2025-02-01")
    repeated, overlap = faults(folder)
    assert (
        "alpine/interface_limit.csv, row 3, column interface+in_service" in repeated and "was used before, in row 2" in repeated
    )
    assert "without overlap" in overlap


def test_far_future_dates_are_dates(folder):
    """9999-12-31 for never, beyond the nanoseconds of pandas."""
    change(folder, "line", "AB,A,B,10,0.3,2,100,2020-01-01,", "AB,A,B,10,0.3,2,100,2020-01-01,9999-12-31")
    retirement = read_network(folder)["line"]["retirement"]
    assert retirement.dtype == "datetime64[s]" and str(retirement["AB"])[:10] == "9999-12-31"


def test_missing_column(folder):
    (folder / "load.csv").write_text("load,bus\nd,B\n")
    found = faults(folder)
    assert len(found) == 1 and "alpine/load.csv, column 'mean_mw': is missing" in found[0] and "Add the column." in found[0]


def test_misspelled_column(folder):
    """An optional column: one fault with the nearest name. A required one: that it is missing, too."""
    change(folder, "line", "rating_mw", "ratting_mw")
    (sentence,) = faults(folder)
    assert (
        "alpine/line.csv, column 'ratting_mw': is not a column of table line" in sentence
        and "did you mean 'rating_mw'?" in sentence
    )
    assert "Rename or remove it." in sentence
    change(folder, "line", "ratting_mw", "rating_mw")
    change(folder, "line", "length_km", "lenght_km")
    assert ["did you mean 'length_km'?" in f or "column 'length_km': is missing" in f for f in faults(folder)] == [True, True]


def test_misspelled_file(folder):
    (folder / "line.csv").rename(folder / "lines.csv")
    found = faults(folder)
    assert any(
        "alpine/lines.csv: is not a table of a network" in f and "did you mean 'line'?" in f and "Rename or remove it." in f
        for f in found
    )


@pytest.mark.parametrize("text", ["bus,voltage_kv\n", None])
def test_network_without_buses(folder, text):
    (folder / "bus.csv").unlink() if text is None else (folder / "bus.csv").write_text(text)
    assert any("alpine/bus.csv: the table is empty; a network needs at least one bus. Add rows." in f for f in faults(folder))


@pytest.mark.parametrize("name", sorted(set(SOUND) - {"bus"}))
def test_a_table_with_only_its_header_is_empty(folder, name):
    """No fault of the table itself; only tables that refer to it may complain."""
    (folder / f"{name}.csv").write_text(SOUND[name].splitlines()[0] + "\n")
    try:
        assert len(read_network(folder)[name]) == 0
    except CaseError as error:
        assert not [f for f in error.faults if f.startswith(f"alpine/{name}.csv")]


@pytest.mark.parametrize("data", [b"", b"\n", b"  \r\n", b"\xef\xbb\xbf"])
def test_file_without_header(folder, data):
    (folder / "csp.csv").write_bytes(data)
    assert faults(folder) == ["alpine/csp.csv: has no header row. The first row must name the columns."]


def test_gbk_and_bom_are_read(folder):
    """What Excel writes on a Chinese Windows, and UTF-8 with a byte order mark."""
    (folder / "bus.csv").write_bytes(SOUND["bus"].encode("gbk"))
    (folder / "line.csv").write_bytes(SOUND["line"].encode("utf-8-sig"))
    tables = read_network(folder)
    assert tables["bus"]["name_zh"].tolist() == ["甲站", "乙站", "远方"] and len(tables["line"]) == 2


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends_of_other_systems(folder, newline):
    (folder / "bus.csv").write_bytes(SOUND["bus"].replace("\n", newline).encode())
    assert read_network(folder)["bus"].index.tolist() == ["A", "B", "S"]


def test_neither_utf8_nor_gbk(folder):
    (folder / "bus.csv").write_bytes(b"bus,voltage_kv\nA\xff\xff,330\n")
    assert "alpine/bus.csv: is neither UTF-8 nor GBK text. Save it as CSV (UTF-8)." in faults(folder)


@pytest.mark.parametrize(("row", "cells"), [("d,B,100,7", 4), ("d,B", 2)])
def test_ragged_rows(folder, row, cells):
    change(folder, "load", "d,B,100", row)
    assert f"alpine/load.csv, row 2: has {cells} cells, the header has 3. Is a comma missing or one too many?" in faults(folder)


def test_column_twice(folder):
    """One fault: the cells must not be read under the wrong names after that."""
    (folder / "load.csv").write_text("load,bus,bus,mean_mw\nd,B,B,100\n")
    assert faults(folder) == ["alpine/load.csv, column 'bus': stands twice in the header. Remove one."]


def test_open_quote_that_swallows_the_file(folder):
    """A cell longer than the csv module takes."""
    (folder / "load.csv").write_text('load,bus,mean_mw\n"d,B,100\n' + "e,B,100\n" * 20000)
    found = faults(folder)
    assert len(found) == 1 and found[0].startswith("alpine/load.csv") and "quote" in found[0]


def test_blank_lines_at_the_end_are_nothing(folder):
    (folder / "load.csv").write_text(SOUND["load"] + "\n,,\n\n")
    assert len(read_network(folder)["load"]) == 1


def test_no_such_folder(tmp_path):
    with pytest.raises(CaseError, match="there is no such network folder"):
        read_network(tmp_path / "nowhere")


def test_contracts_may_overlap(folder):
    """A year's and a month's contract of one link hold side by side."""
    change(folder, "dc_contract", "c2,L,2025-07-01", "c2,L,2025-03-01")
    assert len(read_network(folder)["dc_contract"]) == 2


def test_all_faults_come_together(folder):
    """Six faults in five files, one run."""
    for what in (
        "negative reactance",
        "percentage for a fraction",
        "duplicate id",
        "tiers that do not add up",
        "text for a number",
    ):
        change(folder, *CELLS[what][:3])
    (folder / "Bus2.csv").write_text("bus\n")
    found = faults(folder)
    assert len(found) == 6
    for file in ("line", "storage", "renewable", "shedding_tier", "unit", "Bus2"):
        assert sum(f.startswith(f"alpine/{file}.csv") for f in found) == 1, file


CELL_TEXTS = [
    "",
    " ",
    "-1",
    "0",
    "1e999",
    "nan",
    "-inf",
    "88",
    "A",
    "B",
    "AB",
    "2025-13-01",
    "0000-00-00",
    "9999-12-31",
    "0001-01-01",
]
CELL_TEXTS += [
    "02-30",
    "x" * 300,
    "１２",
    "1_0",
    "①",
    "²",
    "true",
    '"',
    "'",
    ",",
    "\n",
    "\r",
    "\x00",
    "\t",
    "=1+1",
    "甲",
    "1e-320",
]
CELL_TEXTS += ["99999999999999999999", "-0", "+5", "0x10", "1,5", "NaT", "None"]
NASTY = st.one_of(
    st.sampled_from(CELL_TEXTS),
    st.text(max_size=8),
    st.floats().map(str),
    st.integers().map(str),
    st.dates().map(str),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_random_cells_raise_nothing_but_case_errors(tmp_path_factory, data):
    """One to three cells (headers included) of the sound network replaced by anything; written as csv or as raw text."""
    folder = _shared(tmp_path_factory)
    names = data.draw(st.lists(st.sampled_from(sorted(SOUND)), min_size=1, max_size=3))
    touched = {}
    for name in names:
        rows = touched.setdefault(name, [r.split(",") for r in SOUND[name].splitlines()])
        row = data.draw(st.integers(0, len(rows) - 1))
        rows[row][data.draw(st.integers(0, len(rows[row]) - 1))] = data.draw(NASTY)
    try:
        for name, rows in touched.items():
            text = io.StringIO(newline="")
            csv.writer(text).writerows(rows)
            raw = data.draw(st.booleans())
            body = "\n".join(",".join(r) for r in rows) + "\n" if raw else text.getvalue()
            (folder / f"{name}.csv").write_bytes(body.encode("utf-8", "replace"))
        try:
            read_network(folder)
        except CaseError as error:
            assert error.faults and all(isinstance(f, str) and f for f in error.faults)
    finally:
        for name in touched:
            (folder / f"{name}.csv").write_text(SOUND[name], encoding="utf-8")


def _shared(factory, made=[]):  # noqa: B006  one folder for all examples
    if not made:
        made.append(factory.mktemp("random") / "alpine")
        made[0].mkdir()
        for name, text in SOUND.items():
            (made[0] / f"{name}.csv").write_text(text, encoding="utf-8")
    return made[0]
