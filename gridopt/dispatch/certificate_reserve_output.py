"""Certificate, what the elements that hold reserves can give: units that are on, ramps, limits of output."""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.certificate_check import Evidence
from gridopt.dispatch.certificate_commitment import fleets
from gridopt.dispatch.certificate_plants import generator_limits, of_type, unit_limits
from gridopt.dispatch.certificate_solar_thermal import switched_blocks


def units_on(e: Evidence, table: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Units of each row, units that are on (n, T), and whether the row is switched (n,); one that is on where it is not."""
    number, switched = np.ones((len(e.case.table(table)), len(e.case.time))), np.zeros(len(e.case.table(table)), bool)
    on = number.copy()
    for s in fleets(e):
        if s.kind == table:
            number[s.rows], on[s.rows], switched[s.rows] = s.count, s.array("on"), True
    return number, on, switched


def ramps(e: Evidence, table: str) -> np.ndarray:
    """Ramp up and down of one unit MW/min (2, n), inf where there is none."""
    frame = e.case.table(table)
    if table == "unit":
        able = e.number("unit", "power_max_mw") * e.number("unit", "available_fraction")
        return np.repeat((of_type(e.case, "ramp_fraction_per_min") * able).T, 2, axis=0)
    if table != "generator":
        return np.full((2, len(frame)), np.inf)
    up, down = frame["ramp_fraction_per_min"], frame["ramp_down_fraction_per_min"]
    size = frame["power_max_mw"].abs()
    return np.array([(up * size).fillna(np.inf), (down.fillna(up) * size).fillna(np.inf)])


def limits(e: Evidence, table: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Output, least and largest output of the elements of a table MW (n, T)."""
    case, here = e.case, e.case.in_service(table)
    if table in ("unit", "generator"):
        least, most = unit_limits(e)[:2] if table == "unit" else generator_limits(e)
        for s in fleets(e):
            if s.kind == table:
                low, high = s.limits
                begin, end = s.array("start"), np.append(s.array("stop")[:, 1:], np.zeros((len(s.rows), 1)), axis=1)
                short = [np.clip(high - s.number(f"{w}_ramp_mw", np.inf), 0.0, high - low) for w in ("start", "stop")]
                least[s.rows] = low * s.array("on")
                most[s.rows] = high * s.array("on") - np.maximum(short[0] * begin, short[1] * end)
        return e[f"{table}_output"], least, most
    if table == "renewable":
        return e["renewable_output"], 0.0 * here, e["renewable_available"]
    most = e.number(table, "power_max_mw") * here
    if table == "storage":
        pull = e.number("storage", "charge_max_mw")
        pull = np.where(np.isnan(pull), e.number("storage", "power_max_mw"), pull) * here * e.series("storage", "charge_profile", 1.0)
        return e["storage_discharge"] - e["storage_charge"], -pull, most * e.series("storage", "discharge_profile", 1.0)
    if table == "csp":
        least = np.where(switched_blocks(e), e.number(table, "power_min_mw"), 0.0) * e["csp_on"] * here
        return e["csp_output"], least, most * e["csp_on"]
    if table == "pumped":
        able, least, units, one = (e.number(table, c) for c in ("power_max_mw", "power_min_mw", "units", "pump_mw"))
        if case.commitment == "off":
            return e["pumped_generate"] - e["pumped_pump"], -units * one * here, units * able * here
        return e["pumped_generate"] - e["pumped_pump"], *(v * e["pumped_generating"] - e["pumped_pump"] for v in (least, able))
    now, band = case.in_season(case.table("release_band")["season"]) == 1.0, case.table("release_band")
    for k, r in enumerate(case.position("reservoir", band["reservoir"])):
        top = band["release_max_m3s"].iloc[k] * case.table("reservoir")["power_mw_per_m3s"].iloc[r]
        most[r] = np.where(now[k], np.fmin(most[r], top), most[r])
    return e["hydro_output"], 0.0 * here, most


def range_on(e: Evidence, table: str) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest output of one unit of each row of 'unit' or 'generator' while on MW (n, T)."""
    least, most = unit_limits(e)[:2] if table == "unit" else generator_limits(e)
    least, most = least.copy(), most.copy()
    for s in fleets(e):
        if s.kind == table:
            least[s.rows], most[s.rows] = s.limits
    return least, most
