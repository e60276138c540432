"""The Gansu tables against the published figures they were built from, read with plain pandas.

Bands: a published total of wind, solar or batteries holds within 1 %. Thermal capacity is the sum of a list of units that falls
a little short of the published total, so it holds within 3 %.
"""

from pathlib import Path

import pandas as pd
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

FOLDER = Path(__file__).parents[2] / "networks" / "gansu"
TABLES = {p.stem: pd.read_csv(p, dtype=str, keep_default_na=False) for p in sorted(FOLDER.glob("*.csv")) if p.stem != "SOURCES"}
SOURCES = pd.read_csv(FOLDER / "SOURCES.csv", dtype=str, keep_default_na=False)
DATES = ["2021-01-01", "2024-07-01", "2025-01-15", "2025-07-01", "2028-07-01"]
MEAN_2025_MW = 185e6 / 8760  # 185 TWh in a year of 8760 h


def in_service(name: str, date: str, **equal: str) -> pd.DataFrame:
    """Rows of a table in service on an ISO date, with numbers as numbers; ISO dates compare as text."""
    table = TABLES[name]
    for column, value in equal.items():
        table = table[table[column] == value]
    if "in_service" in table:
        table = table[table["in_service"] <= date]
    if "retirement" in table:
        table = table[(table["retirement"] == "") | (table["retirement"] > date)]
    return table


def total(name: str, date: str, column: str = "power_max_mw", **equal: str) -> float:
    """Sum of a column over the rows in service, in GW or GWh."""
    return in_service(name, date, **equal)[column].astype(float).sum() / 1000.0


def solar(date: str) -> float:
    """PV and solar thermal together, as the statistics count it."""
    return total("renewable", date, technology="solar") + total("csp", date)


def components(date: str, without: frozenset[str] = frozenset()) -> dict[str, int]:
    """Bus -> number of its AC area on a date, some branches left out."""
    buses = list(in_service("bus", date)["bus"])
    rows = [in_service(t, date)[[t, "from_bus", "to_bus"]].to_numpy().tolist() for t in ("line", "transformer")]
    pairs = [(buses.index(a), buses.index(b)) for table in rows for i, a, b in table if i not in without]
    matrix = coo_matrix(([1] * len(pairs), tuple(zip(*pairs, strict=True))), shape=(len(buses), len(buses)))
    return dict(zip(buses, connected_components(matrix, directed=False)[1].tolist(), strict=True))


@pytest.mark.parametrize("name", TABLES)
def test_every_row_names_sources_that_exist(name):
    known = set(SOURCES["id"])
    for line, cell in enumerate(TABLES[name]["source"], start=2):
        ids = [i for i in cell.split(";") if i]
        assert ids, f"{name}.csv line {line} has no source"
        assert set(ids) <= known, f"{name}.csv line {line}: {sorted(set(ids) - known)}"


def test_every_source_is_used_once_declared_and_graded():
    used = {i for table in TABLES.values() for cell in table["source"] for i in cell.split(";")}
    assert SOURCES["id"].is_unique
    assert set(SOURCES["id"]) - used == set()
    assert set(SOURCES["confidence"]) == {"sourced", "recalled", "estimate"}
    assert (SOURCES["source"] != "").all()


@pytest.mark.parametrize(
    ("date", "wind", "sun", "tolerance"),
    [
        ("2021-12-31", 17.16, 10.32, 0.005),  # the dispatch book, read as the end of the year
        ("2024-10-20", 30.15, 29.5, 0.01),
        ("2025-05-31", 34.95, 35.37, 0.005),
        ("2025-12-31", 39.1, 41.3, 0.005),
    ],
)
def test_wind_and_solar_match_the_published_totals(date, wind, sun, tolerance):
    assert total("renewable", date, technology="wind") == pytest.approx(wind, rel=tolerance)
    assert solar(date) == pytest.approx(sun, rel=tolerance)


def test_wind_plus_solar_at_the_turns_of_the_year():
    """64.4 GW on 1 Jan 2025 is 80.416 GW over 1.249."""
    for date, both in (("2025-01-01", 80.416 / 1.249), ("2025-12-31", 80.416)):
        assert total("renewable", date, technology="wind") + solar(date) == pytest.approx(both, rel=0.005)


@pytest.mark.parametrize(
    ("date", "thermal", "hydro"),
    [("2021-12-31", 20.61, 9.25), ("2024-12-31", 24, 9.7), ("2025-05-31", 27, 9.7), ("2025-12-31", 33, 9.7)],
)
def test_thermal_and_hydro_totals(date, thermal, hydro):
    assert total("unit", date) == pytest.approx(thermal, rel=0.03)
    assert total("reservoir", date) + total("renewable", date, technology="hydro_ror") == pytest.approx(hydro, rel=0.01)


@pytest.mark.parametrize(
    ("date", "power", "energy"),
    [
        ("2021-12-31", 0.5, 1.0),
        ("2023-10-31", 2.15, None),
        ("2024-10-20", 4.01, 9.85),
        ("2025-02-28", 4.56, None),
        ("2025-12-31", 6.5, 18.5),
    ],
)
def test_battery_totals(date, power, energy):
    """Energy in the table is usable: 90 % of nominal."""
    assert total("storage", date, technology="battery") == pytest.approx(power, rel=0.01)
    if energy:
        assert total("storage", date, "energy_max_mwh", technology="battery") / 0.9 == pytest.approx(energy, rel=0.01)


def test_no_pumped_storage_before_2028_and_one_unit_then():
    assert total("storage", "2028-01-01", technology="pumped_hydro") == 0.0
    assert total("storage", "2028-07-01", technology="pumped_hydro") == pytest.approx(0.35)


def test_load_energy_by_year():
    """Mean 2025 power times the year's scale and hours gives the published consumption."""
    mean = total("load", "2025-07-01", "mean_mw")
    assert mean * 1000 == pytest.approx(MEAN_2025_MW, rel=1e-4)
    scale = TABLES["year"].set_index("year")["load_scale"].astype(float)
    for year, hours, twh in (("2021", 8760, 149.5), ("2023", 8760, 164.5), ("2024", 8784, 174.632), ("2025", 8760, 185.0)):
        assert mean * scale[year] * hours / 1000 == pytest.approx(twh, rel=1e-3)


def test_load_by_city_follows_the_shares():
    load = in_service("load", "2025-07-01").assign(mw=lambda t: t["mean_mw"].astype(float)).groupby("bus")["mw"].sum()
    for bus, percent in (("JYG", 15), ("BAI330", 11), ("WUS", 9), ("HEX", 7), ("MAI330", 8), ("QYC", 3.5), ("DIX", 0.7)):
        assert load[bus] == pytest.approx(MEAN_2025_MW * percent / 100, abs=0.2)


@pytest.mark.parametrize("date", DATES)
def test_the_grid_is_one_area_and_each_sink_its_own(date):
    area = components(date)
    role = in_service("bus", date).set_index("bus")["role"]
    grid = {area[b] for b in area if role[b] != "sink"}
    assert len(grid) == 1
    sinks = [area[b] for b in area if role[b] == "sink"]
    assert len(set(sinks)) == len(sinks) and not set(sinks) & grid


@pytest.mark.parametrize("date", DATES)
def test_everything_stands_on_a_bus_in_service(date):
    buses = set(in_service("bus", date)["bus"])
    at_one_bus = [(t, "bus") for t in ("unit", "renewable", "csp", "reservoir", "storage", "load", "exchange")]
    between = [(t, end) for t in ("dc_link", "line", "transformer") for end in ("from_bus", "to_bus")]
    for name, column in at_one_bus + between:
        assert set(in_service(name, date)[column]) <= buses, f"{name} on {date}"


@pytest.mark.parametrize("date", DATES)
def test_sections_are_cuts_and_below_their_lines(date):
    """Every member crosses the cut in the direction of its sign, and the limit is no more than the lines carry."""
    lines = in_service("line", date).set_index("line")
    members = TABLES["interface_member"]
    for name, rows in members[members["element"].isin(lines.index)].groupby("interface"):
        area = components(date, frozenset(rows["element"]))
        starts, ends, carried = set(), set(), 0.0
        for element, sign in zip(rows["element"], rows["coefficient"].astype(float), strict=True):
            line = lines.loc[element]
            a, b = (line["from_bus"], line["to_bus"]) if sign > 0 else (line["to_bus"], line["from_bus"])
            starts.add(area[a])
            ends.add(area[b])
            carried += float(line["rating_mw"]) * int(line["circuits"])
        assert not starts & ends, f"{name} on {date} is no cut"
        limits = in_service("interface_limit", date, interface=name)
        assert len(limits) == 1
        assert float(limits["forward_mw"].iloc[0]) <= carried, f"{name}: limit above the {carried} MW of its lines"


def test_no_branch_without_reactance():
    assert (TABLES["line"]["reactance_ohm_per_km"].astype(float) > 0).all()
    assert (TABLES["line"]["length_km"].astype(float) > 0).all()
    assert (TABLES["transformer"]["reactance_fraction"].astype(float) > 0).all()


def test_bundles_are_disjoint_and_of_the_published_size():
    bundle = TABLES["dc_bundle"]
    assert bundle["plant"].is_unique
    plants = TABLES["renewable"].merge(bundle, left_on="renewable", right_on="plant", suffixes=("", "_bundle"))
    assert len(plants) == len(bundle)
    size = plants.assign(gw=plants["power_max_mw"].astype(float) / 1000).groupby(["dc_link", "technology"])["gw"].sum()
    assert size["LONGDONG", "wind"] == pytest.approx(6.7, abs=0.01)
    assert size["LONGDONG", "solar"] == pytest.approx(3.8, abs=0.01)
    assert size["ZHEJIANG_DC"].sum() == pytest.approx(11.2, abs=0.01)
    assert size["QISHAO", "wind"] == pytest.approx(10.45, abs=0.05)


def test_contracts_fit_their_links():
    """No month asks more than the link carries nor less than its least power while in service."""
    link = TABLES["dc_link"].set_index("dc_link")
    rows = TABLES["dc_contract"][TABLES["dc_contract"]["energy_max_mwh"] != ""]
    for row in rows.itertuples():
        hours = 24.0 * ((pd.Timestamp(row.end_date) - pd.Timestamp(row.start_date)).days + 1)
        assert row.start_date >= link.loc[row.dc_link, "in_service"]
        assert float(row.energy_min_mwh) <= hours * float(link.loc[row.dc_link, "power_max_mw"])
        assert float(row.energy_max_mwh) >= hours * float(link.loc[row.dc_link, "power_min_mw"])
    qishao = rows[(rows["dc_link"] == "QISHAO") & rows["start_date"].str.startswith("2024")]
    middle = (qishao["energy_min_mwh"].astype(float) + qishao["energy_max_mwh"].astype(float)).sum() / 2e6
    assert middle == pytest.approx(25.9, rel=1e-3)


def test_ac_schedules_are_shared_out_whole():
    table = TABLES["exchange"][TABLES["exchange"]["schedule"] != ""]
    shares = table.assign(scale=table["scale"].astype(float)).groupby("schedule")["scale"].sum()
    assert set(shares.index) == {f"schedule.{p}" for p in ("XINJIANG", "QINGHAI", "NINGXIA", "SHAANXI")}
    assert shares.tolist() == pytest.approx([1.0] * 4)
