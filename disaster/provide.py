"""THE ONE DOOR: personal data leave here and nowhere else, and each time leave a trace.

Order of a provision (DESIGN, flow of the main job): decide, take the register without protected people, cut, write
into a private staging folder, hash, ledger "released" committed with the hash, rename into the output folder, ledger
"handed". A crash between two steps is settled when the store is next opened for writing.
"""

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from agreements.agreement import Agreement, parse_agreement
from agreements.clock import japan_date
from agreements.decide import Decision, decide
from agreements.format import Column
from agreements.request import Event, Mode, Request
from agreements.vocabulary import DATASETS
from disaster import residents
from disaster.batch import Batch
from disaster.case import Case, Contents, basis, head, marks
from disaster.cover import cover
from disaster.errors import ProvideError
from disaster.guard import hide_protected, minimise, permitted
from disaster.layers import geometry_of, layer, noun_layer, opens_place, sorted_rows
from disaster.models import (
    AREAS,
    BOUNDARIES,
    DELIVERY_POINTS,
    GAZETTEER,
    NOUNS,
    PLACE_COLUMNS,
    PROTECTION,
    ROADS,
)  # fmt: skip
from disaster.pack import READ_ME, described, seal, sync_folders, write_files, zip_folder
from disaster.progress import Step, silent
from disaster.store import Store, move
from exporters.model import Extract, Layer

#: Layers that go with a pack wherever a clause of the agreement opens them.
ACCOMPANYING = (
    "delivery-status", "damage-points", "risk-spots", "offices", "shelters", "openings", "emergency-sites",
    "stockpiles", "vehicles", "areas",
)  # fmt: skip
#: Public geography: what makes a map readable, nobody's secret and under no clause.
GROUND = (BOUNDARIES, ROADS)
#: A request's name becomes the name of a folder.
_REQUEST_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,59}")


class RefusedError(ProvideError):
    """A request that no clause opens; `decision` says why, and the ledger has it."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("disaster.request_refused", reasons=" ".join(r.sentence("ja") for r in decision.reasons))
        self.decision = decision

    def sentence(self, lang: Any = "ja") -> str:
        """Say which clause is missing, in the asked language."""
        return " ".join(reason.sentence(lang) for reason in self.decision.reasons)


@dataclass(frozen=True, slots=True)
class Provided:
    """What went out: the folder, its ZIP, and the counts that its manifest states."""

    pack_id: str
    folder: Path
    zip: Path
    decision: Decision
    counts: Mapping[str, int]
    files: Mapping[str, Mapping[str, int]]
    matched: int
    returned: int
    withheld: Mapping[str, int]
    not_provided: Mapping[str, str]


def provide(
    store: Store, request: Request, *, out: Path, at: datetime, inquiries: Batch | None = None, step: Step = silent
) -> Provided:
    """Provide what a request asks for, if one clause of one agreement in force opens all of it.

    Parameters
    ----------
    store
        The providing side's store.
    request
        Who asks for what and why; it is recorded before anything else.
    out
        Folder that receives ``<pack id>/`` with the files and ``<pack id>/<pack id>.zip``.
    at
        The moment of the decision (aware).
    inquiries
        The municipality's checked list, for match mode.
    step
        Told what is being done.

    Raises
    ------
    RefusedError
        If no clause opens it; recorded in the ledger.
    ProvideError
        If the request's name can be no folder's, or it is granted but cannot be carried out; nothing has left then,
        and the ledger says why.
    """
    if not _REQUEST_ID.fullmatch(request.request_id):
        raise ProvideError("disaster.bad_request_id", name=request.request_id[:60])
    with store.writing():
        settle(store, at=at)
        case = _decided(store, request, at)
        with _recorded_failure(store, request, at):
            _require_own_key(store, case)
            step("名簿から切り出しています")
            contents = _contents(store, case, inquiries)
            final = _free_name(store, case, out)
        return _hand_over(store, case, contents, final, step)


def new_request_id(store: Store, municipality: str, *, at: datetime) -> str:
    """Return the next free request number of the day in Japan, such as ``R20260101-003``."""
    day = f"R{japan_date(at):%Y%m%d}-"
    taken = {request.request_id for request in store.requests.all(municipality)}
    return next(name for n in range(1, len(taken) + 2) if (name := f"{day}{n:03d}") not in taken)


def settle(store: Store, *, at: datetime) -> None:
    """Finish or undo what a crash left between staging and hand-over (idempotent)."""
    store.provisions.settle(at=at)


def dry_run(store: Store, request: Request, *, at: datetime) -> Decision:
    """Decide without recording or providing anything."""
    return decide(_agreements(store, request.municipality), request, event=_event(store, request), at=at)


def _agreements(store: Store, municipality: str) -> tuple[Agreement, ...]:
    return tuple(parse_agreement(record.text) for record in store.agreements.all(municipality))


def _event(store: Store, request: Request) -> Event | None:
    """Return the event that the request names; one that the municipality has not is refused by the decision."""
    known = store.events.all(request.municipality) if request.event_id else ()
    return next((event for event in known if event.event_id == request.event_id), None)


def _decided(store: Store, request: Request, at: datetime) -> Case:
    agreements, event = _agreements(store, request.municipality), _event(store, request)
    store.requests.add(request, at=at)
    decision = decide(agreements, request, event=event, at=at)
    if not decision.granted:
        store.ledger.record("refused", decision.to_dict(), at=at)
        raise RefusedError(decision)
    return Case(request, event, agreements, decision, at)


@contextmanager
def _recorded_failure(store: Store, request: Request, at: datetime) -> Iterator[None]:
    """Put into the ledger why a granted request could not be carried out."""
    try:
        yield
    except ProvideError as error:
        said = {"request_id": request.request_id, "municipality": request.municipality, "reason": error.code}
        store.ledger.record("not_provided", said, at=at)
        raise


def _require_own_key(store: Store, case: Case) -> None:
    if case.agreement.post.signing_key != store.public_key:
        raise ProvideError("disaster.other_signing_key", agreement=case.agreement.agreement_id)


def _contents(store: Store, case: Case, inquiries: Batch | None) -> Contents:
    """Return what the request asks for, what goes with it, and what does not, with the reason."""
    personal = DATASETS[case.request.dataset].personal
    main = _extract(store, case, inquiries) if personal else _open_layer(store, case.decision, case)
    if main is None:
        raise ProvideError("disaster.nothing_stored", dataset=DATASETS[case.request.dataset].label)
    layers, decisions, not_provided = [main], [case.decision], {}
    for dataset in (name for name in ACCOMPANYING if name != case.request.dataset):
        request = replace(case.request, dataset=dataset, mode=Mode.LAYER, fields=None)
        decision = decide(case.agreements, request, event=case.event, at=case.at)
        made = _open_layer(store, decision, case) if decision.granted else None
        if made is not None:
            layers.append(made)
            decisions.append(decision)
        else:
            not_provided[dataset] = "提供元に情報がありません。" if decision.granted else basis(decision)
    ground = (_ground(store, noun, case) for noun in GROUND if noun.kind != case.request.dataset)
    return Contents((*layers, *(one for one in ground if one is not None)), tuple(decisions), not_provided)


def _ground(store: Store, noun: Any, case: Case) -> Layer | None:
    current = store.current(noun.kind, case.request.municipality, drill=case.drill)
    if current.as_of is None:
        return None
    return noun_layer(noun, sorted_rows(current.table, noun.key), as_of=current.as_of, source=current.credit)


def _open_layer(store: Store, decision: Decision, case: Case) -> Layer | None:
    """Return a non-personal layer cut to the clause's columns, or None where the store holds nothing of it."""
    if decision.dataset == "delivery-status":
        return _delivery_status(store, decision, case)
    noun = NOUNS[decision.dataset]
    current = store.current(noun.kind, case.request.municipality, drill=case.drill)
    if current.as_of is None:
        return None
    rows = sorted_rows(_without_excluded(current.table, decision), noun.key)
    allowed = permitted(decision.columns, decision.precision)
    _require_columns([column for column in (*noun.columns, *PLACE_COLUMNS) if column.name in allowed])
    return noun_layer(noun, rows, as_of=current.as_of, source=current.credit, allowed=allowed)


def _require_columns(columns: Sequence[Column]) -> None:
    """Refuse places of which nobody could tell what stands there."""
    if not columns:
        raise ProvideError("disaster.only_places")


def _other_vehicles(rows: pa.Table) -> pa.Table:
    """Leave the mail delivery vehicles out; not known to be another kind counts as one of them: default deny."""
    if "mail_delivery" not in rows.column_names:
        return rows
    return rows.filter(pc.equal(pc.fill_null(rows.column("mail_delivery"), True), False))


#: What a clause excludes whatever is asked, and how it is left out.
EXCLUDED: Mapping[str, Callable[[pa.Table], pa.Table]] = {"delivery_vehicle": _other_vehicles}


def _without_excluded(rows: pa.Table, decision: Decision) -> pa.Table:
    for word in decision.excludes:
        rows = EXCLUDED[word](rows)
    return rows


def _register(store: Store, case: Case, *, named: bool) -> tuple[pa.Table, datetime] | None:
    """Return the delivery register without the names of protected people, None if there is none.

    Where no name can leave, none is read (`named` false): what was never loaded cannot slip out. A drill reads
    invented people alone: where none were taken in, the real register is no substitute.
    """
    code = case.request.municipality
    columns = None if named else [*(column.name for column in residents.DWELLING_COLUMNS), "lon", "lat"]
    current = store.current(DELIVERY_POINTS.kind, code, columns=columns, drill=case.drill)
    if current.as_of is None or current.drill != case.drill:
        return None
    protection = store.current(PROTECTION.kind, code, drill=case.drill)
    hidden = hide_protected(current.table, protection.table if protection.as_of else None, on=japan_date(case.at))
    return sorted_rows(hidden, DELIVERY_POINTS.key), current.as_of


def _delivery_status(store: Store, decision: Decision, case: Case) -> Layer | None:
    """Return the counts by town, each at the public point of its town: that is how far its place is told."""
    register = _register(store, case, named=False)
    if register is None:
        return None
    counted = residents.delivery_status(register[0])
    counted = counted.select([name for name in counted.column_names if name in decision.columns])
    towns = store.current(GAZETTEER.kind, case.request.municipality, drill=case.drill)
    made = layer("delivery-status", "配達状況(町ごとの件数)", residents.STATUS_COLUMNS, counted, as_of=register[1])
    if "place_town" not in counted.column_names:
        return made
    return replace(made, geometry=_town_points(counted.column("place_town"), towns.table))


def _town_points(names: pa.ChunkedArray, towns: pa.Table) -> np.ndarray:
    """Return the gazetteer's point of each town, None where it has none: nothing of a home's place is in it."""
    places = geometry_of(towns)
    found: dict[str, Any] = {}
    if places is not None:
        parts = (towns.column(name).to_pylist() for name in ("town", "koaza"))
        whole = [f"{town}{koaza or ''}" for town, koaza in zip(*parts, strict=True)]
        found = dict(zip(whole, places, strict=True))
    points = np.full(len(names), None, dtype=object)
    points[:] = [found.get(name) for name in names.to_pylist()]
    return points


def _extract(store: Store, case: Case, inquiries: Batch | None) -> Extract:
    """Cut the register to the decision: the only place where an Extract is made."""
    register = _register(store, case, named=case.request.mode in (Mode.MATCH, Mode.PERSON))
    if register is None:
        raise ProvideError("disaster.nothing_stored", dataset=DELIVERY_POINTS.title)
    selection = _selected(store, case, register[0], inquiries)
    allowed = permitted(case.decision.columns, case.decision.precision)
    columns = tuple(column for column in selection.columns if column.name in allowed)
    _require_columns(columns)
    place = ("lon", "lat") if opens_place(allowed) else ()
    rows = minimise(selection.table, (*(column.name for column in columns), *place))
    made = layer(*_names(case), columns, rows, as_of=register[1])
    return Extract(
        made.name, made.title, made.columns, made.table, made.geometry, made.as_of, made.source,
        mode=str(case.request.mode), matched=selection.matched, returned=len(made), withheld=selection.withheld,
    )  # fmt: skip


def _names(case: Case) -> tuple[str, str]:
    return {
        Mode.MATCH: ("match", "照会への回答"),
        Mode.DWELLING: ("dwellings", "住居一覧(氏名なし)"),
        Mode.PERSON: ("persons", "受取人一覧"),
    }[case.request.mode]


def _selected(store: Store, case: Case, points: pa.Table, inquiries: Batch | None) -> residents.Selection:
    if case.request.mode is Mode.MATCH:
        if inquiries is None:
            raise ProvideError("disaster.match_without_list")
        if inquiries.refused:  # a row without an answer would look like a miss
            first = inquiries.faults.kept[0].reason() if inquiries.faults.kept else ""
            file = "、".join(source.file for source in inquiries.sources)
            raise ProvideError("disaster.bad_inquiries", file=file, count=inquiries.refused, first=first)
        return residents.match(points, inquiries.table)
    if case.request.mode is Mode.FORWARD:
        raise ProvideError("disaster.forward_not_by_pack")
    inside, unplaced = residents.in_area(points, _polygons(store, case))
    if case.request.mode is Mode.DWELLING:
        return residents.dwellings(inside, unplaced=unplaced)
    unplaced_names = residents.count_names(points.filter(pc.is_null(points.column("lon")))) if unplaced else 0
    return residents.persons(inside, unplaced_names=unplaced_names)


def _polygons(store: Store, case: Case) -> np.ndarray | None:
    """Return the polygons of the asked area, None for the whole municipality."""
    if case.request.area is None:
        return None
    areas = store.current(AREAS.kind, case.request.municipality, drill=case.drill).table
    chosen = areas.filter(pc.equal(areas.column("area_id"), case.request.area)) if areas.num_rows else areas
    if chosen.num_rows == 0:
        raise ProvideError("disaster.unknown_area", area=case.request.area)
    return np.asarray(shapely.from_wkb(chosen.column("geometry").to_numpy(zero_copy_only=False)))


def _free_name(store: Store, case: Case, out: Path) -> Path:
    """Return the folder of a new pack: the same request again gives another one."""
    number = len(store.provisions.all(case.request.municipality)) + 1
    final = out / f"{case.request.request_id}-{number}"
    if final.exists():
        raise ProvideError("disaster.out_exists", folder=final.name)
    return final


def _hand_over(store: Store, case: Case, contents: Contents, final: Path, step: Step) -> Provided:
    """Stage, hash, release in the ledger, rename, hand."""
    pack_id, staging = final.name, final.with_name(f".staging-{final.name}")
    store.provisions.create(
        case.request.request_id, decision=case.decision.to_dict(), staging=staging, final=final, at=case.at,
        provision_id=pack_id, municipality=case.request.municipality,
    )  # fmt: skip
    try:
        files, digest = _stage(store, case, contents, staging, step)
    except BaseException as error:
        shutil.rmtree(staging, ignore_errors=True)
        store.provisions.fail(pack_id, reason="staging", at=case.at)
        if isinstance(error, OSError):
            raise _cannot_write(final.parent, error) from error
        raise
    counts = {one.name: len(one) for one in contents.layers}
    payload = {"decision": case.decision.to_dict(), "counts": counts, "files": sorted(files), "drill": case.drill}
    store.provisions.release(pack_id, sha256=digest, payload=payload, at=case.at)
    _put_in_place(store, pack_id, staging, final, case.at)
    return _provided(case, contents, final, files)


def _put_in_place(store: Store, pack_id: str, staging: Path, final: Path, at: datetime) -> None:
    """Rename durably and record it; what cannot be renamed is settled like what a crash left."""
    try:
        move(staging, final)
        store.provisions.hand(pack_id, at=at)
    except OSError as error:
        if pack_id not in store.provisions.settle(at=at).finished:
            raise _cannot_write(final.parent, error) from error


def _cannot_write(folder: Path, error: OSError) -> ProvideError:
    cause = error.strerror or type(error).__name__
    return ProvideError("disaster.cannot_write_out", folder=str(folder), cause=cause)


def _stage(
    store: Store, case: Case, contents: Contents, staging: Path, step: Step
) -> tuple[dict[str, Mapping[str, int]], str]:
    """Write the whole pack durably into the private folder; return rows by file and the manifest's hash."""
    pack_id = staging.name.removeprefix(".staging-")
    staging.parent.mkdir(parents=True, exist_ok=True)
    staging.mkdir(mode=0o700)
    inner = staging / pack_id
    inner.mkdir(mode=0o700)
    said = head(case, contents, pack_id)
    files = write_files(inner, contents.layers, marks(case, contents.main.as_of), step)
    page = cover(said, contents.layers, provided_at=case.at, expires_at=case.decision.expires_at)
    (inner / READ_ME).write_bytes(page.encode("utf-8-sig"))
    files.append(described(inner, READ_ME, {}))
    manifest = seal(inner, said, contents.layers, files, store.signing_key)
    zip_folder(inner, staging / f"{pack_id}.zip", at=case.at)
    for path in sorted(inner.iterdir()):
        path.rename(staging / path.name)
    inner.rmdir()
    sync_folders(staging)
    return {file.path: file.counts for file in files}, hashlib.sha256(manifest).hexdigest()


def _provided(case: Case, contents: Contents, final: Path, files: Mapping[str, Mapping[str, int]]) -> Provided:
    main = contents.main
    matched, withheld = (main.matched, dict(main.withheld)) if isinstance(main, Extract) else (len(main), {})
    return Provided(
        pack_id=final.name,
        folder=final,
        zip=final / f"{final.name}.zip",
        decision=case.decision,
        counts={one.name: len(one) for one in contents.layers},
        files=files,
        matched=matched,
        returned=len(main),
        withheld=withheld,
        not_provided=contents.not_provided,
    )
