"""Key `dc_links` of a market case written by hand: power sent to a market elsewhere.

    dc_links:
      - {id: L, bus: a, p_max: 6000, p_min: 800, loss: 0.065, schedule_mw: [2000, 2800]}          # firm: the power is given
      - {id: M, bus: a, p_max: 6000, loss: 0.065, tariff: 60, steps: [[9999, [300, 480]]]}        # sold as long as the other market pays
      - {id: N, bus: a, p_max: 6000, p_min: 800, may_stop: true, initial_mw: 2000, step_mw: 400, steps_per_change: 2, hold_h: 1,
         changes_per_day: 2, tariff: 60, steps: [[9999, [300, 480]]], sets_price: true}           # in steps of power, held, so often a day

steps: landed MW and price of each, one number or one for each period; tariff per landed MWh, tariff_sent per MWh sent.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gridopt.case.case_rows import CaseRows
from gridopt.case.json_file import Record

RULES = ("step_mw", "change_minutes", "hold_h", "changes_per_day", "steps_per_change", "reversal_h")
KEYS = {"id", "bus", "p_max", "p_min", "loss", "no_load_loss", "initial_mw", "may_stop", "schedule_mw", "tariff", "tariff_sent", "steps",
        "sets_price"}  # fmt: skip
FAR = " far end"


def add_links(file: Record, rows: CaseRows) -> None:
    """Rows of tables bus (far ends), dc_link, dc_schedule and dc_market."""
    for link in file.listed("dc_links", "link"):
        link.only(KEYS | set(RULES))
        name = link.name()
        far = rows.free("bus", f"{name}{FAR}", "bus")
        rows.add("bus", bus=far, voltage_kv=330.0, role="sink")
        _link(name, far, link, rows)
        _sold(name, link, rows)


def _link(name: str, far: str, link: Record, rows: CaseRows) -> None:
    """The link, and how it may be scheduled."""
    cells: dict[str, Any] = {}
    if "schedule_mw" in link:
        cells["schedule"] = rows.profiles.add(f"{name} schedule", link.series("schedule_mw", len(rows.time)))
    rows.add(
        "dc_link", dc_link=name, from_bus=link.name("bus"), to_bus=far, power_max_mw=link.number("p_max", least=0.0),
        power_min_mw=link.number("p_min", 0.0, 0.0), loss_linear_fraction=link.number("loss", 0.0, 0.0, 1.0),
        loss_no_load_fraction=link.number("no_load_loss", 0.0, 0.0, 1.0), initial_mw=link.number("initial_mw", None),
        cost_cny_per_mwh=link.number("tariff_sent", 0.0), **cells,
    )  # fmt: skip
    given = {key: link.number(key, None, 0.0) for key in RULES if key in link}
    if given or link.flag("may_stop", False):
        rows.add("dc_schedule", dc_link=name, may_stop="true" if link.flag("may_stop", False) else "false", **given)


def _sold(name: str, link: Record, rows: CaseRows) -> None:
    """Steps of the market at the far end."""
    value = link.get("steps", [])
    if not isinstance(value, list) or not all(isinstance(v, list) and len(v) == 2 for v in value):
        link.fault("steps", value, "is not a list of MW and price, such as [[500, 300]]", "Correct it.")
        return
    if "schedule_mw" not in link and not value:
        link.faults.append(f"{link.place}: neither schedule_mw nor steps is given: nothing is sent. Give one of them.")
    for n, (power, price) in enumerate(value, start=1):
        step = Record({"power": power, "price": price}, f"{link.place}, step {n}", link.faults)
        prices = step.series("price", len(rows.time))
        level = float(prices[0]) if len(prices) else np.nan
        cells = {"price_cny_per_mwh": level, "price_profile": ""}
        if (prices != level).any():
            cells = {"price_cny_per_mwh": 0.0, "price_profile": rows.profiles.add(f"{name} step {n}", prices)}
        rows.add(
            "dc_market", dc_market=f"{name} step {n}", dc_link=name, power_max_mw=step.number("power", least=0.0),
            tariff_cny_per_mwh=link.number("tariff", 0.0, 0.0), sets_price="true" if link.flag("sets_price", False) else "false", **cells,
        )  # fmt: skip
