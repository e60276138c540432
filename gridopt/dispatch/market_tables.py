"""Tables that a market run leaves: one declaration of their columns for those that make them and those that read them.

In a result folder a table lies as tables/market_<name>.parquet (and .csv). Prices CNY/MWh, money CNY, energies MWh, powers MW; `period` is
the local time at which a period begins; `rule` the pricing rule; `run` DA, RT or advisory.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

PREFIX = "market_"
FAR = " far end"
"""What the name of the far end of a DC link ends with."""
TEXT, NUMBER, TIME, FLAG = "text", "number", "time", "flag"


class Column(NamedTuple):
    """name, kind (text, number, time, flag), unit, meaning in English and Chinese."""

    name: str
    kind: str
    unit: str
    meaning: str
    meaning_zh: str


RULE = Column("rule", TEXT, "", "pricing rule", "定价规则")
RUN = Column("run", TEXT, "", "DA, RT or advisory", "市场环节")
PERIOD = Column("period", TIME, "", "begin of the period, local time", "时段起点")
BUS = Column("bus", TEXT, "", "bus", "节点")
UNIT = Column("unit", TEXT, "", "participant, table and id", "主体")
ELEMENT = Column("element", TEXT, "", "branch, interface or reserve", "约束元件")
GAP = Column("gap", NUMBER, "1", "gap to which the run was cleared", "出清间隙")
EXACT = Column("exact", FLAG, "", "the clearing is proven to be the best", "出清已证最优")


def _price(name: str, meaning: str, meaning_zh: str) -> Column:
    return Column(name, NUMBER, "CNY/MWh", meaning, meaning_zh)


def _money(name: str, meaning: str, meaning_zh: str) -> Column:
    return Column(name, NUMBER, "CNY", meaning, meaning_zh)


def _power(name: str, meaning: str, meaning_zh: str) -> Column:
    return Column(name, NUMBER, "MW", meaning, meaning_zh)


MARKET_TABLES: dict[str, tuple[Column, ...]] = {
    "prices": (
        RULE, RUN, PERIOD, BUS, _price("energy", "energy part", "电能分量"), _price("congestion", "congestion part", "阻塞分量"),
        _price("loss", "loss part", "网损分量"), _price("lmp", "price at the bus", "节点电价"),
        _price("lmp_lo", "lowest price that is right, too", "电价下界"), _price("lmp_hi", "highest price that is right, too", "电价上界"),
        _price("settled", "price that is settled, after floor and cap", "结算电价"),
        Column("weights", TEXT, "", "slack weights of the parts: load, generation or a bus", "参考权重：负荷、发电或某一节点"),
        GAP, EXACT,
    ),
    "agc": (
        RUN, PERIOD, UNIT, _power("award", "regulation taken, up and down alike", "调频中标容量"),
        _power("mileage", "moved in the period", "调频里程"),
        Column("price", NUMBER, "CNY/MW", "uniform price of mileage", "里程出清价"), Column("performance", NUMBER, "1", "k", "调频性能"),
        _money("pay", "mileage x price x k", "调频收入"),
    ),
    "trade": (
        PERIOD, Column("seller", TEXT, "", "province that sells", "售电省"), Column("buyer", TEXT, "", "province that buys", "购电省"),
        Column("path", TEXT, "", "segments from seller to buyer", "通道路径"), _power("sent", "leaves the seller", "送出电力"),
        _power("landed", "reaches the buyer", "落地电力"), _price("seller_price", "paid for what leaves the seller", "送端价格"),
        _price("buyer_price", "paid for what reaches the buyer", "落地价格"), _money("revenue", "revenue of the seller", "售电收入"),
        _money("tariff", "tariffs of the segments", "输电费"), _money("payment", "what the buyer pays", "购电支出"),
    ),
    "advisory": (
        RULE, Column("window", TIME, "", "begin of the window that says so", "窗口起点"), PERIOD, BUS,
        _price("lmp", "price at the bus that the window expects; of its first interval: the price", "预出清电价"), EXACT,
    ),
    "zone_prices": (
        RULE, RUN, PERIOD, Column("zone", TEXT, "", "price zone", "价区"),
        Column("weights", TEXT, "", "by what the mean is taken; a plain mean where a zone has none of it", "权重；分区无此量时取算术平均"),
        _price("price", "what users of the zone pay, or would pay", "分区电价"), GAP, EXACT,
    ),
    "constraints": (
        RULE, RUN, PERIOD, ELEMENT, Column("contingency", TEXT, "", "outage after which the limit holds; empty: none", "预想故障"),
        Column("direction", TEXT, "", "forward or backward", "方向"), _power("flow", "flow", "潮流"), _power("limit", "limit", "限额"),
        _power("slack", "flow beyond the limit", "越限"), _price("mu", "shadow price, signed like the flow", "影子价格"),
        _money("rent", "congestion rent", "阻塞盈余"), GAP, EXACT,
    ),
    "dispatch": (
        RUN, PERIOD, UNIT, _power("mw", "output", "出力"), _power("reserve", "reserve held, all products", "备用"),
        Column("on", NUMBER, "1", "1 on, 0 off; nan: not switched", "开机"), Column("start", NUMBER, "1", "starts", "启动"),
        _power("available", "available output", "可用出力"), _power("curtailed", "available and not used", "弃电"),
        Column("cause", TEXT, "", "main cause of curtailment", "弃电原因"), GAP, EXACT,
    ),
    "load": (RUN, PERIOD, BUS, _power("mw", "load that is served", "供电负荷"), GAP, EXACT),
    "uplift": (
        RULE, RUN, UNIT, Column("horizon", TEXT, "", "day or block that is made whole", "核算期"), _money("revenue", "revenue", "收入"),
        _money("besides", "part of the revenue that is paid for reserve, decisions and being constrained", "其中备用、启停与受限支付"),
        _money("cost", "cost at offers", "报价成本"), _money("profit", "profit", "利润"),
        _money("best_profit", "best profit at these prices", "最优利润"), _money("mwp", "make-whole payment", "成本补偿"),
        _money("loc", "lost opportunity cost", "机会成本"), _money("paid", "uplift that is paid", "已付补偿"),
        Column("payer", TEXT, "", "who pays it", "承担方"), GAP, EXACT,
    ),
    "product_shortfall": (
        RULE, RUN, PERIOD, ELEMENT, _price("mu", "price of the limit", "影子价格"), _power("unused", "room that is left", "未用容量"),
        _money("prs", "product revenue shortfall", "产品收入缺口"), GAP, EXACT,
    ),
    "lost_opportunity": (
        RULE, RUN, PERIOD, UNIT,
        _money("loc", "lost opportunity cost; below zero where the best answer spends what it earns in another period", "机会成本"),
        GAP, EXACT,
    ),
    "curtailment": (
        RUN, PERIOD, UNIT, Column("cause", TEXT, "", "binding constraint, or what kept the system from using more", "弃电原因"),
        _power("curtailed", "available and not used for this reason", "弃电"), GAP, EXACT,
    ),
    "ledger": (
        Column("payer", TEXT, "", "who pays", "付款方"), Column("payee", TEXT, "", "who receives", "收款方"),
        Column("code", TEXT, "", "what for", "科目"), PERIOD, Column("quantity", NUMBER, "MWh", "quantity (unit by code)", "数量"),
        _price("price", "price (unit by code)", "价格"), _money("amount", "quantity times price, above zero", "金额"), EXACT,
    ),
    "residuals": (
        Column("account", TEXT, "", "account that holds what is left", "账户"), _money("amount", "what it holds before allocation", "余额"),
        Column("allocated_to", TEXT, "", "to whom it goes", "分摊对象"), EXACT,
    ),
    "terms": (
        Column("table", TEXT, "", "table of settlement", "结算表"), Column("rows", NUMBER, "1", "rows", "条数"),
        Column("holding", NUMBER, "1", "rows that hold in the studied period", "本时段有效条数"),
        Column("begins", TEXT, "", "day on which the next of the others begins", "未生效者最早生效日"),
        Column("ended", TEXT, "", "last day of those that are over", "已失效者最后有效日"),
        Column("as_of", TEXT, "", "day whose rules are settled; empty: the studied period", "所采用规则的日期"),
    ),
    "explain": (
        Column("rule", TEXT, "", "rule whose price is explained: ip, the marginal one, whatever the market's", "所解释电价的定价规则"),
        PERIOD, BUS,
        Column("term", TEXT, "", "energy of a marginal unit, congestion, time, commitment, cap …", "构成"),
        Column("source", TEXT, "", "unit, constraint or rule", "来源"), Column("weight", NUMBER, "1", "weight or shift factor", "权重"),
        _price("value", "offer or shadow price", "数值"), _price("contribution", "weight times value", "贡献"), EXACT,
    ),
    "metrics": (
        Column("scope", TEXT, "", "market, zone, technology, owner or unit", "范围"), Column("name", TEXT, "", "figure", "指标"),
        Column("value", NUMBER, "", "value, unit by name", "数值"), EXACT,
    ),
}  # fmt: skip
KINDS = {TEXT: "O", NUMBER: "f8", TIME: "M8[ns]", FLAG: "?"}
"""numpy types of the kinds of columns."""


def frame(name: str, /, **columns) -> pd.DataFrame:
    """Table `name` from its columns (arrays, or one value for all rows). Raises ValueError for a column that is missing or not declared."""
    declared = MARKET_TABLES[name]
    wrong = {c.name for c in declared} ^ set(columns)
    if wrong:
        raise ValueError(f"table {name}: columns {', '.join(sorted(wrong))} are missing or not declared")
    size = next((len(v) for v in columns.values() if np.ndim(v)), 1)
    made = {c.name: np.broadcast_to(np.asarray(columns[c.name]), (size,)).astype(KINDS[c.kind]) for c in declared}
    return pd.DataFrame(made)
