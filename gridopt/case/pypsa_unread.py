"""What stands in the files of a PyPSA network and is not read: told by name, unless it is known to change no dispatch of given capacities.

Names: https://docs.pypsa.org/latest/user-guide/components/. Components that are not known are faults, as they may limit the dispatch.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from gridopt.case.pypsa_attributes import DEFAULTS

HARMLESS = {
    "name", "type", "control", "generator", "sub_network", "unit", "location", "weight", "color", "nice_name", "carrier", "model", "srid",
    "q_set", "v_mag_pu_set", "v_mag_pu_min", "v_mag_pu_max", "g", "b", "tap_side", "length", "terrain_factor", "build_year", "lifetime",
    "capital_cost", "overnight_cost", "discount_rate", "fom_cost", "max_growth", "max_relative_growth",
    "cyclic_state_of_charge_per_period", "state_of_charge_initial_per_period", "e_cyclic_per_period", "e_initial_per_period",
    "p", "q", "p_dispatch", "p_store", "state_of_charge", "spill", "e", "status", "start_up", "shut_down", "n_mod",
    "v_mag_pu", "v_ang", "marginal_price", "r_pu_eff", "x_pu_eff", "g_pu", "b_pu", "r_pu", "x_pu", "i_nom", "f_nom", "c_per_length", "mounting",
    "cross_section", "references", "v_nom_0", "v_nom_1", "pfe", "i0", "tap_min", "tap_max", "v_ang_min",
}  # fmt: skip
"""Attributes of power flows, of expansion, of drawing, and results; of types what plays no part in the linear flow."""
PATTERNS = re.compile(r"mu_.*|[pq][0-9]+|[pes]_nom_(min|max|mod|set|opt)|(marginal|capital)_cost(_piecewise)?_opt|maintenance(_.*)?")
SILENT: dict[str, set[str] | None] = {
    "links": {"start_up_cost", "shut_down_cost", "stand_by_cost", "min_up_time", "min_down_time", "down_time_before", "ramp_limit_start_up",
              "ramp_limit_shut_down", "cyclic_delay"},
    "transformers": {"phase_shift_opt"},
    "global_constraints": None, "scenarios": None, "processes": None, "shunt_impedances": None, "investment_periods": None,
}  # fmt: skip
"""Further ones by kind, None: all: what counts for committable and delayed links, which are refused, and for kinds that are refused or play
no part."""
OTHER_FILES = {"network", "snapshots", "shapes", "sub_networks", "networks", "investment_period_weightings"}


def unread(kind: str, attribute: str) -> bool:
    """Whether an attribute is neither read nor known to say nothing."""
    more = SILENT.get(kind, set())
    known = attribute in DEFAULTS[kind] or attribute in HARMLESS or PATTERNS.fullmatch(attribute)
    return not (more is None or attribute in more or known)


def filled(cells: np.ndarray) -> bool:
    """Whether any cell says something."""
    return any(not (c is None or c != c or c == "") for c in np.ravel(cells).tolist())


def sentences(found: dict[str, list[str]]) -> list[str]:
    """One on each kind; `found`: names of what was not read by kind."""
    return [f"Not read, of {kind.replace('_', ' ')}: {', '.join(sorted(names))}." for kind, names in found.items() if names]


def unknown_component(file: str, kind: str) -> str:
    return f"{file}: {kind} are not known, and may limit the dispatch. Remove them, or use components that are."


def unknown_files(folder: Path) -> list[str]:
    """Faults for files of components that are not known and not empty."""
    kinds: dict[str, str] = {}
    for file in sorted(folder.glob("*.csv")):
        kind = file.stem.split("-")[0]
        if kind not in DEFAULTS and kind not in OTHER_FILES and kind not in kinds:
            with open(file, encoding="utf-8", errors="replace") as opened:
                if sum(1 for line in opened if line.strip()) > 1:
                    kinds[kind] = file.name
    return [unknown_component(name, kind) for kind, name in kinds.items()]
