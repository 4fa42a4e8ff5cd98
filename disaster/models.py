"""The nouns: what each kind of row is, column by column.

Mail pieces have no noun here and never will: sender, recipient and the existence of a letter cannot be written down
(郵便法8条). Persons are never described by age or sex, and an addressee is a name on the delivery register, not
somebody known to be at home.
"""

from collections.abc import Iterable, Mapping

from agreements.format import Column
from disaster.noun import (
    ADDRESS,
    MUNICIPALITY,
    NAME,
    NOTE,
    PEOPLE,
    PHONE,
    SQUARE_METRES,
    YES,
    Field,
    Noun,
    S,
    Shape,
    Side,
    T,
    field,
)
from disaster.reference import BOUNDARIES, FACILITIES, GAZETTEER, OFFICE_AREAS, POPULATION, POSTAL_TOWNS

__all__ = [
    "AREAS",
    "BOUNDARIES",
    "DAMAGE_POINTS",
    "DELIVERY_POINTS",
    "DELIVERY_STATUS",
    "DEPTH_CLASSES",
    "EMERGENCY_SITES",
    "FACILITIES",
    "FORWARDING",
    "GAZETTEER",
    "HAZARDS",
    "INQUIRIES",
    "NOUNS",
    "OFFICES",
    "OFFICE_AREAS",
    "OPENINGS",
    "PASSABLE",
    "PLACE_COLUMNS",
    "POPULATION",
    "POSTAL_TOWNS",
    "PROTECTION",
    "RISK_SPOTS",
    "ROADS",
    "SHELTERS",
    "STOCKPILES",
    "VEHICLES",
    "Field",
    "Noun",
    "Shape",
    "Side",
    "kind_of",
    "kinds_in_words",
]

HAZARDS: Mapping[str, str] = {
    "flood": "洪水", "landslide": "崖崩れ、土石流及び地滑り", "storm_surge": "高潮", "earthquake": "地震", "tsunami": "津波",
    "fire": "大規模な火事", "inland_flood": "内水氾濫", "volcano": "火山現象",
}  # fmt: skip
#: For whom a place can be passed, from the narrowest to the widest.
PASSABLE: Mapping[str, str] = {
    "none": "通行不能", "foot": "徒歩のみ可", "bicycle": "自転車まで可", "motorbike": "バイクまで可",
    "light_van": "軽自動車まで可", "truck_2t": "2tトラックまで可", "all": "通行可", "unknown": "不明",
}  # fmt: skip
DEPTH_CLASSES: Mapping[str, str] = {
    "lt_0_3": "0.3m未満", "0_3_to_0_5": "0.3m以上0.5m未満", "lt_0_5": "0.5m未満", "0_5_to_1": "0.5m以上1m未満",
    "1_to_2": "1m以上2m未満", "1_to_3": "1m以上3m未満", "0_5_to_3": "0.5m以上3m未満", "2_to_3": "2m以上3m未満",
    "0_3_to_1": "0.3m以上1m未満", "2_to_5": "2m以上5m未満",
    "3_to_5": "3m以上5m未満", "5_to_10": "5m以上10m未満", "10_to_20": "10m以上20m未満", "ge_10": "10m以上", "ge_20": "20m以上", "unknown": "不明",
}  # fmt: skip
DELIVERY_STATUS: Mapping[str, str] = {
    "served": "配達中", "suspended": "区域休止", "unreachable": "到達不能", "counter_pickup": "窓口交付",
    "seems_vacant": "空き家とみられる", "addressee_unknown": "受取人不明",
}  # fmt: skip

OFFICES = Noun(
    "offices", "郵便局", Shape.POINT,
    (
        field("office_code", "局所コード", required=True, pattern=r"[0-9A-Za-z-]{3,20}"),
        MUNICIPALITY,
        NAME,
        ADDRESS,
        field("management", "経営形態", choices={"direct": "直営", "contract": "簡易郵便局", "branch": "分室", "mobile": "移動郵便局", "unknown": "不明"}),
        field("delivery", "集配", choices={"delivery": "集配局", "no_delivery": "無集配局", "unknown": "不明"}),
        field("state", "営業状況", choices={"open": "営業中", "partial": "一部営業", "closed": "休止", "unknown": "不明"}),
        field("state_at", "営業状況の時点", T.TIME),
        field("hours", "営業時間"),
        field("services", "取扱業務", T.LIST),
        field("is_emergency_site", "指定緊急避難場所", YES),
        field("is_tsunami_building", "津波避難ビル", YES),
        field("storage_m2", "備蓄に使える面積(m2)", T.NUMBER, minimum=0, maximum=100_000, units=SQUARE_METRES),
        field("served_municipalities", "配達を受け持つ市区町村", T.LIST),
        PHONE,
        NOTE,
    ),
    key=("office_code",),
)  # fmt: skip

DELIVERY_POINTS = Noun(
    "delivery-points", "配達先", Shape.POINT,
    (
        field("point_id", "配達先ID", required=True, sensitivity=S.DWELLING, pattern=r"[0-9A-Za-z-]{3,40}"),
        MUNICIPALITY,
        field("postal_code", "郵便番号", sensitivity=S.DWELLING, pattern=r"\d{7}"),
        field("address", "住所", required=True, sensitivity=S.DWELLING),
        field("building", "建物名等(方書)", sensitivity=S.DWELLING),
        field("point_kind", "配達先の種類", required=True, sensitivity=S.DWELLING,
               choices={"dwelling": "住居", "business": "事業所", "facility": "施設", "mixed": "住居兼事業所"}),
        field("addressees", "受取人", T.LIST, sensitivity=S.PERSON),
        field("status", "配達状況", required=True, sensitivity=S.DWELLING, choices=DELIVERY_STATUS),
        field("status_reason", "配達状況の理由", sensitivity=S.DWELLING),
        field("confirmed_at", "確認日時", T.TIME, sensitivity=S.DWELLING),
        field("office_code", "集配局コード", required=True),
    ),
    key=("point_id",), sides=frozenset({Side.POST, Side.DEMO}), bulk=True, publishable=False,
)  # fmt: skip

#: People whose person-level rows never leave (支援措置, 閲覧制限); each side keeps its own, the list never crosses.
PROTECTION = Noun(
    "protection", "支援措置対象者", Shape.NONE,
    (
        MUNICIPALITY,
        field("protected_name", "氏名", required=True, sensitivity=S.PERSON),
        field("protected_address", "住所", sensitivity=S.PERSON),
        field("point_id", "配達先ID", sensitivity=S.PERSON),
        field("until", "期限", T.DATE, sensitivity=S.PERSON),
    ),
    key=("protected_name", "protected_address"), bulk=True, publishable=False,
)  # fmt: skip

#: Notices of moving (転居届): a secret learnt from mail (郵便法8条2項), so a dataset of its own, which stays shut unless a
#: setting opens it, and which no clause can name.
FORWARDING = Noun(
    "forwarding", "転居届", Shape.NONE,
    (
        field("forwarding_id", "届出ID", required=True, sensitivity=S.PERSON, pattern=r"[0-9A-Za-z-]{3,40}"),
        MUNICIPALITY,
        field("moved_name", "氏名", required=True, sensitivity=S.PERSON),
        field("from_address", "旧住所", required=True, sensitivity=S.PERSON),
        field("to_address", "新住所", required=True, sensitivity=S.PERSON),
        field("starts_on", "転送開始日", T.DATE, required=True, sensitivity=S.PERSON),
        field("ends_on", "転送終了日", T.DATE, sensitivity=S.PERSON),
    ),
    key=("forwarding_id",), sides=frozenset({Side.POST, Side.DEMO}), bulk=True, publishable=False,
)  # fmt: skip

VEHICLES = Noun(
    "vehicles", "車両", Shape.NONE,
    (
        field("vehicle_id", "車両ID", required=True),
        MUNICIPALITY,
        field("office_code", "局所コード"),
        field("vehicle_kind", "車種", required=True,
               choices={"van": "軽四輪", "motorbike": "自動二輪", "bicycle": "自転車", "truck_2t": "2tトラック"}),
        field("payload_kg", "積載量(kg)", T.NUMBER, minimum=0, maximum=30_000, units=("kg", "キロ")),
        field("width_m", "車幅(m)", T.NUMBER, minimum=0.1, maximum=4, units=("m", "メートル")),
        field("legal_state", "緊急通行の届出", choices={"registered": "届出済", "not_registered": "未届出", "unknown": "不明"}),
        field("mail_delivery", "郵便配達用", YES),
        field("driver", "運転者", choices={"lent": "貸与のみ", "own_staff": "社員が運転"}),
        NOTE,
    ),
    key=("vehicle_id",),
)  # fmt: skip

STOCKPILES = Noun(
    "stockpiles", "備蓄", Shape.POINT,
    (
        field("site_id", "備蓄場所ID", required=True),
        MUNICIPALITY,
        NAME,
        ADDRESS,
        field("lot_id", "ロット"),
        field("item", "品目"),
        field("quantity", "数量", T.INTEGER, minimum=0, maximum=100_000_000),
        field("unit", "単位"),
        field("expires_on", "期限", T.DATE),
        field("office_code", "局所コード"),
        PHONE,
        NOTE,
    ),
    key=("site_id", "lot_id"),
)  # fmt: skip

SHELTERS = Noun(
    "shelters", "避難所", Shape.POINT,
    (
        field("shelter_id", "避難所ID", required=True),
        MUNICIPALITY,
        NAME,
        ADDRESS,
        field("shelter_kind", "区分", required=True,
               choices={"designated": "指定避難所", "welfare": "福祉避難所", "undesignated": "指定外避難所", "temporary": "臨時避難所"}),
        field("capacity", "想定収容人数", T.INTEGER, minimum=0, maximum=1_000_000, units=PEOPLE),
        field("area_m2", "面積(m2)", T.NUMBER, minimum=0, maximum=10_000_000, units=SQUARE_METRES),
        PHONE,
        NOTE,
    ),
    key=("shelter_id",),
)  # fmt: skip

OPENINGS = Noun(
    "openings", "避難所の開設状況", Shape.NONE,
    (
        field("shelter_id", "避難所ID"),
        MUNICIPALITY,
        NAME,
        field("opening_status", "開設状況", required=True,
               choices={"not_open": "未開設", "open": "開設", "closed": "閉鎖", "unknown": "不明"}),
        field("head_count", "避難者数", T.INTEGER, minimum=0, maximum=1_000_000, units=PEOPLE),
        field("observed_at", "時点", T.TIME, required=True),
        field("opened_at", "開設日時", T.TIME),
        field("closed_at", "閉鎖日時", T.TIME),
        NOTE,
    ),
    key=("shelter_id", "name", "observed_at"),
)  # fmt: skip

EMERGENCY_SITES = Noun(
    "emergency-sites", "指定緊急避難場所・津波避難ビル", Shape.POINT,
    (
        field("site_id", "場所ID", required=True),
        MUNICIPALITY,
        NAME,
        ADDRESS,
        field("site_kind", "区分", required=True,
               choices={"emergency_site": "指定緊急避難場所", "tsunami_building": "津波避難ビル"}),
        *(field(f"safe_{code}", f"災害種別_{label}", YES) for code, label in HAZARDS.items()),
        field("capacity", "想定収容人数", T.INTEGER, minimum=0, maximum=1_000_000, units=PEOPLE),
        PHONE,
        NOTE,
    ),
    key=("site_kind", "site_id"),
)  # fmt: skip

DAMAGE_POINTS = Noun(
    "damage-points", "被害地点", Shape.POINT,
    (
        field("damage_id", "被害ID", required=True),
        MUNICIPALITY,
        field("object", "対象", required=True,
               choices={"road": "道路", "underpass": "アンダーパス", "bridge": "橋", "river": "河川", "slope": "斜面"}),
        field("damage", "被害・障害", required=True,
               choices={"collapse": "崩落・損傷", "flooded": "冠水", "debris": "土砂・落石", "subsidence": "陥没・段差",
                        "obstacle": "障害物", "other": "その他"}),
        field("passable", "通行できるもの", required=True, choices=PASSABLE),
        field("place_text", "場所"),
        field("observed_at", "確認日時", T.TIME, required=True),
        field("reporter", "情報源", required=True,
               choices={"post": "郵便局", "municipality": "市区町村", "police": "警察", "fire": "消防", "resident": "住民", "other": "その他"}),
        field("verified", "現地確認済み", YES),
        NOTE,
    ),
    key=("damage_id",),
)  # fmt: skip

RISK_SPOTS = Noun(
    "risk-spots", "危険箇所", Shape.POINT,
    (
        field("risk_id", "危険箇所ID", required=True),
        MUNICIPALITY,
        field("risk_kind", "種類", required=True,
               choices={"underpass": "アンダーパス", "accident": "交通事故", "hard_braking": "急ブレーキ等", "care_facility": "要配慮者利用施設",
                        "other": "その他"}),
        field("name", "名称"),
        ADDRESS,
        field("happened_at", "発生日時", T.TIME),
        field("count", "件数", T.INTEGER, minimum=0, maximum=1_000_000, units=("件",)),
        field("killed", "死者数", T.INTEGER, minimum=0, maximum=10_000, units=PEOPLE),
        field("injured", "負傷者数", T.INTEGER, minimum=0, maximum=10_000, units=PEOPLE),
        NOTE,
    ),
    key=("risk_kind", "risk_id"),
)  # fmt: skip

AREAS = Noun(
    "areas", "区域", Shape.POLYGON,
    (
        field("area_id", "区域ID", required=True),
        MUNICIPALITY,
        NAME,
        field("area_kind", "区分", required=True,
               choices={"town": "町丁・字", "neighbourhood": "自治会・自主防災会", "flood_history": "浸水履歴",
                       "flood_hazard": "浸水想定区域", "flood_duration": "浸水継続時間", "house_collapse": "家屋倒壊等氾濫想定区域",
                       "landslide_hazard": "土砂災害警戒区域", "tsunami_hazard": "津波浸水想定", "storm_surge_hazard": "高潮浸水想定",
                       "disaster": "被災区域"}),
        field("depth_class", "浸水深", choices=DEPTH_CLASSES, units=("m", "cm", "メートル")),
        field("phenomenon", "現象", choices={"slope": "急傾斜地の崩壊", "debris_flow": "土石流", "landslide": "地滑り"}),
        field("zone", "警戒区域の区分",
              choices={"warning": "警戒区域", "special": "特別警戒区域", "warning_planned": "警戒区域(指定前)",
                       "special_planned": "特別警戒区域(指定前)"}),
        field("happened_on", "発生日", T.DATE),
        NOTE,
    ),
    key=("area_kind", "area_id"),
)  # fmt: skip

ROADS = Noun(
    "roads", "道路", Shape.LINE,
    (
        field("road_id", "道路ID", required=True),
        MUNICIPALITY,
        field("name", "路線名"),
        field("road_class", "区分", required=True,
               choices={"emergency_1": "第一次緊急輸送路", "emergency_2": "第二次緊急輸送路", "emergency_3": "第三次緊急輸送路",
                        "other": "その他の道路"}),
        NOTE,
    ),
    key=("road_id",),
)  # fmt: skip

#: The municipality's list of people it looks for; it is answered row by row in match mode and never stored.
INQUIRIES = Noun(
    "inquiries", "照会リスト", Shape.NONE,
    (
        field("reference", "照会番号", required=True, sensitivity=S.PERSON, pattern=r"[0-9A-Za-z-]{1,40}"),
        field("inquired_name", "氏名", required=True, sensitivity=S.PERSON),
        field("inquired_address", "住所", required=True, sensitivity=S.PERSON),
    ),
    key=("reference",), sides=frozenset(), bulk=True, publishable=False,
)  # fmt: skip

#: What placing an address says about its row; follows the noun's own columns in a batch.
PLACE_COLUMNS = (
    Column("place_level", "位置の精度", T.CHOICE, choices={
        "none": "不明", "pref": "都道府県", "city": "市区町村", "town": "町丁・字", "chome": "丁目", "block": "街区", "number": "番号",
    }),
    Column("place_town", "町丁・字(照合結果)"),
    Column("place_source", "位置の出典"),
    Column("place_reason", "位置についての注意"),
)  # fmt: skip

#: Every kind that ``ingest`` and ``check`` know, by its name.
NOUNS: Mapping[str, Noun] = {
    noun.kind: noun
    for noun in (
        OFFICES, VEHICLES, DELIVERY_POINTS, FORWARDING, PROTECTION, STOCKPILES, SHELTERS, OPENINGS, EMERGENCY_SITES, DAMAGE_POINTS,
        RISK_SPOTS, AREAS, BOUNDARIES, ROADS, FACILITIES, POPULATION, POSTAL_TOWNS, OFFICE_AREAS, GAZETTEER, INQUIRIES,
    )
}  # fmt: skip


def kind_of(word: str) -> str:
    """Return the kind that a word means: a key of `NOUNS` or its Japanese title; any other word as it is."""
    titles = {noun.title: kind for kind, noun in NOUNS.items()}
    return titles.get(word.strip(), word)


def kinds_in_words(kinds: Iterable[str]) -> str:
    """List kinds for a person: each as it is typed, with its Japanese title."""
    return "、".join(f"{kind}({NOUNS[kind].title})" for kind in kinds)
