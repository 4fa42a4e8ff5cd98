"""Which choice of a coded column a word of a file means, where that is certain; everything else is left to a clerk."""

import re
from collections.abc import Mapping

import pyarrow as pa

from disaster.bareword import bare_word
from disaster.layouts.document import UNSAID
from disaster.models import Field
from disaster.schemas.parse import parse

#: Columns that say how things stand now. A word in the name of the file says nothing of any row, and half a word of a
#: cell may turn it round (開設予定, 徒歩のみ通行可).
STATES = frozenset({"opening_status", "passable", "status", "state", "legal_state"})
#: Words of offices that mean a choice and nothing else.
_SYNONYMS: Mapping[str, Mapping[str, str]] = {
    "opening_status": {
        **dict.fromkeys(("開設", "開設中", "開所", "開所中", "開"), "open"),
        **dict.fromkeys(("閉鎖", "閉鎖中", "閉鎖済", "閉鎖済み", "閉所", "閉所済", "閉所済み", "閉"), "closed"),
        **dict.fromkeys(("未開設", "未開所"), "not_open"),
    },
}
#: What turns a label round, puts it off or takes part of it back.
_HEDGED = re.compile(
    r"[未非不無否外除元旧前後兼仮?△▲×]|ない|なし|せず|予定|準備|候補|検討|見込|解除|終了|廃止|中止|又は|または"
)


def meaning(item: Field, word: str) -> str:
    """Return the code of the choice that a word of a file gives for certain, else ``UNSAID``.

    Certain are what ``check`` would read as it stands, a synonym, and a word with the label of one choice in it, of no
    other and without anything that could turn it round: 市指定避難所, but not 指定避難所以外.

    Parameters
    ----------
    item
        A column of coded values.
    word
        A cell of the file.
    """
    read = parse(item.column, pa.array([word], pa.string()), units=item.units).values[0].as_py()
    if read is not None:
        return str(read)
    bare = bare_word(word)
    if bare in _SYNONYMS.get(item.name, {}):
        return _SYNONYMS[item.name][bare]
    if item.name in STATES:
        return UNSAID
    within = [code for code, label in item.column.choices.items() if bare_word(label) in bare]
    return within[0] if len(within) == 1 and _tells(bare_word(item.column.choices[within[0]]), bare) else UNSAID


def _tells(label: str, word: str) -> bool:
    """Whether a label means within a word what it means alone; of 0.5m未満 within 10.5m未満 nobody knows."""
    return len(label) >= 2 and not re.search(r"\d", label) and not _HEDGED.search(word.replace(label, "", 1))
