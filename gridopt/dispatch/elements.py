"""Elements behind the columns of a program, and groups of elements that hang together by its rows.

A column belongs to the element that its family names, bands, segments and kinds of starts being parts of one; an element is named
'table id'. Groups are the parts of the graph of elements whose edges are the rows that nobody else shares.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from gridopt.program.standard_form import StandardForm

GROUPED = {"thermal": "unit", "renewable": "renewable", "storage": "storage"}
"""Table of the elements that are one group in a block; a group bears the name of its first."""


def element_labels(builder) -> tuple[list[str], np.ndarray]:
    """Names of elements ('table id'), and the element of each column (n,): what its family calls it, without bands and steps."""
    names: dict[str, int] = {}
    label = np.zeros(builder.column_count, int)
    for family in builder.column_families:
        dims = [d for d in family.over if d not in ("time", "tier")]
        keys = [element_name(family.name, dims[0], v) for v in family.over[dims[0]]] if dims else [family.name]
        code = np.array([names.setdefault(k, len(names)) for k in keys], int)
        shape = [1] * len(family.shape)
        if dims:
            shape[list(family.over).index(dims[0])] = len(code)
        label[family.ids] = np.broadcast_to(code.reshape(shape), family.shape)
    return list(names), label


def element_name(family: str, dim: str, value: object) -> str:
    """The element that a label of a family belongs to: bands, segments and kinds of starts are parts of one."""
    text = str(value)
    if dim in ("band", "segment", "kind", "element"):
        text = text.rsplit("/", 1)[0].rsplit(" after ", 1)[0] if dim != "element" else text
        return f"generator {text}" if dim == "band" else text
    return f"{GROUPED.get(family.split('.')[0], dim) if dim == 'group' else dim} {text}"


def by_period(worth: np.ndarray, of: np.ndarray, count: int, step: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Sum of worth (n,) of columns by what they are `of` int (n,), 0..count-1, and period (count, T), at steps (n,); what is over no step
    (-1) is spread over all hours (T,)."""
    timed, found = step >= 0, np.zeros((count, len(hours)))
    np.add.at(found, (of[timed], step[timed]), worth[timed])
    return found + np.bincount(of[~timed], worth[~timed], count)[:, None] * (hours / hours.sum())


def groups(form: StandardForm, shared: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Number of the group of each column (n,): columns hang together by private rows and by their element."""
    matrix, length = form.matrix, np.diff(form.matrix.indptr)
    private = np.ones(len(length), bool)
    private[shared] = False
    element, linked = label.astype(np.int32)[matrix.indices], np.repeat(private, length)
    # What hangs together by a row does so entry by entry; the last one has none after it.
    linked[matrix.indptr[1:][length > 0] - 1] = False
    linked[:-1] &= element[:-1] != element[1:]
    at = np.flatnonzero(linked)
    size = int(label.max(initial=-1)) + 1
    graph = sp.coo_array((np.ones(len(at), np.int8), (element[at], element[at + 1])), shape=(size, size))
    return connected_components(graph.tocsr(), directed=False)[1][label]


def named(part: np.ndarray, label: np.ndarray, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Groups numbered in the order of their first column, each named by its elements."""
    _, first, number = np.unique(part, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    number = rank[number]
    pairs = np.array(np.divmod(np.unique(number * len(names) + label), len(names))) if len(label) else np.zeros((2, 0), int)
    members: list[list[str]] = [[] for _ in range(len(first))]
    for g, e in pairs.T:
        members[g].append(names[e])
    # An award is a part of the element that gives it.
    members = [[n for n in m if not n.startswith("award ")] or m for m in members]
    return number, np.array([" + ".join(m) for m in members], object)
