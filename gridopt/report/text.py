"""Every word of the report, in English and Chinese, and how numbers are written in each.

Chinese sentences count energy in 亿千瓦时 (0.1 TWh) and money in 亿元, as Chinese planners do; axes keep MW, GWh and TWh in both.
"""

from __future__ import annotations

Both = tuple[str, str]

WORDS: dict[str, Both] = {
    # formats of dates on axes (d3)
    "f_day": ("%-d %b", "%-m月%-d日"), "f_month": ("%b", "%-m月"), "f_date": ("%a %-d %b %Y", "%Y年%-m月%-d日 %a"),
    "f_hour": ("%a %-d %b %Y, %H:%M", "%Y年%-m月%-d日 %a %H:%M"),
    **{f"month_{i + 1}": (m, f"{i + 1}月") for i, m in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())},
    # technologies
    "tech_coal": ("Coal", "煤电"), "tech_gas": ("Gas", "气电"), "tech_oil": ("Oil", "油电"), "tech_biomass": ("Biomass", "生物质"),
    "tech_nuclear": ("Nuclear", "核电"), "tech_thermal": ("Thermal", "火电"), "tech_wind": ("Wind", "风电"), "tech_solar": ("Solar", "光伏"),
    "tech_hydro": ("Reservoir hydro", "水库水电"), "tech_hydro_ror": ("Run-of-river hydro", "径流水电"), "tech_csp": ("Solar thermal", "光热"),
    "tech_battery_discharge": ("Battery discharge", "电化学储能放电"), "tech_pumped_hydro_discharge": ("Pumped hydro discharge", "抽蓄发电"),
    "tech_storage_discharge": ("Storage discharge", "储能放电"), "tech_imports": ("Imports", "外来电"), "tech_shedding": ("Load shed", "切负荷"),
    "tech_battery": ("Batteries", "电化学储能"), "tech_pumped_hydro": ("Pumped hydro", "抽水蓄能"), "tech_storage": ("Storage", "储能"),
    "tech_battery_all": ("All batteries", "全部电化学储能"), "tech_pumped_hydro_all": ("All pumped hydro", "全部抽水蓄能"),
    "tech_storage_all": ("All storage", "全部储能"),
    # items of the balance that are not technologies
    "balance_load": ("Load", "负荷"), "balance_dc_export": ("Sent over DC links", "直流外送"), "balance_dc_sent": ("Sent over DC links", "直流外送"),
    "balance_ac_export": ("AC exports", "交流外送"), "balance_exports": ("Exports", "外送"), "balance_export": ("Exports", "外送"),
    "balance_storage_charge": ("Storage charging", "储能充电"), "balance_battery_charge": ("Battery charging", "电化学储能充电"),
    "balance_pumped_hydro_charge": ("Pumping", "抽水用电"), "balance_shedding": ("Load shed", "切负荷"), "balance_surplus": ("Surplus", "过剩电量"),
    "balance_losses": ("Losses", "网损"), "balance_dc_losses": ("DC link losses", "直流损耗"), "balance_curtailed": ("Curtailed", "弃电"),
    "balance_import": ("Imports", "外来电"),
    # curtailment
    "curtailed_wind": ("Wind curtailed", "弃风"), "curtailed_solar": ("Solar curtailed", "弃光"), "curtailed_hydro_ror": ("Hydro curtailed", "弃水"),
    "rate_wind": ("Wind, rate", "弃风率"), "rate_solar": ("Solar, rate", "弃光率"), "rate_hydro_ror": ("Hydro, rate", "弃水率"),
    "rate_all": ("All, rate", "综合弃电率"), "rate": ("Curtailment rate", "弃电率"), "curtailed_gwh": ("Curtailed energy, GWh", "弃电量（GWh）"),
    "other_causes": ("Other causes", "其他原因"),
    "cause_surplus": ("System surplus", "全网过剩"), "cause_system_surplus": ("System surplus", "全网过剩"),
    "cause_minimum_output": ("Minimum output of thermal units", "火电最小出力"), "cause_thermal_minimum": ("Minimum output of thermal units", "火电最小出力"),
    "cause_ramp": ("Ramp limits", "爬坡限制"), "cause_reserve": ("Reserves", "备用"), "cause_storage_full": ("Storage full", "储能充满"),
    "cause_other": ("Other", "其他"), "cause_unexplained": ("Not explained", "未能归因"),
    "kind_interface": ("Section", "断面"), "kind_branch": ("Branch", "支路"), "kind_line": ("Line", "线路"), "kind_transformer": ("Transformer", "主变"),
    "kind_dc_link": ("DC link", "直流"), "kind_exchange": ("Exchange", "联络线"), "kind_contingency": ("Contingency", "N-1"),
    # axes and legends
    "power_mw": ("Power, MW", "功率（MW）"), "energy_twh": ("Energy, TWh", "电量（TWh）"), "load": ("Load", "负荷"),
    "load_and_exports": ("Load, exports and charging", "负荷＋外送＋充电"), "hour_of_day": ("Hour of day", "时刻（时）"),
    "daily_mean_mw": ("Daily mean, MW", "日均功率（MW）"), "energy_so_far": ("Energy to date, TWh", "累计电量（TWh）"),
    "bundled": ("Bundled renewables", "配套新能源"), "not_bundled": ("Other energy", "其他电量"), "sent": ("Sent", "送出"), "rating": ("Rating", "额定功率"),
    "sent_so_far": ("Sent to date", "累计送出"), "contract_min": ("Contract, least", "合同下限"), "contract_max": ("Contract, most", "合同上限"),
    "share_min": ("Required", "要求"), "renewable_share": ("Renewable share", "新能源占比"), "usable_share": ("Share of usable volume", "有效库容占比"),
    "charging": ("charging", "充电"), "discharging": ("discharging", "放电"), "share_of_time": ("Share of time", "时间占比"),
    "all_buses": ("All buses", "全部节点"), "zone_hexi": ("Hexi", "河西"), "zone_hedong": ("Hedong", "河东"),
    # the map
    "moment_load": ("Highest load", "最大负荷"), "moment_curtailed": ("Most curtailment", "最大弃电"), "moment_congested": ("Most congestion", "阻塞最重"),
    "map_loading": ("Loading of lines", "线路负载率"), "map_no_limit": ("no limit", "无限额"), "map_at_limit": ("at the limit", "到限"),
    "map_width": ("Width: flow", "线宽：潮流"), "map_price": ("Price at buses", "节点电价"), "map_dc": ("DC link", "直流"),
    "flow": ("Flow", "潮流"), "limit": ("Limit", "限额"), "loading": ("Loading", "负载率"), "shadow_price": ("Shadow price", "影子价格"),
    "price": ("Price", "电价"), "wind_solar": ("Wind and solar", "风光出力"), "curtailed": ("Curtailed", "弃电"), "dc_sent": ("DC sent", "直流外送"),
    "external": ("neighbouring system", "省外节点"), "off_map": ("Not on the map, no coordinates given: ", "以下节点无坐标，未在图上显示："),
    "this_hour": ("This hour", "此刻"), "sections_now": ("Sections", "断面"), "play": ("Play", "播放"), "pause": ("Pause", "暂停"),
    "day": ("Day", "日期"), "hour": ("Hour", "时刻"), "moment": ("Go to", "跳到"), "speed": ("Speed", "速度"), "map_label": ("Corridor map", "走廊地图"),
    "previous": ("Previous", "上一个"), "next": ("Next", "下一个"), "week": ("Week", "周"), "whole": ("Whole period, daily means", "全时段（日均）"),
    "show": ("Show", "显示"), "reset": ("Double-click resets the view; click a name in the legend to hide it.", "双击图形复位；点击图例可隐藏系列。"),
    "circuits": ("Circuits", "回路数"), "to": ("to", "至"),
    # the page
    "report": ("Dispatch report", "调度优化报告"), "language": ("中文", "English"), "contents": ("Contents", "目录"), "period": ("Period", "时段"),
    "synthetic": ("Profiles are synthetic", "曲线为合成数据"), "passed": ("Passed", "通过"), "failed": ("Failed", "未通过"),
    "number": ("{n}", "{n}"), "others": ("All others", "其余合计"), "yes": ("yes", "是"), "no": ("no", "否"),
    "coarse": ("Figures show means over {n} steps, so that the page stays small; tables use every step.", "图形按每{n}步平均显示以控制文件大小；表格使用全部时段。"),
    "s_headlines": ("Headlines", "要点"), "s_dispatch": ("Dispatch, hour by hour", "逐时调度"), "s_monthly": ("Month by month", "逐月概览"),
    "s_curtailment": ("Curtailment and its causes", "弃电及其原因"), "s_map": ("The corridor, hour by hour", "走廊逐时地图"),
    "s_dc": ("DC links", "直流外送"), "s_storage": ("Storage and reservoirs", "储能与水库"), "s_prices": ("Prices", "电价"),
    "s_congestion": ("Congestion", "阻塞"), "s_balance": ("Energy, cost and CO₂", "电量、成本与碳排放"), "s_sources": ("Sources", "数据来源"),
    "s_certificate": ("Certificate", "校验证书"), "s_run": ("About this run", "运行信息"),
    "h_dispatch": ("Output by technology; hatched: available but curtailed. Click an hour to see it on the map below.",
                   "按技术分类的出力；斜线部分为可发而未发的弃电。点击某一时刻可在下方地图中查看。"),
    "h_monthly": ("Energy by technology", "各类电源电量"), "h_rate": ("Curtailment", "弃电"),
    "h_causes": ("Which constraint curtails", "弃电由哪些约束造成"), "h_cause_months": ("Cause by month", "逐月原因"),
    "h_when": ("When it is curtailed: mean power by month and hour", "弃电时段：各月各时平均功率"),
    "h_plants": ("Plants that lose most, by bus; figure at the end of a bar: share of its available energy",
                 "弃电最多的场站（按节点分组）；条末数字为占其可发电量的比例"),
    "h_dc_use": ("Sent power and energy against contract", "送电功率与合同执行进度"), "h_dc_share": ("Renewable share by month", "逐月新能源占比"),
    "h_dc_day": ("Sent power by day and hour", "逐日逐时送电功率"), "h_storage_day": ("The average day", "典型日充放电"),
    "h_storage_level": ("Stored energy by day and hour", "逐日逐时储存电量"), "h_reservoirs": ("Reservoir levels", "水库水位（库容占比）"),
    "h_price_days": ("Mean price by bus and day; buses by zone, from west to east", "各节点日均电价（按价区、自西向东排列）"),
    "h_price_hours": ("Price by day and hour", "逐日逐时电价"), "h_price_duration": ("Price duration", "电价持续曲线"),
    "h_balance": ("Energy balance", "电量平衡"), "h_costs": ("Cost of supply", "供电成本"), "h_emissions": ("CO₂", "二氧化碳"),
    "lead_worst": ("Curtailment peaks in {month}: {mwh}, {share} of what wind and solar could have produced.",
                   "{month}弃电最多：{mwh}，占当月风光可发电量的 {share}。"),
    "lead_cause": ("The three largest causes make up {share}: {list}.", "前三大原因合计占 {share}：{list}。"),
    "lead_congestion": ("{name} earned the largest congestion rent: {rent} over {hours} binding hours.", "{name}阻塞租金最高：{rent}，到限 {hours} 小时。"),
    "no_dispatch": ("No hourly dispatch to show: the run is shorter than a day or holds no output by technology.",
                    "无逐时调度可显示：运行不足一天或无分技术出力。"),
    "no_monthly": ("No output by technology in this run.", "本次运行没有分技术出力。"),
    "no_curtailment": ("No wind or solar energy was curtailed in this run, or its causes were not computed.", "本次运行没有弃风弃光，或未计算其原因。"),
    "no_map": ("No map: fewer than two buses have coordinates, or the run holds no flows.", "无地图：有坐标的节点不足两个，或结果中没有潮流。"),
    "no_dc": ("This network has no DC links.", "本网络没有直流线路。"),
    "no_storage": ("This network has no storage, or the run is shorter than a day.", "本网络没有储能，或运行不足一天。"),
    "no_reservoirs": ("This network has no reservoirs that store water.", "本网络没有可调蓄水库。"),
    "no_prices": ("No prices in this run.", "本次运行没有电价。"),
    "no_congestion": ("No limit was binding in this run.", "本次运行没有约束到限。"),
    "no_balance": ("No energy balance in this run.", "本次运行没有电量平衡表。"),
    "no_costs": ("No cost table in this run.", "本次运行没有成本表。"),
    "no_emissions": ("No emissions in this run.", "本次运行没有碳排放。"),
    "no_sources": ("The network folder names no sources.", "网络文件夹未给出数据来源。"),
    "no_certificate": ("This run has no certificate: its results were not checked.", "本次运行没有校验证书：结果未经校验。"),
    "no_contracts": ("No contracts in this period.", "本时段没有合同。"),
    # tables
    "c_constraint": ("Constraint", "约束"), "c_kind": ("Kind", "类型"), "c_hours": ("Hours binding", "到限小时"), "c_shadow": ("Mean shadow price", "平均影子价格"),
    "c_rent": ("Congestion rent", "阻塞租金"), "c_loading": ("Highest loading", "最高负载率"), "c_item": ("Item", "项目"), "c_energy": ("Energy", "电量"),
    "c_cost": ("Cost", "成本"), "c_co2": ("CO₂", "二氧化碳"), "c_carbon_cost": ("Carbon cost", "碳成本"), "c_source_of": ("Source of CO₂", "排放源"),
    "c_contract": ("Contract", "合同"), "c_link": ("Link", "线路"), "c_period": ("Period", "时段"), "c_sent": ("Sent", "送出"), "c_least": ("Least", "下限"),
    "c_most": ("Most", "上限"), "c_share": ("Renewable share", "新能源占比"), "c_wanted": ("Required", "要求"), "c_met": ("Met", "达成"),
    "c_value_energy": ("One MWh more of energy is worth", "电量边际价值"), "c_value_share": ("One MWh more of share is worth", "占比边际价值"),
    "c_check": ("Check", "校验项"), "c_worst": ("Worst violation", "最大偏差"), "c_unit": ("Unit", "单位"), "c_tolerance": ("Tolerance", "容差"),
    "c_result": ("Result", "结果"), "c_where": ("Where", "位置"), "c_id": ("Id", "编号"), "c_what": ("Figure", "内容"), "c_value": ("Value", "数值"),
    "c_year": ("Year", "年份"), "c_source": ("Source", "出处"), "c_confidence": ("Confidence", "可信度"),
    "c_zone": ("Zone", "价区"), "c_mean": ("Mean", "均值"), "c_weighted": ("Load-weighted", "负荷加权"), "c_min": ("Lowest", "最低"), "c_max": ("Highest", "最高"),
    "sourced": ("sourced", "有出处"), "recalled": ("recalled", "凭记忆"), "estimate": ("estimate", "估计"), "unknown": ("unknown", "未注明"),
    "all": ("all", "全部"), "filter": ("Filter", "筛选"), "rows_shown": ("rows shown", "行"),
    "supply": ("Supply", "供应"), "use": ("Use", "使用"),
    "facts_solution": ("Solution", "求解结果"), "facts_period": ("Period", "时段"), "facts_options": ("Options", "选项"), "facts_size": ("Size", "规模"),
    "facts_seconds": ("Seconds", "用时（秒）"), "facts_versions": ("Versions", "版本"), "facts_inputs": ("Inputs (SHA-256)", "输入文件（SHA-256）"),
    "warnings": ("Warnings", "警告"), "no_warnings": ("The run gave no warnings.", "运行没有警告。"),
    # cards
    "label_curtailment": ("Wind and solar curtailed", "弃风弃光"), "label_price": ("Mean price", "平均电价"), "label_cost": ("Cost", "成本"),
    "label_emissions": ("CO₂", "二氧化碳排放"), "label_certificate": ("Certificate", "校验证书"), "label_shedding": ("Load not served", "未供电量"),
    "card_curtailment": ("{rate} of what wind and solar could have produced.", "占风光可发电量的 {rate}。"),
    "card_curtailment_cause": ("{rate} of what wind and solar could have produced. Main cause: {cause} ({share}).",
                               "占风光可发电量的 {rate}。首要原因：{cause}（{share}）。"),
    "zone_price": ("{zone} {n}", "{zone} {n}"), "card_price": ("Mean over time: {parts}.", "时间平均：{parts}。"),
    "card_link": ("Sent; {parts}.", "送出；{parts}。"), "link_contract": ("contract at least {least}", "合同下限 {least}"),
    "link_no_contract": ("no least energy agreed", "无合同电量下限"), "link_share": ("renewable share {share}", "新能源占比 {share}"),
    "link_share_wanted": ("renewable share {share} (required {wanted})", "新能源占比 {share}（要求 {wanted}）"),
    "cost_each": ("{each} of energy produced", "单位电量 {each}"), "cost_gap": ("proven within {gap} of the least possible", "与理论最优差距不超过 {gap}"),
    "cost_plain": ("least cost under the options of this run", "本次运行选项下的最低成本"),
    "card_cost": ("{parts}.", "{parts}。"),
    "card_emissions": ("{each} of energy produced.", "单位电量 {each}。"), "card_emissions_plain": ("Emitted by thermal units.", "火电机组排放。"),
    "card_shedding": ("Load was shed: see the balance below.", "存在切负荷，详见电量平衡。"),
    "card_certificate": ("All {count} independent checks of the results hold.", "结果的 {count} 项独立校验全部通过。"),
    "card_certificate_failed": ("Only {good} of {count} independent checks hold: do not use these results.", "{count} 项独立校验仅 {good} 项通过：请勿使用本结果。"),
}  # fmt: skip


def say(key: str, **values: Both) -> Both:
    """The words of `key` in both languages; each value is given in both languages too. Raises KeyError for an unknown key."""
    en, zh = WORDS[key]
    return en.format(**{k: v[0] for k, v in values.items()}), zh.format(**{k: v[1] for k, v in values.items()})


def join(parts: list[Both], between: Both = (", ", "，")) -> Both:
    return between[0].join(p[0] for p in parts), between[1].join(p[1] for p in parts)


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
    zh = f"{_number(value / 1e8)} 亿{unit}" if size >= 1e8 else f"{_number(value / 1e4)} 万{unit}" if size >= 1e4 else f"{value:,.0f} {unit.strip()}"
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
    return text, text.replace("CNY/MWh", "元/兆瓦时").replace("kg/MWh", "千克/兆瓦时")


def _three(value: float, unit: str) -> str:
    return f"{_number(value)} {unit}"


def _number(value: float) -> str:
    """Three figures, more where the whole part needs them."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 99.95 else f"{value:,.1f}" if size >= 9.995 else f"{value:,.2f}"
