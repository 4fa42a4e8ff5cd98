"""Who was in a released pack: keyed hashes of people and homes, one sorted file a pack, never a name.

A key is BLAKE2b of 16 bytes (RFC 7693), keyed with what is derived from the store's key-encryption key: without that
key nobody can try out names, and a store with another key would answer nothing. 2**64 keys are needed before two are
likely to be equal by chance.

The file of a pack is written before the pack is released and its hash stands in the ledger with the release; at the
next opening the files of packs that never were released are swept away.
"""

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, insert, select

from agreements.request import PERSONAL_MODES
from disaster.errors import StoreError
from disaster.store import snapshots
from disaster.store.engine import Database
from disaster.store.home import Home
from disaster.store.keys import Keys
from disaster.store.ledger import Ledger
from disaster.store.records import Records, one
from disaster.store.tables import provision, subjects
from geo.address import fold, fold_name

FOLDER = "subjects"
KEY_BYTES = 16
#: Keys as bytes that sort and compare as such.
KEY = np.dtype(f"S{KEY_BYTES}")
_FILE_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,79}")
_SEPARATOR = b"\x1f"

Texts: TypeAlias = pa.Array | pa.ChunkedArray | Sequence[str | None]
KeyArray: TypeAlias = npt.NDArray[np.bytes_]


class Subjects(Records):
    """The index of who was in which pack."""

    def __init__(
        self, database: Database, ledger: Ledger, municipalities: Sequence[str], home: Home, keys: Keys
    ) -> None:
        super().__init__(database, ledger, municipalities)
        self._home, self._key = home, keys.derive("subjects")

    def rows(self, names: Texts, addresses: Texts, point_ids: Texts) -> KeyArray:
        """Return the keys of all who are in the rows of a pack: people, homes and delivery points.

        Parameters
        ----------
        names, addresses, point_ids
            Columns of one length as they are written in the register; null where a row has none.
        """
        folded = _folded(addresses)
        return np.concatenate([self._persons(names, folded), self._homes(folded), self.points(point_ids)])

    def persons(self, names: Texts, addresses: Texts) -> KeyArray:
        """Return the keys of people by name and address, however both are written; rows without either have none."""
        return self._persons(names, _folded(addresses))

    def addresses(self, addresses: Texts) -> KeyArray:
        """Return the keys of homes by their address, however it is written; rows without one have none."""
        return self._homes(_folded(addresses))

    def points(self, point_ids: Texts) -> KeyArray:
        """Return the keys of delivery points by the store's own id of them."""
        ids = _column(point_ids)
        return self._keys(b"point", ids.filter(_is_said(ids)).cast(pa.binary()))

    def add(self, pack_id: str, keys: KeyArray, *, municipality: str) -> None:
        """Write who is in a pack that is being staged; its release makes it stand.

        Parameters
        ----------
        keys
            Of `rows`, in any order; equal ones are kept once.

        Raises
        ------
        StoreError
            If there is no such provision or it is not in the state "staging", or the disk is full.
        """
        if not self._home.is_writing:
            raise RuntimeError("an index is made within `with store.writing()`")
        if not _FILE_NAME.fullmatch(pack_id):
            raise StoreError("disaster.unknown_provision", name=pack_id[:80])
        content = _sorted(keys)
        file = f"{FOLDER}/{municipality}/{pack_id}.keys"
        with self._ledger.transaction() as connection:
            made = one(connection, provision, "provision_id", pack_id, municipality)
            if made.state != "staging":
                raise StoreError("disaster.provision_state", name=pack_id, state=made.state)
            digest = _write(self._home.path / file, content)
            row = {"municipality": municipality, "pack_id": pack_id}
            connection.execute(insert(subjects), row | {"file": file, "size": len(content), "sha256": digest})

    def packs_of(self, keys: KeyArray, *, municipality: str) -> tuple[str, ...]:
        """Return the released packs in which any of the keys was, the oldest first.

        Raises
        ------
        StoreError
            If the index of a released pack is missing or cut: "nobody got it" would be a guess.
        """
        wanted = _sorted(keys)
        query = (
            select(subjects.c.pack_id, subjects.c.file, subjects.c.size)
            .join(provision, _same_pack())
            .where(subjects.c.municipality == municipality, provision.c.released_at.is_not(None))
            .order_by(provision.c.released_at, subjects.c.pack_id)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(row.pack_id for row in rows if _holds(self._home.path / row.file, row.size, wanted))

    def unindexed(self, municipality: str) -> tuple[str, ...]:
        """Return the released packs about homes or people of which it was not kept who was in them, the oldest first.

        Those of version 0001 are such.
        """
        query = (
            select(provision.c.provision_id, provision.c.decision)
            .outerjoin(subjects, _same_pack())
            .where(provision.c.municipality == municipality, provision.c.released_at.is_not(None))
            .where(subjects.c.pack_id.is_(None))
            .order_by(provision.c.released_at, provision.c.provision_id)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(row.provision_id for row in rows if row.decision["mode"] in PERSONAL_MODES)

    def damaged(self) -> tuple[tuple[str, str, bool], ...]:
        """Return pack, file and whether it is missing, of each index that is not the one that was written."""
        query = select(subjects).join(provision, _same_pack()).where(provision.c.released_at.is_not(None))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(subjects.c.file)).all()
        found = []
        for row in rows:
            path = self._home.path / row.file
            missing = not path.is_file()
            if missing or snapshots.file_sha256(path) != row.sha256:
                found.append((row.pack_id, row.file, missing))
        return tuple(found)

    def sweep(self) -> int:
        """Delete the files of packs that were never released; return how many. Only while nothing is staged."""
        with self._database.read() as connection:
            query = select(subjects.c.file).join(provision, _same_pack()).where(provision.c.released_at.is_not(None))
            named = set(connection.scalars(query))
        root = self._home.path
        left = [p for p in (root / FOLDER).rglob("*") if p.is_file() and p.relative_to(root).as_posix() not in named]
        for path in left:
            path.unlink()
        return len(left)

    def _persons(self, names: Texts, addresses: pa.Array) -> KeyArray:
        name = _column(fold_name(_column(names)))
        told = pc.and_(_is_said(name), _is_said(addresses))
        parts = [column.filter(told).cast(pa.binary()) for column in (name, addresses)]
        return self._keys(b"person", pc.binary_join_element_wise(*parts, _SEPARATOR))

    def _homes(self, addresses: pa.Array) -> KeyArray:
        return self._keys(b"address", pc.unique(addresses.filter(_is_said(addresses))).cast(pa.binary()))

    def _keys(self, sort: bytes, texts: pa.Array) -> KeyArray:
        # hashlib takes one text at a time: 1,000,000 take about a second
        blake2b, key = hashlib.blake2b, self._key
        person = sort.ljust(hashlib.blake2b.PERSON_SIZE, b"\0")
        digests = [blake2b(t, digest_size=KEY_BYTES, key=key, person=person).digest() for t in texts.to_pylist()]
        return np.frombuffer(b"".join(digests), dtype=KEY)


def _column(texts: Texts) -> pa.Array:
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    return whole.cast(pa.string()) if isinstance(whole, pa.Array) else pa.array(whole, pa.string())


def _folded(addresses: Texts) -> pa.Array:
    """Fold each address once: several people live at most of them."""
    coded = _column(addresses).dictionary_encode()
    return _column(fold(coded.dictionary)).take(coded.indices)


def _is_said(texts: pa.Array) -> pa.Array:
    return pc.fill_null(pc.greater(pc.utf8_length(texts), 0), False)


def _sorted(keys: KeyArray) -> KeyArray:
    """Return the keys in order, each once (``numpy.unique`` takes five times as long for bytes)."""
    ordered = np.sort(np.asarray(keys, dtype=KEY))
    return np.concatenate([ordered[:1], ordered[1:][ordered[1:] != ordered[:-1]]])


def _same_pack() -> ColumnElement[bool]:
    return (subjects.c.municipality == provision.c.municipality) & (subjects.c.pack_id == provision.c.provision_id)


def _holds(path: Path, count: int, wanted: KeyArray) -> bool:
    """Whether any of the wanted keys (sorted) is in a file of `count` sorted keys."""
    if not path.is_file() or path.stat().st_size != count * KEY_BYTES:
        raise StoreError("disaster.subjects_missing", file=path.name)
    if count == 0:
        return False
    kept = np.memmap(path, dtype=KEY, mode="r")
    at = np.minimum(np.searchsorted(kept, wanted), count - 1)
    return bool((kept[at] == wanted).any())


def _write(path: Path, keys: KeyArray) -> str:
    """Write a file durably: under a temporary name, then renamed; return its SHA-256 in hex."""
    temporary = path.with_name(f"{path.name}.tmp")
    content = keys.tobytes()
    try:
        for folder in (path.parent.parent, path.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        snapshots.sync_folder(path.parent)
    except OSError as error:
        raise StoreError("disaster.cannot_write", file=path.name, reason=error.strerror or str(error)) from error
    return hashlib.sha256(content).hexdigest()
