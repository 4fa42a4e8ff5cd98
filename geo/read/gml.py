"""GML 2, 3.1 and 3.2, 国土数値情報 and 基盤地図情報 among them, without schemas and without leaving the file."""

import json
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import shapely

from geo.errors import ReadError
from geo.read.assemble import unique_names, with_places
from geo.read.gmlcrs import Frame, one_frame, order
from geo.read.gmlshape import GEOMETRY, Assembler, Missing, Node, Part, coordinates
from geo.read.markup import Rows, visit
from geo.read.model import Note, Parsed
from geo.read.shapes import BROKEN
from geo.read.text import Job, control_note

_GML = "http://www.opengis.net/gml"
_CONTAINERS = frozenset({"featureMember", "featureMembers", "member", "members", "FeatureCollection", "Tuple"})
_ENVELOPES = frozenset({"Envelope", "EnvelopeWithTimePeriod", "Box"})
_VERTICES = frozenset({"pos", "posList", "coordinates"})
_TYPES_SHOWN = 10

_Key = tuple[str, ...]


class _Element:
    """An element that is open."""

    __slots__ = ("attributes", "has_parts", "kind", "name", "path")

    def __init__(self, kind: str, name: str, attributes: Mapping[str, str], path: _Key) -> None:
        self.kind, self.name, self.attributes, self.path = kind, name, attributes, path
        self.has_parts = False


def parse_gml(job: Job) -> Parsed:
    """Read the features of a GML document, whatever application schema they are of.

    Features are the members of a collection, or else what stands directly in the root and is no geometry. Each simple
    element within becomes a column under its name (the one of the property around it for elements of GML itself, such
    as ``timePosition``), prefixed with its path where another column has that name; one that comes again becomes a
    JSON list. Geometry may stand in the feature or be referred to by ``xlink:href="#id"``; references to other files
    stay text.

    Raises
    ------
    ReadError
        As `geo.read.markup.visit`; if no feature has geometry, or the file uses several reference systems.
    """
    reader = _Reader(job)
    visit(job, reader)
    reader.settle()
    if not any(place is not None for place in reader.places):
        if not reader.is_gml:
            raise ReadError("geo.markup_not_that", file=job.file, expected="GML", found=reader.root[:40])
        raise ReadError("geo.gml_empty", file=job.file)
    frame = one_frame(reader.systems or reader.default_systems, job.stated, job.file)
    wkb, remarks = _turned(reader.places, frame)
    notes: tuple[Note, ...] = (*remarks, *reader.notes(), *control_note(job.text))
    return with_places(
        reader.table(), wkb, frame.crs or "", job.limits, job.file, encoding=job.text.encoding, notes=notes,
        accept_inaccurate=job.stated.accept_inaccurate,
    )  # fmt: skip


def _turned(places: list[bytes | None], frame: Frame) -> tuple[pa.Array, tuple[Note, ...]]:
    """Return shapes with the easting first, as everything behind expects."""
    found = np.array(places, dtype=object)
    read = shapely.from_wkb(found, on_invalid="ignore")
    known = ~shapely.is_missing(read)
    north_first, remarks = order(frame, shapely.get_coordinates(read))
    if north_first:
        turned = shapely.get_coordinates(read, include_z=True)[:, [1, 0, 2]]
        found[known] = shapely.to_wkb(shapely.set_coordinates(read, turned)[known])
    return pa.array(found.tolist(), pa.binary()), remarks


class _Reader:
    """Follows the elements of a document."""

    def __init__(self, job: Job) -> None:
        self._file = job.file
        self._rows = Rows(job.limits, job.file)
        self._shapes = Assembler(job.limits, job.file)
        self.root = ""
        self.is_gml = False
        self.places: list[bytes | None] = []
        self.systems: set[str] = set()  # named by geometries
        self.default_systems: set[str] = set()  # named by envelopes: of geometries that name none
        self._types: list[str] = []
        self._more = 0
        self._stack: list[_Element] = []
        self._skipped = 0  # depth within an element that means nothing to us
        self._open: list[Node] = []
        self._row_shapes: list[Part] = []
        self._waiting: dict[int, Part] = {}
        self._references: list[tuple[int, _Key, str]] = []
        self._repeated: dict[_Key, list[str]] = {}

    def start(self, space: str, name: str, attributes: Mapping[str, str]) -> None:
        """Open an element."""
        gml = space.startswith(_GML)
        self.is_gml |= gml
        if name in _ENVELOPES and "srsName" in attributes:
            self.default_systems.add(attributes["srsName"].strip())
        if self._skipped:
            self._skipped += 1
            return
        if gml and name in GEOMETRY and self._stack:
            self._start_geometry(name, attributes)
        elif self._open:
            self._start_part(name, attributes)
        elif self._in_feature():
            self._start_property(gml, name, attributes)
        else:
            self._start_outside(gml, name, attributes)

    def end(self, space: str, name: str, text: str) -> None:  # noqa: ARG002 - the stack knows the space already
        """Close an element."""
        if self._skipped:
            self._skipped -= 1
            return
        element = self._stack.pop()
        match element.kind:
            case "geometry":
                self._end_geometry(element)
            case "part" if name in _VERTICES and self._open:
                self._take(name, text, element.attributes)
            case "property":
                self._end_property(element, text)
            case "feature":
                self._end_feature()

    def settle(self) -> None:
        """Make the shapes and texts that had to wait for the end of the file."""
        for row, part in self._waiting.items():
            self.places[row] = self._shape(part, missing=BROKEN)
        for row, key, name in self._references:
            if name not in self._shapes.known:
                self._rows.put(key, name, row)
            elif self.places[row] is None:
                self.places[row] = self._shape(name, missing=BROKEN)
            else:
                self._more += 1

    def table(self) -> pa.Table:
        """Return the attributes; with the kind of the feature if there are several."""
        keys = self._rows.keys
        table = self._rows.table(["/".join(key) if _last_is_taken(key, keys) else key[-1] for key in keys])
        if len(set(self._types)) > 1:
            name = unique_names([*table.column_names, "feature"])[-1]
            kinds = pa.table({name: pa.array(self._types, pa.string())})
            table = kinds.from_arrays([*kinds.columns, *table.columns], [name, *table.column_names])
        return table

    def notes(self) -> tuple[Note, ...]:
        """Return remarks on kinds of features and on geometry that was left out."""
        remarks: list[Note] = []
        kinds = Counter(self._types)
        if len(kinds) > 1:
            shown = "、".join(f"{kind} {count}" for kind, count in kinds.most_common(_TYPES_SHOWN))
            remarks.append(("geo.note_gml_types", {"count": len(kinds), "types": shown}))
        if self._more:
            remarks.append(("geo.note_gml_more_geometries", {"count": self._more}))
        return tuple(remarks)

    def _in_feature(self) -> bool:
        return bool(self._stack) and self._stack[-1].kind in {"feature", "property"}

    def _push(self, kind: str, name: str, attributes: Mapping[str, str], path: _Key = ()) -> None:
        self._stack.append(_Element(kind, name, attributes, path))

    def _start_outside(self, gml: bool, name: str, attributes: Mapping[str, str]) -> None:
        if not self._stack:
            self.root = name
            self._push("root", name, attributes)
        elif name in _CONTAINERS:
            self._push("container", name, attributes)
        elif gml:  # description, boundedBy, ...
            self._skipped = 1
        else:
            self._begin_feature(name, attributes)

    def _begin_feature(self, name: str, attributes: Mapping[str, str]) -> None:
        self._rows.begin()
        self.places.append(None)
        self._types.append(name)
        self._row_shapes = []
        self._repeated = {}
        self._push("feature", name, attributes)
        identity = attributes.get("id") or attributes.get("fid")
        if identity:
            self._rows.put(("gml_id",), identity)

    def _start_property(self, gml: bool, name: str, attributes: Mapping[str, str]) -> None:
        parent = self._stack[-1]
        if gml and name in {"boundedBy", "metaDataProperty"}:
            self._skipped = 1
            return
        parent.has_parts = True
        path = parent.path if gml and parent.path else (*parent.path, name)
        self._push("property", name, attributes, path)

    def _end_property(self, element: _Element, text: str) -> None:
        reference = element.attributes.get("href", "")
        if text:
            self._put(element.path, text)
        elif not element.has_parts and reference.startswith("#"):
            self._references.append((len(self.places) - 1, element.path, reference[1:]))
        elif not element.has_parts and reference:
            self._put(element.path, reference)

    def _put(self, key: _Key, text: str) -> None:
        values = self._repeated.setdefault(key, [])
        values.append(text)
        if len(values) == 1:
            self._rows.put(key, text)

    def _end_feature(self) -> None:
        row = len(self.places) - 1
        for key, values in self._repeated.items():
            if len(values) > 1:
                self._rows.replace(key, json.dumps(values, ensure_ascii=False))
        if not self._row_shapes:
            return
        self._more += len(self._row_shapes) > 1
        try:
            self.places[row] = self._shapes.wkb(self._row_shapes[0])
        except Missing:
            self._waiting[row] = self._row_shapes[0]

    def _shape(self, part: Part, missing: bytes) -> bytes | None:
        try:
            return self._shapes.wkb(part)
        except Missing:
            return missing

    def _start_geometry(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._in_feature():
            self._stack[-1].has_parts = True
        if "srsName" in attributes:
            self.systems.add(attributes["srsName"].strip())
        self._open.append(Node(name, reverse=attributes.get("orientation") == "-"))
        self._push("geometry", name, attributes)

    def _start_part(self, name: str, attributes: Mapping[str, str]) -> None:
        if "href" in attributes:
            self._open[-1].parts.append((name, attributes["href"].removeprefix("#")))
        self._push("part", name, attributes)

    def _end_geometry(self, element: _Element) -> None:
        node = self._open.pop()
        around = self._stack[-1]
        if self._open:
            self._open[-1].parts.append((around.name, node))
        elif around.kind in {"feature", "property"}:
            self._row_shapes.append(node)
        elif "id" in element.attributes:
            self._shapes.known[element.attributes["id"]] = node

    def _take(self, name: str, text: str, attributes: Mapping[str, str]) -> None:
        node = self._open[-1]
        around = next(e.attributes for e in reversed(self._stack) if e.kind == "geometry")
        try:
            if text:
                node.coordinates.append(coordinates(name, text, {**around, **attributes}))
        except (ValueError, TypeError):
            node.broken = True


def _last_is_taken(key: _Key, keys: list[_Key]) -> bool:
    """Tell whether an earlier column has the same name at the end of another path."""
    return any(other[-1] == key[-1] for other in keys[: keys.index(key)])
