"""A small invented town to print: 潮見市 lies in the open sea, and nobody lives there."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from agreements.format import Column, ColumnType
from exporters.model import Extract, Layer, Marks

AT = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
MARKS = Marks(
    title="潮見市 状況パック",
    municipality="潮見市(99301)",
    as_of=AT,
    event="令和8年 架空台風",
    provider="潮見郵便局",
    recipient="潮見市災害対策本部",
    purpose="安否確認",
    basis="協定第3条第1項第4号により提供できます",
    expires_at=AT + timedelta(days=30),
)
DRILL = Marks(**{**{name: getattr(MARKS, name) for name in MARKS.__slots__}, "drill": True})

T = ColumnType
_TYPES = {
    T.INTEGER: pa.int64(), T.NUMBER: pa.float64(), T.FLAG: pa.bool_(), T.TIME: pa.timestamp("us", "UTC"),
    T.DATE: pa.date32(), T.LIST: pa.list_(pa.string()),
}  # fmt: skip
TOWNS = ("潮見町", "港町", "松原", "岬", "本町", "新田", "浜の宮", "桜台")
#: Texts that harm a careless writer, from people's hands or a bad file.
HOSTILE = (
    "=cmd|' /C calc'!A0", "+81-90-0000-0000", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1", " =1+1", "＝１＋１", "'=1",
    "<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "`${alert(1)}`", "{{7*7}}", "<r><t>x</t></r>",
    "a\x00b\x01c\x1b[31m", "表\u202eecilA\u202c", "一行目\r\n二行目\n三行目", "﨑山 髙子 葛󠄀城 辻󠄀",
    "👩\u200d👩\u200d👧\u200d👦🚒", "_x0041_", "01100", "1E5", "TRUE", "http://example.invalid/", "  前後に空白  ",
    '"引用"と,コンマ', "-", "NULL", "&amp;", "\ufffe\uffff", "-->", "]]>", "長" * 40_000,
)  # fmt: skip


def table(columns: Sequence[Column], rows: Mapping[str, Sequence[Any]]) -> pa.Table:
    """Build the table that ``Layer`` promises."""
    arrays = [pa.array(rows[c.name], _TYPES.get(c.type, pa.string())) for c in columns]
    return pa.Table.from_arrays(arrays, names=[c.name for c in columns])


def layer(
    name: str,
    title: str,
    columns: Sequence[Column],
    rows: Mapping[str, Sequence[Any]],
    places: Sequence[Any] | None = None,
    **more: Any,
) -> Layer:
    """Build a layer; `places` are shapely geometries or None."""
    geometry = None
    if places is not None:
        geometry = np.empty(len(places), dtype=object)
        geometry[:] = list(places)
    return Layer(name, title, tuple(columns), table(columns, rows), geometry, AT, **more)


PASSABLE = {
    "none": "通行不能", "foot": "徒歩のみ可", "bicycle": "自転車まで可", "motorbike": "バイクまで可",
    "light_van": "軽自動車まで可", "truck_2t": "2tトラックまで可", "all": "通行可", "unknown": "不明",
}  # fmt: skip
STATUS = {
    "served": "配達中", "suspended": "区域休止", "unreachable": "到達不能", "counter_pickup": "窓口交付",
    "seems_vacant": "空き家とみられる", "addressee_unknown": "受取人不明",
}  # fmt: skip


def _choice(name: str, label: str, **choices: str) -> Column:
    return Column(name, label, T.CHOICE, choices=choices)


_COLUMNS = {
    column.name: column
    for column in (
        Column("municipality", "市区町村コード"), Column("name", "名称"), Column("address", "住所"),
        Column("phone", "電話番号"), Column("road_id", "道路ID"),
        _choice("road_class", "区分", emergency_1="第一次緊急輸送路", emergency_2="第二次緊急輸送路",
                emergency_3="第三次緊急輸送路", other="その他の道路"),
        Column("shelter_id", "避難所ID"), Column("capacity", "想定収容人数", T.INTEGER),
        _choice("shelter_kind", "区分", designated="指定避難所", welfare="福祉避難所", temporary="臨時避難所"),
        _choice("opening_status", "開設状況", open="開設", not_open="未開設", closed="閉鎖", unknown="不明"),
        Column("office_code", "局所コード"), Column("state_at", "営業状況の時点", T.TIME),
        _choice("state", "営業状況", open="営業中", partial="一部営業", closed="休止", unknown="不明"),
        Column("services", "取扱業務", T.LIST), Column("is_emergency_site", "指定緊急避難場所", T.FLAG),
        Column("damage_id", "被害ID"), Column("place_text", "場所"), Column("observed_at", "確認日時", T.TIME),
        _choice("object", "対象", road="道路", underpass="アンダーパス", bridge="橋", river="河川", slope="斜面"),
        _choice("damage", "被害・障害", collapse="崩落・損傷", flooded="冠水", debris="土砂・落石",
                subsidence="陥没・段差", obstacle="障害物", other="その他"),
        _choice("passable", "通行できるもの", **PASSABLE), Column("verified", "現地確認済み", T.FLAG),
        _choice("reporter", "情報源", post="郵便局", municipality="市区町村"),
        Column("risk_id", "危険箇所ID"),
        _choice("risk_kind", "種類", underpass="アンダーパス", accident="交通事故", care_facility="要配慮者利用施設"),
        Column("area_id", "区域ID"), Column("happened_on", "発生日", T.DATE),
        _choice("area_kind", "区分", neighbourhood="自治会・自主防災会", flood_hazard="浸水想定区域",
                disaster="被災区域"),
        _choice("depth_class", "浸水深", lt_0_5="0.5m未満", **{"0_5_to_3": "0.5m以上3m未満", "3_to_5": "3m以上5m未満"}),
        Column("vehicle_id", "車両ID"), Column("payload_kg", "積載量(kg)", T.NUMBER),
        _choice("vehicle_kind", "車種", van="軽四輪", motorbike="自動二輪"),
        Column("point_id", "配達先ID"), Column("postal_code", "郵便番号"), Column("building", "建物名等(方書)"),
        _choice("status", "配達状況", **STATUS), Column("confirmed_at", "確認日時", T.TIME),
        Column("place_town", "町丁・字"),
    )
}  # fmt: skip


def _of(*names: str) -> list[Column]:
    return [_COLUMNS[name] for name in names]


def _scattered(count: int, seed: int) -> list[shapely.Point]:
    """Points around the middles of the towns, as houses stand."""
    rng = np.random.default_rng(seed)
    centre = np.array([_centre(i % len(TOWNS)) for i in range(count)]).reshape(-1, 2)
    return list(shapely.points(centre + rng.normal(0, [0.006, 0.004], (count, 2))))


def _centre(town: int) -> tuple[float, float]:
    return 138.555 + 0.026 * (town % 4) + 0.006 * (town // 4), 34.525 + 0.032 * (town // 4) + 0.008 * (town % 2)


def boundary() -> Layer:
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    radius = 1 + 0.06 * np.sin(3 * angle) + 0.04 * np.sin(7 * angle + 1)
    ring = np.column_stack([138.60 + 0.075 * radius * np.cos(angle), 34.545 + 0.045 * radius * np.sin(angle)])
    columns = _of("municipality", "name")
    return layer(
        "boundaries", "行政区域", columns, {"municipality": ["99301"], "name": ["潮見市"]}, [shapely.Polygon(ring)]
    )


def roads() -> Layer:
    def bent(*corners: tuple[float, float]) -> shapely.LineString:
        return shapely.LineString(corners)

    lines = [
        bent((138.53, 34.53), (138.57, 34.537), (138.61, 34.535), (138.67, 34.542)),
        bent((138.60, 34.505), (138.602, 34.535), (138.607, 34.585)),
        bent((138.545, 34.56), (138.58, 34.565), (138.63, 34.562), (138.66, 34.555)),
        *(bent((138.55 + 0.012 * i, 34.52), (138.552 + 0.012 * i, 34.572)) for i in range(9)),
        *(bent((138.545, 34.52 + 0.009 * i), (138.655, 34.523 + 0.009 * i)) for i in range(6)),
    ]
    count = len(lines)
    rows = {
        "road_id": [f"R{i:03d}" for i in range(count)],
        "name": ["国道潮見線", "県道岬線", "市道1号"] + [None] * (count - 3),
        "road_class": ["emergency_1", "emergency_2", "emergency_3"] + ["other"] * (count - 3),
    }
    return layer("roads", "道路", _of("road_id", "name", "road_class"), rows, lines)


def shelters() -> Layer:
    count = 12
    rows = {
        "shelter_id": [f"H{i:03d}" for i in range(count)],
        "name": [f"{TOWNS[i % 8]}{('小学校', '公民館', '中学校')[i % 3]}" for i in range(count)],
        "address": [f"架空県潮見市{TOWNS[i % 8]}{i + 1}-{i + 2}" for i in range(count)],
        "shelter_kind": ["designated"] * 10 + ["welfare", "temporary"],
        "capacity": [120 + 35 * i for i in range(count)],
        "phone": [f"0000-00-{i:04d}" for i in range(count)],
        "opening_status": (["open", "not_open", "open", "closed"] * 3),
    }
    columns = _of("shelter_id", "name", "address", "shelter_kind", "capacity", "phone", "opening_status")
    places: list[Any] = _scattered(count, 2)
    places[-1] = None
    return layer("shelters", "避難所", columns, rows, places, source="潮見市 避難所一覧(架空)")


def offices() -> Layer:
    count = 6
    rows = {
        "office_code": [f"S{i:03d}" for i in range(1, count + 1)],
        "name": ["潮見郵便局", *(f"潮見{town}郵便局" for town in TOWNS[1:count])],
        "state": ["open", "open", "partial", "closed", "open", "unknown"],
        "state_at": [AT - timedelta(hours=i) for i in range(count)],
        "services": [["郵便", "貯金"], ["郵便"], [], None, ["郵便", "貯金", "保険"], ["郵便"]],
        "is_emergency_site": [True, False, None, False, True, False],
    }
    columns = _of("office_code", "name", "state", "state_at", "services", "is_emergency_site")
    return layer("offices", "郵便局", columns, rows, _scattered(count, 3), source="日本架空郵便")


def damage() -> Layer:
    states = ["none", "foot", "motorbike", "light_van", "truck_2t", "all", "unknown", "none", "bicycle"]
    count = len(states)
    rows = {
        "damage_id": [f"D{i:03d}" for i in range(count)],
        "object": ["road", "underpass", "bridge", "slope", "road", "road", "river", "underpass", "road"],
        "damage": ["flooded", "flooded", "collapse", "debris", "subsidence", "obstacle", "other", "flooded", "debris"],
        "passable": states,
        "place_text": [f"{TOWNS[i % 8]}の{('国道', 'ガード下', '橋')[i % 3]}" for i in range(count)],
        "observed_at": [AT - timedelta(minutes=17 * i) for i in range(count)],
        "reporter": ["post"] * 5 + ["municipality"] * 4,
        "verified": [True, False] * 4 + [None],
    }
    names = ("damage_id", "object", "damage", "passable", "place_text", "observed_at", "reporter", "verified")
    return layer("damage-points", "被害地点", _of(*names), rows, _scattered(count, 4))


def risks() -> Layer:
    count = 60
    kinds = ["underpass"] * 8 + ["accident"] * 40 + ["care_facility"] * 12
    rows = {
        "risk_id": [f"K{i:03d}" for i in range(count)],
        "risk_kind": kinds,
        "name": [f"{TOWNS[i % 8]}アンダー" if k == "underpass" else None for i, k in enumerate(kinds)],
    }
    return layer("risk-spots", "危険箇所", _of("risk_id", "risk_kind", "name"), rows, _scattered(count, 5))


def areas() -> Layer:
    def blob(lon: float, lat: float, size: float) -> shapely.Polygon:
        return shapely.Point(lon, lat).buffer(size, quad_segs=12)

    flood = [blob(138.575, 34.53, 0.02), blob(138.58, 34.53, 0.012), blob(138.583, 34.529, 0.006)]
    wards = [shapely.box(138.55 + 0.03 * i, 34.52, 138.58 + 0.03 * i, 34.57) for i in range(3)]
    rows = {
        "area_id": [f"A{i:03d}" for i in range(7)],
        "name": ["浸水想定(浅)", "浸水想定(中)", "浸水想定(深)", "東自治会", "中自治会", "西自治会", "被災区域1"],
        "area_kind": ["flood_hazard"] * 3 + ["neighbourhood"] * 3 + ["disaster"],
        "depth_class": ["lt_0_5", "0_5_to_3", "3_to_5", None, None, None, None],
        "happened_on": [None] * 6 + [date(2026, 11, 20)],
    }
    columns = _of("area_id", "name", "area_kind", "depth_class", "happened_on")
    return layer("areas", "区域", columns, rows, [*flood, *wards, blob(138.64, 34.55, 0.012)])


def delivery_status() -> Layer:
    counts = Column
    columns = [
        counts("town", "町丁・字"), counts("served", "配達中", T.INTEGER), counts("suspended", "区域休止", T.INTEGER),
        counts("unreachable", "到達不能", T.INTEGER), counts("reason", "理由"),
    ]  # fmt: skip
    rows = {
        "town": list(TOWNS),
        "served": [320, 210, 0, 45, 510, 130, 88, 260],
        "suspended": [0, 30, 140, 5, 0, 0, 12, 0],
        "unreachable": [0, 2, 22, 0, 0, 0, 0, 0],
        "reason": [None, "道路冠水", "橋の損傷", "道路冠水", None, None, "土砂", None],
    }
    middles = [shapely.Point(*_centre(i)) for i in range(len(TOWNS))]
    return layer(
        "delivery-status", "配達状況(町ごと)", columns, rows, middles, note="人や家を特定できる行は含みません。"
    )


def vehicles() -> Layer:
    rows = {"vehicle_id": ["V001", "V002"], "vehicle_kind": ["van", "motorbike"], "payload_kg": [350.0, None]}
    return layer("vehicles", "車両", _of("vehicle_id", "vehicle_kind", "payload_kg"), rows)


def dwellings(count: int = 600, *, name: str = "dwellings") -> Extract:
    """Invented homes, with the town that an aggregated map counts by."""
    rng = np.random.default_rng(6)
    states = list(STATUS)
    columns = _of("point_id", "postal_code", "address", "building", "status", "confirmed_at", "place_town")
    rows = {
        "point_id": [f"P{i:06d}" for i in range(count)],
        "postal_code": [f"{i % 90:07d}" for i in range(count)],
        "address": [f"架空県潮見市{TOWNS[i % 8]}{i % 40 + 1}-{i % 17 + 1}" for i in range(count)],
        "building": ["潮風荘101号室" if i % 11 == 0 else None for i in range(count)],
        "status": [states[min(k, 5)] for k in rng.geometric(0.6, count) - 1],
        "confirmed_at": [AT - timedelta(minutes=int(m)) for m in rng.integers(0, 2000, count)],
        "place_town": [TOWNS[i % 8] for i in range(count)],
    }
    plain = layer(name, "配達先(住居)", columns, rows, _scattered(count, 7), source="潮見郵便局 配達原簿(架空)")
    fields = {field: getattr(plain, field) for field in Layer.__slots__}
    return Extract(**fields, mode="dwelling", matched=count + 3, returned=count, withheld={"要請の区域外": 3})


def hostile(name: str = "damage-points") -> Layer:
    """Build a layer whose every text is from ``HOSTILE``."""
    count = len(HOSTILE)
    columns = [
        Column("damage_id", "被害ID"), Column("place_text", "場所"), Column("note", "備考"),
        _COLUMNS["passable"], Column("tags", "札", T.LIST),
        Column("loss", "増減", T.INTEGER), Column("rate", "割合", T.NUMBER),
    ]  # fmt: skip
    rows = {
        "damage_id": [f"{i:05d}" for i in range(count)],
        "place_text": list(HOSTILE),
        "note": list(reversed(HOSTILE)),
        "passable": [("none", "foot", None)[i % 3] for i in range(count - 1)] + ["<b>未知</b>"],
        "tags": [[text[:50], "札"] for text in HOSTILE],
        "loss": [-i for i in range(count)],
        "rate": [-0.5, float("nan"), float("inf"), *([None] * (count - 3))],
    }
    return layer(name, "被害地点", columns, rows, _scattered(count, 8))


def town(*, homes: int = 600) -> list[Layer]:
    """Every layer of the town."""
    return [
        dwellings(homes), damage(), shelters(), offices(), risks(), delivery_status(), roads(), areas(), boundary(),
        vehicles(),
    ]  # fmt: skip
