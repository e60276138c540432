"""Keys of settlement of a market case written by hand."""

import pytest

from gridopt.case.check import CaseError
from gridopt.case.readers.market_case import read

HEAD = """
periods: 3
demand_mw: 100
generators: [{id: A, p_max: 200, marginal_cost: 250, technology: wind}]
"""


def tables(tmp_path, text: str):
    path = tmp_path / "case.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    return read(path, "")


def test_all_keys(tmp_path):
    found = tables(tmp_path, """
users: [{id: 7, bus: bus, share: 0.25, use: guaranteed, price: 300}]
contracts:
  - {id: c, seller: A, buyer: 7, energy_mwh: 60, price: 250, curve: [0.2, 0.3, 0.5], settlement: cfd, reference: bus, reference_at: bus}
  - {id: d, technology: wind, share: 0.5, price: 260}
mechanism: [{id: m, plant: A, energy_mwh: 20, price: 307.8, reference_run: DA}]
capacity: [{id: k, plant: A, price_per_kw_year: 330, dc_paired: true}]
guaranteed: [{id: g, plant: A, share: 0.1, price: 300}]
owners: {Alpha: [A]}
""")  # fmt: skip
    contract = found.tables["contract"]
    assert contract.at["c", "buyer"] == "7" and contract.at["c", "energy_mwh"] != contract.at["c", "energy_mwh"]
    assert found.source.on_grid([contract.at["c", "profile"]], found.time.start, found.time.hours)[0].tolist() == pytest.approx([12, 18, 30])
    assert contract.at["d", "element"] == "" and contract.at["d", "day_ahead_share"] == 0.5
    assert found.tables["mechanism"].at["m", "reference_run"] == "DA" and bool(found.tables["capacity"].at["k", "dc_paired"])
    assert found.tables["user"].at["7", "price_cny_per_mwh"] == 300 and found.tables["guaranteed"].at["g", "output_share"] == 0.1
    assert found.tables["ownership"].iloc[0]["owner"] == "Alpha"


def test_an_energy_by_period_needs_no_equal_periods(tmp_path):
    """Quarter hours: 60 MWh in parts of 0.2, 0.3 and 0.5 are 48, 72 and 120 MW."""
    found = tables(tmp_path, "period_h: 0.25\ncontracts: [{id: c, seller: A, energy_mwh: 60, price: 250, curve: [0.2, 0.3, 0.5]}]\n")
    name = found.tables["contract"].at["c", "profile"]
    assert found.source.on_grid([name], found.time.start, found.time.hours)[0].tolist() == pytest.approx([48, 72, 120])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("contracts: [{id: c, seller: A, energy_mwh: 60, price: 250, curve: [0.2, 0.3, 0.4]}]", ["contract 'c', curve", "is not 1"]),
        ("contracts: [{id: c, seller: A, energy_mwh: 60, price: 250, curve: [0.5, 0.5]}]", ["one value for each of the 3 steps"]),
        ("contracts: [{id: c, seller: A, energy_mwh: 60, prize: 250}]", ["'prize' is not known; did you mean 'price'", "price: is missing"]),
        ("contracts: {c: 1}", ["contracts", "is not a list"]),
        ("mechanism: [{id: m, plant: B, energy_mwh: 20, price: 300}]", ["column element: 'B'", "is not in table generator"]),
        ("owners: {X: A}", ["owners, X", "is not a list of names"]),
        ("ftrs: [{holder: t, source: bus, sink: bus, mw: 1}]", ["right '1', id", "is not a name"]),
    ],
)
def test_faults(tmp_path, text, words):
    with pytest.raises(CaseError) as caught:
        tables(tmp_path, text + "\n")
    for word in words:
        assert any(word in f for f in caught.value.faults), caught.value.faults
