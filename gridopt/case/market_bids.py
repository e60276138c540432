"""What bids and real time bring in a market case written by hand: keys offers, demand_bids, reserves, agc, real_time.

    offers: [{generator: A, blocks: [[100, 40], [200, 300]]}]                 # in place of the costs of A; day: 2: on the second day alone
    demand_bids: [{bus: a, hour: 18, blocks: [[50, 500], [20, 300]]}]         # all hours without `hour`; in place of the load of the bus
    reserves:
      - {id: spin, product: spinning_up, requirement_mw: 80, shortage: [[40, 300], [40, 1000]], offers: [{generator: A, max_mw: 60, price: 5}]}
      - {id: r, product: spinning_up, demand: [[50, 1000], [50, 300], [50, 50]]}                   # MW and value; all generators, free
      - {id: o, product: spinning_up, curve: {value_of_lost_load: 10000, least_mw: 30, mean_mw: 10, deviation_mw: 20, to_mw: 100, blocks: 10}}
    agc: {mode: sequential, requirement_mw: 80, offers: [{generator: A, max_mw: 60, price: 10, performance: 1.2, mileage_per_mw: 3}]}
    real_time: {demand_mw: [420, 590], limits: {ab: 260}, available: {W: [80, 90]}}      # loads by bus: {a: 100}, where there are several

A reserve is missed first where it is worth least. Regulation (agc) is a reserve named agc, symmetric: co-optimised with energy unless its
mode says sequential.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case_rows import CaseRows
from gridopt.case.json_file import Record
from gridopt.case.ordc import blocks_of_curve, shortage_rows
from gridopt.case.tables_reserve import DOWN, UP

KEYS = {"offers", "demand_bids", "reserves", "agc", "real_time"}
AGC = "agc"
MODES = ("sequential", "co-optimised")
PRODUCTS = tuple(dict.fromkeys(UP + DOWN))


def add_bids(file: Record, rows: CaseRows) -> None:
    """Rows of the tables of bids, reserves and real time; faults go to the file."""
    for offer in file.listed("offers", "offer"):
        offer.only({"id", "generator", "day", "blocks"})
        for k, (width, price) in enumerate(_pairs(offer, "blocks")):
            rows.add("bid", kind="generator", element=offer.name("generator"), side="sell", day=_day(offer, rows), segment=k + 1,
                     power_mw=width, price_cny_per_mwh=price)  # fmt: skip
    for bid in file.listed("demand_bids", "demand bid"):
        _demand_bid(bid, rows)
    for reserve in file.listed("reserves", "reserve"):
        _reserve(reserve, rows)
    if "agc" in file:
        _agc(file.record("agc"), rows)
    if "real_time" in file:
        _real_time(file.record("real_time"), rows)


def _pairs(record: Record, key: str) -> list[tuple[float, float]]:
    """A list of pairs of numbers; nothing where it is none, which is a fault."""
    value = record.get(key, [])
    good = isinstance(value, list) and value and all(isinstance(v, list) and len(v) == 2 for v in value)
    if not good or not all(isinstance(n, int | float) and np.isfinite(n) for v in value for n in v):
        record.fault(key, value, "is not a list of pairs of numbers, such as [[200, 50], [60, 53]]", "Correct it.")
        return []
    return [(float(a), float(b)) for a, b in value]


def _one_bus(record: Record, rows: CaseRows) -> str:
    return record.name("bus") if "bus" in record or rows.count("bus") != 1 else rows.names("bus")[0]


def _day(record: Record, rows: CaseRows) -> str | None:
    """Date of the day that key `day` counts from the first one, None without it."""
    number = record.number("day", None, 1.0, 10000.0)
    return None if number is None else str(rows.time.start[0].astype("datetime64[D]") + (int(number) - 1))


def _demand_bid(bid: Record, rows: CaseRows) -> None:
    bid.only({"id", "bus", "day", "hour", "blocks"})
    bus = _one_bus(bid, rows)
    hour = bid.number("hour", None, 0.0, 23.0)
    if f"load {bus}" not in rows.names("load"):
        bid.fault("bus", bus, "has no load that could bid", "Give the bus a load_mw, its forecast.")
        return
    for k, (width, price) in enumerate(_pairs(bid, "blocks")):
        for h in range(24) if hour is None else [int(hour)]:
            rows.add("demand_bid", load=f"load {bus}", day=_day(bid, rows), hour=h, segment=k + 1, power_mw=width, price_cny_per_mwh=price)


def _reserve(reserve: Record, rows: CaseRows) -> None:
    reserve.only({"id", "product", "zone", "requirement_mw", "shortage", "demand", "curve", "offers", "response_min"})
    name, product = reserve.name(), reserve.text("product", "spinning_up", PRODUCTS)
    given = [k for k in ("requirement_mw", "demand", "curve") if k in reserve]
    if len(given) != 1:
        reserve.fault("requirement_mw", ", ".join(given) or "nothing", "is given", "Give one of requirement_mw, demand, curve.")
        return
    if given[0] == "requirement_mw":
        mean, profile = rows.figure(f"reserve {name}", reserve.series("requirement_mw", len(rows.time), least=0.0))
        power: dict[str, object] = {"requirement_mw": mean}
        if profile:
            power = {"profile": rows.profiles.add(f"reserve {name} MW", mean * rows.profiles.values[profile])}
        steps = sorted(_pairs(reserve, "shortage"), key=lambda b: b[1]) if "shortage" in reserve else []
    else:
        blocks = np.array(_pairs(reserve, "demand")) if given[0] == "demand" else _curve(reserve.record("curve"))
        if not len(blocks):
            return
        power, steps = {"requirement_mw": float(blocks[:, 0].sum())}, shortage_rows(blocks)
    rows.add("reserve", reserve=name, product=product, zone=reserve.text("zone", ""), response_min=reserve.number("response_min", None, 0.0),
             **power)  # fmt: skip
    for width, price in steps:
        rows.add("reserve_shortage", reserve=name, power_mw=width, cost_cny_per_mwh=price)
    _reserve_offers(name, reserve, rows)


def _reserve_offers(name: str, reserve: Record, rows: CaseRows) -> None:
    offers = reserve.listed("offers", "offer")
    for offer in offers:
        offer.only({"id", "generator", "max_mw", "price"})
        rows.add("reserve_offer", reserve=name, kind="generator", element=offer.name("generator"),
                 award_max_mw=offer.number("max_mw", None, 0.0), cost_cny_per_mwh=offer.number("price", 0.0))  # fmt: skip
    if not offers:
        rows.add("reserve_offer", reserve=name, kind="generator", element="")


def _curve(curve: Record) -> np.ndarray:
    """Blocks of a curve from the value of lost load."""
    curve.only({"value_of_lost_load", "least_mw", "mean_mw", "deviation_mw", "to_mw", "blocks"})
    lost, most = curve.number("value_of_lost_load", least=0.0), curve.number("to_mw", least=1e-6)
    least, mean = curve.number("least_mw", 0.0, 0.0), curve.number("mean_mw", 0.0)
    deviation, count = curve.number("deviation_mw", least=0.0), int(curve.number("blocks", 10.0, 1.0, 1000.0))
    if not np.isfinite([lost, most, least, mean, deviation]).all():
        return np.zeros((0, 2))
    return blocks_of_curve(np.linspace(0.0, most, count + 1), lost, least, mean, deviation)


def _agc(agc: Record, rows: CaseRows) -> None:
    agc.only({"mode", "requirement_mw", "offers"})
    values = agc.series("requirement_mw", len(rows.time), least=0.0)
    rows.add("reserve", reserve=AGC, product="regulation", profile=rows.profiles.add("agc MW", values))
    for offer in agc.listed("offers", "offer"):
        offer.only({"id", "generator", "max_mw", "price", "performance", "mileage_per_mw"})
        name, most, price = offer.name("generator"), offer.number("max_mw", least=0.0), offer.number("price", least=0.0)
        rows.add("agc_offer", kind="generator", element=name, power_max_mw=most, price_cny_per_mw=price,
                 performance=offer.number("performance", 1.0), mileage_per_mw=offer.number("mileage_per_mw", 1.0))  # fmt: skip
        rows.add("reserve_offer", reserve=AGC, kind="generator", element=name, award_max_mw=most, cost_cny_per_mwh=price)


def _real_time(real: Record, rows: CaseRows) -> None:
    real.only({"demand_mw", "limits", "available"})
    steps = len(rows.time)

    def add(kind: str, element: str, record: Record, key: str) -> None:
        mean, profile = rows.figure(f"real time {kind} {element}", record.series(key, steps, least=0.0))
        rows.add("real_time", kind=kind, element=element, value_mw=mean, profile=profile)

    demand = real.get("demand_mw", None)
    if isinstance(demand, dict):
        for bus in real.record("demand_mw").entries:
            add("load", f"load {bus}", real.record("demand_mw"), bus)
    elif demand is not None:
        if rows.count("bus") != 1:
            real.fault("demand_mw", demand, "names no bus", "Give the demand of each bus, such as {a: 100}.")
        else:
            add("load", f"load {rows.names('bus')[0]}", real, "demand_mw")
    for key, kind in (("limits", "ac_branch"), ("available", "generator")):
        for name in real.record(key).entries if key in real else []:
            add(kind, name, real.record(key), name)


def study_of(file: Record) -> dict:
    """Key `market` of the study that a case brings, with what its key agc says of the way of clearing."""
    market = dict(file.record("market").entries) if "market" in file else {}
    if "agc" in file:
        mode = file.record("agc").text("mode", "co-optimised", MODES)
        market["agc"] = {"mode": mode, **(market.get("agc") or {})}
    return {"market": market} if market else {}
