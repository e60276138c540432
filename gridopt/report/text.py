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
    "energy_unit",
    "join",
    "mass",
    "money",
    "money_unit",
    "percent",
    "price",
    "say",
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
    """CNY/MWh, in Chinese 元/MWh; another currency keeps its code or sign."""
    return f"{currency_words(currency)[0]}/MWh", f"{currency_words(currency)[1]}/MWh"


def unit_money(currency: str) -> Both:
    return currency_words(currency)


def currency_words(currency: str) -> Both:
    """A currency as given; one that the file does not name is called a unit of cost."""
    return {"CNY": ("CNY", "元"), "currency": WORDS["cost_unit"]}.get(currency, (currency, currency))


def energy_unit(largest: float) -> tuple[float, str]:
    """Size [MWh] and name of the unit in which so many MWh read well."""
    return next(((size, unit) for size, unit in ((1e6, "TWh"), (1e3, "GWh")) if largest >= size), (1.0, "MWh"))


def money_unit(largest: float, currency: str) -> tuple[float, Both]:
    """Size and name of the unit for a column of money: millions where there are any."""
    en, zh = currency_words(currency)
    return (1e6, (f"{en} m", "百万元" if currency == "CNY" else f"百万 {zh}")) if largest >= 1e6 else (1.0, (en, zh))


def energy(mwh: float) -> Both:
    """12.3 TWh / 123 亿千瓦时; 820 GWh / 8.2 亿千瓦时; 5.0 GWh / 500 万千瓦时."""
    size = abs(mwh)
    en = _three(mwh / 1e6, "TWh") if size >= 1e6 else _three(mwh / 1e3, "GWh") if size >= 1e3 else _three(mwh, "MWh")
    zh = _three(mwh / 1e5, "亿千瓦时") if size >= 1e5 else _three(mwh / 10, "万千瓦时") if size >= 10 else _three(mwh, "兆瓦时")
    return en, zh


def money(value: float, currency: str) -> Both:
    """CNY 12.3 bn / 123 亿元; another currency keeps its code in both, a sign stands before the number: $17,480."""
    size, (before, after) = abs(value), currency_words(currency)
    en = f"{_number(value / 1e9)} bn" if size >= 1e9 else f"{_number(value / 1e6)} m" if size >= 1e6 else f"{value:,.0f}"
    zh = f"{_number(value / 1e8)} 亿" if size >= 1e8 else f"{_number(value / 1e4)} 万" if size >= 1e4 else f"{value:,.0f} "
    if currency == "currency":
        return f"{en} {before}", f"{zh.strip()} {after}"
    sign = not any(c.isalnum() for c in currency)
    chinese = f"{zh}{after}" if currency == "CNY" else f"{after}{zh.strip()}" if sign else f"{zh.strip()} {after}"
    return f"{before}{'' if sign else ' '}{en}", chinese


def mass(tonnes: float) -> Both:
    """120 Mt / 1.2 亿吨; 340 kt / 34 万吨."""
    size = abs(tonnes)
    en = _three(tonnes / 1e6, "Mt") if size >= 1e6 else _three(tonnes / 1e3, "kt") if size >= 1e3 else _three(tonnes, "t")
    zh = _three(tonnes / 1e8, "亿吨") if size >= 1e8 else _three(tonnes / 1e4, "万吨") if size >= 1e4 else _three(tonnes, "吨")
    return en, zh


def percent(share: float, digits: int = 1) -> Both:
    en = f"{100 * share:.{digits}f}"
    return f"{en} %", f"{en}%"


def price(value: float, currency: str) -> Both:
    """25.3 CNY/MWh / 25.3 元/MWh."""
    en, zh = unit_price(currency)
    return f"{_number(value)} {en}", f"{_number(value)} {zh}"


def amount(value: float, unit: str) -> Both:
    text = f"{_number(value)} {unit}"
    return text, text.replace("CNY/MWh", "元/MWh").replace("kg/MWh", "千克/MWh")


def _three(value: float, unit: str) -> str:
    return f"{_number(value)} {unit}"


def _number(value: float) -> str:
    """Three figures, more where the whole part needs them."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 99.95 else f"{value:,.1f}" if size >= 9.995 else f"{value:,.2f}"
