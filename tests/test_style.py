"""The linter and the type checker have nothing to say."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("words", [["ruff", "check", "gridopt", "tests", "cli.py"], ["mypy"]], ids=["ruff", "mypy"])
def test_nothing_to_say(words):
    pytest.importorskip(words[0])
    done = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
