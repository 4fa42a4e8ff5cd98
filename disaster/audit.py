"""The hash chain of the ledger: what an entry's bytes are, how entries are linked, and what breaks the chain.

Pure: knows no database and no file. The store keeps the bytes as they were hashed; a check hashes the bytes as kept and
never a re-serialised form. The greatest head seen by each writing process is kept apart from the database, so that a
tail that was cut off, or a chain that was computed anew, does not go unnoticed.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

FORMAT = "tayori-ledger-entry"
VERSION = 1
#: What the first entry is linked to.
GENESIS = bytes(32)


#: What is written into the chain, in words: Japanese, English.
KINDS: Mapping[str, tuple[str, str]] = {
    "created": ("保管庫の作成", "store made"),
    "ingested": ("取り込み", "file taken in"),
    "purged": ("消去", "batch destroyed"),
    "agreement_added": ("協定の登録", "agreement registered"),
    "assessment_added": ("郵便法8条の検討の登録", "weighing registered"),
    "event_opened": ("災害の記録", "event opened"),
    "area_added": ("区域の追加", "area added"),
    "trigger_recorded": ("発動の記録", "trigger recorded"),
    "trigger_ended": ("発動の終了", "trigger ended"),
    "event_closed": ("災害の終了", "event closed"),
    "requested": ("要請", "requested"),
    "decided": ("判断: 提供できる", "decided: granted"),
    "refused": ("判断: 提供できない", "decided: refused"),
    "step_taken": ("手続の一歩", "step of a course"),
    "released": ("提供", "released"),
    "handed": ("引渡し", "handed over"),
    "failed": ("提供の中止", "provision failed"),
    "not_provided": ("提供できず", "not provided"),
    "received": ("受領", "received"),
    "pack_refused": ("受領の拒否", "pack refused"),
    "unpacked": ("受け取った情報の展開(本部内限り)", "pack unpacked for the headquarters"),
    "published": ("公表", "published"),
    "viewed": ("本部用の地図", "map of the headquarters"),
    "recalled": ("回収の求め", "recalled"),
    "recall_awaited": ("まだ受け取っていない情報の回収の求め", "recall of a pack that has not come"),
    "deletion_reported": ("削除の報告(受領側)", "deletion reported"),
    "deletion_receipted": ("削除の確認(提供側)", "deletion receipted"),
    "person_asked": ("本人からの照会", "question about a person"),
}


class Break(StrEnum):
    """What was done to a chain, as far as it can be told."""

    EDITED = "edited"  # the bytes or the hash of an entry are not those that were linked
    DELETED = "deleted"  # an entry is missing between others
    REORDERED = "reordered"  # the entry exists, at another place
    CUT = "cut"  # entries at the end are missing
    REWRITTEN = "rewritten"  # the chain is whole but is not the one whose head was kept


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a chain: its number (the first is 1, 0 is the empty chain) and its hash of 32 bytes."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, read."""

    seq: int
    at: datetime
    kind: str
    payload: Mapping[str, Any]
    hash: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found.

    `entries` entries were sound from the first on; `first_bad` is the number of the first that is not, None if all are.
    """

    entries: int
    head: Head
    first_bad: int | None = None
    what: Break | None = None

    @property
    def ok(self) -> bool:
        """Whether the chain is whole."""
        return self.first_bad is None


def entry_bytes(kind: str, payload: Mapping[str, Any], *, at: datetime) -> bytes:
    """Return the bytes of an entry that are kept and hashed: JSON, sorted keys, no blanks, UTF-8.

    Parameters
    ----------
    payload
        Texts, whole numbers, flags, None, lists and mappings; no floats that JSON has no word for.
    at
        Aware; written in UTC to the microsecond.

    Raises
    ------
    ValueError
        If `at` has no zone or a number is not finite: mistakes of the programmer.
    """
    if at.utcoffset() is None:
        raise ValueError("a ledger entry needs an aware time")
    time = at.astimezone(UTC).isoformat(timespec="microseconds")
    document = {"format": FORMAT, "version": VERSION, "at": time, "kind": kind, "payload": payload}
    return json.dumps(document, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()


def read_entry(seq: int, entry: bytes, link_hash: bytes) -> Entry:
    """Return a kept entry as an object."""
    document = json.loads(entry)
    at = datetime.fromisoformat(document["at"])
    return Entry(seq, at, document["kind"], document["payload"], link_hash)


def link(previous: bytes, seq: int, entry: bytes) -> bytes:
    """Return SHA-256 over the previous hash, the entry's number (8 bytes, big-endian) and its bytes."""
    return hashlib.sha256(previous + seq.to_bytes(8, "big", signed=True) + entry).digest()


def verify(rows: Iterable[tuple[int, bytes, bytes]], heads: Iterable[Head] = ()) -> Verdict:
    """Check a chain in one pass.

    Parameters
    ----------
    rows
        Number, kept bytes and kept hash of each entry, in the order of their numbers.
    heads
        Heads that were kept apart from the rows.

    Returns
    -------
    Verdict
        The first entry that is wrong, and what was done to it. A chain that agrees with itself but not with a kept head
        is named by that head's number: what was changed stands there or before.
    """
    anchors = sorted(heads, key=lambda head: head.seq)
    waiting = iter(anchors)
    anchor = next(waiting, None)
    previous, expected = GENESIS, 1
    sha256 = hashlib.sha256
    rest = iter(rows)
    for seq, entry, kept in rest:
        if seq != expected or sha256(previous + seq.to_bytes(8, "big", signed=True) + entry).digest() != kept:
            what = _what_happened(previous, expected, seq, rest)
            return Verdict(expected - 1, Head(expected - 1, previous), expected, what)
        previous = kept
        while anchor is not None and anchor.seq <= seq:
            if anchor.seq == seq and anchor.hash != previous:
                return Verdict(seq - 1, Head(seq, previous), seq, Break.REWRITTEN)
            anchor = next(waiting, None)
        expected += 1
    head = Head(expected - 1, previous)
    if anchor is not None and anchor.seq > head.seq:
        return Verdict(head.seq, head, expected, Break.CUT)
    return Verdict(head.seq, head)


def _what_happened(previous: bytes, expected: int, seq: int, rest: Iterator[tuple[int, bytes, bytes]]) -> Break:
    """Tell an edit from a deletion and from a move: a moved entry turns up again further on, with its own link."""
    if any(link(previous, expected, entry) == kept for _, entry, kept in rest):
        return Break.REORDERED
    return Break.DELETED if seq > expected else Break.EDITED
