"""The synthetic grid: what is drawn, and that tables and objects say the same as the arrays."""

import numpy as np
import pytest

from benchmarks.cases import forty_bus
from gridopt.dispatch.single import dispatch
from tests.support.small import case


def solved(data):
    rows, series = forty_bus.tables(data)
    return dispatch(case(hours=len(data["shape"]), series=series, **rows))


def test_a_week_costs_what_is_proven():
    """Least cost of the recipe, proven by a dual bound elsewhere: 343,962,190.761."""
    found = solved(forty_bus.draw(168))
    assert sum(found.costs.values()) == pytest.approx(343_962_190.761, abs=1e-3)


def test_elements_grow_with_the_buses():
    data = forty_bus.draw(2, buses=80)
    sizes = [len(data[k]) for k in ("mean_load", "x", "kind", "store_bus")]
    assert sizes == [80, 128, 240, 16] and data["available"].shape == (240, 2)
    assert (data["line_from"] != data["line_to"]).all() and np.abs(data["line_from"] - data["line_to"]).max() <= 6


def test_the_written_study_is_read_back_whole(tmp_path):
    """With the load of the first day 3 % higher."""
    from gridopt.study.load import load_study

    forty_bus.write(tmp_path, 48, 40, raised=0)
    read = load_study(tmp_path / "study.yaml", {}, (0, 48)).case
    data = forty_bus.draw(48)
    assert len(read.table("ac_branch")) == 64 and len(read.table("storage")) == 8
    assert read.table("generator")["ramp_fraction_per_min"].to_numpy(float) == pytest.approx(0.3 / 60)
    assert read.series(["load.all"], 1.0)[0] == pytest.approx(data["shape"] * np.repeat([1.03, 1.0], 24), rel=1e-15)
    with np.load(tmp_path / "data.npz") as file:
        assert (file["shape"] == read.series(["load.all"], 1.0)[0]).all()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:pulp.*")
def test_pulp_objects_have_the_same_optimum():
    """CBC stops at tolerances of 1e-7 by row."""
    pulp = pytest.importorskip("pulp")
    from benchmarks.contenders.pulp_forty_bus import program

    data = forty_bus.draw(6)
    prob = program(data)
    assert pulp.LpStatus[prob.solve(pulp.PULP_CBC_CMD(msg=False))] == "Optimal"
    assert pulp.value(prob.objective) == pytest.approx(sum(solved(data).costs.values()), rel=1e-7)


def test_pypsa_has_the_same_optimum():
    pytest.importorskip("pypsa", reason="PyPSA is in the environment of the benchmarks only")
    from benchmarks.contenders.pypsa_forty_bus import cost_of_charging, network

    data = forty_bus.draw(6)
    n = network(data)
    n.optimize(solver_name="highs", extra_functionality=cost_of_charging)
    assert n.model.objective.value == pytest.approx(sum(solved(data).costs.values()), rel=1e-9)
