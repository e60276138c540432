"""Key `market.settlement` of a study: what is settled how, and who bears what is left. The defaults are those of the Gansu spot market.

Sources: Electricity Spot Market Practice (National Dispatch Centre), ch. 20 Gansu: contracts settle by the difference of quantities,
regulation is paid by generators; NDRC Document 136 of 2025 and the draft of Gansu: mechanism price against the price in real time, borne by
commercial and industrial users. Who bears residuals, and in which period, are choices of the design.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Payers = Literal["load", "commercial", "peak", "generation", "renewables", "deviation", "tariff"]
Horizon = Literal["period", "day", "month", "whole"]
Stage = Literal["DA", "RT"]
Share = Annotated[float, Field(ge=0, le=1)]
Hour = Annotated[int, Field(ge=0, le=23)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Allocation(_Part):
    """Who bears what an account lacks, or gets what it holds, by MWh in each horizon. load: users; commercial: users in the market; peak:
    users by their load in peak_hours; generation, renewables: plants by output; deviation: everyone by what differs from day-ahead;
    tariff: the grid tariff, as one account."""

    payers: Payers = "load"
    horizon: Horizon = "month"


class Allocations(_Part):
    """By account."""

    congestion: Allocation = Allocation()
    loss: Allocation = Allocation(payers="tariff")
    zone_spread: Allocation = Allocation()
    basis: Allocation = Allocation()
    cap_adjust: Allocation = Allocation()
    uplift: Allocation = Allocation(horizon="day")
    reserve: Allocation = Allocation()
    commitment: Allocation = Allocation(horizon="day")
    network: Allocation = Allocation(payers="tariff")
    dual_track: Allocation = Allocation(payers="commercial")
    mechanism: Allocation = Allocation(payers="commercial")
    capacity: Allocation = Allocation(payers="commercial")
    agc: Allocation = Allocation(payers="generation")
    agc_opportunity: Allocation = Allocation(payers="generation")
    deep_peak: Allocation = Allocation(payers="generation")
    deviation: Allocation = Allocation()


class Contracts(_Part):
    """For contracts that do not say themselves: settlement by quantity (qd) or by price (cfd), and where the price of a cfd is taken."""

    settlement: Literal["qd", "cfd"] = "qd"
    reference: Literal["seller", "buyer", "system"] = "buyer"
    reference_run: Stage = "DA"


class MechanismRules(_Part):
    """For mechanism volumes that do not say themselves."""

    reference_run: Stage = "RT"


class CapacityRules(_Part):
    """A store counts by full-power hours over longest_peak_h, the longest peak of the net load in a year. non_delivery: what is available
    falls short of declared capacity times factor; the shortfall is not paid."""

    longest_peak_h: Annotated[float, Field(gt=0, le=24)] = 6.0
    non_delivery: bool = False


class RightsRules(_Part):
    """Congestion rent covers rights in each horizon; where it is short, all are paid the same part (pro rata) or in full."""

    horizon: Horizon = "month"
    pro_rata: bool = True


class MakeWhole(_Part):
    """Plants of these kinds that lose money in a horizon are made whole; real time (two_stage) after day-ahead.

    payers: account (see allocations.uplift), zone (users of the plant's zone), cause (those, where congestion raises the price at the
    plant, which then runs for its zone; else all users)."""

    enabled: bool = True
    kinds: list[Literal["unit", "generator", "csp", "storage", "pumped", "reservoir"]] = ["unit", "generator"]
    horizon: Literal["day", "whole"] = "day"
    two_stage: bool = True
    payers: Literal["account", "zone", "cause"] = "account"


class DeviationRules(_Part):
    """What differs from day-ahead by more than dead_band of it pays penalty_share of the price in real time."""

    enabled: bool = False
    dead_band: Share = 0.05
    penalty_share: Annotated[float, Field(ge=0, le=10)] = 0.1
    of: Literal["plants", "users", "all"] = "all"


class Tier(_Part):
    """Output below this share of the power of a plant is paid so much for each MWh that is missing."""

    below_share: Annotated[float, Field(gt=0, le=1)]
    price_cny_per_mwh: Annotated[float, Field(ge=0, le=10000)]


class DeepPeak(_Part):
    """Compensation of plants of these technologies that run far down; tiers fall in share."""

    enabled: bool = False
    technologies: list[str] = ["coal", "thermal"]
    tiers: list[Tier] = [Tier(below_share=0.5, price_cny_per_mwh=400.0), Tier(below_share=0.4, price_cny_per_mwh=800.0)]

    @model_validator(mode="after")
    def _falling(self) -> DeepPeak:
        shares = [t.below_share for t in self.tiers]
        if any(b >= a for a, b in zip(shares, shares[1:], strict=False)):
            raise ValueError(f"the shares of tiers, {', '.join(f'{s:g}' for s in shares)}, do not fall")
        return self


class Settlement(_Part):
    """Key `market.settlement`. plants: paid the price at their node, or what they offered (pay as bid). rules_of: a day whose rules of
    mechanism prices, guaranteed volumes and capacity hold, as if the studied period began on it; empty: those of the period itself."""

    plants: Literal["node", "offer"] = "node"
    contracts: Contracts = Contracts()
    mechanism: MechanismRules = MechanismRules()
    capacity: CapacityRules = CapacityRules()
    rights: RightsRules = RightsRules()
    make_whole: MakeWhole = MakeWhole()
    deviation: DeviationRules = DeviationRules()
    deep_peak: DeepPeak = DeepPeak()
    carbon: bool = True
    rules_of: date | None = None
    peak_hours: list[Hour] = [17, 18, 19, 20, 21]
    allocations: Allocations = Allocations()
