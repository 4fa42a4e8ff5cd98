"""The one door: what leaves, what does not, and the trace of both."""

import csv
import hashlib
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import shapely
from door_town import (
    AREA,
    ASKS,
    AT,
    DRILL,
    EVENT,
    GIVES,
    NOTICE,
    OLDER,
    RECIPIENT,
    TOWN,
    Packs,
    Situation,
    agree,
    agreement,
    approved,
    asked_people,
    batch_of,
    declare,
    files_of,
    granted,
    ledger_of,
    manifest_of,
    request,
    texts_of,
)  # fmt: skip
from door_town import rows_of as door_rows
from python_calamine import CalamineWorkbook

from agreements.decide import decide
from agreements.errors import WorkflowError
from agreements.format import Precision
from agreements.request import Mode
from agreements.template import load_template
from agreements.vocabulary import EXCLUSIONS
from agreements.workflow import Actor, Role
from disaster import cover, guard, requests, residents
from disaster.cli.door import provided_answer
from disaster.cli.shell import Shell
from disaster.cli.watch import status_of
from disaster.cover import REACHES_NOBODY
from disaster.errors import ProvideError, StoreError
from disaster.layers import layer as made_layer
from disaster.models import Side
from disaster.provide import EXCLUDED, Provided, RefusedError, provide
from disaster.settings import Settings
from disaster.store import Store
from disaster.store.provisions import Provisions
from geo.faults import CodedError
from geo.read import Reader

pytest_plugins = ("door_town",)

#: Where a pack is made and put in its place.
handover = import_module("disaster.handover")

PERSONAL_MODES = ("dwelling", "person", "match")


@pytest.fixture
def bare(situation: Situation, tmp_path: Path) -> Iterator[Store]:
    """The post's store without any agreement or event."""
    with situation.post(tmp_path / "bare") as store:
        yield store


def refused(store: Store, out: Path, **given: Any) -> tuple[list[str], str]:
    """Ask, be refused, and return the codes of the reasons in the ledger and the sentence."""
    with pytest.raises(RefusedError) as caught:
        granted(store, request(**given), out=out, at=AT)
    (entry,) = (said["decision"] for said in ledger_of(store, "refused"))
    assert not entry["granted"]
    assert entry["reasons"][0]["ja"] in caught.value.sentence("ja")
    assert not out.exists()
    assert store.provisions.all() == ()
    assert store.ledger.verify().ok
    return [reason["code"] for reason in entry["reasons"]], caught.value.sentence("ja")


def test_without_an_event_nobody_s_home_is_provided(post: Store, tmp_path: Path) -> None:
    codes, said = refused(post, tmp_path / "out", event_id=None)
    assert codes == ["agreements.no_trigger"]
    assert "第5条第1項第3号" in said


def test_a_purpose_that_the_clause_does_not_name_is_refused(post: Store, tmp_path: Path) -> None:
    codes, said = refused(post, tmp_path / "out", purpose="road_clearing")
    assert codes[0] == "agreements.other_purpose"
    assert "道路啓開" in said


def test_somebody_who_is_no_party_gets_nothing(post: Store, tmp_path: Path) -> None:
    codes, said = refused(post, tmp_path / "out", recipient="潮見市消防団第三分団")
    assert "agreements.recipient_no_party" in codes
    assert "潮見市消防団第三分団" in said


@pytest.mark.parametrize("mode", [Mode.FORWARD, Mode.MATCH, Mode.DWELLING, Mode.PERSON])
def test_the_older_template_gives_no_data_of_residents(bare: Store, tmp_path: Path, mode: Mode) -> None:
    agree(bare, OLDER)
    declare(bare)
    codes, said = refused(bare, tmp_path / "out", mode=mode)
    assert codes == ["agreements.no_clause"]
    assert "配達先" in said


def test_without_any_agreement_the_refusal_says_so(bare: Store, tmp_path: Path) -> None:
    assert refused(bare, tmp_path / "out", event_id=None)[0] == ["agreements.no_agreement"]


def test_an_event_that_nobody_declared_is_a_refusal_in_the_ledger(post: Store, tmp_path: Path) -> None:
    codes, said = refused(post, tmp_path / "out", event_id="E-9999")
    assert codes == ["agreements.other_event"]
    assert "E-9999" in said


def test_a_clause_that_is_switched_off_opens_nothing(bare: Store, tmp_path: Path) -> None:
    agree(bare, clauses=("match", "dwelling"))
    declare(bare)
    assert refused(bare, tmp_path / "out", mode=Mode.PERSON)[0] == ["agreements.no_clause_for_mode"]


def not_carried_out(store: Store, out: Path, inquiries: Any = None, **given: Any) -> str:
    """Ask for what is granted and cannot be done; return the code, which the ledger has too."""
    with pytest.raises(ProvideError) as caught:
        granted(store, request(**given), out=out, at=AT, inquiries=inquiries)
    (entry,) = ledger_of(store, "not_provided")
    assert entry["reason"] == caught.value.code
    assert ledger_of(store, "released", "handed") == []
    assert not out.exists() or not any(out.iterdir())
    return caught.value.code.removeprefix("disaster.")


def test_an_area_that_nobody_took_in_is_refused(post: Store, tmp_path: Path) -> None:
    assert refused(post, tmp_path / "out", area="T-NOWHERE")[0] == ["disaster.area_elsewhere"]


def test_a_list_with_refused_rows_is_not_answered_in_part(
    post: Store, situation: Situation, reader: Reader, tmp_path: Path
) -> None:
    asked = asked_people(situation, reader)
    short = replace(asked, table=asked.table.slice(1), refused=1)
    assert not_carried_out(post, tmp_path / "out", inquiries=short, mode=Mode.MATCH) == "bad_inquiries"


def test_a_match_needs_a_list(post: Store, tmp_path: Path) -> None:
    assert not_carried_out(post, tmp_path / "out", mode=Mode.MATCH) == "match_without_list"


def test_forwarding_on_behalf_needs_the_notice(post: Store, tmp_path: Path) -> None:
    found = not_carried_out(post, tmp_path / "out", mode=Mode.FORWARD, purpose="notice")
    assert found == "forward_without_notice"


def test_an_agreement_that_names_another_key_is_not_served(bare: Store, tmp_path: Path) -> None:
    agree(bare, key="A" * 43 + "=")
    declare(bare)
    assert not_carried_out(bare, tmp_path / "out") == "other_signing_key"


def test_a_folder_that_is_there_is_never_written_over(post: Store, tmp_path: Path) -> None:
    taken = tmp_path / "out" / "R20261120-001-1"
    taken.mkdir(parents=True)
    (taken / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ProvideError) as caught:
        granted(post, request(), out=tmp_path / "out", at=AT)
    assert caught.value.code == "disaster.out_exists"
    assert files_of(tmp_path / "out") == {"R20261120-001-1/mine.txt": b"mine"}
    assert ledger_of(post, "not_provided")[0]["reason"] == "disaster.out_exists"


def test_a_store_without_a_register_says_what_is_missing(situation: Situation, post: Store, tmp_path: Path) -> None:
    with Store.create(tmp_path / "new", side=Side.POST, municipalities=[TOWN], at=AT) as store:
        agree(store)
        declare(store)
        assert not_carried_out(store, tmp_path / "out") == "nothing_stored"


@pytest.mark.parametrize("name", ["../R1", "R/1", "..", "", "R1 ", "R1\n", "C:R1", "-R1", "R" * 61, "要請1", "R1\x00"])
def test_the_name_of_a_request_cannot_lead_out_of_the_folder(post: Store, tmp_path: Path, name: str) -> None:
    before = post.ledger.head()
    with pytest.raises(ProvideError) as caught:
        provide(post, name, out=tmp_path / "out", at=AT, by=GIVES)
    assert caught.value.code == "disaster.bad_request_id"
    assert post.ledger.head() == before
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("mode", [*PERSONAL_MODES, "part"])
def test_matched_is_returned_and_withheld_together(packs: Packs, mode: str) -> None:
    made: Provided = getattr(packs, mode)
    assert made.matched == made.returned + sum(made.withheld.values())
    (layer,) = (entry for entry in manifest_of(made.folder)["layers"] if entry["personal"])
    assert (layer["matched"], layer["returned"], layer["withheld"]) == (made.matched, made.returned, made.withheld)
    assert layer["rows"] == made.returned > 0
    assert made.withheld or mode == "match"


def rows_in(folder: Path, path: str) -> dict[str, int]:
    """Count the rows of a file of a pack with other software than wrote it."""
    file = folder / path
    if file.suffix == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as stream:
            return {file.stem: sum(1 for _ in csv.reader(stream)) - 1}
    if file.suffix == ".geojson":
        return {file.stem: len(json.loads(file.read_bytes())["features"])}
    if file.suffix == ".gpkg":
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
            names = [row[0] for row in database.execute("SELECT table_name FROM gpkg_contents")]
            return {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
    raise AssertionError(path)


@pytest.mark.parametrize("mode", [*PERSONAL_MODES, "vehicles", "drill"])
def test_every_file_of_a_pack_holds_the_same_rows(packs: Packs, mode: str) -> None:
    made: Provided = getattr(packs, mode)
    manifest = manifest_of(made.folder)
    counts = {layer["name"]: layer["rows"] for layer in manifest["layers"]}
    assert counts == made.counts
    said = {file["path"]: file["counts"] for file in manifest["files"]}
    assert said == made.files
    for name in ("situation.xlsx", "situation.gpkg", "map.html"):
        assert said[name] == counts, name
    for path, rows in said.items():
        if path.endswith((".csv", ".geojson")):
            layer = Path(path).stem
            assert rows == {layer: counts[layer]} == rows_in(made.folder, path), path
    in_package = {name.replace("_", "-"): count for name, count in rows_in(made.folder, "situation.gpkg").items()}
    assert {name: in_package[name] for name in counts} == counts


def test_the_sheet_holds_the_rows_of_the_list(packs: Packs) -> None:
    book = CalamineWorkbook.from_path(packs.dwelling.folder / "situation.xlsx")
    cells = [row for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()]
    ids = {row["point_id"] for row in rows_of(packs.dwelling, "dwellings")}
    found = Counter(cell for row in cells for cell in row if cell in ids)
    assert set(found) == ids
    assert set(found.values()) == {1}


def rows_of(made: Provided, layer: str) -> list[dict[str, Any]]:
    """Return the attributes of a layer's rows, with their place as ``at``."""
    document = json.loads((made.folder / f"geojson/{layer}.geojson").read_bytes())
    return [{**each["properties"], "at": each["geometry"]} for each in document["features"]]


@pytest.mark.parametrize(
    ("mode", "layer", "clause"),
    [("dwelling", "dwellings", "dwelling"), ("person", "persons", "person"), ("match", "match", "match")],
)
def test_a_personal_layer_has_the_columns_of_its_clause_and_no_other(
    packs: Packs, mode: str, layer: str, clause: str
) -> None:
    terms = load_template("model-emergency-2026").clause(clause)
    assert terms is not None
    (allowed,) = (set(form.columns) for form in terms.formats)
    made: Provided = getattr(packs, mode)
    # `addressees` is the spelling of the names in a list with one row a home; places stand as geometry
    expected = allowed - {"lon", "lat", "mgrs"} - {"addressees"}
    for row in rows_of(made, layer):
        assert set(row) - {"at"} == expected
        assert (row["at"] is None) or "lon" in allowed
    with sqlite3.connect(f"file:{made.folder / 'situation.gpkg'}?mode=ro", uri=True) as database:
        columns = {row[1] for row in database.execute(f'PRAGMA table_info("{layer}")')}
    assert columns - {"fid", "geom", "geometry"} == expected
    (entry,) = (entry for entry in manifest_of(made.folder)["layers"] if entry["personal"])
    assert {column["name"] for column in entry["columns"]} == expected


def test_fewer_fields_asked_for_are_all_that_leaves(post: Store, tmp_path: Path) -> None:
    fields = ("point_id", "status", "place_town")
    made = granted(post, request(fields=fields), out=tmp_path / "out", at=AT)
    found = rows_of(made, "dwellings")
    assert {tuple(row) for row in found} == {(*fields, "at")}
    assert all(row["at"] is None for row in found)
    text = (made.folder / "csv/dwellings.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert "経度" not in text
    assert "MGRS" not in text


@pytest.mark.parametrize("given", [{}, {"mode": Mode.LAYER, "dataset": "damage-points"}])
def test_places_of_nothing_are_not_provided(post: Store, tmp_path: Path, given: dict[str, Any]) -> None:
    assert not_carried_out(post, tmp_path / "out", fields=("lon", "lat"), **given) == "only_places"


def without_names(store: Store, names: set[str]) -> pa.Table:
    """Return the register as if these people had never been on it."""
    rows = store.current("delivery-points", TOWN).table.to_pylist()
    for row in rows:
        row["addressees"] = [name for name in row["addressees"] or [] if name not in names]
    return pa.Table.from_pylist(rows, schema=store.current("delivery-points", TOWN).table.schema)


def protected_names(store: Store, at: datetime = AT) -> set[str]:
    """Return the names under protection; the town gives each of them to one person only."""
    rows = store.current("protection", TOWN).table.to_pylist()
    names = {row["protected_name"] for row in rows if row["until"] is None or row["until"] >= at.date()}
    on_register = Counter(
        name for row in store.current("delivery-points", TOWN).table.to_pylist() for name in row["addressees"] or []
    )
    assert len(names) >= 3
    assert all(on_register[name] == 1 for name in names)
    return names


@pytest.fixture(scope="module")
def twins(situation: Situation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Store]]:
    """Two stores that differ in one thing: in the second the protected people were never on the register."""
    folder = tmp_path_factory.mktemp("twins")
    clauses = ("match", "dwelling", "person", "delivery-status")
    with situation.post(folder / "with") as one, situation.post(folder / "without") as two:
        register = without_names(two, protected_names(two))
        for row in two.batches("delivery-points") + two.batches("protection"):
            two.purge(row.batch_id, at=AT)
        two.add_batch(batch_of("delivery-points", register), at=AT)
        for store in (one, two):
            agree(store, clauses=clauses)
            declare(store)
        yield one, two


@pytest.mark.parametrize("mode", [Mode.PERSON, Mode.MATCH, Mode.DWELLING])
def test_packs_are_byte_for_byte_the_same_as_if_the_protected_had_never_been_there(
    twins: tuple[Store, Store], situation: Situation, reader: Reader, tmp_path: Path, mode: Mode
) -> None:
    asked = asked_people(situation, reader) if mode is Mode.MATCH else None
    one, two = (
        granted(store, request(mode, request_id=f"R-{mode}"), out=tmp_path / name, at=AT, inquiries=asked)
        for store, name in zip(twins, ("with", "without"), strict=True)
    )
    assert (one.pack_id, one.matched, one.withheld) == (two.pack_id, two.matched, two.withheld)
    assert sorted(files_of(one.folder)) == sorted(files_of(two.folder))
    for path, content in files_of(one.folder).items():
        assert content == files_of(two.folder)[path], path
    assert {"map.html", "situation.xlsx", "situation.gpkg", "manifest.json", f"{one.pack_id}.zip"} <= set(
        files_of(one.folder)
    )


def test_a_protected_home_is_in_the_dwelling_list_like_any_other(packs: Packs) -> None:
    register = packs.post.current("delivery-points", TOWN).table.to_pylist()
    names = protected_names(packs.post)
    homes = {row["point_id"] for row in register if names & set(row["addressees"] or [])}
    found = {row["point_id"]: row for row in rows_of(packs.dwelling, "dwellings")}
    assert len(homes) == len(names)
    assert homes <= set(found)
    stored = {row["point_id"]: row for row in register}
    for home in homes:
        assert found[home]["address"] == stored[home]["address"]
        assert found[home]["at"]["coordinates"] == pytest.approx([stored[home]["lon"], stored[home]["lat"]], abs=1e-6)


def test_no_file_of_any_pack_holds_a_protected_name(packs: Packs) -> None:
    names = protected_names(packs.post)
    listed = {q["name"] for q in packs.situation.inquiries if q["answer"] == "protected"}
    assert listed <= names
    register = packs.post.current("delivery-points", TOWN).table.to_pylist()
    somebody = {row["addressees"][0] for row in register if row["addressees"] and row["lon"] is not None} - names
    named = set()
    for mode in PERSONAL_MODES:
        for path, text in texts_of(getattr(packs, mode).folder):
            assert not [name for name in names if name in text], path
            named |= {Path(path).suffix for name in sorted(somebody)[:40] if mode == "person" and name in text}
    assert {".csv", ".geojson", ".gpkg", ".xml"} <= named  # names that may be there would have been found


def test_dwellings_and_answers_hold_nobody_s_name(packs: Packs) -> None:
    register = packs.post.current("delivery-points", TOWN).table.to_pylist()
    names = sorted({name for row in register for name in row["addressees"] or []})
    for mode in ("dwelling", "match", "vehicles"):
        for path, text in texts_of(getattr(packs, mode).folder):
            assert not [name for name in names[::7] if name in text], path


def test_answers_are_those_that_the_town_expects(packs: Packs) -> None:
    answers = {row["reference"]: row for row in rows_of(packs.match, "match")}
    assert len(answers) == len(packs.situation.inquiries)
    for asked in packs.situation.inquiries:
        answer = answers[asked["reference"]]
        expected = {"hit": {"hit"}, "miss": {"miss"}, "protected": {"miss"}, "either": {"hit", "miss"}}[asked["answer"]]
        assert answer["result"] in expected, asked
        if answer["result"] == "miss":  # a miss says nothing more, whoever it is about
            assert (answer["status"], answer["confirmed_at"], answer["at"]) == (None, None, None)


def test_a_drill_never_reads_the_real_register(packs: Packs, post: Store, tmp_path: Path) -> None:
    code = not_carried_out(post, tmp_path / "out", mode=Mode.PERSON, event_id=DRILL)
    assert code == "nothing_stored"


def test_counts_of_the_real_register_are_not_in_a_drill(post: Store, tmp_path: Path) -> None:
    asked = request(Mode.LAYER, dataset="damage-points", purpose="rescue", event_id=DRILL)
    made = granted(post, asked, out=tmp_path / "out", at=AT)
    assert "delivery-status" not in made.counts
    assert "delivery-status" in made.not_provided


def test_rows_of_a_drill_do_not_enter_a_real_extract(packs: Packs, situation: Situation, tmp_path: Path) -> None:
    with situation.post(tmp_path / "post") as store:
        agree(store, clauses=("dwelling", "delivery-status"))
        declare(store)
        row = store.current("delivery-points", TOWN).table.slice(0, 1)
        invented = row.set_column(0, "point_id", pa.array(["KUNREN-0001"]))
        store.add_batch(batch_of("delivery-points", invented, dataset="drill", drill=True), at=AT)
        made = granted(store, request(), out=tmp_path / "out", at=AT)
    assert made.matched == packs.dwelling.matched
    assert not any("KUNREN-0001" in text for _, text in texts_of(made.folder))
    assert not manifest_of(made.folder)["drill"]


def test_every_file_of_a_drill_says_so(packs: Packs) -> None:
    folder = packs.drill.folder
    assert manifest_of(folder)["drill"] is True
    assert "訓練" in (folder / "READ_ME_FIRST.txt").read_text(encoding="utf-8-sig").splitlines()[0]
    assert "訓練" in (folder / "map.html").read_text(encoding="utf-8")
    for path in folder.glob("csv/*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as stream:
            assert {row[0] for row in csv.reader(stream)} == {"訓練"}, path
    for path in folder.glob("geojson/*.geojson"):
        document = json.loads(path.read_bytes())
        assert document["tayori"]["drill"] is True
        assert all(each["properties"]["drill"] is True for each in document["features"]), path
    book = CalamineWorkbook.from_path(folder / "situation.xlsx")
    for name in book.sheet_names:
        head = book.get_sheet_by_name(name).to_python()[:6]
        assert any("訓練" in str(cell) for row in head for cell in row), name
    with sqlite3.connect(f"file:{folder / 'situation.gpkg'}?mode=ro", uri=True) as database:
        said = database.execute("SELECT identifier || description FROM gpkg_contents").fetchall()
    assert all("訓練" in text for (text,) in said)


def test_a_real_pack_says_nothing_of_a_drill(packs: Packs) -> None:
    for path, text in texts_of(packs.dwelling.folder):
        if not path.endswith("map.html"):  # its program knows the word
            assert "訓練" not in text, path


def test_nothing_of_the_source_is_in_a_pack(packs: Packs) -> None:
    told = {packs.post.store_id}
    for row in packs.post.batches():
        told |= {row.content_sha256 or "-", row.sha256, row.batch_id, Path(row.file).name}
        told |= {str(source["sha256"]) for source in row.sources}
        told |= {str(source["file"]) for source in row.sources if row.personal}
    for mode in (*PERSONAL_MODES, "part", "drill"):
        for path, text in texts_of(getattr(packs, mode).folder):
            assert not {word for word in told if len(word) > 6 and word in text}, path


def test_a_part_of_the_town_does_not_tell_how_many_homes_the_whole_has(packs: Packs) -> None:
    total = packs.post.current("delivery-points", TOWN).table.num_rows
    manifest = manifest_of(packs.part.folder)
    numbers = [entry[key] for entry in manifest["layers"] for key in ("rows", "matched", "returned") if key in entry]
    assert total not in numbers
    assert packs.part.matched < total


def test_only_homes_inside_the_area_are_provided(packs: Packs) -> None:
    table = packs.post.current("delivery-points", TOWN).table
    (area,) = (row for row in packs.post.current("areas", TOWN).table.to_pylist() if row["area_id"] == AREA)
    east = shapely.bounds(shapely.from_wkb(area["geometry"]))[2]
    homes = [row for row in table.to_pylist() if row["point_kind"] != "business" and row["lon"] is not None]
    inside = {row["point_id"] for row in homes if row["lon"] < east}
    found = {row["point_id"] for row in rows_of(packs.part, "dwellings")}
    assert found == inside
    assert 0 < len(found) < len(homes)


def test_homes_without_a_place_are_withheld_from_an_area_and_counted(post: Store, tmp_path: Path) -> None:
    table = post.current("delivery-points", TOWN).table
    lost = pc.less(pa.array(range(table.num_rows)), 7)
    for name in ("lon", "lat"):
        column = pc.if_else(lost, pa.scalar(None, pa.float64()), table.column(name))
        table = table.set_column(table.column_names.index(name), name, column)
    for row in post.batches("delivery-points"):
        post.purge(row.batch_id, at=AT)
    post.add_batch(batch_of("delivery-points", table), at=AT)
    before = post.current("delivery-points", TOWN).table.column("lon").null_count
    made = granted(post, request(area=AREA), out=tmp_path / "out", at=AT)
    assert made.withheld["no_place"] == before >= 7
    gone = set(table.column("point_id").to_pylist()[:7])
    assert not gone & {row["point_id"] for row in rows_of(made, "dwellings")}
    page = (made.folder / "READ_ME_FIRST.txt").read_text(encoding="utf-8-sig")
    assert f"位置が決まらず区域の内外が分からないもの {before}件" in page


def test_delivery_status_adds_up_to_the_register(packs: Packs) -> None:
    register = packs.post.current("delivery-points", TOWN).table
    rows = rows_of(packs.dwelling, "delivery-status")
    by_status = Counter(register.column("status").to_pylist())
    assert sum(row["total"] for row in rows) == register.num_rows
    for status, count in by_status.items():
        assert sum(row[status] for row in rows) == count, status
    assert all(row["total"] == sum(row[status] for status in by_status) for row in rows)


def test_the_place_of_a_status_is_its_town_s_and_no_home_s(packs: Packs) -> None:
    towns = packs.post.current("gazetteer", TOWN).table.to_pylist()
    public = {(round(row["lon"], 7), round(row["lat"], 7)) for row in towns}
    placed = [row["at"]["coordinates"] for row in rows_of(packs.dwelling, "delivery-status") if row["at"]]
    assert placed
    assert {tuple(at) for at in placed} <= public


def test_vehicles_that_deliver_mail_never_leave(packs: Packs) -> None:
    register = packs.post.current("vehicles", TOWN).table.to_pylist()
    kept = {row["vehicle_id"] for row in register if row["mail_delivery"] is not False}
    free = {row["vehicle_id"] for row in register} - kept
    assert kept
    assert {row["vehicle_id"] for row in rows_of(packs.vehicles, "vehicles")} == free
    for mode in (*PERSONAL_MODES, "vehicles"):
        for path, text in texts_of(getattr(packs, mode).folder):
            assert not [name for name in kept if name in text], path


def test_a_vehicle_of_which_nobody_knows_counts_as_one_that_delivers_mail() -> None:
    rows = pa.table({"vehicle_id": ["a", "b", "c"], "mail_delivery": pa.array([True, False, None])})
    assert EXCLUDED["delivery_vehicle"](rows).column("vehicle_id").to_pylist() == ["b"]
    assert set(EXCLUDED) == set(EXCLUSIONS)


def test_where_only_the_town_is_agreed_no_home_is_told(
    post: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("disaster.requests", "disaster.openlayers"):
        monkeypatch.setattr(
            import_module(module), "decide", lambda *a, **k: replace(decide(*a, **k), precision=Precision.TOWN)
        )
    made = granted(post, request(), out=tmp_path / "out", at=AT)
    for layer in made.counts:
        for row in rows_of(made, layer):
            assert not set(row) & {"lon", "lat", "mgrs", "geometry", "address", "building", "place_text", "point_id"}
            assert row["at"] is None or layer in ("delivery-status", "boundaries")
    assert made.counts["dwellings"] > 0


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


def test_nothing_leaves_that_nobody_approved(post: Store, tmp_path: Path) -> None:
    requests.submit(post, request(), ASKS, at=AT)
    with pytest.raises(WorkflowError) as caught:
        provide(post, request().request_id, out=tmp_path / "out", at=AT, by=GIVES)
    assert caught.value.code == "agreements.not_in_this_state"
    assert ledger_of(post, "released") == []
    assert not (tmp_path / "out").exists()


def test_who_may_not_let_out_lets_nothing_out(post: Store, tmp_path: Path) -> None:
    approved(post, request())
    for role in (Role.MUNICIPAL_HQ, Role.PREFECTURE, Role.PROTECTION_OFFICER):
        with pytest.raises(CodedError) as caught:
            provide(post, request().request_id, out=tmp_path / "out", at=AT, by=Actor("だれか", role))
        assert caught.value.code in ("agreements.no_right", "disaster.released_by_asking_side")
    assert not (tmp_path / "out").exists()


def test_what_was_approved_and_is_open_no_more_is_refused_at_the_release(post: Store, tmp_path: Path) -> None:
    approved(post, request())
    post.events.close(EVENT, closed_at=AT + timedelta(hours=1), by="潮見市長", at=AT + timedelta(hours=1))
    with pytest.raises(RefusedError) as caught:
        provide(post, request().request_id, out=tmp_path / "out", at=AT + timedelta(hours=2), by=GIVES)
    assert caught.value.decision.reasons[0].code == "agreements.event_closed"
    assert [said["decision"]["granted"] for said in ledger_of(post, "refused")] == [False]
    assert not (tmp_path / "out").exists()


def test_without_a_recorded_weighing_nobody_s_home_leaves(bare: Store, tmp_path: Path) -> None:
    text = agreement(key=bare.public_key)
    bare.agreements.add(f"{TOWN}-2026-01", TOWN, text, at=AT)
    declare(bare)
    assert refused(bare, tmp_path / "out")[0] == ["agreements.no_assessment"]


def test_forwarding_tells_the_city_counts_alone_and_the_post_whom_to_bring_it(packs: Packs) -> None:
    made = packs.forward
    counts = {row["outcome"]: row["count"] for row in rows_of(made, "forwarded")}
    assert sum(counts.values()) == made.matched == packs.dwelling.matched
    assert counts["to_mail"] == made.returned > 0
    assert set(made.counts) == {"forwarded"}
    assert made.mailing is not None
    secrets = {row["address"] for row in rows_of(packs.dwelling, "dwellings")}
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
    post.add_batch(door_rows("protection", rows, dataset="more"), at=AT)
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


def test_another_request_under_the_same_name_is_refused(post: Store, tmp_path: Path) -> None:
    post.requests.add(request(), at=AT)
    with pytest.raises(StoreError):
        granted(post, request(Mode.PERSON), out=tmp_path / "out", at=AT)
    assert not (tmp_path / "out").exists()


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
