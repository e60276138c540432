"""What it costs to be on and to give more, of what is switched: output cut into segments of one slope.

Above least output m the range ends at M and is cut at half load (units), at the points of a cost curve (generators), and at the ends of
deep bands. Below the normal least output each band k of table deep_band adds e[k] for every MWh by which the output stays below its
upper end: so much less is a segment's slope, so much more the cost at m.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridopt.case import generators, units


@dataclass(frozen=True)
class Price:
    """A cost by name: `on` at least output CNY/h (n, T), `slope` of each segment CNY/MWh (K, T)."""

    name: str
    table: str
    on: np.ndarray
    slope: np.ndarray


@dataclass(frozen=True)
class Curve:
    """Segments above least output, by element and from the cheapest: of int (K,), width MW (K, T); square CNY/MW2h of what lies above
    least output (n,), 0 where there are several segments. CO2: emission_on t/h (n, T), emission t/MWh (K, T). Fuel of units alone:
    burnt_on tce/h (n, T), burnt tce/MWh (K, T)."""

    of: np.ndarray
    width: np.ndarray
    square: np.ndarray
    prices: tuple[Price, ...]
    emission_on: np.ndarray
    emission: np.ndarray
    burnt_on: np.ndarray
    burnt: np.ndarray


@dataclass(frozen=True)
class Deep:
    """Bands of elements below their normal least output: of int (D,), begin and end MW (D, T), alike where a band does not hold;
    cost CNY/MWh, firing CNY/h (D,)."""

    of: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    cost: np.ndarray
    firing: np.ndarray

    def lowest(self, least: np.ndarray) -> np.ndarray:
        """Least output MW (n, T) with the bands."""
        found = least.copy()
        np.minimum.at(found, self.of, np.where(self.begin < self.end, self.begin, np.inf))
        return found


def deep_bands(case, table: str, rows: np.ndarray, least: np.ndarray) -> Deep:
    """Of the elements at rows int (n,) of 'unit' or 'generator', below their normal least outputs MW (n, T). A band does not hold where
    something else than the type, or the limits of the generator, gives the least output: heat, or what must run."""
    band, frame = case.table("deep_band"), case.table(table).iloc[rows]
    own = frame.index.get_indexer(band["element"].where(band["kind"] == table))
    owners, rows_of_band = [own[own >= 0]], [np.flatnonzero(own >= 0)]
    if table == "unit":
        bare = np.setdiff1d(np.arange(len(rows)), own)
        n, k = np.nonzero(frame["unit_type"].to_numpy()[bare, None] == band["element"].where(band["kind"] == "unit_type").to_numpy()[None])
        owners, rows_of_band = [*owners, bare[n]], [*rows_of_band, k]
        rated = units.capacity(case)[rows]
        normal = rated * case.table("unit_type")["min_load_fraction"].loc[frame["unit_type"]].to_numpy(float)[:, None]
    else:
        share = case.in_service(table)[rows]
        rated = frame["power_max_mw"].to_numpy(float)[:, None] * share
        normal = frame["power_min_mw"].to_numpy(float)[:, None] * case.series(frame["min_profile"], 1.0) * share
    of, which = np.concatenate(owners), np.concatenate(rows_of_band)
    down, cost, firing = (band[c].to_numpy(float)[which] for c in ("down_to_fraction", "cost_cny_per_mwh", "firing_cny_per_h"))
    order = np.lexsort((-down, of))
    of, down, cost, firing = of[order], down[order], cost[order], firing[order]
    begin = down[:, None] * rated[of]
    upper = np.append(True, of[1:] != of[:-1])[: len(of), None]
    end = np.where(upper, least[of], np.roll(begin, 1, axis=0))
    holds = np.abs(least - normal)[of] <= 1e-9 * np.maximum(normal[of], 1.0)
    return Deep(of, np.where(holds, begin, end), end, cost, firing)


def curve_of(case, rows: dict[str, np.ndarray], least: np.ndarray, most: np.ndarray, deep: Deep) -> Curve:
    """Units first, then generators; rows of the tables, least and largest outputs MW (n, T), the bands below normal ones."""
    n = len(rows["unit"])
    able, ends = units.capacity(case)[rows["unit"]], [_ends_of_bands(deep, least)]
    points = _points(case, rows["generator"])
    half = np.concatenate([0.5 * able, np.full((len(least) - n, able.shape[1]), np.nan)])
    inner = np.concatenate([np.full((n, points.shape[1]), np.nan), points])
    cuts = np.concatenate([half[:, None], np.repeat(inner[:, :, None], half.shape[1], axis=2), *ends], axis=1)
    of, width, middle = _cut(least, most, cuts)
    thermal = _thermal(case, rows["unit"], able, least[:n], of[of < n], middle[of < n])
    others = _generators(case, rows["generator"], least[n:], of[of >= n] - n, middle[of >= n])
    extra, at_least = _below(deep, of, middle, least)
    prices = [*thermal[0], others[0]]
    prices += [Price("thermal.deep", "unit", at_least[:n], -extra[of < n]), Price("generator.deep", "generator", at_least[n:], -extra[of >= n])]
    return Curve(
        of=of, width=width, square=np.append(np.zeros(n), others[1]), prices=tuple(p for p in prices if p.on.any() or p.slope.any()),
        emission_on=np.concatenate([thermal[1], others[2] * least[n:]]),
        emission=np.concatenate([thermal[2], np.broadcast_to(others[2][of[of >= n] - n], middle[of >= n].shape)]),
        burnt_on=thermal[3], burnt=thermal[4],
    )  # fmt: skip


def _ends_of_bands(deep: Deep, least: np.ndarray) -> np.ndarray:
    """Upper ends of the bands of each element MW (n, D, T), NaN where it has fewer than others."""
    number = np.arange(len(deep.of)) - np.searchsorted(deep.of, deep.of)
    found = np.full((len(least), number.max(initial=-1) + 1, least.shape[1]), np.nan)
    found[deep.of, number] = deep.end
    return found


def _points(case, rows: np.ndarray) -> np.ndarray:
    """Inner points of the cost curves of generators MW (n, P), NaN where one has fewer than others."""
    bands = generators.curves(case).part(rows, len(case.table("generator")))
    inner = np.isfinite(bands.begin)
    of = bands.of[inner]
    number = np.arange(len(of)) - np.searchsorted(of, of)
    found = np.full((len(rows), number.max(initial=-1) + 1), np.nan)
    found[of, number] = bands.begin[inner]
    return found


def _cut(least: np.ndarray, most: np.ndarray, cuts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Segments between least and largest output (n, T), cut at `cuts` (n, C, T): of int (K,), width and middle MW (K, T). Those without
    width in any step are left out, but for the last of an element."""
    inside = np.clip(np.where(np.isnan(cuts), most[:, None], cuts), least[:, None], most[:, None])
    knots = np.concatenate([least[:, None], np.sort(inside, axis=1), most[:, None]], axis=1)
    width = np.diff(knots, axis=1)
    keep = width.max(axis=2, initial=0.0) > 0
    keep[:, -1] |= ~keep.any(axis=1)
    of, k = np.nonzero(keep)
    return of, width[of, k], 0.5 * (knots[of, k] + knots[of, k + 1])


def _thermal(case, rows: np.ndarray, able: np.ndarray, least: np.ndarray, of: np.ndarray, middle: np.ndarray):
    """Prices of fuel and of other cost; CO2 at least output and by segment; fuel likewise."""
    fire = units.burning(case, rows)
    rate = np.where(middle < 0.5 * able[of], fire.slope_low[of], fire.slope_high[of])
    burnt = fire.burnt(least, able)
    fuel = Price("thermal.fuel", "unit", burnt * fire.price, rate * fire.price[of])
    variable = Price("thermal.variable", "unit", fire.variable * least, np.broadcast_to(fire.variable[of], middle.shape))
    emission = burnt * fire.per_tce + least * fire.per_mwh, rate * fire.per_tce[of] + fire.per_mwh[of]
    return [fuel, variable], *emission, burnt, rate


def _generators(case, rows: np.ndarray, least: np.ndarray, of: np.ndarray, middle: np.ndarray):
    """Price of energy, square cost (n,), emission t/MWh (n, 1)."""
    table = case.table("generator").iloc[rows]
    bands = generators.curves(case).part(rows, len(case.table("generator")))
    inner = _points(case, rows)
    first = np.searchsorted(bands.of, np.arange(len(rows)))
    passed = np.zeros(middle.shape, int)
    for point in inner.T:
        passed += point[of, None] < middle
    price, square = case.series(table["price_profile"], 0.0), table["cost_quadratic_cny_per_mw2h"].to_numpy(float)
    slope = bands.prices(case)[first[of, None] + passed, np.arange(middle.shape[1])] + price[of] + 2.0 * square[of, None] * least[of]
    output = np.zeros((len(case.table("generator")), len(case.time)))
    output[rows] = least
    on = generators.cost_at(case, output)[rows] + price * least
    return Price("generator.energy", "generator", on, slope), square, table["co2_t_per_mwh"].to_numpy(float)[:, None]


def _below(deep: Deep, of: np.ndarray, middle: np.ndarray, least: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What bands add: CNY/MWh by segment (K, T), and CNY/h at least output (n, T)."""
    extra, at_least = np.zeros(middle.shape), np.zeros(least.shape)
    np.add.at(at_least, deep.of, deep.cost[:, None] * np.maximum(deep.end - np.maximum(deep.begin, least[deep.of]), 0.0))
    for n, begin, end, cost in zip(deep.of, deep.begin, deep.end, deep.cost, strict=True):
        mine = np.flatnonzero(of == n)
        extra[mine] += cost * ((middle[mine] > begin) & (middle[mine] < end))
    return extra, at_least
