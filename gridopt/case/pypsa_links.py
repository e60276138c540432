"""Links of a PyPSA network as table dc_link.

    p in [p_min_pu, p_max_pu] p_nom leaves bus0, efficiency p reaches bus1, cost marginal_cost p;
    below 0 it is a second link, back, with cost -marginal_cost; a ramp begins from p_init                                             (Y4)

Equations: https://docs.pypsa.org/latest/user-guide/optimization/
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.case.pypsa_profiles import Limits, Profiles, ramp_rates
from gridopt.case.pypsa_source import Component, Network


def links(net: Network, ramp_hours: float | None, profiles: Profiles, changes: list[str]) -> pd.DataFrame:
    """Rows of table dc_link (Y4). `ramp_hours`: length of every ramp, None where lengths differ; faults go to net.faults."""
    link, steps = net["links"], len(net.snapshots)
    nominal = link.number("p_nom")
    both = Limits.of(link, nominal, "p_min_pu", "p_max_pu", steps)
    low, high = both.ends()
    efficiency = link.number("efficiency")
    link.some(efficiency > 1, "efficiency", "is above 1 (a heat pump?); links may lose energy, not gain it", "Model it as a generator.")
    link.some(efficiency < 0, "efficiency", "is below 0: energy would be drawn at both ends", "Use a link and a load.")
    rule = "sends power backwards over a link whose efficiency is not 1: in PyPSA bus0 would then gain energy"
    link.some((low < 0) & (efficiency != 1), "p_min_pu", rule, "Set it to 0 and add a second link, back.")
    link.some(both.crossed() & (nominal >= 0), "p_min_pu", "is above p_max_pu at some time", "Swap or correct them.")
    ramp = _link_ramps(link, low, high, nominal, ramp_hours)
    turned = both.scaled(-np.ones(len(link)))
    ways = [_way(link, limits, efficiency, ramp, suffix, profiles) for limits, suffix in ((both, ""), (turned, " (reverse)"))]
    back = np.flatnonzero(low < 0)
    if len(back):
        changes.append(f"Links that may send backwards have a second dc_link '<name> (reverse)': {len(back)}.")
    ways[1] = ways[1].iloc[back]
    ways[1] = ways[1].rename(columns={"from_bus": "to_bus", "to_bus": "from_bus"}).assign(cost_cny_per_mwh=-ways[1]["cost_cny_per_mwh"])
    frame = pd.concat(ways, ignore_index=True)
    taken = {*net["lines"].names, *net["transformers"].names}
    frame["dc_link"] = [f"link {n}" if n in taken else n for n in frame["dc_link"]]
    return frame


def _way(link: Component, limits: Limits, efficiency: np.ndarray, ramp: np.ndarray, suffix: str, profiles: Profiles) -> pd.DataFrame:
    """One direction of every link: the part of the limits above 0."""
    least, most, names = limits.low.clip(0), limits.high.clip(0), np.full(len(link), "", object)
    for i, (low, high) in limits.moving.items():
        low, high = low.clip(0), high.clip(0)
        if not (low == low[0]).all():
            link.fault(i, "p_min_pu", "a series", "makes the least power change over time", "Give a single value.")
        least[i], most[i] = low[0], high.max()
        if not (high == high[0]).all():
            names[i] = profiles.add(f"links-p_max_pu/{link.names[i]}{suffix}", high / most[i])
    return pd.DataFrame(
        {
            "dc_link": link.names + suffix,
            "name": link.names + suffix,
            "from_bus": link.text("bus0"),
            "to_bus": link.text("bus1"),
            "technology": np.full(len(link), "VSC", object),
            "length_km": link.number("length").clip(0, 5000),
            "power_min_mw": least,
            "power_max_mw": most,
            "ramp_fraction_per_min": np.where(most > 0, np.minimum(ramp / np.where(most > 0, most, 1.0), 1.0), 1.0),
            "loss_linear_fraction": 1.0 - efficiency,
            "max_profile": names,
            "cost_cny_per_mwh": link.number("marginal_cost"),
            "initial_mw": np.where(np.isfinite(ramp), link.number("p_init"), np.nan),
        }
    )


def _link_ramps(link: Component, low: np.ndarray, high: np.ndarray, nominal: np.ndarray, hours: float | None) -> np.ndarray:
    """Ramp MW/min (n,), inf where it cannot bind."""
    up, down = ramp_rates(link, high - low, nominal, hours)
    limited = np.isfinite(up) | np.isfinite(down)
    rule = "limits the ramp of a link that may send backwards"
    link.some(limited & (low < 0), "ramp_limit_up", rule, "Leave the limit out or set p_min_pu to 0.")
    link.some(limited & (up != down), "ramp_limit_up", "differs from ramp_limit_down; links have one ramp", "Give both the same value.")
    return up
