"""A network or the results of a run in formats of other programs: pandapower, Excel, Parquet, CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gridopt.case.check import CaseError, nearest
from gridopt.case.readers.network_csv import read_network
from gridopt.study.locate import NotFound, known, locate

if TYPE_CHECKING:
    import pandas as pd
    import xarray

FORMATS = ("pandapower", "xlsx", "parquet", "csv")
LARGEST_SHEET = 16_384
# table of the network -> (variable of the results, its sign) that make up the power of its elements
POWERS = {
    "unit": (("unit_output", 1),),
    "reservoir": (("hydro_output", 1),),
    "renewable": (("renewable_output", 1),),
    "csp": (("csp_output", 1),),
    "storage": (("storage_discharge", 1), ("storage_charge", -1)),
    "pumped": (("pumped_generate", 1), ("pumped_pump", -1)),
    "pump": (("pump_power", 1),),
    "dc_link": (("dc_sent", 1),),
    "exchange": (("exchange_export", 1),),
}


def export(what: str, to: str, output: Path | None = None, at: str | None = None, only: Sequence[str] = ()) -> list[Path]:
    """Writes `what`, the folder of a run, a study file, a network folder or a name, in format `to`; the files written.

    pandapower: one JSON file with the network at the time `at` (ISO; of a run, by default the hour of the largest demand; of a
    network 1 January of this year) and, of a run, its dispatch in that hour. Otherwise one file per table of the network, or per
    variable of the results, of which `only` may name some.
    """
    folder = Path(what)
    if (folder / "results.nc").exists():
        output = output or folder / ("pandapower.json" if to == "pandapower" else f"export-{to}")
        return [_net_of_run(folder, output, at)] if to == "pandapower" else _write_tables(_variables(folder, only), to, output)
    network = network_of(what)
    output = output or Path(f"{network.name}.json" if to == "pandapower" else f"{network.name}-{to}")
    tables = read_network(network)
    if to == "pandapower":
        import numpy as np

        date = at or f"{np.datetime64('today', 'Y')}-01-01"
        return [_save_net(tables, date, {}, network.name, output)]
    chosen = _chosen(only, [name for name in tables if len(tables[name])], str(network))
    return _write_tables(
        ((name, tables[name].reset_index() if tables[name].index.name else tables[name]) for name in chosen), to, output
    )


def network_of(what: str) -> Path:
    """Network folder meant by a network folder, a network's name, or a study file or its name. Raises NotFound."""
    from ruamel.yaml import YAML

    try:
        return locate("networks", what)
    except NotFound:
        if Path(what).suffix not in (".yaml", ".yml") and what not in known("studies"):
            raise
    study = locate("studies", what)
    content = YAML(typ="safe", pure=True).load(study.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or "network" not in content:
        raise CaseError([f"{study}, key 'network': is missing. Name the network folder."])
    return locate("networks", str(content["network"]), near=study)


def _write_tables(tables: Iterator[tuple[str, pd.DataFrame]], to: str, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, frame in tables:
        path = folder / f"{name}.{to}"
        if to == "csv":
            frame.to_csv(path, index=False, encoding="utf-8-sig")  # the mark at the start lets Excel read Chinese
        elif to == "parquet":
            frame.to_parquet(path, index=False)
        elif frame.shape[1] > LARGEST_SHEET:
            raise CaseError(
                [f"{name}: {frame.shape[1]} columns are more than a sheet of Excel holds. Export it to csv or parquet."]
            )
        else:
            frame.to_excel(path, index=False, sheet_name=name[:31], engine="xlsxwriter", freeze_panes=(1, 1))
        files.append(path)
    return files


def _variables(run: Path, only: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each variable over time as a table: a row per time, a column per element."""
    import xarray

    with xarray.open_dataset(run / "results.nc") as data:
        timed = [str(name) for name, variable in data.data_vars.items() if "time" in variable.dims]
        for name in _chosen(only, timed, str(run / "results.nc")):
            variable = data[name].transpose("time", ...)
            frame = variable.to_series().unstack() if variable.ndim == 2 else variable.to_series().to_frame()
            if variable.ndim == 2:  # unstack sorts; the order of the results is that of the network
                frame = frame[list(variable[variable.dims[1]].to_numpy())]
            yield name, frame.rename(columns=str).reset_index()


def _chosen(only: Sequence[str], names: list[str], where: str) -> list[str]:
    unknown = [name for name in only if name not in names]
    if unknown:
        raise CaseError([f"{where}: holds no '{name}'{nearest(name, names)} Known: {', '.join(names)}." for name in unknown])
    return list(only) or names


def _net_of_run(run: Path, output: Path, at: str | None) -> Path:
    import xarray

    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    tables = read_network(_network_of_run(manifest, run))
    with xarray.open_dataset(run / "results.nc") as data:
        moment = _moment(data, at, run)
        power = {
            name: xarray.concat([sign * data[v].sel(time=moment) for v, sign in parts], "part").sum("part").to_series().to_dict()
            for name, parts in POWERS.items()
            if all(v in data for v, _ in parts)
        }
        demand = (data["load"] - data["shedding"]).sel(time=moment).to_series()
    alive = tables["load"][_alive(tables["load"], moment)]
    share = alive["mean_mw"] / alive.groupby("bus")["mean_mw"].transform("sum")
    power["load"] = {**dict.fromkeys(tables["load"].index, 0.0), **(share * alive["bus"].map(demand)).fillna(0.0).to_dict()}
    return _save_net(tables, str(moment)[:19], power, f"{manifest.get('study', run.name)} {str(moment)[:16]}", output)


def _alive(frame: pd.DataFrame, moment):
    from gridopt.case.writers.pandapower import in_service_at

    return in_service_at(frame, moment)


def _moment(data: xarray.Dataset, at: str | None, run: Path):
    """The step that holds the time `at`, or that of the largest demand."""
    import numpy as np

    times = data["time"].to_numpy()
    if at is None:
        return times[int(data["load"].sum("bus").to_numpy().argmax())]
    try:
        wanted = np.datetime64(at)
    except ValueError:
        raise CaseError([f"--at {at}: is not a time. Write it like 2025-07-15T20:00."]) from None
    place = int(np.searchsorted(times, wanted, side="right")) - 1
    if place < 0 or wanted >= times[-1] + (times[-1] - times[-2] if len(times) > 1 else np.timedelta64(1, "h")):
        raise CaseError([f"--at {at}: lies outside the period of {run}, {str(times[0])[:16]} to {str(times[-1])[:16]}."])
    return times[place]


def _network_of_run(manifest: dict, run: Path) -> Path:
    """Network folder of a run: named in its manifest, or the folder of the bus.csv among its inputs."""
    name = manifest.get("network") or next(
        (str(Path(f).parent) for f in manifest.get("inputs", {}) if Path(f).name == "bus.csv"), None
    )
    if name is None:
        raise CaseError([f"{run / 'manifest.json'}: names no network. Export the network itself: gridopt export NETWORK."])
    try:
        return locate("networks", name)
    except NotFound:
        return locate("networks", Path(name).name)


def _save_net(tables, date: str, power, title: str, output: Path) -> Path:
    from gridopt.case.writers.pandapower import save, write_net

    output.parent.mkdir(parents=True, exist_ok=True)
    save(write_net(tables, date, power, title=title), output)
    return output
