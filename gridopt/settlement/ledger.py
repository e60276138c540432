"""The ledger: who pays whom how much for what, and funds shared out among payers.

    amount[i] = quantity[i] x price[i] >= 0 from payer[i] to payee[i]                                      [CNY]     (B1)
    balance[a] = received - paid;   sum over accounts of balance = 0, in every period and in all                      (B2)
    share[i,t] = fund[h] w[i,t] / sum over i and t in h of w;   sum over i and t in h of share = fund[h]              (B3)

A payment that would be negative goes the other way: payer and payee change places and the quantity its sign, so that the price stays what it
is and the quantity is what the payee gives to the payer. h is the horizon in which a fund is shared out: a period, a day, a month, all.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

MARKET = "market"
"""The clearing house: buys from plants, sells to users."""
ROUNDING = 1e-12
"""Part of a turnover below which money is rounding."""
HORIZONS = {"period": "", "day": "datetime64[D]", "month": "datetime64[M]", "whole": ""}


def account(name: str) -> str:
    """Name of a residual account, such as 'account congestion'."""
    return f"account {name}"


@dataclass(frozen=True)
class Entries:
    """Payments in the order in which they were booked; `payer`, `payee` index `Ledger.names`, `code` indexes `Ledger.codes`; all (n,)."""

    payer: np.ndarray
    payee: np.ndarray
    code: np.ndarray
    period: np.ndarray
    quantity: np.ndarray
    price: np.ndarray

    @property
    def amount(self) -> np.ndarray:
        """(B1)."""
        return self.quantity * self.price


@dataclass
class Ledger:
    """Payments of `periods` periods (T). Payments of nothing are not booked."""

    periods: int
    _name: dict[str, int] = field(default_factory=dict)
    _code: dict[str, int] = field(default_factory=dict)
    _parts: list[Entries] = field(default_factory=list)

    def pay(self, code: str, payer, payee, quantity: np.ndarray, price: np.ndarray | float) -> None:
        """Books (B1): quantity (n, T) or (T,) and price, broadcast to it; payer and payee a name or names (n,). Raises ValueError for
        numbers that are not finite."""
        much, at = np.broadcast_arrays(np.atleast_2d(np.asarray(quantity, float)), np.asarray(price, float))
        if much.shape[1] != self.periods:
            raise ValueError(f"{code}: {much.shape[1]} periods are booked into a ledger of {self.periods}")
        if not (np.isfinite(much).all() and np.isfinite(at).all()):
            raise ValueError(f"{code}: a quantity or price is not a finite number")
        count = len(much)
        row, period = np.nonzero(much * at)
        much, at = much[row, period], at[row, period]
        giver, taker = (self._ids(who, count)[row] for who in (payer, payee))
        back = much * at < 0
        code_id = np.full(len(row), self._code.setdefault(code, len(self._code)))
        self._parts.append(
            Entries(np.where(back, taker, giver), np.where(back, giver, taker), code_id, period, np.where(back, -much, much), at)
        )  # fmt: skip

    def lump(self, code: str, payer: str, payee: str, amount: np.ndarray, turnover: np.ndarray) -> None:
        """Books amounts (T,) CNY as quantity 1 at that price, but those that are only rounding of a turnover (T,)."""
        self.pay(code, payer, payee, np.where(np.abs(amount) > ROUNDING * turnover, 1.0, 0.0), amount)

    def _ids(self, who, count: int) -> np.ndarray:
        names = [who] * count if isinstance(who, str) else list(who)
        return np.array([self._name.setdefault(str(n), len(self._name)) for n in names], int)

    @property
    def names(self) -> list[str]:
        return list(self._name)

    @property
    def codes(self) -> list[str]:
        return list(self._code)

    @property
    def entries(self) -> Entries:
        """All payments."""
        if not self._parts:
            none, nothing = np.zeros(0, int), np.zeros(0)
            return Entries(none, none, none, none, nothing, nothing)
        if len(self._parts) > 1:
            fields = Entries.__dataclass_fields__
            self._parts = [Entries(*(np.concatenate([getattr(p, f) for p in self._parts]) for f in fields))]
        return self._parts[0]

    def by_period(self) -> np.ndarray:
        """Balance of each account in each period (A, T), in the order of `names` (B2)."""
        found, one = np.zeros((len(self._name), self.periods)), self.entries
        np.add.at(found, (one.payee, one.period), one.amount)
        np.subtract.at(found, (one.payer, one.period), one.amount)
        return found

    def balances(self) -> dict[str, float]:
        """Balance of each account over all periods, CNY (B2)."""
        return dict(zip(self.names, self.by_period().sum(axis=1).tolist(), strict=True))

    def balance_of(self, name: str) -> np.ndarray:
        """Balance of one account by period (T,); 0 for one that is not known."""
        found, one = np.zeros(self.periods), self.entries
        here = self._name.get(name, -1)
        for side, sign in ((one.payee, 1.0), (one.payer, -1.0)):
            mine = side == here
            np.add.at(found, one.period[mine], sign * one.amount[mine])
        return found

    def turnover_of(self, name: str) -> float:
        """All that one account received and paid, CNY."""
        one, here = self.entries, self._name.get(name, -1)
        return float(one.amount[(one.payee == here) | (one.payer == here)].sum())

    def columns(self, start: np.ndarray) -> dict[str, np.ndarray]:
        """payer, payee, code, period (its first instant), quantity, price, amount of each payment."""
        one, names, codes = self.entries, np.array(self.names, dtype=object), np.array(self.codes, dtype=object)
        return {
            "payer": names[one.payer], "payee": names[one.payee], "code": codes[one.code], "period": np.asarray(start)[one.period],
            "quantity": one.quantity, "price": one.price, "amount": one.amount,
        }  # fmt: skip


def horizon(start: np.ndarray, name: str) -> np.ndarray:
    """Number of the horizon that each period belongs to, int (T,), from 0."""
    if name == "period" or not len(start):
        return np.arange(len(start))
    if name == "whole":
        return np.zeros(len(start), int)
    return np.unique(start.astype(HORIZONS[name]), return_inverse=True)[1]


def sums(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Sum over the periods of each horizon: (..., T) to (..., H)."""
    total = np.zeros((int(group.max(initial=-1)) + 1, *values.shape[:-1]))
    np.add.at(total, group, np.moveaxis(values, -1, 0))
    return np.moveaxis(total, 0, -1)


def allocate(fund: np.ndarray, weight: np.ndarray, group: np.ndarray, least: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(B3): price per unit of weight by period (T,), and what is left of each fund by period (T,) because nobody has a weight.

    fund (T,) CNY, weight (n, T) >= 0, group (T,) the horizon of each period; a fund of at most `least` is rounding and not shared out.
    Raises ValueError for a negative weight.
    """
    if weight.size and weight.min() < 0:
        raise ValueError("a fund cannot be shared out by negative weights")
    whole, part = sums(fund, group), sums(weight.sum(axis=0), group)
    rate = np.divide(whole, part, out=np.zeros_like(whole), where=(part > 0) & (np.abs(whole) > least))
    return rate[group], np.where(part > 0, 0.0, 1.0)[group] * fund
