"""The shipped Gansu study as plain arrays, so that a peer gets the very numbers that gridopt dispatches.

What elements cost and can do by step is read from gridopt's columns (fuel prices, seasons, dates and series already applied); how they
hang together (network, stores, rivers, DC links, contracts, bundles, interfaces) is left to the peer. Arrays of columns are (element, T),
costs per MWh, buses and links by position.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from gridopt.blocks import interface, renewable
from gridopt.dispatch.formulate import BLOCKS, Model, formulate
from gridopt.study.load import load_study

UNLIMITED_MW = 1e6


class Columns:
    """Bounds and costs per hour of the column families of a model."""

    def __init__(self, model: Model):
        self.form, self.hours = model.builder.form(), model.case.time.hours
        self.families = {f.name: f for f in model.builder.column_families}
        self.rows = {f.name: f for f in model.builder.row_families}

    def of(self, family: str) -> dict[str, np.ndarray]:
        """lower, upper, cost, each shaped like the family."""
        ids = self.families[family].ids
        return {"lower": self.form.lower[ids], "upper": self.form.upper[ids], "cost": self.form.cost[ids] / self.hours}

    def row_bounds(self, family: str) -> tuple[np.ndarray, np.ndarray]:
        ids = self.rows[family].ids
        return self.form.row_lower[ids], self.form.row_upper[ids]

    def weights(self, family: str, columns: np.ndarray) -> np.ndarray:
        """Coefficients of `columns` (k,) in all rows of a family without time (r, k)."""
        return self.form.matrix[self.rows[family].ids][:, columns].toarray()


def collect(case) -> dict[str, np.ndarray]:
    """All arrays by name. Raises ValueError for what Gansu has not and the peer's model leaves out."""
    if len(case.table("generator")) or (case.time.hours != 1).any() or len(case.table("ac_branch")):
        raise ValueError("the peer's model holds thermal units, lines and transformers in steps of one hour only")
    model = formulate(case)
    columns = Columns(model)
    declared = {block.__name__.rpartition(".")[2]: d for block, d in zip(BLOCKS, model.columns, strict=True)}
    parts = (network(case), plants(case, columns, declared, model), stores(case, columns, declared), river(case, columns, declared),
             trade(case, columns, declared, model))  # fmt: skip
    found = {k: v for part in parts for k, v in part.items()}
    # Renewables are columns of what is curtailed; as generators they give what is available less that.
    available = found["green_upper"]
    fixed = model.builder.port("injection").constant.copy()
    np.subtract.at(fixed, found["green_bus"], available)
    constant = columns.form.offset + float((columns.of("renewable.curtailment")["cost"] * available).sum())
    return found | {"fixed": fixed, "constant": np.array(constant), "start": np.array(str(case.time.start[0]))}


def network(case) -> dict[str, np.ndarray]:
    """Branches (L,), limits, and which are in service in each of the stretches of `epoch` (T,)."""
    branches, grid = case.grid.branches, case.grid
    bus = case.in_service("bus") > 0.5
    here = np.concatenate([case.in_service(t) for t in ("line", "transformer")]) > 0.5
    here &= bus[branches.from_bus] & bus[branches.to_bus]
    first = np.unique(grid.epoch, return_index=True)[1]
    lower, upper = interface.limits(case)
    ac, dc = interface.members(case)
    return {
        "bus": case.table("bus").index.to_numpy(str), "branch_from": branches.from_bus, "branch_to": branches.to_bus,
        "branch_x": 1.0 / branches.susceptance, "branch_rating": np.minimum(branches.rating, UNLIMITED_MW), "epoch": grid.epoch,
        "branch_here": here[:, first], "interface_lower": lower, "interface_upper": upper, "interface_ac": ac.toarray(),
        "interface_dc": dc["dc_link"].toarray() if "dc_link" in dc else np.zeros((len(lower), len(case.table("dc_link")))),
    }  # fmt: skip


def plants(case, columns, declared, model) -> dict[str, np.ndarray]:
    """Thermal groups (g) with a lower and an upper part, renewables, shedding, surplus, flexible exchange."""
    groups = declared["thermal"].groups
    low, high = columns.of("thermal.low"), columns.of("thermal.high")
    names = list(columns.families["thermal.low"].over["group"])
    ramp = next(f for f in model.builder.lazy_families if f.family.name == "thermal.ramp")
    green = declared["renewable"].groups
    link = case.table("dc_bundle")["dc_link"]
    plant = case.table("renewable")
    bundle = case.position("dc_link", link.reindex(plant.index[green.first]).fillna(""))
    demand = declared["demand"]
    found = {
        "thermal_bus": case.position("bus", case.table("unit")["bus"].iloc[groups.first]),
        "low_of": np.array([list(groups.name).index(n) for n in names], int),
        "ramp_lower": ramp.lower, "ramp_upper": ramp.upper,
        "green_bus": case.position("bus", plant["bus"].iloc[green.first]), "green_link": bundle,
        "green_upper": green.sum(renewable.available(case)), "green_cost": -columns.of("renewable.curtailment")["cost"],
        "loaded": demand.loaded, "busy": demand.busy,
    }  # fmt: skip
    sold, bought = declared["exchange"].export[0], declared["exchange"].imports[0]
    at = case.position("bus", case.table("exchange")["bus"])
    found |= {"sold_bus": at[sold], "bought_bus": at[bought]}
    for name, part in (("low", low), ("high", high), ("shed", columns.of("demand.shedding")), ("surplus", columns.of("demand.surplus")),
                       ("sold", columns.of("exchange.more_export")), ("bought", columns.of("exchange.more_import"))):  # fmt: skip
        found |= {f"{name}_upper": part["upper"], f"{name}_cost": part["cost"]}
    return found


def stores(case, columns, declared) -> dict[str, np.ndarray]:
    """Batteries and pumped hydro by group; solar thermal plants."""
    own = declared["storage"]
    if len(own.retiring) or len(own.fed) or len(own.cyclic):
        raise ValueError("the peer's model holds neither stores that retire nor inflow nor cyclic stores")
    one = case.table("storage").iloc[own.groups.first]
    names = ("charge_efficiency", "discharge_efficiency", "standing_loss_per_h")
    found = {f"store_{n}": one[n].to_numpy(float) for n in names}
    found |= {"store_bus": case.position("bus", one["bus"]), "store_start": own.start}
    for name in ("charge", "discharge", "energy"):
        found |= {f"store_{name}_{k}": v for k, v in columns.of(f"storage.{name}").items()}
    plant = case.table("csp")
    link = case.table("dc_bundle")["dc_link"].reindex(plant.index).fillna("")
    found |= {"csp_bus": case.position("bus", plant["bus"]), "csp_link": case.position("dc_link", link)}
    found |= {f"csp_{n}": plant[n].to_numpy(float) for n in ("efficiency", "store_efficiency", "standing_loss_per_h")}
    found["csp_field"] = columns.row_bounds("csp.field")[1]
    for name, family in (("power", "csp.power"), ("into", "csp.to_store"), ("out", "csp.from_store"), ("heat", "csp.heat")):
        found[f"csp_{name}"] = columns.of(family)["upper"]
    return found


def river(case, columns, declared) -> dict[str, np.ndarray]:
    """Hydro plants (R,), those with a reservoir (S,), and `feed` (3, k): plant, store above it, hours that water takes."""
    own, plant = declared["hydro"], case.table("reservoir")
    given = np.zeros((len(plant), len(case.time)))
    water = columns.row_bounds("hydro.water_balance")[0].copy()
    water[:, 0] += plant["volume_start_hm3"].to_numpy(float)[own.store]
    given[own.store] = -water / 0.0036
    fed = case.position("reservoir", columns.rows["hydro.run_of_river"].over["plant"])
    given[fed] = columns.row_bounds("hydro.run_of_river")[1]
    release = columns.of("hydro.release")
    found = {"hydro_bus": case.position("bus", plant["bus"]), "hydro_k": plant["power_mw_per_m3s"].to_numpy(float), "hydro_store": own.store,
             "hydro_given": given, "hydro_start": plant["volume_start_hm3"].to_numpy(float)[own.store], "hydro_fed": fed,
             "hydro_turbine": columns.of("hydro.turbine")["upper"], "release_lower": release["lower"], "release_upper": release["upper"],
             "volume_lower": columns.of("hydro.volume")["lower"], "volume_upper": columns.of("hydro.volume")["upper"],
             "feed": _feeds(columns, own, fed)}  # fmt: skip
    return found


def _feeds(columns, own, fed) -> np.ndarray:
    """From the rows at the last step: a release there was made as many hours before as the water takes."""
    last = columns.families["hydro.release"].shape[1] - 1
    found = []
    for family, plants_of in (("hydro.water_balance", own.store), ("hydro.run_of_river", fed)):
        ids = columns.rows[family].ids
        for r, row in zip(plants_of, ids[:, last] if ids.size else (), strict=False):
            part = columns.form.matrix[[row]].tocoo()
            for s, cols in enumerate(own.release):
                if own.store[s] == r:
                    continue
                here = np.isin(part.coords[1], cols)
                for c in part.coords[1][here]:
                    found.append((r, s, last - int(np.flatnonzero(cols == c)[0])))
    return np.array(found, int).reshape(-1, 3).T


def trade(case, columns, declared, model) -> dict[str, np.ndarray]:
    """DC links by segments above the least sent power, their ramps, contracts (C,) and bundles."""
    own, agreed, link = declared["dc_link"].forward, declared["dc_contract"], case.table("dc_link")
    least = own.curve.least
    ramp = next(f for f in model.builder.lazy_families if f.family.name == "dc_link.ramp")
    jump = np.diff(least, axis=1, prepend=least[:, :1])
    contract = case.table("dc_contract").iloc[agreed.contracts]
    of = case.position("dc_link", contract["dc_link"])
    weight = np.array([columns.weights("dc_contract.energy", own.segment[d, 0])[c] for c, d in enumerate(of)])
    energy, share = columns.row_bounds("dc_contract.energy"), columns.row_bounds("dc_contract.share")[1]
    return {
        "dc_from": case.position("bus", link["from_bus"]), "dc_to": case.position("bus", link["to_bus"]), "dc_least": least,
        "dc_slope": own.curve.slope, "dc_segment": columns.of("dc_link.segment")["upper"], "dc_ramp_lower": ramp.lower - jump,
        "dc_ramp_upper": ramp.upper - jump, "dc_linked": agreed.linked, "dc_unbundled": columns.of("dc_contract.unbundled")["upper"],
        "contract_link": of, "contract_weight": weight.reshape(len(of), len(case.time)), "contract_lower": energy[0],
        "contract_upper": energy[1], "contract_share": contract["renewable_share_min"].to_numpy(float), "contract_uncovered": share,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hours", type=int, required=True)
    parser.add_argument("--first", type=int, default=0, help="first hour of the year")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    period = (given.first, given.first + given.hours)
    np.savez(given.folder / "data.npz", **collect(load_study(Path("gansu-2025"), {}, period).case))


if __name__ == "__main__":
    main()
