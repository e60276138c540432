"""Values over time of a PyPSA network as gridopt wants them: a figure times a named series, equal series once."""

from __future__ import annotations

import numpy as np


class Profiles:
    """Series by name. Of series that are equal one is kept, under the first name."""

    def __init__(self) -> None:
        self.values: dict[str, np.ndarray] = {}
        self._same: dict[bytes, str] = {}

    def add(self, name: str, values: np.ndarray) -> str:
        """Name under which `values` (T,) are kept."""
        values = np.ascontiguousarray(values, float) + 0.0  # -0.0 is 0.0
        known = self._same.setdefault(values.tobytes(), name)
        if known == name:
            self.values[name] = values
        return known


class Limits:
    """Least and largest power of elements, MW. `low`, `high` (n,): where they do not change; `moving`: by position the pair of values
    over time (T,) where they do."""

    def __init__(self, low: np.ndarray, high: np.ndarray, moving: dict[int, tuple[np.ndarray, np.ndarray]]):
        self.low, self.high, self.moving = low, high, moving

    @classmethod
    def of(cls, component, nominal: np.ndarray, least: str, most: str, steps: int) -> Limits:
        """Nominal power times the attributes `least` and `most`, over `steps` steps."""
        low, high = component.number(least), component.number(most)
        moving = {}
        for i in sorted({*component.varying(least), *component.varying(most)}):
            pair = (component.varying(a).get(i, np.full(steps, fixed[i])) for a, fixed in ((least, low), (most, high)))
            first, second = (nominal[i] * values for values in pair)
            moving[i] = (first, second)
        return cls(nominal * low, nominal * high, moving)

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Smallest least and largest largest power over time (n,)."""
        low, high = self.low.copy(), self.high.copy()
        for i, (least, most) in self.moving.items():
            low[i], high[i] = least.min(), most.max()
        return low, high

    def crossed(self) -> np.ndarray:
        """bool (n,): the least is above the largest at some time."""
        wrong = self.low > self.high + 1e-9 * np.abs(self.high)
        for i, (least, most) in self.moving.items():
            wrong[i] = bool((least > most + 1e-9 * np.abs(most)).any())
        return wrong

    def scaled(self, factor: np.ndarray) -> Limits:
        """Times a factor (n,); a negative one turns the range over."""
        low, high = (np.where(factor < 0, b, a) * factor for a, b in ((self.low, self.high), (self.high, self.low)))
        moving = {i: (b * factor[i], a * factor[i]) if factor[i] < 0 else (a * factor[i], b * factor[i]) for i, (a, b) in self.moving.items()}
        return Limits(low, high, moving)

    def figures(self, nominal: np.ndarray, names: list[tuple[str, str]], profiles: Profiles) -> dict[str, np.ndarray]:
        """Columns power_min_mw, power_max_mw, min_profile, profile. `nominal` (n,): the figure a series is a factor on, where the
        range allows it; `names`: of the two series of each element."""
        least, most = self.low.copy(), self.high.copy()
        factors = np.full((2, len(least)), "", object)
        for i, pair in self.moving.items():
            constant = [values[0] if (values == values[0]).all() else None for values in pair]
            base = nominal[i] if nominal[i] > 0 else max(1.0, *(float(np.abs(values).max()) for values in pair))
            figure = [base if c is None else c for c in constant]
            if figure[0] > figure[1]:  # the table wants the least power below the largest before any factor
                figure, constant = [base, base], [None, None]
            for k in (0, 1):
                if constant[k] is None:
                    factors[k, i] = profiles.add(names[i][k], pair[k] / base)
            least[i], most[i] = figure
        return {"power_min_mw": least, "power_max_mw": most, "min_profile": factors[0], "profile": factors[1]}


def ramp_rates(component, span: np.ndarray, nominal: np.ndarray, hours: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Rise and fall MW/min (n,), inf where the limit cannot bind on a range of `span` MW.

    PyPSA limits the change from snapshot to snapshot whatever their length, so `hours` must be the length of every one; None where there
    is none, and a limit that can bind is then a fault.
    """
    rates = []
    for attribute in ("ramp_limit_up", "ramp_limit_down"):
        change = np.nan_to_num(component.number(attribute) * nominal, nan=np.inf)
        binds = change < span
        if hours is None:
            rule = "counts per snapshot in PyPSA, but the snapshots are not of one length"
            component.some(binds, attribute, rule, "Give snapshots of one length or leave the limit out.")
        rates.append(np.where(binds, change / (60.0 * (hours or 1.0)), np.inf))
    return rates[0], rates[1]
