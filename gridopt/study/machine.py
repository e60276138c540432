"""What this machine offers: Python, libraries, solver, memory, disk, and what the browser tests need. Changes nothing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gridopt import __version__
from gridopt.study import locate

LEAST_PYTHON = (3, 11)
LEAST_MEMORY_GB = 3.0
LEAST_DISK_GB = 1.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")


@dataclass(frozen=True)
class Finding:
    """One check. `status` is "ok", "advice" (works, but) or "fault"; `cure` is empty when ok."""

    name: str
    status: str
    found: str
    cure: str = ""


def examine(folder: Path | None = None) -> list[Finding]:
    """All checks, in the order of a run; disk space is that of `folder`, by default the working directory."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        _python,
        _libraries,
        _solver,
        _data,
        _memory,
        lambda: _disk(folder or Path.cwd()),
        _browser,
        _fonts,
    )
    return [finding for check in checks for finding in check()]


def _python() -> Iterator[Finding]:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}, gridopt {__version__}"
    old = sys.version_info[:2] < LEAST_PYTHON
    yield Finding("python", "fault" if old else "ok", found, "install Python 3.11 or newer" if old else "")


def _libraries() -> Iterator[Finding]:
    """Every library gridopt needs, present or not, and those that differ from the tested set."""
    tested = tested_versions()
    missing, other, same = [], [], 0
    for name in needed_libraries() or sorted(tested):
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
            continue
        wanted = tested.get(_plain(name))
        same += version == wanted
        if wanted and version != wanted:
            other.append(f"{name} {version} (tested: {wanted})")
    if missing:
        yield Finding("libraries", "fault", f"missing: {', '.join(missing)}", "run through cli.py, or: pip install gridopt")
    elif other:
        yield Finding("libraries", "advice", ", ".join(other), "run through cli.py, or: pip install -c constraints.txt gridopt")
    else:
        yield Finding("libraries", "ok", f"{same} of the tested versions")


def _solver() -> Iterator[Finding]:
    """Solves min x + 2 y, x + y >= 3, x <= 2: x = 2, y = 1, and one more unit of the row costs 2."""
    import numpy as np
    import scipy.sparse as sp

    try:
        from gridopt.program.highs import Highs, version

        lp = Highs()
        one_row = sp.csr_array(np.array([[1.0, 1.0]]))
        lp.load(np.array([1.0, 2.0]), np.zeros(2), np.array([2.0, np.inf]), one_row, np.array([3.0]), np.array([np.inf]))
        lp.solve()
        x, y = lp.solution()
    except Exception as error:  # whatever stops the solver is what this check is here to tell
        yield Finding(
            "solver", "fault", f"HiGHS does not work: {error}", "install it again: pip install --force-reinstall highspy"
        )
        return
    right = np.allclose(x, [2, 1]) and np.allclose(y, [2])
    yield Finding(
        "solver", "ok" if right else "fault", f"HiGHS {version()}", "" if right else f"wrong answer {x}, {y}; reinstall highspy"
    )


def _data() -> Iterator[Finding]:
    names = locate.known("networks")
    yield Finding(
        "networks", "ok" if names else "fault", ", ".join(names) or "none found", "" if names else "install gridopt again"
    )


def _memory() -> Iterator[Finding]:
    size = memory_gb()
    if size is None:
        yield Finding("memory", "advice", f"unknown; {_cpus()} processors", f"a full year needs {LEAST_MEMORY_GB:g} GB")
    else:
        short = size < LEAST_MEMORY_GB
        cure = f"a full year needs {LEAST_MEMORY_GB:g} GB; use --hours for less" if short else ""
        yield Finding("memory", "advice" if short else "ok", f"{size:.1f} GB, {_cpus()} processors", cure)


def _disk(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free / 1e9
    short = free < LEAST_DISK_GB
    yield Finding("disk", "advice" if short else "ok", f"{free:.1f} GB free", "results of a year need 0.5 GB" if short else "")


def _browser() -> Iterator[Finding]:
    path = next((p for name in BROWSERS if (p := shutil.which(name))), None)
    if path or platform.system() in ("Windows", "Darwin"):
        yield Finding("browser", "ok", Path(path).name if path else "that of the system")
    else:
        yield Finding("browser", "advice", "no Chromium", "only the browser tests need it; on Debian: apt install chromium")


def _fonts() -> Iterator[Finding]:
    """Chinese characters in a headless browser need a font; Windows and macOS bring one."""
    if platform.system() in ("Windows", "Darwin"):
        yield Finding("fonts", "ok", "those of the system")
    elif not (tool := shutil.which("fc-list")):
        yield Finding(
            "fonts", "advice", "fc-list is missing, fonts unknown", "for Chinese text on Debian: apt install fonts-noto-cjk"
        )
    else:
        count = len(subprocess.run([tool, ":lang=zh", "file"], capture_output=True, text=True).stdout.splitlines())
        cure = "" if count else "for Chinese text on Debian: apt install fonts-noto-cjk"
        yield Finding("fonts", "ok" if count else "advice", f"{count} fonts with Chinese characters", cure)


def tested_versions() -> dict[str, str]:
    """Versions of constraints.txt by plain name; empty where the file is not found."""
    for path in (locate.PACKAGE.parent / "constraints.txt", locate.PACKAGE / "_data" / "constraints.txt"):
        if path.exists():
            pairs = re.findall(r"^([\w.-]+)==(\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            return {_plain(name): version for name, version in pairs}
    return {}


def needed_libraries() -> list[str]:
    """Names of the libraries gridopt itself asks for, from pyproject.toml or the installed package."""
    project = locate.PACKAGE.parent / "pyproject.toml"
    if project.exists():
        import tomllib

        lines = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
    else:
        try:
            lines = importlib.metadata.requires("gridopt") or []
        except importlib.metadata.PackageNotFoundError:
            lines = []
    return [match.group() for line in lines if (match := re.match(r"[\w.-]+", line))]


def memory_gb() -> float | None:
    """Memory this process may use in GB (machine or container, the smaller), None if unknown."""
    sizes = []
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        sizes.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.exists() and (text := limit.read_text().strip()).isdecimal():
        sizes.append(int(text))
    return min(sizes) / 1e9 if sizes else None


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
