"""Rules of the tables of trade that look at more than one cell."""

from __future__ import annotations

from gridopt.case.check import Checked, nearest


def check_trade(tables: dict[str, Checked]) -> None:
    """Adds a fault for a segment from a province to itself, and for a bus that the network does not have."""
    segment, province = tables["trade_segment"], tables["province"]
    frame = segment.frame
    for i in range(len(frame)):
        if frame["from_province"].iloc[i] == frame["to_province"].iloc[i]:
            segment.fault(i, "to_province", frame["to_province"].iloc[i], "is where the segment begins", "Name the other end.")
    known = set(tables["bus"].frame["bus"])
    for i, bus in enumerate(province.frame["bus"]):
        if bus and bus not in known:
            province.fault(i, "bus", bus, f"is not a bus{nearest(bus, known)}", "Correct the name, or leave the cell empty.")
