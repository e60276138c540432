"""The study file: what is dispatched, with which data and options. One declaration for reading, checking and help."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gridopt.case.check import CaseError, nearest
from gridopt.case.pricing_options import Pricing
from gridopt.study.market_schema import Market

PERIOD = ("year", "start", "end", "step_minutes")
"""Keys of the period and its steps, which a file of another program brings itself."""


class Profile(BaseModel):
    """One file of series; with `column`, only that column, used as series `name`."""

    model_config = ConfigDict(extra="forbid")
    file: str
    column: str = ""
    name: str = ""
    any_year: bool = False
    zone: str = ""


class Rolling(BaseModel):
    """Decide window by window: keep `window_h` hours of each, which also looks `look_ahead_h` hours ahead, in steps of up to
    `look_ahead_step_h` hours (0: as the others), twice that beyond the first day."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    window_h: Annotated[float, Field(gt=0, le=8784)] = 24.0
    look_ahead_h: Annotated[float, Field(ge=0, le=8784)] = 24.0
    look_ahead_step_h: Annotated[float, Field(ge=0, le=168)] = 0.0


class Study(BaseModel):
    """Keys of a study file. Dates are local; `end` is the first day after the period."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    title_en: str = ""
    title_zh: str = ""
    network: str
    profiles: list[str | Profile] = []
    leave_out: list[str] = []
    year: Annotated[int, Field(ge=1990, le=2100)] | None = None
    start: datetime.date | None = None
    end: datetime.date | None = None
    step_minutes: Literal[5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440] = 60
    currency: str = "CNY"
    demand_scale: Annotated[float, Field(gt=0, le=10)] = 1.0
    fuel_price_scale: Annotated[float, Field(gt=0, le=10)] = 1.0
    carbon_price_cny_per_t: Annotated[float, Field(ge=0, le=5000)] | None = None
    solver: Annotated[str, Field(pattern="^(highs|pulp:[A-Za-z0-9_]+)$")] = "highs"
    branch_model: Literal["matpower-dc", "powermodels-dcp", "copperplate"] = "matpower-dc"
    matpower_toggle: list[Literal["reserves", "iflims"]] = []
    security: Literal["listed", "n-1"] = "listed"
    losses: Literal["off", "piecewise", "marginal"] = "off"
    losses_at: Literal["ends", "receiving"] = "ends"
    commitment: Literal["off", "relaxed", "exact"] | None = None
    mip_gap: Annotated[float, Field(ge=0, le=1)] = 1e-3
    mip_gap_cny: Annotated[float, Field(ge=0)] = 0.0
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    time_limit_s: Annotated[float, Field(gt=0)] | None = None
    dc_rule_values: bool = False
    rolling: Rolling | None = None
    market: Market | None = None
    pricing: Pricing = Pricing()
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    report: bool = True
    csv: bool = True

    @model_validator(mode="after")
    def _period(self) -> Study:
        if self.start and self.end and self.end <= self.start:
            raise ValueError(f"end {self.end} is not after start {self.start}")
        if self.losses_at != "ends" and self.losses != "marginal":
            raise ValueError(f"losses_at {self.losses_at} needs losses: marginal, which know the receiving end; losses is {self.losses}")
        return self

    @property
    def period(self) -> tuple[str, str]:
        """First day and first day after, ISO; `start` and `end` go before `year`. Raises CaseError where they are missing."""
        if not self.year and not (self.start and self.end):
            raise CaseError(["the period is missing: give year, or start and end. Add it to the study or give it with --set year=2025."])
        first = self.start or datetime.date(self.year or 0, 1, 1)
        last = self.end or datetime.date((self.year or 0) + 1, 1, 1)
        return first.isoformat(), last.isoformat()


def read_study(path: Path, overrides: dict[str, str]) -> Study:
    """The study in a YAML file with keys changed by `overrides`. Raises CaseError naming file, row, key, value and cure."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.error import YAMLError

    try:
        given = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", row {mark.line + 1}" if mark else ""
        raise CaseError([f"{path.name}{where}: is not YAML ({getattr(error, 'problem', error)}). Correct the file."]) from None
    if not isinstance(given, dict):
        raise CaseError([f"{path.name}: holds no keys. A study needs at least: network, and year or start and end."])
    rows = {str(k): given.lc.key(k)[0] + 1 for k in given} if isinstance(given, CommentedMap) else {}
    return parse({str(k): _plain(v) for k, v in given.items()}, overrides, path.name, rows)


def parse(given: dict[str, Any], overrides: dict[str, str], file: str, rows: dict[str, int]) -> Study:
    """The study from a dictionary; every wrong key and value is one sentence of the CaseError. A key of `overrides` may name a part of a
    part, with points: pricing.zonal_avg.weights."""
    values = overlaid(given, {key: _read_text(text) for key, text in overrides.items()})
    try:
        return Study(**values)
    except ValidationError as error:
        raise CaseError([_sentence(fault, file, rows, overrides) for fault in error.errors()]) from None


def overlaid(given: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`given` with values changed at keys, parts of parts among them. Raises CaseError where a key goes into what has no parts."""
    values, faults = dict(given), []
    for key, value in changes.items():
        *path, last = key.split(".")
        part = values
        for n, name in enumerate(path):
            inner = part.get(name)
            inner = {} if inner is None else inner
            if not isinstance(inner, dict):
                faults.append(f"--set, key '{key}': '{'.'.join(path[: n + 1])}' is a value and has no keys. Give the whole value.")
                break
            part[name] = part = dict(inner)
        else:
            part[last] = value
    if faults:
        raise CaseError(faults)
    return values


def _read_text(text: str) -> Any:
    from ruamel.yaml import YAML

    return _plain(YAML(typ="safe", pure=True).load(text))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list) else value


def _sentence(fault: Any, file: str, rows: dict[str, int], overrides: dict[str, str]) -> str:
    key = str(fault["loc"][0]) if fault["loc"] else ""
    where = "--set" if key in {k.partition(".")[0] for k in overrides} else file + (f", row {rows[key]}" if key in rows else "")
    if fault["type"] == "extra_forbidden":
        holder, known = _holder([str(part) for part in fault["loc"][:-1]])
        name = str(fault["loc"][-1])
        return f"{where}, key '{name}': is not a key of {holder}{nearest(name, known)} Known keys: {', '.join(known)}."
    if fault["type"] == "missing":
        return f"{where}, key '{'.'.join(map(str, fault['loc']))}': is missing. Add it."
    said = str(fault["msg"]).removeprefix("Value error, ")
    if not key:
        return f"{where}: {said}."
    value = f"{str(fault['input'])[:60]!r} is refused: {said}"
    return f"{where}, key '{'.'.join(map(str, fault['loc']))}': {value}. Correct the value."


def _holder(path: list[str]) -> tuple[str, list[str]]:
    """Name of the part of a study at a path of keys (and places in lists), and the keys that it knows."""
    holder: Any = Study
    for key in path:
        if key in holder.model_fields:
            kind = holder.model_fields[key].annotation
            kinds = getattr(kind, "__args__", (kind,))
            holder = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), holder)
    return f"'{'.'.join(path)}'" if path else "a study", list(holder.model_fields)
