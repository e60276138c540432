"""What the page carries: figures, typed arrays, names and words, and how they get into HTML safely.

Strings inside figures hold tokens ⟦key⟧. The page replaces them by the word or name in the language shown, so that one figure
serves both languages. Names of elements never enter a figure themselves: they sit in a table of their own and are escaped there.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field

import numpy as np

MISSING = -32768


@dataclass
class Page:
    """Collects what the sections contribute. `data` is what the controls of the page need besides figures and arrays."""

    figures: dict[str, dict] = field(default_factory=dict)
    arrays: dict[str, dict] = field(default_factory=dict)
    data: dict[str, object] = field(default_factory=dict)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    _known: dict[tuple[str, str], str] = field(default_factory=dict)

    def name(self, both: tuple[str, str]) -> str:
        """The token that stands for a name in two languages."""
        if both not in self._known:
            key = f"n{len(self.names)}"
            self.names[key] = both
            self._known[both] = token(key)
        return self._known[both]

    def tokens(self, pairs: list[tuple[str, str]]) -> list[str]:
        return [self.name(p) for p in pairs]

    def document(self, words: dict[str, tuple[str, str]]) -> dict:
        """Everything as one JSON-ready mapping."""
        return {"figures": self.figures, "arrays": self.arrays, "data": self.data, "names": self.names, "words": words}


def token(key: str) -> str:
    """The mark that the page replaces by the word or name `key`."""
    return f"⟦{key}⟧"


def pack(array: np.ndarray, step: float = np.inf) -> dict:
    """A (rows, columns) array as base64 of little-endian 16-bit integers and one factor, or of 32-bit floats where those are too coarse.

    The step of the integers is the largest absolute value / 32767: 0.15 MW for flows up to 5 GW; `step` is the coarsest that is wanted.
    Missing values are -32768, as floats nan. Whole numbers below 32768 stay the same when they are rounded.
    """
    array = np.atleast_2d(np.asarray(array, dtype=np.float64))
    finite = np.isfinite(array)
    largest = float(np.abs(array[finite]).max()) if finite.any() else 0.0
    scale = largest / 32767.0 if largest > 0 else 1.0
    shape = {"rows": array.shape[0], "columns": array.shape[1]}
    if largest > 0 and scale > step:
        return shape | {"scale": 0, "data": _base64(np.where(finite, array, np.nan).astype("<f4"))}
    whole = np.where(finite, np.rint(np.where(finite, array, 0.0) / scale), MISSING).astype("<i2")
    return shape | {"scale": scale, "data": _base64(whole)}


def pack_times(time) -> str:
    """Labels (naive local) as base64 of little-endian 32-bit minutes since 1970-01-01."""
    minutes = (np.asarray(time, dtype="datetime64[m]") - np.datetime64("1970-01-01T00:00", "m")).astype("<i4")
    return _base64(minutes)


def json_in_html(value: object) -> str:
    """JSON that may stand inside a <script> element: no character in it can end the element or open a comment."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _plain(value: object) -> object:
    """numpy numbers and arrays as Python ones."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
