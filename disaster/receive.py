"""The twin of the door on the other side: a pack comes in whole, checked and recorded, or not at all."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from agreements.agreement import Agreement, in_force
from agreements.format import Column, ColumnType
from disaster.aftercare.out import agreements_of
from disaster.aftercare.recall import recalled_by
from disaster.channel import EXCEL_PASSWORD
from disaster.cover import japan_time
from disaster.errors import ReceiveError
from disaster.layers import layer
from disaster.manifest import LAYERS, MANIFEST, LayerOf, Manifest
from disaster.models import NOUNS, OPENINGS, PLACE_COLUMNS, SHELTERS, Side
from disaster.newfolder import new_folder
from disaster.pack import read_manifest, verify_files, verify_signature
from disaster.packfiles import files_in, laid_out
from disaster.progress import Step, silent
from disaster.publish import NOT_SHOWN, PUBLISHABLE, Published, published_layer, write_published
from disaster.residents import DWELLING_COLUMNS, FORWARD_COLUMNS, MATCH_COLUMNS, PERSON_COLUMNS, STATUS_COLUMNS
from disaster.schemas.parse import parse
from disaster.situation import beside, with_openings
from disaster.store import Store
from exporters.model import Layer, Marks
from geo.read import Reader

#: The columns that a layer of a pack may have besides its place.
_COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "match": MATCH_COLUMNS, "dwellings": DWELLING_COLUMNS, "persons": PERSON_COLUMNS, "delivery-status": STATUS_COLUMNS,
    "forwarded": FORWARD_COLUMNS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Received:
    """What came in: rows by layer, whose pack it was, and how long it may be used.

    `personal` where layers about homes or persons are among it: no file of the headquarters holds those, only the
    pack's own map and tables do. `files` is the folder in which these lie open, None while they are in a ZIP.
    """

    pack_id: str
    unchanged: bool
    provider: str
    purpose: str
    event: str
    as_of: datetime
    expires_at: datetime | None
    drill: bool
    counts: Mapping[str, int]
    view: Published | None
    personal: bool
    files: Path | None


def receive(
    store: Store, pack: Path, *, at: datetime, reader: Reader, out: Path | None = None, unpack: Path | None = None,
    step: Step = silent, password: str | None = None,
) -> Received:  # fmt: skip
    """Check a situation pack and take it into the municipality's store.

    Signature, addressee, agreement, expiry, hashes and counts are checked before anything is stored; the same pack
    twice changes nothing; an older pack than the newest of the same request is refused, and so is one that the provider
    recalled or that was destroyed here: its deletion was reported. The ledger keeps refusals.

    Parameters
    ----------
    pack
        The folder or the ZIP file that was handed over.
    reader
        The parser worker: the pack's rows are as untrusted as any file until they are checked.
    out
        Where to write the headquarters' map and tables: own layers beside the received ones without personal data.
    unpack
        A new folder, private to its owner, for the pack's own files as they were checked; the ledger tells of it.
    password
        Of a ZIP that AES-256 protects.

    Raises
    ------
    ReceiveError
        Naming what is wrong; nothing is stored then, unless it is `out` or `unpack` that cannot be written.
    """
    if store.side is Side.POST:
        raise ReceiveError("disaster.wrong_side_for_receive")
    if not pack.exists():
        raise ReceiveError("disaster.no_pack", file=pack.name)
    for folder in (one for one in (out, unpack) if one is not None and one.exists()):
        raise ReceiveError("disaster.out_exists", folder=folder.name)
    with store.writing(), ExitStack() as held:
        with _recorded_refusal(store, at):
            step("署名とハッシュ値を確かめています")
            store.staging.mkdir(mode=0o700, exist_ok=True)
            inner = held.enter_context(laid_out(pack, beside=store.staging, password=password))
            manifest, tables, unchanged = _taken(store, inner, at, reader, step=step)
        if unpack is not None:
            _unpack(store, inner, manifest, unpack, at)
    step("本部用の地図を書いています")
    view = _view(store, manifest, tables, out, at) if out is not None else None
    lies_open = unpack or (pack if (pack / MANIFEST).is_file() else None)
    return _received(manifest, tables, unchanged=unchanged, view=view, files=lies_open)


def _taken(
    store: Store, folder: Path, at: datetime, reader: Reader, *, step: Step
) -> tuple[Manifest, Mapping[str, pa.Table], bool]:
    """Check everything, then store it in one step."""
    files = files_in(folder)
    manifest, content = read_manifest(files)
    agreement = _agreement(store, manifest)
    verify_signature(files, content, agreement.post.signing_key)
    _check_addressee(store, manifest, agreement, at)
    _require_not_gone(store, manifest)
    verify_files(files, manifest)
    if manifest.channel == EXCEL_PASSWORD:
        raise ReceiveError("disaster.workbook_only", file=folder.name)
    _check_counts(manifest)
    step("中身を読んで保存しています")
    tables = {entry.name: _table(folder, entry, reader) for entry in manifest.layers}
    stored = store.add_received(_for_store(manifest), tables, at=at)
    return manifest, tables, stored.unchanged


def _unpack(store: Store, folder: Path, manifest: Manifest, out: Path, at: datetime) -> None:
    """Lay the checked files where people can open them; the ledger knows before they lie there."""
    with new_folder(out, ReceiveError) as staging:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            target = staging / path.relative_to(folder)
            target.parent.mkdir(mode=0o700, exist_ok=True)
            shutil.copyfile(path, target)
        said = {
            "municipality": manifest.municipality, "pack_id": manifest.pack_id, "files": len(manifest.files),
            "expires_at": manifest.expires_at.isoformat() if manifest.expires_at else None,
        }  # fmt: skip
        store.ledger.record("unpacked", said, at=at)


@contextmanager
def _recorded_refusal(store: Store, at: datetime) -> Iterator[None]:
    """Put into the ledger that a pack was refused and why: a false signature is more than a nuisance."""
    try:
        yield
    except ReceiveError as error:
        store.ledger.record("pack_refused", {"reason": error.code}, at=at)
        raise


def _agreement(store: Store, manifest: Manifest) -> Agreement:
    """Return our own copy of the agreement that the pack names, whose key must have signed it."""
    found = agreements_of(store, manifest.municipality).get(manifest.agreement_id)
    if found is None:
        raise ReceiveError("disaster.unknown_agreement", agreement=manifest.agreement_id)
    return found


def _check_addressee(store: Store, manifest: Manifest, agreement: Agreement, at: datetime) -> None:
    """Refuse a pack for somebody else, outside the agreement's term, expired, or older than what is here."""
    code = manifest.municipality
    if code not in store.municipalities or manifest.recipient.code != agreement.municipality.code:
        raise ReceiveError("disaster.pack_for_another", recipient=manifest.recipient.name)
    if not in_force(agreement, manifest.provided_at):
        raise ReceiveError("disaster.agreement_not_in_force", agreement=agreement.agreement_id)
    if manifest.expires_at is not None and manifest.expires_at <= at:
        raise ReceiveError("disaster.pack_expired", expires_at=japan_time(manifest.expires_at))
    for other in store.received.all(code):
        same = (other.provider, other.manifest["request_id"]) == (manifest.provider.name, manifest.request_id)
        newer = datetime.fromisoformat(other.manifest["provided_at"]) > manifest.provided_at
        if same and newer and other.pack_id != manifest.pack_id:
            raise ReceiveError("disaster.pack_older", pack=other.pack_id)


def _require_not_gone(store: Store, manifest: Manifest) -> None:
    """Refuse what the provider recalled, even before it came, and what was destroyed here: for good."""
    recall_id = recalled_by(store, manifest.municipality, manifest.pack_id, manifest.agreement_id)
    if recall_id is not None:
        raise ReceiveError("disaster.pack_recalled", pack=manifest.pack_id, recall=recall_id)
    rows = [row for row in store.batches(municipality=manifest.municipality) if row.pack_id == manifest.pack_id]
    if rows and all(row.state == "purged" for row in rows):
        gone = max((row.purged_at for row in rows if row.purged_at is not None), default=None)
        raise ReceiveError("disaster.pack_purged", pack=manifest.pack_id, at=japan_time(gone))


def _check_counts(manifest: Manifest) -> None:
    """Refuse a pack whose files do not all hold the rows that its layers state."""
    wrong = manifest.miscounted()
    if wrong is not None:
        raise ReceiveError("disaster.pack_counts", layer=wrong[0], expected=wrong[2] or 0, found=wrong[1])
    listed = {file.path for file in manifest.files}
    for entry in manifest.layers:
        if _rows_file(entry) not in listed:
            raise ReceiveError("disaster.pack_missing_file", file=_rows_file(entry))


def _rows_file(entry: LayerOf) -> str:
    return f"geojson/{entry.name}.geojson"


def _table(folder: Path, entry: LayerOf, reader: Reader) -> pa.Table:
    """Read one layer's rows back, typed as ours are, and hold them against the manifest's count."""
    columns = columns_of(entry)
    if entry.rows == 0:
        return _typed(pa.table({column.name: pa.array([], pa.string()) for column in columns}), entry, columns)
    raw = reader.read(folder / _rows_file(entry), crs="EPSG:4326")
    if raw.table.num_rows != entry.rows or raw.bad_geometry:
        raise ReceiveError("disaster.pack_counts", layer=entry.name, expected=entry.rows, found=raw.table.num_rows)
    return _typed(raw.table, entry, columns)


def columns_of(entry: LayerOf) -> tuple[Column, ...]:
    """Return the columns of a layer as this software knows them, with what the manifest says of further codes.

    Raises
    ------
    ReceiveError
        If the layer or one of its columns is not known: it would be shown and kept as what it is not.
    """
    if entry.name not in LAYERS:
        raise ReceiveError("disaster.pack_unknown_layer", layer=entry.name)
    known = _COLUMNS.get(entry.name) or (*NOUNS[entry.name].columns, *PLACE_COLUMNS)
    ours = {column.name: column for column in known}
    for said in entry.columns:
        if said.name not in ours or ours[said.name].type is not said.type:
            raise ReceiveError("disaster.pack_unknown_layer", layer=f"{entry.title} {said.label}")
    return tuple(_with_codes(ours[said.name], said.choices) for said in entry.columns)


def _with_codes(column: Column, choices: Mapping[str, str]) -> Column:
    return replace(column, choices={**choices, **column.choices}) if column.choices else column


def _typed(rows: pa.Table, entry: LayerOf, columns: tuple[Column, ...]) -> pa.Table:
    typed: dict[str, Any] = {}
    for column in columns:
        held = column.name in rows.column_names
        text = rows.column(column.name).combine_chunks() if held else pa.nulls(rows.num_rows, pa.string())
        values = _lists(text) if column.type is ColumnType.LIST else _parsed(column, text)
        if values is None:
            raise ReceiveError("disaster.pack_value", layer=entry.title, column=column.label)
        typed[column.name] = values
    if entry.crs:
        empty = pa.nulls(rows.num_rows, pa.binary())
        typed["geometry"] = rows.column("geometry").combine_chunks() if "geometry" in rows.column_names else empty
    return pa.table(typed)


def _parsed(column: Column, text: pa.Array) -> pa.Array | None:
    """Return a typed column, None where a value is not of its type."""
    parsed = parse(column, text)
    return None if parsed.bad.any() else parsed.values


def _lists(text: pa.Array) -> pa.Array | None:
    """Return lists of texts from arrays in JSON, as the reader gives them; None where one is no such array."""
    coded = text.dictionary_encode()
    try:
        lists = pa.array([json.loads(one) for one in coded.dictionary.to_pylist()], pa.list_(pa.string()))
    except (ValueError, RecursionError, pa.ArrowException):
        return None
    return lists.take(coded.indices)


def _for_store(manifest: Manifest) -> dict[str, Any]:
    """Return what the store keeps: only what was checked."""
    event = manifest.event
    kept = manifest.model_dump(mode="json")
    return {**kept, "provider": manifest.provider.name, "event_id": event.id if event else None}


def _view(store: Store, manifest: Manifest, tables: Mapping[str, pa.Table], out: Path, at: datetime) -> Published:
    """Write the headquarters' own map and tables: what came in without personal data, beside what the city has."""
    code, drill = manifest.municipality, manifest.drill
    received = {entry.name: _layer(entry, tables[entry.name]) for entry in manifest.layers if not entry.personal}
    layers = _picture(store, received, code, at, drill=drill)
    marks = Marks(
        title="災害対策本部 状況図(本部内限り)",
        municipality=manifest.recipient.name,
        as_of=manifest.as_of,
        drill=drill,
        event=manifest.event.name if manifest.event else "",
        provider=manifest.provider.name,
        recipient=manifest.recipient.name,
        purpose=manifest.purpose_label,
        expires_at=manifest.expires_at,
    )
    return write_published(store, layers, marks, out, at=at, entry="viewed")


def _layer(entry: LayerOf, table: pa.Table) -> Layer:
    return layer(entry.name, entry.title, columns_of(entry), table, as_of=entry.as_of, source=entry.source)


def _received(
    manifest: Manifest, tables: Mapping[str, pa.Table], *, unchanged: bool, view: Published | None, files: Path | None
) -> Received:
    return Received(
        pack_id=manifest.pack_id,
        unchanged=unchanged,
        provider=manifest.provider.name,
        purpose=manifest.purpose_label,
        event=manifest.event.name if manifest.event else "",
        as_of=manifest.as_of,
        expires_at=manifest.expires_at,
        drill=manifest.drill,
        counts={name: table.num_rows for name, table in tables.items()},
        view=view,
        personal=any(entry.personal for entry in manifest.layers),
        files=files,
    )


def _picture(store: Store, received: Mapping[str, Layer], code: str, at: datetime, *, drill: bool) -> list[Layer]:
    """Return received layers and the city's own, of one kind as one layer, shelters with their latest opening."""
    layers = dict(received)
    for kind in (kind for kind in PUBLISHABLE if kind not in NOT_SHOWN):
        own = published_layer(store, kind, code, at=at, drill=drill)
        if own is not None:
            layers[kind] = beside(NOUNS[kind], own, received[kind]) if kind in received else own
    if SHELTERS.kind in layers and OPENINGS.kind in layers:
        layers[SHELTERS.kind] = with_openings(layers[SHELTERS.kind], layers[OPENINGS.kind])
    return list(layers.values())
