"""Export of a small network and of a made-up run of it."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray

from gridopt.case.check import CaseError
from gridopt.case.readers import pandapower as reader
from gridopt.study.export import export

TIMES = np.array(["2025-01-01T00", "2025-01-01T01"], dtype="datetime64[ns]")


@pytest.fixture
def network(tmp_path):
    """A and B joined by a line; one unit and one wind plant at A; at B two loads of 30 and 10 MW on average, and a battery."""
    folder = tmp_path / "networks" / "two"
    folder.mkdir(parents=True)
    files = {
        "bus": "bus,name_zh,voltage_kv\nA,甲,750\nB,乙,750\n",
        "line": "line,from_bus,to_bus,length_km,reactance_ohm_per_km\nA-B,A,B,100,0.27\n",
        "unit_type": "unit_type,min_load_fraction,fuel_rate_full_tce_per_mwh\nt,0.4,0.3\n",
        "fuel": "fuel,price_cny_per_tce,co2_t_per_tce\ncoal,800,2.7\n",
        "unit": "unit,bus,unit_type,fuel,power_max_mw\nu,A,t,coal,100\n",
        "renewable": "renewable,bus,technology,power_max_mw\nw,A,wind,50\n",
        "storage": "storage,bus,power_max_mw,energy_max_mwh\nb,B,10,20\n",
        "load": "load,bus,mean_mw\nbig,B,30\nsmall,B,10\n",
    }
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def run(network, tmp_path, monkeypatch):
    """Two hours; the second has the larger demand, 60 MW of which 4 are shed."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results" / "two-1"
    folder.mkdir(parents=True)
    at = {"time": TIMES}
    xarray.Dataset(
        {
            "unit_output": (("unit", "time"), [[20.0, 40.0]]),
            "renewable_output": (("renewable", "time"), [[15.0, 10.0]]),
            "storage_charge": (("storage", "time"), [[5.0, 0.0]]),
            "storage_discharge": (("storage", "time"), [[0.0, 6.0]]),
            "load": (("bus", "time"), [[0.0, 0.0], [30.0, 60.0]]),
            "shedding": (("bus", "time"), [[0.0, 0.0], [0.0, 4.0]]),
            "price_energy": ("time", [100.0, 300.0]),
        },
        coords={"unit": ["u"], "renewable": ["w"], "storage": ["b"], "bus": ["B", "A"][::-1], **at},
    ).to_netcdf(folder / "results.nc", engine="h5netcdf")
    (folder / "manifest.json").write_text(json.dumps({"study": "two", "inputs": {"networks/two/bus.csv": "0"}}))
    return folder


def elements(net):
    return {n: dict(zip(net[n]["name"], net[n]["p_mw"].round(9), strict=True)) for n in ("gen", "sgen", "storage", "load")}


def test_pandapower_net_of_a_run_carries_its_dispatch(run):
    """Hour of the largest demand: 60 - 4 = 56 MW over loads of 30 and 10 MW: 42 and 14. Charging is positive in pandapower."""
    import pandapower

    (file,) = export(str(run), "pandapower")
    net = pandapower.from_json(str(file))
    assert elements(net) == {"gen": {"u": 40}, "sgen": {"w": 10}, "storage": {"b": -6}, "load": {"big": 42, "small": 14}}
    (file,) = export(str(run), "pandapower", at="2025-01-01T00:30")
    assert elements(pandapower.from_json(str(file)))["storage"] == {"b": 5}
    assert list(reader.read_file(file)["load"]["mean_mw"]) == [30, 10]


@pytest.mark.parametrize("at", ["2024-12-31T23", "2025-01-01T02", "soon"])
def test_a_time_that_is_not_in_the_run(run, at):
    with pytest.raises(CaseError, match="--at"):
        export(str(run), "pandapower", at=at)


def test_variables_as_tables(run):
    files = export(str(run), "csv")
    assert {f.stem for f in files} >= {"unit_output", "load", "price_energy"}
    load = pd.read_csv(run / "export-csv" / "load.csv")
    assert list(load.columns) == ["time", "A", "B"]
    assert list(load["B"]) == [30, 60]
    (only,) = export(str(run), "parquet", only=["price_energy"])
    assert list(pd.read_parquet(only)["price_energy"]) == [100, 300]
    with pytest.raises(CaseError, match="no 'lode'; did you mean 'load'"):
        export(str(run), "csv", only=["lode"])


@pytest.mark.parametrize(("to", "read"), [("csv", pd.read_csv), ("xlsx", pd.read_excel), ("parquet", pd.read_parquet)])
def test_tables_of_a_network(network, tmp_path, to, read):
    files = export(str(network), to, tmp_path / "out")
    assert {f.stem for f in files} == {"bus", "line", "unit_type", "fuel", "unit", "renewable", "storage", "load"}
    assert list(read(tmp_path / "out" / f"bus.{to}")["name_zh"]) == ["甲", "乙"]


def test_network_of_a_study(network, tmp_path):
    study = tmp_path / "studies" / "two.yaml"
    study.parent.mkdir()
    study.write_text("network: two\n")
    (file,) = export(str(study), "pandapower", tmp_path / "two.json", at="2025-01-01")
    assert list(reader.read_file(file)["bus"].index) == ["A", "B"]
