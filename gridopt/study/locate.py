"""Where networks, profiles and studies lie: by path, beside the user's files, in the repository or in the installed package."""

from __future__ import annotations

from pathlib import Path

import gridopt
from gridopt.study.imports import format_of

KINDS = ("networks", "profiles", "studies")
PACKAGE = Path(gridopt.__file__).resolve().parent
ENDINGS = {"networks": ("",), "profiles": ("", ".nc", ".parquet", ".csv"), "studies": (".yaml", ".yml", "")}
SERIES = (".nc", ".csv", ".parquet")
DEFAULT_STUDY = "gansu-2025"


class NotFound(LookupError):
    """No file or folder of that name; the text says where it was looked for."""


def bases(kind: str, near: Path | None = None) -> list[Path]:
    """Folders that may hold a `kind` ("networks", "profiles", "studies"), the nearest first.

    `near` is the file or folder that names it, such as the study file: its own folder comes first, then the `kind` folder
    in it and in its parent, then in the working directory, in the repository and in the installed package.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is none of {', '.join(KINDS)}")
    here = Path.cwd()
    folders: list[Path] = []
    if near is not None:
        folder = near if near.is_dir() else near.parent
        folders += [folder, folder / kind, folder.parent / kind]
    folders += [here, here / kind, PACKAGE.parent / kind, PACKAGE / "_data" / kind]
    return list(dict.fromkeys(f.resolve() for f in folders))


def locate(kind: str, name: str | Path, near: Path | None = None) -> Path:
    """Absolute path of the network or profiles folder or the study file called `name`, or given by a path.

    Raises NotFound with the places looked in.
    """
    looked = []
    for base in bases(kind, near):
        for ending in ENDINGS[kind]:
            path = base / f"{name}{ending}"
            if _is(kind, path, named=len(Path(name).parts) == 1):
                return path
        looked.append(str(base))
    raise NotFound(f"{kind} {str(name)!r} not found; looked in {', '.join(looked)}. Known: {', '.join(known(kind)) or 'none'}.")


def _is(kind: str, path: Path, named: bool) -> bool:
    """Whether `path` is a `kind`. A folder found by its name alone must hold what makes it one; one given by a path is believed.

    A network holds bus.csv, profiles hold recipe.yaml or a file of series.
    """
    if kind == "studies" or (kind == "profiles" and path.is_file()):
        return path.is_file()
    if kind == "networks" and path.is_file():
        return bool(format_of(path))
    if not named or not path.is_dir():
        return path.is_dir()
    if kind == "networks":
        return (path / "bus.csv").exists() or bool(format_of(path))
    return (path / "recipe.yaml").is_file() or any(p.suffix in SERIES and p.is_file() for p in path.iterdir())


def known(kind: str) -> list[str]:
    """Names of all networks, profiles or studies in the repository, the package and the working directory, sorted."""
    names = set()
    for base in (Path.cwd() / kind, PACKAGE.parent / kind, PACKAGE / "_data" / kind):
        if base.is_dir():
            entries = [e for e in base.iterdir() if not e.name.startswith(".")]
            names |= {e.stem for e in entries if (e.suffix in (".yaml", ".yml") if kind == "studies" else e.is_dir())}
    return sorted(names)
