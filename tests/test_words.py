"""Text of the repository names no machine it was written on and no package registry."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SKIPPED = {".git", ".gridopt", ".venv", "results", "build", "dist", "__pycache__"}
SKIPPED |= {".pytest_cache", ".ruff_cache", ".mypy_cache", ".hypothesis"}
# put together here so that this file does not contain them
FORBIDDEN = ["/" + "root/", "/" + "home/", "/" + "tmp/dev", "/" + "work/", "C:" + "\\Users"]
FORBIDDEN += ["py" + "pi.", "python" + "hosted", "tuna.tsing" + "hua", "aliyun" + ".com"]


def tracked() -> list[Path]:
    """Files under version control; in a copy without git, all but what tools make."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout.split(
            "\0"
        )
        return [ROOT / name for name in listed if name and (ROOT / name).is_file()]
    except (OSError, subprocess.CalledProcessError):
        return [p for p in ROOT.rglob("*") if p.is_file() and not SKIPPED & set(p.relative_to(ROOT).parts)]


def test_no_machine_paths_and_no_registry_hosts():
    found = []
    for path in tracked():
        data = path.read_bytes()
        if b"\0" in data[:8192]:
            continue
        text = data.decode("utf-8", "replace")
        found += [f"{path.relative_to(ROOT)}: {word}" for word in FORBIDDEN if word in text]
    assert not found


@pytest.mark.parametrize("name", ["uv.lock", ".python-version"])
def test_no_lock_file_is_tracked(name):
    assert ROOT / name not in tracked()


def test_constraints_hold_versions_only():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert len(lines) > 20
    for line in lines:
        name, equals, version = line.partition("==")
        assert equals and name.replace("-", "").replace(".", "").isalnum() and version[0].isdigit() and "/" not in version, line
