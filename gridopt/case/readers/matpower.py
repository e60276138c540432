"""MATPOWER case files (.m, format version 2): one step of an hour. Nothing of the file is executed.

Ids: a bus by its number, generators 'gen 1', 'gen 2', ... and branches '1', '2', ... by their row in the file. DC lines are left out, as
MATPOWER does until toggle_dcline switches them on, but not in PowerModels' branch model (`case/matpower_dclines.py`); zonal reserves and
limits of interfaces are left out unless `toggles` switches them on (`case/matpower_toggled.py`). What becomes of the arrays: `case/ppc.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gridopt.case.check import CaseError
from gridopt.case.imported import Imported
from gridopt.case.matpower_dclines import dc_links
from gridopt.case.matpower_scaling import Scaling
from gridopt.case.matpower_text import CaseText, parse
from gridopt.case.matpower_toggled import toggled
from gridopt.case.ppc import imported, to_tables
from gridopt.case.ppc_arrays import HEADER, Ppc, alive
from gridopt.case.ppc_check import check

MATRICES = ("bus", "gen", "branch", "gencost")
KNOWN = {*MATRICES, "version", "baseMVA", "bus_name", "gen_name", "genfuel", "gentype", "dcline", "dclinecost", "areas"}
UNKNOWN_FUEL = ("", "unknown", "other")


def read(path: Path, branch_model: str, toggles: tuple[str, ...] = ()) -> Imported:
    """Tables of the case, with what `toggles` ('reserves', 'iflims') switches on. Raises CaseError with every fault."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CaseError([f"{path}: cannot be read ({error.strerror}). Correct the path of the case."]) from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")  # names of buses only; data are ASCII
    case = parse(text, path.name)
    ppc = _ppc(case, path.name)
    faults = check(ppc, branch_model)
    if faults:
        raise CaseError(faults)
    raw = to_tables(ppc, branch_model)
    more, faults = toggled(case, ppc, alive(ppc), toggles, path.name)
    raw.tables.update(more)
    lines = case.matrices["dcline"].values if "dcline" in case.matrices else ()
    if branch_model == "powermodels-dcp":
        links, said, wrong = dc_links(case, ppc, alive(ppc), path.name)
        raw.tables.update({"dc_link": links} if len(links) else {})
        raw.changes.extend(said)
        faults += wrong
    elif len(lines):
        raw.changes.append(f"Left out, since inactive in MATPOWER until toggle_dcline switches them on: DC lines, {len(lines)}.")
    raw.changes.extend(_left_out(case, toggles))
    raw.changes.extend([f"Columns multiplied as the file says: {'; '.join(case.scaled)}."] if case.scaled else [])
    found = {name: len(case.matrices[name].values) for name in (*MATRICES, "dcline") if name in case.matrices}
    return imported(raw, path, f"MATPOWER case {path.name}, branch model {branch_model}", found, "$", faults)


def _ppc(case: CaseText, file: str) -> Ppc:
    faults = list(case.faults)
    version = case.scalars.get("version", "2").strip("'\" ")
    if version != "2":
        faults.append(f"{file}, line {case.lines['version']}: case format version '{version}' is not read. Convert it with savecase.")
    opened = " ".join(faults)
    for name in MATRICES:
        if name not in case.matrices and f".{name} begins" not in opened:
            faults.append(f"{file}: has no matrix mpc.{name}. Give the case complete; is the file cut off, or not a case for OPF?")
    base = _base(case, file, faults)
    if faults:
        raise CaseError(faults)
    bus, gen, branch, gencost = (case.matrices[m].values for m in MATRICES)
    branch = branch if len(branch) else np.zeros((0, len(HEADER["branch"])))  # buses alone are a case
    names = [row[0] for row in case.cells.get("bus_name", [])]
    for kind, rows in (("bus_name", len(bus)), ("gen_name", len(gen)), ("genfuel", len(gen)), ("gentype", len(gen))):
        given = len(case.cells.get(kind, []))
        if given and given != rows:
            rule = f"mpc.{kind} has {given} entries for {rows} rows"
            faults.append(f"{file}, line {case.lines[kind]}: {rule}. Give one entry per row.")
    if faults:
        raise CaseError(faults)

    def place(matrix: str, row: int) -> str:
        if matrix in case.matrices and len(case.matrices[matrix].values):
            return f"{file}, line {case.matrices[matrix].line[row]} ({matrix} {row + 1})"
        return f"{file}, line {case.lines[matrix]}"

    return Ppc(
        base, bus, gen, branch, gencost, place,
        bus_id=_numbers(bus),
        gen_id=np.array([f"gen {i + 1}" for i in range(len(gen))], object),
        branch_id=np.array([str(i + 1) for i in range(len(branch))], object),
        bus_name=names,
        gen_name=[row[0] for row in case.cells.get("gen_name", [])],
        technology=_technology(case, len(gen)),
    )  # fmt: skip


def _numbers(bus: np.ndarray) -> np.ndarray:
    """Numbers of the buses as texts; whatever stands in a column that may have faults."""
    first = bus[:, 0] if bus.shape[1:] > (0,) else np.zeros(len(bus))
    return np.array([f"{v:.15g}" for v in first.tolist()], object)


def _base(case: CaseText, file: str, faults: list[str]) -> float:
    text = case.scalars.get("baseMVA")
    if text is None:
        faults.append(f"{file}: has no mpc.baseMVA. Give the system base in MVA.")
        return 0.0
    try:
        return float(text) if re.fullmatch(r"[+-]?\w+", text) and "_" not in text else Scaling({}, {}).number(text)
    except ValueError:
        faults.append(f"{file}, line {case.lines['baseMVA']}: baseMVA '{text[:40]}' is not a number. Give the system base in MVA.")
        return 0.0


def _technology(case: CaseText, count: int) -> Sequence[str]:
    """Fuel, else type, else the third column of gen_name, where RTS-GMLC has its fuels."""
    given = [""] * count
    named = [row[2] if len(row) > 2 else "" for row in case.cells.get("gen_name", [])]
    types = [row[0] if row else "" for row in case.cells.get("gentype", [])]
    fuels = [row[0] if row else "" for row in case.cells.get("genfuel", [])]
    for words in (named, types, fuels):
        for i, word in enumerate(words):
            if word.strip().lower() not in UNKNOWN_FUEL:
                given[i] = word.strip()
    return given


def _left_out(case: CaseText, toggles: tuple[str, ...]) -> list[str]:
    """Sentences on fields that are not used."""
    # Reserves and interface limits change the optimum; whoever reads the report must know.
    used = {"reserves": "reserves.", "iflims": "if."}
    other = sorted(f for f in {*case.lines} - KNOWN if not any(f.startswith(used[t]) for t in toggles))
    return [f"Fields that are not used: {', '.join(other)}."] if other else []
