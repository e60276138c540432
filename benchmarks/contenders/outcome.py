"""What a contender tells: a JSON document beside its data."""

from __future__ import annotations

import json
from pathlib import Path


def write(target: Path, *, objective: float, status: str, **more) -> None:
    """`status` 'optimal' where the solver said so; `more`: whatever explains the time (seconds by stage, sizes)."""
    target.write_text(json.dumps({"objective": float(objective), "status": status, **more}), encoding="utf-8")
