"""What is settled in a market case written by hand: keys users, contracts, mechanism, ftrs, capacity, guaranteed, owners.

    users: [{id: mill, bus: 4, share: 0.5}]                        # what is left of a bus's load is a user named like the bus
    contracts:
      - {id: c1, seller: W1, buyer: 4, energy_mwh: 300, price: 250}                       # over all periods, flat
      - {id: c2, seller: C3, buyer: mill, energy_mwh: 60, price: 330, curve: [0.2, 0.3, 0.5], settlement: cfd, reference: seller}
      - {id: c3, technology: coal, share: 0.8, price: 260}                                # share of what its plants sell day-ahead
    mechanism: [{id: m1, plant: W1, energy_mwh: 200, price: 307.8, reference_run: DA}]
    ftrs: [{id: f1, holder: unit W1, source: 1, sink: 4, mw: 600}]
    capacity: [{id: k1, plant: C3, price_per_kw_year: 330, supply_factor: 0.9}]
    guaranteed: [{id: g1, plant: C2, share: 0.5, price: 280}]
    owners: {Alpha: [W1, C2]}

Plants are generators unless `kind` says otherwise. A curve is a name, or one part for each period, adding up to 1.
"""

from __future__ import annotations

import numpy as np

from gridopt.case.case_rows import CaseRows
from gridopt.case.json_file import Record
from gridopt.case.tables_contracts import SELLERS

KEYS = {"users", "contracts", "mechanism", "ftrs", "capacity", "guaranteed", "owners"}
PLANT = {"id", "kind", "technology"}
CONTRACT = {"seller", "buyer", "energy_mwh", "share", "price", "curve", "settlement", "reference", "reference_at", "reference_run"}
CAPACITY = {"price_per_kw_year", "declared_mw", "supply_factor", "storage_factor", "delivered_share", "dc_paired"}
ENOUGH = 1e-9


def add_settled(file: Record, rows: CaseRows) -> None:
    """Rows of the tables of settlement; faults go to the file."""
    for user in file.listed("users", "user"):
        user.only({"id", "bus", "share", "use", "price"})
        rows.add("user", user=user.name(), bus=user.name("bus"), share=user.number("share", 1.0), use=user.text("use", "commercial"),
                 price_cny_per_mwh=user.number("price", None))  # fmt: skip
    for contract in file.listed("contracts", "contract"):
        _contract(contract, rows)
    for one in file.listed("mechanism", "mechanism volume"):
        one.only(PLANT | {"plant", "energy_mwh", "share", "price", "reference_run"})
        rows.add("mechanism", mechanism=one.name(), **_plant(one, "plant"), energy_mwh=one.number("energy_mwh", None),
                 output_share=one.number("share", None), price_cny_per_mwh=one.number("price"),
                 reference_run=one.text("reference_run", ""))  # fmt: skip
    for right in file.listed("ftrs", "right"):
        right.only({"id", "holder", "source", "sink", "mw", "option"})
        rows.add("ftr", ftr=right.name(), holder=right.name("holder"), source_bus=right.name("source"), sink_bus=right.name("sink"),
                 power_mw=right.number("mw"), option="true" if right.flag("option", False) else "false")  # fmt: skip
    for one in file.listed("capacity", "capacity"):
        one.only(PLANT | {"plant"} | CAPACITY)
        rows.add("capacity", capacity=one.name(), **_plant(one, "plant"), price_cny_per_kw_year=one.number("price_per_kw_year"),
                 dc_paired="true" if one.flag("dc_paired", False) else "false", declared_mw=one.number("declared_mw", None),
                 supply_factor=one.number("supply_factor", 1.0), storage_factor=one.number("storage_factor", None),
                 delivered_share=one.number("delivered_share", 1.0))  # fmt: skip
    for one in file.listed("guaranteed", "guaranteed volume"):
        one.only(PLANT | {"plant", "share", "price"})
        rows.add("guaranteed", guaranteed=one.name(), **_plant(one, "plant"), output_share=one.number("share", 1.0),
                 price_cny_per_mwh=one.number("price"))  # fmt: skip
    owners = file.record("owners")
    for owner in owners.entries:
        for plant in owners.words(owner):
            rows.add("ownership", kind="generator", element=plant, owner=owner)


def _contract(contract: Record, rows: CaseRows) -> None:
    contract.only(PLANT | CONTRACT)
    name, curve = contract.name(), contract.get("curve", "flat")
    energy: float | None = contract.number("energy_mwh", None, 0.0)
    profile = ""
    if isinstance(curve, list):
        part = contract.series("curve", len(rows.time), least=0.0)
        if abs(part.sum() - 1.0) > ENOUGH:  # also where a part is no number
            contract.fault("curve", f"{part.sum():g} in all", "is not 1: the parts of the energy must add up to it", "Correct it.")
        elif energy is not None and np.isfinite(energy):
            profile, energy = rows.profiles.add(f"contract {name}", energy * part / rows.time.hours), None
    places = {key: contract.name(key) if key in contract else "" for key in ("buyer", "reference_at")}
    words = {key: contract.text(key, "") for key in ("settlement", "reference", "reference_run")}
    rows.add(
        "contract", contract=name, **_plant(contract, "seller"), energy_mwh=energy, day_ahead_share=contract.number("share", None),
        profile=profile, price_cny_per_mwh=contract.number("price"), curve=curve if isinstance(curve, str) else "flat", **places, **words,
    )  # fmt: skip


def _plant(record: Record, key: str) -> dict[str, str]:
    """Cells kind, element, technology."""
    kind = record.text("kind", "generator", SELLERS)
    return {"kind": kind, "element": record.name(key) if key in record else "", "technology": record.text("technology", "")}
