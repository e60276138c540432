"""Packed arrays and JSON inside HTML."""

import base64
import json

import numpy as np
import pytest

from gridopt.report.pack import MISSING, Page, json_in_html, pack, pack_times


def unpacked(packed):
    whole = np.frombuffer(base64.b64decode(packed["data"]), dtype="<i2").reshape(packed["rows"], packed["columns"])
    return np.where(whole == MISSING, np.nan, whole * packed["scale"])


def test_array_comes_back_within_half_a_step():
    """Largest value 5000 MW: the step is 5000 / 32767 = 0.1526 MW, so no value is off by more than 0.0763 MW."""
    rng = np.random.default_rng(1)
    array = rng.uniform(-5000, 5000, (3, 50))
    array[0, 0] = 5000.0
    packed = pack(array)
    assert packed["scale"] == pytest.approx(0.152593, abs=1e-6)
    assert np.abs(unpacked(packed) - array).max() <= 0.0763


def test_missing_values_and_zeros_survive():
    array = np.array([[np.nan, 0.0, -2.0, 2.0]])
    assert unpacked(pack(array)) == pytest.approx(array, nan_ok=True)
    assert unpacked(pack(np.zeros((2, 3)))) == pytest.approx(np.zeros((2, 3)))
    assert np.isnan(unpacked(pack(np.full((1, 2), np.nan)))).all()


def test_times_are_minutes_since_1970_without_zone():
    """2025-01-01 is day 20089 after 1970-01-01: 20089 * 1440 = 28928160 minutes; 01:30 is 90 more."""
    times = np.array(["2025-01-01T00:00", "2025-01-01T01:30"], dtype="datetime64[ns]")
    assert np.frombuffer(base64.b64decode(pack_times(times)), "<i4").tolist() == [28928160, 28928250]


@pytest.mark.parametrize("evil", ["</script><script>x</script>", "<!--", "&lt;", "\u2028\u2029", "⟦load⟧"])
def test_json_can_not_leave_its_element(evil):
    text = json_in_html({evil: [evil, np.float32(1.5)]})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {evil: [evil, 1.5]}


def test_json_refuses_what_a_browser_can_not_read():
    with pytest.raises(ValueError):
        json_in_html({"x": float("nan")})


def test_a_name_has_one_token():
    page = Page()
    assert page.name(("Mogao", "莫高")) == page.name(("Mogao", "莫高")) != page.name(("Mogao", "沙州"))
    assert page.names == {"n0": ("Mogao", "莫高"), "n1": ("Mogao", "沙州")}
