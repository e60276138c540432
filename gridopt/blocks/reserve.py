"""Reserve: products by zone, awarded to elements beside their output, and missed at a price.

Sets        q reserve, o offer of element i[o] for reserve q[o], c(q) offers that count for q (its own and nested ones), k step of
            shortage, t step of length h[t] hours
Data        requirement D[q,t] = fixed + series + shares of load and of available wind and solar [MW]; largest award M[o] [MW];
            response m[q] [min]; ramp R[i] [MW/min]; hours d[q] for which stores must sustain an award; e, e' MW of the ramp of a step
            that a MW takes which is awarded in it, in the step before
            number n[i] of alike units; largest award while off F[o] [MW], of one unit like M
Columns     reserve.award r [MW] of what is on; reserve.offline f [MW] of units that are off, where they may offer;
            reserve.shortage s [MW]; reserve.largest L [MW] of reserves that cover the largest unit or pole

    0 <= r <= n min(M, m R),   0 <= s <= width of the step                                                  (V1)
    sum over c(q) of (r + f) + sum s - L - shares x output of wind and solar >= D                           (V2)  reserve.requirement
    L >= output of i + its awards that count for q, every unit and generator i in the zone                  (V3)  reserve.largest_*
    L >= share x what a DC link brings into the zone (upward), or takes out of it (downward)                (V4)  reserve.largest_dc_*

Cost        reserve.offer = cost h (r + f);  reserve.shortage = price h s
Ports       draws on unit_output, generator_output, renewable_output, renewable_available, dc_flow, dc_received, <table>_on;
            <table>_up, <table>_down: r;  <table>_up_energy, <table>_down_energy: d r [MWh];
            <table>_up_ramp, <table>_down_ramp: e r[t] + e' r[t-1] of what shares the ramp  (blocks headroom, commitment hold them all to
            what is there);  award: r,  award_offline: f, by offer  (block reserve_limits says what an element can give at once)
Dual        reserve.requirement / h: price of the reserve [CNY/MWh]
Assumes     one more MWh of load leaves the requirement as it is (requirements follow the forecast)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from gridopt.case.fleet import TABLES as FALLING
from gridopt.case.reserve_offers import alike, decided, ramp_shares, served
from gridopt.case.reserves import Offers, counting, directions, inside, together
from gridopt.case.tables_reserve import PROVIDERS
from gridopt.program.labels import Quantity


class Columns(NamedTuple):
    """required MW (Q, T) without what depends on the dispatch; award (n, T): columns of the offers, of which an offer has `share` (alike
    stores are awarded together); resting int (k,): offers with a column `offline` (k, T); covering: reserves with a column `largest`,
    int."""

    offers: Offers
    required: np.ndarray
    award: np.ndarray
    share: np.ndarray
    resting: np.ndarray
    offline: np.ndarray
    shortage: np.ndarray
    covering: np.ndarray
    largest: np.ndarray


def requirement(case, ports) -> np.ndarray:
    """Requirements D MW (Q, T)."""
    table, zone, load, plant = case.table("reserve"), inside(case), case.table("load"), case.table("renewable")
    each = load["mean_mw"].to_numpy(float)[:, None] * case.series(load["profile"], 1.0) * case.of_year("load_scale", 1.0)
    share = table["load_share"].to_numpy(float)[:, None] * zone[:, case.position("bus", load["bus"])]
    total = table["requirement_mw"].to_numpy(float)[:, None] + case.series(table["profile"], 0.0)
    total = total + share @ (each * case.in_service("load"))
    if len(plant):
        total = total + shares(case, "available") @ ports["renewable_available"].constant
    return total * case.in_service("reserve")


def shares(case, basis: str) -> np.ndarray:
    """Part of each renewable plant that each reserve requires, by available power or by output, (Q, n)."""
    table, plant = case.table("reserve"), case.table("renewable")
    zone = inside(case)[:, case.position("bus", plant["bus"])] & (table["renewable_basis"] == basis).to_numpy()[:, None]
    of = {kind: (plant["technology"] == kind).to_numpy() * table[f"{kind}_share"].to_numpy(float)[:, None] for kind in ("wind", "solar")}
    return zone * (of["wind"] + of["solar"])


def declare(case, b):
    """Columns (V1), their costs, and what awards ask of the elements; nothing where there are no reserves."""
    if not len(case.table("reserve")):
        return None
    table, hours, time = case.table("reserve"), case.time.hours, case.time.index
    offers = case.reserve_offers
    most, plenty = case.largest_awards, _plenty(case, b)
    of, share, speaks = together(case, offers)
    first = np.unique(of, return_index=True)[1]
    whole = np.zeros((len(first), len(time)))
    np.add.at(whole, of, most * (share > 0))
    joint = b.columns("reserve.award", unit="MW", over={"award": offers.name[first], "time": time}, upper=whole)
    b.cost("reserve.offer", joint, offers.cost[first, None] * hours)
    award = joint[of]
    resting = np.flatnonzero((offers.offline > 0) & decided(case, offers))
    here = (case.in_service("reserve")[offers.reserve] > 0) & (served(case, offers) > 0)
    rest = (offers.offline * alike(case, offers))[resting, None] * here[resting]
    offline = b.columns("reserve.offline", unit="MW", over={"award": offers.name[resting], "time": time}, upper=rest)
    b.cost("reserve.offer", offline, offers.cost[resting, None] * hours)
    b.port("award", len(offers)).add(np.arange(len(offers)), award, share)
    b.port("award_offline", len(offers)).add(resting, offline)
    _hold(case, b, offers, award, share * speaks)
    required = requirement(case, b.ports)
    covering = np.flatnonzero(table["largest_unit"].to_numpy(bool) | table["largest_pole_share"].notna().to_numpy())
    over = {"reserve": table.index[covering], "time": time}
    cover = b.columns("reserve.largest", unit="MW", over=over, upper=np.broadcast_to(plenty, (len(covering), len(time))))
    missing = _shortage(case, b, required, plenty)
    return Columns(offers, required, award, share, resting, offline, missing, covering, cover)


def _hold(case, b, offers: Offers, award: np.ndarray, part: np.ndarray) -> None:
    """What awards ask of each element, by direction; `part` (n, T): of the column of an offer that is its element's to hold."""
    lasting, shared = case.table("reserve")["duration_h"].to_numpy(float)[offers.reserve, None], ramp_shares(case, offers)
    before = np.roll(award, 1, axis=1)
    for name, moves in zip(("up", "down"), directions(case), strict=True):
        for kind in PROVIDERS:
            mine = np.flatnonzero((offers.kind == kind) & moves[offers.reserve])
            mine = mine[(part[mine] > 0).any(axis=1)]
            if len(mine):
                at, cols, size = offers.place[mine], award[mine], len(case.table(kind))
                b.port(f"{kind}_{name}", size).add(at, cols, part[mine])
                b.port(f"{kind}_{name}_energy", size).add(at, cols, lasting[mine] * part[mine])
                b.port(f"{kind}_{name}_ramp", size).add(at, cols, shared[0][mine] * part[mine])
                late = mine[shared[1][mine].any(axis=1)]
                if len(late):
                    b.port(f"{kind}_{name}_ramp", size).add(offers.place[late], before[late], shared[1][late] * part[late])


def _plenty(case, b) -> np.ndarray:
    """MW in each step that no award and no shortage comes near (T,): all injections and all requirements together. A bound from duals
    needs bounds of columns."""
    below = np.minimum(b.port("injection").constant, 0.0).sum(axis=0)
    return b.most("injection") - below + requirement(case, b.ports).sum(axis=0)


def _shortage(case, b, required: np.ndarray, plenty: np.ndarray) -> np.ndarray:
    """Columns of the steps of shortage (k, T), at most `plenty` (T,)."""
    step = case.table("reserve_shortage")
    at, price = case.position("reserve", step["reserve"]), step["cost_cny_per_mwh"].to_numpy(float)
    width, share = (step[c].to_numpy(float)[:, None] for c in ("power_mw", "share"))
    width = np.fmin(width, share * required[at])
    names = np.array([f"{q}/{p:g}" for q, p in zip(step["reserve"], price, strict=True)], object)
    over = {"step": names, "time": case.time.index}
    missing = b.columns("reserve.shortage", unit="MW", over=over, upper=np.where(np.isnan(width), plenty, width))
    b.cost("reserve.shortage", missing, price[:, None] * case.time.hours)
    return missing


def constrain(case, b, columns):
    """Rows (V2) to (V4)."""
    if columns is None:
        return
    table, time = case.table("reserve"), case.time.index
    offers, serves, share = columns.offers, counting(case), shares(case, "output") * 1.0
    given, here = columns.required, case.in_service("reserve")
    if share.any():
        given = given + here * (share @ b.port("renewable_output").constant)
    row = b.rows("reserve.requirement", unit="MW", over={"reserve": table.index, "time": time}, lower=given)
    b.share("reserve.requirement")
    resting = columns.resting
    for ids, part, own in (
        (columns.award, columns.share, offers.reserve), (columns.offline, np.ones(columns.offline.shape), offers.reserve[resting]),
    ):  # fmt: skip
        q, o = np.nonzero(serves[:, own])
        b.term(row[q], ids[o], part[o])
    b.term(row[case.position("reserve", case.table("reserve_shortage")["reserve"])], columns.shortage)
    b.term(row[columns.covering], columns.largest, -1.0)
    for at, cols, coef in b.port("renewable_output").offers() if share.any() else []:
        q, n = np.nonzero(share[:, at])
        b.term(row[q], cols[n], -here[q] * share[q, at[n]][:, None] * coef[n])
    _largest_pole(case, b, columns)
    for kind in FALLING:
        _largest_unit(case, b, columns, serves, kind)


def _poles(case) -> Iterator[tuple[str, float, np.ndarray, np.ndarray, np.ndarray]]:
    """(port, sign, share that is lost by reserve (Q,), reserves, links): what links bring into a zone or take out of it, at each end.

    A link between two buses of the zone does neither. The other sign only where a link may be reversed.
    """
    table, link, zone, (up, down) = case.table("reserve"), case.table("dc_link"), inside(case), directions(case)
    begins, ends = (zone[:, case.position("bus", link[c])] for c in ("from_bus", "to_bus"))
    part, back = table["largest_pole_share"].fillna(0.0).to_numpy(float), (link["power_reverse_max_mw"] > 0).to_numpy()
    for name, sign, crosses in (
        ("dc_received", 1.0, ends & ~begins & up[:, None]), ("dc_flow", -1.0, begins & ~ends & up[:, None] & back),
        ("dc_flow", 1.0, begins & ~ends & down[:, None]), ("dc_received", -1.0, ends & ~begins & down[:, None] & back),
    ):  # fmt: skip
        q, d = np.nonzero(crosses & (part > 0)[:, None])
        if len(q):
            yield name, sign, part, q, d


def _largest_pole(case, b, columns) -> None:
    """Rows (V4)."""
    table, link = case.table("reserve"), case.table("dc_link")
    for name, sign, share, q, d in _poles(case):
        part, port = sign * share[:, None] * case.in_service("reserve"), b.port(name)
        names = np.array([f"{table.index[i]}/{link.index[j]}" for i, j in zip(q, d, strict=True)], object)
        over, way = {"link": names, "time": case.time.index}, "" if sign > 0 else "_back"
        row = b.rows(f"reserve.largest_{name}{way}", unit="MW", over=over, lower=part[q] * port.constant[d])
        b.share(f"reserve.largest_{name}{way}")
        b.term(row, columns.largest[np.searchsorted(columns.covering, q)])
        for at, cols, coef in port.offers():
            r, n = np.nonzero(d[:, None] == at)
            b.term(row[r], cols[n], -part[q[r]] * coef[n])


def _largest_unit(case, b, columns, serves: np.ndarray, kind: str) -> None:
    """Lazy family (V3) for the elements of a table."""
    table, offers, port = case.table("reserve"), columns.offers, b.port(f"{kind}_output", len(case.table(kind)))
    within = inside(case)[:, case.position("bus", case.table(kind)["bus"])]
    q, i = np.nonzero(within & table["largest_unit"].to_numpy(bool)[:, None])
    if not len(q):
        return
    mine = np.flatnonzero(offers.kind == kind)
    e, o = np.nonzero((offers.place[mine] == i[:, None]) & serves[q][:, offers.reserve[mine]])
    own, largest, here = columns.award[mine[o]], columns.largest[np.searchsorted(columns.covering, q)], case.in_service("reserve")[q]
    of_element = sp.csr_array((np.ones(len(e)), (e, np.arange(len(e)))), shape=(len(q), len(e)))

    def spare(x, steps=slice(None)):
        return x[largest[:, steps]] - here[:, steps] * (port.value(x, steps)[i] + of_element @ x[own[:, steps]])

    def expand(element, step):
        weights, one = np.zeros((len(element), port.size)), np.arange(len(element))
        weights[one, i[element]] = -here[element, step]
        row, col, coef, constant = port.weighted(weights, step)
        r, k = of_element[element].tocoo().coords
        row, col = np.concatenate([row, one, r]), np.concatenate([col, largest[element, step], own[k, step[r]]])
        return row, col, np.concatenate([coef, np.ones(len(one)), weights[r, i[element[r]]]]), constant

    names = np.array([f"{table.index[a]}/{case.table(kind).index[n]}" for a, n in zip(q, i, strict=True)], object)
    over = {"element": names, "time": case.time.index}
    b.lazy(f"reserve.largest_{kind}", unit="MW", over=over, bounds=(0.0, np.inf), activity=spare, expand=expand, port="reserve")


def results(case, columns, values) -> dict[str, Quantity]:
    """Awards by offer, and what of them units give that are off; requirement and shortage by reserve. Nothing without reserves."""
    if columns is None:
        return {}
    at = case.position("reserve", case.table("reserve_shortage")["reserve"])
    short = np.zeros(columns.required.shape)
    np.add.at(short, at, values["reserve.shortage"])
    needed = columns.required + case.in_service("reserve") * _dispatched(case, columns, values)
    resting, award = np.zeros(columns.award.shape), ("award", "time")
    resting[columns.resting] = values["reserve.offline"]
    dims, idle = ("reserve", "time"), Quantity(award, resting, "MW", "reserve awarded to units that are off", "停机机组备用")
    return ({"reserve_offline": idle} if len(columns.resting) else {}) | {
        "reserve_award": Quantity(award, values.solution.x[columns.award] * columns.share + resting, "MW", "reserve awarded", "备用中标容量"),
        "reserve_requirement": Quantity(dims, needed, "MW", "reserve required", "备用需求"),
        "reserve_shortage": Quantity(dims, short, "MW", "reserve missing", "备用缺额", "positive: missing"),
    }


def _dispatched(case, columns, values) -> np.ndarray:
    """What requirements owe to the dispatch MW (Q, T): shares of output, and the largest unit or pole (L may lie above, unpaid)."""
    table, zone, offers, x, ports = case.table("reserve"), inside(case), columns.offers, values.solution.x, values.builder.ports
    largest, serves, award = np.zeros(columns.required.shape), counting(case), values.solution.x[columns.award] * columns.share
    for kind in FALLING if len(columns.covering) else ():
        bus, output = case.position("bus", case.table(kind)["bus"]), ports[f"{kind}_output"].value(x)
        for q in np.flatnonzero(table["largest_unit"].to_numpy(bool)):
            mine, lost = np.flatnonzero((offers.kind == kind) & serves[q, offers.reserve]), output.copy()
            np.add.at(lost, offers.place[mine], award[mine])
            largest[q] = np.maximum(largest[q], lost[zone[q, bus]].max(axis=0, initial=0.0))
    for name, sign, part, zones, link in _poles(case):
        np.maximum.at(largest, zones, sign * part[zones, None] * ports[name].value(x)[link])
    if len(case.table("renewable")):
        largest += shares(case, "output") @ ports["renewable_output"].value(x)
    return largest
