"""Write every file of the invented town into one folder: what each side would have on its own disk."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from disaster.town import shapes, tables, traffic
from disaster.town.geography import Geography, lonlat
from disaster.town.households import Register, Sites, delivery_table, settle, write_cp932
from disaster.town.people import Inquiry, Protected, choose_people
from disaster.town.stage import Stage, set_stage
from disaster.town.story import Story, places, service
from disaster.town.tables import Row
from disaster.town.write import write_csv

#: From this many households on the care homes of ``places.toml`` are delivery points. Weight of a lot that is surely
#: built on.
_TOWN_WITH_CARE = 280
_CERTAIN = 1e9
#: Has parcels 1 to 3 and stands beside towns of its name with 一丁目 to 三丁目.
_TWO_READINGS = "磯里"


@dataclass(frozen=True, slots=True)
class Expected:
    """What checking a file must find. `read` = `accepted` + `refused`; `set_aside` rows are of another kind."""

    kind: str
    accepted: int
    refused: int = 0
    set_aside: int = 0

    @property
    def read(self) -> int:
        """Rows that are checked."""
        return self.accepted + self.refused


@dataclass(frozen=True, slots=True)
class Town:
    """The invented town on disk.

    Attributes
    ----------
    folder
        Holds ``post`` and ``municipality`` (each side's own files) and ``other``.
    files
        Kind of ``disaster.models`` to its files; several files of a kind may have different layouts.
    more
        The same things again as other publishers write them: to be read in tests, not to be stored beside `files`.
    expected
        What checking each file must find.
    counts
        Accepted rows of `files` by kind.
    status_counts
        Delivery points by status.
    inquiries
        The city's list with the answer that each row must get.
    story
        The flood that the files tell of.
    """

    folder: Path
    municipality: str
    name: str
    prefecture: str
    files: Mapping[str, tuple[Path, ...]]
    more: Mapping[str, tuple[Path, ...]]
    expected: Mapping[Path, Expected]
    counts: Mapping[str, int]
    status_counts: Mapping[str, int]
    inquiries: tuple[Inquiry, ...]
    story: Story


@dataclass(slots=True)
class _Written:
    """Collects what was written."""

    files: dict[str, list[Path]] = field(default_factory=dict)
    more: dict[str, list[Path]] = field(default_factory=dict)
    expected: dict[Path, Expected] = field(default_factory=dict)

    def add(self, path: Path, expected: Expected, *, more: bool = False) -> None:
        (self.more if more else self.files).setdefault(expected.kind, []).append(path)
        self.expected[path] = expected

    def table(
        self,
        path: Path,
        kind: str,
        table: str,
        rows: Iterable[Row],
        *,
        encoding: str,
        end: str = "\r\n",
        more: bool = False,
    ) -> None:
        """Write a table under the headings of `table`; every row is to be accepted."""
        count = write_csv(path, tables.headings(table), rows, encoding=encoding, end=end)
        self.add(path, Expected(kind, count), more=more)


def write_town(out: Path, *, households: int = 2000, seed: int = 1, at: datetime) -> Town:
    """Write the files of the invented town with every trap of real ones.

    Parameters
    ----------
    out
        Folder, made if it is not there; files of the same names are replaced.
    households
        Count of delivery points, at least 1.
    seed
        Of the households and accidents; the ground, the places and the flood are always the same. The same seed and
        time give the same bytes.
    at
        The present of the story, aware: the flood came nine hours before it.

    Returns
    -------
    Town
        The files and what checking them must find.
    """
    stage, written = set_stage(at), _Written()
    _write_ground(out / "municipality", stage, written)
    _write_places(out / "municipality", stage, written)
    _write_risks(out / "municipality", stage, seed, written)
    _write_post(out / "post", stage, written)
    _write_others(out / "other", stage, written)
    register, table = _register(stage, households, seed)
    _write_delivery_points(out / "post", table, written)
    protected, inquiries = choose_people(register, table, stage.story.at.date(), np.random.default_rng([seed, 3]))
    _write_people(out, stage.code5, protected, inquiries, written)
    (out / "READ_ME.txt").write_text(_README, encoding="utf-8-sig", newline="\r\n")
    return Town(
        folder=out,
        municipality=stage.code5,
        name=stage.city,
        prefecture=stage.prefecture,
        files={kind: tuple(paths) for kind, paths in written.files.items()},
        more={kind: tuple(paths) for kind, paths in written.more.items()},
        expected=written.expected,
        counts={kind: sum(written.expected[path].accepted for path in paths) for kind, paths in written.files.items()},
        status_counts=dict(Counter(table.column("配達状況").to_pylist())),
        inquiries=inquiries,
        story=stage.story,
    )


def _write_ground(folder: Path, stage: Stage, written: _Written) -> None:
    """Write boundary, town table, areas and roads."""
    folder.mkdir(parents=True, exist_ok=True)
    boundary = folder / "N03_boundary.geojson"
    written.add(boundary, Expected("boundaries", shapes.write_boundary(boundary, stage), set_aside=1))
    gazetteer = folder / f"{stage.prefecture}_{stage.city}.json"
    written.add(gazetteer, Expected("gazetteer", shapes.write_gazetteer(gazetteer, stage)))
    for name, write in (
        ("towns.geojson", shapes.write_towns),
        ("自主防災会区域/自主防災会区域.shp", shapes.write_wards),
        ("flooded_area.geojson", shapes.write_flooded),
        ("inland_flood.geojson", shapes.write_hazard),
    ):
        written.add(folder / name, Expected("areas", write(folder / name, stage)))
    for path, rows, without_shape in shapes.write_old_floods(folder, stage):
        written.add(path, Expected("areas", rows - without_shape, refused=without_shape))
    for path, rows in shapes.write_emergency_roads(folder, stage):
        written.add(path, Expected("roads", rows))
    streets = folder / "roads.geojson"
    written.add(streets, Expected("roads", shapes.write_streets(streets, stage)))


def _write_places(folder: Path, stage: Stage, written: _Written) -> None:
    """Write shelters, openings, emergency sites, goods, and what was reported to the city hall."""
    for kind, name, rows, encoding in (
        ("shelters", "shelters", tables.shelters(stage), "utf-8-sig"),
        ("openings", "openings", tables.openings(stage), "utf-8-sig"),
        ("emergency-sites", "emergency_sites", tables.emergency_sites(stage), "utf-8"),
        ("emergency-sites", "tsunami_buildings", tables.tsunami_buildings(stage), "utf-8"),
        ("stockpiles", "warehouses", tables.warehouses(stage), "utf-8"),
        ("stockpiles", "stock_lots", tables.stock_lots(stage), "utf-8-sig"),
        ("damage-points", "damage_reports", tables.damage_reports(stage), "cp932"),
    ):
        written.table(folder / f"{name}.csv", kind, name, rows, encoding=encoding)


def _write_risks(folder: Path, stage: Stage, seed: int, written: _Written) -> None:
    """Write standing risk spots."""
    year, rng = stage.story.at.year - 1, np.random.default_rng([seed, 2])
    for table, name, rows, encoding in (
        ("underpasses", "アンダーパス", traffic.underpasses(stage), "utf-8-sig"),
        ("accidents", f"traffic_accident_{year}", traffic.accidents(stage, year, 64, rng), "utf-8-sig"),
        ("braking", "急ブレーキ", traffic.hard_braking(stage, 40, rng), "utf-8"),
        ("care", "care_facilities", tables.care_facilities(stage), "cp932"),
    ):
        written.table(folder / f"{name}.csv", "risk-spots", table, rows, encoding=encoding)


def _write_post(folder: Path, stage: Stage, written: _Written) -> None:
    """Write the post's own lists, apart from those about people."""
    written.table(folder / "offices.csv", "offices", "offices", tables.offices(stage), encoding="utf-8", end="\n")
    written.table(folder / "vehicles.csv", "vehicles", "vehicles", tables.vehicles(stage), encoding="cp932")
    damage = tables.damage_points(stage)
    written.table(folder / "damage_points.csv", "damage-points", "damage_points", damage, encoding="utf-8-sig")


def _write_others(folder: Path, stage: Stage, written: _Written) -> None:
    """Write the same again in other layouts: offices in a list of other places, shelters open at one time."""
    path, rows = folder / "machinaka.csv", list(tables.cooling_list(stage))
    posts = sum("郵便局" in str(row["指定暑熱避難施設の名称"]) for row in rows)
    write_csv(path, tables.headings("cooling"), rows)
    written.add(path, Expected("offices", posts, set_aside=len(rows) - posts), more=True)
    for hours, share in tables.observations()[2:]:
        path = folder / f"open_shelter_{stage.story.at - timedelta(hours=hours):%Y-%m-%d-%H%M}.csv"
        shelters = tables.open_shelters(stage, hours, share)
        written.table(path, "openings", "open_shelters", shelters, encoding="utf-8", end="\n", more=True)


def _register(stage: Stage, households: int, seed: int) -> tuple[Register, pa.Table]:
    rng = np.random.default_rng([seed, 1])
    register = settle(_sites(stage.ground, stage.lots, households), households, rng)
    offices = tuple(quarter.office for quarter in stage.ground.quarters)
    state = service(register, stage.story, offices, rng)
    before = stage.story.overflow_at
    return register, delivery_table(register, state, municipality=stage.code5, at=before, rng=rng)


def _sites(ground: Geography, taken: Mapping[str, int], households: int) -> Sites:
    """Return the lots for households: public places keep theirs, care homes are delivery points themselves."""
    care = {taken[home["name"]]: home["name"].replace("　", "").strip() for home in places()["care"]}
    crowd = households >= _TOWN_WITH_CARE
    care = care if crowd else {}
    free = np.ones(len(ground.lots), dtype=bool)
    free[[lot for lot in taken.values() if lot not in care]] = False
    kept = np.flatnonzero(free)
    lots = ground.lots.take(kept)
    lon, lat = lonlat(lots.x, lots.y)
    named = {int(np.searchsorted(kept, lot)): name for lot, name in care.items()}
    weight, flats = lots.weight.copy(), lots.flats.copy()
    unsure = np.flatnonzero((lots.quarter == ground.index(_TWO_READINGS)) & (lots.block <= 3))
    sure = [*named, *unsure[: 6 * crowd].tolist()]  # a few addresses that can be read two ways are always there
    weight[sure], flats[sure] = _CERTAIN, 0.0
    return Sites(
        quarter=lots.quarter,
        block=lots.block,
        number=lots.number,
        lon=lon,
        lat=lat,
        weight=weight,
        flats=flats,
        towns=tuple(quarter.name for quarter in ground.quarters),
        before=(ground.plan["prefecture"], ground.plan["name"]),
        postal_codes=tuple(quarter.postal_code for quarter in ground.quarters),
        named=named,
    )


def _write_delivery_points(folder: Path, table: pa.Table, written: _Written) -> None:
    """Write one file for each delivery office, in the order of the round."""
    for office in dict.fromkeys(table.column("集配局コード").to_pylist()):
        rows = table.filter(pc.equal(table.column("集配局コード"), office))
        path = folder / f"delivery_points_{office}.csv"
        write_cp932(path, rows)
        written.add(path, Expected("delivery-points", rows.num_rows))


def _write_people(
    out: Path, code: str, protected: Sequence[Protected], inquiries: Sequence[Inquiry], written: _Written
) -> None:
    """Write the post's list of people under protection and the city's list of people to ask about."""
    hidden: list[Row] = [
        {
            "市区町村コード": code,
            "氏名": one.name,
            "住所": one.address,
            "配達先ID": one.point_id,
            "期限": f"{one.until:%Y-%m-%d}" if one.until else "",
        }
        for one in protected
    ]
    asked: list[Row] = [{"照会番号": one.reference, "氏名": one.name, "住所": one.address} for one in inquiries]
    written.table(out / "post" / "protection.csv", "protection", "protection", hidden, encoding="cp932")
    written.table(out / "municipality" / "inquiries.csv", "inquiries", "inquiries", asked, encoding="utf-8-sig")


_README = """架空の町「架空県潮見市」(コード 99301)のデータ

このフォルダの町、人、住所、施設、電話番号、災害はすべて作りものです。実在するものとは関係がありません。
試すため、訓練のため、テストのために使ってください。

post/          郵便局側のファイル(局、配達先、支援措置対象者、車両、被害地点)
municipality/  市側のファイル(行政区域、町名の表、区域、道路、避難所、備蓄、被害地点、危険箇所、照会リスト)
other/         同じ内容をほかの公開元の形で書いたもの(読み取りの確認用。取り込むと重なります)

実在のデータにあるくせ(文字コード、改行、見出しの空白、座標系、書き方のゆれ)をわざと残しています。
"""
