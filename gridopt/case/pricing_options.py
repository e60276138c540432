"""Parameters of pricing rules: what a study or a market case may say under `pricing`, one section for each rule that has any.

Prices CNY/MWh, powers MW, times h. Every default is what the rule is without a word.
"""

from __future__ import annotations

from math import inf
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from gridopt.case.check import nearest

Choice = Literal["lower", "mid", "upper"]
Positive = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Options(BaseModel):
    """Keys of a section; a rule without parameters knows none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def lacking(self) -> list[str]:
        """Sentences on what the rule cannot do without and was not given."""
        return []

    def within(self, floor: float, cap: float) -> Self:
        """The same for a market that cuts prices off at a floor and a cap: rules that look for the best prices look between them."""
        return self

    @property
    def own_schedule(self) -> bool:
        """Whether participants are paid for a schedule of the rule in place of the cleared one."""
        return False


class Selected(Options):
    """selection: which prices are taken where more than one set is right: the lowest payment of the demand, the highest, or the mean."""

    selection: Choice = "lower"


class Edged(Selected):
    """Of a rule that has to know the prices at which plants are settled, where a market cuts them off."""

    _edge: tuple[float, float] = PrivateAttr((-inf, inf))

    @property
    def edge(self) -> tuple[float, float]:
        """Lowest and highest price at which plants are settled."""
        return self._edge

    def within(self, floor: float, cap: float) -> Self:
        found = self.model_copy()
        found._edge = floor, cap
        return found


class ZonalAvg(Edged):
    """weights: by what the mean of a zone is taken; fixed: weight of each bus for `weights: fixed`; zones: those of the buses, or one."""

    weights: Literal["generation", "load", "fixed"] = "generation"
    fixed: dict[str, Positive] = {}
    zones: Literal["zone", "one"] = "zone"

    @model_validator(mode="after")
    def _used(self) -> ZonalAvg:
        if (self.weights == "fixed") != bool(self.fixed):
            raise ValueError("'fixed' (a weight for each bus) belongs to 'weights: fixed', and the other way round")
        return self


class Redispatch(Options):
    """How a schedule that the network does not carry is changed: at cost, at bids (`up_adder`, `down_adder` on the offers), or by
    trade against the flow between zones. commitment: held as in the schedule, or free."""

    mode: Literal["cost", "bid", "counter_trade"] = "cost"
    commitment: Literal["held", "free"] = "held"
    up_adder_cny_per_mwh: Positive = 0.0
    down_adder_cny_per_mwh: Positive = 0.0


class Border(Options):
    """Trade between two zones: at most `mw` from the first to the second and `back_mw` (the same where left out) the other way."""

    from_zone: str
    to_zone: str
    mw: Positive
    back_mw: Positive | None = None


class SplitAtc(Selected):
    """borders: zones that trade with each other; zones without a border trade with no other."""

    borders: list[Border] = []
    redispatch: Redispatch = Redispatch()

    @property
    def own_schedule(self) -> bool:
        return True


class SplitFb(Selected):
    """gsk: by what a change of a zone's position is laid on its buses; keys: share of each bus for `gsk: fixed`; base: schedule from
    which margins are counted; frm: reliability margin MW and as a share of the limit; elements: branches that are watched (empty: all);
    least_effect: MW per MW traded between two zones from which a branch is watched."""

    gsk: Literal["capacity", "generation", "flat", "fixed"] = "capacity"
    keys: dict[str, Positive] = {}
    base: Literal["smp", "cleared"] = "smp"
    frm_mw: Positive = 0.0
    frm_share: Share = 0.0
    elements: list[str] = []
    least_effect: Share = 0.05
    redispatch: Redispatch = Redispatch()

    @model_validator(mode="after")
    def _used(self) -> SplitFb:
        if (self.gsk == "fixed") != bool(self.keys):
            raise ValueError("'keys' (a share for each bus) belongs to 'gsk: fixed', and the other way round")
        return self

    @property
    def own_schedule(self) -> bool:
        return True


class Smp(Edged):
    """Who is paid for being constrained on (its cost above the price) and off (the price above its cost)."""

    constrained_on: bool = True
    constrained_off: bool = False
    redispatch: Redispatch = Redispatch()


class PabShaded(Selected):
    """share: how far offers below the forecast price are raised to it; forecast: that of a market without a network, or nodal."""

    share: Share = 1.0
    forecast: Literal["smp", "ip"] = "smp"

    @property
    def own_schedule(self) -> bool:
        return True


class Elmp(Selected):
    """eligible: units whose fixed costs count: all, those that are on, or those that start within `fast_start_h` (by their
    notice; where none is given, by their minimum up time)."""

    eligible: Literal["all", "fast", "online"] = "all"
    fast_start_h: Positive = 1.0


class Aic(Selected):
    """held: a unit that loses money may, in the pricing run, do anything below its schedule, or only its schedule or nothing."""

    held: Literal["below", "cleared"] = "below"


class Minmwp(Options):
    """Floor and cap of the prices that may be found. Without a floor the payment of the load may have no least value, for output that
    is given anyway (wind) need not be paid for."""

    floor_cny_per_mwh: float | None = 0.0
    cap_cny_per_mwh: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Minmwp:
        low, high = self.floor_cny_per_mwh, self.cap_cny_per_mwh
        if low is not None and high is not None and low > high:
            raise ValueError(f"floor_cny_per_mwh {low:g} is above cap_cny_per_mwh {high:g}")
        return self

    def within(self, floor: float, cap: float) -> Self:
        low, high = self.floor_cny_per_mwh, self.cap_cny_per_mwh
        low = floor if low is None else min(max(low, floor), cap)
        return self.model_copy(update={"floor_cny_per_mwh": low, "cap_cny_per_mwh": cap if high is None else max(min(high, cap), low)})


class Ordc(Selected):
    """Value of reserve: value of lost load x chance that less than `minimum_mw` is left, the error of the net forecast being normal with
    mean and deviation. response_min: minutes within whose ramp reserve counts (empty: ramps are no limit). mode: added to the prices
    afterwards, or cleared together with energy in blocks of `block_mw` up to `reach_mw`."""

    mode: Literal["adder", "cooptimised"] = "adder"
    voll_cny_per_mwh: Positive = 10000.0
    minimum_mw: Positive = 0.0
    mean_mw: float = 0.0
    deviation_mw: Annotated[float, Field(gt=0)] = 100.0
    response_min: Annotated[float, Field(gt=0, le=1440)] | None = 10.0
    blocks: list[tuple[Positive, Positive]] = []
    block_mw: Annotated[float, Field(gt=0)] = 50.0
    reach_mw: Positive = 500.0

    @property
    def own_schedule(self) -> bool:
        return self.mode == "cooptimised"


class Admin(Options):
    """Suspended market: prices of a day before, of a day that is alike, or one price. `file`: table of prices of earlier days."""

    source: Literal["fixed", "previous_day", "similar_day"] = "fixed"
    price_cny_per_mwh: float | None = None
    file: str = ""

    @model_validator(mode="after")
    def _given(self) -> Admin:
        if self.source == "fixed" and self.file or self.source != "fixed" and not self.file:
            raise ValueError("'file' (prices of earlier days) belongs to 'source: previous_day' and 'similar_day', and they need it")
        return self

    def lacking(self) -> list[str]:
        if self.source != "fixed" or self.price_cny_per_mwh is not None:
            return []
        return ["rule admin: has no price. Give key 'pricing.admin.price_cny_per_mwh', or 'source' and 'file'."]


class Pricing(Options):
    """Sections by rule; slack: by what LMPs are split into energy, congestion and loss: shares of load, of generation, or one bus."""

    slack: Annotated[str, BeforeValidator(str)] = "load"
    ip: Selected = Selected()
    ip_full: Selected = Selected()
    zonal_avg: ZonalAvg = ZonalAvg()
    split_atc: SplitAtc = SplitAtc()
    split_fb: SplitFb = SplitFb()
    smp: Smp = Smp()
    pab: Options = Options()
    pab_shaded: PabShaded = PabShaded()
    elmp: Elmp = Elmp()
    achp: Selected = Selected()
    chp: Selected = Selected()
    aic: Aic = Aic()
    minmwp: Minmwp = Minmwp()
    ordc: Ordc = Ordc()
    admin: Admin = Admin()


USUAL = Pricing()
"""What holds where nothing is said."""
RULES = tuple(n for n in Pricing.model_fields if n != "slack")
"""Pricing rules: modules of gridopt.pricing with `price(case, dispatch, options) -> Prices`."""


def unknown(rule: str) -> str:
    """What is to be said of a name that is no rule."""
    return f"is not known{nearest(rule, RULES) or '.'} Known rules: {', '.join(RULES)}"
