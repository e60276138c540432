"""split_fb: zones that trade up to the margins of the branches (flow-based market coupling).

    zPTDF[l,z] = sum_b PTDF[l,b] GSK[b,z]     GSK: shares of the buses of z in a change of its position, adding up to 1       (R1)
    RAM[l] = F[l] - FRM[l] - (f0[l] - sum_z zPTDF[l,z] N0[z]),   N: net position of a zone, f0, N0: of the base schedule       (R2)
    sum_z zPTDF[l,z] N[z] <= RAM[l], both ways;   sum_z N[z] = 0                                                              (R3)
    price of zone z = energy - sum_l mu[l] zPTDF[l,z]                                                                         (R4)

Branches that no trade between zones loads by as much as `least_effect` are not watched. Sections of AC branches are watched as branches
are. Participants are paid for the schedule of (R3); flows of it may break the limits of the network, for a GSK is a guess; redispatch
follows.
Source: JAO, Core flow-based capacity calculation; van den Bergh, Boury and Delarue, The flow-based market coupling, 2016.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from gridopt.blocks import interface
from gridopt.case.case import Case
from gridopt.case.check import CaseError, nearest
from gridopt.case.pricing_options import USUAL, SplitFb
from gridopt.dispatch.lmp import Prices, elsewhere
from gridopt.dispatch.lmp import price as nodal
from gridopt.dispatch.market_run import MarketRun
from gridopt.dispatch.other_network import Cleared, Network, clear, zones_of
from gridopt.dispatch.redispatch import redispatched
from gridopt.dispatch.result import Dispatch
from gridopt.program.solution import Infeasible


def price(case: Case, dispatch: Dispatch, options: SplitFb = USUAL.split_fb) -> Prices:
    """Prices (R4). Raises CaseError for names that are not there and zones without shares."""
    base = clear(dispatch, None).schedule if options.base == "smp" else dispatch
    names, zone = zones_of(case)
    member = np.arange(len(names))[:, None] == zone
    share = _shares(case, base, options, names, zone)
    network, watched, of = _margins(case, base, options, member, share)
    try:
        found = clear(dispatch, network, options.selection)
    except Infeasible:
        rule = "no positions of the zones keep to the margins of the branches, for the base schedule loads some beyond what trade can relieve"
        raise CaseError([f"rule split_fb: {rule}. Choose another base or gsk, or fewer elements, under 'pricing.split_fb'."]) from None
    change = redispatched(dispatch, found.schedule, options.redispatch)
    prices = elsewhere(dispatch, found.price, found.people, found.dual)
    position = np.where(member[:, :, None], found.schedule.injection[None], 0.0).sum(axis=1)
    of_zone = np.array([found.price[np.flatnonzero(m)[0]] for m in member])
    exchanges = tuple((f"{n} net", position[z], -of_zone[z]) for z, n in enumerate(names))
    margins = _priced(case, found, network, watched, of)
    return replace(prices, schedule=found.schedule, settled=True, change=change, exchanges=exchanges, margins=margins)


def _shares(case: Case, base: Dispatch, options: SplitFb, names: list[str], zone: np.ndarray) -> np.ndarray:
    """GSK (B, T), adding up to 1 in each zone. A bus alone is its zone; in a zone without capacity all buses count alike."""
    bus = case.table("bus").index
    run = MarketRun.of(base, nodal(base), "DA")
    weight = np.zeros((len(bus), len(case.time)))
    if options.gsk == "fixed":
        wrong = [n for n in options.keys if n not in bus]
        if wrong:
            raise CaseError([f"key 'pricing.split_fb.keys': '{n}' is not a bus{nearest(n, bus)} Correct it." for n in wrong])
        weight += np.array([options.keys.get(str(b), 0.0) for b in bus])[:, None]
    elif options.gsk == "flat":
        weight += 1.0
    else:
        np.add.at(weight, run.plant_bus, np.maximum(run.available if options.gsk == "capacity" else run.output, 0.0))
    total = np.zeros((len(names), len(case.time)))
    np.add.at(total, zone, weight)
    size = np.bincount(zone)
    alike = (total <= 0) & ((size == 1) | (options.gsk == "capacity"))[:, None]
    weight, total = np.where(alike[zone], 1.0, weight), np.where(alike, size[:, None], total)
    empty = (total <= 0).any(axis=1)
    if empty.any():
        cure = "Give other shares (gsk: flat)."
        raise CaseError([f"rule split_fb: zone '{n}' has no share by '{options.gsk}' in some period. {cure}" for n in np.array(names)[empty]])
    return weight / total[zone]


def _margins(
    case: Case, base: Dispatch, options: SplitFb, member: np.ndarray, share: np.ndarray
) -> tuple[Network, list[str], np.ndarray]:
    """(R3) as rows on injections: the balance of each area, then every branch and section that is watched; names of these, and which of them
    each row is, int (k,), -1 for a balance."""
    weights, step, low, high, of = [], [], [], [], []
    roots = case.grid.root[:, case.grid.epoch]
    watched, lower, upper, names = _watched(case, base, options)
    for t in range(len(case.time)):
        area = (np.unique(roots[:, t])[:, None] == roots[:, t]).astype(float)
        sensitivity = case.grid.sensitivity(watched, np.arange(watched.shape[0]), case.grid.epoch[t])
        by_zone = (sensitivity * share[:, t]) @ member.T.astype(float)
        row = by_zone @ member
        margin = np.asarray(watched @ base.flow[:, t]) - row @ base.injection[:, t]
        limited = (np.isfinite(lower[:, t]) | np.isfinite(upper[:, t])) & (np.ptp(by_zone, axis=1) >= max(options.least_effect, 1e-9))
        weights += [area, row[limited]]
        low += [np.zeros(len(area)), (lower[:, t] - margin)[limited]]
        high += [np.zeros(len(area)), (upper[:, t] - margin)[limited]]
        step.append(np.full(len(area) + int(limited.sum()), t))
        of += [np.full(len(area), -1), np.flatnonzero(limited)]
    none = np.zeros((0, len(case.time)))
    rows = np.concatenate(weights)
    network = Network(rows, np.zeros((len(rows), 0)), np.concatenate(step), np.concatenate(low), np.concatenate(high), [], none, none)
    return network, names, np.concatenate(of)


def _priced(case: Case, found: Cleared, network: Network, names: list[str], of: np.ndarray) -> tuple:
    """Margins that have a price, as of (R4): what positions take of each, limit and price by period."""
    mu = -found.row_dual / case.time.hours[network.step]
    taken = (network.weights * found.schedule.injection.T[network.step]).sum(axis=1)
    limit, out = np.where(mu < 0, network.low, network.high), []
    for one in np.unique(of[(of >= 0) & (mu != 0)]):
        mine = of == one
        by_step = np.zeros((3, len(case.time)))
        by_step[:, network.step[mine]] = taken[mine], limit[mine], mu[mine]
        out.append((f"{names[one]} margin", *by_step))
    return tuple(out)


def _watched(case: Case, base: Dispatch, options: SplitFb) -> tuple[sp.csr_array, np.ndarray, np.ndarray, list[str]]:
    """Branches and sections as sums of branches (k, L), their limits less FRM (k, T) and their names."""
    ids = case.grid.branches.ids
    weights, lower, upper = [sp.eye_array(len(ids), format="csr")], [case.grid.lower], [case.grid.upper]
    names = [str(i) for i in ids]
    if len(case.table("interface")):
        ac, own = interface.members(case)
        pure = np.flatnonzero(~np.any([np.abs(w).sum(axis=1) > 0 for w in own.values()], axis=0)) if own else np.arange(ac.shape[0])
        back, forth = base.interface_limits
        weights.append(sp.csr_array(ac)[pure])
        lower.append(back[pure])
        upper.append(forth[pure])
        names += [str(i) for i in case.table("interface").index[pure]]
    wrong = [e for e in options.elements if e not in names]
    if wrong:
        raise CaseError([f"key 'pricing.split_fb.elements': '{e}' is no branch or section{nearest(e, names)} Correct it." for e in wrong])
    some = np.flatnonzero([not options.elements or n in options.elements for n in names])
    low, high = np.concatenate(lower)[some], np.concatenate(upper)[some]
    margin = [options.frm_mw + options.frm_share * np.where(np.isfinite(v), np.abs(v), 0.0) for v in (low, high)]
    return sp.csr_array(sp.vstack(weights, format="csr"))[some], low + margin[0], high - margin[1], [names[i] for i in some]
