"""Participants: what hangs together, against joining one pair after the other."""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp

from gridopt.dispatch.elements import groups
from gridopt.dispatch.lazy import written
from gridopt.program.standard_form import extend
from tests.support import market
from tests.support.market import cleared


@pytest.mark.parametrize("seed", range(60))
def test_columns_hang_together_by_private_rows_and_elements(seed):
    """Columns of one row that is not shared, and of one element, are one group; so are those that such pairs lead to."""
    rng = np.random.default_rng(seed)
    n, m, elements = rng.integers(1, 12), rng.integers(0, 10), rng.integers(1, 8)
    matrix = sp.csr_array((rng.random((m, n)) < 0.2).astype(float))
    label = np.unique(rng.integers(0, elements, n), return_inverse=True)[1]
    shared = np.flatnonzero(rng.random(m) < 0.3)
    of = list(range(n))
    pairs = [(i, j) for i in range(n) for j in range(i) if label[i] == label[j]]
    pairs += [(i, j) for r in set(range(m)) - set(shared) for i in matrix[[r]].indices for j in matrix[[r]].indices]
    for i, j in pairs:
        of = [of[i] if g == of[j] else g for g in of]
    found = groups(SimpleNamespace(matrix=matrix), shared, label)
    assert ((found[:, None] == found) == (np.array(of)[:, None] == of)).all()


def test_further_rows_do_not_widen_the_indices_of_a_program():
    """Half of what a matrix takes beside its coefficients; HiGHS takes the narrow ones."""
    builder = cleared(market.RING).model.builder
    form, family = builder.form(), next(f for f in builder.lazy_families if f.family.size)
    rows = written(family, np.zeros(1, np.int64), np.zeros(1, np.int64), len(form.cost))
    assert rows.matrix.nnz > 0 and rows.matrix.indices.dtype == np.int32
    assert extend(form, rows).matrix.indices.dtype == form.matrix.indices.dtype == np.int32
