"""Tell by its headings which layout a file has."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from disaster.commands import command
from disaster.errors import IngestError
from disaster.layouts.model import GEOMETRY, Layout, fold_heading
from disaster.layouts.registry import all_layouts
from disaster.models import FORWARDING, INQUIRIES, NOUNS, PROTECTION, kinds_in_words

#: Lists of people that a file becomes only where the user says so. 氏名 stands above any list of names, and taken for
#: the people under protection it would hide everyone in it from those who look for them.
ONLY_WHEN_NAMED = frozenset({PROTECTION.kind, FORWARDING.kind, INQUIRIES.kind})
#: Headings of lists of people, whatever else such a list is called.
PEOPLE = re.compile("氏名|世帯主|受取人|続柄|生年月日|性別|^年齢|要介護度|障害等級|個人番号|住民番号|^姓$")
#: Headings shown in a sentence; the rest is counted.
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Candidate:
    """A layout that a file may have; `matched` counts its headings in the file, `missing` are those it lacks."""

    kind: str
    layout: Layout
    matched: int
    missing: tuple[str, ...]


def recognise_any(columns: Iterable[str], *, file: str = "") -> tuple[Candidate, ...]:
    """Return the layouts of all kinds that a file may have, the likeliest first: first those that lack nothing.

    Layouts that know none of the headings are left out. The lists of `ONLY_WHEN_NAMED` are among them: whoever asks
    whether a file may hold people must hear of them, and nobody may propose them.

    Parameters
    ----------
    columns, file
        As in `recognise`.
    """
    found = frozenset(fold_heading(name) for name in columns)
    named = [layout for layout in all_layouts() if layout.file_contains in file]
    every = [Candidate(one.kind, one, one.matched(found), one.missing(found)) for one in named]
    known = [one for one in every if one.matched and not (one.layout.width and one.missing)]
    return tuple(sorted(known, key=_likeliest))


def rank(layout: Layout, matched: int) -> tuple[int, bool]:
    """Return what orders layouts that fit, the likeliest first; `matched` headings of the file are known to it.

    The heading by which a layout picks only some of the rows is no reason to take it for the whole.
    """
    some = layout.where is not None
    return some - matched, some


def _likeliest(one: Candidate) -> tuple[bool, int, bool, int, str]:
    return bool(one.missing), *rank(one.layout, one.matched), len(one.missing), one.layout.id


def recognise(kind: str, columns: Iterable[str], *, file: str = "", path: Path | None = None) -> Layout:
    """Return the layout that explains most of a file's headings.

    Order, width of letters and spaces of the headings do not matter. The file's name matters only to layouts whose
    headings could be anybody's (`Layout.file_contains`).

    Parameters
    ----------
    kind
        What the file is said to hold: a key of ``disaster.models.NOUNS``.
    columns
        Headings as found, with ``geometry`` if the file has any.
    file
        Name of the file without ending.
    path
        The file as the user named it, for the command to go on with.

    Raises
    ------
    IngestError
        ``disaster.unknown_kind``; ``disaster.other_kind`` if the headings fit another kind better;
        ``disaster.unknown_layout`` with the headings found, the nearest layout and what it misses.
    """
    if kind not in NOUNS:
        raise IngestError("disaster.unknown_kind", kind=kind, kinds=kinds_in_words(NOUNS))
    headings = list(columns)
    found = frozenset(fold_heading(name) for name in headings)
    fitting = [layout for layout in all_layouts() if _fits(layout, found, file)]
    best = max((layout for layout in fitting if layout.kind == kind), key=lambda one: one.matched(found), default=None)
    other = max(
        (layout for layout in fitting if layout.kind != kind and _tells(layout, found)),
        key=lambda one: one.matched(found),
        default=None,
    )
    if other and (best is None or other.matched(found) > best.matched(found)):
        raise IngestError(
            "disaster.other_kind",
            file=file,
            said=_named(kind),
            looks=_named(other.kind),
            layout=other.title,
            command=_map(kind, file, path),
        )
    if best is None:
        raise _unknown(kind, headings, found, file, path)
    return best


def other_reading(kind: str, columns: Iterable[str], *, file: str = "") -> Layout | None:
    """Return the layout of another kind that would take all rows of a file of which `kind` sets some aside.

    None where the headings are not plainly those of one (`_tells`), or where the other kind points at homes or people.
    """
    headings = list(columns)
    found = frozenset(fold_heading(name) for name in headings)
    fitting = (one for one in recognise_any(headings, file=file) if not one.missing and one.kind != kind)
    open_kinds = (one.layout for one in fitting if not NOUNS[one.kind].personal)
    return next((layout for layout in open_kinds if _tells(layout, found)), None)


def _tells(layout: Layout, found: frozenset[str]) -> bool:
    """Whether headings that fit a layout of another kind speak for that kind.

    Not those of a list that only the user names, of a table without headings, or of a layout by which each row decides
    (`where`); and not two or three that any list has (ID, 名称): more than half of the file's own must be known.
    """
    if layout.kind in ONLY_WHEN_NAMED or layout.width or layout.where:
        return False
    return 2 * layout.matched(found) > len(found)


def _fits(layout: Layout, found: frozenset[str], file: str) -> bool:
    return not layout.missing(found) and layout.file_contains in file


def _named(kind: str) -> str:
    return f"{NOUNS[kind].title}（{kind}）"


def _map(kind: str, file: str, path: Path | None) -> str:
    """Return the command that proposes how to read the file as what it is said to be."""
    return command("map", path or Path(file), "--kind", kind)


def _unknown(kind: str, headings: list[str], found: frozenset[str], file: str, path: Path | None) -> IngestError:
    """Say which layout came nearest, what it lacks, and how to go on."""
    of_kind = [layout for layout in all_layouts() if layout.kind == kind and layout.file_contains in file]
    known = [layout for layout in of_kind if layout.matched(found)]  # where none is near, our own words are the answer
    near = known or [layout for layout in of_kind if layout.own]
    nearest = min(near, key=lambda one: (one.width > 0, len(one.missing(found)), -one.matched(found)))
    names = [name.strip() for name in headings if name != GEOMETRY]
    return IngestError(
        "disaster.unknown_layout",
        file=file,
        kind=_named(kind),
        found="、".join(names[:_SHOWN]) + (f" ほか{len(names) - _SHOWN}列" if len(names) > _SHOWN else ""),
        nearest=nearest.title,
        missing="、".join("図形（geometry）" if name == GEOMETRY else name for name in nearest.missing(found)),
        command=_map(kind, file, path),
    )
