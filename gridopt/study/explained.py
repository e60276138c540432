"""Why prices of a case are what they are: clear it, or take up a schedule that was cleared, and explain chosen prices."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from gridopt.case.case import Case
from gridopt.case.check import CaseError, nearest

DAY_AHEAD = "DA"
"""How the stages of day-ahead clearings begin."""


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
    """Explains marginal prices 'BUS@TIME' of a case, cleared first, or of the clearings that a result folder keeps; the document for JSON.
    Raises CaseError with a sentence for each price that is not there, Infeasible, LimitReached."""
    from gridopt.analysis.explain_detail import explain_one
    from gridopt.analysis.explain_price import Explanation
    from gridopt.study.market_case import selection_of, settled_by, to_be_priced
    from gridopt.study.priced import clearing_of, quality

    document: dict = {"status": "explained", "prices": [None] * len(prices)}
    faults: list[str] = []
    for settings, some in _by_clearing(path, prices, overrides):
        cleared = clearing_of(path, settings, progress, stop)
        solved, places = cleared.solved, {}
        for k in some:
            try:
                places[k] = place_of(solved.case, prices[k])
            except CaseError as error:
                faults += error.faults
        if faults:
            continue
        base = solved if cleared.market is None else to_be_priced(solved, cleared.market)
        found = Explanation(base, selection_of(cleared.pricing, cleared.market))
        limits = None if cleared.market is None else settled_by(found.prices.price, cleared.market)
        for k, (bus, t) in places.items():
            document["prices"][k] = explain_one(found, bus, t, limits)
        proven = quality(solved)
        document |= {"case": cleared.name, "currency": cleared.currency, **cleared.origin}
        document |= {"gap": max(proven["gap"], document.get("gap", 0.0)), "exact": proven["exact"] and document.get("exact", True)}
    if faults:
        raise CaseError(faults)
    return document


def _by_clearing(path: Path, prices: Sequence[str], overrides: dict[str, str]) -> list[tuple[dict[str, str], list[int]]]:
    """Settings of each clearing that is asked for, and the places of its prices: of a market run, the last day that begins before them."""
    from gridopt.study.clearing import stages
    from gridopt.study.priced import is_run

    days = {}
    if is_run(path) and "stage" not in overrides:
        days = {np.datetime64(s.start): s.stage for s in stages(path) if s.stage.startswith(DAY_AHEAD)}
    found: dict[str, list[int]] = {}
    for k, text in enumerate(prices):
        before = [start for start in days if start <= _instant(text.rpartition("@")[2])]
        found.setdefault(days[max(before)] if before else "", []).append(k)
    return [({**overrides, "stage": stage} if stage else overrides, some) for stage, some in found.items()]


def _instant(when: str) -> np.datetime64:
    """An instant; that of 'not a time' for a number, or what is none."""
    try:
        return np.datetime64("NaT" if when.isdecimal() else when, "s")
    except ValueError:
        return np.datetime64("NaT", "s")
