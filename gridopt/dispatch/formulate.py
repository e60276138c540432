"""The whole build on one page: every block declares its columns, then writes its rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridopt.blocks import (
    carbon,
    commitment,
    contingency,
    csp,
    data_centre,
    dc_contract,
    dc_link,
    dc_market,
    dc_schedule,
    demand,
    exchange,
    fuel,
    generator,
    head,
    headroom,
    hydro,
    hydro_budget,
    interface,
    interruptible,
    loss_factors,
    losses,
    network,
    overload,
    power_block,
    price_response,
    pump,
    pumped,
    ramping,
    renewable,
    reserve,
    reserve_limits,
    response,
    shiftable,
    storage,
    thermal,
    unit_changes,
    unit_ramps,
)
from gridopt.case.case import Case
from gridopt.program.builder import Builder

BLOCKS = (
    network, overload, losses, loss_factors, demand, thermal, generator, commitment, unit_changes, unit_ramps, renewable,
    storage, pumped, hydro, head, pump, hydro_budget, csp, power_block,
    dc_link, dc_contract, dc_schedule, dc_market, exchange, interface, contingency, carbon, fuel,
    interruptible, shiftable, data_centre, price_response, response,
    reserve, reserve_limits, headroom, ramping,
)  # fmt: skip
"""The registry. A further component is one file in blocks/, one table declaration and one name here."""


@dataclass(frozen=True)
class Model:
    """A formulated case: the builder with all families, and what each block declared (in the order of BLOCKS)."""

    case: Case
    builder: Builder
    columns: tuple


def implied(model: Model, x: np.ndarray) -> np.ndarray:
    """Column values x (n,) in which each block has set the integer columns that its lazy rows hold to what its other columns imply."""
    x = x.copy()
    for block, columns in zip(BLOCKS, model.columns, strict=True):
        if hasattr(block, "implied"):
            block.implied(columns, x)
    return x


def formulate(case: Case) -> Model:
    """Columns of all blocks first, then rows, so that a row may use columns of blocks that come later."""
    return _built(case, Builder(len(case.time)))


def outline(case: Case) -> Model:
    """The same with rows that are counted, not kept: what reads results of a horizon that is never solved as one program."""
    return _built(case, Builder(len(case.time), outlined=True))


def _built(case: Case, b: Builder) -> Model:
    columns = tuple(block.declare(case, b) for block in BLOCKS)
    for block, declared in zip(BLOCKS, columns, strict=True):
        block.constrain(case, b, declared)
    return Model(case, b, columns)
