"""Piecewise-constant data laid onto steps of any length, and years of data used for another year.

    v[t] = sum_j w[t, j] x[j],   w[t, j] = (length of step t inside datum j) / (length of step t)             (O1)

Steps need not be neighbours nor in order. A step over data of one value gets that value unchanged, bit by bit: the sum is taken of what
the data differ from the first one.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.check import CaseError
from gridopt.case.profiles.stamps import Axis, shown


def mean(values: np.ndarray, edges: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(O1), float (n, T), from data (n, N) between `edges` (N + 1,); steps run from `begin` to `end` (T,). All in seconds.

    The data must cover the steps.
    """
    first = np.searchsorted(edges, begin, side="right") - 1
    last = np.searchsorted(edges, end, side="left") - 1
    pieces = last - first + 1
    if (pieces == 1).all():
        return values[:, first]
    step = np.repeat(np.arange(len(begin)), pieces)
    origin = np.concatenate([[0], np.cumsum(pieces)[:-1]])
    datum = np.arange(len(step)) - origin[step] + first[step]
    inside = np.minimum(edges[datum + 1], end[step]) - np.maximum(edges[datum], begin[step])
    base = values[:, first]
    return base + np.add.reduceat((values[:, datum] - base[:, step]) * inside, origin, axis=1) / (end - begin)


def repeated(axis: Axis, years: np.ndarray, file: str) -> tuple[Axis, np.ndarray]:
    """The axis of whole calendar `years` (consecutive), and for each step the datum of the same month, day and time of day.

    29 February takes 28 February where the data have none. CaseError if a time of the year is missing.
    """
    if 86400 % axis.step:
        rule = "do not divide a day, so the data cannot serve another year. Set any_year: false."
        raise CaseError([f"{file}: steps of {axis.step // 60} min {rule}"])
    first, last = np.datetime64(f"{years[0]}-01-01", "s"), np.datetime64(f"{years[-1] + 1}-01-01", "s")
    wanted = np.arange(first, last, np.timedelta64(axis.step, "s"))
    have, order = np.unique(_moment(axis.start), return_index=True)
    ask = _moment(wanted)
    leap_day = ask // 100000 == 229
    ask = np.where(leap_day & ~np.isin(ask, have), ask - 100000, ask)
    place = np.clip(np.searchsorted(have, ask), 0, len(have) - 1)
    missing = np.flatnonzero(have[place] != ask)
    if len(missing):
        rule = f"and for {len(missing) - 1} more times, but any_year needs a whole year. Give data for all of a year."
        raise CaseError([f"{file}: has no value for {shown(wanted[missing[0]])[5:]} of any year {rule}"])
    return Axis(wanted, axis.step), order[place]


def _moment(instants: np.ndarray) -> np.ndarray:
    """Month, day and second of the day as one sortable number."""
    day, month = instants.astype("datetime64[D]"), instants.astype("datetime64[M]")
    number = (month.astype(int) % 12 + 1) * 100 + (day - month.astype("datetime64[D]")).astype(int) + 1
    return number * 100000 + (instants - day).astype("timedelta64[s]").astype(int)
