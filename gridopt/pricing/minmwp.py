"""minmwp: prices with the least make-whole payments.

    min  sum_g sum_d m_gd      m_gd >= cost_gd - revenue_gd(y),  m >= 0,  d calendar day
         y of a limit > 0 or < 0 only where the cleared flow stands at it                                               (R1)
    floor <= price at every bus <= cap, where the options give them; no reserve dearer than its dearest step of shortage     (R2)
    among several, those with the least payment for load and reserve; then for load; then with the least sum of spread x price   (R3)

The last sum has no meaning: it makes the prices the same whatever the solver. No revenue falls short (PRS = 0), for only limits that bind
have a price; lost opportunities are not looked at.
Source: Ruiz, Conejo and Gabriel, Pricing non-convexities in an electricity pool, 2012.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from gridopt.case.case import Case
from gridopt.case.check import CaseError
from gridopt.case.pricing_options import USUAL, Minmwp
from gridopt.case.time import TimeGrid
from gridopt.dispatch.lmp import Prices, from_duals
from gridopt.dispatch.market_run import Given, given
from gridopt.dispatch.participants import BALANCE, Participants
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.right_duals import demand, spread, standing
from gridopt.program.highs import Highs
from gridopt.program.solution import SolverFailed

SHORTAGE = "reserve.shortage"
"""Columns that stand in for reserve that nobody gives."""
ROOM = 1e-9
"""Share by which each aim may give up what the one before it has found, for rounding."""


def price(case: Case, dispatch: Dispatch, options: Minmwp = USUAL.minmwp) -> Prices:
    """Prices (R3), with duals of the shared rows. Raises CaseError where no floor holds prices that may fall without end."""
    people = dispatch.participants
    form, k = people.form, len(people.shared)
    at_low, at_high = (v[people.shared] for v in standing(form, people.x))
    # Nothing is decided where no column moves a row, as at a bus not yet built: no price there.
    moved = np.diff(sp.csr_array(form.matrix[people.shared][:, form.lower < form.upper]).indptr) > 0
    least_dual, most_dual = np.where(at_high & moved, -np.inf, 0.0), np.where(at_low & moved, np.inf, 0.0)
    most_dual = np.minimum(most_dual, _shortage_price(dispatch, people))
    # Revenue of a group in a day is linear in y: what its schedule draws on each shared row.
    beyond, drawing = given(dispatch, people), [people.drawing(t)[people.shared] for t in range(len(case.time))]
    drawn = sp.csr_array(form.matrix[people.shared] @ _schedule(people, case.time) + _drawn_beyond(people, beyond, drawing, case.time.day))
    cost = case.time.daily(people.by_period(form.cost * people.x, case.time.hours) + beyond.cost).ravel()
    load = demand(dispatch)
    energy, order = people.payment(load), people.payment(spread(load.shape))
    reserve = np.isin(people.shared, np.concatenate([np.zeros(0, int), *(ids for name, ids in people.steady.items() if name != BALANCE)]))
    payment = energy + np.where(at_low & reserve, form.row_lower[people.shared], 0.0)
    order[reserve] += spread((1, int(reserve.sum())))[0]
    program = Highs()
    matrix = sp.hstack([drawn.T, sp.eye_array(len(cost), format="csr")], format="csr")
    program.load(
        np.concatenate([np.zeros(k), np.ones(len(cost))]), np.concatenate([least_dual, np.zeros(len(cost))]),
        np.concatenate([most_dual, np.full(len(cost), np.inf)]), sp.csr_array(matrix), cost, np.full(len(cost), np.inf),
    )  # fmt: skip
    low, high = options.floor_cny_per_mwh, options.cap_cny_per_mwh
    if low is not None or high is not None:
        rows = sp.csr_array(sp.vstack([drawn_at.T for drawn_at in drawing], format="csr"))
        hours = np.repeat(case.time.hours, len(people.balance))
        wide = sp.csr_array(sp.hstack([rows, sp.csr_array((rows.shape[0], len(cost)))], format="csr"))
        priced = np.asarray(abs(rows[:, least_dual < most_dual]).sum(axis=1)) > 0  # a bus without a price keeps to no limit
        least_price, most_price = ((-np.inf if low is None else low) * hours, (np.inf if high is None else high) * hours)
        program.add_rows(least_price[priced], most_price[priced], wide[priced])
    program.solve()  # one price for all is always among those allowed
    aim = np.concatenate([np.zeros(k), np.ones(len(cost))])
    for following in (payment, energy, order):
        y = program.solution()[0]
        least = float(aim @ y)
        program.add_rows(np.array([-np.inf]), np.array([least + ROOM * max(abs(least), 1.0)]), sp.csr_array(aim[None, :]))
        aim = np.append(following, np.zeros(len(cost)))
        program.change_costs(aim)
        try:
            program.solve()
        except SolverFailed:
            if following is order:
                return replace(from_duals(dispatch, people, y[:k]), selected=False)
            cure = "Give key 'pricing.minmwp.floor_cny_per_mwh'."
            raise CaseError([f"rule minmwp: the payment of the load has no least value, for prices may fall without end. {cure}"]) from None
    return from_duals(dispatch, people, program.solution()[0][:k])


def _shortage_price(dispatch: Dispatch, people: Participants) -> np.ndarray:
    """What the dearest step of shortage asks in each shared row, money per unit of the row (k,); inf where nothing may be short."""
    form, short = people.form, [f.ids.ravel() for f in dispatch.model.builder.column_families if f.name == SHORTAGE]
    columns = np.concatenate([*short, np.zeros(0, int)]).astype(int)
    part = sp.coo_array(form.matrix[people.shared][:, columns])
    (row, column), coefficient = part.coords, part.data
    asked, price = np.full(len(people.shared), -np.inf), form.cost[columns][column] / coefficient
    np.maximum.at(asked, row, price)
    return np.where(np.isfinite(asked), asked, np.inf)


def _schedule(people: Participants, time: TimeGrid) -> sp.csc_array:
    """Cleared values of the columns by participant and day, (n, g D); what is over no step is shared by hours."""
    steps = np.eye(time.day[-1] + 1)[time.day]
    share = np.vstack([steps, time.hours @ steps / time.hours.sum()])[people.form.column_step]  # the last row is that of step -1
    column, day = np.nonzero(share)
    place = people.part[column] * share.shape[1] + day
    return sp.csc_array((people.x[column] * share[column, day], (column, place)), shape=(len(people.x), len(people.names) * share.shape[1]))


def _drawn_beyond(people: Participants, beyond: Given, drawing: list[sp.csr_array], day: np.ndarray) -> sp.csr_array:
    """What output that no column shows draws on each shared row, (k, g D); drawing: how these draw on each bus, (k, B) by step."""
    days = int(day[-1]) + 1
    shape = (len(people.balance), len(people.names) * days)
    total = sp.csr_array((len(people.shared), shape[1]))
    for power, drawn, d in zip(beyond.power.T, drawing, day, strict=True):
        total = total + drawn @ sp.csr_array((power, (beyond.bus, beyond.part * days + d)), shape=shape)
    return total
