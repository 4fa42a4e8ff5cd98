"""The whole job on the open data of 焼津市, as the README tells a reader to do it; only the households are invented."""

import csv
import io
import json
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyogrio
import pytest
import pyzipper
import shapely
from fastapi.testclient import TestClient
from playwright.sync_api import sync_playwright

from disaster.cli.app import make_program
from disaster.receive import receive
from disaster.service.app import make_app
from disaster.store import Store
from geo.read import Reader

#: Long: the walk takes as long as all other tests of real files together; its stores are made once, by one worker.
pytestmark = [pytest.mark.real_data, pytest.mark.long, pytest.mark.xdist_group("yaizu")]

ROOT = Path(__file__).parent.parent
CODE = "22212"
AREA = "jishubo-70"
HOUSEHOLDS = 20_000
#: Batches of the shared folder's list: dataset -> rows read, refused, encoding, reference system.
READ = {
    "geolonia_towns": (141, 0, "utf-8", None),
    "n03_by_municipality": (52, 0, "utf-8", "EPSG:4326"),
    "yaizu_emergency_roads": (31 + 23 + 40, 0, "cp932", "EPSG:6668"),
    "yaizu_jishubo": (78, 0, "cp932", "EPSG:2450"),
    "yaizu_jichikai": (35, 0, "cp932", "EPSG:2450"),
    "yaizu_cooling_shelters": (14, 0, "utf-8-sig", None),
    "yaizu_underpass": (48, 0, "utf-8-sig", None),
    "yaizu_accidents:222127_traffic_accident_2019": (907, 0, "utf-8-sig", None),
    "yaizu_accidents:222127_traffic_accident_2020": (773, 0, "utf-8-sig", None),
    "yaizu_accidents:222127_traffic_accident_2021": (729, 0, "utf-8-sig", None),
    "yaizu_accidents:222127_traffic_accident_2022": (675, 0, "utf-8-sig", None),
    "yaizu_probe_events:スマホ使用": (547, 0, "utf-8", None),
    "yaizu_probe_events:急ハンドル": (18, 0, "utf-8", None),
    "yaizu_probe_events:急ブレーキ": (570, 0, "utf-8", None),
    "yaizu_probe_events:急加速": (39, 0, "utf-8", None),
    "yaizu_probe_events:速度超過": (130, 0, "utf-8", None),
    "yaizu_shelters": (56, 0, "utf-8", None),
    "standard_emergency_sites": (31, 0, "utf-8", None),
    "yaizu_tsunami_buildings": (125, 0, "utf-8", None),
    "yaizu_disaster_warehouses": (5, 0, "utf-8", None),
    "yaizu_care_facilities": (277, 0, "cp932", None),
    "yaizu_flood_history:浸水履歴_平成11年": (141, 1, "cp932", "EPSG:4612"),
    "yaizu_flood_history:浸水履歴_平成16年": (34, 0, "cp932", "EPSG:4612"),
    "yaizu_flood_history:浸水履歴_平成26年": (22, 0, "cp932", "EPSG:4612"),
    "yaizu_flood_history:浸水履歴_平成29年": (35, 0, "cp932", "EPSG:4612"),
    "yaizu_flood_history:浸水履歴_令和元年": (60, 0, "cp932", "EPSG:4326"),
    "yaizu_flood_history:浸水履歴_令和4年": (62, 0, "utf-8", "EPSG:4326"),
    "yaizu_flood_history_bare:浸水履歴_令和6年": (54, 0, "utf-8", "EPSG:2450"),
    "yaizu_flood_history_bare:浸水履歴_令和7年": (103, 0, "utf-8", "EPSG:2450"),
    "yaizu_flood_history_bare:浸水履歴_統合": (1, 0, "cp932", "EPSG:2450"),  # its .cpg says Shift_JIS
    "yaizu_inland_flood": (6, 0, "utf-8", "EPSG:4326"),
}
OFFLINE = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9",
]  # fmt: skip


@dataclass
class Case:
    """A folder with the README's data folder, and what every command answered."""

    folder: Path
    answers: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def run(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Run one command in this process and return what it says with ``--json``."""
        said = io.StringIO()
        with redirect_stdout(said), pytest.raises(SystemExit) as ended:
            make_program()([*words, "--json"])
        assert ended.value.code == code, (words, said.getvalue())
        answer: dict[str, Any] = json.loads(said.getvalue())
        self.answers.append((words[0], answer))
        return answer

    def follow(self, block: str) -> list[dict[str, Any]]:
        """Run the commands of a block of the README, with the shell's patterns for file names."""
        lines = (shlex.split(line, comments=True) for line in block.replace("\\\n", " ").splitlines())
        return [self.run(*self._spread(words[1:])) for words in lines if words]

    def _spread(self, words: list[str]) -> list[str]:
        spread: list[str] = []
        for word in words:
            found = sorted(str(path.relative_to(self.folder)) for path in self.folder.glob(word)) if "*" in word else []
            spread += found or [word]
        return spread


def block(name: str) -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(rf"<!-- example: {name} -->\n```sh\n(.*?)```", text, re.DOTALL)
    assert len(found) == 1, f"the README has no example {name}"
    return str(found[0])


@pytest.fixture(scope="module")
def case(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """Lay the data in one folder, as the README asks a reader to, and stand beside it."""
    folder = tmp_path_factory.mktemp("yaizu-case")
    data = folder / "yaizu"
    data.mkdir()
    sources = [path for path in (real_data / "yaizu").rglob("*") if path.is_file() and path.name != "attributes.csv"]
    sources += [
        real_data / "boundaries/n03_full/22212.geojson",
        real_data / "addresses/geolonia_town/静岡県_焼津市.json",
    ]
    for source in sources:
        (data / source.name).symlink_to(source)
    with pytest.MonkeyPatch.context() as patch, Reader() as reader:
        for name in [name for name in os.environ if name.startswith("TAYORI_") and name != "TAYORI_SHARED_DATA"]:
            patch.delenv(name)
        patch.chdir(folder)
        for module in ("files", "door"):  # one parser worker for all commands, where each starts its own
            patch.setattr(f"disaster.cli.{module}.Reader", lambda: nullcontext(reader))
        yield Case(folder)


@pytest.fixture(scope="module")
def post(case: Case) -> Case:
    case.follow(block("yaizu-post"))
    return case


@pytest.fixture(scope="module")
def city(case: Case) -> Case:
    case.follow(block("yaizu-city"))
    return case


@pytest.fixture(scope="module")
def given(post: Case) -> Case:
    post.follow(block("yaizu-pack"))
    return post


@pytest.fixture(scope="module")
def pack(given: Case, city: Case) -> Case:
    given.follow(block("yaizu-receive"))
    return given


def answers(case: Case, kind: str) -> list[dict[str, Any]]:
    return [answer for verb, answer in case.answers if verb == kind]


def reports(case: Case) -> dict[str, dict[str, Any]]:
    taken = [answer.get("files", [answer]) for answer in answers(case, "ingest")]
    return {report["dataset"]: report for reports in taken for report in reports}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def places(path: Path) -> tuple[np.ndarray, list[dict[str, Any]]]:
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    shapes = [shapely.geometry.shape(one["geometry"]) if one["geometry"] else None for one in features]
    return np.array(shapes, dtype=object), [one["properties"] for one in features]


def households(case: Case) -> list[dict[str, str]]:
    found = []
    for path in sorted((case.folder / "setai").glob("*.csv")):
        with path.open(encoding="cp932", newline="") as file:
            found += list(csv.DictReader(file))
    return found


def test_the_posts_files_come_in_with_all_their_rows(post: Case) -> None:
    assert reports(post).keys() >= {"yaizu_cooling_shelters", "yaizu_emergency_roads", "yaizu_underpass"}
    offices = reports(post)["yaizu_cooling_shelters"]
    assert [(one["code"], one["count"]) for one in offices["set_aside"]] == [("disaster.rows_of_another_kind", 94)]


def test_the_citys_files_come_in_with_all_their_rows(city: Case) -> None:
    assert reports(city).keys() >= {"yaizu_shelters", "yaizu_care_facilities", "yaizu_inland_flood"}


def test_rows_encodings_and_reference_systems_are_those_that_were_published(post: Case, city: Case) -> None:
    found = reports(post)
    invented = {name for name in found if name.startswith("tayori-delivery-points")}
    assert found.keys() - invented == READ.keys()
    for name, (read, refused, encoding, crs) in READ.items():
        one = found[name]
        assert (one["read"], one["refused"], one["encoding"], one["crs"]) == (read, refused, encoding, crs), name
        assert one["accepted"] == read - refused
        assert one["stored"]


def test_one_flood_without_a_shape_is_refused_by_its_row_and_stops_its_year_unless_allowed(city: Case) -> None:
    (fault,) = reports(city)["yaizu_flood_history:浸水履歴_平成11年"]["faults"]
    assert (fault["row"], fault["code"]) == (96, "disaster.null_geometry")
    assert "図形" in fault["reason"]
    strict = city.run("check", "areas", "yaizu/浸水履歴_平成11年.shp", "--data-dir", "city", code=1)
    assert (strict["read"], strict["refused"]) == (141, 1)


def test_the_geospatial_authority_lists_the_same_shelters_and_sites(city: Case, real_data: Path) -> None:
    with Store.open(Path("city"), at=datetime.now(UTC)) as store:
        own = {kind: store.current(kind, CODE).table for kind in ("shelters", "emergency-sites")}
    for kind, folder, count in (("shelters", "evacuation", 56), ("emergency-sites", "emergency", 31)):
        file = real_data / "gsi_shelters" / folder / "222127.json"
        assert city.run("check", kind, str(file), "--data-dir", "city")["accepted"] == count
        theirs, _ = places(file)
        points = shapely.points(own[kind]["lon"].to_numpy(), own[kind]["lat"].to_numpy())
        _index, apart = shapely.STRtree(points).query_nearest(theirs, return_distance=True, all_matches=False)
        assert (apart < 0.001).mean() > 0.9  # degrees: about 100 m


def test_every_post_office_and_shelter_lies_inside_the_city(pack: Case) -> None:
    boundary = shapely.union_all(places(pack.folder / "hq/geojson/boundaries.geojson")[0])
    for name, count in (("offices", 14), ("shelters", 56), ("stockpiles", 5)):
        shapes, _ = places(pack.folder / f"hq/geojson/{name}.geojson")
        assert len(shapes) == count
        assert shapely.contains(boundary, shapes).all(), name


def test_only_households_are_invented_and_all_of_them_stand_in_the_city(post: Case) -> None:
    written = sorted(path.name for path in (post.folder / "setai").iterdir())
    assert written == [f"delivery_points_cooling-0000000000{office}.csv" for office in (58, 68)]
    homes = households(post)
    assert len(homes) == HOUSEHOLDS
    boundary = shapely.union_all(pyogrio.read_dataframe(post.folder / "yaizu/22212.geojson").geometry.to_numpy())
    placed = [(float(one["経度"]), float(one["緯度"])) for one in homes if one["緯度"]]
    assert len(placed) > 0.95 * HOUSEHOLDS
    assert shapely.contains_xy(boundary, *np.array(placed).T).all()


def test_addresses_on_the_real_towns_are_placed_in_them(post: Case) -> None:
    with Store.open(Path("post"), at=datetime.now(UTC)) as store:
        points = store.current("delivery-points", CODE, drill=True).table.to_pandas()
        assert store.current("delivery-points", CODE).as_of is None  # invented people are no real register
    assert len(points) == HOUSEHOLDS
    assert points["place_town"].nunique() == READ["geolonia_towns"][0]
    unplaced = points[points["lon"].isna()]
    assert len(unplaced) < 0.01 * HOUSEHOLDS
    assert unplaced["place_reason"].str.len().gt(0).all()  # an ambiguous address says so and gets no point


def test_the_counts_of_a_pack_add_up_in_every_format(given: Case) -> None:
    made = answers(given, "provide")[0]
    assert made["matched"] == HOUSEHOLDS == made["returned"] + sum(made["withheld"].values())
    folder = given.folder / made["folder"]
    assert made["counts"] == {
        "dwellings": made["returned"], "delivery-status": 141, "risk-spots": 48 + 3084 + 1304, "offices": 14,
        "areas": 78 + 35, "boundaries": 52, "roads": 94,
    }  # fmt: skip
    book = openpyxl.load_workbook(folder / "situation.xlsx", read_only=True)
    lengths = sorted(sheet.max_row for sheet in book.worksheets[:-1])
    book.close()
    tables = dict(pyogrio.list_layers(folder / "situation.gpkg"))
    for name, count in made["counts"].items():
        assert len(rows(folder / f"csv/{name}.csv")) == count
        assert len(json.loads((folder / f"geojson/{name}.geojson").read_text(encoding="utf-8"))["features"]) == count
        assert name in tables
        assert any(length - count in range(1, 12) for length in lengths)
    status = rows(folder / "csv/delivery-status.csv")
    assert sum(int(row["配達先の数"]) for row in status) == HOUSEHOLDS


def test_an_area_gets_its_own_homes_and_no_others(given: Case) -> None:
    made = answers(given, "provide")[1]
    areas, about = places(given.folder / "packs/R1-1/geojson/areas.geojson")
    (area,) = (shape for shape, one in zip(areas, about, strict=True) if one["area_id"] == AREA)
    homes, _ = places(given.folder / made["folder"] / "geojson/dwellings.geojson")
    assert len(homes) == made["returned"] > 1_000
    assert shapely.intersects(area.buffer(1e-7), homes).all()
    everywhere, _ = places(given.folder / "packs/R1-1/geojson/dwellings.geojson")
    known = np.array([one for one in everywhere if one is not None], dtype=object)
    assert shapely.contains(area, known).sum() == len(homes)
    assert made["matched"] == made["returned"] + sum(made["withheld"].values())
    assert made["withheld"].keys() == {"no_place", "not_a_home"}


def test_what_is_received_is_what_was_provided_and_again_changes_nothing(pack: Case) -> None:
    (got,) = answers(pack, "receive")
    assert got["counts"] == answers(pack, "provide")[0]["counts"]
    assert not got["unchanged"]
    assert got["drill"]
    with Store.open(Path("city"), at=datetime.now(UTC)) as store, Reader() as reader:
        again = receive(store, pack.folder / "packs/R1-1/R1-1.zip", at=datetime.now(UTC), reader=reader)
    assert again.unchanged


def test_the_same_file_again_changes_nothing(pack: Case) -> None:
    source = ("--source", "焼津市オープンデータ", "--data-dir", "city")
    assert pack.run("ingest", "shelters", "yaizu/222127_hinannjo.csv", *source)["unchanged"]


def test_the_city_and_the_ministry_are_named_beside_what_they_published(pack: Case) -> None:
    for folder in ("hq", "kouhyou"):
        for name, publisher in (("shelters", "焼津市オープンデータ"), ("boundaries", "国土交通省 国土数値情報")):
            told = json.loads((pack.folder / folder / f"geojson/{name}.geojson").read_text(encoding="utf-8"))
            assert told["tayori"]["source"] == publisher, (folder, name)
        assert "焼津市オープンデータ" in (pack.folder / folder / "map.html").read_text(encoding="utf-8")


def test_the_headquarters_see_both_sides_and_no_home(pack: Case) -> None:
    counts = {path.stem: len(places(path)[0]) for path in (pack.folder / "hq/geojson").iterdir()}
    assert counts.pop("delivery-status") == 141
    assert counts == {
        "offices": 14, "shelters": 56, "emergency-sites": 31 + 125, "stockpiles": 5, "boundaries": 52, "roads": 94,
        "risk-spots": 48 + 3084 + 1304 + 277, "areas": 78 + 35 + 511 + 6,
    }  # fmt: skip
    public = "".join(path.read_bytes().decode("utf-8", "ignore") for path in (pack.folder / "yaizu").glob("*.csv"))
    addresses = {one["住所"] for one in households(pack)[::250] if one["住所"] not in public}
    assert len(addresses) > 50
    for folder in ("hq", "kouhyou"):
        for path in (pack.folder / folder).rglob("*.*"):
            if path.suffix in (".csv", ".geojson", ".html"):
                text = path.read_text(encoding="utf-8-sig")
                assert not [one for one in addresses if one in text], path


def test_a_protected_person_is_nowhere_and_the_home_stays(pack: Case) -> None:
    with Store.open(Path("post"), at=datetime.now(UTC)) as store:
        points = store.current("delivery-points", CODE, drill=True).table.to_pandas()
    listed = {row["配達先ID"] for row in rows(pack.folder / "packs/R2-2/csv/dwellings.csv")}
    home = points[points["point_id"].isin(listed)].iloc[0]
    name = home["addressees"][0]
    before = [row for row in _persons(pack, "R3-3", "himitsu.txt") if row["配達先ID"] == home["point_id"]]
    assert name in {row["受取人(配達原簿の氏名)"] for row in before}
    _write("hogo.csv", ("市区町村コード", "氏名", "住所", "期限"), (CODE, name, home["address"], ""))
    _write(
        "shoukai.csv", ("照会番号", "氏名", "住所"), ("1", name, home["address"]), ("2", "架空　太郎", home["address"])
    )
    pack.run("ingest", "protection", "hogo.csv", "--drill", "--data-dir", "post")
    area = ("--area", AREA)
    dwellings = _granted(pack, "R4", "--mode", "dwelling", "--purpose", "safety_check", *area)
    persons = _granted(pack, "R5", "--mode", "person", "--purpose", "rescue", *area)
    match = _granted(pack, "R6", "--mode", "match", "--purpose", "safety_check", given=("--list", "shoukai.csv"))
    same = [pack.folder / folder / "csv/dwellings.csv" for folder in ("packs/R2-2", dwellings["folder"])]
    assert same[0].read_bytes() == same[1].read_bytes()
    after = [row for row in _persons(pack, persons["pack_id"], "R5.txt") if row["配達先ID"] == home["point_id"]]
    assert name not in {row["受取人(配達原簿の氏名)"] for row in after}
    assert persons["matched"] == answers(pack, "provide")[2]["matched"] - 1
    protected, unknown = rows(pack.folder / match["folder"] / "csv/match.csv")
    assert {**protected, "照会番号": ""} == {**unknown, "照会番号": ""}


def _granted(pack: Case, name: str, *wish: str, given: tuple[str, ...] = ()) -> dict[str, Any]:
    """Ask, have another person approve, and provide."""
    post, out = ("--data-dir", "post"), ("--out", "packs", "--password-file", f"{name}.txt")
    said = ("--number", "焼災第9号", "--reason", "試験のため", "--person", "訓練 市子", "--by", "訓練 局一")
    pack.run("request", "new", "--id", name, *wish, *said, *post)
    pack.run("request", "approve", name, "--by", "訓練 局二", "--role", "窓口局", *post)
    return pack.run("provide", name, "--by", "訓練 局一", *given, *out, *post)


def _persons(pack: Case, name: str, secret: str) -> list[dict[str, str]]:
    """Read the list of addressees out of the encrypted ZIP that is all that leaves of it."""
    with pyzipper.AESZipFile(pack.folder / "packs" / name / f"{name}.zip") as archive:
        archive.setpassword((pack.folder / secret).read_text(encoding="utf-8").strip().encode())
        text = archive.read(f"{name}/csv/persons.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def _write(name: str, *lines: tuple[str, ...]) -> None:
    with Path(name).open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(lines)


def test_both_ledgers_are_whole(pack: Case) -> None:
    verdicts = [answer for answer in answers(pack, "audit") if answer["format"] == "tayori-audit-verify"]
    assert len(verdicts) == 2
    assert all(one["ok"] and one["entries"] == one["head"] > 10 for one in verdicts)


def test_the_service_gives_the_real_layers_and_no_register(pack: Case) -> None:
    with Store.open(Path("city"), at=datetime.now(UTC)) as store:
        client = TestClient(make_app(store))
        assert len(client.get("/layers/shelters", params={"limit": 1000}).json()["features"]) == 56
        near = client.get("/layers/shelters", params={"bbox": "138.30,34.85,138.34,34.88"}).json()["features"]
        assert 0 < len(near) < 56
        for path in ("/layers/delivery-points", "/layers/dwellings", "/layers/received/dwellings"):
            assert client.get(path).status_code in (403, 404), path


@pytest.mark.chromium
@pytest.mark.parametrize("name", ["packs/R1-1", "hq", "kouhyou"])
def test_the_map_is_small_and_opens_without_a_network(pack: Case, chromium: Path, name: str) -> None:
    path = pack.folder / name / "map.html"
    assert path.stat().st_size <= 5_000_000
    asked: list[str] = []
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=OFFLINE)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text))
        page.goto(path.as_uri())
        page.wait_for_function("document.querySelector('.leaflet-control-scale') !== null")
        switches = page.inner_text(".leaflet-control-layers")
        text = page.inner_text("body")
        browser.close()
    assert asked == [path.as_uri()]
    assert faults == []
    if name.startswith("packs"):
        assert "19,106件" in switches
        assert "町ごとの件数で表しています" in text  # nobody could read twenty thousand dots
    else:
        assert "56件" in switches
    if name == "hq":
        assert "3,084件" in switches
    assert ("訓練" in text) == (name != "kouhyou")
