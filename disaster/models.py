"""The nouns: what each kind of row is and what a value must be to enter.

The columns of what can be agreed on are those of ``agreements.datasets``; here stand what must hold of their values,
and the kinds that no agreement can open.

Mail pieces have no noun here and never will: sender, recipient and the existence of a letter cannot be written down
(郵便法8条). Persons are never described by age or sex, and an addressee is a name on the delivery register, not
somebody known to be at home.
"""

from collections.abc import Iterable, Mapping

from agreements.datasets import DATASETS, DELIVERY_STATUS, DEPTH_CLASSES, HAZARDS, PASSABLE
from disaster.noun import (
    MUNICIPALITY,
    PEOPLE,
    REQUIRED,
    SQUARE_METRES,
    Field,
    Noun,
    Rule,
    S,
    Shape,
    Side,
    T,
    agreed_noun,
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

OFFICES = agreed_noun(
    "offices", Shape.POINT, key=("office_code",),
    office_code=Rule(required=True, pattern=r"[0-9A-Za-z-]{3,20}"), name=REQUIRED,
    storage_m2=Rule(minimum=0, maximum=100_000, units=SQUARE_METRES),
)  # fmt: skip

DELIVERY_POINTS = agreed_noun(
    "delivery-points", Shape.POINT, key=("point_id",),
    sides=frozenset({Side.POST, Side.DEMO}), bulk=True, publishable=False,
    point_id=Rule(required=True, pattern=r"[0-9A-Za-z-]{3,40}"), postal_code=Rule(pattern=r"\d{7}"),
    address=REQUIRED, point_kind=REQUIRED, status=REQUIRED, office_code=REQUIRED,
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

VEHICLES = agreed_noun(
    "vehicles", Shape.NONE, key=("vehicle_id",),
    vehicle_id=REQUIRED, vehicle_kind=REQUIRED,
    payload_kg=Rule(minimum=0, maximum=30_000, units=("kg", "キロ")),
    width_m=Rule(minimum=0.1, maximum=4, units=("m", "メートル")),
)  # fmt: skip

STOCKPILES = agreed_noun(
    "stockpiles", Shape.POINT, key=("site_id", "lot_id"),
    site_id=REQUIRED, name=REQUIRED, quantity=Rule(minimum=0, maximum=100_000_000),
)  # fmt: skip

SHELTERS = agreed_noun(
    "shelters", Shape.POINT, key=("shelter_id",),
    shelter_id=REQUIRED, name=REQUIRED, shelter_kind=REQUIRED,
    capacity=Rule(minimum=0, maximum=1_000_000, units=PEOPLE),
    area_m2=Rule(minimum=0, maximum=10_000_000, units=SQUARE_METRES),
)  # fmt: skip

OPENINGS = agreed_noun(
    "openings", Shape.NONE, key=("shelter_id", "name", "observed_at"),
    name=REQUIRED, opening_status=REQUIRED, head_count=Rule(minimum=0, maximum=1_000_000, units=PEOPLE),
    observed_at=REQUIRED,
)  # fmt: skip

EMERGENCY_SITES = agreed_noun(
    "emergency-sites", Shape.POINT, key=("site_kind", "site_id"),
    site_id=REQUIRED, name=REQUIRED, site_kind=REQUIRED,
    capacity=Rule(minimum=0, maximum=1_000_000, units=PEOPLE),
)  # fmt: skip

DAMAGE_POINTS = agreed_noun(
    "damage-points", Shape.POINT, key=("damage_id",),
    damage_id=REQUIRED, object=REQUIRED, damage=REQUIRED, passable=REQUIRED, observed_at=REQUIRED,
    reporter=REQUIRED,
)  # fmt: skip

RISK_SPOTS = agreed_noun(
    "risk-spots", Shape.POINT, key=("risk_kind", "risk_id"),
    risk_id=REQUIRED, risk_kind=REQUIRED, count=Rule(minimum=0, maximum=1_000_000, units=("件",)),
    killed=Rule(minimum=0, maximum=10_000, units=PEOPLE),
    injured=Rule(minimum=0, maximum=10_000, units=PEOPLE),
)  # fmt: skip

AREAS = agreed_noun(
    "areas", Shape.POLYGON, key=("area_kind", "area_id"),
    area_id=REQUIRED, name=REQUIRED, area_kind=REQUIRED, depth_class=Rule(units=("m", "cm", "メートル")),
)  # fmt: skip

ROADS = agreed_noun(
    "roads", Shape.LINE, key=("road_id",),
    road_id=REQUIRED, road_class=REQUIRED,
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
PLACE_COLUMNS = tuple(
    DATASETS["shelters"].columns[name] for name in ("place_level", "place_town", "place_source", "place_reason")
)

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
