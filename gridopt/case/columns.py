"""Columns that many tables have: a fraction, a power, the bus of an element, the series that shapes a figure."""

from __future__ import annotations

from gridopt.case.schema import Column


def fraction(name: str, default, meaning: str, above: float | None = None) -> Column:
    least = 0.0 if above is None else None
    return Column(name, "number", "1", at_least=least, above=above, at_most=1.0, default=default, meaning=meaning)


def power(name: str, meaning: str, **kw) -> Column:
    return Column(name, "number", "MW", at_least=0.0, meaning=meaning, **kw)


def bus(meaning: str = "bus it is connected to", name: str = "bus") -> Column:
    return Column(name, key_to="bus", meaning=meaning)


def profile(unit: str, meaning: str, empty: str = "constant 1") -> Column:
    return Column("profile", unit=unit, default="", meaning=f"series: {meaning}; empty: {empty}")
