"""Branches one by one: the most loaded with limit and shadow price, and those that lose most."""

from __future__ import annotations

import numpy as np

from gridopt.report.folder import Run, cell, names, table, values
from gridopt.report.text import WORDS, Both

MOST_ROWS = 20
WORTH = 1e-6
"""Shadow price [money/MWh] above which a limit binds."""


def branch_names(run: Run, ids: list[str]) -> list[Both]:
    """Name of each branch; one that only repeats an id is told with the buses at its ends: '6 (4 – 5)'."""
    ends = run.once("branch ends", lambda: _ends(run))
    out = []
    for key, both in zip(ids, names(run, "branch", ids), strict=True):
        if both[0] == key and key in ends:
            a, b = names(run, "bus", list(ends[key]))
            both = (f"{both[0]} ({a[0]} – {b[0]})", f"{both[1]}（{a[1]}—{b[1]}）")
        out.append(both)
    return out


def loaded(run: Run) -> list[dict]:
    """Branches with a limit by their highest loading: flow and limit then, hours at the limit, highest shadow price."""
    flow, limit, shadow = (values(run, name) for name in ("flow", "flow_limit", "branch_shadow_price"))
    if flow is None or limit is None:
        return []
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(limit[1] > 0, np.abs(flow[1]) / limit[1], np.nan)
    share = np.where(np.isfinite(share), share, -1.0)
    peak = share.argmax(1)
    top = share[np.arange(len(share)), peak]
    order = [i for i in np.lexsort((np.arange(len(top)), -top))[:MOST_ROWS] if top[i] >= 0]
    kind = run.once("branch kinds", lambda: _column(run, "kind"))
    rows = []
    for i, both in zip(order, branch_names(run, [flow[0][i] for i in order]), strict=True):
        worth = np.nan_to_num(shadow[1][i]) if shadow is not None else np.zeros(1)
        word = kind.get(flow[0][i], "branch")
        rows.append(
            {
                "name": both,
                "kind": WORDS.get(f"kind_{word}", (word, word)),
                "flow": float(flow[1][i, peak[i]]),
                "limit": float(limit[1][i, peak[i]]),
                "loading": float(top[i]),
                "hours": float((worth > WORTH) @ run.hours) if shadow is not None else None,
                "shadow": float(worth.max()),
                "when": run.time[peak[i]].strftime("%Y-%m-%d %H:%M"),
            }
        )
    return rows


def losses(run: Run) -> dict | None:
    """{mwh, share (of the load), artificial, rows}: branches by energy lost; None where the run has no losses of branches."""
    found, load = values(run, "branch_loss"), values(run, "load")
    if found is None:
        return None
    lost, flow, extra = found[1].astype(float) @ run.hours, values(run, "flow"), values(run, "branch_artificial_loss")
    through = dict(zip(flow[0], np.abs(flow[1].astype(float)) @ run.hours, strict=True)) if flow else {}
    used = float((load[1].astype(float) @ run.hours).sum()) if load else 0.0
    order = [i for i in np.lexsort((np.arange(len(lost)), -lost))[:MOST_ROWS] if lost[i] > 1e-6]
    rows = [
        {"name": both, "mwh": float(lost[i]), "through": passed, "share": float(lost[i]) / passed if passed > 1e-6 else None}
        for i, both in zip(order, branch_names(run, [found[0][i] for i in order]), strict=True)
        for passed in (float(through.get(found[0][i], 0.0)),)
    ]
    return {
        "mwh": float(lost.sum()),
        "share": float(lost.sum()) / used if used > 0 else None,
        "artificial": float((extra[1].astype(float) @ run.hours).sum()) if extra is not None else 0.0,
        "rows": rows,
    }


def _ends(run: Run) -> dict[str, tuple[str, str]]:
    frame = table(run, "branch")
    if not {"branch", "from_bus", "to_bus"} <= set(frame.columns):
        return {}
    return {str(k): (str(a), str(b)) for k, a, b in zip(frame.branch, frame.from_bus, frame.to_bus, strict=True)}


def _column(run: Run, column: str) -> dict[str, str]:
    frame = table(run, "branch")
    return {str(r["branch"]): cell(r, column) for r in frame.to_dict("records")} if {"branch", column} <= set(frame.columns) else {}
