"""The twin of the door on the other side: a pack comes in whole, checked and recorded, or not at all."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from agreements.agreement import Agreement, in_force, parse_agreement
from agreements.format import Column, ColumnType, Sensitivity
from disaster.errors import ReceiveError
from disaster.layers import layer
from disaster.models import Side
from disaster.pack import read_manifest, verify_files, verify_signature
from disaster.progress import Step, silent
from disaster.publish import PUBLISHABLE, Published, published_layer, write_published
from disaster.schemas.parse import parse
from disaster.store import Store
from exporters.model import Layer, Marks
from geo.read import Limits, Reader

#: Name of a layer in a pack: what we write, and nothing that could be a path.
_LAYER_NAMES = frozenset({"match", "dwellings", "persons", "delivery-status", *PUBLISHABLE})


@dataclass(frozen=True, slots=True)
class Received:
    """What came in: rows by layer, whose pack it was, and how long it may be used."""

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


def receive(
    store: Store, pack: Path, *, at: datetime, reader: Reader, out: Path | None = None, step: Step = silent
) -> Received:
    """Check a situation pack and take it into the municipality's store.

    Signature, addressee, agreement, expiry, hashes and counts are checked before anything is stored; the same pack
    twice changes nothing; an older pack than the newest of the same provider and event is refused.

    Parameters
    ----------
    pack
        The folder or the ZIP file that was handed over.
    reader
        The parser worker: the pack's rows are as untrusted as any file until they are checked.
    out
        Where to write the headquarters' map and tables: own layers beside the received ones without personal data.

    Raises
    ------
    ReceiveError
        Naming what is wrong; nothing is stored then.
    """
    if store.side is Side.POST:
        raise ReceiveError("disaster.wrong_side_for_receive")
    step("署名とハッシュ値を確かめています")
    with store.writing(), _opened(pack) as folder:
        manifest, content = read_manifest(folder)
        agreement = _agreement(store, manifest)
        verify_signature(folder, content, agreement.post.signing_key)
        _check_addressee(store, manifest, agreement, at)
        verify_files(folder, manifest)
        step("中身を読んで保存しています")
        tables = {entry["name"]: _table(folder, entry, reader) for entry in manifest["layers"]}
        stored = store.add_received(_for_store(manifest), tables, at=at)
    step("本部用の地図を書いています")
    view = _view(store, manifest, tables, out, at) if out is not None else None
    return _received(manifest, tables, unchanged=stored.unchanged, view=view)


@contextmanager
def _opened(pack: Path) -> Iterator[Path]:
    """Give the pack as a folder of its own that nobody changes while it is checked."""
    if not pack.exists():
        raise ReceiveError("disaster.no_pack", file=pack.name)
    with tempfile.TemporaryDirectory(prefix="tayori-receive-") as name:
        inner = Path(name) / "pack"
        if pack.is_dir():
            _copy(pack, inner)
        else:
            _unzip(pack, inner, Limits())
        yield inner


def _copy(pack: Path, inner: Path) -> None:
    """Copy the folder as it is, without its own ZIP and without following links."""
    shutil.copytree(pack, inner, symlinks=True, ignore=shutil.ignore_patterns(f"{pack.resolve().name}.zip"))


def _unzip(pack: Path, inner: Path, limits: Limits) -> None:
    """Unpack under the limits; names that leave the folder are refused before a byte is written."""
    try:
        with zipfile.ZipFile(pack) as archive:
            for info in _members(archive, pack, limits):
                target = inner.joinpath(*PurePosixPath(info.filename).parts[1:])
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as source, target.open("wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise ReceiveError("disaster.bad_zip", file=pack.name) from error


def _members(archive: zipfile.ZipFile, pack: Path, limits: Limits) -> list[zipfile.ZipInfo]:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    names = [PurePosixPath(info.filename) for info in infos]
    unsafe = any(
        len(name.parts) < 2 or name.is_absolute() or ".." in name.parts or "\\" in str(name) or ":" in str(name)
        for name in names
    )
    size = sum(info.file_size for info in infos)
    ratio = max((info.file_size / max(info.compress_size, 1) for info in infos if info.file_size > 1 << 20), default=0)
    if unsafe or len({name.parts[0] for name in names}) != 1 or len(set(names)) != len(names):
        raise ReceiveError("disaster.bad_zip", file=pack.name)
    for what, value, limit in (
        ("members", len(infos), limits.members), ("unpacked_bytes", size, limits.unpacked_bytes), ("ratio", int(ratio), limits.ratio),
    ):  # fmt: skip
        if value > limit:
            raise ReceiveError("disaster.zip_limit", file=pack.name, what=what, value=value, limit=limit)
    return infos


def _agreement(store: Store, manifest: Mapping[str, Any]) -> Agreement:
    """Return our own copy of the agreement that the pack names, whose key must have signed it."""
    records = store.agreements.all(str(manifest.get("municipality")))
    agreements = (parse_agreement(record.text) for record in records)
    found = next((one for one in agreements if one.agreement_id == manifest.get("agreement_id")), None)
    if found is None:
        raise ReceiveError("disaster.unknown_agreement", agreement=str(manifest.get("agreement_id")))
    return found


def _check_addressee(store: Store, manifest: Mapping[str, Any], agreement: Agreement, at: datetime) -> None:
    """Refuse a pack for somebody else, outside the agreement's term, expired, or older than what is here."""
    code = manifest["municipality"]
    if code not in store.municipalities or manifest["recipient"]["code"] != agreement.municipality.code:
        raise ReceiveError("disaster.pack_for_another", recipient=manifest["recipient"]["name"])
    provided_at = datetime.fromisoformat(manifest["provided_at"])
    if not in_force(agreement, provided_at):
        raise ReceiveError("disaster.agreement_not_in_force", agreement=agreement.agreement_id)
    expires = manifest["expires_at"]
    if expires and datetime.fromisoformat(expires) <= at:
        raise ReceiveError("disaster.pack_expired", expires_at=expires)
    for other in store.received.all(code):
        same = (other.manifest["provider"], other.manifest["request_id"]) == (
            manifest["provider"]["name"],
            manifest["request_id"],
        )
        newer = datetime.fromisoformat(other.manifest["provided_at"]) > provided_at
        if same and newer and other.pack_id != manifest["pack_id"]:
            raise ReceiveError("disaster.pack_older", pack=other.pack_id)


def _table(folder: Path, entry: Mapping[str, Any], reader: Reader) -> pa.Table:
    """Read one layer's rows back, typed as the manifest says, and hold them against its counts."""
    name = entry["name"]
    if name not in _LAYER_NAMES:
        raise ReceiveError("disaster.pack_unknown_layer", layer=str(name))
    if entry["rows"] == 0:
        return _typed(pa.table({c["name"]: pa.array([], pa.string()) for c in entry["columns"]}), entry)
    raw = reader.read(folder / "geojson" / f"{name}.geojson", crs="EPSG:4326")
    if raw.table.num_rows != entry["rows"] or raw.bad_geometry:
        raise ReceiveError("disaster.pack_counts", layer=name, expected=entry["rows"], found=raw.table.num_rows)
    return _typed(raw.table, entry)


def columns_of(entry: Mapping[str, Any]) -> tuple[Column, ...]:
    """Return the columns that the manifest states for a layer."""
    return tuple(
        Column(c["name"], c["label"], ColumnType(c["type"]), Sensitivity(c["sensitivity"]), c["choices"])
        for c in entry["columns"]
    )


def _typed(rows: pa.Table, entry: Mapping[str, Any]) -> pa.Table:
    typed: dict[str, Any] = {}
    for column in columns_of(entry):
        text = (
            rows.column(column.name).combine_chunks()
            if column.name in rows.column_names
            else pa.nulls(rows.num_rows, pa.string())
        )
        parsed = parse(column, text)
        if parsed.bad.any():
            raise ReceiveError("disaster.pack_value", layer=entry["name"], column=column.label)
        typed[column.name] = parsed.values
    if entry["crs"]:
        empty = pa.nulls(rows.num_rows, pa.binary())
        typed["geometry"] = rows.column("geometry").combine_chunks() if "geometry" in rows.column_names else empty
    return pa.table(typed)


def _for_store(manifest: Mapping[str, Any]) -> dict[str, Any]:
    event = manifest["event"]
    return {**manifest, "provider": manifest["provider"]["name"], "event_id": event["id"] if event else None}


def _view(
    store: Store, manifest: Mapping[str, Any], tables: Mapping[str, pa.Table], out: Path, at: datetime
) -> Published:
    """Write the headquarters' own map and tables: what came in without personal data, beside what the city has."""
    code, drill = manifest["municipality"], manifest["drill"]
    received = [_layer(entry, tables[entry["name"]]) for entry in manifest["layers"] if not entry["personal"]]
    names = {one.name for one in received}
    own = (
        published_layer(store, kind, code, at=at, drill=drill)
        for kind in PUBLISHABLE
        if kind != "gazetteer" and kind not in names
    )
    layers = [*received, *(one for one in own if one is not None)]
    marks = Marks(
        title="災害対策本部 状況図(本部内限り)",
        municipality=manifest["recipient"]["name"],
        as_of=datetime.fromisoformat(manifest["as_of"]),
        drill=drill,
        event=manifest["event"]["name"] if manifest["event"] else "",
        provider=manifest["provider"]["name"],
        recipient=manifest["recipient"]["name"],
        purpose=manifest["purpose_label"],
        expires_at=datetime.fromisoformat(manifest["expires_at"]) if manifest["expires_at"] else None,
    )
    return write_published(store, layers, marks, out, at=at)


def _layer(entry: Mapping[str, Any], table: pa.Table) -> Layer:
    as_of = datetime.fromisoformat(entry["as_of"])
    return layer(entry["name"], entry["title"], columns_of(entry), table, as_of=as_of, source=entry["source"])


def _received(
    manifest: Mapping[str, Any], tables: Mapping[str, pa.Table], *, unchanged: bool, view: Published | None
) -> Received:
    expires = manifest["expires_at"]
    return Received(
        pack_id=manifest["pack_id"],
        unchanged=unchanged,
        provider=manifest["provider"]["name"],
        purpose=manifest["purpose_label"],
        event=manifest["event"]["name"] if manifest["event"] else "",
        as_of=datetime.fromisoformat(manifest["as_of"]),
        expires_at=datetime.fromisoformat(expires) if expires else None,
        drill=manifest["drill"],
        counts={name: table.num_rows for name, table in tables.items()},
        view=view,
    )
