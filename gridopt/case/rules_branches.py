"""Rules of branches: their ends and ids, per-unit figures, shifts and angles; who may be member of an interface, out or a contingency."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from gridopt.case.check import Checked, nearest

BRANCH_TABLES = ("line", "transformer", "ac_branch", "dc_link")
"""Tables of things with two ends. One namespace: interfaces and results name their rows by the id alone."""
IN_PART = ("unit", "generator", "renewable", "dc_link")
"""Kinds of which a contingency may take a part; branches are lost whole."""


def check_branches(tables: dict[str, Checked]) -> None:
    """Adds a fault to the table concerned for each broken rule."""
    for name in BRANCH_TABLES:
        _two_ends(tables[name])
    for first, second in combinations(BRANCH_TABLES, 2):
        unique_across(tables[first], tables[second])
    _reactance(tables["ac_branch"])
    _shifts(tables["ac_branch"])
    named = ("interface_member", "limit_penalty", "outage", "contingency", "reserve_offer", "ramping", "commitment", "start_cost", "chp")
    for name in (*named, "deep_band", "interface_support"):
        _named_by_kind(tables, tables[name])
    _coefficients(tables["interface_member"])
    _supports(tables["interface_support"], tables["interface_limit"])
    _after_outages(tables["limit_penalty"])
    _outages(tables["outage"])
    _contingencies(tables["contingency"])


def unique_across(first: Checked, second: Checked) -> None:
    """A fault for each id of `second` that is also one of `first`."""
    taken = set(first.frame[first.table.identifier])
    for i, value in enumerate(second.frame[second.table.identifier]):
        if value and value in taken:
            rule = f"is also the id of a {first.table.name}"
            second.fault(i, second.table.identifier, value, rule, "Ids of the two tables must differ.")


def _two_ends(checked: Checked) -> None:
    frame = checked.frame
    for i in np.flatnonzero(((frame["from_bus"] == frame["to_bus"]) & (frame["from_bus"] != "")).to_numpy()):
        cure = "A branch joins two different buses; correct one end."
        checked.fault(i, "to_bus", frame["to_bus"].iloc[i], "is also from_bus", cure)


def _reactance(branch: Checked) -> None:
    for i in np.flatnonzero((branch.frame["reactance_pu"] == 0.0).to_numpy()):
        cure = "Give its reactance; join the buses of a closed switch into one."
        branch.fault(i, "reactance_pu", 0, "gives a branch without reactance, whose flow nothing determines", cure)


def _shifts(branch: Checked) -> None:
    frame = branch.frame
    given = {c: frame[c].notna().to_numpy() for c in ("shift_min_deg", "shift_max_deg", "angle_min_deg", "angle_max_deg")}
    for column, other in (("shift_min_deg", "shift_max_deg"), ("shift_max_deg", "shift_min_deg")):
        for i in np.flatnonzero(given[other] & ~given[column]):
            rule = f"is empty although {other} is {frame[other].iloc[i]:g}: a range has two ends"
            branch.fault(i, column, "", rule, f"Give {column}, or leave both empty for the fixed shift_deg.")
    chosen = given["shift_min_deg"] & given["shift_max_deg"]
    for column in ("angle_min_deg", "angle_max_deg"):
        for i in np.flatnonzero(chosen & given[column]):
            rule = f"limits the angle of a branch whose shift is chosen between {frame['shift_min_deg'].iloc[i]:g} and "
            rule += f"{frame['shift_max_deg'].iloc[i]:g} degrees, which is not modelled together"
            branch.fault(i, column, frame[column].iloc[i], rule, "Give the limit as the range of the shift, or a fixed shift_deg.")


def _named_by_kind(tables: dict[str, Checked], checked: Checked) -> None:
    """`element` is an id of the table that `kind` names."""
    choices = checked.table.column("kind").choices
    known = {kind: set(tables[kind].frame[kind]) for kind in choices}
    for i, (kind, name) in enumerate(zip(checked.frame["kind"], checked.frame["element"], strict=True)):
        if kind in known and name and name not in known[kind]:
            cure = f"Add it to {tables[kind].file} or correct the name."
            checked.fault(i, "element", name, f"is not in table {kind}{nearest(name, known[kind])}", cure)


def _after_outages(step: Checked) -> None:
    frame = step.frame
    for row in np.flatnonzero((frame["after_outages"].astype(bool) & (frame["kind"] == "interface")).to_numpy()):
        cure = "Sections have no limit after outages; write false, or name branches."
        step.fault(row, "after_outages", "true", f"stands beside section '{frame['element'].iloc[row]}'", cure)


def _coefficients(member: Checked) -> None:
    for row in np.flatnonzero((member.frame["coefficient"] == 0.0).to_numpy()):
        cure = "Give its sign and weight (1 or -1), or remove the row."
        member.fault(row, "coefficient", 0, "makes the member count for nothing", cure)


def _supports(support: Checked, limit: Checked) -> None:
    """What is raised is there."""
    frame = support.frame
    for side in ("forward", "backward"):
        known = set(limit.frame.loc[limit.frame[f"{side}_mw"].notna(), "interface"])
        for row in np.flatnonzero(((frame["limit"] == side) & ~frame["interface"].isin(known)).to_numpy()):
            cure = f"Give the limit without units on line in {limit.file}, or remove the row."
            support.fault(row, "limit", side, f"is a limit that interface '{frame['interface'].iloc[row]}' does not have", cure)


def _outages(outage: Checked) -> None:
    frame = outage.frame
    for i in np.flatnonzero((frame["end_time"] <= frame["start_time"]).to_numpy()):
        rule = f"is not after start_time '{frame['start_time'].iloc[i]:%Y-%m-%d %H:%M}'"
        outage.fault(i, "end_time", f"{frame['end_time'].iloc[i]:%Y-%m-%d %H:%M}", rule, "Swap or correct them.")


def _contingencies(contingency: Checked) -> None:
    frame = contingency.frame
    for i in np.flatnonzero(((frame["share"] < 1.0) & ~frame["kind"].isin((*IN_PART, ""))).to_numpy()):
        rule = f"is below 1, but a {frame['kind'].iloc[i]} is lost whole"
        contingency.fault(i, "share", f"{frame['share'].iloc[i]:g}", rule, f"Write 1; parts are for {', '.join(IN_PART)}.")
