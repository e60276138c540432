"""ordc: scarcity prices from a demand curve for reserve.

    V(R) = VOLL [1 - Phi((R - X - m) / s)], VOLL where R < X      X least reserve, m, s mean and deviation of the net forecast error     (R1)
    value of a block from R1 to R2 = mean of V over it                                                                                  (R2)
    cooptimised: energy and reserve cleared together, reserve of a block worth (R2); prices are duals                                   (R3)
    adder: a[t] = max(0, VOLL - energy price) [1 - Phi((R[t] - X - m) / s)] on energy and on reserve, R: room of plants that are on,
           within their ramps (dispatch/room.py)                                                                                       (R4)

Reserve of (R3) is spinning, free of charge, from all that may give it. (R4) leaves the schedule as it is; what somebody would rather do is
measured at what (R4) pays for energy and for room.
Source: Hogan, Electricity scarcity pricing through operating reserves, 2013; ERCOT, operating reserve demand curve.
"""

from __future__ import annotations

from dataclasses import replace
from math import erf, exp, pi, sqrt

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.case.check import convert
from gridopt.case.complete import indexed
from gridopt.case.fleet import TABLES as SWITCHED
from gridopt.case.pricing_options import USUAL, Ordc
from gridopt.case.tables import TABLES
from gridopt.case.tables_reserve import PROVIDERS
from gridopt.dispatch.attempts import Search
from gridopt.dispatch.besides import RESERVE, Beside
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import marginal
from gridopt.dispatch.room import rooms, with_room
from gridopt.dispatch.single import dispatch as solve
from gridopt.program.solution import Values

NAME = "operating reserve"


def price(case: Case, dispatch: Dispatch, options: Ordc = USUAL.ordc) -> Prices:
    """Prices (R3) with their schedule, or (R4)."""
    return _cleared_together(case, dispatch, options) if options.mode == "cooptimised" else _added(case, dispatch, options)


def curve(options: Ordc) -> list[tuple[float, float]]:
    """Blocks (MW, CNY/MWh) of (R2), those given or those of the normal law, dearest first."""
    if options.blocks:
        return sorted(options.blocks, key=lambda block: -block[1])
    edges = np.append(np.arange(0.0, options.reach_mw, options.block_mw), options.reach_mw)
    return [(b - a, (_integral(options, b) - _integral(options, a)) / (b - a)) for a, b in zip(edges[:-1], edges[1:], strict=True)]


def _integral(options: Ordc, reserve: float) -> float:
    """Integral of V from 0 to `reserve`, CNY/h."""
    certain = min(reserve, options.minimum_mw)
    return options.voll_cny_per_mwh * (certain + _tail(options, max(reserve, certain)) - _tail(options, certain))


def _tail(options: Ordc, reserve: float) -> float:
    """Antiderivative of 1 - Phi: s [z (1 - Phi(z)) - phi(z)], MW."""
    z = (reserve - options.minimum_mw - options.mean_mw) / options.deviation_mw
    return options.deviation_mw * (z * (1.0 - _phi(z)) - exp(-0.5 * z * z) / sqrt(2.0 * pi))


def _phi(z: float) -> float:
    """Normal distribution."""
    return 0.5 * (1.0 + erf(z / sqrt(2.0)))


def _chance(options: Ordc, reserve: float) -> float:
    """Chance that less than the least reserve is left."""
    return 1.0 if reserve < options.minimum_mw else 1.0 - _phi((reserve - options.minimum_mw - options.mean_mw) / options.deviation_mw)


def _added(case: Case, dispatch: Dispatch, options: Ordc) -> Prices:
    """(R4)."""
    people, hours = dispatch.participants, case.time.hours
    y = np.zeros(len(people.form.row_lower))
    y[people.shared] = marginal(dispatch, options.selection)[people.shared]
    energy = from_duals(dispatch, people, y[people.shared]).energy
    found = rooms(dispatch, np.inf if options.response_min is None else options.response_min)
    total = np.concatenate([room.power for room in found]).sum(axis=0)
    chance = np.array([_chance(options, r) for r in total])
    added = np.maximum(options.voll_cny_per_mwh - energy, 0.0) * chance
    y[people.balance] += added * hours
    worth = added.max(axis=0, initial=0.0)
    priced = from_duals(dispatch, people, y[people.shared])
    besides = tuple(
        Beside(RESERVE, f"{table}_room", room.names, room.power * hours, np.broadcast_to(worth, room.power.shape))
        for table, room in zip(SWITCHED, found, strict=True)
    )
    answering = with_room(dispatch, people, found), np.append(y[people.shared], worth * hours)
    return replace(priced, answering=answering, reserve=worth[None], besides=besides)


def _cleared_together(case: Case, dispatch: Dispatch, options: Ordc) -> Prices:
    """(R3)."""
    blocks = curve(options)
    minutes = {} if options.response_min is None else {"response_min": options.response_min}
    more: dict[str, list[dict]] = {
        "reserve": [{"reserve": NAME, "product": "spinning_up", "requirement_mw": sum(b[0] for b in blocks), **minutes}],
        "reserve_shortage": [{"reserve": NAME, "power_mw": mw, "cost_cny_per_mwh": worth} for mw, worth in blocks],
        "reserve_offer": [{"reserve": NAME, "kind": kind} for kind in PROVIDERS],
    }
    tables = {**case.tables, **{name: _with_rows(case.tables[name], name, rows) for name, rows in more.items()}}
    schedule = solve(replace(case, tables=tables), search=Search.again(dispatch.solution))
    people = schedule.participants
    y = marginal(schedule, options.selection)[people.shared]
    found = from_duals(schedule, people, y)
    duals = np.zeros(len(people.form.row_lower))
    duals[people.shared] = y
    worth = Values(schedule.model.builder, replace(schedule.solution, y=duals)).dual("reserve.requirement")[-1:]
    return replace(found, schedule=schedule, settled=True, reserve=worth / case.time.hours)


def _with_rows(table: pd.DataFrame, name: str, rows: list[dict]) -> pd.DataFrame:
    """A table with rows at its end; cells that they leave out are the defaults of the table."""
    declared = TABLES[name]
    checked = convert(declared, pd.DataFrame(rows).map(str), name)
    mine = indexed(checked.frame, declared.identifier)
    return pd.concat([table, mine], ignore_index=not declared.identifier) if len(table) else mine
