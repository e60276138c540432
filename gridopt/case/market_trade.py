"""Key `trade` of a market case written by hand: spot trade between provinces.

    trade:
      segments: [{id: A-B, from: A, to: B, loss: 0.065, tariff: 60, atc_mw: 400}]      # loss and tariff 0, ATC without limit if left out
      sell: [{province: A, steps: [[200, 150], [300, 260]]}]                           # MW and price of each step
      buy: [{province: B, steps: [[250, 500]]}]                                        # landed MW
      provinces: [{id: A, short_mw: [0, 40], curtailing_mw: 0, bus: a}]                # where there is more to say of one
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case_rows import CaseRows
from gridopt.case.json_file import Record

KEYS = {"segments", "sell", "buy", "provinces"}
SEGMENT = {"id", "from", "to", "loss", "tariff", "atc_mw"}


def add_trade(file: Record, rows: CaseRows) -> None:
    """Adds the rows of tables province, trade_segment and trade_step."""
    if "trade" not in file:
        return
    trade = file.record("trade")
    trade.only(KEYS)
    told = _told(trade, rows)
    segments = trade.listed("segments", "segment")
    curves = [(side, curve) for side in ("sell", "buy") for curve in trade.listed(side, side)]
    for segment in segments:
        _segment(segment, rows)
    number = {"sell": 0, "buy": 0}
    for side, curve in curves:
        _curve(side, curve, rows, number)
    ends = [s.name(e) for s in segments for e in ("from", "to")]
    for name in dict.fromkeys([*told, *ends, *(c.name("province") for _, c in curves)]):
        rows.add("province", province=name, **told.get(name, {}))


def _told(trade: Record, rows: CaseRows) -> dict[str, dict]:
    """Cells of the provinces that are listed."""
    found = {}
    for province in trade.listed("provinces", "province"):
        province.only({"id", "short_mw", "curtailing_mw", "bus"})
        name, cells = province.name(), {"bus": province.text("bus", "")}
        for key in ("short", "curtailing"):
            power = province.series(f"{key}_mw", len(rows.time), 0.0, 0.0)
            if power.any():
                cells[f"{key}_profile"] = rows.profiles.add(f"{name} {key}", power)
        found[name] = cells
    return found


def _segment(segment: Record, rows: CaseRows) -> None:
    segment.only(SEGMENT)
    name = segment.name()
    atc = segment.series("atc_mw", len(rows.time), np.inf, 0.0)
    most, profile = (None, "") if np.isinf(atc).any() else rows.figure(f"ATC {name}", atc)
    rows.add(
        "trade_segment", trade_segment=name, from_province=segment.name("from"), to_province=segment.name("to"),
        loss_fraction=segment.number("loss", 0.0, 0.0, 0.99), tariff_cny_per_mwh=segment.number("tariff", 0.0, 0.0), atc_mw=most,
        atc_profile=profile,
    )  # fmt: skip


def _curve(side: str, curve: Record, rows: CaseRows, number: dict[str, int]) -> None:
    curve.only({"province", "steps"})
    value = curve.get("steps", [])
    good = isinstance(value, list) and value and all(isinstance(v, list) and len(v) == 2 for v in value)
    if not good or not all(isinstance(n, int | float) and np.isfinite(n) for v in value for n in v):
        curve.fault("steps", value, "is not a list of pairs of numbers, such as [[200, 150], [300, 260]]", "Correct it.")
        return
    for power, price in value:
        number[side] += 1
        rows.add("trade_step", trade_step=f"{side} {number[side]}", province=curve.name("province"), side=side,
                 power_max_mw=float(power), price_cny_per_mwh=float(price))  # fmt: skip
