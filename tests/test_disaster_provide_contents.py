"""What leaves by the one door: rows, columns and counts of a pack, and nobody who is protected."""

import csv
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import shapely
from door_town import (
    AREA,
    AT,
    DRILL,
    TOWN,
    Packs,
    Situation,
    agree,
    asked_people,
    batch_of,
    declare,
    files_of,
    granted,
    layer_rows,
    manifest_of,
    request,
    texts_of,
)  # fmt: skip
from python_calamine import CalamineWorkbook

from agreements.decide import decide
from agreements.format import Precision
from agreements.request import Mode
from agreements.template import load_template
from agreements.vocabulary import EXCLUSIONS
from disaster.provide import EXCLUDED, Provided
from disaster.store import Store
from geo.read import Reader

pytest_plugins = ("door_town",)

PERSONAL_MODES = ("dwelling", "person", "match")


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
    ids = {row["point_id"] for row in layer_rows(packs.dwelling.folder, "dwellings")}
    found = Counter(cell for row in cells for cell in row if cell in ids)
    assert set(found) == ids
    assert set(found.values()) == {1}


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
    for row in layer_rows(made.folder, layer):
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
    found = layer_rows(made.folder, "dwellings")
    assert {tuple(row) for row in found} == {(*fields, "at")}
    assert all(row["at"] is None for row in found)
    text = (made.folder / "csv/dwellings.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert "経度" not in text
    assert "MGRS" not in text


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
    found = {row["point_id"]: row for row in layer_rows(packs.dwelling.folder, "dwellings")}
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
    answers = {row["reference"]: row for row in layer_rows(packs.match.folder, "match")}
    assert len(answers) == len(packs.situation.inquiries)
    for asked in packs.situation.inquiries:
        answer = answers[asked["reference"]]
        expected = {"hit": {"hit"}, "miss": {"miss"}, "protected": {"miss"}, "either": {"hit", "miss"}}[asked["answer"]]
        assert answer["result"] in expected, asked
        if answer["result"] == "miss":  # a miss says nothing more, whoever it is about
            assert (answer["status"], answer["confirmed_at"], answer["at"]) == (None, None, None)


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
    found = {row["point_id"] for row in layer_rows(packs.part.folder, "dwellings")}
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
    assert not gone & {row["point_id"] for row in layer_rows(made.folder, "dwellings")}
    page = (made.folder / "READ_ME_FIRST.txt").read_text(encoding="utf-8-sig")
    assert f"位置が決まらず区域の内外が分からないもの {before}件" in page


def test_delivery_status_adds_up_to_the_register(packs: Packs) -> None:
    register = packs.post.current("delivery-points", TOWN).table
    rows = layer_rows(packs.dwelling.folder, "delivery-status")
    by_status = Counter(register.column("status").to_pylist())
    assert sum(row["total"] for row in rows) == register.num_rows
    for status, count in by_status.items():
        assert sum(row[status] for row in rows) == count, status
    assert all(row["total"] == sum(row[status] for status in by_status) for row in rows)


def test_the_place_of_a_status_is_its_town_s_and_no_home_s(packs: Packs) -> None:
    towns = packs.post.current("gazetteer", TOWN).table.to_pylist()
    public = {(round(row["lon"], 7), round(row["lat"], 7)) for row in towns}
    placed = [row["at"]["coordinates"] for row in layer_rows(packs.dwelling.folder, "delivery-status") if row["at"]]
    assert placed
    assert {tuple(at) for at in placed} <= public


def test_vehicles_that_deliver_mail_never_leave(packs: Packs) -> None:
    register = packs.post.current("vehicles", TOWN).table.to_pylist()
    kept = {row["vehicle_id"] for row in register if row["mail_delivery"] is not False}
    free = {row["vehicle_id"] for row in register} - kept
    assert kept
    assert {row["vehicle_id"] for row in layer_rows(packs.vehicles.folder, "vehicles")} == free
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
    for module in ("disaster.ruling", "disaster.openlayers"):
        monkeypatch.setattr(
            import_module(module), "decide", lambda *a, **k: replace(decide(*a, **k), precision=Precision.TOWN)
        )
    made = granted(post, request(), out=tmp_path / "out", at=AT)
    for layer in made.counts:
        for row in layer_rows(made.folder, layer):
            assert not set(row) & {"lon", "lat", "mgrs", "geometry", "address", "building", "place_text", "point_id"}
            assert row["at"] is None or layer in ("delivery-status", "boundaries")
    assert made.counts["dwellings"] > 0
