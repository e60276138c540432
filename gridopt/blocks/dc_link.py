"""DC links: limits, losses, ramp, energy contracts and the bundled renewable share.

Sets        d link, k segment of the loss curve, c contract (a period of one link), t step of length h[t] hours
Data        least and largest sent power Pmin, Pmax (in service, times series), rated power Pn;
            loss(p) = l0 Pn + l1 p + l2 p^2 / Pn;
            contract energy [Emin, Emax] MWh and share z of the sent energy, scaled by the part of the period that is studied
Columns     dc_link.segment s [MW] above Pmin;  dc_link.unbundled n [MW]

    0 <= s[k] <= width[k],  sent S = Pmin + sum_k s[k]                    (L1)
    received = S - loss(Pmin) - sum_k slope[k] s[k],  slopes of the secants of loss (rising)    (L2)
    |S[t] - S[t-1]| <= 60 ramp Pn (h[t]+h[t-1])/2    written only when broken     (L3)  dc_link.ramp
    Emin <= sum_t h S <= Emax                                             (L4)  dc_link.energy
    n >= S - sum of the bundle's output,   sum_t h n <= (1 - z) sum_t h S       (L5)  dc_link.unbundled, dc_link.share

Cost        dc_link.cost = cost_cny_per_mwh h S
Ports       injection: -S at from_bus, + received at to_bus;  dc_flow: S;  dc_received: received;  draws on bundle
Dual        dc_link.energy: what one more MWh of contract costs; dc_link.share: what one more MWh of unbundled energy saves
Assumes     one direction; the schedule may take any value in every step. Where received energy is worth nothing or less, the
            program may fill steeper segments before flatter ones and so lose energy that no link loses: that part is reported as
            dc_artificial_loss = received by (L2) with the segments filled in order - received
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.program.labels import Quantity

SEGMENTS = 4


class Columns(NamedTuple):
    least: np.ndarray
    least_loss: np.ndarray
    slope: np.ndarray
    width: np.ndarray
    segment: np.ndarray
    contracts: np.ndarray
    linked: np.ndarray
    unbundled: np.ndarray


def limits(case) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest sent power MW (n, T) while in service."""
    link, active = case.table("dc_link"), case.in_service("dc_link") > 0.5
    most = link["power_max_mw"].to_numpy(float)[:, None] * case.series(link["max_profile"], 1.0) * active
    return np.minimum(link["power_min_mw"].to_numpy(float)[:, None] * active, most), most


def _loss(link, power):
    """Loss MW at sent power (n, K) of links in service."""
    names = ("power_max_mw", "loss_no_load_fraction", "loss_linear_fraction", "loss_quadratic_fraction")
    rated, l0, l1, l2 = (link[c].to_numpy(float)[:, None] for c in names)
    return l0 * rated + l1 * power + l2 * power**2 / np.where(rated > 0, rated, 1.0)


def declare(case, b):
    """Columns (L1), injections by (L2), and the part of sent power that no bundled plant covers."""
    link, time = case.table("dc_link"), case.time.index
    least, most = limits(case)
    floor, rated = link["power_min_mw"].to_numpy(float)[:, None], link["power_max_mw"].to_numpy(float)[:, None]
    knots = floor + (rated - floor) * np.arange(SEGMENTS + 1) / SEGMENTS
    width = np.diff(knots, axis=1)
    slope = np.divide(np.diff(_loss(link, knots), axis=1), width, out=np.zeros_like(width), where=width > 0)
    room = np.clip(most[:, None, :] - knots[:, :-1, None], 0.0, width[:, :, None])
    over = {"dc_link": link.index, "segment": np.arange(SEGMENTS), "time": time}
    segment = b.columns("dc_link.segment", unit="MW", over=over, upper=room)
    rate = link["cost_cny_per_mwh"].to_numpy(float)[:, None] * case.time.hours
    if rate.any():
        b.cost("dc_link.cost", segment, rate[:, None, :])
        b.fixed_cost("dc_link.cost", float((rate * least).sum()))
    active = case.in_service("dc_link") > 0.5
    least_loss = _loss(link, least) * active
    start, end = case.position("bus", link["from_bus"]), case.position("bus", link["to_bus"])
    injection, flow, received = b.port("injection"), b.port("dc_flow", len(link)), b.port("dc_received", len(link))
    injection.add(start, constant=-least)
    injection.add(end, constant=least - least_loss)
    flow.add(np.arange(len(link)), constant=least)
    received.add(np.arange(len(link)), constant=least - least_loss)
    for k in range(SEGMENTS):
        injection.add(start, segment[:, k], -1.0)
        injection.add(end, segment[:, k], 1.0 - slope[:, k, None])
        flow.add(np.arange(len(link)), segment[:, k])
        received.add(np.arange(len(link)), segment[:, k], 1.0 - slope[:, k, None])
    part, contracts = _contract_shares(case)
    share = case.table("dc_contract")["renewable_share_min"].to_numpy(float)[contracts]
    linked = np.unique(case.position("dc_link", case.table("dc_contract")["dc_link"])[contracts][share > 0])
    unbundled = b.columns("dc_link.unbundled", unit="MW", over={"dc_link": link.index[linked], "time": time}, upper=most[linked])
    return Columns(least, least_loss, slope, width, segment, contracts, linked, unbundled)


def _contract_shares(case):
    """Share of each step inside each contract's period (C, T), and the contracts that the study touches."""
    contract = case.table("dc_contract")
    if not len(contract):
        return np.zeros((0, len(case.time))), np.zeros(0, int)
    begin, end = (contract[c].to_numpy("datetime64[s]") for c in ("start_date", "end_date"))
    inside = case.time.share_between(begin, end + np.timedelta64(86400, "s"))
    active = case.in_service("dc_link")[case.position("dc_link", contract["dc_link"])]
    return inside, np.flatnonzero((inside * active).any(axis=1))


def constrain(case, b, columns):
    """Rows (L3) to (L5)."""
    _ramp(case, b, columns)
    contract, hours = case.table("dc_contract").iloc[columns.contracts], case.time.hours
    if not len(contract):
        return
    inside = _contract_shares(case)[0][columns.contracts]
    link = case.position("dc_link", contract["dc_link"])
    days = (contract["end_date"] - contract["start_date"]).dt.days.to_numpy(float) + 1.0
    studied = (inside * hours).sum(axis=1) / (24.0 * days)
    base = np.einsum("ct,ct->c", inside * hours, columns.least[link])
    low, high = (contract[f"energy_{c}_mwh"].to_numpy(float) * studied for c in ("min", "max"))
    over = {"contract": contract.index}
    low, high = np.nan_to_num(low, nan=0.0) - base, np.nan_to_num(high, nan=np.inf) - base
    energy = b.rows("dc_link.energy", unit="MWh", over=over, lower=low, upper=high)
    share = contract["renewable_share_min"].to_numpy(float)
    bound = b.rows("dc_link.share", unit="MWh", over=over, upper=np.where(share > 0, (1.0 - share) * base, np.inf))
    b.port("bundle", len(case.table("dc_link")))
    over = {"dc_link": case.table("dc_link").index[columns.linked], "time": case.time.index}
    least = (columns.least - b.port("bundle").constant)[columns.linked]
    uncovered = b.rows("dc_link.unbundled", unit="MW", over=over, lower=least)
    row_of = np.full(len(case.table("dc_link")), -1)
    row_of[columns.linked] = np.arange(len(columns.linked))
    for at, cols, coef in b.port("bundle").offers():
        some = row_of[at] >= 0
        b.term(uncovered[row_of[at[some]]], cols[some], coef[some])
    b.term(uncovered, columns.unbundled)
    b.term(uncovered[:, None, :], columns.segment[columns.linked], -1.0)
    for c, d in enumerate(link):
        t = np.flatnonzero(inside[c] > 0)
        weight = inside[c, t] * hours[t]
        b.term(energy[c], columns.segment[d][:, t], weight)
        if share[c] > 0:
            b.term(bound[c], columns.unbundled[row_of[d]][t], weight)
            b.term(bound[c], columns.segment[d][:, t], -(1.0 - share[c]) * weight)


def _ramp(case, b, columns):
    """Lazy family (L3); a step at which the link enters or leaves service is not a ramp."""
    link, hours = case.table("dc_link"), case.time.hours
    if not len(link) or len(hours) < 2:
        return
    active = case.in_service("dc_link") > 0.5
    rate = (link["ramp_fraction_per_min"] * link["power_max_mw"]).to_numpy(float)[:, None]
    width = rate * 60.0 * 0.5 * (hours[1:] + hours[:-1])
    jump = np.diff(columns.least, axis=1)
    width = np.concatenate([np.full((len(link), 1), np.inf), np.where(active[:, 1:] & active[:, :-1], width, np.inf)], axis=1)

    def expand(element, step):
        n = np.repeat(np.arange(len(element)), SEGMENTS)
        now, before = columns.segment[element, :, step], columns.segment[element, :, step - 1]
        constant = jump[element, step - 1]
        return (np.tile(n, 2), np.concatenate([now.ravel(), before.ravel()]),
                np.concatenate([np.ones(n.size), -np.ones(n.size)]), constant)  # fmt: skip

    def activity(x, steps=slice(None)):
        part = slice(max((steps.start or 0) - 1, 0), steps.stop)
        sent = columns.least[:, part] + x[columns.segment[:, :, part]].sum(axis=1)
        return np.diff(sent, axis=1, prepend=sent[:, :1])[:, (steps.start or 0) - part.start :]

    over = {"dc_link": link.index, "time": case.time.index}
    b.lazy("dc_link.ramp", unit="MW", over=over, bounds=(-width, width), activity=activity, expand=expand, looks_back=True)


def results(case, columns, values) -> dict[str, Quantity]:
    """Sent, received and bundled power by link, and what was lost only because segments were filled out of order."""
    s, slope, width = values["dc_link.segment"], columns.slope, columns.width
    above = s.sum(axis=1)
    sent = columns.least + above
    received = columns.least - columns.least_loss + np.einsum("dkt,dk->dt", s, 1.0 - slope)
    begin = np.cumsum(width, axis=1) - width
    in_order = np.clip(above[:, None, :] - begin[:, :, None], 0.0, width[:, :, None])
    artificial = np.maximum(np.einsum("dkt,dk->dt", s - in_order, slope), 0.0)
    bundled = np.minimum(values.builder.port("bundle").value(values.solution.x), sent)
    dims, way = ("dc_link", "time"), "positive: from_bus to to_bus"
    needless, covered = "loss beyond that of the link", "sent power covered by bundled renewables in the same step"
    return {
        "dc_sent": Quantity(dims, sent, "MW", "power sent", "送端功率", way),
        "dc_received": Quantity(dims, received, "MW", "power received", "受端功率", way),
        "dc_artificial_loss": Quantity(dims, artificial, "MW", needless, "超出线路损耗的虚拟损耗", "positive: lost"),
        "dc_bundled": Quantity(dims, bundled, "MW", covered, "配套新能源电力"),
    }
