"""Series from files, laid onto steps: values, formats, time zones, and every fault with its place and cure."""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gridopt.case.check import CaseError
from gridopt.case.readers.series import Source, load

SHIPPED = Path(__file__).parents[3] / "profiles" / "gansu" / "2025.nc"
HOURS = [f"2025-01-01 {h:02d}:00" for h in range(24)]
ROWS = [f"{stamp},{h / 24}" for h, stamp in enumerate(HOURS)]


def steps(start, end, minutes=60):
    """Starts and lengths of equal steps."""
    starts = np.arange(np.datetime64(start, "s"), np.datetime64(end, "s"), np.timedelta64(minutes * 60, "s"))
    return starts, np.full(len(starts), minutes / 60)


DAY = steps("2025-01-01", "2025-01-02")


@pytest.fixture
def csv(tmp_path):
    """Function: a CSV file of these rows, opened."""

    def make(rows, header="time,wind.A", encoding="utf-8", **options):
        path = tmp_path / "my.csv"
        path.write_bytes(("\n".join([header, *rows]) + "\n").encode(encoding))
        return load([Source(path, **options)])

    return make


def faults(call, *args, **kwargs):
    with pytest.raises(CaseError) as error:
        call(*args, **kwargs)
    return error.value.faults


# ------------------------------------------------------------------------------------------------------------------ steps
def test_same_grid_gives_the_same_numbers(csv):
    assert csv(ROWS).on_grid(["wind.A"], *DAY)[0].tolist() == [h / 24 for h in range(24)]


def test_finer_steps_repeat(csv):
    found = csv(ROWS).on_grid(["wind.A"], *steps("2025-01-01", "2025-01-02", 15))[0]
    assert found.tolist() == np.repeat(np.arange(24) / 24, 4).tolist()


def test_coarser_steps_take_the_weighted_mean(csv):
    """Steps of 90 min from 00:00: (0 + 0.5 * 1/24) / 1.5 = 1/72; then (0.5 * 1/24 + 2/24) / 1.5 = 5/72."""
    found = csv(ROWS).on_grid(["wind.A"], *steps("2025-01-01", "2025-01-02", 90))[0]
    assert found[:2] == pytest.approx([1 / 72, 5 / 72])
    assert found.mean() == pytest.approx(np.arange(24).mean() / 24)


def test_steps_of_different_lengths_apart_from_each_other(csv):
    """22:00 for two hours, then back to 03:30 for half an hour, then 10:15 for 2.5 h = 0.75 * 10 + 11 + 0.75 * 12 over 24."""
    starts = np.array(["2025-01-01T22:00", "2025-01-01T03:30", "2025-01-01T10:15"], dtype="datetime64[s]")
    found = csv(ROWS).on_grid(["wind.A"], starts, np.array([2.0, 0.5, 2.5]))[0]
    assert found == pytest.approx([22.5 / 24, 3 / 24, 11 / 24])


def test_no_steps_and_no_names(csv):
    assert csv(ROWS).on_grid(["wind.A"], DAY[0][:0], DAY[1][:0]).shape == (1, 0)
    assert csv(ROWS).on_grid([], *DAY).shape == (0, 24)


def test_a_name_asked_twice_comes_twice(csv):
    found = csv(ROWS).on_grid(["wind.A", "wind.A"], *DAY)
    assert np.array_equal(found[0], found[1])


# ---------------------------------------------------------------------------------------------------------------- formats
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_encodings(csv, encoding):
    series = csv(ROWS, header="时间,玉门风电", encoding=encoding)
    assert series.names == ["玉门风电"]
    assert series.on_grid(["玉门风电"], *DAY)[0, 6] == 0.25


@pytest.mark.parametrize(
    "stamp",
    ["2025-01-01T{h:02d}:00:00", "2025/1/1 {h}:00", "2025/01/01 {h:02d}:00:00", "2025年1月1日 {h}:00", "20250101 {h:02d}:00"],
)
def test_stamps_as_people_write_them(csv, stamp):
    series = csv([f"{stamp.format(h=h)},{h / 24}" for h in range(24)])
    assert series.on_grid(["wind.A"], *DAY)[0, 6] == 0.25


@pytest.mark.parametrize("offset", ["Z", "+00:00"])
def test_stamps_with_offset_are_converted(csv, offset):
    """31 December 16:00 UTC is midnight in Beijing."""
    times = pd.date_range("2024-12-31 16:00", periods=24, freq="h")
    rows = [f"{t:%Y-%m-%dT%H:%M:%S}{offset},{h / 24}" for h, t in enumerate(times)]
    assert csv(rows).on_grid(["wind.A"], *DAY)[0].tolist() == [h / 24 for h in range(24)]


def test_zone_of_the_source(csv):
    times = pd.date_range("2024-12-31 16:00", periods=24, freq="h")
    rows = [f"{t:%Y-%m-%d %H:%M},{h / 24}" for h, t in enumerate(times)]
    assert csv(rows, zone="UTC").on_grid(["wind.A"], *DAY)[0, 6] == 0.25


def test_quoted_cells(csv):
    series = csv([f'"{s}","0.5"' for s in HOURS], header='"time","wind, old"')
    assert series.names == ["wind, old"]
    assert series.on_grid(["wind, old"], *DAY).tolist() == [[0.5] * 24]


def test_renewables_ninja(tmp_path):
    """Times are UTC: local 08:00 holds the first value of the file; as a typical year it serves 2025 and the leap year 2028."""
    times = pd.date_range("2019-01-01", periods=8760, freq="h")
    rows = [f"{t:%Y-%m-%d %H:%M},{t:%Y-%m-%d %H:%M},{h % 1000 / 1000}" for h, t in enumerate(times)]
    head = ["# Renewables.ninja Wind (Point API) - 40.5, 96.5", "# time in UTC", "time,local_time,electricity"]
    path = tmp_path / "ninja.csv"
    path.write_text("\n".join(head + rows), encoding="utf-8")
    series = load([Source(path, column="electricity", name="wind.MOG", any_year=True)])
    found = series.on_grid(["wind.MOG"], *steps("2025-01-01", "2026-01-01"))[0]
    assert found[8:11].tolist() == [0.0, 0.001, 0.002]
    assert found[:2].tolist() == [0.752, 0.753]  # the last eight hours of the file: 8752 to 8759
    leap = series.on_grid(["wind.MOG"], *steps("2028-02-28", "2028-03-02"))[0]
    assert leap[:24].tolist() == leap[24:48].tolist()
    (fault,) = faults(load([Source(path, column="electricity", name="w")]).on_grid, ["w"], *steps("2025-01-01", "2026-01-01"))
    assert "holds 2019-01-01 08:00 to 2020-01-01 08:00" in fault
    assert "set any_year: true" in fault


@pytest.mark.parametrize("zone", [None, "Asia/Shanghai", "UTC"])
def test_parquet(tmp_path, zone):
    """A frame with stamps as index; with a zone they are instants: 08:00 in Beijing is 00:00 UTC."""
    frame = pd.DataFrame(
        {"wind.A": np.arange(48) / 48, "note": "x"}, index=pd.date_range("2025-01-01", periods=48, freq="h", tz=zone)
    )
    frame.to_parquet(tmp_path / "a.parquet")
    series = load([tmp_path / "a.parquet"])
    assert series.names == ["wind.A"]
    found = series.on_grid(["wind.A"], *steps("2025-01-01 12:00", "2025-01-01 14:00"))[0]
    assert found.tolist() == ([4 / 48, 5 / 48] if zone == "UTC" else [12 / 48, 13 / 48])


@pytest.mark.parametrize(("engine", "zone"), [("h5netcdf", None), ("scipy", None), ("h5netcdf", "UTC")])
def test_netcdf(tmp_path, engine, zone):
    """Packed and plain variables; a grid of two dimensions is no series; attribute timezone is obeyed."""
    import xarray

    values = np.round(np.arange(48) / 48, 2)
    data = xarray.Dataset(
        {"wind.A": ("time", values), "field": (("time", "x"), np.zeros((48, 2)))},
        coords={"time": ("time", pd.date_range("2025-01-01", periods=48, freq="h"), {"timezone": zone} if zone else {})},
    )
    path = tmp_path / "a.nc"
    data.to_netcdf(path, engine=engine, encoding={"wind.A": {"dtype": "int16", "scale_factor": 0.01, "_FillValue": -1}})
    series = load([path])
    assert series.names == ["wind.A"]
    found = series.on_grid(["wind.A"], *steps("2025-01-01 12:00", "2025-01-01 14:00"))[0]
    assert found == pytest.approx(values[4:6] if zone else values[12:14])


def test_later_files_override_by_name(tmp_path, csv):
    path = tmp_path / "base.parquet"
    pd.DataFrame(
        {"wind.A": np.zeros(24), "load.B": np.ones(24)}, index=pd.date_range("2025-01-01", periods=24, freq="h")
    ).to_parquet(path)
    csv(ROWS)
    mine = tmp_path / "my.csv"
    assert load([path, mine]).on_grid(["wind.A", "load.B"], *DAY)[:, 6].tolist() == [0.25, 1.0]
    assert load([mine, path]).on_grid(["wind.A", "load.B"], *DAY)[:, 6].tolist() == [0.0, 1.0]
    renamed = load([path, Source(mine, column="wind.A", name="load.B")])
    assert renamed.on_grid(["wind.A", "load.B"], *DAY)[:, 6].tolist() == [0.0, 0.25]


def test_shipped_year_is_read_quickly():
    """100 series of 8760 h within a second; the best of three, since other work may share the processors."""
    seconds = []
    for _ in range(3):
        begin = time.perf_counter()
        series = load([SHIPPED])
        found = series.on_grid(series.names[:100], *steps("2025-01-01", "2026-01-01"))
        seconds.append(time.perf_counter() - begin)
    assert found.shape == (100, 8760)
    assert min(seconds) < 1.0


# ----------------------------------------------------------------------------------------------------------------- faults
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            ROWS[:5] + ROWS[6:],
            ["my.csv, row 7, time", "jump from 2025-01-01 04:00 to 2025-01-01 06:00, 1 row missing", "no gap is filled"],
        ),
        (ROWS[:5] + ROWS[4:], ["row 7, time: 2025-01-01 04:00 is given twice"]),
        (ROWS[5:] + ROWS[:5], ["row 21, time: 2025-01-01 00:00 is before the row above", "Sort"]),
        (
            ROWS[:9] + ["2025-01-01 09:20,1"] + ROWS[10:],
            ["row 11, time: 2025-01-01 09:20 is 80 min after the row above, most steps last 60"],
        ),
        (ROWS[:3] + ["", *ROWS[3:]], ["row 5: has 0 cells, the header has 2", "Remove empty lines"]),
        ([r + ",9" for r in ROWS], ["row 2: has 3 cells, the header has 2", "23 more rows"]),
        (
            [f"{d:02d}/01/2025 00:00,1" for d in range(1, 25)],
            ["row 2, time: '01/01/2025 00:00' cannot be read as a time", "21 more rows"],
        ),
        ([*ROWS[1:], "2025-01-01 24:00,1"], ["row 25", "'2025-01-01 24:00' cannot be read", "00:00 of the next day"]),
        ([f"{45658 + h / 24},1" for h in range(24)], ["row 2, time: '45658.0' cannot be read", "format the column as a date"]),
        (
            [*ROWS[:3], ROWS[3].replace(":00,", ":00+08:00,"), *ROWS[4:]],
            ["row 5", "some stamps have a UTC offset and some have none"],
        ),
        ([",1", *ROWS[1:]], ["row 2, time: '' cannot be read as a time. The cell is empty"]),
        (ROWS[:1], ["has 1 rows of data; at least 2 are needed"]),
    ],
)
def test_faults_of_rows(csv, rows, words):
    text = "\n".join(faults(csv, rows))
    assert all(word in text for word in words), text


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("time;wind.A", ["separated by semicolons", "Separate cells by commas"]),
        ("time,wind.A,wind.A", ["column 'wind.A' is given twice"]),
        ("time,wind.A,", ["column 3 has no name"]),
        ("2025-01-01 00:00,0.5", ["row 1: '2025-01-01 00:00' is a time, not a name", "header row"]),
    ],
)
def test_faults_of_headers(csv, header, words):
    text = "\n".join(faults(csv, ROWS, header=header))
    assert all(word in text for word in words), text


@pytest.mark.parametrize(
    ("cell", "name", "words"),
    [
        ("abc", "wind.A", ["row 7, column wind.A: 'abc' is not a number"]),
        ("12 MW", "load.A", ["row 7, column load.A: '12 MW' is not a number", "without units"]),
        ("", "wind.A", ["row 7 (2025-01-01 05:00), column wind.A: is empty or not a finite number", "no gap is filled"]),
        ("inf", "price.A", ["row 7 (2025-01-01 05:00), column price.A: is empty or not a finite number"]),
        ("55", "wind.A", ["column wind.A: 55 must be at most 1", "percentage or MW"]),
        ("-0.2", "load.A", ["column load.A: -0.2 must be at least 0"]),
        ("-3", "inflow.R", ["row 7 (2025-01-01 05:00), column inflow.R: -3 must be at least 0", "sign"]),
        ("-0.1", "csp.A", ["column csp.A: -0.1 must be at least 0"]),
        ("1.2", "csp.A", ["column csp.A: 1.2 must be at most 1"]),
        ("-0.1", "dc_max.L", ["column dc_max.L: -0.1 must be at least 0"]),
        ("8000", "dc_max.L", ["column dc_max.L: 8000 must be at most 1", "percentage or MW"]),
    ],
)
def test_faults_of_values(csv, cell, name, words):
    series = csv([*ROWS[:5], f"2025-01-01 05:00,{cell}", *ROWS[6:]], header=f"time,{name}")
    text = "\n".join(faults(series.on_grid, [name], *DAY))
    assert all(word in text for word in words), text


def test_prices_may_be_negative_and_unused_cells_empty(csv):
    series = csv(["2025-01-01 00:00,-80", *[f"{s}," for s in HOURS[1:]]], header="time,price.A")
    assert series.on_grid(["price.A"], DAY[0][:1], DAY[1][:1])[0, 0] == -80


def test_all_missing_names_at_once(csv):
    found = faults(csv(ROWS).on_grid, ["wind.B", "wind.A", "price.X"], *DAY)
    assert len(found) == 2
    assert "series 'wind.B': is in none of the profile files" in found[0]
    assert "did you mean 'wind.A'?" in found[0]


def test_study_not_covered(csv):
    (fault,) = faults(csv(ROWS).on_grid, ["wind.A"], *steps("2025-01-01", "2025-01-03"))
    assert "holds 2025-01-01 00:00 to 2025-01-02 00:00, 24 steps of 60 min" in fault
    assert "does not cover the study, 2025-01-01 00:00 to 2025-01-03 00:00" in fault


def test_stamps_at_the_ends_of_steps_are_recognised(csv):
    rows = [f"2025-01-01 {h:02d}:00,1" for h in range(1, 24)] + ["2025-01-02 00:00,1"]
    (fault,) = faults(csv(rows).on_grid, ["wind.A"], *DAY)
    assert "Do the stamps mark the end of each step?" in fault


def test_typical_year_with_a_hole(csv):
    (fault,) = faults(csv(ROWS, any_year=True).on_grid, ["wind.A"], *steps("2030-01-01", "2030-01-02"))
    assert "has no value for 01-02 00:00 of any year" in fault


def test_column_and_name(csv):
    assert "has no column 'wind.B'; did you mean 'wind.A'?" in faults(csv, ROWS, column="wind.B")[0]
    assert "name 'x' is given without a column" in faults(csv, ROWS, name="x")[0]


def test_unknown_zone(csv):
    assert "cannot be brought from zone 'Mars/Base'" in faults(csv, ROWS, zone="Mars/Base")[0]


def test_faults_of_all_files_at_once(tmp_path):
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "sheet.xlsx").write_bytes(b"PK\x03\x04 and more")
    (tmp_path / "wide.csv").write_text("time,a\n2025-01-01,1\n", encoding="utf-16")
    found = faults(load, [tmp_path / n for n in ("none.csv", "empty.csv", "sheet.xlsx", "wide.csv")])
    assert [any(w in f for f in found) for w in ("cannot be read", "is empty", "is a workbook", "not text in UTF-8 or GBK")] == [
        True
    ] * 4


def test_netcdf_without_usable_time(tmp_path):
    import xarray

    xarray.Dataset({"a": ("t", np.zeros(3))}).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    assert "has no variable 'time'" in faults(load, [tmp_path / "a.nc"])[0]
    plain = xarray.Dataset({"a": ("time", np.zeros(3))}, coords={"time": ("time", np.arange(3), {"units": "steps"})})
    plain.to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    assert "units 'steps'" in faults(load, [tmp_path / "b.nc"])[0]
