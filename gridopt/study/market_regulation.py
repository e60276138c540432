"""Regulation that a market clears after energy, and what it is settled by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.regulation import Regulation, cleared_after, requirement
from gridopt.dispatch.withheld import Kept, joined, kept_by
from gridopt.settlement.agc import Service
from gridopt.study.market_case import after_energy, own_names
from gridopt.study.market_frames import agc_table

if TYPE_CHECKING:
    from gridopt.study.market import Cleared

LACKING = 1e-6
"""MW of regulation from which it is told to be short."""


def regulation(found: Cleared) -> Regulation | None:
    """Regulation cleared after energy of the last stage, with table agc; None where it is cleared with it, or not at all."""
    case, market = found.loaded.case, found.market
    if not after_energy(case, market):
        return None
    run = found.day_ahead if found.real_time is None else found.real_time
    kept = _kept_for(found, market.agc.reserve) if market.agc.withhold else {}
    done = cleared_after(run, case.table("agc_offer"), requirement(case, market.agc.reserve), kept)
    if done.missing.max(initial=0.0) > LACKING:
        worst, times = int(np.argmax(done.missing)), int((done.missing > LACKING).sum())
        found.warnings.append(f"regulation is short in {times} periods, by {done.missing[worst]:.1f} MW at {run.start[worst]}")
    found.tables["agc"] = agc_table(run, done)
    return done


def _kept_for(found: Cleared, reserve: str) -> dict[str, Kept]:
    """What the clearing of the last stage holds for a reserve, by plant."""
    case = found.loaded.case
    if found.physical is not None:
        parts = [(found.physical.dispatch, len(case.time))]
    else:
        parts = [(c.dispatch, c.window.kept - c.window.first) for c in found.days.day_ahead]
    runs = [kept_by(d, reserve, lambda plant: own_names([plant], case)[0]) for d, _ in parts]
    return joined(runs, [periods for _, periods in parts])


def service_of(run: MarketRun, done: Regulation) -> Service:
    """What regulation is settled by: mileage, its price, performance, and what was withheld at which offer."""
    mileage = done.award * done.mileage_per_mw[:, None] * run.hours
    return Service(done.plant, mileage, done.price, done.performance, done.withheld, done.offer)
