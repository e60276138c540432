"""What provinces have traded, as given exchange of the network: the sequence from pre-clearing to the markets of the provinces.

    export of a province's bus [t] = sent by it - landed at it, MW, fixed whatever prices become               (R1)
    short [n,t] = shed load at the buses of province n;   curtailing [n,t] = renewable output left unused there  (R2)

A province whose bus is part of the studied system (role internal) has all such buses; one at a neighbour's bus has that bus alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from gridopt.case.case import Case
from gridopt.case.series import GivenSeries, Layered
from gridopt.dispatch.province_trade import Matched
from gridopt.dispatch.result import Dispatch

NAME, SEEN_MW = "trade of ", 1e-6


def with_trade(case: Case, found: Matched) -> Case:
    """The case with (R1) for every province that has a bus, as rows of table exchange."""
    bus, export = case.table("province")["bus"], found.export()
    some = [n for n in range(len(bus)) if bus.iloc[n] and export[n].any()]
    if not some:
        return case
    names = [f"{NAME}{bus.index[n]}" for n in some]
    old = case.table("exchange")
    plain = dict.fromkeys(("export_flexible_mw", "import_flexible_mw", "tariff_cny_per_mwh"), 0.0)
    new = pd.DataFrame({"bus": bus.iloc[some].to_numpy(), "schedule": names, "scale": 1.0, "price_profile": "", **plain}, index=names)
    new = new.reindex(columns=old.columns)
    for column, kind in old.dtypes.items():
        new[column] = new[column].fillna("").astype(kind) if kind.kind == "O" else new[column].astype(kind)
    joined = pd.concat([old, new]) if len(old) else new
    source = Layered(case.source, GivenSeries(case.time, {n: export[k] for n, k in zip(names, some, strict=True)}))
    return replace(case, tables={**case.tables, "exchange": joined.rename_axis(old.index.name)}, source=source, loss_points=None)


def barred(pre: Dispatch) -> Case:
    """The case of a pre-clearing with (R2) as series of table province, for provinces with a bus."""
    case = pre.case
    table = case.table("province").copy()
    q = pre.quantities
    lost = np.zeros(q["shedding"].values.shape)
    if len(case.table("renewable")):
        np.add.at(lost, case.position("bus", case.table("renewable")["bus"]), q["renewable_curtailed"].values)
    buses, series = case.table("bus"), {}
    for n, bus in table["bus"].items():
        if not bus:
            continue
        mine = buses["role"] == "internal" if buses.at[bus, "role"] == "internal" else buses.index == bus
        for column, values in (("short_profile", q["shedding"].values), ("curtailing_profile", lost)):
            power, name = values[np.asarray(mine, bool)].sum(axis=0), f"{NAME}{n} {column}"
            series[name] = np.where(power > SEEN_MW, power, 0.0)
            table.loc[n, column] = name
    return replace(case, tables={**case.tables, "province": table}, source=Layered(case.source, GivenSeries(case.time, series)))
