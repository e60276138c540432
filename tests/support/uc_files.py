"""Small valid cases of UnitCommitment.jl and Egret with nearly everything that the formats know."""

UCJL = {
    "Parameters": {"Version": "0.4", "Time horizon (h)": 2, "Time step (min)": 60, "Power balance penalty ($/MW)": 900},
    "Buses": {"b1": {"Load (MW)": [60, 70]}, "b2": {"Load (MW)": 20}, "b3": {"Load (MW)": 0}},
    "Generators": {
        "g1": {
            "Bus": "b1", "Type": "Thermal", "Production cost curve (MW)": [10, 50, 90], "Production cost curve ($)": [200, 900, 1800],
            "Startup costs ($)": [100, 300], "Startup delays (h)": [1, 4], "Ramp up limit (MW)": 40, "Ramp down limit (MW)": 50,
            "Startup limit (MW)": 60, "Shutdown limit (MW)": 60, "Minimum uptime (h)": 2, "Minimum downtime (h)": 1,
            "Initial status (h)": 5, "Initial power (MW)": 40, "Must run?": False, "Reserve eligibility": ["r1"],
        },
        "g2": {
            "Bus": "b2", "Type": "Thermal", "Production cost curve (MW)": [0, 60], "Production cost curve ($)": [0, 3000],
            "Initial status (h)": -3, "Initial power (MW)": 0, "Commitment status": [None, True],
        },
        "sun": {"Bus": "b3", "Type": "Profiled", "Maximum power (MW)": [10, 20], "Cost ($/MW)": 1},
    },
    "Price-sensitive loads": {"ps": {"Bus": "b3", "Revenue ($/MW)": 60, "Demand (MW)": 15}},
    "Transmission lines": {
        "l1": {"Source bus": "b1", "Target bus": "b2", "Susceptance (S)": 20, "Normal flow limit (MW)": 80, "Emergency flow limit (MW)": 90},
        "l2": {"Source bus": "b2", "Target bus": "b3", "Susceptance (S)": 20, "Normal flow limit (MW)": [60, 50]},
        "l3": {"Source bus": "b1", "Target bus": "b3", "Susceptance (S)": 10},
    },
    "Contingencies": {"c1": {"Affected lines": ["l3"]}},
    "Reserves": {"r1": {"Type": "Spinning", "Amount (MW)": [5, 6], "Shortfall penalty ($/MW)": 400}},
    "Storage units": {
        "s": {
            "Bus": "b3", "Maximum level (MWh)": 20, "Charge cost ($/MW)": 1, "Discharge cost ($/MW)": 2, "Charge efficiency": 0.9,
            "Maximum charge rate (MW)": 5, "Maximum discharge rate (MW)": 5, "Initial level (MWh)": 10, "Loss factor": 0.01,
        }
    },
}  # fmt: skip
SERIES = {"data_type": "time_series", "values": [60.0, 70.0]}
EGRET = {
    "system": {"time_keys": ["1", "2"], "time_period_length_minutes": 60, "baseMVA": 100.0, "load_mismatch_cost": 1000.0,
               "reserve_requirement": 5.0, "spinning_reserve_requirement": 2.0},
    "elements": {
        "bus": {"A": {"base_kv": 220}, "B": {}},
        "load": {"d": {"bus": "A", "p_load": SERIES}, "ps": {"bus": "B", "p_load": 10.0, "p_price": 55.0}},
        "branch": {"ab": {"from_bus": "A", "to_bus": "B", "reactance": 0.05, "rating_long_term": 50, "in_service": True}},
        "security_constraint": {"s": {"security_constraint_type": "pg", "upper_bound": 70, "violation_penalty": 20.0,
                                      "coefs": {"data_type": "coefs", "values": {"generator": {"g": 1.5, "h": -0.5}}}}},
        "dc_branch": {"dc": {"from_bus": "B", "to_bus": "A", "rating_long_term": 10.0}},
        "generator": {
            "g": {
                "generator_type": "thermal", "bus": "A", "fuel": "G", "p_min": 10, "p_max": 80, "ramp_up_60min": 50, "ramp_down_60min": 50,
                "startup_capacity": 40, "shutdown_capacity": 40, "min_up_time": 2, "min_down_time": 1, "initial_status": -2,
                "initial_p_output": 0, "startup_cost": [[1, 100], [4, 200]], "shutdown_cost": 0.0,
                "p_cost": {"data_type": "cost_curve", "cost_curve_type": "polynomial", "values": {"0": 50, "1": 20, "2": 0.01}},
            },
            "h": {
                "generator_type": "thermal", "bus": "B", "p_min": 0, "p_max": 60, "min_up_time": 1, "min_down_time": 1, "initial_status": 3,
                "initial_p_output": 20, "fixed_commitment": 1,
                "p_cost": {"data_type": "cost_curve", "cost_curve_type": "piecewise", "values": [[0, 0], [30, 900], [60, 2100]]},
            },
            "w": {"generator_type": "renewable", "bus": "B", "fuel": "W", "p_min": 0.0, "p_max": SERIES},
        },
    },
}  # fmt: skip
