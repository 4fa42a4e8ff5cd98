"""Reading KML and GML: what is in them, and nothing that they point at."""

import time
from pathlib import Path

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from read_files import Files, mutated, notes, rows, shapes

from geo.errors import ReadError
from geo.read import Limits, Reader
from geo.read.formats import parse
from geo.read.gmlcrs import frame
from geo.read.model import Stated

POINT = shapely.Point(138.6, 34.55)
LINE = shapely.LineString([(138.6, 34.55), (138.61, 34.56)])
HOLED = shapely.Polygon(
    [(138.60, 34.50), (138.70, 34.50), (138.70, 34.60), (138.60, 34.60)],
    [[(138.62, 34.52), (138.64, 34.52), (138.64, 34.54), (138.62, 34.52)]],
)
NAMES = (
    'xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:ksj="http://nlftp.mlit.go.jp/ksj/schemas/ksj-app"'
)


def kml(inside: str, space: str = "http://www.opengis.net/kml/2.2") -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="{space}"><Document>{inside}</Document></kml>'


def placemark(geometry: str = "<Point><coordinates>138.6,34.55</coordinates></Point>", inside: str = "") -> str:
    return f"<Placemark>{inside}{geometry}</Placemark>"


def numerical_map(inside: str, srs: str = "JGD2011 / (B, L)") -> str:
    """A document as 国土数値情報 writes them."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ksj:Dataset gml:id="D" {NAMES}><gml:description>x</gml:description>'
        f'<gml:boundedBy><gml:EnvelopeWithTimePeriod srsName="{srs}" frame="GC / JST"><gml:lowerCorner>20 123'
        "</gml:lowerCorner><gml:beginPosition>1900</gml:beginPosition></gml:EnvelopeWithTimePeriod></gml:boundedBy>"
        f"{inside}</ksj:Dataset>"
    )


def basic_map(geometry: str, inside: str = "", name: str = "BldA") -> str:
    """A document as 基盤地図情報 writes them."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Dataset xmlns="http://fgd.gsi.go.jp/spec/2008/FGD_GMLSchema" '
        f'xmlns:gml="http://www.opengis.net/gml/3.2" gml:id="Dataset1"><gml:name>x</gml:name><{name} gml:id="K1">'
        "<fid>50-1</fid><lfSpanFr><gml:timePosition>2015-03-04</gml:timePosition></lfSpanFr>"
        f"<devDate><gml:timePosition>2016-05-06</gml:timePosition></devDate>{inside}{geometry}</{name}></Dataset>"
    )


def pos_list(ring: object) -> str:
    return "\n".join(f"{y} {x}" for x, y in np.asarray(ring))


def surface(rings: list[object], srs: str = "fguuid:jgd2011.bl") -> str:
    parts = [
        f"<gml:{role}><gml:Ring><gml:curveMember><gml:Curve><gml:segments><gml:LineStringSegment><gml:posList>"
        f"{pos_list(ring)}</gml:posList></gml:LineStringSegment></gml:segments></gml:Curve></gml:curveMember></gml:Ring>"
        f"</gml:{role}>"
        for role, ring in zip(["exterior", *["interior"] * len(rings)], rings, strict=False)
    ]
    return (
        f'<area><gml:Surface gml:id="g" srsName="{srs}"><gml:patches><gml:PolygonPatch>{"".join(parts)}'
        "</gml:PolygonPatch></gml:patches></gml:Surface></area>"
    )


# --- KML


def test_placemarks_of_all_folders_are_rows_with_their_data(files: Files) -> None:
    content = kml(
        "<name>潮見市</name><Folder><name>避難所</name><Folder>"
        + placemark(inside='<name>潮見小</name><description><![CDATA[<b onclick="x()">定員</b>]]></description>'
                           "<TimeStamp><when>2026-11-21</when></TimeStamp><ExtendedData>"
                           '<Data name="定員"><displayName>人</displayName><value>120</value></Data>'
                           '<SchemaData schemaUrl="#s"><SimpleData name="name">別名</SimpleData></SchemaData>'
                           "</ExtendedData>")
        + "<name>小学校</name></Folder>"
        + placemark(inside="<name>港</name><TimeSpan><begin>2024</begin><end>2025</end></TimeSpan>")
        + "</Folder>"
        + placemark(inside="<description>段落<i>斜体</i></description><address>本町</address>")
    )  # fmt: skip
    table = files.read("地点.kml", content)
    first, second, third = rows(table)
    assert table.table.column_names == [
        "name", "description", "address", "folder", "when", "begin", "end", "定員", "name_2", "geometry"
    ]  # fmt: skip
    filled = {"name": "潮見小", "name_2": "別名", "description": '<b onclick="x()">定員</b>', "when": "2026-11-21",
              "folder": "避難所／小学校", "定員": "120"}  # fmt: skip
    assert first == dict.fromkeys(first) | filled
    assert second == dict.fromkeys(first) | {"name": "港", "folder": "避難所", "begin": "2024", "end": "2025"}
    assert third == dict.fromkeys(first) | {"description": "段落 斜体", "address": "本町"}
    assert shapes(table) == [POINT] * 3
    assert (table.source.format, table.source.crs) == ("kml", "EPSG:4326")
    assert not notes(table)


def test_points_lines_polygons_with_holes_and_their_mixtures_are_read(files: Files) -> None:
    ring = "138.60,34.50 138.70,34.50 138.70,34.60 138.60,34.60 138.60,34.50"
    hole = "138.62,34.52,0 138.64 , 34.52,0\n138.64,34.54,0 138.62,34.52,0"
    polygon = (
        f"<Polygon><outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs>"
        f"<innerBoundaryIs><LinearRing><coordinates>{hole}</coordinates></LinearRing></innerBoundaryIs></Polygon>"
    )
    line = "<LineString><coordinates>138.6,34.55 138.61,34.56</coordinates></LineString>"
    point = "<Point><coordinates> 138.6,34.55 </coordinates></Point>"
    mixed = f"<MultiGeometry>{point}<MultiGeometry>{line}</MultiGeometry></MultiGeometry>"
    marks = [point, line, polygon, f"<MultiGeometry>{point}{point}</MultiGeometry>", mixed, "<MultiGeometry/>"]
    table = files.read("図形.kml", kml("".join(map(placemark, marks))))
    found = shapes(table)
    assert shapely.equals(found[:3], [POINT, LINE, HOLED]).all()
    kinds = shapely.GeometryType
    assert shapely.get_type_id(found[3:5]).tolist() == [kinds.MULTIPOINT, kinds.GEOMETRYCOLLECTION]
    assert found[5] is None
    assert notes(table) == {"geo.note_null_geometry": {"count": 1, "rows": "6"}}


def test_heights_are_dropped_and_told_where_there_are_any(files: Files) -> None:
    table = files.read("高さ.kml", kml(placemark("<Point><coordinates>138.6,34.55,12.5</coordinates></Point>") * 2))
    assert notes(table) == {"geo.note_height_dropped": {"count": 2}}
    assert shapes(table) == [POINT, POINT]
    flat = files.read("地面.kml", kml(placemark("<Point><coordinates>138.6,34.55,0</coordinates></Point>")))
    assert not notes(flat)


def test_what_points_elsewhere_is_counted_and_never_opened(files: Files) -> None:
    outside = files.folder / "secret.kml"
    outside.write_text(kml(placemark(inside="<name>秘密</name>")), encoding="utf-8")
    link = f"<Link><href>{outside.as_uri()}</href></Link>"
    content = kml(
        '<Style id="a"><IconStyle><Icon><href>http://127.0.0.1:9/a.png</href></Icon></IconStyle></Style>'
        f"<NetworkLink>{link}</NetworkLink><GroundOverlay><Icon><href>a.png</href></Icon></GroundOverlay>"
        + placemark(inside="<styleUrl>http://127.0.0.1:9/s.kml#a</styleUrl>")
        + placemark(f"<Model>{link}</Model>")
    )
    table = files.read("参照.kml", content)
    told = notes(table)["geo.note_kml_not_read"]
    assert told == {"count": 5, "kinds": "Icon 1、NetworkLink 1、GroundOverlay 1、styleUrl 1、Model 1"}
    assert "秘密" not in str(table.table.to_pydict())
    only = files.refusal("リンク.kml", kml(f"<NetworkLink>{link}</NetworkLink>"))
    assert only.code == "geo.kml_only_links"
    assert files.refusal("空.kml", kml("<Folder/>")).code == "geo.kml_empty"


def test_bad_coordinates_are_faults_of_their_rows(files: Files) -> None:
    marks = ["138.6,x", "34.55,138.6", "138.6", "0,0", "138.6,34.5 138.7,34.6", "1_3.6,34.5", "138.6,NaN"]
    content = kml("".join(placemark(f"<Point><coordinates>{mark}</coordinates></Point>") for mark in marks))
    table = files.read("誤り.kml", content + "\n")
    assert table.bad_geometry == {
        1: "geo.geometry_broken", 2: "geo.coordinate_swapped", 3: "geo.geometry_broken", 4: "geo.coordinate_zero",
        5: "geo.geometry_broken", 6: "geo.geometry_broken", 7: "geo.coordinate_not_a_number",
    }  # fmt: skip


def test_a_polygon_whose_rings_are_left_open_is_closed_and_one_without_an_outer_ring_is_bad(files: Files) -> None:
    ring = "<LinearRing><coordinates>138.60,34.50 138.70,34.50 138.70,34.60</coordinates></LinearRing>"
    opened = f"<Polygon><outerBoundaryIs>{ring}</outerBoundaryIs></Polygon>"
    hole = f"<Polygon><innerBoundaryIs>{ring}</innerBoundaryIs></Polygon>"
    table = files.read("環.kml", kml(placemark(opened) + placemark(hole)))
    assert shapely.is_closed(shapely.get_exterior_ring(shapes(table)[0]))
    assert table.bad_geometry == {2: "geo.geometry_broken"}


@pytest.mark.parametrize("space", ["http://earth.google.com/kml/2.1", "http://www.opengis.net/kml/2.3", ""])
def test_older_and_newer_kml_are_read_alike(files: Files, space: str) -> None:
    assert shapes(files.read("版.kml", kml(placemark(), space))) == [POINT]


def test_kml_in_cp932_is_read_as_what_it_is(files: Files) -> None:
    content = kml(placemark(inside="<name>髙﨑</name>")).replace("UTF-8", "Shift_JIS").encode("cp932")
    table = files.read("古い.kml", content)
    assert (rows(table)[0]["name"], table.source.encoding) == ("髙﨑", "cp932")
    half_width = kml(placemark(inside="<name>ｼｵﾐﾁ</name>")).encode("cp932")
    assert files.refusal("古い.kml", half_width).code == "geo.encoding_ambiguous"
    declared = half_width.replace(b"UTF-8", b"Shift_JIS")
    assert rows(files.read("古い.kml", declared))[0]["name"] == "ｼｵﾐﾁ"


def test_kml_of_another_program_has_the_same_places(files: Files) -> None:
    path = files.folder / "gdal.kml"
    wkb = np.array(shapely.to_wkb([HOLED, LINE, POINT]), dtype=object)
    names = np.array(["甲", "乙", "丙"], dtype=object)
    pyogrio.raw.write(path, wkb, [names], ["Name"], driver="KML", geometry_type="Unknown", crs="EPSG:4326")
    table = files.read("gdal.kml", path.read_bytes())
    assert [row["name"] for row in rows(table)] == ["甲", "乙", "丙"]
    assert shapely.equals_exact(shapes(table), [HOLED, LINE, POINT], tolerance=1e-9).all()


def test_20_000_placemarks_take_seconds(files: Files) -> None:
    mark = placemark(inside='<name>地点</name><ExtendedData><Data name="定員"><value>12</value></Data></ExtendedData>')
    content = kml(mark * 20_000)
    start = time.perf_counter()
    assert files.read("多い.kml", content).source.rows == 20_000
    assert time.perf_counter() - start < 10


# --- hostile XML


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('<!DOCTYPE kml [<!ENTITY a "x">]><kml>&a;</kml>', "geo.xml_doctype"),
        ('<!DOCTYPE kml [<!ENTITY a SYSTEM "file:///etc/passwd">]><kml><Placemark><name>&a;</name></Placemark></kml>',
         "geo.xml_doctype"),
        ('<!DOCTYPE kml SYSTEM "http://127.0.0.1:9/a.dtd"><kml/>', "geo.xml_doctype"),
        ("<kml>&undefined;</kml>", "geo.xml_broken"),
        ("<kml><Placemark></kml>", "geo.xml_broken"),
        (kml(placemark())[:-30], "geo.xml_broken"),
        ("<kml>" + "<Folder>" * 50_000, "geo.xml_depth_limit"),
        (kml(placemark("<MultiGeometry>" * 40 + "<Point><coordinates>138.6,34.5</coordinates></Point>"
                       + "</MultiGeometry>" * 40)), "geo.wkb_depth_limit"),
        ("<gpx/>", "geo.markup_not_that"),
    ],
    ids=range(9),
)  # fmt: skip
def test_xml_that_is_hostile_or_broken_is_refused_in_words(files: Files, content: str, code: str) -> None:
    assert files.refusal("a.kml", content).code == code


def test_the_line_of_broken_xml_is_named(files: Files) -> None:
    assert "3 行目" in files.refusal("a.kml", '<?xml version="1.0"?>\n<kml>\n<Placemark></kml>').sentence()


@pytest.mark.parametrize(
    ("kind", "limits", "code"),
    [
        ("kml", Limits(rows=1), "geo.rows_limit"),
        ("kml", Limits(columns=1), "geo.columns_limit"),
        ("kml", Limits(vertices=1), "geo.vertices_limit"),
        ("gml", Limits(rows=1), "geo.rows_limit"),
        ("gml", Limits(columns=1), "geo.columns_limit"),
        ("gml", Limits(vertices=1), "geo.vertices_limit"),
        ("gml", Limits(unpacked_bytes=1000), "geo.unpacked_bytes_limit"),
    ],
    ids=range(7),
)
def test_limits_of_a_file_hold_for_markup(tmp_path: Path, kind: str, limits: Limits, code: str) -> None:
    line = placemark("<LineString><coordinates>138.6,34.5 138.7,34.6</coordinates></LineString>", "<name>x</name>")
    path = tmp_path / "a.xml"
    curve = f'<gml:LineString gml:id="c"><gml:posList>{"34.5 138.6 34.6 138.7 " * 20}</gml:posList></gml:LineString>'
    feature = '<ksj:A gml:id="a"><ksj:b>x</ksj:b><ksj:loc xlink:href="#c"/></ksj:A>'
    content = kml(line + line.replace("<name>x", "<address>x</address><name>y"))
    path.write_text(content if kind == "kml" else numerical_map(curve + feature * 3), encoding="utf-8")
    with pytest.raises(ReadError) as caught:
        parse(kind, path, "a.xml", limits, Stated())
    assert caught.value.code == code


@given(st.lists(st.tuples(st.integers(0, 10**4), st.integers(0, 255)), max_size=8), st.integers(0, 60))
def test_garbled_kml_never_ends_the_parser(files: Files, changed: list[tuple[int, int]], cut: int) -> None:
    mixed = f"<MultiGeometry>{'<Point><coordinates>138.6,34.55,1</coordinates></Point>' * 2}</MultiGeometry>"
    content = kml("<Folder><name>甲</name>" + placemark(mixed, "<name>乙</name>") * 2 + "</Folder>").encode()
    files.survives("a.kml", mutated(content, changed, cut))


# --- GML


def test_numerical_maps_are_read_by_their_references_latitude_first(files: Files) -> None:
    curves = (
        '<gml:Curve gml:id="c1"><gml:segments><gml:LineStringSegment><gml:posList>\n34.50 138.60\n34.50 138.70\n'
        "34.60 138.70\n</gml:posList></gml:LineStringSegment></gml:segments></gml:Curve>"
        '<gml:Curve gml:id="c2"><gml:segments><gml:LineStringSegment><gml:posList>34.50 138.60 34.60 138.60 34.60 '
        "138.70</gml:posList></gml:LineStringSegment></gml:segments></gml:Curve>"
        '<gml:OrientableCurve gml:id="_c2" orientation="-"><gml:baseCurve xlink:href="#c2"/></gml:OrientableCurve>'
    )
    patch = (
        "<gml:PolygonPatch><gml:exterior><gml:Ring>"
        '<gml:curveMember xlink:href="#c1"/><gml:curveMember xlink:href="#_c2"/></gml:Ring></gml:exterior>'
        "</gml:PolygonPatch>"
    )
    area = f'<gml:Surface gml:id="s"><gml:patches>{patch}</gml:patches></gml:Surface>'
    boundary = (
        '<ksj:AdministrativeBoundary gml:id="gy1"><ksj:bounds xlink:href="#s"/><ksj:prefectureName>架空県'
        '</ksj:prefectureName><ksj:administrativeAreaCode codeSpace="AdministrativeAreaCode.xml">99301'
        "</ksj:administrativeAreaCode></ksj:AdministrativeBoundary>"
    )
    for content in (curves + area + boundary, boundary + area + curves):  # wherever the definitions stand
        table = files.read("N03.xml", numerical_map(content))
        assert rows(table) == [{"gml_id": "gy1", "prefectureName": "架空県", "administrativeAreaCode": "99301"}]
        assert shapely.equals(shapes(table)[0], shapely.box(138.6, 34.5, 138.7, 34.6))
        assert table.source.crs == "EPSG:6668"
        assert notes(table) == {"geo.note_gml_lat_first": {"srs": "JGD2011 / (B, L)"}}


def test_nested_and_repeated_elements_become_columns_of_text(files: Files) -> None:
    feature = (
        '<gml:Point gml:id="p"><gml:pos>34.55 138.6</gml:pos></gml:Point><ksj:EvacuationFacilities gml:id="P20_1">'
        '<ksj:position xlink:href="#p"/><ksj:name>潮見小</ksj:name><ksj:facilityType>避難所</ksj:facilityType>'
        "<ksj:facilityType>公園</ksj:facilityType><ksj:hazardClassification><ksj:Classification><ksj:earthquakeHazard>"
        "true</ksj:earthquakeHazard></ksj:Classification></ksj:hazardClassification><ksj:owner><ksj:name>市</ksj:name>"
        '</ksj:owner><ksj:seeAlso xlink:href="http://127.0.0.1:9/a"/><ksj:no xlink:href="#nothing"/>'
        "</ksj:EvacuationFacilities>"
    )
    table = files.read("P20.xml", numerical_map(feature, "JGD2000 / (B, L)"))
    assert rows(table) == [
        {"gml_id": "P20_1", "name": "潮見小", "facilityType": '["避難所", "公園"]', "earthquakeHazard": "true",
         "owner/name": "市", "seeAlso": "http://127.0.0.1:9/a", "no": "nothing"}
    ]  # fmt: skip
    assert shapes(table) == [POINT]
    assert table.source.crs == "EPSG:4612"


def test_several_kinds_of_features_are_told_apart_by_a_column(files: Files) -> None:
    point = "<ksj:loc><gml:Point><gml:pos>34.55 138.6</gml:pos></gml:Point></ksj:loc>"
    table = files.read("混在.xml", numerical_map(f"<ksj:A>{point}</ksj:A><ksj:B>{point}</ksj:B><ksj:A>{point}</ksj:A>"))
    assert [row["feature"] for row in rows(table)] == ["A", "B", "A"]
    assert notes(table)["geo.note_gml_types"] == {"count": 2, "types": "A 2、B 1"}


def test_basic_maps_are_read_with_holes_and_the_names_of_their_dates(files: Files) -> None:
    content = basic_map(
        surface([HOLED.exterior.coords, *(ring.coords for ring in HOLED.interiors)]), "<type>普通</type>"
    )
    table = files.read("FG-GML-1.xml", content)
    assert rows(table) == [
        {"gml_id": "K1", "fid": "50-1", "lfSpanFr": "2015-03-04", "devDate": "2016-05-06", "type": "普通"}
    ]  # fmt: skip
    assert shapely.equals(shapes(table)[0], HOLED)
    assert table.source.crs == "EPSG:6668"
    newer = files.read("FG-GML-2.xml", content.replace("jgd2011.bl", "jgd2024.bl"))
    assert (newer.source.crs, "geo.note_gml_jgd2024" in notes(newer)) == ("EPSG:6668", True)


def test_curves_of_arcs_and_geometry_that_is_lost_are_faults_of_their_rows(files: Files) -> None:
    arc = "<gml:segments><gml:Arc><gml:posList>34 138 35 139 36 138</gml:posList></gml:Arc></gml:segments>"
    lost = "<gml:exterior><gml:Ring><gml:curveMember xlink:href='#none'/></gml:Ring></gml:exterior>"
    features = [
        f"<ksj:l><gml:Curve>{arc}</gml:Curve></ksj:l>",
        "<ksj:l><gml:Point><gml:pos>34.55 x</gml:pos></gml:Point></ksj:l>",
        f"<ksj:l><gml:Polygon>{lost}</gml:Polygon></ksj:l>",
        "<ksj:l><gml:Point><gml:pos>34.55 138.6</gml:pos></gml:Point></ksj:l>",
        "<ksj:n>x</ksj:n>",
    ]
    table = files.read("誤り.gml", numerical_map("".join(f"<ksj:A>{feature}</ksj:A>" for feature in features)))
    assert table.bad_geometry == {1: "geo.geometry_has_curves", 2: "geo.geometry_broken", 3: "geo.geometry_broken"}
    assert shapes(table)[3:] == [POINT, None]


def test_geometry_that_refers_to_itself_ends_as_a_bad_row(files: Files) -> None:
    loop = "".join(
        f'<gml:CompositeCurve gml:id="c{n}"><gml:curveMember xlink:href="#c{1 - n}"/>'
        f'<gml:curveMember xlink:href="#c{1 - n}"/></gml:CompositeCurve>'
        for n in (0, 1)
    )
    point = "<ksj:A><ksj:l><gml:Point><gml:pos>34.55 138.6</gml:pos></gml:Point></ksj:l></ksj:A>"
    table = files.read("環.xml", numerical_map(f'{loop}<ksj:A><ksj:l xlink:href="#c0"/></ksj:A>{point}'))
    assert table.bad_geometry == {1: "geo.geometry_broken"}


def test_references_that_multiply_are_stopped(files: Files) -> None:
    levels = "".join(
        f'<gml:MultiCurve gml:id="m{n}">' + f'<gml:curveMember xlink:href="#m{n + 1}"/>' * 10 + "</gml:MultiCurve>"
        for n in range(20)
    )
    leaf = '<gml:LineString gml:id="m20"><gml:posList>34 138 35 139</gml:posList></gml:LineString>'
    start = time.perf_counter()
    with Reader(Limits(unpacked_bytes=4 * 1024**2)) as small:
        path = files.folder / "増殖.xml"
        path.write_text(numerical_map(f'{leaf}{levels}<ksj:A><ksj:l xlink:href="#m0"/></ksj:A>'), encoding="utf-8")
        with pytest.raises(ReadError) as caught:
            small.read(path)
    assert caught.value.code == "geo.unpacked_bytes_limit"
    assert time.perf_counter() - start < 15


@pytest.mark.parametrize(
    ("options", "crs"),
    [
        ({"FORMAT": "GML2"}, "EPSG:4326"), ({"FORMAT": "GML3"}, "EPSG:6668"), ({"FORMAT": "GML3.2"}, "EPSG:6668"),
        ({"FORMAT": "GML3.2"}, "EPSG:6676"), ({"FORMAT": "GML2"}, "EPSG:6676"),
        ({"FORMAT": "GML3", "SRSNAME_FORMAT": "SHORT"}, "EPSG:4612"),
        ({"FORMAT": "GML3", "SRSNAME_FORMAT": "OGC_URL"}, "EPSG:6668"),
    ],
    ids=range(7),
)  # fmt: skip
def test_gml_of_another_program_has_the_same_places(files: Files, options: dict[str, str], crs: str) -> None:
    shape = shapely.MultiPolygon([HOLED, shapely.box(138.8, 34.5, 138.9, 34.6)])
    operation = pyproj.Transformer.from_crs("EPSG:6668", crs, always_xy=True)
    places = shapely.transform(
        [POINT, LINE, HOLED, shape], lambda xy: np.column_stack(operation.transform(xy[:, 0], xy[:, 1]))
    )
    path = files.folder / "gdal.gml"
    wkb = np.array(shapely.to_wkb(places), dtype=object)
    names = np.array(["甲", "乙", "丙", "丁"], dtype=object)
    pyogrio.raw.write(path, wkb, [names], ["名称"], driver="GML", geometry_type="Unknown", crs=crs, **options)
    table = files.read("gdal.gml", path.read_bytes())
    assert [row["名称"] for row in rows(table)] == ["甲", "乙", "丙", "丁"]
    assert table.source.crs == crs
    assert shapely.hausdorff_distance(shapes(table), [POINT, LINE, HOLED, shape]).max() < 1e-8
    assert any(code.startswith("geo.note_gml_") for code in notes(table))


@pytest.mark.parametrize(
    ("name", "crs", "north_first"),
    [
        ("fguuid:jgd2011.bl", "EPSG:6668", True),
        ("fguuid:jgd2000.bl", "EPSG:4612", True),
        ("JGD2000 / (B, L)", "EPSG:4612", True),
        ("TD / (B, L)", "EPSG:4301", True),
        ("JGD2011/(B,L)", "EPSG:6668", True),
        ("JGD2011 / 8 (X, Y)", "EPSG:6676", True),
        ("JGD2000 / 9 (X, Y)", "EPSG:2451", True),
        ("urn:ogc:def:crs:EPSG::4326", "EPSG:4326", True),
        ("urn:ogc:def:crs:EPSG::3857", "EPSG:3857", False),
        ("http://www.opengis.net/def/crs/EPSG/0/6676", "EPSG:6676", True),
        ("http://www.opengis.net/gml/srs/epsg.xml#4612", "EPSG:4612", False),
        ("EPSG:6668", "EPSG:6668", False),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", False),
        ("JGD2011 / 20 (X, Y)", None, False),
        ("http://127.0.0.1:9/crs.xml", None, False),
    ],
)
def test_every_way_of_naming_a_system_has_its_order(name: str, crs: str | None, north_first: bool) -> None:
    assert frame(name)[1:] == (crs, north_first)


def test_degrees_that_do_not_fit_the_order_of_their_system_are_read_by_range_and_told(files: Files) -> None:
    point = "<ksj:A><ksj:l><gml:Point><gml:pos>138.6 34.55</gml:pos></gml:Point></ksj:l></ksj:A>"
    table = files.read("逆.xml", numerical_map(point))
    assert shapes(table) == [POINT]
    assert notes(table)["geo.note_gml_by_range"] == {"srs": "JGD2011 / (B, L)", "order": "経度, 緯度"}


def test_a_system_that_is_unknown_or_not_the_only_one_is_asked_about(files: Files) -> None:
    content = basic_map(surface([HOLED.exterior.coords], "fguuid:mars.bl"))
    assert files.refusal("a.xml", content).code == "geo.file_crs_missing"
    assert files.read("a.xml", content, crs="EPSG:6668").source.crs == "EPSG:6668"
    two = "".join(
        f'<ksj:A><ksj:l><gml:Point srsName="EPSG:{number}"><gml:pos>138.6 34.55</gml:pos></gml:Point></ksj:l></ksj:A>'
        for number in (4612, 6668)
    )
    assert files.refusal("b.xml", numerical_map(two)).code == "geo.gml_several_crs"


def test_xml_without_features_is_refused_in_words(files: Files) -> None:
    assert (
        files.refusal("KS-META.xml", "<MD_Metadata><language>ja</language></MD_Metadata>").code == "geo.markup_not_that"
    )
    assert files.refusal("空.gml", numerical_map("")).code == "geo.gml_empty"
    assert files.refusal("表.gml", numerical_map("<ksj:A><ksj:n>x</ksj:n></ksj:A>")).code == "geo.gml_empty"


@given(st.lists(st.tuples(st.integers(0, 10**4), st.integers(0, 255)), max_size=8), st.integers(0, 60))
def test_garbled_gml_never_ends_the_parser(files: Files, changed: list[tuple[int, int]], cut: int) -> None:
    content = basic_map(surface([HOLED.exterior.coords]), "<a>x</a><a>y</a>").encode()
    files.survives("a.gml", mutated(content, changed, cut))
