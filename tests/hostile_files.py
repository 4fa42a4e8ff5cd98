"""Files that try to make a reader open another file or an address; and databases that compute what they hold.

Each trick of `lures` names a file that lies beside it and an address on which somebody listens.
"""

import io
import json
import sqlite3
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import geopandas
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
import xlsxwriter

KML = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'
PLACEMARK = "<Placemark><name>{name}</name><Point><coordinates>138.60,34.55</coordinates></Point></Placemark>"
GML = (
    '<g:FeatureCollection xmlns:g="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:xi="http://www.w3.org/2001/XInclude"><g:featureMember><S><name>{name}</name><at><g:Point srsName="{srs}">'
    "<g:pos>34.55 138.60</g:pos></g:Point></at></S></g:featureMember></g:FeatureCollection>"
)
SRS = "http://www.opengis.net/def/crs/EPSG/0/6668"
POINT = {"type": "Point", "coordinates": [138.60, 34.55]}


def lures(canary: Path, address: str) -> dict[str, bytes]:
    """Return files by name, each with a way of naming `canary` or `address` that some reader somewhere follows."""
    uri = canary.as_uri()
    made: dict[str, bytes] = {}
    for name, text in _vrt(canary, address).items():
        made |= {f"{name}{ending}": text for ending in (".geojson", ".json", ".kml", ".gml", ".xml", ".csv", ".vrt")}
        made[f"{name}.zip"] = zipped({"避難所.geojson": text})
        made[f"{name}-kml.zip"] = zipped({"避難所.kml": text})
        made[f"{name}.kmz"] = zipped({"doc.kml": text})
    made |= _markup(uri, address) | _json(uri, address) | _workbooks(uri, address) | _shapefiles(canary, uri)
    return made | _databases(canary) | {"names.zip": zipped({f"../../../../{canary}": b"a,b\n1,2\n"})}


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Return a ZIP."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(name, content)
    return made.getvalue()


def _vrt(canary: Path, address: str) -> dict[str, bytes]:
    layer = '<OGRVRTLayer name="canary"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer>'
    source = f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>"
    pipeline = {
        "type": "gdal_streamed_alg",
        "command_line": f"gdal vector pipeline ! read {canary} ! write - a.geojson",
    }
    return {
        "vrt": source.format(canary).encode(),
        "vrt-net": source.format(f"/vsicurl/{address}a.geojson").encode(),
        "vrt-bom": b"\xef\xbb\xbf  " + source.format(canary).encode(),
        "gdalg": json.dumps(pipeline).encode(),
    }


def _markup(uri: str, address: str) -> dict[str, bytes]:
    made: dict[str, bytes] = {}
    for way, target in (("file", uri), ("net", f"{address}a.xml")):
        heads = {
            "entity": f'<!DOCTYPE a [<!ENTITY x SYSTEM "{target}">]>',
            "parameter": f'<!DOCTYPE a [<!ENTITY % x SYSTEM "{target}"> %x;]>',
            "dtd": f'<!DOCTYPE a SYSTEM "{target}">',
            "style": f'<?xml-stylesheet href="{target}"?>',
        }
        for name, head in heads.items():
            use = "&x;" if name == "entity" else "潮見小学校"
            made[f"{name}-{way}.kml"] = (head + KML.format(body=PLACEMARK.format(name=use))).encode()
            made[f"{name}-{way}.gml"] = (head + GML.format(name=use, srs=SRS)).encode()
        include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{target}" parse="text"/>'
        made[f"include-{way}.kml"] = KML.format(body=PLACEMARK.format(name=include)).encode()
        made[f"include-{way}.gml"] = GML.format(name=include, srs=SRS).encode()
        link = f"<NetworkLink><Link><href>{target}</href></Link></NetworkLink>"
        icon = f'<Style id="s"><IconStyle><Icon><href>{target}</href></Icon></IconStyle></Style>'
        data = f'<SchemaData schemaUrl="{target}"><SimpleData name="a">1</SimpleData></SchemaData>'
        schema = f"<ExtendedData>{data}</ExtendedData>"
        place = PLACEMARK.format(name="潮見小学校").replace(
            "<Point>", f"<styleUrl>{target}#s</styleUrl>{schema}<Point>"
        )
        made[f"links-{way}.kml"] = KML.format(body=link + icon + place).encode()
        made[f"links-{way}.kmz"] = zipped({"doc.kml": made[f"links-{way}.kml"]})
        gml = GML.format(name="潮見小学校", srs=SRS)
        made[f"xlink-{way}.gml"] = gml.replace("<name>", f'<other xlink:href="{target}"/><name>').encode()
        located = f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:a {target}"'
        made[f"schema-{way}.gml"] = gml.replace("xmlns:g=", f"{located} xmlns:g=").encode()
        made[f"srs-{way}.gml"] = GML.format(name="潮見小学校", srs=target).encode()
    return made


def _json(uri: str, address: str) -> dict[str, bytes]:
    made: dict[str, bytes] = {}
    for way, target in (("file", uri), ("net", f"{address}a.prj")):
        for kind in ("link", "url"):
            crs = {"type": kind, "properties": {"href": target, "url": target, "type": "esriwkt"}}
            place = {"type": "Feature", "properties": {"a": 1}, "geometry": POINT}
            inside = {"type": "Feature", "properties": {"a": 1}, "geometry": {**POINT, "crs": crs}, "crs": crs}
            made[f"{kind}-{way}.geojson"] = _collection(place, crs=crs)
            made[f"{kind}-inside-{way}.geojson"] = _collection(inside)
            made[f"{kind}-lines-{way}.ndjson"] = json.dumps(inside).encode()
        named = {"type": "name", "properties": {"name": target}}
        made[f"named-{way}.geojson"] = _collection({"type": "Feature", "properties": {}, "geometry": POINT}, crs=named)
        made[f"ref-{way}.json"] = json.dumps([{"$ref": target, "$schema": target, "a": 1}]).encode()
    return made


def _collection(*features: object, **more: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", **more, "features": features}).encode()


def workbook(**replaced: bytes) -> bytes:
    """Return an .xlsx with some of its members replaced or added."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as out:
        sheet = out.add_worksheet("避難所")
        sheet.write_row(0, 0, ["ID", "名称"])
        sheet.write_row(1, 0, ["1", "潮見小学校"])
    inside = zipfile.ZipFile(made)
    return zipped({name: inside.read(name) for name in inside.namelist()} | replaced)


def _workbooks(uri: str, address: str) -> dict[str, bytes]:
    made: dict[str, bytes] = {}
    plain = zipfile.ZipFile(io.BytesIO(workbook()))
    for way, target in (("file", uri), ("net", f"{address}a.xml")):
        head = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{target}">]>'.encode()
        for part in ("xl/sharedStrings.xml", "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"):
            text = plain.read(part).replace(b"?>", b"?>" + head, 1).replace("潮見小学校".encode(), b"&x;")
            made[f"{Path(part).stem}-{way}.xlsx"] = workbook(**{part: text})
        relations = plain.read("xl/_rels/workbook.xml.rels")
        away = relations.replace(b'"worksheets/sheet1.xml"', f'"{target}" TargetMode="External"'.encode())
        made[f"relation-{way}.xlsx"] = workbook(**{"xl/_rels/workbook.xml.rels": away})
        table = (
            '<?xml version="1.0"?>{head}<office:document-content'
            ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
            ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
            ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:xlink="http://www.w3.org/1999/xlink">'
            '<office:body><office:spreadsheet><table:table table:name="a"><table:table-source xlink:href="{target}"/>'
            "{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
        )
        cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
        rows = "".join(f"<table:table-row>{cell.format(one) * 2}</table:table-row>" for one in ("名称", "&x;"))
        content = table.format(head=head.decode(), target=target, rows=rows).encode()
        kind = b"application/vnd.oasis.opendocument.spreadsheet"
        made[f"entity-{way}.ods"] = zipped({"mimetype": kind, "content.xml": content})
    return made


def _shapefiles(canary: Path, uri: str) -> dict[str, bytes]:
    """Return the parts of shapefiles whose projection and code page name another file."""
    shape = struct.pack("<2i2d", 0, 0, 0, 0)[:0]
    record = struct.pack("<i2d", 1, 138.60, 34.55)
    box = struct.pack("<8d", 138.6, 34.55, 138.6, 34.55, 0, 0, 0, 0)

    def head(size: int) -> bytes:
        return struct.pack(">7i", 9994, 0, 0, 0, 0, 0, size // 2) + struct.pack("<2i", 1000, 1) + box

    shape = head(100 + 8 + len(record)) + struct.pack(">2i", 1, len(record) // 2) + record
    index = head(108) + struct.pack(">2i", 50, len(record) // 2)
    grid = f'PROJCS["x",EXTENSION["PROJ4","+proj=longlat +nadgrids={canary} +geoidgrids={canary} +init={canary}:1"]]'
    made: dict[str, bytes] = {}
    for name, projection in {"grid": grid, "path": str(canary), "uri": uri, "init": f"+init={canary}:1"}.items():
        made |= {f"{name}.shp": shape, f"{name}.shx": index, f"{name}.prj": projection.encode()}
        made[f"{name}.cpg"] = str(canary).encode()
    return made


POINT_IN_GPKG = b"GP\x00\x01" + struct.pack("<i", 6668) + struct.pack("<BIdd", 1, 1, 138.6, 34.55)
_SRS = """\
PRAGMA application_id = 1196444487; PRAGMA user_version = 10300;
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization TEXT,
  organization_coordsys_id INTEGER, definition TEXT, description TEXT);
INSERT INTO gpkg_spatial_ref_sys VALUES ('JGD2011', 6668, 'EPSG', 6668, 'undefined', ''),
  ('-', -1, 'NONE', -1, 'undefined', ''), ('-', 0, 'NONE', 0, 'undefined', '');
"""
CONTENTS = """\
CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT, identifier TEXT, description TEXT,
  last_change DATETIME, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER);
INSERT INTO gpkg_contents VALUES ('t', 'features', 't', '', '2026-01-01T00:00:00Z', 138, 34, 139, 35, 6668);
"""
GEOMETRY = """\
CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, geometry_type_name TEXT, srs_id INTEGER,
  z INTEGER, m INTEGER);
INSERT INTO gpkg_geometry_columns VALUES ('t', 'geom', 'POINT', 6668, 0, 0);
"""
ROWS = f"""\
CREATE TABLE t (fid INTEGER PRIMARY KEY, geom BLOB, n TEXT);
INSERT INTO t VALUES (1, X'{POINT_IN_GPKG.hex()}', '潮見小学校');
"""
#: A select that never ends.
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"


def geopackage(folder: Path, *parts: str) -> bytes:
    """Return a GeoPackage made by statements of SQL, its own tables first."""
    path = folder / "made.gpkg"
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    database.executescript(_SRS + "".join(parts or (CONTENTS, GEOMETRY, ROWS)))
    database.commit()
    database.close()
    content = path.read_bytes()
    path.unlink()
    return content


def _databases(canary: Path) -> dict[str, bytes]:
    """Return GeoPackages with names, triggers and virtual tables that reach for another file."""
    folder = canary.parent
    virtual = (
        "PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES ('table', 'v', 'v', 0, "
        f"'CREATE VIRTUAL TABLE v USING VirtualOGR(''{canary}'')');"
    )  # fmt: skip
    named = str(canary).replace("'", "''")
    return {
        "virtual.gpkg": geopackage(folder, CONTENTS.replace("'t'", "'v'"), GEOMETRY.replace("'t'", "'v'"), virtual),
        "virtual-beside.gpkg": geopackage(folder, CONTENTS, GEOMETRY, ROWS, virtual),
        "trigger.gpkg": geopackage(
            folder, CONTENTS, GEOMETRY, ROWS,
            f"CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT load_extension('{named}'); END;",
        ),
        "layer-named.gpkg": geopackage(
            folder, *(table.replace("'t'", f"'{named}'") for table in (CONTENTS, GEOMETRY)), ROWS
        ),
    }  # fmt: skip


def valid(folder: Path) -> dict[str, bytes]:
    """Return one good file of each format by its name, with three invented rows."""
    names = ["潮見小学校", "潮見公民館", "浜通り保育園"]
    points = [shapely.Point(138.60 + number / 100, 34.55) for number in range(3)]
    frame = geopandas.GeoDataFrame({"ID": ["1", "2", "3"], "名称": names}, geometry=points, crs="EPSG:6668")
    rows = [{"ID": str(number), "名称": name, "lat": 34.55, "lon": 138.6} for number, name in enumerate(names, 1)]
    table = "ID,名称,経度,緯度\r\n" + "".join(f"{row['ID']},{row['名称']},138.60,34.55\r\n" for row in rows)
    made = {
        "a.csv": table.encode("utf-8-sig"),
        "b.csv": table.encode("cp932"),
        "a.tsv": table.replace(",", "\t").encode(),
        "a.json": json.dumps(rows, ensure_ascii=False).encode(),
        "pairs.json": json.dumps([[34.55, 138.60], [34.56, 138.61]]).encode(),
        "a.ndjson": "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode(),
        "a.geojson": frame.to_crs(4326).to_json().encode(),
        "a.kml": KML.format(body="".join(PLACEMARK.format(name=name) for name in names)).encode(),
        "a.gml": GML.format(name=names[0], srs=SRS).encode(),
        "a.xlsx": workbook(),
        "a.ods": _ods(table),
        "plain.parquet": _parquet(pa.table({"ID": ["1", "2"], "名称": names[:2]})),
    }
    made |= {
        "a.zip": zipped({"避難所.csv": made["b.csv"], "readme.txt": b"x"}),
        "a.kmz": zipped({"doc.kml": made["a.kml"]}),
    }
    frame.to_parquet(folder / "p")
    frame.to_file(folder / "m.gpkg", driver="GPKG")
    frame.to_file(folder / "m.fgb", driver="FlatGeobuf")
    frame.to_file(folder / "m.shp", driver="ESRI Shapefile", encoding="cp932")
    made |= {"a.parquet": (folder / "p").read_bytes(), "a.gpkg": (folder / "m.gpkg").read_bytes()}
    made |= {"a.fgb": (folder / "m.fgb").read_bytes()}
    parts = {ending: (folder / f"m{ending}").read_bytes() for ending in (".shp", ".shx", ".dbf", ".prj", ".cpg")}
    made |= {f"a{ending}": content for ending, content in parts.items()}
    return made | {"shapes.zip": zipped({f"地図{ending}": content for ending, content in parts.items()})}


def _parquet(table: pa.Table) -> bytes:
    made = io.BytesIO()
    pq.write_table(table, made)
    return made.getvalue()


def _ods(table: str) -> bytes:
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = "".join(
        "<table:table-row>" + "".join(cell.format(one) for one in line.split(",")) + "</table:table-row>"
        for line in table.split("\r\n") if line
    )  # fmt: skip
    content = (
        '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="a">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    ).encode()
    manifest = b'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    return zipped({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})
