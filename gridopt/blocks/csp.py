"""CSP: solar fields with a heat store and a power block.

Sets        c plant, t step of length h[t] hours
Data        field heat Q[c,t] MW, block efficiency n, store S MWh of heat, store efficiency a (heat out per heat in),
            share lost per hour l, heat before the first step s0 (of plants that are there; an outage keeps it), power_max_mw P, heat of
            starts z [MW] of blocks that are switched, value of heat left at the end g [CNY/MWh]
Columns     csp.power p [MW], csp.to_store i, csp.from_store o [MW heat], csp.heat s [MWh heat]

    (1-l)^h[t] s[t-1] + a h[t] i[t] - h[t] o[t] - s[t] = 0,  s[-1] = s0   (C1)  csp.heat_balance
    p / n + z - o + i <= Q, the rest is dumped                            (C2)  csp.field
    0 <= p <= P,  0 <= i <= field_heat_max_mw,  0 <= o <= P / n + z,  0 <= s <= S   (C3)  csp.draw, where a block has starts

Cost        csp.end_value = -g s[last]
Ports       injection: p;  csp_output: p;  bundle (of the DC link the plant counts for): p;  draws on csp_start_heat: z;  where there
            are reserves or ramping also csp_available P, csp_least 0 (of blocks that are not switched), csp_stored n s[t],
            csp_stored_before n s[t-1]
Dual        csp.heat_balance: value of one more stored MWh of heat [CNY/MWh] (csp_heat_value)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.case.power_blocks import switched
from gridopt.program.labels import Quantity


class Columns(NamedTuple):
    power: np.ndarray
    into: np.ndarray
    out: np.ndarray
    heat: np.ndarray


def declare(case, b):
    """Columns (C3), injections and bundle."""
    plant, active = case.table("csp"), case.in_service("csp")
    names = ("power_max_mw", "efficiency", "field_heat_max_mw", "store_heat_max_mwh")
    number = {c: plant[c].to_numpy(float)[:, None] for c in names}
    over = {"csp": plant.index, "time": case.time.index}
    power = b.columns("csp.power", unit="MW", over=over, upper=number["power_max_mw"] * active)
    into = b.columns("csp.to_store", unit="MW", over=over, upper=number["field_heat_max_mw"] * active)
    start = plant["start_heat_mwh"].to_numpy(float)[:, None] * switched(case)[:, None] / case.time.hours
    out = b.columns("csp.from_store", unit="MW", over=over, upper=(number["power_max_mw"] / number["efficiency"] + start) * active)
    heat = b.columns("csp.heat", unit="MWh", over=over, upper=number["store_heat_max_mwh"] * case.commissioned("csp"))
    worth = plant["end_value_cny_per_mwh"].fillna(0.0).to_numpy(float)
    if worth.any():
        b.cost("csp.end_value", heat[:, -1], -worth)
    b.port("injection").add(case.position("bus", plant["bus"]), power)
    b.port("csp_output", len(plant)).add(np.arange(len(plant)), power)
    link = case.table("dc_bundle")["dc_link"].reindex(plant.index).fillna("")
    bundled = np.flatnonzero(link != "")
    b.port("bundle", len(case.table("dc_link"))).add(case.position("dc_link", link.iloc[bundled]), power[bundled])
    if len(case.table("reserve")) or len(case.table("ramping")):
        start = plant["store_start_mwh"].to_numpy(float)[:, None] * case.commissioned("csp")[:, :1]
        most = np.where(switched(case)[:, None], 0.0, number["power_max_mw"] * active)
        _offer_by_plant(b, power, heat, most, number["efficiency"], start)
    return Columns(power, into, out, heat)


def _offer_by_plant(b, power: np.ndarray, heat: np.ndarray, most: np.ndarray, efficiency: np.ndarray, start: np.ndarray) -> None:
    """What reserves draw on; stored heat as the electricity it makes."""
    every, later, known = np.arange(len(power)), np.broadcast_to(efficiency, power.shape).copy(), np.zeros(power.shape)
    later[:, :1], known[:, :1] = 0.0, efficiency * start
    b.port("csp_stored", len(power)).add(every, heat, efficiency)
    b.port("csp_stored_before", len(power)).add(every, np.roll(heat, 1, axis=1), later, known)
    for name, value in (("available", most), ("least", 0.0)):
        b.port(f"csp_{name}", len(power)).add(every, constant=value)


def constrain(case, b, columns):
    """Rows (C1) and (C2)."""
    plant, hours = case.table("csp"), case.time.hours
    if not len(plant):
        return
    power, into, out, heat = columns
    names = ("efficiency", "store_efficiency", "standing_loss_per_h", "field_heat_max_mw")
    number = {c: plant[c].to_numpy(float)[:, None] for c in names}
    keep = (1.0 - number["standing_loss_per_h"]) ** hours
    over = {"csp": plant.index, "time": case.time.index}
    given = np.zeros(heat.shape)
    given[:, :1] = keep[:, :1] * plant["store_start_mwh"].to_numpy(float)[:, None] * case.commissioned("csp")[:, :1]
    row = b.rows("csp.heat_balance", unit="MWh", over=over, equal=-given)
    b.term(row[:, 1:], heat[:, :-1], keep[:, 1:])
    b.term(row, into, number["store_efficiency"] * hours)
    b.term(row, out, -hours)
    b.term(row, heat, -1.0)
    field = number["field_heat_max_mw"] * case.series(plant["profile"], 1.0) * case.in_service("csp")
    row = b.rows("csp.field", unit="MW", over=over, upper=field)
    b.term(row, power, 1.0 / number["efficiency"])
    b.term(row, out, -1.0)
    b.term(row, into, 1.0)
    for at, cols, coef in b.port("csp_start_heat").offers():
        b.term(row[at], cols, coef)
        draw = b.rows("csp.draw", unit="MW", over={"csp": plant.index[at], "time": case.time.index},
                      upper=(plant["power_max_mw"] / plant["efficiency"]).to_numpy(float)[at, None] * case.in_service("csp")[at])  # fmt: skip
        b.term(draw, out[at])
        b.term(draw, cols, -coef)


def results(case, columns, values) -> dict[str, Quantity]:
    """Output and stored heat by plant, value of the heat."""
    dims, value = ("csp", "time"), "value of one more stored MWh of heat"
    worth = values.dual("csp.heat_balance") if len(columns.heat) else np.zeros(columns.heat.shape)
    return {
        "csp_output": Quantity(dims, values["csp.power"], "MW", "solar thermal output", "光热出力", "positive: generation"),
        "csp_store": Quantity(dims, values["csp.heat"], "MWh", "stored heat at the end of the step", "储热量", ""),
        "csp_heat_value": Quantity(dims, worth, "CNY/MWh", value, "储热价值"),
    }
