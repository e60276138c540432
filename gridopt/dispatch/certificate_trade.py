"""Certificate, trade: DC links, their contracts, and exchanges.

    least <= sent <= largest x profile while in service, else 0                                   dc_link.sent
    chord loss >= sent - received >= loss(sent) = l0 Pn + l1 s + l2 s2 / Pn                       dc_link.received
    |change of sent| <= 60 ramp Pn (h[t] + h[t-1]) / 2                                           dc_link.ramp
    bundled = min(sent, output of the link's own plants in the step), each plant once             dc_link.bundled
    Emin <= energy sent in the period <= Emax, both times the studied share of the period          dc_contract.energy
    bundled energy of the period >= share x energy sent                                           dc_contract.share
    agreed - import band <= export <= agreed + export band                                       exchange.export

The model replaces the quadratic by CHORDS chords between least and rated power, so the loss lies between curve and chord.
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate_check import PERIOD, POWER, RELATIVE, Check, Evidence, outside

CHORDS = 4
DAY = np.timedelta64(86400, "s")


def check_trade(e: Evidence) -> list[Check]:
    """The checks named at the head of this file."""
    return [*_links(e), *_contracts(e), _exchanges(e)]


def _loss_bounds(e: Evidence, sent: np.ndarray, live: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest loss MW (n, T) that sent power may have: the curve and its chords (below least power: the curve)."""
    table = e.case.table("dc_link")
    rated, floor, l0, l1, l2 = (e.number("dc_link", c) for c in ("power_max_mw", "power_min_mw", "loss_no_load_fraction",
                                                                 "loss_linear_fraction", "loss_quadratic_fraction"))  # fmt: skip

    def curve(power):
        return l0 * rated + l1 * power + l2 * power**2 / np.where(rated > 0, rated, 1.0)

    true, chord = np.where(live, curve(sent), 0.0), np.zeros(sent.shape)
    knots = floor + (rated - floor) * np.linspace(0.0, 1.0, CHORDS + 1)
    height = curve(knots)
    for d in range(len(table)):
        chord[d] = np.where(sent[d] < floor[d, 0], true[d], np.interp(sent[d], knots[d], height[d]))
    return true, np.where(live, np.maximum(chord, true), 0.0)


def bundle(e: Evidence) -> np.ndarray:
    """Output of the plants that count for each DC link MW (n, T), each plant once."""
    case, total = e.case, np.zeros(e["dc_sent"].shape)
    member = case.table("dc_bundle")["dc_link"]
    member = member[~member.index.duplicated()]
    for table, name in (("renewable", "renewable_output"), ("csp", "csp_output")):
        rows = case.table(table).index.get_indexer(member.index)
        for row, d in zip(rows, case.position("dc_link", member), strict=True):
            if row >= 0 and d >= 0:
                total[d] += e[name][row]
    return total


def _links(e: Evidence) -> list[Check]:
    case, table, hours = e.case, e.case.table("dc_link"), e.case.time.hours
    sent, received, names = e["dc_sent"], e["dc_received"], e.case.table("dc_link").index
    live = case.in_service("dc_link") > 0.5
    rated = e.number("dc_link", "power_max_mw")
    most = np.minimum(rated * case.series(table["max_profile"], 1.0), rated) * live
    least = np.minimum(e.number("dc_link", "power_min_mw") * live, most)
    low, high = _loss_bounds(e, sent, live)
    able = np.full(sent.shape, np.inf)
    both = live[:, 1:] & live[:, :-1]
    able[:, 1:] = np.where(both, e.number("dc_link", "ramp_fraction_per_min") * rated * 30.0 * (hours[1:] + hours[:-1]), np.inf)
    jump = np.abs(np.diff(sent, axis=1, prepend=sent[:, :1]))
    own = np.minimum(sent, bundle(e))
    return [
        e.judge("dc_link.sent", "MW", outside(sent, least, most), POWER, names),
        e.judge("dc_link.received", "MW", np.maximum(outside(sent - received, low, high), received - sent), POWER, names),
        e.judge("dc_link.ramp", "MW", jump - able, POWER, names),
        e.judge("dc_link.bundled", "MW", np.abs(e["dc_bundled"] - own), POWER, names),
    ]


def _contracts(e: Evidence) -> list[Check]:
    case, table, time = e.case, e.case.table("dc_contract"), e.case.time
    if not len(table):
        none = np.zeros(0)
        return [e.judge(f"dc_contract.{n}", "MWh", none, PERIOD, ()) for n in ("energy", "share")]
    first, last = (table[c].to_numpy("datetime64[s]") for c in ("start_date", "end_date"))
    weight = time.share_between(first, last + DAY) * time.hours
    link = case.position("dc_link", table["dc_link"])
    held = (weight * case.in_service("dc_link")[link]).sum(axis=1) > 0
    sent, green = e["dc_sent"], np.minimum(e["dc_sent"], bundle(e))
    energy, covered = ((weight * v[link]).sum(axis=1) for v in (sent, green))
    studied = weight.sum(axis=1) * 3600.0 / (last + DAY - first).astype(float)
    low, high = (table[f"energy_{c}_mwh"].to_numpy(float) * studied for c in ("min", "max"))
    wrong = np.fmax(np.fmax(low - energy, energy - high), 0.0)
    short = np.where(table["renewable_share_min"] > 0, table["renewable_share_min"] * energy - covered, 0.0)
    near = PERIOD + RELATIVE * np.abs(energy)
    return [
        e.judge("dc_contract.energy", "MWh", np.where(held, wrong, 0.0), near, table.index),
        e.judge("dc_contract.share", "MWh", np.where(held, short, 0.0), near, table.index),
    ]


def agreed(e: Evidence) -> np.ndarray:
    """Agreed export MW (n, T)."""
    case = e.case
    return case.series(case.table("exchange")["schedule"], 0.0) * e.number("exchange", "scale") * case.in_service("exchange")


def _exchanges(e: Evidence) -> Check:
    band = {c: e.number("exchange", f"{c}_flexible_mw") * e.case.in_service("exchange") for c in ("import", "export")}
    base = agreed(e)
    excess = outside(e["exchange_export"], base - band["import"], base + band["export"])
    return e.judge("exchange.export", "MW", excess, POWER + RELATIVE * np.abs(base), e.case.table("exchange").index)
