"""The folder of a market study: every clearing checked, results of what was done last, tables of the market, certificate, manifest, report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridopt.dispatch.market_tables import PREFIX
from gridopt.study.run import CertificateFailed, Clock

if TYPE_CHECKING:
    from gridopt.study.market import Cleared


def write_market(found: Cleared, clock: Clock, folder: Path, target: Path) -> dict:
    """Everything into the folder: results of what was done last, tables of the market, certificate, manifest."""
    from gridopt.study import clearing, store
    from gridopt.study.evidence import analyse, certified

    plan, loaded = found.days.plan if found.physical is None else found.physical.dispatch, found.loaded
    with clock("certify", "independent check of every clearing"):
        certificates = [certified(c.dispatch, *found.own(c.dispatch)) for c in _clearings(found)]
    failed = [check for one in certificates for check in one.failed]
    if failed:
        raise CertificateFailed("the independent check refused the result: " + "; ".join(f"{c.name} ({c.where})" for c in failed))
    with clock("write", "writing results"):
        own = found.own(plan)
        prices = own.prices if found.physical is None else found.physical.prices
        summary = analyse(plan, prices, causes=own.causes)
        loaded = replace(loaded, case=plan.case)
        store.write_results(loaded, plan, prices, summary, folder)
        for number, day in enumerate(found.days.day_ahead):
            clearing.save(folder, "DA" if len(found.days.day_ahead) == 1 else f"DA{number + 1}", day.dispatch,
                          day.window.kept - day.window.first)  # fmt: skip
        for name, table in found.tables.items():
            table.to_parquet(folder / "tables" / f"{PREFIX}{name}.parquet", index=False)
            if loaded.study.csv and len(table) <= store.CSV_ROWS:
                table.to_csv(folder / "tables" / f"{PREFIX}{name}.csv", index=False, encoding="utf-8-sig")
    document = store.write_documents(loaded, plan, summary, certificates[-1], clock.seconds, folder, target)
    document |= {"market": _summary(found), "warnings": [*document["warnings"], *found.warnings]}
    document["certificates"] = [{"stage": c.stage, "start": str(c.dispatch.case.time.start[0]), **one.to_dict()}
                                for c, one in zip(_clearings(found), certificates, strict=True)]  # fmt: skip
    last = certificates[-1].to_dict()["checks"]
    store.dump(folder / "certificate.json", {"passed": True, "clearings": document["certificates"], "checks": last})
    if loaded.study.report:
        with clock("report", "writing the report"):
            from gridopt.report.page import write

            write(folder)
    return store.finish(document, clock, folder, target)


def _clearings(found: Cleared) -> list[Any]:
    """Every clearing once. They are checked with the prices that their own duals make, which prove their schedules; a rule may pick others that
    are right as well, or pay otherwise: as offered, by another schedule, by hulls."""
    days = found.days
    clearings = list(days.day_ahead) if days.day_ahead[0] is days.physical[0] else [*days.day_ahead, *days.physical]
    return clearings if found.physical is None else [*clearings, found.physical]


def _summary(found: Cleared) -> dict[str, Any]:
    """Main figures of each run."""
    figures = {}
    for run in [r for r in (found.day_ahead, found.real_time) if r is not None]:
        energy, paid = (run.load * run.hours).sum(), (run.load * run.hours * run.load_price).sum()
        figures[run.stage] = {
            "load_mwh": float(energy), "mean_price": float(paid / energy) if energy > 0 else None,
            "load_payment": float(paid), "cost": float(run.cost.sum()),
            "congestion_rent": float(run.rent.sum()), "gap": run.gap, "exact": run.exact,
        }  # fmt: skip
    accounts = found.tables["residuals"].groupby("account", sort=False)["amount"].sum()
    rights = {k: v for k, v in found.figures.items() if v == v}
    return {"rule": found.market.rule, "runs": figures, "residuals": accounts.to_dict(), "settlement": rights}
