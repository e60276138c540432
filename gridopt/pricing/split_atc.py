"""split_atc: zones that trade with each other up to what is available on their borders (market splitting).

    zone z balanced with its exchanges;   -back <= exchange <= ATC on every border; nothing else of the network limits  (R1)
    price of a bus = marginal price of its zone;   rent of a border = exchange x difference of the prices               (R2)

Participants are paid for the schedule of (R1). Where the network does not carry it, redispatch follows; what it costs is `change`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridopt.case.case import Case
from gridopt.case.check import CaseError, nearest
from gridopt.case.pricing_options import USUAL, SplitAtc
from gridopt.dispatch.lmp import Prices, elsewhere
from gridopt.dispatch.other_network import clear, zonal, zones_of
from gridopt.dispatch.redispatch import redispatched
from gridopt.dispatch.result import Dispatch


def price(case: Case, dispatch: Dispatch, options: SplitAtc = USUAL.split_atc) -> Prices:
    """Prices (R2). Raises CaseError for borders of zones that are not there, given twice, or missing altogether."""
    pairs = _pairs(case, options)
    limits = np.array([[b.mw if b.back_mw is None else b.back_mw, b.mw] for b in options.borders]).reshape(-1, 2)
    back, most = (np.repeat(limits[:, [side]], len(case.time), axis=1) for side in (0, 1))
    network = zonal(case, pairs, back, most)
    found = clear(dispatch, network, options.selection)
    _, zone = zones_of(case)
    of_zone = np.array([found.price[np.flatnonzero(zone == z)[0]] for z in range(zone.max() + 1)])
    gain = [of_zone[b] - of_zone[a] for a, b in pairs]
    exchanges = tuple(zip(network.names, found.exchange, gain, strict=True))
    limit = np.where(np.array(gain).reshape(back.shape) < 0, -back, most)
    margins = tuple(zip(network.names, found.exchange, limit, gain, strict=True))
    change = redispatched(dispatch, found.schedule, options.redispatch)
    prices = elsewhere(dispatch, found.price, found.people, found.dual)
    return replace(prices, schedule=found.schedule, settled=True, change=change, exchanges=exchanges, margins=margins)


def _pairs(case: Case, options: SplitAtc) -> list[tuple[int, int]]:
    """Zones of each border."""
    names, _ = zones_of(case)
    faults: list[str] = []
    seen: set[frozenset] = set()
    if len(names) > 1 and not options.borders:
        faults.append(f"rule split_atc: no zone trades with another ({', '.join(names)}). Give key 'pricing.split_atc.borders'.")
    for n, border in enumerate(options.borders):
        where = f"key 'pricing.split_atc.borders', border {n + 1}"
        for zone in (border.from_zone, border.to_zone):
            if zone not in names:
                faults.append(f"{where}: '{zone}' is not a zone of the buses{nearest(zone, names)} Zones: {', '.join(names)}.")
        pair = frozenset((border.from_zone, border.to_zone))
        if len(pair) < 2 or pair in seen:
            faults.append(f"{where}: {border.from_zone}-{border.to_zone} is {'no border' if len(pair) < 2 else 'given twice'}. Remove it.")
        seen.add(pair)
    if faults:
        raise CaseError(faults)
    return [(names.index(b.from_zone), names.index(b.to_zone)) for b in options.borders]
