"""Batches in the store: what enters, what is the present, what is destroyed."""

import errno
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from store_rows import TOWN, batch_of, delivery_points, shelters, table_of

from disaster.errors import ReceiveError, StoreError
from disaster.models import NOUNS, Side
from disaster.store import Store, snapshots

pytest_plugins = ("prepared_store",)

HOUR = timedelta(hours=1)


@pytest.fixture
def post(tmp_path: Path, prepared_url: str | None, now: datetime) -> Iterator[Store]:
    with Store.create(
        tmp_path / "post", side=Side.POST, municipalities=[TOWN, "99302"], at=now, url=prepared_url
    ) as store:
        yield store


@pytest.fixture
def city(tmp_path: Path, prepared_url: str | None, now: datetime) -> Iterator[Store]:
    side = Side.MUNICIPALITY
    with Store.create(tmp_path / "city", side=side, municipalities=[TOWN], at=now, url=prepared_url) as store:
        yield store


def files_of(store: Store) -> list[Path]:
    return sorted(path for path in (store.home / "snapshots").rglob("*") if path.is_file())


def kinds(store: Store) -> list[str]:
    return [entry.kind for entry in store.ledger.entries()]


def refusal(store: Store, *args: object, at: datetime, **given: object) -> StoreError:
    with pytest.raises(StoreError) as refused:
        store.add_batch(batch_of(*args, **given), at=at)  # type: ignore[arg-type]
    assert refused.value.sentence("ja")
    return refused.value


def test_what_was_stored_comes_back_as_it_was(post: Store, now: datetime) -> None:
    rows = [
        {"damage_id": "D1", "object": "road", "damage": "flooded", "passable": "foot", "observed_at": now,
         "reporter": "post", "verified": True, "note": "＝「冠水」", "lon": 138.6, "lat": 34.5},
        {"damage_id": "D2", "object": "bridge", "damage": "collapse", "passable": "none", "observed_at": now,
         "reporter": "resident"},
    ]  # fmt: skip
    batch = batch_of("damage-points", rows, as_of=now)
    stored = post.add_batch(batch, at=now)
    current = post.current("damage-points", TOWN)
    assert current.table.equals(batch.table)
    assert (current.as_of, current.batch_ids, current.datasets) == (now, (stored.batch_id,), {"市の一覧": now})
    assert kinds(post)[-1] == "ingested"


def test_a_kind_that_nothing_is_known_of_gives_an_empty_table_of_its_columns(post: Store) -> None:
    current = post.current("areas", TOWN)
    assert current.table.schema.equals(snapshots.schema_of(NOUNS["areas"]))
    assert (current.table.num_rows, current.as_of, current.batch_ids) == (0, None, ())


def test_the_same_file_again_changes_nothing(post: Store, now: datetime) -> None:
    batch = batch_of("shelters", shelters(3), as_of=now)
    first = post.add_batch(batch, at=now)
    before, entries = files_of(post), kinds(post)
    again = post.add_batch(replace(batch, as_of=now + HOUR), at=now + HOUR)
    assert (again.unchanged, again.batch_id) == (True, first.batch_id)
    assert (files_of(post), kinds(post), len(post.batches())) == (before, entries, 1)


def test_the_same_file_placed_anew_is_news(post: Store, now: datetime) -> None:
    batch = batch_of("shelters", shelters(3), as_of=now)
    first = post.add_batch(batch, at=now)
    placed = batch.table.set_column(
        batch.table.column_names.index("place_level"), "place_level", pa.array(["town"] * 3, pa.string())
    )
    second = post.add_batch(replace(batch, table=placed), at=now + HOUR)
    assert (second.unchanged, second.replaced) == (False, first.batch_id)


def test_a_file_that_comes_back_after_another_is_the_present_again(post: Store, now: datetime) -> None:
    one, other = batch_of("shelters", shelters(3), as_of=now), batch_of("shelters", shelters(2), as_of=now + HOUR)
    post.add_batch(one, at=now)
    post.add_batch(other, at=now + HOUR)
    back = post.add_batch(replace(one, as_of=now + 2 * HOUR), at=now + 2 * HOUR)
    assert not back.unchanged
    assert post.current("shelters", TOWN).table.num_rows == 3


def test_the_newest_batch_of_a_dataset_is_the_present_and_older_ones_give_the_view_of_their_time(
    post: Store, now: datetime
) -> None:
    first = post.add_batch(batch_of("shelters", shelters(3), as_of=now), at=now)
    second = post.add_batch(batch_of("shelters", shelters(2), as_of=now + HOUR), at=now + HOUR)
    assert second.replaced == first.batch_id
    assert post.current("shelters", TOWN).batch_ids == (second.batch_id,)
    assert post.current("shelters", TOWN, at=now + HOUR / 2).batch_ids == (first.batch_id,)
    assert post.current("shelters", TOWN, at=now - HOUR).batch_ids == ()


def test_an_older_state_that_arrives_late_does_not_become_the_present_and_says_so(post: Store, now: datetime) -> None:
    first = post.add_batch(batch_of("shelters", shelters(3), as_of=now), at=now)
    late = batch_of("shelters", shelters(5), as_of=now - HOUR)
    second = post.add_batch(late, at=now + HOUR)
    assert (second.unchanged, second.replaced, second.newer) == (False, None, first.batch_id)
    assert post.current("shelters", TOWN).table.num_rows == 3
    assert post.add_batch(late, at=now + HOUR).unchanged


def test_datasets_of_a_kind_stand_beside_each_other_and_are_as_old_as_the_oldest(post: Store, now: datetime) -> None:
    post.add_batch(batch_of("shelters", shelters(3), as_of=now, dataset="市"), at=now)
    post.add_batch(batch_of("shelters", shelters(2, prefix="K"), as_of=now - HOUR, dataset="県"), at=now)
    current = post.current("shelters", TOWN)
    assert current.table.num_rows == 5
    assert (current.as_of, current.datasets) == (now - HOUR, {"市": now, "県": now - HOUR})


def test_a_row_that_another_dataset_holds_is_refused_by_the_name_of_that_dataset(post: Store, now: datetime) -> None:
    post.add_batch(batch_of("shelters", shelters(3), as_of=now, dataset="国土地理院"), at=now)
    before = files_of(post)
    error = refusal(post, "shelters", shelters(5)[2:], as_of=now, dataset="市", at=now)
    assert error.code == "disaster.keys_in_other_dataset"
    assert (error.params["other"], error.params["count"]) == ("国土地理院", 1)
    assert files_of(post) == before


def test_keys_of_several_columns_with_gaps_are_told_apart(post: Store, now: datetime) -> None:
    lots = [{"site_id": "S1", "name": "倉庫", "lot_id": None}, {"site_id": "S1", "name": "倉庫", "lot_id": "L1"}]
    post.add_batch(batch_of("stockpiles", lots, as_of=now, dataset="a"), at=now)
    other = [{"site_id": "S1", "name": "倉庫", "lot_id": "L2"}]
    assert not post.add_batch(batch_of("stockpiles", other, as_of=now, dataset="b"), at=now).unchanged
    error = refusal(post, "stockpiles", lots[:1], as_of=now, dataset="c", at=now)
    assert (error.params["other"], error.params["count"]) == ("a", 1)


def test_the_same_keys_in_another_municipality_do_not_meet(post: Store, now: datetime) -> None:
    post.add_batch(batch_of("shelters", shelters(3), as_of=now), at=now)
    post.add_batch(batch_of("shelters", shelters(2), as_of=now, dataset="隣町", municipality="99302"), at=now)
    assert post.current("shelters", TOWN).table.num_rows == 3
    assert post.current("shelters", "99302").table.num_rows == 2


def test_delivery_points_never_enter_the_municipality_s_store(city: Store, now: datetime) -> None:
    error = refusal(city, "delivery-points", delivery_points(3), as_of=now, at=now)
    assert error.code == "disaster.not_on_municipality_side"
    assert "配達先" in error.sentence("ja")
    assert files_of(city) == []
    assert city.batches() == ()


def test_a_list_of_inquiries_is_kept_nowhere(post: Store, now: datetime) -> None:
    rows = [{"reference": "1", "inquired_name": "潮見一郎", "inquired_address": "浜町1"}]
    table = pa.Table.from_pylist(rows, schema=snapshots.schema_of(NOUNS["inquiries"]))
    batch = batch_of("shelters", shelters(1), as_of=now)
    with pytest.raises(StoreError) as refused:
        post.add_batch(replace(batch, kind="inquiries", table=table), at=now)
    assert refused.value.code == "disaster.not_on_post_side"


def test_another_municipality_s_rows_and_unknown_kinds_are_refused(post: Store, now: datetime) -> None:
    assert (
        refusal(post, "shelters", shelters(1), as_of=now, municipality="22212", at=now).code == "disaster.not_of_store"
    )
    batch = batch_of("shelters", shelters(1), as_of=now)
    with pytest.raises(StoreError) as refused:
        post.add_batch(replace(batch, kind="letters"), at=now)
    assert refused.value.code == "disaster.unknown_kind"


def test_a_place_outside_japan_is_never_stored(post: Store, now: datetime) -> None:
    rows = [*shelters(2), {**shelters(1, prefix="X")[0], "lon": 34.5, "lat": 138.5}]
    error = refusal(post, "shelters", rows, as_of=now, at=now)
    assert (error.code, error.params["count"]) == ("disaster.place_outside_japan", 1)
    assert (files_of(post), post.batches()) == ([], ())


def test_a_table_that_is_not_what_its_kind_says_is_the_programmer_s_mistake(post: Store, now: datetime) -> None:
    batch = batch_of("shelters", shelters(1), as_of=now)
    with pytest.raises(ValueError, match="capacity"):
        post.add_batch(replace(batch, table=batch.table.drop_columns(["capacity"])), at=now)


def test_rows_of_a_drill_never_stand_among_real_ones(post: Store, now: datetime) -> None:
    post.add_batch(batch_of("shelters", shelters(3), as_of=now), at=now)
    post.add_batch(batch_of("shelters", shelters(2), as_of=now + HOUR, drill=True), at=now + HOUR)
    real, drilled = post.current("shelters", TOWN), post.current("shelters", TOWN, drill=True)
    assert (real.table.num_rows, real.drill) == (3, False)
    assert (drilled.table.num_rows, drilled.drill) == (2, True)


def test_a_drill_may_use_real_layers_where_it_has_none_of_its_own(post: Store, now: datetime) -> None:
    post.add_batch(batch_of("shelters", shelters(3), as_of=now), at=now)
    current = post.current("shelters", TOWN, drill=True)
    assert (current.table.num_rows, current.drill) == (3, False)


def test_a_drill_takes_nobody_s_protection_away(post: Store, now: datetime) -> None:
    post.add_batch(
        batch_of("protection", [{"protected_name": "潮見一郎", "protected_address": "浜町1"}], as_of=now), at=now
    )
    invented = [{"protected_name": "訓練花子", "protected_address": "浜町2"}]
    post.add_batch(batch_of("protection", invented, as_of=now, drill=True), at=now)
    names = post.current("protection", TOWN, drill=True).table.column("protected_name").to_pylist()
    assert sorted(names) == ["潮見一郎", "訓練花子"]
    assert post.current("protection", TOWN).table.column("protected_name").to_pylist() == ["潮見一郎"]


def test_several_batches_are_stored_in_one_step_or_not_at_all(post: Store, now: datetime) -> None:
    good = [batch_of("shelters", shelters(3), as_of=now), batch_of("protection", [{"protected_name": "某"}], as_of=now)]
    bad = batch_of("shelters", shelters(2), as_of=now, municipality="22212")
    with pytest.raises(StoreError):
        post.add_batches([*good, bad], at=now)
    clash = batch_of("shelters", shelters(9)[2:], as_of=now, dataset="県")
    with pytest.raises(StoreError) as refused:
        post.add_batches([*good, clash], at=now)
    assert (refused.value.code, refused.value.params["other"]) == ("disaster.keys_in_other_dataset", "市の一覧")
    assert (files_of(post), post.batches(), kinds(post)) == ([], (), ["created"])
    stored = post.add_batches(good, at=now)
    assert [row.batch_id for row in reversed(post.batches())] == [each.batch_id for each in stored]
    assert [each.unchanged for each in post.add_batches(good, at=now)] == [True, True]
    assert kinds(post) == ["created", "ingested", "ingested"]


def test_two_batches_of_one_dataset_in_one_step_follow_each_other(post: Store, now: datetime) -> None:
    one, other = batch_of("shelters", shelters(3), as_of=now), batch_of("shelters", shelters(2), as_of=now)
    first, second, third = post.add_batches([one, other, other], at=now)
    assert (first.replaced, second.replaced, third.unchanged) == (None, first.batch_id, True)
    assert post.current("shelters", TOWN).batch_ids == (second.batch_id,)


def test_only_the_asked_columns_are_read_in_the_asked_order(post: Store, now: datetime) -> None:
    post.add_batch(batch_of("delivery-points", delivery_points(20), as_of=now), at=now)
    table = post.current("delivery-points", TOWN, columns=["lat", "lon", "status"]).table
    assert table.column_names == ["lat", "lon", "status"]
    assert np.isnan(table.column("lon").to_numpy()).sum() == 3
    assert post.current("delivery-points", "99302", columns=["lon"]).table.column_names == ["lon"]


def test_a_personal_snapshot_says_nothing_without_its_key(post: Store, now: datetime) -> None:
    post.add_batch(batch_of("delivery-points", delivery_points(200), as_of=now), at=now)
    (path,) = files_of(post)
    content = path.read_bytes()
    assert content.startswith(b"PARE")  # Parquet with an encrypted footer
    for word in ("潮見", "浜町", "point_id", "addressees", "99301"):
        assert word.encode() not in content
    with pytest.raises(OSError, match="encrypt"):
        pq.ParquetFile(path)


def test_each_batch_has_a_key_of_its_own_and_its_file_can_stand_for_no_other(post: Store, now: datetime) -> None:
    one = post.add_batch(batch_of("delivery-points", delivery_points(50), as_of=now), at=now)
    other = post.add_batch(batch_of("delivery-points", delivery_points(50), as_of=now, municipality="99302"), at=now)
    rows = {row.batch_id: row for row in post.batches("delivery-points")}
    assert rows[one.batch_id].wrapped_key != rows[other.batch_id].wrapped_key
    first, second = (post.home / rows[stored.batch_id].file for stored in (one, other))
    assert first.read_bytes() != second.read_bytes()
    assert first.stat().st_size == second.stat().st_size
    second.write_bytes(first.read_bytes())
    with pytest.raises(StoreError) as refused:
        post.current("delivery-points", "99302")
    assert refused.value.code == "disaster.snapshot_unreadable"
    with post.transaction() as connection:  # nor with the key of the other brought along
        connection.execute(
            text("UPDATE batch SET wrapped_key = :key WHERE batch_id = :name"),
            {"key": rows[one.batch_id].wrapped_key, "name": other.batch_id},
        )
    with pytest.raises(StoreError) as refused:
        post.current("delivery-points", "99302")
    assert refused.value.code == "disaster.key_does_not_fit"


def test_purging_destroys_key_file_and_rows_and_is_proven_in_the_ledger(post: Store, now: datetime) -> None:
    stored = post.add_batch(batch_of("delivery-points", delivery_points(50), as_of=now), at=now)
    row = post.batches()[0]
    assert row.wrapped_key is not None
    assert post.purge(stored.batch_id, at=now + HOUR, reason="期限")
    (left,) = post.batches()
    assert (left.state, left.wrapped_key, left.purged_at) == ("purged", None, now + HOUR)
    assert (left.sources, left.content_sha256) == ((), None)
    assert files_of(post) == []
    assert post.current("delivery-points", TOWN).table.num_rows == 0
    (entry,) = [entry for entry in post.ledger.entries() if entry.kind == "purged"]
    assert (entry.payload["batch_id"], entry.payload["reason"]) == (stored.batch_id, "期限")
    assert not post.purge(stored.batch_id, at=now + HOUR)
    for path in post.home.glob("tayori.sqlite3*"):  # the key left no trace in a free page or the log
        assert row.wrapped_key not in path.read_bytes()


def test_what_was_purged_can_be_ingested_again(post: Store, now: datetime) -> None:
    batch = batch_of("shelters", shelters(3), as_of=now)
    post.purge(post.add_batch(batch, at=now).batch_id, at=now)
    assert post.features("shelters", TOWN).table.num_rows == 0
    assert not post.add_batch(batch, at=now).unchanged
    assert post.features("shelters", TOWN).table.num_rows == 3


def test_an_unknown_batch_is_refused_by_name(post: Store, now: datetime) -> None:
    with pytest.raises(StoreError) as refused:
        post.purge("無い", at=now)
    assert refused.value.code == "disaster.unknown_batch"


def test_the_ledger_holds_nothing_that_could_confirm_a_guess_at_personal_rows(post: Store, now: datetime) -> None:
    listed = [{"protected_name": "潮見一郎", "protected_address": "浜町1"}]
    personal = batch_of("protection", listed, as_of=now, file="潮見一郎.csv")
    open_ = batch_of("shelters", shelters(1), as_of=now, file="shelters.csv")
    post.add_batch(personal, at=now)
    post.add_batch(open_, at=now)
    _, said, also = list(post.ledger.entries())
    digests = {personal.sources[0].sha256, post.batches("protection")[0].content_sha256}
    assert not any(str(word) in str(said.payload) for word in ("潮見一郎", *digests))
    assert also.payload["sources"] == [{"file": "shelters.csv", "sha256": open_.sources[0].sha256}]


def test_a_snapshot_without_personal_data_is_geoparquet_for_everybody(post: Store, now: datetime) -> None:
    rows = [*shelters(3), {**shelters(1, prefix="X")[0], "lon": None, "lat": None}]
    post.add_batch(batch_of("shelters", rows, as_of=now), at=now)
    frame = gpd.read_parquet(files_of(post)[0])
    assert frame.crs.to_epsg() == 6668
    assert list(frame.geometry.x[:3]) == [row["lon"] for row in rows[:3]]
    assert frame.geometry.isna().tolist() == [False, False, False, True]
    assert frame["name"].tolist() == [row["name"] for row in rows]


def test_polygons_go_to_geoparquet_with_their_types_and_bounds(post: Store, now: datetime) -> None:
    square = shapely.box(138.5, 34.5, 138.6, 34.6)
    both = [square, shapely.MultiPolygon([square]), None]
    rows = [
        {"area_id": str(n), "name": "浜", "area_kind": "town", "geometry": None if shape is None else shape.wkb}
        for n, shape in enumerate(both)
    ]
    post.add_batch(batch_of("areas", rows, as_of=now), at=now)
    (path,) = files_of(post)
    said = gpd.read_parquet(path)
    assert said.geometry.isna().tolist() == [False, False, True]
    assert said.geometry.geom_type.tolist()[:2] == ["Polygon", "MultiPolygon"]
    meta = pq.read_metadata(path).metadata[b"geo"].decode()
    assert '"version": "1.1.0"' in meta
    assert '"geometry_types": ["MultiPolygon", "Polygon"]' in meta
    assert '"bbox": [138.5, 34.5, 138.6, 34.6]' in meta
    assert post.current("areas", TOWN).table.column("geometry").to_pylist() == [row["geometry"] for row in rows]


def test_readers_open_only_files_that_the_catalogue_names(
    post: Store, tmp_path: Path, prepared_url: str | None, now: datetime
) -> None:
    post.add_batch(batch_of("shelters", shelters(3), as_of=now), at=now)
    (path,) = files_of(post)
    (path.parent / "20991231T000000Z-ffffffffffff.parquet").write_bytes(path.read_bytes())
    assert post.current("shelters", TOWN).table.num_rows == 3
    with Store.open(post.home, at=now, url=prepared_url) as again:
        assert again.swept.deleted == 1
    assert files_of(post) == [path]


def test_a_batch_whose_file_is_missing_is_reported_and_not_taken_for_empty(
    post: Store, prepared_url: str | None, now: datetime
) -> None:
    stored = post.add_batch(batch_of("shelters", shelters(3), as_of=now), at=now)
    files_of(post)[0].unlink()
    with Store.open(post.home, at=now, url=prepared_url) as again:
        assert again.swept.missing == (stored.batch_id,)
        assert again.check_snapshots()[0].missing
        with pytest.raises(StoreError) as refused:
            again.current("shelters", TOWN)
    assert refused.value.code == "disaster.snapshot_missing"


def test_a_file_that_was_altered_is_found(post: Store, now: datetime) -> None:
    post.add_batch(batch_of("shelters", shelters(300), as_of=now), at=now)
    assert post.check_snapshots() == ()
    (path,) = files_of(post)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    assert [damaged.file for damaged in post.check_snapshots()] == [path.relative_to(post.home).as_posix()]
    path.write_bytes(content[:-1])
    with pytest.raises(StoreError) as refused:
        post.current("shelters", TOWN)
    assert refused.value.code == "disaster.snapshot_unreadable"


def test_one_flipped_bit_of_a_personal_snapshot_is_refused(post: Store, now: datetime) -> None:
    post.add_batch(batch_of("delivery-points", delivery_points(300), as_of=now), at=now)
    (path,) = files_of(post)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreError) as refused:
        post.current("delivery-points", TOWN)
    assert refused.value.code == "disaster.snapshot_unreadable"


def test_a_full_disk_is_told_in_words_and_leaves_nothing(
    post: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_table: pa.Table, path: Path, **_: object) -> None:
        path.write_bytes(b"PARE half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("disaster.store.snapshots.pq.write_table", full)
    error = refusal(post, "shelters", shelters(3), as_of=now, at=now)
    assert error.code == "disaster.cannot_write"
    assert (files_of(post), post.batches(), kinds(post)) == ([], (), ["created"])


def test_when_the_record_fails_the_file_goes_too(post: Store, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("disaster.store.entry.features.add", fail)
    with pytest.raises(KeyboardInterrupt):
        post.add_batch(batch_of("shelters", shelters(3), as_of=now), at=now)
    assert (files_of(post), post.batches(), kinds(post)) == ([], (), ["created"])


def manifest(now: datetime, **changed: object) -> dict[str, object]:
    return {
        "pack_id": "R-1-1", "municipality": TOWN, "provider": "潮見郵便局", "event_id": "E1", "as_of": now.isoformat(),
        "expires_at": (now + 24 * HOUR).isoformat(), "counts": {"dwellings": 3}, **changed,
    }  # fmt: skip


def test_a_pack_is_kept_encrypted_under_kinds_of_its_own(city: Store, now: datetime) -> None:
    tables = {
        "dwellings": table_of("delivery-points", delivery_points(3)),
        "shelters": table_of("shelters", shelters(2)),
    }
    stored = city.add_received(manifest(now), tables, at=now)
    assert city.current("received/dwellings", TOWN, at=now).table.equals(tables["dwellings"])
    assert city.current("received/shelters", TOWN, at=now).table.equals(tables["shelters"])
    assert city.current("delivery-points", TOWN).table.num_rows == 0
    assert all(path.read_bytes().startswith(b"PARE") for path in files_of(city))
    assert len(stored.batch_ids) == 2
    pack = city.received.get("R-1-1")
    assert (pack.provider, pack.expires_at, pack.manifest) == ("潮見郵便局", now + 24 * HOUR, manifest(now))
    assert [entry.kind for entry in city.ledger.entries()] == ["created", "received"]


def test_the_same_pack_twice_changes_nothing_and_another_of_its_name_is_refused(city: Store, now: datetime) -> None:
    tables = {"dwellings": table_of("delivery-points", delivery_points(3))}
    first = city.add_received(manifest(now), tables, at=now)
    again = city.add_received(manifest(now), tables, at=now + HOUR)
    assert (again.unchanged, again.batch_ids) == (True, first.batch_ids)
    assert (len(files_of(city)), kinds(city)) == (1, ["created", "received"])
    with pytest.raises(ReceiveError) as refused:
        city.add_received(manifest(now, provider="別の局"), tables, at=now)
    assert refused.value.code == "disaster.pack_name_taken"


def test_an_expired_pack_is_no_longer_read(city: Store, now: datetime) -> None:
    city.add_received(manifest(now), {"dwellings": table_of("delivery-points", delivery_points(3))}, at=now)
    assert city.current("received/dwellings", TOWN, at=now + 24 * HOUR - HOUR).table.num_rows == 3
    assert city.current("received/dwellings", TOWN, at=now + 24 * HOUR).table.num_rows == 0
    with pytest.raises(ValueError, match="expire"):
        city.current("received/dwellings", TOWN)


def test_a_later_pack_about_the_same_area_takes_the_place_of_the_earlier_one(city: Store, now: datetime) -> None:
    for n, (area, count) in enumerate([("a", 3), ("b", 4), ("a", 5)]):
        said = manifest(now + n * HOUR, pack_id=f"R-{n}", area=area)
        rows = table_of("delivery-points", delivery_points(count))
        city.add_received(said, {"dwellings": rows}, at=now + n * HOUR)
    assert city.current("received/dwellings", TOWN, at=now + 3 * HOUR).table.num_rows == 5 + 4


def test_a_drill_pack_is_seen_in_the_drill_only(city: Store, now: datetime) -> None:
    city.add_received(manifest(now, drill=True), {"dwellings": table_of("delivery-points", delivery_points(3))}, at=now)
    assert city.current("received/dwellings", TOWN, at=now).table.num_rows == 0
    assert city.current("received/dwellings", TOWN, at=now, drill=True).table.num_rows == 3


def test_a_pack_can_be_destroyed_as_a_whole(city: Store, now: datetime) -> None:
    tables = {
        "dwellings": table_of("delivery-points", delivery_points(3)),
        "shelters": table_of("shelters", shelters(2)),
    }
    city.add_received(manifest(now), tables, at=now)
    assert city.purge_received("R-1-1", at=now + HOUR, reason="返却") == 2
    assert city.purge_received("R-1-1", at=now + HOUR) == 0
    assert files_of(city) == []
    assert kinds(city)[2:] == ["purged", "purged"]


@pytest.mark.parametrize(
    "broken",
    [
        {"pack_id": None},
        {"as_of": "昨日"},
        {"as_of": "2026-11-20T09:00:00"},
        {"expires_at": "x"},
        {"municipality": "22212"},
    ],
)
def test_a_manifest_that_lacks_something_stores_nothing(city: Store, now: datetime, broken: dict[str, object]) -> None:
    said = {name: value for name, value in (manifest(now) | broken).items() if value is not None}
    with pytest.raises((ReceiveError, StoreError)):
        city.add_received(said, {"dwellings": table_of("delivery-points", delivery_points(3))}, at=now)
    assert (files_of(city), city.received.all(), kinds(city)) == ([], (), ["created"])


@pytest.mark.parametrize("name", ["../x", "a/b", "", "名前", "a b"])
def test_the_name_of_a_received_table_is_no_path(city: Store, now: datetime, name: str) -> None:
    with pytest.raises(ReceiveError):
        city.add_received(manifest(now), {name: table_of("shelters", shelters(1))}, at=now)


coordinates = st.lists(st.tuples(st.floats(122, 154), st.floats(20, 46)) | st.just((np.nan, np.nan)), max_size=20)


@given(coordinates)
def test_points_become_the_wkb_that_geos_writes(points: list[tuple[float, float]]) -> None:
    lon, lat = (np.array([point[n] for point in points], dtype=float) for n in (0, 1))
    shapes = np.array([None if np.isnan(x) else shapely.Point(x, y) for x, y in points], dtype=object)
    assert snapshots.points_to_wkb(lon, lat).to_pylist() == list(shapely.to_wkb(shapes))


@given(st.lists(st.text(max_size=4) | st.none(), max_size=30), st.integers(1, 7))
def test_the_digest_of_rows_does_not_depend_on_how_they_are_cut(values: list[str | None], size: int) -> None:
    whole = pa.table({"a": pa.array(values, pa.string())})
    cut = pa.Table.from_batches(whole.to_batches(max_chunksize=size), schema=whole.schema)
    assert snapshots.rows_digest(whole) == snapshots.rows_digest(cut)
    other = pa.table({"a": pa.array([*values, "x"], pa.string())})
    assert snapshots.rows_digest(whole) != snapshots.rows_digest(other)


def test_the_hash_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    assert snapshots.file_sha256(tmp_path / "a") == hashlib.sha256(b"x" * 3_000_000).hexdigest()
