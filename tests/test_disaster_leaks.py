"""Attacks: is there any other way out for a name or a home than the door?"""

import json
import logging
import os
import re
import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from door_town import (
    AT,
    EVENT,
    GIVES,
    TOWN,
    Packs,
    Situation,
    agree,
    approved,
    asked_people,
    batch_of,
    declare,
    files_of,
    granted,
    request,
    rows_of,
    texts_of,
)  # fmt: skip
from typer.testing import CliRunner

from agreements.request import Mode
from disaster import residents
from disaster.cli.app import make_program
from disaster.errors import DisasterError, IngestError
from disaster.ingest import check_file
from disaster.models import DELIVERY_POINTS, NOUNS, Side
from disaster.provide import RefusedError, dry_run, provide
from disaster.receive import receive
from disaster.store import Store
from exporters.model import Extract
from geo.faults import CodedError
from geo.read import Reader

pytest_plugins = ("door_town",)


def secrets_of(store: Store) -> set[str]:
    """Return every name, and every address and number of a home, that only the register knows."""
    register = store.current("delivery-points", TOWN).table.to_pylist()
    public = {
        row["address"]
        for kind in ("offices", "stockpiles")
        for row in store.current(kind, TOWN).table.to_pylist()
        if row["address"]
    }
    found = {row["address"] for row in register}
    found |= {row["point_id"] for row in register if not row["point_id"].isdigit()}  # plain numbers stand anywhere
    found |= {name for row in register for name in row["addressees"] or []}
    return found - public


def found_in(text: str, secrets: set[str]) -> list[str]:
    return [secret for secret in secrets if secret in text]


@pytest.fixture(scope="module")
def lived(situation: Situation, reader: Reader, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A post's store after a day's work: refusals, failures, and packs with names and answers."""
    folder = tmp_path_factory.mktemp("lived")
    with situation.post(folder / "post") as store:
        agree(store)
        declare(store)
        _work(store, situation, reader, folder / "out")
        yield store


def _work(post: Store, situation: Situation, reader: Reader, out: Path) -> None:
    granted(post, request(Mode.PERSON, 1), out=out, at=AT)
    granted(post, request(Mode.MATCH, 2), out=out, at=AT, inquiries=asked_people(situation, reader))
    refused: list[dict[str, Any]] = [
        {"purpose": "planning"}, {"area": "T-NOWHERE"}, {"recipient": "潮見市議会"}, {"fields": ("addressees",)},
    ]  # fmt: skip
    with pytest.raises(DisasterError):  # granted, and cannot be carried out without the notice
        granted(post, request(Mode.FORWARD, 9, purpose="notice"), out=out, at=AT)
    for number, given in enumerate(refused, start=10):
        with pytest.raises(DisasterError):
            granted(post, request(Mode.DWELLING, number, **given), out=out, at=AT)


def test_nothing_of_the_register_lies_readable_in_the_store(lived: Store) -> None:
    secrets = secrets_of(lived)
    assert len(secrets) > 500
    for path, text in texts_of(lived.home):
        assert not found_in(text, secrets), path


def test_nothing_of_the_register_is_in_the_ledger_or_the_records(lived: Store) -> None:
    secrets = secrets_of(lived)
    said = [json.dumps(entry.payload, ensure_ascii=False) for entry in lived.ledger.entries()]
    assert {entry.kind for entry in lived.ledger.entries()} >= {"released", "handed", "refused", "not_provided"}
    said += [repr(one) for one in (*lived.provisions.all(), *lived.requests.all(), *lived.batches())]
    for text in said:
        assert not found_in(text, secrets)


def test_nobody_is_named_by_any_verb_that_looks(lived: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    secrets = secrets_of(lived)
    program = make_program()
    question = ("--dataset", "delivery-points", "--mode", "person", "--purpose", "rescue", "--event", EVENT)
    for words in (("status",), ("audit", "list", "--limit", "1000"), ("audit", "verify"), ("event", "list"),
                  ("agreement", "list"), ("config",), ("decide", *question)):  # fmt: skip
        for more in ((), ("--json",)):
            result = CliRunner().invoke(program, [*words, *more, "--data-dir", str(lived.home)])
            assert result.exit_code in (0, 1), words
            assert result.output
            assert not found_in(result.output, secrets), words


def test_the_command_that_provides_names_nobody_on_the_screen(
    post: Store, situation: Situation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    secrets = secrets_of(post)
    for number in (1, 2):
        approved(post, request(Mode.PERSON, number))
    post.close()
    for number, more in ((1, []), (2, ["--json"])):
        words = ["provide", request(number=number).request_id, "--by", GIVES.name, "--out", str(tmp_path / "out")]
        result = CliRunner().invoke(make_program(), [*words, "--data-dir", str(post.home), *more])
        assert result.exit_code == 0
        assert not found_in(result.output, secrets)


def test_a_list_of_the_asked_stays_with_the_asker(packs: Packs) -> None:
    asked = {q["name"] for q in packs.situation.inquiries} | {q["address"] for q in packs.situation.inquiries}
    for path, text in texts_of(packs.match.folder):
        assert not found_in(text, asked), path


@pytest.mark.parametrize(
    "dataset", ["forwarding", "protection", "inquiries", "letters", "gazetteer", "received/dwellings", ""]
)
def test_what_no_clause_can_name_cannot_be_asked_for(post: Store, tmp_path: Path, dataset: str) -> None:
    for mode in Mode:
        asked = request(mode, dataset=dataset, request_id=f"R-{mode}")
        with pytest.raises(RefusedError):
            granted(post, asked, out=tmp_path / "out", at=AT)
        assert not dry_run(post, asked, at=AT).granted
    assert not (tmp_path / "out").exists()


def test_a_mild_mode_cannot_be_widened_by_its_fields(post: Store, tmp_path: Path) -> None:
    for mode in (Mode.DWELLING, Mode.MATCH, Mode.LAYER):
        for field in ("addressees", "addressee", "protected_name", "inquired_name", "geometry; DROP TABLE"):
            asked = request(mode, fields=("status", field), request_id=f"R-{mode}-{len(field)}")
            with pytest.raises(RefusedError):
                granted(post, asked, out=tmp_path / "out", at=AT)
    assert not (tmp_path / "out").exists()


def test_no_sentence_of_a_bad_file_repeats_a_home_or_a_person(
    situation: Situation, reader: Reader, tmp_path: Path, post: Store
) -> None:
    secrets = secrets_of(post)
    lines = (situation.files / "post/delivery_points_S002.csv").read_text(encoding="cp932").splitlines()
    heads = lines[0].split(",")
    bad = {
        "turned": [lines[0], *(",".join(reversed(line.split(","))) for line in lines[1:40])],
        "twice": [lines[0], *lines[1:40], *lines[1:40]],
        "headless": lines[1:40],
        "doubled-heading": [f"{lines[0]},{heads[0]}", *(f"{line},x" for line in lines[1:40])],
        "short": [lines[0], *(line.rsplit(",", 3)[0] for line in lines[1:40])],
        "elsewhere": [lines[0], *(line.replace(TOWN, "22212") for line in lines[1:40])],
    }
    for name, content in bad.items():
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(content) + "\n", encoding="utf-8")
        said = ""
        try:
            batch = check_file(
                "delivery-points", [path], municipality=TOWN, side=Side.POST, reader=reader, gazetteer=None, at=AT
            )
            assert batch.refused > 0, name
            said = repr(batch) + "".join(
                f.reason() + f.hint() + f.reason("en") + str(f.value) for f in batch.faults.kept
            )
        except CodedError as error:
            said = error.sentence() + error.sentence("en") + "".join(traceback.format_exception(error))
        assert not found_in(said, secrets), name


def test_nothing_that_a_programmer_prints_shows_rows(packs: Packs, situation: Situation, reader: Reader) -> None:
    secrets = secrets_of(packs.post)
    current = packs.post.current("delivery-points", TOWN)
    batch = batch_of("delivery-points", current.table)
    selection = residents.persons(current.table)
    columns = DELIVERY_POINTS.columns
    rows = current.table.select([column.name for column in columns])
    extract = Extract("x", "x", columns, rows, None, AT, matched=rows.num_rows, returned=rows.num_rows)
    raw = reader.read(situation.files / "post/delivery_points_S001.csv")
    for thing in (current, batch, selection, extract, raw, packs.person, packs.match):
        assert not found_in(repr(thing), secrets), type(thing)
    asked = asked_people(situation, reader)
    assert not found_in(repr(asked), {q["name"] for q in situation.inquiries})


def test_nothing_is_logged_while_personal_rows_pass(
    *, post: Store, city: Store, reader: Reader, tmp_path: Path, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    secrets = secrets_of(post)
    with caplog.at_level(logging.DEBUG):
        made = granted(post, request(Mode.PERSON), out=tmp_path / "out", at=AT)
        receive(city, made.zip, at=AT, reader=reader)
    out, err = capfd.readouterr()
    for text in (caplog.text, out, err):
        assert not found_in(text, secrets)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_no_other_user_of_the_machine_can_open_what_is_personal(
    lived: Store, city: Store, reader: Reader, packs: Packs, tmp_path: Path
) -> None:
    receive(city, packs.person.zip, at=AT, reader=reader, out=tmp_path / "hq")
    for home in (lived.home, city.home):
        for path in (home / "snapshots", home / "keys", home / "staging"):
            assert path.stat().st_mode & 0o077 == 0, path
        for path in [*(home / "keys").iterdir(), *(home / "snapshots").rglob("*.parquet"), home / "tayori.sqlite3"]:
            assert path.stat().st_mode & 0o077 == 0, path
    for folder in (*(lived.home.parent / "out").iterdir(), tmp_path / "hq"):
        for path in (folder, *folder.rglob("*")):
            assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_while_a_pack_is_made_or_opened_no_other_user_can_look_in(
    post: Store, city: Store, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[Path] = set()
    old = os.umask(0)  # the most careless user
    try:
        for module, name in (("disaster.handover", "seal"), ("disaster.receive", "files_in")):
            _watch(monkeypatch, module, name, tmp_path, seen)
        made = granted(post, request(Mode.PERSON), out=tmp_path / "out", at=AT)
        receive(city, made.zip, at=AT, reader=reader)
    finally:
        os.umask(old)
    assert len(seen) == 2


def _watch(patch: pytest.MonkeyPatch, module: str, name: str, root: Path, seen: set[Path]) -> None:
    """Look, on entering a function of the door, for files about people that somebody else could open."""
    owner = import_module(module)
    original = getattr(owner, name)

    def looking(folder: Path, *args: Any, **given: Any) -> Any:
        seen.add(folder)
        closed = False
        for above in (folder, *folder.parents):
            closed |= above.stat().st_mode & 0o077 == 0
            if above == root:
                break
        assert closed, folder
        return original(folder, *args, **given)

    patch.setattr(owner, name, looking)


def test_no_file_is_left_in_shared_temporary_folders(
    post: Store, city: Store, situation: Situation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "tmp"
    shared.mkdir()
    monkeypatch.setenv("TMPDIR", str(shared))
    monkeypatch.setattr("tempfile.tempdir", None)
    with Reader() as reader:
        made = granted(
            post, request(Mode.MATCH), out=tmp_path / "out", at=AT, inquiries=asked_people(situation, reader)
        )
        receive(city, made.zip, at=AT, reader=reader, out=tmp_path / "hq")
    assert list(shared.iterdir()) == []
    assert list(city.staging.iterdir()) == []


def test_a_crash_within_the_door_leaves_no_rows_behind(
    post: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any, **_given: Any) -> None:
        raise RuntimeError("broken")

    approved(post, request(Mode.PERSON))
    for name in ("write_files", "seal", "zip_folder", "cover", "head", "_index"):
        with monkeypatch.context() as patch:
            patch.setattr(import_module("disaster.handover"), name, broken)
            with pytest.raises(RuntimeError):
                provide(post, request().request_id, out=tmp_path / "out", at=AT, by=GIVES)
        assert not list((tmp_path / "out").iterdir()), name
    assert {one.state for one in post.provisions.all()} == {"failed"}
    assert not [entry for entry in post.ledger.entries() if entry.kind in ("released", "handed")]


def test_a_register_on_the_citys_side_is_refused(
    situation: Situation, city: Store, reader: Reader, packs: Packs
) -> None:
    path = situation.files / "post/delivery_points_S001.csv"
    with pytest.raises(IngestError) as caught:
        check_file("delivery-points", [path], municipality=TOWN, side=city.side, reader=reader, gazetteer=None, at=AT)
    assert "受け" in caught.value.sentence("ja") or "市区町村" in caught.value.sentence("ja")
    with pytest.raises(DisasterError):
        city.add_batch(batch_of("delivery-points", packs.post.current("delivery-points", TOWN).table), at=AT)
    with pytest.raises(DisasterError):
        city.add_batch(rows_of("inquiries", [{"reference": "1", "inquired_name": "a", "inquired_address": "b"}]), at=AT)


def test_facts_about_mail_have_no_column_anywhere() -> None:
    words = re.compile(r"sender|letter|parcel|mail_item|tracking|差出人|郵便物|信書|追跡|荷物")
    for noun in NOUNS.values():
        for column in noun.columns:
            assert not words.search(column.name + column.label), (noun.kind, column.name)
    ages = re.compile(r"\bage\b|birth|sex|gender|年齢|生年月日|性別")
    for column in DELIVERY_POINTS.columns:
        assert not ages.search(column.name + column.label)


@pytest.fixture
def city(situation: Situation, packs: Packs, post: Store, tmp_path: Path) -> Iterator[Store]:
    assert packs.post.public_key == post.public_key  # copies of one store
    with situation.city(tmp_path / "city") as store:
        agree(store, key=post.public_key)
        declare(store)
        assert files_of(store.home)
        yield store
