"""The elements of a PyPSA network and their cells, as read from files (`pypsa_files.py`).

A series that never changes is put in the place of the static value, as it means the same. Empty cells stand for PyPSA's default.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from gridopt.case.check import nearest, show
from gridopt.case.pypsa_attributes import DEFAULTS, UNBOUNDED

LARGEST = 1e15
"""Beyond it no figure of a grid lies, and no solver computes."""
FLAGS = {"true": True, "1": True, "1.0": True, "yes": True, "false": False, "0": False, "0.0": False, "no": False}


@dataclass
class Component:
    """All elements of a kind. `names` (n,); `static`: cells by attribute (n,), text or numbers; `series`: by attribute the values over
    time (T,) of the elements (positions) that have their own; `place` (n,): where an element stands; `faults`: of all components."""

    kind: str
    file: str
    names: np.ndarray
    static: dict[str, np.ndarray]
    place: list[str]
    faults: list[str]
    series: dict[str, dict[int, np.ndarray]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    def fault(self, i: int, attribute: str, value: object, rule: str, cure: str) -> None:
        self.faults.append(f"{self.place[i]}, column {attribute}: {show(value)} {rule}. {cure}")

    def some(self, wrong: np.ndarray, attribute: str, rule: str, cure: str) -> None:
        """A fault for each element in `wrong` (bool)."""
        for i in np.flatnonzero(wrong):
            given = self.static.get(attribute)
            value = DEFAULTS[self.kind].get(attribute, "") if given is None else given[i]
            self.fault(int(i), attribute, "a series" if int(i) in self.varying(attribute) else value, rule, cure)

    def number(self, attribute: str) -> np.ndarray:
        """Static values float (n,); of elements with a series that of the default. Cells that are no numbers are faults, once."""
        default = float(DEFAULTS[self.kind][attribute])
        cells = self.static.get(attribute)
        if cells is None:
            return np.full(len(self), default)
        if cells.dtype != object:
            values, empty = cells.astype(float), np.zeros(len(self), bool)
        else:
            empty = cells == ""
            values = pd.to_numeric(pd.Series(np.where(empty, default, cells)), errors="coerce").to_numpy(float)
        bad = ~empty & (np.isnan(values) & ~np.isnan(default) | np.isinf(values) & (attribute not in UNBOUNDED))
        if np.isnan(default) and cells.dtype == object:
            bad |= np.isnan(values) & ~np.isin(np.char.lower(cells.astype(str)), ("", "nan"))
        bad |= np.isfinite(values) & (np.abs(values) > LARGEST)
        self.some(bad, attribute, f"is not a finite number within +-{LARGEST:g}", "Correct it, or leave the cell empty for PyPSA's default.")
        self.static[attribute] = values = np.where(bad, 0.0 if np.isnan(default) else default, values)
        return values

    def text(self, attribute: str) -> np.ndarray:
        """Static texts (n,), object."""
        default = str(DEFAULTS[self.kind][attribute])
        cells = self.static.get(attribute, np.full(len(self), default, object)).astype(object)
        return np.array([default if c is None or c != c or c == "" else str(c).strip() for c in cells], object)

    def flag(self, attribute: str) -> np.ndarray:
        """Static flags bool (n,)."""
        default = bool(DEFAULTS[self.kind][attribute])
        cells = self.static.get(attribute)
        if cells is None or cells.dtype == bool:
            return np.full(len(self), default) if cells is None else cells
        words = [str(c).strip().lower() for c in cells]
        for i, word in enumerate(words):
            if word not in FLAGS and word not in ("", "nan"):
                self.fault(i, attribute, cells[i], "is not True or False", "Correct it.")
        self.static[attribute] = values = np.array([FLAGS.get(w, default) for w in words], bool)
        return values

    def varying(self, attribute: str) -> dict[int, np.ndarray]:
        """Values over time (T,) of the elements that change, by position."""
        return self.series.get(attribute, {})

    def extremes(self, attribute: str) -> tuple[np.ndarray, np.ndarray]:
        """Least and largest value over time, float (n,) each."""
        low, high = self.number(attribute).copy(), self.number(attribute).copy()
        for i, values in self.varying(attribute).items():
            low[i], high[i] = np.nanmin(values), np.nanmax(values)
        return low, high

    def keep(self, part: np.ndarray) -> Component:
        """Only the elements in `part`, bool (n,)."""
        moved = {int(old): new for new, old in enumerate(np.flatnonzero(part))}
        series = {a: {moved[i]: v for i, v in each.items() if i in moved} for a, each in self.series.items()}
        static = {a: cells[part] for a, cells in self.static.items()}
        place = [p for p, here in zip(self.place, part, strict=True) if here]
        return Component(self.kind, self.file, self.names[part], static, place, self.faults, series)


@dataclass
class Network:
    """components by kind, every kind of DEFAULTS; snapshots: a row per snapshot, cells as they are; attributes of the network; unread:
    sentences on what stands in the files and is not read."""

    file: str
    components: dict[str, Component]
    snapshots: pd.DataFrame
    attributes: dict[str, str]
    faults: list[str]
    unread: list[str] = field(default_factory=list)

    def __getitem__(self, kind: str) -> Component:
        return self.components[kind]


def component(kind: str, file: str, static: dict, names: np.ndarray, faults: list[str], rows: bool) -> Component:
    """The elements `names` with cells `static`; `rows`: they stand in rows of a file. Names given twice or empty are faults."""
    single = kind.removesuffix("es") if kind == "buses" else kind.removesuffix("s")
    single = single.replace("_", " ")
    place = [f"{file}, row {i + 2} ({single} '{n}')" if rows else f"{file}, {single} '{n}'" for i, n in enumerate(names)]
    result = Component(kind, file, names, static, place, faults)
    for i in np.flatnonzero(pd.Series(names).duplicated().to_numpy()):
        result.fault(int(i), "name", names[i], "was used before", "Give each element of a kind its own name.")
    for i in np.flatnonzero(names == ""):
        result.fault(int(i), "name", "", "is empty", "Give each element a name.")
    return result


def add_series(part: Component, attribute: str, file: str, names: list[str], values: np.ndarray, steps: int) -> None:
    """Puts the columns of `values` (T, k) at their elements; those that do not fit are faults."""
    if len(values) != steps:
        rule = f"has {len(values)} rows, but the network has {steps} snapshots"
        part.faults.append(f"{file}: {rule}. Give one row per snapshot.")
        return
    place = {name: i for i, name in enumerate(part.names)}
    at = [place.get(name, -1) for name in names]
    may_lack = np.isnan(float(DEFAULTS[part.kind][attribute]))
    static = part.number(attribute).copy()
    for k, i in enumerate(at):
        column = values[:, k]
        bad = ~(np.abs(column) <= LARGEST) & ~(may_lack & np.isnan(column))
        if i < 0:
            rule = f"is not in {part.kind}{nearest(names[k], part.names)}"
            part.faults.append(f"{file}, column '{names[k]}': {rule}. Correct the name or remove the column.")
        elif bad.any():
            rule = f"is not a finite number within +-{LARGEST:g}"
            part.faults.append(f"{file}, row {np.argmax(bad) + 2}, column '{names[k]}': '{column[np.argmax(bad)]}' {rule}. Correct it.")
        elif (column == column[0]).all() or np.isnan(column).all():
            static[i] = column[0]
        else:
            part.series.setdefault(attribute, {})[int(i)] = column
    part.static[attribute] = static


def numeric(kind: str, attribute: str) -> bool:
    """Whether an attribute is read and holds numbers, so that it may be a series."""
    return isinstance(DEFAULTS[kind].get(attribute), float)
