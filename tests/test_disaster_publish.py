"""The way out for what is about nobody."""

import csv
import json
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from door_town import AT, TOWN, Situation, batch_of, files_of, ledger_of, texts_of

from disaster.errors import PublishError
from disaster.models import NOUNS
from disaster.publish import PUBLISHABLE, publish, published_in, published_layer, write_published
from disaster.store import Store
from exporters.model import Extract, Marks

pytest_plugins = ("door_town",)

PERSONAL = ("delivery-points", "forwarding", "protection", "inquiries")
EVERYWHERE = (138.0, 34.0, 139.5, 35.0)


@pytest.fixture
def city(situation: Situation, tmp_path: Path) -> Any:
    with situation.city(tmp_path / "city") as store:
        yield store


def test_personal_kinds_are_registered_as_not_publishable() -> None:
    assert {kind for kind, noun in NOUNS.items() if noun.personal} == set(PERSONAL)
    assert not set(PERSONAL) & set(PUBLISHABLE)


@pytest.mark.parametrize("kind", [*PERSONAL, "received/dwellings", "delivery-status", "", "../x"])
def test_what_may_not_be_published_is_refused_in_every_way(post: Store, tmp_path: Path, kind: str) -> None:
    with pytest.raises(PublishError):
        publish(post, TOWN, out=tmp_path / "out", at=AT, kinds=("offices", kind))
    with pytest.raises(PublishError):
        published_layer(post, kind, TOWN, at=AT)
    with pytest.raises(PublishError):
        published_in(post, kind, TOWN, bbox=None, limit=10, at=AT)
    assert not (tmp_path / "out").exists()
    assert ledger_of(post, "published") == []


def test_all_that_the_store_holds_is_published_and_nothing_personal(post: Store, tmp_path: Path) -> None:
    made = publish(post, TOWN, out=tmp_path / "out", at=AT)
    assert set(made.counts) == {"offices", "vehicles", "stockpiles", "damage-points", "areas", "boundaries"}
    register = post.current("delivery-points", TOWN).table
    secrets = {name for names in register.column("addressees").to_pylist() for name in names or []}
    secrets = {*sorted(secrets)[::7], *register.column("point_id").to_pylist()[::7]}
    for path, text in texts_of(made.folder):
        assert not [secret for secret in secrets if secret in text], path
    (entry,) = ledger_of(post, "published")
    assert entry["counts"] == made.counts
    assert sorted(entry["files"]) == sorted(files_of(made.folder))


def test_every_published_file_holds_the_same_rows(city: Store, tmp_path: Path) -> None:
    made = publish(city, TOWN, out=tmp_path / "out", at=AT)
    for kind, count in made.counts.items():
        assert len(json.loads((made.folder / f"geojson/{kind}.geojson").read_bytes())["features"]) == count
        with (made.folder / f"csv/{kind}.csv").open(encoding="utf-8-sig", newline="") as stream:
            assert sum(1 for _ in csv.reader(stream)) == count + 1
        assert count == city.current(kind, TOWN).table.num_rows


def test_only_the_kinds_that_are_asked_for_are_published(city: Store, tmp_path: Path) -> None:
    made = publish(city, TOWN, out=tmp_path / "out", at=AT, kinds=("shelters", "gazetteer"))
    assert set(made.counts) == {"shelters", "gazetteer"}


def test_a_store_that_holds_nothing_says_so(city: Store, tmp_path: Path) -> None:
    with pytest.raises(PublishError) as caught:
        publish(city, TOWN, out=tmp_path / "out", at=AT, kinds=("vehicles",))
    assert caught.value.code == "disaster.nothing_to_publish"


def test_a_drill_is_published_as_one_and_real_rows_never_are_with_it(city: Store, tmp_path: Path) -> None:
    rows = city.current("shelters", TOWN).table.slice(0, 1)
    invented = rows.set_column(rows.column_names.index("shelter_id"), "shelter_id", pa.array(["KUNREN-1"]))
    city.add_batch(batch_of("shelters", invented, drill=True), at=AT)
    real = publish(city, TOWN, out=tmp_path / "real", at=AT, kinds=("shelters",))
    drill = publish(city, TOWN, out=tmp_path / "drill", at=AT, kinds=("shelters",), drill=True)
    assert (real.counts["shelters"], drill.counts["shelters"]) == (28, 1)
    assert "KUNREN-1" not in (real.folder / "csv/shelters.csv").read_text(encoding="utf-8-sig")
    lines = (drill.folder / "csv/shelters.csv").read_text(encoding="utf-8-sig").splitlines()
    assert all(line.lstrip('"').startswith("訓練") for line in lines)
    assert [entry["drill"] for entry in ledger_of(city, "published")] == [False, True]


def test_a_folder_that_is_there_is_not_touched(city: Store, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(PublishError) as caught:
        publish(city, TOWN, out=tmp_path / "out", at=AT)
    assert caught.value.code == "disaster.out_exists"
    assert files_of(tmp_path / "out") == {"mine.txt": b"mine"}


@pytest.mark.parametrize("step", ["publish/write_files", "newfolder/sync_folders", "newfolder/move"])
def test_what_fails_on_the_way_leaves_nothing(
    city: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_args: Any, **_given: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        module, name = step.split("/")
        patch.setattr(import_module(f"disaster.{module}"), name, full)
        with pytest.raises(PublishError) as caught:
            publish(city, TOWN, out=tmp_path / "out", at=AT, kinds=("shelters",))
    assert caught.value.code == "disaster.cannot_write_out"
    assert [path.name for path in tmp_path.iterdir()] == ["city"]
    assert publish(city, TOWN, out=tmp_path / "out", at=AT, kinds=("shelters",)).counts == {"shelters": 28}


def test_an_extract_never_leaves_by_this_way(city: Store, tmp_path: Path) -> None:
    made = published_layer(city, "shelters", TOWN, at=AT)
    assert made is not None
    extract = Extract(
        made.name, made.title, made.columns, made.table, made.geometry, made.as_of, matched=28, returned=28
    )
    with pytest.raises(PublishError):
        write_published(city, [extract], Marks("", TOWN, AT), tmp_path / "out", at=AT)
    assert not (tmp_path / "out").exists()


def test_a_layer_says_of_when_its_rows_are(city: Store) -> None:
    later = AT + timedelta(days=3)
    whole = published_layer(city, "shelters", TOWN, at=later)
    part, more = published_in(city, "shelters", TOWN, bbox=EVERYWHERE, limit=5, at=later)
    assert whole is not None
    assert (len(whole), len(part), more) == (28, 5, True)
    assert whole.as_of == part.as_of == AT


def test_a_box_holds_what_lies_in_it_whether_rows_are_in_sql_or_in_files(city: Store) -> None:
    for kind in ("shelters", "gazetteer"):
        table = city.current(kind, TOWN).table
        lon = sorted(table.column("lon").to_pylist())
        box = (138.0, 34.0, lon[len(lon) // 2], 35.0)
        found, more = published_in(city, kind, TOWN, bbox=box, limit=1_000, at=AT)
        assert (len(found), more) == (sum(one <= box[2] for one in lon), False)
        first, more = published_in(city, kind, TOWN, bbox=box, limit=3, at=AT)
        assert (len(first), more) == (3, True)
        nothing, more = published_in(city, kind, TOWN, bbox=(130.0, 30.0, 131.0, 31.0), limit=3, at=AT)
        assert (len(nothing), more) == (0, False)
    none, more = published_in(city, "vehicles", TOWN, bbox=None, limit=3, at=AT)
    assert (len(none), more) == (0, False)
