"""Certificate, reserves: every award is permitted and can be delivered, every requirement is met or its shortage is told and paid.

    0 <= award <= its largest, and ramp x response;  together with all quicker ones of the element too    reserve.award, reserve.response
    output + upward awards <= what the element can give;  output - downward awards >= its least           reserve.headroom
    awards to units that are off <= what they offer so x number of units off                              reserve.offline
    change of output + awards that share the ramp <= ramp x step, for what stays on                       reserve.ramp
    awards x hours <= what a store can still give (take), before and after the step                       reserve.store
    requirement = fixed + series + shares of load, wind, solar + largest unit with its awards, or pole     reserve.requirement
    awards that count + shortage >= requirement                                                           reserve.balance
    0 <= shortage <= sum of its steps                                                                     reserve.shortage
    price >= 0;  0 where more than required is there;  not below the dearest step in use,
    not above the cheapest step with room                                                                 reserve.price

An offer is named reserve/table/element and follows the order of the tables. What is switched can give what its status permits: M u,
in the step of a start and in that before a stop no more than its start and stop ramps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gridopt.dispatch.certificate_check import POWER, PRICE, RELATIVE, Check, Evidence, outside
from gridopt.dispatch.certificate_commitment import fleets
from gridopt.dispatch.certificate_plants import generator_limits, of_type, unit_limits

WHOLE = 1.0 - 1e-6
"""Units from which one is on."""
NEAR = 1e-9
"""MW by which limits may differ and still be the same."""
TABLES = ("unit", "generator", "renewable", "csp", "reservoir", "storage")
UP = ("regulation", "regulation_up", "spinning_up", "non_spinning")
DOWN = ("regulation", "regulation_down", "spinning_down")


def offers(e: Evidence) -> Iterator[tuple[str, str, str, Any]]:
    """(reserve, table, element, row of reserve_offer) of every offer, in order."""
    case, rows = e.case, list(e.case.table("reserve_offer").itertuples())
    bus = case.table("bus")
    for name, reserve in case.table("reserve").iterrows():
        for table in TABLES:
            for element, data in case.table(table).iterrows():
                at = bus.loc[data["bus"]]
                dry = table == "reservoir" and reserve["product"] in UP and data["volume_max_hm3"] <= data["volume_min_hm3"]
                if at["role"] != "internal" or reserve["zone"] not in ("", at["zone"]) or dry:
                    continue
                mine = [r for r in rows if r.reserve == name and r.kind == table]
                own = [r for r in mine if r.element == element]
                alike = [r for r in mine if not r.element and r.technology and r.technology == data.get("technology", "")]
                wide = [r for r in mine if not r.element and not r.technology]
                for r in (own or alike or wide)[:1]:
                    yield name, table, element, r


def check_reserves(e: Evidence) -> list[Check]:
    """The checks named at the head of this file; none without reserves."""
    if not len(e.case.table("reserve")):
        return []
    found = list(offers(e))
    names = [f"{q}/{t}/{i}" for q, t, i, _ in found]
    if len(names) != len(e["reserve_award"]):
        return [Check("reserve.award", float(len(e["reserve_award"])), "1", float(len(names)), False, "offers")]
    largest, resting = _largest_awards(e, found), _resting(e)
    checks = [
        e.judge("reserve.award", "MW", outside(e["reserve_award"] - resting, 0.0, largest), POWER, names),
        e.judge("reserve.offline", "MW", outside(resting, 0.0, _largest_resting(e, found)), POWER, names),
    ]
    parts = [_delivery(e, table, found) for table in TABLES]
    elements = [i for t in TABLES for i in e.case.table(t).index]
    size = np.concatenate([np.abs(e.number(t, "power_max_mw")) for t in TABLES])
    for n, (name, unit) in enumerate((("headroom", "MW"), ("store", "MWh"), ("ramp", "MW"), ("response", "MW"))):
        excess = np.concatenate([p[n] for p in parts])
        checks.append(e.judge(f"reserve.{name}", unit, excess, POWER + RELATIVE * size, elements))
    return checks + _requirements(e, found)


def reserve_cost(e: Evidence) -> dict[str, np.ndarray]:
    """Cost of awards and of shortage, filled from the cheapest step, CNY/h (1, T)."""
    if not len(e.case.table("reserve")):
        return {}
    cost = np.array([r.cost_cny_per_mwh for *_, r in offers(e)])
    short = np.zeros(e["reserve_shortage"].shape)
    for i, _, price, taken, _ in _steps(e):
        short[i] += price * taken
    count = min(len(cost), len(e["reserve_award"]))
    return {"reserve_offer": cost[:count, None] * e["reserve_award"][:count], "reserve_shortage": short}


def _resting(e: Evidence) -> np.ndarray:
    """Part of the awards that units give that are off MW (offers, T)."""
    return e.arrays.get("reserve_offline", np.zeros(e["reserve_award"].shape))


def _units_on(e: Evidence, table: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Units of each row, units that are on (n, T), and whether the row is switched (n,); one that is on where it is not."""
    number, switched = np.ones((len(e.case.table(table)), len(e.case.time))), np.zeros(len(e.case.table(table)), bool)
    on = number.copy()
    for s in fleets(e):
        if s.kind == table:
            number[s.rows], on[s.rows], switched[s.rows] = s.count, s.array("on"), True
    return number, on, switched


def _largest_resting(e: Evidence, found: list) -> np.ndarray:
    """What units that are off may give at most MW (offers, T)."""
    most = np.zeros(e["reserve_award"].shape)
    for o, (_, table, element, row) in enumerate(found):
        if row.offline_max_mw > 0:
            i, (number, on, switched) = e.case.table(table).index.get_loc(element), _units_on(e, table)
            here = (e.case.in_service(table)[i] > 0) & switched[i]
            most[o] = row.offline_max_mw * np.where(here, number[i] - on[i], 0.0)
    return most


def _ramps(e: Evidence, table: str) -> np.ndarray:
    """Ramp up and down of one unit MW/min (2, n), inf where there is none."""
    frame = e.case.table(table)
    if table == "unit":
        able = e.number("unit", "power_max_mw") * e.number("unit", "available_fraction")
        return np.repeat((of_type(e.case, "ramp_fraction_per_min") * able).T, 2, axis=0)
    if table != "generator":
        return np.full((2, len(frame)), np.inf)
    up, down = frame["ramp_fraction_per_min"], frame["ramp_down_fraction_per_min"]
    size = frame["power_max_mw"].abs()
    return np.array([(up * size).fillna(np.inf), (down.fillna(up) * size).fillna(np.inf)])


def _largest_awards(e: Evidence, found: list) -> np.ndarray:
    reserve, most = e.case.table("reserve"), np.full(e["reserve_award"].shape, np.inf)
    slopes, fleet = {t: _ramps(e, t) for t in TABLES}, {t: _units_on(e, t) for t in TABLES}
    here = e.case.in_service("reserve") > 0
    for o, (q, table, element, row) in enumerate(found):
        i = e.case.table(table).index.get_loc(element)
        product, minutes = reserve.at[q, "product"], reserve.at[q, "response_min"]
        ways = [w for w, of in ((0, UP), (1, DOWN)) if product in of]
        able = [slopes[table][w, i] * minutes for w in ways if minutes == minutes]
        own = [row.award_max_mw, row.award_max_fraction * abs(e.case.table(table)["power_max_mw"].iloc[i])]
        number, on, _ = (v[i] for v in fleet[table])
        least = min([v for v in (*able, *own) if v == v], default=np.inf)
        most[o] = np.where(number > 1, on * least, least) if least < np.inf else np.inf
        most[o, ~here[reserve.index.get_loc(q)]] = 0.0
    return most


def _limits(e: Evidence, table: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Output, least and largest output of the elements of a table MW (n, T)."""
    case, here = e.case, e.case.in_service(table)
    if table in ("unit", "generator"):
        least, most = unit_limits(e)[:2] if table == "unit" else generator_limits(e)
        for s in fleets(e):
            if s.kind == table:
                low, high = s.limits
                begin, end = s.array("start"), np.append(s.array("stop")[:, 1:], np.zeros((len(s.rows), 1)), axis=1)
                short = [np.clip(high - s.number(f"{w}_ramp_mw", np.inf), 0.0, high - low) for w in ("start", "stop")]
                least[s.rows] = low * s.array("on")
                most[s.rows] = high * s.array("on") - np.maximum(short[0] * begin, short[1] * end)
        return e[f"{table}_output"], least, most
    if table == "renewable":
        return e["renewable_output"], 0.0 * here, e["renewable_available"]
    most = e.number(table, "power_max_mw") * here
    if table == "storage":
        pull = e.number("storage", "charge_max_mw")
        pull = np.where(np.isnan(pull), e.number("storage", "power_max_mw"), pull) * here * e.series("storage", "charge_profile", 1.0)
        return e["storage_discharge"] - e["storage_charge"], -pull, most * e.series("storage", "discharge_profile", 1.0)
    if table == "csp":
        return e["csp_output"], 0.0 * here, most
    now, band = case.in_season(case.table("release_band")["season"]) == 1.0, case.table("release_band")
    for k, r in enumerate(case.position("reservoir", band["reservoir"])):
        top = band["release_max_m3s"].iloc[k] * case.table("reservoir")["power_mw_per_m3s"].iloc[r]
        most[r] = np.where(now[k], np.fmin(most[r], top), most[r])
    return e["hydro_output"], 0.0 * here, most


def _held(e: Evidence, table: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What stores can still give, and take, at the bus, after and before each step MWh (n, T); nothing where there is no limit."""
    case = e.case

    def before(level, start):
        return np.concatenate([start, level[:, :-1]], axis=1)

    if table == "storage":
        gives, takes = e.number(table, "discharge_efficiency"), e.number(table, "charge_efficiency")
        room, level = e.number(table, "energy_max_mwh") * case.commissioned(table), e["storage_energy"]
        start = np.where(e.number(table, "cyclic") > 0, level[:, -1:], e.number(table, "energy_start_fraction") * room[:, :1])
        held, most = room * e.series(table, "energy_min_profile", 0.0), room * e.series(table, "energy_max_profile", 1.0)
        low, high = np.minimum(held[:, :1], start), np.maximum(most[:, :1], start)
        after, earlier = (level, held, most), (before(level, start), before(held, low), before(most, high))
        return [gives * (v - a) for v, a, _ in (after, earlier)], [(z - v) / takes for v, _, z in (after, earlier)]
    if table == "csp":
        start = e.number(table, "store_start_mwh") * case.in_service(table)[:, :1]
        return [e.number(table, "efficiency") * v for v in (e["csp_store"], before(e["csp_store"], start))], []
    if table == "reservoir":
        worth, low = e.number(table, "power_mw_per_m3s") / 0.0036, e.number(table, "volume_min_hm3")
        level = e["reservoir_volume"]
        return [worth * (v - low) for v in (level, before(level, e.number(table, "volume_start_hm3")))], []
    return [], []


def _delivery(e: Evidence, table: str, found: list) -> tuple[np.ndarray, ...]:
    """By how much awards go beyond headroom, stores, shared ramps and quick ramps of the elements of a table (n, T) each."""
    reserve, index, hours = e.case.table("reserve"), e.case.table(table).index, e.case.time.hours
    mine = [(o, q, index.get_loc(i)) for o, (q, t, i, _) in enumerate(found) if t == table]
    output, least, most = _limits(e, table)
    slope, (number, on, switched) = _ramps(e, table), _units_on(e, table)
    jump = np.diff(output, axis=1, prepend=output[:, :1])
    still = np.diff(e.case.in_service(table), axis=1, prepend=np.nan) == 0
    stays = (on > WHOLE) & (np.append(on[:, :1], on[:, :-1], axis=1) > WHOLE) & (number == 1)
    still &= stays | ~switched[:, None]
    if table == "unit":
        same = [np.abs(np.diff(v, axis=1, prepend=v[:, :1])) < NEAR for v in (least, most)]
        still &= switched[:, None] | (same[0] & same[1])
    length = 30.0 * (hours + np.append(hours[:1], hours[:-1]))
    resting = _resting(e)
    beyond, stores, rising, quick = (np.full(output.shape, -np.inf) for _ in range(4))
    for sign, way, held, ramp in ((1.0, UP, _held(e, table)[0], slope[0]), (-1.0, DOWN, _held(e, table)[1], slope[1])):
        moved, energy, beside = (np.zeros(output.shape) for _ in range(3))
        own = [(o, q, i) for o, q, i in mine if reserve.at[q, "product"] in way]
        for o, q, i in own:
            moved[i] += e["reserve_award"][o] - resting[o]
            energy[i] += reserve.at[q, "duration_h"] * e["reserve_award"][o]
            beside[i] += e["reserve_award"][o] * reserve.at[q, "shares_ramp"]
        room = most - output if sign > 0 else output - least
        beyond = np.maximum(beyond, np.where(moved > 0, moved - room, -np.inf))
        for level in held:
            stores = np.maximum(stores, np.where(energy > 0, energy - level, -np.inf))
        rising = np.maximum(rising, np.where((beside > 0) & still, sign * jump + beside - ramp[:, None] * length, -np.inf))
        for m in {reserve.at[q, "response_min"] for _, q, _ in own}:
            soon = np.zeros(output.shape)
            for o, q, i in own:
                soon[i] += (e["reserve_award"][o] - resting[o]) * (reserve.at[q, "response_min"] <= m)
            quick = np.maximum(quick, np.where(m == m, soon - ramp[:, None] * number * m, -np.inf))
    return beyond, stores, rising, quick


def _needed(e: Evidence, found: list) -> np.ndarray:
    """Requirements MW (Q, T), from the tables and the reported quantities."""
    case, reserve = e.case, e.case.table("reserve")
    needed, load = np.zeros((len(reserve), len(case.time))), case.table("load")
    demand = e.number("load", "mean_mw") * case.series(load["profile"], 1.0) * case.of_year("load_scale", 1.0) * case.in_service("load")
    series = case.series(reserve["profile"], 0.0)
    for n, (name, row) in enumerate(reserve.iterrows()):
        needed[n] = row["requirement_mw"] + series[n] + row["load_share"] * demand[_within(e, "load", row)].sum(axis=0)
        power = e[f"renewable_{row['renewable_basis']}"]
        for kind in ("wind", "solar"):
            some = _within(e, "renewable", row) & (case.table("renewable")["technology"] == kind).to_numpy()
            needed[n] += row[f"{kind}_share"] * power[some].sum(axis=0)
        needed[n] += _largest(e, found, name, row)
    return needed * case.in_service("reserve")


def _within(e: Evidence, table: str, reserve, column: str = "bus") -> np.ndarray:
    """Elements of a table at internal buses of the reserve's zone, bool (n,)."""
    bus = e.case.table("bus").loc[e.case.table(table)[column]]
    return ((bus["role"] == "internal") & ((bus["zone"] == reserve["zone"]) | (reserve["zone"] == ""))).to_numpy(bool)


def _largest(e: Evidence, found: list, name: str, reserve) -> np.ndarray:
    """What is lost with the largest unit or pole MW (T,)."""
    worst = np.zeros(len(e.case.time))
    for table in ("unit", "generator") if reserve["largest_unit"] else ():
        lost = e[f"{table}_output"].copy()
        for o, (q, t, i, _) in enumerate(found):
            if t == table and name in _counts_for(e, q):
                lost[e.case.table(table).index.get_loc(i)] += (e["reserve_award"] - _resting(e))[o]
        worst = np.maximum(worst, lost[_within(e, table, reserve)].max(axis=0, initial=0.0))
    if reserve["largest_pole_share"] == reserve["largest_pole_share"]:
        begins, ends = (_within(e, "dc_link", reserve, c) for c in ("from_bus", "to_bus"))
        for sign, way in ((1.0, UP), (-1.0, DOWN)):
            into = np.concatenate([e["dc_received"][ends & ~begins], -e["dc_sent"][begins & ~ends]])
            if reserve["product"] in way:
                worst = np.maximum(worst, reserve["largest_pole_share"] * (sign * into).max(axis=0, initial=0.0))
    return worst


def _counts_for(e: Evidence, name: str) -> set[str]:
    """The reserves that awards of a reserve count for, itself among them."""
    nested, found, edge = e.case.table("reserve_nesting"), set(), {name}
    while edge:
        found |= edge
        edge = set(nested.loc[nested["reserve"].isin(list(edge)), "counts_for"]) - found
    return found


def _steps(e: Evidence) -> Iterator[tuple[int, str, float, np.ndarray, np.ndarray]]:
    """(reserve, name, price, MW in use, MW left) of every step of shortage, cheapest first, (T,)."""
    step, reserve = e.case.table("reserve_shortage"), e.case.table("reserve")
    for i, name in enumerate(reserve.index):
        left = e["reserve_shortage"][i].copy()
        for row in step[step["reserve"] == name].sort_values("cost_cny_per_mwh").itertuples():
            width = np.full(left.shape, row.power_mw) if row.power_mw == row.power_mw else row.share * e["reserve_requirement"][i]
            width = np.where(np.isnan(width), np.inf, width)
            taken = np.minimum(left, width)
            left = left - taken
            yield i, name, row.cost_cny_per_mwh, taken, width - taken
        yield i, name, 0.0, left, np.zeros_like(left)


def _requirements(e: Evidence, found: list) -> list[Check]:
    reserve, short, price = e.case.table("reserve"), e["reserve_shortage"], e["reserve_price"]
    needed, counted = _needed(e, found), np.zeros(short.shape)
    for o, (q, *_) in enumerate(found):
        for lower in _counts_for(e, q):
            counted[reserve.index.get_loc(lower)] += e["reserve_award"][o]
    slack = counted + short - needed
    near, left = POWER + RELATIVE * needed, np.zeros(short.shape)
    wrong = np.maximum(-price, np.where(slack > near, np.abs(price), 0.0))
    for i, _, cost, taken, room in _steps(e):
        wrong[i] = np.maximum(wrong[i], np.where(taken > POWER, cost - price[i], 0.0))
        wrong[i] = np.maximum(wrong[i], np.where(room > POWER, price[i] - cost, 0.0))
        left[i] = taken
    return [
        e.judge("reserve.requirement", "MW", np.abs(e["reserve_requirement"] - needed), near, reserve.index),
        e.judge("reserve.balance", "MW", -slack, near, reserve.index),
        e.judge("reserve.shortage", "MW", np.maximum(left, -short), POWER, reserve.index),
        e.judge("reserve.price", "CNY/MWh", wrong, PRICE + RELATIVE * np.abs(price), reserve.index),
    ]
