"""One request and all it was decided on: what the door, the cover page and the manifest speak of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from agreements.agreement import Agreement
from agreements.decide import Decision
from agreements.request import Event, Request
from agreements.vocabulary import DATASETS, PURPOSES
from exporters.model import Grounds, Layer, Marks


@dataclass(frozen=True, slots=True)
class Case:
    """A granted request: event, agreements looked at, decision, and the moment of it."""

    request: Request
    event: Event | None
    agreements: tuple[Agreement, ...]
    decision: Decision
    at: datetime

    @property
    def drill(self) -> bool:
        """Whether it is an exercise: then every output says so and only invented people are read."""
        return self.event is not None and self.event.drill

    @property
    def agreement(self) -> Agreement:
        """The one agreement whose clause grants."""
        return next(a for a in self.agreements if a.agreement_id == self.decision.agreement_id)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets a pack: the name of the request, and the party's code."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Origin:
    """A received pack whose rows go on: its name, its area (None for the whole municipality) and its purpose (code)."""

    pack_id: str
    area: str | None
    purpose: str


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes along as it is, such as the notice that is to be mailed."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Contents:
    """The layers of a pack, the asked one first; for whom; the decision that opens each; what is left out and why.

    Public geography (boundaries, roads) needs no decision. `channel` is how it travels, a code of
    ``agreements.vocabulary.CHANNELS``; `attached` is a file that goes along as it is; `only` names the files that are
    written where not all formats are; `provider` is who gives, None for the agreement's post; `sources` are the
    received packs whose rows go on in it.
    """

    layers: tuple[Layer, ...]
    recipient: Recipient
    decisions: tuple[Decision, ...]
    not_provided: Mapping[str, str]
    channel: str = "plain"
    attached: Attached | None = None
    only: tuple[str, ...] | None = None
    provider: Recipient | None = None
    sources: tuple[Origin, ...] = ()

    @property
    def main(self) -> Layer:
        """What was asked for."""
        return self.layers[0]


#: What stands where a clause would: boundaries and roads are nobody's secret and come under none.
PUBLIC_GEOGRAPHY = Grounds("", "", "", "公開されている地理情報です。協定の条項によりません。")


def grounds(decision: Decision) -> Grounds:
    """Return the clause of a granted decision as the grounds of the cells that it opens."""
    return Grounds(
        decision.agreement_id or "", decision.clause_id or "", decision.article, basis(decision), decision.basis_article
    )


def marks(case: Case, contents: Contents) -> Marks:
    """Return what every sheet and map of the pack says about itself."""
    return Marks(
        title=f"{case.agreement.municipality.name} 状況パック",
        municipality=case.agreement.municipality.name,
        as_of=contents.main.as_of,
        drill=case.drill,
        event=case.event.name if case.event else "",
        provider=(contents.provider or case.agreement.post).name,
        recipient=contents.recipient.name,
        purpose=PURPOSES[case.request.purpose][0],
        basis=basis(case.decision),
        expires_at=case.decision.expires_at,
    )


def basis(decision: Decision) -> str:
    """Return the sentence that names the clause, in Japanese."""
    return " ".join(reason.sentence("ja") for reason in decision.reasons)


def head(case: Case, contents: Contents, pack_id: str, *, key: str) -> dict[str, Any]:
    """Return the manifest's head: never a hash, count or size of what lies in the provider's store.

    Parameters
    ----------
    key
        Public key of the provider (base64): it tells a broken pack from a whole one without an agreement at hand, but
        only the agreement tells whose key it is.
    """
    agreement, decision, request = case.agreement, case.decision, case.request
    provider = contents.provider or agreement.post
    return {
        "pack_id": pack_id,
        "request_id": request.request_id,
        "municipality": request.municipality,
        "provider": {"name": provider.name, "code": provider.code, "signing_key": key},
        "recipient": {"name": contents.recipient.name, "code": contents.recipient.code},
        "agreement_id": agreement.agreement_id,
        "agreement_title": agreement.title,
        "law": _law(decision),
        "assessment_id": decision.assessment_id,
        "channel": contents.channel,
        "document_due": decision.document_due.isoformat() if decision.document_due else None,
        "purpose": request.purpose,
        "purpose_label": PURPOSES[request.purpose][0],
        "event": {"id": case.event.event_id, "name": case.event.name} if case.event else None,
        "area": decision.area,
        "drill": case.drill,
        "as_of": contents.main.as_of.isoformat(),
        "provided_at": case.at.isoformat(),
        "expires_at": decision.expires_at.isoformat() if decision.expires_at else None,
        "source_pack_ids": [one.pack_id for one in contents.sources],
        "sources": [_origin_line(one) for one in contents.sources],
        "clauses": [_clause_line(one) for one in contents.decisions],
        "conditions": [reason.sentence("ja") for reason in decision.binding],
        "not_provided": [
            {"dataset": name, "title": DATASETS[name].label, "reason": why}
            for name, why in contents.not_provided.items()
        ],
    }


def _law(decision: Decision) -> dict[str, str] | None:
    return {"id": decision.basis_id, "article": decision.basis_article} if decision.basis_id else None


def _origin_line(one: Origin) -> dict[str, Any]:
    label = PURPOSES.get(one.purpose, (one.purpose, ""))[0]
    return {"pack_id": one.pack_id, "area": one.area, "purpose": one.purpose, "purpose_label": label}


def _clause_line(decision: Decision) -> dict[str, Any]:
    return {
        "dataset": decision.dataset,
        "title": DATASETS[decision.dataset].label,
        "mode": str(decision.mode),
        "clause": decision.clause_id,
        "article": decision.article,
        "columns": list(decision.columns),
        "basis": basis(decision),
    }
