"""Files and folders of other programs that hold a whole case: which reader takes them."""

from __future__ import annotations

import importlib
import re
import zlib
from pathlib import Path

from gridopt.case.check import CaseError
from gridopt.case.imported import Imported

READERS = {".m": "matpower", ".json": "pandapower", ".json.gz": "unitcommitment_jl", ".nc": "pypsa"}
"""File name ending -> module of gridopt.case.readers. A folder with buses.csv is one of PyPSA's."""
WORDS = {
    "unitcommitment_jl": ("Parameters", "Buses", "Generators", "Load (MW)", "Production cost curve (MW)"),
    "pglib_uc": ("time_periods", "thermal_generators", "renewable_generators", "power_output_minimum", "piecewise_production"),
    "convex_hull_pricing": ("time_periods", "thermal_generators", "no_load_consumption", "power_output_minimum", "piecewise_production"),
    "market_case": ("demand_mw", "generators", "p_max", "load_mw", "marginal_cost"),
    "egret": ("elements", "system", "data_type", "generator_type", "time_keys", "p_load"),
}
"""Reader -> keys by which its JSON files are known; a file that holds fewer than two of any is taken by its ending."""
OWN = b'"pandapowerNet"'
BY_HAND = re.compile(rb"^(generators|trade)\s*:", re.MULTILINE), re.compile(rb"^network\s*:", re.MULTILINE)
"""What a YAML file of a market case has at the beginning of a line, and a study has."""


def ending(path: Path) -> str:
    """What the name of a file ends with, '.json.gz' included."""
    name = path.name.lower()
    return ".json.gz" if name.endswith(".json.gz") else path.suffix.lower()


def stem(path: Path) -> str:
    """The name without its ending."""
    return path.name[: -len(ending(path))] if path.is_file() and ending(path) in READERS else path.stem


def format_of(path: Path) -> str:
    """Name of the reader for a file or folder of another program, '' for anything else."""
    if path.is_dir():
        return "pypsa" if (path / "buses.csv").is_file() else ""
    if ending(path) in (".yaml", ".yml") and path.is_file():
        case, study = (bool(key.search(path.read_bytes())) for key in BY_HAND)
        return "market_case" if case and not study else ""
    usual = READERS.get(ending(path), "")
    return _by_content(path, usual) if ending(path).startswith(".json") and path.is_file() else usual


def _by_content(path: Path, usual: str) -> str:
    """The reader whose keys a JSON file holds most of; looks at the text, so that a damaged file is known as well."""
    data = path.read_bytes()
    if ending(path) == ".json.gz":
        try:
            # As much as there is, should the file be cut off; zlib reads the head of gzip with these bits.
            data = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(data)
        except zlib.error:
            return usual
    if OWN in data:
        return "pandapower"
    held = {reader: sum(f'"{word}"'.encode() in data for word in words) for reader, words in WORDS.items()}
    best = max(held, key=lambda reader: held[reader])
    return best if held[best] > 1 else usual


def read(path: Path, branch_model: str, toggles: tuple[str, ...] = ()) -> Imported:
    """The case in `path`; `toggles`: what is switched on of a case of MATPOWER. Raises CaseError with every fault."""
    kind = format_of(path)
    if toggles and kind != "matpower":
        raise CaseError([f"{path.name}: matpower_toggle is for cases of MATPOWER (.m). Remove it from the study."])
    reader = importlib.import_module(f"gridopt.case.readers.{kind}")
    return reader.read(path, branch_model, toggles) if toggles else reader.read(path, branch_model)
