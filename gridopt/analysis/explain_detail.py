"""Everything that is to be said of one price, as plain data and as sentences."""

from __future__ import annotations

import numpy as np

from gridopt.analysis.explain_check import BOTH, check, reach, right_prices
from gridopt.analysis.explain_price import SEEN, SEEN_MW, Explanation, Terms

REACHES = ("ramp", "store", "budget", "time", "cost", "choice")
NETWORK = ("energy", "loss", "congestion")
MOST = 12
"""Decisions and plants in other periods that are named, those that weigh most."""
CHOSEN = {
    "lower": "the set of prices by which load pays least", "upper": "the set of prices by which load pays most",
    "mid": "the mean of those by which load pays least and most",
}  # fmt: skip
REASONS = {
    "ramp": "its ramp ties this period to another", "store": "what is stored or kept has a worth in another period",
    "budget": "a budget over several periods binds", "time": "a rule ties this period to another",
    "cost": "a cost that comes with it", "choice": "the rule that picks one price of several that are right",
}  # fmt: skip


def explain_one(found: Explanation, bus: int, t: int, settled: np.ndarray | None = None) -> dict:
    """The explanation of one price: terms, plants in other periods, decisions, how far it holds, a check by solving again, sentences."""
    case = found.dispatch.case
    terms = found.at(t, np.array([bus]), settled)
    held = reach(found, bus, t)
    low, high = right_prices(found, bus, t)
    document = {
        "bus": str(case.table("bus").index[bus]), "time": str(case.time.start[t])[:16], "period": t + 1,
        "selection": found.choice, "lmp": float(found.prices.price[bus, t]), "lowest_right": low, "highest_right": high,
        "settled": None if settled is None else float(settled[bus, t]),
        "marginal": _rows(terms, ("marginal",)), "reach": _rows(terms, REACHES), "elsewhere": _elsewhere(found, bus, t),
        "network": _rows(terms, NETWORK), "cap": _rows(terms, ("cap",)), "commitment": _decisions(found, t),
        "holds": {"down_mw": held.down, "up_mw": held.up, "ends_below": held.below, "ends_above": held.above},
    }  # fmt: skip
    done = check(found, bus, t, held)
    document["check"] = None if done is None else done._asdict()
    document["words"] = words(document)
    return _finite(document)


def _rows(terms: Terms, kinds: tuple[str, ...]) -> list[dict]:
    """Terms of some kinds, the largest first within a kind."""
    some = [k for kind in kinds for k in np.flatnonzero(terms.term == kind)[np.argsort(-np.abs(terms.contribution[terms.term == kind]))]]
    return [{f: getattr(terms, f)[k] for f in ("term", "source", "weight", "value", "contribution")} for k in some]


def _elsewhere(found: Explanation, bus: int, t: int) -> list[dict]:
    """Plants that give more or less in other periods for one more MW here, and what that costs."""
    moved, step = found.move(t, np.array([bus])), found.form.column_step[found.basis.columns]
    rows = []
    for s in np.unique(step[np.abs(moved[:, 0]) > SEEN_MW]):
        if s != t:
            element, more, cost = found.by_element(np.flatnonzero(step == s), moved)
            when = str(found.dispatch.case.time.start[s])[:16] if s >= 0 else "the whole run"
            rows += [
                {"source": found.names[e], "time": when, "mw": float(m), "cost": float(c)}
                for e, m, c in zip(element, more[:, 0], cost[:, 0], strict=True) if abs(m) > SEEN_MW or abs(c) > SEEN
            ]  # fmt: skip
    return sorted(rows, key=lambda r: -abs(r["cost"]))[:MOST]


def _decisions(found: Explanation, t: int) -> list[dict]:
    """Whole values of the period that are held though another would cost less by these prices: what being on costs beyond what it earns."""
    form = found.form
    some = form.integer[form.column_step[form.integer] == t]
    worth = (found.cost - form.matrix.T @ found.y)[some]
    held = np.round(found.x[some])
    against = np.flatnonzero(((held > 0.5) & (worth > SEEN)) | ((held < 0.5) & (worth < -SEEN)))
    order = against[np.argsort(-np.abs(worth[against]))][:MOST]
    return [{"source": found.names[found.label[some[k]]], "held_at": float(held[k]), "cost_of_one_more": float(worth[k])} for k in order]


def words(document: dict) -> list[str]:
    """The explanation as sentences."""
    lines = [f"The price at {document['bus']}, {document['time']}, is {document['lmp']:.2f} CNY/MWh."]
    lines.append("One more MW of load there would come from:" if document["marginal"] else "No plant can answer one more MW of load there.")
    for r in document["marginal"]:
        way = "more" if r["weight"] > 0 else "less"
        lines.append(f"  {abs(r['weight']):.4g} MW {way} from {r['source']} at {r['value']:.2f} CNY/MWh: {r['contribution']:+.2f}")
    lines += [f"  {source}: {amount:+.2f}, for {REASONS[term]}" for (term, source), amount in _together(document["reach"]).items()]
    for r in document["elsewhere"]:
        lines.append(f"  in other periods: {r['mw']:+.4g} MW from {r['source']} at {r['time']}, {r['cost']:+.2f} CNY")
    lines += _network_words(document["network"])
    for r in document["commitment"]:
        state = "is on though it costs" if r["held_at"] > 0.5 else "is off though being on would save"
        lines.append(f"{r['source']} {state} {abs(r['cost_of_one_more']):.2f} CNY at these prices: decisions are held, they set no price.")
    lines += cut_words(document)
    if document["highest_right"] - document["lowest_right"] > SEEN:
        lines.append(
            f"Any price from {_amount(document['lowest_right'])} to {_amount(document['highest_right'])} would be right here; the rule takes "
            f"{CHOSEN[document['selection']]}."
        )
    held = _held_words(document["holds"], "The same plants answer" if document["check"] is None else "It holds")
    return [*lines, held, _check_words(document["check"])]


def cut_words(document: dict) -> list[str]:
    """What floor or cap do to a price, if anything."""
    cut = document["settled"] is not None and abs(document["settled"] - document["lmp"]) > SEEN
    return [f"Floor or cap change it to {document['settled']:.2f} CNY/MWh for settlement."] if cut else []


def _together(rows: list[dict]) -> dict[tuple[str, str], float]:
    """Contributions of terms by (term, source), whatever the period they come from."""
    total: dict[tuple[str, str], float] = {}
    for r in rows:
        key = r["term"], r["source"].partition(" @ ")[0]
        total[key] = total.get(key, 0.0) + r["contribution"]
    return {k: v for k, v in total.items() if abs(v) > SEEN}


def _network_words(rows: list[dict]) -> list[str]:
    energy = next((r["value"] for r in rows if r["term"] == "energy"), 0.0)
    lines = [f"The mean price by load is {energy:.2f}; what the network adds at this bus:"] if len(rows) > 1 else []
    for r in rows:
        if r["term"] == "congestion":
            lines.append(
                f"  {r['source']} is full, {r['value']:+.2f} CNY a MW; a MW of load here changes its flow by {r['weight']:+.4f} MW against the "
                f"mean: {r['contribution']:+.2f}"
            )
        elif r["term"] == "loss":
            lines.append(f"  losses: {r['contribution']:+.2f}")
    return lines


def _held_words(held: dict, what: str) -> str:
    if not np.isfinite(held["down_mw"]) and not np.isfinite(held["up_mw"]):
        return f"{what} whatever the load there."
    if held["ends_above"] == BOTH:
        return "It lies between what a MW less saves and what a MW more costs."
    ends = [f"{n} at a limit" for n in (held["ends_below"], held["ends_above"])]
    return (
        f"{what} while load there changes by -{_amount(held['down_mw'])} ({ends[0] if held['ends_below'] else 'no end'}) to "
        f"+{_amount(held['up_mw'])} MW ({ends[1] if held['ends_above'] else 'no end'})."
    )


def _check_words(done: dict | None) -> str:
    if done is None:
        return "Not checked by solving again: with square costs a price holds at a point only."
    what = "agrees" if done["agrees"] else "does NOT agree"
    return f"Solved again with {done['delta']:+g} MW: cost {done['cost']:+.4f} CNY, by the price {done['expected']:+.4f}: {what}."


def _amount(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "no end"


def _finite(value):
    """Plain numbers for JSON; None where a number is not finite."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_finite(v) for v in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return bool(value) if isinstance(value, np.bool_) else value
