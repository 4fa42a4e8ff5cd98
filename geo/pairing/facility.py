"""Names of facilities taken apart, so that 第一小学校体育館 and 第1小(体育館) meet and 第1小 and 第2小 do not."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pyarrow as pa

from geo.address import NUMERALS, arabic, letters_of_addresses

_SIGNS = re.compile(r"[・.,、。，．'’\"“”「」『』ー〜~/]|(?<![0-9])-|-(?![0-9])")
_BRACKETS = re.compile(r"[(【〔\[<〈《](.*?)[)】〕\]>〉》]")
_ORDINAL = re.compile(rf"第([0-9]+|[{NUMERALS}]+)|([{NUMERALS}]+)(?=区|丁目|号|分団|番)")
_FLOOR = re.compile(r"(?:地上|地下|屋内)?[b0-9][0-9f階以上から及びと]*(?:f|階)(?:以上|部分)?")
_LAST_FLOOR = re.compile(f"(?<=..){_FLOOR.pattern}$")
_LEGAL = re.compile(
    r"^(?:株式会社|有限会社|合同会社|社会福祉法人|学校法人|宗教法人|独立行政法人|医療法人(?:社団|財団)?|"
    r"(?:一般|公益)?(?:社団|財団)法人|\(株\)|\(有\)|\(福\))|\(株\)$|\(有\)$|(?<=.)株式会社$"
)
_FOUNDER = re.compile(r"^.{0,8}?(国|都|道|府|県|市|区|町|村|私|組合)立(?=..)")
_OWNER = re.compile(r"[国都道府県市区町村私]立?")
_OTHER_NAME = re.compile(r"(?:旧称?|元|現|通称|愛称)[::]?(.{2,})")
_DESIGNATION = re.compile(
    r"(?:指定)?(?:福祉|一時|広域|緊急|第?[0-9一二]次)?避難(?:所|場所|地)?(?:兼.*)?|津波避難(?:ビル|施設)|(?:準)?指定.*"
)
_FORMER = re.compile(r"^旧(?=..)")
_SITE = re.compile(r"(?<=..)(?:跡地|跡)$")
_DISTRICT = re.compile(r"(?<=..)(?:地区|地域)$")
_TELLING = 4
_QUARTER = "(?:[0-9]+|東|西|南|北|大|小|中|新|多目的)?"
_DISTINCT = re.compile(rf"[0-9]+|[東西南北上下左右前後内外新旧大小中元本{NUMERALS}]")


@dataclass(frozen=True, slots=True)
class Facility:
    """A facility's name taken apart; every text is a key for comparing, never to be shown.

    Attributes
    ----------
    stem
        What tells it from others of its kind: 焼津東 of 焼津市立焼津東小学校(体育館).
    kind
        What it is: 小学校; empty if the name does not say.
    part
        The building or ground of it that is meant: 体育館; empty for the facility itself.
    former
        Whether the name says that it is no longer what it was (旧, 跡地).
    founder
        県 of 県立, empty if the name does not say.
    other_names
        Keys (see `key`) of further names: (旧本町小学校).
    """

    stem: str
    kind: str
    part: str = ""
    former: bool = False
    founder: str = ""
    other_names: frozenset[str] = frozenset()

    @property
    def site(self) -> str:
        """Key of the facility without its part; empty for a name that says nothing."""
        return f"{self.stem}|{self.kind}" if self.stem or self.kind else ""

    @property
    def key(self) -> str:
        """Key of the facility and its part."""
        return f"{self.site}|{self.part}" if self.site else ""

    @property
    def group(self) -> str:
        """The words among which the kind may change when a place is renamed; empty for none."""
        return _patterns().groups.get(self.kind, "")

    @property
    def building(self) -> str:
        """What sort of part is meant, without its number or name: 体育館; empty if the word is not known."""
        return next((word for _, word in _patterns().parts if word and self.part.endswith(word)), "")

    @property
    def annex(self) -> str:
        """Number or name of that part: 西岸 of 西岸分館; empty where `building` is."""
        return self.part.removesuffix(self.building) if self.building else ""

    @property
    def certain(self) -> bool:
        """Whether the name says enough to be one place's alone within a municipality; 集会所 does not."""
        return bool(self.stem and self.kind) or len(self.stem) >= _TELLING

    @property
    def distinct(self) -> str:
        """Numbers and signs like 東 by which names tell neighbours apart: names that differ in them differ."""
        return " ".join(sorted(_DISTINCT.findall(self.stem)))


def facilities(names: pa.Array, *, city: str = "") -> list[Facility]:
    """Take a column of facility names apart.

    Parameters
    ----------
    names
        As written; a missing name gives a facility without stem and kind.
    city
        Name of the municipality, which names of its own facilities may begin with (焼津市文化会館); empty if not known.

    Returns
    -------
    list of Facility
        One a name.
    """
    folded = _folded(names)
    own = _folded(pa.array([city], pa.string()))[0]
    known = {text: _facility(text, own) for text in set(folded)}
    return [known[text] for text in folded]


def _folded(names: pa.Array) -> list[str]:
    texts: list[str] = letters_of_addresses(names)[1].texts().to_pylist()
    return [text.lower() for text in texts]


def _facility(text: str, city: str) -> Facility:
    inside = [found for found in _BRACKETS.findall(text) if found]
    owner, aliases, details = "", set(), []
    for words in inside:
        if other := _OTHER_NAME.fullmatch(words):
            aliases.add(_plain(other[1], city).key)
        elif _OWNER.fullmatch(words):
            owner = words[0]
        elif not (_FLOOR.fullmatch(words) or _DESIGNATION.fullmatch(words)):
            details.append(words)
    whole = _plain(_BRACKETS.sub("", _LEGAL.sub("", text)), city)
    if not whole.site:  # a name that stands in brackets as a whole
        return _plain(re.sub(r"\W", "", text), city)
    detail = _part(_without_floor("".join(_ordinals(_SIGNS.sub("", words)) for words in details)))
    part = whole.part + detail
    return Facility(whole.stem, whole.kind, part, whole.former, whole.founder or owner, frozenset(aliases))


def _plain(text: str, city: str) -> Facility:
    """Take a name without brackets apart."""
    rest = _without_floor(_ordinals(_SIGNS.sub("", text)))
    former = bool(_FORMER.search(rest) or _SITE.search(rest))
    rest = _SITE.sub("", _FORMER.sub("", rest))
    founder = ""
    if found := _FOUNDER.match(rest):
        founder, rest = found[1], rest[found.end() :]
    elif city and rest.startswith(city) and len(rest) > len(city) + 1:
        rest = rest[len(city) :]
    site, part = _without_part(rest)
    stem, kind = _without_kind(site)
    return Facility(_DISTRICT.sub("", stem), kind, part, former, founder)


def _without_floor(text: str) -> str:
    return _LAST_FLOOR.sub("", text)


def _ordinals(text: str) -> str:
    return _ORDINAL.sub(lambda found: _number(found[1] or found[2]), text)


def _number(numeral: str) -> str:
    value = int(numeral) if numeral.isdecimal() else arabic(numeral)
    return numeral if value is None else str(value)


def _without_part(text: str) -> tuple[str, str]:
    found = _patterns().part.fullmatch(text)
    return (found[1], _part(found[2])) if found else (text, "")


def _part(text: str) -> str:
    """Return a part in the words by which it is compared: 第2グランド is 2グラウンド."""
    for spelling, word in _patterns().parts:
        if text.endswith(spelling):
            return text[: len(text) - len(spelling)] + word
    return text


def _without_kind(text: str) -> tuple[str, str]:
    for spelling, word in _patterns().kinds:
        if text.endswith(spelling) and len(text) > len(spelling):
            return text[: len(text) - len(spelling)], word
    return text, ""


@dataclass(frozen=True, slots=True)
class _Patterns:
    """The vocabulary as needed: spellings and their words, the longest first; a facility followed by a part; groups."""

    kinds: tuple[tuple[str, str], ...]
    parts: tuple[tuple[str, str], ...]
    part: re.Pattern[str]
    groups: Mapping[str, str]


@cache
def _patterns() -> _Patterns:
    words = tomllib.loads(files("geo.pairing").joinpath("facilities.toml").read_text(encoding="utf-8"))
    kinds, parts = _spellings(words["kinds"]), _spellings(words["parts"])
    kind = _either(spelling for spelling, _ in kinds)
    part = _either(spelling for spelling, _ in parts)
    branch = "(?:分館|分校|分室|支館|支所)"
    groups = {word: group for group, members in words["successors"].items() for word in members}
    return _Patterns(kinds, parts, re.compile(rf"(.+{kind})({_QUARTER}{part}|.{{1,6}}{branch})"), groups)


def _spellings(words: dict[str, list[str]]) -> tuple[tuple[str, str], ...]:
    pairs = [(spelling, word) for word, others in words.items() for spelling in (word, *others) if spelling]
    folded = _folded(pa.array([spelling for spelling, _ in pairs], pa.string()))
    settled = ((_SIGNS.sub("", text), word) for text, (_, word) in zip(folded, pairs, strict=True))
    return tuple(sorted(set(settled), key=lambda pair: (-len(pair[0]), pair)))


def _either(words: Iterable[str]) -> str:
    return "(?:" + "|".join(map(re.escape, words)) + ")"
