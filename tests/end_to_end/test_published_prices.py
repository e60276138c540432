"""Published prices, asked for as a user would: `gridopt price FILE --rules … --json`.

Expected values lie beside the repository; without them these tests are left out.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from gridopt.commands import execute

CASES = Path(__file__).parents[3] / "shared" / "cases"
ROWS = list(csv.DictReader((CASES / "expected.csv").open(encoding="utf-8"))) if CASES.exists() else []
pytestmark = pytest.mark.skipif(not ROWS, reason="the folder with published cases is absent")
RULES = {"aelmp": "elmp", "chp": "chp", "lmp": "ip", "dcopf": "ip", "economic_dispatch": "ip", "convex_hull_pricing": "chp"}
WHAT = ("price", "lmp", "chp_price", "dual_value", "uplift_loc", "make_whole")
FILES = sorted({r["file"] for r in ROWS if r["file"].startswith("pricing_lit/") and r["problem"] in RULES and r["quantity"] in WHAT})


def rows_of(file: str, *problems: str) -> list[dict]:
    return [r for r in ROWS if r["file"] == file and r["problem"] in problems and r["quantity"] in WHAT]


def told(file: str, rules: list[str], capsys, *settings: str) -> dict:
    more = [word for s in settings for word in ("--set", s)]
    code = execute(["price", str(CASES / file), "--rules", ",".join(rules), "--json", *more])
    document = json.loads(capsys.readouterr().out)
    assert code == 0, document
    return document


def value(rule: dict, row: dict) -> float:
    """What a rule's part of the document says of the quantity of a row."""
    key = dict(part.split("=") for part in row["key"].split(";") if part)
    if row["quantity"] == "dual_value":
        return rule["hull_bound"]
    if row["quantity"] in ("uplift_loc", "make_whole"):
        unit = next(u for u in rule["units"] if u["unit"] == key["gen"])
        return unit["loc"] if row["quantity"] == "uplift_loc" else unit["mwp"]
    period = int(key.get("t", 1))
    return next(p["price"] for p in rule["prices"] if p["period"] == period and p["bus"] == key.get("bus", p["bus"]))


def wrong_of(document: dict, rows: list[dict]) -> list[tuple]:
    found = []
    for row in rows:
        given, wanted = value(document["rules"][RULES[row["problem"]]], row), float(row["value"])
        if abs(given - wanted) > float(row["atol"] or 0) + float(row["rtol"] or 0) * abs(wanted):
            found.append((row["problem"], row["quantity"], row["key"], wanted, given))
    return found


@pytest.mark.parametrize("file", FILES)
def test_prices_of_the_literature(file, capsys):
    rows = rows_of(file, *RULES)
    document = told(file, sorted({RULES[r["problem"]] for r in rows}), capsys)
    assert rows and not wrong_of(document, rows)


def test_approximate_extended_prices(capsys):
    file = "ucjl/aelmp_simple.json"
    rows = rows_of(file, "aelmp")
    assert rows and not wrong_of(told(file, ["elmp"], capsys), rows)


@pytest.mark.slow
def test_convex_hull_prices_of_68_units(capsys):
    """Value of the dual and 96 prices; any schedule serves, for these prices do not depend on what was cleared."""
    file = "chp_belgian/belgian-autumnwd.json"
    rows = rows_of(file, "convex_hull_pricing")
    document = told(file, ["chp"], capsys, "mip_gap=0.5")
    assert len(rows) == 97 and not wrong_of(document, rows)
    assert not document["exact"] and document["rules"]["chp"]["gap"] > 0
    chp = document["rules"]["chp"]
    assert 0 <= chp["hull_cost"] - chp["hull_bound"] <= 1e-6 * chp["hull_cost"]
