"""Sums by technology, month and week."""

import numpy as np
import pandas as pd
import pytest

from gridopt.report import curtailment, energy, folder
from gridopt.report.pack import Page
from tests.report import fake_run


@pytest.fixture(scope="module")
def opened(run):
    return folder.open_run(run)


def test_weeks_run_from_monday_to_sunday(opened):
    """21 days from Monday 3 March 2025 are three full weeks."""
    assert energy.weeks(opened) == [[0, 168], [168, 336], [336, 504]]


def test_load_with_exports_does_not_count_a_dc_link_twice(opened):
    """DC power is counted where it is sent: what the far end's exchange takes must not be added."""
    own, taken = energy.demand(opened)
    load, sent, charge, export = (opened.data[n].values for n in ("load", "dc_sent", "storage_charge", "exchange_export"))
    expected = load.sum(axis=0) + sent.sum(axis=0) + charge.sum(axis=0) + export.clip(min=0).sum(axis=0)
    assert taken == pytest.approx(expected, rel=1e-5)
    assert own == pytest.approx(load.sum(axis=0), rel=1e-5)


def test_exchanges_behind_dc_links_are_left_out(tmp_path, run):
    """The exchange X_HAMI moved to the sink HUNAN: its export is the same power that the DC link sends."""
    buses = ["HUNAN", "YANDUN", "YUQIA", "GUOLONG", "BAOJI"]
    target = fake_run.trim(run, tmp_path / "r")
    pd.DataFrame({"exchange": [f"X_{b}" for b in ("HAMI", *buses[1:])], "bus": buses}).to_parquet(
        target / "tables" / "exchange.parquet"
    )
    assert energy._is_ac(folder.open_run(target), ["X_HAMI", "X_YANDUN"]).tolist() == [False, True]


def test_months_add_up_to_the_whole(run, tmp_path):
    """31 days from 20 March: two months; their sums are the sum of the run."""
    opened = folder.open_run(fake_run.make(tmp_path / "r", days=31, plants=6, start="2025-03-20"))
    month, labels = energy.months(opened)
    assert labels == ["⟦month_3⟧", "⟦month_4⟧"]
    row = np.arange(31 * 24.0)
    assert energy.month_sum(row, month, 2).tolist() == [row[: 12 * 24].sum(), row[12 * 24 :].sum()]


def test_causes_by_month_are_the_causes_of_the_year(opened):
    page = Page()
    assert curtailment.by_plant_and_cause(opened, page) and curtailment.by_month(opened, page)
    by_month = sum(np.sum(_numbers(t["y"])) for t in page.figures["cause_months"]["data"])
    total = sum(c["mwh"] for c in curtailment.causes(opened)) / 1e3
    assert by_month == pytest.approx(total, rel=1e-3)  # hours below 0.01 MW are not in the hourly table


def test_sums_at_buses_are_the_sums_of_plants(opened):
    buses = list(opened.data["bus"].values)
    rows = curtailment.by_bus(opened, buses, "renewable_curtailed")
    assert rows.sum() == pytest.approx(float(opened.data["renewable_curtailed"].values.sum()), rel=1e-5)


def test_technologies_are_stacked_from_steady_to_variable(opened):
    order = list(energy.supply(opened))
    assert (
        order.index("coal") < order.index("hydro") < order.index("wind") < order.index("solar") < order.index("battery_discharge")
    )


def test_long_runs_are_shown_as_means_over_blocks(tmp_path):
    """800 days of hours are 19200 steps; ceil(19200 / 8784) = 3 hours make one label, 6400 labels; sums stay."""
    folder_ = fake_run.make(tmp_path / "r", days=800, plants=4)
    opened = folder.open_run(folder_)
    assert opened.block == 3 and len(opened.time) == 6400 and opened.hours.sum() == pytest.approx(19200)
    _, load = folder.values(opened, "load")
    assert (load.sum(0) * opened.hours).sum() == pytest.approx(float(opened.data["load"].values.sum(dtype=float)), rel=1e-5)


def _numbers(packed) -> np.ndarray:
    """Numbers of a plotly array, plain or packed."""
    import base64

    return np.array(packed) if isinstance(packed, list) else np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"])
