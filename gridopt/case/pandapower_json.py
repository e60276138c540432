"""What a pandapower net saved as JSON would make of itself on loading, looked at before pandapower loads it.

pandapower imports whatever module the file names (`_module`), so that opening a file from elsewhere may run code. Here the text is read as
plain JSON, the JSON inside its texts included, and every name that is not one of pandapower's own data is a fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from gridopt.case.check import CaseError, show

MODULE, CLASS, OBJECT = "_module", "_class", "_object"
DATA = {
    "pandapower.auxiliary": {"pandapowerNet"},
    "pandas": {"DataFrame", "Series", "Index", "RangeIndex", "DatetimeIndex", "MultiIndex"},
    "pandas.core.frame": {"DataFrame"},
    "pandas.core.series": {"Series"},
    "builtins": {"complex", "tuple", "set", "frozenset"},
    "networkx": {"MultiGraph"},
    "geopandas.geodataframe": {"GeoDataFrame"},
}
"""Classes by module."""
NUMBERS = ("array", "bool", "int", "uint", "float", "complex", "str", "datetime64", "timedelta64")
"""How classes of numpy begin."""
PARTS = ("pandapower.control.", "pandapower.timeseries.", "pandapower.protection.")
"""Controllers and their data: kept in the net, never run."""
def _whole(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53 and value == int(value))


def _flag(value: Any) -> bool:
    return isinstance(value, bool | int | float) and value in (0, 1)


EXACT = {
    **dict.fromkeys(("bus", "from_bus", "to_bus", "hv_bus", "mv_bus", "lv_bus"), (_whole, "is not the number of a bus. Correct it")),
    "in_service": (_flag, "is neither true nor false. Correct it"),
}
"""By column: what its cells must be, before loading gives them the type of the column."""
CURE = "Save the net with pandapower.to_json, without objects of other programs in it."


def safe_text(data: bytes, file: str) -> str:
    """The text of the file. Raises CaseError when it is no JSON or names what is not pandapower's data."""
    try:
        text = data.decode("utf-8-sig")
        named = _named(text)
    except UnicodeDecodeError as error:
        raise CaseError([f"{file}: is not text in UTF-8 (byte {error.start}). Save the net with pandapower.to_json."]) from None
    except RecursionError:
        raise CaseError([f"{file}: is nested too deeply for a net. Save the net with pandapower.to_json."]) from None
    except ValueError as error:
        raise CaseError([f"{file}: is not JSON ({error}). Is the file cut off? Save the net with pandapower.to_json."]) from None
    foreign = sorted(n for n in named if not _is_data(*n))
    rule = "is not of pandapower's data, and loading it could run code"
    faults = [f"{file}: the object {show(f'{module}.{name}')} {rule}. {CURE}" for module, name in foreign]
    faults = faults or _unfit_cells(json.loads(text), file)
    if faults:
        raise CaseError(faults)
    return text


def _unfit_cells(net: Any, file: str) -> list[str]:
    """Faults for numbers of buses and flags that loading would turn into others without a word, such as bus 2.5 into bus 2."""
    faults = []
    for element, stored in _tables(net):
        for column, (fits, rule) in EXACT.items():
            if column not in stored["columns"]:
                continue
            k = stored["columns"].index(column)
            for i, row in zip(stored["index"], stored["data"], strict=False):
                if k < len(row) and not fits(row[k]):
                    faults.append(f"{file}: net.{element} {i}, {column}: {show(row[k])} {rule}.")
    return faults


def _tables(net: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and contents of the tables of a net that are stored by columns, index and data."""
    elements = net.get(OBJECT) if isinstance(net, dict) else None
    for name, value in elements.items() if isinstance(elements, dict) else ():
        text = value.get(OBJECT) if isinstance(value, dict) else None
        stored = json.loads(text) if isinstance(text, str) and value.get(CLASS) == "DataFrame" else None
        if isinstance(stored, dict) and all(isinstance(stored.get(k), list) for k in ("columns", "index", "data")):
            yield name, stored | {"data": [row if isinstance(row, list) else [] for row in stored["data"]]}


def _named(text: str) -> set[tuple[str, str]]:
    """(module, class) of all objects in the text and in the texts they are made of."""
    named: set[tuple[str, str]] = set()
    waiting = [(text, True)]

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        # All pairs, not the dictionary: of a key that is given twice, parsers differ on which one counts.
        modules, classes = ([v for k, v in pairs if k == key] for key in (MODULE, CLASS))
        here = {(_word(m), _word(c)) for m in modules for c in classes}
        named.update(here)
        if here:
            frames = any("pandas" in m for m, _ in here)
            waiting.extend((v, frames) for k, v in pairs if k == OBJECT and isinstance(v, str))
        return dict(pairs)

    while waiting:
        part, must = waiting.pop()
        try:
            json.loads(part, object_pairs_hook=look)
        except ValueError:
            if must:  # pandas may be able to read what the standard library is not, so it must not see it
                raise
    return named


def _word(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _is_data(module: str, name: str) -> bool:
    if module == "numpy":
        return name.startswith(NUMBERS)
    if module.startswith(PARTS):
        return all(part.isidentifier() for part in module.split("."))
    if module.split(".")[0] == "shapely":
        return module in ("shapely", "shapely.geometry")
    return name in DATA.get(module, ())
