"""Where results go and how they are written: results.nc, tables, summary.xlsx, manifest, certificate."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd

import gridopt
from gridopt.study.load import Loaded
from gridopt.study.schema import PERIOD

LIBRARIES = ("numpy", "scipy", "pandas", "xarray", "highspy", "plotly", "pandapower", "pvlib")
CSV_ROWS = 100_000
"""Longest table that is also written as text."""
LIMIT_REACHED = 4
"""Exit code of a run whose search ended before the gap was proven; its results are kept."""
ELEMENTS = (
    "bus", "unit", "generator", "renewable", "csp", "storage", "reservoir", "pump", "pumped", "dc_link", "exchange", "interface",
    "dc_market", "fuel_stock", "fuel_budget", "interruptible", "shiftable", "data_centre", "price_response",
)  # fmt: skip
"""Tables whose elements are coordinates of results.nc."""


def place(loaded: Loaded, hours: tuple[int, int] | None) -> Path:
    """results/<study>-<hash>: the hash is that of study, options, input files and version, so equal runs share a folder."""
    what = [gridopt.__version__, loaded.study.model_dump_json(), repr(hours), json.dumps(loaded.inputs, sort_keys=True)]
    return Path("results") / f"{loaded.name}-{hashlib.sha256(chr(10).join(what).encode()).hexdigest()[:8]}"


def write_results(loaded: Loaded, solved, prices, found, folder: Path) -> None:
    """results.nc, tables/ and summary.xlsx."""
    _write_nc(loaded, solved, prices, found, folder / "results.nc")
    tables = folder / "tables"
    tables.mkdir()
    for name, frame in found.tables.items():
        frame.to_parquet(tables / f"{name}.parquet", index=False)
        if loaded.study.csv and len(frame) <= CSV_ROWS:
            frame.to_csv(tables / f"{name}.csv", index=False, encoding="utf-8-sig")
    sources = loaded.network / "SOURCES.csv"
    if sources.exists():
        frame = pd.read_csv(sources, dtype=str, keep_default_na=False)
        frame.to_parquet(tables / "sources.parquet", index=False)
        frame.to_csv(tables / "sources.csv", index=False, encoding="utf-8-sig")
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with pd.ExcelWriter(folder / "summary.xlsx", engine="xlsxwriter", engine_kwargs={"options": options}) as book:
        for name, frame in found.tables.items():
            if len(frame) <= 5_000:
                frame.to_excel(book, sheet_name=name[:31], index=False)
                book.sheets[name[:31]].freeze_panes(1, 0)


def _write_nc(loaded: Loaded, solved, prices, found, path: Path) -> None:
    """By h5netcdf itself: xarray, which reads the file, takes half a second to load only to write it."""
    import h5netcdf
    import h5py

    case, variables = loaded.case, found.variables(solved, prices)
    coords = {
        **{t: case.table(t).index.to_numpy(str) for t in ELEMENTS},
        "branch": case.grid.branches.ids.astype(str), "shifter": case.grid.branches.ids[case.grid.branches.chosen].astype(str),
        "reserve": case.table("reserve").index.to_numpy(str), "award": case.reserve_offers.name.astype(str),
        "technology": np.array(found.technologies, dtype=str), "time": case.time.start.astype(np.int64),
    }  # fmt: skip
    used = {d for q in variables.values() for d in q.dims} | {"time"}
    with h5netcdf.File(path, "w") as file:
        file.attrs.update({
            "study": loaded.name, "title_en": loaded.study.title_en or loaded.name, "title_zh": loaded.study.title_zh or loaded.name,
            "currency": loaded.study.currency, "synthetic": loaded.synthetic, "gridopt_version": gridopt.__version__,
            "conventions": "injections positive; flows positive from from_bus to to_bus; time is local and marks the start of a step",
        })  # fmt: skip
        for name, values in coords.items():
            if name in used:
                file.dimensions[name] = len(values)
                kind = np.int64 if name == "time" else h5py.string_dtype()
                file.create_variable(name, (name,), kind, data=values if name == "time" else values.astype(object))
        file["time"].attrs.update({"units": "seconds since 1970-01-01", "calendar": "proleptic_gregorian"})
        about = {"units": "h", "long_name": "length of the step", "long_name_zh": "时段长度"}
        file.create_variable("step_hours", ("time",), np.float64, data=case.time.hours).attrs.update(about)
        for name, q in variables.items():
            packed = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if q.values.size else {}
            made = file.create_variable(name, q.dims, np.float32, data=q.values.astype(np.float32), **packed)
            attrs = {"units": q.unit.replace("CNY", loaded.study.currency), "long_name": q.meaning, "long_name_zh": q.meaning_zh}
            made.attrs.update(attrs | ({"sign": q.sign} if q.sign else {}))


def write_documents(loaded: Loaded, solved, found, certificate, seconds: dict, folder: Path, target: Path) -> dict:
    """certificate.json and a first manifest.json (the report reads both); the summary document."""
    solution = solved.solution
    found_in = {"import": loaded.imported.to_dict()} if loaded.imported else {}
    dump(folder / "certificate.json", certificate.to_dict())
    limited = {} if solution.finished else {"exit_code": LIMIT_REACHED}
    document = {
        "status": "optimal" if solution.finished else "limit_reached", **limited, "study": loaded.name,
        "objective": solution.objective, "bound": solution.least_cost,
        "gap": max(solution.gap, 0.0),
        "currency": loaded.study.currency, "seconds": {k: round(v, 3) for k, v in seconds.items()},
        "size": found.size, "peak_memory_mb": peak_memory_mb(), **found.summary, "warnings": found.warnings,
        "certificate": certificate.to_dict(),
        "files": [], **found_in,
    }  # fmt: skip
    case, hours = loaded.case, loaded.case.time.hours
    options = json.loads(loaded.study.model_dump_json())
    if loaded.imported:
        options = {k: v for k, v in options.items() if k not in PERIOD}
    alike = {"step_minutes": round(float(hours[0]) * 60.0, 6)} if np.ptp(hours) == 0 else {}
    manifest = {
        "study": loaded.name, "title_en": loaded.study.title_en or loaded.name, "title_zh": loaded.study.title_zh or loaded.name,
        "network": loaded.study.network, "gridopt_version": gridopt.__version__, "versions": versions(), "inputs": loaded.inputs,
        "options": options,
        "period": {"start": str(case.time.start[0]), "end": str(case.time.end[-1]), **alike, "steps": len(case.time)},
        "seconds": document["seconds"], "size": found.size, "peak_memory_mb": document["peak_memory_mb"],
        "warnings": found.warnings,
        "synthetic": loaded.synthetic, "summary": document, **found_in,
    }  # fmt: skip
    dump(folder / "manifest.json", manifest)
    return document


def finish(document: dict, clock, folder: Path, target: Path) -> dict:
    """The document and the manifest with all seconds, memory and files."""
    files = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    document |= {"seconds": clock.rounded(), "peak_memory_mb": peak_memory_mb(), "folder": str(target), "files": files}
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    dump(path, manifest | {"seconds": document["seconds"], "peak_memory_mb": document["peak_memory_mb"], "summary": document})
    return document


def dump(path: Path, document: dict) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False), encoding="utf-8")


def versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}}


def peak_memory_mb() -> float:
    """Peak resident memory of the process, MB; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)
