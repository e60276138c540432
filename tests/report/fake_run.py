"""A made-up results folder with the layout of a real run: plausible shapes, no physics, same bytes every time.

`make(folder, days=21)` is small enough for tests; `make(folder, days=365, plants=250)` is the size of a full year.
Some names carry markup on purpose: a report must show them as text.
"""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pandas as pd
import xarray as xr

EVIL = "<img src=x onerror=alert(1)>"
EVIL_SCRIPT = "</script><script>alert(2)</script>"

# id, name, Chinese name, latitude, longitude, zone, region, role
BUSES = """
SHZ Shazhou 沙州 40.25 94.85 Hexi HexiWest internal
DUN Dunhuang 敦煌 40.45 95.65 Hexi HexiWest internal
DUN330 Dunhuang-330 敦煌330 40.45 95.65 Hexi HexiWest internal
MOG Mogao 莫高 40.50 96.45 Hexi HexiWest internal
QIL Qilian 祁连 40.45 96.80 Hexi HexiWest internal
HUA Huahai 花海 40.30 97.75 Hexi HexiWest internal
DIX Dingxin 鼎新 40.05 98.95 Hexi HexiWest internal
JIQ Jiuquan 酒泉 39.70 98.70 Hexi HexiWest internal
JYG Jiayuguan 嘉峪关 39.80 98.30 Hexi HexiWest internal
GAZ Ganzhou 甘州 39.05 100.35 Hexi HexiEast internal
HEX Hexi 河西 38.35 102.05 Hexi HexiEast internal
SHY Shuiyuan 水源 38.45 102.35 Hexi HexiEast internal
LZB Liangzhou-North 凉州北 38.15 102.85 Hexi HexiEast internal
WEI Wuwei 武威 38.60 103.10 Hexi HexiEast internal
WUS Wusheng 武胜 36.75 103.25 Hedong Centre internal
QIN Qinchuan 秦川 36.65 103.70 Hedong Centre internal
BAI Baiyin 白银 36.65 104.80 Hedong Centre internal
BAI330 Baiyin-330 白银330 36.65 104.80 Hedong Centre internal
LDE Lanzhou-East 兰州东 35.90 104.15 Hedong Centre internal
XIZ Xizhou 熙州 35.60 103.80 Hedong Centre internal
LIU Liujiaxia 刘家峡 35.93 103.34 Hedong Centre internal
MAI Maijishan 麦积山 34.85 105.30 Hedong South internal
LGN Longnan 陇南 33.40 104.95 Hedong South internal
PIN Pingliang 平凉 35.55 106.60 Hedong Longdong internal
QUZ Quzi 曲子 36.40 107.30 Hedong Longdong internal
QYC Qingyang 庆阳 35.75 107.60 Hedong Longdong internal
HAMI Hami 哈密 42.75 93.50 external Xinjiang external
YANDUN Yandun 烟墩 42.00 94.20 external Xinjiang external
YUQIA Yuqia 鱼卡 37.95 95.00 external Qinghai external
GUOLONG Guolong 郭隆 36.70 102.10 external Qinghai external
BAOJI Baoji 宝鸡 34.45 107.30 external Shaanxi external
HUNAN Hunan 湖南 27.90 112.90 sink Hunan sink
SHANDONG Shandong 山东 36.20 116.30 sink Shandong sink
ZHEJIANG Zhejiang 浙江 30.00 120.60 sink Zhejiang sink
"""

# from, to, circuits
BRANCHES = """
HAMI DUN 2;YANDUN SHZ 2;SHZ YUQIA 2;SHZ DUN 2;DUN MOG 2;MOG QIL 3;MOG JIQ 2;MOG HUA 2;HUA DIX 2;DIX JIQ 2;JIQ GAZ 1;GAZ HEX 1;
JIQ HEX 2;HEX WUS 2;HEX BAI 1;HEX LZB 2;HEX SHY 2;LZB WEI 2;WUS QIN 2;QIN BAI 2;WUS GUOLONG 3;XIZ LDE 2;LDE BAI 2;LDE MAI 2;
MAI BAOJI 2;LDE PIN 2;QUZ QYC 2;PIN QYC 2;JIQ JYG 4;LIU LDE 4;LIU XIZ 4;LGN MAI 2;DUN DUN330 3;BAI BAI330 3
"""

INTERFACES = {
    "DUNYU": ("Dunyu", "敦玉断面"),
    "GAOYU": ("Gaoyu", "高玉断面"),
    "HEYU": ("Heyu", "河玉断面"),
    "MAIBAO": ("Maibao", "麦宝断面"),
}
CAUSES = {
    "HEYU": ("section Heyu", "河玉断面", "interface", 0.44),
    "surplus": ("system surplus", "全网过剩", "surplus", 0.21),
    "DUN~DUN330": ("Dunhuang transformers", "敦煌主变", "transformer", 0.14),
    "thermal_minimum": ("minimum output of thermal units", "火电最小出力", "minimum_output", 0.12),
    "QISHAO": ("DC schedule Qilian-Shaoshan", "祁韶直流计划", "dc_link", 0.06),
    "MAIBAO": ("section Maibao", "麦宝断面", "interface", 0.03),
}
DC_LINKS = {
    "QISHAO": ("Qilian-Shaoshan DC", "祁韶直流", "QIL", "HUNAN", 8000.0, 0.55),
    "LONGDONG": ("Longdong-Shandong DC", "陇东—山东直流", "QYC", "SHANDONG", 8000.0, 0.50),
}
RESERVOIRS = {
    "LJX": ("Liujiaxia", "刘家峡", "LIU", 1690.0, 3500.0),
    "BIK": ("Bikou", "碧口", "LGN", 300.0, 240.0),
    "JDX": ("Jiudianxia", "九甸峡", "XIZ", 300.0, 680.0),
    "YGX": ("Yanguoxia", "盐锅峡", "LIU", 460.0, 0.0),
}


def make(folder: pathlib.Path, days: int = 21, plants: int = 40, start: str = "2025-03-03", evil: bool = True) -> pathlib.Path:
    """Write a results folder for `days` days of hours with `plants` wind and solar plants; returns the folder."""
    folder = pathlib.Path(folder)
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    world = _world(days, plants, start, evil)
    world["data"].to_netcdf(
        folder / "results.nc",
        engine="h5netcdf",
        encoding={name: {"zlib": True, "complevel": 1} for name in world["data"].data_vars},
    )
    for name, frame in _tables(world).items():
        frame.to_parquet(folder / "tables" / f"{name}.parquet", index=False)
        if name != "curtailment_cause_hourly":
            frame.to_csv(folder / "tables" / f"{name}.csv", index=False)
    (folder / "manifest.json").write_text(json.dumps(_manifest(world), ensure_ascii=False), encoding="utf-8")
    (folder / "certificate.json").write_text(json.dumps(_certificate()), encoding="utf-8")
    return folder


def _world(days: int, plants: int, start: str, evil: bool) -> dict:
    rng = np.random.default_rng(7)
    time = pd.date_range(start, periods=days * 24, freq="h")
    hour, day = time.hour.to_numpy(), time.dayofyear.to_numpy() + time.hour.to_numpy() / 24.0
    bus = pd.DataFrame(
        [line.split() for line in BUSES.split("\n") if line],
        columns=["bus", "name", "name_zh", "latitude_deg", "longitude_deg", "zone", "region", "role"],
    )
    bus[["latitude_deg", "longitude_deg"]] = bus[["latitude_deg", "longitude_deg"]].astype(float)
    bus["voltage_kv"] = np.where(bus.bus.str.endswith("330"), 330.0, 750.0)
    if evil:
        bus.loc[bus.bus == "QIN", ["name", "name_zh"]] = EVIL_SCRIPT
    weather = np.cumsum(rng.normal(0, 0.13, time.size))
    wind = 0.30 + 0.06 * np.cos(2 * np.pi * (day - 95) / 365) + 0.22 * np.sin(weather) * np.cos(day / 2.3)
    sun = np.clip(np.sin(np.pi * (hour - 7.3) / 12.6), 0, None) * (0.62 + 0.12 * np.cos(2 * np.pi * (day - 150) / 365))
    sun *= 1.0 - 0.5 * np.clip(np.sin(day * 0.9 + 1), 0, 1) ** 3
    load = 20500 * (1 + 0.07 * np.cos(2 * np.pi * (day - 15) / 365) + 0.05 * np.cos(2 * np.pi * (hour - 19) / 24))
    world = dict(rng=rng, time=time, hour=hour, day=day, bus=bus, wind=np.clip(wind, 0.02, 0.9), sun=sun, load=load, days=days)
    world["renewable"] = _plants(bus, plants, evil, rng)
    data = xr.Dataset(
        coords={"time": time},
        attrs=dict(
            study="gansu-2025",
            title_en="Gansu 2025, base case",
            title_zh="甘肃 2025 年基准",
            currency="CNY",
            synthetic="wind, solar, load and inflow profiles are synthetic",
        ),
    )
    world["data"] = data
    _renewables(world)
    _storage_and_water(world)
    _trade_and_thermal(world)
    _network_and_prices(world)
    for name, variable in data.data_vars.items():
        data[name] = variable.astype("float32").assign_attrs(units="MW", long_name=name, long_name_zh=name, sign="")
    return world


def _plants(bus: pd.DataFrame, plants: int, evil: bool, rng) -> pd.DataFrame:
    home = bus[(bus.role == "internal") & ~bus.bus.isin(["QIL", "SHY", "WEI", "LGN"])].reset_index(drop=True)
    pick = np.arange(plants) % len(home)
    tech = np.where(np.arange(plants) // len(home) % 2 == 0, "wind", "solar")
    frame = pd.DataFrame(
        {
            "renewable": [f"R{i:03d}" for i in range(plants)],
            "name": [
                f"{home.name[p] if home.bus[p] != 'QIN' else 'Qinchuan'} {t} {i}"
                for i, (p, t) in enumerate(zip(pick, tech, strict=True))
            ],
            "name_zh": [
                f"{home.name_zh[p] if home.bus[p] != 'QIN' else '秦川'}{'风电' if t == 'wind' else '光伏'}{i}场"
                for i, (p, t) in enumerate(zip(pick, tech, strict=True))
            ],
            "bus": home.bus[pick].to_numpy(),
            "technology": tech,
            "base": "",
            "zone": home.zone[pick].to_numpy(),
        }
    )
    size = rng.gamma(3.0, 1.0, plants) * np.where(frame.zone == "Hexi", 1.6, 0.8)
    frame["power_max_mw"] = (size / size.sum() * 80400).round(0)
    if evil:
        frame.loc[0, ["name", "name_zh"]] = EVIL
        frame["power_max_mw"] = np.where(frame.index == 0, 4000.0, frame.power_max_mw)
    return frame


def _renewables(world: dict) -> None:
    plant, time, data = world["renewable"], world["time"], world["data"]
    shape = np.where((plant.technology == "wind").to_numpy()[:, None], world["wind"][None, :], world["sun"][None, :])
    noise = 1 + 0.12 * np.sin(np.arange(len(plant))[:, None] * 1.7 + world["day"][None, :] * 0.8)
    available = np.clip(shape * noise, 0, 1) * plant.power_max_mw.to_numpy()[:, None]
    total = available.sum(0)
    curtail = np.clip((total - 33000) / np.maximum(total, 1), 0, 0.6)
    tilt = np.where(plant.zone == "Hexi", 1.35, 0.5)[:, None] * (0.7 + 0.6 * (np.arange(len(plant)) * 7 % 10)[:, None] / 10)
    curtailed = available * np.clip(curtail[None, :] * tilt, 0, 0.95)
    dims, coords = ("renewable", "time"), {"renewable": plant.renewable.to_numpy(), "time": time}
    data["renewable_available"] = xr.DataArray(available, coords, dims)
    data["renewable_output"] = xr.DataArray(available - curtailed, coords, dims)
    data["renewable_curtailed"] = xr.DataArray(curtailed, coords, dims)
    plant["available_mwh"], plant["output_mwh"] = available.sum(1), (available - curtailed).sum(1)
    plant["curtailed_mwh"] = curtailed.sum(1)
    plant["curtailed_share"] = plant.curtailed_mwh / plant.available_mwh
    plant["sensitivity_value"] = 0.0


def _storage_and_water(world: dict) -> None:
    data, time, day, hour = world["data"], world["time"], world["day"], world["hour"]
    storage = [f"BESS{i:02d}" for i in range(13)] + ["PSH1", "PSH2"]
    power = np.r_[np.linspace(200, 700, 13), 1200, 1200][:, None]
    charge = power * np.clip(world["sun"][None, :] * 1.7 - 0.25, 0, 1)
    evening = np.clip(np.cos(np.pi * (hour - 20) / 7), 0, None) * (np.abs(hour - 20) < 4)
    discharge = power * 0.8 * evening[None, :] * (charge.reshape(15, -1, 24).sum(2).repeat(24, axis=1) / (4.2 * power))
    energy = np.clip(np.cumsum(0.92 * charge - discharge / 0.92, axis=1) % (6 * power), 0, None)
    for name, value in {"charge": charge, "discharge": discharge, "energy": energy}.items():
        data[f"storage_{name}"] = xr.DataArray(value, {"storage": storage, "time": time}, ("storage", "time"))
    price = 220 + 90 * np.cos(np.pi * (hour - 20) / 12)
    data["storage_energy_value"] = xr.DataArray(
        np.tile(price, (15, 1)) * 0.9, {"storage": storage, "time": time}, ("storage", "time")
    )
    world["storage"] = pd.DataFrame(
        {
            "storage": storage,
            "name": [f"Battery {i}" if "B" in s else s for i, s in enumerate(storage)],
            "name_zh": [f"储能{i}" if "B" in s else f"抽蓄{i - 12}" for i, s in enumerate(storage)],
            "technology": ["battery"] * 13 + ["pumped_hydro"] * 2,
            "power_max_mw": power[:, 0],
            "energy_max_mwh": 6 * power[:, 0],
        }
    )
    names, top = list(RESERVOIRS), np.array([v[3] for v in RESERVOIRS.values()])[:, None]
    season = 0.55 - 0.25 * np.cos(2 * np.pi * (day - 210) / 365)
    data["hydro_output"] = xr.DataArray(
        top * season * (0.8 + 0.2 * np.cos(np.pi * (hour - 20) / 12)), {"reservoir": names, "time": time}, ("reservoir", "time")
    )
    volume = np.array([v[4] for v in RESERVOIRS.values()])[:, None] * (0.6 + 0.3 * np.sin(2 * np.pi * (day - 200) / 365))
    data["reservoir_volume"] = xr.DataArray(volume, {"reservoir": names, "time": time}, ("reservoir", "time"))
    worth = 22000 + 6000 * np.cos(2 * np.pi * (day - 60) / 365)
    data["reservoir_water_value"] = xr.DataArray(
        np.tile(worth, (len(names), 1)), {"reservoir": names, "time": time}, ("reservoir", "time")
    )
    data["csp_output"] = xr.DataArray(
        np.tile(300 * np.clip(evening + 0.4 * world["sun"], 0, 1), (3, 1)),
        {"csp": ["CSP1", "CSP2", "CSP3"], "time": time},
        ("csp", "time"),
    )


def _trade_and_thermal(world: dict) -> None:
    data, time, bus, hour = world["data"], world["time"], world["bus"], world["hour"]
    level = 0.45 + 0.25 * (np.abs(hour - 19) < 4) + 0.2 * ((hour > 9) & (hour < 16)) + 0.05 * (time.month.to_numpy() % 3)
    sent = np.array([np.round(8000 * level * f / 400) * 400 for f in (1.0, 0.72)])
    links = {"dc_link": list(DC_LINKS), "time": time}
    data["dc_sent"] = xr.DataArray(sent, links, ("dc_link", "time"))
    data["dc_received"] = data.dc_sent * 0.93
    data["dc_bundled"] = xr.DataArray(sent * np.clip(0.25 + world["wind"] + 0.6 * world["sun"], 0, 1), links, ("dc_link", "time"))
    external = bus.bus[bus.role == "external"].tolist()
    export = np.array([(-800 if i < 2 else 1500) + 500 * np.sin(world["day"] + i) for i in range(len(external))])
    data["exchange_export"] = xr.DataArray(export, {"exchange": [f"X_{b}" for b in external], "time": time}, ("exchange", "time"))
    weight = np.where(bus.role == "internal", 1 + np.arange(len(bus)) % 7, 0.0)
    weight = (weight / weight.sum())[:, None]
    data["load"] = xr.DataArray(weight * world["load"], {"bus": bus.bus.to_numpy(), "time": time}, ("bus", "time"))
    data["shedding"] = data["load"] * 0
    data["surplus"] = data["load"] * 0
    by_tech = {t: data.renewable_output.values[(world["renewable"].technology == t).to_numpy()].sum(0) for t in ("wind", "solar")}
    need = world["load"] + sent.sum(0) + np.clip(export, 0, None).sum(0) + data.storage_charge.values.sum(0)
    other = {
        "hydro": data.hydro_output.values.sum(0),
        "hydro_ror": 900 * (1 + 0.4 * np.sin(world["day"] / 40)),
        "csp": data.csp_output.values.sum(0),
        "battery_discharge": data.storage_discharge.values[:13].sum(0),
        "pumped_hydro_discharge": data.storage_discharge.values[13:].sum(0),
        "imports": np.clip(-export, 0, None).sum(0),
    }
    coal = np.clip(need - by_tech["wind"] - by_tech["solar"] - sum(other.values()), 5200, None)
    technology = {"coal": coal, **by_tech, **other}
    data["technology_output"] = xr.DataArray(
        np.array(list(technology.values())), {"technology": list(technology), "time": time}, ("technology", "time")
    )
    share = np.linspace(0.5, 1.5, 90)
    data["unit_output"] = xr.DataArray(
        (share / share.sum())[:, None] * coal, {"unit": [f"U{i:02d}" for i in range(90)], "time": time}, ("unit", "time")
    )
    world["technology"] = technology
    _reserves(world)
    _commitment(world, [f"U{i:02d}" for i in range(90)])


def _commitment(world: dict, units: list[str]) -> None:
    """On and off: unit i is off for a day every so many days; the output of a unit that is off is zero."""
    data, time = world["data"], world["time"]
    day = np.arange(time.size) // 24
    on = ((day[None, :] + 3 * np.arange(len(units))[:, None]) % (4 + np.arange(len(units)) % 9)[:, None] > 0).astype(float)
    change = np.diff(on, axis=1, prepend=on[:, :1])
    data["unit_output"] = data["unit_output"] * on
    for name, values in (("on", on), ("start", np.maximum(change, 0.0)), ("stop", np.maximum(-change, 0.0))):
        data[f"unit_{name}"] = xr.DataArray(values, {"unit": units, "time": time}, ("unit", "time"))
    most = data["unit_output"].values.max(axis=1)
    station = [f"Station {i // 2}" for i in range(len(units))]
    world["unit"] = pd.DataFrame({"unit": units, "name": units, "name_zh": units, "plant": station, "power_max_mw": most.round(0) + 1.0})


def _reserves(world: dict) -> None:
    """Two reserves; the second is short on a day."""
    data, time, names = world["data"], world["time"], ["agc", "spin"]
    required = np.array([0.015 * world["load"] + 100, 0.03 * world["load"] + 900])
    short = np.zeros_like(required)
    short[1, 24:30] = 200.0
    price = np.array([12 + 3 * world["sun"], 5 + 40 * (short[1] > 0)])
    for name, values in (("requirement", required), ("shortage", short), ("price", price)):
        data[f"reserve_{name}"] = xr.DataArray(values, {"reserve": names, "time": time}, ("reserve", "time"))


def _reserve_tables(world: dict) -> dict[str, pd.DataFrame]:
    data = world["data"]
    required, short, price = (data[f"reserve_{n}"].values.astype(float) for n in ("requirement", "shortage", "price"))
    reserve = pd.DataFrame(
        {
            "reserve": ["agc", "spin"], "name": ["Regulation", "Spinning"], "name_zh": ["调频", "上备用"],
            "product": ["regulation", "spinning_up"],
            "required_mwh": required.sum(1), "awarded_mwh": (required - short).sum(1), "shortage_mwh": short.sum(1),
            "shortage_h": (short > 0).sum(1), "price_mean": price.mean(1),
        }
    )  # fmt: skip
    providers = pd.DataFrame(
        {"reserve": ["agc", "agc", "spin"], "kind": ["unit", "storage", "reservoir"], "element": ["U01", "PSH1", "LJX"],
         "awarded_mwh": [300.0, 100.0, 500.0]}
    )  # fmt: skip
    rules = pd.DataFrame(
        [("QISHAO", "changes_per_day", 8.0, 9.0, "1", 12000.0, 300.0, "re-solve, commitment held"),
         ("LONGDONG", "energy_min_mwh of LONGDONG_2025_03", 900000.0, 899999.0, "MWh", 44.0, 0.0, "dual")],
        columns=["dc_link", "rule", "limit", "relaxed_to", "unit", "saving_cny", "uncertain_cny", "method"],
    )  # fmt: skip
    return {"reserves": reserve, "reserve_providers": providers, "dc_rules": rules}


def _network_and_prices(world: dict) -> None:
    data, time, bus = world["data"], world["time"], world["bus"]
    rows = [part.split() for part in BRANCHES.replace("\n", "").split(";") if part]
    branch = pd.DataFrame(rows, columns=["from_bus", "to_bus", "circuits"]).astype({"circuits": int})
    branch["kind"] = np.where(branch.to_bus.str.endswith("330"), "transformer", "line")
    branch.insert(0, "branch", branch.from_bus + "~" + branch.to_bus)
    label = bus.set_index("bus")
    branch["name"] = [f"{label.name[a]} - {label.name[b]}" for a, b in zip(branch.from_bus, branch.to_bus, strict=True)]
    branch["name_zh"] = [f"{label.name_zh[a]}—{label.name_zh[b]}" for a, b in zip(branch.from_bus, branch.to_bus, strict=True)]
    branch["rating_mw"] = np.where(branch.kind == "line", branch.circuits * 2300.0, 3000.0)
    world["branch"] = branch
    number = np.arange(len(branch))[:, None]
    swing = 0.42 + 0.25 * np.sin(number * 2.1) + 0.5 * (world["wind"] + world["sun"] - 0.4)[None, :] * np.cos(number)
    rating = branch.rating_mw.to_numpy()[:, None]
    limit = np.where(number == 3, np.nan, np.broadcast_to(rating, swing.shape))
    flow = np.clip(swing, -1, 1) * rating
    over = {"branch": branch.branch.to_numpy(), "time": time}
    shadow = np.where(np.abs(flow) >= 0.999 * rating, 60.0, 0.0)
    for name, value in {"flow": flow, "flow_limit": limit, "branch_shadow_price": shadow}.items():
        data[name] = xr.DataArray(value, over, ("branch", "time"))
    sections = {"interface": list(INTERFACES), "time": time}
    top = np.array([6000.0, 7500.0, 8500.0, 3800.0])[:, None]
    use = np.clip(0.35 + 0.8 * (world["wind"] + world["sun"])[None, :] * np.array([0.8, 0.9, 1.2, 0.5])[:, None], 0, 1) * top
    for name, value in {
        "flow": use,
        "forward_limit": top + 0 * use,
        "backward_limit": 0.65 * top + 0 * use,
        "shadow_price": np.where(use >= 0.999 * top, 110.0, 0.0),
    }.items():
        data[f"interface_{name}"] = xr.DataArray(value, sections, ("interface", "time"))
    pressure = (
        330
        - 9.0e-3 * (world["technology"]["wind"] + world["technology"]["solar"] - 20000)
        + 60 * np.cos(np.pi * (world["hour"] - 20) / 12)
    )
    gap = data.interface_shadow_price.values.max(0)
    price = np.clip(
        pressure[None, :] + np.where(bus.zone == "Hexi", -1.0, 0.4)[:, None] * gap + np.arange(len(bus))[:, None], 40, 650
    )
    data["price"] = xr.DataArray(price, {"bus": bus.bus.to_numpy(), "time": time}, ("bus", "time"))
    data["price_energy"] = xr.DataArray(np.clip(pressure, 40, 650), {"time": time}, ("time",))


def _tables(world: dict) -> dict[str, pd.DataFrame]:
    data, plant, bus = world["data"], world["renewable"], world["bus"]
    cause = pd.DataFrame(
        [
            (p.renewable, p.bus, p.technology, key, name, zh, kind, p.curtailed_mwh * share)
            for p in plant.itertuples()
            for key, (name, zh, kind, share) in CAUSES.items()
        ],
        columns=["renewable", "bus", "technology", "cause", "cause_name", "cause_zh", "kind", "curtailed_mwh"],
    )
    energy = {k: float(v.sum()) for k, v in world["technology"].items()}
    zone = bus.set_index("bus").zone
    price = data.price.values
    zones = []
    for z in ("Hexi", "Hedong"):
        part = price[(zone == z).to_numpy()]
        zones.append((z, part.mean(), part.mean() * 1.02, part.min(), part.max()))
    sent = data.dc_sent.sum("time").values
    bundled = data.dc_bundled.sum("time").values
    first, last = str(world["time"][0])[:10], str(world["time"][-1])[:10]
    contracts = pd.DataFrame(
        [
            (f"C_{k}", k, first, last, sent[i], sent[i] * 0.97, sent[i] * 1.1, bundled[i] / sent[i], v[5], 35.0, 120.0)
            for i, (k, v) in enumerate(DC_LINKS.items())
        ],
        columns=[
            "contract",
            "dc_link",
            "start_date",
            "end_date",
            "sent_mwh",
            "energy_min_mwh",
            "energy_max_mwh",
            "renewable_share",
            "renewable_share_min",
            "value_of_energy_cny_per_mwh",
            "value_of_share_cny_per_mwh",
        ],
    )
    supply = list(energy.items())
    use = [
        ("load", -float(world["load"].sum())),
        ("dc_export", -float(sent.sum())),
        ("storage_charge", -float(data.storage_charge.sum())),
    ]
    exports = ("ac_export", -float(np.clip(data.exchange_export.values, 0, None).sum()))
    tables = {
        "bus": bus,
        "branch": world["branch"],
        "renewable": plant,
        "curtailment_by_cause": cause,
        "curtailment_cause_hourly": _cause_hourly(world),
        "congestion": _congestion(world),
        "energy_balance": pd.DataFrame(
            [(k, k, v) for k, v in [*supply, *use, exports]], columns=["item", "item_zh", "energy_mwh"]
        ),
        "emissions": pd.DataFrame(
            [("coal", energy["coal"], 0.83 * energy["coal"], 2.1 * energy["coal"])],
            columns=["technology", "energy_mwh", "co2_t", "carbon_cost_cny"],
        ),
        "dc_contracts": contracts,
        "dc_link": pd.DataFrame(
            [(k, *v[:5]) for k, v in DC_LINKS.items()],
            columns=["dc_link", "name", "name_zh", "from_bus", "to_bus", "power_max_mw"],
        ),
        "interface": pd.DataFrame([(k, *v) for k, v in INTERFACES.items()], columns=["interface", "name", "name_zh"]),
        "reservoir": pd.DataFrame(
            [(k, *v[:3], 0.3 * v[4], v[4]) for k, v in RESERVOIRS.items()],
            columns=["reservoir", "name", "name_zh", "bus", "volume_min_hm3", "volume_max_hm3"],
        ),
        "storage": world["storage"],
        "unit": world["unit"],
        **_reserve_tables(world),
        "costs": pd.DataFrame(
            [
                ("thermal.fuel", "燃料", energy["coal"] * 260),
                ("thermal.start", "启动", energy["coal"] * 6),
                ("storage.wear", "储能损耗", 2e6),
            ],
            columns=["name", "name_zh", "cost_cny"],
        ),
        "price_zones": pd.DataFrame(zones, columns=["zone", "mean", "load_weighted_mean", "min", "max"]),
        "sources": _sources(),
    }
    return tables


def _cause_hourly(world: dict) -> pd.DataFrame:
    curtailed, plant = world["data"].renewable_curtailed.values, world["renewable"]
    row, step = np.nonzero(curtailed > 0.01)
    parts = [
        pd.DataFrame(
            {
                "renewable": plant.renewable.to_numpy()[row],
                "time": world["time"][step],
                "cause": key,
                "mw": (curtailed[row, step] * share).astype("float32"),
            }
        )
        for key, (*_, share) in CAUSES.items()
    ]
    frame = pd.concat(parts, ignore_index=True)
    return frame.astype({"renewable": "category", "cause": "category"})


def _congestion(world: dict) -> pd.DataFrame:
    data, rows = world["data"], []
    for i, (key, (name, zh)) in enumerate(INTERFACES.items()):
        price, flow = data.interface_shadow_price.values[i], data.interface_flow.values[i]
        load = float((flow / data.interface_forward_limit.values[i]).max())
        rows.append(
            (
                key,
                "interface",
                name,
                zh,
                int((price > 0).sum()),
                price[price > 0].mean() if price.any() else 0.0,
                (price * flow).sum(),
                load,
            )
        )
    for i, branch in enumerate(world["branch"].itertuples()):
        price, flow = data.branch_shadow_price.values[i], np.abs(data.flow.values[i])
        if price.any():
            rows.append(
                (
                    branch.branch,
                    branch.kind,
                    branch.name,
                    branch.name_zh,
                    int((price > 0).sum()),
                    price[price > 0].mean(),
                    (price * flow).sum(),
                    1.0,
                )
            )
    return pd.DataFrame(
        rows, columns=["constraint", "kind", "name", "name_zh", "hours_binding", "mean_shadow_price", "rent_cny", "max_loading"]
    )


def _sources() -> pd.DataFrame:
    rows = [
        (
            f"S{i:03d}",
            f"installed wind at bus {i}",
            f"{100 * i}",
            "MW",
            "2025",
            "provincial statistics",
            ("sourced", "recalled", "estimate")[i % 3],
        )
        for i in range(40)
    ]
    return pd.DataFrame(rows, columns=["id", "what", "value", "unit", "year", "source", "confidence"])


def _manifest(world: dict) -> dict:
    plant, energy = world["renewable"], {k: float(v.sum()) for k, v in world["technology"].items()}
    by = plant.groupby("technology")[["available_mwh", "curtailed_mwh"]].sum()
    curtailed = float(plant.curtailed_mwh.sum())
    sent, bundled = (world["data"][name].sum("time").values for name in ("dc_sent", "dc_bundled"))
    time = world["time"]
    summary = dict(
        status="optimal",
        objective=energy["coal"] * 266,
        bound=energy["coal"] * 265.9,
        gap=3.8e-4,
        currency="CNY",
        energy_mwh=energy,
        available_mwh=by.available_mwh.to_dict(),
        curtailed_mwh=by.curtailed_mwh.to_dict(),
        curtailed_by_cause_mwh={k: curtailed * v[3] for k, v in CAUSES.items()},
        dc_links={
            k: dict(
                sent_mwh=float(sent[i]),
                received_mwh=float(sent[i] * 0.93),
                renewable_share=float(bundled[i] / sent[i]),
                hours=5000,
            )
            for i, k in enumerate(DC_LINKS)
        },
        price_mean={"Hexi": 231.0, "Hedong": 288.0},
        certificate=_certificate(),
        files=[],
    )
    return dict(
        study="gansu-2025",
        title_en="Gansu 2025, base case",
        title_zh="甘肃 2025 年基准",
        gridopt_version="0.1.0",
        versions=dict(python="3.11.7", numpy="2.4.6", highspy="1.15.1"),
        inputs={"networks/gansu/bus.csv": "a3" * 32, "studies/gansu.yaml": "9f" * 32},
        options=dict(commitment="lp", losses="off", window_days=7),
        period=dict(start=str(time[0]), end=str(time[-1]), step_minutes=60, steps=len(time)),
        seconds=dict(read=2.1, build=3.4, solve=81.0, certify=4.2, write=3.0, report=0.0, total=93.7),
        size=dict(columns=5_200_000, rows=2_300_000, nonzeros=17_800_000, rounds=4, rows_added=31_234),
        peak_memory_mb=5321.0,
        warnings=["12 plants have no `base`; they are grouped by bus"],
        summary=summary,
    )


def _certificate() -> dict:
    checks = [
        ("bus.balance", 3.1e-7, "MW", 1e-4),
        ("branch.limit", 0.0, "MW", 1e-3),
        ("storage.energy", 2.2e-6, "MWh", 1e-4),
        ("gap", 8.0e-9, "1", 1e-6),
        ("cost", 4.4e-10, "1", 1e-8),
    ]
    return dict(
        passed=True,
        checks=[dict(name=n, worst=w, unit=u, tolerance=t, passed=True, where="HEX, 2025-03-05 12:00") for n, w, u, t in checks],
    )


def trim(
    source: pathlib.Path, target: pathlib.Path, variables=(), tables=(), steps: int | None = None, change=None
) -> pathlib.Path:
    """A copy of a run without some variables and tables, of its first `steps` steps; `change` may alter tables (name, frame)."""
    (target / "tables").mkdir(parents=True)
    with xr.open_dataset(source / "results.nc", engine="h5netcdf") as data:
        data.drop_vars(list(variables)).isel(time=slice(steps)).to_netcdf(target / "results.nc", engine="h5netcdf")
    for path in (source / "tables").glob("*.parquet"):
        if path.stem not in tables:
            frame = pd.read_parquet(path)
            (change(path.stem, frame) if change else frame).to_parquet(target / "tables" / path.name, index=False)
    for name in ("manifest.json", "certificate.json"):
        (target / name).write_bytes((source / name).read_bytes())
    return target


if __name__ == "__main__":
    import sys

    make(pathlib.Path(sys.argv[1]), days=int(sys.argv[2]), plants=int(sys.argv[3]), start="2025-01-01")
