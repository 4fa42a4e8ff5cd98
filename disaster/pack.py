"""A situation pack on disk: the files of one provision, their manifest, its signature, and the check of all three."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError
from pyzipper.zipfile_aes import AESZipInfo

from agreements.clock import JST
from agreements.format import Column
from disaster.channel import open_locked_zip
from disaster.errors import ProvideError, ReceiveError
from disaster.manifest import FORMAT, MANIFEST, READABLE, SIGNATURE, VERSION, FileOf, Manifest
from disaster.newfolder import sync_private
from disaster.packfiles import PackFiles
from disaster.progress import Step, silent
from disaster.signing import is_signed, signature_of
from exporters.geojson import write_geojson
from exporters.geopackage import write_geopackage
from exporters.model import Extract, Layer, Marks
from exporters.table import write_csv, write_xlsx
from exporters.webmap import write_webmap

READ_ME = "READ_ME_FIRST.txt"
WORKBOOK, MAP = "situation.xlsx", "map.html"
#: The answer to the request on paper, with the slip that the recipient signs: nobody's data are in it.
RELEASE_FORM = "release_form.pdf"
#: A manifest is words and counts; anything larger is not one.
_MAX_MANIFEST_BYTES = 4_000_000
#: A signature is one line of 88 signs.
_MAX_SIGNATURE_BYTES = 1_000

#: Files that hold all layers, and formats that hold one layer a file.
_WHOLE: Mapping[str, Callable[[Path, Sequence[Layer], Marks], Mapping[str, int]]] = {
    WORKBOOK: write_xlsx,
    "situation.gpkg": write_geopackage,
    MAP: write_webmap,
}
_SINGLE: Mapping[str, Callable[[Path, Layer, Marks], int]] = {"csv": write_csv, "geojson": write_geojson}


@dataclass(frozen=True, slots=True)
class File:
    """A file of a pack: path inside it with forward slashes, SHA-256 in hex, size in bytes, rows by layer."""

    path: str
    sha256: str
    bytes: int
    counts: Mapping[str, int]


def write_files(
    folder: Path, layers: Sequence[Layer], marks: Marks, step: Step = silent, *, only: Collection[str] | None = None
) -> list[File]:
    """Write every format of the pack from the same rows into `folder`.

    Parameters
    ----------
    only
        `WORKBOOK`, `MAP` or a kind of file (csv, geojson) to write nothing else; None writes all.

    Returns
    -------
    list of File
        One entry a file; each says how many rows of which layer it holds.
    """
    counts: dict[str, Mapping[str, int]] = {}
    for name, write in _WHOLE.items():
        if only is not None and name not in only:
            continue
        step(f"{name} を書いています")
        counts[name] = write(folder / name, layers, marks)
    for kind, write_one in _SINGLE.items():
        if only is not None and kind not in only:
            continue
        step(f"{kind} を書いています")
        (folder / kind).mkdir(mode=0o700, exist_ok=True)
        for one in layers:
            path = f"{kind}/{one.name}.{kind}"
            counts[path] = {one.name: write_one(folder / path, one, marks)}
    return [described(folder, path, rows) for path, rows in sorted(counts.items())]


def described(folder: Path, path: str, counts: Mapping[str, int]) -> File:
    """Hash a written file and make it durable and readable by its owner only."""
    file = folder / path
    sync_private(file)
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return File(path, digest, file.stat().st_size, dict(counts))


def _layer_entry(layer: Layer) -> dict[str, Any]:
    """Describe a layer in the manifest: columns by machine name, label and sensitivity, and its counts."""
    entry: dict[str, Any] = {
        "name": layer.name,
        "title": layer.title,
        "rows": len(layer),
        "as_of": layer.as_of.isoformat(),
        "source": layer.source,
        "crs": "EPSG:6668" if layer.geometry is not None else None,
        "columns": [_column_entry(column, layer) for column in layer.columns],
        "place": _grounds_entry(layer) if layer.geometry is not None else None,
        "personal": isinstance(layer, Extract),
    }
    if isinstance(layer, Extract):
        entry |= {
            "mode": layer.mode,
            "matched": layer.matched,
            "returned": layer.returned,
            "withheld": dict(layer.withheld),
        }
    return entry


def _column_entry(column: Column, layer: Layer) -> dict[str, Any]:
    return {
        "name": column.name,
        "label": column.label,
        "type": str(column.type),
        "sensitivity": str(column.sensitivity),
        "choices": dict(column.choices),
        **_grounds_entry(layer),
    }


def _grounds_entry(layer: Layer) -> dict[str, str]:
    """Return what lets the cells of a layer leave; a pack holds no layer without it."""
    if layer.grounds is None:
        raise ProvideError("disaster.layer_without_clause", layer=layer.title)
    return {
        "clause": layer.grounds.clause,
        "article": layer.grounds.article,
        "basis": layer.grounds.sentence,
        "law": layer.grounds.law,
    }


def seal(
    folder: Path, head: Mapping[str, Any], layers: Sequence[Layer], files: Sequence[File], key: Ed25519PrivateKey
) -> bytes:
    """Write manifest and signature; return the manifest's bytes.

    Raises
    ------
    ProvideError
        If the receiver would refuse it, for instance for a line break in the name of the event.
    """
    document = {
        "format": FORMAT,
        "version": VERSION,
        **head,
        "layers": [_layer_entry(layer) for layer in layers],
        "files": [{"path": f.path, "sha256": f.sha256, "bytes": f.bytes, "counts": dict(f.counts)} for f in files],
    }
    manifest = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1).encode()
    try:
        Manifest.model_validate_json(manifest)
    except ValidationError as error:
        where = "、".join(".".join(map(str, one["loc"])) for one in error.errors()[:3])
        raise ProvideError("disaster.manifest_unfit", where=where) from error
    for name, content in ((MANIFEST, manifest), (SIGNATURE, signature_of(manifest, key))):
        (folder / name).write_bytes(content)
        described(folder, name, {})
    return manifest


def zip_folder(folder: Path, target: Path, *, at: datetime, password: str | None = None) -> None:
    """Pack the folder into one ZIP whose bytes depend on its files and `at` alone; with a password, by AES-256."""
    stamp = at.astimezone(JST).timetuple()[:6]
    opened: Any = zipfile.ZipFile(target, "w") if password is None else open_locked_zip(target, password)
    entry = zipfile.ZipInfo if password is None else AESZipInfo
    with opened as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            info = entry(f"{folder.name}/{file.relative_to(folder).as_posix()}", stamp)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            with file.open("rb") as source, archive.open(info, "w") as sink:
                while block := source.read(1 << 20):
                    sink.write(block)
    described(target.parent, target.name, {})


def read_manifest(files: PackFiles) -> tuple[Manifest, bytes]:
    """Return the manifest, and the bytes that were signed.

    Raises
    ------
    ReceiveError
        If there is none, or it is not a manifest that this version reads.
    """
    if not {MANIFEST, SIGNATURE} <= files.paths:
        raise ReceiveError("disaster.no_manifest", file=files.name)
    content = files.read(MANIFEST, _MAX_MANIFEST_BYTES + 1)
    if len(content) > _MAX_MANIFEST_BYTES:
        raise ReceiveError("disaster.bad_manifest", file=files.name)
    _require_version(content, files.name)
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        raise ReceiveError("disaster.bad_manifest", file=files.name) from error
    return manifest, content


def _require_version(content: bytes, name: str) -> None:
    """Tell a pack of a newer version from something that is no manifest at all."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ReceiveError("disaster.bad_manifest", file=name) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ReceiveError("disaster.bad_manifest", file=name)
    if document.get("version") not in READABLE:
        raise ReceiveError("disaster.pack_version", file=name, version=str(document.get("version"))[:20], known=VERSION)


def verify_signature(files: PackFiles, manifest: bytes, public_key: str) -> None:
    """Check that the manifest was signed by the key of the agreement.

    Parameters
    ----------
    public_key
        Ed25519 public key, 32 bytes in base64, as the agreement names it.

    Raises
    ------
    ReceiveError
        If the signature is another's or the manifest was altered.
    """
    signature = files.read(SIGNATURE, _MAX_SIGNATURE_BYTES + 1)
    if len(signature) > _MAX_SIGNATURE_BYTES or not is_signed(manifest, signature, public_key):
        raise ReceiveError("disaster.bad_signature", file=files.name)


def verify_files(files: PackFiles, manifest: Manifest) -> None:
    """Check that the pack holds exactly the files of the manifest, unaltered.

    Raises
    ------
    ReceiveError
        Naming the first file that is missing, altered, or not in the manifest.
    """
    listed = {file.path for file in manifest.files}
    for extra in sorted(files.paths - listed - {MANIFEST, SIGNATURE}):
        raise ReceiveError("disaster.pack_extra_file", file=extra)
    for said in sorted(manifest.files, key=lambda file: file.path):
        verify_file(files, said)


def verify_file(files: PackFiles, said: FileOf) -> None:
    """Check that one file of a pack is as the manifest says.

    Raises
    ------
    ReceiveError
        If it is missing or altered.
    """
    if said.path not in files.paths:
        raise ReceiveError("disaster.pack_missing_file", file=said.path)
    if files.sha256(said.path) != said.sha256:
        raise ReceiveError("disaster.pack_altered_file", file=said.path)
