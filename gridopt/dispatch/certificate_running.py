"""Certificate, what it costs to run and switch what is switched: see certificate_commitment for the rules.

at least output f(m) for each unit on, then the segments of the curve above it, from the cheapest, as far as they may be used; a start
costs by the hours since the last stop; a unit burns C f(q) at load q = output / C, f straight between the points q r(q) at 0.3, 0.5, 1
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate_check import Evidence
from gridopt.dispatch.certificate_commitment import SECOND, Switched, fleets, most_of
from gridopt.dispatch.certificate_plants import free, unit_rate

STARTS = (("start_hot_cny", None), ("start_warm_cny", "warm_after_h"), ("start_cold_cny", "cold_after_h"))


def switched_costs(e: Evidence) -> dict[str, np.ndarray]:
    """Cost by name CNY/h (n, T), of fuel, of starts and stops, and of the rest; nothing where nothing is switched."""
    found: dict[str, np.ndarray] = {}
    for s in fleets(e):
        running = _burning(e, s) if s.kind == "unit" else {"generators": _generating(e, s)}
        found |= {f"switched {name}": cost for name, cost in running.items()}
        found[f"switched {s.kind} starts"] = (_starting(e, s) + s.number("stop_cny", 0.0) * s.array("stop")) / e.case.time.hours
    return found


def _filled(s: Switched, cuts: list[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """MW in each part of the range above least output, and the output in the middle of the part MW, (n, T) each. `cuts`: outputs at which
    the range is cut, MW (n, T), besides the ends of deep bands."""
    low, high = s.limits
    inside = [np.clip(np.where(np.isnan(c), high, c), low, np.maximum(high, low)) for c in [*cuts, *(end for _, end, *_ in s.bands)]]
    rest, begin, found = s.array("output") - low * s.array("on"), low, []
    ends = np.sort(np.array([*inside, np.maximum(high, low)]), axis=0)
    for k, end in enumerate(ends):
        part = np.minimum(rest, most_of(s, end - begin, end - low)) if k + 1 < len(ends) else rest
        found.append((part, 0.5 * (begin + end)))
        rest, begin = rest - part, end
    return found


def _deep(s: Switched, parts: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """What bands below the normal least output cost CNY/h (n, T)."""
    (low, _), on, cost = s.limits, s.array("on"), np.zeros(s.share.shape)
    for begin, end, price, firing in s.bands:
        depth = end - np.maximum(begin, low)
        spared = sum(np.where((middle > begin) & (middle < end), part, 0.0) for part, middle in parts)
        short = np.divide(s.array("output") - low * on, end - low, out=np.zeros_like(on), where=end > low + SECOND)
        below = np.where((end > begin) & (end > low + SECOND), np.maximum(on - short, 0.0), 0.0)
        if s.evidence.case.commitment == "exact":
            below = np.ceil(below - 1e-6)
        cost = cost + price * (depth * on - spared) + firing * below
    return cost


def spent(e: Evidence, s: Switched) -> tuple[np.ndarray, np.ndarray]:
    """Fuel burnt tce/h and CO2 t/h of units (n, T)."""
    case, (low, _), on = e.case, s.limits, s.array("on")
    full, half, third = (s.typed(f"fuel_rate_{c}_tce_per_mwh")[:, None] for c in ("full", "extra_half", "extra_low"))
    half, third = full + half, full + third
    under, over = (0.5 * half - 0.3 * third) / 0.2, (full - 0.5 * half) / 0.5
    load = np.divide(low, s.able, out=np.zeros_like(low), where=s.able > 0)
    least = np.where(load < 0.5, 0.3 * third + (load - 0.3) * under, 0.5 * half + (load - 0.5) * over) * s.able
    parts, output = _filled(s, [0.5 * s.able]), s.array("output")
    burnt = least * on + sum(np.where(middle < 0.5 * s.able, under, over) * part for part, middle in parts)
    fuel = case.table("fuel").loc[s.frame["fuel"]]
    at_full = s.typed("co2_t_per_mwh")[:, None]
    by_type = at_full * np.where(full > 0, burnt / np.where(full > 0, full, 1.0), output)
    return burnt, np.where(np.isnan(at_full), fuel["co2_t_per_tce"].to_numpy(float)[:, None] * burnt, by_type)


def _burning(e: Evidence, s: Switched) -> dict[str, np.ndarray]:
    """Fuel, other cost and carbon of units."""
    case, output, (burnt, co2) = e.case, s.array("output"), spent(e, s)
    fuel = case.table("fuel").loc[s.frame["fuel"]]
    allowed = free(case, unit_rate(case)[s.rows]) * output
    return {
        "fuel": burnt * fuel["price_cny_per_tce"].to_numpy(float)[:, None] * case.of_year("fuel_price_scale", 1.0),
        "variable": s.typed("vom_cny_per_mwh")[:, None] * output,
        "deep": _deep(s, _filled(s, [0.5 * s.able])),
        "carbon": case.of_year("carbon_price_cny_per_t", 0.0) * (co2 - allowed),
    }


def _generating(e: Evidence, s: Switched) -> np.ndarray:
    """By the polynomial, or by the points of the curve."""
    case, frame, (low, _), on, output = e.case, s.frame, s.limits, s.array("on"), s.array("output")
    rate, square = (frame[f"cost_{n}"].to_numpy(float)[:, None] for n in ("cny_per_mwh", "quadratic_cny_per_mw2h"))
    above = output - low * on
    cost = (rate * low + square * low**2) * on + (rate + 2.0 * square * low) * above + square * above**2
    points = {name: part.sort_values("power_mw") for name, part in case.table("cost_point").groupby("generator")}
    inner = max([len(points[n]) - 2 for n in frame.index if n in points], default=0)
    cuts, slopes, base = np.full((inner, len(frame), 1), np.nan), np.zeros((inner + 1, *low.shape)), np.zeros(low.shape)
    for i, name in enumerate(frame.index):
        if name in points:
            x, y = (points[name][c].to_numpy(float) for c in ("power_mw", "cost_cny_per_h"))
            more = case.series(points[name]["price_profile"], 0.0)[:-1]
            slope = (np.diff(y) / np.diff(x))[:, None] + more
            cuts[: len(x) - 2, i, 0], slopes[: len(slope), i], slopes[len(slope) :, i] = x[1:-1], slope, slope[-1]
            k = np.clip(np.searchsorted(x, low[i]) - 1, 0, len(slope) - 1)
            below = np.array([np.sum(more[:j, t] * np.diff(x)[:j]) for t, j in enumerate(k)])
            base[i] = y[k] + below + slope[k, np.arange(len(k))] * (low[i] - x[k])
    parts = _filled(s, [cut * np.ones_like(low) for cut in cuts])
    for part, middle in parts:
        passed = np.sum([cut < middle for cut in cuts], axis=0, dtype=int) if len(cuts) else np.zeros(low.shape, int)
        cost = cost + np.take_along_axis(slopes, passed[None], axis=0)[0] * part
    emits = frame["co2_t_per_mwh"].to_numpy(float)[:, None]
    carbon = case.of_year("carbon_price_cny_per_t", 0.0) * (emits - free(case, emits))
    hourly = frame["cost_cny_per_h"].to_numpy(float)[:, None] * on + base * on + _deep(s, parts)
    return cost + hourly + (case.series(frame["price_profile"], 0.0) + carbon) * output


def _kinds(e: Evidence, s: Switched, i: int) -> list[tuple[float, float]]:
    """(hours off line at least, cost) of the starts of an element, from the warmest; the first holds from 0 h."""
    table, name = e.case.table("start_cost"), s.frame.index[i]
    mine = table[(table["kind"] == s.kind) & (table["element"] == name)]
    if len(mine):
        found = list(zip(mine["offline_h"].astype(float), mine["cost_cny"].astype(float), strict=True))
    elif s.kind == "unit":
        kind = e.case.table("unit_type").loc[s.frame["unit_type"].iloc[i]]
        found = [(0.0 if after is None else float(kind[after]), float(kind[cost])) for cost, after in STARTS]
    else:
        found = [(0.0, 0.0)]
    found.sort()
    return [(0.0, found[0][1]), *found[1:]]


def _starting(e: Evidence, s: Switched) -> np.ndarray:
    """Cost of the starts in each step CNY (n, T)."""
    start, stop = s.array("start"), s.array("stop")
    paid = s.number("start_cny", 0.0) * start
    for i in np.flatnonzero((start > 0).any(axis=1)).tolist():
        kinds, least = _kinds(e, s, i), _soonest(s, i)
        single = e.case.commitment == "exact" and s.count[i, 0] == 1
        for t in np.flatnonzero(start[i] > 0).tolist():
            paid[i, t] += start[i, t] * _price(s, i, t, kinds) if single else _shared(s, i, t, kinds, least, start[i, t], stop[i])
    return paid


def _before(s: Switched, i: int, t: int) -> float:
    """Hours off line at step t of what was off before the first step; as few as can be where nobody knows, NaN where it was on."""
    before = float(s.before[i, 0])
    if np.isnan(before):
        return max(float(s.begin[t]), float(s.minimum[1][i, 0]))
    return float(s.begin[t]) - before if before < 0 else np.nan


def _price(s: Switched, i: int, t: int, kinds: list[tuple[float, float]]) -> float:
    """Of one unit, by the hours since its last stop."""
    stopped = np.flatnonzero(s.array("stop")[i, :t] > 0.5)
    off = float(s.begin[t] - s.begin[stopped[-1]]) if len(stopped) else _before(s, i, t)
    return [cost for lag, cost in kinds if lag <= off + SECOND][-1]


def _soonest(s: Switched, i: int) -> float:
    """Hours after a stop before which nothing starts: the minimum down time, unless an outage or a given status may end it."""
    forced = s.absent[i, 0] or not s.possible[i].all() or not ((s.given[i] > 0.0) & (s.given[i] < 1.0)).all()
    return 0.0 if forced else float(s.minimum[1][i, 0])


def _shared(
    s: Switched, i: int, t: int, kinds: list[tuple[float, float]], least: float, started: float, stop: np.ndarray
) -> float:  # fmt: skip
    """Of several units or shares of units: as many of each category, from the warmest, as stops at least `least` h ago fall into it."""
    off, known = s.begin[t] - s.begin[:t], _before(s, i, t)
    total, rest = 0.0, started
    ends = [lag for lag, _ in kinds[1:]] + [np.inf]
    for (lag, cost), end in zip(kinds, ends, strict=True):
        able = stop[:t][(off >= max(lag, least) - SECOND) & (off < end - SECOND)].sum()
        if known < end - SECOND and (np.isnan(s.before[i, 0]) or known >= lag - SECOND):
            able += s.count[i, 0]
        taken = rest if np.isinf(end) else min(rest, able)
        total, rest = total + cost * taken, rest - taken
    return total
