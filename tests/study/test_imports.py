"""Which reader takes a file: by its ending, and JSON files by what they hold, damaged or not."""

import gzip

import pytest

from gridopt.study.imports import format_of, stem

UCJL = '{"Parameters": {"Time horizon (h)": 1}, "Buses": {"b1": {"Load (MW)": 1}}, "Generators": {}}'
EGRET = '{"system": {"time_keys": ["1"]}, "elements": {"bus": {"b1": {}}}}'


@pytest.mark.parametrize(
    "name, text, reader",
    [
        ("a.json", UCJL, "unitcommitment_jl"), ("a.json", UCJL[:70], "unitcommitment_jl"), ("a.json", EGRET, "egret"),
        ("a.JSON", EGRET, "egret"), ("a.json", '{"_class": "pandapowerNet", "elements": 1, "system": 2}', "pandapower"),
        ("a.json", "{}", "pandapower"), ("a.json", "", "pandapower"), ("a.m", "mpc", "matpower"), ("a.nc", "", "pypsa"),
        ("a.csv", "x", ""), ("a.gz", "x", ""), ("buses.csv", "x", ""),
    ],
)  # fmt: skip
def test_reader_of_a_file(tmp_path, name, text, reader):
    (tmp_path / name).write_text(text)
    assert format_of(tmp_path / name) == reader
    assert stem(tmp_path / name) == name.split(".")[0]


@pytest.mark.parametrize("cut", [None, 40])
@pytest.mark.parametrize("text, reader", [(UCJL * 2, "unitcommitment_jl"), (EGRET * 2, "egret")])
def test_compressed_files_are_known_even_when_cut_off(tmp_path, text, reader, cut):
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(text.encode())[: None if cut is None else -cut // 4])
    assert format_of(tmp_path / "a.json.gz") == reader
    assert stem(tmp_path / "a.json.gz") == "a"


def test_what_is_no_gzip_goes_to_the_reader_of_the_ending(tmp_path):
    (tmp_path / "a.json.gz").write_text("{}")
    assert format_of(tmp_path / "a.json.gz") == "unitcommitment_jl"
