"""Reading a results folder."""

import pandas as pd
import pytest

from gridopt.report import folder
from tests.report import fake_run


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Huahai (Yumen)", "Huahai"),
        ("Mogao - Huahai (Yumen) 330 kV equivalent", "Mogao - Huahai 330 kV equivalent"),
        ("湖南(韶山换流站)", "湖南"),
        ("Heyu section: east of Hexi", "Heyu section"),
        ("(all)", "(all)"),
        ("f(x)", "f(x)"),
        ("", ""),
    ],
)
def test_short_names_leave_remarks_out(name, short):
    assert folder.brief((name, name)) == (short, short)


def test_a_missing_name_falls_back_to_the_other_language_and_the_id(tmp_path, run):
    target = fake_run.trim(run, tmp_path / "r")
    pd.DataFrame({"bus": ["A", "B", "C"], "name": ["Alpha", None, ""], "name_zh": ["", "乙", None]}).to_parquet(
        target / "tables" / "bus.parquet"
    )
    opened = folder.open_run(target)
    assert folder.names(opened, "bus", ["A", "B", "C", "D"]) == [("Alpha", "Alpha"), ("乙", "乙"), ("C", "C"), ("D", "D")]


def test_tables_are_read_from_csv_where_there_is_no_parquet(tmp_path, run):
    target = fake_run.trim(run, tmp_path / "r", tables=["costs"])
    (target / "tables" / "costs.csv").write_text("name,name_zh,cost_cny\nthermal.fuel,燃料,5\n", encoding="utf-8")
    assert folder.table(folder.open_run(target), "costs").cost_cny.tolist() == [5]


def test_a_variable_without_elements_is_absent(run):
    opened = folder.open_run(run)
    assert folder.values(opened, "no_such") is None
    ids, energy = folder.values(opened, "price_energy")
    assert ids == [""] and energy.shape == (1, 504)
