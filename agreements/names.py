"""Names as people write them: whether two are one person's, and whether a text says anything at all.

What looks blank is blank, and what looks the same is the same: a rule of two persons that a filler character or a
katakana ニ in place of 二 could pass would be none.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import pyarrow as pa

from geo.address import fold_name

#: Letters by their category that nobody sees: the fillers of Hangul. (U+2800, the blank of braille, is a symbol.)
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
#: Small letters that look like those of another script, and in the second row what they are taken for: katakana for
#: kanji, hiragana for katakana, Cyrillic and Greek for Latin, an old form of a kanji.
_LOOKALIKES = str.maketrans(
    "ニロカタエトハーへべぺりаеорсхуіјѕαορνι郞",
    "二口力夕工卜八一ヘベペリaeopcxyijsaopvi郎",
)
_REMARK = re.compile(r"[(（\[［【〔〈].*", re.DOTALL)


def is_blank(text: str) -> bool:
    """Whether a reader sees nothing: blanks, signs without a shape, fillers."""
    return not any(_seen(sign) for sign in text)


def hidden_signs(text: str) -> tuple[str, ...]:
    """Return the signs of a text that no reader sees or that turn the text around (``U+200B``), each once.

    Line breaks and tabs are seen by what they do; variation selectors (異体字セレクタ) choose how a kanji is written.
    """
    found = (sign for sign in text if sign in _FILLERS or (_hides(sign) and sign not in "\n\r\t"))
    return tuple(dict.fromkeys(f"U+{ord(sign):04X}" for sign in found))


def same_person(name: str, others: Iterable[str]) -> bool:
    """Tell whether a name is one of the others, however it is written.

    Blanks, width, case, variant kanji, punctuation, signs that nobody sees, letters that look the same and a remark in
    brackets make no other person. A name in kana and the same in kanji cannot be told to be one.
    """
    first, *rest = (name_key(one) or one for one in (name, *others))
    return first in rest


@lru_cache(maxsize=1024)
def name_key(name: str) -> str:
    """Return what a name is compared by; "" for one that says nothing."""
    (folded,) = fold_name(pa.array([_REMARK.sub("", name) or name], pa.string())).to_pylist()
    letters = (sign for sign in folded.casefold() if unicodedata.category(sign)[0] in "LN" and sign not in _FILLERS)
    return "".join(letters).translate(_LOOKALIKES)


def _seen(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LNPS" and sign not in _FILLERS and sign != "\u2800"


def _hides(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")
