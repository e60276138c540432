"""Random small networks: whatever is solved passes the certificate, on steps of any length; not so with one number changed."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridopt.dispatch.certificate import certify
from gridopt.dispatch.single import dispatch
from tests.support.certify import evidence
from tests.support.small import case

BUSES = ("A", "B", "C", "D")
NEW_YEAR = "2025-01-01"
power = st.integers(2, 60).map(float)
some_bus = st.sampled_from(BUSES)


def rows_of(draw) -> dict:
    """A network of up to four buses with any branches, in any number of islands."""
    ends = draw(st.lists(st.tuples(some_bus, some_bus).filter(lambda e: e[0] != e[1]), max_size=6))
    line = [
        dict(line=f"l{i}", from_bus=a, to_bus=b, length_km=float(draw(st.integers(1, 90))), reactance_ohm_per_km=0.3,
             rating_mw=draw(st.none() | power), circuits=draw(st.integers(1, 3)),
             retirement=draw(st.sampled_from(["", NEW_YEAR])))
        for i, (a, b) in enumerate(ends)
    ]  # fmt: skip
    unit = [dict(unit=f"g{i}", bus=b, unit_type=draw(st.sampled_from("xy")), fuel=draw(st.sampled_from("pq")), power_max_mw=p,
                 must_run=draw(st.sampled_from(["no", "always"])))
            for i, (b, p) in enumerate(draw(st.lists(st.tuples(some_bus, power), max_size=5)))]  # fmt: skip
    wind = [dict(renewable=f"w{i}", bus=b, technology="wind", power_max_mw=p, profile="w", cost_cny_per_mwh=float(i % 2))
            for i, (b, p) in enumerate(draw(st.lists(st.tuples(some_bus, power), max_size=3)))]  # fmt: skip
    store = [dict(storage=f"s{i}", bus=b, power_max_mw=p, energy_max_mwh=2.0 * p, charge_efficiency=0.9, wear_cny_per_mwh=1.0)
             for i, (b, p) in enumerate(draw(st.lists(st.tuples(some_bus, power), max_size=3)))]  # fmt: skip
    sign = st.sampled_from([1.0, -1.0])
    members = [dict(interface="cut", kind="line", element=r["line"], coefficient=draw(sign)) for r in line[:3]]
    return dict(
        bus=[dict(bus=b, voltage_kv=330.0) for b in BUSES],
        line=line,
        interface=[dict(interface="cut")],
        interface_limit=[dict(interface="cut", forward_mw=draw(power), backward_mw=draw(power))],
        interface_member=members,
        fuel=[dict(fuel=f, price_cny_per_tce=c, co2_t_per_tce=1.0) for f, c in (("p", 20.0), ("q", 70.0))],
        unit_type=[dict(unit_type="x", min_load_fraction=0.4, ramp_fraction_per_min=0.01, fuel_rate_full_tce_per_mwh=1.0,
                        fuel_rate_extra_half_tce_per_mwh=0.1, fuel_rate_extra_low_tce_per_mwh=0.3),
                   dict(unit_type="y", min_load_fraction=0.0, fuel_rate_full_tce_per_mwh=1.2)],
        unit=unit, renewable=wind, storage=store,
        load=[dict(load=f"d{b}", bus=b, mean_mw=draw(power), profile="d") for b in BUSES[:3]],
        shedding_tier=[dict(tier=f"{s}", share=s, cost_cny_per_mwh=c) for s, c in ((0.3, 300.0), (0.7, 900.0))],
    )  # fmt: skip


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_random_networks_pass_and_changes_are_found(data):
    rows = rows_of(data.draw)
    levels = st.lists(st.sampled_from([0.0, 0.3, 0.6, 1.0, 1.3]), min_size=4, max_size=4)
    series = {"w": [min(v, 1.0) for v in data.draw(levels)], "d": data.draw(levels)}
    minutes = data.draw(st.sampled_from([60, 30, 20, 15]))
    found = evidence(dispatch(case(4, minutes, "2024-12-31T22:00", series, **rows)))
    result = certify(**found)
    assert result.passed, result.failed
    name = data.draw(st.sampled_from(sorted(k for k, v in found["quantities"].items() if v.size)))
    values = found["quantities"][name]
    at = tuple(data.draw(st.integers(0, n - 1)) for n in values.shape)
    values[at] += data.draw(st.sampled_from([-1.0, 1.0])) * (0.01 + 0.01 * np.abs(values[at]))
    assert not certify(**found).passed, (name, at)
