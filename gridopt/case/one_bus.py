"""Files of unit commitment with one bus and steps of an hour: the part that they share."""

from __future__ import annotations

import numpy as np

from gridopt.case.case_rows import CaseRows
from gridopt.case.check import CaseError
from gridopt.case.json_file import Record
from gridopt.case.time import TimeGrid

BUS, START, MOST_STEPS = "system", "2025-01-01T00:00", 100_000


def one_bus(file: Record, sheddable: bool) -> CaseRows:
    """Rows of bus and demand of a file with `time_periods` and `demand`; nothing takes a surplus. Raises CaseError where the number of
    periods is not known."""
    steps = file.number("time_periods", least=1, most=MOST_STEPS)
    if file.faults:
        raise CaseError(file.faults)
    rows = CaseRows(TimeGrid.regular(START, str(np.datetime64(START) + np.timedelta64(int(steps), "h"))))
    rows.add("bus", bus=BUS, voltage_kv=1.0, surplus_allowed="false")
    mean, shape = rows.figure("demand", file.series("demand", len(rows.time), least=0.0))
    rows.add("load", load="demand", bus=BUS, mean_mw=mean, sheddable="true" if sheddable else "false", profile=shape)
    return rows
