"""Buses, loads, branches, DC branches, interfaces and storage of Egret's ModelData as tables of a network.

    AC branch: flow = (angle_from - angle_to - shift) / (reactance tap), within rating_long_term; after a contingency within
    rating_emergency, which may be passed at contingency_flow_violation_cost where units are committed; a rating of 0 lets
    nothing through; tap and shift are those of transformers alone                                                               (G4)
    DC branch: any flow within its rating both ways, without loss                                                                 (G5)
    security constraint: lower_bound <= sum of coefficient x output <= upper_bound                                               (G7)
    load with p_price: consumption up to p_load that is worth p_price per MWh; any other load is served or missed                 (G6)

In a copperplate all buses are one: no ratings, DC branches, interfaces, contingencies and outages of branches.
Data: egret/data/model_data.py of Egret; branch model as in MATPOWER.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case_rows import CaseRows
from gridopt.case.copperplate import join, left_out
from gridopt.case.json_file import Record

NO_LIMIT_MW = 1e6


def buses(found: dict[str, Record], rows: CaseRows, sheddable: bool) -> None:
    for name, bus in found.items():
        voltage = bus.number("base_kv", 1.0, 0.0)
        zone = str(bus.entries.get("zone", ""))
        rows.add("bus", bus=name, voltage_kv=voltage if voltage > 0 else 1.0, zone=zone, surplus_allowed="true" if sheddable else "false")


def loads(found: dict[str, Record], shunts: dict[str, Record], rows: CaseRows, sheddable: bool) -> None:
    """Rows of load; loads with a price are generators that consume (G6), loads below 0 fixed injections."""
    steps = len(rows.time)
    for name, load in found.items():
        demand = load.series("p_load", steps)
        if "p_price" in load:
            limits = rows.limits(f"load {name}", -demand.clip(min=0), np.zeros(steps))
            price = rows.price(f"load {name}", load.series("p_price", steps))
            bus = load.text("bus")
            rows.add("generator", generator=rows.free("generator", name, "load"), bus=bus, technology="price-sensitive load", **limits, **price)
            demand = demand.clip(max=0)
        _demand(name, load.text("bus"), demand, rows, sheddable)
    for name, shunt in shunts.items():
        shunt.text("shunt_type", "fixed", ("fixed",))
        _demand(rows.free("load", f"shunt {name}", "shunt"), shunt.text("bus"), np.full(steps, shunt.number("gs", 0.0)), rows, False)


def _demand(name: str, bus: str, demand: np.ndarray, rows: CaseRows, sheddable: bool) -> None:
    if (demand > 0).any():
        mean, profile = rows.figure(f"load {name}", demand.clip(min=0))
        rows.add("load", load=name, bus=bus, mean_mw=mean, profile=profile, sheddable="true" if sheddable else "false")
    if (demand < 0).any():
        fixed = rows.limits(f"injection {name}", (-demand).clip(min=0), (-demand).clip(min=0))
        rows.add("generator", generator=f"injection {name}", bus=bus, technology="fixed injection", **fixed)


def branches(found: dict[str, Record], model: str, base_mva: float, secured: bool, rows: CaseRows, changes: list[str]) -> None:
    """Rows of ac_branch (G4). `secured`: there are contingencies, after which a branch without rating_emergency has no limit."""
    left: list[str] = []
    for name, branch in found.items():
        ends = {"from_bus": branch.text("from_bus"), "to_bus": branch.text("to_bus")}
        reactance, tap = branch.number("reactance"), branch.number("transformer_tap_ratio", 1.0, 0.0)
        if reactance == 0:
            branch.fault("reactance", 0, "must not be 0", "Merge the buses or correct it.")
        rating, after = (branch.number(f"rating_{kind}", np.nan, 0.0) for kind in ("long_term", "emergency"))
        shift = branch.number("transformer_phase_shift", 0.0)
        if branch.text("branch_type", "line").lower() != "transformer":
            left += [name] if shift != 0 or tap not in (0.0, 1.0) else []
            tap, shift = 1.0, 0.0
        if model == "copperplate":
            rating = after = np.nan
        rows.add(
            "ac_branch", ac_branch=name, **ends, base_mva=base_mva, resistance_pu=branch.number("resistance", 0.0), reactance_pu=reactance,
            charging_pu=branch.number("charging_susceptance", 0.0), tap_ratio=tap or 1.0, shift_deg=shift, rating_mw=rating,
            rating_emergency_mw=NO_LIMIT_MW if np.isnan(after) and secured and model != "copperplate" else after,
        )  # fmt: skip
        if model != "copperplate":
            _penalty(branch, "ac_branch", name, rows)
            _outages("ac_branch", [name], branch, rows)
    if left:
        changes.append(f"Left out, as in Egret: tap ratios and phase shifts of branches that are no transformers, {', '.join(left)}.")
    if found and model == "copperplate":
        changes.append("Left out, as the branch model says: ratings of branches.")
        outages = [branch.get("planned_outage", False) for branch in found.values()]
        left_out("planned outages of branches", sum(True in (o if isinstance(o, list) else [o]) for o in outages), changes)
    joints = join(rows) if model == "copperplate" else 0
    if joints:
        changes.append(f"The branch model has one balance, so that all buses count as one: they are joined by {joints} branches without limit.")
    narrow = sum(abs(branch.number(f"angle_diff_{end}", 0.0)) % 360 not in (0, 180) for branch in found.values() for end in ("min", "max"))
    if narrow:
        changes.append(f"Left out, as in Egret's models with distribution factors: limits of angle differences, {narrow}.")


def _penalty(record: Record, kind: str, name: str, rows: CaseRows) -> None:
    """Row of limit_penalty, where a violation has a price."""
    cost = record.number("violation_penalty", np.nan, 0.0)
    if np.isfinite(cost):
        rows.add("limit_penalty", kind=kind, element=name, cost_cny_per_mwh=cost)


def _outages(kind: str, names: list[str], branch: Record, rows: CaseRows) -> None:
    """Rows of outage where planned_outage is true; `names`: of the rows that stand for the branch."""
    given = branch.get("planned_outage", False)
    values = given if isinstance(given, list) else [given] * len(rows.time)
    if len(values) != len(rows.time) or any(v not in (True, False) for v in values):
        branch.fault("planned_outage", given, "must be true or false for each step", "Correct it.")
        return
    for start, end, out in zip(rows.time.start, rows.time.end, values, strict=True):
        if out:
            cells = {"start_time": str(start).replace("T", " "), "end_time": str(end).replace("T", " ")}
            for name in names:
                rows.add("outage", kind=kind, element=name, **cells)


def contingencies(
    found: dict[str, Record], lines: dict[str, Record], model: str, cost: float | None, rows: CaseRows, changes: list[str],
) -> None:  # fmt: skip
    """Rows of contingency: outages of branches, after which rating_emergency holds, or is passed at a `cost` per MWh; none in a
    copperplate."""
    if model == "copperplate":
        left_out("contingencies", len(found), changes)
        return
    for name, contingency in found.items():
        rows.add("contingency", contingency=name, kind="ac_branch", element=contingency.text("branch_contingency"))
    limited = [name for name, line in lines.items() if line.number("rating_emergency", np.nan) >= 0]
    if found and limited and cost is not None:
        for name in limited:
            rows.add("limit_penalty", kind="ac_branch", element=name, after_outages="true", cost_cny_per_mwh=cost)
        changes.append(
            f"Flows after contingencies may pass rating_emergency at contingency_flow_violation_cost, {cost:g} per MWh, "
            "which a branch pays for its worst contingency, in Egret for each."
        )


def dc_branches(found: dict[str, Record], model: str, rows: CaseRows, changes: list[str]) -> None:
    """Rows of dc_link, one for each way (G5); none in a copperplate."""
    if model == "copperplate":
        left_out("DC branches", len(found), changes)
        return
    for name, branch in found.items():
        rating = branch.number("rating_long_term", np.nan, 0.0)
        if "rating_long_term" not in branch:
            branch.faults.append(f"{branch.place}, rating_long_term: is missing, and a DC branch needs a limit. Give its rating in MW.")
        if name in rows.names("ac_branch"):
            name = f"dc {name}"
        ends = branch.text("from_bus"), branch.text("to_bus")
        both = [name, f"{name} (reverse)"]
        for link, (start, end) in zip(both, (ends, ends[::-1]), strict=True):
            rows.add("dc_link", dc_link=link, from_bus=start, to_bus=end, technology="VSC", power_max_mw=rating)
        _outages("dc_link", both, branch, rows)
    if found:
        changes.append(f"DC branches, which have a second dc_link '<name> (reverse)' and, as in Egret's linear models, no loss: {len(found)}.")


def interfaces(found: dict[str, Record], model: str, rows: CaseRows, changes: list[str]) -> None:
    """Rows of interface, its members and limits; none in a copperplate."""
    if model == "copperplate":
        left_out("interfaces", len(found), changes)
        return
    for name, interface in found.items():
        lines = interface.words("lines")
        signs = interface.numbers("line_orientation", [1.0] * len(lines))
        if len(signs) != len(lines):
            rule = f"has {len(signs)} signs for {len(lines)} lines"
            interface.fault("line_orientation", "the list", rule, "Give one sign for each line.")
        rows.add("interface", interface=name)
        for line, sign in zip(lines, signs, strict=False):
            rows.add("interface_member", interface=name, kind="ac_branch", element=line, coefficient=sign)
        forward, backward = interface.number("maximum_limit", np.nan), interface.number("minimum_limit", np.nan)
        rows.add("interface_limit", interface=name, forward_mw=forward, backward_mw=-backward)
        _penalty(interface, "interface", name, rows)


def security_constraints(found: dict[str, Record], rows: CaseRows) -> None:
    """Bounds on weighted sums of outputs as interfaces of generators (G7)."""
    for name, constraint in found.items():
        constraint.text("security_constraint_type", "pg", ("pg",))
        values = constraint.record("coefs").record("values")
        values.only({"generator", "storage"})
        if values.record("storage").entries:
            values.fault("storage", "coefficients", "are for storage, which is not modelled in such sums", "Leave it out.")
        name = rows.free("interface", name, "security")
        rows.add("interface", interface=name)
        weights = values.record("generator")
        for generator in weights.entries:
            weight, known = weights.number(generator), generator in rows.names("generator")
            if not known:
                rule = "is not the name of a generator, or that of a renewable one without a cost, which is not modelled in such sums"
                weights.fault(generator, generator, rule, "Correct it.")
            elif weight != 0:
                rows.add("interface_member", interface=name, kind="generator", element=generator, coefficient=weight)
        forward, backward = constraint.number("upper_bound", np.nan), constraint.number("lower_bound", np.nan)
        rows.add("interface_limit", interface=name, forward_mw=forward, backward_mw=-backward)
        _penalty(constraint, "interface", name, rows)


def storage(found: dict[str, Record], rows: CaseRows, changes: list[str]) -> None:
    """Rows of storage; the energy at the end is at least that at the start, or end_state_of_charge."""
    for name, unit in found.items():
        for key in ("min_discharge_rate", "min_charge_rate"):
            if unit.number(key, 0.0) != 0:
                unit.fault(key, unit.entries[key], "is a least rate, which is not modelled", "Set it to 0.")
        energy, least = unit.number("energy_capacity", least=0.0), unit.number("minimum_state_of_charge", 0.0, 0.0, 1.0)
        kept = unit.number("retention_rate_60min", 1.0, 0.0, 1.0)
        first = unit.number("initial_state_of_charge", 0.5, 0.0, 1.0)
        cells = {"energy_min_profile": rows.profiles.add(f"storage {name} least", np.full(len(rows.time), least))} if least > 0 else {}
        rows.add(
            "storage", storage=name, bus=unit.text("bus"), technology="battery", energy_max_mwh=energy,
            power_max_mw=unit.number("max_discharge_rate", least=0.0), charge_max_mw=unit.number("max_charge_rate", least=0.0),
            charge_efficiency=unit.number("charge_efficiency", 1.0, 0.0, 1.0),
            discharge_efficiency=unit.number("discharge_efficiency", 1.0, 0.0, 1.0), standing_loss_per_h=1.0 - kept,
            # Egret takes no standing loss off the energy before the first step.
            energy_start_fraction=min(first / max(kept, 1e-9) ** rows.time.hours[0], 1.0),
            energy_end_fraction=unit.number("end_state_of_charge", first, 0.0, 1.0),
            charging_cost_cny_per_mwh=unit.number("charge_cost", 0.0, 0.0), wear_cny_per_mwh=unit.number("discharge_cost", 0.0, 0.0), **cells,
        )  # fmt: skip
    if found:
        changes.append(f"Storage, whose ramps are left out: {len(found)}.")
