"""The pricing rule of a market study: as a function of a dispatch, the rules of settlement that go with it, and where it cannot be."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from gridopt.case.actual import actual
from gridopt.case.check import CaseError
from gridopt.dispatch.bus_weights import referred
from gridopt.dispatch.lmp import Prices
from gridopt.dispatch.result import Dispatch
from gridopt.program.solution import Infeasible
from gridopt.settlement.rules import Settlement
from gridopt.study.load import Loaded
from gridopt.study.market_case import check_figures, market_cases, market_of, options_within, to_be_priced
from gridopt.study.market_schema import Market


def pricing(loaded: Loaded, market: Market) -> Callable[[Dispatch], Prices]:
    """The rule as a function of a dispatch."""
    module = importlib.import_module(f"gridopt.pricing.{market.rule}")
    options = options_within(getattr(loaded.study.pricing, market.rule), market)

    def price(dispatch: Dispatch) -> Prices:
        base = to_be_priced(dispatch, market)
        prices = module.price(base.case, base, options)
        if prices.settled and prices.change is not None and prices.change.after is None:
            begin = str(dispatch.case.time.start[0]).replace("T", " ")[:16]
            raise Infeasible(f"from {begin}: no redispatch makes the network carry the schedule of rule {market.rule}")
        return referred(prices, dispatch, loaded.study.pricing.slack)

    return price


def settlement_rules(market: Market) -> Settlement:
    """The rules of settlement of a study: where everyone is paid as offered, plants are."""
    return market.settlement.model_copy(update={"plants": "offer"}) if market.rule == "pab" else market.settlement


def runs_real_time(loaded: Loaded, market: Market) -> bool:
    """Whether real time is cleared: where it is asked for, or where something comes otherwise than expected."""
    asked, f = market.real_time.enabled, market.forecast
    return asked if asked is not None else bool(len(loaded.case.table("real_time")) or f.wind or f.solar or f.load)


def check_rule(loaded: Loaded, market: Market) -> None:
    """Raises CaseError for a rule that pays a schedule which is not the one that real time begins from."""
    if getattr(loaded.study.pricing, market.rule).own_schedule:
        whose = f"key 'market.rule': '{market.rule}' pays a schedule of its own, from which real time does not deviate"
        raise CaseError([f"{whose}. Write another rule, or market.real_time.enabled: false."])


def check_market(loaded: Loaded) -> None:
    """Raises CaseError with every fault of what the market of a study clears; nothing where it is none."""
    market = market_of(loaded.study, loaded.case)
    if market is not None:
        check_figures(loaded.case, market)
        market_cases(actual(loaded.case), market)
        if runs_real_time(loaded, market):
            check_rule(loaded, market)
