"""Rents of what keeps a system from using more energy in a step: limit x what one more unit of it is worth, CNY per hour, >= 0.

    min_output         must-run output x max(0, own marginal cost - price at its bus)                      (Q1)
    dc_limit           sent power x worth of one more MW of the link's limit                               (Q2)
    dc_schedule        sent power x worth of one more MW that the schedule's step, hold or size of change rules out        (Q10)
    dc_contract        sent power x worth of one more MWh at the upper end of dc_contract.energy               (Q3)
    dc_share           sent power x least share x worth of one more unbundled MWh (dc_contract.share)          (Q4)
    tie_schedule       flexible export band x worth of one more MW of it                                   (Q5)
    storage            charging power x (worth of one more MW of it + what the full store takes off a MWh charged now)    (Q6)
    ramp               width x dual of ramps: output that cannot fall (yet or in time), sending that cannot rise          (Q7)
    hydro_min_release  least release x what a smaller one is worth                                         (Q8)
    reserve            awards x price of each reserve that they count for: what must run to hold them      (Q9)

Every worth is a reduced cost or a dual of the solved program. A least energy of a contract is not a cause: it uses energy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridopt.blocks import commitment, dc_contract, dc_link, dc_schedule, exchange, generator, storage, thermal
from gridopt.case.fleet import labels
from gridopt.case.reserves import counting
from gridopt.dispatch.formulate import BLOCKS
from gridopt.dispatch.result import Dispatch

NOISE = 1e-6
"""CNY/MWh: a worth below this is rounding of zero."""
DAY = np.timedelta64(86400, "s")
MUST_RUN = {
    "heating": ("Minimum output for heat supply", "供热机组最小出力"),
    "self_owned": ("Minimum output of self-owned units", "自备机组最小出力"),
    "other": ("Minimum output of other units", "其他机组最小出力"),
}


@dataclass(frozen=True)
class Rent:
    """One cause and its rent `value` CNY/h (n, T) at buses `bus` int (n,)."""

    name: str
    kind: str
    label: str
    label_zh: str
    bus: np.ndarray
    value: np.ndarray


def rents(dispatch: Dispatch, price: np.ndarray) -> list[Rent]:
    """All rents of a dispatch at prices CNY/MWh (B, T); those that are zero throughout are left out."""
    found = [
        *_min_output(dispatch, price),
        *_dc_limit(dispatch),
        *_dc_schedule(dispatch),
        *_dc_terms(dispatch),
        *_ties(dispatch),
        _storage(dispatch),
        _ramp(dispatch),
        _hydro(dispatch),
        *_reserve(dispatch),
    ]
    return [r for r in found if r.value.any()]


def declared(dispatch: Dispatch, block):
    """What a block declared for this dispatch."""
    return dispatch.model.columns[BLOCKS.index(block)]


def names(frame, position: int) -> tuple[str, str]:
    """English and Chinese name of a row; the identifier where there is none."""
    row = frame.iloc[position]
    english = row["name"] or str(frame.index[position])
    return english, row["name_zh"] or english


def marginal_cost(dispatch: Dispatch) -> tuple[np.ndarray, np.ndarray]:
    """Cost CNY/MWh of thermal groups (G, T): of output in the upper load range, and of the last MW of must-run output."""
    columns, hours = declared(dispatch, thermal), dispatch.case.time.hours
    cost = dispatch.solution.form.cost
    high = cost[columns.high] / hours
    partial = (columns.low >= 0) & (columns.must_run < 0.5 * columns.capacity)
    return high, np.where(partial, cost[columns.low] / hours, high)


def offers(dispatch: Dispatch) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What gives power: bus (n,), cost of more CNY/MWh, whether it is in service, and whether it may stop, (n, T). Thermal groups,
    generators, and what is switched, whose cost is that of its first segment."""
    case, units, own, fleet = dispatch.case, declared(dispatch, thermal), declared(dispatch, generator), declared(dispatch, commitment).fleet
    one, others = case.table("unit").iloc[units.groups.first], case.table("generator").iloc[own.rows]
    bus = np.concatenate([*(case.position("bus", t["bus"]) for t in (one, others)), fleet.bus])
    cost = np.concatenate([marginal_cost(dispatch)[0], _band_cost(dispatch, own)[_firsts(own.of)], _first_segment(dispatch)])
    here = np.concatenate([units.capacity > 0, own.most > 0, fleet.here & (fleet.most > 0)])
    return bus, cost, here, here & np.concatenate([units.must_run <= 0, own.least <= 0, ~fleet.must_on])


def _firsts(of: np.ndarray) -> np.ndarray:
    """Place of the first band of each element, of int (K,) in order."""
    return np.flatnonzero(np.diff(of, prepend=-1) > 0)


def _first_segment(dispatch: Dispatch) -> np.ndarray:
    """Cost of more above least output of what is switched CNY/MWh (n, T)."""
    columns = declared(dispatch, commitment)
    return dispatch.solution.form.cost[columns.segment[_firsts(columns.fleet.curve.of)]] / dispatch.case.time.hours


def _band_cost(dispatch: Dispatch, columns) -> np.ndarray:
    """Cost of more from each band of the generators CNY/MWh (K, T)."""
    form, hours = dispatch.solution.form, dispatch.case.time.hours
    return (form.cost[columns.band] + 2.0 * form.square[columns.band] * dispatch.solution.x[columns.band]) / hours


def _worth(values: np.ndarray) -> np.ndarray:
    return np.where(values > NOISE, values, 0.0)


def _min_output(dispatch: Dispatch, price: np.ndarray) -> list[Rent]:
    """(Q1) by why the output must be."""
    case, columns = dispatch.case, declared(dispatch, thermal)
    one = case.table("unit").iloc[columns.groups.first]
    bus = case.position("bus", one["bus"])
    value = columns.must_run * _worth(marginal_cost(dispatch)[1] - price[bus])
    own = one["self_owned"].to_numpy(bool)
    why = np.where(own, "self_owned", np.where(one["must_run"] == "heating", "heating", "other"))
    others = declared(dispatch, generator)
    at = case.position("bus", case.table("generator")["bus"].iloc[others.rows])
    cost = _band_cost(dispatch, others)[_firsts(others.of)]
    fleet = declared(dispatch, commitment).fleet
    least = fleet.least * dispatch.solution.x[declared(dispatch, commitment).on] if len(fleet) else fleet.least
    held = case.table("unit").iloc[fleet.row[fleet.table == "unit"]]
    mine = np.where(held["self_owned"].to_numpy(bool), "self_owned", np.where(held["must_run"] == "heating", "heating", "other"))
    bus = np.concatenate([bus, at, fleet.bus])
    why = np.concatenate([why, np.full(len(at), "other"), mine, np.full(len(fleet) - len(held), "other")])
    switched = np.maximum(least, 0.0) * _worth(_first_segment(dispatch) - price[fleet.bus])
    value = np.concatenate([value, np.maximum(others.least, 0.0) * _worth(cost - price[at]), switched])
    return [Rent(f"min_output:{k}", "min_output", *MUST_RUN[k], bus[why == k], value[why == k]) for k in MUST_RUN]


def _dc_limit(dispatch: Dispatch) -> list[Rent]:
    """(Q2): the limit ends the last segment that has room. Losses rise along the segments, so this one fills last."""
    case = dispatch.case
    table = case.table("dc_link")
    if not len(table):
        return []
    ids = declared(dispatch, dc_link).segment
    room = dispatch.solution.form.upper[ids] > 0
    last = np.where(room.any(axis=1), room.shape[1] - 1 - np.argmax(room[:, ::-1], axis=1), 0)
    reduced = dispatch.values.reduced_cost("dc_link.segment")
    worth = _worth(-np.take_along_axis(reduced, last[:, None, :], axis=1)[:, 0] / case.time.hours)
    value = dispatch.quantities["dc_sent"].values * worth
    start = case.position("bus", table["from_bus"])
    return [
        Rent(f"dc_limit:{n}", "dc", f"{en} at its limit", f"{zh}送电到限", start[[d]], value[[d]])
        for d, n in enumerate(table.index)
        for en, zh in [names(table, d)]
    ]


def _dc_schedule(dispatch: Dispatch) -> list[Rent]:
    """(Q10): what all rows of a schedule together take off the worth of one more MW in a step."""
    case, columns = dispatch.case, declared(dispatch, dc_schedule)
    if not len(columns.link):
        return []
    dual = {n: dispatch.values.dual(f"dc_schedule.{n}") for n in ("step", "rise", "fall")}
    push = dual["rise"] - dual["fall"]
    push[:, :-1] -= (dual["rise"] - dual["fall"])[:, 1:]
    push[columns.stepped] += dual["step"]
    table, sent = case.table("dc_link"), np.maximum(dispatch.quantities["dc_sent"].values[columns.link], 0.0)
    value = sent * _worth(-push / case.time.hours)
    start = case.position("bus", table["from_bus"])
    return [
        Rent(f"dc_schedule:{table.index[d]}", "dc", f"{en}: schedule in steps", f"{zh}计划阶梯", start[[d]], value[[i]])
        for i, d in enumerate(columns.link)
        for en, zh in [names(table, d)]
    ]


def _dc_terms(dispatch: Dispatch) -> list[Rent]:
    """(Q3) and (Q4), summed over the contracts of a link."""
    case, chosen = dispatch.case, declared(dispatch, dc_contract).contracts
    contract, table = case.table("dc_contract").iloc[chosen], case.table("dc_link")
    if not len(contract):
        return []
    first, last = (contract[c].to_numpy("datetime64[s]") for c in ("start_date", "end_date"))
    inside = case.time.share_between(first, last + DAY)
    link = case.position("dc_link", contract["dc_link"])
    sent, start = dispatch.quantities["dc_sent"].values, case.position("bus", table["from_bus"])
    least = contract["renewable_share_min"].to_numpy(float)
    found = []
    for name, factor, words in (
        ("energy", np.ones(len(chosen)), ("dc_contract", "contract energy used up", "合同电量用尽")),
        ("share", least, ("dc_share", "least renewable share", "新能源占比下限")),
    ):
        worth = _worth(-dispatch.dual_by_step(f"dc_contract.{name}")) * factor[:, None]
        for d in np.unique(link):
            mine = link == d
            (en, zh), value = names(table, d), (worth * inside)[mine].sum(axis=0) * sent[d]
            text = (f"{words[0]}:{table.index[d]}", "dc", f"{en}: {words[1]}", f"{zh}{words[2]}")
            found.append(Rent(*text, start[[d]], value[None]))
    return found


def _ties(dispatch: Dispatch) -> list[Rent]:
    """(Q5) by zone of the tie. A market at the far end of DC links bears on the buses that send to it."""
    case = dispatch.case
    some = declared(dispatch, exchange).export[0]
    if not len(some):
        return []
    table, bus, link = case.table("exchange").iloc[some], case.table("bus"), case.table("dc_link")
    worth = _worth(-dispatch.values.reduced_cost("exchange.more_export") / case.time.hours)
    value = table["export_flexible_mw"].to_numpy(float)[:, None] * case.in_service("exchange")[some] * worth
    place = case.position("bus", table["bus"])
    sink = (bus["role"] == "sink").to_numpy()[place]
    x, d = np.nonzero(sink[:, None] & (table["bus"].to_numpy()[:, None] == link["to_bus"].to_numpy()[None, :]))
    at = np.concatenate([np.flatnonzero(~sink), x])
    where = np.concatenate([place[~sink], case.position("bus", link["from_bus"])[d]])
    weight = 1.0 / np.concatenate([np.ones((~sink).sum()), np.bincount(x, minlength=len(some))[x]])
    zone = np.where(bus["zone"] != "", bus["zone"], bus.index)[place]
    found = []
    for z in dict.fromkeys(zone):
        mine = zone[at] == z
        english, chinese = zip(*(names(table, i) for i in np.flatnonzero(zone == z).tolist()), strict=True)
        label, label_zh = f"Export limit: {', '.join(english)}", f"外送到限：{'、'.join(chinese)}"
        found.append(Rent(f"tie_schedule:{z}", "tie", label, label_zh, where[mine], value[at[mine]] * weight[mine, None]))
    return found


def _storage(dispatch: Dispatch) -> Rent:
    """(Q6), of stores and of pumped storage plants."""
    case, hours = dispatch.case, dispatch.case.time.hours
    one, plant = case.table("storage").iloc[declared(dispatch, storage).groups.first], case.table("pumped")
    keep = (1.0 - one["standing_loss_per_h"].to_numpy(float)[:, None]) ** hours
    gain, lifted = one["charge_efficiency"].to_numpy(float)[:, None], plant["pump_efficiency"].to_numpy(float)[:, None]
    value = [_filling(dispatch, "storage.energy", "storage.charge", keep, gain)]
    value.append(_filling(dispatch, "pumped.upper", "pumped.pump", np.ones((len(plant), len(hours))), lifted))
    text = ("storage", "storage", "Storage full or charging at its limit", "储能充满或充电到限")
    return Rent(*text, np.concatenate([case.position("bus", t["bus"]) for t in (one, plant)]), np.concatenate(value))


def _filling(dispatch: Dispatch, level: str, charge: str, keep: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """(Q6) of two families of columns, (n, T). A store that fills later is worth less now: the drop reaches back to the last step that
    drew on the very bottom."""
    reduced, hours = dispatch.values.reduced_cost(level), dispatch.case.time.hours
    drop = np.maximum(-reduced, 0.0)
    for t in range(drop.shape[1] - 2, -1, -1):
        # A positive reduced cost: what is stored is worth more now than later, so what happens later does not matter.
        drop[:, t] += np.where(reduced[:, t] > NOISE, 0.0, keep[:, t + 1] * drop[:, t + 1])
    worth = _worth(np.maximum(-dispatch.values.reduced_cost(charge) / hours, 0.0) + gain * drop)
    family = next(f for f in dispatch.model.builder.column_families if f.name == charge)
    return dispatch.solution.form.upper[family.ids] * worth if family.size else worth


def _ramp(dispatch: Dispatch) -> Rent:
    """(Q7): units held up at t because they cannot fall faster from t-1 or rise faster to t+1; links held down the other way."""
    case, hours = dispatch.case, dispatch.case.time.hours
    unit, link = case.table("unit").iloc[declared(dispatch, thermal).groups.first], case.table("dc_link")
    bus, value = [np.zeros(0, int)], [np.zeros((0, len(hours)))]
    for lazy in dispatch.model.builder.lazy_families:
        if lazy.family.name in ("thermal.ramp", "dc_link.ramp"):
            units = lazy.family.name == "thermal.ramp"
            dual = dispatch.values.dual(lazy.family.name) * (1.0 if units else -1.0)
            paid = np.where(np.abs(dual) > NOISE * hours, np.abs(dual), 0.0)
            rent = np.multiply(paid, lazy.upper, out=np.zeros_like(paid), where=paid > 0)
            held = np.where(dual > 0, rent, 0.0)
            held[:, :-1] += np.where(dual < 0, rent, 0.0)[:, 1:]
            bus.append(case.position("bus", unit["bus"] if units else link["from_bus"]))
            value.append(held / hours)
    at, held = _switched_ramp(dispatch)
    return Rent("ramp", "ramp", "Ramp limits", "爬坡限制", np.concatenate([*bus, at]), np.concatenate([*value, held]))


def _switched_ramp(dispatch: Dispatch) -> tuple[np.ndarray, np.ndarray]:
    """(Q7) of what is switched: bus (n,) and rent (n, T); the width of a ramp is that of the units that are on before it."""
    columns, hours = declared(dispatch, commitment), dispatch.case.time.hours
    fleet, held, x = columns.fleet, np.zeros(columns.on.shape), dispatch.solution.x
    families = {f.name: f for f in dispatch.model.builder.row_families}
    minutes = 30.0 * (hours[1:] + hours[:-1])
    for name, ramp, steps in (("down", fleet.ramp_down, slice(1, None)), ("up", fleet.ramp_up, slice(None, -1))):
        family = families.get(f"commitment.ramp_{name}")
        if family is None or not family.size:
            continue
        number = {label: n for n, label in enumerate(labels(fleet))}
        place = np.array([number[label] for label in family.over["element"]])
        dual = -dispatch.values.dual(family.name)[:, 1:]
        paid = np.where(dual > NOISE * hours[1:], dual, 0.0)
        held[place, steps] += paid * ramp[place, None] * minutes * x[columns.on[place, :-1]]
    return fleet.bus, held / hours


def _hydro(dispatch: Dispatch) -> Rent:
    """(Q8), of plants with a reservoir."""
    case, hours = dispatch.case, dispatch.case.time.hours
    family = next(f for f in dispatch.model.builder.column_families if f.name == "hydro.release")
    plant = case.table("reservoir").loc[family.over["store"]]
    least = dispatch.solution.form.lower[family.ids] if family.size else np.zeros(family.shape)
    saved = dispatch.values.reduced_cost("hydro.release") / hours
    value = least * _worth(saved)
    text = ("hydro_min_release", "hydro", "Least release of reservoirs", "水库最小下泄")
    return Rent(*text, case.position("bus", plant["bus"]), value)


def _reserve(dispatch: Dispatch) -> list[Rent]:
    """(Q9) at the buses of the elements that hold it; what renewable plants hold themselves is told by their own room."""
    case, table = dispatch.case, dispatch.case.table("reserve")
    if not len(table):
        return []
    given, award, serves = case.reserve_offers, dispatch.quantities["reserve_award"].values, counting(case)
    place = {k: case.position("bus", case.table(k)["bus"]) for k in np.unique(given.kind.astype(str))}
    bus = np.array([place[k][i] for k, i in zip(given.kind, given.place, strict=True)], int)
    found = []
    for q, name in enumerate(table.index):
        mine = np.flatnonzero(serves[q, given.reserve] & (given.kind != "renewable"))
        english, chinese = names(table, q)
        value = award[mine] * _worth(dispatch.reserve_price[q])
        found.append(Rent(f"reserve:{name}", "reserve", f"Reserve: {english}", f"备用：{chinese}", bus[mine], value))
    return found
