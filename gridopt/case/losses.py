"""Losses of AC branches: the resistance that causes them, and the words for what is reported about them.

    loss = r flow^2,  r = resistance / voltage^2  [1/MW],  taken half and half out of both ends
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gridopt.case.topology import BRANCH_TABLES

REPORTED = {
    "branch_loss": ("MW", "loss of AC branches", "交流支路网损", "positive: taken half and half out of both ends"),
    "branch_artificial_loss": ("MW", "loss of AC branches beyond their curve", "交流支路虚拟损耗", "positive: lost"),
    "branch_loss_price": ("CNY/MWh", "cost of the losses of one more MW of flow", "支路边际网损成本", "signed like the flow"),
}
"""Quantity over (branch, time) -> unit, meaning, meaning in Chinese, sign."""


def resistance(tables: Mapping[str, pd.DataFrame]) -> np.ndarray:
    """r 1/MW (L,): ohm over kV squared for lines, per unit over the base for ac_branch, 0 for transformers."""
    line, transformer, own = (tables[t] for t in BRANCH_TABLES)
    kv = tables["bus"]["voltage_kv"].reindex(line["from_bus"]).to_numpy(float)
    ohm = (line["resistance_ohm_per_km"] * line["length_km"] / line["circuits"]).to_numpy(float)
    return np.concatenate([ohm / kv**2, np.zeros(len(transformer)), (own["resistance_pu"] / own["base_mva"]).to_numpy(float)])
