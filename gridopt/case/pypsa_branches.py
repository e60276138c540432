"""Lines and transformers of a PyPSA network as table ac_branch.

    flow = (angle0 - angle1 - shift) / z     z on 1 MVA: x / V^2 of a line, tap x / s_nom of a transformer; in DC networks r for x    (Y1)
    |flow| <= s_max_pu s_nom,  |angle0 - angle1| <= v_ang_max (not of DC lines)                                                       (Y2)
    a type sets x and r of a line: per km times length over num_parallel; of a transformer: from its short-circuit voltage            (Y3)

Branch model copperplate leaves (Y2) out. Equations: https://docs.pypsa.org/latest/user-guide/power-flow/
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gridopt.case.check import nearest
from gridopt.case.pypsa_profiles import Profiles
from gridopt.case.pypsa_source import Component, Network
from gridopt.case.pypsa_types import LINE_TYPES, TRANSFORMER_TYPES

BASE_MVA = 100.0


def branches(net: Network, model: str, profiles: Profiles, changes: list[str]) -> pd.DataFrame:
    """Rows of table ac_branch; faults go to net.faults."""
    lines, transformers = net["lines"], net["transformers"]
    bus = pd.Index(net["buses"].names)
    ends = [(bus.get_indexer(c.text("bus0")), bus.get_indexer(c.text("bus1"))) for c in (lines, transformers)]
    carrier = _carriers(net["buses"], ends)
    parts = [_lines(net, *ends[0], carrier), _transformers(net, ends[1][0], carrier)]
    taken = set(lines.names)
    ids = [lines.names, np.array([f"transformer {n}" if n in taken else n for n in transformers.names], object)]
    for part, component, names in zip(parts, (lines, transformers), ids, strict=True):
        part.insert(0, "ac_branch", names)
        part.insert(1, "name", component.names)
        part["from_bus"], part["to_bus"] = component.text("bus0"), component.text("bus1")
        _limits(part, component, carrier[bus.get_indexer(component.text("bus0"))], model, profiles, changes)
    frame = pd.concat(parts, ignore_index=True)
    _impedance(frame, parts, ends, (lines, transformers), changes)
    return frame


def _carriers(buses: Component, ends: list) -> np.ndarray:
    """Carrier of each bus's network of lines and transformers: that of its first bus, as PyPSA takes it. Object (B,)."""
    own = buses.text("carrier")
    start, end = (np.concatenate([e[k] for e in ends]) for k in (0, 1))
    known = (start >= 0) & (end >= 0)
    link = coo_array((np.ones(known.sum()), (start[known], end[known])), shape=(len(buses), len(buses)))
    _, area = connected_components(link, directed=False)
    first = np.full(area.max(initial=-1) + 1, len(buses))
    np.minimum.at(first, area, np.arange(len(buses)))
    return own[first[area]]


def _lines(net: Network, start: np.ndarray, end: np.ndarray, carrier: np.ndarray) -> pd.DataFrame:
    line, buses = net["lines"], net["buses"]
    alone = ~np.isin(carrier[start], ("AC", "DC")) & (start >= 0)
    what = "belongs to a network whose first bus has carrier '{}'; lines carry AC or DC only"
    for i in np.flatnonzero(alone):
        line.fault(int(i), "bus0", line.text("bus0")[i], what.format(carrier[start[i]]), "Correct the carrier of the buses, or use links.")
    r, x = _line_types(net, line)
    volts = buses.number("v_nom")[start]
    per_ohm = BASE_MVA / np.where(volts > 0, volts, 1.0) ** 2
    direct = carrier[start] == "DC"
    return pd.DataFrame(
        {
            "base_mva": np.full(len(line), BASE_MVA),
            "resistance_pu": r * per_ohm,
            "reactance_pu": np.where(direct, r, x) * per_ohm,
            "charging_pu": line.number("b") / per_ohm,
        }
    )


def _line_types(net: Network, line: Component) -> tuple[np.ndarray, np.ndarray]:
    """r, x in ohm (Y3); types of the network go before the standard ones."""
    own = net["line_types"]
    known = {**LINE_TYPES, **dict(zip(own.names, zip(own.number("r_per_length"), own.number("x_per_length"), strict=True), strict=True))}
    kind, r, x = line.text("type"), line.number("r"), line.number("x")
    given = (kind != "") & _known_types(line, kind, known, x)
    figures = np.array([known.get(k, (0.0, 0.0)) for k in kind]).reshape(len(line), 2)
    parallel, length = line.number("num_parallel"), line.number("length")
    line.some(given & (parallel <= 0), "num_parallel", "must be above 0 for a line with a type", "Give the number of circuits.")
    line.some(given & (length <= 0), "length", "must be above 0 for a line with a type", "Give the length in km.")
    factor = length / np.where(parallel > 0, parallel, 1.0)
    return np.where(given, figures[:, 0] * factor, r), np.where(given, figures[:, 1] * factor, x)


def _known_types(component: Component, kind: np.ndarray, known: dict, x: np.ndarray) -> np.ndarray:
    """bool (n,): the type is known. An unknown type without x is a fault."""
    there = np.array([k in known for k in kind], bool)
    for i in np.flatnonzero((kind != "") & ~there & (x == 0)):
        rule = f"is neither in {component.kind.removesuffix('s')}_types nor a standard type of PyPSA{nearest(kind[i], known)}"
        component.fault(int(i), "type", kind[i], rule, "Correct the name, or give x and r.")
    return there


def _transformers(net: Network, start: np.ndarray, carrier: np.ndarray) -> pd.DataFrame:
    transformer, own = net["transformers"], net["transformer_types"]
    names = ("s_nom", "vsc", "vscr", "phase_shift", "tap_step", "tap_neutral")
    listed = dict(zip(own.names, zip(*(own.number(n) for n in names), strict=True), strict=True))
    known = {**{k: (*v, 0.0) for k, v in TRANSFORMER_TYPES.items()}, **listed}
    kind, x, r = transformer.text("type"), transformer.number("x"), transformer.number("r")
    typed = (kind != "") & _known_types(transformer, kind, known, x)
    rated, vsc, vscr, shift, step, neutral = np.array([known.get(k, (1.0,) * 6) for k in kind]).reshape(len(transformer), 6).T
    parallel = np.where(transformer.number("num_parallel") > 0, transformer.number("num_parallel"), 1.0)
    wound = np.sqrt(np.maximum(vsc**2 - vscr**2, 0.0)) / 100.0 / parallel
    nominal = np.where(typed, rated, transformer.number("s_nom"))
    transformer.some(~np.isfinite(nominal) | (nominal <= 0), "s_nom", "must be a number above 0, since x is on its base", "Give the rating.")
    transformer.static["s_nom"] = nominal
    tap = np.where(typed, 1.0 + (transformer.number("tap_position") - neutral) * step / 100.0, transformer.number("tap_ratio"))
    low, high = transformer.number("phase_shift_min"), transformer.number("phase_shift_max")
    chosen = low < high
    r, x = np.where(typed, vscr / 100.0 / parallel, r), np.where(typed, wound, x)
    return pd.DataFrame(
        {
            "base_mva": np.where(nominal > 0, nominal, 1.0),
            "resistance_pu": r,
            "reactance_pu": np.where(carrier[start] == "DC", r, x),
            "tap_ratio": tap,
            "shift_deg": np.where(typed, shift, transformer.number("phase_shift")),
            "shift_min_deg": np.where(chosen, low, np.nan),
            "shift_max_deg": np.where(chosen, high, np.nan),
        }
    )


def _limits(part: pd.DataFrame, component: Component, carrier: np.ndarray, model: str, profiles: Profiles, changes: list[str]) -> None:
    """(Y2) as columns of `part`."""
    nominal, share = component.number("s_nom"), component.number("s_max_pu").copy()
    component.some(nominal < 0, "s_nom", "must be at least 0", "Give the rating in MVA.")
    component.some(component.extremes("s_max_pu")[0] < 0, "s_max_pu", "must be at least 0", "Give the share of s_nom.")
    names = np.full(len(part), "", object)
    for i, values in component.varying("s_max_pu").items():
        names[i], share[i] = profiles.add(f"{component.kind}-s_max_pu/{component.names[i]}", values), 1.0
    angle = component.number("v_ang_max")
    angle = np.where(np.isfinite(angle) & ((carrier == "AC") | (component.kind != "lines")), angle, np.nan)
    part["rating_mw"] = np.where(np.isfinite(nominal), nominal, np.nan) * share
    part["angle_min_deg"], part["angle_max_deg"], part["rating_profile"] = -angle, angle, names
    if model == "copperplate":
        part[["rating_mw", "angle_min_deg", "angle_max_deg"]] = np.nan
        part["rating_profile"] = ""
    elif np.isfinite(angle).any():
        count = int(np.isfinite(angle).sum())
        changes.append(f"{component.kind.capitalize()} with v_ang_max: {count}, held as new versions of PyPSA do; older ones ignored it.")


def _impedance(frame: pd.DataFrame, parts: list, ends: list, components: tuple, changes: list[str]) -> None:
    """A branch without impedance takes any value where no other way joins its ends, for its flow is then decided by balance alone."""
    zero = np.flatnonzero((frame["reactance_pu"] == 0).to_numpy())
    start, end = (np.concatenate([e[k] for e in ends]) for k in (0, 1))
    size = max(start.max(initial=0), end.max(initial=0)) + 1
    known = (start >= 0) & (end >= 0)
    for i in zero:
        others = known & (np.arange(len(frame)) != i)
        link = coo_array((np.ones(others.sum()), (start[others], end[others])), shape=(size, size))
        _, area = connected_components(link, directed=False)
        if area[start[i]] == area[end[i]]:
            first = len(parts[0])
            component, place = (components[0], i) if i < first else (components[1], i - first)
            rule = "makes the impedance 0, though flow has another way: how it would divide is not defined"
            component.fault(int(place), "x", 0, rule, "Give x (of a line in a DC network: r), or a standard type and a length.")
    frame.loc[zero, "reactance_pu"] = 1.0
    if len(zero):
        changes.append(f"Branches with impedance 0 that are the only way between their ends, so that any value does: {len(zero)}.")
