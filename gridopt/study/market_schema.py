"""Key `market:` of a study: how the market clears. Every value is a parameter; the defaults are those of the Gansu spot market.

Sources: Electricity Spot Market Practice (National Dispatch Centre), ch. 20 Gansu: one curve per day, at most 10 segments, 40 to
650 CNY/MWh, users at most 5 segments an hour, real time every 15 minutes two hours ahead, frequency regulation after energy. Segments of at
least 10 % of capacity: rules V3.2 of the province. Penalties and forecast weights are choices of the design.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gridopt.case.actual import ForecastError
from gridopt.case.bid_rule import BidRule
from gridopt.case.pricing_options import RULES, unknown
from gridopt.settlement.rules import Settlement

Money = Annotated[float, Field(ge=-100000, le=1000000)]
Share = Annotated[float, Field(ge=0, le=1)]
SECURITY_SHARE = 2.0 / 3.0
"""Of the penalty of a limit, what the same limit after an outage costs where nothing is said."""


def _one_rule(name: str) -> str:
    if name not in RULES:
        raise ValueError(f"it {unknown(name)}")
    if name == "pab_shaded":
        raise ValueError("it pays a schedule and offers that the market does not clear. Write pab, or price by it with gridopt price")
    return name


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OfferRules(_Part):
    """What bids may look like."""

    floor_cny_per_mwh: Money = BidRule.floor
    cap_cny_per_mwh: Money = BidRule.cap
    segments: Annotated[int, Field(ge=1, le=1000)] = BidRule.segments
    least_share: Share = 0.1
    demand_segments: Annotated[int, Field(ge=1, le=1000)] = 5
    agc_cap_cny_per_mw: Annotated[float, Field(ge=0)] = 15.0
    agc_tick_cny_per_mw: Annotated[float, Field(ge=0)] = 0.1

    @model_validator(mode="after")
    def _order(self) -> OfferRules:
        if self.floor_cny_per_mwh > self.cap_cny_per_mwh:
            raise ValueError(f"floor_cny_per_mwh {self.floor_cny_per_mwh:g} is above cap_cny_per_mwh {self.cap_cny_per_mwh:g}")
        return self


class GeneratedBids(_Part):
    """Bids of units and renewables made from costs (gridopt/case/bid_rule.py): knots of the distribution of offers, a factor on its prices, and
    how far costs tell units apart."""

    shares: list[Share] = list(BidRule.shares)
    prices_cny_per_mwh: list[Money] = list(BidRule.prices)
    scale: Annotated[float, Field(gt=0, le=10)] = BidRule.scale
    cost_spread: Annotated[float, Field(ge=0, le=10)] = BidRule.spread
    price_step_cny_per_mwh: Annotated[float, Field(ge=0, le=1000)] = BidRule.step

    @model_validator(mode="after")
    def _knots(self) -> GeneratedBids:
        shares, prices = self.shares, self.prices_cny_per_mwh
        if len(shares) != len(prices) or len(shares) < 2:
            raise ValueError("shares and prices_cny_per_mwh must be two or more each, one price for each share")
        if shares != sorted(set(shares)) or prices != sorted(prices) or shares[0] != 0.0 or shares[-1] != 1.0:
            raise ValueError("shares must rise from 0 to 1, and prices must not fall")
        return self


class PriceLimits(_Part):
    """Limits of the prices that are settled. mode: offer (bids are checked, prices are left), penalty (penalties of the pricing run equal
    the cap), clip (prices are cut off at floor and cap, the difference is booked)."""

    mode: Literal["offer", "penalty", "clip"] = "offer"
    floor_cny_per_mwh: Money = 40.0
    cap_cny_per_mwh: Money = 650.0


class _OfLimits(_Part):
    """CNY/MWh of what violates limits of the network (line) and those after outages (security, empty: two thirds of line)."""

    line: Annotated[float, Field(gt=0)]
    security: Annotated[float, Field(gt=0)] | None = None

    @property
    def after_outages(self) -> float:
        return self.line * SECURITY_SHARE if self.security is None else self.security

    @model_validator(mode="after")
    def _falling(self) -> Self:
        if not self.line > self.after_outages:
            raise ValueError("the penalty of limits of the network (line) must be above that of limits after outages (security)")
        return self


class Penalties(_OfLimits):
    """What the clearing has to pay for violations, of the balance, too. Without them limits are hard, and load is shed at the tiers of the
    network; penalties of reserves stand in table reserve_shortage."""

    balance: Annotated[float, Field(gt=0)] = 100000.0
    line: Annotated[float, Field(gt=0)] = 60000.0

    @model_validator(mode="after")
    def _order(self) -> Self:
        if not self.balance > self.line:
            raise ValueError("the penalty of the balance must be above that of limits of the network")
        return self


class PricingPenalties(_OfLimits):
    """Those of the pricing run of mode penalty; balance: empty: the cap of prices."""

    balance: Annotated[float, Field(gt=0)] | None = None
    line: Annotated[float, Field(gt=0)] = 3000.0


class PreClearing(_Part):
    """Trade between provinces before the day-ahead market (gridopt/study/pre_clearing.py); tick_mw: multiples of so many MW, 0: any."""

    enabled: bool = False
    tick_mw: Annotated[float, Field(ge=0)] = 1.0


class DayAhead(_Part):
    """The day-ahead clearing: days decided one after the other, each with a look ahead in longer steps. commitment_step_minutes: steps in
    which it is decided what is on (0: those of the study)."""

    look_ahead_h: Annotated[float, Field(ge=0, le=336)] = 48.0
    look_ahead_step_h: Annotated[float, Field(ge=0, le=168)] = 3.0
    commitment_step_minutes: Annotated[float, Field(ge=0, le=1440)] = 0.0
    mip_gap: Annotated[float, Field(ge=0, le=1)] = 5e-3
    time_limit_s: Annotated[float, Field(gt=0)] | None = None
    reliability: bool = True


class RealTime(_Part):
    """The real-time clearing. mode: first (each interval priced by its own window), tlmp (unit-specific, ramps included), expost (one run
    over what has come). forecast_weights: part of the day-ahead forecast error that is still there so many intervals ahead; the last one
    goes on. enabled: empty: where something comes otherwise than expected (table real_time, key forecast). stores: free (stores and
    reservoirs leave their plan where that gains more than stores_margin_cny_per_mwh), held (they keep to it)."""

    enabled: bool | None = None
    intervals: Annotated[int, Field(ge=1, le=96)] = 8
    mode: Literal["first", "tlmp", "expost"] = "first"
    selection: Literal["lower", "upper", "mid", "solver"] = "lower"
    stores: Literal["free", "held"] = "free"
    stores_margin_cny_per_mwh: Annotated[float, Field(ge=0, le=100000)] = 50.0
    forecast_weights: list[Share] = [0.0, 0.15, 0.25, 0.35, 0.42, 0.48, 0.54, 0.6]


class Forecast(_Part):
    """Errors of what is expected a day ahead (gridopt/case/actual.py): standard deviations relative to what comes, hours over which they
    fade."""

    wind: Annotated[float, Field(ge=0, le=2)] = ForecastError.wind
    solar: Annotated[float, Field(ge=0, le=2)] = ForecastError.solar
    load: Annotated[float, Field(ge=0, le=2)] = ForecastError.load
    hours: Annotated[float, Field(gt=0, le=240)] = ForecastError.hours
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = ForecastError.seed


class Agc(_Part):
    """Frequency regulation. sequential: after energy, by mileage price over performance; co-optimised: with energy, as a reserve."""

    mode: Literal["off", "sequential", "co-optimised"] = "sequential"
    reserve: str = "agc"
    withhold: bool = False


class ReserveCurve(_Part):
    """A reserve asked for by a curve from the value of lost load (gridopt/case/ordc.py), in equal blocks up to to_mw."""

    reserve: str
    value_of_lost_load: Annotated[float, Field(ge=0, le=1000000)]
    least_mw: Annotated[float, Field(ge=0)] = 0.0
    mean_mw: float = 0.0
    deviation_mw: Annotated[float, Field(ge=0)]
    to_mw: Annotated[float, Field(gt=0)]
    blocks: Annotated[int, Field(ge=1, le=1000)] = 10


class Conduct(_Part):
    """The conduct test: an offer fails above its mean true cost plus threshold, or plus this share of the cost where that is less.
    impact_cny_per_mwh: what prices may fall by with the offers that fail at their costs (the day ahead is cleared again; empty: not)."""

    threshold_cny_per_mwh: Annotated[float, Field(ge=0)]
    share: Annotated[float, Field(ge=0, le=100)] | None = None
    impact_cny_per_mwh: Annotated[float, Field(ge=0)] | None = None


class Cannibalisation(_Part):
    """How the capture price of a technology falls with so many MW more of it; the day ahead is cleared again for each."""

    technology: str
    added_mw: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=1)]


class Figures(_Part):
    """What figures need besides the case: value of served load (empty: mean of the shedding tiers), fixed costs by technology for missing
    money, the tests of conduct and impact, the fall of a capture price (empty: none)."""

    value_of_load_cny_per_mwh: Annotated[float, Field(ge=0)] | None = None
    fixed_cost_cny_per_kw_year: dict[str, Annotated[float, Field(ge=0)]] = {}
    conduct: Conduct | None = None
    cannibalisation: Cannibalisation | None = None


class Market(_Part):
    """Key `market` of a study. lost_opportunity: what participants would rather have done is worked out for every run.
    explain: prices that are explained: all, one bus for each zone, none. dc_sets_price: a step of what DC links
    sell, sold in part, may set the price though a schedule holds the power (as dc_market.sets_price does for one)."""

    rule: Annotated[str, AfterValidator(_one_rule)] = "zonal_avg"
    explain: Literal["off", "zones", "all"] = "all"
    lost_opportunity: bool = True
    dc_sets_price: bool = False
    bids: Literal["given", "generated", "cost"] = "given"
    offers: OfferRules = OfferRules()
    generated: GeneratedBids = GeneratedBids()
    price: PriceLimits = PriceLimits()
    penalties_dispatch: Penalties | None = None
    penalties_pricing: PricingPenalties = PricingPenalties()
    reserve_curves: list[ReserveCurve] = []
    pre_clearing: PreClearing = PreClearing()
    day_ahead: DayAhead = DayAhead()
    real_time: RealTime = RealTime()
    forecast: Forecast = Forecast()
    agc: Agc = Agc()
    figures: Figures = Figures()
    settlement: Settlement = Settlement()
