"""The page of the study file names every key with its default, and no other."""

import re
from pathlib import Path

import pytest

from gridopt.study.schema import Rolling, Study

PAGE = Path(__file__).parents[2] / "docs" / "study.md"
ROWS = [line.split("|") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]


def test_every_key_has_a_row_and_every_row_a_key():
    named = [key for row in ROWS for key in re.findall(r"`(\w+)`", row[1])]
    assert sorted(named) == sorted(Study.model_fields)


@pytest.mark.parametrize("row", [r for r in ROWS if re.fullmatch(r" ?[\d.]+ ?|.*(true|false).*", r[2])], ids=lambda r: r[1].strip())
def test_defaults_that_are_values_are_those_of_the_schema(row):
    for key in re.findall(r"`(\w+)`", row[1]):
        assert str(Study.model_fields[key].default).lower() in (row[2].strip(), f"{float(row[2]) if row[2].strip()[0].isdigit() else ''}")


def test_keys_of_windows_are_told_with_their_defaults():
    told = next(row[3] for row in ROWS if "`rolling`" in row[1])
    for key, field in Rolling.model_fields.items():
        assert re.search(rf"`{key}` \({field.default:g}", told), key
