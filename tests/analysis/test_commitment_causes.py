"""Curtailment because something that is switched cannot give less, or cannot change fast enough."""

from dataclasses import replace

import pytest

from gridopt.analysis import curtailment, emissions
from gridopt.dispatch.lmp import price
from gridopt.dispatch.single import dispatch
from gridopt.dispatch.whole import Search
from tests.blocks.test_commitment import built, committed, generator
from tests.support.certify import certificate

WIND = [dict(renewable="w", bus="A", technology="wind", power_max_mw=30.0)]


def causes(made) -> dict[str, float]:
    found = dispatch(made, search=Search(gap=0.0))
    assert certificate(found).passed
    table = curtailment.by_plant(found, curtailment.causes(found, price(found)))
    return {r.cause: r.curtailed_mwh for r in table.itertuples()}


def test_least_output_of_what_is_on():
    """Load 35, wind 30, the generator must give 10: 5 MW of wind are curtailed because it cannot give less."""
    assert causes(built([35.0], [generator()], [committed(must_run=True)], renewable=WIND)) == {"min_output:other": pytest.approx(5.0)}


def test_ramp_of_what_is_on():
    """Load 40 and then 70; it may rise by 15 MW an hour. Hour 1 needs 40 MW beside the wind, hour 0 then 25, so 15 MW of wind are
    curtailed. One more MW of ramp saves 10 CNY: rent 15 x 10; so does one MW less of least output: rent 10 x 10. Shares 3 to 2."""
    slow = generator(ramp_fraction_per_min=15 / 60 / 50)
    assert causes(built([40.0, 70.0], [slow], [committed(must_run=True)], renewable=WIND)) == {
        "ramp": pytest.approx(9.0), "min_output:other": pytest.approx(6.0)}  # fmt: skip


def test_emissions_by_unit():
    """Burnt 39 + 8 = 47 tce/h at 40 MW (see the fuel curve of a unit), 2 t each."""
    kind = dict(unit_type="k", min_load_fraction=0.3, fuel_rate_full_tce_per_mwh=1.0, fuel_rate_extra_half_tce_per_mwh=0.1,
                fuel_rate_extra_low_tce_per_mwh=0.3)  # fmt: skip
    fuel = dict(fuel="dirty", price_cny_per_tce=10.0, co2_t_per_tce=2.0)
    unit = dict(unit="u", bus="A", unit_type="k", fuel="dirty", power_max_mw=100.0)
    for mode in ("exact", "relaxed"):
        found = dispatch(replace(built([40], [], [], unit_type=[kind], fuel=[fuel], unit=[unit]), commitment=mode))
        assert emissions.by_unit(found).set_index("unit").loc["u", "co2_t"] == pytest.approx(94.0 if mode == "exact" else 2 * 40.0)
