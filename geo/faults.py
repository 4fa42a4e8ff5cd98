"""What went wrong, as a code with parameters; the words stand in one catalogue per package.

A code is ``"<package>.<name>"``; its sentences stand in ``messages.toml`` of that package under ``[<name>]`` with
the keys ``ja``, ``en``, ``hint_ja`` and ``hint_en``. A sentence says what is wrong and where; a hint says what to do.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Literal

Lang = Literal["ja", "en"]

#: Rows of one reason that are kept with their details; all are counted (336,929 faults took 2 s).
MAX_KEPT_PER_CODE = 1_000


@cache
def _catalogue(package: str) -> dict[str, dict[str, str]]:
    text = files(package).joinpath("messages.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


class _Shown(dict[str, object]):
    """Parameters of a sentence; one that was not given stands as a question mark instead of failing the report."""

    def __missing__(self, key: str) -> str:
        return "？"


def words(code: str, params: Mapping[str, object] | None = None, *, lang: Lang = "ja", hint: bool = False) -> str:
    """Return the sentence (or, with `hint`, the advice) of a code in the asked language.

    Raises
    ------
    KeyError
        If no catalogue knows the code: a mistake of the programmer, found by the tests.
    """
    package, _, name = code.partition(".")
    entry = _catalogue(package)[name]
    template = entry.get(f"hint_{lang}", "") if hint else entry[lang]
    return template.format_map(_Shown(params or {}))


class CodedError(Exception):
    """A refusal with a code, so that it can be said in the reader's language.

    The trees of errors stand in ``geo.errors``, ``agreements.errors``, ``exporters.errors`` and ``disaster.errors``.
    """

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(code, params)

    def sentence(self, lang: Lang = "ja") -> str:
        """Say what is wrong and what to do, in one line."""
        return " ".join(part for part in (self.reason(lang), self.hint(lang)) if part)

    def reason(self, lang: Lang = "ja") -> str:
        """Say what is wrong and where."""
        return words(self.code, self.params, lang=lang)

    def hint(self, lang: Lang = "ja") -> str:
        """Say what to do."""
        return words(self.code, self.params, lang=lang, hint=True)

    def __str__(self) -> str:
        return self.sentence()


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file.

    `row` is the line of the data as a clerk counts it: 1 is the first row below the header; None means the whole file.
    """

    code: str
    row: int | None = None
    column: str | None = None
    value: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)

    def reason(self, lang: Lang = "ja") -> str:
        """Say what is wrong."""
        return words(self.code, self._all(), lang=lang)

    def hint(self, lang: Lang = "ja") -> str:
        """Say what would be right."""
        return words(self.code, self._all(), lang=lang, hint=True)

    def _all(self) -> dict[str, object]:
        return {"row": self.row, "column": self.column, "value": self.value, **self.params}


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of a file: at most `MAX_KEPT_PER_CODE` of a reason in detail, all of them counted.

    `refused_rows` holds the distinct row numbers that may not enter (every fault refuses its row).
    """

    kept: tuple[Fault, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    refused_rows: frozenset[int] = frozenset()

    @classmethod
    def of(cls, faults: Iterable[Fault]) -> "Faults":
        """Count all faults and keep the first of each reason."""
        counts: Counter[str] = Counter()
        kept: list[Fault] = []
        rows: set[int] = set()
        for fault in faults:
            counts[fault.code] += 1
            if counts[fault.code] <= MAX_KEPT_PER_CODE:
                kept.append(fault)
            if fault.row is not None:
                rows.add(fault.row)
        return cls(tuple(kept), dict(counts), frozenset(rows))

    @property
    def total(self) -> int:
        """Count of faults, also those not kept."""
        return sum(self.counts.values())
