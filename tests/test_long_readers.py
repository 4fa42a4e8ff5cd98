"""Long: whatever is done to a file of any format, it ends in rows or in one sentence, and the next file is read."""

import io
import json
import random
import time
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter
from hostile_files import valid, zipped
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ReadError
from geo.faults import words
from geo.read import Limits, Reader

pytestmark = pytest.mark.long
#: Damaged copies of each file, and of each real one.
TRIES, REAL_TRIES = 150, 12
#: Real files that are damaged: no larger than this, bytes.
REAL_BYTES = 3_000_000
SECONDS = 25.0
#: Ends of the parser itself: said in a sentence, and another is started.
ENDED = frozenset({"geo.worker_died", "geo.wall_seconds_limit", "geo.cpu_seconds_limit", "geo.memory_bytes_limit"})
#: Answers that would be a defect of ours.
NEVER = frozenset({"geo.parser_failed", "geo.worker_answer_broken", "geo.worker_not_started"})
#: What means something to a reader: quotes, ends, magic, sizes, numbers, names.
SPICE = (
    b'"', b",", b"\r\n", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\x81", b"{", b"]", b"1e999", b"NaN", b"-", b"<",
    b"&#0;",
    b"PK\x03\x04", b"PAR1", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x80", b"138.6", b"null",
    b"<!DOCTYPE a>",
    b"\\u0000", b"\\ud800", b'"type":', b"</", b"EPSG:4301", b"=1+1",
)  # fmt: skip


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(Limits(wall_seconds=20, cpu_seconds=15)) as made:
        yield made


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return valid(tmp_path_factory.mktemp("good"))


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return the bytes cut, repeated, moved, overwritten or spiced at some places."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        at = chance.randrange(len(made) + 1)
        match chance.randrange(7):
            case 0:
                del made[at : at + chance.choice((1, 4, 200))]
            case 1:
                made[at:at] = made[max(0, at - chance.choice((4, 100, 5000))) : at]
            case 2 if made:
                made[at % len(made)] = chance.randrange(256)
            case 3:
                made[at:at] = chance.choice(SPICE)
            case 4:
                spice = chance.choice(SPICE)
                made[at : at + len(spice)] = spice
            case 5 if made:
                made[at % len(made)] ^= 1 << chance.randrange(8)
            case _ if chance.random() < 0.2:
                del made[at:]
        made = made or bytearray(b"x")
    return bytes(made)


def answered(path: Path, reader: Reader) -> str:
    """Read a file; return ``rows`` or the code of its refusal, after all its words were looked at."""
    began = time.monotonic()
    try:
        table = reader.read(path)
    except ReadError as error:
        refusal = error
    else:
        refusal = None
    assert time.monotonic() - began < SECONDS
    if refusal is not None:
        assert "？" not in refusal.sentence("ja") + refusal.sentence("en"), refusal.code
        return refusal.code
    for code, params in table.source.notes:
        assert "？" not in words(code, params) + words(code, params, lang="en")
    assert table.table.num_rows == table.source.rows > 0
    assert all(1 <= row <= table.source.rows for row in table.bad_geometry)
    return "rows"


def try_often(folder: Path, main: str, files: dict[str, bytes], reader: Reader, *, tries: int) -> None:
    """Damage one file of several that belong together, again and again; see that the next good ones are read."""
    chance = random.Random(main)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    first = answered(folder / main, reader)
    for _ in range(tries):
        hit = chance.choice(sorted(files))
        broken = damaged(files[hit], chance)
        (folder / hit).write_bytes(broken)
        code = answered(folder / main, reader)
        if code in NEVER:
            (folder / f"kept-{hit}").write_bytes(broken)
        assert code not in NEVER, f"{code}: {folder / f'kept-{hit}'}"
        (folder / hit).write_bytes(files[hit])
        if code in ENDED:
            assert answered(folder / main, reader) == first
    assert answered(folder / main, reader) == first


FORMATS = (
    "a.csv", "b.csv", "a.tsv", "a.json", "pairs.json", "a.ndjson", "a.geojson", "a.kml", "a.kmz", "a.gml", "a.xlsx",
    "a.ods", "a.zip", "shapes.zip", "a.parquet", "plain.parquet", "a.gpkg", "a.fgb", "a.shp",
)  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_file_of_any_format_ends_in_rows_or_a_sentence(
    name: str, good: dict[str, bytes], reader: Reader, tmp_path: Path
) -> None:
    stem = Path(name).stem
    parts = [f"{stem}{ending}" for ending in (".shp", ".shx", ".dbf", ".prj", ".cpg")] if name == "a.shp" else [name]
    files = {part: good[part] for part in parts}
    try_often(tmp_path, name, files, reader, tries=TRIES)


@pytest.mark.parametrize("name", [name for name in FORMATS if name.endswith((".zip", ".kmz", ".xlsx", ".ods"))])
def test_damage_within_an_archive_ends_in_rows_or_a_sentence(
    name: str, good: dict[str, bytes], reader: Reader, tmp_path: Path
) -> None:
    members = members_of(good[name])
    chance = random.Random(name)
    for _ in range(TRIES // 3):
        hit = chance.choice(sorted(members))
        (tmp_path / name).write_bytes(zipped({**members, hit: damaged(members[hit], chance)}))
        assert answered(tmp_path / name, reader) not in NEVER


def members_of(archive: bytes) -> dict[str, bytes]:
    """Return what an archive holds."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.mark.real_data
def test_damaged_real_files_end_in_rows_or_a_sentence(real_data: Path, reader: Reader, tmp_path: Path) -> None:
    endings = {".csv", ".json", ".geojson", ".xlsx", ".zip", ".kml", ".gml", ".xml", ".gpkg", ".parquet", ".fgb"}
    found: dict[str, list[Path]] = {}
    for path in sorted(real_data.rglob("*")):
        if path.suffix.lower() in endings and path.is_file() and 0 < path.stat().st_size < REAL_BYTES:
            found.setdefault(path.suffix.lower(), []).append(path)
    chance = random.Random(1)
    for ending, paths in sorted(found.items()):
        for number, path in enumerate(chance.sample(paths, min(6, len(paths)))):
            folder = tmp_path / f"{ending[1:]}{number}"
            folder.mkdir()
            name = f"real{ending}"
            try_often(folder, name, {name: path.read_bytes()}, reader, tries=REAL_TRIES)
    assert found


# --- made by rule, not by chance alone

TEXTS = st.text(max_size=8) | st.sampled_from(["潮見", "lat", "lon", "type", "geometry", "features", "138.6", "=1+1"])
NUMBERS = st.floats() | st.integers() | st.sampled_from([138.6, 34.55, 0, -0.0, 1e308])
TREES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=25,
)
POINTS = st.lists(NUMBERS, max_size=4)
GEOMETRIES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["Point", "LineString", "Polygon", "MultiPoint", "GeometryCollection", "Circle"]),
        "coordinates": POINTS
        | st.lists(POINTS, max_size=4)
        | st.lists(st.lists(POINTS, max_size=5), max_size=3)
        | TREES,
    }
)
FEATURES = st.fixed_dictionaries({"type": st.just("Feature"), "properties": TREES, "geometry": GEOMETRIES | TREES})
COLLECTIONS = st.fixed_dictionaries(
    {"type": st.just("FeatureCollection"), "features": st.lists(FEATURES | TREES, max_size=4)}, optional={"crs": TREES}
)


def survives(path: Path, content: bytes, reader: Reader) -> None:
    path.write_bytes(content)
    assert answered(path, reader) not in NEVER | ENDED


@given(tree=TREES | COLLECTIONS | st.lists(FEATURES, max_size=3), ending=st.sampled_from(["json", "geojson", "ndjson"]))
def test_any_json_ends_in_rows_or_a_sentence(tree: object, ending: str, reader: Reader, tmp_path: Path) -> None:
    survives(tmp_path / f"a.{ending}", json.dumps(tree).encode(), reader)


NAMES = st.sampled_from(
    ["a.csv", "b.csv", "地図.shp", "地図.shx", "地図.dbf", "doc.kml", "x/y.csv", "../a.csv", "/a.csv", "a.zip", "CON",
     "a:b", "a.xlsx", "readme.txt", "a\\b.csv", "__MACOSX/._a.csv", "", ".csv", "A.CSV"]
) | st.text(max_size=10)  # fmt: skip
MEMBERS = st.lists(st.tuples(NAMES, st.binary(max_size=200) | st.just("ID,名称\n1,潮見\n".encode())), max_size=6)


@given(
    members=MEMBERS,
    ending=st.sampled_from(["zip", "kmz", "xlsx", "ods"]),
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=4),
)
def test_any_archive_ends_in_rows_or_a_sentence(
    members: list[tuple[str, bytes]], ending: str, flips: list[tuple[int, int]], reader: Reader, tmp_path: Path
) -> None:
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        warnings.simplefilter("ignore")  # names that come twice are the point
        for name, content in members:
            out.writestr(zipfile.ZipInfo(name.encode("utf-8", "replace").decode()), content)
    content = bytearray(made.getvalue())
    for place, value in flips:
        content[place % len(content)] = value
    survives(tmp_path / f"a.{ending}", bytes(content), reader)


CELLS = (
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["名称", "合計", "※注"])
)
GRIDS = st.lists(st.lists(CELLS, max_size=6), max_size=10)
MERGES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), st.integers(0, 4), st.integers(0, 4)), max_size=4)


@given(grids=st.lists(GRIDS, min_size=1, max_size=3), merges=MERGES)
def test_any_workbook_ends_in_rows_or_a_sentence(
    grids: list[list[list[object]]], merges: list[tuple[int, int, int, int]], reader: Reader, tmp_path: Path
) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        for grid in grids:
            sheet = book.add_worksheet()
            for number, row in enumerate(grid):
                sheet.write_row(number, 0, row)
            taken: set[tuple[int, int]] = set()
            for top, left, down, right in merges:
                inside = {(top + y, left + x) for y in range(down + 1) for x in range(right + 1)}
                if (down or right) and not inside & taken:
                    taken |= inside
                    sheet.merge_range(top, left, top + down, left + right, "合")
    assert answered(path, reader) not in NEVER | ENDED
