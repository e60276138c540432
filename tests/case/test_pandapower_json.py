"""A file of pandapower may name any module to be imported; nothing but pandapower's own data gets that far."""

import json
import sys

import numpy as np
import pandapower as pp
import pandapower.networks
import pandas as pd
import pytest

from gridopt.case.check import CaseError
from gridopt.case.pandapower_json import safe_text
from gridopt.case.readers.pandapower import read


def frame(content: str) -> dict:
    return {"_module": "pandas.core.frame", "_class": "DataFrame", "_object": content, "orient": "split"}


def net(**elements) -> dict:
    return {"_module": "pandapower.auxiliary", "_class": "pandapowerNet", "_object": elements}


EVIL = {"_module": "evil", "_class": "Payload", "_object": "1"}
CELL = json.dumps({"columns": ["name"], "index": [0], "data": [[EVIL]]})
FILES = {
    "top": json.dumps(EVIL),
    "in the net": json.dumps(net(bus=EVIL)),
    "in a cell of a table": json.dumps(net(bus=frame(CELL))),
    "written otherwise": json.dumps(net(bus=frame(CELL.replace("_module", "\\u005fmodule")))),
    "given twice": json.dumps(net(bus=EVIL)).replace('"evil"', '"evil", "_module": "pandas.core.frame"'),
    "given twice the other way": json.dumps(net(bus=EVIL)).replace('"_module": "evil"', '"_module": "pandas.core.frame", "_module": "evil"'),
    "a net in a text": json.dumps(net() | {"_object": json.dumps(net(bus=EVIL))}),
    "a function": json.dumps(net(f={"_module": "evil", "_class": "function", "_object": "payload"})),
    "a controller": json.dumps(net(c={"_module": "pandapower.control.x", "_class": "C", "_object": json.dumps({"data": EVIL})})),
}


@pytest.mark.parametrize("name", FILES)
def test_no_module_of_the_file_is_imported(name, tmp_path, monkeypatch):
    """`evil.py` lies on the path and leaves a mark when it is imported."""
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'mark')!r}, 'w')\nPayload = payload = print\n")
    (tmp_path / "case.json").write_text(FILES[name])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "evil", raising=False)
    with pytest.raises(CaseError, match=r"case\.json: the object 'evil\.\w+' is not of pandapower's data"):
        read(tmp_path / "case.json", "matpower-dc")
    assert "evil" not in sys.modules
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(("data", "said"), [
    (b"", "is not JSON"), (b"\x80\x04\x95pickle", "is not text in UTF-8"), (b"[" * 100000, "nested too deeply"), (b'{"bus": ', "cut off"),
    (json.dumps(net(bus=frame("/etc/other.json"))).encode(), "is not JSON"),
    (b'{"_module": ["os"], "_class": 1}', "is not of pandapower's data"),
])  # fmt: skip
def test_what_is_no_net_is_refused(data, said):
    with pytest.raises(CaseError, match=said):
        safe_text(data, "case.json")


def test_whatever_pandapower_writes_is_read():
    """Values of all kinds that to_json knows, and a controller."""
    made = pandapower.networks.case9()
    made["odd"] = pd.DataFrame({"a": [1, {"x": (1, 2)}, [1], {3}, np.arange(3.0), np.float32(2), pd.Index([1, 2])]})
    made |= {"t": (1, 2), "i": pd.RangeIndex(4), "s": pd.Series([1, 2]), "n": np.float64(3), "b": np.bool_(True), "r": np.arange(4)}
    data = pp.timeseries.DFData(pd.DataFrame({"p": [1.0, 2.0]}))
    pp.control.ConstControl(made, "load", "p_mw", [0], profile_name="p", data_source=data)
    text = pp.to_json(made)
    assert safe_text(b"\xef\xbb\xbf" + text.encode(), "case.json") == text


@pytest.mark.parametrize(("element", "column", "value", "said"), [
    ("gen", "bus", 2.5, "net.gen 0, bus: '2.5' is not the number of a bus"),
    ("line", "to_bus", 1e308, "net.line 0, to_bus: '1e+308' is not the number of a bus"),
    ("load", "bus", True, "net.load 0, bus: 'True' is not the number of a bus"),
    ("line", "in_service", None, "net.line 0, in_service: 'None' is neither true nor false"),
    ("gen", "in_service", "no", "net.gen 0, in_service: 'no' is neither true nor false"),
    ("bus", "geo", "north", "net.bus 0, geo: 'north' is not a point in GeoJSON"),
    ("bus", None, 1, "net.bus: row '1' is there more than once"),
    ("switch", ..., 7, "net.switch is no table but '7'"),
])  # fmt: skip
def test_cells_that_loading_would_change_without_a_word(tmp_path, element, column, value, said):
    """pandas makes bus 2 of bus 2.5 and True of 'no'. column None: the index of the first row; ...: the whole table."""
    made = json.loads(pp.to_json(pandapower.networks.case9()))
    stored = made["_object"][element]
    table = json.loads(stored["_object"])
    if column is ...:
        made["_object"][element] = value
    elif column is None:
        table["index"][0] = value
    else:
        table["data"][0][table["columns"].index(column)] = value
    if column is not ...:
        stored["_object"] = json.dumps(table)
    (tmp_path / "case.json").write_text(json.dumps(made))
    with pytest.raises(CaseError) as error:
        read(tmp_path / "case.json", "matpower-dc")
    assert any(said in fault for fault in error.value.faults), error.value.faults
