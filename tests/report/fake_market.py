"""Made-up tables of a market run, put into a made-up results folder: prices that add up, books that close, same bytes every time.

    energy(t) by the hour;  congestion[b,t] = - sum over limits of mu[k,t] shift[k,b];  loss[b] = energy x factor[b];  lmp = their sum
    the price of every bus is also  weight x offer of two marginal units,  weights adding up to one
"""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pandas as pd

from gridopt.dispatch.market_tables import PREFIX, frame
from tests.report import fake_run

ELEMENTS = ("interface HEYU", "branch JIQ~HEX")
MARGINAL = ("unit U00", "unit U01")
PLANTS = (*(f"unit U{i:02d}" for i in range(12)), *(f"renewable R{i:03d}" for i in range(12)), "storage BESS00", "reservoir LJX")


def make(
    folder: pathlib.Path, days: int = 2, step_minutes: int = 60, rules=("ip", "zonal_avg", "chp"), runs=("DA", "RT"), buses: int = 26,
    start: str = "2025-03-03", exact: bool = True, evil: bool = True, results: bool = True,
) -> pathlib.Path:  # fmt: skip
    """A folder of fake_run with tables of a market run; `results` False: the tables alone, as pricing leaves them."""
    folder = pathlib.Path(folder)
    if results:
        fake_run.make(folder, days=max(days, 1), plants=12, start=start, evil=evil)
        _add_names(folder)
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    world = World(days, step_minutes, list(rules), list(runs), buses, start, exact)
    for name, table in tables(world).items():
        table.to_parquet(folder / "tables" / f"{PREFIX}{name}.parquet", index=False)
    if not results:
        (folder / "manifest.json").write_text(json.dumps({"study": "priced"}), encoding="utf-8")
    return folder


class World:
    """Arrays of the made-up market: buses B, periods T."""

    def __init__(self, days: int, step: int, rules: list[str], runs: list[str], buses: int, start: str, exact: bool):
        self.rules, self.runs, self.exact, self.gap = rules, runs, exact, 0.0 if exact else 0.0031
        self.period = pd.date_range(start, periods=days * 1440 // step, freq=f"{step}min")
        self.hours = step / 60.0
        inside = [line.split() for line in fake_run.BUSES.split("\n") if line and line.split()[-1] == "internal"]
        self.bus = [b[0] for b in inside][:buses] + [f"X{i:02d}" for i in range(buses - len(inside))]
        self.zone = np.array(([b[5] for b in inside] + ["Hedong"] * buses)[:buses])
        clock = self.period.hour.to_numpy() + self.period.minute.to_numpy() / 60.0
        self.energy = 260 + 110 * np.cos(np.pi * (clock - 19) / 12) + 12 * np.sin(np.arange(len(clock)) / 5.0)
        west = (self.zone == "Hexi").astype(float)
        self.shift = np.stack([0.45 * west - 0.1, 0.2 * west * np.linspace(1, 0, buses) - 0.02])
        self.factor = 0.03 - 0.05 * np.linspace(0, 1, buses)
        noon, evening = (np.clip(np.cos(np.pi * (clock - h) / 8), 0, None) for h in (13, 20))
        self.mu = np.stack([np.where(noon > 0.4, 260 * noon, 0.0), np.where(evening > 0.9, -90 * evening, 0.0)])
        load = 600 + 300 * np.sin(np.arange(buses))[:, None] ** 2
        self.load = load * (1 + 0.15 * np.cos(np.pi * (clock - 19) / 12))

    def prices(self, rule: str, run: str) -> tuple[np.ndarray, ...]:
        """Energy (T,), congestion, loss, lmp (B, T) of a rule and run."""
        lift = 1.0 + 0.03 * self.rules.index(rule)
        energy = lift * self.energy + (18 * np.sin(np.arange(len(self.period)) / 3.0) if run == "RT" else 0.0)
        congestion, loss = -lift * self.shift.T @ self.mu, self.factor[:, None] * energy
        return energy, congestion, loss, energy + congestion + loss

    def output(self, run: str) -> np.ndarray:
        """Output of PLANTS (g, T) MW."""
        t = np.arange(len(self.period))
        shape = 200 + 120 * np.sin(t[None, :] / 7.0 + np.arange(len(PLANTS))[:, None])
        return shape * (1.0 if run == "DA" else 1.0 + 0.04 * np.sin(t / 4.0 + np.arange(len(PLANTS))[:, None]))


def tables(w: World) -> dict[str, pd.DataFrame]:
    """All tables of the made-up market."""
    quality = {"gap": w.gap, "exact": w.exact}
    out: dict[str, list[pd.DataFrame]] = {n: [] for n in ("prices", "zone_prices", "constraints", "uplift", "product_shortfall", "dispatch")}
    bus, period = (v.ravel() for v in np.meshgrid(w.bus, w.period, indexing="ij"))
    for rule in w.rules:
        for run in w.runs:
            energy, congestion, loss, lmp = w.prices(rule, run)
            parts = {"congestion": congestion, "loss": loss, "lmp": lmp, "settled": np.clip(lmp, 40, 400)}
            flat = {k: v.ravel() for k, v in parts.items()} | {"energy": np.broadcast_to(energy, lmp.shape).ravel()}
            same = {"lmp_lo": flat["lmp"], "lmp_hi": flat["lmp"] + np.where(np.arange(len(bus)) % 7 == 0, 4.0, 0.0)}
            out["prices"].append(frame("prices", rule=rule, run=run, period=period, bus=bus, weights="load", **flat, **same, **quality))
            for zone in ("Hexi", "Hedong"):
                here = w.zone == zone
                mean = (lmp * w.load)[here].sum(0) / w.load[here].sum(0)
                mean = (lmp * w.load).sum(0) / w.load.sum(0) if rule == "zonal_avg" else mean
                out["zone_prices"].append(frame("zone_prices", rule=rule, run=run, period=w.period, zone=zone, weights="load", price=mean,
                    **quality))
            out["constraints"].append(_constraints(w, rule, run, quality))
            out["uplift"].append(_uplift(w, rule, run, quality))
            short = frame("product_shortfall", rule=rule, run=run, period=w.period, element="reserve spin", mu=2.0, unused=1.0,
                          prs=2.0 * w.rules.index(rule), **quality)  # fmt: skip
            out["product_shortfall"].append(short)
    for run in w.runs:
        mw = w.output(run)
        unit, when = (v.ravel() for v in np.meshgrid(PLANTS, w.period, indexing="ij"))
        out["dispatch"].append(
            frame("dispatch", run=run, period=when, unit=unit, mw=mw.ravel(), reserve=np.nan, on=np.nan, start=np.nan,
                  available=mw.ravel() + 5.0, curtailed=5.0, cause="", **quality)
        )  # fmt: skip
    made = {name: pd.concat(parts, ignore_index=True) for name, parts in out.items()}
    return made | {"ledger": ledger(w), "residuals": residuals(w), "explain": explain(w), "metrics": metrics(w)}


def _constraints(w: World, rule: str, run: str, quality: dict) -> pd.DataFrame:
    k, t = np.nonzero(w.mu)
    mu = w.mu[k, t] * (1.0 + 0.03 * w.rules.index(rule))
    flow = np.where(mu > 0, 8500.0, -4600.0)
    return frame("constraints", rule=rule, run=run, period=w.period[t], element=np.array(ELEMENTS, object)[k],
        contingency=np.where(k == 1, "HEX~WUS", ""),
                 direction=np.where(mu > 0, "forward", "backward"), flow=flow, limit=np.abs(flow), slack=0.0, mu=mu,
                 rent=mu * flow * w.hours, **quality)  # fmt: skip


def _uplift(w: World, rule: str, run: str, quality: dict) -> pd.DataFrame:
    energy = w.prices(rule, run)[0]
    revenue = (w.output(run) * energy).sum(1) * w.hours
    n = np.arange(len(PLANTS))
    mwp = np.where(n % 4 == 0, 4000.0 * (n + 1) / (1 + w.rules.index(rule)), 0.0)
    return frame("uplift", rule=rule, run=run, unit=np.array(PLANTS, object), horizon="2025-03-03", revenue=revenue, cost=revenue + mwp,
        profit=-mwp, besides=0.0,
                 best_profit=900.0 * n, mwp=mwp, loc=mwp + 900.0 * n, paid=mwp, payer="load", **quality)  # fmt: skip


def ledger(w: World) -> pd.DataFrame:
    """Energy day-ahead and its residual, a contract, capacity and uplift borne by users: every account ends at zero."""
    output, price = w.output("DA").sum(1) * w.hours, 290.0
    users, share = [f"load {b}" for b in w.bus], (w.load.sum(1) / w.load.sum())
    sold, rent = float(output.sum()), 250_000.0
    rows: list[tuple] = []

    def pay(payer: str, payee: str, code: str, quantity: float, at: float) -> None:
        for n in range(2):  # in two halves of the time
            rows.append((payer, payee, code, w.period[n * (len(w.period) // 2)], quantity / 2, at))

    for user, part in zip(users, share, strict=True):
        pay(user, "market", "energy_da", sold * part, price + rent / sold)
        pay(user, "account capacity", "allocation_capacity", sold * part, 7.0)
        pay("account congestion", user, "allocation_congestion", sold * part, rent / sold)
        pay(user, "account uplift", "allocation_uplift", sold * part, 1.5)
    for plant, mwh in zip(PLANTS, output, strict=True):
        pay("market", plant, "energy_da", float(mwh), price)
        pay("account capacity", plant, "capacity", float(mwh), 7.0)
        pay("account uplift", plant, "mwp_da", float(mwh), 1.5)
    pay("market", "account congestion", "residual_da", 1.0, rent)
    pay("load QIN", PLANTS[0], "contract_difference", 1000.0, 25.0)
    payer, payee, code, period, quantity, at = zip(*rows, strict=True)
    amount = np.array(quantity) * np.array(at)
    return frame("ledger", payer=payer, payee=payee, code=code, period=list(period), quantity=quantity, price=at, amount=amount, exact=w.exact)


def residuals(w: World) -> pd.DataFrame:
    sold = float(w.output("DA").sum() * w.hours)
    return frame("residuals", account=["congestion", "uplift", "capacity"], amount=[250_000.0, -1.5 * sold, -7.0 * sold],
                 allocated_to=["load by month", "load by day", "commercial by month"], exact=w.exact)  # fmt: skip


def explain(w: World) -> pd.DataFrame:
    """Terms of the day-ahead prices of the first rule, of all hours but the first: weights a, 1 - a of two units, offers 100 and 500."""
    energy, congestion, loss, lmp = w.prices(w.rules[0], "DA")
    b, t = (v.ravel() for v in np.meshgrid(range(len(w.bus)), range(1, len(w.period)), indexing="ij"))
    first = (500.0 - lmp[b, t]) / 400.0
    parts = [
        ("marginal", MARGINAL[0], first, np.full(len(b), 100.0)), ("marginal", MARGINAL[1], 1.0 - first, np.full(len(b), 500.0)),
        ("energy", "energy", np.ones(len(b)), energy[t]), ("loss", "loss", np.ones(len(b)), loss[b, t]),
        *(("congestion", ELEMENTS[k] + ("|HEX~WUS" if k else ""), -w.shift[k, b], w.mu[k, t]) for k in range(2)),
    ]  # fmt: skip
    made = [
        frame("explain", rule="ip", period=w.period[t], bus=np.array(w.bus, object)[b], term=term, source=source, weight=weight, value=value,
              contribution=weight * value, exact=w.exact)[np.abs(weight * value) > 1e-6]
        for term, source, weight, value in parts
    ]  # fmt: skip
    return pd.concat(made, ignore_index=True)


def metrics(w: World) -> pd.DataFrame:
    rows = [
        ("market", "hhi_capacity", 1173.0), ("owner A Power", "rsi_min", 0.94), ("owner A Power", "pivotal_hours", 3.0), ("unit U00",
            "lerner", 0.12),
        ("technology wind", "capture_price", 196.4), ("technology wind", "value_factor", 0.712), ("market", "price_mean", 261.3),
        ("zone Hexi", "share_negative", 0.031), ("market", "uplift_share", 0.012), ("market", "curtailed_mwh", 1234.0), ("market",
            "odd_thing", 5.0),
    ]  # fmt: skip
    scope, name, value = zip(*rows, strict=True)
    return frame("metrics", scope=scope, name=name, value=value, exact=w.exact)


def _add_names(folder: pathlib.Path) -> None:
    """Technologies and places of plants in the tables of the network."""
    for kind, column, technology in (("unit", "technology", "coal"), ("storage", "technology", "battery"), ("reservoir", "technology",
        "hydro")):
        path = folder / "tables" / f"{kind}.parquet"
        table = pd.read_parquet(path)
        table[column] = technology
        table["bus"] = table.get("bus", "HEX")
        table.to_parquet(path, index=False)


if __name__ == "__main__":
    import sys

    make(pathlib.Path(sys.argv[1]), days=int(sys.argv[2]), step_minutes=int(sys.argv[3]), buses=int(sys.argv[4]), exact=False)
