"""Calling a pack back: the provider's record and the signed notice; and the recipient's check of such a notice."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from agreements.agreement import Agreement
from agreements.names import is_blank
from agreements.vocabulary import PURPOSES
from agreements.workflow import Act, Actor, State, Step
from disaster.aftercare.documents import Caller, HashedFile, RecallNotice, content_of, parse_document, write_document
from disaster.aftercare.letter import recall_letter, write_letter
from disaster.aftercare.out import PackOut, agreements_of, calls, pack_out
from disaster.errors import AftercareError
from disaster.models import Side
from disaster.requests import require_right
from disaster.signing import is_signed, signature_of
from disaster.store import Recall, ReceivedPack, Store

STEM = "recall"
#: Kind of the ledger's entry about a recall whose pack has not come.
_AWAITED = "recall_awaited"


@dataclass(frozen=True, slots=True)
class Recalled:
    """A recall: the notice, the folder to hand over, whom to call about it, and whether it had been made before."""

    notice: RecallNotice
    folder: Path
    calls: tuple[Caller, ...]
    unchanged: bool


def recall(
    store: Store, pack_id: str, *, reason: str, due_by: datetime, by: Actor, out: Path, at: datetime,
    municipality: str | None = None,
) -> Recalled:  # fmt: skip
    """Call a pack back: record it, and write the signed notice into ``<out>/<pack id>-recall/``.

    A pack that was recalled before keeps its first recall; its notice is written again.

    Parameters
    ----------
    due_by
        By when the recipient is to have deleted it (aware, later than `at`).

    Raises
    ------
    AftercareError
        If the pack was not handed over, is deleted already, the reason is empty, the day is past, or `out` is taken.
    WorkflowError
        If the role may not recall.
    """
    pack = pack_out(store, pack_id, municipality=municipality)
    require_right(store, Act.RECALL, by)
    folder = out / f"{pack_id}-{STEM}"
    _require_recallable(pack, reason, due_by, at, folder)
    with store.writing():
        kept = pack.recall or _recorded(store, pack, reason=reason.strip(), due_by=due_by, by=by, at=at)
        notice = _notice(store, pack, kept, at)
        content = write_document(notice)
        signature = signature_of(content, store.signing_key)
        write_letter(folder, STEM, content, recall_letter(notice), at=at, signature=signature)
    agreement = agreements_of(store, notice.municipality).get(notice.agreement_id)
    return Recalled(notice, folder, calls(agreement, notice.recipient, at), unchanged=pack.recall is not None)


def take_step(store: Store, municipality: str, request_id: str, step: Step, *, since: frozenset[State]) -> None:
    """Take a step on the request's course where it moves it; packs of an earlier version have no course.

    A clock that was set back must not keep a pack from being called back or reported gone: the step has the time of the
    last one then, its entry in the ledger the time of the clock.
    """
    course = store.steps.of(request_id, municipality)
    if course.state in since:
        in_order = replace(step, at=max(step.at, course.steps[-1].at))
        store.steps.add(municipality, request_id, in_order, at=step.at)


def _require_recallable(pack: PackOut, reason: str, due_by: datetime, at: datetime, folder: Path) -> None:
    if pack.back:
        raise AftercareError("disaster.already_deleted", pack=pack.pack_id)
    if is_blank(reason):
        raise AftercareError("disaster.recall_without_reason", pack=pack.pack_id)
    if pack.recall is None and due_by <= at:
        raise AftercareError("disaster.recall_due_past", pack=pack.pack_id)
    if folder.exists():
        raise AftercareError("disaster.out_exists", folder=folder.name)


def _recorded(store: Store, pack: PackOut, *, reason: str, due_by: datetime, by: Actor, at: datetime) -> Recall:
    """Take the step, then keep the recall: what refuses the step leaves no recall, and a crash between is made good."""
    provision = pack.provision
    new = Recall(
        municipality=provision.municipality, recall_id=f"{pack.pack_id}-{STEM}", pack_id=pack.pack_id, reason=reason,
        by=by.name, at=at, due_by=due_by, files=_files(store, pack),
    )  # fmt: skip
    step = Step(Act.RECALL, by, at, reason, new.recall_id)
    since = frozenset({State.RELEASED, State.HANDED})
    take_step(store, provision.municipality, provision.request_id, step, since=since)
    store.recalls.add(new)
    return new


def _files(store: Store, pack: PackOut) -> dict[str, str]:
    """Return SHA-256 by path of the files that the manifest lists and of those that were handed, the ZIP among them.

    Of packs of an earlier version the ledger has the names alone: "" stands for the hash then.
    """
    found: dict[str, str] = {}
    for entry in store.ledger.entries():
        if entry.kind == "released" and entry.payload.get("provision_id") == pack.pack_id:
            found = dict.fromkeys(entry.payload.get("files", ()), "") | dict(entry.payload.get("handed", {}))
    return found | dict(pack.provision.files)


def _notice(store: Store, pack: PackOut, kept: Recall, at: datetime) -> RecallNotice:
    provision, said = pack.provision, pack.provision.manifest or {}
    agreement = agreements_of(store, provision.municipality).get(pack.agreement_id)
    provider = _named(said.get("provider")) or (agreement.post.name if agreement else pack.agreement_id)
    return RecallNotice(
        recall_id=kept.recall_id,
        pack_id=pack.pack_id,
        request_id=provision.request_id,
        municipality=provision.municipality,
        agreement_id=pack.agreement_id,
        provider=provider,
        recipient=provision.recipient,
        event=_named(said.get("event")),
        purpose=PURPOSES.get(provision.purpose, (provision.purpose, ""))[0],
        drill=provision.drill,
        provided_at=pack.provided_at,
        expires_at=provision.expires_at,
        reason=kept.reason,
        issued_at=kept.at,
        issued_by=kept.by,
        due_by=kept.due_by,
        contacts=calls(agreement, provider, at),
        manifest_sha256=str(provision.sha256),
        files=tuple(HashedFile(path=path, sha256=kept.files[path] or None) for path in sorted(kept.files)),
    )


def _named(part: object) -> str:
    """Return the name of a party or an event as the manifest writes it."""
    return str(part.get("name", "")) if isinstance(part, Mapping) else ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A notice that the right key signed; `here` whether this store received the pack and still reads it."""

    notice: RecallNotice
    received: bool
    here: bool


def check_notice(store: Store, file: Path, *, at: datetime) -> Checked:
    """Check a recall notice (``recall.json``, ``recall.sig`` beside it) against the agreement that this store keeps.

    What it recalls, if it was received here, is no longer read from then on; if it was not, the ledger keeps the
    notice and the pack is refused when it comes (`recalled_by`).

    Raises
    ------
    AftercareError
        If it is no notice, names an agreement that is not kept or under which that pack was not given, or another key
        signed it.
    """
    content, signature = (content_of(RecallNotice, one) for one in (file, file.with_suffix(".sig")))
    notice = parse_document(RecallNotice, content, name=file.name)
    agreement = _agreement_of(store, notice)
    if not is_signed(content, signature, agreement.post.signing_key):
        raise AftercareError("disaster.recall_not_signed", file=file.name)
    received = next((one for one in store.received.all(notice.municipality) if one.pack_id == notice.pack_id), None)
    _require_own_pack(store, agreement, notice, received)
    with store.writing():
        if recalled_by(store, notice.municipality, notice.pack_id, notice.agreement_id) is None:
            _keep(store, notice, at, here=received is not None)
    rows = [row for row in store.batches(municipality=notice.municipality) if row.pack_id == notice.pack_id]
    return Checked(notice, received is not None, any(row.state == "active" for row in rows))


def recalled_by(store: Store, municipality: str, pack_id: str, agreement_id: str) -> str | None:
    """Return the name of the recall of a pack that came or may still come under an agreement, None without one."""
    kept = store.recalls.of(pack_id, municipality=municipality)
    if kept:
        return kept[-1].recall_id
    meant = {"municipality": municipality, "pack_id": pack_id, "agreement_id": agreement_id}
    for entry in store.ledger.entries():
        if entry.kind == _AWAITED and meant.items() <= entry.payload.items():
            return str(entry.payload["recall_id"])
    return None


def _require_own_pack(store: Store, agreement: Agreement, notice: RecallNotice, received: ReceivedPack | None) -> None:
    """Refuse the notice of a party about what another party gave: its key opens no drawer but its own."""
    under = notice.agreement_id if received is None else str(received.manifest["agreement_id"])
    codes = {agreement.municipality.code, *agreement.area} & set(store.municipalities)
    if under != notice.agreement_id or notice.municipality not in codes:
        raise AftercareError("disaster.recall_other_agreement", pack=notice.pack_id, agreement=notice.agreement_id)


def _keep(store: Store, notice: RecallNotice, at: datetime, *, here: bool) -> None:
    """Keep a notice; one that came before its pack stands in the ledger alone, so that the pack is refused."""
    if here:
        store.recalls.add(_received_recall(notice, at))
    if here or store.side is Side.POST:
        return
    said = notice.model_dump(mode="json", include={"municipality", "pack_id", "agreement_id", "recall_id", "reason"})
    said |= {"by": f"{notice.provider} {notice.issued_by}", "due_by": notice.due_by.isoformat()}
    store.ledger.record(_AWAITED, said, at=at)


def _received_recall(notice: RecallNotice, at: datetime) -> Recall:
    return Recall(
        municipality=notice.municipality, recall_id=notice.recall_id, pack_id=notice.pack_id, reason=notice.reason,
        by=f"{notice.provider} {notice.issued_by}", at=at, due_by=notice.due_by,
        files={one.path: one.sha256 or "" for one in notice.files},
    )  # fmt: skip


def _agreement_of(store: Store, notice: RecallNotice) -> Agreement:
    agreement: Agreement | None = agreements_of(store).get(notice.agreement_id)
    if agreement is None:
        raise AftercareError("disaster.recall_agreement", agreement=notice.agreement_id)
    return agreement
