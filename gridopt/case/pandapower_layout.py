"""Where each of gridopt's tables lies in a pandapower net; shared by the writer and the reader.

A row becomes an element whose `name` is gridopt's identifier. What pandapower has a column for stands there and only there, so
that a change made in pandapower comes back. Every other column is kept beside it as `gridopt_<column>`, and tables pandapower
knows nothing of (seasons, fuels, interfaces, contracts, ...) as a whole as `net.gridopt_<table>`.
"""

from __future__ import annotations

import math

PREFIX = "gridopt_"
KIND = PREFIX + "table"
SIDE = PREFIX + "from_side"
POWER_BEFORE, SERVICE_BEFORE = PREFIX + "exported_p_mw", PREFIX + "exported_service"
"""What pandapower's columns p_mw (times scaling, of loads) and in_service held when the net was written: whether they were changed."""
BESIDE = (KIND, SIDE, POWER_BEFORE, SERVICE_BEFORE)
"""Columns gridopt_* that are no columns of a table."""
DEFAULT_KIND = {"trafo": "transformer", "gen": "unit", "sgen": "renewable", "storage": "storage", "load": "load", "dcline": "dc_link"}
"""Table of an element that says nothing of it, where it does not have the same name."""

# table -> pandapower's element table. Several tables share one; the column gridopt_table tells them apart.
ELEMENT = {
    "bus": "bus",
    "line": "line",
    "transformer": "trafo",
    "unit": "gen",
    "reservoir": "gen",
    "renewable": "sgen",
    "csp": "sgen",
    "storage": "storage",
    "pumped": "storage",
    "pump": "load",
    "load": "load",
    "exchange": "load",
    "dc_link": "dcline",
}

# columns that pandapower's own columns hold, by table
NATIVE = {
    "bus": ("zone", "voltage_kv", "latitude_deg", "longitude_deg"),
    "line": (
        "from_bus", "to_bus", "circuits", "length_km", "resistance_ohm_per_km", "reactance_ohm_per_km", "susceptance_us_per_km",
        "rating_mw",
    ),
    "transformer": ("from_bus", "to_bus", "units", "rated_mva", "reactance_fraction", "rating_mw"),
    "unit": ("bus", "power_max_mw"),
    "reservoir": ("bus", "power_max_mw"),
    "renewable": ("bus", "power_max_mw"),
    "csp": ("bus", "power_max_mw"),
    "storage": ("bus", "power_max_mw", "energy_max_mwh"),
    "pumped": ("bus", "power_max_mw", "pump_mw", "upper_max_mwh"),
    "pump": ("bus", "power_max_mw"),
    "load": ("bus",),
    "exchange": ("bus",),
    "dc_link": ("from_bus", "to_bus", "power_max_mw", "loss_no_load_fraction", "loss_linear_fraction"),
}  # fmt: skip

FREQUENCY_HZ = 50.0


def capacitance_nf(susceptance_us):
    """nF of a susceptance in uS at 50 Hz: C = B / (2 pi f)."""
    return susceptance_us * 1e3 / (2 * math.pi * FREQUENCY_HZ)


def susceptance_us(capacitance_nf, frequency_hz: float = FREQUENCY_HZ):
    """uS of a capacitance in nF: B = 2 pi f C."""
    return capacitance_nf * 1e-3 * 2 * math.pi * frequency_hz


def current_ka(power_mw, voltage_kv):
    """kA that carry a power at power factor 1: I = P / (sqrt(3) U)."""
    return power_mw / (math.sqrt(3.0) * voltage_kv)


def power_mw(current_ka, voltage_kv):
    """MW carried by a current at power factor 1."""
    return current_ka * math.sqrt(3.0) * voltage_kv
