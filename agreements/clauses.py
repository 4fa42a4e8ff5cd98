"""What a template and an agreement are made of: clauses (条項), framing provisions and annexes (別表・別記)."""

from collections.abc import Mapping
from dataclasses import dataclass

from agreements.format import DataFormat
from agreements.request import Mode, TriggerKind
from agreements.vocabulary import DATASETS, RECIPIENTS_OF

#: The most rows of one list that a match clause answers where the agreement says nothing.
DEFAULT_LIST_LIMIT = 5_000


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause (条項) and everything that it opens; it opens nothing beyond.

    `triggers` are the kinds of which one must be recorded; none means peacetime too. `formats` say which dataset may
    leave in which mode with which columns; none means that the clause is about work, not data. Where
    `requires_document`, a request by telephone holds for `document_due_hours`; 0 hours means that the document comes
    first. `excludes` names what never leaves. `retention_days` is how long the recipient may keep what it got.

    `recipients` are codes of ``vocabulary.RECIPIENTS``; none means the other party by `direction`. `legal_bases` are
    ids of ``agreements.legal``, one of which must carry each personal provision. `cost_rule` (empty: the agreement's
    general rule) and `channel` are codes of the vocabulary; `list_limit` is the most rows of one list to be answered,
    and `business_limit` says that the work is owed only as far as it does not hinder business.
    """

    id: str
    article: str
    title: str
    kind: str
    direction: str
    text: str
    formats: tuple[DataFormat, ...] = ()
    triggers: tuple[TriggerKind, ...] = ()
    purposes: tuple[str, ...] = ()
    requires_document: bool = False
    document_due_hours: int = 0
    requires_consent: bool = False
    excludes: tuple[str, ...] = ()
    retention_days: int = 0
    recipients: tuple[str, ...] = ()
    legal_bases: tuple[str, ...] = ()
    cost_rule: str = ""
    channel: str = "plain"
    list_limit: int = DEFAULT_LIST_LIMIT
    business_limit: bool = False

    @property
    def datasets(self) -> tuple[str, ...]:
        """Kinds of row that the clause opens."""
        return tuple(dict.fromkeys(f.dataset for f in self.formats))

    @property
    def modes(self) -> tuple[Mode, ...]:
        """Modes in which it opens them."""
        return tuple(dict.fromkeys(Mode(f.mode) for f in self.formats))

    @property
    def personal(self) -> bool:
        """Whether it opens anything about a home or a person."""
        return any(DATASETS[f.dataset].personal for f in self.formats)

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """Columns that may leave, by dataset."""
        return {f.dataset: f.columns for f in self.formats}

    @property
    def from_post(self) -> bool:
        """Whether the municipality receives under it."""
        return "municipality" in RECIPIENTS_OF.get(self.direction, ())

    @property
    def onward(self) -> bool:
        """Whether the municipality passes on under it what it received."""
        return self.direction == "city_to_third"

    @property
    def receivers(self) -> tuple[str, ...]:
        """Who may receive: the recipients that it names, else the other party; nobody onward where it names none."""
        return self.recipients or (() if self.onward else RECIPIENTS_OF.get(self.direction, ()))

    def data_format(self, dataset: str, mode: str) -> DataFormat | None:
        """Return what may leave of a dataset in a mode; None where the clause does not open it."""
        return next((f for f in self.formats if f.dataset == dataset and f.mode == mode), None)


@dataclass(frozen=True, slots=True)
class Provision:
    """An article that frames the clauses and is always part of the text: purpose, leading sentence, signatures."""

    article: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Annex:
    """A 別表 or 別記: a list filled in from the agreement, or a `text` of its own; `kind` is of ``ANNEX_KINDS``."""

    id: str
    title: str
    kind: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A versioned set of clauses that an agreement switches on or leaves off.

    `notes` say where the words come from and what the template is not. `year` is the year whose agreements it
    resembles, 0 where a document of version 1 does not say.
    """

    template_id: str
    template_version: int
    title: str
    notes: str
    provisions: tuple[Provision, ...]
    clauses: tuple[Clause, ...]
    year: int = 0
    annexes: tuple[Annex, ...] = ()

    def clause(self, clause_id: str) -> Clause | None:
        """Return the clause of that id, or None."""
        return next((c for c in self.clauses if c.id == clause_id), None)
