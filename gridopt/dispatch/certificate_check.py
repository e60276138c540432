"""What the checks of the certificate share: the arrays under test, the verdict on one rule, tolerances.

Tolerances are physical and absolute, plus RELATIVE times the sum of magnitudes where many numbers are added (rounding of
doubles over a year stays below 1e-12 of that sum). They lie well above what a solver may leave (1e-7 to 1e-6) and well below
what matters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import scipy.sparse as sp

from gridopt.case.case import Case

POWER = 1e-4
"""MW; also MWh over one step."""
PERIOD = 1e-2
"""MWh over a contract period: thousands of steps, each with its own rounding."""
WATER = 1e-6
"""hm3 (one m3)."""
PRICE = 1e-4
"""CNY/MWh."""
ANGLE = 1e-6
"""degrees."""
RELATIVE = 1e-9

BRANCHES = ("line", "transformer", "ac_branch")
"""The tables of branches, in the order of arrays over branches."""
TABLE_OF = {
    "load": "bus", "shedding": "bus", "surplus": "bus", "unit_output": "unit",
    "renewable_available": "renewable", "renewable_output": "renewable", "renewable_curtailed": "renewable",
    "generator_output": "generator", "csp_output": "csp", "csp_store": "csp", "hydro_output": "reservoir", "reservoir_volume": "reservoir",
    "reservoir_release": "reservoir", "reservoir_spill": "reservoir", "reservoir_turbine": "reservoir",
    "pumped_generate": "pumped", "pumped_pump": "pumped", "pumped_generating": "pumped", "pumped_pumping": "pumped",
    "csp_on": "csp", "csp_start": "csp", "pumped_upper": "pumped", "pumped_lower": "pumped",
    "pump_power": "pump", "storage_charge": "storage", "storage_discharge": "storage",
    "storage_energy": "storage", "storage_written_off": "storage", "storage_spill": "storage", "storage_both": "storage",
    "dc_sent": "dc_link", "dc_received": "dc_link", "dc_artificial_loss": "dc_link", "dc_bundled": "dc_link",
    "exchange_export": "exchange", "flow": "branch", "interface_flow": "interface",
    "price": "bus", "price_congestion": "bus", "price_loss": "bus",
    "branch_shadow_price": "branch", "interface_shadow_price": "interface",
}  # fmt: skip
"""Every array that must be given and the table whose rows it follows; 'branch': those of BRANCHES in order."""

OVERLOADS = {"branch_overload": "branch", "interface_overload": "interface", "branch_overload_after": "branch"}
"""Arrays that must be given where limits are soft, and their table."""
RESPONSES = (
    ("interruptible", "interruptible_called", 1.0), ("shiftable", "shiftable_less", 1.0), ("shiftable", "shiftable_more", -1.0),
    ("data_centre", "data_centre_put_off", 1.0), ("data_centre", "data_centre_made_up", -1.0),
    ("price_response", "price_response_more", -1.0),
)  # fmt: skip
"""What demand that responds injects at the bus of its load: table, array, sign."""
WITH_ROWS = {"dc_market_sold": "dc_market", "fuel_stock_level": "fuel_stock", "fuel_short": "fuel_budget",
             "data_centre_waiting": "data_centre", **{name: table for table, name, _ in RESPONSES}}  # fmt: skip
"""Arrays that must be given where the case has rows in a table, and that table."""
CHOSEN = {"dc_on": "dc_link", "dc_power": "dc_link", "demand_change": "bus"}
"""Arrays that are given where something is chosen, and the table whose rows they follow."""
SWITCHED = ("unit", "generator")
"""The tables of what may be switched on and off: where anything in them is, <table>_on, _start and _stop must be given."""
LOSSES = ("branch_loss", "branch_artificial_loss", "branch_loss_price")
"""Arrays over branches that must be given where the case has losses of AC branches."""

RESERVES = ("reserve_award", "reserve_requirement", "reserve_shortage", "reserve_price")
"""Arrays that must be given where there are reserves: by offer, then by reserve, (n, T)."""

PARTS = (
    ("unit", "bus", "unit_output", 1.0), ("generator", "bus", "generator_output", 1.0),
    ("renewable", "bus", "renewable_output", 1.0), ("csp", "bus", "csp_output", 1.0),
    ("reservoir", "bus", "hydro_output", 1.0), ("storage", "bus", "storage_discharge", 1.0),
    ("storage", "bus", "storage_charge", -1.0), ("pump", "bus", "pump_power", -1.0),
    ("pumped", "bus", "pumped_generate", 1.0), ("pumped", "bus", "pumped_pump", -1.0), ("exchange", "bus", "exchange_export", -1.0),
    ("dc_link", "from_bus", "dc_sent", -1.0), ("dc_link", "to_bus", "dc_received", 1.0),
)  # fmt: skip
"""What plants inject: table, column of the bus, array, sign."""


@dataclass(frozen=True)
class Check:
    """One rule: the worst violation anywhere, in `unit`, the tolerance there, and where (element and start of the step)."""

    name: str
    worst: float
    unit: str
    tolerance: float
    passed: bool
    where: str

    def to_dict(self) -> dict:
        """For JSON: what is no number or has no bound is null."""
        return {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in asdict(self).items()}


@dataclass(frozen=True)
class Evidence:
    """The case, the arrays under test, each (element, T) float64 in table order, and shadow prices of limits after outages:
    (contingency, branch, step, CNY/MWh)."""

    case: Case
    arrays: Mapping[str, np.ndarray]
    contingency_prices: Sequence[tuple[str, str, int, float]] = ()

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]

    def number(self, table: str, column: str) -> np.ndarray:
        """A column of a raw table as float (n, 1)."""
        return self.case.table(table)[column].to_numpy(float)[:, None]

    def series(self, table: str, column: str, empty: float) -> np.ndarray:
        """The series that a column of a raw table names, (n, T)."""
        return self.case.series(self.case.table(table)[column], empty)

    def at_bus(self, table: str, column: str = "bus") -> sp.csr_array:
        """(B, n): 1 where an element of `table` stands at a bus."""
        place = self.case.position("bus", self.case.table(table)[column])
        return gather(place, len(self.case.table("bus")))

    def load_of(self, flag: str = "") -> np.ndarray:
        """Demand by bus MW (B, T) from the raw table, or its part that carries a flag."""
        case, table = self.case, self.case.table("load")
        each = self.number("load", "mean_mw") * case.series(table["profile"], 1.0) * case.of_year("load_scale", 1.0)
        return self.at_bus("load") @ (each * case.in_service("load") * (self.number("load", flag) if flag else 1.0))

    @cached_property
    def branches(self) -> np.ndarray:
        return np.concatenate([self.case.table(t).index.to_numpy(object) for t in BRANCHES])

    def at_end(self, column: str) -> sp.csr_array:
        """(B, L): 1 at the bus that a branch has in `column`, from_bus or to_bus."""
        place = self.case.position("bus", [bus for t in BRANCHES for bus in self.case.table(t)[column]])
        return gather(place, len(self.case.table("bus")))

    @cached_property
    def loss_at_begin(self) -> np.ndarray:
        """Part of its losses that each branch takes out where it begins (L, T)."""
        return np.full(self["flow"].shape, 0.5) if self.case.losses_at == "ends" else np.where(self["flow"] < 0, 1.0, 0.0)

    @property
    def responses(self) -> list[tuple[sp.csr_array, str, float]]:
        """(where: (B, n), array, sign) of what injects at the bus of something else."""
        case, buses = self.case, len(self.case.table("bus"))
        market = case.table("dc_link")["to_bus"].reindex(case.table("dc_market")["dc_link"])
        found = [(gather(case.position("bus", market), buses), "dc_market_sold", -1.0)]
        for table, name, sign in RESPONSES:
            at = case.table("load")["bus"].reindex(case.table(table)["load"])
            found.append((gather(case.position("bus", at), buses), name, sign))
        return found

    @cached_property
    def injection(self) -> tuple[np.ndarray, np.ndarray]:
        """Net injection MW (B, T) from the reported quantities, and the sum of the magnitudes of its parts."""
        net = self["shedding"] - self["surplus"] - self["load"]
        gross = np.abs(self["shedding"]) + np.abs(self["surplus"]) + np.abs(self["load"])
        for table, column, name, sign in PARTS:
            here = self.at_bus(table, column)
            net = net + sign * (here @ self[name])
            gross = gross + here @ np.abs(self[name])
        for place, name, sign in self.responses:
            net = net + sign * (place @ self[name])
            gross = gross + place @ np.abs(self[name])
        begin, loss = self.loss_at_begin, self["branch_loss"]
        lost = self.at_end("from_bus") @ (begin * loss) + self.at_end("to_bus") @ ((1.0 - begin) * loss)
        return net - lost, gross + np.abs(lost)

    def judge(self, name: str, unit: str, excess: np.ndarray, tolerance, elements: Sequence | np.ndarray | pd.Index) -> Check:
        """Verdict on `excess` (n, T) over steps or (n,) over none, `tolerance` alike or a scalar. NaN fails."""
        if not excess.size:
            return Check(name, 0.0, unit, float(np.max(tolerance, initial=0.0)), True, "")
        allowed = np.broadcast_to(tolerance, excess.shape)
        at = tuple(int(i) for i in np.unravel_index(np.argmax(excess / allowed), excess.shape))
        value, limit = float(excess[at]), float(allowed[at])
        worst = value if np.isnan(value) else max(0.0, value)
        time = [str(self.case.time.start[at[1]]).replace("T", " ")[:16]] if excess.ndim == 2 else []
        where = " ".join([str(elements[at[0]]), *time]).strip() if worst != 0.0 else ""
        return Check(name, worst, unit, limit, bool(worst <= limit), where)


def gather(place: np.ndarray, count: int) -> sp.csr_array:
    """(count, n): sums elements by their place, int (n,)."""
    return sp.csr_array((np.ones(len(place)), (place, np.arange(len(place)))), shape=(count, len(place)))


def flow_since(past: pd.DataFrame, rate: str, instant: np.ndarray) -> np.ndarray:
    """What flowed from instants (h, below 0: before the first step) to the first step, rate x h, by the rows of one element in a table of
    what was before: `rate` from begin_h hours before the first step until the next row begins."""
    total, end = np.zeros(instant.shape), 0.0
    for power, begin in past.sort_values("begin_h")[[rate, "begin_h"]].itertuples(index=False):
        total -= power * (np.clip(instant, -begin, -end) + end)
        end = begin
    return total


def outside(value: np.ndarray, low, high) -> np.ndarray:
    """How far `value` lies outside [low, high]; negative inside."""
    return np.maximum(low - value, value - high)


def collect(case: Case, quantities: Mapping[str, np.ndarray], prices: Mapping[str, np.ndarray]) -> Evidence:
    """The arrays as Evidence. Raises ValueError that names every array that is missing or has a wrong shape."""
    given = {**quantities, **prices}
    rows = {"branch": sum(len(case.table(t)) for t in BRANCHES)}
    faults, arrays = [], {}
    for name, table in TABLE_OF.items():
        shape = (rows.get(table, len(case.tables[table]) if table in case.tables else 0), len(case.time))
        if name not in given:
            faults.append(f"array '{name}' is missing")
            continue
        arrays[name] = np.asarray(given[name], float)
        if arrays[name].shape != shape:
            faults.append(f"array '{name}' has shape {arrays[name].shape}, the case asks for {shape}")
    for name, table in (WITH_ROWS | CHOSEN).items():
        shape = (len(case.table(table)), len(case.time))
        if name in given or (name in WITH_ROWS and shape[0]):
            arrays[name] = np.asarray(given.get(name, np.zeros(0)), float)
            faults += [f"array '{name}' has shape {arrays[name].shape}, the case asks for {shape}"] * (arrays[name].shape != shape)
        elif name in WITH_ROWS:
            arrays[name] = np.zeros(shape)
    # Shifts only where they are chosen: rows are those branches, in the order of their table. Losses only where they are modelled.
    arrays |= {name: np.asarray(given[name], float) for name in ("phase_shift", "branch_forward", "interface_forward") if name in given}
    lost, nothing = (rows["branch"], len(case.time)), np.zeros((rows["branch"], len(case.time)))
    arrays |= {name: np.asarray(given.get(name, nothing if case.losses == "off" else np.nan), float) for name in LOSSES}
    faults += [f"array '{n}' has shape {arrays[n].shape}, the case asks for {lost}" for n in LOSSES if arrays[n].shape != lost]
    for name, table in OVERLOADS.items():
        shape = (rows[table] if table in rows else len(case.tables[table]), len(case.time))
        steps = case.table("limit_penalty")
        asked = steps["after_outages"].any() if name == "branch_overload_after" else len(steps)
        arrays[name] = np.asarray(given.get(name, np.nan if asked else np.zeros(shape)), float)
        if arrays[name].shape != shape:
            faults.append(f"array '{name}' has shape {arrays[name].shape}, the case asks for {shape}")
    if "reserve_offline" in given:
        arrays["reserve_offline"] = np.asarray(given["reserve_offline"], float)
    for name in RESERVES if len(case.table("reserve")) else ():
        arrays[name] = np.asarray(given.get(name, np.nan), float)
        if arrays[name].ndim != 2 or (name != "reserve_award" and arrays[name].shape != (len(case.table("reserve")), len(case.time))):
            faults.append(f"array '{name}' is missing or has a wrong shape, {arrays[name].shape}")
    for name in (f"{table}_{what}" for table in SWITCHED for what in ("on", "start", "stop")):
        if name in given:
            arrays[name] = np.asarray(given[name], float)
        elif case.commitment != "off":
            arrays[name] = np.full((len(case.tables[name.split("_")[0]]), len(case.time)), np.nan)
    energy = np.asarray(given.get("price_energy", np.nan), float)
    if "price_energy" not in given or energy.shape not in ((len(case.time),), (len(case.table("bus")), len(case.time))):
        faults.append(f"array 'price_energy' must be given by step or by bus and step, its shape is {energy.shape}")
    if faults:
        raise ValueError("the certificate cannot be made: " + "; ".join(faults))
    return Evidence(case, arrays | {"price_energy": energy})
