"""Ratios against other programs: `python3 benchmarks/run.py [--only CASE ...] [--hours 168 720 8760] [--uc FILE ...] [--list]`.

Makes the environments and the data it needs, runs each contender of each case as a process of its own, one after the other, prints the
table, and writes benchmarks/results.json and docs/benchmarks.md. Results of cases that were not run this time are kept.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import environment, page, plan  # noqa: E402
from benchmarks.measure import Limits, measure  # noqa: E402

DATA = ROOT / "benchmarks" / ".data"
HOURS = (168, 720, 8760)
LIMIT_S, LIMIT_MB = 7200.0, 18000.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=plan.CASES, default=[], help="these cases")
    parser.add_argument("--hours", nargs="+", type=int, default=HOURS, help="horizons of the cases over time")
    parser.add_argument("--contender", nargs="+", default=[], help="only contenders whose name begins so; gridopt run always runs")
    parser.add_argument("--file", type=Path, help="MATPOWER file of the case dcopf (default: case9241pegase of pandapower)")
    parser.add_argument("--uc", nargs="+", type=Path, default=[], help="files of PGLib-UC for the case uc")
    parser.add_argument("--gap", nargs="+", type=float, default=[0.001, 0.005], help="relative gaps of the case uc")
    parser.add_argument("--seed", nargs="+", type=int, default=[0, 1, 2], help="seeds of HiGHS in the case uc")
    parser.add_argument("--seconds", type=float, default=LIMIT_S, help="stop a process after so long")
    parser.add_argument("--memory", type=float, default=LIMIT_MB, help="stop a process beyond so many MB")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each contender; the fastest counts")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results.json")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "benchmarks.md")
    parser.add_argument("--list", action="store_true", help="name cases and contenders; run nothing")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    chosen = plan.setups(given.only, given.hours, given.file, plan.Commitment(tuple(given.uc), tuple(given.gap), tuple(given.seed)))
    if given.list:
        for setup in chosen:
            print(f"{setup.case} {setup.size}: {', '.join(c.name for c in setup.contenders)}")
        return 0
    limits, found = Limits(given.seconds, given.memory), []
    for setup in chosen:
        found += run(setup, limits, given.contender, given.repeat)
        keep(given.results, given.page, found)
    print(page.plain(page.rows(found)))
    return 0 if all(r["status"] == "done" for r in found if r["contender"] == "gridopt run") else 1


def run(setup: plan.Setup, limits: Limits, names: list[str], repeat: int) -> list[dict]:
    """Results of all contenders of one setup."""
    folder = DATA / setup.folder
    mark, made_of = folder / "ready", fingerprint(setup)
    if not mark.exists() or mark.read_text() != made_of:
        say(f"{setup.case} {setup.size}: data")
        folder.mkdir(parents=True, exist_ok=True)
        who, *words = (w.replace("{folder}", str(folder)) for w in setup.prepare)
        subprocess.run([environment.interpreter(who), *words], cwd=ROOT, env=environ(), check=True)
        mark.write_text(made_of)
    chosen = [c for i, c in enumerate(setup.contenders) if i == 0 or not names or c.name.startswith(tuple(names))]
    return [min((once(setup, c, folder, limits) for _ in range(repeat)), key=lambda r: (r["status"] != "done", r["wall_s"])) for c in chosen]


def fingerprint(setup: plan.Setup) -> str:
    """Changes with whatever the data of a setup are made of."""
    sources = sorted([*(ROOT / "benchmarks" / "cases").glob("*.py"), *(ROOT / "networks" / "gansu").glob("*.csv")])
    sources += [ROOT / "profiles" / "gansu" / "2025.nc", *(Path(w) for w in setup.prepare if w.endswith((".m", ".json")))]
    digest = hashlib.sha256(repr(setup.prepare).encode())
    for path in sources:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def once(setup: plan.Setup, contender: plan.Contender, folder: Path, limits: Limits) -> dict:
    """One run of one contender."""
    say(f"{setup.case} {setup.size}: {contender.name}")
    log = folder / f"{contender.name.replace(' ', '_')}.log"
    with tempfile.TemporaryDirectory(dir=DATA, prefix="run-") as name:
        work = Path(name)
        places = {"{folder}": str(folder), "{out}": str(work / "out.json"), "{results}": str(work / "results")}
        words = list(contender.words)
        for mark, place in places.items():
            words = [w.replace(mark, place) for w in words]
        command, output = [environment.interpreter(contender.environment), *words], work / "stdout.txt"
        seen = measure(command, limits, log, output, ROOT, environ())
        document = read(output if contender.prints else work / "out.json")
        status, remark = seen.status, remark_on(seen.status, seen.code, limits, log)
    if status == "done" and not str(document.get("status", "")).startswith(("optimal", "ok")):
        status, remark = "failed", f"says {document.get('status', 'nothing')!r}"
    say(f"  {status} after {seen.wall_s:.2f} s, {seen.peak_mb:.0f} MB {remark}")
    return {
        "case": setup.case, "size": setup.size, "contender": contender.name, "status": status, "wall_s": seen.wall_s, "cpu_s": seen.cpu_s,
        "peak_mb": seen.peak_mb, "objective": document.get("objective") if status == "done" else None, "remark": remark,
        "gap": document.get("gap"), "stages": document.get("stages", document.get("seconds")), "date": datetime.date.today().isoformat(),
    }  # fmt: skip


def remark_on(status: str, code: int, limits: Limits, log: Path) -> str:
    """Why there is no result."""
    if status == "time":
        return f"stopped after {limits.seconds:g} s"
    if status == "memory":
        return f"stopped beyond {limits.memory_mb:g} MB"
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = [line for line in text.splitlines() if line.strip() and "the traceback is in" not in line]
    return "" if status == "done" else f"exit code {code}: {lines[-1][:120] if lines else 'no message'}"


def read(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def environ() -> dict[str, str]:
    """Of the contenders: that of this process, without what would lead them to other libraries."""
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}


def keep(path: Path, target: Path, found: list[dict]) -> None:
    """Writes results and page; older results of other sizes and cases stay."""
    new, before = {(r["case"], r["size"]) for r in found}, read(path)
    old = [r for r in before.get("results", []) if (r["case"], r["size"]) not in new]
    machine = f"{processor()}, {os.cpu_count()} cores, {memory_gb():.0f} GB, {platform.system()} {platform.machine()}"
    both = sorted(old + [r | {"machine": machine} for r in found], key=lambda r: (plan.CASES.index(r["case"]), _number(r["size"])))
    names = ["gridopt", *environment.PEERS]
    # Peers that did not run this time need no environment; of their results the versions are known.
    versions = before.get("versions", {}) | {name: environment.versions(name) for name in names if environment.made(name)}
    path.write_text(json.dumps({"versions": versions, "results": both}, indent=1) + "\n", encoding="utf-8")
    page.write(target, both, versions)


def _number(size: str) -> tuple[int, ...]:
    return tuple(int(w) for w in size.replace(",", " ").split() if w.isdigit())


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown processor"


def memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
