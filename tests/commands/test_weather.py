"""`gridopt weather`: the file named, the same numbers as the library, and faults in words."""

from pathlib import Path

import numpy as np

from gridopt import commands
from gridopt.case.readers.series import load

RECIPE = Path(__file__).parents[2] / "profiles" / "gansu" / "recipe.yaml"
SHIPPED = RECIPE.parent / "2025.nc"


def test_shipped_year_from_the_command_line(tmp_path, capsys):
    path = tmp_path / "year.nc"
    assert commands.execute(["weather", str(RECIPE), "--year", "2025", "--seed", "1", "-o", str(path)]) == 0
    assert capsys.readouterr().out.strip() == str(path)
    starts = np.arange("2025-01-01", "2026-01-01", dtype="datetime64[h]").astype("datetime64[s]")
    made, shipped = (load([p]).on_grid(["wind.MOG", "load.BAI"], starts, np.ones(8760)) for p in (path, SHIPPED))
    assert np.abs(made - shipped).max() <= 0.0011  # one step of the packing


def test_year_the_recipe_cannot_make(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert commands.execute(["weather", str(RECIPE), "--year", "2090"]) == 5
    assert "spring_festival: has no day for 2090" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
