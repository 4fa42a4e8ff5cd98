"""One request and all it was decided on: what the door, the cover page and the manifest speak of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agreements.agreement import Agreement
from agreements.decide import Decision
from agreements.request import Event, Request
from agreements.vocabulary import DATASETS, PURPOSES
from exporters.model import Layer, Marks


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
class Contents:
    """The layers of a pack, the asked one first; the decision that opens each; what is left out and why.

    Public geography (boundaries, roads) needs no decision.
    """

    layers: tuple[Layer, ...]
    decisions: tuple[Decision, ...]
    not_provided: Mapping[str, str]

    @property
    def main(self) -> Layer:
        """What was asked for."""
        return self.layers[0]


def marks(case: Case, as_of: datetime) -> Marks:
    """Return what every sheet and map of the pack says about itself."""
    return Marks(
        title=f"{case.agreement.municipality.name} 状況パック",
        municipality=case.agreement.municipality.name,
        as_of=as_of,
        drill=case.drill,
        event=case.event.name if case.event else "",
        provider=case.agreement.post.name,
        recipient=case.request.recipient,
        purpose=PURPOSES[case.request.purpose][0],
        basis=basis(case.decision),
        expires_at=case.decision.expires_at,
    )


def basis(decision: Decision) -> str:
    """Return the sentence that names the clause, in Japanese."""
    return " ".join(reason.sentence("ja") for reason in decision.reasons)


def head(case: Case, contents: Contents, pack_id: str) -> dict[str, Any]:
    """Return the manifest's head: never a hash, count or size of what lies in the provider's store."""
    agreement, decision, request = case.agreement, case.decision, case.request
    return {
        "pack_id": pack_id,
        "request_id": request.request_id,
        "municipality": request.municipality,
        "provider": {"name": agreement.post.name, "code": agreement.post.code},
        "recipient": {"name": request.recipient, "code": agreement.municipality.code},
        "agreement_id": agreement.agreement_id,
        "purpose": request.purpose,
        "purpose_label": PURPOSES[request.purpose][0],
        "event": {"id": case.event.event_id, "name": case.event.name} if case.event else None,
        "area": request.area,
        "drill": case.drill,
        "as_of": contents.main.as_of.isoformat(),
        "provided_at": case.at.isoformat(),
        "expires_at": decision.expires_at.isoformat() if decision.expires_at else None,
        "clauses": [_clause_line(one) for one in contents.decisions],
        "conditions": [reason.sentence("ja") for reason in decision.conditions],
        "not_provided": [
            {"dataset": name, "title": DATASETS[name].label, "reason": why}
            for name, why in contents.not_provided.items()
        ],
    }


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
