"""Rules of what stores energy or water that look at more than one cell."""

from __future__ import annotations

import numpy as np

from gridopt.case.check import Checked


def check_stores(tables: dict[str, Checked]) -> None:
    """Adds a fault to the table concerned for each broken rule."""
    _storage(tables["storage"])
    _zones(tables["head_zone"], tables["reservoir"])
    _pumps(tables["pump"], tables["reservoir"], tables["head_zone"].frame)
    _budgets(tables["hydro_budget"], tables["reservoir"])
    _pumped(tables["pumped"])
    _power_blocks(tables["csp"])


def _storage(storage: Checked) -> None:
    frame = storage.frame
    for i in np.flatnonzero((frame["cyclic"] & frame["end_value_cny_per_mwh"].notna()).to_numpy()):
        rule = "is given for a cyclic store, which gets back at the start what it holds at the end"
        storage.fault(i, "end_value_cny_per_mwh", f"{frame['end_value_cny_per_mwh'].iloc[i]:g}", rule, "Remove it or set cyclic to false.")


def _volumes(reservoir: Checked) -> dict[str, bool]:
    """Whether each plant has a volume."""
    frame = reservoir.frame
    return dict(zip(frame["reservoir"], (frame["volume_max_hm3"] > frame["volume_min_hm3"]).to_numpy(), strict=True))


def _zones(zone: Checked, reservoir: Checked) -> None:
    frame, holds = zone.frame, _volumes(reservoir)
    plants = reservoir.frame.drop_duplicates("reservoir").set_index("reservoir")
    lowest = frame.groupby("reservoir")["volume_from_hm3"].min()
    for i, (name, begin) in enumerate(zip(frame["reservoir"], frame["volume_from_hm3"], strict=True)):
        if name not in plants.index:
            continue
        least, most = (float(plants[f"volume_{c}_hm3"][name]) for c in ("min", "max"))
        if not holds[name]:
            zone.fault(i, "reservoir", name, "has no volume, so its head is fixed", "Give it a volume or remove the zone.")
        elif begin >= most:
            zone.fault(i, "volume_from_hm3", f"{begin:g}", f"is not below the largest volume, {most:g} hm3", "Lower it or remove the zone.")
        elif begin == lowest[name] and begin > least:
            rule = f"is the lowest zone of '{name}' but begins above its least volume, {least:g} hm3"
            zone.fault(i, "volume_from_hm3", f"{begin:g}", rule, "Add a zone below, or let this one begin lower.")


def _pumps(pump: Checked, reservoir: Checked, zones) -> None:
    frame, holds = pump.frame, _volumes(reservoir)
    plants = reservoir.frame.drop_duplicates("reservoir").set_index("reservoir")
    best = zones.groupby("reservoir")["power_mw_per_m3s"].max().reindex(plants.index)
    plants["power_mw_per_m3s"] = np.fmax(plants["power_mw_per_m3s"].to_numpy(float), best.to_numpy(float))
    for i, (low, high) in enumerate(zip(frame["from_reservoir"], frame["to_reservoir"], strict=True)):
        if low == high:
            pump.fault(i, "to_reservoir", high, "is where the pump takes its water from", "Name another reservoir.")
            continue
        for column, name in (("from_reservoir", low), ("to_reservoir", high)):
            if not holds.get(name, True):
                pump.fault(i, column, name, "has no volume, so it passes on what it receives", "Give it a volume or remove the pump.")
        if low in holds and high in holds and plants["downstream"][high] == low:
            back = frame["flow_m3s_per_mw"].iloc[i] * plants["power_mw_per_m3s"][high]
            if back > 1.0:
                rule = f"lets water come back down through '{high}' with {back:g} times the energy it took to lift it"
                cure = f"At most {1.0 / plants['power_mw_per_m3s'][high]:g} (m3/s)/MW would lose nothing."
                pump.fault(i, "flow_m3s_per_mw", f"{frame['flow_m3s_per_mw'].iloc[i]:g}", rule, cure)


def _budgets(budget: Checked, reservoir: Checked) -> None:
    frame, holds = budget.frame, _volumes(reservoir)
    most = reservoir.frame.drop_duplicates("reservoir").set_index("reservoir")["power_max_mw"].reindex(frame["reservoir"]).to_numpy(float)
    hours = ((frame["end_date"] - frame["start_date"]).dt.days.to_numpy(float) + 1.0) * 24.0
    for i, name in enumerate(frame["reservoir"]):
        for column in ("release_min_hm3", "release_max_hm3"):
            value = frame[column].iloc[i]
            if value == value and not holds.get(name, True):
                rule = f"is given for '{name}', which has no volume and passes on what it receives"
                budget.fault(i, column, f"{value:g}", rule, "Give it a volume or remove the limit.")
        if frame["energy_min_mwh"].iloc[i] > most[i] * hours[i] * (1.0 + 1e-9):
            rule = f"is above what '{name}' can give in the period, {most[i] * hours[i]:g} MWh"
            budget.fault(i, "energy_min_mwh", f"{frame['energy_min_mwh'].iloc[i]:g}", rule, "Correct the energy or the dates.")


def _pumped(pumped: Checked) -> None:
    frame = pumped.frame
    total = frame["upper_start_mwh"] + frame["lower_start_mwh"]
    room = frame["upper_max_mwh"] + frame["lower_max_mwh"].fillna(frame["upper_max_mwh"])
    for i in np.flatnonzero((total > room * (1.0 + 1e-9)).to_numpy()):
        rule = f"and upper_start_mwh make {total[i]:g} MWh, more than both reservoirs hold ({room[i]:g} MWh)"
        pumped.fault(i, "lower_start_mwh", f"{frame['lower_start_mwh'].iloc[i]:g}", rule, "Lower one of the two.")
    for i in np.flatnonzero((frame["upper_end_mwh"] > total).to_numpy()):
        rule = f"is more than there is in both reservoirs, {total[i]:g} MWh"
        pumped.fault(i, "upper_end_mwh", f"{frame['upper_end_mwh'].iloc[i]:g}", rule, "Lower it, or correct what they hold at the start.")


def _power_blocks(csp: Checked) -> None:
    frame = csp.frame
    before, output = frame["initial_h"].to_numpy(float), frame["initial_mw"].to_numpy(float)
    least = frame["power_min_mw"].to_numpy(float)
    for i in np.flatnonzero((before < 0) & (output > 0)):
        rule = f"is above 0 although initial_h ({before[i]:g}) says that the block was off"
        csp.fault(i, "initial_mw", f"{output[i]:g}", rule, "Leave it empty or give the hours on.")
    for i in np.flatnonzero((before > 0) & (output < least)):
        rule = f"is below power_min_mw, {least[i]:g}, although initial_h ({before[i]:g}) says that the block was on"
        csp.fault(i, "initial_mw", f"{output[i]:g}", rule, "Correct one of the three.")
