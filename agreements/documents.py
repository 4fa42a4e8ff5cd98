"""Reading a TOML text strictly: every unknown key, wrong type and impossible value becomes a fault with its place."""

import json
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from difflib import SequenceMatcher, get_close_matches
from typing import Any, TypeVar

from agreements.errors import DocumentError
from agreements.names import hidden_signs, is_blank
from geo.faults import MAX_KEPT_PER_CODE, Fault

_T = TypeVar("_T")

_BARE_TIME = re.compile(
    r"(?m)^(\s*[\w.-]+\s*=\s*)(\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})?)?)(?=\s*(?:#.*)?$)"
)
_LOOKS_LIKE_A_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
#: Signs that a Japanese keyboard gives in place of those of TOML.
_WIDE = re.compile("[、，＝．。［］｛｝「」“”＂＃\u3000]")
#: Agreements of this kind exist since 1996; a year far outside is a slip of the pen.
_YEARS = range(1990, 2200)
#: A text of this many characters is no agreement; parsing it would only cost time.
MAX_CHARACTERS = 1_000_000
#: Python's parser needs memory by the square of the parts of one dotted key.
MAX_DOTS = 100
_Lift = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def read_document(
    toml_text: str, read: Callable[["Table"], _T], error: type[DocumentError], code: str, *, lift: _Lift = dict
) -> _T:
    """Read a TOML text as a whole, or refuse it as a whole with every fault and its place.

    Parameters
    ----------
    read
        Makes what the text means out of its uppermost table.
    error, code
        The refusal.
    lift
        Brings a text of an older version into the shape that `read` knows.

    Raises
    ------
    DocumentError
        An `error` with the `code`; nothing of the text is used then.
    """
    faults: list[Fault] = []
    data = load_toml(toml_text, faults)
    if not faults:
        top = Table(lift(data), "", faults)
        found = read(top)
        top.close()
    if faults:
        raise error(code, faults)
    return found


def load_toml(text: str, faults: list[Fault]) -> dict[str, Any]:
    """Parse a TOML text; what is no TOML at all becomes one fault and an empty table.

    A day or a time that the calendar does not know (2026-02-30) is kept as text, so that it is reported with its place
    beside all other faults instead of stopping the parser.
    """
    if len(text) > MAX_CHARACTERS:
        faults.append(Fault("agreements.text_too_long", params={"limit": MAX_CHARACTERS}))
        return {}
    deep = next((n for n, line in enumerate(text.split("\n"), 1) if line.count(".") > MAX_DOTS), None)
    if deep is not None:
        faults.append(Fault("agreements.key_too_deep", params={"line": deep, "limit": MAX_DOTS}))
        return {}
    try:
        return tomllib.loads(_BARE_TIME.sub(_quoted_if_impossible, text.removeprefix("\ufeff")))
    except (ValueError, RecursionError) as error:  # a number of 4,301 digits is no TOMLDecodeError
        faults.append(_not_toml(_line(error, text), text))
        return {}


def _not_toml(line: int, text: str) -> Fault:
    """Say where the parser stopped, and which full-width sign outside the quotes of that line stopped it."""
    bare = _QUOTED.sub("", text.split("\n")[line - 1])
    wide = _WIDE.search(bare.split("#")[0])
    if wide is None:
        return Fault("agreements.not_toml", params={"line": line})
    return Fault("agreements.wide_sign", params={"line": line, "sign": wide[0]})


def _line(error: Exception, text: str) -> int:
    """Return the line at which the parser stopped; the last one where it names none."""
    found = re.search(r"at line (\d+)", str(error))
    return int(found[1]) if found else text.count("\n") + 1


def _quoted_if_impossible(found: re.Match[str]) -> str:
    try:
        datetime.fromisoformat(found[2])
    except ValueError:
        return f'{found[1]}"{found[2]}"'
    return found[0]


def nearest_first(name: str, known: Iterable[str]) -> str:
    """Return the known names in one text, the one most like a misspelled name first."""
    return "、".join(sorted(known, key=lambda one: -SequenceMatcher(None, name, one).ratio()))


def quoted(text: str) -> str:
    """Write a TOML basic string; JSON escapes are TOML's, except for U+007F, which JSON leaves bare."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def listed(texts: Iterable[str]) -> str:
    """Write a TOML list of texts."""
    return f"[{', '.join(quoted(text) for text in texts)}]"


def _on_one_line(text: str) -> str:
    """Cut a text of the file short and to one line, as each fault is said on a line of its own."""
    return " ".join(text[:200].splitlines())


class Table:
    """One table of a TOML text while it is read; what is wrong goes to `faults`, and a harmless value comes back.

    Every getter marks its key as known; `close` then reports the keys that nobody asked for.
    """

    def __init__(self, data: Mapping[str, Any], path: str, faults: list[Fault]) -> None:
        self.data = data
        self.path = path
        self.faults = faults
        self._known: set[str] = set()

    def at(self, key: str) -> str:
        """Return the place of a key as the file writes it, such as ``clauses.match.retention_days``."""
        return f"{self.path}.{key}" if self.path else key

    def fault(self, code: str, key: str, value: object = None, **params: object) -> None:
        """Report something wrong at a key."""
        shown = None if value is None else _on_one_line(str(value))
        place = _on_one_line(self.at(key))
        self.faults.append(Fault(f"agreements.{code}", column=place, value=shown, params=params))

    @property
    def hopeless(self) -> bool:
        """Whether the text has more faults than are told one by one: to guess what was meant would only cost time."""
        return len(self.faults) > MAX_KEPT_PER_CODE

    def once(self, key: str, value: str, seen: set[str]) -> None:
        """Report a text at a key that another table of the same list has too; add it to those `seen`."""
        if value and value in seen:
            self.fault("twice", key, value)
        seen.add(value)

    def has(self, key: str) -> bool:
        """Whether the file gives the key."""
        return key in self.data

    def _get(self, key: str, required: bool) -> Any:
        self._known.add(key)
        if key not in self.data:
            if required:
                self.fault("missing_key", key)
            return None
        return self.data[key]

    def text(
        self,
        key: str,
        *,
        required: bool = True,
        choices: Collection[str] | None = None,
        pattern: str | None = None,
        example: str = "",
    ) -> str:
        """Return a text; "" where it is missing or wrong. A required text may not be blank."""
        value = self._get(key, required)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.fault("want_text", key, value)
            return ""
        if required and is_blank(value):
            self.fault("empty_text", key)
            return ""
        return self._checked(key, value, choices, pattern, example)

    def _checked(self, key: str, value: str, choices: Collection[str] | None, pattern: str | None, example: str) -> str:
        hidden = hidden_signs(value)
        if hidden:
            self.fault("hidden_sign", key, signs="、".join(hidden))
            return ""
        if choices is not None and value not in choices:
            self.fault("unknown_value", key, value, allowed="、".join(sorted(choices)))
            return ""
        if pattern is not None and value and not re.fullmatch(pattern, value):
            self.fault("wrong_shape", key, value, example=example)
            return ""
        return value

    def texts(
        self,
        key: str,
        *,
        required: bool = False,
        choices: Collection[str] | None = None,
        pattern: str | None = None,
        example: str = "",
    ) -> tuple[str, ...]:
        """Return a list of different texts; those that are wrong are left out and reported with their index."""
        value = self._get(key, required)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.fault("want_list", key, value)
            return ()
        good: dict[str, None] = {}  # in order, and quick to look into
        for index, item in enumerate(value):
            place = f"{key}[{index}]"
            if not isinstance(item, str) or is_blank(item):
                self.fault("want_text", place, item)
            elif item in good:
                self.fault("twice", place, item)
            elif self._checked(place, item, choices, pattern, example):
                good[item] = None
        if required and not value:
            self.fault("empty_list", key)
        return tuple(good)

    def integer(self, key: str, *, minimum: int, maximum: int, required: bool = True) -> int | None:
        """Return a whole number within its limits, or None."""
        value = self._get(key, required)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            self.fault("want_integer", key, value)
            return None
        if not minimum <= value <= maximum:
            self.fault("out_of_range", key, value, minimum=minimum, maximum=maximum)
            return None
        return value

    def flag(self, key: str, *, required: bool = False) -> bool:
        """Return true or false; false where it is missing or wrong."""
        value = self._get(key, required)
        if value is None:
            return False
        if not isinstance(value, bool):
            self.fault("want_flag", key, value)
            return False
        return value

    def day(self, key: str, *, required: bool = True) -> date | None:
        """Return a calendar day, or None."""
        value = self._get(key, required)
        if value is None:
            return None
        if isinstance(value, date) and not isinstance(value, datetime):
            if value.year in _YEARS:
                return value
            self.fault("impossible_date", key, value)
            return None
        impossible = isinstance(value, str) and _LOOKS_LIKE_A_DATE.fullmatch(value) is not None
        self.fault("impossible_date" if impossible else "want_date", key, value)
        return None

    def moment(self, key: str, *, required: bool = True) -> datetime | None:
        """Return a time with its zone, or None; a time without one could be nine hours wrong."""
        value = self._get(key, required)
        if value is None:
            return None
        impossible = isinstance(value, str) and _LOOKS_LIKE_A_DATE.fullmatch(value) is not None
        if impossible or (isinstance(value, datetime) and value.year not in _YEARS):
            self.fault("impossible_date", key, value)
            return None
        if not isinstance(value, datetime) or value.utcoffset() is None:
            self.fault("want_moment", key, value)
            return None
        return value

    def table(self, key: str, *, required: bool = True) -> "Table":
        """Return a table inside this one; an empty one where it is missing or wrong."""
        value = self._get(key, required)
        if value is not None and not isinstance(value, dict):
            self.fault("want_table", key, value)
            value = None
        return Table(value or {}, self.at(key), self.faults)

    def named_tables(self, key: str) -> list[tuple[str, "Table"]]:
        """Return the tables below a table, each with its name (``[clauses.match]``)."""
        inner = self.table(key, required=False)
        return [(name, inner.table(name)) for name in inner.data]

    def tables(self, key: str, *, required: bool = False, counter: str = "") -> list["Table"]:
        """Return a list of tables (``[[clauses]]``); what is no table is left out and reported.

        With a `counter` (人目) the place is told as people count, from one: ``contacts（2人目）``.
        """
        value = self._get(key, required)
        if value is None:
            return []
        if not isinstance(value, list):
            self.fault("want_tables", key, value)
            return []
        found: list[Table] = []
        for index, item in enumerate(value):
            place = f"{key}（{index + 1}{counter}）" if counter else f"{key}[{index}]"
            if isinstance(item, dict):
                found.append(Table(item, self.at(place), self.faults))
            else:
                self.fault("want_table", place, item)
        return found

    def close(self) -> None:
        """Report every key that no getter asked for."""
        known = sorted(self._known)
        for key in self.data:
            if key not in self._known:
                near = [] if self.hopeless else get_close_matches(key, known, n=1)
                self.fault("unknown_key", key, allowed="、".join(near or known))


def head(table: Table, name: str, version: int, *, older: Collection[int] = ()) -> int | None:
    """Check `format` and `version` at the top of a document and return its version; `older` ones are read too."""
    found = table.text("format")
    if found and found != name:
        table.fault("other_format", "format", found, wanted=name)
    number = table.integer("version", minimum=1, maximum=1_000_000)
    if number is not None and number not in (version, *older):
        table.fault("other_version", "version", number, wanted="、".join(map(str, sorted((version, *older)))))
    return number
