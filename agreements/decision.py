"""The answer to a request, and the reasons that it gives: codes with parameters, said in Japanese or English."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from agreements.clock import shown, shown_day
from agreements.format import Precision
from agreements.plain import plain
from agreements.request import Mode, Request
from agreements.vocabulary import DATASETS, EXCLUSIONS, MODES, PURPOSES, TRIGGERS
from geo.faults import Lang, words

FORMAT = "tayori-decision"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason or condition: a code of the catalogue with its parameters (codes and aware times, no sentences)."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)

    def sentence(self, lang: Lang = "ja") -> str:
        """Say it, and what to do about it, in one line."""
        spoken = {key: _spoken(key, value, lang, self.params) for key, value in self.params.items()}
        advice = words(self.code, spoken, lang=lang, hint=True)
        between = " " if advice and lang == "en" else ""
        return words(self.code, spoken, lang=lang) + between + advice

    def to_dict(self) -> dict[str, Any]:
        """Return code, parameters and both sentences for JSON."""
        return {"code": self.code, "params": plain(self.params), "ja": self.sentence("ja"), "en": self.sentence("en")}


_LABELS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "purpose": PURPOSES,
    "purposes": PURPOSES,
    "mode": MODES,
    "triggers": TRIGGERS,
    "excludes": EXCLUSIONS,
    "dataset": {kind: (dataset.label, dataset.label_en) for kind, dataset in DATASETS.items()},
}


def _spoken(key: str, value: object, lang: Lang, params: Mapping[str, object]) -> object:
    """Put codes, times and days into words; a list becomes one text."""
    if isinstance(value, tuple):
        return ("、" if lang == "ja" else ", ").join(str(_spoken(key, item, lang, params)) for item in value)
    if isinstance(value, datetime):
        return shown(value, lang)
    if isinstance(value, date):
        return shown_day(value, lang)
    if key == "columns" and lang == "ja":
        dataset = DATASETS.get(str(params.get("dataset")))
        return dataset.columns.get(str(value), value) if dataset else value
    labels = _LABELS.get(key, {})
    return labels[str(value)][lang == "en"] if str(value) in labels else value


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a request.

    Where granted, `columns` are the most that may leave, at `precision`, without the rows that `excludes` names, until
    `expires_at`, under the `conditions`; `area` is the requested one. Where refused, `reasons` begin with what is
    missing first. `milder` is the mildest personal mode that would be granted for the same purpose, None where no
    milder one would be. `drill` marks everything that follows.
    """

    granted: bool
    dataset: str
    mode: Mode
    request: Request
    agreement_id: str | None
    clause_id: str | None
    article: str
    columns: tuple[str, ...]
    area: str | None
    expires_at: datetime | None
    conditions: tuple[Reason, ...]
    reasons: tuple[Reason, ...]
    milder: Mode | None
    drill: bool
    decided_at: datetime
    excludes: tuple[str, ...] = ()
    precision: Precision | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the decision for JSON and the ledger, with `format` and `version`."""
        own = {name: plain(getattr(self, name)) for name in self.__slots__}
        spoken = {
            "conditions": [reason.to_dict() for reason in self.conditions],
            "reasons": [reason.to_dict() for reason in self.reasons],
        }
        return {"format": FORMAT, "version": VERSION, **own, **spoken}
