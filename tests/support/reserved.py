"""Random small systems with reserves of every product, commitment, storage, wind, ramping: one seed, one system."""

from __future__ import annotations

import numpy as np

from gridopt.case.case import Case
from tests.support.block_cases import buses, line, load, power_case

RESERVES = ("agc", "spin", "non", "down")


def system(seed: int) -> Case:
    """Two buses and zones; generators of which some are switched, alone or several in a row."""
    r = np.random.default_rng(seed)
    hours, units = int(r.integers(2, 6)), [f"g{i}" for i in range(int(r.integers(1, 5)))]
    least, room = r.integers(0, 30, len(units)).astype(float), r.integers(5, 80, len(units)).astype(float)
    kinds = r.choice(["switched", "switched", "ramping", "plain"], len(units))
    return power_case(
        hours,
        series=dict(a=r.uniform(0, 60, hours), b=r.uniform(0, 90, hours), w=r.uniform(0, 1, hours)),
        bus=[*buses("A", zone="w"), *buses("B", zone="e")],
        line=[line("A", "B", float(r.integers(20, 90)))],
        generator=[
            dict(generator=g, bus=str(r.choice(["A", "B"])), power_min_mw=m, power_max_mw=m + w, cost_cny_per_mwh=float(r.integers(1, 60)),
                 cost_cny_per_h=float(r.integers(0, 100)), ramp_fraction_per_min=_some(r, 0.7, r.uniform(0.001, 0.05)))
            for g, m, w in zip(units, least, room, strict=True)
        ],
        commitment=[_switch(r, g, m, w) for g, m, w, k in zip(units, least, room, kinds, strict=True) if k == "switched"],
        ramping=[dict(kind="generator", element=g, up_cost_cny_per_mw=float(r.integers(0, 9)), down_cost_cny_per_mw=float(r.integers(0, 9)))
                 for g, k in zip(units, kinds, strict=True) if k == "ramping"],
        renewable=[dict(renewable="w", bus="A", technology="wind", power_max_mw=float(r.integers(0, 60)), profile="w")],
        storage=[dict(storage="s", bus="B", power_max_mw=float(r.integers(0, 20)), energy_max_mwh=float(r.integers(1, 40)),
                      charge_efficiency=0.9, discharge_efficiency=0.95, energy_start_fraction=0.5)],
        load=[load("A", "a"), load("B", "b")],
        **_reserves(r),
    )  # fmt: skip


def _some(r, often: float, value: float) -> float | None:
    return float(value) if r.random() < often else None


def _switch(r, name: str, least: float, room: float) -> dict:
    before = _some(r, 0.7, r.choice([-5, -1, 1, 5]))
    gave = _some(r, 0.5, least + r.uniform(0, room)) if before is not None and before > 0 else None
    ramps = {f"{w}_ramp_mw": _some(r, 0.5, least + r.uniform(0, room)) for w in ("start", "stop")}
    times = {f"min_{w}_h": float(r.integers(0, 4)) for w in ("up", "down")}
    return dict(kind="generator", element=name, start_cny=float(r.integers(0, 300)), initial_h=before, initial_mw=gave,
                count=int(r.choice([1, 1, 1, 2, 3])), **times, **ramps)  # fmt: skip


def _reserves(r) -> dict[str, list[dict]]:
    shared = r.random(2) < 0.5
    return dict(
        reserve=[
            dict(reserve="agc", product="regulation", zone="w", requirement_mw=float(r.integers(0, 10)), response_min=5.0),
            dict(reserve="spin", product="spinning_up", requirement_mw=float(r.integers(0, 30)), load_share=0.02, response_min=10.0,
                 shares_ramp=bool(shared[0]), ramp_min=_some(r, 0.5, r.integers(5, 60)), ramp_mean=bool(r.random() < 0.4),
                 largest_unit=bool(r.random() < 0.3)),
            dict(reserve="non", product="non_spinning", requirement_mw=float(r.integers(0, 60)), wind_share=0.1,
                 renewable_basis=str(r.choice(["available", "output"]))),
            dict(reserve="down", product="spinning_down", requirement_mw=float(r.integers(0, 20)), duration_h=0.5, shares_ramp=bool(shared[1]),
                 ramp_min=_some(r, 0.5, r.integers(5, 60)), ramp_mean=bool(r.random() < 0.4)),
        ],
        reserve_nesting=[dict(reserve="agc", counts_for="spin"), dict(reserve="spin", counts_for="non")],
        reserve_shortage=[dict(reserve=q, power_mw=w, cost_cny_per_mwh=c) for q in RESERVES
                          for w, c in ((5.0, 30.0), (None, float(r.integers(100, 900))))],
        reserve_offer=[
            dict(reserve=q, kind=k, cost_cny_per_mwh=float(r.integers(0, 5)), award_max_mw=_some(r, 0.5, r.integers(0, 20)),
                 offline_max_mw=float(r.integers(0, 40)) if (q, k) == ("non", "generator") else 0.0,
                 range_min_mw=_some(r, 0.5, r.integers(0, 30)) if (q, k) == ("agc", "generator") else None,
                 range_max_mw=_some(r, 0.5, r.integers(30, 90)) if (q, k) == ("agc", "generator") else None)
            for q in RESERVES for k in ("generator", "renewable", "storage") if r.random() < 0.8
        ],
    )  # fmt: skip
