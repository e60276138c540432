"""Certificate, delivery of reserves: every award is permitted, and the element can deliver it beside its output.

    0 <= award <= its largest, and ramp x response;  together with all quicker ones of the element too    reserve.award, reserve.response
    output + upward awards <= what the element can give;  output - downward awards >= its least           reserve.headroom
    awards to units that are off <= what they offer so x number of units off                              reserve.offline
    change of output + awards that share the ramp <= ramp x step, for what stays on, also from an output
    before the first step that is known                                                                   reserve.ramp
    awards x hours <= what a store can still give (take), before and after the step                       reserve.store

What is switched can give what its status permits: M u, in the step of a start and in that before a stop no more than its start and stop
ramps.
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate_check import POWER, RELATIVE, Check, Evidence, outside
from gridopt.dispatch.certificate_commitment import fleets
from gridopt.dispatch.certificate_plants import generator_limits, of_type, unit_limits
from gridopt.dispatch.certificate_reserve import DOWN, TABLES, UP, Offer, offers, resting
from gridopt.dispatch.certificate_solar_thermal import switched_blocks

WHOLE = 1.0 - 1e-6
"""Units from which one is on."""
NEAR = 1e-9
"""MW by which limits may differ and still be the same."""


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
    ]
    parts = [_delivery(e, table, found) for table in TABLES]
    elements = [i for t in TABLES for i in e.case.table(t).index]
    size = np.concatenate([np.abs(e.number(t, "power_max_mw")) for t in TABLES])
    for n, (name, unit) in enumerate((("headroom", "MW"), ("store", "MWh"), ("ramp", "MW"), ("response", "MW"))):
        excess = np.concatenate([p[n] for p in parts])
        checks.append(e.judge(f"reserve.{name}", unit, excess, POWER + RELATIVE * size, elements))
    return checks


def _units_on(e: Evidence, table: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Units of each row, units that are on (n, T), and whether the row is switched (n,); one that is on where it is not."""
    number, switched = np.ones((len(e.case.table(table)), len(e.case.time))), np.zeros(len(e.case.table(table)), bool)
    on = number.copy()
    for s in fleets(e):
        if s.kind == table:
            number[s.rows], on[s.rows], switched[s.rows] = s.count, s.array("on"), True
    return number, on, switched


def _largest_resting(e: Evidence, found: list[Offer]) -> np.ndarray:
    """What units that are off may give at most MW (offers, T)."""
    most = np.zeros(e["reserve_award"].shape)
    fleet = {t: (*_units_on(e, t), e.case.in_service(t) > 0) for t in {o.table for o in found if o.row.offline_max_mw > 0}}
    for k, o in enumerate(found):
        if o.row.offline_max_mw > 0:
            number, on, switched, here = (v[o.place] for v in fleet[o.table])
            most[k] = o.row.offline_max_mw * np.where(here & switched, number - on, 0.0)
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


def _largest_awards(e: Evidence, found: list[Offer]) -> np.ndarray:
    reserve, most = e.case.table("reserve"), np.full(e["reserve_award"].shape, np.inf)
    slopes, fleet = {t: _ramps(e, t) for t in TABLES}, {t: _units_on(e, t) for t in TABLES}
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
        least = np.where(switched_blocks(e), e.number(table, "power_min_mw"), 0.0) * e["csp_on"] * here
        return e["csp_output"], least, most * e["csp_on"]
    if table == "pumped":
        able, least, units, one = (e.number(table, c) for c in ("power_max_mw", "power_min_mw", "units", "pump_mw"))
        if case.commitment == "off":
            return e["pumped_generate"] - e["pumped_pump"], -units * one * here, units * able * here
        return e["pumped_generate"] - e["pumped_pump"], *(v * e["pumped_generating"] - e["pumped_pump"] for v in (least, able))
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


def _before(e: Evidence, table: str) -> np.ndarray:
    """Output before the first step MW (n, 1), NaN where it is not known or was none."""
    if table not in ("unit", "generator"):
        return np.full((len(e.case.table(table)), 1), np.nan)
    found = e.number(table, "initial_mw").copy()
    for s in fleets(e):
        if s.kind == table:
            found[s.rows] = np.where(s.before > 0, s.number("initial_mw", np.nan), np.nan)
    return found


def _delivery(e: Evidence, table: str, found: list[Offer]) -> tuple[np.ndarray, ...]:
    """By how much awards go beyond headroom, stores, shared ramps and quick ramps of the elements of a table (n, T) each."""
    reserve, hours = e.case.table("reserve"), e.case.time.hours
    mine = [(k, o.reserve, o.place) for k, o in enumerate(found) if o.table == table]
    output, least, most = _limits(e, table)
    slope, (number, on, switched) = _ramps(e, table), _units_on(e, table)
    before, share = _before(e, table), e.case.in_service(table)
    jump = np.diff(output, axis=1, prepend=np.where(np.isnan(before), output[:, :1], before))
    still = np.concatenate([~np.isnan(before) & (share[:, :1] > 0), np.diff(share, axis=1) == 0], axis=1)
    stays = (on > WHOLE) & (np.append(on[:, :1], on[:, :-1], axis=1) > WHOLE) & (number == 1)
    still &= stays | ~switched[:, None]
    if table == "unit":
        same = [np.abs(np.diff(v, axis=1, prepend=v[:, :1])) < NEAR for v in (least, most)]
        still &= switched[:, None] | (same[0] & same[1])
    length = 30.0 * (hours + np.append(hours[:1], hours[:-1]))
    idle = resting(e)
    beyond, stores, rising, quick = (np.full(output.shape, -np.inf) for _ in range(4))
    for sign, way, held, ramp in ((1.0, UP, _held(e, table)[0], slope[0]), (-1.0, DOWN, _held(e, table)[1], slope[1])):
        moved, energy, beside = (np.zeros(output.shape) for _ in range(3))
        own = [(o, q, i) for o, q, i in mine if reserve.at[q, "product"] in way]
        for o, q, i in own:
            moved[i] += e["reserve_award"][o] - idle[o]
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
                soon[i] += (e["reserve_award"][o] - idle[o]) * (reserve.at[q, "response_min"] <= m)
            quick = np.maximum(quick, np.where(m == m, soon - ramp[:, None] * number * m, -np.inf))
    return beyond, stores, rising, quick
