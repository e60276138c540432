"""Keys of Egret's ModelData by kind of element: those that are read, and those that say nothing for a dispatch of active power.

What says nothing: names and places, voltages and reactive power, results of an earlier run. Any other key may be a misspelt one, or may change
the problem, and is a fault. Sources: egret/data/model_data.py, egret/model_library/transmission/tx_utils.py, egret/parsers and
egret/model_library/unit_commitment (params.py, services.py) of Egret.
"""

from __future__ import annotations

from gridopt.case.egret_reserves import KEYS as REQUIREMENTS
from gridopt.case.egret_reserves import PRICES
from gridopt.case.json_file import Record

EVERY = {"in_service", "id", "name", "comment"}
FLOWS = {"pf", "pt", "qf", "qt", "pf_violation"}
PLACE = {"area", "zone"}
RESERVED = {key.removesuffix("_requirement") for key in REQUIREMENTS.values()}
RESULTS = {f"{service}_{what}" for service in RESERVED for what in ("shortfall", "price")}
REFUSED = ("startup_curve", "shutdown_curve", "aux_fuel_capable", "aux_fuel_supply", "agc_fixed_cost")
"""Keys of a generator that would change the schedule and are not modelled."""
READ = {
    "bus": {"base_kv", "zone"},
    "load": {"bus", "p_load", "p_price"},
    "shunt": {"bus", "gs", "shunt_type"},
    "generator": PLACE | {
        "generator_type", "bus", "fuel", "p_min", "p_max", "ramp_up_60min", "ramp_down_60min", "startup_capacity", "shutdown_capacity",
        "min_up_time", "min_down_time", "initial_status", "initial_p_output", "initial_p_min", "initial_shutdown_capacity", "startup_cost",
        "startup_fuel", "non_fuel_startup_cost", "shutdown_cost", "p_cost", "p_fuel", "fuel_cost", "non_fuel_no_load_cost", "must_run",
        "fixed_commitment", "fixed_regulation", "fuel_supply", "agc_capable", "ramp_agc", "p_min_agc", "p_max_agc", "agc_marginal_cost",
        "spinning_capacity", "spinning_cost", "fast_start", "non_spinning_capacity", "non_spinning_cost", "supplemental_start",
        "supplemental_spinning_capacity", "supplemental_non_spinning_capacity", "supplemental_cost", *REFUSED,
    },
    "storage": {
        "bus", "energy_capacity", "minimum_state_of_charge", "retention_rate_60min", "initial_state_of_charge", "end_state_of_charge",
        "min_discharge_rate", "max_discharge_rate", "min_charge_rate", "max_charge_rate", "charge_efficiency", "discharge_efficiency",
        "charge_cost", "discharge_cost",
    },
    "branch": {
        "from_bus", "to_bus", "branch_type", "reactance", "resistance", "charging_susceptance", "transformer_tap_ratio",
        "transformer_phase_shift", "rating_long_term", "rating_emergency", "angle_diff_min", "angle_diff_max", "violation_penalty",
        "planned_outage",
    },
    "dc_branch": {"from_bus", "to_bus", "rating_long_term", "planned_outage"},
    "interface": {"lines", "line_orientation", "maximum_limit", "minimum_limit", "violation_penalty"},
    "area": set(REQUIREMENTS.values()),
    "zone": set(REQUIREMENTS.values()),
    "fuel_supply": {"fuel_supply_type", "fuel_available"},
    "security_constraint": {"security_constraint_type", "lower_bound", "upper_bound", "coefs", "violation_penalty"},
    "contingency": {"branch_contingency"},
}  # fmt: skip
SILENT = {
    "bus": {"matpower_bustype", "area", "vm", "va", "v_min", "v_max", "pl", "ql", "lmp", "qlmp", "q_lmp", "p_balance_violation",
            "q_balance_violation"},
    "load": PLACE | {"q_load", "q_price", "p_load_shed", "q_load_shed", "payment_revenue"},
    "shunt": PLACE | {"bs"},
    # Without aux_fuel_capable, what is said of a second fuel has no meaning; quickstart_capable is the older fast_start, which no limit uses.
    "generator": {f"{service}_supplied" for service in RESERVED} | {
        "unit_type", "failure_rate", "quickstart_capable", "pg", "qg", "vg", "mbase", "q_min", "q_max", "q_cost", "initial_q_output", "pc1",
        "pc2", "qc1_min", "qc1_max", "qc2_min", "qc2_max", "ramp_10", "ramp_30", "ramp_q", "power_factor", "headroom", "commitment",
        "commitment_cost", "production_cost", "regulation_provider", "fuel_consumed", "aux_fuel_consumed", "aux_fuel_cost",
        "aux_fuel_status", "aux_fuel_blending", "aux_fuel_online_switching", "aux_fuel_supply_initial",
    },
    "storage": PLACE | {
        "ramp_up_input_60min", "ramp_down_input_60min", "ramp_up_output_60min", "ramp_down_output_60min", "initial_charge_rate",
        "initial_discharge_rate", "p_charge", "p_discharge", "state_of_charge", "operational_cost",
    },
    "branch": FLOWS | {"rating_short_term", "lazy"},
    "dc_branch": FLOWS | {"rating_short_term", "rating_emergency", "loss_factor"},
    "interface": FLOWS,
    "area": RESULTS,
    "zone": RESULTS,
    "fuel_supply": {"fuel_consumed"},
    "security_constraint": {"pf", "pf_violation"},
    "contingency": {"pf", "pf_violation", "monitored_branches"},
}  # fmt: skip
SYSTEM = {
    "time_keys", "time_period_length_minutes", "baseMVA", "load_mismatch_cost", "reserve_shortfall_cost", "contingency_flow_violation_cost",
    *REQUIREMENTS.values(), *PRICES.values(),
}  # fmt: skip
SYSTEM_SILENT = RESULTS | {
    "name", "model_name", "mpc_version", "reference_bus", "reference_bus_angle", "total_cost", "q_load_mismatch_cost", "time_indices",
    "reserve_ramping_constraints", "transmission_flow_violation_cost", "interface_flow_violation_cost",
}  # fmt: skip
"""The last three are in files, but no model of Egret reads them: limits of branches and interfaces have penalties of their own."""


def check_keys(system: Record, found: dict[str, dict[str, Record]]) -> None:
    """A fault for each key that is not known."""
    system.only(SYSTEM | SYSTEM_SILENT)
    for kind, records in found.items():
        known = EVERY | READ[kind] | SILENT[kind]
        for record in records.values():
            record.only(known)


def refuse(unit: Record) -> None:
    """Faults for what would change the schedule of a thermal unit and is not modelled."""
    for key in REFUSED:
        if unit.entries.get(key) not in (None, False, 0, 0.0, []):
            unit.fault(key, unit.entries[key], "is not modelled", "Remove it.")
    fixed = unit.entries.get("fixed_regulation")
    values = fixed if isinstance(fixed, list) else [fixed]
    if unit.entries.get("agc_capable") and any(v is not None for v in values):
        unit.fault("fixed_regulation", fixed, "is not modelled", "Remove it.")
