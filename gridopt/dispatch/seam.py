"""Pieces put together: their statuses one after the other, and the steps around each cut solved once more.

At a cut, pieces only know the estimate of each other: the levels they meet at and the step before. A seam is a stretch across the cut, held
to what the pieces found on both sides of it; its statuses take the place of theirs. What is held for good reason (slow levels) stays held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from gridopt.dispatch.piece import Piece, solve_piece
from gridopt.dispatch.plan import LazyRows, Plan
from gridopt.program.highs import BASIC


@dataclass
class Joined:
    """Statuses by place of all columns and core rows (links first), lazy rows, and which steps each piece had."""

    column: np.ndarray
    row: np.ndarray
    lazy: LazyRows
    pieces: list[Piece]


def join(plan: Plan, pieces: list[Piece]) -> Joined:
    """The pieces as they are. A link in one piece keeps its status, one in several begins with its slack basic."""
    seen: dict[int, list[int]] = {}
    for p in pieces:
        for i, status in p.link.items():
            seen.setdefault(i, []).append(status)
    link = np.array([seen[i][0] if len(seen.get(i, ())) == 1 else BASIC for i in plan.links_of(0, plan.steps)[0].tolist()], np.int32)
    column, row = (np.concatenate([getattr(p, name) for p in pieces]) for name in ("column", "row"))
    return Joined(column, np.append(link, row), _merged([p.lazy for p in pieces]), pieces)


def sew(plan: Plan, joined: Joined, width: int, apply: Callable[..., Iterable[Piece]]) -> None:
    """Solves `width` steps on both sides of each cut; `apply` maps a function over the cuts, side by side if it likes."""
    x = np.concatenate([p.x for p in joined.pieces])
    row = np.append(plan.known.row[: plan.links], joined.row[len(joined.row) - (len(plan.rows) - plan.links) :])
    order = replace(plan, known=replace(plan.known, x=x, column=joined.column.copy(), row=row, lazy=joined.lazy))
    inside, found = np.zeros(plan.steps + 1, bool), []
    first_row = len(joined.row) - len(plan.rows)
    for seam in apply(lambda p: solve_piece(order, p.last - width, p.last + width, p.last), joined.pieces[:-1]):
        joined.column[plan.cols(seam.first, seam.last)] = seam.column
        core = plan.core(seam.first, seam.last)
        joined.row[core.start + first_row : core.stop + first_row] = seam.row
        # Lazy rows that look back from the first step are those of the piece.
        inside[seam.first + 1 : seam.last] = True
        found.append({name: _where(rows, rows[1] > seam.first) for name, rows in seam.lazy.items()})
    joined.lazy = _merged([{name: _where(rows, ~inside[rows[1]]) for name, rows in joined.lazy.items()}, *found])


def _where(rows: tuple[np.ndarray, ...], chosen: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(part[chosen] for part in rows)


def _merged(parts: list[LazyRows]) -> LazyRows:
    """Lazy rows of several stretches by family."""
    names = dict.fromkeys(name for p in parts for name in p)
    return {name: tuple(np.concatenate(v) for v in zip(*(p[name] for p in parts if name in p), strict=True)) for name in names}
