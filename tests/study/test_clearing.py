"""A clearing kept in a result folder: what comes back is what was kept, priced alike, and nothing that was altered is used."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from gridopt.case.check import CaseError
from gridopt.commands import execute
from gridopt.dispatch.lmp import price
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from gridopt.study import clearing
from gridopt.study.priced import USUAL, price_by
from tests.support import market
from tests.support.block_cases import BLOCK_CASES
from tests.support.market import cleared

TEXTS = [market.ONE_PERIOD, market.THREE_PERIODS, market.RING, market.BLOCK_BEHIND_A_LINE, market.THREE_CURVES]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_loaded_is_what_was_kept(text, tmp_path):
    """Tables with their types, values, duals, written rows; and every rule says the same of it, bit for bit."""
    kept = cleared(text)
    clearing.save(tmp_path, "DA", kept)
    (found,) = clearing.load(tmp_path)
    assert (found.solution.x == kept.solution.x).all() and (found.solution.y == kept.solution.y).all()
    assert (found.solution.form.matrix != kept.solution.form.matrix).nnz == 0
    assert (found.solution.objective, found.solution.gap) == (kept.solution.objective, kept.solution.gap)
    for rule in USUAL:
        first, again = price_by(rule, kept), price_by(rule, found)
        assert (first.prices.price == again.prices.price).all() and (first.uplift.mwp == again.uplift.mwp).all()


@pytest.mark.parametrize("name", sorted(BLOCK_CASES))
def test_any_case_comes_back(name, tmp_path):
    """Tables, types and steps of a rich case for each block; its program with all rows written, and the nodal prices."""
    kept = dispatch(BLOCK_CASES[name].build(), search=Search(gap=0.0))
    clearing.save(tmp_path, "DA", kept)
    (found,), case = clearing.load(tmp_path), kept.case
    for table, frame in case.tables.items():
        other = found.case.tables[table]
        assert frame.equals(other) and (frame.dtypes == other.dtypes).all(), table
        assert frame.index.equals(other.index) and frame.index.name == other.index.name
    assert (found.case.time.start == case.time.start).all() and (found.case.time.hours == case.time.hours).all()
    first, again = kept.solution.form, found.solution.form
    assert (first.matrix != again.matrix).nnz == 0 and (first.lower == again.lower).all() and (first.row_upper == again.row_upper).all()
    assert (price(kept).price == price(found).price).all()


def test_what_a_window_may_be_late_with_comes_back(tmp_path):
    case = BLOCK_CASES["dc_contract"].build()
    case = replace(case, late=dict.fromkeys(case.table("dc_contract").index, 700.0))
    kept = dispatch(case, search=Search(gap=0.0))
    clearing.save(tmp_path, "DA", kept)
    (found,) = clearing.load(tmp_path)
    assert found.case.late == case.late and (found.solution.x == kept.solution.x).all()


def test_several_stages_stand_in_order_and_are_replaced_by_name(tmp_path):
    clearing.save(tmp_path, "DA", cleared(market.RING))
    clearing.save(tmp_path, "RT", cleared(market.ONE_PERIOD))
    clearing.save(tmp_path, "DA", cleared(market.THREE_PERIODS))
    assert [s.stage for s in clearing.stages(tmp_path)] == ["RT", "DA"]
    assert [d.solution.objective for d in clearing.load(tmp_path)] == pytest.approx([101500, 278200])
    with pytest.raises(ValueError, match="file of another"):
        clearing.save(tmp_path, "D/A", cleared(market.RING)) or clearing.save(tmp_path, "D-A", cleared(market.RING))


def test_files_that_changed_or_are_gone_are_refused(tmp_path):
    clearing.save(tmp_path, "DA", cleared(market.RING))
    file = tmp_path / "clearing" / "DA.npz"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + b"x")
    with pytest.raises(CaseError, match="SHA-256"):
        clearing.load(tmp_path)
    file.unlink()
    with pytest.raises(CaseError, match="is missing"):
        clearing.load(tmp_path)
    shutil.rmtree(tmp_path / "clearing")
    with pytest.raises(CaseError, match="holds no clearing"):
        clearing.load(tmp_path)


def test_another_program_than_the_one_kept_is_refused(tmp_path):
    """The families noted, or the cost noted, are no longer those that the case makes."""
    clearing.save(tmp_path, "DA", cleared(market.RING))
    path = tmp_path / "clearing" / "manifest.json"
    noted = json.loads(path.read_text())
    for key, value, word in (("objective", 1.0, "other costs"), ("families", [["x", 1]], "other columns")):
        changed = json.loads(json.dumps(noted))
        changed["stages"][0] |= {key: value, "version": "0.0.1"}
        path.write_text(json.dumps(changed))
        with pytest.raises(CaseError, match=f"gridopt 0.0.1.*{word}"):
            clearing.load(tmp_path)
    path.write_text("{")
    with pytest.raises(CaseError, match="is damaged"):
        clearing.load(tmp_path)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A result folder of `gridopt run` whose case file is gone."""
    folder = tmp_path_factory.mktemp("kept")
    case = folder / "case.yaml"
    case.write_text(market.THREE_PERIODS, encoding="utf-8")
    assert execute(["run", str(case), "-o", str(folder / "out"), "--set", "report=false", "--set", "mip_gap=0"]) == 0
    case.unlink()
    return folder / "out"


def test_a_result_folder_is_priced_without_clearing(run, capsys):
    """Cost 278,200 and the convex hull price 303.75 of the last hour, from the folder alone; version and quality are told."""
    assert execute(["price", str(run), "--rules", "ip,chp", "--json"]) == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert found["objective"] == pytest.approx(278200) and found["stage"] == "DA" and found["cleared_by"] in said.err
    assert [p["price"] for p in found["rules"]["chp"]["prices"]] == pytest.approx([280, 280, 303.75])
    assert found["exact"] and found["rules"]["ip"]["exact"] and found["rules"]["ip"]["gap"] == found["gap"]


@pytest.mark.parametrize("key", ["mip_gap=0.1", "stage=RT"])
def test_keys_that_cannot_change_what_was_cleared_are_refused(run, capsys, key):
    assert execute(["price", str(run), "--rules", "ip", "--set", key]) == 5
    assert f"key '{key.partition('=')[0]}'" in capsys.readouterr().err


def test_a_clearing_with_a_gap_is_labelled(tmp_path):
    """Bound 90 % of the cost: every rule's part of the document says so."""
    from dataclasses import replace

    from gridopt.study.priced import document

    kept = cleared(market.ONE_PERIOD)
    gapped = replace(kept, solution=replace(kept.solution, proven=0.9 * kept.solution.objective))
    clearing.save(tmp_path, "DA", gapped)
    (noted,), (found,) = clearing.stages(tmp_path), clearing.load(tmp_path)
    assert not noted.exact and noted.gap == pytest.approx(0.1)
    told = document(found, price_by("ip", found))
    assert not told["exact"] and told["gap"] == pytest.approx(0.1) and np.isfinite(told["mwp"])
