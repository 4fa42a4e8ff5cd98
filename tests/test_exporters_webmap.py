"""The offline map: one file, nothing from outside, nothing in the data runs, every row counted."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import exporters_town as town
import numpy as np
import pytest
import shapely
from playwright.sync_api import Browser, Page, sync_playwright

from agreements.format import Column, ColumnType
from exporters import webmap
from exporters.clean import visible
from exporters.errors import MapTooLargeError
from exporters.maplayers import Detail, overlays, prepare
from exporters.model import Layer, Marks
from exporters.webmap import MOST_BYTES, script_json, write_webmap

EVIL = "<img src=x onerror=alert(1)>`${alert(2)}`</script><script>alert(3)</script>{{7*7}}{% raise %}{#"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


class Opened:
    """A map in the browser, with all that it asked for, said and got wrong."""

    def __init__(self, browser: Browser, path: Path, *, width: int = 1280, height: int = 800) -> None:
        self.page: Page = browser.new_page(viewport={"width": width, "height": height})
        self.asked: list[str] = []
        self.faults: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda message: self.faults.append(message.text))
        self.page.on("dialog", lambda dialog: (self.faults.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.goto(path.as_uri())
        self.page.wait_for_function("document.querySelector('.leaflet-control-scale') !== null")

    def run(self, script: str) -> Any:
        return self.page.evaluate(script)

    def overlays(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.run("tayori.overlays.map(one => one.data)")
        return found


def opened(browser: Browser, tmp_path: Path, layers: list[Layer], marks: Marks = town.MARKS, **size: int) -> Opened:
    counts = write_webmap(tmp_path / "map.html", layers, marks)
    assert counts == {layer.name: len(layer) for layer in layers}
    return Opened(browser, tmp_path / "map.html", **size)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_file_names_nothing_that_a_browser_would_load(tmp_path: Path) -> None:
    write_webmap(tmp_path / "map.html", [*town.town(), town.hostile("hostile")], town.DRILL)
    page = text_of(tmp_path / "map.html")
    assert (tmp_path / "map.html").stat().st_size < MOST_BYTES
    assert not re.findall(r"<(?:link|iframe|object|embed|base|form|img|video|audio|source)\b", page)
    assert not re.findall(r"<script[^>]+>", page)
    assert {url[:22] for url in re.findall(r"url\(([^)]*)\)", page)} == {"data:image/png;base64,", "#default#VML"}
    assert "@import" not in page
    assert "sourceMappingURL" not in page
    assert not re.findall(r"[\"'(]https?://(?!www\.w3\.org/|leafletjs\.com)", page.replace(town.HOSTILE[23], ""))


def test_the_policy_comes_before_every_script_and_allows_no_source(tmp_path: Path) -> None:
    write_webmap(tmp_path / "map.html", [town.shelters()], town.MARKS)
    page = text_of(tmp_path / "map.html")
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', page)
    assert policy is not None
    assert policy.start() < page.index("<script>")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.group(1).split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert rules["style-src"] == "'unsafe-inline'"
    assert len(re.findall("'sha256-[^']+'", rules["script-src"])) == page.count("<script>")
    assert "http" not in policy.group(1)


@pytest.mark.parametrize("value", [EVIL, "`", "\u2028", "&lt;", "<!--", "日本語", {"a": [EVIL, 1.5, None]}])
def test_json_in_a_script_holds_no_sign_that_could_end_it(value: Any) -> None:
    text = script_json(value)
    assert not re.search("[<>&'`\u2028\u2029]", text)
    assert json.loads(text) == value


def test_words_that_look_like_a_template_are_never_executed(tmp_path: Path) -> None:
    probe = "{{ 7 * 191 }}{% for i in range(3) %}x{% endfor %}{# gone #}"
    kinds = {"risk_id": ["1"], "risk_kind": [probe], "name": [probe]}
    risks = town.layer("risk-spots", probe, town.risks().columns, kinds, [shapely.Point(138.6, 34.55)], source=probe)
    marks = replace(town.MARKS, **dict.fromkeys(("title", "municipality", "event", "recipient", "basis"), probe))
    write_webmap(tmp_path / "map.html", [risks, replace(town.vehicles(), title=probe)], marks)
    page = text_of(tmp_path / "map.html")
    assert "1337" not in page
    assert "xxx" not in page
    assert page.count("gone") == page.count("7 * 191") >= 9


def test_the_rows_of_all_switches_are_the_rows_of_the_layers() -> None:
    for layer in town.town(homes=5_000):
        prepared = prepare(layer)
        if prepared is None:
            assert layer.geometry is None
            continue
        drawn = list(overlays(prepared, Detail()))
        assert sum(overlay.rows for overlay in drawn) == len(layer)
        assert all(sum(n for _, n in overlay.looks) == overlay.placed for overlay in drawn)


@pytest.mark.parametrize("with_town", [True, False])
def test_a_crowd_is_drawn_as_counts_that_add_up(with_town: bool) -> None:
    layer: Layer = town.dwellings(9_000)
    geometry = layer.geometry.copy() if layer.geometry is not None else None
    assert geometry is not None
    geometry[:50] = None
    kept = [column for column in layer.columns if with_town or column.name != "place_town"]
    layer = Layer("dwellings", "配達先", tuple(kept), layer.table.select([c.name for c in kept]), geometry, town.AT)
    prepared = prepare(layer)
    assert prepared is not None
    (overlay,) = overlays(prepared, Detail())
    assert overlay.data["draw"] == "group"
    assert (overlay.rows, overlay.unplaced, sum(overlay.data["sums"])) == (9_000, 50, 8_950)
    assert len(overlay.data["names"]) == (
        8 if with_town else len(set(overlay.data["at"])) and len(overlay.data["sums"])
    )
    assert ("町ごと" if with_town else "km四方ごと") in overlay.sentence
    by_look = [column for column in overlay.data["columns"] if column["label"] != "件数"]
    numbers = [_number(column, row) for column in by_look for row in range(len(overlay.data["names"]))]
    assert sum(numbers) == 8_950


def _number(column: dict[str, Any], row: int) -> int:
    text = column["texts"][column["values"][row]] if "texts" in column else column["values"][row]
    return int(text.replace(",", "") or 0)


def test_a_layer_at_the_limit_is_still_drawn_row_by_row() -> None:
    prepared = prepare(town.dwellings(4_000))
    assert prepared is not None
    (overlay,) = overlays(prepared, Detail())
    assert (overlay.data["draw"], len(overlay.data["names"])) == ("dot", 4_000)


def _ragged(count: int, corners: int) -> Layer:
    rng = np.random.default_rng(3)
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    rings = []
    for _ in range(count):
        radius = 0.004 * (1 + 0.15 * rng.random(corners))
        rings.append(
            np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None] + [138.6, 34.55] + rng.normal(0, 0.03, 2)
        )
    columns = [
        Column("area_id", "区域ID"),
        Column("area_kind", "区分", ColumnType.CHOICE, choices={"disaster": "被災区域"}),
    ]
    rows = {"area_id": [str(i) for i in range(count)], "area_kind": ["disaster"] * count}
    return town.layer("areas", "区域", columns, rows, list(shapely.polygons(np.array(rings))))


def test_heavy_shapes_are_simplified_until_the_file_fits_and_the_page_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_BYTES == 5_000_000
    monkeypatch.setattr(webmap, "MOST_BYTES", 900_000)
    assert write_webmap(tmp_path / "map.html", [_ragged(40, 5_000), town.boundary()], town.MARKS)["areas"] == 40
    assert (tmp_path / "map.html").stat().st_size <= 900_000
    assert "まで簡略にしてあります" in text_of(tmp_path / "map.html")


def test_a_map_that_cannot_fit_is_refused_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webmap, "MOST_BYTES", 150_000)
    with pytest.raises(MapTooLargeError, match="上限150,000バイト"):
        write_webmap(tmp_path / "map.html", [town.shelters()], town.MARKS)
    assert list(tmp_path.iterdir()) == []


def test_folium_itself_is_left_as_it_was(tmp_path: Path) -> None:
    before = list(webmap.folium.Map.default_js)
    write_webmap(tmp_path / "map.html", [town.shelters()], town.MARKS)
    assert webmap.folium.Map.default_js == before
    assert len(before) >= 4


@pytest.mark.parametrize(
    "layers", [[town.vehicles()], [town.dwellings(0)], [replace(town.offices(), geometry=np.full(6, None))]]
)
def test_a_map_without_places_still_counts_its_rows(tmp_path: Path, layers: list[Layer]) -> None:
    write_webmap(tmp_path / "map.html", layers, town.MARKS)
    page = text_of(tmp_path / "map.html")
    assert f"{len(layers[0]):,}件" in page.replace("\\u4ef6", "件")


@pytest.mark.chromium
def test_the_map_asks_for_nothing_but_itself_and_reports_no_fault(browser: Browser, tmp_path: Path) -> None:
    one = opened(browser, tmp_path, town.town())
    for box in one.page.query_selector_all(".leaflet-control-layers input"):
        box.click()
    assert one.asked == [(tmp_path / "map.html").as_uri()]
    assert one.faults == []


@pytest.mark.chromium
def test_every_row_with_a_place_is_on_the_map(browser: Browser, tmp_path: Path) -> None:
    one = opened(browser, tmp_path, [town.damage(), town.shelters(), town.roads(), town.areas()])
    drawn = one.run("tayori.overlays.map(o => [o.data.rows, o.data.names.length, o.group.getLayers().length])")
    assert sum(rows for rows, _, _ in drawn) == 9 + 12 + 18 + 7
    assert sum(names for _, names, _ in drawn) == 9 + 11 + 18 + 7
    assert sum(layers for _, _, layers in drawn) == 9 + 11 + 18 + 7
    at = one.run("(() => { const p = tayori.overlays[0].group.getLayers()[0].getLatLng(); return [p.lng, p.lat] })()")
    damage = town.damage().geometry
    assert damage is not None
    assert at == pytest.approx([damage[0].x, damage[0].y], abs=1e-6)


@pytest.mark.chromium
def test_switches_name_each_layer_with_its_count_and_work_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    one = opened(browser, tmp_path, town.town())
    words = [
        label.inner_text().split("\n")[-3:] for label in one.page.query_selector_all(".leaflet-control-layers label")
    ]
    assert ["避難所", "12件", "位置なし1件"] in words
    assert ["交通事故", "40件"] in words
    assert words[0] == ["×", "被害地点", "9件"]
    shown = "map_tayori.hasLayer(tayori.overlays[0].group)"
    assert one.run(shown) is True
    one.page.focus(".leaflet-control-layers input >> nth=0")
    one.page.keyboard.press("Space")
    assert one.run(shown) is False
    one.page.keyboard.press("Space")
    assert one.run(shown) is True


@pytest.mark.chromium
def test_a_sign_opens_by_keyboard_and_shows_its_row(browser: Browser, tmp_path: Path) -> None:
    one = opened(browser, tmp_path, [town.offices()])
    one.page.focus(".leaflet-marker-icon >> nth=0")
    one.page.keyboard.press("Enter")
    said = one.page.inner_text(".t-popup")
    for words in ("潮見郵便局", "営業中", "2026/11/21 10:00", "郵便、貯金", "54S", "北緯34."):
        assert words in said


@pytest.mark.chromium
def test_hostile_data_is_shown_and_does_nothing(browser: Browser, tmp_path: Path) -> None:
    marks = replace(town.DRILL, title=EVIL, recipient=EVIL, basis=EVIL, event=EVIL)
    evil = replace(town.vehicles(), name="evil", title=EVIL, source=EVIL)
    shapes = replace(town.roads(), title=EVIL, source=EVIL)
    one = opened(browser, tmp_path, [town.hostile(), evil, shapes, town.hostile("hostile")], marks)
    assert one.run("document.scripts.length") == 5
    assert one.run("document.querySelectorAll('img, iframe, object, form, a[href^=http]').length") == 0
    assert one.page.title() == f"【訓練】{EVIL}"
    assert one.page.inner_text("h1") == f"【訓練】{EVIL}"
    assert EVIL in one.page.inner_text(".leaflet-control-layers")
    for i, text in enumerate(town.HOSTILE):
        title = one.run(
            f"(() => {{ const g = tayori.overlays.find(o => o.data.title === '被害地点').group.getLayers()[{i}];"
            " g.openPopup(); return g.getPopup().getElement().querySelector('h2').textContent })()"
        )
        assert title == visible(re.sub("\r\n?", "\n", text))
    assert one.run("document.querySelectorAll('.t-popup script, .t-popup img').length") == 0
    assert one.asked == [(tmp_path / "map.html").as_uri()]
    assert one.faults == []


@pytest.mark.chromium
def test_even_markup_that_slipped_in_could_not_run_or_load(browser: Browser, tmp_path: Path) -> None:
    one = opened(browser, tmp_path, [town.shelters()])
    one.run(
        "document.body.insertAdjacentHTML('beforeend',"
        ' \'<img src="https://example.invalid/a.png" onerror="window.ran=1">\');'
        "const s = document.createElement('script'); s.textContent = 'window.ran=2'; document.body.appendChild(s);"
        "fetch('https://example.invalid/b').catch(() => { window.fetched = 'refused' });"
    )
    one.page.wait_for_function("window.fetched === 'refused'")
    assert one.run("window.ran") is None
    assert sum("Content Security Policy" in fault for fault in one.faults) >= 3


@pytest.mark.chromium
@pytest.mark.parametrize(("width", "height"), [(800, 600), (1280, 800)])
def test_the_page_fits_an_old_screen(browser: Browser, tmp_path: Path, width: int, height: int) -> None:
    one = opened(browser, tmp_path, town.town(), town.DRILL, width=width, height=height)
    boxes = {
        name: one.page.locator(name).bounding_box() for name in (".t-drill", ".folium-map", ".leaflet-control-layers")
    }
    drill, chart, panel = boxes[".t-drill"], boxes[".folium-map"], boxes[".leaflet-control-layers"]
    assert drill is not None
    assert chart is not None
    assert panel is not None
    assert (drill["x"], drill["y"], drill["width"]) == (0, 0, width)
    assert chart["width"] == width
    assert chart["height"] >= 0.8 * height
    assert panel["x"] + panel["width"] <= width
    assert panel["y"] + panel["height"] <= height
    assert panel["width"] <= 0.33 * width
    assert one.run("document.documentElement.scrollHeight <= window.innerHeight") is True
    assert one.run("document.documentElement.scrollWidth <= window.innerWidth") is True
    corners = one.run(
        "(() => { const b = map_tayori.getBounds(); return [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()] })()"
    )
    boundary = town.boundary().geometry
    assert boundary is not None
    assert shapely.box(*corners).contains(boundary[0])


@pytest.mark.chromium
def test_marks_and_legend_stand_on_the_page(browser: Browser, tmp_path: Path) -> None:
    one = opened(browser, tmp_path, town.town(homes=5_000), town.DRILL)
    head = one.page.inner_text(".t-head")
    for words in ("2026年11月21日 10:00(日本時間)", "潮見市災害対策本部", "2026年12月21日 10:00まで", "協定第3条"):
        assert words in head
    assert "訓練" in one.page.inner_text(".t-drill")
    legend = one.page.inner_text(".t-legend")
    for words in (
        "通行不能",
        "浸水想定区域",
        "5,000件と多いため、町ごとの件数",
        "車両(2件)",
        "第一次緊急輸送路",
        "配達中の件数/配達先の件数",
    ):
        assert words in legend
    assert one.page.inner_text(".leaflet-control-scale").endswith("km")
    assert one.page.get_attribute("html", "lang") == "ja"
    plain = opened(browser, tmp_path, [town.shelters()])
    assert plain.page.query_selector(".t-drill") is None
    assert "訓練" not in plain.page.inner_text("body")


@pytest.mark.chromium
def test_a_map_past_its_expiry_says_so(browser: Browser, tmp_path: Path) -> None:
    write_webmap(tmp_path / "map.html", [town.shelters()], town.MARKS)
    assert town.MARKS.expires_at is not None
    for late, expected in ((-1, 0), (1, 1)):
        page = browser.new_page()
        page.clock.set_fixed_time(town.MARKS.expires_at + timedelta(seconds=late))
        page.goto((tmp_path / "map.html").as_uri())
        assert page.locator(".t-expired").count() == expected


@pytest.mark.chromium
def test_town_names_do_not_lie_on_signs_or_on_each_other(browser: Browser, tmp_path: Path) -> None:
    one = opened(browser, tmp_path, [town.delivery_status(), town.shelters(), town.boundary()])
    boxes = one.run(
        "Array.from(document.querySelectorAll('.t-town, .t-name, .t-sign')).filter(e => !e.closest('.t-key')"
        " && e.style.visibility !== 'hidden').map(e => { const b = e.getBoundingClientRect();"
        " return [b.left, b.top, b.right, b.bottom, e.className] })"
    )
    names = [shapely.box(*box[:4]) for box in boxes if box[4] != "t-sign"]
    signs = [shapely.box(*box[:4]) for box in boxes if box[4] == "t-sign"]
    assert sum(box[4] == "t-town" for box in boxes) >= 6
    for i, name in enumerate(names):
        assert all(name.intersection(other).area == 0 for other in names[:i] + signs)
