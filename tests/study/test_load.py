"""What a study makes of its network before it is dispatched."""

import pytest

from gridopt.case.check import CaseError
from gridopt.study.load import load_study

BUS = "bus,voltage_kv\nA,330\n"
RESERVE = "reserve,product,requirement_mw\nr,spinning_up,10\n"
STEP = "reserve,cost_cny_per_mwh\nr,100\n"


@pytest.fixture
def network(tmp_path):
    for name, text in (("bus", BUS), ("reserve", RESERVE), ("reserve_shortage", STEP)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_table_that_is_left_out_takes_along_what_names_its_rows(network):
    period = {"start": "2025-01-01", "end": "2025-01-02"}
    whole = load_study(network, period, None).case
    less = load_study(network, period | {"leave_out": "[reserve]"}, None).case
    assert len(whole.table("reserve")) == len(whole.table("reserve_shortage")) == 1
    assert len(less.table("reserve")) == len(less.table("reserve_shortage")) == 0 and len(less.table("bus")) == 1


def test_an_unknown_table_is_named(network):
    with pytest.raises(CaseError, match="'reserv' is not a table of a network; did you mean 'reserve'"):
        load_study(network, {"start": "2025-01-01", "end": "2025-01-02", "leave_out": "[reserv]"}, None)
