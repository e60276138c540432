"""The page of the tree names files that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMES = sorted(set(re.findall(r"`([\w/*]+\.(?:py|j2|md))`", TEXT)))


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_named_is_there(name):
    assert any(ROOT.glob(name)) or any((ROOT / "gridopt").glob(f"**/{name}"))


def test_the_page_names_files():
    assert len(NAMES) > 60
