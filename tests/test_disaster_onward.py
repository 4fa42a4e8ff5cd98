"""Onward: what the municipality received goes on narrower, no longer, and to whom a clause names."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from door_town import (
    APPROVES,
    AREA,
    ASKS,
    AT,
    EVENT,
    TOWN,
    Packs,
    Situation,
    agree,
    declare,
    files_of,
    granted,
    ledger_of,
    manifest_of,
    request,
    rows_of,
    texts_of,
)  # fmt: skip
from pypdf import PdfReader

from agreements.agreement import parse_agreement
from agreements.errors import WorkflowError
from agreements.request import Mode, Request
from agreements.workflow import Actor, Role, State
from disaster import requests
from disaster.case import Origin
from disaster.cli.door import onward_pack
from disaster.cli.shell import Shell
from disaster.errors import ProvideError, ReceiveError
from disaster.onward import _covered, pass_on
from disaster.provide import RefusedError
from disaster.receive import receive
from disaster.settings import Settings
from disaster.store import Store
from disaster.verify import fingerprint, verify
from geo.read import Reader

pytest_plugins = ("door_town",)

POLICE = "警察 潮見警察署"
OFFICER = Actor("個人情報保護管理者 係", Role.PROTECTION_OFFICER)


@pytest.fixture
def empty_hq(situation: Situation, packs: Packs, tmp_path: Path) -> Iterator[Store]:
    """The municipality's store under the agreement, in an event, before anything was received."""
    with situation.city(tmp_path / "hq") as store:
        agree(store, key=packs.post.public_key)
        declare(store)
        yield store


@pytest.fixture
def hq(empty_hq: Store, packs: Packs, reader: Reader) -> Store:
    """The same store when it has received the dwellings and the persons of the event."""
    for pack in (packs.dwelling, packs.person):
        receive(empty_hq, pack.folder, at=AT, reader=reader)
    return empty_hq


def asked(mode: Mode = Mode.DWELLING, number: int = 1, **given: Any) -> Request:
    usual = {"recipient": POLICE, "purpose": "rescue", "request_id": f"O20261120-{number:03d}"}
    return request(mode, **usual | given)


def passed(store: Store, one: Request, out: Path) -> Any:
    decision = requests.submit(store, one, ASKS, at=AT).decision
    if decision is not None and not decision.granted:
        raise RefusedError(decision)
    requests.approve(store, one.request_id, OFFICER, at=AT)
    return pass_on(store, one.request_id, out=out, at=AT + timedelta(hours=1), by=ASKS)


def test_the_police_get_fewer_columns_than_the_city_got_and_not_for_longer(
    hq: Store, packs: Packs, tmp_path: Path
) -> None:
    made = passed(hq, asked(), tmp_path / "out")
    said, got = manifest_of(made.folder), manifest_of(packs.dwelling.folder)
    columns, before = ({c["name"] for c in one["layers"][0]["columns"]} for one in (said, got))
    assert columns < before
    assert "point_id" not in columns
    assert said["layers"][0]["rows"] == packs.dwelling.counts["dwellings"]
    assert said["expires_at"] <= got["expires_at"]
    assert said["provider"]["name"] == "潮見市"
    assert said["recipient"] == {"name": POLICE, "code": "police"}
    assert said["source_pack_ids"] == sorted([packs.dwelling.pack_id])
    assert got["source_pack_ids"] == []
    assert "第10条第1項第1号" in said["layers"][0]["columns"][0]["article"]
    assert verify(made.folder, at=AT).manifest.pack_id == made.pack_id
    (released,) = ledger_of(hq, "released")
    assert released["recipient"] == POLICE
    assert ledger_of(hq, "handed")[0]["provision_id"] == made.pack_id


def test_what_goes_on_from_one_area_says_so_and_names_its_pack_and_both_purposes(
    empty_hq: Store, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    receive(empty_hq, packs.part.folder, at=AT, reader=reader)
    made = passed(empty_hq, asked(), tmp_path / "out")
    page = (made.folder / "READ_ME_FIRST.txt").read_text(encoding="utf-8-sig")
    assert f"区  域  {AREA}\n" in page
    assert f"もとの状況パック  {packs.part.pack_id}(区域 {AREA})" in page
    assert "受け取った目的は安否確認、再提供の目的は救助" in page
    said = manifest_of(made.folder)
    assert said["area"] == AREA
    assert [one["area"] for one in said["sources"]] == [AREA]
    form = "".join(page.extract_text() for page in PdfReader(made.folder / "release_form.pdf").pages)
    assert "の全域" not in form
    # with a pack of the whole municipality the same request covers all of it again
    receive(empty_hq, packs.dwelling.folder, at=AT, reader=reader)
    whole = passed(empty_hq, asked(number=2), tmp_path / "out")
    assert manifest_of(whole.folder)["area"] is None


@pytest.mark.parametrize(
    ("asked_for", "held", "covered"),
    [
        (None, ("b", "a"), "a、b"),
        ("a", ("b", "a"), "a"),
        ("c", ("a",), "cのうち、受け取った区域(a)"),
        ("c", ("a", None), "c"),
        (None, ("a", None), None),
    ],
)
def test_an_area_is_never_told_wider_than_what_was_received(
    asked_for: str | None, held: tuple[str | None, ...], covered: str | None
) -> None:
    packs = [Origin(f"P{n}", area, "rescue") for n, area in enumerate(held)]
    assert _covered(asked_for, packs) == covered


def test_the_screen_tells_the_area_the_source_and_the_other_purpose(
    empty_hq: Store, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    receive(empty_hq, packs.part.folder, at=AT, reader=reader)
    requests.submit(empty_hq, asked(), ASKS, at=AT)
    requests.approve(empty_hq, asked().request_id, OFFICER, at=AT)
    shell = Shell(Settings(data_dir=tmp_path / "hq"), json=False, at=AT + timedelta(hours=1))
    told = onward_pack(shell, request=asked().request_id, by=ASKS.name, out=tmp_path / "out")
    assert f"区域 {AREA}、もとの状況パック: {packs.part.pack_id}" in told.lines
    assert any("受け取った目的は安否確認" in line for line in told.lines)


def test_names_go_on_only_by_the_clause_for_names_and_without_whom_the_city_protects(
    hq: Store, packs: Packs, tmp_path: Path
) -> None:
    people = hq.current("received/persons", TOWN, at=AT).table.to_pylist()
    hidden = people[0]
    row = {
        "protected_name": hidden["addressee"],
        "protected_address": hidden["address"],
    }
    hq.add_batch(rows_of("protection", [row]), at=AT)
    made = passed(hq, asked(Mode.PERSON, 2), tmp_path / "out")
    told = manifest_of(made.folder)["layers"][0]
    assert 0 < told["rows"] < len(people)
    same = {one["addressee"] for one in people if one["addressee"] == hidden["addressee"]}
    for path, text in texts_of(made.folder):
        assert not [name for name in same if name in text and hidden["address"] in text], path


@pytest.mark.parametrize(
    ("recipient", "mode", "purpose"),
    [
        ("社会福祉協議会", Mode.PERSON, "relief_delivery"),
        ("警察 潮見警察署", Mode.DWELLING, "planning"),
        ("潮見市議会", Mode.DWELLING, "rescue"),
        ("消防", Mode.MATCH, "rescue"),
    ],
)
def test_whom_no_clause_names_gets_nothing(hq: Store, tmp_path: Path, recipient: str, mode: Mode, purpose: str) -> None:
    with pytest.raises(RefusedError):
        passed(hq, asked(mode, 3, recipient=recipient, purpose=purpose), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert ledger_of(hq, "released") == []


def refused_code(store: Store, one: Request, out: Path) -> str:
    with pytest.raises(ProvideError) as caught:
        passed(store, one, out)
    assert not out.exists() or not files_of(out)
    return caught.value.code.removeprefix("disaster.")


def test_of_two_events_at_once_each_gets_its_own_packs(packs: Packs, hq: Store, reader: Reader, tmp_path: Path) -> None:
    other = "E-2026-09"
    for store in (packs.post, hq):
        declare(store, other)
    second = granted(packs.post, request(Mode.DWELLING, 9, event_id=other), out=tmp_path / "packs")
    receive(hq, second.folder, at=AT, reader=reader)
    for number, (event, pack) in enumerate(((EVENT, packs.dwelling), (other, second)), start=7):
        made = passed(hq, asked(number=number, event_id=event), tmp_path / f"out{number}")
        assert manifest_of(made.folder)["source_pack_ids"] == [pack.pack_id]


def test_nothing_goes_on_that_was_not_received_for_that_event(
    empty_hq: Store, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    assert refused_code(empty_hq, asked(), tmp_path / "out") == "onward_nothing_received"
    receive(empty_hq, packs.dwelling.folder, at=AT, reader=reader)
    declare(empty_hq, "E-2026-02")
    assert refused_code(empty_hq, asked(number=2, event_id="E-2026-02"), tmp_path / "out") == "onward_nothing_received"


def test_what_ran_out_does_not_go_on(hq: Store, tmp_path: Path) -> None:
    one = asked()
    requests.submit(hq, one, ASKS, at=AT)
    requests.approve(hq, one.request_id, OFFICER, at=AT)
    with pytest.raises((ProvideError, RefusedError)):
        pass_on(hq, one.request_id, out=tmp_path / "out", at=AT + timedelta(days=400), by=ASKS)
    assert ledger_of(hq, "released") == []


def test_an_approval_lets_it_go_on_once(hq: Store, tmp_path: Path) -> None:
    made = passed(hq, asked(), tmp_path / "out")
    assert requests.filed(hq, asked().request_id).course.state is State.HANDED
    with pytest.raises(WorkflowError) as caught:
        pass_on(hq, asked().request_id, out=tmp_path / "again", at=AT + timedelta(hours=2), by=ASKS)
    assert caught.value.code == "agreements.not_in_this_state"
    assert made.folder.is_dir()


def test_the_post_cannot_give_to_third_parties(post: Store, tmp_path: Path) -> None:
    one = asked()
    requests.submit(post, one, ASKS, at=AT)
    try:
        requests.approve(post, one.request_id, APPROVES, at=AT)
    except RefusedError:
        return
    with pytest.raises(ProvideError):
        pass_on(post, one.request_id, out=tmp_path / "out", at=AT, by=ASKS)
    assert replace(one, event_id=EVENT) == one


def test_a_remark_that_names_whom_the_city_protects_does_not_go_on_with_the_home(
    empty_hq: Store, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    receive(empty_hq, packs.dwelling.folder, at=AT, reader=reader)
    remark = next(one for one in _column(empty_hq, "building") if one and len(one) > 3)
    empty_hq.add_batch(rows_of("protection", [{"protected_name": remark, "protected_address": ""}]), at=AT)
    made = passed(empty_hq, asked(), tmp_path / "out")
    for path, text in texts_of(made.folder):
        assert remark not in text, path


def _column(store: Store, name: str) -> list[Any]:
    found: list[Any] = store.current("received/dwellings", TOWN, at=AT).table.column(name).to_pylist()
    return found


def test_what_was_received_with_fewer_columns_goes_on_with_those(
    situation: Situation, packs: Packs, reader: Reader, tmp_path: Path
) -> None:
    with situation.post(tmp_path / "post") as post, situation.city(tmp_path / "hq") as store:
        agree(post)
        declare(post)
        agree(store, key=post.public_key)
        declare(store)
        few = ("point_id", "address", "lon", "lat")
        received = granted(post, request(fields=few), out=tmp_path / "got")
        receive(store, received.folder, at=AT, reader=reader)
        made = passed(store, asked(), tmp_path / "out")
        columns = {one["name"] for one in manifest_of(made.folder)["layers"][0]["columns"]}
        assert columns
        assert columns <= set(few)


def test_whose_key_signed_an_onward_pack_is_told_by_the_agreement_or_by_telephone(
    hq: Store, packs: Packs, tmp_path: Path
) -> None:
    made = passed(hq, asked(), tmp_path / "out")
    text = next(record.text for record in hq.agreements.all(TOWN))
    silent = parse_agreement(text)
    with pytest.raises(ReceiveError) as caught:
        verify(made.folder, at=AT, agreement=silent)
    assert caught.value.code == "disaster.city_key_unknown"
    assert fingerprint(hq.public_key) in caught.value.sentence()
    named = replace(silent, municipality=replace(silent.municipality, signing_key=hq.public_key))
    assert verify(made.folder, at=AT, agreement=named).by_agreement
    other = replace(silent, municipality=replace(silent.municipality, signing_key=packs.post.public_key))
    with pytest.raises(ReceiveError) as caught:
        verify(made.folder, at=AT, agreement=other)
    assert caught.value.code == "disaster.bad_signature"
