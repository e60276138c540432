"""State: everything that one window hands to the next, at one instant.

All of it goes into tables of the next window's case (laid.py), so that any window is a case that could be written by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from gridopt.blocks import commitment, interruptible
from gridopt.case.case import Case
from gridopt.case.links import SENDS
from gridopt.case.power_blocks import switched
from gridopt.case.time import TimeGrid
from gridopt.dispatch.formulate import BLOCKS, Model
from gridopt.dispatch.guide import hydro_of, in_period, link_power, spent_of
from gridopt.dispatch.result import Dispatch

LONG_H = 87600.0
"""Hours in a status that stand for 'as long as is known'."""
MODES, WAYS = ("", "generate", "pump"), ("", "forward", "back")
CHANGED = SENDS
"""MW by which a schedule changes at least, and beyond which a mode is one."""


@dataclass(frozen=True)
class State:
    """After `steps` steps of the horizon; arrays (element,) in the order of the case's tables, of what is switched in that of the fleet.

    storage_mwh, reservoir_hm3, csp_mwh: what is stored. passed_m3s (R, K) over passed_h (K,) hours: water that passed each plant, the
    newest last, as far back as any of it is under way; lifted_mw (P, K) over lifted_h:
    power of pumps, alike; put_off_mw (n, K) over put_off_h: work of data centres, as long as any may wait, of
    which waiting_mwh waits. unit_mw, generator_mw, link_mw: output, sent power; ramping_mw: output of the rows
    of table ramping. link_held_h: hours since the power last changed; link_changes: changes today; link_way: place in WAYS of
    the way each link sent last, link_way_h since. status_h: hours on, or off where
    negative, NaN: not known; award_mw: upward reserve beside the output; outage: off because it was out of service; changes, starts: so many
    today, this week. sent_mwh, bundled_mwh:
    of each contract within its period. pumped_mwh (2, n): above and below; pumped_mode: place in MODES of what each plant did last,
    pumped_mode_h since it ended. block_h, block_mw: signed hours in status and output of power blocks. budget_mwh, budget_hm3: energy and
    release of each hydro budget within its period. noticed_mw (n, K): calls of interruptible loads that are planned in the K steps after,
    from noticed_start to noticed_end (K,), as far as the longest notice goes; called_h: hours that they were called this year. fuel_tce: of
    each fuel stock; burnt_tce, emitted_t: of each fuel budget and emission cap within its period.
    """

    steps: int
    storage_mwh: np.ndarray
    reservoir_hm3: np.ndarray
    csp_mwh: np.ndarray
    passed_m3s: np.ndarray
    passed_h: np.ndarray
    lifted_mw: np.ndarray
    lifted_h: np.ndarray
    put_off_mw: np.ndarray
    put_off_h: np.ndarray
    waiting_mwh: np.ndarray
    unit_mw: np.ndarray
    generator_mw: np.ndarray
    ramping_mw: np.ndarray
    link_mw: np.ndarray
    link_held_h: np.ndarray
    link_changes: np.ndarray
    link_way: np.ndarray
    link_way_h: np.ndarray
    status_h: np.ndarray
    award_mw: np.ndarray
    outage: np.ndarray
    changes: np.ndarray
    starts: np.ndarray
    sent_mwh: np.ndarray
    bundled_mwh: np.ndarray
    pumped_mwh: np.ndarray
    pumped_mode: np.ndarray
    pumped_mode_h: np.ndarray
    block_h: np.ndarray
    block_mw: np.ndarray
    budget_mwh: np.ndarray
    budget_hm3: np.ndarray
    noticed_start: np.ndarray
    noticed_end: np.ndarray
    noticed_mw: np.ndarray
    called_h: np.ndarray
    fuel_tce: np.ndarray
    burnt_tce: np.ndarray
    emitted_t: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        return {name: np.asarray(value) for name, value in asdict(self).items()}

    @classmethod
    def read(cls, arrays: Mapping[str, np.ndarray]) -> State:
        return cls(**{name: arrays[name] for name in cls.__dataclass_fields__ if name != "steps"}, steps=int(arrays["steps"]))


def begun(case: Case, model: Model) -> State:
    """Before the first step: what the tables say, with nothing sent yet."""

    def size(table: str) -> int:
        return len(case.table(table))

    link, schedule, fleet = case.table("dc_link"), case.table("dc_schedule"), model.columns[BLOCKS.index(commitment)].fleet
    changes = schedule["initial_changes"].reindex(link.index).fillna(0.0).to_numpy(float)
    told, since = schedule["way_before"].reindex(link.index), schedule["way_before_h"].reindex(link.index).fillna(0.0).to_numpy(float)
    way, sent = np.array([WAYS.index(w) if w in WAYS else 0 for w in told], int), np.nan_to_num(link["initial_mw"].to_numpy(float))
    busy = _busy(sent, -sent)
    way, since = np.where(busy > 0, busy, way), np.where(busy > 0, 0.0, since)
    unknown = {t: np.full(size(t), np.nan) for t in ("storage", "reservoir", "csp", "unit", "generator")}
    return State(
        0, unknown["storage"], unknown["reservoir"], unknown["csp"], np.zeros((size("reservoir"), 0)), np.zeros(0),
        np.zeros((size("pump"), 0)), np.zeros(0), np.zeros((size("data_centre"), 0)), np.zeros(0),
        case.table("data_centre")["waiting_mwh"].to_numpy(float), unknown["unit"], unknown["generator"],
        case.table("ramping")["initial_mw"].to_numpy(float), link["initial_mw"].to_numpy(float),
        link["initial_hold_h"].to_numpy(float), changes, way, since, fleet.initial_h, fleet.initial_award, fleet.initial_outage,
        fleet.initial_changes, fleet.initial_starts, np.zeros(size("dc_contract")), np.zeros(size("dc_contract")),
        np.full((2, size("pumped")), np.nan), np.array([MODES.index(m) for m in case.table("pumped")["mode_before"]], int),
        case.table("pumped")["mode_before_h"].to_numpy(float), case.table("csp")["initial_h"].to_numpy(float), unknown["csp"],
        np.zeros(size("hydro_budget")), np.zeros(size("hydro_budget")), np.zeros(0, "datetime64[s]"), np.zeros(0, "datetime64[s]"),
        np.zeros((size("interruptible"), 0)), case.table("interruptible")["called_h"].to_numpy(float),
        case.table("fuel_stock")["stock_start_tce"].to_numpy(float),
        np.zeros(size("fuel_budget")), np.zeros(size("emission_cap")),
    )  # fmt: skip


def handed(before: State, found: Dispatch, kept: int) -> State:
    """The state after the first `kept` steps of a window that began in `before`."""
    case, value = found.case, {n: q.values[..., :kept] for n, q in found.quantities.items() if q.dims[-1] == "time"}
    time = case.time.part(0, kept)
    passed = _recent(case.table("reservoir")["delay_h"], (before.passed_m3s, before.passed_h), value["reservoir_release"], time.hours)
    lifted = _recent(case.table("pump")["delay_h"], (before.lifted_mw, before.lifted_h), value["pump_power"], time.hours)
    off, waiting = value.get("data_centre_put_off", np.zeros((0, kept))), value.get("data_centre_waiting", np.zeros((0, kept)))
    put_off = _recent(case.table("data_centre")["deferral_h"], (before.put_off_mw, before.put_off_h), off, time.hours)
    inside, link = in_period(case)[:, :kept], case.position("dc_link", case.table("dc_contract")["dc_link"])
    power = link_power(found)[:, :kept]
    sent, bundled = ((inside * v[link]).sum(axis=1) for v in (power, value["dc_bundled"]))
    held, link_changes = _schedule(before, case, power, time)
    status, outage, changes, starts = _status(before, found, time)
    burnt, emitted, given, released = (v[:, :kept].sum(axis=1) for v in (*spent_of(found), *hydro_of(found)))
    return State(
        before.steps + kept, value["storage_energy"][:, -1], value["reservoir_volume"][:, -1], value["csp_store"][:, -1], *passed, *lifted,
        *put_off, waiting[:, -1],
        value["unit_output"][:, -1], value["generator_output"][:, -1], _ramping(found, kept - 1), power[:, -1],
        held, link_changes, *_last(_busy(power, -power), before.link_way, before.link_way_h, time.hours),
        status, _award(found, kept - 1), outage, changes, starts,
        before.sent_mwh + sent, before.bundled_mwh + bundled,
        np.array([value["pumped_upper"][:, -1], value["pumped_lower"][:, -1]]),
        *_last(_busy(value["pumped_generate"], value["pumped_pump"]), before.pumped_mode, before.pumped_mode_h, time.hours),
        _block(before, case, value["csp_on"], time.hours), value["csp_output"][:, -1],
        before.budget_mwh + given, before.budget_hm3 + released, *_noticed(found, kept),
        _called(found, before, time), value["fuel_stock_level"][:, -1] if "fuel_stock_level" in value else before.fuel_tce,
        before.burnt_tce + burnt, before.emitted_t + emitted,
    )  # fmt: skip


def _noticed(found: Dispatch, kept: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Begin and end (K,) of the steps from `kept` on that lie within the longest notice, and the calls planned in them MW (n, K)."""
    time, table = found.case.time, found.case.table("interruptible")
    ahead = (time.start - time.end[kept - 1]) / np.timedelta64(3600, "s")
    some = np.flatnonzero((ahead >= 0) & (ahead < table["notice_h"].max()))
    called = found.quantities["interruptible_called"].values if len(table) else np.zeros((0, len(time)))
    return time.start[some], time.end[some], called[:, some]


def _called(found: Dispatch, before: State, time: TimeGrid) -> np.ndarray:
    """Hours that interruptible loads were called in the calendar year that the next step lies in, (n,), as the block counts them."""
    columns, x = found.model.columns[BLOCKS.index(interruptible)], found.solution.x
    power = found.case.table("interruptible")["power_max_mw"].to_numpy(float)[:, None]
    used = x[columns.on] if len(columns.on) else x[columns.called] / np.where(power > 0, power, 1.0)
    of, now = time.start.astype("datetime64[Y]"), time.end[-1].astype("datetime64[Y]")
    return (used[:, : len(time)] * time.hours * (of == now)).sum(axis=1) + np.where(of[0] == now, before.called_h, 0.0)


def _busy(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """1 where the one power is given, 2 where the other is, else 0; int (n, T)."""
    return np.where(one > CHANGED, 1, np.where(other > CHANGED, 2, 0))


def _last(busy: np.ndarray, before: np.ndarray, before_h: np.ndarray, hours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each element did last (n,), as `busy` (n, T) tells it or as it was before, and hours since that ended."""
    last = busy.shape[1] - 1 - np.argmax((busy > 0)[:, ::-1], axis=1)
    left = np.cumsum(hours[::-1])[::-1] - hours
    any_now = (busy > 0).any(axis=1)
    mode = np.where(any_now, busy[np.arange(len(busy)), last], before)
    return mode, np.where(any_now, left[last], before_h + hours.sum())


def _block(before: State, case: Case, on: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Signed hours in status of power blocks (n,); nothing of blocks that are not switched: an outage is no status."""
    now, known = on > 0.5, ~np.isnan(before.block_h)
    was = np.where(known, before.block_h > 0, now[:, 0])
    since = _since(np.diff(now, axis=1, prepend=was[:, None]), np.where(known, np.abs(before.block_h), LONG_H), hours)
    return np.where(switched(case), np.where(now[:, -1], 1.0, -1.0) * np.minimum(since, LONG_H), np.nan)


def _award(found: Dispatch, step: int) -> np.ndarray:
    """Upward reserve MW that what is switched holds above its output in a step, (n,)."""
    fleet, builder = found.model.columns[BLOCKS.index(commitment)].fleet, found.model.builder
    award = np.zeros(len(fleet))
    for table in np.unique(fleet.table):
        port, mine = builder.ports.get(f"{table}_up"), fleet.table == table
        if port is not None:
            award[mine] = port.value(found.solution.x, slice(step, step + 1))[fleet.row[mine], 0]
    return award


def _ramping(found: Dispatch, step: int) -> np.ndarray:
    """Output MW of the rows of table ramping in a step, (n,)."""
    table, b = found.case.table("ramping"), found.model.builder
    output = {kind: b.port(f"{kind}_output").value(found.solution.x, slice(step, step + 1))[:, 0] for kind in table["kind"].unique()}
    place = [found.case.table(k).index.get_loc(e) for k, e in zip(table["kind"], table["element"], strict=True)]
    return np.array([output[k][i] for k, i in zip(table["kind"], place, strict=True)])


def _recent(wanted_h, before: tuple, rate: np.ndarray, hours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rates (n, K) and lengths of their steps (K,), those of `before` first, as far back as the longest of `wanted_h`."""
    passed, length = np.concatenate([before[0], rate], axis=1), np.append(before[1], hours)
    wanted = np.cumsum(length[::-1])[::-1] - length < (float(wanted_h.max()) if len(rate) else 0.0)
    return passed[:, wanted], length[wanted]


def _schedule(before: State, case: Case, power: np.ndarray, time: TimeGrid) -> tuple[np.ndarray, np.ndarray]:
    """Hours since the power of each link last changed, NaN where it is not known to have, and its changes today, (D,). Entering or
    leaving service is no change."""
    earlier, here = case.table("dc_link")["initial_mw"].to_numpy(float)[:, None], case.in_service("dc_link")[:, : len(time)] > 0.5
    both = here & np.concatenate([here[:, :1], here[:, :-1]], axis=1)
    changed = both & (np.abs(np.diff(power, axis=1, prepend=earlier)) > CHANGED)
    return _since(changed, before.link_held_h, time.hours), _so_far(changed, before.link_changes, time, "datetime64[D]")


def _since(changed: np.ndarray, before: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Hours from the last step that begins with a change to the end, (n,); where there is none, all and `before`."""
    last = changed.shape[1] - 1 - np.argmax(changed[:, ::-1], axis=1)
    ago = np.cumsum(hours[::-1])[::-1]
    return np.where(changed.any(axis=1), ago[last], before + hours.sum())


def _so_far(changed: np.ndarray, before: np.ndarray, time: TimeGrid, period: str) -> np.ndarray:
    """Changes (n,) in the day or week that the next step lies in; `before`: those before the first step, in its own."""
    of, now = ((t - np.timedelta64(4, "D") if period.endswith("[W]") else t).astype(period) for t in (time.start, time.end[-1]))
    return (changed & (of == now)).sum(axis=1) + np.where(of[0] == now, before, 0.0)


def _status(before: State, found: Dispatch, time: TimeGrid) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Signed hours in status, whether off by an outage, changes today and starts this week of all that is switched, (n,).

    What is on in a status that was not known before has been on as long as any rule asks; what is off went off with the first step, and
    nothing asks for how long.
    """
    columns = found.model.columns[BLOCKS.index(commitment)]
    if not len(columns.fleet):
        return before.status_h, before.outage, before.changes, before.starts
    kept = slice(len(time))
    on, start, stop = (found.solution.x[getattr(columns, n)[:, kept]] > 0.5 for n in ("on", "start", "stop"))
    changed, known, last = start | stop, ~np.isnan(before.status_h), on[:, -1]
    since = _since(changed, np.where(known, np.abs(before.status_h), np.where(last, LONG_H, 0.0)), time.hours)
    stopped = stop.shape[1] - 1 - np.argmax(stop[:, ::-1], axis=1)
    absent = ~columns.fleet.here[np.arange(len(stop)), stopped]
    outage = ~last & np.where(changed.any(axis=1), absent, before.outage | ~known)
    signed = np.where(last, 1.0, -1.0) * np.minimum(since, LONG_H)
    return signed, outage, _so_far(changed, before.changes, time, "datetime64[D]"), _so_far(start, before.starts, time, "datetime64[W]")
