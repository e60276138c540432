"""Market cases written by hand: what is refused, all faults at once."""

import pytest

from gridopt.case.check import CaseError
from gridopt.case.readers.market_case import read


def faults(tmp_path, text: str) -> list[str]:
    path = tmp_path / "case.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CaseError) as refused:
        read(path, "")
    return refused.value.faults


def test_names_that_are_given_twice_stand_beside_other_faults(tmp_path):
    found = faults(tmp_path, """
buses: [{id: 1}, {id: "1", load_mw: 5}, {id: 2}]
lines: [{id: a, from: 1, to: 2}, {id: a, from: 1, to: 2}, {id: a, from: 2, to: 1}]
generators:
  - {id: G, bus: 1, p_max: 10, marginal_cost: 1}
  - {id: G, bus: 1, p_max: ten, marginal_cost: 1}
value_of_lost_load: 0
""")  # fmt: skip
    for words in ("buses: bus '1' is given 2 times", "lines: line 'a' is given 3 times", "generators: generator 'G' is given 2 times",
                  "p_max: 'ten' is not a finite number", "value_of_lost_load: '0.0' must be above 0"):  # fmt: skip
        assert sum(words in f for f in found) == 1, (words, found)
    assert len(found) == 5


@pytest.mark.parametrize("value", ["0", "-5"])
def test_load_that_is_lost_costs_something(tmp_path, value):
    assert len(faults(tmp_path, f"demand_mw: 5\ngenerators: [{{id: G, p_max: 10, marginal_cost: 1}}]\nvalue_of_lost_load: {value}\n")) == 1


def test_a_case_without_such_faults_is_read(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text("demand_mw: 5\ngenerators: [{id: 1, p_max: 10, marginal_cost: 1}, {id: 2, p_max: 9, marginal_cost: 2}]\n", encoding="utf-8")
    assert read(path, "").tables["generator"].index.tolist() == ["1", "2"]
