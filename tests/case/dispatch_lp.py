"""Dispatch over several steps straight from the tables, for tests of readers: one LP with angles, outputs, flows of DC links and stored
energy. Shares nothing with the model. Linear costs only; losses of DC links linear only.
"""

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

ANGLE = 100.0
"""rad; free angles let HiGHS call bounded programs unbounded."""


def factor(imported, names, empty=1.0):
    """Series (n, T); `empty` where there is no name."""
    values = imported.source.values
    return np.array([values[n] if n else np.full(len(imported.time), empty) for n in names]).reshape(len(names), len(imported.time))


class Program:
    """Columns are appended in blocks (n, T); balance rows are (bus, T)."""

    def __init__(self, imported):
        self.imported, self.tables = imported, imported.tables
        self.hours, self.count = imported.time.hours, 0
        self.steps = len(self.hours)
        self.bus = self.tables["bus"].index
        self.cost, self.low, self.high = [], [], []
        self.balance, self.upper, self.equal = [], [], []  # (row key, column, value)
        self.limit, self.right = [], []

    def columns(self, low, high, cost):
        shape = (len(low), self.steps)
        ids = self.count + np.arange(np.prod(shape, dtype=int)).reshape(shape)
        self.count += ids.size
        for store, values in ((self.low, low), (self.high, high), (self.cost, cost * self.hours)):
            store.append(np.broadcast_to(values, shape).ravel())
        return ids

    def inject(self, at, ids, coefficient=1.0):
        rows = self.bus.get_indexer(at)[:, None] * self.steps + np.arange(self.steps)
        self.balance.append((rows.ravel(), ids.ravel(), np.broadcast_to(coefficient, ids.shape).ravel()))

    def rows(self, store, right, terms):
        """Rows (n, T') of `terms` [(ids, coefficient)], <= or = `right`."""
        target, values = (self.upper, self.limit) if store == "upper" else (self.equal, self.right)
        first = sum(v.size for v in values)
        place = first + np.arange(right.size).reshape(right.shape)
        values.append(right.ravel())
        for ids, coefficient in terms:
            target.append((place.ravel(), ids.ravel(), np.broadcast_to(coefficient, ids.shape).ravel()))

    def solve(self, demand):
        def matrix(parts, rows):
            if not parts:
                return sp.csr_matrix((rows, self.count))
            row, column, value = (np.concatenate([p[k] for p in parts]) for k in range(3))
            return sp.csr_matrix((value, (row, column)), (rows, self.count))

        limit, right = (np.concatenate(v) if v else np.zeros(0) for v in (self.limit, self.right))
        kept = np.isfinite(limit)
        equal = sp.vstack([matrix(self.balance, demand.size), matrix(self.equal, len(right))])
        low, high, cost = (np.concatenate(v) for v in (self.low, self.high, self.cost))
        upper = matrix(self.upper, len(limit))[kept]
        result = linprog(cost, upper, limit[kept], equal, np.concatenate([demand.ravel(), right]), np.array([low, high]).T, method="highs")
        if result.status == 2:
            return None
        assert result.status == 0, result.message
        price = result.eqlin.marginals[: demand.size].reshape(demand.shape) / self.hours
        return result.fun, price, result.x


def optimum(imported):
    """Least cost and prices by bus (B, T); None where infeasible."""
    p, tables = Program(imported), imported.tables
    assert not len(tables["cost_point"]) and not (tables["generator"]["cost_quadratic_cny_per_mw2h"] != 0).any()
    _generators(p)
    _renewables(p)
    _branches(p)
    _links(p)
    _storage(p)
    load = tables["load"]
    demand = np.zeros((len(p.bus), p.steps))
    np.add.at(demand, p.bus.get_indexer(load["bus"]), load["mean_mw"].to_numpy()[:, None] * factor(imported, load["profile"]))
    found = p.solve(demand)
    return found and found[:2]


def _generators(p):
    table = p.tables["generator"]
    low = table["power_min_mw"].to_numpy()[:, None] * factor(p.imported, table["min_profile"])
    high = table["power_max_mw"].to_numpy()[:, None] * factor(p.imported, table["profile"])
    cost = table["cost_cny_per_mwh"].to_numpy()[:, None] + factor(p.imported, table["price_profile"], 0.0)
    ids = p.columns(low, high, cost)
    p.inject(table["bus"], ids)
    up = table["ramp_fraction_per_min"]
    down = table["ramp_down_fraction_per_min"].fillna(up)
    _ramps(p, ids, *((rate * table["power_max_mw"]).fillna(np.inf).to_numpy() for rate in (up, down)))


def _ramps(p, ids, up, down):
    for rate, sign in ((up, 1.0), (down, -1.0)):
        width = 60.0 * rate[:, None] * (p.hours[1:] + p.hours[:-1]) / 2.0
        p.rows("upper", width, [(ids[:, 1:], sign), (ids[:, :-1], -sign)])


def _renewables(p):
    table = p.tables["renewable"]
    high = table["power_max_mw"].to_numpy()[:, None] * factor(p.imported, table["profile"])
    p.inject(table["bus"], p.columns(np.zeros_like(high), high, table["cost_cny_per_mwh"].to_numpy()[:, None]))


def _branches(p):
    table = p.tables["ac_branch"]
    angle = p.columns(np.full((len(p.bus), 1), -ANGLE), ANGLE, np.zeros((len(p.bus), 1)))
    b = (table["base_mva"] / table["reactance_pu"] / table["tap_ratio"]).to_numpy()[:, None]
    rating = table["rating_mw"].fillna(np.inf).to_numpy()[:, None] * factor(p.imported, table["rating_profile"])
    flow = p.columns(-rating, rating, np.zeros((len(table), 1)))
    fixed = table["shift_min_deg"].isna().to_numpy()
    low, high = (np.where(fixed, table["shift_deg"], table[c]) for c in ("shift_min_deg", "shift_max_deg"))
    shift = p.columns(np.deg2rad(low)[:, None], np.deg2rad(high)[:, None], np.zeros((len(table), 1)))
    start, end = (p.bus.get_indexer(table[c]) for c in ("from_bus", "to_bus"))
    p.rows("equal", np.zeros(flow.shape), [(flow, 1.0), (angle[start], -b), (angle[end], b), (shift, b)])
    for column, sign in (("angle_max_deg", 1.0), ("angle_min_deg", -1.0)):
        limit = np.nan_to_num(sign * np.deg2rad(table[column].to_numpy()), nan=np.inf)[:, None] + np.zeros(flow.shape)
        p.rows("upper", limit, [(angle[start], sign), (angle[end], -sign)])
    p.inject(table["from_bus"], flow, -1.0)
    p.inject(table["to_bus"], flow)


def _links(p):
    table = p.tables["dc_link"]
    high = table["power_max_mw"].to_numpy()[:, None] * factor(p.imported, table["max_profile"])
    sent = p.columns(table["power_min_mw"].to_numpy()[:, None], high, table["cost_cny_per_mwh"].to_numpy()[:, None])
    p.inject(table["from_bus"], sent, -1.0)
    p.inject(table["to_bus"], sent, 1.0 - table["loss_linear_fraction"].to_numpy()[:, None])
    rate = (table["ramp_fraction_per_min"] * table["power_max_mw"]).to_numpy()
    _ramps(p, sent, rate, rate)


def _storage(p):
    table = p.tables["storage"]

    def of(name):
        return table[name].to_numpy(float)[:, None]

    inflow = factor(p.imported, table["inflow_profile"], 0.0)
    none = np.zeros((len(table), 1))
    charge = p.columns(none, of("charge_max_mw"), none)
    discharge = p.columns(none, of("power_max_mw"), of("wear_cny_per_mwh"))
    p.inject(table["bus"], charge, -1.0)
    p.inject(table["bus"], discharge)
    spill = p.columns(none, inflow, none)
    energy = p.columns(none, of("energy_max_mwh"), none)
    left = (1.0 - of("standing_loss_per_h")) ** p.hours
    cyclic = table["cyclic"].to_numpy(bool)[:, None]
    first = ~cyclic & (np.arange(p.steps) == 0)
    before = np.where(first, energy, np.roll(energy, 1, axis=1))
    start = of("energy_start_fraction") * of("energy_max_mwh")
    right = np.where(first, -left * start, 0.0) - p.hours * inflow
    terms = [
        (energy, -1.0), (before, np.where(first, 0.0, left)), (charge, of("charge_efficiency") * p.hours),
        (discharge, -p.hours / of("discharge_efficiency")), (spill, -np.ones_like(inflow) * p.hours),
    ]  # fmt: skip
    p.rows("equal", right, terms)
