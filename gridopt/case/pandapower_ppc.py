"""What pandapower's own conversion for `rundcopp` made of a net, as arrays of `ppc_arrays.py` with pandapower's names.

Ids: a bus by its index in pandapower, all others by element and index: 'gen 3', 'line 5', 'trafo3w 0 hv'. Buses fused by closed switches
are one bus to the conversion; each is kept and joined to the first by a branch 'fused' that carries nothing, so its price is found.

DC lines, as rundcopp treats them, p received at one end and S sent at the other, loss_percent l, loss_mw L:

    S = (1 + l/100) p + L,  hence  loss = (l/100 S + L) / (1 + l/100),   L <= S <= max_p_mw                              (P1)

(rundcopp of pandapower 3.5 takes L as per unit of sn_mva; here it is MW, as its documentation says). Where p_mw is not positive, the line
sends from its to_bus, and the cost, which is that of the power taken at from_bus, is earned.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gridopt.case.ppc_arrays import BRANCH, COST, GEN, HEADER, USED, Ppc
from gridopt.case.ppc_costs import POLYNOMIAL

BUS_COLUMNS = ("bus", "from_bus", "to_bus", "hv_bus", "mv_bus", "lv_bus")
ELEMENTS = (
    "bus", "load", "sgen", "motor", "asymmetric_load", "asymmetric_sgen", "storage", "gen", "ext_grid", "shunt", "ward", "xward", "line",
    "trafo", "trafo3w", "impedance", "switch", "dcline", "poly_cost", "pwl_cost",
)  # fmt: skip
UNSUPPORTED = ("tcsc", "svc", "ssc", "vsc", "vsc_stacked", "vsc_bipolar", "line_dc", "source_dc", "load_dc", "bus_dc", "b2b_vsc")
"""Elements that the DC-OPF of pandapower does not know."""
UNLIKE_TECHNOLOGY = ("", "none", "nan", "sync", "async", "wye", "delta", "current_source", "motor")
"""Words in the column `type` that say how a machine is built, not what it runs on."""


def count(net: Any) -> dict[str, int]:
    """Rows of the net by element."""
    return {name: len(net[name]) for name in ELEMENTS if name in net and len(net[name])}


def faults(net: Any, file: str) -> list[str]:
    """What the conversion would stumble over: elements it does not know, elements at buses that are not there."""
    said = [
        f"{file}: net.{t} has {len(net[t])} elements, which pandapower's DC-OPF does not know. Remove them or put lines or gens."
        for t in UNSUPPORTED
        if t in net and isinstance(net[t], pd.DataFrame) and len(net[t])
    ]
    if not len(net["bus"]):
        said.append(f"{file}: net.bus is empty. Give a net with buses.")
    for name in ELEMENTS[1:]:
        if name not in net:
            continue
        frame = net[name]
        for column in (c for c in BUS_COLUMNS if c in frame):
            lost = frame.index[~frame[column].isin(net["bus"].index)]
            said += [f"{file}: net.{name} {i}, {column}: '{frame.at[i, column]}' is not a bus. Correct it or add the bus." for i in lost]
    return said


def arrays(net: Any, ppci: dict[str, Any], lines: int, file: str) -> Ppc:
    """Arrays of the conversion `ppci`; the last 2 `lines` rows of net.gen stand for DC lines and are not generators."""
    buses = _numbers(ppci, "bus")
    first = _first_bus(net, len(buses))
    bus_id = np.array([str(i) for i in first], object)
    aux = np.flatnonzero(first < 0)
    bus_id[aux] = [f"aux {k + 1}" for k in range(len(aux))]
    rows, gen_id = _generators(net, ppci, lines)
    branch_id = _branch_ids(net)[np.asarray(ppci["internal"]["branch_is"], bool)]
    branch = _numbers(ppci, "branch")
    branch[:, BRANCH.rate_a] = np.nan_to_num(branch[:, BRANCH.rate_a], nan=0.0)  # a line without max_loading_percent
    branch[:, [BRANCH.rate_b, BRANCH.rate_c]] = 0.0  # the conversion puts 250 MVA everywhere
    gen = _numbers(ppci, "gen")[rows]
    limits = [GEN.most, GEN.least]
    gen[:, limits] = gen[:, limits].round(9)  # rundcopp widens limits by 1e-10
    cost = ppci["gencost"][: len(ppci["gen"])][rows]
    bare = (cost[:, COST.model] == POLYNOMIAL) & (cost[:, COST.size] == 0)
    cost[bare, COST.size] = 1  # elements without a cost: the constant 0
    ids = {"bus": bus_id, "gen": gen_id, "branch": branch_id, "gencost": gen_id}

    def place(matrix: str, row: int) -> str:
        return f"{file}, net.{'bus ' if matrix == 'bus' else ''}{ids[matrix][row]}" if matrix in ids and len(ids[matrix]) else f"{file}"

    return Ppc(
        float(ppci["baseMVA"]), buses, gen, branch, cost, place, bus_id, gen_id, branch_id,
        bus_name=_of(net["bus"], "name", first), gen_name=[_word(net, g, "name") for g in gen_id],
        technology=[_technology(net, g) for g in gen_id],
    )  # fmt: skip


def _numbers(ppci: dict[str, Any], matrix: str) -> np.ndarray:
    """The columns of MATPOWER's layout, real; what is not used may be missing in a net."""
    real = np.real(ppci[matrix]).astype(float)[:, : len(HEADER[matrix])]
    other = np.setdiff1d(np.arange(real.shape[1]), USED[matrix])
    real[:, other] = np.nan_to_num(real[:, other], nan=0.0)
    real[:, [0, 1] if matrix == "branch" else [0]] += 1.0  # numbers of buses: pandapower counts from 0
    return real


def _first_bus(net: Any, size: int) -> np.ndarray:
    """Least index of pandapower's buses that became each row of ppci, int (size,); -1 for auxiliary buses."""
    first = np.full(size, -1)
    for i in sorted(net["bus"].index, reverse=True):
        row = net["_pd2ppc_lookups"]["bus"][i]
        if 0 <= row < size and net["bus"].at[i, "in_service"]:
            first[row] = i
    return first


def _of(frame: pd.DataFrame, column: str, index: np.ndarray) -> list[str]:
    """Texts of a column by index, '' where there is none."""
    if column not in frame:
        return [""] * len(index)
    given = frame[column].reindex(index)
    return ["" if v is None or v != v else str(v) for v in given]


def _generators(net: Any, ppci: dict[str, Any], lines: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of ppci's gen that are generators, int, and their ids."""
    ids = np.full(len(ppci["internal"]["gen_is"]), "", object)
    for name, (start, end) in net["_gen_order"].items():
        element = name.removesuffix("_controllable")
        frame = net[element]
        index = frame.index[np.asarray(net["_is_elements"][name], bool)]
        real = frame.index[: len(frame) - 2 * lines] if element == "gen" else frame.index
        ids[start:end] = [f"{element} {i}" if i in real else "" for i in index]
    ids = ids[np.asarray(ppci["internal"]["gen_is"], bool)]
    rows = np.flatnonzero(ids != "")
    return rows, ids[rows]


def _branch_ids(net: Any) -> np.ndarray:
    """Ids of all rows of the conversion's branches, in service or not."""
    places = net["_pd2ppc_lookups"]["branch"]
    ids = np.full(max((end for _, end in places.values()), default=0), "", object)
    for name, (start, end) in places.items():
        if name == "trafo3w":
            ids[start:end] = [f"trafo3w {i} {side}" for side in ("hv", "mv", "lv") for i in net["trafo3w"].index]
        else:
            frame = net[name] if name != "switch" else pd.DataFrame(index=range(end - start))
            ids[start:end] = [f"{name} {i}" for i in frame.index]
    return ids


def _word(net: Any, identifier: str, column: str) -> str:
    element, index = identifier.split()[:2]
    return _of(net[element], column, np.array([int(index)]))[0]


def _technology(net: Any, identifier: str) -> str:
    element = identifier.split()[0]
    word = _word(net, identifier, "type").strip()
    if word.lower() not in UNLIKE_TECHNOLOGY:
        return word
    return {"ext_grid": "external grid", "load": "dispatchable load", "storage": "storage"}.get(element, "other")


def fused(net: Any, ppc: Ppc) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of bus and ac_branch for the buses that closed switches made one with another."""
    size, first = len(ppc.bus), dict(enumerate(ppc.bus_id))
    lookup = net["_pd2ppc_lookups"]["bus"]
    index = [i for i in net["bus"].index[net["bus"]["in_service"].astype(bool)] if 0 <= lookup[i] < size]
    more = [i for i in index if first[lookup[i]] != str(i)]
    ids, leader = [str(i) for i in more], [first[lookup[i]] for i in more]
    return pd.DataFrame({"bus": ids, "name": _of(net["bus"], "name", np.array(more, int)), "surplus_allowed": "false"}), pd.DataFrame(
        {
            "ac_branch": [f"fused {i}" for i in ids],
            "from_bus": leader,
            "to_bus": ids,
            "base_mva": ppc.base_mva,
            "resistance_pu": 0.0,
            "reactance_pu": 1e-3,
            "charging_pu": 0.0,
            "tap_ratio": 1.0,
            "shift_deg": 0.0,
        }
    )


def dc_links(net: Any, ppci: dict[str, Any], lines: pd.DataFrame, alive: set[str], file: str) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Rows of dc_link (P1), sentences, faults. `lines`: net.dcline as it was; `alive`: ids of the buses in service."""
    rows, said, wrong = [], [], []
    order, costed = net["_gen_order"].get("gen", (0, 0))[0], len(net["poly_cost"]) + len(net["pwl_cost"]) > 0
    here = np.asarray(net["_is_elements"]["gen"], bool)
    for k, (i, line) in enumerate(lines.iterrows()):
        ends = [str(line["from_bus"]), str(line["to_bus"])]
        if not line["in_service"] or not set(ends) <= alive:
            said.append(f"Left out as out of service: dcline {i}.")
            continue
        # The second generator of the pair, at from_bus, bears the cost.
        row = order + int(here[: len(here) - 2 * len(lines) + 2 * k + 1].sum())
        cost = _dc_cost(ppci["gencost"][row]) if costed else 0.0
        if cost is None:
            wrong.append(f"{file}, net.dcline {i}: its cost is not linear. Give a cost per MW, poly_cost.cp1_eur_per_mw, alone.")
            continue
        if not line["p_mw"] > 0:
            ends.reverse()
            cost = -cost  # it is that of the power at from_bus, which is now received
            lossy = "; its loss is a loss here, in rundcopp a gain" if line["loss_percent"] > 0 or line["loss_mw"] > 0 else ""
            earned = "; its cost per MW is earned, as in rundcopp" if cost else ""
            said.append(f"dcline {i} sends from its to_bus, since p_mw is not positive{lossy}{earned}.")
        share, most = float(line["loss_percent"]) / 100, float(line["max_p_mw"])
        if not np.isfinite(most) or most < 0 or not line["loss_mw"] <= most:
            wrong.append(f"{file}, net.dcline {i}, max_p_mw: '{most:g}' must be a number of at least loss_mw. Give the largest power in MW.")
            continue
        rows.append(
            {
                "dc_link": f"dcline {i}",
                "name": _of(lines, "name", np.array([i]))[0],
                "from_bus": ends[0],
                "to_bus": ends[1],
                "power_min_mw": float(line["loss_mw"]),
                "power_max_mw": most,
                "loss_no_load_fraction": float(line["loss_mw"]) / (1 + share) / most if most else 0.0,
                "loss_linear_fraction": share / (1 + share),
                "cost_cny_per_mwh": cost,
            }
        )
    return pd.DataFrame(rows), said, wrong


def _dc_cost(row: np.ndarray) -> float | None:
    """Cost per MW sent of a row of gencost, whose power is that taken at the sending end, so negative; None if it is not linear."""
    number = int(row[COST.size])
    if row[COST.model] == POLYNOMIAL:
        rising = row[COST.first : COST.first + number][::-1]
        plain = not rising[2:].any() and not rising[:1].any()
        return (-float(rising[1]) if number > 1 else 0.0) if plain else None
    (x0, y0), (x1, y1) = row[COST.first : COST.first + 4].reshape(2, 2)
    return -float((y1 - y0) / (x1 - x0)) if number == 2 and x1 != x0 else None
