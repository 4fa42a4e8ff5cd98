"""The data formats' closed list: every kind of row that can be agreed on, column by column.

One place says what a column is: its name, heading, type, sensitivity and coded values. ``disaster.models`` adds only
what a value must be to enter. What is not written here cannot be agreed, asked for or provided. Facts about mail
(sender, recipient of a letter, that there was a letter; 郵便法8条) have no word here and never get one; nor have a
person's age, sex or forwarding address.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from agreements.format import Column, ColumnType, Sensitivity

T = ColumnType
S = Sensitivity

DELIVERY_POINTS = "delivery-points"

HAZARDS: Mapping[str, str] = {
    "flood": "洪水", "landslide": "崖崩れ、土石流及び地滑り", "storm_surge": "高潮", "earthquake": "地震",
    "tsunami": "津波", "fire": "大規模な火事", "inland_flood": "内水氾濫", "volcano": "火山現象",
}  # fmt: skip
#: For whom a place can be passed, from the narrowest to the widest.
PASSABLE: Mapping[str, str] = {
    "none": "通行不能", "foot": "徒歩のみ可", "bicycle": "自転車まで可", "motorbike": "バイクまで可",
    "light_van": "軽自動車まで可", "truck_2t": "2tトラックまで可", "all": "通行可", "unknown": "不明",
}  # fmt: skip
DEPTH_CLASSES: Mapping[str, str] = {
    "lt_0_3": "0.3m未満", "0_3_to_0_5": "0.3m以上0.5m未満", "lt_0_5": "0.5m未満", "0_5_to_1": "0.5m以上1m未満",
    "1_to_2": "1m以上2m未満", "1_to_3": "1m以上3m未満", "0_5_to_3": "0.5m以上3m未満", "2_to_3": "2m以上3m未満",
    "0_3_to_1": "0.3m以上1m未満", "2_to_5": "2m以上5m未満", "3_to_5": "3m以上5m未満", "5_to_10": "5m以上10m未満",
    "10_to_20": "10m以上20m未満", "ge_10": "10m以上", "ge_20": "20m以上", "unknown": "不明",
}  # fmt: skip
DELIVERY_STATUS: Mapping[str, str] = {
    "served": "配達中", "suspended": "区域休止", "unreachable": "到達不能", "counter_pickup": "窓口交付",
    "seems_vacant": "空き家とみられる", "addressee_unknown": "受取人不明",
}  # fmt: skip
#: How exactly an address was placed.
PLACE_LEVELS: Mapping[str, str] = {
    "none": "不明", "pref": "都道府県", "city": "市区町村", "town": "町丁・字", "chome": "丁目",
    "block": "街区", "number": "番号",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dataset:
    """A kind of row: its name for people and its columns, by their machine names."""

    kind: str
    label: str
    label_en: str
    columns: Mapping[str, Column]
    personal: bool = False


def _c(
    name: str, label: str, type_: T = T.TEXT, *, s: S = S.PUBLIC, choices: Mapping[str, str] | None = None
) -> Column:
    return Column(name, label, T.CHOICE if choices else type_, s, choices or {})


def _dataset(kind: str, label: str, label_en: str, *columns: Column, personal: bool = False) -> Dataset:
    return Dataset(kind, label, label_en, {column.name: column for column in columns}, personal)


def _placed(s: S) -> tuple[Column, ...]:
    """Return what placing an address adds to a row: as sensitive as the address itself."""
    return (
        _c("place_level", "位置の精度", s=s, choices=PLACE_LEVELS),
        _c("place_town", "町丁・字(照合結果)", s=s),
        _c("place_source", "位置の出典", s=s),
        _c("place_reason", "位置についての注意", s=s),
        _c("lon", "経度", T.NUMBER, s=s),
        _c("lat", "緯度", T.NUMBER, s=s),
        _c("mgrs", "MGRS座標", s=s),
    )


_CITY = _c("municipality", "市区町村コード")
_NAME = _c("name", "名称")
_ADDRESS = _c("address", "所在地")
_PHONE = _c("phone", "電話番号")
_NOTE = _c("note", "備考")
_SHAPE = _c("geometry", "形状")
_PLACED = _placed(S.PUBLIC)
_POINT = _PLACED[4:]

_ALL = (
    _dataset(
        "offices", "郵便局", "post offices",
        _c("office_code", "局所コード"),
        _CITY,
        _NAME,
        _ADDRESS,
        _c("management", "経営形態", choices={
            "direct": "直営", "contract": "簡易郵便局", "branch": "分室", "mobile": "移動郵便局", "unknown": "不明",
        }),
        _c("delivery", "集配", choices={"delivery": "集配局", "no_delivery": "無集配局", "unknown": "不明"}),
        _c("state", "営業状況", choices={"open": "営業中", "partial": "一部営業", "closed": "休止", "unknown": "不明"}),
        _c("state_at", "営業状況の時点", T.TIME),
        _c("hours", "営業時間"),
        _c("services", "取扱業務", T.LIST),
        _c("is_emergency_site", "指定緊急避難場所", T.FLAG),
        _c("is_tsunami_building", "津波避難ビル", T.FLAG),
        _c("storage_m2", "備蓄に使える面積(m2)", T.NUMBER),
        _c("served_municipalities", "配達を受け持つ市区町村", T.LIST),
        _PHONE,
        _NOTE,
        *_PLACED,
    ),
    _dataset(
        "vehicles", "車両", "vehicles",
        _c("vehicle_id", "車両ID"),
        _CITY,
        _c("office_code", "局所コード"),
        _c("vehicle_kind", "車種", choices={
            "van": "軽四輪", "motorbike": "自動二輪", "bicycle": "自転車", "truck_2t": "2tトラック",
        }),
        _c("payload_kg", "積載量(kg)", T.NUMBER),
        _c("width_m", "車幅(m)", T.NUMBER),
        _c("legal_state", "緊急通行の届出", choices={
            "registered": "届出済", "not_registered": "未届出", "unknown": "不明",
        }),
        _c("mail_delivery", "郵便配達用", T.FLAG),
        _c("driver", "運転者", choices={"lent": "貸与のみ", "own_staff": "社員が運転"}),
        _NOTE,
    ),
    _dataset(
        "stockpiles", "備蓄", "stockpiles",
        _c("site_id", "備蓄場所ID"),
        _CITY,
        _NAME,
        _ADDRESS,
        _c("lot_id", "ロット"),
        _c("item", "品目"),
        _c("quantity", "数量", T.INTEGER),
        _c("unit", "単位"),
        _c("expires_on", "期限", T.DATE),
        _c("office_code", "局所コード"),
        _PHONE,
        _NOTE,
        *_PLACED,
    ),
    _dataset(
        "shelters", "避難所", "shelters",
        _c("shelter_id", "避難所ID"),
        _CITY,
        _NAME,
        _ADDRESS,
        _c("shelter_kind", "区分", choices={
            "designated": "指定避難所", "welfare": "福祉避難所", "undesignated": "指定外避難所",
            "temporary": "臨時避難所",
        }),
        _c("capacity", "想定収容人数", T.INTEGER),
        _c("area_m2", "面積(m2)", T.NUMBER),
        _PHONE,
        _NOTE,
        *_PLACED,
    ),
    _dataset(
        "openings", "避難所の開設状況", "opening of shelters",
        _c("shelter_id", "避難所ID"),
        _CITY,
        _NAME,
        _c("opening_status", "開設状況", choices={
            "not_open": "未開設", "open": "開設", "closed": "閉鎖", "unknown": "不明",
        }),
        _c("head_count", "避難者数", T.INTEGER),
        _c("observed_at", "時点", T.TIME),
        _c("opened_at", "開設日時", T.TIME),
        _c("closed_at", "閉鎖日時", T.TIME),
        _NOTE,
    ),
    _dataset(
        "emergency-sites", "指定緊急避難場所・津波避難ビル", "emergency sites",
        _c("site_id", "場所ID"),
        _CITY,
        _NAME,
        _ADDRESS,
        _c("site_kind", "区分", choices={"emergency_site": "指定緊急避難場所", "tsunami_building": "津波避難ビル"}),
        *(_c(f"safe_{code}", f"災害種別_{label}", T.FLAG) for code, label in HAZARDS.items()),
        _c("capacity", "想定収容人数", T.INTEGER),
        _PHONE,
        _NOTE,
        *_PLACED,
    ),
    _dataset(
        "damage-points", "被害地点", "damage points",
        _c("damage_id", "被害ID"),
        _CITY,
        _c("object", "対象", choices={
            "road": "道路", "underpass": "アンダーパス", "bridge": "橋", "river": "河川", "slope": "斜面",
        }),
        _c("damage", "被害・障害", choices={
            "collapse": "崩落・損傷", "flooded": "冠水", "debris": "土砂・落石", "subsidence": "陥没・段差",
            "obstacle": "障害物", "other": "その他",
        }),
        _c("passable", "通行できるもの", choices=PASSABLE),
        _c("place_text", "場所"),
        _c("observed_at", "確認日時", T.TIME),
        _c("reporter", "情報源", choices={
            "post": "郵便局", "municipality": "市区町村", "police": "警察", "fire": "消防", "resident": "住民",
            "other": "その他",
        }),
        _c("verified", "現地確認済み", T.FLAG),
        _NOTE,
        *_POINT,
    ),
    _dataset(
        "risk-spots", "危険箇所", "risk spots",
        _c("risk_id", "危険箇所ID"),
        _CITY,
        _c("risk_kind", "種類", choices={
            "underpass": "アンダーパス", "accident": "交通事故", "hard_braking": "急ブレーキ等",
            "care_facility": "要配慮者利用施設", "other": "その他",
        }),
        _NAME,
        _ADDRESS,
        _c("happened_at", "発生日時", T.TIME),
        _c("count", "件数", T.INTEGER),
        _c("killed", "死者数", T.INTEGER),
        _c("injured", "負傷者数", T.INTEGER),
        _NOTE,
        *_PLACED,
    ),
    _dataset(
        "areas", "区域", "areas",
        _c("area_id", "区域ID"),
        _CITY,
        _NAME,
        _c("area_kind", "区分", choices={
            "town": "町丁・字", "neighbourhood": "自治会・自主防災会", "flood_history": "浸水履歴",
            "flood_hazard": "浸水想定区域", "flood_duration": "浸水継続時間",
            "house_collapse": "家屋倒壊等氾濫想定区域", "landslide_hazard": "土砂災害警戒区域",
            "tsunami_hazard": "津波浸水想定", "storm_surge_hazard": "高潮浸水想定", "disaster": "被災区域",
        }),
        _c("depth_class", "浸水深", choices=DEPTH_CLASSES),
        _c("phenomenon", "現象", choices={"slope": "急傾斜地の崩壊", "debris_flow": "土石流", "landslide": "地滑り"}),
        _c("zone", "警戒区域の区分", choices={
            "warning": "警戒区域", "special": "特別警戒区域", "warning_planned": "警戒区域(指定前)",
            "special_planned": "特別警戒区域(指定前)",
        }),
        _c("happened_on", "発生日", T.DATE),
        _NOTE,
        _SHAPE,
    ),
    _dataset(
        "boundaries", "行政区域", "boundaries",
        _CITY,
        _NAME,
        _c("part", "部分"),
        _SHAPE,
    ),
    _dataset(
        "roads", "道路", "roads",
        _c("road_id", "道路ID"),
        _CITY,
        _c("name", "路線名"),
        _c("road_class", "区分", choices={
            "emergency_1": "第一次緊急輸送路", "emergency_2": "第二次緊急輸送路", "emergency_3": "第三次緊急輸送路",
            "other": "その他の道路",
        }),
        _NOTE,
        _SHAPE,
    ),
    _dataset(
        "facilities", "公共施設・医療機関・AED等", "public facilities, hospitals, AED",
        _c("facility_id", "施設ID"),
        _CITY,
        _NAME,
        _ADDRESS,
        _c("facility_kind", "施設の種類", choices={
            "public": "公共施設", "medical": "医療機関", "care": "介護事業所", "aed": "AED設置場所",
            "first_aid": "救護所", "water": "給水拠点・井戸", "helipad": "ヘリポート", "waste": "災害ごみ受入場所",
            "other": "その他",
        }),
        _c("detail", "設置位置・種別"),
        _c("hours", "利用できる日時"),
        _c("beds", "病床数", T.INTEGER),
        _PHONE,
        _NOTE,
        *_PLACED,
    ),
    _dataset(
        "population", "人口・世帯", "people and households",
        _c("area_id", "区域コード"),
        _CITY,
        _NAME,
        _c("area_unit", "区域の単位", choices={
            "municipality": "市区町村", "small_area": "町丁・字等", "block": "基本単位区", "mesh_1km": "1kmメッシュ",
            "mesh_500m": "500mメッシュ", "mesh_250m": "250mメッシュ",
        }),
        _c("population", "人口", T.INTEGER),
        _c("households", "世帯数", T.INTEGER),
        _c("under_15", "15歳未満", T.INTEGER),
        _c("over_65", "65歳以上", T.INTEGER),
        _c("over_75", "75歳以上", T.INTEGER),
        _c("holds_others", "ほかの行を含む計", T.FLAG),
        _c("figures", "数値の扱い", choices={
            "given": "公表", "none": "該当なし", "hidden": "秘匿", "merged": "ほかの区域を合算",
        }),
        _c("merged_into", "合算先の区域"),
        _c("merged_from", "合算元の区域", T.LIST),
        _NOTE,
        *_POINT,
    ),
    _dataset(
        "office-areas", "集配局と市区町村", "delivering offices by municipality",
        _CITY,
        _c("office", "集配局"),
        _c("pref", "都道府県"),
        _c("city", "市区町村"),
        _c("companies", "大口事業所の数", T.INTEGER),
        _c("boxes", "私書箱の数", T.INTEGER),
    ),
    _dataset(
        "delivery-status", "配達状況（町ごとの件数）", "delivery status by town",
        _CITY,
        _c("place_town", "町丁・字"),
        _c("total", "配達先の数", T.INTEGER, s=S.INTERNAL),
        *(_c(code, label, T.INTEGER, s=S.INTERNAL) for code, label in DELIVERY_STATUS.items()),
        _c("confirmed_at", "最新の確認日時", T.TIME, s=S.INTERNAL),
    ),
    _dataset(
        "delivery-points", "配達先", "delivery points",
        _c("point_id", "配達先ID", s=S.DWELLING),
        _CITY,
        _c("postal_code", "郵便番号", s=S.DWELLING),
        _c("address", "住所", s=S.DWELLING),
        _c("building", "建物名等(方書)", s=S.DWELLING),
        _c("point_kind", "配達先の種類", s=S.DWELLING, choices={
            "dwelling": "住居", "business": "事業所", "facility": "施設", "mixed": "住居兼事業所",
        }),
        _c("addressees", "受取人", T.LIST, s=S.PERSON),
        _c("addressee", "受取人(配達原簿の氏名)", s=S.PERSON),
        _c("status", "配達状況", s=S.DWELLING, choices=DELIVERY_STATUS),
        _c("status_reason", "配達状況の理由", s=S.DWELLING),
        _c("confirmed_at", "確認日時", T.TIME, s=S.DWELLING),
        _c("office_code", "集配局コード"),
        *_placed(S.DWELLING),
        _c("reference", "照会番号", s=S.PERSON),
        _c("result", "照会結果", s=S.PERSON, choices={"hit": "該当あり", "miss": "該当なし"}),
        personal=True,
    ),
)  # fmt: skip

#: Everything that a clause may open, by kind; the list of protected people (支援措置) is not among it.
DATASETS: Mapping[str, Dataset] = {dataset.kind: dataset for dataset in _ALL}
