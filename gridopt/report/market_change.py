"""Winners and losers between two rules of one run: what users of each zone pay, what plants receive by technology, owner and unit.

    change of a user zone = payment under the first - payment under the second, energy and the uplift that load bears           [CNY]
    change of a plant     = receipts under the second - receipts under the first                                              [CNY]

so that whoever gains is above zero. Receipts of a plant are its revenue by the table of uplift, with the uplift that is paid; without that
table its output at the settled price of its bus.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.report.figures import ACCENT, ALARM, axis, figure
from gridopt.report.folder import Run, cell, table
from gridopt.report.market_data import Prices, market_table, paid_besides, prices
from gridopt.report.market_names import pair_words, party_words, quality
from gridopt.report.market_parties import PLANT_KINDS, class_of, class_words, owner_words
from gridopt.report.pack import Page
from gridopt.report.text import Both, money_unit
from gridopt.report.zones import zone_words

GROUPS = ("zone", "technology", "owner", "unit")
TOP = {"zone": 20, "technology": 20, "owner": 20, "unit": 20}
"""Most bars of a picture: those that change most."""


def change(run: Run, page: Page) -> dict | None:
    """Figures `mk_change_<group>`, data `change`, and {groups, note, weighted}; None unless a run is priced by two."""
    found = prices(run)
    pairs = _pairs(found) if found is not None else []
    if found is None or not pairs:
        return None
    plants = _receipts(run, found, pairs)
    groups: dict[str, list[tuple[Both, np.ndarray]]] = {"zone": _payments(run, found, pairs)}
    if plants:
        groups |= {
            "technology": _summed([(class_words(class_of(run, p)), v) for p, v in plants.items()]),
            "owner": _summed([(owner_words(run, p), v) for p, v in plants.items()]),
            "unit": [(party_words(run, p), v) for p, v in plants.items()],
        }
    groups = {k: rows for k, rows in groups.items() if rows}
    if not groups:
        return None
    if len(groups.get("owner", ())) == len(groups.get("unit", ())):
        groups.pop("owner", None)
    size, unit = money_unit(max(float(np.nanmax(np.abs(v), initial=0.0)) for rows in groups.values() for _, v in rows), run.currency)
    page.data["change"] = {
        "pairs": page.tokens([pair_words(rule, stage, found.rules, found.runs) for rule, stage in pairs]),
        "unit": page.name(unit), "start": [0, 1],
        "groups": {
            k: {"name": page.tokens([n for n, _ in rows]), "value": [np.round(v / size, 6).tolist() for v in _known([v for _, v in rows])]}
            for k, rows in groups.items()
        },
    }  # fmt: skip
    for k, rows in groups.items():
        page.figures[f"mk_change_{k}"] = _figure(page.name(unit), k, min(len(rows), TOP[k]))
    return {"groups": list(groups), "note": quality(*(market_table(run, n) for n in ("prices", "uplift"))), "weighted": found.weighted}


def _pairs(found: Prices) -> list[tuple[str, str]]:
    """Rule and run of the first run that several rules price: another run has another schedule."""
    by = [[(rule, stage) for rule, stage in found.pairs if stage == one] for one in found.runs]
    return next((some for some in by if len(some) > 1), [])


def _payments(run: Run, found: Prices, pairs: list[tuple[str, str]]) -> list[tuple[Both, np.ndarray]]:
    """What users of each zone pay (pair,), as a receipt: below zero; energy, and uplift that is borne by load. Empty without loads."""
    if not found.weighted:
        return []
    paid, energy = np.zeros((len(found.bus), len(pairs))), np.zeros((len(found.bus), len(pairs)))
    for n, (rule, stage) in enumerate(pairs):
        r, s = found.rules.index(rule), found.runs.index(stage)
        energy[:, n] = (found.weight[s] * found.hours).sum(axis=1)
        paid[:, n] = np.nan_to_num(found.user_price[r, s] * found.weight[s] * found.hours).sum(axis=1)
    paid += energy / np.maximum(energy.sum(axis=0), 1e-12) * _borne_by_load(run, pairs)
    zones = list(dict.fromkeys(z for z in found.zone if z)) or [""]
    rows = [(zone_words(z) if z else found.series_names[0], -paid[[z == own or not z for own in found.zone]].sum(axis=0)) for z in zones]
    return [(name, v) for name, v in rows if np.abs(v).max(initial=0.0) > 0]


def _borne_by_load(run: Run, pairs: list[tuple[str, str]]) -> np.ndarray:
    """Uplift, reserve and decisions that load pays (pair,)."""
    frame = market_table(run, "uplift")
    if not len(frame):
        return np.zeros(len(pairs))
    mine = frame[frame["payer"].astype(str).str.startswith("load")].groupby(["rule", "run"])["paid"].sum()
    besides = paid_besides(run)
    return np.array([float(mine.get(pair, 0.0) + besides.get(pair, 0.0)) for pair in pairs])


def _receipts(run: Run, found: Prices, pairs: list[tuple[str, str]]) -> dict[str, np.ndarray]:
    """Receipts of each plant (pair,)."""
    frame = market_table(run, "uplift")
    frame = frame[[str(u).partition(" ")[0] in PLANT_KINDS for u in frame["unit"]]] if len(frame) else frame
    out: dict[str, np.ndarray] = {}
    spot = _at_spot(run, found, pairs)
    for n, (rule, stage) in enumerate(pairs):
        mine = frame[(frame["rule"] == rule) & (frame["run"] == stage)] if len(frame) else frame
        if len(mine):
            amounts = (mine["revenue"].fillna(0.0) + mine["paid"].fillna(0.0)).groupby(mine["unit"].astype(str)).sum().to_dict()
        else:
            amounts = {unit: float(v[n]) for unit, v in spot.items()}
        for unit, amount in amounts.items():
            out.setdefault(unit, np.full(len(pairs), np.nan))[n] = amount
    return out


def _at_spot(run: Run, found: Prices, pairs: list[tuple[str, str]]) -> dict[str, np.ndarray]:
    """Output of each plant at the settled price of its bus, by pair (pair,); plants whose bus is not known are left out."""
    frame = market_table(run, "dispatch")
    if not len(frame):
        return {}
    home = {f"{k} {r[k]}": cell(r, "bus") for k in PLANT_KINDS for r in table(run, k).to_dict("records") if k in r}
    row = pd.Index(found.bus).get_indexer(frame["unit"].astype(str).map(home).fillna(""))
    at = found.period.get_indexer(pd.DatetimeIndex(frame["period"]))
    keep = (row >= 0) & (at >= 0) & frame["unit"].astype(str).str.partition(" ")[0].isin(list(PLANT_KINDS)).to_numpy()
    frame, row, at = frame[keep], row[keep], at[keep]
    unit, units = pd.factorize(frame["unit"].astype(str))
    total, settled = np.zeros((len(units), len(pairs))), found.cube("settled")
    for n, (rule, stage) in enumerate(pairs):
        mine = (frame["run"] == stage).to_numpy()
        price = settled[found.rules.index(rule), found.runs.index(stage)][row, at]
        np.add.at(total[:, n], unit[mine], np.nan_to_num(frame["mw"].to_numpy(float) * price * found.hours[at])[mine])
    return {str(u): total[i] for i, u in enumerate(units)}


def _summed(rows: list[tuple[Both, np.ndarray]]) -> list[tuple[Both, np.ndarray]]:
    """Rows of one name added up; what is unknown in all of them stays so."""
    out: dict[Both, list[np.ndarray]] = {}
    for name, v in rows:
        out.setdefault(name, []).append(v)
    return [(name, np.where(np.isnan(v).all(axis=0), np.nan, np.nansum(v, axis=0))) for name, v in ((n, np.array(vs)) for n, vs in out.items())]


def _known(rows: list[np.ndarray]) -> list[np.ndarray]:
    """Receipts that one rule does not name count as none: JSON has no nan."""
    return [np.nan_to_num(v) for v in rows]


def _figure(unit: str, group: str, count: int) -> dict:
    trace = {
        "type": "bar", "orientation": "h", "x": [], "y": [], "marker": {"color": ACCENT}, "textposition": "outside", "cliponaxis": False,
        "hovertemplate": f"%{{y}}<br>%{{x:,.3f}} {unit}<extra></extra>",
    }  # fmt: skip
    layout = {
        "bargap": 0.3, "xaxis": axis(unit), "showlegend": False, "meta": {"gain": ACCENT, "loss": ALARM, "top": TOP[group]},
        "yaxis": axis("", showgrid=False, zeroline=False, autorange="reversed", type="category", dtick=1),
    }  # fmt: skip
    return figure([trace], layout, height=90 + 27 * count, control={"kind": "two", "group": group})
