"""No cell leaves without its clause: every cell of every written format is held against what allows it."""

import csv
import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import pyzipper
from door_town import (
    AT,
    NAME,
    NOTICE,
    RECIPIENT,
    TOWN,
    Packs,
    Situation,
    asked_people,
    assess,
    declare,
    granted,
    manifest_of,
    request,
    texts_of,
)  # fmt: skip
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from agreements.agreement import Party, new_agreement_text
from agreements.clauses import Clause
from agreements.request import Mode, Request
from agreements.template import load_template, template_ids
from agreements.vocabulary import DATASETS, FINER_THAN_TOWN, PURPOSES
from disaster import residents
from disaster.errors import DisasterError
from disaster.explain import PLACES
from disaster.layers import layer
from disaster.manifest import GROUND
from disaster.pack import write_files
from disaster.provide import Provided, RefusedError
from disaster.store import Store
from disaster.verify import explain
from exporters.model import Grounds, Layer, Marks
from geo.read import Reader

pytest_plugins = ("door_town",)

#: Headings that say where a row is, and the one that marks a drill.
_PLACE_HEADINGS = set(PLACES.values())
#: What the counts of a forwarding are: no columns of the register, which the clause does not open.
_COUNTS = {column.name for column in residents.FORWARD_COLUMNS}


def cells_of(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield file, layer and column of every written cell's column, read with other software than wrote it."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as stream:
                yield from ((name, path.stem, heading) for heading in next(csv.reader(stream)))
        elif path.suffix == ".geojson":
            document = json.loads(path.read_bytes())
            keys = {key for feature in document["features"] for key in feature["properties"]}
            yield from ((name, path.stem, key) for key in keys)
            if any(feature["geometry"] for feature in document["features"]):
                yield name, path.stem, "geometry"
        elif path.suffix == ".gpkg":
            yield from _of_package(path, name)
        elif path.suffix == ".xlsx":
            yield from _of_workbook(path, name, manifest_of(folder)["layers"])


def _of_package(path: Path, name: str) -> Iterator[tuple[str, str, str]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        for (table,) in database.execute("SELECT table_name FROM gpkg_contents").fetchall():
            for row in database.execute(f'PRAGMA table_info("{table}")').fetchall():
                if row[1] != "fid":
                    yield name, table, "geometry" if row[1] == "geom" else row[1]


def _of_workbook(path: Path, name: str, layers: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    book = CalamineWorkbook.from_path(path)
    by_title = {re.sub(r"[\[\]:*?/\\\s]+", "_", one["title"])[:31]: one for one in layers}
    for sheet in book.sheet_names[:-1]:
        one = by_title[sheet]
        rows = book.get_sheet_by_name(sheet).to_python()
        labels = {column["label"] for column in one["columns"]}
        heads = next(row for row in rows if set(map(str, row)) & labels)
        yield from ((name, one["name"], str(cell)) for cell in heads if cell != "")


def allowed_cells(clauses: Sequence[Clause], asked: Request, layer_name: str, one: dict[str, Any]) -> set[str]:
    """Return names and headings that the clauses switched on let out in that layer; independent of the door."""
    if layer_name in GROUND:
        return {name for column in one["columns"] for name in (column["name"], column["label"])} | {"geometry"}
    if layer_name == "forwarded":
        return _COUNTS | {column.label for column in residents.FORWARD_COLUMNS}
    dataset, mode = (layer_name, Mode.LAYER) if layer_name in DATASETS else (asked.dataset, asked.mode)
    # two clauses never add up: a layer must fit within one of them
    fits = [found for c in clauses if (found := c.data_format(dataset, mode)) is not None]
    fits = [found for found in fits if {column["name"] for column in one["columns"]} <= set(found.columns)]
    assert fits, layer_name
    names = set(fits[0].columns)
    if fits[0].precision == "town":
        names -= FINER_THAN_TOWN
    labels = {column.label for name, column in DATASETS[dataset].columns.items() if name in names}
    place = _PLACE_HEADINGS | {"geometry"} if {"lon", "lat"} <= names or names & {"geometry", "mgrs"} else set()
    if layer_name == "delivery-status":
        place = _PLACE_HEADINGS | {"geometry"}  # the public point of a town
    return names | labels | place


def town_agreement(template: str, version: int, key: str) -> str:
    day = (AT - timedelta(days=30)).date()
    return new_agreement_text(
        template, agreement_id=f"{TOWN}-2026-01", post=Party("潮見郵便局", "S001", key),
        municipality=Party(NAME, TOWN, units=(RECIPIENT,)), signed=day, effective_from=day, template_version=version,
    )  # fmt: skip


def unlocked(made: Provided, out: Path) -> Path:
    """Return the pack's files as its reader has them before the eyes."""
    if made.password is None or made.zip is None:
        return made.folder
    with pyzipper.AESZipFile(made.zip) as archive:
        archive.extractall(out / "unlocked", pwd=made.password.encode())
    return out / "unlocked" / made.pack_id


def walked(
    store: Store, clauses: Sequence[Clause], one: Request, out: Path, inquiries: Any
) -> set[tuple[str, str]] | None:
    """Ask; where it is granted hold every written cell against the clauses; None where it is refused."""
    extra: dict[str, Any] = {}
    if one.mode is Mode.MATCH and DATASETS[one.dataset].personal:
        extra["inquiries"] = inquiries
    if one.mode is Mode.FORWARD:
        extra["notice"] = NOTICE
    try:
        made = granted(store, one, out=out, at=AT, **extra)
    except DisasterError:
        return None
    folder = unlocked(made, out)
    said = {entry["name"]: entry for entry in manifest_of(folder)["layers"]}
    seen = set()
    for file, table, column in cells_of(folder):
        name = table.replace("_", "-") if table not in said else table
        assert column in allowed_cells(clauses, one, name, said[name]), (file, name, column)
        seen.add((name, column))
    for line in explain(made.folder, password=made.password).columns:
        assert line.basis, line
    return seen


def templates() -> list[tuple[str, int]]:
    return [(name, load_template(name).template_version) for name in template_ids()]


def questions(clauses: Sequence[Clause]) -> Iterator[tuple[str, Mode, str]]:
    """Yield dataset, mode and purpose of everything that some clause names."""
    for clause in clauses:
        for found in clause.formats:
            for purpose in clause.purposes:
                yield found.dataset, Mode(found.mode), purpose


def walk(template: tuple[str, int], situation: Situation, reader: Reader, tmp_path: Path) -> int:
    """Ask for what the clauses name; return how many questions were granted."""
    with situation.post(tmp_path / "walked") as store:
        text = town_agreement(*template, store.public_key)
        store.agreements.add(f"{TOWN}-2026-01", TOWN, text, at=AT)
        assess(store)
        declare(store)
        inquiries = asked_people(situation, reader)
        clauses = load_template(*template).clauses
        asked = sorted(set(questions(clauses)))
        granted_ = 0
        for number, (dataset, mode, purpose) in enumerate(asked, start=1):
            one = request(mode, number, dataset=dataset, purpose=purpose)
            seen = walked(store, clauses, one, tmp_path / f"out{number}", inquiries)
            granted_ += seen is not None
    return granted_


@pytest.mark.long
@pytest.mark.parametrize("template", templates(), ids=lambda one: one[0])
def test_every_cell_of_every_question_has_its_clause(
    template: tuple[str, int], situation: Situation, reader: Reader, tmp_path: Path
) -> None:
    clauses = load_template(*template).clauses
    granted_ = walk(template, situation, reader, tmp_path)
    if any(clause.personal for clause in clauses):
        assert granted_ > 10
    else:
        assert (granted_ > 0) == any(clause.formats for clause in clauses)


@pytest.mark.parametrize("mode", ["forward", "match", "dwelling", "person", "vehicles", "drill"])
def test_every_cell_of_a_pack_has_its_clause(packs: Packs, mode: str) -> None:
    made = getattr(packs, mode)
    clauses = load_template("model-emergency-2026").clauses
    said = {entry["name"]: entry for entry in manifest_of(made.folder)["layers"]}
    count = 0
    for file, table, column in cells_of(made.folder):
        name = table if table in said else table.replace("_", "-")
        drilled = mode == "drill" and column in ("訓練", "drill")
        assert drilled or column in allowed_cells(clauses, made.decision.request, name, said[name]), (
            file,
            name,
            column,
        )
        count += 1
    assert count > (4 if mode == "forward" else 50)


def test_a_template_of_older_days_lets_nobody_s_home_out(situation: Situation, reader: Reader, tmp_path: Path) -> None:
    older = [one for one in templates() if not any(c.personal for c in load_template(*one).clauses)]
    assert older
    with situation.post(tmp_path / "older") as store:
        text = town_agreement(*older[0], store.public_key)
        store.agreements.add(f"{TOWN}-2026-01", TOWN, text, at=AT)
        assess(store)
        declare(store)
        for number, mode in enumerate((Mode.FORWARD, Mode.MATCH, Mode.DWELLING, Mode.PERSON), start=1):
            one = request(mode, number)
            assert (
                walked(store, load_template(*older[0]).clauses, one, tmp_path / mode, asked_people(situation, reader))
                is None
            )
        assert not any((tmp_path / mode).exists() for mode in Mode)


# --- nothing outside appears anywhere --------------------------------------------------------------------------------

_OUTSIDE = "外に出ない言葉"
_MARKS = Marks(
    "状況パック", "潮見市", AT, provider="潮見郵便局", recipient=RECIPIENT, purpose="安否確認", expires_at=AT
)
_GROUNDS = Grounds("99301-2026-01", "dwelling", "第5条", "協定第5条により提供できます。")
_COLUMNS = residents.DWELLING_COLUMNS


@given(st.sets(st.sampled_from([c.name for c in _COLUMNS]), min_size=1, max_size=5), st.integers(0, 3), st.booleans())
def test_what_is_cut_off_appears_in_no_format(
    tmp_path_factory: pytest.TempPathFactory, kept: set[str], rows: int, drill: bool
) -> None:
    folder = tmp_path_factory.mktemp("formats")
    text = {c.name: [f"{_OUTSIDE}-{c.name}"] * rows for c in _COLUMNS if str(c.type) == "text" and c.name not in kept}
    inside = {c.name: ["内"] * rows for c in _COLUMNS if str(c.type) in ("text", "choice") and c.name in kept}
    table = pa.table({**text, **inside}) if {**text, **inside} else pa.table({"x": []})
    cut = table.select([name for name in table.column_names if name in kept])
    columns = [c for c in _COLUMNS if c.name in cut.column_names]
    if not columns:
        return
    made: Layer = replace(layer("dwellings", "住居一覧", columns, cut, as_of=AT), grounds=_GROUNDS)
    write_files(folder, [made], replace(_MARKS, drill=drill))
    for path, said in texts_of(folder):
        assert _OUTSIDE not in said, path


def test_an_unknown_purpose_in_no_clause_is_refused_in_every_mode(post: Store, tmp_path: Path) -> None:
    named = {
        p
        for c in load_template("model-emergency-2026").clauses
        for f in c.formats
        if f.dataset == "delivery-points"
        for p in c.purposes
    }
    unnamed = sorted(set(PURPOSES) - named)
    assert unnamed
    for number, mode in enumerate((Mode.FORWARD, Mode.MATCH, Mode.DWELLING, Mode.PERSON), start=1):
        with pytest.raises(RefusedError):
            granted(post, request(mode, number, purpose=unnamed[0]), out=tmp_path / "out", at=AT)
    assert not (tmp_path / "out").exists()
