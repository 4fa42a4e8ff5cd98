"""The offline map: one HTML file that opens without a network, and asks for nothing from one.

Built with folium on Leaflet, whose script, style and images are inlined from the XStatic-Leaflet wheel. Words of the
data reach the page as JSON (with every sign that could end a script escaped) or through a template that escapes; the
page sets them as text. A Content-Security-Policy lets only the scripts run whose hashes it names, and loads nothing.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import folium
from branca.element import Figure, MacroElement
from folium.map import Layer as FoliumLayer
from folium.template import Template
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from exporters.about import DRILL_SENTENCE, as_data, drill_title, instant, lines
from exporters.clean import visible
from exporters.errors import MapTooLargeError
from exporters.maplayers import Detail, Overlay, Prepared, corners, overlays, prepare, simplified
from exporters.mapshapes import bounds
from exporters.mapstyle import Draw, Frame, Look
from exporters.model import Layer, Marks
from exporters.whole import refuse_same_names, written_whole

#: A disaster HQ mails these files and opens them on old machines.
MOST_BYTES: Final = 5_000_000
_DETAILS: Final = (
    Detail(),
    Detail(metres=5),
    Detail(metres=20),
    Detail(metres=50, most_points=2_000),
    Detail(metres=100, most_points=1_000, most_columns=8),
    Detail(metres=200, most_points=300, most_columns=4),
    Detail(metres=500, most_points=300, most_columns=2),
)
#: The least that a corner of a line or polygon takes in the page.
_BYTES_A_CORNER: Final = 5
_POLICY: Final = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; script-src {}"
)
#: The layer that the map is fitted to; without it, everything.
_FRAME: Final = "boundaries"
_TEMPLATES: Final = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def write_webmap(path: Path, layers: Sequence[Layer], marks: Marks) -> dict[str, int]:
    """Write layers as one HTML file of at most 5 MB that opens offline.

    Every layer has a switch with its count; the legend explains its signs. A layer of more than 4,000 points is drawn
    as counts by town (column ``place_town`` or ``town``) or by cell, and says so; the counts add up to its rows. Rows
    without a place are counted beside the switch, layers without places named in the legend. If the file would be
    too large, lines are simplified and more layers counted, step by step. The same input gives the same bytes.

    Returns
    -------
    dict of str to int
        Rows by name of layer: those drawn, counted into a circle, or counted as having no place.

    Raises
    ------
    ExportError
        ``exporters.no_layers``, ``exporters.same_name``, ``exporters.bad_place`` or ``exporters.cannot_write``.
    MapTooLargeError
        ``exporters.map_too_large`` if even the coarsest drawing does not fit.
    """
    refuse_same_names(layers)
    page = _smallest_fitting(layers, marks)
    with written_whole(path) as partial:
        partial.write_bytes(page)
    return {layer.name: len(layer) for layer in layers}


def _smallest_fitting(layers: Sequence[Layer], marks: Marks) -> bytes:
    """Return the page in the finest detail that fits."""
    prepared = [one for one in map(prepare, layers) if one is not None]
    absent = [layer for layer in layers if layer.geometry is None]
    size = 0
    for detail in _DETAILS:
        prepared = [simplified(one, detail) for one in prepared]
        size = _BYTES_A_CORNER * sum(corners(one) for one in prepared)
        if size > MOST_BYTES:  # no need to write the page to see that it is too large
            continue
        drawn = [overlay for one in prepared for overlay in overlays(one, detail)]
        page = _page(drawn, prepared, absent, marks).encode()
        size = len(page)
        if size <= MOST_BYTES:
            return page
    raise MapTooLargeError("exporters.map_too_large", bytes=f"{size:,}", limit=f"{MOST_BYTES:,}")


def script_json(value: Any) -> str:
    """Write a value as JSON that stands safely inside a script: no sign of it can end the script or begin markup."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&'`\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


class _Page(Figure):
    """folium's figure with a page of our own: in Japanese, its policy first, nothing loaded from outside."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        super().__init__()
        self.header._children.clear()
        self.words = words

    def render(self, **kwargs: Any) -> str:
        for child in self._children.values():
            child.render(**kwargs)
        page = _TEMPLATES.from_string(_asset("map.html")).render(
            header=Markup(self.header.render()),  # noqa: S704
            body=Markup(self.html.render()),  # noqa: S704
            script=Markup(self.script.render()),  # noqa: S704
            **self.words,
        )
        return _with_policy(page)


class _OfflineMap(folium.Map):
    """A Leaflet map without tiles and without the ten files that folium would load."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012
    default_css: list[tuple[str, str]] = []  # noqa: RUF012


class _Switch(FoliumLayer):
    """One layer of the map, drawn by ``map.js`` from the data of the page under its number.

    The data themselves never pass through folium: it renders its own output as a template once more, so that words
    such as ``{{ … }}`` in a name would be executed here.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}var {{ this.get_name() }} = tayori.layer({{ this.number }});{% endmacro %}"
    )

    def __init__(self, overlay: Overlay, number: int) -> None:
        super().__init__(name=str(_switch_words(overlay)), overlay=True, show=overlay.shown)
        self._name, self._id, self.number = "Switch", str(number), number


class _Start(MacroElement):
    """The last script of the page: what needs every layer to be there."""

    _template = Template("{% macro script(this, kwargs) %}tayori.start({{ this._parent.get_name() }});{% endmacro %}")


def _page(drawn: Sequence[Overlay], prepared: Sequence[Prepared], absent: Sequence[Layer], marks: Marks) -> str:
    """Put the page together; layers stand in the switch as they lie on the map, the uppermost first."""
    drawn = sorted(drawn, key=lambda overlay: -overlay.order)
    title = drill_title(visible(marks.title), marks)
    around = bounds([one.found for one in prepared if one.layer.name == _FRAME] or [one.found for one in prepared])
    data = {
        "title": title, "until": instant(marks.expires_at), "bounds": around,
        "layers": [{**one.data, "title": one.title, "order": one.order, "rows": one.rows} for one in drawn],
    }  # fmt: skip
    page = _Page(_page_words(drawn, prepared, absent, marks) | {"title": title, "data": Markup(script_json(data))})  # noqa: S704
    frame = _OfflineMap((36.0, 138.0), tiles=None, zoom_start=5, attribution_control=False, zoom_snap=0.25)
    frame._id = "tayori"
    page.add_child(frame)
    for number, overlay in enumerate(drawn):
        frame.add_child(_Switch(overlay, number))
    control = folium.LayerControl(collapsed=False)
    control._id = "switches"
    frame.add_child(control)
    frame.add_child(_Start())  # type: ignore[no-untyped-call]
    return page.render()


def _page_words(
    drawn: Sequence[Overlay], prepared: Sequence[Prepared], absent: Sequence[Layer], marks: Marks
) -> dict[str, Any]:
    return {
        "leaflet_css": _leaflet_css(),
        "leaflet_js": _leaflet_js(),
        "map_css": Markup(_asset("map.css")),  # noqa: S704
        "map_js": Markup(_asset("map.js")),  # noqa: S704
        "drill": DRILL_SENTENCE if marks.drill else "",
        "lines": [(name, visible(words)) for name, words in lines(marks)],
        "about": script_json([as_data(one, marks) for one in (*(p.layer for p in prepared), *absent)]),
        "legend": [overlay for overlay in drawn if _needs_legend(overlay)],
        "sentences": [visible(sentence) for sentence in _sentences(drawn, prepared, absent)],
        "key": _key,
    }


def _needs_legend(overlay: Overlay) -> bool:
    """Whether the switch alone does not say what the signs of a layer mean."""
    return len(overlay.looks) > 1 or any(look.label not in overlay.title for look, _ in overlay.looks)


def _sentences(drawn: Sequence[Overlay], prepared: Sequence[Prepared], absent: Sequence[Layer]) -> list[str]:
    said = [overlay.sentence for overlay in drawn if overlay.sentence]
    if absent:
        tables = "、".join(f"{layer.title}({len(layer):,}件)" for layer in absent)
        said.append(f"位置を持たないため地図に載らない表: {tables}")
    sources: dict[str, list[str]] = {}
    for one in prepared:
        sources.setdefault(one.layer.source, []).append(one.layer.title)
    said += [f"出典: {source}({'、'.join(titles)})" for source, titles in sources.items() if source]
    said.append("位置は世界測地系(JGD2011)。表示: Leaflet(BSD 2-Clause)")
    return said


def _switch_words(overlay: Overlay) -> Markup:
    """Return the words beside a switch.

    Leaflet sets them as markup and folium renders them as a template, so markup and braces of the data are escaped.
    """
    lacking = Markup("<small>位置なし{:,}件</small>").format(overlay.unplaced) if overlay.unplaced else ""
    key = _key(overlay, overlay.looks[0][0]) if overlay.looks else Markup('<span class="t-key"></span>')
    words = Markup(
        '<span data-layer="{}">{}<span class="t-title">{}</span><span class="t-count">{:,}件{}</span></span>'
    ).format(overlay.key, key, overlay.title, overlay.rows, lacking)
    return Markup(str(words).replace("{", "&#123;").replace("}", "&#125;"))  # noqa: S704


def _key(overlay: Overlay, look: Look) -> Markup:
    """Return the small sign that stands for a look in switch and legend."""
    if overlay.data["draw"] == Draw.MARKER:
        return _marker_key(look)
    fill, dash = look.fill or "none", f'stroke-dasharray="{look.dash}"' if look.dash else ""
    strokes = Markup('fill="{}" fill-opacity="{}" stroke="{}" stroke-width="{}" {}').format(
        fill,
        look.opacity,
        look.color,
        min(look.weight, 5),
        Markup(dash),  # noqa: S704
    )
    if overlay.data["draw"] in (Draw.SHAPE, Draw.TOWN):
        form = (
            '<rect x="2" y="2" width="18" height="12" {}/>' if look.fill else '<line x1="1" y1="8" x2="21" y2="8" {}/>'
        )
    else:
        form = '<circle cx="11" cy="8" r="5.5" {}/>'
    drawing = Markup(form).format(strokes)  # noqa: S704
    return Markup('<span class="t-key"><svg width="22" height="16" aria-hidden="true">{}</svg></span>').format(drawing)


def _marker_key(look: Look) -> Markup:
    frame = {Frame.ROUND: " t-round", Frame.SIGN: " t-frame-sign"}.get(look.frame, "")
    border = "#1b1f24" if look.frame is Frame.SIGN else look.fill if look.color == "#ffffff" else look.color
    style = f"color:{look.color};background:{look.fill};border-color:{border}"
    style += f";border-style:{look.dash}" if look.dash else ""
    return Markup('<span class="t-key"><span class="t-sign{}" style="{}"><span>{}</span></span></span>').format(
        frame, style, look.sign
    )


def _asset(name: str) -> str:
    return files("exporters").joinpath("static", name).read_text(encoding="utf-8")


def _leaflet(name: str) -> bytes:
    return files("xstatic.pkg.leaflet").joinpath("data", name).read_bytes()


def _leaflet_js() -> Markup:
    script = _leaflet("leaflet.js").decode().replace("\r\n", "\n")
    return Markup(re.sub(r"\n//# sourceMappingURL=.*", "", script))  # noqa: S704


def _leaflet_css() -> Markup:
    """Return Leaflet's style with its images inside; the rule for browsers of 2005 goes, as it names an address."""

    def image(match: re.Match[str]) -> str:
        data = base64.b64encode(_leaflet(match.group(1))).decode()
        return f"url(data:image/png;base64,{data})"

    style = _leaflet("leaflet.css").decode().replace("\r\n", "\n").replace("behavior: url(#default#VML);", "")
    return Markup(re.sub(r"url\((images/[\w.-]+)\)", image, style))  # noqa: S704


def _with_policy(page: str) -> str:
    """Name the hashes of the page's scripts in its policy; nothing else may run, not even what slipped into it.

    ``'unsafe-inline'`` is for browsers that know no hashes; all others pass over it where a hash stands.
    """
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(["'unsafe-inline'", *(f"'sha256-{one}'" for one in hashes)])
    return page.replace("@CSP@", _POLICY.format(allowed), 1)
