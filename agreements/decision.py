"""The answer to a request, and the reasons that it gives: codes with parameters, said in Japanese or English."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from agreements.clock import shown, shown_day
from agreements.format import Precision
from agreements.plain import plain
from agreements.request import Mode, Request
from agreements.vocabulary import CHANNELS, DATASETS, EXCLUSIONS, MODES, PURPOSES, RECIPIENTS, TRIGGERS
from geo.faults import Lang, words

FORMAT = "tayori-decision"
VERSION = 2


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason or condition: a code of the catalogue with its parameters (codes and aware times, no sentences)."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)

    def sentence(self, lang: Lang = "ja") -> str:
        """Say it, and what to do about it, in one line."""
        spoken = spoken_params(self.params, lang)
        advice = words(self.code, spoken, lang=lang, hint=True)
        between = " " if advice and lang == "en" else ""
        return words(self.code, spoken, lang=lang) + between + advice

    def to_dict(self) -> dict[str, Any]:
        """Return code, parameters and both sentences for JSON."""
        return {"code": self.code, "params": plain(self.params), "ja": self.sentence("ja"), "en": self.sentence("en")}


_KINDS: Mapping[str, tuple[str, str]] = {kind: (one.label, one.label_en) for kind, one in DATASETS.items()}
#: The words of parameters that are codes, by the parameter's name.
_LABELS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "purpose": PURPOSES, "purposes": PURPOSES, "mode": MODES, "modes": MODES, "milder": MODES, "triggers": TRIGGERS,
    "excludes": EXCLUSIONS, "side": RECIPIENTS, "recipients": RECIPIENTS, "dataset": _KINDS, "datasets": _KINDS,
    "channel": CHANNELS, "source_channel": CHANNELS,
}  # fmt: skip


def spoken_params(params: Mapping[str, object], lang: Lang) -> dict[str, object]:
    """Put the parameters of a reason into words of a language."""
    return {key: _spoken(key, value, lang, params) for key, value in params.items()}


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
        column = dataset.columns.get(str(value)) if dataset else None
        return column.label if column else value
    labels = _LABELS.get(key, {})
    return labels[str(value)][lang == "en"] if str(value) in labels else value


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a request.

    Where granted, `columns` are the most that may leave, at `precision`, without the rows that `excludes` names, until
    `expires_at`, under the `conditions`; `area` is the requested one. `basis_id`, `basis_article` and `assessment_id`
    name the two legal gates that personal data passed. `channel` is how the files are protected on their way,
    `list_limit` the most rows of a list to be answered. A release is to be flagged once `document_due` has passed
    without a document; None where none is awaited.

    Where refused, `reasons` begin with what is missing first. `milder` is the mildest personal mode that would be
    granted for the same purpose and `milder_why` what it spares; None where no milder one would be. `drill` marks
    everything that follows.
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
    basis_id: str | None = None
    basis_article: str = ""
    assessment_id: str | None = None
    channel: str = ""
    list_limit: int = 0
    document_due: datetime | None = None
    milder_why: Reason | None = None

    @property
    def binding(self) -> tuple[Reason, ...]:
        """The conditions that bind the recipient; what a lawyer is still to confirm is the provider's own matter."""
        return tuple(reason for reason in self.conditions if reason.code != "agreements.condition_lawyer")

    def to_dict(self) -> dict[str, Any]:
        """Return the decision for JSON and the ledger, with `format` and `version`."""
        own = {name: plain(getattr(self, name)) for name in self.__slots__}
        spoken = {
            "conditions": [reason.to_dict() for reason in self.conditions],
            "reasons": [reason.to_dict() for reason in self.reasons],
            "milder_why": self.milder_why.to_dict() if self.milder_why else None,
        }
        return {"format": FORMAT, "version": VERSION, **own, **spoken}

    def telephone(self, lang: Lang = "ja") -> str:
        """Return what to say to the caller: the answer, what is missing and how to mend it, and the milder way."""
        asked = {"dataset": self.dataset, "mode": self.mode, "article": self.article, "milder": self.milder or "-"}
        said = [Reason("agreements.say_granted" if self.granted else "agreements.say_refused", asked)]
        if self.granted:
            said += self.conditions
        else:
            said += [Reason(_SAID.get(one.code, "agreements.say_check"), one.params) for one in _told(self.reasons)]
            said += [Reason("agreements.say_milder", asked)] if self.milder else []
            said += [Reason("agreements.say_recorded")]
        lines = dict.fromkeys(reason.sentence(lang) for reason in said)
        return (" " if lang == "en" else "").join(lines)


def _told(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """Leave the two gates out where another purpose or recipient is asked for: they only follow from that."""
    asked_wrongly = any(reason.code in _ASKED_WRONGLY for reason in reasons)
    return tuple(reason for reason in reasons if not (asked_wrongly and reason.code in _GATES))


_ASKED_WRONGLY = {"agreements.other_purpose", "agreements.other_recipient", "agreements.recipient_no_party"}
_GATES = {
    "agreements.no_legal_basis",
    "agreements.no_assessment",
    "agreements.assessment_ended",
    "agreements.assessment_forbids",
}
#: What the caller is told of a reason: no file names and no advice to our own staff.
_SAID: Mapping[str, str] = {
    "agreements.no_agreement": "agreements.say_no_agreement",
    "agreements.other_municipality": "agreements.say_other_municipality",
    "agreements.no_clause": "agreements.say_no_clause",
    "agreements.no_clause_for_mode": "agreements.say_no_clause",
    "agreements.other_direction": "agreements.say_no_clause",
    "agreements.not_signed": "agreements.say_not_in_force",
    "agreements.not_yet_in_force": "agreements.say_not_in_force",
    "agreements.expired": "agreements.say_not_in_force",
    "agreements.recipient_no_party": "agreements.say_recipient",
    "agreements.other_recipient": "agreements.say_recipient",
    "agreements.requester_no_party": "agreements.say_requester",
    "agreements.other_purpose": "agreements.say_purpose",
    "agreements.no_fields": "agreements.say_columns",
    "agreements.other_columns": "agreements.say_columns",
    "agreements.no_trigger": "agreements.say_trigger",
    "agreements.trigger_ended": "agreements.say_trigger",
    "agreements.event_closed": "agreements.say_event_closed",
    "agreements.area_needed": "agreements.say_area",
    "agreements.outside_areas": "agreements.say_area",
    "agreements.no_legal_basis": "agreements.say_legal_basis",
    "agreements.no_assessment": "agreements.say_assessment",
    "agreements.assessment_ended": "agreements.say_assessment",
    "agreements.assessment_forbids": "agreements.say_forbidden",
    "agreements.stronger_without_reason": "agreements.say_reason",
    "agreements.telephone_unconfirmed": "agreements.say_call_back",
    "agreements.document_without_number": "agreements.say_document",
    "agreements.document_first": "agreements.say_document",
    "agreements.document_overdue": "agreements.say_document",
    "agreements.other_event": "agreements.say_check",
    "agreements.event_elsewhere": "agreements.say_check",
    "agreements.request_in_future": "agreements.say_check",
    "agreements.unknown_channel": "agreements.say_check",
}
