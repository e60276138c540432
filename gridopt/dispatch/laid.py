"""A window as an ordinary case: the tables of the whole horizon with the state laid in, and ends for what lies beyond.

Beyond a window that does not reach the end of the horizon everything goes on as in the guide:

    stores       at least the guide's energy at the end                                                            (D1)
    reservoirs   end volume of the guide; a hm3 less costs SHORT times the highest value that water has in the guide, a hm3 more is
                 worth SPARE times its value then: an end that is out of reach is told by its price                 (D2)
    contracts    what was sent before, and what the guide sends after, count as sent outside the window: the plan of the
                 window before, and then the guide, keep every limit. One that goes on after what is kept aims at limits drawn in
                 by AIM, as the guide does, and may be late, at LATE times the cheapest and the dearest load that may be shed,
                 whichever is more: hours of wind and steps of schedules are not what the guide saw, and what is late is
                 caught up with                                                                                       (D3)
    fuel, CO2    stocks as stores (D1), budgets and caps as contracts (D3)
    hydro        budgets of energy and release as contracts (D3)
    calls        the hours of interruptible loads in a season as contracts, in the year in which a window begins (D3)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from gridopt.blocks import commitment, storage
from gridopt.blocks.demand import shedding_tiers
from gridopt.case.case import Case
from gridopt.case.fleet import TABLES as FLEET
from gridopt.case.pools import studied
from gridopt.case.tables import TABLES
from gridopt.case.units import limits
from gridopt.dispatch.formulate import BLOCKS, Model
from gridopt.dispatch.guide import DAY, Guide, aimed, budgeted, in_period
from gridopt.dispatch.state import LONG_H, MODES, WAYS, State
from gridopt.dispatch.window import Window
from gridopt.program.standard_form import Outline, StandardForm

SHORT, SPARE = 3.0, 0.5
LATE = (0.5, 0.1)
FAR_H = 240.0
"""Hours before the first step from which no release is told."""
MOMENT_H = 1e-6
"""Hours within which something was put off just before an instant."""
Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Horizon:
    """The whole horizon: its case, its program (an outline of it is enough), the guide (None where every window looks to the end);
    look_ahead_step_h: what steps of a look-ahead are joined to."""

    case: Case
    model: Model
    form: StandardForm | Outline
    guide: Guide | None
    look_ahead_step_h: float = 0.0

    def window_case(self, window: Window, state: State) -> Case:
        """The case of a window that begins in `state`."""
        tables = dict(self.case.tables)
        for part in (_stores, _rivers, _pumps, _data_centres, _solar_thermal, _pumped, _budgets, _contracts, _outputs, _status, _notices,
                     _calls, _fuel):  # fmt: skip
            tables |= part(self, window, state)
        time = window.steps(self.case.time, self.look_ahead_step_h)
        names = self.case.table("dc_contract").index[_goes_on(self, window)]
        shed = shedding_tiers(self.case)[2]
        late = dict.fromkeys(names, max(LATE[0] * float(shed.min()), LATE[1] * float(shed.max())))
        return replace(self.case, tables=tables, time=time, loss_points=None, late=late)

    def ends(self, window: Window) -> bool:
        return window.last == len(self.case.time)

    def hour(self, step: int) -> float:
        return float(self.case.time.hours[:step].sum())

    def guided(self, name: str, hour: float) -> np.ndarray:
        assert self.guide is not None, "a window that does not reach the end of the horizon needs a guide"
        return self.guide.at(name, hour)


def _stores(whole: Horizon, window: Window, state: State) -> Tables:
    """(D1). Stores of one group have one share, or they would no longer be alike."""
    table, columns = whole.case.table("storage"), whole.model.columns[BLOCKS.index(storage)]
    if not len(table) or (state.steps == 0 and whole.ends(window)):
        return {}
    groups, room, cyclic = columns.groups, columns.groups.sum(columns.room), table["cyclic"].to_numpy(bool)
    first = whole.guided("energy", 0.0) if cyclic.any() else np.zeros(len(table))

    def share(energy: np.ndarray, step: int) -> np.ndarray:
        total, held = groups.sum(energy), room[:, step]
        return np.divide(np.clip(total, 0.0, held), held, out=np.zeros(len(held)), where=held > 0)[groups.of]

    start = share(state.storage_mwh, window.first) if state.steps else table["energy_start_fraction"].to_numpy(float)
    start = np.where(cyclic & (state.steps == 0), share(first, 0), start)
    changes = {"energy_start_fraction": start, "cyclic": False}
    if whole.ends(window):
        least = whole.form.lower[columns.energy[:, -1]] / np.where(room[:, -1] > 0, room[:, -1], 1.0)
        changes["energy_end_fraction"] = np.where(cyclic, share(first, -1), least[groups.of])
    else:
        changes["energy_end_fraction"] = share(whole.guided("energy", whole.hour(window.last)), window.last - 1)
        changes["end_value_cny_per_mwh"] = np.nan
    return {"storage": table.assign(**changes)}


def _rivers(whole: Horizon, window: Window, state: State) -> Tables:
    """(D2), volumes, and the water under way."""
    table, past = whole.case.table("reservoir"), whole.case.table("release_past")
    if not len(table):
        return {}
    low, high = (table[f"volume_{c}_hm3"].to_numpy(float) for c in ("min", "max"))
    changes = {}
    if state.steps:
        changes["volume_start_hm3"] = np.clip(state.reservoir_hm3, np.minimum(low, high), high)
        past = _past(whole, state)
    if not whole.ends(window):
        hour, highest = whole.hour(window.last), whole.guided("water_value", np.inf)
        if whole.guide is not None:
            highest = whole.guide.water_value.max(axis=1, initial=1.0)
        short = SHORT * highest
        changes |= {
            "volume_end_hm3": np.clip(whole.guided("volume", hour), np.minimum(low, high), high), "end_short_cny_per_hm3": short,
            "end_value_cny_per_hm3": np.clip(SPARE * whole.guided("water_value", hour), 0.0, short),
        }  # fmt: skip
    return {"reservoir": table.assign(**changes), "release_past": past}


def _past(whole: Horizon, state: State) -> pd.DataFrame:
    """Table release_past: what passed each plant in the steps before, and before those what the table says."""
    found = _before(whole, state, "release_past", "reservoir", "release_m3s", (state.passed_m3s, state.passed_h))
    return found[found["begin_h"] <= FAR_H].reset_index(drop=True)


def _pumps(whole: Horizon, window: Window, state: State) -> Tables:
    """What pumps lifted in the steps before, and before those what table pump_past says."""
    if not (len(whole.case.table("pump")) and state.steps):
        return {}
    return {"pump_past": _before(whole, state, "pump_past", "pump", "power_mw", (state.lifted_mw, state.lifted_h))}


def _data_centres(whole: Horizon, window: Window, state: State) -> Tables:
    """Work that waits, and when it was put off. At the end of every window nothing waits: no window leaves more than can be done. What waited
    before the horizon, without a word on when it was put off, was put off just before it."""
    table, known = whole.case.table("data_centre"), whole.case.table("data_centre_past")
    if not (len(table) and state.steps):
        return {}
    past = _before(whole, state, "data_centre_past", "data_centre", "put_off_mw", (state.put_off_mw, state.put_off_h))
    first = table[(table["waiting_mwh"] > 0) & ~table.index.isin(known["data_centre"])]
    if state.put_off_h.sum() >= whole.hour(state.steps) - 1e-9 and len(first):
        begin = whole.hour(state.steps) + MOMENT_H
        rows = {"data_centre": first.index, "begin_h": begin, "put_off_mw": first["waiting_mwh"].to_numpy(float) / MOMENT_H, "source": ""}
        past = pd.concat([past, pd.DataFrame(rows)], ignore_index=True)
    return {"data_centre": table.assign(waiting_mwh=np.maximum(state.waiting_mwh, 0.0)), "data_centre_past": past}


def _before(whole: Horizon, state: State, past: str, of: str, column: str, rates: tuple[np.ndarray, np.ndarray]) -> pd.DataFrame:
    """Table `past` of what was before the first step, `column` by element and begin_h: rates (n, K) over steps of (K,) hours, and before
    those what the table of the whole horizon says, as long as nothing is forgotten."""
    table, (rate, hours) = whole.case.table(past), rates
    element, k = np.nonzero(np.ones(rate.shape, bool))
    ago, names = np.cumsum(hours[::-1])[::-1], whole.case.table(of).index
    found = pd.DataFrame({of: names[element], "begin_h": ago[k], column: rate[element, k], "source": ""})
    if hours.sum() >= whole.hour(state.steps) - 1e-9:
        found = pd.concat([found, table.assign(begin_h=table["begin_h"] + whole.hour(state.steps))])
    return found.astype({c: table[c].dtype for c in found if len(table)}).reset_index(drop=True)


def _solar_thermal(whole: Horizon, window: Window, state: State) -> Tables:
    """Heat in store, status and output of the power block. Where service changes at the seam, the change is no ramp."""
    table = whole.case.table("csp")
    if not (len(table) and state.steps):
        return {}
    heat, share = np.clip(state.csp_mwh, 0.0, table["store_heat_max_mwh"].to_numpy(float)), _seam(whole, window).in_service("csp")
    steady = (share[:, 0] == share[:, 1]) & (share[:, 0] > 0) & ~(state.block_h < 0)
    return {"csp": table.assign(store_start_mwh=heat, initial_h=state.block_h, initial_mw=np.where(steady, state.block_mw, np.nan))}


def _pumped(whole: Horizon, window: Window, state: State) -> Tables:
    """Energy above and below, and the last mode. At the end of every window at least what is asked for at the end of the horizon."""
    table = whole.case.table("pumped")
    if not (len(table) and state.steps):
        return {}
    top, room = (table[c].fillna(table["upper_max_mwh"]).to_numpy(float) for c in ("upper_max_mwh", "lower_max_mwh"))
    end = table["upper_end_mwh"].where(table["end_value_cny_per_mwh"].notna(), table["upper_end_mwh"].fillna(table["upper_start_mwh"]))
    return {"pumped": table.assign(
        upper_start_mwh=np.clip(state.pumped_mwh[0], 0.0, top), lower_start_mwh=np.clip(state.pumped_mwh[1], 0.0, room), upper_end_mwh=end,
        mode_before=np.array(MODES, object)[state.pumped_mode], mode_before_h=np.minimum(state.pumped_mode_h, LONG_H),
    )}  # fmt: skip


def _budgets(whole: Horizon, window: Window, state: State) -> Tables:
    """(D3): the figures of the studied part of each period, and what lies outside the window of it."""
    table, ends = whole.case.table("hydro_budget"), whole.ends(window)
    if not len(table) or (state.steps == 0 and ends):
        return {}
    period = 24.0 * ((table["end_date"] - table["start_date"]).dt.days.to_numpy(float) + 1.0)
    studied, changes = (budgeted(whole.case) * whole.case.time.hours).sum(axis=1) / period, {}
    for name, unit, used in (("energy", "mwh", state.budget_mwh), ("release", "hm3", state.budget_hm3)):
        had, guided = table[f"{name}_outside_{unit}"].to_numpy(float), f"budget_{unit}"
        more = 0.0 if ends else whole.guided(guided, np.inf) - whole.guided(guided, whole.hour(window.last))
        for side in ("min", "max"):
            changes[f"{name}_{side}_{unit}"] = table[f"{name}_{side}_{unit}"].to_numpy(float) * np.where(np.isnan(had), studied, 1.0)
        changes[f"{name}_outside_{unit}"] = np.nan_to_num(had) + used + more
    return {"hydro_budget": table.assign(**changes)}


def _goes_on(whole: Horizon, window: Window) -> np.ndarray:
    """Contracts that go on after what a window keeps, bool (k,); none in the window that ends the horizon, nor where every window sees its
    end."""
    end = whole.case.table("dc_contract")["end_date"].to_numpy("datetime64[s]") + DAY
    return (end > whole.case.time.end[window.kept - 1]) & (window.kept < len(whole.case.time)) & (whole.guide is not None)


def _contracts(whole: Horizon, window: Window, state: State) -> Tables:
    """(D3): the figures of the studied part of each period, and what lies outside the window of it."""
    table, hour = whole.case.table("dc_contract"), whole.hour(window.last)
    if not len(table) or (state.steps == 0 and whole.ends(window)):
        return {}
    if whole.guide is not None and bool(whole.guide.aim):
        table = aimed(table, _goes_on(whole, window))
    period = 24.0 * ((table["end_date"] - table["start_date"]).dt.days.to_numpy(float) + 1.0)
    outside = table["sent_outside_mwh"].to_numpy(float)
    studied = np.where(np.isnan(outside), in_period(whole.case).sum(axis=1) / period, 1.0)
    sent, bundled = np.nan_to_num(outside) + state.sent_mwh, table["bundled_outside_mwh"].to_numpy(float) + state.bundled_mwh
    figures = {f"energy_{c}_mwh": table[f"energy_{c}_mwh"] * studied for c in ("min", "max")}
    if not whole.ends(window):
        sent, bundled = (had + whole.guided(n, np.inf) - whole.guided(n, hour) for n, had in (("sent", sent), ("bundled", bundled)))
    return {"dc_contract": table.assign(**figures, sent_outside_mwh=sent, bundled_outside_mwh=np.minimum(bundled, sent))}


def _fuel(whole: Horizon, window: Window, state: State) -> Tables:
    """Stocks by (D1), budgets and caps by (D3): the figures of the studied part of each period, and what lies outside the window of it."""
    stock, found, ends = whole.case.table("fuel_stock"), {}, whole.ends(window)
    if state.steps == 0 and ends:
        return {}
    if len(stock):
        low = stock["stock_end_tce"].to_numpy(float) if ends else np.maximum(whole.guided("fuel", whole.hour(window.last)), 0.0)
        found["fuel_stock"] = stock.assign(stock_start_tce=np.maximum(state.fuel_tce, 0.0), stock_end_tce=low)
    for name, amounts, outside, used, guided in (
        ("fuel_budget", ("amount_min_tce", "amount_max_tce"), "burnt_outside_tce", state.burnt_tce, "burnt"),
        ("emission_cap", ("amount_max_t",), "emitted_outside_t", state.emitted_t, "emitted"),
    ):
        table = whole.case.table(name)
        if len(table):
            share, had = studied(whole.case, table)[1], table[outside].to_numpy(float)
            more = 0.0 if ends else whole.guided(guided, np.inf) - whole.guided(guided, whole.hour(window.last))
            changes = {c: table[c].to_numpy(float) * np.where(np.isnan(had), share, 1.0) for c in amounts}
            found[name] = table.assign(**changes, **{outside: np.nan_to_num(had) + used + more})
    return found


def _notices(whole: Horizon, window: Window, state: State) -> Tables:
    """Calls that the window before has planned are noticed."""
    table, (row, k) = whole.case.table("interruptible_notice"), np.nonzero(state.noticed_mw > 0)
    if not state.steps:
        return {}
    names = whole.case.table("interruptible").index.to_numpy(object)
    given = {"interruptible": names[row], "start_time": state.noticed_start[k], "end_time": state.noticed_end[k],
             "power_mw": state.noticed_mw[row, k], "source": ""}  # fmt: skip
    return {"interruptible_notice": pd.DataFrame({c: given[c] for c in table.columns})}


def _calls(whole: Horizon, window: Window, state: State) -> Tables:
    """(D3): hours called this year before the window, and those that the guide calls in the same year after it."""
    table, time = whole.case.table("interruptible"), whole.case.time
    if not table["hours_per_season"].notna().any() or (state.steps == 0 and whole.ends(window)):
        return {}
    had = state.called_h
    year_end = time.start[window.first].astype("datetime64[Y]") + 1
    last = int(np.searchsorted(time.start, year_end.astype(time.start.dtype)))
    if last > window.last:
        had = had + whole.guided("called", whole.hour(last)) - whole.guided("called", whole.hour(window.last))
    return {"interruptible": table.assign(called_h=had)}


def _seam(whole: Horizon, window: Window) -> Case:
    """The case on the steps before and after the seam at which a window begins."""
    return whole.case.on_time(whole.case.time.part(window.first - 1, window.first + 1))


def _outputs(whole: Horizon, window: Window, state: State) -> Tables:
    """Output and sent power before the first step. Where service or least output change at the seam, the change is no ramp."""
    if not state.steps:
        return {}
    seam = _seam(whole, window)
    least = limits(seam)[0]
    found, ramping, schedule = {}, whole.case.table("ramping"), whole.case.table("dc_schedule")
    for table, power in (("unit", state.unit_mw), ("generator", state.generator_mw), ("dc_link", state.link_mw)):
        share = seam.in_service(table)
        steady = (share > 0.5).all(axis=1) if table == "dc_link" else (share[:, 0] == share[:, 1]) & (share[:, 0] > 0)
        steady = steady & (least[:, 0] == least[:, 1]) if table == "unit" else steady
        found[table] = whole.case.table(table).assign(initial_mw=np.where(steady, power, np.nan))
    found["dc_link"]["initial_hold_h"] = state.link_held_h
    ruled = whole.case.position("dc_link", schedule.index)
    found["dc_schedule"] = schedule.assign(
        initial_changes=state.link_changes[ruled].astype(int), way_before=np.array(WAYS, object)[state.link_way[ruled]],
        way_before_h=np.minimum(state.link_way_h[ruled], LONG_H),
    )  # fmt: skip
    before = state.ramping_mw.copy()
    for kind in ramping["kind"].unique():
        mine = np.flatnonzero(ramping["kind"] == kind)
        share = seam.in_service(kind)[whole.case.position(kind, ramping["element"].iloc[mine])]
        before[mine[share[:, 0] != share[:, 1]]] = np.nan
    return found | {"ramping": ramping.assign(initial_mw=before)}


def _status(whole: Horizon, window: Window, state: State) -> Tables:
    """Rows of table commitment for all that is switched, with hours in status, output and changes before the first step.

    A unit that had no row takes what table unit says of it.
    """
    fleet, table = whole.model.columns[BLOCKS.index(commitment)].fleet, whole.case.table("commitment")
    if not (len(fleet) and state.steps):
        return {}
    place = pd.MultiIndex.from_arrays([fleet.table, fleet.name], names=["kind", "element"])
    given = table.set_index(["kind", "element"])
    full, listed = given.reindex(place), place.isin(given.index)
    plain = {c.name: c.default for c in TABLES["commitment"].columns if c.name in given and c.default is not None}
    always = whole.case.table("unit")["must_run"].reindex(fleet.name).eq("always").to_numpy() & (fleet.table == "unit")
    for column, value in (plain | {"must_run": always}).items():
        full[column] = full[column].where(listed, value)
    full = full.astype(given.dtypes)
    power = np.concatenate([v[fleet.row[fleet.table == t]] for t, v in (("unit", state.unit_mw), ("generator", state.generator_mw))])
    share = np.concatenate([_seam(whole, window).in_service(t)[fleet.row[fleet.table == t]] for t in FLEET])
    full = full.assign(
        initial_h=state.status_h, initial_mw=np.where((share[:, 0] == share[:, 1]) & (state.status_h > 0), power, np.nan),
        initial_award_mw=np.maximum(state.award_mw, 0.0),
        initial_outage=state.outage.astype(bool), initial_changes=state.changes.astype(int), initial_starts=state.starts.astype(int),
    )  # fmt: skip
    return {"commitment": full.reset_index()[table.columns]}
