"""Deciding a request with what a store knows: its agreements, assessments and events, and the areas that it holds."""

from dataclasses import dataclass, replace
from datetime import datetime

from agreements.agreement import Agreement
from agreements.decide import Decision, Reason, decide
from agreements.request import PERSONAL_MODES, Event, Mode, Request
from agreements.vocabulary import DATASETS, third_party
from agreements.workflow import Actor
from disaster.case import Case
from disaster.errors import ProvideError
from disaster.models import AREAS, Side
from disaster.store import Store
from geo.faults import Lang


class RefusedError(ProvideError):
    """A request that no clause opens; `decision` says why, and the ledger has it."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("disaster.request_refused", reasons=" ".join(r.sentence("ja") for r in decision.reasons))
        self.decision = decision

    def sentence(self, lang: Lang = "ja") -> str:
        """Say which clause is missing, in the asked language."""
        return " ".join(reason.sentence(lang) for reason in self.decision.reasons)


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision and what it was decided on."""

    decision: Decision
    agreements: tuple[Agreement, ...]
    event: Event | None


def rule(store: Store, request: Request, *, at: datetime) -> Ruling:
    """Decide with all agreements, assessments and the event that the store knows; nothing is recorded."""
    code = request.municipality
    kept = store.agreements.all(code) or store.agreements.all()  # another's tells who asks outside of its own area
    agreements = tuple(record.agreement for record in kept)
    known = store.events.all(code) if request.event_id else ()
    event = next((event for event in known if event.event_id == request.event_id), None)
    decision = decide(agreements, request, event=event, at=at, assessments=store.assessments.all(code))
    if decision.granted and code not in store.municipalities:
        decision = _without(decision, Reason("disaster.place_not_held", {"municipality": code}))
    elif decision.granted and store.side is Side.POST and third_party(request.recipient) is not None:
        decision = _without(decision, Reason("disaster.not_ours_to_give", {"article": decision.article}))
    elif decision.granted and not _area_held(store, request, event):
        decision = _without(decision, Reason("disaster.area_elsewhere", {"area": request.area}))
    return Ruling(decision, agreements, event)


def mildest(store: Store, request: Request, *, at: datetime) -> Mode:
    """Return the mildest mode that would be granted for the purpose, else the mildest that some clause opens for it.

    Where no clause opens any, it is the mode that the request names.
    """
    if request.dataset not in DATASETS or not DATASETS[request.dataset].personal:
        return Mode.LAYER
    rulings = {mode: rule(store, replace(request, mode=mode, fields=None), at=at) for mode in PERSONAL_MODES}
    allowed = [mode for mode, ruling in rulings.items() if ruling.decision.granted]
    open_for = [mode for mode, ruling in rulings.items() if _opened(ruling.agreements, request, mode)]
    return next(iter(allowed or open_for), request.mode)


def still_granted(store: Store, request: Request, by: Actor, *, at: datetime) -> Case:
    """Decide once more at the release: what was approved yesterday may be open no more today.

    Raises
    ------
    RefusedError
        If no clause opens it any more; recorded.
    """
    ruling = rule(store, request, at=at)
    if not ruling.decision.granted:
        record_refusal(store, ruling.decision, by, at=at)
        raise RefusedError(ruling.decision)
    return Case(request, ruling.event, ruling.agreements, ruling.decision, at)


def record_refusal(store: Store, decision: Decision, by: Actor, *, at: datetime) -> None:
    """Write a refusal into the ledger: the decision, who was refused, and the sentence to say on the telephone."""
    said = {"decision": decision.to_dict(), "by": by.name, "role": str(by.role), "telephone": decision.telephone("ja")}
    store.ledger.record("refused", said, at=at)


def area_names(store: Store, municipality: str, *, drill: bool) -> dict[str, str]:
    """Return the names of a municipality's areas by their ids, in a drill the drill's; none where it is not held.

    An id that areas of several kinds have means all of them (`disaster.register.asked_polygons`): their names together.
    """
    if municipality not in store.municipalities:
        return {}
    held = store.current(AREAS.kind, municipality, columns=["area_id", "name"], drill=drill).table
    names: dict[str, list[str]] = {}
    for area, name in zip(held.column("area_id").to_pylist(), held.column("name").to_pylist(), strict=True):
        names.setdefault(area, []).append(name)
    return {area: "、".join(dict.fromkeys(each)) for area, each in names.items()}


def _area_held(store: Store, request: Request, event: Event | None) -> bool:
    """Tell whether the store knows the asked area as one of that municipality's: decide() cannot look it up."""
    drill = event is not None and event.drill
    return request.area is None or request.area in area_names(store, request.municipality, drill=drill)


def _without(decision: Decision, reason: Reason) -> Decision:
    """Turn a grant into a refusal for a reason that only the store can know."""
    return replace(
        decision, granted=False, agreement_id=None, clause_id=None, article="", columns=(), expires_at=None,
        conditions=(), reasons=(reason,), milder=None, milder_why=None, basis_id=None, basis_article="",
        assessment_id=None, document_due=None,
    )  # fmt: skip


def _opened(agreements: tuple[Agreement, ...], request: Request, mode: Mode) -> bool:
    """Tell whether some clause opens a mode for the purpose, whatever else it asks."""
    own = (one for one in agreements if request.municipality in one.area)
    clauses = (clause for one in own for clause in one.clauses if request.purpose in clause.purposes)
    return any(clause.data_format(request.dataset, mode) is not None for clause in clauses)
