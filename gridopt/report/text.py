"""Sentences and numbers in English and Chinese; the words themselves are in `words.py`.

Chinese sentences count energy in 亿千瓦时 (0.1 TWh) and money in 亿元, as Chinese planners do; axes keep MW, GWh and TWh in both.
"""

from __future__ import annotations

from gridopt.report.words import WORDS, Both

__all__ = [
    "WORDS",
    "Both",
    "amount",
    "dotted",
    "energy",
    "join",
    "mass",
    "money",
    "percent",
    "say",
    "unit_millions",
    "unit_money",
    "unit_price",
]


def say(key: str, **values: Both) -> Both:
    """The words of `key` in both languages, each value given in both too. Raises KeyError for an unknown key."""
    en, zh = WORDS[key]
    return en.format(**{k: v[0] for k, v in values.items()}), zh.format(**{k: v[1] for k, v in values.items()})


def join(parts: list[Both], between: Both = (", ", "，")) -> Both:
    return between[0].join(p[0] for p in parts), between[1].join(p[1] for p in parts)


def dotted(name: str) -> Both:
    """storage.wear -> Storage wear, 储能损耗. An identifier with an unknown part keeps its own spelling in both."""
    known = [WORDS.get(f"part_{part}") for part in name.split(".")]
    if not all(known):
        return name, name
    en, zh = join([both for both in known if both], (" ", ""))
    return en[:1].upper() + en[1:], zh


def unit_price(currency: str) -> Both:
    """CNY/MWh, in Chinese 元/MWh; another currency keeps its code."""
    return f"{currency}/MWh", "元/MWh" if currency == "CNY" else f"{currency}/MWh"


def unit_millions(currency: str) -> Both:
    return f"{currency} m", "百万元" if currency == "CNY" else f"百万 {currency}"


def unit_money(currency: str) -> Both:
    return currency, "元" if currency == "CNY" else currency


def energy(mwh: float) -> Both:
    """12.3 TWh / 123 亿千瓦时; 820 GWh / 8.2 亿千瓦时; 5.0 GWh / 500 万千瓦时."""
    size = abs(mwh)
    en = _three(mwh / 1e6, "TWh") if size >= 1e6 else _three(mwh / 1e3, "GWh") if size >= 1e3 else _three(mwh, "MWh")
    zh = _three(mwh / 1e5, "亿千瓦时") if size >= 1e5 else _three(mwh / 10, "万千瓦时") if size >= 10 else _three(mwh, "兆瓦时")
    return en, zh


def money(value: float, currency: str) -> Both:
    """CNY 12.3 bn / 123 亿元; another currency keeps its code in both."""
    size = abs(value)
    unit = "元" if currency == "CNY" else f" {currency}"
    en = f"{_number(value / 1e9)} bn" if size >= 1e9 else f"{_number(value / 1e6)} m" if size >= 1e6 else f"{value:,.0f}"
    zh = (
        f"{_number(value / 1e8)} 亿{unit}"
        if size >= 1e8
        else f"{_number(value / 1e4)} 万{unit}"
        if size >= 1e4
        else f"{value:,.0f} {unit.strip()}"
    )
    return f"{currency} {en}", zh


def mass(tonnes: float) -> Both:
    """120 Mt / 1.2 亿吨; 340 kt / 34 万吨."""
    size = abs(tonnes)
    en = _three(tonnes / 1e6, "Mt") if size >= 1e6 else _three(tonnes / 1e3, "kt") if size >= 1e3 else _three(tonnes, "t")
    zh = _three(tonnes / 1e8, "亿吨") if size >= 1e8 else _three(tonnes / 1e4, "万吨") if size >= 1e4 else _three(tonnes, "吨")
    return en, zh


def percent(share: float, digits: int = 1) -> Both:
    en = f"{100 * share:.{digits}f}"
    return f"{en} %", f"{en}%"


def amount(value: float, unit: str) -> Both:
    text = f"{_number(value)} {unit}"
    return text, text.replace("CNY/MWh", "元/MWh").replace("kg/MWh", "千克/MWh")


def _three(value: float, unit: str) -> str:
    return f"{_number(value)} {unit}"


def _number(value: float) -> str:
    """Three figures, more where the whole part needs them."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 99.95 else f"{value:,.1f}" if size >= 9.995 else f"{value:,.2f}"
