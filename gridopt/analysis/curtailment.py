"""Why was it curtailed? The curtailed power of every plant and step split by cause, from the duals of the dispatch.

What the energy of a plant at bus b could have been worth is V[t], the least cost of thermal output in service that may stop. The
price at b lies below V by a network part, named constraint by constraint, and a system part:

    N[k] = max(0, -mu[k] (H[k,b] - sum_j w[j] H[k,j]) / h),  k: binding branch or interface, w: load shares of the area  (U1)
           losses of all AC branches count as one k; of an interface that plants at b are members of by weights w: N = max -mu w / h   (U6)
    S = max(0, V - energy price of the area)                                                                             (U2)
    S is shared among what kept the area from using more energy, in proportion to rents (rents.py)                       (U3)
    what a plant holds for upward reserve it may not use: R = what one more MW of its room would save, per hour        (U5)
    share of a cause = its part / sum of parts; 'surplus' where all parts are 0, and for S where no rent is positive      (U4)

mu is a dual [CNY/MW over the step] signed as in prices, so N[k] is how far k pushes the price at b below the energy price.
Shares add up to 1 and belong to a bus and step: plants at one bus are curtailed for the same reasons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy.sparse as sp

from gridopt.analysis.contingencies import label
from gridopt.analysis.rents import NOISE, names, offers, rents
from gridopt.blocks import interface
from gridopt.case.topology import BRANCH_TABLES
from gridopt.dispatch.lmp import LOSSES as LOSS_BLOCKS
from gridopt.dispatch.lmp import Prices
from gridopt.dispatch.result import Dispatch

CURTAILED = 1e-9
"""MW; less is rounding."""
REPORTED = 1e-6
"""MW; less is left out of the hourly table."""
SURPLUS = ("surplus", "surplus", "System surplus", "全网过剩")
HELD = ("reserve_held", "reserve", "Held as upward reserve", "留作上备用")
LOSSES = ("losses", "network", "Network losses", "网损")
NETWORK = {"network.limit": ("branch", "network"), "contingency.limit": ("contingency", "contingency"),
           **dict.fromkeys(("interface.limit", "interface.forward", "interface.backward"), ("interface", "interface"))}  # fmt: skip


@dataclass(frozen=True)
class Causes:
    """Causes and their shares at K pairs (bus, step) with curtailment.

    names, kinds, labels, labels_zh: text (C,). bus, step: int (K,). share: sparse (C, K), 0..1, every column adds up to 1.
    """

    names: list[str]
    kinds: list[str]
    labels: list[str]
    labels_zh: list[str]
    bus: np.ndarray
    step: np.ndarray
    share: sp.csr_array

    def at(self, cause: str, buses: int, steps: int) -> np.ndarray:
        """Share of one cause (B, T); 0 where nothing is curtailed."""
        found = np.zeros((buses, steps))
        found[self.bus, self.step] = self.share[[self.names.index(cause)]].toarray()[0]
        return found


@dataclass
class _Parts:
    """Parts in CNY/MWh by cause: name -> [kind, label, label_zh, [pairs], [values]]."""

    found: dict = field(default_factory=dict)

    def add(self, name: str, kind: str, label: str, label_zh: str, pairs: np.ndarray, values: np.ndarray) -> None:
        keep = values > 0
        if keep.any():
            entry = self.found.setdefault(name, [kind, label, label_zh, [], []])
            entry[3].append(pairs[keep])
            entry[4].append(values[keep])

    def total(self, size: int) -> np.ndarray:
        """Sum over causes at each pair (K,)."""
        total = np.zeros(size)
        for *_, pairs, values in self.found.values():
            total += np.bincount(np.concatenate(pairs), np.concatenate(values), size)
        return total


def causes(dispatch: Dispatch, prices: Prices) -> Causes:
    """Shares by cause (U1) to (U6) wherever something is curtailed."""
    bus, step = _pairs(dispatch)
    parts = _Parts()
    _network_parts(dispatch, prices, bus, step, parts)
    _system_parts(dispatch, prices, bus, step, parts)
    _held_parts(dispatch, bus, step, parts)
    _member_parts(dispatch, bus, step, parts)
    total = parts.total(len(bus))
    rest = np.flatnonzero(total <= 0)
    parts.add(*SURPLUS, rest, np.ones(len(rest)))
    total[rest] = 1.0
    at = [np.concatenate(e[3]) for e in parts.found.values()]
    value = [np.concatenate(e[4]) / total[a] for e, a in zip(parts.found.values(), at, strict=True)]
    row = [np.full(len(a), c) for c, a in enumerate(at)]
    triplets = [np.concatenate([np.zeros(0, kind), *p]) for p, kind in ((value, float), (row, int), (at, int))]
    share = sp.csr_array((triplets[0], (triplets[1], triplets[2])), shape=(len(at), len(bus)))
    kinds, labels, labels_zh = ([e[i] for e in parts.found.values()] for i in range(3))
    return Causes(list(parts.found), kinds, labels, labels_zh, bus, step, share)


def reference(dispatch: Dispatch) -> np.ndarray:
    """V CNY/MWh (B, T): least cost of thermal output that may stop, in the area of each bus.

    Without any it is that of all thermal output in the area, else of thermal output anywhere, else 0.
    """
    case, grid = dispatch.case, dispatch.case.grid
    area = grid.root[:, grid.epoch]
    bus, cost, here, free = offers(dispatch)
    place = area[bus]
    steps = np.broadcast_to(np.arange(len(case.time)), cost.shape)
    worth = np.full(area.shape, np.inf)
    for some in (free, here):
        least = np.full(area.shape, np.inf)
        np.minimum.at(least, (place, steps), np.where(some, cost, np.inf))
        worth = np.where(np.isfinite(worth), worth, np.take_along_axis(least, area, axis=0))
    anywhere = np.where(here, cost, np.inf).min(axis=0, initial=np.inf)
    worth = np.where(np.isfinite(worth), worth, anywhere)
    return np.where(np.isfinite(worth), worth, 0.0)


def _pairs(dispatch: Dispatch) -> tuple[np.ndarray, np.ndarray]:
    """(bus, step) with curtailment, int (K,) each, by bus and step."""
    plant, step = np.nonzero(dispatch.quantities["renewable_curtailed"].values > CURTAILED)
    busy = np.zeros((len(dispatch.case.table("bus")), len(dispatch.case.time)), bool)
    busy[_bus(dispatch)[plant], step] = True
    bus, step = np.nonzero(busy)
    return bus, step


def _bus(dispatch: Dispatch) -> np.ndarray:
    return dispatch.case.position("bus", dispatch.case.table("renewable")["bus"])


def _network_parts(dispatch: Dispatch, prices: Prices, bus: np.ndarray, step: np.ndarray, parts: _Parts) -> None:
    """(U1) for every element that binds somewhere."""
    grid, hours = dispatch.case.grid, dispatch.case.time.hours
    root, epoch = grid.root[bus, grid.epoch[step]], grid.epoch[step]
    for part in dispatch.priced:
        text = [_constraint(dispatch, part.family, name) for name in part.labels]
        for e in np.unique(epoch):
            draw = dispatch.sensitivity(part, e)
            for area in np.unique(root[epoch == e]):
                pairs = np.flatnonzero((epoch == e) & (root == area))
                members = np.flatnonzero(grid.root[:, e] == area)
                t, b = step[pairs], bus[pairs]
                mean = draw[:, members] @ prices.weight[members]
                if part.family.split(".")[0] in LOSS_BLOCKS:
                    push = -np.einsum("kp,kp->p", part.dual[:, t], draw[:, b] - mean[:, t]) / hours[t]
                    parts.add(*LOSSES, pairs, np.where(push > NOISE, push, 0.0))
                    continue
                for i in np.flatnonzero(np.abs(draw[:, members]).max(axis=1) > 0):
                    push = -part.dual[i, t] * (draw[i, b] - mean[i, t]) / hours[t]
                    parts.add(*text[i], pairs, np.where(push > NOISE, push, 0.0))


def _constraint(dispatch: Dispatch, family: str, name) -> tuple[str, str, str, str]:
    """(cause, kind, label, label in Chinese) of a binding element."""
    prefix, kind = NETWORK.get(family, (family.split(".")[0], "network"))
    if prefix == "contingency":
        return f"{prefix}:{name[1]}|{name[0]}", kind, *label(dispatch, *name)
    tables = ("interface",) if prefix == "interface" else BRANCH_TABLES
    for table in (dispatch.case.table(t) for t in tables):
        if name in table.index:
            return f"{prefix}:{name}", kind, *names(table, table.index.get_loc(name))
    return f"{prefix}:{name}", kind, str(name), str(name)


def _system_parts(dispatch: Dispatch, prices: Prices, bus: np.ndarray, step: np.ndarray, parts: _Parts) -> None:
    """(U2) and (U3)."""
    gap = reference(dispatch)[bus, step] - prices.energy[bus, step]
    pairs = np.flatnonzero(gap > NOISE)
    gap, b, t = gap[pairs], bus[pairs], step[pairs]
    found = [(r, _in_area(dispatch, r.bus, r.value)[b, t]) for r in rents(dispatch, prices.price)] if len(pairs) else []
    total = np.sum([v for _, v in found], axis=0) if found else np.zeros(len(pairs))
    paid = total > 0
    for r, value in found:
        parts.add(r.name, r.kind, r.label, r.label_zh, pairs[paid], gap[paid] * value[paid] / total[paid])
    parts.add(*SURPLUS, pairs[~paid], gap[~paid])


def _held_parts(dispatch: Dispatch, bus: np.ndarray, step: np.ndarray, parts: _Parts) -> None:
    """(U5), of the plant at a bus whose room is worth most."""
    for family in dispatch.model.builder.row_families:
        if family.name == "headroom.up_renewable":
            worth = np.zeros((len(dispatch.case.table("bus")), len(dispatch.case.time)))
            at = _bus(dispatch)[dispatch.case.position("renewable", family.over["renewable"].tolist())]
            np.maximum.at(worth, at, -dispatch.values.dual(family.name) / dispatch.case.time.hours)
            parts.add(*HELD, np.arange(len(bus)), np.where(worth[bus, step] > NOISE, worth[bus, step], 0.0))


def _member_parts(dispatch: Dispatch, bus: np.ndarray, step: np.ndarray, parts: _Parts) -> None:
    """(U6), of the plant at a bus that counts for most."""
    case, weight = dispatch.case, interface.members(dispatch.case)[1].get("renewable")
    if weight is None:
        return
    for i in np.unique(weight.nonzero()[0]):
        worth = np.zeros((len(case.table("bus")), len(case.time)))
        push = -dispatch.interface_dual[i] / case.time.hours
        np.maximum.at(worth, _bus(dispatch), weight[[i]].toarray()[0][:, None] * push)
        text = _constraint(dispatch, "interface.limit", case.table("interface").index[i])
        parts.add(*text, np.arange(len(bus)), np.where(worth[bus, step] > NOISE, worth[bus, step], 0.0))


def _in_area(dispatch: Dispatch, bus: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Sum over the area of each bus (B, T) of values (n, T) at buses (n,)."""
    grid = dispatch.case.grid
    area = grid.root[:, grid.epoch]
    total = np.zeros(area.shape)
    np.add.at(total, (area[bus], np.broadcast_to(np.arange(area.shape[1]), value.shape)), value)
    return np.take_along_axis(total, area, axis=0)


def _entries(dispatch: Dispatch, causes: Causes) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(plant, step, pair, MW) of everything curtailed, (M,) each."""
    curtailed = dispatch.quantities["renewable_curtailed"].values
    pair = np.full((len(dispatch.case.table("bus")), len(dispatch.case.time)), -1)
    pair[causes.bus, causes.step] = np.arange(len(causes.bus))
    plant, step = np.nonzero(curtailed > CURTAILED)
    return plant, step, pair[_bus(dispatch)[plant], step], curtailed[plant, step]


def by_plant(dispatch: Dispatch, causes: Causes) -> pd.DataFrame:
    """Table curtailment_by_cause: curtailed_mwh by plant and cause."""
    plant, step, pair, mw = _entries(dispatch, causes)
    table = dispatch.case.table("renewable")
    energy = sp.csr_array((mw * dispatch.case.time.hours[step], (plant, pair)), shape=(len(table), len(causes.bus)))
    split = sp.coo_array(energy @ causes.share.T)
    order = np.lexsort((split.coords[1], split.coords[0]))
    p, c = (x[order] for x in split.coords)
    words = {"cause": causes.names, "cause_name": causes.labels, "cause_zh": causes.labels_zh, "kind": causes.kinds}
    text = {name: np.array(values, dtype=object)[c] for name, values in words.items()}
    plants = {"renewable": table.index.to_numpy(object)[p], **{n: table[n].to_numpy(object)[p] for n in ("bus", "technology")}}
    return pd.DataFrame(plants | text | {"curtailed_mwh": split.data[order]})


def totals(dispatch: Dispatch, causes: Causes) -> dict[str, float]:
    """Curtailed MWh by cause, largest first."""
    _, step, pair, mw = _entries(dispatch, causes)
    energy = np.bincount(pair, mw * dispatch.case.time.hours[step], len(causes.bus))
    found = dict(zip(causes.names, (causes.share @ energy).tolist(), strict=True))
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def hourly(dispatch: Dispatch, causes: Causes) -> pd.DataFrame:
    """Table curtailment_cause_hourly: renewable, time, cause, mw (above 1e-6), by cause, plant and time.

    Names are categories: the table is long.
    """
    plant, step, pair, mw = _entries(dispatch, causes)
    found = []
    for i in range(len(causes.names)):
        part = mw * causes.share[[i]].toarray()[0][pair]
        some = np.flatnonzero(part > REPORTED)
        found.append((plant[some].astype(np.int32), step[some].astype(np.int32), np.full(len(some), i, np.int16), part[some]))
    found = found or [(np.zeros(0, int), np.zeros(0, int), np.zeros(0, int), np.zeros(0))]
    p, t, c, v = (np.concatenate(x) for x in zip(*found, strict=True))
    return pd.DataFrame({
        "renewable": pd.Categorical.from_codes(p, dispatch.case.table("renewable").index),
        "time": dispatch.case.time.start[t],
        "cause": pd.Categorical.from_codes(c, causes.names),
        "mw": v,
    })  # fmt: skip


class CauseArrays(Mapping):
    """cause -> curtailed MW (renewable, T), made when asked for."""

    def __init__(self, dispatch: Dispatch, causes: Causes):
        self._causes, self._shape = causes, dispatch.quantities["renewable_curtailed"].values.shape
        self._plant, self._step, self._pair, self._mw = _entries(dispatch, causes)

    def __getitem__(self, cause: str) -> np.ndarray:
        found = np.zeros(self._shape)
        if cause not in self._causes.names:
            raise KeyError(cause)
        found[self._plant, self._step] = self._mw * self._causes.share[[self._causes.names.index(cause)]].toarray()[0][self._pair]
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._causes.names)

    def __len__(self) -> int:
        return len(self._causes.names)


def as_arrays(dispatch: Dispatch, causes: Causes) -> CauseArrays:
    """For the certificate."""
    return CauseArrays(dispatch, causes)
