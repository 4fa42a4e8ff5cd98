"""Makes the corpus: small hostile and clumsy files, each a mistake or an attack that a reader of files must answer.

``python tests/corpus_maker.py`` writes them anew into ``tests/corpus/``. Every row in them is invented.
"""

import io
import json
import struct
import tempfile
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
from hostile_files import CONTENTS, ENDLESS, GEOMETRY, ROWS, geopackage, workbook

CORPUS = Path(__file__).parent / "corpus"
SHELTERS = "避難所ID,市区町村コード,名称,所在地,区分,想定収容人数,経度,緯度"
GOOD = "H-01,993018,潮見小学校,架空県潮見市本町一丁目1番1号,指定避難所,480,138.60,34.55"
MADE: dict[str, Callable[[], bytes]] = {}


def lines(*rows: str, encoding: str = "utf-8-sig", end: str = "\r\n") -> bytes:
    return (end.join(rows) + end).encode(encoding)


def table(*rows: str, encoding: str = "utf-8-sig") -> bytes:
    return lines(SHELTERS, *rows, encoding=encoding)


def text_file(name: str, *rows: str, encoding: str = "utf-8-sig", head: str = SHELTERS) -> None:
    MADE[name] = lambda: lines(head, *rows, encoding=encoding)


# Tables of text -------------------------------------------------------------------------------------------------------
MADE["empty.csv"] = lambda: b""
MADE["blank_lines_only.csv"] = lambda: b"\r\n\r\n   \r\n"
MADE["heading_only.csv"] = table
MADE["nul_character.csv"] = lambda: table(GOOD).replace("小学校".encode(), b"\x00\x00\x00")
MADE["quote_left_open.csv"] = lambda: table(
    GOOD, 'H-02,993018,"潮見公民館,架空県潮見市浜通町2,指定避難所,50,138.61,34.55'
)
MADE["quote_inside_cell.csv"] = lambda: table('H-02,993018,潮見"公民館",架空県潮見市浜通町2,指定避難所,50,138.61,34.55')
MADE["too_few_cells.csv"] = lambda: table(GOOD, "H-02,993018,潮見公民館,指定避難所,50")
MADE["heading_doubled.csv"] = lambda: lines(SHELTERS.replace("所在地", "名称"), GOOD)
MADE["column_without_heading.csv"] = lambda: lines(SHELTERS.replace("所在地", ""), GOOD)
MADE["cp932_good.csv"] = lambda: table(GOOD, encoding="cp932")
MADE["utf16_without_mark.csv"] = lambda: table(GOOD, encoding="utf-16-le")
MADE["utf16_tabs.csv"] = lambda: (
    b"\xff\xfe" + lines(SHELTERS, GOOD).decode("utf-8-sig").replace(",", "\t").encode("utf-16-le")
)
MADE["jis_mail.csv"] = lambda: table(GOOD, encoding="iso2022_jp")
# two half-width signs of CP932 are one sign of EUC-JP, so that these bytes are text in both
MADE["cp932_or_euc.csv"] = lambda: lines("ID,ｶﾅﾒｲ", "1,ﾀﾁﾊﾞﾅｼﾖｳ", encoding="cp932")
MADE["broken_utf8.csv"] = lambda: table(GOOD)[:-40] + b"\xe3\x81\xff\xfe\r\n"
MADE["only_carriage_returns.csv"] = lambda: lines(SHELTERS, GOOD, end="\r")
MADE["semicolons.csv"] = lambda: lines(SHELTERS.replace(",", ";"), GOOD.replace(",", ";"))
MADE["title_above.csv"] = lambda: lines("潮見市 避難所一覧（令和8年4月1日現在）,,,,,,,", ",,,,,,,", SHELTERS, GOOD)
MADE["no_heading.csv"] = lambda: lines(GOOD, GOOD.replace("H-01", "H-02"))
MADE["web_page.csv"] = lambda: b"<!DOCTYPE html><html><body>404 Not Found</body></html>"
MADE["web_table.xls"] = lambda: b"<html><body><table><tr><td>ID</td></tr></table></body></html>"
MADE["a_picture.csv"] = lambda: b"\x89PNG\r\n\x1a\n" + bytes(60)
MADE["a_pdf.csv"] = lambda: b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
MADE["program.csv"] = lambda: b"MZ\x90\x00\x03" + bytes(200)
MADE["other_table.csv"] = lambda: lines("番号,品名,単価", "1,乾電池,120")
MADE["formulas.csv"] = lambda: table("H-01,993018,\"=cmd|' /C calc'!A0\",@SUM(1+1),指定避難所,480,138.60,34.55")
MADE["controls.csv"] = lambda: table(GOOD.replace("潮見小", "潮\x07見\x1b小"))

# Values ---------------------------------------------------------------------------------------------------------------
text_file("check_digit_wrong.csv", GOOD.replace("993018", "993015"))
text_file("lost_zero.csv", "H-01,12106,潮見小学校,,指定避難所,480,138.60,34.55")
text_file("other_city.csv", GOOD.replace("993018", "131016"))
text_file("id_twice.csv", GOOD, GOOD)
text_file("name_missing.csv", GOOD.replace("潮見小学校", ""))
text_file("unknown_sort.csv", GOOD.replace("指定避難所", "たぶん避難所"))
text_file("capacity_prose.csv", GOOD.replace("480", '"屋内480人／屋外3,350人(面積の1/2)"'))
text_file("capacity_in_kanji.csv", GOOD.replace("480", "四百八十人程度"))
text_file("places_swapped.csv", GOOD.replace("138.60,34.55", "34.55,138.60"))
text_file("place_zero.csv", GOOD.replace("138.60,34.55", "0,0"))
text_file("place_in_metres.csv", GOOD.replace("138.60,34.55", "-13935.2,-161234.8"))
text_file("place_mercator.csv", GOOD.replace("138.60,34.55", "15428881.4,4103521.9"))
text_file("place_not_finite.csv", GOOD.replace("138.60,34.55", "NaN,inf"))
text_file("place_half.csv", GOOD.replace("138.60,34.55", "138.60,"))
text_file("place_degrees_minutes.csv", GOOD.replace("138.60,34.55", "138°36′0″,34°33′0″"))
text_file("individual_number.csv", GOOD + ",123456789018", head=SHELTERS + ",個人番号")
OPENINGS = "避難所ID,名称,開設状況,避難者数,時点"
text_file("openings_noon.csv", "H-01,潮見小学校,開設,120,令和6年8月31日午後12時", head=OPENINGS)
text_file("openings_bad_day.csv", "H-01,潮見小学校,開設,120,令和6年2月30日", head=OPENINGS)
text_file("openings_era_over.csv", "H-01,潮見小学校,開設,120,平成40年1月1日 9:00", head=OPENINGS)
text_file("openings_era_last_day.csv", "H-01,潮見小学校,開設,120,平成31年4月30日 9:00", head=OPENINGS)
text_file("openings_era_day_after.csv", "H-01,潮見小学校,開設,120,昭和64年1月8日 9:00", head=OPENINGS)
text_file("openings_full_width.csv", "H-01,潮見小学校,開設,１２０,令和６年８月３１日午後１時３０分", head=OPENINGS)
text_file("openings_negative.csv", "H-01,潮見小学校,開設,-3,2024-08-31 13:30", head=OPENINGS)

# JSON -----------------------------------------------------------------------------------------------------------------
POINT = {
    "type": "Feature",
    "properties": {"避難所ID": "H-01", "名称": "潮見小学校", "区分": "指定避難所", "市区町村コード": "993018"},
    "geometry": {"type": "Point", "coordinates": [138.60, 34.55]},
}


def geojson(*features: object, **more: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", **more, "features": list(features)}, ensure_ascii=False).encode()


def with_geometry(geometry: object) -> bytes:
    return geojson({**POINT, "geometry": geometry})


MADE["cut_short.geojson"] = lambda: geojson(POINT)[:-30]
MADE["no_features.geojson"] = geojson
MADE["not_geojson.geojson"] = lambda: b'{"message": "unavailable", "status": 503}'
MADE["deep_brackets.geojson"] = lambda: (
    b'{"type":"FeatureCollection","features":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
)
MADE["text_for_number.geojson"] = lambda: with_geometry({"type": "Point", "coordinates": ["138.60", "34.55"]})
MADE["swapped.geojson"] = lambda: with_geometry({"type": "Point", "coordinates": [34.55, 138.60]})
MADE["huge_number.geojson"] = lambda: with_geometry({"type": "Point", "coordinates": [1e308, 1e999]}).replace(
    b"Infinity", b"1e999"
)
MADE["unknown_crs.geojson"] = lambda: geojson(
    POINT, crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:SHIOMI::1"}}
)
MADE["tokyo_datum.geojson"] = lambda: geojson(
    POINT, crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4301"}}
)
MADE["line_for_point.geojson"] = lambda: with_geometry(
    {"type": "LineString", "coordinates": [[138.6, 34.5], [138.7, 34.5]]}
)
MADE["vrt.geojson"] = lambda: (
    b'<OGRVRTDataSource><OGRVRTLayer name="x">'
    b"<SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
)
MADE["pipeline.geojson"] = lambda: (
    b'{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline read /etc/passwd"}'
)
LINK = {"type": "link", "properties": {"href": "http://127.0.0.1:9/a.prj", "type": "esriwkt"}}
MADE["link_for_crs.geojson"] = lambda: geojson(POINT, crs=LINK)
MADE["crs_of_each.geojson"] = lambda: geojson({**POINT, "crs": LINK})
MADE["vrt.zip"] = lambda: archive(("避難所.geojson", MADE["vrt.geojson"]()))
MADE["columns_of_one_row.json"] = (
    "[{" + ",".join(f'"k{number}":1' for number in range(500)) + "}" + ",{}" * 61_000 + "]"
).encode
MADE["pairs.json"] = lambda: b"[[34.55, 138.60], [34.56, 138.61]]"
MADE["pairs_doubtful.json"] = lambda: b"[[34.55, 138.60], [138.61, 34.56]]"
MADE["two_tables.json"] = lambda: b'{"a": [{"x": 1}], "b": [{"y": 2}]}'
MADE["broken_line.ndjson"] = lambda: b'{"ID": "1"}\n{"ID": "2"\n{"ID": "3"}\n'

# Markup ---------------------------------------------------------------------------------------------------------------
LAUGHS = '<!DOCTYPE k [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
KML = '<?xml version="1.0" encoding="UTF-8"?>{head}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'
PLACEMARK = "<Placemark><name>潮見小学校</name><Point><coordinates>138.60,34.55</coordinates></Point></Placemark>"


def kml(body: str, head: str = "") -> bytes:
    return KML.format(head=head, body=body).encode()


MADE["entities.kml"] = lambda: kml(PLACEMARK.replace("潮見", "&b;"), LAUGHS)
MADE["passwd.kml"] = lambda: kml(
    PLACEMARK.replace("潮見", "&x;"), '<!DOCTYPE k [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
)
MADE["link_only.kml"] = lambda: kml("<NetworkLink><Link><href>http://127.0.0.1:9/x.kml</href></Link></NetworkLink>")
MADE["unclosed.kml"] = lambda: kml(PLACEMARK)[:-20]
MADE["no_coordinates.kml"] = lambda: kml("<Placemark><name>潮見</name></Placemark>")
MADE["entity.gml"] = (
    '<?xml version="1.0"?>' + LAUGHS + '<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml/3.2"/>'
).encode
MADE["empty_collection.gml"] = lambda: (
    b'<?xml version="1.0"?><gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml/3.2"/>'
)


# Archives -------------------------------------------------------------------------------------------------------------
def archive(*members: tuple[str, bytes], packed: bool = True) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as out:
        for name, content in members:
            out.writestr(zipfile.ZipInfo(name, (2026, 4, 1, 9, 0, 0)), content, compress_type=out.compression)
    return made.getvalue()


def _symlink() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        link = zipfile.ZipInfo("shelters.csv", (2026, 4, 1, 9, 0, 0))
        link.create_system, link.external_attr = 3, 0o120777 << 16
        out.writestr(link, "/etc/passwd")
    return made.getvalue()


def _encrypted() -> bytes:
    data = bytearray(archive(("shelters.csv", table(GOOD))))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.index(sign) + at
        data[place : place + 2] = struct.pack("<H", struct.unpack_from("<H", data, place)[0] | 1)
    return bytes(data)


def _lying_size() -> bytes:
    data = bytearray(archive(("shelters.csv", SHELTERS.encode() + b"\r\n" + (GOOD + "\r\n").encode() * 3000)))
    for sign, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(sign) + at, 100)
    return bytes(data)


MADE["good.zip"] = lambda: archive(("避難所.csv", table(GOOD)), ("readme.txt", b"open data"))
MADE["two_tables.zip"] = lambda: archive(("a.csv", table(GOOD)), ("b.csv", table(GOOD)))
MADE["climbs_out.zip"] = lambda: archive(("../../shelters.csv", table(GOOD)))
MADE["absolute_name.zip"] = lambda: archive(("/tmp/shelters.csv", table(GOOD)))  # noqa: S108 - a name inside an archive
MADE["link.zip"] = _symlink
MADE["bomb.zip"] = lambda: archive(("shelters.csv", SHELTERS.encode() + b"\n" + b"0" * 6_000_000))
MADE["lying_size.zip"] = _lying_size
MADE["zip_in_zip.zip"] = lambda: archive(("inner.zip", archive(("a.csv", table(GOOD)))))
MADE["encrypted.zip"] = _encrypted
MADE["many_members.zip"] = lambda: archive(*((f"{number}.csv", b"a\n") for number in range(1_001)))
MADE["nothing_readable.zip"] = lambda: archive(("photo.jpg", b"\xff\xd8\xff"), ("memo.docx", b"PK"))
MADE["cut_short.zip"] = lambda: archive(("a.csv", table(GOOD)))[:-25]
MADE["empty.zip"] = archive


# Spreadsheets ---------------------------------------------------------------------------------------------------------
#: Without it each making would differ by its time.
_STAMP = {"created": datetime(2026, 4, 1, 9, 0)}  # noqa: DTZ001 - workbooks know no zones


def book(*rows: list[object], merged: str = "", sheets: tuple[str, ...] = ("避難所",)) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as out:
        out.set_properties(_STAMP)
        for name in sheets:
            sheet = out.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
            if merged:
                first, last = merged.split(":")
                sheet.merge_range(f"{first}:{last}", str(rows[0][0]))
    return made.getvalue()


HEAD = list(SHELTERS.split(","))
ROW: list[object] = ["H-01", "993018", "潮見小学校", "架空県潮見市本町一丁目1番1号", "指定避難所", 480, 138.60, 34.55]


def _error_cell() -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as out:
        out.set_properties(_STAMP)
        sheet = out.add_worksheet("避難所")
        sheet.write_row(0, 0, HEAD)
        sheet.write_row(1, 0, ROW)
        sheet.write_formula(1, 5, "=VLOOKUP(A1,Z1:Z2,1)", None, "#N/A")
    return made.getvalue()


def _far_cell() -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as out:
        out.set_properties(_STAMP)
        sheet = out.add_worksheet("避難所")
        sheet.write_row(0, 0, HEAD)
        sheet.write_row(1, 0, ROW)
        sheet.write(1_048_575, 16_383, "x")
    return made.getvalue()


def _xlsx_bomb() -> bytes:
    inside = zipfile.ZipFile(io.BytesIO(book(HEAD, ROW)))
    members = [(name, inside.read(name)) for name in inside.namelist()]
    row = b'<row><c t="inlineStr"><is><t>' + b"0" * 50 + b"</t></is></c></row>"
    swollen = (
        b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    )
    swollen += row * 60_000 + b"</sheetData></worksheet>"
    return archive(*((name, swollen if name.endswith("sheet1.xml") else data) for name, data in members))


MADE["title_and_merged.xlsx"] = lambda: book(
    ["潮見市 避難所一覧", *[""] * 7], ["令和8年4月1日現在"], HEAD, ROW, merged="A1:H1"
)
MADE["two_sheets.xlsx"] = lambda: book(HEAD, ROW, sheets=("避難所", "避難場所"))
MADE["error_cell.xlsx"] = _error_cell
MADE["far_cell.xlsx"] = _far_cell
MADE["bomb.xlsx"] = _xlsx_bomb
MADE["empty_book.xlsx"] = book
MADE["password.xlsx"] = lambda: (
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(1024)
)
MADE["a_zip.xlsx"] = lambda: archive(("a.csv", table(GOOD)))
MADE["csv_named.xlsx"] = lambda: table(GOOD)


# Binary formats -------------------------------------------------------------------------------------------------------
def _parquet() -> bytes:
    made = io.BytesIO()
    pq.write_table(pa.table({"避難所ID": ["H-01"], "名称": ["潮見小学校"]}), made)
    return made.getvalue()


def _one_text_for_all() -> bytes:
    made = io.BytesIO()
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 30_000, pa.int32()), pa.array(["潮見" * 500]))
    pq.write_table(pa.table({"名称": column}), made)
    return made.getvalue()


def _computed(statement: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return geopackage(Path(folder), CONTENTS, GEOMETRY, ROWS, statement)


def _many_texts() -> bytes:
    texts = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" uniqueCount="4000000000"/>'
    return workbook(**{"xl/sharedStrings.xml": texts})


MADE["one_text_for_all.parquet"] = _one_text_for_all
MADE["endless_view.gpkg"] = lambda: _computed(
    f"ALTER TABLE gpkg_spatial_ref_sys RENAME TO s; CREATE VIEW gpkg_spatial_ref_sys AS {ENDLESS} SELECT s.* FROM s, c;"
)
MADE["computed_column.gpkg"] = lambda: _computed(
    "ALTER TABLE t ADD COLUMN g GENERATED ALWAYS AS (zeroblob(900000000));"
)
MADE["many_texts.xlsx"] = _many_texts
MADE["cut_short.parquet"] = lambda: _parquet()[:-12]
MADE["not_sqlite.gpkg"] = lambda: b"SQLite format 3\x00" + bytes(84)
MADE["no_features.fgb"] = lambda: b"fgb\x03fgb\x00" + bytes(40)
MADE["lonely.shp"] = lambda: (
    struct.pack(">I5I", 9994, 0, 0, 0, 0, 0) + struct.pack(">I", 50) + struct.pack("<2I8d", 1000, 1, *[0.0] * 8)
)
MADE["shelters.dbf"] = lambda: b"\x03" + bytes(31) + b"\r"
MADE["archive.7z"] = lambda: b"7z\xbc\xaf\x27\x1c" + bytes(40)
MADE["archive.tar"] = lambda: bytes(1024)


def main() -> None:
    """Write every file."""
    CORPUS.mkdir(exist_ok=True)
    for name, make in MADE.items():
        (CORPUS / name).write_bytes(make())
    # openpyxl is what the readers do not use: it must open what the corpus calls a good book
    openpyxl.load_workbook(CORPUS / "title_and_merged.xlsx").close()


if __name__ == "__main__":
    main()
