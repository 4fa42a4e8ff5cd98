"""Towns of all Japan as people write them: 京都's streets, 札幌's 条, 岩手's 地割, 堺's 丁, 小字 and 大字.

No numbers are known there, so only the town is judged: the text tells which town it was written from.
"""

import random
import re

import pandas as pd
import pyarrow as pa

from benchmarks.plain_place import fold, kanji_number, split_county
from geo.gazetteer import Gazetteer

#: Municipalities whose addresses are built in a way of their own; others are drawn.
PECULIAR = (
    "京都市上京区", "京都市中京区", "堺市堺区", "札幌市中央区", "札幌市北区", "盛岡市", "花巻市", "八戸市", "旭川市",
    "帯広市", "金沢市", "奈良市", "郡山市", "長野市", "四日市市", "十日町市", "浜松市中央区", "滝沢市",
)  # fmt: skip
_STREETS = (
    "烏丸通丸太町上る",
    "河原町通四条下る",
    "寺町通今出川東入",
    "今出川通大宮西入る",
    "室町通一条下ル",
    "堀川通出水上ル",
)
_NUMBERS = ("5-3", "12番地3", "7番2号", "", "　18", "３ー１２　潮風荘101")
_KANJI = re.compile("([一二三四五六七八九十]+)(?=丁目|条|線|地割)")
_WIDE = {48 + digit: 0xFF10 + digit for digit in range(10)}


def municipalities(towns: pd.DataFrame, *, drawn: int, seed: int) -> list[str]:
    """Return the codes of the peculiar municipalities and of some that are drawn."""
    known = towns[towns["municipality"] != ""][["municipality", "city"]].drop_duplicates("municipality")
    peculiar = known.loc[known["city"].str.startswith(PECULIAR), "municipality"]
    dice = random.Random(seed)  # noqa: S311
    return sorted({*peculiar, *dice.sample(sorted(known["municipality"]), drawn)})


def gazetteer_of(towns: pd.DataFrame, code: str) -> Gazetteer:
    """Return the gazetteer of the towns alone."""
    return Gazetteer.of(
        pa.Table.from_pandas(towns[towns["municipality"] == code], preserve_index=False), municipality=code
    )


def write_towns(gazetteer: Gazetteer, count: int, *, seed: int) -> pd.DataFrame:
    """Write addresses of at most so many towns: columns address, town, koaza, habit."""
    dice = random.Random(f"{seed}-{gazetteer.municipality}")  # noqa: S311
    towns = gazetteer.table.select(["town", "koaza"]).to_pylist()
    chosen = dice.sample(towns, min(count, len(towns)))
    rows = [(*_written(row["town"], row["koaza"], gazetteer, dice), row["town"], row["koaza"]) for row in chosen]
    return pd.DataFrame(rows, columns=["address", "habit", "town", "koaza"])


def _written(town: str, koaza: str, gazetteer: Gazetteer, dice: random.Random) -> tuple[str, str]:
    county, city = split_county(gazetteer.city)
    front = dice.choice((gazetteer.pref + county + city, county + city, city, gazetteer.pref + city, ""))
    number = dice.choice(_NUMBERS)
    habit = dice.choice(("official", "digits", "hyphen", "wide", "space", "no 大字", "letters"))
    if "京都市" in city and dice.random() < 0.3:
        return front + dice.choice(_STREETS) + town + koaza + number, "street"
    match habit:
        case "official":
            town += koaza
        case "digits":
            town = _digits(town + koaza)
        case "hyphen":
            town, number = re.sub(r"(\d+)丁目$", r"\1-", _digits(town + koaza)), "5-3"
        case "wide":
            town = _digits(town + koaza).translate(_WIDE)
        case "space":
            town = f" {town} {koaza}"
        case "no 大字":
            town = town.replace("大字", "") + koaza.removeprefix("字")
        case "letters":
            town = (town + koaza).translate(str.maketrans(dice.choice(("ケノ", "ヶの")), dice.choice(("ヶの", "がノ"))))
    return front + town + number, habit


def _digits(text: str) -> str:
    return _KANJI.sub(lambda found: str(kanji_number(found[1])), text)


def judge_towns(rows: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return the addresses with at_town and wrong_town; the town without its 小字 or 丁目 is coarser, not wrong."""
    judged = rows.assign(level=answers["level"], answer_town=answers["town"].fillna(""))
    judged["at_town"] = judged["level"].isin(("town", "chome", "block", "number"))
    got, town, whole = (
        fold(names).str.replace("大?字", "", regex=True)
        for names in (judged["answer_town"], judged["town"], judged["town"] + judged["koaza"])
    )
    part = [not one or one == other or other.startswith(one) for one, other in zip(got, whole, strict=True)]
    judged["wrong_town"] = judged["at_town"] & ~pd.Series(part) & (got != town)
    return judged
