"""Contingencies: what each outage would do to the dispatch as it is, and in how many hours it limits the dispatch."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.analysis.rents import declared, names
from gridopt.blocks import contingency
from gridopt.case.topology import BRANCH_TABLES
from gridopt.dispatch.result import Dispatch

BINDING = 1e-6
"""CNY/MWh: a smaller shadow price is rounding of zero."""
CHANGED = 1e-6
"""MW: a flow that changes by less is not one of the outage."""
SHOWN = 12
"""Buses cut off that are named; further ones are counted."""


def contingencies(dispatch: Dispatch) -> pd.DataFrame:
    """Table contingencies: every listed outage and, with security n-1, every single branch, those that bind longest first.

    contingency; kind: table of what fails, several joined by '+'; elements, joined by ', '; islanding: whether it cuts buses off in some
    step; buses_cut_off; worst_loading (1; flow over emergency rating, of the flows that it changes), where (branch) and time;
    hours_binding; hours_checked: hours in which its limits were rows, the rest being hours in which it cuts buses off, nothing can take
    over the loss or all of it is out.
    """
    security = declared(dispatch, contingency)
    listed, hours = security.listed, dispatch.case.time.hours
    size = len(listed)
    worst, where, when, checked = np.zeros(size), np.full(size, -1), np.zeros(size, int), np.zeros((size, len(hours)), bool)
    rating = security.grid.emergency[security.some]
    for which, step, before, flow in security.after(dispatch.solution.x):
        limit = rating[None][:, :, step]
        loading = np.divide(np.abs(flow), limit, out=np.zeros(flow.shape), where=(limit > 0) & (np.abs(flow - before) > CHANGED))
        flat = loading.reshape(len(which), -1)
        peak = flat.max(axis=1, initial=0.0)
        place = flat.argmax(axis=1) if flat.size else np.zeros(len(which), int)
        higher = peak > worst[which]
        n, t = np.unravel_index(place[higher], flow.shape[1:])
        worst[which[higher]], where[which[higher]], when[which[higher]] = peak[higher], security.some[n], step[t]
        checked[np.ix_(which, step)] = security.aftermath.settled(which, step)
    binding = np.zeros(checked.shape, bool)
    number = {name: k for k, name in enumerate(listed.name)}
    for name, _, step, worth in dispatch.contingency_prices:
        binding[number[name], step] |= worth > BINDING
    kinds, elements = _members(dispatch, security)
    islanding, cut = _cut_off(dispatch, security)
    ids, found = security.grid.branches.ids, where >= 0
    frame = pd.DataFrame({
        "contingency": listed.name, "kind": kinds, "elements": elements, "islanding": islanding, "buses_cut_off": cut,
        "worst_loading": worst, "where": np.where(found, ids[where] if len(ids) else "", ""),
        "time": np.where(found, dispatch.case.time.start[when].astype(str), ""),
        "hours_binding": binding @ hours, "hours_checked": checked @ hours,
    })  # fmt: skip
    return frame.sort_values(["hours_binding", "worst_loading"], ascending=False, kind="stable", ignore_index=True)


def label(dispatch: Dispatch, outage: str, branch: str) -> tuple[str, str]:
    """'line X after outage of Y' in English and Chinese, by the names in the tables."""
    (failed, failed_zh), (name, name_zh) = _named(dispatch, outage), _named(dispatch, branch)
    return f"{name} after outage of {failed}", f"{failed_zh}停运后{name_zh}"


def _named(dispatch: Dispatch, element: str) -> tuple[str, str]:
    for table in (dispatch.case.table(t) for t in BRANCH_TABLES):
        if element in table.index:
            return names(table, table.index.get_loc(element))
    return element, element


def _members(dispatch: Dispatch, security) -> tuple[list[str], list[str]]:
    """Kinds and elements of each contingency, as text."""
    listed, ids = security.listed, security.grid.branches.ids
    tables = np.repeat(BRANCH_TABLES, [len(dispatch.case.table(t)) for t in BRANCH_TABLES])
    kinds, elements = [], []
    for k in range(len(listed)):
        out, lost = listed.branches[[k]].indices, np.flatnonzero(listed.of == k)
        what = [(tables[b], ids[b]) for b in out]
        what += [(listed.kind[i], dispatch.case.table(listed.kind[i]).index[listed.place[i]]) for i in lost]
        kinds.append("+".join(dict.fromkeys(str(w[0]) for w in what)))
        elements.append(", ".join(str(w[1]) for w in what))
    return kinds, elements


def _cut_off(dispatch: Dispatch, security) -> tuple[np.ndarray, list[str]]:
    """Whether each contingency cuts buses off in some epoch, and their names in the first such epoch."""
    bus, size = dispatch.case.table("bus").index.to_numpy(object), len(security.listed)
    islanding, text = np.zeros(size, bool), [""] * size
    for e in np.unique(security.grid.epoch):
        topology = security.grid.each[e]
        for k in np.flatnonzero(security.aftermath.plan(e)[1] & ~islanding):
            out = security.listed.branches[[k]].indices
            gone = bus[topology.cut_off(out[topology.inside[out]])]
            text[k] = ", ".join(map(str, gone[:SHOWN])) + (f" and {len(gone) - SHOWN} more" if len(gone) > SHOWN else "")
            islanding[k] = True
    return islanding, text
