"""Builder: shapes and broadcasting, sums of duplicates, refusals, ports, lazy families, tightened bounds."""

import numpy as np
import pytest
import scipy.sparse as sp

from gridopt.dispatch.lazy import Relaxed, solve
from gridopt.program.builder import INF, Builder
from gridopt.program.solution import Values

TIME = np.arange(3)


def over(*names, **more):
    return {"item": np.array(names, dtype=object), "time": TIME} | more


def test_columns_are_shaped_like_their_coordinates_and_bounds_broadcast():
    """Two items, three steps: ids 0..5 by row, lower per item, upper per step; the next family goes on at 6."""
    b = Builder(3)
    x = b.columns("x", unit="MW", over=over("p", "q"), lower=np.array([[1.0], [2.0]]), upper=np.array([7.0, 8.0, 9.0]))
    y = b.columns("y", unit="MW", over={"time": TIME})
    assert x.tolist() == [[0, 1, 2], [3, 4, 5]] and y.tolist() == [6, 7, 8]
    form = b.form()
    assert form.lower.tolist() == [1, 1, 1, 2, 2, 2, 0, 0, 0]
    assert form.upper.tolist() == [7, 8, 9, 7, 8, 9, INF, INF, INF]
    assert form.column_step.tolist() == [0, 1, 2, 0, 1, 2, 0, 1, 2]


def test_rows_take_equal_or_bounds_and_know_their_step():
    b = Builder(3)
    b.columns("x", unit="MW", over=over("p"))
    b.rows("r", unit="MW", over={"time": TIME}, equal=np.array([1.0, 2.0, 3.0]))
    b.rows("total", unit="MWh", over={"item": np.array(["p"])}, upper=9.0)
    form = b.form()
    assert form.row_lower.tolist() == [1, 2, 3, -INF] and form.row_upper.tolist() == [1, 2, 3, 9]
    assert form.row_step.tolist() == [0, 1, 2, -1]


def test_a_form_is_the_same_again_and_grows_with_what_comes_after_it():
    b = Builder(2)
    over = {"time": np.arange(2)}
    x, row = b.columns("x", unit="MW", over=over, upper=4.0), b.rows("r", unit="MW", over=over, equal=3.0)
    b.term(row, x, 2.0)
    b.tighten(x[:1], upper=1.0)
    first, again = b.form(), b.form()
    assert again is first and again.upper.tolist() == [1.0, 4.0]
    y = b.columns("y", unit="MW", over=over, upper=7.0)
    b.term(row, y, 5.0)
    b.term(row, x, 1.0)
    more = b.form()
    assert more.matrix.toarray().tolist() == [[3.0, 0.0, 5.0, 0.0], [0.0, 3.0, 0.0, 5.0]]
    assert more.upper.tolist() == [1.0, 4.0, 7.0, 7.0] and first.matrix.shape == (2, 2) and first.upper.tolist() == [1.0, 4.0]


@pytest.mark.parametrize(
    ("more", "value"),
    [
        (lambda b, x: b.cost("c", x, 2.0), lambda f: f.cost.tolist() == [3.0, 3.0]),
        (lambda b, x: b.square_cost("c", x, 2.0), lambda f: f.square.tolist() == [2.0, 2.0]),
        (lambda b, x: b.fixed_cost("c", 2.0), lambda f: f.offset == 2.0),
        (lambda b, x: b.tighten(x, upper=2.0), lambda f: f.upper.tolist() == [2.0, 2.0]),
        (lambda b, x: b.columns("y", unit="MW", over={}), lambda f: len(f.cost) == 3),
        (lambda b, x: b.rows("r", unit="MW", over={}), lambda f: len(f.row_lower) == 2),
        (lambda b, x: b.term(np.zeros(1, int), x[:1], 2.0), lambda f: f.matrix.toarray().tolist() == [[3.0, 1.0]]),
    ],
)
def test_whatever_is_added_to_a_form_is_in_the_next(more, value):
    b = Builder(2)
    x = b.columns("x", unit="MW", over={"time": np.arange(2)}, upper=4.0)
    b.term(b.rows("all", unit="MW", over={}), x)
    b.cost("c", x, 1.0)
    first = b.form()
    more(b, x)
    assert value(b.form()) and not value(first)


def test_terms_broadcast_and_duplicates_add_up():
    """x in every row with coefficient 2 and again with 0.5; zeros are left out of the matrix."""
    b = Builder(3)
    x = b.columns("x", unit="MW", over=over("p"))
    row = b.rows("r", unit="MW", over={"time": TIME})
    total = b.rows("total", unit="MWh", over={"item": np.array(["p"])})
    b.term(row, x[0], 2.0)
    b.term(row, x[0], 0.5)
    b.term(total, x, [1.0, 0.0, 3.0])
    assert b.form().matrix.toarray().tolist() == [[2.5, 0, 0], [0, 2.5, 0], [0, 0, 2.5], [1, 0, 3]]
    assert b.form().matrix.nnz == 5


def test_costs_add_up_under_their_names():
    b = Builder(3)
    x = b.columns("x", unit="MW", over=over("p"))
    b.cost("fuel", x, [1.0, 2.0, 3.0])
    b.cost("fuel", x[:, 0], 10.0)
    b.cost("tax", x, 0.5)
    b.fixed_cost("rent", 4.0)
    b.fixed_cost("rent", 5.0)
    assert b.form().cost.tolist() == [11.5, 2.5, 3.5] and b.form().offset == 9.0
    assert list(b.costs) == ["fuel", "tax"] and b.fixed_costs == {"rent": 9.0}


def test_declaring_a_family_twice_is_refused():
    b = Builder(3)
    b.columns("x", unit="MW", over=over("p"))
    b.rows("x", unit="MW", over=over("p"))  # rows have names of their own
    with pytest.raises(ValueError, match="column family 'x' is declared twice"):
        b.columns("x", unit="MW", over=over("q"))
    with pytest.raises(ValueError, match="row family 'x' is declared twice"):
        b.rows("x", unit="MW", over=over("q"))


def test_bounds_that_do_not_fit_are_refused():
    b = Builder(3)
    with pytest.raises(ValueError):
        b.columns("x", unit="MW", over=over("p", "q"), upper=np.zeros(2))


def test_empty_family():
    b = Builder(3)
    x = b.columns("x", unit="MW", over=over())
    row = b.rows("r", unit="MW", over=over(), equal=np.zeros((0, 3)))
    b.term(row, x)
    b.cost("none", x, 1.0)
    form = b.form()
    assert x.shape == (0, 3) and form.matrix.shape == (0, 0) and len(form.cost) == 0


def test_ports_sum_columns_and_constants():
    """Place 0: 2 x + 5, place 1: -x + y + (1, 2, 3), two offers to one place add up."""
    b = Builder(3)
    x, y = (b.columns(n, unit="MW", over=over("p")) for n in "xy")
    port = b.port("injection", 2)
    port.add([0], x, 2.0, constant=5.0)
    port.add([1], x, -1.0)
    port.add([1], y, constant=[[1.0, 2.0, 3.0]])
    value = np.array([10.0, 20.0, 30.0, 1.0, 1.0, 1.0])
    assert b.port("injection").constant.tolist() == [[5, 5, 5], [1, 2, 3]]
    assert port.value(value).tolist() == [[25, 45, 65], [-8, -17, -26]]
    assert port.value(value, slice(1, 3)).tolist() == [[45, 65], [-17, -26]]
    port.add([0], constant=1.0)
    assert port.constant[0].tolist() == [6, 6, 6], "a constant offered after the first look must count"


def test_port_rows_written_out_equal_the_port_evaluated():
    """Random weights: the triplets and constants of `weighted` give the same number as weights times `value`."""
    rng = np.random.default_rng(1)
    b = Builder(3)
    x = b.columns("x", unit="MW", over=over("p", "q", "r", "s"))
    port = b.port("injection", 3)
    port.add([0, 1, 1, 2], x, rng.normal(size=(4, 3)), constant=rng.normal(size=(4, 1)))
    port.add([2, 2], x[:2], -1.0)
    weights, steps, value = rng.normal(size=(5, 3)) * (rng.random((5, 3)) > 0.3), np.array([0, 2, 1, 2, 0]), rng.normal(size=12)
    row, col, coef, constant = port.weighted(weights, steps)
    written = sp.csr_array((coef, (row, col)), shape=(5, 12)) @ value + constant
    assert written == pytest.approx(np.einsum("kp,pk->k", weights, port.value(value)[:, steps]))


def test_a_port_must_be_opened_before_it_is_drawn_on():
    with pytest.raises(KeyError, match="'heat' is drawn on before any block opened it"):
        Builder(3).port("heat")


def test_tighten_lowers_only():
    b = Builder(3)
    x = b.columns("x", unit="MW", over=over("p"), upper=5.0)
    b.tighten(x, upper=[[3.0, 9.0, 5.0]])
    b.tighten(x[:, 0], upper=2.0)
    assert b.form().upper.tolist() == [2, 5, 5]


def lazy_builder():
    """min -x over three steps, x <= 10, lazily x[t] + 1 <= (20, 6, 4): x = 10, 5, 3, written at steps 1 and 2 only."""
    b = Builder(3)
    x = b.columns("x", unit="MW", over=over("p"), upper=10.0)
    b.cost("gain", x, [[-1.0, -2.0, -3.0]])

    def expand(element, step):
        return np.arange(len(element)), x[element, step], np.ones(len(element)), np.ones(len(element))

    b.lazy(
        "cap",
        unit="MW",
        over=over("p"),
        bounds=(-INF, np.array([[20.0, 6.0, 4.0]])),
        activity=lambda v, steps: v[x[:, steps]] + 1.0,
        expand=expand,
    )
    return b


def test_lazy_rows_are_written_when_broken_and_their_duals_come_back_in_place():
    b = lazy_builder()
    solution = solve(Relaxed(b.form(), b.lazy_families))
    values = Values(b, solution)
    assert values["x"].tolist() == [[10, 5, 3]]
    assert values.dual("cap").tolist() == [[0, -2, -3]]
    assert len(solution.form.row_lower) == 2
    assert solution.objective == pytest.approx(-10 - 10 - 9) and solution.gap == pytest.approx(0)


def test_unknown_family_is_an_error():
    b = lazy_builder()
    values = Values(b, solve(Relaxed(b.form(), b.lazy_families)))
    for ask in (values.__getitem__, values.dual, values.reduced_cost):
        with pytest.raises(KeyError, match="there is no family 'y'"):
            ask("y")


def test_reduced_cost_is_what_one_more_unit_would_cost():
    """x[0] sits at its upper bound and would gain 1 more per unit; x[1], x[2] are held by rows: 0."""
    b = lazy_builder()
    values = Values(b, solve(Relaxed(b.form(), b.lazy_families)))
    assert values.reduced_cost("x").tolist() == [[-1, 0, 0]]


def test_an_outline_is_the_program_without_its_rows():
    """Two columns, two rows with three coefficients, one of them in two parts and one of zero: columns and costs as in the form, 2 rows, 4
    coefficients; nothing to solve."""

    def built(outlined):
        b = Builder(2, outlined)
        x = b.columns("x", unit="MW", over={"time": np.arange(2)}, lower=1.0, upper=9.0)
        b.cost("x", x, [5.0, 7.0])
        b.square_cost("x", x, [0.0, 2.0])
        b.fixed_cost("f", 3.0)
        row = b.rows("r", unit="MW", over={"time": np.arange(2)}, lower=4.0)
        for coef in ([1.0, 0.0], [1.0, 1.0]):
            b.term(row, x, coef)
        b.term(row[0], x[1])
        b.tighten(x[:1], upper=6.0)
        return b

    form, outlined = built(False).form(), built(True)
    outline = outlined.outline()
    for name in ("cost", "square", "offset", "lower", "upper"):
        assert np.array_equal(getattr(outline, name), getattr(form, name))
    assert form.size == {"columns": 2, "rows": 2, "nonzeros": 3}
    assert outline.size == {"columns": 2, "rows": 2, "nonzeros": 4}
    assert outline.upper.tolist() == [6.0, 9.0] and outline.cost.tolist() == [5.0, 7.0]
    with pytest.raises(TypeError, match="no coefficients"):
        outlined.form()
