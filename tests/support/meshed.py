"""Random meshed grids with load, thermal units, wind and limits, for properties that must hold for any data."""

from __future__ import annotations

import numpy as np

from tests.support.block_cases import FUEL, UNIT_TYPE, buses
from tests.support.small import case


def meshed_rows(seed: int, buses_count: int = 7, extra: int = 5, hours: int = 2) -> tuple[dict, dict]:
    """(rows, hourly series): a random tree plus `extra` lines, most of them rated, two sections, every fuel at its own price."""
    rng = np.random.default_rng(seed)
    names = [f"B{i}" for i in range(buses_count)]
    ends = [(int(rng.integers(0, i)), i) for i in range(1, buses_count)]
    ends += [tuple(sorted(rng.choice(buses_count, 2, replace=False).tolist())) for _ in range(extra)]
    lines = [
        dict(line=f"L{k}", from_bus=names[a], to_bus=names[b], length_km=float(rng.uniform(5, 50)), reactance_ohm_per_km=0.3,
             circuits=int(rng.integers(1, 3)), rating_mw=float(rng.uniform(4, 18)) if rng.random() < 0.7 else None)
        for k, (a, b) in enumerate(ends)
    ]  # fmt: skip
    prices = rng.permutation(np.arange(10, 10 + buses_count)) + rng.random(buses_count)
    rows = dict(
        bus=buses(*names),
        line=lines,
        fuel=[*FUEL, *(dict(fuel=f"f{i}", price_cny_per_tce=float(p), co2_t_per_tce=0.0) for i, p in enumerate(prices))],
        unit_type=UNIT_TYPE,
        unit=[dict(unit=f"g{i}", bus=n, unit_type="u", fuel=f"f{i}", power_max_mw=float(rng.uniform(10, 60)))
              for i, n in enumerate(names)],
        renewable=[dict(renewable=f"w{i}", bus=names[i], technology="wind", profile=f"w{i}",
                        power_max_mw=float(rng.uniform(40, 160))) for i in rng.choice(buses_count, 2, replace=False).tolist()],
        load=[dict(load=f"d{n}", bus=n, mean_mw=float(rng.uniform(5, 25)), profile="d") for n in names],
        interface=[dict(interface="S0"), dict(interface="S1")],
        interface_limit=[dict(interface=f"S{k}", forward_mw=float(rng.uniform(6, 25)), backward_mw=float(rng.uniform(6, 25)))
                         for k in (0, 1)],
        interface_member=[dict(interface=f"S{k}", kind="line", element=f"L{m}", coefficient=float(rng.choice([-1.0, 0.5, 1.0])))
                          for k in (0, 1) for m in rng.choice(len(lines), 2, replace=False)],
    )  # fmt: skip
    series = {r["profile"]: rng.uniform(0.1, 1.0, hours) for r in rows["renewable"]} | {"d": rng.uniform(0.6, 1.4, hours)}
    return rows, series


def meshed(seed: int, hours: int = 2, **change):
    """The case of `meshed_rows`; `change` replaces tables."""
    rows, series = meshed_rows(seed, hours=hours)
    return case(hours, series=series, **rows | change)


def per_unit_rows(seed: int, buses_count: int = 6, extra: int = 4) -> dict:
    """Rows of a random grid of AC branches (taps, shifts, a parallel pair, a series capacitor, ratings) with generators of every kind of
    cost curve. Nothing is shed; a generator at each bus that gives or takes at a high price keeps the case feasible."""
    rng = np.random.default_rng(seed)
    names = [f"B{i}" for i in range(buses_count)]
    ends = [(int(rng.integers(0, i)), i) for i in range(1, buses_count)]
    ends += [tuple(rng.choice(buses_count, 2, replace=False).tolist()) for _ in range(extra)]
    branch = [
        dict(ac_branch=f"L{k}", from_bus=names[a], to_bus=names[b], reactance_pu=float(rng.uniform(0.05, 0.3)),
             tap_ratio=float(rng.uniform(0.9, 1.1)) if rng.random() < 0.4 else 1.0,
             shift_deg=float(rng.uniform(-1.0, 1.0)) if rng.random() < 0.3 else 0.0,
             rating_mw=float(rng.uniform(8, 30)) if rng.random() < 0.7 else None)
        for k, (a, b) in enumerate([*ends, ends[0]])
    ]  # fmt: skip
    branch[-2] |= dict(reactance_pu=-0.5, tap_ratio=1.0, shift_deg=0.0, rating_mw=None)
    # Points that no two curves share: prices are then unique but for chance.
    generator = [dict(generator=f"q{n}", bus=n, power_min_mw=float(rng.uniform(0, 3)), power_max_mw=float(rng.uniform(20, 60)),
                      cost_cny_per_h=5.0, cost_cny_per_mwh=float(rng.uniform(5, 40)),
                      cost_quadratic_cny_per_mw2h=float(rng.uniform(0.05, 0.5))) for n in names[:3]]  # fmt: skip
    generator += [dict(generator=f"p{n}", bus=n, power_max_mw=40.0) for n in names[3:5]]
    generator += [dict(generator=f"last {n}", bus=n, power_min_mw=-200.0, power_max_mw=200.0) for n in names]
    slopes = {f"p{n}": np.sort(rng.uniform(5, 60, 3)) for n in names[3:5]}
    slopes |= {f"last {n}": rng.uniform(0, 1, 2) + (-90, 200) for n in names}
    size = {name: len(s) + 1 for name, s in slopes.items()}

    def curve(at, slope):
        cost = np.cumsum(np.r_[0.0, slope * np.diff(at)])
        return cost - np.interp(0.0, at, cost)

    powers = {g["generator"]: np.linspace(g.get("power_min_mw", 0.0), g["power_max_mw"], size[g["generator"]]) for g in generator[3:]}
    point = [dict(generator=g, power_mw=float(x), cost_cny_per_h=float(y))
             for g, at in powers.items() for x, y in zip(at, curve(at, slopes[g]), strict=True)]  # fmt: skip
    return dict(
        bus=buses(*names, surplus_allowed=False), ac_branch=branch, generator=generator, cost_point=point,
        load=[dict(load=f"d{n}", bus=n, mean_mw=float(rng.uniform(2, 25)), sheddable=False) for n in names],
    )  # fmt: skip
