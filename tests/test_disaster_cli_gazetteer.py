"""`tayori gazetteer build`: from address tables to a file that a store takes in and places by."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from gazetteer_files import CODE, NEXT, point, postal_row, table, town_row
from typer.testing import CliRunner, Result

from disaster.cli.app import make_program
from disaster.intake import gazetteer_of
from disaster.models import Side
from disaster.store import Store
from geo.codes import six
from geo.gazetteer import load
from geo.read import Reader

AT = datetime(2026, 11, 20, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("one_parser")

PROGRAM = make_program()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder of the test's own, without settings from outside."""
    monkeypatch.chdir(tmp_path)
    for name in ("TAYORI_DATA_DIR", "TAYORI_DATABASE_URL", "TAYORI_LANG", "TAYORI_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")


def tayori(*words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(PROGRAM, [str(word) for word in words])
    assert result.exit_code == code, (result.stdout[-2_000:], result.stderr[-2_000:], result.exception)
    return result


def told(*words: object, code: int = 0) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(tayori(*words, "--json", code=code).stdout)
    return document


def save(path: Path, rows: pa.Table, *, header: bool = True) -> Path:
    pa_csv.write_csv(rows, path, pa_csv.WriteOptions(include_header=header, quoting_style="needed"))
    return path


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Tables of the registry, a nationwide list of towns, and the postal table, all of 潮見市 and its neighbour."""
    lots = [{"machiaza_id": "2", "prc_id": str(n), "prc_num1": str(n)} for n in range(1, 4)]
    lists = {
        "abr_city": table("abr_city", {}, {"lg_code": six(NEXT), "city": "隣町"}),
        "abr_town": table("abr_town", town_row("1", "本町", "１丁目"), town_row("2", "浜")),
        "abr_town_pos": table("abr_town_pos", {"machiaza_id": "1", **point(138.6, 34.55)}),
        "abr_parcel": table("abr_parcel", *lots),
        "abr_parcel_pos": table("abr_parcel_pos", {"machiaza_id": "2", "prc_id": "1", **point(138.61, 34.55)}),
        "geolonia": table(
            "geolonia",
            {"town": "本町一丁目", "lat": "34.55", "lng": "138.6"},
            {"town": "沖", "lat": "34.56", "lng": "138.62"},
        ),
    }
    made = [save(tmp_path / f"{name}.csv", rows) for name, rows in lists.items()]
    codes = table(
        "postal",
        postal_row("9930001", "本町"),
        postal_row("9930002", "新開町"),
        postal_row("9930000", "以下に掲載がない場合"),
    )
    filled = pa.table({name: pa.array([v or "0" for v in codes[name].to_pylist()]) for name in codes.column_names})
    return [*made, save(tmp_path / "utf_ken_all.csv", filled, header=False)]


def test_a_gazetteer_is_built_taken_in_and_used_by_the_store(files: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    document = told("gazetteer", "build", *files, "--municipality", CODE, "--out", out, "--vintage", "2026-08")
    (made,) = document["gazetteers"]
    assert made["rows"] == {"town": 4, "block": 0, "dwelling": 0, "lot": 3}
    assert made["with_point"] == {"town": 2, "block": 0, "dwelling": 0, "lot": 1}
    for account in document["accounts"]:
        assert account["read"] == account["taken"] + account["joined"] + sum(account["dropped"].values())
    home = tmp_path / "store"
    tayori("init", "--side", "municipality", "--municipality", CODE, "--data-dir", home)
    taken = told("ingest", "gazetteer", made["file"], "--data-dir", home)
    assert (taken["read"], taken["refused"]) == (7, 0)
    with Store.open(home, at=AT) as store:
        assert store.side is Side.MUNICIPALITY
        kept = gazetteer_of(store, CODE, at=datetime.now(UTC))
    assert kept == load(Path(made["file"]))


def test_a_built_gazetteer_goes_before_a_list_of_towns_taken_in_as_it_is(files: list[Path], tmp_path: Path) -> None:
    home, out = tmp_path / "store", tmp_path / "out"
    towns = [{"town": "本町一丁目", "koaza": "", "lat": 34.55, "lng": 138.6}]
    (tmp_path / "架空県_潮見市.json").write_text(json.dumps(towns, ensure_ascii=False), encoding="utf-8")
    tayori("init", "--side", "municipality", "--municipality", CODE, "--data-dir", home)
    tayori("ingest", "gazetteer", tmp_path / "架空県_潮見市.json", "--data-dir", home)
    tayori("gazetteer", "build", *files, "--municipality", CODE, "--out", out)
    tayori("ingest", "gazetteer", out / f"{CODE}.parquet", "--data-dir", home)
    with Store.open(home, at=AT) as store:
        kept = gazetteer_of(store, CODE, at=datetime.now(UTC))
    assert kept is not None
    assert kept.table["town"].to_pylist() == ["新開町", "本町１丁目", "沖", "浜"]


def test_people_read_what_became_of_every_row_and_what_to_type_next(files: list[Path], tmp_path: Path) -> None:
    result = tayori("gazetteer", "build", *files, "--municipality", CODE, "--out", tmp_path / "out")
    for said in (
        "ABR 町字マスター",
        "町名でない（以下に掲載がない場合など） 1",
        "4（位置あり 2）",
        "tayori ingest gazetteer",
    ):
        assert said in result.stdout, said
    english = tayori("gazetteer", "build", *files, "--all", "--out", tmp_path / "out", "--lang", "en").stdout
    assert "no town (the rest of the city) 1" in english
    assert "4 (2 with a point)" in english


def test_a_code_that_the_files_do_not_hold_is_said_and_ends_with_one(files: list[Path], tmp_path: Path) -> None:
    result = tayori(
        "gazetteer", "build", *files, "--municipality", CODE, "--municipality", NEXT, "--out", tmp_path / "out", code=1
    )
    assert NEXT in result.stdout
    assert (tmp_path / "out" / f"{CODE}.parquet").exists()


def test_either_codes_or_all_must_be_named(files: list[Path], tmp_path: Path) -> None:
    tayori("gazetteer", "build", *files, "--out", tmp_path / "out", code=2)
    tayori("gazetteer", "build", *files, "--out", tmp_path / "out", "--all", "--municipality", CODE, code=2)


def test_a_folder_that_cannot_be_written_to_is_said_in_words(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", encoding="utf-8")
    result = tayori("gazetteer", "build", *files, "--municipality", CODE, "--out", tmp_path / "out", code=1)
    assert "--out" in result.stderr


def test_the_file_reads_as_text_like_any_other(files: list[Path], tmp_path: Path) -> None:
    tayori("gazetteer", "build", *files, "--municipality", CODE, "--out", tmp_path / "out")
    with Reader() as reader:
        raw = reader.read(tmp_path / "out" / f"{CODE}.parquet")
    assert raw.table.column_names == [
        "municipality", "pref", "city", "town", "koaza", "kind", "number", "lon", "lat", "postal_code", "source",
        "vintage", "scale", "former",
    ]  # fmt: skip
    assert raw.table.num_rows == 7
