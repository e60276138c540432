"""PyPSA on the Gansu study: its components where they fit, rows of its linopy model where they do not; HiGHS with default options.

Components   thermal groups as two generators (lower and upper part of the load), renewables, shedding tiers, surplus and flexible exchange as
             generators; batteries and pumped hydro as storage units; solar thermal plants as a heat bus with a field, a storage unit
             and a link; each DC link as one link per segment of its loss curve; must-run output and agreed exchange inside the loads
Rows         room of stores by date and least energy at the end, ramps of thermal groups and DC links, rivers (release and volume of
             reservoirs, water that arrives later), energy contracts, bundled shares, interfaces; Kirchhoff's voltage law anew for each
             stretch of time between entries of branches
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pypsa
import xarray as xr

from benchmarks.contenders.outcome import write

HM3 = 0.0036
"""hm3 that a flow of one m3/s carries in an hour."""
PARTS = (
    ("low", "thermal_bus", 1.0), ("high", "thermal_bus", 1.0), ("green", "green_bus", 1.0), ("sold", "sold_bus", -1.0),
    ("bought", "bought_bus", 1.0), ("surplus", "busy", -1.0),
)  # fmt: skip


def names(kind: str, count: int) -> list[str]:
    return [f"{kind} {i}" for i in range(count)]


def series(values: np.ndarray, steps: pd.DatetimeIndex, labels: list[str]) -> pd.DataFrame:
    """Values (n, T) as PyPSA takes them."""
    return pd.DataFrame(np.asarray(values).T, steps, labels)


def shares(upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(p_nom (n,), upper over p_nom (n, T))."""
    size = np.maximum(upper.max(axis=1, initial=0.0), 1e-6)
    return size, upper / size[:, None]


def network(d: dict[str, np.ndarray]) -> pypsa.Network:
    """All components."""
    steps = pd.date_range(str(d["start"]), periods=d["fixed"].shape[1], freq="h")
    n = pypsa.Network(snapshots=steps)
    bus = d["bus"]
    n.add("Bus", bus)
    n.add("Load", "load " + bus.astype(object), bus=bus, p_set=series(-d["fixed"], steps, list("load " + bus.astype(object))))
    lines = names("branch", len(d["branch_x"]))
    n.add("Line", lines, bus0=bus[d["branch_from"]], bus1=bus[d["branch_to"]], x=d["branch_x"], s_nom=d["branch_rating"],
          s_max_pu=series(d["branch_here"][:, d["epoch"]].astype(float), steps, lines))  # fmt: skip
    d = d | {"low_bus": d["thermal_bus"][d["low_of"]]}
    for kind, at, sign in PARTS:
        place = d["low_bus"] if kind == "low" else d[at]
        generators(n, kind, bus[place], d[f"{kind}_upper"], d[f"{kind}_cost"], sign)
    for k, upper in enumerate(d["shed_upper"]):
        generators(n, f"shed{k}", bus[d["loaded"]], upper, d["shed_cost"][k])
    turbine = d["hydro_turbine"] * d["hydro_k"][:, None]
    generators(n, "hydro", bus[d["hydro_bus"]], turbine, np.zeros_like(turbine))
    stores(n, d, bus)
    heat(n, d, bus)
    dc(n, d, bus)
    return n


def generators(n: pypsa.Network, kind: str, bus: np.ndarray, upper: np.ndarray, cost: np.ndarray, sign: float = 1.0) -> None:
    if not len(upper):
        return
    labels, (size, share) = names(kind, len(upper)), shares(upper)
    steady = (cost == cost[:, :1]).all()
    price = cost[:, 0] if steady else series(cost, n.snapshots, labels)
    n.add("Generator", labels, bus=bus, p_nom=size, p_max_pu=series(share, n.snapshots, labels), marginal_cost=price, sign=sign)


def stores(n: pypsa.Network, d: dict[str, np.ndarray], bus: np.ndarray) -> None:
    """Storage units; their energy by date is bounded in `room`."""
    labels, (size, share) = names("store", len(d["store_bus"])), shares(d["store_discharge_upper"])
    if np.ptp(d["store_charge_cost"]) or np.ptp(d["store_discharge_cost"], axis=1).any():
        raise SystemExit("costs of charging, and costs of discharging that change in time, are not put into PyPSA here")
    n.add(
        "StorageUnit", labels, bus=bus[d["store_bus"]], p_nom=size, p_max_pu=series(share, n.snapshots, labels),
        p_min_pu=series(-d["store_charge_upper"] / size[:, None], n.snapshots, labels), marginal_cost=d["store_discharge_cost"][:, 0],
        max_hours=np.maximum(d["store_energy_upper"].max(axis=1), 1e-6) / size, efficiency_store=d["store_charge_efficiency"],
        efficiency_dispatch=d["store_discharge_efficiency"], standing_loss=d["store_standing_loss_per_h"],
        # PyPSA takes the loss of the first hour off every level but the given one.
        state_of_charge_initial=d["store_start"] * (1.0 - d["store_standing_loss_per_h"]), cyclic_state_of_charge=False,
    )  # fmt: skip


def heat(n: pypsa.Network, d: dict[str, np.ndarray], bus: np.ndarray) -> None:
    """Solar thermal plants: field, heat store, power block."""
    count = len(d["csp_bus"])
    heat_bus = np.array(names("heat", count), dtype=object)
    n.add("Bus", heat_bus)
    generators(n, "field", heat_bus, np.maximum(d["csp_field"], 0.0), np.zeros_like(d["csp_field"]))
    size, share = shares(d["csp_power"] / d["csp_efficiency"][:, None])
    labels = names("block", count)
    n.add("Link", labels, bus0=heat_bus, bus1=bus[d["csp_bus"]], p_nom=size, p_max_pu=series(share, n.snapshots, labels),
          efficiency=d["csp_efficiency"])  # fmt: skip
    labels, (size, share) = names("heat store", count), shares(d["csp_out"])
    n.add(
        "StorageUnit", labels, bus=heat_bus, p_nom=size, p_max_pu=series(share, n.snapshots, labels),
        p_min_pu=series(-d["csp_into"] / size[:, None], n.snapshots, labels), max_hours=d["csp_heat"].max(axis=1) / size,
        efficiency_store=d["csp_store_efficiency"], standing_loss=d["csp_standing_loss_per_h"], state_of_charge_initial=0.0,
        cyclic_state_of_charge=False,
    )  # fmt: skip


def dc(n: pypsa.Network, d: dict[str, np.ndarray], bus: np.ndarray) -> None:
    """Links from the least sent power up, one for each segment of the loss curve."""
    for k in range(d["dc_slope"].shape[1]):
        labels, (size, share) = names(f"segment{k}", len(d["dc_from"])), shares(d["dc_segment"][:, k])
        n.add("Link", labels, bus0=bus[d["dc_from"]], bus1=bus[d["dc_to"]], p_nom=size, efficiency=1.0 - d["dc_slope"][:, k],
              p_max_pu=series(share, n.snapshots, labels))  # fmt: skip


class Rows:
    """What PyPSA's components cannot say, added to its linopy model."""

    def __init__(self, n: pypsa.Network, d: dict[str, np.ndarray]):
        self.n, self.m, self.d, self.steps = n, n.model, d, n.snapshots
        links = range(len(d["dc_from"]))
        above = [sum(1.0 * self.m["Link-p"].sel(name=f"segment{k} {i}") for k in range(d["dc_slope"].shape[1])) for i in links]
        self.above = [expression.drop_vars("name", errors="ignore") for expression in above]

    def write(self) -> None:
        self.room()
        self.ramps()
        self.rivers()
        self.contracts()
        self.interfaces()
        if self.d["branch_here"].shape[1] > 1 or not self.d["branch_here"].all():
            self.voltage_law()

    def array(self, values: np.ndarray, labels: list[str]) -> xr.DataArray:
        return xr.DataArray(values, {"name": labels, "snapshot": self.steps}, ("name", "snapshot"))

    def room(self) -> None:
        """Energy of stores within what is in service, and what is asked for at the end."""
        level = self.m["StorageUnit-state_of_charge"]
        d = self.d
        for kind, lower, upper in (("store", d["store_energy_lower"], d["store_energy_upper"]), ("heat store", None, d["csp_heat"])):
            labels = names(kind, len(upper))
            some = level.sel(name=labels)
            if np.ptp(upper, axis=1).any():
                self.m.add_constraints(some <= self.array(upper, labels), name=f"{kind} room")
            if lower is not None and lower.any():
                last = self.steps[-1]
                self.m.add_constraints(some.sel(snapshot=last) >= xr.DataArray(lower[:, -1], {"name": labels}, "name"), name=f"{kind} end")

    def ramps(self) -> None:
        """Change of the output of thermal groups, and of the sent power of DC links, from step to step."""
        power = self.m["Generator-p"]
        low_of = list(self.d["low_of"])
        for g in range(len(self.d["thermal_bus"])):
            output = 1.0 * power.sel(name=f"high {g}", drop=True)
            if g in low_of:
                output = output + 1.0 * power.sel(name=f"low {low_of.index(g)}", drop=True)
            self.change(f"ramp {g}", output, self.d["ramp_lower"][g], self.d["ramp_upper"][g])
        for i, sent in enumerate(self.above):
            self.change(f"dc ramp {i}", sent, self.d["dc_ramp_lower"][i], self.d["dc_ramp_upper"][i])

    def change(self, name: str, quantity, lower: np.ndarray, upper: np.ndarray) -> None:
        """Rows lower <= quantity[t] - quantity[t-1] <= upper where there is a limit."""
        change = (quantity - quantity.shift(snapshot=1)).isel(snapshot=slice(1, None))
        for side, limit in (("up", upper[1:]), ("down", lower[1:])):
            some = np.flatnonzero(np.isfinite(limit))
            if len(some):
                part = change.isel(snapshot=some)
                bound = xr.DataArray(limit[some], {"snapshot": self.steps[1:][some]}, "snapshot")
                self.m.add_constraints(part <= bound if side == "up" else part >= bound, name=f"{name} {side}")

    def rivers(self) -> None:
        """Reservoirs release water that reaches the plants below hours later; plants without one pass on what comes."""
        d, reservoirs = self.d, names("reservoir", len(self.d["hydro_store"]))
        bounds = {k: self.array(d[k], reservoirs) for k in ("release_lower", "release_upper", "volume_lower", "volume_upper")}
        release = self.m.add_variables(bounds["release_lower"], bounds["release_upper"], name="release")
        volume = self.m.add_variables(bounds["volume_lower"], bounds["volume_upper"], name="volume")
        power = self.m["Generator-p"]
        arriving: dict[int, list] = {}
        for plant, store, delay in d["feed"].T:
            water = 1.0 * release.sel(name=reservoirs[store], drop=True)
            arriving.setdefault(int(plant), []).append(water.shift(snapshot=int(delay)) if delay else water)
        for s, r in enumerate(d["hydro_store"]):
            given = HM3 * d["hydro_given"][r]
            given[0] += d["hydro_start"][s]
            level, out = 1.0 * volume.sel(name=reservoirs[s], drop=True), 1.0 * release.sel(name=reservoirs[s], drop=True)
            balance = level - level.shift(snapshot=1) + HM3 * out - sum(HM3 * w for w in arriving.get(int(r), []))
            self.m.add_constraints(balance == xr.DataArray(given, {"snapshot": self.steps}, "snapshot"), name=f"water {s}")
            through = (1.0 / d["hydro_k"][r]) * power.sel(name=f"hydro {r}", drop=True) - out
            self.m.add_constraints(through <= 0.0, name=f"turbine {s}")
        for r in d["hydro_fed"]:
            passing = (1.0 / d["hydro_k"][r]) * power.sel(name=f"hydro {r}", drop=True) - sum(arriving[int(r)])
            given = xr.DataArray(d["hydro_given"][r], {"snapshot": self.steps}, "snapshot")
            self.m.add_constraints(passing <= given, name=f"run of river {r}")

    def contracts(self) -> None:
        """Energy of periods, and the part of it that bundled plants do not cover in the same step."""
        d, linked = self.d, list(self.d["dc_linked"])
        labels = names("unbundled", len(linked))
        uncovered = self.m.add_variables(0.0, self.array(d["dc_unbundled"], labels), name="unbundled") if linked else None
        for i, link in enumerate(linked):
            plants = [f"green {g}" for g in np.flatnonzero(d["green_link"] == link)]
            blocks = [f"block {c}" for c in np.flatnonzero(d["csp_link"] == link)]
            covered = 1.0 * uncovered.sel(name=labels[i], drop=True) - self.above[link]
            if plants:
                covered = covered + (1.0 * self.m["Generator-p"].sel(name=plants)).sum("name")
            if blocks:
                gain = xr.DataArray(d["csp_efficiency"][d["csp_link"] == link], {"name": blocks}, "name")
                covered = covered + (gain * self.m["Link-p"].sel(name=blocks)).sum("name")
            least = xr.DataArray(d["dc_least"][link], {"snapshot": self.steps}, "snapshot")
            self.m.add_constraints(covered >= least, name=f"bundle {link}")
        for c, link in enumerate(d["contract_link"]):
            some = np.flatnonzero(d["contract_weight"][c])
            weight = xr.DataArray(d["contract_weight"][c][some], {"snapshot": self.steps[some]}, "snapshot")
            sent = (self.above[link].isel(snapshot=some) * weight).sum()
            self.m.add_constraints(sent >= d["contract_lower"][c], name=f"contract {c} least")
            if np.isfinite(d["contract_upper"][c]):
                self.m.add_constraints(sent <= d["contract_upper"][c], name=f"contract {c} most")
            if d["contract_share"][c] > 0:
                free = (uncovered.sel(name=labels[linked.index(link)], drop=True).isel(snapshot=some) * weight).sum()
                self.m.add_constraints(free - (1.0 - d["contract_share"][c]) * sent <= d["contract_uncovered"][c], name=f"share {c}")

    def interfaces(self) -> None:
        """Limits on weighted sums of flows."""
        d, flow = self.d, self.m["Line-s"]
        for i in range(len(d["interface_lower"])):
            some = np.flatnonzero(d["interface_ac"][i])
            weight = xr.DataArray(d["interface_ac"][i, some], {"name": [f"branch {b}" for b in some]}, "name")
            total = (weight * flow.sel(name=weight["name"])).sum("name")
            fixed = d["interface_dc"][i] @ d["dc_least"]
            for link in np.flatnonzero(d["interface_dc"][i]):
                total = total + float(d["interface_dc"][i, link]) * self.above[link]
            for side, limit in (("forward", d["interface_upper"][i] - fixed), ("backward", d["interface_lower"][i] - fixed)):
                at = np.flatnonzero(np.isfinite(limit))
                if len(at):
                    part = total.isel(snapshot=at)
                    bound = xr.DataArray(limit[at], {"snapshot": self.steps[at]}, "snapshot")
                    self.m.add_constraints(part <= bound if side == "forward" else part >= bound, name=f"interface {i} {side}")

    def voltage_law(self) -> None:
        """PyPSA writes cycles for one topology; here each stretch of time has its own."""
        d = self.d
        self.m.remove_constraints("Kirchhoff-Voltage-Law")
        for e in range(d["branch_here"].shape[1]):
            inside, steps = np.flatnonzero(d["branch_here"][:, e]), np.flatnonzero(d["epoch"] == e)
            part = pypsa.Network()
            part.add("Bus", d["bus"])
            labels = [f"branch {b}" for b in inside]
            part.add("Line", labels, bus0=d["bus"][d["branch_from"][inside]], bus1=d["bus"][d["branch_to"][inside]], x=d["branch_x"][inside])
            part.determine_network_topology()
            part.calculate_dependent_values()
            cycles = part.cycle_matrix(apply_weights=True).loc["Line"]
            weights = xr.DataArray(cycles.to_numpy(), {"name": cycles.index.to_list(), "cycle": np.arange(cycles.shape[1])}, ("name", "cycle"))
            flow = self.m["Line-s"].isel(snapshot=steps).sel(name=weights["name"])
            self.m.add_constraints((flow * weights).sum("name") == 0.0, name=f"Kirchhoff {e}")


def main(folder: str, target: str) -> None:
    begun = time.perf_counter()
    with np.load(Path(folder) / "data.npz") as file:
        d = dict(file)
    n = network(d)
    built = time.perf_counter()
    n.optimize.create_model()
    Rows(n, d).write()
    formulated = time.perf_counter()
    _, status = n.optimize.solve_model(solver_name="highs")
    now = time.perf_counter()
    stages = [(built - begun, "network built"), (formulated - begun, "model written"), (now - begun, "solved")]
    write(Path(target), objective=n.model.objective.value + float(d["constant"]), status=status, stages=stages)


if __name__ == "__main__":
    main(*sys.argv[1:])
