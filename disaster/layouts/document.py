"""A layout as a TOML text: read strictly, with every fault of it named by its line, in words for people."""

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from typing import Any

from agreements.format import ColumnType
from disaster.bareword import bare_word
from disaster.errors import LayoutError
from disaster.layouts.model import PLACE_HEADINGS, PLACE_NAMES, PLACE_VALUES, Layout, Template, Value, Where
from disaster.layouts.prepare import PREPARE
from disaster.layouts.transforms import TRANSFORMS
from disaster.models import NOUNS, Noun, Shape
from geo.faults import Fault

#: A text of this many characters is no layout; parsing it would only cost time.
MAX_CHARACTERS = 1_000_000

_LAYOUT_KEYS = (
    "kind", "title", "credit", "note", "series", "requires", "knows", "file_contains", "file_like", "only_municipality",
    "only_inside", "width", "prepare", "where", "columns",
)  # fmt: skip
_VALUE_KEYS = ("from", "template", "constant", "marked", "map", "contains", "starred", "blank", "transform")
_WHERE_KEYS = ("column", "contains")
_SERIES = ("layout", "file")
_TEXT_KEYS = ("title", "credit", "note", "file_contains", "file_like", "prepare")
#: Stands in a proposed mapping for a meaning that only a person can say; a layout that still holds it reads nothing.
UNSAID = "?"
_KEY = r"(?:[A-Za-z0-9_-]+|\"(?:[^\"\\]|\\.)*\"|'[^']*')"
_HEADER = re.compile(rf"\s*\[\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*\]")
_ASSIGNED = re.compile(rf"\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=")


def parse_layout(text: str, *, layout_id: str, besides: Collection[str] = ()) -> Layout:
    """Read a layout from its TOML text.

    Parameters
    ----------
    text
        See ``disaster.layouts`` for the language.
    layout_id
        Name under which batches keep it.
    besides
        Tables of the text that are somebody else's.

    Raises
    ------
    LayoutError
        ``disaster.bad_layout`` with everything that is wrong in it and where: unknown keys, columns, kinds or values.
    """
    data = load(text, layout_id=layout_id)
    faults = _Judge(text, besides).layout(data)
    if faults:
        raise LayoutError("disaster.bad_layout", faults, layout=layout_id)
    where = data.get("where")
    values = {name: _value(spec) for name, spec in data["columns"].items()}
    if NOUNS[data["kind"]].shape is Shape.POINT:
        values = dict(PLACE_VALUES) | values
    return Layout(
        id=layout_id,
        kind=data["kind"],
        title=data["title"],
        columns=values,
        credit=data.get("credit", ""),
        note=data.get("note", ""),
        series=data.get("series", "layout"),
        requires=tuple(data.get("requires", ())),
        knows=tuple(data.get("knows", ())),
        file_contains=data.get("file_contains", ""),
        file_like=data.get("file_like", ""),
        only_municipality=data.get("only_municipality", False),
        only_inside=data.get("only_inside", False),
        width=data.get("width", 0),
        prepare=data.get("prepare", ""),
        where=Where(where["column"], tuple(where["contains"])) if where else None,
    )


def load(text: str, *, layout_id: str) -> dict[str, Any]:
    """Parse the TOML text itself.

    Raises
    ------
    LayoutError
        ``disaster.bad_layout`` with the line at which it stops being TOML.
    """
    if len(text) > MAX_CHARACTERS:
        raise LayoutError("disaster.bad_layout", [Fault("disaster.layout_too_long")], layout=layout_id)
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        fault = Fault("disaster.layout_not_toml", params={"line": line})
        raise LayoutError("disaster.bad_layout", [fault], layout=layout_id) from error


def line_of(text: str, path: tuple[str, ...]) -> int:
    """Return the line at which a key stands, or that of the table around it; 1 where neither is found."""
    table: tuple[str, ...] = ()
    best, at = 0, 1
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        assigned = None if header else _ASSIGNED.match(line)
        if header:
            table = _keys(header[1])
        here = (*table, *_keys(assigned[1])) if assigned else table
        if (header or assigned) and here == path[: len(here)] and len(here) > best:
            best, at = len(here), number
    return at


def _keys(dotted: str) -> tuple[str, ...]:
    return tuple(key.strip("\"'") for key in re.findall(_KEY, dotted))


def _value(spec: Any) -> Value:
    if isinstance(spec, str | list):
        return Value(sources=_texts(spec))
    template, blank = spec.get("template"), spec.get("blank")
    return Value(
        sources=_texts(spec.get("from", ())),
        template=Template(template) if template else None,
        constant=spec.get("constant"),
        marked=spec.get("marked", {}),
        mapping=spec.get("map", {}),
        contains=spec.get("contains", {}),
        starred=spec.get("starred", ""),
        blank=Template(blank) if blank else None,
        transform=spec.get("transform"),
    )


def _texts(spec: Any) -> tuple[str, ...]:
    return (spec,) if isinstance(spec, str) else tuple(spec)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_words(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def _is_headings(value: object) -> bool:
    return (_is_text(value) or _is_texts(value)) and bool(value)


#: What the value of a key must be, and the code that says so.
_SHAPES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "from": (_is_headings, "disaster.layout_want_headings"),
    "template": (_is_text, "disaster.layout_want_text"),
    "constant": (_is_text, "disaster.layout_want_text"),
    "starred": (_is_text, "disaster.layout_want_text"),
    "blank": (_is_text, "disaster.layout_want_text"),
    "transform": (_is_text, "disaster.layout_want_text"),
    "marked": (_is_words, "disaster.layout_want_words"),
    "map": (_is_words, "disaster.layout_want_words"),
    "contains": (_is_words, "disaster.layout_want_words"),
}


class _Judge:
    """Everything that is wrong in one parsed layout."""

    def __init__(self, text: str, besides: Collection[str]) -> None:
        self._text = text
        self._besides = besides
        self._faults: list[Fault] = []

    def layout(self, data: Mapping[str, Any]) -> list[Fault]:
        """Judge the whole."""
        self._known(data, (), (*_LAYOUT_KEYS, *self._besides))
        for key in ("kind", "title", "columns"):
            if key not in data:
                self._faults.append(Fault("disaster.layout_missing_key", column=key))
        for key in _TEXT_KEYS:
            self._shape(data, key, _is_text, "disaster.layout_want_text")
        for key in ("requires", "knows"):
            self._shape(data, key, _is_texts, "disaster.layout_want_texts")
        if (prepare := data.get("prepare", "")) and prepare not in PREPARE:
            self._say("disaster.layout_unknown_transform", ("prepare",), prepare, known="、".join(PREPARE))
        if "series" in data and data["series"] not in _SERIES:
            self._say("disaster.layout_bad_series", ("series",), data["series"], known="、".join(_SERIES))
        self._where(data.get("where", {}))
        noun = NOUNS.get(data["kind"]) if isinstance(data.get("kind"), str) else None
        if noun is not None:
            self._columns(noun, data.get("columns", {}))
        elif "kind" in data:
            self._say("disaster.layout_unknown_kind", ("kind",), data["kind"], known="、".join(NOUNS))
        return self._faults

    def _say(self, code: str, path: tuple[str, ...], value: object = None, **params: object) -> None:
        shown = None if value is None else repr(value)[:80]
        where = {"line": line_of(self._text, path), **params}
        self._faults.append(Fault(code, column=".".join(path), value=shown, params=where))

    def _known(self, data: Mapping[str, Any], path: tuple[str, ...], known: tuple[str, ...]) -> None:
        for key in data:
            if key not in known:
                self._say("disaster.layout_unknown_key", (*path, key), known="、".join(known))

    def _shape(self, data: Mapping[str, Any], key: str, good: Callable[[object], bool], code: str) -> None:
        if key in data and not good(data[key]):
            self._say(code, (key,), data[key])

    def _where(self, where: object) -> None:
        if not isinstance(where, dict):
            self._say("disaster.layout_want_table", ("where",), where)
            return
        self._known(where, ("where",), _WHERE_KEYS)
        if where and not (_is_text(where.get("column")) and _is_texts(where.get("contains")) and where["contains"]):
            self._say("disaster.layout_bad_where", ("where",))

    def _columns(self, noun: Noun, columns: object) -> None:
        if not isinstance(columns, dict):
            self._say("disaster.layout_want_table", ("columns",), columns)
            return
        labels = {item.name: item.column.label for item in noun.fields}
        labels |= {name: headings[0] for name, headings in PLACE_HEADINGS.items()}
        for name, spec in columns.items():
            path = ("columns", name)
            if name not in labels:
                known = "、".join(f"{one}（{label}）" for one, label in labels.items())
                self._say("disaster.layout_unknown_column", path, kind=noun.kind, name=name, known=known)
            elif isinstance(spec, dict):
                self._table(noun, name, spec)
            elif not _is_headings(spec):
                self._say("disaster.layout_want_headings", path, spec)

    def _table(self, noun: Noun, name: str, spec: Mapping[str, Any]) -> None:
        """Judge a column that is written as a table."""
        path = ("columns", name)
        self._known(spec, path, _VALUE_KEYS)
        for key, (good, code) in _SHAPES.items():
            if key in spec and not good(spec[key]):
                self._say(code, (*path, key), spec[key])
        if not spec.keys() & {"from", "template", "constant", "marked", "starred"}:
            self._say("disaster.layout_empty_column", path)
        transform = spec.get("transform")
        if _is_text(transform) and transform not in TRANSFORMS:
            known = "、".join(TRANSFORMS)
            self._say("disaster.layout_unknown_transform", (*path, "transform"), transform, known=known)
        if name not in PLACE_NAMES:
            self._choices(noun, name, spec)

    def _choices(self, noun: Noun, name: str, spec: Mapping[str, Any]) -> None:
        """Report words that the column does not know; a template that fills a blank is judged row by row."""
        column = next(item.column for item in noun.fields if item.name == name)
        if column.type is not ColumnType.CHOICE:
            return
        known = {bare_word(word) for pair in column.choices.items() for word in pair}
        words = {key: word for key in ("map", "contains") if _is_words(spec.get(key)) for word in spec[key].values()}
        given = [("constant", spec["constant"])] if _is_text(spec.get("constant")) else []
        given += [(key, word) for key in words for word in spec[key].values()]
        shown = "、".join(f"{code}（{label}）" for code, label in column.choices.items())
        for key in words:
            unsaid = [found for found, word in spec[key].items() if bare_word(word) == UNSAID]
            if unsaid:
                values = "".join(f"「{found}」" for found in unsaid)
                self._say("disaster.layout_unsaid_words", ("columns", name, key), known=shown, values=values)
        for key, word in given:
            if bare_word(word) not in known and (key == "constant" or bare_word(word) != UNSAID):
                self._say("disaster.layout_unknown_choice", ("columns", name, key), word, known=shown)
