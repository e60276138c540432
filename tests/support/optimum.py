"""Proofs of optimality that share no code with the solver or with `dual_bound`."""

from __future__ import annotations

import numpy as np

from gridopt.dispatch.single import dispatch

FEASIBLE = 1e-6


def duality_gap(form, x, y, tol=1e-7) -> float:
    """Cost of x less the bound proved by duals y; zero only if both are optimal. A square cost is at least its tangent at x."""

    def least(d, lower, upper):
        edge = np.where(d > tol, lower, np.where(d < -tol, upper, 0.0))
        return np.where(np.abs(d) > tol, d, 0.0) @ edge

    reduced = form.cost + 2.0 * form.square * x - form.matrix.T @ y
    return (form.cost + 2.0 * form.square * x) @ x - (least(y, form.row_lower, form.row_upper) + least(reduced, form.lower, form.upper))


def worst_break(form, x) -> float:
    """Largest amount by which x leaves a bound or a row of the form."""
    activity = form.matrix @ x
    parts = (form.lower - x, x - form.upper, form.row_lower - activity, activity - form.row_upper)
    return max(float(p.max(initial=0.0)) for p in parts)


def worst_lazy_break(model, x) -> float:
    """Largest amount by which x breaks any row of any lazy family, written or not."""
    worst = 0.0
    for f in model.builder.lazy_families:
        if f.activity is None:
            assert not len(f.broken(x, FEASIBLE)[0]), f.family.name
            continue
        activity = f.activity(x)
        worst = max(worst, float((activity - f.upper).max(initial=0.0)), float((f.lower - activity).max(initial=0.0)))
    return worst


def worst_slack(form, x, y, tol=1e-6) -> float:
    """Complementary slackness: distance from the bound that a dual or a reduced cost beyond `tol` points to."""
    reduced = form.cost + 2.0 * form.square * x - form.matrix.T @ y
    worst = 0.0
    for d, value, lower, upper in ((y, form.matrix @ x, form.row_lower, form.row_upper), (reduced, x, form.lower, form.upper)):
        for side, bound in ((d > tol, lower), (d < -tol, upper)):
            worst = max(worst, float(np.abs(value - bound)[side].max(initial=0.0)))
    return worst


def assert_optimal(found) -> None:
    """The final form (with every lazy row that was written): x feasible for all rows, y proves it optimal, slackness holds."""
    s = found.solution
    assert worst_break(s.form, s.x) <= FEASIBLE
    assert worst_lazy_break(found.model, s.x) <= FEASIBLE
    assert abs(duality_gap(s.form, s.x, s.y)) <= 1e-7 * max(1.0, abs(s.objective))
    assert worst_slack(s.form, s.x, s.y) <= FEASIBLE
    assert abs(sum(found.costs.values()) - s.objective) <= 1e-9 * max(1.0, abs(s.objective))


def solve(case):
    """Dispatch of `case` with its optimum proven."""
    found = dispatch(case)
    assert_optimal(found)
    return found
