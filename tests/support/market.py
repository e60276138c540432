"""Market cases for tests of pricing rules: small textbook cases as text, cleared once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from gridopt.study.load import load_study
from gridopt.study.priced import Priced, price_by

ONE_PERIOD = """
demand_mw: 350
generators:
  - {id: A, p_max: 300, marginal_cost: 250}
  - {id: B, p_min: 100, p_max: 200, marginal_cost: 300, no_load_cost: 9000, initially_on: false}
"""
THREE_PERIODS = """
periods: 3
demand_mw: [220, 320, 440]
generators:
  - {id: A, p_max: 300, marginal_cost: 280}
  - {id: B, p_min: 60, p_max: 160, marginal_cost: 250, no_load_cost: 4000, startup_cost: 2000, ramp_mw_per_h: 60, start_ramp_mw: 60,
     initially_on: false}
"""
BLOCK_BEHIND_A_LINE = """
buses: [{id: a}, {id: b, load_mw: 150}]
lines: [{id: ab, from: a, to: b, limit_mw: 100}]
generators:
  - {id: A, bus: a, p_max: 300, marginal_cost: 200}
  - {id: B, bus: b, p_min: 80, p_max: 80, marginal_cost: 300, initially_on: false}
"""
TWO_RAMPED_UNITS = """
periods: 6
demand_mw: [120, 120, 120, 90, 45, 45]
generators:
  - {id: G, p_min: 20, p_max: 50, marginal_cost: 20, startup_cost: 1500, ramp_mw_per_h: 15, start_ramp_mw: 25, stop_ramp_mw: 30,
     min_up: 3, min_down: 2, initially_on: false}
  - {id: H, p_min: 20, p_max: 60, marginal_cost: 30, no_load_cost: 200, startup_cost: 1500, ramp_mw_per_h: 10, start_ramp_mw: 25,
     stop_ramp_mw: 30, min_down: 1, initially_on: false}
  - {id: free, p_max: 200, marginal_cost: 55}
"""
RING = """
buses: [{id: 1, zone: Hexi}, {id: 2, zone: Hexi, load_mw: 100}, {id: 3, zone: Hedong, load_mw: 300}, {id: 4, zone: Hedong, load_mw: 500}]
lines:
  - {id: "12", from: 1, to: 2, x_pu: 0.1}
  - {id: "13", from: 1, to: 3, x_pu: 0.1, limit_mw: 300}
  - {id: "24", from: 2, to: 4, x_pu: 0.1}
  - {id: "34", from: 3, to: 4, x_pu: 0.1}
generators:
  - {id: W1, bus: 1, p_max: 600, marginal_cost: 40}
  - {id: C2, bus: 2, p_max: 350, marginal_cost: 260}
  - {id: C3, bus: 3, p_max: 400, marginal_cost: 340}
  - {id: C4, bus: 4, p_max: 400, marginal_cost: 480}
"""
RING_WITH_A_START = RING + """  - {id: C5, bus: 4, p_min: 50, p_max: 300, marginal_cost: 280, startup_cost: 9000, initially_on: false}
"""
THREE_CURVES = """
demand_mw: 365
generators:
  - {id: W, p_max: 260, curve: [[0, 0], [200, 10000], [230, 11590], [260, 13270]], initially_on: false}
  - {id: X, p_min: 100, p_max: 180, curve: [[100, 6000], [140, 8600], [180, 11360]], startup_cost: 30000, initially_on: false}
  - {id: Y, p_min: 50, p_max: 150, curve: [[50, 10000], [100, 21050], [150, 33100]], startup_cost: 5000, initially_on: false}
"""
TWO_UNITS_35_MW = """
demand_mw: 35
generators:
  - {id: g1, p_min: 10, p_max: 50, marginal_cost: 50, startup_cost: 100, initially_on: false}
  - {id: g2, p_min: 50, p_max: 50, marginal_cost: 10, startup_cost: 100, initially_on: false}
"""
ALL_OF_A = """
demand_mw: 600
generators:
  - {id: A, p_max: 600, marginal_cost: 40}
  - {id: B, p_max: 300, marginal_cost: 260}
"""


@dataclass(frozen=True)
class Outcome:
    """What a rule says of a cleared case, by unit name."""

    priced: Priced
    solved: Dispatch

    @property
    def price(self):
        return self.priced.prices.price

    def of(self, name: str, what: str) -> float:
        """A figure of the uplift (mwp, loc, profit, revenue, cost) of unit `name`."""
        left = self.priced.uplift
        place = [str(n).partition(" ")[2] for n in left.names].index(name)
        return float(getattr(left, what)[place])

    def total(self, what: str) -> float:
        return float(getattr(self.priced.uplift, what).sum())


@cache
def cleared(text: str) -> Dispatch:
    """The case in `text` (YAML), cleared to a gap of 0."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "case.yaml"
        path.write_text(text, encoding="utf-8")
        return dispatch(load_study(path, {}, None).case, search=Search(gap=0.0))


@cache
def priced(text: str, rule: str) -> Outcome:
    return Outcome(price_by(rule, cleared(text)), cleared(text))
