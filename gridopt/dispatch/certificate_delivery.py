"""Certificate, delivery of reserves: every award is permitted, and the element can deliver it beside its output.

    0 <= award <= its largest, and ramp x response;  together with all quicker ones of the element too    reserve.award, reserve.response
    output + upward awards <= what the element can give;  output - downward awards >= its least           reserve.headroom
    awards to units that are off <= what they offer so x number of units off, with all quicker ones too   reserve.offline
    change of output + what awards take of the ramp <= ramp x step, also from an output before the first
    step that is known; in the step of a start, and of a stop, no more than start and stop ramps leave    reserve.ramp
    range of offers: output with upward awards <= its top, output less downward awards >= its bottom,
    of the units that hold awards for it                                                                  reserve.range
    awards x hours <= what a store can still give (take), before and after the step                       reserve.store

What is switched can give what its status permits: M u, in the step of a start and in that before a stop no more than its start and stop
ramps.
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate_check import POWER, RELATIVE, Check, Evidence, gather, outside
from gridopt.dispatch.certificate_reserve import DOWN, TABLES, UP, Offer, offers, resting
from gridopt.dispatch.certificate_reserve_output import limits, ramps, range_on, units_on
from gridopt.dispatch.certificate_reserve_ramps import ramp_parts, ramp_room
from gridopt.dispatch.certificate_stores import alike

NEAR, TINY = 1e-6, 1e-9
"""Units by which a number of units may miss a whole one; MWh that are nothing."""


def check_delivery(e: Evidence) -> list[Check]:
    """The checks named at the head of this file; none without reserves, or where the awards are not those of the offers."""
    if not len(e.case.table("reserve")):
        return []
    found = offers(e)
    if len(found) != len(e["reserve_award"]):
        return []
    names, idle = [f"{o.reserve}/{o.table}/{o.element}" for o in found], resting(e)
    checks = [
        e.judge("reserve.award", "MW", outside(e["reserve_award"] - idle, 0.0, _largest_awards(e, found)), POWER, names),
        e.judge("reserve.offline", "MW", outside(idle, 0.0, _largest_resting(e, found)), POWER, names),
        *_ranges(e, found),
    ]
    parts = [_delivery(e, table, found) for table in TABLES]
    elements = [i for t in TABLES for i in e.case.table(t).index]
    size = np.concatenate([np.abs(e.number(t, "power_max_mw")) for t in TABLES])
    for n, (name, unit) in enumerate((("headroom", "MW"), ("store", "MWh"), ("ramp", "MW"), ("response", "MW"))):
        excess = np.concatenate([p[n] for p in parts])
        checks.append(e.judge(f"reserve.{name}", unit, excess, POWER + RELATIVE * size, elements))
    return checks


def _largest_resting(e: Evidence, found: list[Offer]) -> np.ndarray:
    """What units that are off may give at most MW (offers, T)."""
    most = np.zeros(e["reserve_award"].shape)
    fleet = {t: (*units_on(e, t), e.case.in_service(t) > 0) for t in {o.table for o in found if o.row.offline_max_mw > 0}}
    for k, o in enumerate(found):
        if o.row.offline_max_mw > 0:
            number, on, switched, here = (v[o.place] for v in fleet[o.table])
            most[k] = o.row.offline_max_mw * np.where(here & switched, number - on, 0.0)
    minutes = e.case.table("reserve")["response_min"].fillna(np.inf)
    idle, free = resting(e), most.copy()
    for k, o in enumerate(found):
        mine = [n for n in _beside(found, k) if found[n].row.offline_max_mw > 0]
        m = minutes[o.reserve]
        quicker = [n for n in mine if minutes[found[n].reserve] <= m and n != k]
        alike = [n for n in mine if minutes[found[n].reserve] == m]
        if k in mine and quicker:
            most[k] = np.minimum(most[k], np.max(free[alike], axis=0) - idle[quicker].sum(axis=0))
    return most


def _largest_awards(e: Evidence, found: list[Offer]) -> np.ndarray:
    reserve, most = e.case.table("reserve"), np.full(e["reserve_award"].shape, np.inf)
    slopes, fleet = {t: ramps(e, t) for t in TABLES}, {t: units_on(e, t) for t in TABLES}
    here = e.case.in_service("reserve") > 0
    size = {t: np.abs(e.number(t, "power_max_mw"))[:, 0] for t in TABLES}
    for k, o in enumerate(found):
        product, minutes = reserve.at[o.reserve, "product"], reserve.at[o.reserve, "response_min"]
        ways = [w for w, of in ((0, UP), (1, DOWN)) if product in of]
        able = [slopes[o.table][w, o.place] * minutes for w in ways if minutes == minutes]
        own = [o.row.award_max_mw, o.row.award_max_fraction * size[o.table][o.place]]
        number, on, _ = (v[o.place] for v in fleet[o.table])
        least = min([v for v in (*able, *own) if v == v], default=np.inf)
        most[k] = np.where(number > 1, on * least, least) if least < np.inf else np.inf
        most[k, ~here[reserve.index.get_loc(o.reserve)]] = 0.0
    return most


def _beside(found: list[Offer], k: int) -> list[int]:
    """Places of the offers of the element of offer k, itself among them."""
    return [n for n, o in enumerate(found) if (o.table, o.place) == (found[k].table, found[k].place)]


def _ranges(e: Evidence, found: list[Offer]) -> list[Check]:
    """Awards of offers with a range, by offer; nothing where there is none. Of whole decisions any award puts a unit into its range, of
    relaxed ones the part of it that the award is of its largest one."""
    ranged = [k for k, o in enumerate(found) if o.row.range_min_mw == o.row.range_min_mw or o.row.range_max_mw == o.row.range_max_mw]
    if not ranged:
        return []
    tables, largest = {found[k].table for k in ranged}, _largest_awards(e, found)
    gives, own, units = ({t: of(e, t) for t in tables} for of in (limits, range_on, units_on))
    award, product = e["reserve_award"] - resting(e), e.case.table("reserve")["product"]
    excess, size = np.zeros((len(ranged), len(e.case.time))), np.zeros((len(ranged), 1))
    for r, k in enumerate(ranged):
        o = found[k]
        output, least, most = (v[o.place] for v in gives[o.table])
        low, high = (v[o.place] for v in own[o.table])
        number, on, _ = (v[o.place] for v in units[o.table])
        one = np.minimum(largest[k] / np.where((number > 1) & (on > 0), on, 1.0), high)
        within = np.divide(award[k], one, out=np.zeros_like(award[k]), where=one > 0)
        if e.case.commitment == "exact":
            within = np.ceil(within - NEAR)
        up, down = (sum((award[n] for n in _beside(found, k) if product[found[n].reserve] in way), np.zeros_like(output)) for way in (UP, DOWN))
        top, bottom = np.nan_to_num([high - o.row.range_max_mw, o.row.range_min_mw - low]).clip(min=0.0)
        over = np.maximum(output + up + top * within - most, least + bottom * within - output + down)
        excess[r], size[r] = np.where(award[k] > POWER, over, 0.0), abs(e.case.table(o.table)["power_max_mw"].iloc[o.place])
    names = [f"{found[k].reserve}/{found[k].table}/{found[k].element}" for k in ranged]
    return [e.judge("reserve.range", "MW", excess, POWER + RELATIVE * size, names)]


def _held(e: Evidence, table: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What stores can still give, and take, at the bus, after and before each step MWh (n, T); nothing where there is no limit."""
    case = e.case

    def before(level, start):
        return np.concatenate([start, level[:, :-1]], axis=1)

    if table == "storage":
        gives, takes = e.number(table, "discharge_efficiency"), e.number(table, "charge_efficiency")
        room, level = e.number(table, "energy_max_mwh") * case.commissioned(table), e["storage_energy"]
        start = np.where(e.number(table, "cyclic") > 0, level[:, -1:], e.number(table, "energy_start_fraction") * room[:, :1])
        low, high = e.series(table, "energy_min_profile", 0.0), e.series(table, "energy_max_profile", 1.0)
        held, least, most, top = (room * v for v in (low, before(low, low[:, :1]), high, before(high, high[:, :1])))
        least[:, :1], top[:, :1] = np.minimum(least[:, :1], start), np.maximum(top[:, :1], start)
        after, earlier = (level, held, most), (_before(case, level, room, start), least, top)
        return [gives * (v - a) for v, a, _ in (after, earlier)], [(z - v) / takes for v, _, z in (after, earlier)]
    if table == "csp":
        start = e.number(table, "store_start_mwh") * case.commissioned(table)[:, :1]
        return [e.number(table, "efficiency") * v for v in (e["csp_store"], before(e["csp_store"], start))], []
    if table == "pumped":
        level, start = e["pumped_upper"], e.number(table, "upper_start_mwh")
        both = level[:, :1] + e["pumped_lower"][:, :1]
        most = e.number(table, "upper_max_mwh")
        room = np.where(np.isnan(e.number(table, "lower_max_mwh")), most, e.number(table, "lower_max_mwh"))
        low, high = np.maximum(both - room, 0.0), np.minimum(most, both)
        levels, gives, takes = (level, before(level, start)), e.number(table, "generate_efficiency"), e.number(table, "pump_efficiency")
        return [gives * (v - low) for v in levels], [(high - v) / takes for v in levels]
    if table == "reservoir":
        worth, low = e.number(table, "power_mw_per_m3s") / 0.0036, e.number(table, "volume_min_hm3")
        level = e["reservoir_volume"]
        return [worth * (v - low) for v in (level, before(level, e.number(table, "volume_start_hm3")))], []
    return [], []


def _before(case, level: np.ndarray, room: np.ndarray, start: np.ndarray) -> np.ndarray:
    """What stores hold before each step MWh (n, T): what alike ones hold, shared by those that are there in the step; of those that
    retire, nothing is left to the others."""
    kind = alike(case)
    merge = gather(kind, len(np.unique(kind)))
    total, together = merge @ level, merge @ room
    share = total[:, :-1] / np.maximum(np.maximum(together[:, :-1], together[:, 1:]), TINY)
    return np.concatenate([start, share[kind] * room[:, 1:]], axis=1)


def _delivery(e: Evidence, table: str, found: list[Offer]) -> tuple[np.ndarray, ...]:
    """By how much awards go beyond headroom, stores, shared ramps and quick ramps of the elements of a table (n, T) each."""
    reserve, award = e.case.table("reserve"), e["reserve_award"] - resting(e)
    mine = [(k, o.reserve, o.place) for k, o in enumerate(found) if o.table == table]
    product, hours, minutes = (reserve[n].to_dict() for n in ("product", "duration_h", "response_min"))
    parts = {q: ramp_parts(e, reserve.loc[q]) for q in {q for _, q, _ in mine}}
    output, least, most = limits(e, table)
    slope, number = ramps(e, table), units_on(e, table)[0]
    beyond, stores, rising, quick = (np.full(output.shape, -np.inf) for _ in range(4))
    for sign, way, held, ramp in ((1.0, UP, _held(e, table)[0], slope[0]), (-1.0, DOWN, _held(e, table)[1], slope[1])):
        moved, energy, beside = (np.zeros(output.shape) for _ in range(3))
        own = [(o, q, i) for o, q, i in mine if product[q] in way]
        for o, q, i in own:
            own_part, late = parts[q]
            moved[i] += award[o]
            energy[i] += hours[q] * e["reserve_award"][o]
            beside[i] += own_part * award[o] + late * np.append(0.0, award[o, :-1])
        room = most - output if sign > 0 else output - least
        beyond = np.maximum(beyond, np.where(moved > 0, moved - room, -np.inf))
        for level in held:
            stores = np.maximum(stores, np.where(energy > 0, energy - level, -np.inf))
        rising = np.maximum(rising, np.where(beside > 0, beside - ramp_room(e, table, ramp, sign), -np.inf))
        for m in {minutes[q] for _, q, _ in own if minutes[q] == minutes[q]}:
            soon = np.zeros(output.shape)
            for o, q, i in own:
                soon[i] += award[o] * (minutes[q] <= m)
            quick = np.maximum(quick, soon - ramp[:, None] * number * m)
    return beyond, stores, rising, quick
