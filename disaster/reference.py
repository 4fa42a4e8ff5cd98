"""Nouns of the tables that others publish: facilities, people by area, postal codes, boundaries, names of towns."""

from disaster.noun import MUNICIPALITY, PEOPLE, REQUIRED, YES, Noun, Rule, Shape, T, agreed_noun, field

#: Places that serve people and are neither shelters nor post offices.
FACILITIES = agreed_noun(
    "facilities", Shape.POINT, key=("facility_kind", "facility_id"),
    facility_id=REQUIRED, name=REQUIRED, facility_kind=REQUIRED,
    beds=Rule(minimum=0, maximum=10_000, units=("床",)),
)  # fmt: skip

#: People and households of the census by small area (町丁・字等) or mesh. A point stands for the area; its polygon
#: follows from the mesh code, or comes as ``areas`` under the same id. A row that `holds_others` (明原 beside 明原
#: 一丁目) is left out of sums.
POPULATION = agreed_noun(
    "population", Shape.POINT, key=("area_id",),
    area_id=Rule(required=True, pattern=r"[0-9A-Z]{4,16}"), area_unit=REQUIRED,
    population=Rule(minimum=0, maximum=100_000_000, units=PEOPLE),
    households=Rule(minimum=0, maximum=100_000_000, units=("世帯",)),
    under_15=Rule(minimum=0, maximum=100_000_000, units=PEOPLE),
    over_65=Rule(minimum=0, maximum=100_000_000, units=PEOPLE),
    over_75=Rule(minimum=0, maximum=100_000_000, units=PEOPLE),
)  # fmt: skip

#: Which towns a postal code stands for; a code is no place: towns have several, and codes several towns.
POSTAL_TOWNS = Noun(
    "postal-towns", "郵便番号と町域", Shape.NONE,
    (
        MUNICIPALITY,
        field("postal_code", "郵便番号", required=True, pattern=r"\d{7}"),
        field("pref", "都道府県", required=True),
        field("city", "市区町村", required=True),
        field("town", "町域"),  # without remarks; empty where the table lists no town
        field("town_text", "町域（原文）", required=True),
        field("town_kana", "町域（カナ）"),
        field("several_codes", "一町域が二以上の郵便番号", YES),
        field("numbered_by_koaza", "小字毎に番地が起番", YES),
        field("has_chome", "丁目を有する", YES),
        field("several_towns", "一つの郵便番号で二以上の町域", YES),
    ),
    key=("postal_code", "town_text", "town_kana"),
)  # fmt: skip

#: Which post office delivers into a municipality, as the codes of its large recipients show.
OFFICE_AREAS = agreed_noun(
    "office-areas", Shape.NONE, key=("office",),
    office=REQUIRED, companies=Rule(minimum=0, maximum=1_000_000), boxes=Rule(minimum=0, maximum=1_000_000),
)  # fmt: skip

#: A municipality comes as one row for each of its parts: islands, rocks.
BOUNDARIES = agreed_noun(
    "boundaries", Shape.POLYGON, key=("municipality", "name", "part"),
    name=REQUIRED,
)  # fmt: skip

#: Towns, and the numbers in them where they are known (columns as in ``geo.gazetteer``).
GAZETTEER = Noun(
    "gazetteer", "町名・位置の表", Shape.POINT,
    (
        MUNICIPALITY,
        field("pref", "都道府県", required=True),
        field("city", "市区町村", required=True),
        field("town", "町丁・字", required=True),
        field("koaza", "小字"),
        field("kind", "番号の種類", choices={"block": "街区", "dwelling": "住居番号", "lot": "地番"}),
        field("number", "番号"),
        field("postal_code", "郵便番号", pattern=r"\d{7}"),
        field("source", "出典"),
        field("vintage", "出典の時点"),
        field("scale", "位置の縮尺の分母", T.INTEGER, minimum=0, maximum=10_000_000),
        field("former", "旧市区町村名"),
    ),
    key=("town", "koaza", "kind", "number"), bulk=True,
)  # fmt: skip
