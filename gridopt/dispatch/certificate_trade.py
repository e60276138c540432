"""Certificate, trade: DC links, their contracts, and exchanges.

    least <= sent <= largest x profile while in service, else 0                                   dc_link.sent
    sent - received = loss by chords + artificial loss                                            dc_link.received
    0 <= artificial loss <= (steepest - flattest chord) x (sent - least)                          dc_link.artificial_loss
    |change of sent| <= 60 ramp Pn (h[t] + h[t-1]) / 2                                           dc_link.ramp
    bundled = min(sent, output of the link's own plants in the step), each plant once             dc_link.bundled
    Emin <= energy sent in the period <= Emax, both times the studied share of the period          dc_contract.energy
    bundled energy of the period >= share x energy sent                                           dc_contract.share
    agreed - import band <= export <= agreed + export band                                       exchange.export

The loss curve is l0 Pn + l1 s + l2 s2 / Pn; above least power it is replaced by CHORDS chords up to rated power. Where received
energy is worth nothing, a program with a column per chord may use steep ones first: what is lost more has to be reported.
"""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate_check import PERIOD, POWER, RELATIVE, Check, Evidence, outside

CHORDS = 4
DAY = np.timedelta64(86400, "s")


def check_trade(e: Evidence) -> list[Check]:
    """The checks named at the head of this file."""
    return [*_links(e), *_contracts(e), _exchanges(e)]


def _losses(e: Evidence, sent: np.ndarray, live: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Loss MW (n, T) at sent power by the chords (below least power: the curve), and what using them out of order may add."""
    rated, floor = (e.number("dc_link", f"power_{c}_mw") for c in ("max", "min"))
    l0, l1, l2 = (e.number("dc_link", f"loss_{c}_fraction") for c in ("no_load", "linear", "quadratic"))

    def curve(power):
        return l0 * rated + l1 * power + l2 * power**2 / np.where(rated > 0, rated, 1.0)

    loss = curve(sent)
    knots = floor + (rated - floor) * np.linspace(0.0, 1.0, CHORDS + 1)
    height = curve(knots)
    for d in range(len(loss)):
        loss[d] = np.where(sent[d] < floor[d, 0], loss[d], np.interp(sent[d], knots[d], height[d]))
    run = np.diff(knots, axis=1)
    slope = np.divide(np.diff(height, axis=1), run, out=np.zeros_like(run), where=run > 0)
    spread = (slope.max(axis=1, initial=0.0) - slope.min(axis=1, initial=np.inf))[:, None]
    return np.where(live, loss, 0.0), np.where(live, spread * np.maximum(sent - floor, 0.0), 0.0)


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
    loss, more = _losses(e, sent, live)
    artificial = e["dc_artificial_loss"]
    able = np.full(sent.shape, np.inf)
    both = live[:, 1:] & live[:, :-1]
    able[:, 1:] = np.where(both, e.number("dc_link", "ramp_fraction_per_min") * rated * 30.0 * (hours[1:] + hours[:-1]), np.inf)
    jump = np.abs(np.diff(sent, axis=1, prepend=sent[:, :1]))
    own = np.minimum(sent, bundle(e))
    return [
        e.judge("dc_link.sent", "MW", outside(sent, least, most), POWER, names),
        e.judge("dc_link.received", "MW", np.abs(sent - received - loss - artificial), POWER, names),
        e.judge("dc_link.artificial_loss", "MW", outside(artificial, 0.0, more), POWER, names),
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
