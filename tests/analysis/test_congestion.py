"""Congestion: hours, shadow price and rent of branches and sections, by hand."""

import numpy as np
import pytest

from gridopt.analysis.congestion import congestion
from gridopt.dispatch.lmp import price
from gridopt.dispatch.single import dispatch
from tests.support.block_cases import buses, line, load, power_case, unit
from tests.support.certified_case import build
from tests.support.optimum import solve

COLUMNS = ["constraint", "kind", "name", "name_zh", "hours_binding", "mean_shadow_price", "rent_cny", "max_loading"]
AB = dict(
    bus=buses("A", "B"), unit=[unit("A", 10, 100), unit("B", 90, 100), unit("B", 50, 10)], load=[load("B", "b")],
    series={"b": [50, 35, 20]},
)  # fmt: skip


@pytest.mark.parametrize("minutes", [60, 15])
def test_V1_a_line_from_cheap_to_dear(minutes):
    """30 MW from 10 to 90, then to 50 CNY/MWh, then 20 MW without binding: (80 + 40) x 30 = 3600 CNY, 60 on the mean."""
    found = congestion(solve(power_case(3, minutes, line=[line("A", "B", 30.0, name="A - B", name_zh="甲乙")], **AB)))
    assert list(found.columns) == COLUMNS
    assert found.to_dict("records") == [
        dict(
            constraint="AB", kind="branch", name="A - B", name_zh="甲乙", hours_binding=pytest.approx(2),
            mean_shadow_price=pytest.approx(60), rent_cny=pytest.approx(3600), max_loading=pytest.approx(1),
        )
    ]  # fmt: skip


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_V1_a_section_in_either_direction(sign):
    """The same limit on a section: its rent is positive whichever way it counts. The line without a rating is not listed."""
    limit = dict(forward_mw=30.0, backward_mw=300.0) if sign > 0 else dict(forward_mw=300.0, backward_mw=30.0)
    section = dict(
        interface=[dict(interface="W"), dict(interface="free")],
        interface_limit=[dict(interface="W", **limit)],
        interface_member=[dict(interface="W", kind="line", element="AB", coefficient=sign)],
    )
    d = solve(power_case(3, line=[line("A", "B")], **section, **AB))
    found = congestion(d)
    assert found[["constraint", "kind"]].to_numpy().tolist() == [["W", "interface"]]
    assert found[COLUMNS[4:]].to_numpy()[0] == pytest.approx([2, 60, 3600, 1])
    assert d.interface_flow[0] == pytest.approx(sign * np.array([30, 30, 20]))
    assert d.interface_shadow_price == pytest.approx(np.array([[80, 40, 0], [0, 0, 0]]))


def test_loading_without_congestion():
    """20 of 30 MW."""
    found = congestion(solve(power_case(1, line=[line("A", "B", 30.0)], **AB | dict(series={"b": [20]}))))
    assert found["max_loading"].tolist() == pytest.approx([20 / 30])
    assert found[["hours_binding", "mean_shadow_price", "rent_cny"]].to_numpy().tolist() == [[0, 0, 0]]


def test_largest_rent_first_and_rent_is_what_the_network_earns():
    """With every element at work: rents of the AC part add up to price x (withdrawal - injection)."""
    d = dispatch(build())
    found = congestion(d)
    assert (found["rent_cny"].diff().dropna() <= 0).all() and found["rent_cny"].iloc[0] > 0
    hours = d.case.time.hours
    paid = -(price(d).price * d.injection).sum(axis=0) @ hours
    dc = 0.5 * d.quantities["dc_sent"].values[0]  # section west counts half of the link, which buses do not pay for
    assert found["rent_cny"].sum() == pytest.approx(paid + d.interface_shadow_price[0] @ (dc * hours))


def test_nothing_with_a_limit():
    found = congestion(solve(power_case(bus=buses("A"), unit=[unit("A", 10, 100)], load=[load("A", mean=5.0)])))
    assert list(found.columns) == COLUMNS and len(found) == 0
