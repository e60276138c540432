"""Interpreters of the contenders: gridopt's own, and one environment for each peer, made once below benchmarks/.env.

Peers have environments of their own because their requirements exclude each other's (pandapower needs pandas below 3).
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "benchmarks" / ".env"
PINNED = {line.partition("==")[0].strip(): line.strip() for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
"""Libraries of gridopt's tested set, as requirements."""
PEERS = {
    "pypsa": ("pypsa", "highspy", "pulp", "matpowercaseframes"),
    "pandapower": ("pandapower>=3.5", "pandas<3", "numba", "matpowercaseframes"),
    "egret": ("gridx-egret", PINNED["highspy"]),
}
"""Environment -> what is installed there, as the users of these programs do."""
NEEDED = ("highspy", "xarray", "h5netcdf", "pydantic", "rich_click")
"""An interpreter that finds these can run gridopt."""
SHOWN = ("gridopt", "pypsa", "linopy", "gridx-egret", "Pyomo", "highspy", "PuLP", "pandapower", "numpy", "scipy", "pandas")
VERSIONS = """
import importlib.metadata as m, json, platform, sys
found = {"python": platform.python_version()}
for name in sys.argv[1:]:
    try:
        found[name] = m.version(name)
    except m.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def interpreter(name: str) -> str:
    """Path of the Python of environment `name`, made on first use. Raises CalledProcessError if that fails."""
    if name == "gridopt":
        return _own()
    folder = HOME / name
    python = folder / "bin" / "python"
    if not made(name):
        print(f"making the environment of {name} (once, some minutes)", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
        subprocess.run([*install, *PEERS[name]], check=True)
        (folder / "ready").touch()
    return str(python)


def made(name: str) -> bool:
    """Whether the environment is there."""
    return name == "gridopt" or (HOME / name / "ready").exists()


def _own() -> str:
    """This interpreter if it has gridopt's libraries, else the one that the launcher makes."""
    if all(importlib.util.find_spec(name) for name in NEEDED):
        return sys.executable
    sys.path.insert(0, str(ROOT))
    import cli

    return cli.prepare("run")


def versions(name: str) -> dict[str, str]:
    """Versions of Python and of the libraries that matter in environment `name`."""
    done = subprocess.run([interpreter(name), "-c", VERSIONS, *SHOWN], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
