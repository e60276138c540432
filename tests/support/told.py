"""What `gridopt price` prints of a market case, as a document."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from gridopt.commands import execute


@cache
def priced_file(text: str, rule: str, settings: tuple[str, ...]) -> str:
    """JSON of the command for the case in `text` (YAML)."""
    import contextlib
    import io

    with TemporaryDirectory() as folder:
        path = Path(folder) / "case.yaml"
        path.write_text(text, encoding="utf-8")
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = execute(["price", str(path), "--rules", rule, "--json", *(w for s in settings for w in ("--set", s))])
        document = json.loads(out.getvalue())
        return json.dumps({"exit_code": code} | document)


class Told:
    """One rule's part of the document of a case."""

    def __init__(self, text: str, rule: str, *settings: str):
        whole = json.loads(priced_file(text, rule, settings))
        assert whole["exit_code"] == 0, whole
        self.whole, self.rule = whole, whole["rules"][rule]
        self.buses = list(dict.fromkeys(p["bus"] for p in self.rule["prices"]))

    def by_bus(self, what: str = "price") -> np.ndarray:
        """A part of the prices (B, T)."""
        return np.array([[p[what] for p in self.rule["prices"] if p["bus"] == b] for b in self.buses])

    def units(self, what: str) -> dict[str, float]:
        return {u["unit"]: u[what] for u in self.rule["units"]}
