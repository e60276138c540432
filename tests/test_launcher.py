"""cli.py: what it says when an environment cannot be made, and that a finished one is used and an unfinished one is not."""

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def cli(tmp_path, monkeypatch):
    """The launcher as a module that lives in a folder of its own; no command is really run."""
    for name in ("cli.py", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    spec = importlib.util.spec_from_file_location("launcher", tmp_path / "cli.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    return module


class Installer:
    """Stands in for `call`: makes what venv would, and fails or is interrupted when told to."""

    def __init__(self, cli, monkeypatch, trouble=None):
        self.cli, self.trouble, self.commands = cli, list(trouble or []), []
        monkeypatch.setattr(cli, "call", self)
        monkeypatch.setattr(cli.subprocess, "check_output", lambda command: str(Path(command[0]).parent).encode())

    def __call__(self, command):
        self.commands.append(command)
        trouble = self.trouble.pop(0) if self.trouble else None
        if trouble:
            raise trouble
        if "venv" in command:
            python = Path(self.cli.python_of(command[-1]))
            python.parent.mkdir(parents=True)
            python.touch()
            (Path(command[-1]) / "pyvenv.cfg").touch()


@pytest.mark.parametrize("version", [(3, 6), (3, 8)])
def test_old_python_can_read_it(version):
    ast.parse((ROOT / "cli.py").read_text(encoding="utf-8"), feature_version=version)


def test_old_python_is_told_so():
    old = "import runpy, sys; sys.version_info = (3, 8, 0, 'final', 0); sys.argv = ['cli.py', 'run']"
    code = old + "; runpy.run_path('cli.py', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 6
    assert "3.11 or newer" in done.stderr
    assert "Traceback" not in done.stderr


def test_real_old_pythons_are_told_so():
    """Those that happen to be on this machine."""
    met = 0
    for minor in range(6, 11):
        python = shutil.which(f"python3.{minor}")
        done = python and subprocess.run([python, "cli.py", "run"], cwd=ROOT, capture_output=True, text=True)
        if done and "command not found" not in done.stderr:
            met += 1
            assert done.returncode == 6
            assert f"this is Python 3.{minor}" in done.stderr
    if not met:
        pytest.skip("no Python older than 3.11 here")


def test_environment_is_made_once_and_found_again(cli, monkeypatch):
    installer = Installer(cli, monkeypatch)
    python = cli.prepare("run")
    assert [c[1:3] for c in installer.commands] == [["-m", "venv"], ["-m", "pip"]]
    assert any(r.startswith("pandapower>=") for r in installer.commands[1])
    assert not any(r.startswith("pytest") for r in installer.commands[1])
    assert cli.prepare("run") == python
    assert len(installer.commands) == 2
    source = Path(python).parent / "gridopt-source.pth"
    assert source.read_text().strip() == cli.ROOT


def test_tests_add_to_the_environment(cli, monkeypatch):
    installer = Installer(cli, monkeypatch)
    cli.prepare("run")
    cli.prepare("test")
    assert [c[1:3] for c in installer.commands[2:]] == [["-m", "pip"]]
    assert any(r.startswith("pytest") for r in installer.commands[2])


@pytest.mark.parametrize("trouble", [KeyboardInterrupt(), None])
def test_an_unfinished_environment_is_made_anew(cli, monkeypatch, capsys, trouble):
    Installer(cli, monkeypatch, [None, trouble or cli.Unavailable("no")])
    assert cli.main(["run"]) == (130 if trouble else 6)
    left = Path(cli.environment_folder()) / "left"
    left.touch()
    installer = Installer(cli, monkeypatch)
    cli.prepare("run")
    assert not left.exists()
    assert len(installer.commands) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_change_of_the_pins_asks_for_another_environment(cli):
    first = cli.environment_folder()
    with open(Path(cli.ROOT) / "constraints.txt", "a") as file:
        file.write("extra==1.0\n")
    assert cli.environment_folder() != first


def test_uv_comes_first_and_pip_after_it_fails(cli, monkeypatch, capsys):
    monkeypatch.setattr(cli.shutil, "which", lambda name: "uv")
    installer = Installer(cli, monkeypatch, [None, cli.Unavailable("no registry.")])
    cli.prepare("run")
    assert [c[0] for c in installer.commands[:2]] == ["uv", "uv"]
    assert [c[1:3] for c in installer.commands[2:]] == [["-m", "venv"], ["-m", "pip"]]
    assert "Trying pip" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        (
            "WARNING: Retrying ... Failed to establish a new connection: [Errno 111] Connection refused",
            "registry cannot be reached",
        ),
        ("error: Failed to fetch: dns error: failed to lookup address information", "registry cannot be reached"),
        ("The virtual environment was not created successfully because ensurepip is not available.", "python3-venv"),
        ("Looking in indexes: x\nERROR: ResolutionImpossible", "registry cannot be reached"),
        ("Collecting a\nERROR: No matching distribution found for numpy==9.9", "No matching distribution found for numpy==9.9"),
    ],
)
def test_reasons_in_plain_words(cli, output, words):
    assert words in cli.reason(output)


def test_full_disk_is_seen_beforehand(cli, monkeypatch, capsys):
    installer = Installer(cli, monkeypatch)
    monkeypatch.setattr(cli.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**12, 10**12 - 10**8, 10**8))
    assert cli.main(["run"]) == 6
    assert not installer.commands
    assert "disk is full" in capsys.readouterr().err


def test_missing_venv_module(cli, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert cli.main(["run"]) == 6
    assert "python3-venv" in capsys.readouterr().err


def test_unreachable_registry(cli, tmp_path):
    """A real venv and a real pip whose index is a closed port: one sentence, exit code 6, no finished environment."""
    wiped = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_"))}
    closed = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
        "PIP_CONFIG_FILE": os.devnull,
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run([sys.executable, "cli.py", "run"], cwd=tmp_path, capture_output=True, text=True, env=wiped | closed)
    assert done.returncode == 6
    assert "registry cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob(".gridopt/env-*/ready-*"))


def test_help_needs_no_environment(cli, capsys):
    assert cli.main([]) == 0
    assert cli.main(["--help"]) == 0
    assert "cli.py run" in capsys.readouterr().out


HAND_OVER = "import cli, sys; sys.exit(cli.{})"
PROGRAM = (
    "import os, sys; print(os.environ['OPENBLAS_NUM_THREADS'], os.environ.get('PYTHONPATH'), sys.flags.safe_path); sys.exit(7)"
)


@pytest.mark.parametrize(
    ("call", "printed"),
    [
        (f"hand_over(sys.executable, ['-c', {PROGRAM!r}])", "1 None True"),
        ("child([sys.executable, '-c', 'import sys; sys.exit(7)'], None)", ""),
    ],
)
def test_exit_code_is_passed_through(call, printed):
    done = subprocess.run([sys.executable, "-c", HAND_OVER.format(call)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 7
    assert done.stdout.strip() == printed
