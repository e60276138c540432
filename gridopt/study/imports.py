"""Files and folders of other programs that hold a whole case: which reader takes them."""

from __future__ import annotations

import importlib
from pathlib import Path

from gridopt.case.imported import Imported

READERS = {".m": "matpower", ".json": "pandapower", ".nc": "pypsa"}
"""File name ending -> module of gridopt.case.readers. A folder with buses.csv is one of PyPSA's."""


def format_of(path: Path) -> str:
    """Name of the reader for a file or folder of another program, '' for anything else."""
    if path.is_dir():
        return "pypsa" if (path / "buses.csv").is_file() else ""
    return READERS.get(path.suffix.lower(), "")


def read(path: Path, branch_model: str) -> Imported:
    """The case in `path`. Raises CaseError with every fault."""
    return importlib.import_module(f"gridopt.case.readers.{format_of(path)}").read(path, branch_model)
