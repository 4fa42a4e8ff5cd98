"""How each layer looks on the offline map, so that it reads without a background map and in black and white.

Signs and shapes carry the meaning as well as colours. Depths of flooding take the colours of the hazard map guideline
of the Ministry of Land, Infrastructure, Transport and Tourism (水害ハザードマップ作成の手引き).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from exporters.model import Layer


class Draw(StrEnum):
    """What is drawn for one row."""

    MARKER = "marker"  # a sign in a frame, with its name when the map is near enough
    DOT = "dot"  # a small circle
    SHAPE = "shape"  # the line or polygon itself
    TOWN = "town"  # the polygon or a circle, with the name always beside it


class Frame(StrEnum):
    """The outline of a marker."""

    SQUARE = "square"
    ROUND = "round"
    SIGN = "sign"  # a warning diamond


@dataclass(frozen=True, slots=True)
class Look:
    """How rows of one kind look; `color` is line and letters, `fill` the inside (empty: none)."""

    label: str
    color: str
    fill: str = ""
    sign: str = ""
    weight: float = 1.5
    opacity: float = 0.9
    radius: int = 5
    dash: str = ""
    frame: Frame = Frame.SQUARE


@dataclass(frozen=True, slots=True)
class Style:
    """How a layer is drawn.

    `order` puts higher layers above lower ones. `by` names the columns whose codes choose among `looks`; the first
    column that decides wins, `default` takes the rest. A layer is split into one switch per code of `split`; the
    codes of `hidden` are switched off at first. A `still` layer does not answer to clicks. `names` are the columns
    that may name a row.
    """

    order: int
    draw: Draw
    default: Look
    by: tuple[str, ...] = ()
    looks: Mapping[str, Look] = field(default_factory=dict)
    still: bool = False
    split: str = ""
    hidden: frozenset[str] = frozenset()
    names: tuple[str, ...] = ("name", "place_town", "town", "address", "place_text")


_RED, _ORANGE, _GREEN, _BLUE, _GREY, _BROWN, _PURPLE = (
    "#b3001b", "#c65500", "#0b6b2e", "#1f5fa8", "#5f6670", "#7a4a12", "#6a2c91",
)  # fmt: skip
_WHITE: Final = "#ffffff"


def _damage(label: str, fill: str, sign: str) -> Look:
    return Look(label, _WHITE if fill != "#ffd34d" else "#3a2a00", fill, sign, frame=Frame.SIGN)


_DAMAGE: Final = {
    "none": _damage("通行不能", "#b3001b", "×"),
    "foot": _damage("徒歩のみ可", "#d9480f", "歩"),
    "bicycle": _damage("自転車まで可", "#d9480f", "輪"),
    "motorbike": _damage("バイクまで可", "#d9480f", "二"),
    "light_van": _damage("軽自動車まで可", "#ffd34d", "軽"),
    "truck_2t": _damage("2tトラックまで可", "#ffd34d", "2t"),
    "all": _damage("通行可", _GREEN, "可"),
    "unknown": _damage("通行の可否は不明", _GREY, "?"),
}


def _depth(label: str, fill: str) -> Look:
    return Look(label, "#8a6d3b", fill, weight=0.6, opacity=0.55)


_DEPTHS: Final = {
    "lt_0_3": _depth("0.3m未満", "#ffffb3"),
    "0_3_to_0_5": _depth("0.3〜0.5m未満", "#f7f5a9"),
    "lt_0_5": _depth("0.5m未満", "#f7f5a9"),
    "0_3_to_1": _depth("0.3〜1m未満", "#f8e1a6"),
    "0_5_to_1": _depth("0.5〜1m未満", "#f8e1a6"),
    "1_to_2": _depth("1〜2m未満", "#ffd8c0"),
    "1_to_3": _depth("1〜3m未満", "#ffd8c0"),
    "0_5_to_3": _depth("0.5〜3m未満", "#ffd8c0"),
    "2_to_3": _depth("2〜3m未満", "#ffc7ae"),
    "2_to_5": _depth("2〜5m未満", "#ffb7b7"),
    "3_to_5": _depth("3〜5m未満", "#ffb7b7"),
    "5_to_10": _depth("5〜10m未満", "#ff9191"),
    "10_to_20": _depth("10〜20m未満", "#f285c9"),
    "ge_10": _depth("10m以上", "#f285c9"),
    "ge_20": _depth("20m以上", "#dc7adc"),
}
_AREAS: Final = _DEPTHS | {
    "town": Look("町丁・字", "#8d99a6", weight=1, dash="2 3"),
    "neighbourhood": Look("自治会・自主防災会", _PURPLE, weight=1.2, dash="6 4"),
    "disaster": Look("被災区域", _RED, "#e06666", weight=2.5, opacity=0.25, dash="8 4"),
    "warning": Look("土砂災害警戒区域", "#8a6d00", "#ffe14d", weight=1, opacity=0.45),
    "special": Look("土砂災害特別警戒区域", _RED, "#ff5c5c", weight=1.2, opacity=0.5),
    "warning_planned": Look("土砂災害警戒区域(指定前)", "#8a6d00", "#fff3b0", weight=1, opacity=0.35, dash="4 3"),
    "special_planned": Look("土砂災害特別警戒区域(指定前)", _RED, "#ffc2c2", weight=1.2, opacity=0.35, dash="4 3"),
    "landslide_hazard": Look("土砂災害警戒区域(区分の記載なし)", "#8a6d00", "#ffe14d", weight=1, opacity=0.45),
    "flood_duration": Look("浸水継続時間", _BLUE, "#c5b4e3", weight=0.8, opacity=0.4),
    "house_collapse": Look("家屋倒壊等氾濫想定区域", _RED, "#f2b5d4", weight=1, opacity=0.4, dash="6 3"),
}
_STATUS: Final = {
    "served": Look("配達中", "#2b4a66", "#8fb3d1", weight=1, radius=3),
    "suspended": Look("区域休止", "#7a3d00", "#f0932b", weight=1, radius=4),
    "unreachable": Look("到達不能", "#6b0012", "#e03131", weight=1, radius=4),
    "counter_pickup": Look("窓口交付", "#3b1359", "#a470cf", weight=1, radius=4),
    "seems_vacant": Look("空き家とみられる", "#7d858d", _WHITE, weight=1, radius=3),
    "addressee_unknown": Look("受取人不明", "#7d858d", "#ced4da", weight=1, radius=3),
}
_HOMES: Final = Style(
    50, Draw.DOT, Look("配達先", "#2b4a66", "#8fb3d1", weight=1, radius=3), by=("status",), looks=_STATUS,
    names=("address",),
)  # fmt: skip
#: Whether the post gets to the doors of a town, as ``exporters.maplayers`` finds from its counts.
TOWN_LOOKS: Final = {
    "served": Look("休止・到達不能なし", _GREEN, "#b7dfb9", weight=1.2, opacity=0.5, radius=9),
    "partly": Look("一部が休止・到達不能", "#7a5b00", "#ffe08a", weight=1.2, opacity=0.6, radius=9),
    "stopped": Look("すべて休止・到達不能", _RED, "#f4a6a6", weight=1.6, opacity=0.6, radius=9),
    "none": Look("配達状況の記載なし", _GREY, "#e3e6ea", weight=1, opacity=0.5, radius=9),
}

STYLES: Final[Mapping[str, Style]] = {
    "damage-points": Style(
        90, Draw.MARKER, _DAMAGE["unknown"], by=("passable",), looks=_DAMAGE, names=("place_text", "note", "damage_id")
    ),
    "shelters": Style(
        80, Draw.MARKER, Look("避難所", _WHITE, _GREEN, "避"), by=("opening_status",),
        looks={
            "open": Look("避難所(開設)", _WHITE, _GREEN, "避"),
            "not_open": Look("避難所(未開設)", _GREEN, _WHITE, "避"),
            "closed": Look("避難所(閉鎖)", _GREY, "#e3e6ea", "避"),
            "unknown": Look("避難所(開設は不明)", _GREEN, _WHITE, "避", dash="dashed"),
        },
    ),
    "offices": Style(
        75, Draw.MARKER, Look("郵便局", _RED, _WHITE, "〒"), by=("state",),
        looks={
            "open": Look("郵便局(営業中)", _RED, _WHITE, "〒"),
            "partial": Look("郵便局(一部営業)", _ORANGE, "#fff3d6", "〒"),
            "closed": Look("郵便局(休止)", _GREY, "#e3e6ea", "〒"),
            "unknown": Look("郵便局(営業は不明)", _RED, _WHITE, "〒", dash="dashed"),
        },
    ),
    "emergency-sites": Style(
        70, Draw.MARKER, Look("緊急避難場所", _WHITE, "#2f8f4e", "緊", frame=Frame.ROUND), by=("site_kind",),
        looks={
            "emergency_site": Look("指定緊急避難場所", _WHITE, "#2f8f4e", "緊", frame=Frame.ROUND),
            "tsunami_building": Look("津波避難ビル", _WHITE, _BLUE, "津", frame=Frame.ROUND),
        },
        split="site_kind",
    ),
    "stockpiles": Style(65, Draw.MARKER, Look("備蓄場所", _WHITE, _BROWN, "備")),
    "facilities": Style(
        62, Draw.MARKER, Look("施設", _WHITE, _GREY, "施"), by=("facility_kind",),
        looks={
            "public": Look("公共施設", _WHITE, _GREY, "公"),
            "medical": Look("医療機関", _RED, "#fff0f0", "医"),
            "care": Look("介護事業所", _PURPLE, "#f0e6f7", "介"),
            "aed": Look("AED設置場所", _WHITE, _ORANGE, "Ａ"),
            "first_aid": Look("救護所", _WHITE, _RED, "救"),
            "water": Look("給水拠点・井戸", _WHITE, _BLUE, "水"),
            "helipad": Look("ヘリポート", _WHITE, "#3d434a", "Ｈ"),
            "waste": Look("災害ごみ受入場所", _WHITE, _BROWN, "ご"),
            "other": Look("その他の施設", _WHITE, _GREY, "他"),
        },
        split="facility_kind", hidden=frozenset({"public", "care", "aed", "other"}),
    ),
    "population": Style(
        35, Draw.DOT, Look("人口・世帯", "#3b1359", "#c9b6dd", weight=0.8, radius=3), by=("figures",),
        looks={
            "given": Look("人口・世帯", "#3b1359", "#c9b6dd", weight=0.8, radius=3),
            "merged": Look("人口・世帯(ほかの区域を合算)", "#3b1359", "#a470cf", weight=0.8, radius=3),
            "hidden": Look("人口・世帯(秘匿)", "#7d858d", _WHITE, weight=0.8, radius=3),
            "none": Look("人口・世帯(該当なし)", "#7d858d", _WHITE, weight=0.8, radius=2),
        },
        split="area_unit",
        hidden=frozenset({"municipality", "small_area", "block", "mesh_1km", "mesh_500m", "mesh_250m"}),
    ),
    "risk-spots": Style(
        60, Draw.DOT, Look("危険箇所", "#6b4a00", "#ffd34d", weight=1.2), by=("risk_kind",),
        looks={
            "underpass": Look("アンダーパス", "#003f6b", "#4dabf7", weight=1.5, radius=6),
            "accident": Look("交通事故", "#6b4a00", "#ffd34d", weight=0.8, radius=3),
            "hard_braking": Look("急ブレーキ等", "#6b4a00", "#fff3bf", weight=0.8, radius=3),
            "care_facility": Look("要配慮者利用施設", _PURPLE, "#d0b3e6", weight=1.2),
        },
        split="risk_kind", hidden=frozenset({"accident", "hard_braking", "care_facility"}),
    ),
    "delivery-status": Style(
        40, Draw.TOWN, TOWN_LOOKS["none"], by=("#served",), looks=TOWN_LOOKS, names=("town", "place_town", "name")
    ),
    "delivery-points": _HOMES,
    "dwellings": _HOMES,
    "persons": _HOMES,
    "roads": Style(
        30, Draw.SHAPE, Look("道路", "#9aa3ad", weight=1.5), by=("road_class",),
        looks={
            "emergency_1": Look("第一次緊急輸送路", "#3d434a", weight=5),
            "emergency_2": Look("第二次緊急輸送路", "#5f6670", weight=3.5),
            "emergency_3": Look("第三次緊急輸送路", "#7d858d", weight=2.5),
            "other": Look("その他の道路", "#a9b1ba", weight=1.3),
        },
    ),
    # What an area is decides before its depth: a disaster area keeps its red outline. Floods without a depth are blue.
    "areas": Style(
        20, Draw.SHAPE, Look("浸水(深さの記載なし)", _BLUE, "#5b9bd5", weight=0.8, opacity=0.4),
        by=("zone", "area_kind", "depth_class"), looks=_AREAS, split="area_kind",
        hidden=frozenset({"neighbourhood", "town", "flood_duration"}),
    ),
    # Two lists of places beside one another (disaster.reconcile): what people must decide stands out.
    "pairs": Style(
        70, Draw.DOT, Look("場所", "#1f3b57", "#74c0fc"), by=("verdict",),
        looks={
            "open": Look("未確定", "#7a2e00", "#ff922b", weight=2, radius=8),
            "same": Look("一致", _GREEN, "#8ce99a", weight=1.2),
            "left": Look("左の一覧だけ", "#003f6b", "#4dabf7", weight=1.2, radius=6),
            "right": Look("右の一覧だけ", _PURPLE, "#d0b3e6", weight=1.2, radius=6),
        },
        split="verdict",
    ),
    "pair-lines": Style(65, Draw.SHAPE, Look("未確定の組を結ぶ線", "#d9480f", weight=2.5, dash="6 4"), names=("pair",)),
    "boundaries": Style(
        10, Draw.SHAPE, Look("行政区域", "#2f3640", "#fdfcf7", weight=2.2, opacity=1.0, dash="10 3 2 3"), still=True
    ),
}  # fmt: skip

_POINTS: Final = Style(55, Draw.DOT, Look("地点", "#1f3b57", "#74c0fc", weight=1.2))
_SHAPES: Final = Style(25, Draw.SHAPE, Look("線・区域", "#1f3b57", "#a5d8ff", weight=1.5, opacity=0.4))


def style_of(layer: Layer, *, points: bool) -> Style:
    """Return the style of a layer by its name; a layer without one is drawn plainly, with its title in the legend."""
    found = STYLES.get(layer.name)
    return found or (_POINTS if points else _SHAPES)
