"""Hours of Egret's ModelData in whole steps of h hours, as Egret rounds them: halves to the even number.

    minimum time or hours off of a start x: round(x / h) steps, at least one                                                       (G8)
    what is left of a minimum time at the first step: round(max(0, x - |initial_status|) / h) steps                                (G9)

Source: egret/model_library/unit_commitment/params.py of Egret.
"""

from __future__ import annotations

import math

from gridopt.case.windows import INSTANT


def in_steps(hours: float, step: float) -> float:
    """(G8), in hours."""
    return hours if math.isnan(hours) else max(round(hours / step), 1) * step


def before(status: float, least: float, step: float) -> float:
    """Hours on, or off where negative, before the first step, that leave as many steps of the minimum time `least` as (G9)."""
    if math.isnan(status + least):
        return status
    hours, whole, left = abs(status), in_steps(least, step), round(max(0.0, least - abs(status)) / step)
    if left != max(math.ceil((whole - hours - INSTANT) / step), 0):
        hours = max(whole - left * step, step / 2) if left else max(hours, whole)
    return math.copysign(hours, status)


def is_rounded(hours: float, step: float) -> bool:
    """Whether (G8) changes more than that a time of 0 is one step."""
    return abs(hours / step - round(hours / step)) * step > INSTANT if not math.isnan(hours) else False
