"""Buses, lines, interfaces, contingencies and storage of UnitCommitment.jl as tables of a network.

    flow of a line ~ susceptance x angle difference; limits before and after contingencies, which may be passed at a penalty   (J4)
    load may be curtailed at the power balance penalty; there is no way out for a surplus                                       (J5)
    storage: level = (1 - loss) level before + h (efficiency x charge - discharge / efficiency)                                 (J6)

Without any line, and in a copperplate, all buses count as one. https://anl-ceeesa.github.io/UnitCommitment.jl/dev/guides/problem/
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case_rows import CaseRows
from gridopt.case.copperplate import join, left_out
from gridopt.case.json_file import Record

BASE_MVA = 100.0
MW_PER_DEGREE = BASE_MVA * np.pi / 180.0
"""Susceptance of the files times reactance per unit: they are MW per degree on 100 MVA. Only their ratios count for flows."""
NO_LIMIT_MW = 1e6
PENALTY = 5000.0
"""$/MW of a limit that is passed, where none is given."""
SILENT = ("Reactance (ohms)", "Max number of parallel circuits")
"""Keys of a line that say nothing beside its susceptance, and where none is built."""
LINE = {
    "Source bus", "Target bus", "Susceptance (S)", "Normal flow limit (MW)", "Emergency flow limit (MW)", "Flow limit penalty ($/MW)",
    "Investment cost ($)", *SILENT,
}  # fmt: skip


def buses(found: dict[str, Record], penalty: float, rows: CaseRows) -> None:
    """Rows of bus and load, and the price of lost load (J5); `penalty` $/MW per step."""
    hours, index = rows.time.hours, 0
    for name, bus in found.items():
        bus.only({"Load (MW)"})
        rows.add("bus", bus=name, voltage_kv=1.0, surplus_allowed="false")
        demand = bus.series("Load (MW)", len(hours))
        if (demand > 0).any():
            mean, profile = rows.figure(f"bus {name} load", demand.clip(min=0))
            rows.add("load", load=name, bus=name, mean_mw=mean, profile=profile)
        if (demand < 0).any():
            index += 1
            fixed = rows.limits(f"bus {name} injection", (-demand).clip(min=0), (-demand).clip(min=0))
            rows.add("generator", generator=f"injection {name}", bus=name, technology="fixed injection", **fixed)
    rows.add("shedding_tier", tier="curtailment", share=1.0, cost_cny_per_mwh=penalty / hours[0])


def refuse_expansion(record: Record) -> None:
    """A fault where the element is there only if it is paid for."""
    if record.number("Investment cost ($)", 0.0) != 0:
        given = record.entries["Investment cost ($)"]
        record.fault("Investment cost ($)", given, "asks for capacity expansion, which is not modelled", "Set it to 0.")


def lines(found: dict[str, Record], model: str, rows: CaseRows, changes: list[str]) -> None:
    """Rows of ac_branch (J4)."""
    for name, line in found.items():
        line.only(LINE)
        refuse_expansion(line)
        susceptance = line.number("Susceptance (S)")
        if susceptance == 0:
            line.fault("Susceptance (S)", 0, "must not be 0", "Remove the line or correct it.")
        ratings = {} if model == "copperplate" else _ratings(name, line, rows)
        if ratings:
            penalty(line, "ac_branch", name, rows)
        reactance = MW_PER_DEGREE / susceptance if susceptance else None
        ends = {"from_bus": line.text("Source bus"), "to_bus": line.text("Target bus")}
        rows.add("ac_branch", ac_branch=name, **ends, base_mva=BASE_MVA, reactance_pu=reactance, **ratings)
    if found and model == "copperplate":
        changes.append("Left out, as the branch model says: flow limits of lines.")
    joints = join(rows) if model == "copperplate" or not found else 0
    if joints:
        why = "The branch model has one balance" if found else "No lines are given"
        changes.append(f"{why}, so that all buses count as one: they are joined by {joints} branches without limit.")


def _ratings(name: str, line: Record, rows: CaseRows) -> dict[str, object]:
    """Cells of limits, which share one series."""
    steps, none = len(rows.time), np.inf
    normal, emergency = (line.series(f"{what} flow limit (MW)", steps, none, 0.0) for what in ("Normal", "Emergency"))
    if not np.isfinite(normal).all() and not np.isfinite(emergency).all():
        return {}
    if not np.isfinite(normal).all():
        rating, profile = None, ""
        after, profile = rows.figure(f"line {name} rating", emergency)
        return {"rating_mw": rating, "rating_emergency_mw": after, "rating_profile": profile}
    rating, profile = rows.figure(f"line {name} rating", normal)
    if not np.isfinite(emergency).all():
        return {"rating_mw": rating, "rating_emergency_mw": NO_LIMIT_MW, "rating_profile": profile}
    factor = emergency / np.where(normal > 0, normal, 1.0)
    if not np.allclose(factor, factor[0], rtol=1e-9):
        rule = "changes over time otherwise than the normal limit, which is not modelled"
        line.fault("Emergency flow limit (MW)", "a series", rule, "Give both the same shape.")
    return {"rating_mw": rating, "rating_emergency_mw": rating * factor[0], "rating_profile": profile}


def penalty(record: Record, kind: str, name: str, rows: CaseRows) -> None:
    """Row of limit_penalty; the penalty counts per step."""
    key, steps = "Flow limit penalty ($/MW)", len(rows.time)
    values = record.series(key, steps, PENALTY, 0.0)
    if not (values == values[0]).all():
        record.fault(key, "a series", "changes over time, which is not modelled", "Give one value.")
    rows.add("limit_penalty", kind=kind, element=name, cost_cny_per_mwh=float(values[0]) / rows.time.hours[0])


def interfaces(found: dict[str, Record], model: str, rows: CaseRows, changes: list[str]) -> None:
    """Rows of interface, its members and limits; flow outward counts positive. A copperplate has none."""
    if model == "copperplate":
        left_out("interfaces", len(found), changes)
    for name, interface in found.items():
        interface.only({"Inbound lines", "Outbound lines", "Lines", "Branches", "Net flow upper limit (MW)", "Net flow lower limit (MW)",
                        "Flow limit penalty ($/MW)"})  # fmt: skip
        if model == "copperplate":
            continue
        rows.add("interface", interface=name)
        weights = {line: sign for key, sign in (("Outbound lines", 1.0), ("Inbound lines", -1.0)) for line in interface.words(key)}
        for key in ("Lines", "Branches"):
            weighted = interface.record(key)
            weights |= {line: weighted.number(line, least=-1.0, most=1.0) for line in weighted.entries}
        for line, weight in weights.items():
            rows.add("interface_member", interface=name, kind="ac_branch", element=line, coefficient=weight)
        forward, backward = (interface.number(f"Net flow {end} limit (MW)", np.nan) for end in ("upper", "lower"))
        rows.add("interface_limit", interface=name, forward_mw=forward, backward_mw=-backward)
        penalty(interface, "interface", name, rows)


def contingencies(found: dict[str, Record], model: str, rows: CaseRows, changes: list[str]) -> None:
    """Rows of contingency; as in UnitCommitment.jl, those of generators are left out, and in a copperplate all."""
    generators = 0
    if model == "copperplate":
        left_out("contingencies", len(found), changes)
    for name, case in found.items():
        case.only({"Affected lines", "Affected generators", "Affected units"})
        generators += len(case.words("Affected generators")) + len(case.words("Affected units"))
        for line in case.words("Affected lines") if model != "copperplate" else ():
            rows.add("contingency", contingency=name, kind="ac_branch", element=line)
    if generators and model != "copperplate":
        changes.append(f"Left out, as in UnitCommitment.jl: losses of generators in contingencies, {generators}.")
