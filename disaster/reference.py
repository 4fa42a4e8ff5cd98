"""Nouns of the tables that others publish: facilities, people by area, postal codes, boundaries, names of towns."""

from disaster.noun import ADDRESS, MUNICIPALITY, NAME, NOTE, PEOPLE, PHONE, YES, Noun, Shape, T, field

#: Places that serve people and are neither shelters nor post offices.
FACILITIES = Noun(
    "facilities", "公共施設・医療機関・AED等", Shape.POINT,
    (
        field("facility_id", "施設ID", required=True),
        MUNICIPALITY,
        NAME,
        ADDRESS,
        field("facility_kind", "施設の種類", required=True,
              choices={"public": "公共施設", "medical": "医療機関", "care": "介護事業所", "aed": "AED設置場所",
                       "first_aid": "救護所", "water": "給水拠点・井戸", "helipad": "ヘリポート",
                       "waste": "災害ごみ受入場所", "other": "その他"}),
        field("detail", "設置位置・種別"),
        field("hours", "利用できる日時"),
        field("beds", "病床数", T.INTEGER, minimum=0, maximum=10_000, units=("床",)),
        PHONE,
        NOTE,
    ),
    key=("facility_kind", "facility_id"),
)  # fmt: skip

#: People and households of the census by small area (町丁・字等) or mesh. A point stands for the area; its polygon
#: follows from the mesh code, or comes as ``areas`` under the same id.
POPULATION = Noun(
    "population", "人口・世帯", Shape.POINT,
    (
        field("area_id", "区域コード", required=True, pattern=r"[0-9A-Z]{4,16}"),
        MUNICIPALITY,
        field("name", "名称"),
        field("area_unit", "区域の単位", required=True,
              choices={"municipality": "市区町村", "small_area": "町丁・字等", "block": "基本単位区",
                       "mesh_1km": "1kmメッシュ", "mesh_500m": "500mメッシュ", "mesh_250m": "250mメッシュ"}),
        field("population", "人口", T.INTEGER, minimum=0, maximum=100_000_000, units=PEOPLE),
        field("households", "世帯数", T.INTEGER, minimum=0, maximum=100_000_000, units=("世帯",)),
        field("under_15", "15歳未満", T.INTEGER, minimum=0, maximum=100_000_000, units=PEOPLE),
        field("over_65", "65歳以上", T.INTEGER, minimum=0, maximum=100_000_000, units=PEOPLE),
        field("over_75", "75歳以上", T.INTEGER, minimum=0, maximum=100_000_000, units=PEOPLE),
        field("holds_others", "ほかの行を含む計", YES),  # 1 of 明原 beside 明原一丁目: left out of sums
        field("figures", "数値の扱い",
              choices={"given": "公表", "none": "該当なし", "hidden": "秘匿", "merged": "ほかの区域を合算"}),
        field("merged_into", "合算先の区域"),
        field("merged_from", "合算元の区域", T.LIST),
        NOTE,
    ),
    key=("area_id",),
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
OFFICE_AREAS = Noun(
    "office-areas", "集配局と市区町村", Shape.NONE,
    (
        MUNICIPALITY,
        field("office", "集配局", required=True),
        field("pref", "都道府県"),
        field("city", "市区町村"),
        field("companies", "大口事業所の数", T.INTEGER, minimum=0, maximum=1_000_000),
        field("boxes", "私書箱の数", T.INTEGER, minimum=0, maximum=1_000_000),
    ),
    key=("office",),
)  # fmt: skip

BOUNDARIES = Noun(
    "boundaries", "行政区域", Shape.POLYGON,
    (
        MUNICIPALITY,
        NAME,
        field("part", "部分"),  # a municipality comes as one row for each of its parts: islands, rocks
    ),
    key=("municipality", "name", "part"),
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
