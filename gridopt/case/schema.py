"""What a table declaration is: columns with type, unit, range, default, and keys to other tables.

A `Table` describes one CSV file of a network folder. The reader, the check, the empty default and the
documentation all come from these declarations (`tables.py`), so a range is written down once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

REQUIRED = object()


@dataclass(frozen=True)
class Column:
    """One column. `kind` is 'text', 'number', 'whole', 'date', 'time' or 'flag'.

    Ranges are inclusive (`at_least`, `at_most`) or exclusive (`above`). A `default` makes the cell optional; without one an
    empty cell is a fault. `key_to` names a table whose identifiers the cell must be one of.
    """

    name: str
    kind: str = "text"
    unit: str = ""
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    default: object = REQUIRED
    choices: tuple[str, ...] = ()
    key_to: str = ""
    meaning: str = ""

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


@dataclass(frozen=True)
class Table:
    """One table. `key` names the columns that identify a row; a single key column is the element's id."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    needs_rows: bool = False
    dated: bool = False
    orders: tuple[tuple[str, str], ...] = field(default=())
    """Pairs (smaller, larger) of columns that must keep this order in every row."""

    @property
    def identifier(self) -> str:
        """The id column, or '' where several columns identify a row together."""
        return self.key[0] if len(self.key) == 1 else ""

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)


DATES = (
    Column("in_service", "date", default="", meaning="first day of service (local date); empty: always been there"),
    Column("retirement", "date", default="", meaning="first day without the element; empty: never retired"),
)
SOURCE = (Column("source", "text", default="", meaning="ids in SOURCES.csv, separated by ';'"),)


def element(name: str, meaning: str, *columns: Column, needs_rows: bool = False, orders=()) -> Table:
    """A table of things that enter and leave service: id, names, columns, dates, source."""
    names = (
        Column(name, meaning="identifier, unique"),
        Column("name", default="", meaning="name in English"),
        Column("name_zh", default="", meaning="name in Chinese"),
    )
    return Table(name, meaning, (*names, *columns, *DATES, *SOURCE), (name,), needs_rows, True, tuple(orders))


def plain(name: str, meaning: str, key: tuple[str, ...], *columns: Column, dated: bool = False, orders=()) -> Table:
    """A table of facts about elements (members, contracts, calendars)."""
    dates = DATES if dated else ()
    return Table(name, meaning, (*columns, *dates, *SOURCE), key, False, dated, tuple(orders))
