"""The hash chain, without a store."""

import ast
import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disaster import audit
from disaster.audit import GENESIS, KINDS, Break, Head, Verdict

AT = datetime(2026, 11, 20, 9, 30, tzinfo=timezone(timedelta(hours=9)))
Row = tuple[int, bytes, bytes]


def chain(payloads: list[object]) -> list[Row]:
    rows: list[Row] = []
    previous = GENESIS
    for seq, payload in enumerate(payloads, start=1):
        entry = audit.entry_bytes("noted", {"value": payload}, at=AT)
        previous = audit.link(previous, seq, entry)
        rows.append((seq, entry, previous))
    return rows


def head_of(rows: list[Row]) -> Head:
    return Head(rows[-1][0], rows[-1][2])


def first_fault(rows: list[Row], *heads: Head) -> tuple[int | None, Break | None]:
    verdict = audit.verify(rows, heads)
    return verdict.first_bad, verdict.what


payloads = st.lists(st.text(max_size=8) | st.integers() | st.none() | st.booleans(), min_size=3, max_size=12)


def test_an_entry_is_written_the_same_way_whatever_the_order_of_its_parts() -> None:
    one = audit.entry_bytes("released", {"b": 1, "a": "潮見市"}, at=AT)
    other = audit.entry_bytes("released", {"a": "潮見市", "b": 1}, at=AT.astimezone(UTC))
    assert one == other
    assert (
        one
        == (
            '{"at":"2026-11-20T00:30:00.000000+00:00","format":"tayori-ledger-entry","kind":"released",'
            '"payload":{"a":"潮見市","b":1},"version":1}'
        ).encode()
    )


def test_an_entry_reads_back_as_it_was_written() -> None:
    entry = audit.read_entry(7, audit.entry_bytes("refused", {"reasons": ["協定にない"]}, at=AT), b"h")
    assert (entry.seq, entry.at, entry.kind, entry.payload) == (7, AT, "refused", {"reasons": ["協定にない"]})


def test_an_entry_without_a_zone_or_with_a_number_that_json_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        audit.entry_bytes("x", {}, at=datetime(2026, 11, 20))  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="JSON"):
        audit.entry_bytes("x", {"v": float("nan")}, at=AT)


def test_a_link_is_sha256_over_the_previous_hash_the_number_and_the_bytes() -> None:
    assert audit.link(GENESIS, 258, b"{}") == hashlib.sha256(bytes(32) + b"\0\0\0\0\0\0\1\2" + b"{}").digest()


def test_an_empty_chain_is_whole() -> None:
    assert audit.verify([]) == Verdict(0, Head(0, GENESIS))


@given(payloads)
def test_a_chain_that_nobody_touched_is_whole(values: list[object]) -> None:
    rows = chain(values)
    verdict = audit.verify(iter(rows), [head_of(rows), Head(2, rows[1][2])])
    assert verdict.ok
    assert verdict == Verdict(len(rows), head_of(rows))


@given(payloads, st.data())
def test_an_edited_entry_is_named(values: list[object], data: st.DataObject) -> None:
    rows = chain(values)
    n = data.draw(st.integers(0, len(rows) - 1))
    seq, entry, link = rows[n]
    rows[n] = (seq, entry.replace(b'"noted"', b'"never"'), link)
    assert first_fault(rows) == (seq, Break.EDITED)


@given(payloads, st.data())
def test_an_edited_hash_is_named(values: list[object], data: st.DataObject) -> None:
    rows = chain(values)
    n = data.draw(st.integers(0, len(rows) - 1))
    seq, entry, link = rows[n]
    rows[n] = (seq, entry, hashlib.sha256(link).digest())
    assert first_fault(rows) == (seq, Break.EDITED)


@given(payloads, st.data())
def test_a_deleted_entry_is_named(values: list[object], data: st.DataObject) -> None:
    rows = chain(values)
    n = data.draw(st.integers(0, len(rows) - 2))
    seq = rows.pop(n)[0]
    assert first_fault(rows) == (seq, Break.DELETED)


@given(payloads, st.data())
def test_two_entries_that_changed_places_are_named(values: list[object], data: st.DataObject) -> None:
    rows = chain([[n, value] for n, value in enumerate(values)])
    n, m = sorted(data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=2, max_size=2, unique=True)))
    (seq_n, *content_n), (seq_m, *content_m) = rows[n], rows[m]
    rows[n], rows[m] = (seq_n, *content_m), (seq_m, *content_n)  # type: ignore[assignment]
    assert first_fault(rows) == (seq_n, Break.REORDERED)


@given(payloads)
def test_rows_given_in_another_order_are_named(values: list[object]) -> None:
    rows = chain(values)
    assert first_fault([rows[1], rows[0], *rows[2:]]) == (1, Break.REORDERED)


@given(payloads, st.data())
def test_a_tail_that_was_cut_off_is_found_by_the_head_that_was_kept(values: list[object], data: st.DataObject) -> None:
    rows = chain(values)
    left = data.draw(st.integers(0, len(rows) - 1))
    assert audit.verify(rows[:left]).ok  # without a kept head nobody could tell
    assert first_fault(rows[:left], head_of(rows)) == (left + 1, Break.CUT)


@given(payloads, st.data())
def test_a_chain_that_was_computed_anew_is_found_by_the_head_that_was_kept(
    values: list[object], data: st.DataObject
) -> None:
    rows = chain(values)
    n = data.draw(st.integers(0, len(rows) - 1))
    anew = chain([*values[:n], "別の内容", *values[n + 1 :]])
    if anew == rows:
        return
    assert audit.verify(anew).ok
    assert first_fault(anew, head_of(rows)) == (len(rows), Break.REWRITTEN)


def test_a_cut_and_continued_chain_is_found_although_it_is_longer_than_the_kept_head() -> None:
    rows = chain([1, 2, 3, 4])
    continued = chain([1, 2, "a", "b", "c", "d"])
    assert first_fault(continued, head_of(rows)) == (4, Break.REWRITTEN)


def test_the_greatest_of_several_kept_heads_decides() -> None:
    rows = chain([1, 2, 3, 4])
    heads = [Head(4, rows[3][2]), Head(2, rows[1][2])]
    assert first_fault(rows[:3], *heads) == (4, Break.CUT)
    assert first_fault(rows[:2], *reversed(heads)) == (3, Break.CUT)


def test_the_bytes_are_hashed_as_kept_and_not_as_written_anew() -> None:
    rows = chain(["a"])
    seq, entry, link = rows[0]
    same_document = json.dumps(json.loads(entry), ensure_ascii=False).encode()  # blanks after the signs
    assert json.loads(same_document) == json.loads(entry)
    assert first_fault([(seq, same_document, link)]) == (1, Break.EDITED)


def test_every_kind_of_entry_has_words() -> None:
    """A kind is the literal that is recorded or appended, or the class attribute of a table of notes."""
    written: set[str] = set()
    for path in sorted((Path(__file__).parent.parent / "disaster").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            place = {"record": 0, "append": 1}.get(node.func.attr)
            if place is not None and "ledger" in ast.unparse(node.func) and len(node.args) > place:
                kind = node.args[place]
                written |= {kind.value} if isinstance(kind, ast.Constant) else set()
    assert {"released", "purged", "person_asked"} <= written
    assert written <= set(KINDS)
    assert {"recalled", "deletion_receipted", "published", "viewed"} <= set(KINDS)
