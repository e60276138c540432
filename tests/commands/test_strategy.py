"""`gridopt strategy` through the command."""

import json

import pytest

from gridopt.commands import execute
from tests.support import market


@pytest.fixture
def ring(tmp_path):
    path = tmp_path / "ring.yaml"
    path.write_text(market.RING, encoding="utf-8")
    return str(path)


def test_outcomes_and_who_is_pivotal(ring, capsys):
    """See tests/analysis/test_strategy.py for the arithmetic."""
    assert execute(["strategy", ring, "--owner", "C3", "--raise", "0,10,50", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [round(r["profit"], 6) for r in found["outcomes"]] == [0, 8500, 42500] and found["plants"] == ["generator C3"]
    assert found["without"]["highest_price"] == pytest.approx(700) and found["without"]["pivotal_share"] == 1
    assert found["needed_mw"] == pytest.approx(0, abs=1e-6)
    assert execute(["strategy", ring, "--owner", "C3", "--raise", "0", "--withhold", "0,200", "--cap", "800"]) == 0
    said = capsys.readouterr().out
    assert "0\t200\t72000.00" in said and "pivotal in 0% of the time (cap 800)" in said


@pytest.mark.parametrize(
    "words, code, told",
    [
        (["--owner", "C9"], 5, "owner 'C9': owns no plant"), (["--owner", "C3", "--raise", "ten"], 2, "is not a list of numbers"),
        (["--owner", "C3", "--withhold", "900"], 5, "cannot be withheld"),
    ],
)  # fmt: skip
def test_faults(ring, capsys, words, code, told):
    assert execute(["strategy", ring, *words]) == code
    assert told in capsys.readouterr().err
