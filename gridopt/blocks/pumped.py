"""Pumped storage unit by unit: an upper and a lower reservoir and N equal machines that pump at one fixed power or generate in a range.

Sets        s plant, t step of length h[t] hours that begins at S[t] and ends at E[t]
Data        a machine: generating range m to M, pumping power Q [MW]; N machines (in service); pump_efficiency a, generate_efficiency b;
            energy in the upper reservoir e0 before the first step, at most U, at least at the end (empty: e0; nothing where what is left
            has a value g [CNY/MWh]); all energy L in both reservoirs, of which the lower one holds at most W; time H [h] between pumping
            and generating; mode before the first step and hours since it ended
Columns     pumped.generate p, pumped.pump c [MW], pumped.upper e [MWh];
            in cases with decisions pumped.generating x, pumped.pumping y [1]: numbers of machines, pumped.generate_mode u, .pump_mode v [1]

    0 <= p <= N M,   0 <= c <= N Q,   max(0, L - W) <= e <= min(U, L),   e[last] >= least energy at the end     (G1)
    e[t-1] + a h c - h p / b - e[t] = 0,   e[-1] = e0                     (G2)  pumped.energy_balance
    c = Q y                                                               (G3)  pumped.pump_steps
    m x <= p <= M x                                                       (G4)  pumped.least, pumped.most
    x <= N u,   y <= N v                                                  (G5)  pumped.generate_units, pumped.pump_units
    u[t] + v[s] <= 1 where s = t or the steps lie less than H apart       (G6)  pumped.apart
    u = 0 (v = 0) in steps that begin less than H after the other mode of before has ended                (G7)

Cost        pumped.variable = cost h p;  pumped.end_value = -g e[last]
Ports       injection: p - c;  where there are reserves also pumped_output p - c, pumped_available M x - c, pumped_least m x - c: machines that
            pump cannot move, and no machine starts for an award (without decisions N M and -N Q), pumped_stored and pumped_room: b e above
            the least and (most - e) / a at the bus, both after and before the step
Dual        pumped.energy_balance: value of one more MWh in the upper reservoir [CNY/MWh] (pumped_energy_value)
Assumes     no inflow and no losses of the reservoirs, so that the lower one holds L - e; without decisions (G3) to (G7) are left out
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.windows import INSTANT, begins, spread
from gridopt.program.labels import Quantity


class Columns(NamedTuple):
    """generate, pump, upper int (n, T); generating, pumping, generate_mode, pump_mode int (n, T), (0, T) in a case without decisions;
    start, total (n,): energy in the upper reservoir before the first step, and in both, MWh."""

    generate: np.ndarray
    pump: np.ndarray
    upper: np.ndarray
    generating: np.ndarray
    pumping: np.ndarray
    generate_mode: np.ndarray
    pump_mode: np.ndarray
    start: np.ndarray
    total: np.ndarray


def declare(case, b):
    """Columns (G1), of machines and modes, cost, injections."""
    table, here = case.table("pumped"), case.in_service("pumped")
    number = {c: table[c].to_numpy(float)[:, None] for c in ("units", "power_max_mw", "pump_mw")}
    start, total, low, high = _levels(case)
    over = {"pumped": table.index, "time": case.time.index}
    generate = b.columns("pumped.generate", unit="MW", over=over, upper=number["units"] * number["power_max_mw"] * here)
    pump = b.columns("pumped.pump", unit="MW", over=over, upper=number["units"] * number["pump_mw"] * here)
    upper = b.columns("pumped.upper", unit="MWh", over=over, lower=low, upper=high)
    decided = slice(None) if case.commitment != "off" else slice(0)
    over, exact = {"pumped": table.index[decided], "time": case.time.index}, case.commitment == "exact"
    most = np.floor(number["units"] * here + INSTANT)[decided]
    generating, pumping = (b.columns(f"pumped.{n}", unit="1", over=over, upper=most, integer=exact) for n in ("generating", "pumping"))
    modes = (b.columns(f"pumped.{n}_mode", unit="1", over=over, upper=may, integer=exact) for n, may in _begin(case, decided))
    if len(table):
        b.cost("pumped.variable", generate, table["cost_cny_per_mwh"].to_numpy(float)[:, None] * case.time.hours)
    worth = table["end_value_cny_per_mwh"].fillna(0.0).to_numpy(float)
    if worth.any():
        b.cost("pumped.end_value", upper[:, -1], -worth)
    at = case.position("bus", table["bus"])
    b.port("injection").add(at, generate)
    b.port("injection").add(at, pump, -1.0)
    columns = Columns(generate, pump, upper, generating, pumping, *modes, start, total)
    if len(case.table("reserve")):
        _offer(case, b, columns)
    return columns


def _offer(case, b, columns: Columns) -> None:
    """What reserves draw on. The end of the horizon is not kept for a call, no more than that of other stores."""
    table, here = case.table("pumped"), case.in_service("pumped")
    every, ports = np.arange(len(table)), {n: b.port(f"pumped_{n}", len(table)) for n in ("output", "available", "least")}
    least, most, one, units, a, g = (table[c].to_numpy(float)[:, None] for c in (
        "power_min_mw", "power_max_mw", "pump_mw", "units", "pump_efficiency", "generate_efficiency"))  # fmt: skip
    ports["output"].add(every, columns.generate)
    ports["output"].add(every, columns.pump, -1.0)
    for name, share, bound in (("available", most, units * most * here), ("least", least, -units * one * here)):
        if len(columns.generating):
            ports[name].add(every, columns.generating, share)
            ports[name].add(every, columns.pump, -1.0)
        else:
            ports[name].add(every, constant=bound)
    start, later = columns.start[:, None], np.ones(columns.upper.shape)
    later[:, 0] = 0.0
    known = np.where(later > 0, 0.0, start)
    upper, lower = table["upper_max_mwh"].to_numpy(float), table["lower_max_mwh"].fillna(table["upper_max_mwh"]).to_numpy(float)
    bottom, top = np.maximum(columns.total - lower, 0.0)[:, None], np.minimum(upper, columns.total)[:, None]
    for when, level, share, given in (("", columns.upper, 1.0, 0.0), ("_before", np.roll(columns.upper, 1, axis=1), later, known)):
        b.port(f"pumped_stored{when}", len(table)).add(every, level, g * share, g * (given - bottom))
        b.port(f"pumped_room{when}", len(table)).add(every, level, -share / a, (top - given) / a)


def _levels(case) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Energy above before the first step, energy in both reservoirs (n,), least and largest energy above (n, T), all MWh."""
    table = case.table("pumped")
    top, start = table["upper_max_mwh"].to_numpy(float), table["upper_start_mwh"].to_numpy(float)
    room = table["lower_max_mwh"].fillna(table["upper_max_mwh"]).to_numpy(float)
    below = table["lower_start_mwh"].to_numpy(float)
    total = start + np.where(np.isnan(below), np.maximum(room - start, 0.0), below)
    low, high = (np.repeat(v[:, None], len(case.time), axis=1) for v in (np.maximum(total - room, 0.0), np.minimum(top, total)))
    end, free = table["upper_end_mwh"].to_numpy(float), table["end_value_cny_per_mwh"].notna().to_numpy()
    low[:, -1:] = np.maximum(low[:, -1:], np.where(np.isnan(end), np.where(free, 0.0, start), end)[:, None])
    return start, total, low, high


def _begin(case, decided: slice):
    """('generate', may it (n, T)), ('pump', may it): (G7)."""
    table = case.table("pumped")
    wait = (table["mode_change_h"] - table["mode_before_h"]).to_numpy(float)[:, None]
    early = begins(case) + INSTANT < wait
    for name, other in (("generate", "pump"), ("pump", "generate")):
        yield name, 1.0 - (early & (table["mode_before"] == other).to_numpy()[:, None])[decided]


def constrain(case, b, columns):
    """Rows (G2) to (G6)."""
    table, hours = case.table("pumped"), case.time.hours
    if not len(table):
        return
    number = {c: table[c].to_numpy(float)[:, None] for c in ("units", "power_min_mw", "power_max_mw", "pump_mw")}
    over, given = {"pumped": table.index, "time": case.time.index}, np.zeros(columns.upper.shape)
    given[:, 0] = columns.start
    row = b.rows("pumped.energy_balance", unit="MWh", over=over, equal=-given)
    b.term(row[:, 1:], columns.upper[:, :-1])
    b.term(row, columns.pump, table["pump_efficiency"].to_numpy(float)[:, None] * hours)
    b.term(row, columns.generate, -hours / table["generate_efficiency"].to_numpy(float)[:, None])
    b.term(row, columns.upper, -1.0)
    if not len(columns.pumping):
        return
    row = b.rows("pumped.pump_steps", unit="MW", over=over, equal=0.0)
    b.term(row, columns.pump)
    b.term(row, columns.pumping, -number["pump_mw"])
    for name, share, bound in (("least", number["power_min_mw"], "lower"), ("most", number["power_max_mw"], "upper")):
        row = b.rows(f"pumped.{name}", unit="MW", over=over, **{bound: 0.0})
        b.term(row, columns.generate)
        b.term(row, columns.generating, -share)
    for name, running, mode in (("generate", columns.generating, columns.generate_mode), ("pump", columns.pumping, columns.pump_mode)):
        row = b.rows(f"pumped.{name}_units", unit="1", over=over, upper=0.0)
        b.term(row, running)
        b.term(row, mode, -number["units"])
    _apart(case, b, columns)


def _apart(case, b, columns) -> None:
    """(G6): each step with itself and, both ways round, with the steps that end less than H before it begins."""
    table, begin = case.table("pumped"), begins(case)
    end, last = begin + case.time.hours, np.arange(len(begin))
    wait = table["mode_change_h"].to_numpy(float)[:, None]
    first = np.where(wait > 0, np.minimum(np.searchsorted(end, begin - wait + INSTANT, "right"), last), last)
    of, s = spread(first.ravel(), np.broadcast_to(last, first.shape).ravel())
    n, t = of // len(begin), of % len(begin)
    for name, earlier, later in (("pump", columns.pump_mode, columns.generate_mode), ("generate", columns.generate_mode, columns.pump_mode)):
        keep = np.arange(len(s)) if name == "pump" else np.flatnonzero(s < t)
        row = b.rows(f"pumped.apart_after_{name}", unit="1", over={"pair": keep}, upper=1.0)
        b.term(row, earlier[n[keep], s[keep]])
        b.term(row, later[n[keep], t[keep]])


def results(case, columns, values) -> dict[str, Quantity]:
    """Power, machines at work (without decisions: as many as the power needs), energy in both reservoirs, value of energy above."""
    table = case.table("pumped")
    generate, pump, upper = (values[f"pumped.{n}"] for n in ("generate", "pump", "upper"))
    if len(columns.pumping) or not len(table):
        generating, pumping = values["pumped.generating"], values["pumped.pumping"]
    else:
        generating, pumping = (p / table[c].to_numpy(float)[:, None] for p, c in ((generate, "power_max_mw"), (pump, "pump_mw")))
    worth = values.dual("pumped.energy_balance") if len(table) else np.zeros(upper.shape)
    dims, value = ("pumped", "time"), "value of one more MWh in the upper reservoir"
    return {
        "pumped_generate": Quantity(dims, generate, "MW", "generation of pumped storage", "抽蓄发电功率", "positive: given to the bus"),
        "pumped_pump": Quantity(dims, pump, "MW", "pumping of pumped storage", "抽蓄抽水功率", "positive: taken from the bus"),
        "pumped_generating": Quantity(dims, generating, "1", "machines that generate", "发电台数"),
        "pumped_pumping": Quantity(dims, pumping, "1", "machines that pump", "抽水台数"),
        "pumped_upper": Quantity(dims, upper, "MWh", "energy in the upper reservoir", "上库电量"),
        "pumped_lower": Quantity(dims, columns.total[:, None] - upper, "MWh", "energy that the lower reservoir can take up again", "下库电量"),
        "pumped_energy_value": Quantity(dims, worth, "CNY/MWh", value, "上库电量价值"),
    }
