"""Why prices of a case are what they are: clear it, or take up a schedule that was cleared, and explain chosen prices."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from gridopt.case.case import Case
from gridopt.case.check import CaseError, nearest


def place_of(case: Case, text: str) -> tuple[int, int]:
    """Positions of bus and step of 'BUS@TIME'; TIME as 2025-01-01T08:00, or the number of the period, from 1. Raises CaseError."""
    name, sign, when = text.rpartition("@")
    if not sign:
        raise CaseError([f"--price {text}: is not BUS@TIME. Write, for example, {case.table('bus').index[0]}@1."])
    faults, buses = [], case.table("bus").index.astype(str)
    if name not in buses:
        faults.append(f"--price {text}: bus '{name}' is not known{nearest(name, buses) or '.'} Give the name of a bus.")
    step = int(when) - 1 if when.isdecimal() else _step(case, when)
    if not 0 <= step < len(case.time):
        first, last = (str(t)[:16] for t in case.time.start[[0, -1]])
        cure = f"Give a time from {first} to {last}, or a number from 1 to {len(case.time)}."
        faults.append(f"--price {text}: no period begins at '{when}'. {cure}")
    if faults:
        raise CaseError(faults)
    return int(np.flatnonzero(buses == name)[0]), step


def _step(case: Case, when: str) -> int:
    """Step that holds an instant, -1 if none."""
    try:
        instant = np.datetime64(when, "s")
    except ValueError:
        return -1
    inside = np.flatnonzero((case.time.start <= instant) & (instant < case.time.end))
    return int(inside[0]) if len(inside) else -1


def explain_file(
    path: Path, prices: Sequence[str], overrides: dict[str, str], progress: Callable[[str], None], stop: threading.Event | None = None
) -> dict:
    """Explains marginal prices 'BUS@TIME' of a case, cleared first, or of the clearing that a result folder keeps; the document for JSON.
    Raises CaseError with a sentence for each price that is not there, Infeasible, LimitReached."""
    from gridopt.analysis.explain_detail import explain_one
    from gridopt.analysis.explain_price import Explanation
    from gridopt.study.priced import clearing_of, quality

    cleared = clearing_of(path, overrides, progress, stop)
    places, faults = [], []
    for text in prices:
        try:
            places.append(place_of(cleared.solved.case, text))
        except CaseError as error:
            faults += error.faults
    if faults:
        raise CaseError(faults)
    found = Explanation(cleared.solved)
    return {
        "status": "explained", "case": cleared.name, "currency": cleared.currency, **cleared.origin, **quality(cleared.solved),
        "prices": [explain_one(found, bus, t) for bus, t in places],
    }  # fmt: skip
