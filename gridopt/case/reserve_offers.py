"""What offers of reserve can come to: alike units, ramps, service and the largest award of each, (offers, steps)."""

from __future__ import annotations

import numpy as np

from gridopt.case.fleet import TABLES as FALLING
from gridopt.case.fleet import switched
from gridopt.case.reserves import Offers, counts, directions, ramps, span


def alike(case, offers: Offers) -> np.ndarray:
    """Alike units in the row of each offer, (n,)."""
    found = np.ones(len(offers))
    for kind in FALLING:
        mine = np.flatnonzero(offers.kind == kind)
        found[mine] = counts(case, kind)[offers.place[mine]]
    return found


def decided(case, offers: Offers) -> np.ndarray:
    """Whether the elements of offers are switched on and off, bool (n,)."""
    found = np.zeros(len(offers), bool)
    for kind in FALLING:
        mine = np.flatnonzero(offers.kind == kind)
        found[mine] = switched(case, kind)[offers.place[mine]]
    return found


def served(case, offers: Offers) -> np.ndarray:
    """Share of each step that the elements of offers are in service, (n, T)."""
    found = np.ones((len(offers), len(case.time)))
    for kind in np.unique(offers.kind):
        mine = np.flatnonzero(offers.kind == kind)
        found[mine] = case.in_service(kind)[offers.place[mine]]
    return found


def slopes(case, offers: Offers) -> np.ndarray:
    """Ramps of the elements of offers, of all alike units together, MW/min, up and down, (2, n); inf where there is none."""
    found = np.full((2, len(offers)), np.inf)
    for kind in FALLING:
        mine = np.flatnonzero(offers.kind == kind)
        found[:, mine] = ramps(case, kind)[:, offers.place[mine]]
    return found


def largest(case, offers: Offers) -> np.ndarray:
    """Largest award of each offer while its units are on MW (n, T): its own limit, ramp times response, all its range."""
    (up, down), slope, count = directions(case), slopes(case, offers), alike(case, offers)
    minutes = case.table("reserve")["response_min"].fillna(np.inf).to_numpy(float)[offers.reserve]
    able = np.minimum(np.where(up[offers.reserve], slope[0], np.inf), np.where(down[offers.reserve], slope[1], np.inf))
    able = np.minimum(offers.most * count, able * minutes)[:, None]
    here = case.in_service("reserve")[offers.reserve] > 0
    reach = np.zeros(here.shape)
    for kind in np.unique(offers.kind):
        mine = offers.kind == kind
        reach[mine] = span(case, kind)[offers.place[mine]]
    return np.where(here, np.minimum(able, reach * count[:, None]), 0.0)


def ramp_shares(case, offers: Offers) -> tuple[np.ndarray, np.ndarray]:
    """MW of the ramp of a step that a MW of each offer takes which is awarded in it, and in the step before, (n, T) each.

    The ramp of a step lasts from the middle of the one before; that of the first step lasts the whole of it.
    """
    table, hours = case.table("reserve"), case.time.hours
    minutes = 30.0 * (hours + np.append(hours[:1], hours[:-1]))
    beside, per, mean = (table[c].to_numpy(float)[offers.reserve, None] for c in ("shares_ramp", "ramp_min", "ramp_mean"))
    taken = beside * np.where(np.isnan(per), 1.0, minutes / per)
    earlier = np.where((mean > 0) & (np.arange(len(hours)) > 0), 0.5 * taken, 0.0)
    return taken - earlier, earlier


def takes_more(case, kind: str) -> np.ndarray:
    """Elements of a table of whose ramp an award may take more than room above their output leaves, bool (n,)."""
    found, table = np.zeros(len(case.table(kind)), bool), case.table("reserve")
    heavy = (table["shares_ramp"].astype(bool) & (table["ramp_min"].notna() | table["ramp_mean"].astype(bool))).to_numpy(bool)
    if heavy.any():
        offers = case.reserve_offers
        found[offers.place[(offers.kind == kind) & heavy[offers.reserve]]] = True
    return found
