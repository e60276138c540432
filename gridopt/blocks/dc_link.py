"""DC links: limits, both directions, on and off, losses, ramp.

Sets        d link, k segment of the loss curve, t step of length h[t] hours
Data        least and largest power Pmin, Pmax sent forward (in service, times series) and R sent back (reversible links), rated power Pn;
            loss(p) = l0 Pn + l1 p + l2 p^2 / Pn; with poles out of service only the part a of a link is left: a loss(p / a), a Pmin;
            a schedule fixes the sent power
Columns     dc_link.segment s, dc_link.back r [MW] above least power;  dc_link.on u, dc_link.on_back v [1] of links that are switched: those
            that may stop or reverse, unless a schedule fixes them or decisions are left out (u = 1 then);  dc_link.segment_full z [1]
            (back_full), whole, of links with a quadratic loss, where decisions are exact

    0 <= s[k] <= width[k] u,  sent S = Pmin u + sum_k s[k];  likewise back S' by r, v      (L1)  dc_link.segment_on, dc_link.back_on
    received = S - loss(Pmin) u - sum_k slope[k] s[k],  slopes of the secants of loss (rising);  likewise back    (L2)
    |P[t] - P[t-1]| <= 60 ramp Pn (h[t]+h[t-1])/2,  P = S - S'    written only when broken     (L3)  dc_link.ramp
    u + v <= 1, and >= 1 in service for a link that may not stop, unless its least power and the loss there are 0  (L4)  dc_link.one_way
    s[k] <= width[k] z[k],  s[k-1] >= width[k-1] z[k]    written only where segments are out of order     (L5)  dc_link.segment_order

Cost        dc_link.cost = cost_cny_per_mwh h (S + S')
Ports       injection: what leaves or arrives at from_bus and to_bus;  dc_flow: taken at from_bus;  dc_received: given at to_bus;
            dc_power: P;  dc_on: u;  dc_on_back: v;  results draw on bundle
Assumes     without decisions a reversible link has no least power and may take any value, and sending both ways at once is not ruled out.
            Where received energy is worth nothing or less, the program may then also fill steeper segments before flatter ones and so
            lose energy that no link loses: that part is reported as dc_artificial_loss = received by (L2) with the segments filled in
            order - received. With exact decisions neither happens
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.links import SEGMENTS, Curve, Limits, curve, limits, ramp_width
from gridopt.program.labels import Quantity

USED = 1e-6
"""MW from which a segment is in use."""


class Way(NamedTuple):
    """One way of the links `link` (n,): limits and losses, columns of the segments (n, K, T); places among `link` of those that are
    switched (m,) and their columns `on` (m, T); places of those whose segments are kept in order (q,), columns `full` (q, K-1, T)."""

    link: np.ndarray
    curve: Curve
    segment: np.ndarray
    decided: np.ndarray
    on: np.ndarray
    bent: np.ndarray
    full: np.ndarray

    def fixed(self, values: np.ndarray) -> np.ndarray:
        """Values (n, T) without those that the columns `on` multiply."""
        kept = values.copy()
        kept[self.decided] = 0.0
        return kept

    def status(self, x: np.ndarray) -> np.ndarray:
        """Whether each link is on for this way (n, T); 1 where that is not decided."""
        on = np.ones_like(self.curve.least)
        on[self.decided] = x[self.on]
        return on

    def parts(self):
        """(places, columns (m, T), MW sent, MW received per unit of them) of everything that makes up the power."""
        every = np.arange(len(self.link))
        for k in range(SEGMENTS):
            yield every, self.segment[:, k], np.ones((len(every), 1)), 1.0 - self.curve.slope[:, k, None]
        some = self.decided
        if len(some):
            yield some, self.on, self.curve.least[some], (self.curve.least - self.curve.least_loss)[some]


class Columns(NamedTuple):
    forward: Way
    back: Way

    @property
    def segment(self) -> np.ndarray:
        return self.forward.segment


def declare(case, b):
    """Columns (L1) and injections by (L2)."""
    link = case.table("dc_link")
    bound = limits(case)
    forward = _way(case, b, ("segment", "on"), np.arange(len(link)), bound, curve(case, bound, False))
    back = _way(case, b, ("back", "on_back"), bound.reversible, bound, curve(case, bound, True))
    start, end = (case.position("bus", link[c]) for c in ("from_bus", "to_bus"))
    _offer(case, b, forward, start, end, ("dc_flow", 1.0), ("dc_received", 1.0))
    _offer(case, b, back, end, start, ("dc_received", -1.0), ("dc_flow", -1.0))
    for name, way in (("dc_on", forward), ("dc_on_back", back)):
        b.port(name, len(link)).add(way.link[way.decided], way.on)
    return Columns(forward, back)


def _way(case, b, names: tuple[str, str], some, bound: Limits, curve: Curve) -> Way:
    """Columns (L1) of one way, which `some` links have."""
    link, time = case.table("dc_link").iloc[some], case.time.index
    decided = np.flatnonzero(np.isin(some, bound.switched))
    over = {"dc_link": link.index, "segment": np.arange(SEGMENTS), "time": time}
    given = bound.scheduled[some][:, None, None]
    segment = b.columns(f"dc_link.{names[0]}", unit="MW", over=over, lower=np.where(given, curve.room, 0.0), upper=curve.room)
    over = {"dc_link": link.index[decided], "time": time}
    on = b.columns(f"dc_link.{names[1]}", unit="1", over=over, upper=bound.active[some][decided], integer=case.commitment == "exact")
    bent = np.flatnonzero((link["loss_quadratic_fraction"] > 0).to_numpy() & ~bound.scheduled[some] & (case.commitment == "exact"))
    over = {"dc_link": link.index[bent], "segment": np.arange(1, SEGMENTS), "time": time}
    full = b.columns(f"dc_link.{names[0]}_full", unit="1", over=over, upper=1.0, integer=True)
    return Way(some, curve, segment, decided, on, bent, full)


def _offer(case, b, way: Way, start, end, outgoing: tuple[str, float], incoming: tuple[str, float]) -> None:
    """Costs and ports of one way, from buses `start` to buses `end` (by link)."""
    link = case.table("dc_link")
    rate = link["cost_cny_per_mwh"].to_numpy(float)[way.link, None] * case.time.hours
    sent, received = way.fixed(way.curve.least), way.fixed(way.curve.least - way.curve.least_loss)
    injection, power = b.port("injection"), b.port("dc_power", len(link))
    out, into = (b.port(name, len(link)) for name, _ in (outgoing, incoming))
    injection.add(start[way.link], constant=-sent)
    injection.add(end[way.link], constant=received)
    out.add(way.link, constant=outgoing[1] * sent)
    into.add(way.link, constant=incoming[1] * received)
    power.add(way.link, constant=outgoing[1] * sent)
    if rate.any():
        b.fixed_cost("dc_link.cost", rate * sent, {"dc_link": link.index[way.link]})
    for at, cols, leaving, arriving in way.parts():
        here = way.link[at]
        injection.add(start[here], cols, -leaving)
        injection.add(end[here], cols, arriving)
        out.add(here, cols, outgoing[1] * leaving)
        into.add(here, cols, incoming[1] * arriving)
        power.add(here, cols, outgoing[1] * leaving)
        if rate.any():
            b.cost("dc_link.cost", cols, rate[at] * leaving)


def constrain(case, b, columns):
    """Rows (L1) of switched links, (L3) to (L5)."""
    _switch(case, b, columns)
    for name, way in (("segment_order", columns.forward), ("back_order", columns.back)):
        _order(case, b, f"dc_link.{name}", way)
    _ramp(case, b)


def _switch(case, b, columns) -> None:
    """Rows (L1) of switched links and (L4)."""
    for name, way in (("segment_on", columns.forward), ("back_on", columns.back)):
        some = way.decided
        over = {"dc_link": case.table("dc_link").index[way.link[some]], "segment": np.arange(SEGMENTS), "time": case.time.index}
        row = b.rows(f"dc_link.{name}", unit="MW", over=over, lower=0.0)
        b.term(row, way.on[:, None, :], way.curve.room[some])
        b.term(row, way.segment[some], -1.0)
    link, bound = columns.back.link[columns.back.decided], limits(case)
    ahead = np.searchsorted(columns.forward.decided, link)
    # On at no power and without losses is off, too: a reversal must be able to wait there.
    ways = ((columns.forward, columns.forward.decided[ahead]), (columns.back, columns.back.decided))
    idle = np.all([(way.curve.least[at] == 0) & (way.curve.least_loss[at] == 0) for way, at in ways], axis=0)
    must = np.where(np.isin(link, bound.may_stop)[:, None] | idle, 0.0, bound.active[link])
    over = {"dc_link": case.table("dc_link").index[link], "time": case.time.index}
    row = b.rows("dc_link.one_way", unit="1", over=over, lower=must, upper=1.0)
    b.term(row, columns.back.on)
    b.term(row, columns.forward.on[ahead])


def _order(case, b, name: str, way: Way) -> None:
    """Lazy family (L5): both rows of a segment in use, where the one before it is not full and one of the two is broken."""
    before, now = way.segment[way.bent, :-1], way.segment[way.bent, 1:]
    wide, room = way.curve.room[way.bent, :-1], way.curve.room[way.bent, 1:]

    def find(x, tolerance, steps=slice(None)):
        s, lower, z = (x[cols[..., steps]] for cols in (now, before, way.full))
        over = np.maximum(s - room[..., steps] * z, wide[..., steps] * z - lower)
        link, k, step = np.nonzero((s > tolerance) & (lower < wide[..., steps] - tolerance) & (over > tolerance))
        place = np.ravel_multi_index((link, k), way.full.shape[:2])
        return np.concatenate([place, place + len(way.bent) * (SEGMENTS - 1)]), np.tile(step + (steps.start or 0), 2)

    def expand(element, step):
        side, place = np.divmod(element, len(way.bent) * (SEGMENTS - 1))
        at = (*np.unravel_index(place, way.full.shape[:2]), step)
        n, first = np.arange(len(element)), side == 0
        part, limit = np.where(first, now[at], before[at]), np.where(first, -room[at], wide[at])
        return np.tile(n, 2), np.append(part, way.full[at]), np.append(np.where(first, 1.0, -1.0), limit), np.zeros(len(n))

    labels = {"dc_link": case.table("dc_link").index[way.link[way.bent]], "segment": np.arange(1, SEGMENTS), "time": case.time.index}
    if len(way.bent):
        b.lazy(name, unit="MW", over={"side": np.array(["more", "less"])} | labels, bounds=(-np.inf, 0.0), expand=expand, find=find)


def implied(columns, x: np.ndarray) -> None:
    """Sets z of (L5) at values x to whether each segment is in use, where segments are in order: nothing else says so where no rows are
    written. Where they are not, the rows are written, and z is still open."""
    for way in (columns.forward, columns.back):
        if len(way.bent):
            before, now = x[way.segment[way.bent, :-1]], x[way.segment[way.bent, 1:]] > USED
            ordered = ~now | (before > way.curve.room[way.bent, :-1] - USED)
            x[way.full[ordered]] = now[ordered]


def _ramp(case, b):
    """Lazy family (L3); a step at which the link enters or leaves service is not a ramp."""
    link, hours = case.table("dc_link"), case.time.hours
    before = link["initial_mw"].to_numpy(float)[:, None]
    if not len(link) or (len(hours) < 2 and np.isnan(before).all()):
        return
    power, width = b.port("dc_power"), ramp_width(case)

    def expand(element, step):
        weight = np.zeros((len(element), len(link)))
        weight[np.arange(len(element)), element] = 1.0
        later = np.flatnonzero(step > 0)
        now, then = power.weighted(weight, step), power.weighted(weight[later], step[later] - 1)
        constant = now[3] - np.where(step > 0, 0.0, before[element, 0])
        constant[later] -= then[3]
        return np.append(now[0], later[then[0]]), np.append(now[1], then[1]), np.append(now[2], -then[2]), constant

    def activity(x, steps=slice(None)):
        first = steps.start or 0
        sent = power.value(x, slice(max(first - 1, 0), steps.stop))
        if first > 0:
            return np.diff(sent, axis=1)
        return np.diff(sent, axis=1, prepend=np.where(np.isnan(before), sent[:, :1], before))

    over = {"dc_link": link.index, "time": case.time.index}
    b.lazy("dc_link.ramp", unit="MW", over=over, bounds=(-width, width), activity=activity, expand=expand, looks_back=True)


def results(case, columns, values) -> dict[str, Quantity]:
    """Power taken at from_bus and given at to_bus, bundled power, and what was lost only because segments were filled out of order."""
    port, x = values.builder.port, values.solution.x
    sent, received, power = (port(name).value(x) for name in ("dc_flow", "dc_received", "dc_power"))
    artificial = np.maximum(sent - received - _in_order(columns, power, x), 0.0)
    bundled = np.clip(port("bundle").value(x), 0.0, np.maximum(power, 0.0))
    dims, along = ("dc_link", "time"), "positive: from_bus to to_bus"
    needless, covered = "loss beyond that of the link", "sent power covered by bundled renewables in the same step"
    found = {
        "dc_sent": Quantity(dims, sent, "MW", "power sent", "送端功率", along),
        "dc_received": Quantity(dims, received, "MW", "power received", "受端功率", along),
        "dc_artificial_loss": Quantity(dims, artificial, "MW", needless, "超出线路损耗的虚拟损耗", "positive: lost"),
        "dc_bundled": Quantity(dims, bundled, "MW", covered, "配套新能源电力"),
    }
    if len(columns.back.link):
        found["dc_power"] = Quantity(dims, power, "MW", "power at the sending end, whichever it is", "直流功率（送电侧）", along)
    if len(columns.forward.decided):
        on = (case.in_service("dc_link") > 0.5).astype(float)
        on[columns.forward.decided] = x[columns.forward.on]
        np.add.at(on, columns.back.link[columns.back.decided], x[columns.back.on])
        found["dc_on"] = Quantity(dims, on, "1", "whether the link is on", "直流运行状态", "1: on, 0: off")
    return found


def _in_order(columns, power, x) -> np.ndarray:
    """Loss MW by (L2) at powers P (n, T) with the segments filled in order."""
    lost = np.zeros_like(power)
    for way, sign in ((columns.forward, 1.0), (columns.back, -1.0)):
        on = way.status(x)
        above = np.maximum(sign * power[way.link] - way.curve.least * on, 0.0)[:, None, :]
        width = way.curve.width * on[:, None, :]
        filled = np.clip(above - (np.cumsum(width, axis=1) - width), 0.0, width)
        lost[way.link] += way.curve.least_loss * on + np.einsum("dkt,dk->dt", filled, way.curve.slope)
    return lost
