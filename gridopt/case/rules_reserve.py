"""Rules of reserves: zones, who may offer what, which awards count for which reserve, steps of shortage."""

from __future__ import annotations

import numpy as np

from gridopt.case.check import Checked, nearest
from gridopt.case.tables_reserve import DOWN, UP

SWITCHED = ("unit", "generator")
"""Kinds of elements that can be off line."""


def check_reserves(tables: dict[str, Checked]) -> None:
    """Adds a fault to the table concerned for each broken rule."""
    _products(tables["reserve"], tables["bus"])
    _nesting(tables["reserve_nesting"], tables["reserve"])
    _shortage(tables["reserve_shortage"], tables["reserve"])
    _who(tables)
    _where(tables)


def _products(reserve: Checked, bus: Checked) -> None:
    frame, zones = reserve.frame, set(bus.frame["zone"])
    for i, zone in enumerate(frame["zone"]):
        if zone and zone not in zones:
            reserve.fault(i, "zone", zone, f"is the zone of no bus{nearest(zone, zones)}", "Correct the name, or leave it empty for all.")
    for column in ("ramp_min", "ramp_mean"):
        given = frame["ramp_min"].notna() if column == "ramp_min" else frame["ramp_mean"].astype(bool)
        for n in np.flatnonzero((given & ~frame["shares_ramp"].astype(bool)).to_numpy(bool)):
            value = f"{frame[column].iloc[n]:g}" if column == "ramp_min" else "true"
            reserve.fault(n, column, value, "stands beside shares_ramp = false", "Write true there or leave it empty.")
    for n in np.flatnonzero((frame["largest_unit"] & ~frame["product"].isin(UP)).to_numpy(bool)):
        rule = f"stands beside product {frame['product'].iloc[n]}, but the loss of a unit asks for upward reserve"
        reserve.fault(n, "largest_unit", "true", rule, "Write false here or choose an upward product.")


def _nesting(nested: Checked, reserve: Checked) -> None:
    product = dict(zip(reserve.frame["reserve"], reserve.frame["product"], strict=True))
    pairs = list(zip(nested.frame["reserve"], nested.frame["counts_for"], strict=True))
    for i, (better, lower) in enumerate(pairs):
        lacks = [w for w, way in (("up", UP), ("down", DOWN)) if product.get(lower, "") in way and product.get(better, lower) not in way]
        if lacks and better in product:
            rule = f"moves {lacks[0]}, which awards of '{better}' ({product[better]}) do not"
            nested.fault(i, "counts_for", lower, rule, "Let awards count for a reserve of their own direction.")
        seen, edge = set(), {lower}
        while edge:
            seen |= edge
            edge = {b for a, b in pairs if a in edge} - seen
        if better in seen and better:
            nested.fault(i, "counts_for", lower, f"leads back to '{better}' itself", "Reserves cannot stand in for each other; remove one row.")


def _shortage(step: Checked, reserve: Checked) -> None:
    frame = step.frame
    known = reserve.frame.drop_duplicates("reserve").set_index("reserve").reindex(frame["reserve"])
    by_output = (known["renewable_basis"] == "output") & (known[["wind_share", "solar_share"]].sum(axis=1) > 0)
    moves = ((known["largest_unit"] == True) | known["largest_pole_share"].notna() | by_output).to_numpy(bool)  # noqa: E712
    for i in np.flatnonzero((frame["power_mw"].notna() & frame["share"].notna()).to_numpy()):
        step.fault(i, "share", f"{frame['share'].iloc[i]:g}", "stands beside power_mw, and a step has one width", "Keep one of the two.")
    for i in np.flatnonzero(frame["share"].notna().to_numpy() & moves):
        rule = f"is a share of the requirement of '{frame['reserve'].iloc[i]}', which depends on the dispatch"
        step.fault(i, "share", f"{frame['share'].iloc[i]:g}", rule, "Give power_mw instead.")


def _who(tables: dict[str, Checked]) -> None:
    """Kinds, technologies and what is offered while off."""
    offer, product = tables["reserve_offer"], dict(zip(*(tables["reserve"].frame[c] for c in ("reserve", "product")), strict=True))
    columns = ("reserve", "kind", "technology", "element", "offline_max_mw")
    for i, (name, kind, technology, element, offline) in enumerate(zip(*(offer.frame[c] for c in columns), strict=True)):
        if technology and element:
            offer.fault(i, "technology", technology, f"stands beside element '{element}'", "Name the element or the technology, not both.")
        elif technology and kind in tables:
            known = set(tables[kind].frame["technology"]) if "technology" in tables[kind].frame else set()
            if technology not in known:
                cure = "Correct the name." if known else "Leave it empty: this table has no technologies."
                offer.fault(i, "technology", technology, f"is the technology of no {kind}{nearest(technology, known)}", cure)
        if offline > 0 and (kind not in SWITCHED or product.get(name, "non_spinning") != "non_spinning"):
            rule = f"is for units and generators that offer non_spinning reserve, not for {kind} and {product.get(name)}"
            offer.fault(i, "offline_max_mw", f"{offline:g}", rule, "Write 0 here.")
    for i, (kind, low, high) in enumerate(zip(*(offer.frame[c] for c in ("kind", "range_min_mw", "range_max_mw")), strict=True)):
        column, value = ("range_min_mw", low) if low == low else ("range_max_mw", high)
        if value == value and kind not in SWITCHED:
            offer.fault(i, column, f"{value:g}", f"is the end of a range, which a {kind} does not have", "Leave it empty.")
        elif low > high:
            offer.fault(i, "range_min_mw", f"{low:g}", f"is above range_max_mw, {high:g}", "Swap or correct them.")


def _where(tables: dict[str, Checked]) -> None:
    """An element that is named stands in the zone, and has water that can wait."""
    offer, bus = tables["reserve_offer"], tables["bus"].frame.drop_duplicates("bus").set_index("bus")
    reserve = tables["reserve"].frame.drop_duplicates("reserve").set_index("reserve")
    places = {k: tables[k].frame.drop_duplicates(k).set_index(k) for k in set(offer.frame["kind"]) & set(tables)}
    for i, (name, kind, element) in enumerate(zip(*(offer.frame[c] for c in ("reserve", "kind", "element")), strict=True)):
        if name not in reserve.index or kind not in places or element not in places[kind].index:
            continue
        row, zone = places[kind].loc[element], reserve.at[name, "zone"]
        at = row["bus"]
        if at in bus.index and (bus.at[at, "role"] != "internal" or zone not in ("", bus.at[at, "zone"])):
            where = f"zone '{zone}'" if bus.at[at, "role"] == "internal" else "the internal system"
            rule = f"stands at bus '{at}' outside {where} of reserve '{name}'"
            offer.fault(i, "element", element, rule, "Correct the zone or remove the row.")
        if kind == "reservoir" and reserve.at[name, "product"] in UP and not row["volume_max_hm3"] > row["volume_min_hm3"]:
            rule = f"has no volume, so its water cannot wait for a call of {reserve.at[name, 'product']}"
            offer.fault(i, "element", element, rule, "Remove the row; it may offer downward reserve.")
