"""A cleared schedule kept in a result folder, so that it can be priced and explained again without clearing it again.

    clearing/manifest.json   by stage in order: file, its SHA-256, version of gridopt, objective, gap, whether it is exact, its begin, how
                             many of its periods are no look-ahead
    clearing/STAGE.npz       the case, values x, duals y, statuses of columns and rows, the lazy rows that were written, and limits that are
                             not those of the case, such as whole values that are held

Nothing outside these files is read, so the input may have moved or changed since. What is read must have the SHA-256 that was noted, and
the program that this version of gridopt makes of the case must have the families and the cost that were noted.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import gridopt
from gridopt.case.check import CaseError
from gridopt.dispatch.formulate import Model, formulate
from gridopt.dispatch.lazy import written
from gridopt.dispatch.result import Dispatch
from gridopt.dispatch.rolled import Rolled
from gridopt.program.solution import Solution
from gridopt.program.standard_form import Rows, StandardForm, extend, stack, value
from gridopt.study.case_arrays import Arrays, arrays_of, case_of
from gridopt.study.priced import quality

FOLDER, MANIFEST = "clearing", "manifest.json"
SAME = 1e-8
"""Relative difference of cost above which a program is not the one that was kept."""


@dataclass(frozen=True)
class Stage:
    """What is noted of one kept clearing."""

    stage: str
    file: str
    sha256: str
    version: str
    objective: float
    gap: float
    exact: bool
    start: str
    families: list[list]
    kept: int | None = None


def save(folder: Path, stage: str, dispatch: Dispatch, kept: int | None = None) -> None:
    """Keeps a dispatch in the result folder as `stage` ("DA", "RT", …), in place of an earlier one of that name. kept: number of periods
    before its look-ahead (None: it has none).

    Raises ValueError for one put together from windows: it is no optimum of one program.
    """
    if isinstance(dispatch, Rolled):
        raise ValueError("a dispatch put together from windows is not one clearing")
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    known = [s for s in stages(folder) if s.stage != stage] if (place / MANIFEST).exists() else []
    file = re.sub(r"[^A-Za-z0-9_-]", "-", stage) + ".npz"
    if any(s.file == file for s in known):
        raise ValueError(f"stage '{stage}' would take the file of another, {file}")
    data = _packed({**arrays_of(dispatch.case), **_solved(dispatch)})
    (place / file).write_bytes(data)
    digest, cost = hashlib.sha256(data).hexdigest(), dispatch.solution.objective
    begin = str(dispatch.case.time.start[0])
    noted = Stage(stage, file, digest, gridopt.__version__, cost, **quality(dispatch), start=begin, families=_families(dispatch.model),
                  kept=kept)  # fmt: skip
    text = json.dumps({"stages": [vars(s) for s in [*known, noted]]}, ensure_ascii=False, indent=1, allow_nan=False)
    (place / MANIFEST).write_text(text, encoding="utf-8")


def stages(folder: Path) -> list[Stage]:
    """What is kept in a result folder, in order. Raises CaseError where nothing is."""
    path = folder / FOLDER / MANIFEST
    if not path.exists():
        cure = "Only runs in one solve keep theirs, not those decided window by window. Clear it: gridopt price STUDY, or gridopt run STUDY."
        raise CaseError([f"{folder}: holds no clearing ({FOLDER}/{MANIFEST}). {cure}"])
    try:
        return [Stage(**s) for s in json.loads(path.read_text(encoding="utf-8"))["stages"]]
    except (ValueError, KeyError, TypeError):
        raise CaseError([f"{path}: is damaged. Run the study again."]) from None


def load(folder: Path) -> list[Dispatch]:
    """Every clearing that is kept in a result folder, in order. Raises CaseError with a sentence for each that cannot be used."""
    found, faults = [], []
    for noted in stages(folder):
        try:
            found.append(load_stage(folder, noted))
        except CaseError as error:
            faults += error.faults
    if faults:
        raise CaseError(faults)
    return found


def load_stage(folder: Path, noted: Stage) -> Dispatch:
    """One clearing, its program made again from the case. Raises CaseError."""
    path = folder / FOLDER / noted.file
    if Path(noted.file).name != noted.file or not path.is_file():
        raise CaseError([f"{path}: is missing. Run the study again."])
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != noted.sha256:
        raise CaseError([f"{path}: has changed since it was written (SHA-256 differs from {MANIFEST}). Run the study again."])
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    case = case_of(arrays)
    model = formulate(case)
    made = f"was made by gridopt {noted.version}; gridopt {gridopt.__version__}"
    if _families(model) != noted.families:
        raise CaseError([f"{path}: {made} has other columns and rows for this case. Run the study again."])
    solution = _solution(model, arrays)
    if abs(value(solution.form, arrays["x"]) - noted.objective) > SAME * max(abs(noted.objective), 1.0):
        raise CaseError([f"{path}: {made} counts other costs for this schedule. Run the study again."])
    return Dispatch(case, model, solution)


def _families(model: Model) -> list[list]:
    """Names and shapes of all families: what a program is made of."""
    b = model.builder
    return [[f.name, *f.shape] for f in (*b.column_families, *b.row_families, *(z.family for z in b.lazy_families))]


def _solved(dispatch: Dispatch) -> Arrays:
    """The solution as arrays."""
    solution = dispatch.solution
    form, given, proven = solution.form, dispatch.model.builder.form(), np.nan if solution.proven is None else solution.proven
    figures = np.array([solution.bound, solution.rounds, proven, solution.finished], float)
    rows = {f"added/{name}": ids for name, ids in solution.added.items()}
    core = len(given.row_lower)
    held: Arrays = {}
    for name, own, usual in (
        ("columns", (form.lower, form.upper), (given.lower, given.upper)),
        ("rows", (form.row_lower[:core], form.row_upper[:core]), (given.row_lower, given.row_upper)),
    ):
        ids = np.flatnonzero((own[0] != usual[0]) | (own[1] != usual[1]))
        held |= {f"held/{name}": ids, f"held/{name}_limits": np.array([own[0][ids], own[1][ids]])}
    basis = zip(("columns", "rows"), solution.statistics.get("basis", ()), strict=False)
    start = {f"basis/{name}": status.astype(np.int8) for name, status in basis}
    return {"x": solution.x, "y": solution.y, "figures": figures, "asked": np.array(solution.asked), **held, **rows, **start}


def _solution(model: Model, arrays: Mapping[str, np.ndarray]) -> Solution:
    form = model.builder.form()
    lower, upper, low, high = (v.copy() for v in (form.lower, form.upper, form.row_lower, form.row_upper))
    lower[arrays["held/columns"]], upper[arrays["held/columns"]] = arrays["held/columns_limits"]
    low[arrays["held/rows"]], high[arrays["held/rows"]] = arrays["held/rows_limits"]
    added = {key.removeprefix("added/"): ids for key, ids in arrays.items() if key.startswith("added/")}
    form = _with_rows(replace(form, lower=lower, upper=upper, row_lower=low, row_upper=high), model, added)
    bound, rounds, proven, finished = (float(v) for v in arrays["figures"])
    gap, money, seconds = (float(v) for v in arrays.get("asked", Solution.asked))
    basis = tuple(arrays[name].astype(np.int32) for name in ("basis/columns", "basis/rows") if name in arrays)
    return Solution(form, arrays["x"], arrays["y"], bound, int(rounds), added, {"basis": basis} if basis else {},
                    None if np.isnan(proven) else proven, bool(finished), (gap, money, seconds))  # fmt: skip


def _with_rows(form: StandardForm, model: Model, added: Mapping[str, np.ndarray]) -> StandardForm:
    """The form with the lazy rows that had been written, each in its place."""
    parts, places = [], [np.zeros(0, int)]
    for lazy in model.builder.lazy_families:
        if lazy.family.name in added:
            element, step, ids = added[lazy.family.name]
            parts.append(written(lazy, element, step, len(form.cost)))
            places.append(ids)
    rows, order = stack(parts, len(form.cost)), np.argsort(np.concatenate(places))
    return extend(form, Rows(rows.lower[order], rows.upper[order], rows.step[order], rows.matrix[order]))


def _packed(arrays: Arrays) -> bytes:
    """A file of NumPy's, packed lightly: most values are zero."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, array in arrays.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as part:
                np.lib.format.write_array(part, np.asanyarray(array), allow_pickle=False)
    return buffer.getvalue()
