"""The plain peer of `geo.place`: what an able analyst writes in pandas in an afternoon.

Fold widths, spaces and hyphens, take prefecture, county and city off the front, find the town by its longest prefix,
read the numbers with one regular expression and join them. One answer per address, no candidates, no doubt. It is also
the second reading by which `benchmarks.address_truth` judges: written without a look at the reader of `geo.place`.
"""

import re
from dataclasses import dataclass

import pandas as pd

_HYPHENS = "‐‑‒–—―−ーｰ－﹣─"
_KANJI = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "壱": 1, "弐": 2, "参": 3}
_CHOME = re.compile(r"([一二三四五六七八九十壱弐参]{1,3})(?=丁目)")
_NUMBERS = r"^(?P<first>\d+)(?:番地の|番地|番の|番|-|の|ノ)?(?P<second>\d+)?(?:号|-|の|ノ)?(?P<third>\d+)?(?P<tail>.*)$"


def kanji_number(text: str) -> int:
    """Return the number that kanji numerals below one hundred name."""
    tens, mark, ones = text.rpartition("十")
    high = (_KANJI.get(tens, 1) * 10) if mark else 0
    return high + _KANJI.get(ones, 0)


def split_county(city: str) -> tuple[str, str]:
    """Return county and name of a municipality; 郡 in the name of a city (郡山市) is no county."""
    found = re.fullmatch("(.+?郡)(.+[町村])", city)
    return (found[1], found[2]) if found else ("", city)


def fold(texts: pd.Series) -> pd.Series:
    """Fold widths, spaces, hyphens between digits, ヶ and ノ, and the numerals of 丁目."""
    folded = texts.fillna("").astype(str).str.normalize("NFKC")
    folded = folded.str.replace(r"\s+", "", regex=True)
    folded = folded.str.replace(rf"(?<=\d)[{_HYPHENS}-]+(?=\d)", "-", regex=True)
    folded = folded.str.replace(_CHOME, lambda found: str(kanji_number(found[1])), regex=True)
    return folded.str.replace(r"[ヶがガ]", "ケ", regex=True).str.replace("[之ノ]", "の", regex=True)


def _blocks(numbers: pd.DataFrame) -> pd.DataFrame:
    """Return the middle of the dwellings of every block."""
    dwellings = numbers[numbers["kind"] == "dwelling"]
    block = dwellings["number"].str.split("-", n=1).str[0]
    middle = dwellings.groupby(["town", block])[["lon", "lat"]].mean().reset_index()
    return middle.assign(kind="block")


@dataclass(frozen=True)
class PlainTowns:
    """The towns of one municipality by their folded spellings, and the numbers in them."""

    front: str
    spellings: pd.DataFrame
    towns: pd.DataFrame
    numbers: pd.DataFrame

    @classmethod
    def of(cls, towns: pd.DataFrame, numbers: pd.DataFrame, *, pref: str, city: str) -> "PlainTowns":
        """Build the keys from columns town, koaza, lon, lat and, for numbers, town (a row), kind, number, lon, lat."""
        towns = towns.reset_index(drop=True)
        whole = fold(towns["town"] + towns["koaza"])
        named = pd.DataFrame({"key": whole, "at": towns.index, "name": towns["town"] + towns["koaza"]})
        keys = [named]
        for pattern, new in ((r"(\d+)丁目$", r"\1-"), (r"(\d+)丁目$", r"\1丁"), (r"^大?字", "")):
            keys.append(named.assign(key=whole.str.replace(pattern, new, regex=True)))
        keys.append(named.assign(key=fold(towns["town"]), name=towns["town"]))
        spellings = pd.concat(keys).drop_duplicates("key")
        optional = (re.escape(fold(pd.Series([part]))[0]) for part in (pref, *split_county(city)))
        front = "^(?:〒?[0-9]{3}-?[0-9]{4})?" + "".join(f"(?:{part})?" for part in optional if part) + "(?:大字|字)?"
        numbers = pd.concat([numbers.astype({"kind": str}), _blocks(numbers)])
        order = numbers["kind"].map({"dwelling": 0, "lot": 1, "block": 2})
        numbers = numbers.assign(order=order).sort_values("order", kind="stable").drop_duplicates(["town", "number"])
        return cls(front, spellings, towns, numbers.drop(columns="order"))

    def read_towns(self, texts: pd.Series) -> pd.DataFrame:
        """Return per address the row of the town (missing where none), its name as read, and the text behind it."""
        rest = fold(texts).str.replace(self.front, "", regex=True).reset_index(drop=True)
        at = pd.Series(pd.NA, index=rest.index, dtype="Int64")
        length = pd.Series(0, index=rest.index)
        for width, group in sorted(self.spellings.groupby(self.spellings["key"].str.len()), reverse=True):
            still = rest[at.isna()]
            found = still.str[:width].map(group.set_index("key")["at"]).dropna().astype("Int64")
            at.loc[found.index] = found
            length.loc[found.index] = width
        behind = [text[cut:] for text, cut in zip(rest, length, strict=True)]
        names = pd.Series([text[:cut] for text, cut in zip(rest, length, strict=True)])
        names = names.map(self.spellings.set_index("key")["name"])
        return pd.DataFrame({"at": at, "name": names, "behind": behind})

    def place(self, texts: pd.Series) -> pd.DataFrame:
        """Return per address level, town, koaza, lon and lat: one answer, taken as sure."""
        read = self.read_towns(texts)
        parts = read["behind"].str.replace("^大?字", "", regex=True).str.extract(_NUMBERS)
        two = parts["first"].str.cat(parts["second"], sep="-")
        answer = read.assign(level="none").join(self.towns[["town", "koaza", "lon", "lat"]], on="at")
        answer.loc[read["at"].notna(), "level"] = "town"
        open_rows = pd.Series(read["at"].notna())
        for number in (two.str.cat(parts["third"], sep="-"), two, parts["first"]):
            asked = pd.DataFrame({"town": read["at"], "number": number})[open_rows & number.notna()]
            found = asked.reset_index().merge(self.numbers, on=["town", "number"]).set_index("index")
            for column in ("lon", "lat"):
                answer.loc[found.index, column] = found[column].fillna(answer.loc[found.index, column])
            answer.loc[found.index, "level"] = found["kind"].where(found["kind"] == "block", "number").astype(str)
            open_rows.loc[found.index] = False
        return answer.drop(columns=["at", "name", "behind"])
