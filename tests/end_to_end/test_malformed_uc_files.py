"""Damaged unit commitment files (UnitCommitment.jl, Egret) through `gridopt run` and `gridopt check`: see test_malformed_files."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.end_to_end.test_malformed_files import ENCODINGS, INVALID, OK, PLACE, folder, judge, many, mutated, mutations
from tests.support.uc_files import EGRET, UCJL

FILES = {"ucjl": UCJL, "egret": EGRET}
VALUES = (None, 0, -1, 1e308, -1e16, 1e-300, "abc", "", True, [], [1, 2], [1, 2, 3], {}, 99, 2.5, 10**400, ["l9"], {"data_type": "time_series"})


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """Paths to everything inside a document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [p for key, part in inside for p in ((*path, key), *places(part, (*path, key)))]


def damaged(document: dict, kind: str, place: int, other: int) -> dict:
    """The document with one entry replaced, removed or renamed."""
    result = json.loads(json.dumps(document))
    *path, last = places(result)[place % len(places(result))]
    holder = result
    for key in path:
        holder = holder[key]
    if kind == "replace" or isinstance(holder, list):
        holder[last] = VALUES[other % len(VALUES)]
    elif kind == "remove":
        del holder[last]
    else:
        holder[f"{last}x"] = holder.pop(last)
    return result


@many(70)
@given(st.sampled_from(sorted(FILES)), st.sampled_from(("replace", "replace", "remove", "rename")), PLACE, PLACE)
def test_entries(which, kind, place, other):
    with folder() as case:
        (case / "case.json").write_text(json.dumps(damaged(FILES[which], kind, place, other)))
        judge(case / "case.json")


@many(30)
@given(st.sampled_from(sorted(FILES)), mutations, st.sampled_from(ENCODINGS))
def test_text(which, chosen, encoding):
    with folder() as case:
        (case / "case.json").write_bytes(mutated(json.dumps(FILES[which], indent=0), chosen).encode(encoding, "replace"))
        judge(case / "case.json")


@many(10)
@given(st.sampled_from(sorted(FILES)), PLACE)
def test_compressed_and_cut_off(which, place):
    data = gzip.compress(json.dumps(FILES[which]).encode())
    with folder() as case:
        (case / "case.json.gz").write_bytes(data[: place % len(data)])
        assert judge(case / "case.json.gz") == INVALID


@pytest.mark.parametrize("which", sorted(FILES))
@pytest.mark.parametrize("name", ["case.json", "case.json.gz"])
def test_without_damage_it_is_solved(which, name):
    data = json.dumps(FILES[which]).encode()
    with folder() as case:
        (case / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
        assert judge(case / name) == OK
