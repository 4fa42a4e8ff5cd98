"""How a pack leaves by the one door: made, released, put in its place, and the post's own list beside it."""

import hashlib
import os
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from door_town import (
    AT,
    GIVES,
    NOTICE,
    RECIPIENT,
    TOWN,
    Packs,
    files_of,
    granted,
    layer_rows,
    ledger_of,
    manifest_of,
    request,
    rows_of,
    texts_of,
)  # fmt: skip

from agreements.errors import WorkflowError
from disaster import cover, guard, residents
from disaster.cli.door import provided_answer
from disaster.cli.shell import Shell
from disaster.cli.watch import status_of
from disaster.cover import REACHES_NOBODY
from disaster.errors import ProvideError
from disaster.layers import layer as made_layer
from disaster.provide import provide
from disaster.settings import Settings
from disaster.store import Store
from disaster.store.provisions import Provisions

pytest_plugins = ("door_town",)

#: Where a pack is made and put in its place.
handover = import_module("disaster.handover")


def test_the_files_are_durable_and_released_before_the_folder_appears_and_handed_after(
    post: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    at_release: set[int] = set()
    seen: list[tuple[str, bool]] = []
    fsync, release, move = os.fsync, Provisions.release, handover.move
    final = tmp_path / "out" / "R20261120-001-1"

    def recorded(handle: int) -> None:
        synced.add(os.fstat(handle).st_ino)
        fsync(handle)

    def released(self: Provisions, *args: Any, **given: Any) -> None:
        at_release.update(synced)
        release(self, *args, **given)

    def moved(staging: Path, target: Path) -> None:
        seen.append((ledger_kinds(post)[-1], target.exists()))
        move(staging, target)
        seen.append((ledger_kinds(post)[-1], target.exists()))

    monkeypatch.setattr(os, "fsync", recorded)
    monkeypatch.setattr(Provisions, "release", released)
    monkeypatch.setattr(handover, "move", moved)
    made = granted(post, request(), out=tmp_path / "out", at=AT)
    assert made.folder == final
    assert seen == [("step_taken", False), ("step_taken", True)]
    assert ledger_kinds(post)[-4:] == ["released", "step_taken", "handed", "step_taken"]
    inside = [final, *final.rglob("*")]
    assert len(inside) > 20
    assert {path.stat().st_ino for path in inside} <= at_release
    assert (tmp_path / "out").stat().st_ino in synced


def ledger_kinds(store: Store) -> list[str]:
    return [entry.kind for entry in store.ledger.entries()]


def test_the_ledger_names_the_manifest_and_no_person(packs: Packs) -> None:
    manifest = (packs.person.folder / "manifest.json").read_bytes()
    (released,) = (e for e in ledger_of(packs.post, "released") if e["provision_id"] == packs.person.pack_id)
    assert released["sha256"] == hashlib.sha256(manifest).hexdigest()
    assert released["counts"] == packs.person.counts
    assert released["decision"]["clause_id"] == "person"


def test_the_same_question_again_is_another_request_and_gives_the_same_rows(post: Store, tmp_path: Path) -> None:
    one, two = (granted(post, request(number=number), out=tmp_path / "out", at=AT) for number in (1, 2))
    assert one.pack_id != two.pack_id
    assert one.counts == two.counts
    for path, content in files_of(one.folder).items():
        if path.endswith((".csv", ".geojson")):
            assert files_of(two.folder)[path] == content, path
    assert len(ledger_of(post, "handed")) == len(ledger_of(post, "requested")) == 2


def test_an_approval_lets_one_pack_out_and_no_second(post: Store, tmp_path: Path) -> None:
    granted(post, request(), out=tmp_path / "out", at=AT)
    with pytest.raises(WorkflowError) as caught:
        provide(post, request().request_id, out=tmp_path / "again", at=AT, by=GIVES)
    assert caught.value.code == "agreements.not_in_this_state"
    assert not (tmp_path / "again").exists()


def test_forwarding_tells_the_city_counts_alone_and_the_post_whom_to_bring_it(packs: Packs) -> None:
    made = packs.forward
    counts = {row["outcome"]: row["count"] for row in layer_rows(made.folder, "forwarded")}
    assert sum(counts.values()) == made.matched == packs.dwelling.matched
    assert counts["to_mail"] == made.returned > 0
    assert set(made.counts) == {"forwarded"}
    assert made.mailing is not None
    secrets = {row["address"] for row in layer_rows(packs.dwelling.folder, "dwellings")}
    for path, text in texts_of(made.folder):
        assert not [address for address in secrets if address in text], path
    own = manifest_of(made.mailing)
    assert own["recipient"] == {"name": "潮見郵便局", "code": "S001"}
    assert [entry["name"] for entry in own["layers"] if entry["personal"]] == ["mailing"]
    said = {entry["provision_id"]: entry for entry in ledger_of(packs.post, "released")}
    assert said[made.mailing.name]["recipient"] == "潮見郵便局"
    assert said[made.pack_id]["recipient"] == RECIPIENT


def test_a_forwarding_that_reaches_nobody_says_so_first_and_counts_homes_not_lines(packs: Packs) -> None:
    made = packs.forward
    shell = Shell(Settings(), json=False, at=AT)
    told = provided_answer(shell, made)
    assert told.lines[0] == f"お知らせを届ける家: {made.returned}件"
    assert not told.tables
    told = provided_answer(shell, replace(made, returned=0))
    assert told.lines[0] == "届けられる家は0件です。お知らせはだれにも届きません。"
    assert told.document["returned"] == 0


def test_the_page_of_a_forwarding_that_reaches_nobody_says_so_too() -> None:
    for mailed in (0, 3):
        rows = pa.table({"outcome": ["to_mail", "no_place"], "count": [mailed, 76]})
        counted = made_layer("forwarded", "代行送付の件数", residents.FORWARD_COLUMNS, rows, as_of=AT)
        assert (REACHES_NOBODY in cover._contents(counted)) == (mailed == 0)


def test_a_protection_that_has_run_out_is_counted_on_the_screen_and_names_nobody(post: Store, tmp_path: Path) -> None:
    rows = [
        {"protected_name": f"潮見 {n}子", "protected_address": "", "until": (AT + timedelta(days=days)).date()}
        for n, days in enumerate((-1, 0, 1))
    ]
    post.add_batch(rows_of("protection", rows, dataset="more"), at=AT)
    before = guard.run_out(post.current("protection", TOWN).table, on=AT.date())
    made = granted(post, request(), out=tmp_path / "out", at=AT)
    assert made.run_out == before >= 1
    said = "\n".join(provided_answer(Shell(Settings(), json=False, at=AT), made).lines)
    assert f"期限の切れた支援措置が{before}件あります" in said
    assert "0子" not in said
    assert status_of(post, Shell(Settings(), json=False, at=AT))["protection_run_out"] == before
    assert not [path for path, text in texts_of(made.folder) if "期限の切れた" in text]


def test_both_packs_of_a_forwarding_hold_the_notice_as_the_city_gave_it(packs: Packs) -> None:
    made = packs.forward
    assert made.mailing is not None
    for folder in (made.folder, made.mailing):
        assert (folder / NOTICE.name).read_bytes() == NOTICE.content
        assert NOTICE.name in {file["path"] for file in manifest_of(folder)["files"]}


def test_nobody_else_on_the_machine_can_read_a_pack(packs: Packs) -> None:
    if os.name != "posix":
        pytest.skip("file modes are POSIX")
    for made in (packs.dwelling, packs.match):
        for path in (made.folder, *made.folder.rglob("*")):
            assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_a_full_disk_leaves_nothing_and_is_said(post: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: Any, **_given: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(handover, "zip_folder", full)
        with pytest.raises(ProvideError) as caught:
            granted(post, request(), out=tmp_path / "out", at=AT)
    assert caught.value.code == "disaster.cannot_write_out"
    assert list((tmp_path / "out").iterdir()) == []
    assert [p.state for p in post.provisions.all()] == ["failed"]
    assert ledger_kinds(post)[-1] == "failed"
    again = provide(post, request().request_id, out=tmp_path / "out", at=AT, by=GIVES)  # it is approved still
    assert again.pack_id.endswith("-2")


def test_a_folder_that_cannot_be_made_is_said(post: Store, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(ProvideError) as caught:
        granted(post, request(), out=tmp_path / "out", at=AT)
    assert caught.value.code == "disaster.cannot_write_out"
    assert ledger_kinds(post)[-1] == "failed"


def test_a_rename_that_fails_is_finished_or_failed_and_never_forgotten(
    post: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(staging: Path, final: Path) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(handover, "move", late)
        made = granted(post, request(), out=tmp_path / "out", at=AT)
    assert made.folder.is_dir()  # the second attempt, by settle, worked
    assert ledger_kinds(post)[-4:] == ["released", "step_taken", "handed", "step_taken"]
    assert post.provisions.pending() == ()
