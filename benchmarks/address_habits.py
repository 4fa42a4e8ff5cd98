"""How people in Japan write addresses: a generator that knows the true place of every address it writes.

`write` draws places from a `Registry` and spells each as a clerk, a resident, a typewriter or a spreadsheet would, by
one habit of `HABITS` (or several: ``mixed``). The letters and words here come from common knowledge of Japanese writing
and are kept apart from the tables of `geo` on purpose: a table must not be judged by itself. The same seed gives the
same addresses.

Every address knows its habit, its true town and point, and whether the text itself is open to several places
(``ambiguous``): all readings that use up its digits are looked up in the registry, as 住居表示, 地番, 街区 and with the
first number as 丁目; if any of them lies more than 1 m from the truth or has no known point, no reader can be sure.
"""

import random
import re
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.address_registry import Place, Registry
from benchmarks.address_spelling import Spelling, digitwise, positional

#: What must come of an address: ``number`` its point; ``block`` its 街区; ``town`` its town; ``not number`` nothing
#: finer than a block; ``refused`` no town at all; ``any`` counted without an aim (the text misleads).
EXPECTATIONS = ("number", "block", "town", "not number", "refused", "any")

_FORMAL = {"一": "壱", "二": "弐", "三": "参", "十": "拾"}
_HYPHENS = "-‐‑‒–—―−－ーｰ﹣─"
_WIDE_DIGITS = {48 + digit: 0xFF10 + digit for digit in range(10)}
_BLANKS = " 　\t\n\u00a0\u3000 "


def _groups(text: str) -> dict[str, tuple[str, ...]]:
    """Return by the first letter of each word the others, each with its variation selector."""
    return {word[0]: tuple(re.findall(".[\U000e0100-\U000e01ef]?", word[1:])) for word in text.split()}


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_OLD = _groups(
    "国國 沢澤 浜濱濵 桜櫻 辺邊邉 広廣 竜龍 高髙 崎﨑嵜 徳德 関關 塩鹽 滝瀧 島嶋嶌 真眞 栄榮 円圓 会會 "
    "学學 区區 県縣 郷鄕 楽樂 気氣 亀龜 旧舊 条條 静靜 浄淨 図圖 数數 総總 増增 蔵藏 台臺 鉄鐵 点點 灯燈 "
    "当當 稲稻 独獨 万萬 弥彌 与與 来來 頼賴 礼禮 湾灣 実實 寿壽 渋澁 焼燒 場塲 穂穗 瀬瀨 薮藪 館舘 野埜 "
    "富冨 峰峯 岳嶽 船舩 橋槗 淵渕 剣劍 黒黑 糸絲 釈釋 経經 恵惠 芦蘆 児兒 畑畠 吉𠮷 葛葛󠄀 辻辻󠄀 青靑 "
    "神\ufa19 福\ufa1b 海\ufa45 都\ufa26 横橫 緑綠 戸戶 歩步 黄黃 鴎鷗 杉杦 曽曾 砂沙 嶺峯 "
)
_CONFUSED = _groups(
    "町村街 島鳥 木本 本木 田由 大太 土士 原源 野里 山川 川河州 中仲 新親 東束 西酉 井丼 石右 丁庁 屋尾 "
    "坂阪 白臼 小少 千干 根恨 水氷 湊奏 春舂 "
)
_BUILDINGS = _words(
    "潮風荘 メゾン松原 コーポ岬 ハイツ若葉 グランドール港 第2青空ビル 第三若松ビル 県営松原団地 サンライズ潮見 "
    "プラザ21 三丁目ハイツ ﾒｿﾞﾝﾄﾞ青葉 ｺｰﾎﾟ田中 みなと平和マンション 市営住宅 Ｓｕｎハイム エスポワール一番館 四季の家 "
    "ロイヤルコート弐番館 潮見ビルヂング CasaMare シャルム2000 ヴィラ・ノヴァ 十字屋ビル"
)
_ROOMS = _words(
    "101 203号 305号室 ２０１号室 2F 3階 B-203 A棟101 1階102 3-405 壱号室 #202 Ｂ１０２ ３Ｆ-Ａ "
    "2棟504号 七〇一号室 東棟12"
)
_PEOPLE = ("田中方", "山田様方", "佐藤　様方", "（株）潮見商店内", "鈴木一郎様", "本田 方", "潮見荘内", "㈲みさき気付")
_BEHIND = _words("付近 先 地先 地内 ほか 他 外2筆 隣 の一部 （旧潮見小学校） 【仮】 ※要確認 内")
_NOTES = (
    " TEL 000-000-0000", "　電話（０００）０００－００００", " 2026年3月転入",
    " (2世帯)", "　集会所", "（1階）※3/4確認",
    " 岬小学校 体育館",
)  # fmt: skip
_NEIGHBOURS = {
    "30201": ("和歌山県海南市", "海南市", "和歌山県岩出市", "紀の川市", "大阪府泉南郡岬町", "大阪府阪南市", "有田市"),
    "13105": ("東京都豊島区", "新宿区", "東京都千代田区", "台東区", "東京都北区", "荒川区", "埼玉県さいたま市浦和区"),
    "46505": ("鹿児島県熊毛郡南種子町", "熊毛郡中種子町", "鹿児島県西之表市", "鹿児島市", "奄美市", "三島村"),
}


# -------------------------------------------------------------------------------------------------------------- habits


Habit = Callable[[Spelling, random.Random], None]


def _plain(made: Spelling, dice: random.Random) -> None:
    """As the office writes it; every second time with the numbers joined by hyphens."""
    if dice.random() < 0.5:
        _joined(made, "-")


def _joined(made: Spelling, sign: str) -> None:
    made.number, made.form = sign.join(made.digits), "bare"


def _with_chome(made: Spelling, sign: str, dice: random.Random) -> None:
    """Join 丁目 and numbers by one sign where there is a 丁目."""
    _joined(made, sign)
    if made.place.chome and dice.random() < 0.7:
        made.chome, made.chome_told = f"{made.place.chome}{sign}", False


def _omissions(made: Spelling, dice: random.Random) -> None:
    pref, county, city = made.front
    made.front = list(dice.choice((("", county, city), ("", "", city), (pref, "", city), ("", "", ""), ("", "", ""))))
    _plain(made, dice)


def _hyphens(made: Spelling, dice: random.Random) -> None:
    sign = dice.choice(_HYPHENS)
    _with_chome(made, sign, dice)
    if dice.random() < 0.2:
        made.number = made.number.replace(sign, f"{dice.choice(_HYPHENS)}")


def _no(made: Spelling, dice: random.Random) -> None:
    _with_chome(made, dice.choice("のノ之ﾉの"), dice)


def _kanji(made: Spelling, dice: random.Random) -> None:
    write = dice.choice((lambda digits: positional(int(digits)), digitwise))
    digits = [write(part) for part in made.digits]
    if dice.random() < 0.5:
        made.number, made.form = dice.choice("-ーの―").join(digits), "bare"
    elif made.place.kind == "dwelling":
        made.number = f"{digits[0]}番{digits[1]}号"
    else:
        made.number = "番地".join((digits[0], dice.choice(("", "の", "ノ")).join(["", *digits[1:]])))
    if dice.random() < 0.1:
        made.number = "".join(_FORMAL.get(sign, sign) for sign in made.number)


def _full_width(made: Spelling, dice: random.Random) -> None:
    _with_chome(made, "-", dice)
    if dice.random() < 0.4:
        made.tail = dice.choice(_BUILDINGS) + "101"
    made.text = "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in made.render())


def _half_kana(made: Spelling, dice: random.Random) -> None:
    _plain(made, dice)
    made.tail = dice.choice((" ", "")) + dice.choice(_BUILDINGS) + dice.choice(_ROOMS)
    made.text = "".join(_HALF.get(sign, sign) for sign in made.render())


def _half_width_kana() -> dict[str, str]:
    half = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)}
    for base, sign in tuple(half.items()):
        for mark, written in (("\u3099", "ﾞ"), ("\u309a", "ﾟ")):
            joined = unicodedata.normalize("NFC", base + mark)
            if len(joined) == 1:
                half[joined] = sign + written
    return half


_HALF = _half_width_kana()


def _spaces(made: Spelling, dice: random.Random) -> None:
    _plain(made, dice) if dice.random() < 0.5 else _with_chome(made, "-", dice)
    parts = made.segments()
    how = dice.random()
    if how < 0.5:
        made.text = parts[0] + "".join(dice.choice(("", *_BLANKS)) + part for part in parts[1:])
    elif how < 0.7:
        made.text = "".join(parts).replace("-", " - ").replace("番", "番 ")
    elif how < 0.85:
        cut = dice.randrange(1, len(made.oaza)) if len(made.oaza) > 1 else 0
        made.oaza = made.oaza[:cut] + dice.choice(_BLANKS) + made.oaza[cut:]
    else:
        made.text = (
            dice.choice(_BLANKS) + dice.choice(("", "\u200b", "\ufeff")) + "".join(parts) + dice.choice(_BLANKS) * 2
        )


def _old_letters(made: Spelling, dice: random.Random) -> None:
    _plain(made, dice)
    made.oaza = _aged(made.oaza, dice)
    if made.oaza == made.place.oaza or dice.random() < 0.2:
        made.front = [_aged(part, dice) for part in made.front]
    if dice.random() < 0.3:
        made.koaza = _aged(made.koaza, dice)


def _aged(text: str, dice: random.Random) -> str:
    return "".join(dice.choice((*_OLD[sign], sign)) if sign in _OLD else sign for sign in text)


def _small_letters(made: Spelling, dice: random.Random) -> None:
    """ヶ, ノ, ツ and the like: the letter that nobody knows how to write."""
    _plain(made, dice)
    groups = ("ヶケがガヶケが箇ヵカ", "ノの之ノの之ノの之ﾉ乃", "ツッっつ", "エヱゑ")
    written = ""
    for sign in made.oaza:
        group = next((group for group in groups if sign in group[:4]), sign)
        written += dice.choice(group)
    made.oaza = written


def _chome_forms(made: Spelling, dice: random.Random) -> None:
    _plain(made, dice)
    chome = made.place.chome
    if not chome:
        return
    formal = "".join(_FORMAL.get(sign, sign) for sign in positional(chome))
    wide = str(chome).translate(_WIDE_DIGITS)
    forms = (
        f"{chome}丁目",
        f"{wide}丁目",
        f"{formal}丁目",
        f"{chome}丁",
        f"{wide}ー",
        f"{chome} 丁目",
        f"{chome}町目",
        f"{chome}丁目-",
    )
    made.chome = dice.choice(forms)
    made.chome_told = "丁" in made.chome or "町" in made.chome
    if not made.chome_told:
        _joined(made, "-")


def _oaza_words(made: Spelling, dice: random.Random) -> None:
    _plain(made, dice)
    made.oaza = dice.choice(("大字", "字", "大字")) + made.oaza
    if made.koaza:
        made.koaza = dice.choice((made.koaza.removeprefix("字"), "小字" + made.koaza.removeprefix("字"), made.koaza))


def _number_words(made: Spelling, dice: random.Random) -> None:
    first, *others = made.digits
    if made.place.kind == "dwelling":
        forms = (
            f"{first}番の{others[0]}",
            f"{first}番{others[0]}",
            f"{first}番-{others[0]}号",
            f"{first}番{others[0]}号",
            f"{first}-{others[0]}号",
        )
        made.number = dice.choice(forms)
        made.form = "dwelling" if made.number.endswith(f"番{others[0]}号") else "bare"
        return
    if not others:
        made.number, made.form = dice.choice(
            ((f"{first}番地", "lot"), (f"{first}番", "bare"), (f"{first}番戸", "bare"), (first, "bare"))
        )
        return
    rest = "の".join(others)
    words = ("番地の", "番地ノ", "番地-", "番地", "番地之", "番の", "番")
    word = dice.choice(words)
    made.number = f"{first}{word}{rest}" + ("号" if word.startswith("番地") and dice.random() < 0.2 else "")
    made.form = "lot" if "番地" in word else "bare"


def _rooms(made: Spelling, dice: random.Random) -> None:
    if len(made.digits) > 1 and dice.random() < 0.4:
        _with_chome(made, "-", dice)
        made.tail = f"-{dice.randrange(1, 13)}{dice.randrange(1, 20):02d}" + dice.choice(
            ("", "号", "号室", "　潮風荘", "ハイツ若葉")
        )
        return
    _plain(made, dice)
    made.tail = dice.choice((" ", "　", "　")) + dice.choice(_ROOMS)


def _buildings(made: Spelling, dice: random.Random) -> None:
    _plain(made, dice) if dice.random() < 0.5 else _with_chome(made, "-", dice)
    made.tail = (
        dice.choice((" ", "　", "", ""))
        + dice.choice(_BUILDINGS)
        + dice.choice(("", " ", "　"))
        + dice.choice(("", *_ROOMS))
    )


def _care_of(made: Spelling, dice: random.Random) -> None:
    _plain(made, dice)
    made.tail = dice.choice((" ", "　", "")) + dice.choice(_PEOPLE)


def _postal(made: Spelling, dice: random.Random) -> None:
    _plain(made, dice)
    code = made.place.postal
    forms = (
        f"〒{code[:3]}-{code[3:]} ",
        f"{code[:3]}-{code[3:]}　",
        f"〒{code}",
        f"({code[:3]}-{code[3:]})",
        f"〒 {code[:3]}－{code[3:]} ",
    )
    made.lead = dice.choice(forms)
    if dice.random() < 0.2:
        made.lead = made.lead.translate(_WIDE_DIGITS)


def _brackets(made: Spelling, dice: random.Random) -> None:
    _plain(made, dice)
    how = dice.random()
    if how < 0.3:
        made.tail = dice.choice(("（潮風荘２０１）", "(ハイツ若葉)", "［仮設］", "「岬」"))
    elif how < 0.5:
        made.number = dice.choice(("({})", "（{}）")).format(made.number)
    elif how < 0.7:
        made.text = dice.choice(("「{}」", "'{}", '"{}"', "住所：{}", "所在地 {}")).format(made.render())
    else:
        made.oaza = dice.choice((",", "、", "，", " / ")) + made.oaza


def _zeros(made: Spelling, dice: random.Random) -> None:
    """As old systems export it."""
    width = dice.choice((3, 4, 5))
    digits = [part.zfill(width) for part in made.digits]
    if made.place.kind == "dwelling" and dice.random() < 0.5:
        made.number, made.form = f"{digits[0]}番{digits[1]}号", "dwelling"
    else:
        made.number, made.form = "-".join(digits), "bare"


def _behind(made: Spelling, dice: random.Random) -> None:
    _plain(made, dice)
    made.tail = dice.choice(_BEHIND)


def _notes(made: Spelling, dice: random.Random) -> None:
    _plain(made, dice)
    made.tail = dice.choice(_NOTES)


def _doubled(made: Spelling, dice: random.Random) -> None:
    """Write the city as a sheet does that has it in one column and again in the next."""
    _plain(made, dice)
    pref, county, city = made.front
    made.front = dice.choice(
        ([pref, county, city, " ", city], [pref, pref, county, city], [city, " ", pref, county, city])
    )


def _koaza_left_out(made: Spelling, dice: random.Random) -> None:
    _plain(made, dice)
    made.koaza = ""


def _mixed(made: Spelling, dice: random.Random) -> None:
    """Two to four habits at once, in an order in which they can meet."""
    dice.choice((_hyphens, _no, _kanji, _number_words, _chome_forms, _plain))(made, dice)
    if dice.random() < 0.5:
        keep = dice.randrange(3)
        made.front = [part if at >= keep else "" for at, part in enumerate(made.front)]
    if dice.random() < 0.3:
        made.oaza = _aged(made.oaza, dice)
    if dice.random() < 0.3:
        made.lead = f"〒{made.place.postal[:3]}-{made.place.postal[3:]} " if made.place.postal else ""
    if dice.random() < 0.5:
        made.tail = dice.choice((" ", "　")) + dice.choice((*_BUILDINGS, *_PEOPLE)) + dice.choice(("", *_ROOMS))
    if dice.random() < 0.4:
        made.text = dice.choice((" ", "　")).join(made.segments())
    if dice.random() < 0.3:
        made.text = made.render().translate(_WIDE_DIGITS)


# -------------------------------------------------------------------------------- habits that do not tell all


def _block_only(made: Spelling, _: random.Random) -> None:
    made.number = f"{made.digits[0]}番"
    made.digits, made.form = made.digits[:1], "block"


def _town_only(made: Spelling, dice: random.Random) -> None:
    made.number, made.digits = dice.choice(("", "", "地内", "番地なし", "無番地", "付近", "以下不明")), ()
    if made.oaza + made.number in made.registry.oazas - {made.oaza}:
        raise _NotSoError


def _branch_cut(made: Spelling, dice: random.Random) -> None:
    first = made.digits[0]
    place = made.place
    if made.registry.readings(place.oaza, place.chome, (first,), "lot"):
        raise _NotSoError
    made.digits = (first,)
    made.number = dice.choice((f"{first}番地", f"{first}番地他"))


def _not_there(made: Spelling, dice: random.Random) -> None:
    place, first = made.place, made.digits[0]
    branch, block, lot = dice.randrange(1, 400), dice.randrange(1, 9000), dice.randrange(1, 9999)
    digits = dice.choice(((first, str(branch)), (str(block), str(branch % 60 + 1)), (str(lot),)))
    if any(made.registry.holds(place.oaza, chome, digits) for chome in (place.chome, 0)):
        raise _NotSoError
    made.digits = digits
    _joined(made, "-")
    if dice.random() < 0.4:
        made.number = "番地".join((digits[0], "の".join(digits[1:])))
    if dice.random() < 0.3:
        made.tail = dice.choice(("　", "")) + dice.choice(_BUILDINGS)


def _wrong_chome(made: Spelling, dice: random.Random) -> None:
    chomes = made.registry.chomes.get(made.place.oaza)
    if not chomes:
        raise _NotSoError
    wrong = max(chomes) + dice.randrange(1, 5)
    made.chome = dice.choice((f"{positional(wrong)}丁目", f"{wrong}丁目"))
    _plain(made, dice)


def _typo(made: Spelling, dice: random.Random) -> None:
    oaza, at = made.place.oaza, dice.randrange(len(made.place.oaza))
    how = dice.random()
    if how < 0.3 and len(oaza) > 2:
        wrong = oaza[:at] + oaza[at + 1 :]
    elif how < 0.5 and len(oaza) > 2 and at:
        wrong = oaza[: at - 1] + oaza[at] + oaza[at - 1] + oaza[at + 1 :]
    else:
        wrong = oaza[:at] + dice.choice(_CONFUSED.get(oaza[at], "々")) + oaza[at + 1 :]
    if wrong in made.registry.oazas or wrong == oaza:
        raise _NotSoError
    made.oaza = wrong
    _plain(made, dice)


def _neighbour(made: Spelling, dice: random.Random) -> None:
    made.front = [dice.choice(_NEIGHBOURS[made.place.municipality])]
    _plain(made, dice)


def _wrong_word(made: Spelling, _: random.Random) -> None:
    """番地 for a 住居表示, 番…号 for a 地番: the letters say one thing and mean another."""
    if len(made.digits) != 2:
        raise _NotSoError
    first, second = made.digits
    made.number = f"{first}番地{second}" if made.place.kind == "dwelling" else f"{first}番{second}号"


def _date(made: Spelling, dice: random.Random) -> None:
    """Write the numbers as a spreadsheet does that took them for a date."""
    month, day = _month_and_day(made.place)
    made.chome, made.chome_told = "", False
    made.number = dice.choice((f"{month}月{day}日", f"2026/{month}/{day}", f"{month:02d}/{day:02d}"))


def _month_and_day(place: Place) -> tuple[int, int]:
    numbers = [*([place.chome] if place.chome else []), *map(int, place.number), 99]
    return numbers[0], numbers[1]


def _like_a_date(place: Place) -> bool:
    month, day = _month_and_day(place)
    return 1 <= month <= 12 and 1 <= day <= 28


def _several(made: Spelling, dice: random.Random) -> None:
    _plain(made, dice)
    made.tail = (
        dice.choice(("、", "・", "～", "及び", "，"))
        + str(int(made.digits[-1]) + 2)
        + ("号" if made.number.endswith("号") else "")
    )


class _NotSoError(Exception):
    """A habit does not fit this place."""


@dataclass(frozen=True)
class Rule:
    """How often a habit is drawn, of which kinds of places, and what must come of it."""

    write: Habit
    share: int
    expect: str = "number"
    kinds: tuple[str, ...] = ("dwelling", "lot")
    needs: Callable[[Place], bool] = lambda _: True


def _has_branch(place: Place) -> bool:
    return len(place.number) > 1


#: Every habit by name; shares are parts of their sum.
HABITS = {
    "plain": Rule(_plain, 110),
    "omissions": Rule(_omissions, 90),
    "hyphens": Rule(_hyphens, 100),
    "no": Rule(_no, 50, needs=_has_branch),
    "kanji numbers": Rule(_kanji, 60),
    "full width": Rule(_full_width, 60),
    "half-width kana": Rule(_half_kana, 25),
    "spaces": Rule(_spaces, 80),
    "old letters": Rule(_old_letters, 50, needs=lambda place: any(sign in _OLD for sign in place.oaza)),
    "small letters": Rule(
        _small_letters, 30, needs=lambda place: any(sign in "ヶケがガノの之ツッエ" for sign in place.oaza)
    ),
    "chome forms": Rule(_chome_forms, 50, needs=lambda place: bool(place.chome)),
    "oaza words": Rule(_oaza_words, 30, kinds=("lot",), needs=lambda place: not place.chome),
    "number words": Rule(_number_words, 60),
    "rooms": Rule(_rooms, 70),
    "buildings": Rule(_buildings, 70),
    "care of": Rule(_care_of, 20),
    "postal code": Rule(_postal, 30, needs=lambda place: len(place.postal) == 7),
    "brackets": Rule(_brackets, 15),
    "zeros": Rule(_zeros, 15),
    "behind": Rule(_behind, 20),
    "notes": Rule(_notes, 15),
    "city twice": Rule(_doubled, 10),
    "koaza left out": Rule(_koaza_left_out, 10, kinds=("lot",), needs=lambda place: bool(place.koaza)),
    "mixed": Rule(_mixed, 80),
    "no point known": Rule(_plain, 30, "town", kinds=("unpointed",)),
    "block only": Rule(_block_only, 20, "block", kinds=("dwelling",)),
    "town only": Rule(_town_only, 15, "town"),
    "branch cut": Rule(_branch_cut, 15, "not number", kinds=("lot",), needs=_has_branch),
    "not there": Rule(_not_there, 35, "not number"),
    "wrong chome": Rule(_wrong_chome, 15, "not number", needs=lambda place: bool(place.chome)),
    "date": Rule(_date, 5, "not number", needs=_like_a_date),
    "typo": Rule(_typo, 20, "any"),
    "neighbour": Rule(_neighbour, 15, "refused"),
    "wrong word": Rule(_wrong_word, 10, "any", needs=_has_branch),
    "several": Rule(_several, 10, "any"),
}

COLUMNS = ("address", "habit", "expect", "kind", "town", "oaza", "chome", "koaza", "lon", "lat", "ambiguous")


def write(registry: Registry, count: int, *, seed: int, habits: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Write `count` addresses of a municipality.

    Returns
    -------
    pandas.DataFrame
        Columns as in `COLUMNS`; `lon` and `lat` in degrees (EPSG:6668), NaN where the registry has no point.
    """
    dice = random.Random(f"{seed}-{registry.municipality}")  # noqa: S311
    rules = {name: rule for name, rule in HABITS.items() if habits is None or name in habits}
    pools = {name: _pool(registry, rule) for name, rule in rules.items()}
    drawn = [name for name in rules if pools[name]]
    names = dice.choices(drawn, weights=[rules[name].share for name in drawn], k=count)
    rows = [_one(registry, name, rules[name], pools[name], dice) for name in names]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _pool(registry: Registry, rule: Rule) -> list[Place]:
    return [place for kind in rule.kinds for place in registry.by_kind.get(kind, ()) if rule.needs(place)]


def _one(registry: Registry, name: str, rule: Rule, pool: list[Place], dice: random.Random) -> tuple[object, ...]:
    for _ in range(200):
        place = dice.choice(pool)
        made = Spelling.official(place, registry)
        try:
            rule.write(made, dice)
        except _NotSoError:
            continue
        text = made.render()
        ambiguous = rule.expect == "number" and made.ambiguous
        where = (place.town, place.oaza, place.chome, place.koaza, place.lon, place.lat)
        return text, name, rule.expect, place.kind, *where, ambiguous
    raise RuntimeError(f"no place of {registry.municipality} fits the habit {name}")
