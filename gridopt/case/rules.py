"""Rules that look at more than one cell: ends of a branch, members by kind, calendars, contracts, shares."""

from __future__ import annotations

import re

import numpy as np

from gridopt.case.check import Checked, nearest

MEMBER_TABLES = ("line", "transformer", "dc_link")


def check_rules(tables: dict[str, Checked]) -> None:
    """Adds a fault to the table concerned for each broken rule."""
    for name in MEMBER_TABLES:
        _two_ends(tables[name])
    _unique_across(tables, ("line", "transformer"))
    _unique_across(tables, ("renewable", "csp"))
    _members(tables)
    _bundles(tables)
    _seasons(tables["season"])
    _shares(tables["shedding_tier"])
    _contracts(tables["dc_contract"])
    _rivers(tables["reservoir"])
    _limits_overlap(tables["interface_limit"])


def _two_ends(checked: Checked) -> None:
    frame = checked.frame
    for i in np.flatnonzero(((frame["from_bus"] == frame["to_bus"]) & (frame["from_bus"] != "")).to_numpy()):
        checked.fault(i, "to_bus", frame["to_bus"].iloc[i], "is also from_bus", "A branch joins two different buses; correct one end.")


def _unique_across(tables: dict[str, Checked], names: tuple[str, str]) -> None:
    first, second = (tables[n] for n in names)
    taken = set(first.frame[first.table.identifier])
    for i, value in enumerate(second.frame[second.table.identifier]):
        if value in taken:
            second.fault(i, second.table.identifier, value, f"is also the id of a {names[0]}", "Ids of the two tables must differ.")


def _members(tables: dict[str, Checked]) -> None:
    member = tables["interface_member"]
    for i, (kind, name) in enumerate(zip(member.frame["kind"], member.frame["element"], strict=True)):
        if kind not in MEMBER_TABLES:
            continue
        known = set(tables[kind].frame[kind])
        if name not in known:
            member.fault(i, "element", name, f"is not in table {kind}{nearest(name, known)}", f"Add it to {tables[kind].file} or correct the name.")


def _bundles(tables: dict[str, Checked]) -> None:
    bundle = tables["dc_bundle"]
    known = set(tables["renewable"].frame["renewable"]) | set(tables["csp"].frame["csp"])
    for i, plant in enumerate(bundle.frame["plant"]):
        if plant and plant not in known:
            bundle.fault(i, "plant", plant, f"is neither a renewable nor a csp plant{nearest(plant, known)}", "Correct the name.")


def _seasons(season: Checked) -> None:
    for column in ("start_day", "end_day"):
        for i, text in enumerate(season.frame[column]):
            month, _, day = text.partition("-")
            if not re.fullmatch(r"\d\d-\d\d", text) or not 1 <= int(month) <= 12 or not 1 <= int(day) <= 31:
                season.fault(i, column, text, "is not a day written MM-DD", "Write for example 11-01 for 1 November.")


def _shares(tier: Checked) -> None:
    total = tier.frame["share"].sum()
    if len(tier.frame) and abs(total - 1.0) > 1e-9:
        tier.fault(len(tier.frame) - 1, "share", f"{total:g} in all", "must add up to 1 over the tiers", "Every load must be sheddable in full.")


def _contracts(contract: Checked) -> None:
    frame = contract.frame
    for i in np.flatnonzero((frame["end_date"] < frame["start_date"]).to_numpy()):
        contract.fault(i, "end_date", frame["end_date"].iloc[i].date(), "is before start_date", "Swap or correct them.")


def _rivers(reservoir: Checked) -> None:
    below = dict(zip(reservoir.frame["reservoir"], reservoir.frame["downstream"], strict=True))
    for i, start in enumerate(reservoir.frame["reservoir"]):
        seen, here = set(), start
        while here and here not in seen:
            seen.add(here)
            here = below.get(here, "")
        if here == start and start:
            reservoir.fault(i, "downstream", below[start], "leads back to the plant itself", "A river does not run in a circle; correct the order.")


def _limits_overlap(limit: Checked) -> None:
    frame = limit.frame.sort_values(["interface", "in_service"], kind="stable", na_position="first")
    rows = list(frame.iterrows())
    for (i, a), (j, b) in zip(rows[:-1], rows[1:], strict=True):
        if a["interface"] == b["interface"] and not (a["retirement"] <= b["in_service"]):
            limit.fault(j, "in_service", b["in_service"], f"is not after the retirement of the limit in row {limit.rows[i]}",
                        "Limits of one interface must follow each other without overlap.")  # fmt: skip
