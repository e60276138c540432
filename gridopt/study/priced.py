"""One clearing priced under many rules: load or clear, ask each rule, see what it leaves open for every participant."""

from __future__ import annotations

import importlib
import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gridopt.case.case import Case
from gridopt.case.check import CaseError, nearest
from gridopt.case.pricing_options import RULES, Options, Pricing, unknown
from gridopt.case.pricing_options import USUAL as USUAL_OPTIONS

USUAL = tuple(r for r in RULES if r not in ("split_atc", "ordc", "admin"))
"""Rules that say something without any parameter: what 'all' stands for."""
LINEAR = ("split_atc", "split_fb", "pab_shaded", "elmp", "achp", "chp", "aic", "minmwp")
"""Rules that know costs that are straight between points, no square ones."""
EXACT_GAP, EXACT = 0.0, 1e-9
"""Gap to which a case is cleared before it is priced: a schedule that is only nearly best can have prices far from the right ones;
and up to which it then counts as exact."""

BESIDE = 2
"""Rules priced side by side, each with what it makes of the clearing for itself: which share it is settled by their order alone."""


@dataclass(frozen=True)
class Priced:
    """Prices and uplift of one rule, and the seconds it took; found: its prices before floor and cap."""

    rule: str
    prices: Any
    uplift: Any
    seconds: float
    found: Any


def known_rules(text: str) -> list[str]:
    """Names of rules out of 'ip,chp'; 'all' for every one that needs no parameters. Raises CaseError that names those that are not known."""
    names = list(USUAL) if text.strip() == "all" else [n.strip() for n in text.split(",") if n.strip()]
    faults = [f"rule '{n}': {unknown(n)}." for n in names if n not in RULES]
    if faults or not names:
        raise CaseError(faults or [f"no rule is named. Known rules: {', '.join(RULES)}."])
    return list(dict.fromkeys(names))


def price_file(
    path: Path,
    rules: Sequence[str],
    overrides: dict[str, str],
    progress: Callable[[str], None],
    stop: threading.Event | None = None,
    output: Path | None = None,
) -> dict:
    """Prices a case, cleared first, or the clearing that a result folder keeps; the document for JSON. A limit of time, or `stop`, leaves
    prices of the best schedule by then, with a status and an exit code of their own. output: folder for tables and report, none if None.
    Raises CaseError, Infeasible, LimitReached, FileExistsError."""
    from gridopt.study.evidence import unserved
    from gridopt.study.store import LIMIT_REACHED

    if output is not None:
        from gridopt.study.run import check_free

        check_free(output)
    begun = time.perf_counter()
    cleared = clearing_of(path, overrides, progress, stop)
    spent, solved = time.perf_counter() - begun, cleared.solved
    check_rules(rules, solved.case, cleared.pricing)
    found = _side_by_side(cleared, rules)
    taken = time.perf_counter() - begun - spent
    if output is not None:
        from gridopt.study.priced_folder import write_folder

        progress(f"tables and report: {write_folder(output, cleared, found)}")
    solution = solved.solution
    status = {"status": "priced"} if solution.finished else {"status": "limit_reached", "exit_code": LIMIT_REACHED}
    return {
        **status, "case": cleared.name, "currency": cleared.currency, **cleared.origin, "objective": solution.objective,
        "bound": solution.least_cost, **quality(solved),
        "warnings": [*_doubts(cleared), *unserved(solved), *(unselected(p.rule) for p in found if not p.prices.selected)],
        "seconds": {"clearing": round(spent, 3), "rules": round(taken, 3)} | {p.rule: round(p.seconds, 3) for p in found},
        "rules": {p.rule: document(solved, p, cleared.kept) for p in found},
    }  # fmt: skip


def _doubts(cleared: Cleared) -> list[str]:
    """What does not fit together in the rules of the market, where there is one."""
    from gridopt.study.market_doubts import doubts

    return [] if cleared.market is None else doubts(cleared.solved.case, cleared.market)


def _side_by_side(cleared: Cleared, rules: Sequence[str]) -> list[Priced]:
    """Prices by each rule, in their order."""
    from gridopt.dispatch.bus_weights import referred

    def chain(number: int) -> list[Priced]:
        own = replace(cleared.solved)  # participants and the programs of their answers are made anew, and shared with no other thread
        found = [price_by(rule, own, getattr(cleared.pricing, rule), cleared.market, cleared.kept) for rule in rules[number::BESIDE]]
        slack = cleared.pricing.slack
        return [replace(p, prices=referred(p.prices, own, slack), found=referred(p.found, own, slack)) for p in found]

    with ThreadPoolExecutor(BESIDE) as pool:
        parts = list(pool.map(chain, range(BESIDE)))
    return [parts[k % BESIDE][k // BESIDE] for k in range(len(rules))]


@dataclass(frozen=True)
class Cleared:
    """A dispatch to be priced. pricing: parameters of the rules; origin: entries of the document on where it comes from; market: key `market`
    of the study, None without one; kept: number of periods before a look-ahead (None: all); costs: the case by costs, where bids stand for
    them (None: that which was cleared)."""

    name: str
    currency: str
    solved: Any
    pricing: Pricing
    origin: dict
    market: Any = None
    kept: int | None = None
    costs: Case | None = None


def clearing_of(path: Path, overrides: dict[str, str], progress: Callable[[str], None], stop: threading.Event | None) -> Cleared:
    """What a result folder keeps; else a study or case cleared now. Raises CaseError, Infeasible, LimitReached."""
    return _kept(path, overrides, progress) if is_run(path) else _cleared(path, overrides, progress, stop)


def is_run(path: Path) -> bool:
    """Whether a path is a result folder."""
    return path.is_dir() and (path / "manifest.json").is_file()


def quality(*solved) -> dict:
    """Widest gap of clearings, and whether all are proven to be the best: prices of another one may be far from the right ones."""
    solutions = [s.solution for s in solved]
    return {"gap": max(0.0, *(s.gap for s in solutions)), "exact": all(bool(s.finished and s.gap <= EXACT) for s in solutions)}


def _cleared(path: Path, overrides: dict[str, str], progress: Callable[[str], None], stop: threading.Event | None) -> Cleared:
    """The dispatch of a study or case, found now."""
    from gridopt.dispatch.infeasible import reasons
    from gridopt.dispatch.single import dispatch
    from gridopt.dispatch.whole import Search
    from gridopt.program.solution import Infeasible
    from gridopt.study.load import load_study
    from gridopt.study.market_case import market_cases, market_of
    from gridopt.study.pre_clearing import traded

    loaded = load_study(path, overrides, None)
    _check_whole(loaded.study)
    market = market_of(loaded.study, loaded.case)
    costs = loaded.case if market is None else traded(loaded.case, market, progress)
    case = costs if market is None else market_cases(costs, market)[0]
    gap = loaded.study.mip_gap if "mip_gap" in overrides else EXACT_GAP
    money = loaded.study.mip_gap_cny if "mip_gap_cny" in overrides else 0.0
    search = Search(gap, loaded.study.time_limit_s or np.inf, stop, loaded.study.seed, money)
    try:
        solved = dispatch(case, search=search, progress=progress)
    except Infeasible:
        raise Infeasible(*reasons(case)) from None
    return Cleared(loaded.name, loaded.study.currency, solved, loaded.study.pricing, {}, market, costs=costs)


def _kept(folder: Path, overrides: dict[str, str], progress: Callable[[str], None]) -> Cleared:
    """The clearing that a result folder keeps: the first stage, or that of key 'stage'."""
    from gridopt.study.clearing import load_stage, stages
    from gridopt.study.schema import parse

    run = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    own = {k: v for k, v in overrides.items() if k.partition(".")[0] == "pricing"}
    options = {k: v for k, v in run.get("options", {}).items() if k in ("pricing", "market")}
    study = parse({"network": "", **options}, own, "manifest.json", {})
    known = stages(folder)
    wanted = overrides.get("stage", known[0].stage)
    faults = [
        f"key '{key}': has no effect on what was cleared before. Remove it, or give the study in place of its results."
        for key in overrides if key != "stage" and key not in own
    ]  # fmt: skip
    names = [s.stage for s in known]
    if wanted not in names:
        faults.append(f"key 'stage': '{wanted}' is not kept in {folder}{nearest(wanted, names)} Kept: {', '.join(names)}.")
    if faults:
        raise CaseError(faults)
    noted = known[names.index(wanted)]
    solved = load_stage(folder, noted)
    exact = "" if noted.exact else f", not proven to be the best (gap {noted.gap:.2g})"
    progress(f"clearing '{noted.stage}' of {folder}, by gridopt {noted.version}{exact}")
    kept = len(solved.case.time) if noted.kept is None else noted.kept
    origin = {"run": str(folder), "stage": noted.stage, "stages": names, "cleared_by": noted.version, "kept_periods": kept}
    currency = str(run.get("summary", {}).get("currency", "CNY"))
    return Cleared(str(run.get("study", folder.name)), currency, solved, study.pricing, origin, study.market, kept)


def _check_whole(study) -> None:
    """Raises CaseError for keys of a study by which a case would be cleared otherwise than in one solve of HiGHS."""
    faults = ["key 'rolling': a case is cleared in one solve before it is priced. Remove the key."] if study.rolling is not None else []
    if study.solver != "highs":
        faults.append(f"key 'solver': '{study.solver}' cannot clear a case that is to be priced. Write highs.")
    if faults:
        raise CaseError(faults)


def check_rules(rules: Sequence[str], case: Case, pricing: Pricing) -> None:
    """Raises CaseError, before anything is priced, for a slack that is not there, rules that do not know the square costs of a case, or lack
    what they need."""
    from gridopt.dispatch.bus_weights import GENERATION, LOAD

    faults, bus = [fault for rule in rules for fault in getattr(pricing, rule).lacking()], case.table("bus").index.astype(str)
    if pricing.slack not in (LOAD, GENERATION, *bus):
        like = nearest(pricing.slack, bus) or "."
        faults.append(f"key 'pricing.slack': '{pricing.slack}' is not a bus{like} Give load, generation or a bus.")
    square = case.table("generator")["cost_quadratic_cny_per_mw2h"]
    curved = [f"'{n}'" for n in square.index[square > 0]]
    if curved:
        whose = f"generator {curved[0]}" + (f" and {len(curved) - 1} more" if len(curved) > 1 else "")
        cure = "Give the costs by points (cost_point, or a curve), or take another rule."
        faults += [f"rule '{r}': the case has square costs ({whose}), which it does not know. {cure}" for r in rules if r in LINEAR]
    if faults:
        raise CaseError(faults)


def price_by(rule: str, solved, options: Options | None = None, market: Any = None, kept: int | None = None) -> Priced:
    """Prices of a cleared dispatch by one rule; options: its section of Pricing, its defaults if None; market: floor and cap of prices;
    kept: number of periods whose money counts (None: all)."""
    from gridopt.settlement.uplift import uplift

    begun = time.perf_counter()
    options = getattr(USUAL_OPTIONS, rule) if options is None else options
    module = importlib.import_module(f"gridopt.pricing.{rule}")
    if market is None:
        found = prices = module.price(solved.case, solved, options)
    else:
        from gridopt.study.market_case import options_within, priced_within, to_be_priced

        base = to_be_priced(solved, market)
        found = module.price(base.case, base, options_within(options, market))
        prices = priced_within(found, market)
    left = uplift(solved, prices, kept=kept)
    return Priced(rule, prices, left, time.perf_counter() - begun, found)


def document(solved, priced: Priced, kept: int | None = None) -> dict:
    """What one rule says: prices by bus and period, money by participant, sums over the first `kept` periods (None: all); paid besides:
    reserve and decisions."""
    from gridopt.dispatch.market_run import paid_besides

    case, prices, left = solved.case, priced.prices, priced.uplift
    hours, schedule = case.time.hours, prices.schedule
    load = solved.quantities["load"].values - solved.quantities["shedding"].values
    paid = prices.price if prices.load_price is None else prices.load_price
    parts = {"price": prices.price, "energy": prices.energy, "congestion": prices.congestion, "loss": prices.loss}
    if prices.span is not None:
        parts["lowest"], parts["highest"] = prices.span
    if prices.load_price is not None:
        parts["load_price"] = prices.load_price
    if prices.shift is not None:
        parts["lmp"] = prices.lmp
    if prices.reserve is not None:
        parts["reserve_price"] = np.broadcast_to(prices.reserve, prices.price.shape)
    payment, uplift_paid = float((load * paid * hours)[:, :kept].sum()), float(left.paid.sum())
    besides = float(sum(b.amount[:, :kept].sum() for b in paid_besides(prices.paid(solved), prices)))
    return {
        **quality(solved, *(d for d in (schedule, None if prices.change is None else prices.change.after) if d is not None)),
        "prices": [
            {"bus": str(b), "period": t + 1, "time": str(case.time.start[t]), **{k: _number(v[i, t]) for k, v in parts.items()}}
            for i, b in enumerate(case.table("bus").index) for t in range(len(hours))
        ],
        "slack": prices.slack, "cost": float(solved.solution.objective),
        "cost_of_its_schedule": float(schedule.solution.objective) if schedule is not None else float(solved.solution.objective),
        "load_payment": payment, "uplift_paid": _number(uplift_paid), "paid_besides": _number(besides),
        "users_pay": _number(payment + uplift_paid + besides),
        **_schedule(solved, prices),
        "mwp": _number(left.mwp.sum()), "loc": _number(left.loc.sum()), "prs": _number(left.shortfall.sum()),
        "units": _units(left), **_reserves(solved, prices),
    }  # fmt: skip


def unselected(rule: str) -> str:
    """The warning that prices are right, but none that the selection asks for could be found."""
    return f"rule {rule}: several prices are right, and those given were not chosen among them by its selection; others may be as right"


def _reserves(solved: Any, prices: Any) -> dict:
    """Price, requirement and shortage of each reserve by period, and what each participant is awarded; nothing where there are none."""
    case, quantities = solved.case, solved.quantities
    names = case.table("reserve").index
    if not len(names):
        return {}
    price, people = solved.reserve_price, prices.people
    if people is not None and prices.dual is not None and "reserve.requirement" in people.steady:
        dual = np.zeros(len(people.form.row_lower))
        dual[people.shared[: len(prices.dual)]] = prices.dual
        price = dual[people.steady["reserve.requirement"]].reshape(price.shape) / case.time.hours
    offers, award = case.reserve_offers, quantities["reserve_award"].values
    figures = {"price": price, "required": quantities["reserve_requirement"].values, "missing": quantities["reserve_shortage"].values}
    return {
        "reserves": [
            {"reserve": str(n), "period": t + 1, **{k: _number(v[q, t]) for k, v in figures.items()},
             "awards": {str(case.table(offers.kind[o]).index[offers.place[o]]): _number(award[o, t])
                        for o in np.flatnonzero(offers.reserve == q)}}
            for q, n in enumerate(names) for t in range(len(case.time))
        ]
    }  # fmt: skip


def _schedule(solved: Any, prices: Any) -> dict:
    """What a rule with a schedule of its own says of it: cost beyond the cleared one, output, exchanges, and what the network then takes."""
    found: dict[str, Any] = {}
    hours, change, schedule = solved.case.time.hours, prices.change, prices.schedule
    if prices.hull is not None:
        found |= {"hull_cost": prices.hull[0], "hull_bound": prices.hull[1]}
    if prices.relaxation is not None:
        found |= {"relaxation_cost": prices.relaxation[0], "rows": list(prices.relaxation[1])}
    if prices.shift is not None:
        found["cap_adjust"] = _number(-float((prices.shift * solved.injection * hours).sum()))
    if schedule is None:
        return found
    cost, least = float(schedule.solution.objective), float(solved.solution.objective)
    found["schedule"] = {
        "output_mw": _by_name(schedule, "unit", "generator"), "flow_mw": dict(zip(solved.case.grid.branches.ids.astype(str),
                                                                                  schedule.flow.round(9).tolist(), strict=True)),
    }  # fmt: skip
    if prices.exchanges:
        found["exchanges"] = [
            {"name": n, "mw": power.round(9).tolist(), "rent": _number(float((power * gain) @ hours))} for n, power, gain in prices.exchanges
        ]
        found["rent"] = _number(sum(e["rent"] for e in found["exchanges"]))
    total = cost
    if change is not None:
        total = cost + change.cost
        found["redispatch"] = {
            "feasible": change.after is not None, "cost": _number(change.cost), "volume_mwh": _number(change.volume),
            "traded_mw": change.traded.round(9).tolist(),
            "output_mw": _by_name(change.after, "unit", "generator") if change.after is not None else {},
        }  # fmt: skip
    return found | {"total_cost": _number(total), "cost_difference": _number(total - least)}


def _by_name(schedule: Any, *tables: str) -> dict[str, list[float]]:
    """Output MW by element of some tables."""
    return {
        str(n): row.round(9).tolist()
        for table in tables for n, row in zip(schedule.case.table(table).index, schedule.quantities[f"{table}_output"].values, strict=True)
    }  # fmt: skip


def _units(left: Any) -> list[dict]:
    """Money by participant."""
    columns = {
        "revenue": left.revenue, "cost": left.cost, "profit": left.profit, "best_profit": left.best, "mwp": left.mwp, "loc": left.loc,
        "paid": left.paid,
    }  # fmt: skip
    return [
        {"unit": str(n).partition(" ")[2] or str(n), "kind": str(n).partition(" ")[0]} | {k: _number(v[i]) for k, v in columns.items()}
        for i, n in enumerate(left.names)
    ]


def _number(value: float) -> float | None:
    """A number for JSON, without the last traces of rounding; None where there is none."""
    return round(float(value), 9) + 0.0 if np.isfinite(value) else None
