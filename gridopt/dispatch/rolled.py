"""Rolled: the dispatch of a horizon that was decided window by window, with everything that a dispatch of one solve has.

Values, duals and reduced costs of the steps that each window kept stand at their places in the program of the whole horizon:

    x, d, y [family, label, t] = those of the window that kept t                                                     (J1)
    rows over no step (contracts) have a dual per window: `dual_by_step`; their place in y holds the mean over the time of
                                                      the windows that have them                                      (J2)
    output above the least one fills the segments of the horizon's curve from the cheapest: where a window needs one segment
    (heat keeps the unit above half load, say) the horizon has several                                               (J4)
    bound = cost - sum over the windows of (cost - bound) of each x hours kept / hours seen                              (J3)

So a gap of the whole tells how far the windows may miss the best decision, each for what it saw; nothing is proven across seams. Money is
added, not shares: where exports nearly pay for a window, a share of its cost may be anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

import numpy as np
import pandas as pd

from gridopt.blocks import commitment
from gridopt.dispatch.formulate import BLOCKS, Model
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.window import Window
from gridopt.program.family import Family
from gridopt.program.solution import Solution, Values
from gridopt.program.standard_form import Outline, StandardForm, value

Part = Mapping[str, np.ndarray]
"""What a window kept, by kind and family: x/ values and d/ reduced costs of columns, y/ duals of rows, lazy/ (3, k) element, step in the
window, dual of rows written; step last, places of the whole horizon's families."""


Untimed = tuple[Window, np.ndarray, np.ndarray]
"""A window, rows of a family and their duals in it, (k,)."""


@dataclass
class RolledValues(Values):
    """As Values, with the reduced costs that the windows had."""

    reduced: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def _reduced(self) -> np.ndarray:
        return self.reduced


@dataclass(frozen=True)
class Rolled(Dispatch):
    """reduced (n,): reduced costs; untimed: duals of the rows over no step that each window had; tables: `windows` and `seams`."""

    reduced: np.ndarray = field(default_factory=lambda: np.zeros(0))
    untimed: Mapping[str, list[Untimed]] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def audit(self) -> Mapping[str, pd.DataFrame]:
        return self.tables

    @cached_property
    def values(self) -> Values:
        return RolledValues(self.model.builder, self.solution, self.reduced)

    def dual_by_step(self, name: str) -> np.ndarray:
        dual = np.zeros((next(f.size for f in self.model.builder.row_families if f.name == name), len(self.case.time)))
        for window, place, found in self.untimed[name]:
            dual[place, window.first : window.kept] = found[:, None]
        return dual


def kept_part(found: Dispatch, whole: Model, upper: np.ndarray, window: Window) -> dict[str, np.ndarray]:
    """What a window kept, at the places of the whole horizon's families (J1); what the window does not know is 0.

    upper: bounds of the whole horizon's columns. Elements that have become alike in the window share its value by them.
    """
    values, builder, kept = found.values, found.model.builder, window.kept - window.first
    part: dict[str, np.ndarray] = {}

    def take(array: np.ndarray, mine: Family, family: Family) -> np.ndarray:
        place = _places(found.model, whole, mine, family)
        flat = array[..., :kept].reshape(-1, kept) if "time" in family.over else array.reshape(-1, 1)
        # A row over no step that the window does not know has no dual there, not one of zero.
        unknown = 0.0 if "time" in family.over else np.nan
        taken = np.where(place[:, None] >= 0, flat[place], unknown) if len(flat) else np.zeros((len(place), flat.shape[1]))
        return taken.reshape(*family.shape[:-1], -1) if "time" in family.over else taken.reshape(family.shape)

    for mine, family in _pairs(builder.column_families, whole.builder.column_families):
        value = take(values[mine.name], mine, family)
        part[f"x/{mine.name}"] = np.nan_to_num(value) * _share(_places(found.model, whole, mine, family), upper, family, window)
        part[f"d/{mine.name}"] = take(values.reduced_cost(mine.name), mine, family)
    for mine, family in _pairs(builder.row_families, whole.builder.row_families):
        part[f"y/{mine.name}"] = take(values.dual(mine.name), mine, family)
    for mine, family in _pairs(*([z.family for z in b.lazy_families] for b in (builder, whole.builder))):
        element, step, dual = values.written(mine.name)
        place = _places(found.model, whole, mine, family)
        back = np.full(mine.size // mine.shape[-1], -1)
        back[place[place >= 0]] = np.flatnonzero(place >= 0)
        here = (step < kept) & (dual != 0) & (back[element] >= 0)
        part[f"lazy/{mine.name}"] = np.array([back[element[here]], step[here] + window.first, dual[here]], float)
    return part


def _pairs(own: list[Family], whole: list[Family]) -> list[tuple[Family, Family]]:
    """Families of a window and of the horizon by the same name, those without members left out."""
    known = {f.name: f for f in own}
    return [(known[f.name], f) for f in whole if f.size and f.name in known and known[f.name].size]


def _places(model: Model, whole: Model, mine: Family, family: Family) -> np.ndarray:
    """Place in `mine` of each element of `family` (all coordinates but time counted through), -1 where it has none."""
    place = np.zeros(1, int)
    for name, labels in family.over.items():
        if name != "time":
            own = pd.Index(mine.over[name])
            at = own.get_indexer(pd.Index(labels))
            if name == "group" and (at < 0).any():
                at = own.get_indexer(pd.Index(_joined(model, whole, family.name, labels)))
            place = np.where((place[:, None] < 0) | (at < 0), -1, place[:, None] * len(own) + at).ravel()
    return place


def _joined(model: Model, whole: Model, family: str, labels: np.ndarray) -> np.ndarray:
    """Label in the window's program of the group that each group of the whole horizon's program belongs to."""
    number = [b.__name__.rpartition(".")[2] for b in BLOCKS].index(family.split(".")[0])
    mine, groups = model.columns[number].groups, whole.columns[number].groups
    return mine.name[mine.of[groups.first[pd.Index(groups.name).get_indexer(pd.Index(labels))]]]


def _share(place: np.ndarray, upper: np.ndarray, family: Family, window: Window) -> np.ndarray | float:
    """What of a value of the window each element takes: all of it, but for elements at one place their share by upper bounds."""
    known = place[place >= 0]
    if len(np.unique(known)) == len(known) or "time" not in family.over:
        return 1.0
    weight = upper[family.ids[..., window.first : window.kept]].reshape(len(place), -1)
    total = np.zeros((known.max() + 1, weight.shape[1]))
    np.add.at(total, known, weight[place >= 0])
    whole = total[np.maximum(place, 0)]
    return np.divide(weight, whole, out=np.zeros_like(weight), where=whole > 0).reshape(*family.shape[:-1], -1)


def _fill_segments(model: Model, x: np.ndarray) -> None:
    """(J4) in the values x (n,) of the horizon's columns."""
    columns = model.columns[BLOCKS.index(commitment)]
    of, width = columns.fleet.curve.of, columns.fleet.curve.width * columns.fleet.count[columns.fleet.curve.of, None]
    number, left = np.arange(len(of)) - np.searchsorted(of, of), x[columns.above]
    size = np.bincount(of, minlength=len(left))[of]
    for k in range(size.max(initial=0)):
        some = np.flatnonzero((number == k) & (size > 1))
        inner = some[number[some] < size[some] - 1]
        x[columns.segment[some]] = left[of[some]]  # the last one takes what is left
        x[columns.segment[inner]] = np.clip(left[of[inner]], 0.0, width[inner])
        left[of[some]] -= x[columns.segment[some]]


class Record:
    """The whole horizon's values and duals, filled window by window."""

    def __init__(self, model: Model, form: StandardForm | Outline):
        self.model, self.form = model, form
        self.x, self.reduced, self.y = np.zeros(len(form.cost)), np.zeros(len(form.cost)), np.zeros(form.size["rows"])
        self.untimed: dict[str, list[Untimed]] = {f.name: [] for f in model.builder.row_families if "time" not in f.over}
        self.lazy: dict[str, list[np.ndarray]] = {z.family.name: [] for z in model.builder.lazy_families}

    def take(self, part: Part, window: Window) -> None:
        """Puts what a window kept in its place."""
        steps = slice(window.first, window.kept)
        targets = (("x", self.x, self.model.builder.column_families), ("d", self.reduced, self.model.builder.column_families),
                   ("y", self.y, self.model.builder.row_families))  # fmt: skip
        for kind, target, families in targets:
            for family in families:
                value = part.get(f"{kind}/{family.name}")
                if value is not None:
                    if "time" in family.over:
                        target[family.ids[..., steps]] = value
                    elif kind == "y":
                        known = np.flatnonzero(~np.isnan(value.ravel()))
                        self.untimed[family.name].append((window, known, value.ravel()[known]))
                    else:
                        target[family.ids] = np.nan_to_num(value)
        for name, found in self.lazy.items():
            if f"lazy/{name}" in part:
                found.append(part[f"lazy/{name}"])

    def rolled(self, windows: pd.DataFrame, seams: pd.DataFrame, seconds: Mapping[str, float]) -> Rolled:
        """The dispatch of the whole horizon; `windows` has a row for each window (J3)."""
        hours, y = self.model.case.time.hours, self.y.copy()
        _fill_segments(self.model, self.x)
        for family in self.model.builder.row_families:
            if family.name in self.untimed:
                total = np.zeros((2, family.size))
                for window, place, dual in self.untimed[family.name]:
                    length = hours[window.first : window.kept].sum()
                    total[:, place] += length * np.array([dual, np.ones(len(dual))])
                y[family.ids.ravel()] = np.divide(total[0], total[1], out=np.zeros(family.size), where=total[1] > 0)
        added, duals = {}, [y]
        for name, parts in self.lazy.items():
            element, step, dual = np.concatenate([np.zeros((3, 0)), *parts], axis=1)
            rows = np.arange(len(dual)) + sum(len(d) for d in duals)
            added[name] = np.array([element, step, rows]).astype(int)
            duals.append(dual)
        cost = value(self.form, self.x)  # of the form nothing is read but costs and bounds: reduced costs are those of the windows
        kept, seen, whole, least, priced = (windows[c].to_numpy(float) for c in ("kept_h", "seen_h", "cost_cny", "bound_cny", "price_gap"))
        missed = np.array([priced * np.maximum(np.abs(whole), 1.0), np.maximum(whole - least, 0.0)])
        bound, proven = (float(v) for v in cost - missed @ (kept / seen))
        solution = Solution(
            cast(StandardForm, self.form), self.x, np.concatenate(duals), bound, int(windows["rounds"].max()), added,
            {"seconds": dict(seconds)}, proven, bool(windows["finished"].all()),
        )  # fmt: skip
        tables = {"windows": windows, "seams": seams}
        return Rolled(self.model.case, self.model, solution, self.reduced, self.untimed, tables)
