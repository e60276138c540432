"""Checkpoint: what the windows of a run have left so far, in a folder beside the results until these stand there.

Each set of arrays is a file of NumPy's, written aside and moved into place. `plan.json` says what the run was made of; another study,
other inputs or another version may not go on from it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import gridopt
from gridopt.case.check import CaseError
from gridopt.study.load import Loaded

WITHOUT_EFFECT = {"title_en", "title_zh", "report", "csv", "workers"}
"""Keys of a study that change no number."""


@dataclass(frozen=True)
class Checkpoint:
    """Arrays by name in `folder`."""

    folder: Path

    @classmethod
    def open(cls, target: Path, loaded: Loaded, hours: tuple[int, int] | None, resume: bool) -> Checkpoint:
        """The checkpoint of results at `target`: as it was with `resume`, otherwise empty. Raises CaseError naming what has changed."""
        folder = target.parent / f".rolling-{target.name}"
        plan, file = _plan(loaded, hours), folder / "plan.json"
        if resume and file.exists():
            changed = _changed(json.loads(file.read_text(encoding="utf-8")), plan)
            if changed:
                rule = "has changed since the run that is to be resumed. Undo the change, or run without --resume from the start."
                raise CaseError([f"{what}: {rule}" for what in changed])
            return cls(folder)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        file.write_text(json.dumps(plan, ensure_ascii=False, indent=1), encoding="utf-8")
        return cls(folder)

    def load(self, name: str) -> Mapping[str, np.ndarray] | None:
        path = self.folder / f"{name}.npz"
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}

    def save(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        part = self.folder / f".{name}.part"
        with part.open("wb") as file:
            np.savez(file, **dict(arrays))  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.folder / f"{name}.npz")

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _plan(loaded: Loaded, hours: tuple[int, int] | None) -> dict:
    options = {k: v for k, v in loaded.study.model_dump(mode="json").items() if k not in WITHOUT_EFFECT}
    return {
        "version of gridopt": gridopt.__version__, "--hours": list(hours) if hours else None,
        **{f"key '{k}'": v for k, v in options.items()}, **{f"file {k}": v for k, v in loaded.inputs.items()},
    }  # fmt: skip


def _changed(old: dict, new: dict) -> list[str]:
    return [k for k in {**old, **new} if old.get(k) != new.get(k)]
