"""Faults of a recipe are told one by one, with place, value and cure."""

from pathlib import Path

import pytest

from gridopt.case.check import CaseError
from gridopt.weather import recipe as recipes
from gridopt.weather import year as years

RECIPE = Path(__file__).parents[2] / "profiles" / "gansu" / "recipe.yaml"


def changed(tmp_path, *pairs):
    text = RECIPE.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_all_faults_at_once(tmp_path):
    path = changed(
        tmp_path,
        ("latitude: 40.45, longitude: 95.65", "latitude: 140.45, longitude: 95.65"),
        ("region: longdong", "region: longdnog"),
        ("wind_cf: 0.310", "wind_cf: 31"),
        ("    centre: [0.97, 1.00,", "    centre: [0.97,"),
        ("  fleet_hours: 1900.0", "  fleet_hours: many"),
        ("sky:\n", "skies:\n"),
    )
    with pytest.raises(CaseError) as error:
        recipes.load(path)
    faults = "\n".join(error.value.faults)
    assert "site 'DUN', latitude: 140.45 must be a number from -66 to 66" in faults
    assert "region: 'longdnog' is not a region; did you mean 'longdong'?" in faults
    assert "site 'SHZ', wind_cf: 31 must be a number from 0 to 0.7" in faults
    assert "wind.season.centre: must be a list of 12 numbers" in faults
    assert "wind.fleet_hours: 'many' is not a number" in faults
    assert "section 'sky': is missing" in faults
    assert "section 'skies': is not known" in faults
    assert len(error.value.faults) == 7


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("rated: 12.0", "rtaed: 12.0", "wind.turbine.rated: is missing; did you mean 'rtaed'?"),
        ("sites: [SHZ, DUN,", "sites: [SHX, DUN,", "'SHX' is not a site; did you mean 'SHZ'?"),
        ("wind_cf: 0.310", "wind_cf: 0.690", "wind capacity factor of SHZ"),
        ("JDX: {mean: 112.0, regime: tao}", "JDX: {mean: 112.0, regime: toa}", "hydro.regimes.toa: is missing"),
    ],
)
def test_faults_found_when_used(tmp_path, old, new, fault):
    with pytest.raises(CaseError) as error:
        years.make(changed(tmp_path, (old, new)), 2025, 1)
    assert fault in str(error.value)


@pytest.mark.parametrize(
    ("text", "fault"), [("a: [1", "is not valid YAML"), ("- 1", "must hold sections"), ("", "must hold sections")]
)
def test_not_a_recipe(tmp_path, text, fault):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(CaseError, match=fault):
        recipes.load(path)


def test_missing_file(tmp_path):
    with pytest.raises(CaseError, match="cannot be read"):
        recipes.load(tmp_path / "none.yaml")
