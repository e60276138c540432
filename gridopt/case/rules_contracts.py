"""Rules of settlement: parties that exist, volumes that do not overlap, curves and shares that add up, dates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.case.check import Checked, nearest
from gridopt.case.tables_contracts import CURVES, SELLERS

ROUNDING = 1e-9
OPEN = (np.datetime64("0001-01-01", "s"), np.datetime64("9999-01-01", "s"))
DAY = np.timedelta64(86400, "s")


def check_settled(tables: dict[str, Checked]) -> None:
    """Adds a fault to the table concerned for each broken rule."""
    for name in ("contract", "mechanism", "capacity", "guaranteed", "ownership"):
        _plants(tables[name], tables)
    _users(tables["user"])
    _curves(tables["contract_curve"])
    _volumes(tables["contract"], ("energy_mwh", "day_ahead_share", "profile"))
    _volumes(tables["mechanism"], ("energy_mwh", "output_share"))
    _contracts(tables)
    _rights(tables["ftr"], tables)
    _paid_twice(tables)
    _overlaps(tables)


def _plants(rows: Checked, tables: dict[str, Checked]) -> None:
    """The plant, or the technology of plants, that a row names is there."""
    technology = rows.frame.get("technology", pd.Series([""] * len(rows.frame)))
    for i, (kind, one, many) in enumerate(zip(rows.frame["kind"], rows.frame["element"], technology, strict=True)):
        if kind not in tables:
            continue
        frame = tables[kind].frame
        if one and one not in set(frame[kind]):
            rows.fault(i, "element", one, f"is not in table {kind}{nearest(one, frame[kind])}", f"Add it to {tables[kind].file} or correct it.")
        if one and many:
            rows.fault(i, "technology", many, f"stands beside element '{one}'", "Name the element or the technology, not both.")
        elif many and many not in set(frame.get("technology", [])):
            known = sorted(set(frame.get("technology", [])))
            cure = "Correct the name." if known else "Leave it empty: this table has no technologies."
            rows.fault(i, "technology", many, f"is the technology of no {kind}{nearest(many, known)}", cure)


def _users(user: Checked) -> None:
    frame = user.frame
    total = frame.groupby("bus")["share"].transform("sum").to_numpy(float)
    last = ~frame["bus"].duplicated(keep="last").to_numpy(bool)
    for n in np.flatnonzero((total > 1.0 + ROUNDING) & last):
        rule = f"brings the users of bus '{frame['bus'].iloc[n]}' to {total[n]:g} of its load"
        user.fault(n, "share", f"{frame['share'].iloc[n]:g}", rule, "The shares of a bus may add up to at most 1.")
    for i, (use, price) in enumerate(zip(frame["use"], frame["price_cny_per_mwh"], strict=True)):
        if use == "guaranteed" and np.isnan(price):
            user.fault(i, "price_cny_per_mwh", "", "is empty, but a guaranteed user pays a regulated price", "Give it.")
        if use == "commercial" and not np.isnan(price):
            user.fault(i, "price_cny_per_mwh", f"{price:g}", "has no use for a commercial user", "Leave it empty, or write guaranteed.")


def _curves(curve: Checked) -> None:
    frame = curve.frame
    total = frame.groupby("curve")["share"].transform("sum").to_numpy(float)
    last = ~frame["curve"].duplicated(keep="last").to_numpy(bool)
    for i in np.flatnonzero((np.abs(total - 1.0) > ROUNDING) & last):
        rule = f"ends curve '{frame['curve'].iloc[i]}', whose hours add up to {total[i]:g}"
        curve.fault(i, "share", f"{frame['share'].iloc[i]:g}", rule, "The hours of a day must add up to 1.")


def _volumes(rows: Checked, columns: tuple[str, ...]) -> None:
    """One volume in every row; an energy or power belongs to one plant."""
    frame = rows.frame
    given = np.stack([(frame[c] != "").to_numpy(bool) if c == "profile" else frame[c].notna().to_numpy(bool) for c in columns], axis=1)
    for i, some in enumerate(given):
        named = [c for c, there in zip(columns, some, strict=True) if there]
        if len(named) != 1:
            rule = f"stands beside {' and '.join(named[1:])}" if named else f"and {' and '.join(columns[1:])} are empty"
            column = named[0] if named else columns[0]
            rows.fault(i, column, frame[column].iloc[i] if named else "", rule, "A row has one volume; give just one of these.")
        elif not named[0].endswith("_share") and not frame["element"].iloc[i]:
            rows.fault(i, "element", "", f"is empty beside {named[0]}, which is of one plant", "Name the plant, or give a share instead.")


def _contracts(tables: dict[str, Checked]) -> None:
    rows = tables["contract"]
    frame, zones = rows.frame, set(tables["bus"].frame["zone"]) - {""}
    buses = set(tables["bus"].frame["bus"])
    taken = set(tables["user"].frame.groupby("bus")["share"].sum().loc[lambda total: total > 1.0 - ROUNDING].index)
    buyers, curves = set(tables["user"].frame["user"]) | buses, set(tables["contract_curve"].frame["curve"]) | set(CURVES)
    columns = ("buyer", "curve", "reference", "reference_at")
    for i, (buyer, curve, reference, at) in enumerate(zip(*(frame[c] for c in columns), strict=True)):
        if buyer and buyer not in buyers:
            rows.fault(i, "buyer", buyer, f"is neither a user nor a bus{nearest(buyer, buyers)}", "Add it to table user, or correct it.")
        elif buyer in taken and buyer not in set(tables["user"].frame["user"]):
            rows.fault(i, "buyer", buyer, "is a bus whose whole load belongs to users of table user", "Name one of these.")
        if curve not in curves:
            cure = f"Known curves: {', '.join(sorted(curves))}."
            rows.fault(i, "curve", curve, f"is not a curve{nearest(curve, curves)}", cure)
        places = {"bus": buses, "zone": zones}.get(reference, set())
        if at and reference not in ("bus", "zone"):
            rows.fault(i, "reference_at", at, "has no use: reference names neither a bus nor a zone", "Leave it empty, or correct reference.")
        elif reference in ("bus", "zone") and at not in places:
            rows.fault(i, "reference_at", at, f"is not a {reference}{nearest(at, places)}", "Name one.")
    if len(frame) and (frame["settlement"] == "qd").any():
        named = (frame["settlement"] == "qd") & ((frame["reference"] != "") | (frame["reference_run"] != ""))
        for n in np.flatnonzero(named.to_numpy(bool)):
            column = "reference" if frame["reference"].iloc[n] else "reference_run"
            rule = "has no use: a contract that settles by quantity (qd) has no reference"
            rows.fault(n, column, frame[column].iloc[n], rule, "Leave it empty, or write cfd.")


def _rights(right: Checked, tables: dict[str, Checked]) -> None:
    for i, (holder, source, sink) in enumerate(zip(*(right.frame[c] for c in ("holder", "source_bus", "sink_bus")), strict=True)):
        if source == sink and source:
            right.fault(i, "sink_bus", sink, "is the source_bus as well: such a right is worth nothing", "Name another bus.")
        kind, _, name = str(holder).partition(" ")
        table = "bus" if kind == "load" else kind
        if name and kind in (*SELLERS, "user", "load") and name not in set(tables[table].frame[table]):
            known = tables[table].frame[table]
            right.fault(i, "holder", holder, f"names no {table}{nearest(name, known)}", "Correct the name.")


def _covered(rows: Checked, tables: dict[str, Checked], names: pd.Index) -> np.ndarray:
    """Plants ('table id') that each row names, bool (rows, plants); `built_from` and `built_before` count."""
    found = np.zeros((len(rows.frame), len(names)), bool)
    for i, row in enumerate(rows.frame.to_dict("records")):
        if row["kind"] not in tables:
            continue
        frame = tables[row["kind"]].frame
        mine = frame[row["kind"]] == row["element"] if row["element"] else pd.Series(True, frame.index)
        if row["technology"]:
            mine &= frame.get("technology", pd.Series("", frame.index)) == row["technology"]
        entry = frame["in_service"] if "in_service" in frame else pd.Series(pd.NaT, frame.index)
        if not pd.isna(row.get("built_from", pd.NaT)):
            mine &= entry >= row["built_from"]
        if not pd.isna(row.get("built_before", pd.NaT)):
            mine &= entry.isna() | (entry < row["built_before"])
        found[i, names.get_indexer([f"{row['kind']} {e}" for e in frame[row["kind"]][mine]])] = True
    return found


def _span(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """First instant and first instant after the dates of each row; open dates far away."""
    begin, end = (frame[c].to_numpy("datetime64[s]") for c in ("start_date", "end_date"))
    return np.where(np.isnat(begin), OPEN[0], begin), np.where(np.isnat(end), OPEN[1], end + DAY)


def _names(tables: dict[str, Checked]) -> tuple[pd.Index, np.ndarray]:
    """Plants as 'table id', and what each can produce at most MW (inf where no table says)."""
    kinds = [k for k in SELLERS if k in tables]
    names = [f"{k} {e}" for k in kinds for e in tables[k].frame[k]]
    column = [tables[k].frame.get("power_max_mw", pd.Series(np.inf, tables[k].frame.index)) for k in kinds]
    return pd.Index(names).drop_duplicates(), np.concatenate([*(c.to_numpy(float) for c in column), np.zeros(0)])


def _active(begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Whether row j is in force when row i begins, bool (i, j)."""
    return (begin[None, :] <= begin[:, None]) & (begin[:, None] < end[None, :])


def _paid_twice(tables: dict[str, Checked]) -> None:
    names, _ = _names(tables)
    rows = tables["capacity"]
    cover, (begin, end) = _covered(rows, tables, names), _span(rows.frame)
    count = _active(begin, end).astype(float) @ cover
    for i in np.flatnonzero(((count > 1) & cover).any(axis=1)):
        plant = names[np.flatnonzero((count[i] > 1) & cover[i])[0]]
        rows.fault(i, "capacity", rows.frame["capacity"].iloc[i], f"pays '{plant}' while another row pays it, too", "Let one row pay it.")


def _overlaps(tables: dict[str, Checked]) -> None:
    """Contracts, mechanism and guaranteed volumes of a plant are parts of what it can produce, which may not overlap."""
    names, most = _names(tables)
    if len(names) != len(most):  # identifiers used twice are faults of their own
        return
    kinds = [tables[t] for t in ("contract", "mechanism", "guaranteed") if len(tables[t].frame)]
    if not kinds:
        return
    part, owner = [], []
    for rows in kinds:
        cover, frame = _covered(rows, tables, names), rows.frame
        begin, end = _span(frame)
        dated = (begin > OPEN[0]) & (end < OPEN[1])
        able = most[None, :] * np.where(dated, (end - begin) / np.timedelta64(3600, "s"), np.inf)[:, None]
        energy = frame.get("energy_mwh", pd.Series(np.nan, frame.index)).to_numpy(float)
        share = np.fmax.reduce([frame[c].to_numpy(float) for c in ("day_ahead_share", "output_share") if c in frame])
        of_energy = np.divide(np.nan_to_num(energy)[:, None], able, out=np.zeros_like(able), where=able > 0)
        part.append((np.where(np.isnan(energy)[:, None], np.nan_to_num(share)[:, None], of_energy) * cover, begin, end))
        owner += [(rows, i) for i in range(len(frame))]
    share, begin, end = (np.concatenate(p) for p in zip(*part, strict=True))
    total = _active(begin, end).astype(float) @ share
    for k in np.flatnonzero(((total > 1.0 + ROUNDING) & (share > 0)).any(axis=1)):
        rows, i = owner[k]
        plant = np.flatnonzero((total[k] > 1.0 + ROUNDING) & (share[k] > 0))[0]
        rule = f"brings contracts, mechanism and guaranteed volumes of '{names[plant]}' to {total[k, plant]:.4g} of what it can produce"
        rows.fault(i, rows.table.identifier, rows.frame[rows.table.identifier].iloc[i], rule, "These volumes may not overlap.")
