"""The town's CSV tables about public places: rows as the publishers write them, by heading.

The headings stand in ``headings.toml``; a row leaves out what is empty.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import mgrs
import numpy as np

from disaster.town.geography import lonlat
from disaster.town.stage import Stage
from disaster.town.story import damage_place, places, spoken

Row = Mapping[str, object]

_DAYS = "日月火水木金土"
#: Days on which a place of the cooling list is closed, Sunday first.
_CLOSED = {"平日": (0, 6), "月休": (1,), "毎日": ()}


@cache
def headings(table: str) -> tuple[str, ...]:
    """Return the headings of a table of ``headings.toml``."""
    data = tomllib.loads(files("disaster.town").joinpath("headings.toml").read_text(encoding="utf-8"))
    return tuple(data[table])


def _phone(number: int) -> str:
    return f"(000)000-{number:04d}"


def _marks(table: str, start: str, text: str) -> dict[str, str]:
    """Spread a text of marks over the headings of a table that begin with `start`."""
    names = [name for name in headings(table) if name.startswith(start)]
    return {name: mark.strip("　") for name, mark in zip(names, text, strict=True)}


def _basic(stage: Stage, number: int, place: Mapping[str, Any]) -> dict[str, object]:
    lon, lat = stage.where(place["name"])
    return {
        "NO": number,
        "市区町村コード": stage.code6,
        "都道府県名": stage.prefecture,
        "市区町村名": stage.city,
        "名称": place["name"],
        "名称_カナ": place["kana"],
        "住所": stage.address(place["name"]),
        "緯度": lat,
        "経度": lon,
    }


def shelters(stage: Stage) -> Iterator[Row]:
    """Yield 避難所一覧 with the MGRS point to 10 m."""
    grid = mgrs.MGRS()
    for number, place in enumerate(places()["shelters"], start=1):
        lon, lat = stage.where(place["name"])
        yield (
            _basic(stage, number, place)
            | _marks("shelters", "開設される", place["open"])
            | {
                "UTMポイント": grid.toMGRS(lat, lon, MGRSPrecision=4),
                "電話番号": _phone(3100 + number),
                "避難所面積平方メートル": place["area"],
            }
        )


def tsunami_buildings(stage: Stage) -> Iterator[Row]:
    """Yield 津波避難ビル一覧."""
    for number, place in enumerate(places()["tsunami_buildings"], start=1):
        what = {"電話番号": _phone(3300 + number), "区分": place["owner"], "備考": place["sort"]}
        yield _basic(stage, number, place) | what


def warehouses(stage: Stage) -> Iterator[Row]:
    """Yield 防災備蓄倉庫一覧, without quantities."""
    for number, place in enumerate(places()["warehouses"], start=1):
        row = _basic(stage, number, place)
        yield {"都道府県コード又は市区町村コード": row.pop("市区町村コード"), **row, "電話番号": _phone(3400)}


def emergency_sites(stage: Stage) -> Iterator[Row]:
    """Yield 指定緊急避難場所一覧 in the old sheet: empty marks mean no, addresses lack the prefecture."""
    for number, place in enumerate(places()["emergency_sites"], start=1):
        row = _basic(stage, number, place) | _marks("emergency_sites", "災害種別_", place["marks"])
        yield row | {"住所": stage.address(place["name"], prefecture=False), "電話番号": _phone(3500)}


def cooling_list(stage: Stage) -> Iterator[Row]:
    """Yield 指定暑熱避難施設: a list among whose rows post offices stand; ids are text with zeros."""
    others = [{**place, "post": False} for place in places()["cooling"]]
    posts = [{**office, "post": True, "hours": "平日", "sort": "民間施設"} for office in places()["offices"][:8]]
    for number, place in enumerate([*others[:5], *posts[:4], *others[5:8], *posts[4:], *others[8:]], start=1):
        lon, lat = stage.where(place["name"])
        post, closed = place["post"], _CLOSED[place["hours"]]
        opens, closes = ("10:00", "15:00") if post else ("9:00", "17:15")
        yield {
            "ID": f"{number:012d}",
            "市区町村コード": stage.code6,
            "地方公共団体名": f"{stage.prefecture}{stage.city}",
            "指定暑熱避難施設の名称": place["name"],
            "所在地": stage.address(place["name"]),
            "緯度": lat,
            "経度": lon,
            **{f"{day}曜開放開始時刻": "-" if i in closed else opens for i, day in enumerate(_DAYS)},
            **{f"{day}曜開放終了時刻": "-" if i in closed else closes for i, day in enumerate(_DAYS)},
            "指定暑熱避難施設を開放することができる日及び時間帯特記事項": "祝日を除く" if post else "",
            "指定暑熱避難施設の開放により受け入れることが可能であると見込まれる人数": 2 + number % 9,
            "施設管理者名": "―" if post else "",
            "指定日": "2026-07-01" if post else "",
            "公共施設　": place["sort"],
            "市独自区分": "指定暑熱避難施設",
        }


def offices(stage: Stage) -> Iterator[Row]:
    """Yield the post's own list of offices; some cells hold line breaks."""
    state_at = stage.story.at - timedelta(hours=1)
    for number, office in enumerate(places()["offices"], start=1):
        lon, lat = stage.where(office["name"])
        yield {
            "局所コード": office["code"],
            "市区町村コード": stage.code5,
            "名称": office["name"],
            "所在地": stage.address(office["name"]),
            "経営形態": office["management"],
            "集配": office["delivery"],
            "営業状況": office["state"],
            "営業状況の時点": f"{state_at:%Y-%m-%dT%H:%M:%S+09:00}",
            "営業時間": office["hours"],
            "取扱業務": office["services"],
            "指定緊急避難場所": office["site"],
            "津波避難ビル": office["tsunami"],
            "備蓄に使える面積(m2)": office["storage"],
            "配達を受け持つ市区町村": "、".join(office["serves"]),
            "電話番号": f"000-0000-{3000 + number}",
            "備考": office["note"],
            "緯度": lat,
            "経度": lon,
        }


def vehicles(stage: Stage) -> Iterator[Row]:
    """Yield the vehicles of the offices, those for mail delivery among them."""
    words = {
        "id": "車両ID", "office": "局所コード", "sort": "車種", "payload": "積載量(kg)", "width": "車幅(m)",
        "legal": "緊急通行の届出", "mail": "郵便配達用", "driver": "運転者", "note": "備考",
    }  # fmt: skip
    for car in places()["vehicles"]:
        yield {"市区町村コード": stage.code5, **{word: car[key] for key, word in words.items()}}


def stock_lots(stage: Stage) -> Iterator[Row]:
    """Yield lots in office back rooms and warehouses; dates in several manners, one lot is over."""
    office = {one["code"]: one["name"] for one in places()["offices"]}
    store = {str(number): one["name"] for number, one in enumerate(places()["warehouses"], start=1)}
    for order, lot in enumerate(places()["lots"]):
        site, name = lot["site"], (office | store)[lot["site"]]
        lon, lat = stage.where(name)
        expires = stage.story.at + timedelta(days=lot.get("days", 0))
        yield {
            "備蓄場所ID": f"{stage.code6}-{site}" if site in store else f"{site}-ST",
            "市区町村コード": stage.code5,
            "名称": name,
            "所在地": stage.address(name),
            "ロット": lot["lot"],
            "品目": lot["item"],
            "数量": lot["quantity"],
            "単位": lot["unit"],
            "期限": _in_manner(expires, order) if "days" in lot else "",
            "局所コード": site if site in office else "",
            "電話番号": f"000-0000-{3400 + order}",
            "緯度": lat,
            "経度": lon,
        }


def _in_manner(at: datetime, manner: int) -> str:
    era = f"令和{at.year - 2018}年{at.month}月{at.day}日"
    manners = (f"{at:%Y-%m-%d}", f"{at.year}/{at.month}/{at.day}", era)
    return manners[manner % len(manners)]


def observations() -> list[tuple[int, float]]:
    """Return the times at which shelters were counted (hours before the present) and how full they were then."""
    flood = places()["flood"]
    return list(zip(flood["observed_hours"], flood["profile"], strict=True))


def head_count(place: Mapping[str, Any], share: float) -> int:
    """Return how many people stayed at a shelter when it held this share of its worst."""
    return int(np.floor(place["people"] * share + 0.5))


def _closed(place: Mapping[str, Any], hours: int) -> bool:
    return bool(place.get("closed")) and hours < places()["flood"]["overflow_hours"]


def openings(stage: Stage) -> Iterator[Row]:
    """Yield every designated shelter at each time of observation."""
    story, opened = stage.story, stage.story.at - timedelta(hours=12, minutes=30)
    for hours, share in observations():
        for number, place in enumerate(places()["shelters"], start=1):
            row: dict[str, object] = {
                "避難所ID": f"{stage.code6}-{number}",
                "市区町村コード": stage.code5,
                "名称": place["name"],
                "開設状況": "未開設",
                "時点": f"{story.at - timedelta(hours=hours):%Y/%m/%d %H:%M}",
            }
            if "people" in place:
                count = head_count(place, share)
                row |= {"開設状況": "開設", "避難者数": count, "開設日時": f"{opened:%Y/%m/%d %H:%M}"}
            if _closed(place, hours):
                left = {"閉鎖日時": f"{story.overflow_at:%Y/%m/%d %H:%M}", "備考": "浸水のおそれにより移動"}
                row |= {"開設状況": "閉鎖", "避難者数": 0, **left}
            yield row


def open_shelters(stage: Stage, hours: int, share: float) -> Iterator[Row]:
    """Yield the shelters open at one time, as a city publishes them during a disaster; one is not designated."""
    listed = [(f"{stage.code6}-{number}", place) for number, place in enumerate(places()["shelters"], start=1)]
    rows = [(code, place) for code, place in listed if "people" in place and not _closed(place, hours)]
    extra = places()["undesignated"]
    for code, place in [*rows, (extra["id"], extra)]:
        lon, lat = stage.where(place["name"])
        quarter = stage.quarter(place["name"])
        ward = stage.ground.quarters[stage.ground.index(quarter)].ward
        area = place.get("area", 0)
        yield {
            "ID": code,
            "地区": ward,
            "名称": place["name"],
            "人数": head_count(place, share),
            "時点": spoken(stage.story.at - timedelta(hours=hours)),
            "所在地_連結表記": stage.address(place["name"]),
            "所在地_都道府県": stage.prefecture,
            "所在地_市区町村": stage.city,
            "所在地_町字": quarter,
            "所在地_番地以下": stage.number(place["name"]),
            "緯度": lat,
            "経度": lon,
            "想定収容人数": f"屋内{area // 2:,}人／屋外{area * 3:,}人(面積の1/2)" if area else "",
            "対象となる町会・自治会": f"{ward}地区",
        }


def damage_points(stage: Stage) -> Iterator[Row]:
    """Yield damage found by the post on its rounds."""
    for damage, at, lon, lat in _damage(stage, by_post=True):
        yield {
            "被害ID": damage["id"],
            "市区町村コード": stage.code5,
            "対象": damage["object"],
            "被害・障害": damage["damage"],
            "通行できるもの": damage["passable"],
            "場所": damage["place"],
            "確認日時": f"{at:%Y-%m-%dT%H:%M:%S+09:00}",
            "情報源": damage["reporter"],
            "現地確認済み": damage["verified"],
            "備考": damage["note"],
            "緯度": lat,
            "経度": lon,
        }


def damage_reports(stage: Stage) -> Iterator[Row]:
    """Yield damage that reached the city hall: the same columns in other words, times as spoken."""
    for damage, at, lon, lat in _damage(stage, by_post=False):
        yield {
            "被害番号": damage["id"],
            "団体コード": stage.code6,
            "対象": damage["object"],
            "被害・障害": damage["damage"],
            "通行可否": damage["passable"],
            "場所": damage["place"],
            "発見日時": spoken(at),
            "通報者": damage["reporter"],
            "現地確認": damage["verified"],
            "備考": damage["note"],
            "経度": lon,
            "緯度": lat,
        }


def _damage(stage: Stage, *, by_post: bool) -> Iterator[tuple[Mapping[str, Any], datetime, float, float]]:
    for damage in places()["damage"]:
        if (damage["reporter"] == "郵便局") != by_post:
            continue
        x, y = damage_place(stage.ground, damage)
        lon, lat = lonlat(np.array([x]), np.array([y]))
        at = stage.story.at - timedelta(hours=damage["hours"], minutes=-20)
        yield damage, at, float(lon[0]), float(lat[0])


def care_facilities(stage: Stage) -> Iterator[Row]:
    """Yield 要配慮者利用施設一覧: newest first, line breaks inside cells, blanks behind names."""
    wet = {*stage.story.suspended, *stage.story.unreachable}
    for number, home in reversed(list(enumerate(places()["care"], start=201))):
        lon, lat = stage.where(home["name"])
        postal = stage.ground.quarters[stage.ground.index(home["quarter"])].postal_code
        flooded = home["quarter"] in wet
        yield {
            "№": number,
            "要配慮者利用施設名称": home["name"],
            "所管課": home["division"],
            "郵便番号": f"{postal[:3]}-{postal[3:]}",
            "所在地": stage.address(home["name"], prefecture=False),
            "電話番号": f"000-0000-{number:04d}",
            "区分": home["sort"],
            "避難確保計画対象": "対象外" if number % 5 == 0 else "○",
            "地域防災計画分類": home["group"],
            "洪水浸水レベル（最大）": 4 if flooded else number % 3 + 1,
            "家屋倒壊危険区域": "区域外",
            "土砂災害警戒区域": "区域外",
            "緯度": lat,
            "経度": lon,
            "津波浸水レベル": 2 if flooded else "区域外",
            "高潮浸水レベル": 3 if flooded else "区域外",
        }
