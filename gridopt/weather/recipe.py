"""The recipe file of a network's profiles: read, checked, and its sites as arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from gridopt.case.check import CaseError, nearest
from gridopt.weather.noise import distance_km

NUMBERS = ("sky", "regions", "wind", "solar", "hydro", "schedule", "price")
SECTIONS = ("title", "timezone", "sites", "csp", "load", "dc_max", *NUMBERS)
SITE = {
    "latitude": (-66.0, 66.0), "longitude": (-180.0, 180.0), "altitude": (-400.0, 5500.0), "wind_gw": (0.0, 1000.0),
    "solar_gw": (0.0, 1000.0), "wind_cf": (0.0, 0.7), "solar_cf": (0.0, 0.4), "load_share": (0.0, 100.0),
}  # fmt: skip
LENGTHS = {"months": 12, "irrigation_months": 12, "cloud": 12, "aerosol": 12, "hours": 24, "weekday": 7}


class Part(dict):
    """A mapping of the recipe that knows its place: a key that is not there is a fault of the file, not of the program."""

    def __init__(self, content: dict, place: str):
        super().__init__({k: Part(v, f"{place}{k}.") if isinstance(v, dict) else v for k, v in content.items()})
        self.place = place

    def __missing__(self, key: object) -> Any:
        like = nearest(str(key), self) or "."
        raise CaseError([f"recipe, {self.place}{key}: is missing{like} Add it; the shipped recipe shows how."])


@dataclass(frozen=True)
class Recipe:
    """`content`: the file as nested dictionaries; `sha256`: of its text."""

    path: Path
    content: dict[str, Any]
    sha256: str

    def part(self, name: str) -> Any:
        return self.content[name]

    def members(self, name: str, settings: Sequence[str]) -> list[str]:
        """Keys of a section other than its settings."""
        return [key for key in self.content[name] if key not in settings]

    @cached_property
    def names(self) -> list[str]:
        """Sites, B of them, in the order of the file."""
        return list(self.content["sites"])

    @property
    def sites(self) -> list[dict[str, Any]]:
        return list(self.content["sites"].values())

    @cached_property
    def coordinates(self) -> tuple[np.ndarray, np.ndarray]:
        """Latitude and longitude, degrees (B,)."""
        return self.column("latitude"), self.column("longitude")

    @cached_property
    def distance(self) -> np.ndarray:
        """Distances between sites, km (B, B)."""
        return distance_km(*self.coordinates)

    def position(self, site: str) -> int:
        """Place of a site among the sites."""
        if site not in self.names:
            like = nearest(site, self.names) or "."
            raise CaseError([f"recipe: '{site}' is not a site{like} Correct the name or add the site."])
        return self.names.index(site)

    def column(self, name: str) -> np.ndarray:
        return np.array([float(site[name]) for site in self.sites])

    def targets(self, technology: str, fleet_hours: float) -> np.ndarray:
        """Capacity factors (B,) of the sites, scaled by one number so that their weighted mean gives `fleet_hours` in 8760 h."""
        factor, weight = self.column(f"{technology}_cf"), self.column(f"{technology}_gw")
        return factor * (fleet_hours / 8760.0) / (factor @ weight / weight.sum())


def load(path: Path) -> Recipe:
    """Read and check a recipe; CaseError with every fault found."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    path = Path(path)
    try:
        text = path.read_bytes()
    except OSError as error:
        raise CaseError([f"{path}: cannot be read ({error.strerror}). Give the path of a recipe file."]) from error
    try:
        content = YAML(typ="safe", pure=True).load(text.decode("utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        raise CaseError([f"{path}: is not valid YAML in UTF-8: {' '.join(str(error).split())}. Correct the file."]) from error
    faults = check(content, path.name)
    if faults:
        raise CaseError(faults)
    # line ends are made alike, so that a checkout on another system keeps the hash
    return Recipe(path, Part(content, ""), hashlib.sha256(text.replace(b"\r\n", b"\n")).hexdigest())


def check(content: Any, file: str) -> list[str]:
    """Faults of the sections, sites, lists and numbers of a recipe. Missing keys inside sections are found when they are used."""
    if not isinstance(content, dict):
        return [f"{file}: must hold sections {', '.join(SECTIONS)}. Start from a recipe that is shipped."]
    faults = [f"{file}, section '{name}': is missing. Add it." for name in SECTIONS if name not in content]
    unknown = [name for name in content if name not in SECTIONS]
    faults += [f"{file}, section '{name}': is not known{nearest(name, SECTIONS) or '.'} Rename or remove it." for name in unknown]
    sites, regions = content.get("sites"), content.get("regions")
    if not isinstance(sites, dict) or not sites or not isinstance(regions, dict):
        return [*faults, f"{file}: sections 'sites' and 'regions' must name at least one each. Add them."]
    for name, site in sites.items():
        faults += _check_site(file, name, site, regions)
    for section in (name for name in SECTIONS if name in content):
        faults += _check_leaves(file, section, content.get(section), section in NUMBERS)
    return faults


def _check_site(file: str, name: str, site: Any, regions: dict[str, Any]) -> list[str]:
    if not isinstance(site, dict):
        return [f"{file}, site '{name}': must be a mapping with {', '.join(SITE)}, region. Give them."]
    faults = []
    for key, (low, high) in SITE.items():
        value: Any = site.get(key)
        if not _number(value) or not low <= value <= high:
            faults.append(f"{file}, site '{name}', {key}: {value!r} must be a number from {low:g} to {high:g}. Correct it.")
    if site.get("region") not in regions:
        region = str(site.get("region", ""))
        like = nearest(region, regions) or "."
        faults.append(f"{file}, site '{name}', region: '{region}' is not a region{like} Correct the name.")
    return faults


def _check_leaves(file: str, place: str, value: Any, numbers: bool) -> list[str]:
    """Lists by month or hour have the right length; in sections of numbers every leaf but the name of a river's regime is one."""
    key = place.rpartition(".")[2]
    if isinstance(value, dict):
        return [fault for k, v in value.items() for fault in _check_leaves(file, f"{place}.{k}", v, numbers)]
    if isinstance(value, list):
        wanted = LENGTHS.get(key, 12 if place.startswith("wind.season") else len(value))
        if len(value) != wanted or (key in LENGTHS and not all(map(_number, value))):
            return [f"{file}, {place}: must be a list of {wanted} numbers. Correct the list."]
        return []
    if not numbers or key == "regime" or _number(value):
        return []
    return [f"{file}, {place}: {value!r} is not a number. Correct it."]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)
