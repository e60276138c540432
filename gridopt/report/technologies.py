"""Technologies as networks of any origin spell them: readable names in both languages, an order, and a colour of its own for each.

"Wind Onshore", "wind_onshore" and "onwind" are one technology to the reader; an unknown one keeps its spelling.
"""

from __future__ import annotations

import colorsys
import re

from gridopt.report.figures import SPARE, TECHNOLOGY
from gridopt.report.folder import Run, table
from gridopt.report.text import WORDS, Both, say

ALIASES = {
    "lignite": "brown_coal", "ng": "gas", "natural_gas": "gas", "naturalgas": "gas", "gas_turbine": "gas", "bit": "coal",
    "sub": "coal", "dfo": "oil", "diesel": "oil", "petroleum": "oil", "onwind": "wind_onshore", "onshore_wind": "wind_onshore",
    "offwind": "wind_offshore", "offwind_ac": "wind_offshore", "offwind_dc": "wind_offshore", "offshore_wind": "wind_offshore",
    "pv": "solar", "solar_pv": "solar", "photovoltaic": "solar", "sun": "solar", "ror": "hydro_ror", "run_of_river": "hydro_ror",
    "reservoir": "hydro", "wat": "hydro", "water": "hydro", "nuc": "nuclear", "uranium": "nuclear", "wood": "biomass",
    "biogas": "biomass", "wnd": "wind", "phs": "pumped_hydro", "psh": "pumped_hydro", "refuse": "waste", "import": "imports",
    "unknown": "other", "syncgen": "other", "csp_thermal": "csp",
}  # fmt: skip
SUFFIXES = ("discharge", "charge", "all")


def canonical(technology: str) -> str:
    """The key of the words and colours for any spelling."""
    key = re.sub(r"[^0-9a-z]+", "_", technology.lower()).strip("_")
    return ALIASES.get(key, key)


def technology_words(technology: str) -> Both:
    """Both names; an unknown technology in its own spelling, with a capital and without underscores."""
    key = canonical(technology)
    if f"tech_{key}" in WORDS:
        return WORDS[f"tech_{key}"]
    for suffix in SUFFIXES:
        stem = re.sub(rf"[ _]{suffix}$", "", technology)
        if stem != technology:
            return say(f"suffix_{suffix}", name=technology_words(stem))
    plain = technology.replace("_", " ").strip() or technology
    return (plain[:1].upper() + plain[1:],) * 2


def technology_order(found: list[str]) -> list[str]:
    """Technologies from the bottom of a stack to its top; unknown ones last, by name."""
    rank = {t: i for i, t in enumerate(TECHNOLOGY)}
    return sorted(set(found), key=lambda t: (rank.get(canonical(t), len(rank)), t != canonical(t), t))


def technology_colour(run: Run, technology: str) -> str:
    """The colour of a technology in this run: no two have the same as far as there are spare ones."""
    known = run.once("palette", lambda: palette(_technologies(run)))
    return known.get(technology) or TECHNOLOGY.get(canonical(technology)) or SPARE[0]


def palette(found: list[str]) -> dict[str, str]:
    """A colour for each: its own where it has one, else one that nobody has yet."""
    out: dict[str, str] = {}
    for technology in technology_order(found):
        own = TECHNOLOGY.get(canonical(technology))
        # Coal and 'thermal' share a grey on purpose, but not in one stack.
        free = (c for c in (own, *SPARE) if c and c not in out.values())
        out[technology] = next(free, None) or _turned(len(out))
    return out


def _technologies(run: Run) -> list[str]:
    named = [str(t) for t in run.data["technology"].values] if "technology" in run.data else []
    columns = [table(run, name)["technology"] for name in ("generator", "unit", "renewable") if "technology" in table(run, name)]
    return sorted({*named, *(str(t) for c in columns for t in c.dropna().unique())})


def _turned(number: int) -> str:
    """Colours without end, each a golden angle from the one before."""
    red, green, blue = colorsys.hls_to_rgb(0.618034 * number % 1.0, 0.42 + 0.16 * (number % 2), 0.5)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"
