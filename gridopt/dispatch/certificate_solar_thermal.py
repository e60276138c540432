"""Certificate, solar thermal plants: output, stored heat, heat of the field.

    p <= Pmax, 0 <= store <= S;  heat needed <= heat of the field                    csp.output, csp.store, csp.heat

With D = store[t] - (1-l)^h store[t-1] the least field heat that permits output p is p/n + D/(a h) when the store fills (none is drawn)
and p/n + D/h when it empties (none is put in); putting in and drawing at once only loses heat, so the condition is exact. Filling
needs D/(a h) <= field_heat_max, emptying -D/h <= Pmax/n. A plant in service begins with the heat that the table says.
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate_check import POWER, RELATIVE, Check, Evidence, outside


def check_solar_thermal(e: Evidence) -> list[Check]:
    """The checks named at the head of this file."""
    case, table, hours = e.case, e.case.table("csp"), e.case.time.hours
    here = case.in_service("csp")
    most, field, room = (e.number("csp", c) for c in ("power_max_mw", "field_heat_max_mw", "store_heat_max_mwh"))
    n, a, loss = (e.number("csp", c) for c in ("efficiency", "store_efficiency", "standing_loss_per_h"))
    power, store = e["csp_output"], e["csp_store"]
    before = np.concatenate([(e.number("csp", "store_start_mwh") * here)[:, :1], store[:, :-1]], axis=1)
    rate = (store - (1.0 - loss) ** hours * before) / hours
    need = power / n + np.where(rate > 0, rate / a, rate)
    short = need - field * case.series(table["profile"], 1.0) * here
    heat = np.maximum(short, np.maximum(rate / a - field * here, -rate - most / n * here))
    near = POWER / hours + RELATIVE * room / hours
    return [
        e.judge("csp.output", "MW", outside(power, 0.0, most * here), POWER, table.index),
        e.judge("csp.store", "MWh", outside(store, 0.0, room * here), POWER + RELATIVE * room, table.index),
        e.judge("csp.heat", "MW", heat, np.broadcast_to(near, heat.shape), table.index),
    ]
