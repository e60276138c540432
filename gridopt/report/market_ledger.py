"""The books: who pays and who receives for what, from energy to a sum of zero; accounts and to whom they go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridopt.report.figures import ACCENT, ALARM, INK, axis, figure
from gridopt.report.folder import Run
from gridopt.report.market_data import market_table
from gridopt.report.market_names import account_words, party_words, run_quality
from gridopt.report.market_parties import ACCOUNTS, MARKET, OTHERS, USERS, class_of, class_words
from gridopt.report.pack import Page, token
from gridopt.report.technologies import palette, technology_order
from gridopt.report.text import WORDS, Both, join, money_unit, say

MOST_PARTIES = 800
CENT = 0.005
THEMES = (
    "energy", "trade", "contract", "mechanism", "dual_track", "capacity", "uplift", "rent", "loss", "agc", "reserve", "deviation", "carbon",
    "residual", "other",
)  # fmt: skip
"""What payments are for, in the order in which they are told."""
STARTS = (
    ("energy", "energy"), ("offer_cost", "energy"), ("trade", "trade"), ("contract", "contract"), ("mechanism", "mechanism"),
    ("dual_track", "dual_track"), ("capacity", "capacity"), ("mwp", "uplift"), ("loc", "uplift"), ("uplift", "uplift"), ("ftr", "rent"),
    ("congestion", "rent"), ("network", "rent"), ("loss", "loss"), ("agc", "agc"), ("deep_peak", "agc"), ("reserve", "reserve"),
    ("commitment", "uplift"), ("deviation", "deviation"), ("carbon", "carbon"), ("zone_spread", "residual"), ("basis", "residual"),
    ("cap_adjust", "residual"),
)  # fmt: skip
"""Theme of codes and accounts by how they begin."""
PASSED_ON = ("residual", "allocation")
"""Codes that move money into accounts and out of them: their theme is that of the account."""
MOST_LEVEL = 6
"""Steps of a waterfall from which their names are slanted, or they would run into each other."""
COLOURS = {MARKET: "#5b6875", ACCOUNTS: "#b7bdc4", USERS: "#0b6e8f", OTHERS: "#8d98a4"}


@dataclass(frozen=True)
class Books:
    """Net receipts [CNY] by party and theme (p, c), received and paid (p,); class of each party, classes in order."""

    parties: list[str]
    themes: list[str]
    net: np.ndarray
    received: np.ndarray
    paid: np.ndarray
    kind: list[str]
    classes: list[str]

    def of(self, name: str) -> np.ndarray:
        """Net receipts of a class by theme (c,)."""
        return self.net[[k == name for k in self.kind]].sum(axis=0)


def ledger(run: Run, page: Page) -> dict | None:
    """Figures `mk_codes` and `mk_waterfall`, and {parties, codes, accounts, closes, size, unit, note}; None without a ledger."""
    frame = market_table(run, "ledger")
    if not len(frame):
        return None
    found = books(run)
    size, unit = money_unit(float(np.abs(found.net).max(initial=0.0)), run.currency)
    money = page.name(unit)
    page.figures["mk_codes"] = _codes(page, found, size, money)
    page.figures["mk_waterfall"] = _waterfalls(run, page, frame, found, size, money)
    residuals = market_table(run, "residuals")
    return {
        "parties": _parties(run, found), "count": len(found.parties), "themes": [theme_words(c) for c in found.themes],
        "codes": _by_code(frame), "terms": terms(market_table(run, "terms")),
        "accounts": _accounts(run, residuals), "closes": closing(found), "size": size, "unit": unit, "note": run_quality(run, frame, residuals),
    }  # fmt: skip


def terms(frame: pd.DataFrame) -> list[Both]:
    """A sentence for each table of settlement of which rows do not hold in the studied period, and one on the day whose rules are taken."""
    found: list[Both] = []
    for day in sorted({str(d) for d in frame["as_of"]} - {""}) if len(frame) else []:
        found.append(say("mk_terms_of", day=(day, day)))
    for r in frame.to_dict("records"):
        rows, holding = int(r["rows"]), int(r["holding"])
        if holding == rows:
            continue
        when = [say(f"mk_terms_{key}", day=(str(r[key]),) * 2) for key in ("begins", "ended") if r[key]]
        name = WORDS.get(f"mk_terms_{r['table']}") or (str(r["table"]),) * 2
        count = {"holding": (str(holding),) * 2, "rows": (str(rows),) * 2, "when": join(when, ("", ""))}
        found.append(say("mk_terms_some" if holding else "mk_terms_none", name=name, **count))
    return found


def code_words(code: str) -> Both:
    """Name of what is paid for."""
    if code.startswith("allocation_"):
        return say("mk_allocation", name=account_words(code.removeprefix("allocation_")))
    account, stage, name = (*code.split("_", 2), "", "")[:3]
    if name and f"mk_code_{account}_{stage}" in WORDS and account in ("reserve", "commitment", "uplift", "network"):
        known = WORDS.get(f"mk_decision_{name}") if account != "reserve" else None
        return say(f"mk_code_{account}_{stage}", name=known or (name.replace("_", " "),) * 2)
    return WORDS.get(f"mk_code_{code}") or (code.replace("_", " ").capitalize(), code.replace("_", " "))


def _themes(frame: pd.DataFrame) -> np.ndarray:
    """Place of the theme of each payment in THEMES (n,)."""
    payer, payee, code = (frame[c].astype("category") for c in ("payer", "payee", "code"))
    account = np.where(_is_account(payer), payer.astype(str), np.where(_is_account(payee), payee.astype(str), ""))
    moved = np.array([str(c).startswith(PASSED_ON) for c in code.cat.categories], bool)[code.cat.codes]
    named = np.where(moved & (account != ""), account, code.astype(str))
    place, distinct = pd.factorize(named)
    theme = [next((t for start, t in STARTS if name.removeprefix("account ").startswith(start)), "other") for name in distinct]
    return np.array([THEMES.index(t) for t in theme], int)[place]


def _is_account(party: pd.Series) -> np.ndarray:
    return np.array([str(c).startswith("account ") for c in party.cat.categories], bool)[party.cat.codes]


def books(run: Run) -> Books:
    """The books of a run that has a ledger."""
    return run.once("market books", lambda: _books(run, market_table(run, "ledger")))


def _books(run: Run, frame: pd.DataFrame) -> Books:
    amount, theme = frame["amount"].to_numpy(float), _themes(frame)
    party, parties = pd.factorize(pd.concat([frame["payee"].astype(str), frame["payer"].astype(str)], ignore_index=True))
    to, by = np.split(party, 2)
    used = np.unique(theme)
    at = np.searchsorted(used, theme)
    net, received, paid = np.zeros((len(parties), len(used))), np.zeros(len(parties)), np.zeros(len(parties))
    np.add.at(net, (to, at), amount)
    np.subtract.at(net, (by, at), amount)
    np.add.at(received, to, amount)
    np.add.at(paid, by, amount)
    kind = [class_of(run, str(p)) for p in parties]
    fixed = (USERS, MARKET, ACCOUNTS, OTHERS)
    classes = [MARKET, USERS, *technology_order([k for k in kind if k not in fixed]), OTHERS, ACCOUNTS]
    return Books([str(p) for p in parties], [THEMES[t] for t in used], net, received, paid, kind, [c for c in classes if c in kind])


def _by_code(frame: pd.DataFrame) -> list[dict]:
    """Payments, sum and theme of each code, in the order of themes."""
    by = frame.assign(theme=_themes(frame)).groupby(["theme", "code"], observed=True)["amount"].agg(["count", "sum"]).reset_index()
    return [
        {
            "theme": theme_words(THEMES[r["theme"]]), "name": code_words(str(r["code"])), "code": str(r["code"]),
            "count": int(r["count"]), "sum": float(r["sum"]),
        }
        for r in by.to_dict("records")
    ]  # fmt: skip


def theme_words(theme: str) -> Both:
    return WORDS[f"mk_theme_{theme}"]


def _colours(books: Books) -> dict[str, str]:
    """A colour of its own for each class."""
    return palette([k for k in books.classes if k not in COLOURS]) | COLOURS


def _codes(page: Page, books: Books, size: float, money: str) -> dict:
    """For each code what every class receives (above) and pays (below): a column adds up to zero."""
    traces, options, colour = [], [], _colours(books)
    for pick, some in (("all", list(range(len(books.themes)))), ("less", [i for i, t in enumerate(books.themes) if t != "energy"])):
        labels = page.tokens([theme_words(books.themes[i]) for i in some])
        made = [
            {
                "type": "bar", "name": page.name(class_words(k)), "x": labels, "y": books.of(k)[some] / size,
                "marker": {"color": colour[k]},
                "hovertemplate": f"%{{x}}: %{{y:,.3f}} {money}<extra>%{{fullData.name}}</extra>", "meta": {"pick": pick},
            }
            for k in books.classes if np.abs(books.of(k)[some]).max(initial=0.0) > CENT
        ]  # fmt: skip
        traces += made
        options += [[pick, token(f"mk_codes_{pick}")]] if made else []
    layout = {"barmode": "relative", "bargap": 0.3, "xaxis": axis("", type="category", showgrid=False), "yaxis": axis(money)}
    return figure(traces, layout, height=430, control={"kind": "pick", "options": options})


def _waterfalls(run: Run, page: Page, frame: pd.DataFrame, books: Books, size: float, money: str) -> dict:
    """One waterfall for each class, chosen with a selector; that of the clearing house, where there is one, tells payers and payees apart."""
    traces, options, most = [], [], 0
    for k in books.classes:
        by_theme = [(theme_words(c), v) for c, v in zip(books.themes, books.of(k), strict=True)]
        steps = [(name, v) for name, v in (_steps_of_market(frame, books) if k == MARKET else by_theme) if abs(v) > CENT]
        if not steps:
            continue
        total, most = sum(v for _, v in steps), max(most, len(steps))
        sums = [v / size for _, v in steps] + [total / size]
        traces.append(
            {
                "type": "waterfall", "x": page.tokens([name for name, _ in steps] + [WORDS["mk_sum"]]), "y": sums,
                "measure": ["relative"] * len(steps) + ["total"], "meta": {"pick": k}, "text": [f"{v:,.2f}" for v in np.round(sums, 2) + 0.0],
                "textposition": "outside", "cliponaxis": False, "connector": {"line": {"color": "#c4cad1", "width": 1}},
                "increasing": {"marker": {"color": ACCENT}}, "decreasing": {"marker": {"color": ALARM}}, "totals": {"marker": {"color": INK}},
                "hovertemplate": f"%{{x}}: %{{delta:,.3f}} {money}<extra></extra>", "showlegend": False,
            }  # fmt: skip
        )
        options.append([k, page.name(class_words(k))])
    slanted = {"tickangle": -20} if most > MOST_LEVEL else {}
    layout = {"xaxis": axis("", type="category", showgrid=False, **slanted), "yaxis": axis(money), "margin": {"t": 30}}
    return figure(traces, layout, height=420, control={"kind": "pick", "options": options})


def _steps_of_market(frame: pd.DataFrame, books: Books) -> list[tuple[Both, float]]:
    """What the clearing house receives for a code from a class and pays for it to one, in the order of codes, receipts first."""
    kind = {p: k if k in (USERS, ACCOUNTS, OTHERS, MARKET) else "plants" for p, k in zip(books.parties, books.kind, strict=True)}
    mine = frame[(frame["payer"] == MARKET) | (frame["payee"] == MARKET)]
    inwards = (mine["payee"] == MARKET).to_numpy()
    other = pd.Series(np.where(inwards, mine["payer"].astype(str), mine["payee"].astype(str))).map(kind).to_numpy(str)
    signed = mine["amount"].to_numpy(float) * np.where(inwards, 1.0, -1.0)
    table = pd.DataFrame({"theme": _themes(mine), "out": ~inwards, "group": other, "amount": signed})
    by = table.groupby(["theme", "out", "group"])["amount"].sum()
    between: Both = (", ", "：")
    return [
        (join([theme_words(THEMES[theme]), WORDS[f"mk_to_{group}" if out else f"mk_from_{group}"]], between), float(amount))
        for (theme, out, group), amount in by.items()
    ]


def _parties(run: Run, books: Books) -> list[dict]:
    """Parties by what they are paid or pay on balance, largest first."""
    total = books.net.sum(axis=1)
    order = sorted(range(len(books.parties)), key=lambda p: (-abs(total[p]), books.parties[p]))
    return [
        {
            "id": books.parties[p], "name": party_words(run, books.parties[p]), "kind": class_words(books.kind[p]),
            "received": books.received[p],
            "paid": books.paid[p], "net": total[p], "themes": [v if abs(v) > CENT else None for v in books.net[p]],
        }
        for p in order[:MOST_PARTIES]
    ]  # fmt: skip


def _accounts(run: Run, residuals: pd.DataFrame) -> list[dict]:
    """Residual accounts, what they hold before it is allocated, and to whom it goes."""
    rows = [r for r in residuals.to_dict("records") if not abs(r["amount"]) <= CENT]
    return [
        {
            "name": account_words(str(r["account"]).removeprefix("account ")), "amount": float(r["amount"]),
            "to": _allocated_words(run, str(r["allocated_to"])),
        }
        for r in rows
    ]  # fmt: skip


def _allocated_words(run: Run, whom: str) -> Both:
    """'load by month' as users by load, each month."""
    payers, _, horizon = whom.partition(" by ")
    who = WORDS.get(f"mk_payers_{payers.replace(' ', '_')}") or party_words(run, payers)
    return say("mk_shared_out", who=who, horizon=WORDS[f"mk_horizon_{horizon}"]) if f"mk_horizon_{horizon}" in WORDS else who


def closing(books: Books) -> dict:
    """Whether the books close: all parties together, the clearing house, and the accounts after allocation have nothing left."""
    total = books.net.sum(axis=1)
    kinds = np.array(books.kind)
    figures = {"total": float(total.sum())} | {k: float(total[kinds == k].sum()) for k in (MARKET, ACCOUNTS) if (kinds == k).any()}
    size = max(float(books.received.sum()), 1.0)
    return figures | {"good": bool(np.isfinite(total).all() and abs(figures["total"]) <= max(CENT, 1e-9 * size))}
