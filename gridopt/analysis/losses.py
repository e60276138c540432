"""Losses of AC branches: energy by branch, and what of it is artificial."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridopt.dispatch.result import Dispatch

REPORTED = 1e-3
"""MWh; less is rounding."""


def branch_losses(dispatch: Dispatch) -> pd.DataFrame:
    """Table branch_losses: branch, loss_mwh, artificial_mwh, through_mwh (flow either way); without rows where losses are off."""
    hours, names = dispatch.case.time.hours, dispatch.case.grid.branches.ids
    if dispatch.case.losses == "off":
        return pd.DataFrame({"branch": names[:0], "loss_mwh": [], "artificial_mwh": [], "through_mwh": []})
    loss, artificial = (dispatch.quantities[f"branch_{n}"].values @ hours for n in ("loss", "artificial_loss"))
    through = np.abs(dispatch.flow) @ hours
    return pd.DataFrame({"branch": names, "loss_mwh": loss, "artificial_mwh": artificial, "through_mwh": through})


def warnings(dispatch: Dispatch) -> list[str]:
    """A sentence where marginal losses gave way to tangents of every branch, and where AC branches lose more than their curves say."""
    table, off = branch_losses(dispatch), dispatch.solution.statistics.get("losses_off")
    if off is not None:
        text = f"marginal losses were still off by {off:.1%} after many solves: losses are piecewise instead, their prices right within 1 %"
        return [text, *_artificial(table)]
    return _artificial(table)


def _artificial(table: pd.DataFrame) -> list[str]:
    lost = float(table["artificial_mwh"].sum())
    if lost <= REPORTED:
        return []
    worst = table.loc[table["artificial_mwh"].idxmax(), "branch"]
    return [f"AC branches lose {lost:,.1f} MWh more than their curves, most on '{worst}', where energy is worth nothing or less"]
