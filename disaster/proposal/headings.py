"""How near a heading comes to what a column is called: by the words that are known for it, and by similar ones."""

import re
from collections.abc import Mapping
from functools import cache

from rapidfuzz import fuzz

from disaster.layouts import all_layouts
from disaster.layouts.model import PLACE_HEADINGS, fold_heading
from disaster.models import NOUNS

#: Points of a heading: the known word itself, the word of another layout, with an addition, ending in it, similar.
SAME, OTHERS, ADDED, ENDING, SIMILAR = 100, 95, 90, 85, 60
#: From here on a heading tells by itself what its column is.
TELLS = ENDING
#: rapidfuzz's share of equal letters from which two headings are called similar: a suggestion, never more.
_SIMILAR_RATIO = 75.0
_IN_BRACKETS = re.compile(r"[(\[〔【「].*?[)\]〕】」]")
_AROUND = re.compile(r"^[_\s.:・※*]+|[_\s.:・※*]+$")


@cache
def known_words(kind: str) -> Mapping[str, Mapping[str, int]]:
    """Return for each column of a kind the folded headings that are known for it, with their points."""
    noun = NOUNS[kind]
    words: dict[str, dict[str, int]] = {item.name: {} for item in noun.fields}
    words |= {name: {fold_heading(one): SAME for one in headings} for name, headings in PLACE_HEADINGS.items()}
    for layout in all_layouts():
        own = layout.id == f"tayori-{kind}"
        for name, value in layout.columns.items() if layout.kind == kind else ():
            for heading in value.sources:
                points = words[name].setdefault(fold_heading(heading), OTHERS)
                words[name][fold_heading(heading)] = max(points, SAME if own else OTHERS)
    return words


def points(heading: str, words: Mapping[str, int]) -> int:
    """Return how sure a heading names a column: 0 to `SAME`.

    Parameters
    ----------
    heading
        As found.
    words
        Known headings of the column, folded, with their points.
    """
    folded = fold_heading(heading)
    if folded in words:
        return words[folded]
    bare = _bare(folded)
    if bare in words:
        return ADDED
    if any(len(word) >= 2 and bare.endswith(word) for word in words) or bare.partition("_")[0] in words:
        return ENDING
    similar = any(len(word) >= 3 and fuzz.ratio(bare, word) >= _SIMILAR_RATIO for word in words)
    return SIMILAR if similar else 0


def _bare(folded: str) -> str:
    """Return a heading without what is put in brackets or hung on by an export."""
    return _AROUND.sub("", _IN_BRACKETS.sub("", folded)) or folded
