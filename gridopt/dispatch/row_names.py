"""What rows of a solved program are called: family, element, step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.dispatch.result import Dispatch


class Row(NamedTuple):
    """family; label: element, parts with ' | ' between them, '' where there is none; step, -1 for a row over no step; unit."""

    family: str
    label: str
    step: int
    unit: str


def row_names(dispatch: Dispatch, rows: np.ndarray) -> list[Row]:
    """Names of rows (k,) of the program with the rows that were written."""
    builder = dispatch.model.builder
    found: dict[int, Row] = {}
    for family in builder.row_families:
        ids = rows[(rows >= family.start) & (rows < family.start + family.size)]
        if len(ids):
            at = np.unravel_index(ids - family.start, family.shape)
            named = [(values, place) for (dim, values), place in zip(family.over.items(), at, strict=True) if dim != "time"]
            step = at[-1] if "time" in family.over else np.full(len(ids), -1)
            for k in range(len(ids)):
                found[int(ids[k])] = Row(family.name, " | ".join(str(values[place[k]]) for values, place in named), int(step[k]), family.unit)
    for lazy in builder.lazy_families:
        element, step, ids = dispatch.solution.added.get(lazy.family.name, np.zeros((3, 0), int))
        some = np.flatnonzero(np.isin(ids, rows))
        for k, label in zip(some.tolist(), lazy.family.labels(element[some]), strict=True):
            text = " | ".join(str(p) for p in label) if isinstance(label, tuple) else str(label)
            found[int(ids[k])] = Row(lazy.family.name, text, int(step[k]), lazy.family.unit)
    return [found[int(r)] for r in rows]
