"""MATPOWER case files from arrays: text that every program reads alike."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

HEAD = """function mpc = case
mpc.version = '2';
mpc.baseMVA = {base};
"""


def write(path: Path, base_mva: float, parts: Mapping[str, np.ndarray]) -> None:
    """Matrices bus, gen, branch and gencost (rows as in MATPOWER's manual), numbers to the last digit."""
    text = [HEAD.format(base=repr(float(base_mva)))]
    for name, rows in parts.items():
        body = "\n".join("\t" + "\t".join(f"{v:.17g}" for v in row) + ";" for row in np.asarray(rows, float))
        text.append(f"mpc.{name} = [\n{body}\n];\n")
    path.write_text("\n".join(text), encoding="utf-8")
