"""Branch model copperplate of files that bring more limits than ratings: all buses are one, whatever lies between them.

Branches stay without limits, islands are joined, and what would limit flows is left out and told.
"""

from __future__ import annotations

from gridopt.case.case_rows import CaseRows


def join(rows: CaseRows) -> int:
    """Branches without limit from the first bus to the first one of each further island; their number."""
    island = {name: name for name in rows.names("bus")}

    def root(name: str) -> str:
        while island[name] != name:
            island[name] = island[island[name]]
            name = island[name]
        return name

    for start, end in rows.ends("ac_branch"):
        if start in island and end in island:
            island[root(end)] = root(start)
    firsts: dict[str, str] = {}
    for name in island:
        firsts.setdefault(root(name), name)
    ends = list(firsts.values())
    for name in ends[1:]:
        joint = rows.free("ac_branch", f"joint {name}", "joint")
        rows.add("ac_branch", ac_branch=joint, from_bus=ends[0], to_bus=name, base_mva=100.0, reactance_pu=1e-4)
    return max(len(ends) - 1, 0)


def left_out(kind: str, number: int, changes: list[str]) -> None:
    """A sentence on what is left out, where there is any."""
    if number:
        changes.append(f"Left out, as the branch model says: {kind}, {number}.")
