"""What is read of each component of a PyPSA network, with PyPSA's defaults, and what is refused.

Names and defaults: https://docs.pypsa.org/latest/user-guide/components/. What is not listed here: `pypsa_unread.py`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

NONE, INF = math.nan, math.inf

DEFAULTS: dict[str, dict[str, float | str | bool]] = {
    "buses": {"v_nom": 1.0, "x": NONE, "y": NONE, "carrier": "AC", "country": "", "location": ""},
    "carriers": {"co2_emissions": 0.0},
    "generators": {
        "bus": "", "carrier": "", "p_nom": 0.0, "p_nom_mod": 0.0, "p_nom_extendable": False, "p_nom_opt": 0.0, "p_min_pu": 0.0, "p_max_pu": 1.0,
        "p_set": NONE, "p_init": NONE, "e_sum_min": -INF, "e_sum_max": INF, "sign": 1.0, "marginal_cost": 0.0, "marginal_cost_quadratic": 0.0,
        "efficiency": 1.0, "committable": False, "maintainable": False, "ramp_limit_up": NONE, "ramp_limit_down": NONE,
        "ramp_limit_start_up": NONE, "ramp_limit_shut_down": NONE, "start_up_cost": 0.0, "shut_down_cost": 0.0, "stand_by_cost": 0.0,
        "min_up_time": 0.0, "min_down_time": 0.0, "up_time_before": 1.0, "down_time_before": 0.0,
    },
    "loads": {"bus": "", "p_set": 0.0, "sign": -1.0},
    "storage_units": {
        "bus": "", "carrier": "", "p_nom": 0.0, "p_nom_extendable": False, "p_nom_opt": 0.0, "p_min_pu": -1.0, "p_max_pu": 1.0, "p_set": NONE,
        "p_dispatch_set": NONE, "p_store_set": NONE, "sign": 1.0, "spill_cost": 0.0, "marginal_cost": 0.0, "marginal_cost_quadratic": 0.0,
        "marginal_cost_storage": 0.0, "state_of_charge_initial": 0.0, "state_of_charge_set": NONE, "cyclic_state_of_charge": False,
        "max_hours": 1.0, "efficiency_store": 1.0, "efficiency_dispatch": 1.0, "standing_loss": 0.0, "inflow": 0.0,
    },
    "stores": {
        "bus": "", "carrier": "", "e_nom": 0.0, "e_nom_extendable": False, "e_nom_opt": 0.0, "e_min_pu": 0.0, "e_max_pu": 1.0, "e_initial": 0.0,
        "e_cyclic": False, "e_set": NONE, "p_set": NONE, "sign": 1.0, "marginal_cost": 0.0, "marginal_cost_quadratic": 0.0,
        "marginal_cost_storage": 0.0, "standing_loss": 0.0,
    },
    "lines": {
        "bus0": "", "bus1": "", "type": "", "x": 0.0, "r": 0.0, "b": 0.0, "s_nom": 0.0, "s_nom_extendable": False, "s_nom_opt": 0.0,
        "s_max_pu": 1.0, "length": 0.0, "num_parallel": 1.0, "v_ang_max": INF, "s_set": NONE,
        "marginal_cost": 0.0, "marginal_cost_quadratic": 0.0,
    },
    "line_types": {"r_per_length": NONE, "x_per_length": NONE},
    "transformers": {
        "bus0": "", "bus1": "", "type": "", "x": 0.0, "r": 0.0, "s_nom": 0.0, "s_nom_extendable": False, "s_nom_opt": 0.0, "s_max_pu": 1.0,
        "num_parallel": 1.0, "tap_ratio": 1.0, "tap_position": 0.0, "phase_shift": 0.0, "phase_shift_min": 0.0, "phase_shift_max": 0.0,
        "v_ang_max": INF, "s_set": NONE, "marginal_cost": 0.0, "marginal_cost_quadratic": 0.0,
    },
    "transformer_types": {
        "s_nom": NONE, "vsc": NONE, "vscr": NONE, "phase_shift": 0.0, "tap_neutral": 0.0, "tap_step": 0.0,
    },
    "links": {
        "bus0": "", "bus1": "", "bus2": "", "carrier": "", "p_nom": 0.0, "p_nom_extendable": False, "p_nom_opt": 0.0, "p_min_pu": 0.0,
        "p_max_pu": 1.0, "p_set": NONE, "p_init": NONE, "efficiency": 1.0, "marginal_cost": 0.0, "marginal_cost_quadratic": 0.0,
        "length": 0.0, "committable": False, "maintainable": False, "ramp_limit_up": NONE, "ramp_limit_down": NONE, "delay": 0.0,
    },
    "global_constraints": {"type": "primary_energy"},
    "shunt_impedances": {}, "processes": {}, "scenarios": {}, "investment_periods": {},
}  # fmt: skip
for _kind in ("generators", "loads", "storage_units", "stores", "lines", "transformers", "links"):
    DEFAULTS[_kind]["active"] = True

UNBOUNDED = {"e_sum_min", "e_sum_max", "v_ang_max", "s_nom"}
"""Attributes that may be infinite."""
NOMINAL = {"generators": "p_nom", "storage_units": "p_nom", "stores": "e_nom", "lines": "s_nom", "transformers": "s_nom", "links": "p_nom"}
"""The capacity of each kind."""


class Refusal(NamedTuple):
    """A value other than PyPSA's default would change the optimum in a way the tables cannot say. `cure`: what the user can do."""

    attribute: str
    what: str
    cure: str


_SET = "Leave it empty, or fix the dispatch of a generator instead."
_COST = "Set it to 0."
_BRANCH = (
    Refusal("s_set", "a fixed flow", "Leave it empty, or use a link with equal p_min_pu and p_max_pu."),
    Refusal("marginal_cost", "a cost of flow", _COST),
    Refusal("marginal_cost_quadratic", "a cost of flow", _COST),
)
REFUSED: dict[str, tuple[Refusal, ...]] = {
    "generators": (
        Refusal("e_sum_min", "least energy over all snapshots", "Leave it at -inf."),
        Refusal("e_sum_max", "largest energy over all snapshots", "Leave it at inf, or model the energy as a storage unit."),
        Refusal("maintainable", "planning of maintenance", "Set it to False and p_max_pu to what is available."),
    ),
    "storage_units": (
        Refusal("sign", "a factor on the injection", "Set it to 1."),
        Refusal("p_set", "a fixed dispatch of storage", _SET),
        Refusal("p_dispatch_set", "a fixed dispatch of storage", _SET),
        Refusal("p_store_set", "a fixed charging of storage", _SET),
        Refusal("state_of_charge_set", "a fixed state of charge", "Leave it empty."),
        Refusal("spill_cost", "a cost of spilling", _COST),
        Refusal("marginal_cost_quadratic", "a quadratic cost of storage", _COST),
        Refusal("marginal_cost_storage", "a cost of holding energy", _COST),
    ),
    "stores": (
        Refusal("sign", "a factor on the injection", "Set it to 1."),
        Refusal("p_set", "a fixed dispatch of storage", _SET),
        Refusal("e_set", "a fixed energy level", "Leave it empty."),
        Refusal("marginal_cost", "a cost paid when discharging and earned when charging", _COST),
        Refusal("marginal_cost_quadratic", "a quadratic cost of storage", _COST),
        Refusal("marginal_cost_storage", "a cost of holding energy", _COST),
    ),
    "lines": _BRANCH,
    "transformers": _BRANCH,
    "links": (
        Refusal("bus2", "a third bus", "Split it into links with two buses."),
        Refusal("p_set", "a fixed flow", "Set p_min_pu and p_max_pu instead."),
        Refusal("marginal_cost_quadratic", "a quadratic cost of links", _COST),
        Refusal("maintainable", "planning of maintenance", "Set it to False and p_max_pu to what is available."),
        Refusal("delay", "delayed delivery", "Set it to 0."),
        Refusal("committable", "commitment of a link", "Set it to False, or model it as a generator and a load."),
    ),
}
CONSTANT = {
    "generators": ("sign", "marginal_cost_quadratic", "ramp_limit_up", "ramp_limit_down", "ramp_limit_start_up", "ramp_limit_shut_down",
                   "start_up_cost", "shut_down_cost", "stand_by_cost"),
    "storage_units": ("marginal_cost", "max_hours", "efficiency_store", "efficiency_dispatch", "standing_loss"),
    "stores": ("standing_loss",),
    "transformers": ("phase_shift",),
    "links": ("efficiency", "marginal_cost", "ramp_limit_up", "ramp_limit_down"),
}
"""Attributes that may be series in PyPSA but must not change over time here."""
