"""A layout that the user gives for files that no layout knows: ``--mapping FILE.toml``.

The language is that of ``disaster.layouts``, and a table ``[read]`` may say what a file does not tell of itself: the
same options as on the command line, which go before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from disaster.errors import IngestError, LayoutError
from disaster.layouts import Layout, parse_layout
from disaster.layouts.convert import Canonical
from disaster.layouts.document import MAX_CHARACTERS, line_of, load
from disaster.layouts.model import GEOMETRY, fold_heading
from disaster.layouts.recognise import PEOPLE
from disaster.models import Noun
from disaster.schemas.rules import SECRET
from disaster.smalltext import read_small
from geo.faults import Fault
from geo.read.model import Note, rows_text

#: What ``[read]`` may say, and of which type.
READ_KEYS: Mapping[str, type] = {"encoding": str, "crs": str, "part": str, "accept_inaccurate": bool}
#: Series of files that a mapping reads are named by its title, so that two mappings do not displace each other.
_SERIES = "mapping-"
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class FileMapping:
    """A layout of the user's own and what it says about reading the file."""

    layout: Layout
    reading: Mapping[str, Any] = field(default_factory=dict)


def load_mapping(path: Path) -> FileMapping:
    """Read a mapping.

    Raises
    ------
    IngestError
        ``disaster.mapping_unreadable`` if there is no such text in UTF-8.
    LayoutError
        ``disaster.bad_layout`` with everything that is wrong in it and where.
    """
    try:
        text = read_small(path, limit=4 * MAX_CHARACTERS)
    except (OSError, ValueError) as error:
        raise IngestError("disaster.mapping_unreadable", file=path.name) from error
    return parse_mapping(text, name=path.name)


def parse_mapping(text: str, *, name: str) -> FileMapping:
    """Read a mapping from its text; `name` is what faults call it."""
    data = load(text, layout_id=name)
    faults = _read_faults(data.get("read", {}), text)
    try:
        layout = parse_layout(text, layout_id=name, besides=("read",))
    except LayoutError as error:
        raise LayoutError("disaster.bad_layout", [*error.faults.kept, *faults], layout=name) from error
    if faults:
        raise LayoutError("disaster.bad_layout", faults, layout=name)
    return FileMapping(_named(layout), dict(data.get("read", {})))


def require_fit(layout: Layout, noun: Noun, headings: Sequence[str], *, file: str) -> None:
    """Refuse a mapping of another kind, or one that needs headings which the file does not have.

    Parameters
    ----------
    layout
        The mapping's.
    noun
        What the file is said to hold.
    headings
        Of the file, with ``geometry`` if it has any.
    file
        Its name.

    Raises
    ------
    IngestError
        ``disaster.mapping_of_other_kind`` or ``disaster.mapping_does_not_fit``; ``disaster.mapping_of_people`` if it
        reads what is told of persons into a kind that can be published.
    """
    if layout.kind != noun.kind:
        raise IngestError("disaster.mapping_of_other_kind", mapping=layout.title, kind=layout.kind, said=noun.kind)
    people = _of_people(layout, noun)
    if people:
        headed = "、".join(people)
        raise IngestError("disaster.mapping_of_people", mapping=layout.title, headings=headed, kind=noun.kind)
    missing = layout.missing(frozenset(fold_heading(name) for name in headings))
    if missing:
        names = [name.strip() for name in headings if name != GEOMETRY]
        raise IngestError(
            "disaster.mapping_does_not_fit",
            file=file,
            mapping=layout.title,
            missing="、".join(missing),
            found="、".join(names[:_SHOWN]) + ("、…" if len(names) > _SHOWN else ""),
        )


def not_read(canonical: Canonical, numbers: npt.NDArray[np.int64] | None) -> tuple[Note, ...]:
    """Return the remarks on columns that hold something and were not read, or only one of two that disagree.

    Parameters
    ----------
    canonical
        The file's rows.
    numbers
        For each row of the file the number at which a person finds it, where that is another.
    """
    notes: list[Note] = []
    for one in canonical.said:
        rows = one.rows if numbers is None else numbers[one.rows - 1]
        if len(rows):
            notes.append((one.code, {"column": one.column, "count": len(rows), "rows": rows_text(rows.tolist())}))
    others = tuple(name for name in canonical.unread if name not in canonical.positions)
    if canonical.positions:
        notes.append(("disaster.positions_not_read", {"headings": "、".join(canonical.positions)}))
    if others:
        shown = "、".join(others[:_SHOWN]) + ("、…" if len(others) > _SHOWN else "")
        notes.append(("disaster.columns_not_read", {"count": len(others), "headings": shown}))
    return tuple(notes)


def absent_headings(layout: Layout, headings: Sequence[str]) -> tuple[Note, ...]:
    """Return a remark on columns that a mapping names and the file does not have: a slip, or an older file."""
    if not layout.id.startswith(_SERIES):
        return ()
    found = frozenset(fold_heading(name) for name in headings)
    absent = [name for value in layout.columns.values() if value.sources for name in value.missing(found)]
    absent = [name for name in absent if name not in ("経度", "緯度")]  # looked for in any file, needed in none
    return (("disaster.mapping_headings_absent", {"headings": "、".join(absent)}),) if absent else ()


def _of_people(layout: Layout, noun: Noun) -> tuple[str, ...]:
    """Return headings about persons that would be read into columns which anybody may see."""
    open_columns = {item.name for item in noun.fields if item.column.sensitivity not in SECRET}
    values = [value for name, value in layout.columns.items() if name in open_columns]
    headings = [heading for value in values for heading in value.headings if PEOPLE.search(heading)]
    return tuple(dict.fromkeys(headings)) if noun.publishable else ()


def _named(layout: Layout) -> Layout:
    return replace(layout, id=f"{_SERIES}{layout.title}")


def _read_faults(read: object, text: str) -> list[Fault]:
    if not isinstance(read, dict):
        return [Fault("disaster.layout_want_table", column="read", value=repr(read)[:80], params=_line(text, "read"))]
    faults = []
    for key, value in read.items():
        where = _line(text, "read", key)
        if key not in READ_KEYS:
            known = "、".join(READ_KEYS)
            faults.append(Fault("disaster.layout_unknown_key", column=f"read.{key}", params=where | {"known": known}))
        elif not isinstance(value, READ_KEYS[key]):
            code = "disaster.layout_want_text" if READ_KEYS[key] is str else "disaster.layout_want_flag"
            faults.append(Fault(code, column=f"read.{key}", value=repr(value)[:80], params=where))
    return faults


def _line(text: str, *path: str) -> dict[str, object]:
    return {"line": line_of(text, path)}
