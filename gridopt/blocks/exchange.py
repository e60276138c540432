"""Exchange: trade with what lies outside the model, at AC ties and at the far ends of DC links.

Sets        x exchange at one bus, t step of length h[t] hours
Data        agreed export s[x,t] MW (negative: import), flexible bands, price of the flexible part c[x,t], tariff f [CNY/MWh]
Columns     exchange.more_export u, exchange.more_import v [MW]

    0 <= u <= export_flexible_mw,  0 <= v <= import_flexible_mw,  export = s + u - v    (X1)

Cost        exchange.export = -(c - f) h u;  exchange.import = (c + f) h v
Ports       injection: -(s + u - v)
Assumes     the agreed part is settled elsewhere and costs nothing here
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridopt.program.labels import Quantity


class Columns(NamedTuple):
    agreed: np.ndarray
    export: tuple[np.ndarray, np.ndarray]
    imports: tuple[np.ndarray, np.ndarray]


def declare(case, b):
    """Columns (X1) where there is a band, cost and injections."""
    table, active, hours = case.table("exchange"), case.in_service("exchange"), case.time.hours
    agreed = case.series(table["schedule"], 0.0) * table["scale"].to_numpy(float)[:, None] * active
    price = case.series(table["price_profile"], 0.0)
    tariff = table["tariff_cny_per_mwh"].to_numpy(float)[:, None]
    bus, port = case.position("bus", table["bus"]), b.port("injection")
    port.add(bus, constant=-agreed)
    parts = []
    for name, sign in (("export", -1.0), ("import", 1.0)):
        band = table[f"{name}_flexible_mw"].to_numpy(float)
        some = np.flatnonzero(band > 0)
        over = {"exchange": table.index[some], "time": case.time.index}
        cols = b.columns(f"exchange.more_{name}", unit="MW", over=over, upper=band[some, None] * active[some])
        b.cost(f"exchange.{name}", cols, (sign * price + tariff)[some] * hours)
        port.add(bus[some], cols, sign)
        parts.append((some, cols))
    return Columns(agreed, *parts)


def constrain(case, b, columns):
    """No rows: bounds say it all."""


def results(case, columns, values) -> dict[str, Quantity]:
    """Export by exchange."""
    export = columns.agreed.copy()
    for (some, cols), sign in ((columns.export, 1.0), (columns.imports, -1.0)):
        export[some] += sign * values.solution.x[cols]
    return {"exchange_export": Quantity(("exchange", "time"), export, "MW", "export to outside", "外送功率", "positive: export")}
