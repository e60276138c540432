"""The wheel carries networks, profiles and studies, and works where the repository is not."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True, capture_output=True
    )
    (path,) = folder.glob("gridopt-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Folder of the programs of a clean environment that holds the wheel and borrows the libraries of this one."""
    home = tmp_path_factory.mktemp("clean") / "env"
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    pip = [
        programs / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--disable-pip-version-check",
        wheel,
    ]
    subprocess.run(pip, check=True)
    ask = [programs / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    own = Path(subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip())
    (own / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return programs


def call(installed, folder, *args):
    """`gridopt ARGS` of the clean environment, in an empty folder."""
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run([installed / "gridopt", *args], cwd=folder, capture_output=True, text=True, encoding="utf-8", env=clean)


def test_every_data_file_is_in_the_wheel(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    for kind in ("networks", "profiles", "studies"):
        files = [
            f for f in (ROOT / kind).rglob("*") if f.is_file() and not f.name.startswith(".") and "__pycache__" not in f.parts
        ]
        assert {f"gridopt/_data/{f.relative_to(ROOT).as_posix()}" for f in files} <= inside
    assert "gridopt/_data/constraints.txt" in inside
    assert not [name for name in inside if name.startswith(("tests/", "results/", ".gridopt/"))]


def test_it_is_the_installed_package_that_answers(installed, tmp_path):
    code = "import gridopt; print(gridopt.__file__)"
    done = subprocess.run([installed / "python", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert Path(done.stdout.strip()).is_relative_to(installed.parent)


def test_doctor_finds_the_packaged_network(installed, tmp_path):
    done = call(installed, tmp_path, "doctor", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert "gansu" in checks["networks"]["found"]


def test_check_finds_the_packaged_study(installed, tmp_path):
    done = call(installed, tmp_path, "check")
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())


def test_packaged_network_can_be_exported(installed, tmp_path):
    done = call(installed, tmp_path, "export", "gansu", "--to", "csv")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "gansu-csv" / "bus.csv").exists()
