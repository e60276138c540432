"""The straight line on one page: study file, case, dispatch, prices, causes, certificate, results, report."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridopt.case.check import CaseError
from gridopt.study.load import Loaded, load_study, undecided
from gridopt.study.market_rule import check_market

if TYPE_CHECKING:
    from gridopt.dispatch.attempts import Search
    from gridopt.dispatch.result import Dispatch
    from gridopt.study.checkpoint import Checkpoint

Progress = Callable[[str], None]
Program = Callable[[], Any]


class CertificateFailed(Exception):
    """The independent check refused the result; nothing was kept."""


def check_study(what: Path | None, overrides: dict[str, str]) -> list[str]:
    """Every fault of a study's input, one sentence each; empty when there is none. Solves and writes nothing."""
    try:
        loaded = load_study(what, overrides, None)
        check_market(loaded)
    except CaseError as error:
        return error.faults
    return []


def run_study(
    what: Path | None,
    *,
    overrides: dict[str, str],
    hours: tuple[int, int] | None = None,
    output: Path | None = None,
    dry_run: bool = False,
    resume: bool = False,
    stop: threading.Event | None = None,
    progress: Progress = lambda text: None,
) -> dict:
    """Dispatches a study and writes its results; the summary document. A search for whole values ends early when `stop` is set, and sets
    it itself when it hears KeyboardInterrupt. `resume`: goes on from the windows of a run that stopped.

    Raises CaseError, NotFound, Infeasible, LimitReached, SolverMissing or CertificateFailed; results are moved into place only when
    everything has passed.
    """
    clock = Clock(progress)
    with clock("read", "reading network and series"):
        loaded = load_study(what, overrides, hours)
    for line in [*(loaded.imported.lines() if loaded.imported else []), *undecided(loaded)]:
        progress(line)
    program = _program(loaded)
    if resume and loaded.study.rolling is None:
        raise CaseError(["--resume: only a study that is decided window by window can be resumed. Give it the key 'rolling'."])
    from gridopt.dispatch.bounds import wait_for_the_rest
    from gridopt.study.store import place

    if dry_run:
        return _dry_run(loaded, clock)
    target = output if output is not None else place(loaded, hours)
    check_free(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    checkpoint = _checkpoint(target, loaded, hours, resume)
    if checkpoint is not None and checkpoint.told:
        progress(checkpoint.told)
    unfinished = target.parent / f".unfinished-{target.name}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    try:
        document = _solve_and_write(loaded, program, unfinished, target, stop, clock, checkpoint)
        for warning in document["warnings"]:
            progress(f"warning: {warning}")
        if os.name == "nt":  # there an open file keeps its folder from being moved
            wait_for_the_rest()
        move(unfinished, target)
        if checkpoint is not None:
            checkpoint.remove()
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        if checkpoint is not None:
            checkpoint.leave()
    progress(f"done in {clock.total:.1f} s: {target}")
    return document


def _program(loaded: Loaded) -> Program | None:
    """What makes an empty program of the study's solver, None for HiGHS. Raises CaseError for a name that nothing knows, SolverMissing."""
    family, _, name = loaded.study.solver.partition(":")
    if family == "highs":
        return None
    from gridopt.program.pulp_solvers import PulpProgram, UnknownSolver, solver

    try:
        solver(name)
    except UnknownSolver as error:
        raise CaseError([f"key 'solver': {error}"]) from None
    return partial(PulpProgram, name)


def _checkpoint(target: Path, loaded: Loaded, hours: tuple[int, int] | None, resume: bool) -> Checkpoint | None:
    if loaded.study.rolling is None:
        return None
    from gridopt.study.checkpoint import Checkpoint

    return Checkpoint.open(target, loaded, hours, resume)


def _solved(
    loaded: Loaded, program: Program | None, log: str, search: Search, clock: Clock, checkpoint: Checkpoint | None
) -> Dispatch:
    """The dispatch in one solve, or window by window."""
    from gridopt.program.solution import Infeasible, LimitReached, SolverFailed

    study, rolling = loaded.study, loaded.study.rolling
    if rolling is not None:
        from gridopt.dispatch.rolling import Rule, roll

        rule = Rule(rolling.window_h, rolling.look_ahead_h, search, program, study.workers, log, rolling.look_ahead_step_h)
        try:
            return roll(loaded.case, rule, checkpoint, clock.detail)
        except (Infeasible, LimitReached, SolverFailed, KeyboardInterrupt):
            clock.detail("the windows before are kept; --resume goes on from there")
            raise
    from gridopt.dispatch.single import dispatch

    try:
        return dispatch(loaded.case, log=log, workers=study.workers, program=program, search=search, progress=clock.detail)
    except Infeasible:
        from gridopt.dispatch.infeasible import reasons

        clock.detail("infeasible; trying what would repair it")
        raise Infeasible(*reasons(loaded.case)) from None


def _solve_and_write(
    loaded: Loaded,
    program: Program | None,
    folder: Path,
    target: Path,
    stop: threading.Event | None,
    clock: Clock,
    checkpoint: Checkpoint | None,
) -> dict:
    from gridopt.dispatch.attempts import Search
    from gridopt.dispatch.lmp import price
    from gridopt.study import clearing, store
    from gridopt.study.evidence import analyse, certified

    with clock("solve", f"dispatching {len(loaded.case.time)} steps"):
        study = loaded.study
        search = Search(study.mip_gap, study.time_limit_s or inf, stop, study.seed, money=study.mip_gap_cny)
        solved = _solved(loaded, program, str(folder / "solver.log"), search, clock, checkpoint)
    spent = solved.solution.statistics["seconds"]
    clock.seconds["build"] = spent["build"]
    clock.seconds["solve"] -= spent["build"]
    with clock("price", "prices, causes of curtailment, congestion"):
        prices = price(solved)
        found = analyse(solved, prices, search if loaded.study.dc_rule_values else None)
    with clock("certify", "independent check"):
        certificate = certified(solved, prices, found.causes)
    if not certificate.passed:
        raise CertificateFailed("the independent check refused the result: " + "; ".join(f"{c.name} ({c.where})" for c in certificate.failed))
    with clock("write", "writing results"):
        store.write_results(loaded, solved, prices, found, folder)
        if loaded.study.rolling is None:
            clearing.save(folder, "DA", solved)
    document = store.write_documents(loaded, solved, found, certificate, clock.seconds, folder, target)
    if loaded.study.report:
        with clock("report", "writing the report"):
            from gridopt.report.page import write

            write(folder)
    return store.finish(document, clock, folder, target)


def _dry_run(loaded: Loaded, clock: Clock) -> dict:
    from gridopt.dispatch.formulate import formulate

    with clock("build", "formulating"):
        size = formulate(loaded.case).builder.form().size
    found = {"import": loaded.imported.to_dict()} if loaded.imported else {}
    return {"status": "dry_run", "study": loaded.name, "steps": len(loaded.case.time), "size": size, "seconds": clock.rounded(), **found}


def check_free(target: Path) -> None:
    """Raises FileExistsError for a folder that results may not replace: before anything is solved, and again when they are moved."""
    if target.exists() and not (target / "manifest.json").exists() and any(target.iterdir()):
        raise FileExistsError(17, "the folder holds something else than results of gridopt", str(target))


def move(unfinished: Path, target: Path) -> None:
    """Puts finished results in place of older ones, which are kept until the new ones stand there."""
    old = target.parent / f".replaced-{target.name}"
    shutil.rmtree(old, ignore_errors=True)
    check_free(target)
    if target.exists():
        target.rename(old)
    unfinished.rename(target)
    shutil.rmtree(old, ignore_errors=True)


class Clock:
    """Seconds by stage, and a line of progress when a stage begins."""

    def __init__(self, progress: Progress):
        self.seconds: dict[str, float] = {}
        self.begun = time.perf_counter()
        self._progress = progress
        self._stage = ""

    @property
    def total(self) -> float:
        return time.perf_counter() - self.begun

    def __call__(self, stage: str, text: str) -> Clock:
        self._progress(f"[{self.total:6.1f} s] {text}")
        self._stage = stage
        return self

    def __enter__(self) -> Clock:
        self._from = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds[self._stage] = time.perf_counter() - self._from

    def detail(self, text: str) -> None:
        self._progress(f"[{self.total:6.1f} s]   {text}")

    def rounded(self) -> dict[str, float]:
        return {k: round(v, 3) for k, v in self.seconds.items()} | {"total": round(self.total, 3)}
