"""`gridopt explain` through the command: sentences, the document, a folder of results, what is refused."""

import json

import pytest

from gridopt.commands import execute
from tests.support import market


@pytest.fixture
def ring(tmp_path):
    path = tmp_path / "ring.yaml"
    path.write_text(market.RING, encoding="utf-8")
    return path


def test_sentences_and_document(ring, capsys):
    """Bus 4: half a MW each of C2 (260) and C3 (340)."""
    assert execute(["explain", str(ring), "--price", "4@1"]) == 0
    said = capsys.readouterr().out
    assert "is 300.00 CNY/MWh" in said and "0.5 MW more from generator C2 at 260.00 CNY/MWh: +130.00" in said
    assert execute(["explain", str(ring), "--price", "4@2025-01-01", "--price", "1@1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [p["bus"] for p in found["prices"]] == ["4", "1"] and found["exact"]
    assert [round(r["weight"], 9) for r in found["prices"][1]["marginal"]] == [1.5, -0.5]
    assert all(p["check"]["agrees"] for p in found["prices"])


def test_a_result_folder_is_explained_without_clearing(ring, capsys):
    out = ring.parent / "out"
    assert execute(["run", str(ring), "-o", str(out), "--set", "report=false"]) == 0
    ring.unlink()
    capsys.readouterr()
    assert execute(["explain", str(out), "--price", "3@1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["prices"][0]["lmp"] == pytest.approx(340) and found["prices"][0]["marginal"][0]["source"] == "generator C3"


def test_every_price_that_is_not_there_is_refused(ring, capsys):
    assert execute(["explain", str(ring), "--price", "9@1", "--price", "1@2", "--price", "1"]) == 5
    said = capsys.readouterr().err
    assert "bus '9' is not known. Give the name of a bus." in said
    assert "no period begins at '2'" in said and "--price 1: is not BUS@TIME" in said


@pytest.mark.parametrize("selection, price, words", [("lower", 40, "pays least"), ("mid", 150, "the mean of"), ("upper", 260, "pays most")])
def test_the_price_that_the_study_selects(tmp_path, capsys, selection, price, words):
    """All 600 MW of A at 40, B at 260: a price between, if any, is that of no plant alone."""
    path = tmp_path / "case.yaml"
    path.write_text(market.ALL_OF_A, encoding="utf-8")
    assert execute(["explain", str(path), "--price", "bus@1", "--set", f"pricing={{ip: {{selection: {selection}}}}}", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["prices"][0]
    assert told["lmp"] == pytest.approx(price) and any(words in line for line in told["words"]) and told["check"]["agrees"]


def test_hull_prices_of_square_costs_are_refused(tmp_path, capsys):
    path = tmp_path / "case.yaml"
    path.write_text("demand_mw: 50\ngenerators:\n  - {id: A, p_max: 100, cost: {c1: 10, c2: 0.1}}\n", encoding="utf-8")
    assert execute(["explain", str(path), "--price", "bus@1", "--set", "rule=chp"]) == 5
    assert "rule 'chp': the case has square costs (generator 'A'), which it does not know" in capsys.readouterr().err
    assert execute(["explain", str(path), "--price", "bus@1"]) == 0
