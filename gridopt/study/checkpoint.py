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
PLAN, WINDOW = "plan.json", "window-"
"""The file that says what the run was made of; how names of windows begin."""


@dataclass
class Checkpoint:
    """Arrays by name in `folder`, which is made when the first of them is saved, with `plan` beside them.

    older: the folder of an earlier run that takes this one's place once a window is saved, None where there is none; until then what is
    saved lies aside.
    """

    folder: Path
    plan: dict
    older: Path | None = None

    @classmethod
    def open(cls, target: Path, loaded: Loaded, hours: tuple[int, int] | None, resume: bool) -> Checkpoint:
        """The checkpoint of results at `target`: as it was with `resume`, otherwise empty, and an older one is kept until the first window
        of this run is saved. Raises CaseError naming what has changed."""
        folder = target.parent / f".rolling-{target.name}"
        aside, plan, file = folder.with_name(f".rolling-aside-{target.name}"), _plan(loaded, hours), folder / PLAN
        shutil.rmtree(aside, ignore_errors=True)
        if not file.exists():
            shutil.rmtree(folder, ignore_errors=True)  # left by a run that ended before its plan was written
            return cls(folder, plan)
        if not resume:
            return cls(aside, plan, folder)
        changed = _changed(json.loads(file.read_text(encoding="utf-8")), plan)
        if changed:
            rule = "has changed since the run that is to be resumed. Undo the change, or run without --resume from the start."
            raise CaseError([f"{what}: {rule}" for what in changed])
        return cls(folder, plan)

    @property
    def told(self) -> str:
        """What a user should know of an older run, empty where there is none."""
        count = 0 if self.older is None else len(list(self.older.glob(f"{WINDOW}*.npz")))
        if not count:
            return ""
        windows = "a window" if count == 1 else f"{count} windows"
        then = "replaced as soon as this run has its first; to go on from there, stop and use --resume"
        return f"{windows} of an earlier run that stopped: {then}"

    def load(self, name: str) -> Mapping[str, np.ndarray] | None:
        path = self.folder / f"{name}.npz"
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}

    def save(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        if not (self.folder / PLAN).exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / PLAN).write_text(json.dumps(self.plan, ensure_ascii=False, indent=1), encoding="utf-8")
        part = self.folder / f".{name}.part"
        with part.open("wb") as file:
            np.savez(file, **dict(arrays))  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.folder / f"{name}.npz")
        if self.older is not None and name.startswith(WINDOW):
            shutil.rmtree(self.older, ignore_errors=True)
            self.folder = self.folder.rename(self.older)
            self.older = None

    def leave(self) -> None:
        """Takes away what lies aside: without a window it is no run to go on from."""
        if self.older is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def remove(self) -> None:
        """Takes away everything, once the results stand in their place."""
        self.leave()
        shutil.rmtree(self.older or self.folder, ignore_errors=True)


def _plan(loaded: Loaded, hours: tuple[int, int] | None) -> dict:
    options = {k: v for k, v in loaded.study.model_dump(mode="json").items() if k not in WITHOUT_EFFECT}
    return {
        "version of gridopt": gridopt.__version__, "--hours": list(hours) if hours else None,
        **{f"key '{k}'": v for k, v in options.items()}, **{f"file {k}": v for k, v in loaded.inputs.items()},
    }  # fmt: skip


def _changed(old: dict, new: dict) -> list[str]:
    return [k for k in {**old, **new} if old.get(k) != new.get(k)]
