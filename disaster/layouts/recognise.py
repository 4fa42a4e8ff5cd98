"""Tell by its headings which layout a file has."""

from collections.abc import Iterable

from disaster.errors import IngestError
from disaster.layouts.model import GEOMETRY, Layout, fold_heading
from disaster.layouts.registry import all_layouts
from disaster.models import NOUNS

#: Headings shown in a sentence; the rest is counted.
_SHOWN = 12


def recognise(kind: str, columns: Iterable[str], *, file: str = "") -> Layout:
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

    Raises
    ------
    IngestError
        ``disaster.unknown_kind``; ``disaster.other_kind`` if the headings fit another kind better;
        ``disaster.unknown_layout`` with the headings found, the nearest layout and what it misses.
    """
    if kind not in NOUNS:
        raise IngestError("disaster.unknown_kind", kind=kind, kinds="、".join(NOUNS))
    headings = list(columns)
    found = frozenset(fold_heading(name) for name in headings)
    fitting = [layout for layout in all_layouts() if _fits(layout, found, file)]
    best = max((layout for layout in fitting if layout.kind == kind), key=lambda one: one.matched(found), default=None)
    other = max((layout for layout in fitting if layout.kind != kind), key=lambda one: one.matched(found), default=None)
    if other and (best is None or other.matched(found) > best.matched(found)):
        raise IngestError(
            "disaster.other_kind", file=file, said=_named(kind), looks=_named(other.kind), layout=other.title
        )
    if best is None:
        raise _unknown(kind, headings, found, file)
    return best


def _fits(layout: Layout, found: frozenset[str], file: str) -> bool:
    return not layout.missing(found) and layout.file_contains in file


def _named(kind: str) -> str:
    return f"{NOUNS[kind].title}（{kind}）"


def _unknown(kind: str, headings: list[str], found: frozenset[str], file: str) -> IngestError:
    """Say which layout came nearest and what it lacks."""
    of_kind = [layout for layout in all_layouts() if layout.kind == kind and layout.file_contains in file]
    nearest = min(of_kind, key=lambda one: (len(one.missing(found)), -one.matched(found)))
    names = [name.strip() for name in headings if name != GEOMETRY]
    return IngestError(
        "disaster.unknown_layout",
        file=file,
        kind=_named(kind),
        found="、".join(names[:_SHOWN]) + (f" ほか{len(names) - _SHOWN}列" if len(names) > _SHOWN else ""),
        nearest=nearest.title,
        missing="、".join("図形（geometry）" if name == GEOMETRY else name for name in nearest.missing(found)),
    )
