"""Why a convex hull price is what it is: whose hull sets it, which limits have a price, and a check by solving the hulls again.

A participant with decisions counts by its hull: any mean of its schedules. With e on the prices of energy of one period:

    x-(e), x+(e) = best answers of g at prices less e, and plus e                                                       (Y1)
    MWh[g] = energy of x+ less that of x- in the period;   g sets the price where it is not zero: at the price it would as well do either
    price at its bus = (cost of x+ - cost of x- - what x+ earns beyond x- in other periods) / MWh                       (Y2)
    hull(load - d) >= hull(load) - price h d,   hull(load + d) >= hull(load) + price h d                                (Y3)

(Y3) holds for every d with the right prices alone; it is tried with new hulls. All buses of the bus's area move together in (Y1), so that
the energy part is explained; limits add the congestion part, also those that are not full, for the mean of schedules may fill them.
Source: Gribik, Hogan and Pope, 2007; Hua and Baldick, A convex primal formulation for convex hull pricing, 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gridopt.analysis.explain_detail import cut_words
from gridopt.dispatch.lmp import Prices
from gridopt.dispatch.market_run import limits_of
from gridopt.dispatch.result import Dispatch

APART, LEAST_MWH, TRIAL_MW, AGREES = 1e-4, 1e-6, 1.0, 1e-6
"""e of (Y1) over the size of the price, CNY/MWh; MWh from which an answer differs; d of (Y3) MW; and part of the cost that is rounding."""
Rule = Callable[[Dispatch], Prices]


def explain_hull(dispatch: Dispatch, prices: Prices, bus: int, t: int, rule: Rule, settled: np.ndarray | None = None) -> dict:
    """The explanation of one hull price as plain data and sentences; rule: prices of a dispatch, for (Y3); settled (B, T): prices after floor
    and cap, CNY/MWh."""
    assert prices.hull is not None
    case, hours = dispatch.case, dispatch.case.time.hours
    document = {
        "bus": str(case.table("bus").index[bus]), "time": str(case.time.start[t])[:16], "period": t + 1, "rule": "chp",
        "lmp": float(prices.price[bus, t]), "energy": float(prices.energy[bus, t]), "congestion": float(prices.congestion[bus, t]),
        "loss": float(prices.loss[bus, t]), "settled": None if settled is None else float(settled[bus, t]),
        "hull": setters(dispatch, prices, bus, t), "limits": limits(dispatch, prices, t),
        "check": check(dispatch, prices, bus, t, rule), "hours": float(hours[t]),
    }  # fmt: skip
    return document | {"words": words(document)}


def setters(dispatch: Dispatch, prices: Prices, bus: int, t: int) -> list[dict]:
    """(Y1), (Y2): participants whose best answer changes at the price of the period, those that change most first."""
    people, case, hours = prices.people, dispatch.case, dispatch.case.time.hours
    assert people is not None and prices.dual is not None
    root = case.grid.root[:, case.grid.epoch[t]]
    rows = np.zeros(len(people.form.row_lower))
    # Raised at every bus of the area alike, rows of limits say nothing new: what is fed in everywhere flows nowhere else.
    rows[people.balance[root == root[bus], t]] = APART * max(abs(float(prices.price[bus, t])), 1.0) * hours[t]
    step = rows[people.shared]
    y = np.append(prices.dual, np.zeros(len(step) - len(prices.dual)))
    less, more = (people.answers.at(y + sign * step).x for sign in (-1.0, 1.0))
    cost, gain = people.by_part(people.form.cost * (more - less)), people.by_part(people.reduced(y) * (more - less))
    before, after, earned = np.zeros((3, len(people.names)))
    for at, columns, coef in dispatch.model.builder.port("injection").offers():
        inside = root[at] == root[bus]
        mine, factor = columns[inside, t], (coef * np.ones(columns.shape))[inside, t] * hours[t]
        for into, x in ((before, less), (after, more)):
            np.add.at(into, people.part[mine], factor * x[mine])
        np.add.at(earned, people.part[mine], prices.price[at[inside], t] * factor * (more - less)[mine])
    here = after - before
    found = []
    for g in np.argsort(-np.abs(here), kind="stable"):
        if abs(here[g]) <= LEAST_MWH:
            break
        # Reduced cost is cost less what is earned at prices: other periods, and reserve, bring what is left.
        elsewhere = float(cost[g] - gain[g] - earned[g])
        mean = float((cost[g] - elsewhere) / here[g])
        found.append({"source": str(people.names[g]), "mwh_less": float(before[g]), "mwh_more": float(after[g]), "cost": float(cost[g]),
                      "elsewhere": elsewhere, "mean": mean, "whole": bool(g in people.lumpy)})  # fmt: skip
    return found


def limits(dispatch: Dispatch, prices: Prices, t: int) -> list[dict]:
    """Limits with a price in the period: flow, limit, mu."""
    name, flow, limit, mu = limits_of(dispatch, prices)
    return [
        {"source": str(name[k]), "flow": float(flow[k, t]), "limit": float(limit[k, t]), "mu": float(mu[k, t])}
        for k in np.flatnonzero(np.abs(mu[:, t]) > LEAST_MWH)
    ]


def check(dispatch: Dispatch, prices: Prices, bus: int, t: int, rule: Rule) -> dict:
    """(Y3) by new hulls with a MW less and a MW more of load."""
    assert prices.hull is not None
    cost, ends = prices.hull[0], {}
    for name, delta in (("less", -TRIAL_MW), ("more", TRIAL_MW)):
        form = dispatch.solution.form
        drawing = dispatch.participants.drawing(t)[:, [bus]]
        change = delta * np.asarray(drawing.todense())[: len(form.row_lower), 0]
        other = replace(form, row_lower=form.row_lower + change, row_upper=form.row_upper + change)
        found = rule(replace(dispatch, solution=replace(dispatch.solution, form=other)))
        assert found.hull is not None
        ends[name] = float(found.hull[0] - cost)
    expected = float(prices.price[bus, t] * dispatch.case.time.hours[t] * TRIAL_MW)
    room = AGREES * max(abs(cost), 1.0)
    agrees = -ends["less"] - room <= expected <= ends["more"] + room
    return {"delta": TRIAL_MW, "saves": -ends["less"], "costs": ends["more"], "expected": expected, "agrees": bool(agrees)}


def words(document: dict) -> list[str]:
    """The explanation as sentences."""
    lines = [f"The hull price at {document['bus']}, {document['time']}, is {document['lmp']:.2f} CNY/MWh: energy {document['energy']:.2f}, "
             f"congestion {document['congestion']:+.2f}, losses {document['loss']:+.2f}."]  # fmt: skip
    if not document["hull"]:
        lines.append("No participant changes its answer at this price: several prices are right, and the rule takes this one.")
    for r in document["hull"]:
        hull = "Its hull sets the price" if r["whole"] else "It sets the price"
        rest = f", less {r['elsewhere']:+,.2f} CNY that other periods bring it" if abs(r["elsewhere"]) > 0.005 else ""
        lines.append(
            f"{r['source']} would as well give {r['mwh_less']:.6g} as {r['mwh_more']:.6g} MWh here. {hull}: {r['cost']:+,.2f} CNY{rest}, over "
            f"{r['mwh_more'] - r['mwh_less']:+.6g} MWh is {r['mean']:.2f} CNY/MWh, the price at its bus."
        )
    for r in document["limits"]:
        room = abs(r["limit"]) - abs(r["flow"])
        state = "full" if room <= LEAST_MWH else f"not full in the schedule ({abs(r['flow']):.6g} of {abs(r['limit']):.6g} MW)"
        lines.append(f"{r['source']} has a price of {r['mu']:+.2f} CNY a MW; it is {state}.")
    lines += cut_words(document)
    c = document["check"]
    what = "lies between them" if c["agrees"] else "does NOT lie between them"
    lines.append(
        f"Hulls solved again: {c['delta']:g} MW less of load saves {c['saves']:.4f}, one more costs {c['costs']:.4f} CNY; by the price it is "
        f"{c['expected']:.4f}, which {what}."
    )
    return lines
