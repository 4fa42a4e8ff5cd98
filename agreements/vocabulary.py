"""The closed list of words that a template may use: purposes, kinds of clause, recipients, cost rules, channels.

What is not written here or in ``agreements.datasets`` cannot be agreed, asked for or provided. Facts about mail
(sender, recipient of a letter, that there was a letter; 郵便法8条) have no word and never get one.
"""

from collections.abc import Mapping

from agreements.datasets import DATASETS, DELIVERY_POINTS, Dataset
from agreements.request import Mode

__all__ = [
    "ANNEX_KINDS",
    "CHANNELS",
    "CLAUSE_KINDS",
    "COST_RULES",
    "DATASETS",
    "DELIVERY_POINTS",
    "DIRECTIONS",
    "EXCLUSIONS",
    "FINER_THAN_TOWN",
    "MODES",
    "PARTIES",
    "PURPOSES",
    "RECIPIENTS",
    "RECIPIENTS_OF",
    "TRIGGERS",
    "Dataset",
    "columns_of",
    "modes_of",
    "third_party",
]

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

#: What a clause is about: one word for every clause seen in real agreements.
CLAUSE_KINDS: Mapping[str, str] = {
    "definition": "災害の定義", "mutual_request": "協力の要請", "vehicle": "車両の提供",
    "shelter_status": "避難所の情報", "evacuee_list": "避難先リスト", "victim_status": "避難先・被災状況の相互提供",
    "pr": "広報", "relief_mail": "災害時の郵便の特別な取扱い", "road_report": "道路等の損傷の情報",
    "temp_postbox": "臨時の郵便差出箱",
    "banking": "非常払い等", "facility": "施設と用地", "other": "その他の協力", "implementation": "実施の限度",
    "cost": "費用の負担", "liaison": "連絡体制・要員の派遣", "plan_exchange": "計画の交換", "drill": "訓練",
    "watch_over": "見守り", "illegal_dumping": "不法投棄の情報",
    "no_liability": "責任の範囲", "meeting": "定期の協議・別記",
    "lease": "施設の賃貸借", "stockpile_storage": "備蓄の保管", "stockpile_delivery": "備蓄の配送",
    "contact": "連絡責任者", "request_document": "要請の手続", "consultation": "疑義の協議",
    "emergency_data": "緊急時の情報提供", "peacetime_data": "平常時の情報提供", "onward": "第三者への再提供",
}  # fmt: skip

DIRECTIONS: Mapping[str, str] = {
    "post_to_city": "郵便局から市区町村へ", "city_to_post": "市区町村から郵便局へ", "both": "双方向",
    "city_to_third": "市区町村から第三者へ",
}  # fmt: skip

#: The two parties; every other recipient is a third party, which only an onward clause can name.
PARTIES = ("municipality", "post")

#: Who may receive.
RECIPIENTS: Mapping[str, tuple[str, str]] = {
    "municipality": ("市区町村", "the municipality"),
    "post": ("郵便局", "the post office"),
    "prefecture": ("都道府県", "the prefecture"),
    "police": ("警察", "the police"),
    "fire": ("消防", "the fire service"),
    "sdf": ("自衛隊", "the Self-Defense Forces"),
    "coast_guard": ("海上保安庁", "the Coast Guard"),
    "welfare_council": ("社会福祉協議会", "the social welfare council"),
    "welfare_commissioner": ("民生委員・児童委員", "welfare commissioners"),
    "voluntary_group": ("自主防災組織", "voluntary disaster prevention groups"),
}

#: Who can receive under a clause, by its direction.
RECIPIENTS_OF: Mapping[str, tuple[str, ...]] = {
    "post_to_city": ("municipality",), "city_to_post": ("post",), "both": PARTIES,
    "city_to_third": tuple(code for code in RECIPIENTS if code not in PARTIES),
}  # fmt: skip

#: Who bears what the cooperation costs.
COST_RULES: Mapping[str, tuple[str, str]] = {
    "requester_pays": ("要請した側の負担", "the requesting side pays"),
    "each_bears": ("各自の負担", "each side bears its own"),
    "free": ("無償", "free of charge"),
    "consultation": ("双方の協議", "by consultation"),
}

#: How a file is protected on its way.
CHANNELS: Mapping[str, tuple[str, str]] = {
    "plain": ("暗号化なし", "not encrypted"),
    "aes_zip": ("AES-256で暗号化したZIP", "ZIP encrypted with AES-256"),
    "excel_password": ("パスワードを付けたExcel", "Excel with a password"),
}

#: What an annex (別表・別記) holds.
ANNEX_KINDS: Mapping[str, tuple[str, str]] = {
    "office_list": ("郵便局の一覧", "list of offices"),
    "data_format": ("情報の項目と形式", "data formats"),
    "contacts": ("連絡先", "contacts"),
    "text": ("別記", "text"),
}

#: What never leaves under the clause, whatever is asked.
EXCLUSIONS: Mapping[str, tuple[str, str]] = {
    "delivery_vehicle": ("郵便配達用の車両", "mail delivery vehicles"),
    "mail_secrecy": ("信書の秘密に関すること", "anything under the secrecy of correspondence"),
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
    "evacuation_order": ("避難指示", "evacuation order"),
    "telephone": ("電話による要請", "request by telephone"),
    "document": ("文書による要請", "request by document"),
}

#: Columns that tell more than the town; a format of precision "town" may not hold them.
FINER_THAN_TOWN = frozenset({"lon", "lat", "mgrs", "geometry", "address", "building", "place_text", "point_id"})

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


def third_party(name: str) -> str | None:
    """Return the code of a third party that is named by code or label, with or without its own name after a space."""
    kind, _, _ = name.replace("\u3000", " ").partition(" ")
    for code, (label, _) in RECIPIENTS.items():
        if code not in PARTIES and kind in (code, label):
            return code
    return None
