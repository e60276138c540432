"""Headlines of a market run: what users pay, and whether the books close."""

from __future__ import annotations

import numpy as np

from gridopt.report.folder import Run
from gridopt.report.market_data import market_table, prices
from gridopt.report.market_ledger import books, closing
from gridopt.report.market_names import quality, rule_words, run_words
from gridopt.report.text import WORDS, Both, join, money, price, say


def market_cards(run: Run) -> list[dict]:
    """Cards {key, big, text, tone, label}; [] where the run is none of the market."""
    return [c for c in (_price(run), _books(run)) if c]


def _price(run: Run) -> dict | None:
    """Mean price of users under the first rule of each run, and what load pays."""
    found = prices(run)
    if found is None or not found.pairs:
        return None
    rule = found.pairs[0][0]
    by = {stage: r for r, stage in reversed(found.pairs)} | {stage: r for r, stage in found.pairs if r == rule}
    mine = [(stage, found.series[found.rules.index(by[stage]), s, 0]) for s, stage in enumerate(found.runs) if stage in by]
    mean = [(stage, float(np.nanmean(row))) for stage, row in mine if np.isfinite(row).any()]
    if not mean:
        return None
    named = {stage: [run_words(stage)] if r == rule else [run_words(stage), rule_words(r)] for stage, r in by.items()}
    parts: list[Both] = [join([*named[stage], price(v, run.currency)], (" ", " ")) for stage, v in mean]
    text = say("mk_card_price", rule=rule_words(rule), parts=join(parts, (", ", "，")))
    if found.weighted:
        s = found.runs.index(found.pairs[0][1])
        paid = float(np.nansum(found.user_price[found.rules.index(rule), s] * found.weight[s] * found.hours))
        text = join([text, say("mk_card_paid", money=money(paid, run.currency))], (" ", ""))
    note = quality(market_table(run, "prices"))
    text = text if note is None else join([text, say("mk_card_note", note=note)], (" ", ""))
    return {"key": "market_price", "label": WORDS["mk_label_price"], "big": price(mean[0][1], run.currency), "text": text,
            "tone": "" if note is None else "warn"}  # fmt: skip


def _books(run: Run) -> dict | None:
    """Whether all that is paid is received."""
    frame = market_table(run, "ledger")
    if not len(frame):
        return None
    found = books(run)
    closes = closing(found)
    total = f"{round(closes['total'], 2) + 0.0:,.2f}"
    count = {"total": (total, total), "payments": (f"{len(frame):,}",) * 2, "parties": (f"{len(found.parties):,}",) * 2}
    return {
        "key": "market_books", "label": WORDS["mk_label_books"], "big": WORDS["mk_books_close" if closes["good"] else "mk_books_open"],
        "text": say("mk_card_books", **count), "tone": "good" if closes["good"] else "bad",
    }  # fmt: skip
