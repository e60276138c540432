"""Network folders, series and studies for `gridopt run`, from rows and arrays."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

START = "2025-01-01"


def write(folder: Path, title: str, rows: Mapping[str, Sequence[Mapping]], series: Mapping[str, np.ndarray]) -> None:
    """network/*.csv, series.csv (hourly from START on) and study.yaml in `folder`."""
    network = folder / "network"
    network.mkdir(exist_ok=True)
    for name, lines in rows.items():
        with (network / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(lines[0]))
            writer.writeheader()
            writer.writerows({k: v.item() if isinstance(v, np.generic) else v for k, v in line.items()} for line in lines)
    values = np.array(list(series.values()))
    stamps = np.datetime_as_string(np.datetime64(START, "m") + np.arange(values.shape[1]) * np.timedelta64(60, "m"))
    with (folder / "series.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["time", *series])
        out.writerows([stamp, *map(repr, map(float, column))] for stamp, column in zip(stamps, values.T, strict=True))
    study = f"title_en: {title}\ntitle_zh: {title}\nnetwork: network\nprofiles: [series.csv]\nyear: {START[:4]}\n"
    (folder / "study.yaml").write_text(study, encoding="utf-8")
