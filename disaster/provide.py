"""THE ONE DOOR: personal data leave here and nowhere else, and each time leave a trace.

Order of a provision: an approved request, decided once more, the register without protected people, cut to the clause,
written into a private staging folder, hashed, ledger "released" committed with the hash, renamed into the output
folder, ledger "handed". A crash between two steps is settled when the store is next opened for writing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from agreements.clock import japan_date
from agreements.decide import Decision
from agreements.request import Mode, Request
from agreements.vocabulary import DATASETS
from agreements.workflow import Actor
from disaster import requests, residents
from disaster.batch import Batch
from disaster.case import Attached, Case, Contents, Recipient, grounds
from disaster.channel import PLAIN
from disaster.errors import ProvideError
from disaster.guard import minimise, permitted, run_out
from disaster.handover import Handed, free_name, hand_over
from disaster.intake import gazetteer_of
from disaster.layers import layer, opens_place
from disaster.models import DELIVERY_POINTS, PROTECTION
from disaster.openlayers import ACCOMPANYING, EXCLUDED, accompanying, ground, open_layer, require_columns
from disaster.pack import MAP, WORKBOOK
from disaster.progress import Step, silent
from disaster.register import Selected, register, selected
from disaster.ruling import RefusedError, rule, still_granted
from disaster.store import Store
from exporters.model import Extract, Layer

__all__ = ["ACCOMPANYING", "EXCLUDED", "Provided", "RefusedError", "dry_run", "extract", "provide", "settle"]

#: Layer and title of what was asked, by mode.
_NAMES: Mapping[Mode, tuple[str, str]] = {
    Mode.MATCH: ("match", "照会への回答"),
    Mode.DWELLING: ("dwellings", "住居一覧(氏名なし)"),
    Mode.PERSON: ("persons", "受取人一覧"),
}


@dataclass(frozen=True, slots=True)
class Provided:
    """What went out: the folder, its ZIP (None where a workbook goes alone), and the counts that its manifest states.

    `answers` counts the hits and misses of a list.

    `password` is told once and kept nowhere. `mailing` is the post's own folder where it mails a notice: whom its
    delivery staff brings it. `run_out` counts the entries of the list of protected people whose day has passed: their
    names were not hidden.
    """

    pack_id: str
    folder: Path
    zip: Path | None
    decision: Decision
    counts: Mapping[str, int]
    files: Mapping[str, Mapping[str, int]]
    matched: int
    returned: int
    withheld: Mapping[str, int]
    not_provided: Mapping[str, str]
    answers: Mapping[str, int] = field(default_factory=dict)
    mailing: Path | None = None
    password: str | None = field(default=None, repr=False)
    run_out: int = 0


def provide(
    store: Store,
    request_id: str,
    *,
    municipality: str | None = None,
    out: Path,
    at: datetime,
    by: Actor,
    inquiries: Batch | None = None,
    notice: Attached | None = None,
    step: Step = silent,
) -> Provided:
    """Provide what an approved request asks for, if one clause of one agreement still opens all of it.

    Parameters
    ----------
    store
        The providing side's store, in which the request was approved.
    municipality
        Its code, where several have a request of that number.
    out
        Folder that receives ``<pack id>/``; forwarding writes ``<pack id>-post/`` beside it for the post alone.
    at
        The moment of the decision (aware).
    by
        Who lets it out, and in which role.
    inquiries
        The municipality's checked list, for match mode.
    notice
        The municipality's notice (PDF), for forwarding on behalf.
    step
        Told what is being done.

    Raises
    ------
    WorkflowError
        If the request was not approved, or the role may not release it.
    RefusedError
        If no clause opens it any more; recorded in the ledger.
    ProvideError
        If the request's name can be no folder's, or it is granted but cannot be carried out; nothing has left then,
        and the ledger says why.
    """
    requests.require_request_id(request_id)
    with store.writing():
        settle(store, at=at)
        case = _decided(store, request_id, municipality, by, at)
        with _recorded_failure(store, case.request, at):
            _require_own(store, case)
            step("名簿から切り出しています")
            cut = _cut(store, case, inquiries, notice)
            final = free_name(store, case, out)
        made = _hand(store, case, cut, final, by=by, step=step)
        personal = DATASETS[case.request.dataset].personal
        found = protection_run_out(store, case.request.municipality, at=at, drill=case.drill) if personal else 0
        return replace(made, run_out=found)


def protection_run_out(store: Store, municipality: str, *, at: datetime, drill: bool = False) -> int:
    """Count the entries of the list of protected people that have run out and hide nobody; no name is read."""
    listed = store.current(PROTECTION.kind, municipality, columns=["until"], drill=drill)
    return run_out(listed.table, on=japan_date(at)) if listed.as_of is not None else 0


def settle(store: Store, *, at: datetime) -> None:
    """Finish or undo what a crash left between staging and hand-over, and the steps of its request (idempotent)."""
    store.provisions.settle(at=at)
    requests.settle(store, at=at)


def dry_run(store: Store, request: Request, *, at: datetime) -> Decision:
    """Decide without recording or providing anything."""
    return rule(store, request, at=at).decision


@dataclass(frozen=True, slots=True)
class _Cut:
    """What leaves the register for a request: the pack, the post's own list beside it, and who is in them.

    Where there is a list, `subjects` are in it alone: the pack beside it holds counts.
    """

    pack: Contents
    mailing: Contents | None
    subjects: Selected | None
    matched: int
    withheld: Mapping[str, int]


def _decided(store: Store, request_id: str, municipality: str | None, by: Actor, at: datetime) -> Case:
    """Decide again at the release: what was approved yesterday may be open no more today."""
    request, _ = requests.releasable(store, request_id, by, at=at, municipality=municipality)
    return still_granted(store, request, by, at=at)


@contextmanager
def _recorded_failure(store: Store, request: Request, at: datetime) -> Iterator[None]:
    """Put into the ledger why a granted request could not be carried out."""
    try:
        yield
    except ProvideError as error:
        said = {"request_id": request.request_id, "municipality": request.municipality, "reason": error.code}
        store.ledger.record("not_provided", said, at=at)
        raise


def _require_own(store: Store, case: Case) -> None:
    """Refuse what is the other side's to give, and an agreement that names another key than ours."""
    clause = next(one for one in case.agreement.clauses if one.id == case.decision.clause_id)
    if not clause.from_post:
        raise ProvideError("disaster.not_ours_to_give", article=clause.article)
    if case.agreement.post.signing_key != store.public_key:
        raise ProvideError("disaster.other_signing_key", agreement=case.agreement.agreement_id)


def _cut(store: Store, case: Case, inquiries: Batch | None, notice: Attached | None) -> _Cut:
    """Return what the request asks for, what goes with it, and what does not, with the reason."""
    if not DATASETS[case.request.dataset].personal:
        main = open_layer(store, case.decision, case)
        if main is None:
            raise ProvideError("disaster.nothing_stored", dataset=DATASETS[case.request.dataset].label)
        return _Cut(_with_others(store, case, main), None, None, len(main), {})
    points = register(store, case, named=case.request.mode in (Mode.MATCH, Mode.PERSON))
    if points is None:
        raise ProvideError("disaster.nothing_stored", dataset=DELIVERY_POINTS.title)
    towns = None
    if case.request.mode is Mode.MATCH:
        towns = gazetteer_of(store, case.request.municipality, at=case.at, drill=case.drill)
    found = selected(store, case, points[0], inquiries, towns)
    if case.request.mode is Mode.FORWARD:
        return _forwarded(store, case, found, points[1], notice)
    made = extract(case, found.selection, points[1])
    return _Cut(_with_others(store, case, made), None, found, made.matched, made.withheld)


def _with_others(store: Store, case: Case, main: Layer) -> Contents:
    """Add the layers that other clauses open, and public geography."""
    layers, decisions, not_provided = accompanying(store, case)
    return Contents(
        (main, *layers, *ground(store, case)),
        Recipient(case.request.recipient, case.agreement.municipality.code),
        (case.decision, *decisions),
        not_provided,
        case.decision.channel or PLAIN,
    )


def extract(case: Case, selection: residents.Selection, as_of: datetime) -> Extract:
    """Cut the rows to the decision: only what the clause names leaves."""
    allowed = permitted(case.decision.columns, case.decision.precision)
    columns = tuple(column for column in selection.columns if column.name in allowed)
    require_columns(columns)
    place = ("lon", "lat") if opens_place(allowed) else ()
    rows = minimise(selection.table, (*(column.name for column in columns), *place))
    return _extract(case, selection, layer(*_NAMES[case.request.mode], columns, rows, as_of=as_of))


def _extract(case: Case, selection: residents.Selection, made: Layer) -> Extract:
    """Put clause and counts to rows about homes or people: here alone is an Extract made."""
    return Extract(
        made.name, made.title, made.columns, made.table, made.geometry, made.as_of, made.source,
        grounds=grounds(case.decision), mode=str(case.request.mode), matched=selection.matched, returned=len(made),
        withheld=selection.withheld,
    )  # fmt: skip


def _forwarded(store: Store, case: Case, found: Selected, as_of: datetime, notice: Attached | None) -> _Cut:
    """Give the city counts and the post's own delivery staff the homes (代行送付): no address leaves."""
    if notice is None:
        raise ProvideError("disaster.forward_without_notice")
    selection, city = found.selection, Recipient(case.request.recipient, case.agreement.municipality.code)
    counted = layer(
        "forwarded", "代行送付の件数", residents.FORWARD_COLUMNS, residents.forwarded(selection), as_of=as_of
    )
    counts = replace(counted, grounds=grounds(case.decision))
    channel = case.decision.channel or PLAIN
    pack = Contents((counts,), city, (case.decision,), {}, channel, notice, only=(WORKBOOK, "csv", "geojson"))
    mailing = _mailing(case, selection, as_of)
    post = Recipient(case.agreement.post.name, case.agreement.post.code)
    layers = (mailing, *ground(store, case))
    own = Contents(layers, post, (case.decision,), {}, PLAIN, notice, only=(WORKBOOK, MAP))
    return _Cut(pack, own, found, selection.matched, selection.withheld)


def _mailing(case: Case, selection: residents.Selection, as_of: datetime) -> Extract:
    """Return the homes to which the post's own staff brings the notice: no name, and nothing of it leaves the post."""
    title = "配布先一覧(郵便局内限り)"
    return _extract(case, selection, layer("mailing", title, selection.columns, selection.table, as_of=as_of))


def _hand(store: Store, case: Case, cut: _Cut, final: Path, *, by: Actor, step: Step) -> Provided:
    """Hand over: the post's own list first, so that nobody is told of a mailing that has none."""
    if cut.mailing is None:
        return _provided(case, cut, hand_over(store, case, cut.pack, final, step, subjects=cut.subjects, by=by), None)
    aside = final.with_name(final.name + requests.WORK_LIST)
    own = hand_over(store, case, cut.mailing, aside, step, subjects=cut.subjects)
    return _provided(case, cut, hand_over(store, case, cut.pack, final, step, by=by), own.folder)


def _provided(case: Case, cut: _Cut, handed: Handed, mailing: Path | None) -> Provided:
    main = cut.pack.main
    returned = len(main) if cut.mailing is None else len(cut.mailing.main)
    return Provided(
        pack_id=handed.folder.name,
        folder=handed.folder,
        zip=handed.zip if handed.zip.exists() else None,
        decision=case.decision,
        counts={one.name: len(one) for one in cut.pack.layers},
        files=handed.counts,
        matched=cut.matched,
        returned=returned,
        withheld=dict(cut.withheld),
        not_provided=cut.pack.not_provided,
        answers=residents.answers(main.table),
        mailing=mailing,
        password=handed.password,
    )
