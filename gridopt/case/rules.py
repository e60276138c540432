"""Rules that look at more than one cell: those of branches and plants in their own files, and calendars, contracts, shares, rivers."""

from __future__ import annotations

import re

import numpy as np

from gridopt.case.check import Checked, nearest
from gridopt.case.rules_branches import check_branches, unique_across
from gridopt.case.rules_commitment import check_commitment
from gridopt.case.rules_contracts import check_settled
from gridopt.case.rules_demand import check_demand
from gridopt.case.rules_fuel import check_fuel
from gridopt.case.rules_links import check_links
from gridopt.case.rules_plants import check_plants
from gridopt.case.rules_reserve import check_reserves
from gridopt.case.rules_stores import check_stores
from gridopt.case.rules_trade import check_trade


def check_rules(tables: dict[str, Checked]) -> None:
    """Adds a fault to the table concerned for each broken rule."""
    check_branches(tables)
    unique_across(tables["renewable"], tables["csp"])
    _bundles(tables)
    _seasons(tables["season"])
    _shares(tables["shedding_tier"])
    _contracts(tables["dc_contract"], tables["dc_link"])
    _rivers(tables["reservoir"])
    _limits_overlap(tables["interface_limit"])
    check_plants(tables)
    check_commitment(tables)
    check_links(tables)
    check_fuel(tables)
    check_demand(tables)
    check_stores(tables)
    check_reserves(tables)
    check_settled(tables)
    check_trade(tables)


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
        rule = "must add up to 1 over the tiers"
        tier.fault(len(tier.frame) - 1, "share", f"{total:g} in all", rule, "Every load must be sheddable in full.")


def _contracts(contract: Checked, link: Checked) -> None:
    frame = contract.frame
    for i in np.flatnonzero((frame["end_date"] < frame["start_date"]).to_numpy()):
        contract.fault(i, "end_date", frame["end_date"].iloc[i].date(), "is before start_date", "Swap or correct them.")
    links = link.frame.drop_duplicates("dc_link").set_index("dc_link").reindex(frame["dc_link"])
    begin = np.fmax(frame["start_date"].to_numpy(), links["in_service"].to_numpy())
    end = np.fmin((frame["end_date"] + np.timedelta64(86400, "s")).to_numpy(), links["retirement"].to_numpy())
    hours = (end - begin) / np.timedelta64(3600, "s")
    able = links["power_max_mw"].to_numpy(float) * hours
    # A contract of a link that is not there in its period is left out of every study.
    for i in np.flatnonzero((frame["energy_min_mwh"].to_numpy(float) > able * (1.0 + 1e-9)) & (hours > 0)):
        most = f"{able[i]:g} MWh ({links['power_max_mw'].iloc[i]:g} MW x {hours[i]:g} h in service)"
        rule = f"is above what DC link '{frame['dc_link'].iloc[i]}' can send in the period, {most}"
        cure = "Correct the energy, the dates or the link's power."
        contract.fault(i, "energy_min_mwh", frame["energy_min_mwh"].iloc[i], rule, cure)


def _rivers(reservoir: Checked) -> None:
    below = dict(zip(reservoir.frame["reservoir"], reservoir.frame["downstream"], strict=True))
    for i, start in enumerate(reservoir.frame["reservoir"]):
        seen, here = set(), start
        while here and here not in seen:
            seen.add(here)
            here = below.get(here, "")
        if here == start and start:
            cure = "A river does not run in a circle; correct the order."
            reservoir.fault(i, "downstream", below[start], "leads back to the plant itself", cure)


def _limits_overlap(limit: Checked) -> None:
    frame = limit.frame.sort_values(["interface", "in_service"], kind="stable", na_position="first")
    rows = list(frame.iterrows())
    for (i, a), (j, b) in zip(rows[:-1], rows[1:], strict=True):
        if a["interface"] == b["interface"] and not (a["retirement"] <= b["in_service"]):
            limit.fault(j, "in_service", b["in_service"], f"is not after the retirement of the limit in row {limit.rows[i]}",
                        "Limits of one interface must follow each other without overlap.")  # fmt: skip
