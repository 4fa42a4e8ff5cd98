"""The two legal gates of personal data: a basis in law that is in force, and a weighing that was written down.

A clause alone opens no personal data. The law on personal information must allow it (個人情報保護法, 災害対策基本法),
and under 郵便法8条 somebody must have weighed the secret learned from mail against the life that it may save, on a
named version of the guideline. Law changes, so the bases are dated configuration (``agreements/legal.toml``).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files

from agreements.clock import japan_date
from agreements.documents import Table, head, read_document
from agreements.errors import LegalTextError
from agreements.vocabulary import DATASETS, DIRECTIONS, MODES, PURPOSES, RECIPIENTS

FORMAT = "tayori-legal-bases"
VERSION = 1
BASIS_ID = r"[a-z0-9]+(-[a-z0-9]+)*"


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """What one article allows, and from when to when: whole days of Japan, both included, no `valid_to` until changed.

    `text` says in our own words what the article allows, `source` where that comes from, `to_confirm` what a lawyer
    must confirm before it is relied on. `recipients` are codes of ``agreements.vocabulary.RECIPIENTS``.
    """

    id: str
    law: str
    article: str
    title: str
    text: str
    datasets: tuple[str, ...]
    modes: tuple[str, ...]
    directions: tuple[str, ...]
    purposes: tuple[str, ...]
    recipients: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    source: str
    to_confirm: str = ""

    @property
    def cited(self) -> str:
        """Law and article as people cite them."""
        return f"{self.law}{self.article}"

    def in_force(self, at: datetime) -> bool:
        """Whether the article holds on the day that it is in Japan."""
        day = japan_date(at)
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def allows(self, *, dataset: str, mode: str, purpose: str, direction: str, recipient: str) -> bool:
        """Whether it lets that dataset go to that kind of recipient in that mode for that purpose."""
        return (
            dataset in self.datasets
            and mode in self.modes
            and purpose in self.purposes
            and direction in self.directions
            and recipient in self.recipients
        )


@cache
def legal_bases() -> tuple[LegalBasis, ...]:
    """Return the bases that come with the package."""
    return parse_bases(files("agreements").joinpath("legal.toml").read_text(encoding="utf-8"))


def legal_basis(basis_id: str) -> LegalBasis | None:
    """Return the basis of that id among those of the package, or None."""
    return next((basis for basis in legal_bases() if basis.id == basis_id), None)


def parse_bases(toml_text: str) -> tuple[LegalBasis, ...]:
    """Read a set of legal bases.

    Raises
    ------
    LegalTextError
        ``agreements.legal_refused`` with every fault and its place; nothing of the text is used then.
    """
    return read_document(toml_text, _bases, LegalTextError, "agreements.legal_refused")


def _bases(top: Table) -> tuple[LegalBasis, ...]:
    head(top, FORMAT, VERSION)
    bases = tuple(_basis(table) for table in top.tables("bases", required=True))
    seen: set[str] = set()
    for basis in bases:
        top.once("bases", basis.id, seen)
    return bases


def _basis(table: Table) -> LegalBasis:
    begins, ends = table.day("valid_from"), table.day("valid_to", required=False)
    if begins and ends and ends < begins:
        table.fault("term_ends_first", "valid_to", ends, begin=begins)
    basis = LegalBasis(
        id=table.text("id", pattern=BASIS_ID, example="appi-27-1-2"),
        law=table.text("law"),
        article=table.text("article"),
        title=table.text("title"),
        text=table.text("text"),
        datasets=_named(table, "datasets", [kind for kind, dataset in DATASETS.items() if dataset.personal]),
        modes=_named(table, "modes", MODES),
        directions=_named(table, "directions", DIRECTIONS),
        purposes=_named(table, "purposes", PURPOSES),
        recipients=_named(table, "recipients", RECIPIENTS),
        valid_from=begins or date.max,
        valid_to=ends,
        source=table.text("source"),
        to_confirm=table.text("to_confirm", required=False),
    )
    table.close()
    return basis


def _named(table: Table, key: str, choices: Collection[str]) -> tuple[str, ...]:
    return table.texts(key, required=True, choices=choices)
