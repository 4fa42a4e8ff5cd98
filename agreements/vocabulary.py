"""The closed list of words that a template may use: datasets with their columns, purposes, kinds of clause.

What is not written here cannot be agreed, asked for or provided. Facts about mail (sender, recipient of a letter, that
there was a letter; 郵便法8条) have no word here and never get one. The columns are those of ``disaster.models``, kept
a second time because this room may not know that one; a test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from agreements.request import Mode

DELIVERY_POINTS = "delivery-points"

#: What a request may be for.
PURPOSES: Mapping[str, tuple[str, str]] = {
    "safety_check": ("安否確認", "safety check"),
    "rescue": ("救助", "rescue"),
    "relief_delivery": ("救援物資の配送", "delivery of relief goods"),
    "road_clearing": ("道路啓開・通行確保", "road clearing"),
    "shelter_operation": ("避難所の運営", "running shelters"),
    "mail_service": ("避難先への郵便・荷物の配達", "mail and parcels to shelters"),
    "notice": ("住民への通知", "notice to residents"),
    "planning": ("防災計画・訓練", "planning and drills"),
}

#: What a clause is about (STANDARDS section 6).
CLAUSE_KINDS: Mapping[str, str] = {
    "vehicle": "車両の提供", "shelter_status": "避難所の情報", "evacuee_list": "避難先リスト", "pr": "広報",
    "relief_mail": "災害時の郵便の特別な取扱い", "road_report": "道路等の損傷の情報",
    "temp_postbox": "臨時の郵便差出箱",
    "banking": "非常払い等", "facility": "施設と用地", "stockpile_storage": "備蓄の保管",
    "stockpile_delivery": "備蓄の配送",
    "emergency_data": "緊急時の情報提供", "peacetime_data": "平常時の情報提供", "drill": "訓練", "other": "その他",
}  # fmt: skip

DIRECTIONS: Mapping[str, str] = {
    "post_to_city": "郵便局から市区町村へ", "city_to_post": "市区町村から郵便局へ", "both": "双方向",
}  # fmt: skip

#: Rows that never leave under the clause, whatever is asked.
EXCLUSIONS: Mapping[str, tuple[str, str]] = {
    "delivery_vehicle": ("郵便配達用の車両", "mail delivery vehicles"),
}

MODES: Mapping[str, tuple[str, str]] = {
    "forward": ("代行送付", "forwarding on behalf"),
    "match": ("照会回答", "answers to a list"),
    "dwelling": ("住居一覧（氏名なし）", "dwellings without names"),
    "person": ("受取人一覧（氏名あり）", "addressees with names"),
    "layer": ("個人情報を含まない情報", "layer without personal data"),
}

TRIGGERS: Mapping[str, tuple[str, str]] = {
    "hq_established": ("災害対策本部設置", "disaster headquarters established"),
    "relief_act": ("災害救助法適用", "Disaster Relief Act applied"),
    "likely": ("災害発生のおそれ", "disaster likely"),
    "telephone": ("電話による要請", "request by telephone"),
    "document": ("文書による要請", "request by document"),
}

#: Columns that tell more than the town; a format of precision "town" may not hold them.
FINER_THAN_TOWN = frozenset({"lon", "lat", "mgrs", "geometry", "address", "building", "place_text", "point_id"})

_POINT = {"lon": "経度", "lat": "緯度", "mgrs": "MGRS座標"}
_PLACED = {
    "place_level": "位置の精度", "place_town": "町丁・字(照合結果)", "place_source": "位置の出典",
    "place_reason": "位置についての注意", **_POINT,
}  # fmt: skip
_SHAPE = {"geometry": "形状"}
_CITY = {"municipality": "市区町村コード"}
_STATUS = {
    "served": "配達中", "suspended": "区域休止", "unreachable": "到達不能", "counter_pickup": "窓口交付",
    "seems_vacant": "空き家とみられる", "addressee_unknown": "受取人不明",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dataset:
    """A kind of row: its name for people and its columns with their headings."""

    kind: str
    label: str
    label_en: str
    columns: Mapping[str, str]
    personal: bool = False


_ALL = (
    Dataset("offices", "郵便局", "post offices", {
        "office_code": "局所コード", **_CITY, "name": "名称", "address": "所在地", "management": "経営形態",
        "delivery": "集配",
        "state": "営業状況", "state_at": "営業状況の時点", "hours": "営業時間", "services": "取扱業務",
        "is_emergency_site": "指定緊急避難場所", "is_tsunami_building": "津波避難ビル",
        "storage_m2": "備蓄に使える面積(m2)",
        "served_municipalities": "配達を受け持つ市区町村", "phone": "電話番号", "note": "備考", **_PLACED,
    }),
    Dataset("vehicles", "車両", "vehicles", {
        "vehicle_id": "車両ID", **_CITY, "office_code": "局所コード", "vehicle_kind": "車種",
        "payload_kg": "積載量(kg)",
        "width_m": "車幅(m)", "legal_state": "緊急通行の届出", "mail_delivery": "郵便配達用", "driver": "運転者",
        "note": "備考",
    }),
    Dataset("stockpiles", "備蓄", "stockpiles", {
        "site_id": "備蓄場所ID", **_CITY, "name": "名称", "address": "所在地", "lot_id": "ロット", "item": "品目",
        "quantity": "数量", "unit": "単位", "expires_on": "期限", "office_code": "局所コード", "phone": "電話番号",
        "note": "備考", **_PLACED,
    }),
    Dataset("shelters", "避難所", "shelters", {
        "shelter_id": "避難所ID", **_CITY, "name": "名称", "address": "所在地", "shelter_kind": "区分",
        "capacity": "想定収容人数", "area_m2": "面積(m2)", "phone": "電話番号", "note": "備考", **_PLACED,
    }),
    Dataset("openings", "避難所の開設状況", "opening of shelters", {
        "shelter_id": "避難所ID", **_CITY, "name": "名称", "opening_status": "開設状況", "head_count": "避難者数",
        "observed_at": "時点", "opened_at": "開設日時", "closed_at": "閉鎖日時", "note": "備考",
    }),
    Dataset("emergency-sites", "指定緊急避難場所・津波避難ビル", "emergency sites", {
        "site_id": "場所ID", **_CITY, "name": "名称", "address": "所在地", "site_kind": "区分",
        "safe_flood": "災害種別_洪水", "safe_landslide": "災害種別_崖崩れ、土石流及び地滑り",
        "safe_storm_surge": "災害種別_高潮",
        "safe_earthquake": "災害種別_地震", "safe_tsunami": "災害種別_津波", "safe_fire": "災害種別_大規模な火事",
        "safe_inland_flood": "災害種別_内水氾濫", "safe_volcano": "災害種別_火山現象",
        "capacity": "想定収容人数", "phone": "電話番号", "note": "備考", **_PLACED,
    }),
    Dataset("damage-points", "被害地点", "damage points", {
        "damage_id": "被害ID", **_CITY, "object": "対象", "damage": "被害・障害", "passable": "通行できるもの",
        "place_text": "場所", "observed_at": "確認日時", "reporter": "情報源", "verified": "現地確認済み",
        "note": "備考",
        **_POINT,
    }),
    Dataset("risk-spots", "危険箇所", "risk spots", {
        "risk_id": "危険箇所ID", **_CITY, "risk_kind": "種類", "name": "名称", "address": "所在地",
        "happened_at": "発生日時",
        "count": "件数", "killed": "死者数", "injured": "負傷者数", "note": "備考", **_PLACED,
    }),
    Dataset("areas", "区域", "areas", {
        "area_id": "区域ID", **_CITY, "name": "名称", "area_kind": "区分", "depth_class": "浸水深",
        "phenomenon": "現象", "zone": "警戒区域の区分", "happened_on": "発生日",
        "note": "備考", **_SHAPE,
    }),
    Dataset("boundaries", "行政区域", "boundaries", {**_CITY, "name": "名称", "part": "部分", **_SHAPE}),
    Dataset("roads", "道路", "roads", {
        "road_id": "道路ID", **_CITY, "name": "路線名", "road_class": "区分", "note": "備考", **_SHAPE,
    }),
    Dataset("facilities", "公共施設・医療機関・AED等", "public facilities, hospitals, AED", {
        "facility_id": "施設ID", **_CITY, "name": "名称", "address": "所在地", "facility_kind": "施設の種類",
        "detail": "設置位置・種別", "hours": "利用できる日時", "beds": "病床数", "phone": "電話番号", "note": "備考",
        **_PLACED,
    }),
    Dataset("population", "人口・世帯", "people and households", {
        "area_id": "区域コード", **_CITY, "name": "名称", "area_unit": "区域の単位", "population": "人口",
        "households": "世帯数", "under_15": "15歳未満", "over_65": "65歳以上", "over_75": "75歳以上",
        "holds_others": "ほかの行を含む計", "figures": "数値の扱い", "merged_into": "合算先の区域",
        "merged_from": "合算元の区域", "note": "備考", **_POINT,
    }),
    Dataset("office-areas", "集配局と市区町村", "delivering offices by municipality", {
        **_CITY, "office": "集配局", "pref": "都道府県", "city": "市区町村", "companies": "大口事業所の数",
        "boxes": "私書箱の数",
    }),
    Dataset("delivery-status", "配達状況（町ごとの件数）", "delivery status by town", {
        **_CITY, "place_town": "町丁・字", "total": "配達先の数", **_STATUS, "confirmed_at": "最新の確認日時",
    }),
    Dataset(DELIVERY_POINTS, "配達先", "delivery points", {
        "point_id": "配達先ID", **_CITY, "postal_code": "郵便番号", "address": "住所", "building": "建物名等(方書)",
        "point_kind": "配達先の種類", "addressees": "受取人", "addressee": "受取人(配達原簿の氏名)",
        "status": "配達状況",
        "status_reason": "配達状況の理由", "confirmed_at": "確認日時", "office_code": "集配局コード", **_PLACED,
        "reference": "照会番号", "result": "照会結果",
    }, personal=True),
)  # fmt: skip

#: Everything that a clause may open, by kind; the list of protected people (支援措置) is not among it.
DATASETS: Mapping[str, Dataset] = {dataset.kind: dataset for dataset in _ALL}

_NAMES = frozenset({"addressees", "addressee"})
_ANSWER = frozenset({"reference", "result"})
_REGISTER = frozenset(DATASETS[DELIVERY_POINTS].columns) - _ANSWER

#: What may at most leave of the delivery register, by mode.
_PERSONAL_COLUMNS: Mapping[str, frozenset[str]] = {
    Mode.FORWARD: frozenset(),
    Mode.MATCH: _ANSWER | {"status", "confirmed_at"},
    Mode.DWELLING: _REGISTER - _NAMES,
    Mode.PERSON: _REGISTER,
}


def modes_of(dataset: str) -> tuple[str, ...]:
    """Return the modes in which a dataset can be provided; none for an unknown one."""
    if dataset not in DATASETS:
        return ()
    return tuple(_PERSONAL_COLUMNS) if DATASETS[dataset].personal else (Mode.LAYER,)


def columns_of(dataset: str, mode: str) -> frozenset[str]:
    """Return every column that may at most leave of a dataset in a mode; none where either is unknown."""
    if mode not in modes_of(dataset):
        return frozenset()
    return _PERSONAL_COLUMNS[mode] if DATASETS[dataset].personal else frozenset(DATASETS[dataset].columns)
