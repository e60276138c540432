"""What is run: for each case its data and its contenders, the first of which is what the others are compared with.

Words of a command may name {folder} (where the data lie), {out} (the JSON document to write) and {results} (a folder for results).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PULP_HOURS = 720
"""PuLP's objects are built for as many hours at most: beyond that building and CBC take longer than it is worth waiting for."""
BUSES = (40, 120, 400)


@dataclass(frozen=True)
class Contender:
    """name: as shown; environment: whose interpreter; words: after it. `prints`: the document comes on stdout, not in {out}."""

    name: str
    environment: str
    words: tuple[str, ...]
    prints: bool = False


@dataclass(frozen=True)
class Setup:
    """One case at one size. `case`: the name that --only takes; `size`: what varies; `prepare`: environment and words that make the data."""

    case: str
    size: str
    prepare: tuple[str, ...]
    contenders: tuple[Contender, ...]

    @property
    def folder(self) -> str:
        return f"{self.case}-{self.size}".replace(" ", "").replace(",", "-")


def module(name: str, *words: str) -> tuple[str, ...]:
    return ("-m", f"benchmarks.{name}", *words)


def command(study: str, hours: int) -> Contender:
    """`gridopt run` from the files to the written results: prices, causes, certificate, tables and report included."""
    words = ("-m", "gridopt", "run", study, "--hours", f"0:{hours}", "-o", "{results}", "--json")
    return Contender("gridopt run", "gridopt", words, prints=True)


def interface(study: str, hours: int, *settings: str) -> Contender:
    return Contender("gridopt dispatch", "gridopt", module("contenders.gridopt_dispatch", study, str(hours), "{out}", *settings))


def forty_bus(hours: int, buses: int = 40, case: str = "forty_bus") -> Setup:
    """The synthetic grid."""
    study = "{folder}/study.yaml"
    contenders = [
        command(study, hours),
        interface(study, hours),
        Contender("PyPSA + HiGHS", "pypsa", module("contenders.pypsa_forty_bus", "{folder}", "{out}")),
    ]
    if hours <= PULP_HOURS:
        contenders.append(Contender("PuLP + CBC", "pypsa", module("contenders.pulp_forty_bus", "{folder}", "{out}")))
    prepare = ("gridopt", *module("cases.forty_bus", "{folder}", "--hours", str(hours), "--buses", str(buses)))
    size = f"{hours} h" if case == "forty_bus" else f"{buses} buses, {hours} h"
    return Setup(case, size, prepare, tuple(contenders))


def gansu(hours: int) -> Setup:
    """The shipped network of Gansu and its year 2025."""
    peer = Contender("PyPSA + HiGHS", "pypsa", module("contenders.pypsa_gansu", "{folder}", "{out}"))
    prepare = ("gridopt", *module("cases.gansu", "{folder}", "--hours", str(hours)))
    return Setup("gansu", f"{hours} h", prepare, (command("gansu-2025", hours), interface("gansu-2025", hours), peer))


def dcopf(file: Path | None) -> Setup:
    """One step of DC optimal power flow on a large public case."""
    prepare = ("gridopt", *module("cases.matpower_file", "{folder}", str(file))) if file else (
        "pandapower", *module("cases.pegase", "{folder}"))  # fmt: skip
    run = ("-m", "gridopt", "run", "{folder}/case.m", "-o", "{results}", "--json")
    contenders = (
        Contender("gridopt run", "gridopt", run, prints=True),
        Contender("PyPSA + HiGHS", "pypsa", module("contenders.pypsa_dcopf", "{folder}", "{out}")),
        Contender("PyPSA + HiGHS, program only", "pypsa", module("contenders.pypsa_dcopf", "{folder}", "{out}", "bare")),
        Contender("pandapower rundcopp", "pandapower", module("contenders.pandapower_dcopf", "{folder}", "{out}")),
    )
    return Setup("dcopf", file.stem if file else "case9241pegase", prepare, contenders)


def security() -> Setup:
    """N-1 secure dispatch of 118 buses over a day."""
    prepare = ("pandapower", *module("cases.secure118", "{folder}"))
    run = ("-m", "gridopt", "run", "{folder}/study.yaml", "--hours", "0:24", "--set", "security=n-1", "-o", "{results}", "--json")
    contenders = (
        Contender("gridopt run", "gridopt", run, prints=True),
        interface("{folder}/study.yaml", 24, "security=n-1"),
        Contender("PyPSA + HiGHS", "pypsa", module("contenders.pypsa_secure118", "{folder}", "{out}")),
    )
    return Setup("n-1", "118 buses, 24 h", prepare, contenders)


def changed(hours: int) -> Setup:
    """The synthetic grid again after the load of one day has risen by 3 %."""
    study = "{folder}/study.yaml"
    prepare = ("gridopt", *module("cases.forty_bus", "{folder}", "--hours", str(hours), "--raise-day", str(hours // 48)))
    peer = Contender("PyPSA + HiGHS", "pypsa", module("contenders.pypsa_forty_bus", "{folder}", "{out}"))
    return Setup("changed_day", f"{hours} h", prepare, (command(study, hours), interface(study, hours), peer))


def commitment(file: Path, gap: float, seed: int) -> Setup:
    """Unit commitment of a PGLib-UC file, to a relative gap, with a seed of HiGHS."""
    options = ("--set", f"mip_gap={gap:g}", "--set", f"seed={seed}", "--set", "report=false", "-o", "{results}", "--json")
    peer = module("contenders.egret_uc", "{folder}", "{out}", f"{gap:g}", str(seed))
    contenders = (
        Contender("gridopt run", "gridopt", ("-m", "gridopt", "run", "{folder}/case.json", *options), prints=True),
        Contender("EGRET tight + HiGHS", "egret", peer),
    )
    prepare = ("gridopt", *module("cases.pglib_uc_file", "{folder}", str(file.resolve())))
    return Setup("uc", f"{file.stem}, {100 * gap:g} %, seed {seed}", prepare, contenders)


CASES = ("forty_bus", "gansu", "growth", "dcopf", "n-1", "changed_day", "uc")


@dataclass(frozen=True)
class Commitment:
    """Files of PGLib-UC, relative gaps and seeds of the case uc: one setup for each combination."""

    files: tuple[Path, ...] = ()
    gaps: tuple[float, ...] = (0.001, 0.005)
    seeds: tuple[int, ...] = (0, 1, 2)

    def setups(self) -> list[Setup]:
        return [commitment(f, gap, seed) for f in self.files for gap in self.gaps for seed in self.seeds]


def setups(only: Iterable[str], hours: Iterable[int], file: Path | None, uc: Commitment = Commitment()) -> list[Setup]:
    """All setups of the cases in `only` (all where it is empty), in order of size."""
    hours, only = sorted(hours), tuple(only) or CASES
    found = [forty_bus(h) for h in hours] + [gansu(h) for h in hours] + [forty_bus(168, b, "growth") for b in BUSES]
    found += [dcopf(file), security(), *(changed(h) for h in hours[:1]), *uc.setups()]
    return [s for s in found if s.case in only]
