"""From a study file to a Case: find the files, read and check them all, lay them onto the period."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gridopt.case.case import Case
from gridopt.case.check import CaseError, nearest
from gridopt.case.imported import ImportReport
from gridopt.case.readers.network_csv import read_network
from gridopt.case.readers.series import Source, load
from gridopt.case.rules_commitment import check_fleet
from gridopt.case.rules_links import check_agreed
from gridopt.case.rules_plants import check_curves
from gridopt.case.series import GivenSeries
from gridopt.case.singles import single_units
from gridopt.case.tables import TABLES
from gridopt.case.time import TimeGrid
from gridopt.study.imports import format_of, read, stem
from gridopt.study.locate import DEFAULT_STUDY, NotFound, locate
from gridopt.study.schema import PERIOD, Profile, Study, parse, read_study


@dataclass(frozen=True)
class Loaded:
    """A study ready to dispatch: `name` for folders, `inputs` file -> SHA-256, `synthetic` a sentence or ''."""

    name: str
    study: Study
    case: Case
    network: Path
    inputs: dict[str, str]
    synthetic: str
    imported: ImportReport | None = None


def find_study(what: Path | None, overrides: dict[str, str]) -> tuple[str, Study, Path]:
    """Name, study and the file or folder that gave it: a study file, a network folder, a file of another program, a shipped name, or
    the default."""
    if what is not None and what.exists() and format_of(what):
        name = stem(what.resolve())
        base = {"network": str(what.resolve()), "title_en": name, "title_zh": name}
        return name, parse(base, overrides, what.name, {}), what.resolve()
    if what is not None and (what / "bus.csv").is_file():
        base = {"network": str(what.resolve()), "title_en": what.resolve().name, "title_zh": what.resolve().name}
        if not {"year", "start"} & set(overrides):
            raise CaseError([f"{what}: a network folder has no period of its own. Give one, for example --set year=2025."])
        return what.resolve().name, parse(base, overrides, what.name, {}), what.resolve()
    if what is not None and what.suffix not in ("", ".yaml", ".yml"):
        raise NotFound(
            f"{what}: a study is a .yaml file, a network folder that holds bus.csv, or a case of MATPOWER (.m), pandapower, "
            "UnitCommitment.jl, PGLib-UC or Egret (.json, .json.gz) or PyPSA (.nc, or a folder that holds buses.csv); there is no such file."
        )
    path = locate("studies", what if what is not None else DEFAULT_STUDY)
    return path.stem, read_study(path, overrides), path


def load_study(what: Path | None, overrides: dict[str, str], hours: tuple[int, int] | None) -> Loaded:
    """Reads everything. Raises CaseError with all faults of network and series together, NotFound for absent files."""
    name, study, origin = find_study(what, overrides)
    network = locate("networks", study.network, origin)
    if format_of(network):
        return _load_file(name, study, network, hours, overrides)
    tables, faults = {}, []
    try:
        tables = read_network(network)
    except CaseError as error:
        faults += error.faults
    grid = _grid(study, hours)
    try:
        files, source = _series(study, origin, grid)
    except CaseError as error:
        raise CaseError(faults + error.faults) from None
    if faults:
        raise CaseError(faults)
    case = _case(_scaled(tables, study, grid), grid, source, study)
    _try_series(case)
    check_agreed(case)
    check_curves(case)
    check_fleet(case)
    inputs = {f"{network.name}/{p.name}": _sha256(p) for p in sorted(network.glob("*.csv"))}
    inputs |= {f"profiles/{p.parent.name}/{p.name}": _sha256(p) for p in files}
    return Loaded(name, study, case, network, inputs, _synthetic(files))


def _load_file(name: str, study: Study, path: Path, hours: tuple[int, int] | None, overrides: dict[str, str]) -> Loaded:
    """A case of another program: it brings its own steps, series and currency, and maybe keys of a study."""
    if study.profiles:
        raise CaseError([f"{path.name}: brings its own series; 'profiles' have no use here. Remove them from the study."])
    found = read(path, study.branch_model, tuple(study.matpower_toggle))
    _refuse_period(study, found.time, path.name)
    if found.study:
        given = study.model_dump(exclude_unset=True)
        wanted = {k: v for k, v in overrides.items() if k.partition(".")[0] in found.study}
        study = parse({k: v for k, v in given.items() if k not in found.study} | dict(found.study), wanted, path.name, {})
    study = study.model_copy(update={"currency": found.currency})
    if study.commitment is None and len(found.tables["dc_schedule"]):  # a file brings such rules to have them kept
        study = study.model_copy(update={"commitment": "exact"})
    grid = _part(found.time, hours)
    case = _case(_scaled(found.tables, study, grid), grid, found.source, study)
    check_curves(case)
    check_fleet(case)
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    inputs = {f"{path.name}/{p.name}" if path.is_dir() else p.name: _sha256(p) for p in files}
    return Loaded(name, study, case, path, inputs, "", found.report)


def _refuse_period(study: Study, time: TimeGrid, file: str) -> None:
    """CaseError for each key of the period that says something else than the file, which has its own."""
    first, last = time.start[0], time.end[-1]
    same = {
        "year": study.year and [first, last] == [np.datetime64(f"{study.year + n}-01-01", "s") for n in (0, 1)],
        "start": study.start and np.datetime64(study.start, "s") == first,
        "end": study.end and np.datetime64(study.end, "s") == last,
        "step_minutes": (time.hours * 60.0 == study.step_minutes).all(),
    }
    steps = f"{len(time)} steps of {time.hours[0] * 60.0:g} min" if np.ptp(time.hours) == 0 else f"{len(time)} steps of several lengths"
    have = f"{file} brings its own {steps} from {_shown(first)} to {_shown(last)}"
    given = [key for key in PERIOD if key in study.model_fields_set and getattr(study, key) is not None and not same[key]]
    if given:
        raise CaseError([f"key '{k}': '{getattr(study, k)}' has no use, as {have}. Remove it from the study." for k in given])


def _shown(instant: np.datetime64) -> str:
    return str(instant).replace("T", " ")[:16]


def _case(tables, grid: TimeGrid, source, study: Study) -> Case:
    """The case of a study. Generators that a network commits are committed unless the study says otherwise; units are not, for without
    it they have a linear form of their own. Windows hand on the status of single units, so that each has a row then."""
    tables = _without(tables, study.leave_out)
    commitment = study.commitment or ("exact" if (tables["commitment"]["kind"] == "generator").any() else "off")
    case = Case(tables, grid, source, study.security, study.losses, study.losses_at, commitment).present()
    return single_units(case) if study.rolling is not None else case


def undecided(loaded: Loaded) -> list[str]:
    """A sentence on tables whose rules are not kept because the study does not say that decisions are made."""
    names = [n for n in ("commitment", "dc_schedule") if len(loaded.case.table(n))]
    if loaded.study.commitment is not None or loaded.case.commitment != "off" or not names:
        return []
    return [f"no decisions are made, so that the rules of {' and '.join(names)} are left out; key 'commitment: exact' keeps them"]


def _without(tables, names: list[str]):
    """Tables less the named ones and those whose rows name a row of theirs. Raises CaseError for a table that is not known."""
    faults = [f"key 'leave_out': '{n}' is not a table of a network{nearest(n, TABLES)} Correct the name." for n in names if n not in TABLES]
    if faults:
        raise CaseError(faults)
    empty = set(names)
    while more := {t.name for t in TABLES.values() for c in t.columns if c.key_to in empty and c.required} - empty:
        empty |= more
    return {name: table.iloc[:0] if name in empty else table for name, table in tables.items()}


def _grid(study: Study, hours: tuple[int, int] | None) -> TimeGrid:
    return _part(TimeGrid.regular(*study.period, study.step_minutes), hours)


def _part(grid: TimeGrid, hours: tuple[int, int] | None) -> TimeGrid:
    if hours is None:
        return grid
    edge = np.append(0.0, np.cumsum(grid.hours))
    first, last = (int(np.searchsorted(edge, h)) for h in hours)
    if not 0 <= hours[0] < hours[1] <= edge[-1] + 1e-9:
        raise CaseError([f"--hours {hours[0]}:{hours[1]}: lies outside the study's hours 0:{edge[-1]:g}. Give hours inside it."])
    if first == last or np.abs(edge[[first, last]] - hours).max() > 1e-9:
        longest = f"{grid.hours.max():g} h" if np.ptp(grid.hours) == 0 else "several lengths"
        raise CaseError([f"--hours {hours[0]}:{hours[1]}: cuts a step of the study ({longest}). Give hours at which steps begin and end."])
    return grid.part(first, last)


def _series(study: Study, origin: Path, grid: TimeGrid):
    """Files of the profiles and where their series come from. `{year}` in a file name is the year of the period."""
    if not study.profiles:
        return [], GivenSeries(grid, {})
    year = str(int(grid.year[0]))
    files, sources = [], []
    for item in study.profiles:
        one = item if isinstance(item, Profile) else Profile(file=item)
        path = locate("profiles", one.file.replace("{year}", year), origin)
        files.append(path)
        sources.append(Source(path, one.column, one.name, one.any_year, one.zone))
    return files, load(sources)


def _scaled(tables, study: Study, grid: TimeGrid):
    """Tables with the study's own factors on the calendar-year figures."""
    tables = dict(tables)
    table = tables["year"]
    defaults = {"load_scale": 1.0, "fuel_price_scale": 1.0, "carbon_price_cny_per_t": 0.0, "carbon_benchmark_t_per_mwh": 0.0}
    missing = [y for y in np.unique(grid.year) if y not in table.index]
    table = table.copy()
    for y in missing:
        table.loc[y, list(defaults)] = list(defaults.values())
        table.loc[y, "source"] = ""
    table["load_scale"] *= study.demand_scale
    table["fuel_price_scale"] *= study.fuel_price_scale
    if study.carbon_price_cny_per_t is not None:
        table["carbon_price_cny_per_t"] = study.carbon_price_cny_per_t
    tables["year"] = table
    return tables


def _try_series(case: Case) -> None:
    """Asks for every series that the tables name, so that all faults of the files show before anything is built."""
    columns = [(t.name, c.name) for t in TABLES.values() for c in t.columns if c.name == "schedule" or c.name.endswith("profile")]
    names = {n for table, column in columns for n in case.table(table)[column] if n}
    unknown = sorted(names - set(case.source.values)) if isinstance(case.source, GivenSeries) else []
    if unknown:
        rule = "is named in the network, but the study has no profiles. Add them under 'profiles'."
        raise CaseError([f"series '{n}': {rule}" for n in unknown])
    case.source.on_grid(sorted(names), case.time.start, case.time.hours)


def _synthetic(files: list[Path]) -> str:
    import h5py

    for path in files:
        if path.suffix == ".nc":
            with h5py.File(path) as data:
                note = data.attrs.get("note", b"")
            text = note.decode() if isinstance(note, bytes) else str(note)
            if "synthetic" in text:
                return text
    return ""


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
