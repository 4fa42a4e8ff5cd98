"""What all formats promise alike: equal counts, equal bytes, whole files, faults in words."""

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import exporters_town as town
import geopandas as gpd
import openpyxl
import pytest

import exporters.whole
from exporters.errors import ExportError
from exporters.geojson import write_geojson
from exporters.geopackage import write_geopackage
from exporters.model import Layer, Marks
from exporters.table import write_csv, write_xlsx
from exporters.webmap import write_webmap
from geo.faults import words

Writer = Callable[[Path, list[Layer], Marks], dict[str, int]]


def _each(write: Callable[[Path, Layer, Marks], int]) -> Writer:
    """Give a writer of one layer the shape of the others."""

    def written(path: Path, layers: list[Layer], marks: Marks) -> dict[str, int]:
        return {layer.name: write(path, layer, marks) for layer in layers}

    return written


WRITERS: dict[str, Writer] = {
    "xlsx": write_xlsx, "gpkg": write_geopackage, "html": write_webmap, "csv": _each(write_csv),
    "geojson": _each(write_geojson),
}  # fmt: skip


@pytest.mark.parametrize("suffix", WRITERS)
def test_every_format_counts_the_rows_of_the_layers(tmp_path: Path, suffix: str) -> None:
    layers = town.town(homes=4_100)
    counts = WRITERS[suffix](tmp_path / f"a.{suffix}", layers, town.MARKS)
    assert counts == {layer.name: len(layer) for layer in layers}


def test_the_files_of_one_layer_hold_equal_rows(tmp_path: Path) -> None:
    layer = town.dwellings(250)
    for suffix, write in WRITERS.items():
        write(tmp_path / f"a.{suffix}", [layer], town.MARKS)
    ids = layer.table["point_id"].to_pylist()
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["配達先(住居)"]
    assert [row[0] for row in sheet.iter_rows(min_row=6, values_only=True)] == ids
    assert gpd.read_file(tmp_path / "a.gpkg")["point_id"].tolist() == ids
    assert [f["properties"]["point_id"] for f in json.loads((tmp_path / "a.geojson").read_bytes())["features"]] == ids
    lines = (tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    assert [line.split('"')[1] for line in lines] == ids
    assert all(name in (tmp_path / "a.html").read_text(encoding="utf-8") for name in ids)


@pytest.mark.parametrize("suffix", WRITERS)
def test_the_same_rows_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    found = set()
    for name in ("a", "b"):
        WRITERS[suffix](tmp_path / f"{name}.{suffix}", [town.hostile(), town.areas()], town.DRILL)
        found.add(hashlib.sha256((tmp_path / f"{name}.{suffix}").read_bytes()).hexdigest())
    assert len(found) == 1


_ELSEWHERE = """
import sys
from pathlib import Path
sys.path[:0] = [{root!r}, {tests!r}]
import exporters_town as town
from exporters.geopackage import write_geopackage
from exporters.table import write_xlsx
from exporters.webmap import write_webmap
folder = Path(sys.argv[1])
for write, suffix in ((write_xlsx, "xlsx"), (write_geopackage, "gpkg"), (write_webmap, "html")):
    write(folder / f"b.{{suffix}}", town.town(homes=50), town.MARKS)
"""


def test_another_process_gives_the_same_bytes(tmp_path: Path) -> None:
    tests = Path(town.__file__).parent
    script = _ELSEWHERE.format(root=str(tests.parent), tests=str(tests))
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, timeout=60, env={"PYTHONHASHSEED": "7"})
    for suffix in ("xlsx", "gpkg", "html"):
        WRITERS[suffix](tmp_path / f"a.{suffix}", town.town(homes=50), town.MARKS)
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", ["xlsx", "gpkg", "html"])
def test_a_set_without_layers_or_with_one_name_twice_is_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(ExportError, match="書き出す層が一つもありません"):
        WRITERS[suffix](tmp_path / f"a.{suffix}", [], town.MARKS)
    with pytest.raises(ExportError, match="「shelters」が二つ"):
        WRITERS[suffix](tmp_path / f"a.{suffix}", [town.shelters(), town.shelters()], town.MARKS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_folder_that_is_not_there_is_said_in_words(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(ExportError, match=rf"ファイル「a\.{suffix}」を書けません"):
        WRITERS[suffix](tmp_path / "absent" / f"a.{suffix}", [town.shelters()], town.MARKS)


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_write_that_fails_at_the_end_leaves_the_old_file_and_no_half_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    target = tmp_path / f"a.{suffix}"
    target.write_text("old", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporters.whole.os, "replace", full)
    with pytest.raises(ExportError, match="No space left on device"):
        WRITERS[suffix](target, [town.shelters()], town.MARKS)
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    assert target.read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize("suffix", WRITERS)
def test_writing_changes_nothing_in_the_layers(tmp_path: Path, suffix: str) -> None:
    layer = town.shelters()
    before, places = layer.table, list(layer.geometry if layer.geometry is not None else [])
    WRITERS[suffix](tmp_path / f"a.{suffix}", [layer], town.MARKS)
    assert layer.table.equals(before)
    assert all(a is b for a, b in zip(layer.geometry if layer.geometry is not None else [], places, strict=True))


def test_every_code_of_this_package_has_its_words() -> None:
    package = Path(str(files("exporters")))
    used = set()
    for path in package.glob("*.py"):
        used |= set(re.findall(r'Error\(\s*"(exporters\.\w+)"', path.read_text(encoding="utf-8")))
    known = tomllib.loads((package / "messages.toml").read_text(encoding="utf-8"))
    assert used == {f"exporters.{name}" for name in known}
    for code in used:
        for lang in ("ja", "en"):
            assert words(code, {}, lang=lang)
            assert words(code, {}, lang=lang, hint=True)
