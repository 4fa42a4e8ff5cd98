"""Claims about large files: rows are checked and placed in slices, and what comes out does not show where."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from disaster.batch import Batch
from disaster.ingest import check_file
from disaster.models import Side
from disaster.store.snapshots import rows_digest
from geo.gazetteer import Gazetteer
from geo.read import Reader

TOWN = "99301"
HEADINGS = "配達先ID,市区町村コード,郵便番号,住所,配達先の種類,受取人,配達状況,確認日時,集配局コード,経度,緯度"
HOMES = (
    "P-001,99301,999-0001,潮見市港町1-1,住居,潮見 太郎、潮見 花子,配達中,2026-11-20 08:00,S001,138.6,34.55",
    "P-002,99301,999-0001,潮見市港町1-2,住居,岬 三郎,配達中,2026-11-20 08:00,S001,,",
    "P-003,99301,999-0001,潮見市港町1-3,住居,,配達中,2026-11-20 08:00,S001,138.6,34.55",
    "P-004,99301,999-0001,潮見市浜町2,住居,岬 一;岬 二、岬 三,配達中,2026-11-20 08:00,S001,,",
    "P-005,99301,９９９－０００１,潮見市沖町9,住居,岬 四郎,配達中,2026-11-20 08:00,S001,,",
    "P-006,99301,99-1,潮見市港町1-6,住居,岬 五郎,配達中,2026-11-20 08:00,S001,138.6,34.55",
    "P-007,99301,999-0001,潮見市港町1-7,住居,岬 六郎,配達中,2026-11-20 08:00,S001,138.6,34.55",
)
SLICED = ("disaster.placing", "disaster.schemas.parse", "disaster.schemas.rules")


def check(path: Path, at: datetime) -> Batch:
    towns = {"town": ["港町", "浜町"], "lon": [138.601, 138.61], "lat": [34.551, 34.56]}
    whose = {"municipality": [TOWN] * 2, "pref": ["架空県"] * 2, "city": ["潮見市"] * 2}
    gazetteer = Gazetteer.of(pa.table(whose | towns), municipality=TOWN)
    with Reader() as reader:
        return check_file(
            "delivery-points", [path], municipality=TOWN, side=Side.POST, reader=reader, gazetteer=gazetteer, at=at
        )


def test_slices_of_two_rows_give_the_same_batch_as_the_whole_file(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "homes.csv"
    path.write_text("\n".join([HEADINGS, *HOMES]) + "\n", encoding="cp932")
    whole = check(path, now)
    for module in SLICED:
        monkeypatch.setattr(f"{module}._AT_ONCE", 2)
    cut = check(path, now)
    assert [(fault.code, fault.row) for fault in cut.faults.kept] == [("disaster.bad_pattern", 6)]
    assert cut.faults == whole.faults
    assert cut.table.to_pylist() == whole.table.to_pylist()
    assert rows_digest(cut.table) == rows_digest(whole.table)
    addressees = dict(zip(*(cut.table.column(name).to_pylist() for name in ("address", "addressees")), strict=True))
    assert addressees["潮見市浜町2"] == ["岬 一", "岬 二", "岬 三"]


def test_a_file_of_more_rows_than_a_slice_names_the_row_at_fault_as_a_clerk_counts(
    tmp_path: Path, now: datetime
) -> None:
    rows = 100_200
    ids = np.char.add("P-", np.arange(1, rows + 1).astype(str))
    lines = [f"{one},99301,9990001,潮見市港町1,住居,,配達中,2026-11-20 08:00,S001,138.6,34.55" for one in ids.tolist()]
    lines[100_100] = lines[100_100].replace("9990001", "999000")
    lines[100_150] += ",余り"
    path = tmp_path / "homes.csv"
    path.write_text("\n".join([HEADINGS, *lines]) + "\n", encoding="cp932")
    batch = check(path, now)
    assert (batch.read, batch.accepted) == (rows, rows - 2)
    assert sorted((fault.row, fault.code) for fault in batch.faults.kept) == [
        (100_101, "disaster.bad_pattern"), (100_151, "disaster.not_number"), (100_151, "geo.row_cells"),
    ]  # fmt: skip
