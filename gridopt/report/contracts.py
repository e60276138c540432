"""Energy contracts of DC links: which run side by side, what they ask for in all, what they mean as power."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.report.folder import Run, number, table


def contracts(run: Run, link: str) -> list[dict]:
    """Rows of tables/dc_contracts of one link, by first day; `first` and `last` are its days as timestamps."""
    rows = [r for r in table(run, "dc_contracts").to_dict("records") if str(r.get("dc_link")) == link]
    rows = [r | {"first": pd.Timestamp(r["start_date"]), "last": pd.Timestamp(r["end_date"])} for r in rows]
    return sorted(rows, key=lambda r: (r["first"], r["last"], str(r.get("contract"))))


def layers(rows: list[dict]) -> list[list[dict]]:
    """Rows split so that no two of a layer share a day: the months of a year in one, the year itself in another."""
    out: list[list[dict]] = []
    for row in sorted(rows, key=lambda r: (r["last"] - r["first"], r["first"])):
        free = (layer for layer in out if all(row["last"] < r["first"] or row["first"] > r["last"] for r in layer))
        layer = next(free, None)
        if layer is None:
            out.append([row])
        else:
            layer.append(row)
    return out


def least_energy(rows: list[dict]) -> float:
    """Energy that must be sent at least [MWh]: contracts side by side count once, the larger claim."""
    return max((sum(number(r, "energy_min_mwh") or 0.0 for r in layer) for layer in layers(rows)), default=0.0)


def as_power(layer: list[dict], column: str, days: pd.DatetimeIndex) -> list[float | None]:
    """An energy of the contracts as mean power over their own period, day by day [MW]; None on days without."""
    out: list[float | None] = [None] * len(days)
    for row in layer:
        amount = number(row, column)
        hours = ((row["last"] - row["first"]).days + 1) * 24.0
        for i in np.flatnonzero((days >= row["first"]) & (days <= row["last"])) if amount is not None else []:
            out[i] = amount / hours
    return out


def mean_sent(layer: list[dict], days: pd.DatetimeIndex, energy: np.ndarray, hours: np.ndarray) -> list[float | None]:
    """Mean sent power over the days of each contract that lie in the run [MW], from energy [MWh] and hours by day."""
    out: list[float | None] = [None] * len(days)
    for row in layer:
        within = np.flatnonzero((days >= row["first"]) & (days <= row["last"]))
        for i in within:
            out[i] = float(energy[within].sum() / hours[within].sum())
    return out
