"""A JSON file of another program, plain or compressed (.json.gz), as objects that gather faults instead of raising one by one.

A value is asked for by its key, with its kind and range; what is missing, of another kind or out of range becomes a sentence with the
place, the key and the value. null stands for a missing value.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gridopt.case.check import CaseError, nearest, show

REQUIRED = object()
LARGEST = 1e15
"""Beyond it no figure of a grid lies, and no solver computes."""


def text_of(path: Path) -> str:
    """The text of the file, decompressed. Raises CaseError where there is none."""
    if not path.is_file():
        raise CaseError([f"{path}: there is no such file. Correct the path."])
    data = path.read_bytes()
    try:
        return (gzip.decompress(data) if path.suffix.lower() == ".gz" else data).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CaseError([f"{path.name}: is not text in UTF-8 (byte {error.start}). Save it again as JSON."]) from None
    except (OSError, EOFError, zlib.error):
        raise CaseError([f"{path.name}: cannot be decompressed. Is the file cut off? Save it again with gzip."]) from None


def read_object(path: Path) -> Record:
    """The object that the file holds. Raises CaseError where it holds none; other faults go to `faults` of the record."""
    twice: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) < len(pairs):
            keys = [k for k, _ in pairs]
            twice.extend(sorted({k for k in keys if keys.count(k) > 1}))
        return result

    try:
        value = json.loads(text_of(path), object_pairs_hook=once)
    except RecursionError:
        raise CaseError([f"{path.name}: is nested too deeply for a case. Save it again."]) from None
    except ValueError as error:
        raise CaseError([f"{path.name}: is not JSON ({str(error)[:200]}). Is the file cut off? Save it again."]) from None
    faults = [f"{path.name}: the key {show(key)} is given twice in one object. Keep one." for key in twice]
    if not isinstance(value, dict):
        raise CaseError([f"{path.name}: holds {_kind(value)} where a case is an object with named entries. Save it again."])
    return Record(value, path.name, faults)


class Record:
    """An object of the file: `entries` by key, `place` for sentences, `faults` shared by all records of the file."""

    def __init__(self, entries: Mapping[str, Any], place: str, faults: list[str]):
        self.entries = {k: v for k, v in entries.items() if v is not None}
        self.place, self.faults = place, faults

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def fault(self, key: str, value: object, rule: str, cure: str) -> None:
        self.faults.append(f"{self.place}, {key}: {show(value)} {rule}. {cure}")

    def get(self, key: str, default: Any) -> Any:
        """The value as it is; one that is missing but REQUIRED is a fault, and None."""
        if key not in self.entries and default is REQUIRED:
            self.faults.append(f"{self.place}, {key}: is missing. Add it.")
            return None
        return self.entries.get(key, default)

    def number(self, key: str, default: Any = REQUIRED, least: float = -np.inf, most: float = np.inf) -> float:
        """A number in [least, most]; nan where it is a fault."""
        value = self.get(key, default)
        return default if value is default and default is not REQUIRED else self._number(key, value, least, most)

    def _number(self, key: str, value: Any, least: float, most: float) -> float:
        if value is None:
            return np.nan
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
            self.fault(key, value, f"is not a finite number within +-{LARGEST:g}", "Correct it.")
            return np.nan
        if not least <= value <= most:
            wanted = f"at least {least:g}" if value < least else f"at most {most:g}"
            self.fault(key, value, f"must be {wanted}", "Correct it.")
            return np.nan
        return float(value)

    def numbers(self, key: str, default: Any = REQUIRED, least: float = -np.inf) -> np.ndarray:
        """A list of numbers (n,)."""
        value = self.get(key, default)
        if not isinstance(value, list):
            if value is not None:
                self.fault(key, value, "is not a list of numbers", "Correct it.")
            return np.zeros(0)
        return np.array([self._number(key, np.nan if v is None else v, least, np.inf) for v in value], float)

    def series(self, key: str, steps: int, default: Any = REQUIRED, least: float = -np.inf, most: float = np.inf) -> np.ndarray:
        """Values (steps,) of one number, or of a list with one for each step."""
        value = self.get(key, default)
        if not isinstance(value, list):
            one = value if value is default and default is not REQUIRED else self._number(key, value, least, most)
            return np.full(steps, float(one))
        if len(value) != steps:
            self.fault(key, f"a list of {len(value)}", f"must have one value for each of the {steps} steps", "Correct it.")
            return np.full(steps, np.nan)
        return np.array([self._number(key, np.nan if v is None else v, least, most) for v in value], float)

    def text(self, key: str, default: Any = REQUIRED, among: tuple[str, ...] = ()) -> str:
        """A text, one of `among` where some are given (whatever the case of its letters)."""
        value = self.get(key, default)
        if not isinstance(value, str):
            if value is not None:
                self.fault(key, value, "is not a text", "Correct it.")
            return ""
        if among and value.lower() not in (a.lower() for a in among):
            self.fault(key, value, f"is not one of {', '.join(among)}{nearest(value, among)}", "Correct it.")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self.get(key, default)
        if value not in (True, False):
            self.fault(key, value, "is not true or false", "Correct it.")
            return default
        return bool(value)

    def words(self, key: str) -> list[str]:
        """A list of texts, empty where it is missing."""
        value = self.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            self.fault(key, value, "is not a list of names", "Correct it.")
            return []
        return value

    def record(self, key: str) -> Record:
        """The object under a key, empty where it is missing."""
        value = self.get(key, {})
        if not isinstance(value, Mapping):
            self.fault(key, value, "is not an object with named entries", "Correct it.")
            value = {}
        return Record(value, f"{self.place}, {key}", self.faults)

    def records(self, key: str, single: str) -> dict[str, Record]:
        """The objects under a key by name; `single` is what one of them is called."""
        return Record(self.record(key).entries, self.place, self.faults).each(single)

    def listed(self, key: str, single: str) -> list[Record]:
        """The objects of a list, each placed by its id, which no two may share."""
        value = self.get(key, [])
        if not isinstance(value, list):
            self.fault(key, value, "is not a list", "Write one entry for each, such as [{id: a}].")
            return []
        found = []
        for n, one in enumerate(value):
            if isinstance(one, Mapping):
                place = f"{self.place}, {single} '{one.get('id', n + 1)}'"
                found.append(Record({str(k): v for k, v in one.items()}, place, self.faults))
            else:
                self.fault(key, one, f"is not a {single} with named entries", "Correct it.")
        ids = [str(one.get("id", None)) for one in found if "id" in one]
        for twice in sorted({i for i in ids if ids.count(i) > 1}):
            rule = f"{self.place}, {key}: {single} '{twice}' is given {ids.count(twice)} times. Give each a name of its own."
            if rule not in self.faults:
                self.faults.append(rule)
        return found

    def name(self, key: str = "id") -> str:
        """A name, which may be written as a number."""
        value = self.get(key, None)
        if value is None or isinstance(value, Mapping | list | bool):
            self.fault(key, value, "is not a name", "Give one.")
            return ""
        return str(value)

    def each(self, single: str) -> dict[str, Record]:
        """The entries, which are objects, by name."""
        found = {}
        for name, value in self.entries.items():
            if isinstance(value, Mapping):
                found[name] = Record(value, f"{self.place}, {single} '{name}'", self.faults)
            else:
                self.fault(f"{single} '{name}'", value, f"is {_kind(value)}, not an object with named entries", "Correct it.")
        return found

    def only(self, known: tuple[str, ...] | set[str]) -> None:
        """A fault for each entry that is not known, which might change the problem."""
        for key in self.entries:
            if key not in known:
                self.faults.append(f"{self.place}: the entry {show(key)} is not known{nearest(key, known)}. Rename or remove it.")


def _kind(value: Any) -> str:
    kinds = {list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number", type(None): "nothing"}
    return kinds.get(type(value), "an object")
