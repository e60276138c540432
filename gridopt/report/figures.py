"""The one door to plotly: house style, palettes, and figures checked against plotly's own schema.

Palettes are chosen for readers with a colour vision deficiency: neighbours in a stack differ in lightness, not only in hue
(after Okabe and Ito 2008 and the `muted` scheme of Paul Tol, 2021).
"""

from __future__ import annotations

import json

from gridopt.report.pack import token

INK, SOFT, RULE, ACCENT, ALARM = "#1d2733", "#5b6875", "#e3e7eb", "#0b6e8f", "#b5202f"
FONT = (
    '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", '
    '"Noto Sans CJK SC", "Noto Sans SC", sans-serif'
)

# Order from the bottom of a stack to its top.
TECHNOLOGY = {
    "nuclear": "#7a3b6e",
    "brown_coal": "#7c5a3a",
    "coal": "#4a4f57",
    "hard_coal": "#33383f",
    "thermal": "#4a4f57",
    "waste": "#8f6f86",
    "gas": "#a07c63",
    "ccgt": "#b98d6d",
    "ocgt": "#cfa98c",
    "oil": "#6b4c3b",
    "biomass": "#8a8f3c",
    "geothermal": "#a8485e",
    "other": "#8d98a4",
    "external_grid": "#c98b9b",
    "hydro": "#1f5fa8",
    "hydro_ror": "#79a8d8",
    "csp": "#d1592b",
    "imports": "#b9bfc7",
    "wind": "#3fa79a",
    "wind_onshore": "#6cc3b5",
    "wind_offshore": "#237a86",
    "solar": "#f2bb2e",
    "battery_discharge": "#b9639b",
    "pumped_hydro_discharge": "#7d6bb0",
    "storage_discharge": "#b9639b",
}
SPARE = ("#332288", "#88ccee", "#ddcc77", "#117733", "#aa4499", "#999933", "#882255", "#44aa99")
CAUSE = ("#a3123a", "#e08a3c", "#33598f", "#7fb5d5", "#8a6bb0", "#4d8f5b", "#d9c25a", "#c77aa5", "#8c6d4f", "#b7bdc4")
SERIES = ("#0b6e8f", "#d1592b", "#7d6bb0", "#4d8f5b", "#b9639b", "#8a8f3c", "#33598f", "#a07c63")

PRICE_SCALE = ((0.0, "#23407c"), (0.25, "#4f86b5"), (0.5, "#d9dcd2"), (0.75, "#e8a24c"), (1.0, "#a3321f"))
AMOUNT_SCALE = ((0.0, "#f7f7f4"), (0.2, "#f6d9a3"), (0.45, "#eb9d4f"), (0.7, "#c4502f"), (1.0, "#6d1029"))
LEVEL_SCALE = ((0.0, "#f5f7fa"), (0.35, "#a9cbe2"), (0.7, "#3f82b3"), (1.0, "#12355f"))


def figure(traces: list[dict], layout: dict | None = None, height: int = 380, control: dict | None = None) -> dict:
    """A figure ready for the page: {data, layout, height, control}. Raises ValueError on a property plotly does not know."""
    import plotly.graph_objects as go

    made = go.Figure(data=traces, layout=_merged(_style(), layout or {}))
    plain = json.loads(made.to_json(validate=True))
    plain["layout"].pop("template", None)
    return {"data": plain["data"], "layout": plain["layout"], "height": height, "control": control}


def plotly_js() -> str:
    """The source of plotly.js, to stand once in a <script> element."""
    from plotly.offline import get_plotlyjs

    return get_plotlyjs()


def axis(title: str = "", **more: object) -> dict:
    """An axis with quiet lines and a title token."""
    return {
        "title": {"text": title, "font": {"size": 12, "color": SOFT}, "standoff": 8},
        "gridcolor": RULE,
        "zerolinecolor": "#c4cad1",
        "linecolor": "#c4cad1",
        "tickfont": {"size": 11.5, "color": SOFT},
        "automargin": True,
        "separatethousands": True,
        "ticks": "",
        **more,
    }


def time_axis(days: float, **more: object) -> dict:
    """A date axis over so many days: months by name for a season or more, days below, hours below three."""
    months = days > 75
    more |= {"dtick": "M1", "ticklabelmode": "period"} if months else {}
    more |= {"nticks": int(days) + 2} if 3 < days <= 14 else {}
    form, hover = ("f_month", "f_date") if months else ("f_day", "f_date") if days > 3 else ("f_clock", "f_hour")
    more |= {"type": "date", "tickformat": token(form), "hoverformat": token(hover)}
    return axis("", **more)


def week_axis(days: float, **more: object) -> dict:
    """A date axis that shows a week, or a run of so many days as a whole; no more ticks than days of a week, or each day is named twice."""
    form = {"tickformat": token("f_day"), "nticks": 9} if days > 3 else {"tickformat": token("f_clock")}
    return axis("", type="date", hoverformat=token("f_hour"), **form, **more)


def colour_bar(title: str) -> dict:
    return {
        "title": {"text": title, "side": "top", "font": {"size": 12, "color": SOFT}},
        "thickness": 12,
        "outlinewidth": 0,
        "tickfont": {"size": 11.5, "color": SOFT},
        "separatethousands": True,
    }


def hatched(colour: str) -> dict:
    """Marker of a bar that shows what was not used."""
    return {
        "color": colour,
        "line": {"color": colour, "width": 1},
        "pattern": {"shape": "/", "fgcolor": colour, "bgcolor": "#ffffff", "size": 6, "solidity": 0.35},
    }


def _style() -> dict:
    return {
        "font": {"family": FONT, "size": 12.5, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 56, "r": 16, "t": 12, "b": 30},
        "hoverlabel": {
            "font": {"family": FONT, "size": 12.5, "color": INK},
            "bgcolor": "#ffffff",
            "bordercolor": "#aab2bb",
            "align": "left",
        },
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "xanchor": "left",
            "yanchor": "bottom",
            "font": {"size": 12},
            "traceorder": "normal",
            "itemsizing": "constant",
        },
        "colorway": list(SERIES),
        "modebar": {"bgcolor": "rgba(255,255,255,0.85)", "color": "#97a1ac", "activecolor": ACCENT},
        "separators": ".,",
        "dragmode": "zoom",
    }


def _merged(base: dict, more: dict) -> dict:
    """`base` with the values of `more`, mapping by mapping."""
    out = dict(base)
    for key, value in more.items():
        out[key] = _merged(out[key], value) if isinstance(value, dict) and isinstance(out.get(key), dict) else value
    return out
