"""Who takes part in the market: class, technology and owner of each participant 'table id'."""

from __future__ import annotations

from gridopt.report.folder import Run, cell, table
from gridopt.report.market_names import party_words
from gridopt.report.technologies import technology_words
from gridopt.report.text import WORDS, Both

PLANT_KINDS = {
    "unit": "thermal", "generator": "thermal", "renewable": "other", "csp": "csp", "reservoir": "hydro", "storage": "storage",
    "pumped": "pumped_hydro", "pump": "pumped_hydro", "exchange": "exchange", "dc_link": "dc_link",
    "dc_market": "dc_market",
}  # fmt: skip
"""Tables of plants, with the technology of those that name none."""
OUTSIDE = ("exchange", "dc_link", "dc_market")
"""Tables of trade with what lies outside: one class each, whatever their technology."""
MARKET, ACCOUNTS, USERS, OTHERS = "market", "accounts", "users", "others"


def class_of(run: Run, party: str) -> str:
    """market, accounts, users, others, or the technology of a plant."""
    kind, _, key = party.partition(" ")
    if party == "market":
        return MARKET
    if kind == "account":
        return ACCOUNTS
    if kind in PLANT_KINDS and key:
        return PLANT_KINDS[kind] if kind in OUTSIDE else technologies(run).get(party) or PLANT_KINDS[kind]
    if kind in ("load", "user", "users", "zone", "demand_bid", "shiftable", "data_centre", "hydrogen") or party in _buses(run):
        return USERS
    return OTHERS


def class_words(name: str) -> Both:
    return WORDS.get(f"mk_class_{name}") or technology_words(name)


def technologies(run: Run) -> dict[str, str]:
    """Technology by 'table id', as the tables of the network name it."""
    return run.once("market technologies", lambda: _column(run, "technology"))


def owner_words(run: Run, party: str) -> Both:
    """The owner of a plant; where the tables of the network name none, the station it belongs to, or the plant itself."""
    owner = run.once("market owners", lambda: _owners(run)).get(party)
    return (owner, owner) if owner else party_words(run, party)


def _buses(run: Run) -> set[str]:
    return run.once("market buses", lambda: set(table(run, "bus")["bus"].astype(str)) if "bus" in table(run, "bus") else set())


def _column(run: Run, column: str) -> dict[str, str]:
    rows = ((kind, r) for kind in PLANT_KINDS for r in table(run, kind).to_dict("records") if kind in r)
    return {f"{kind} {r[kind]}": cell(r, column) for kind, r in rows if cell(r, column)}


def _owners(run: Run) -> dict[str, str]:
    """Owner by 'table id': from the table of owners, else a column of the plants, else their station."""
    listed = {f"{cell(r, 'kind')} {cell(r, 'element')}": cell(r, "owner") for r in table(run, "ownership").to_dict("records")}
    return _column(run, "plant") | _column(run, "owner") | {k: v for k, v in listed.items() if v}
