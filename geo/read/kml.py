"""KML 2.2 and 2.3: the Placemarks of all folders; nothing that it refers to is ever fetched."""

import re
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from geo.errors import ReadError
from geo.read import shapes
from geo.read.assemble import with_places
from geo.read.markup import Rows, visit
from geo.read.model import Note, Parsed
from geo.read.reference import WGS84
from geo.read.text import Job, control_note

_SPACES = ("http://www.opengis.net/kml/", "http://earth.google.com/kml/", "http://www.google.com/kml/ext/")
_FIELDS = ("name", "description", "address", "phoneNumber")
_TIMES = {("TimeStamp", "when"), ("TimeSpan", "begin"), ("TimeSpan", "end")}
#: Columns that every KML may have, in this order, before its own.
_FIRST = (*_FIELDS, "folder", "when", "begin", "end")
_GEOMETRY = frozenset({"Point", "LineString", "LinearRing", "Polygon", "MultiGeometry"})
#: What shows something else than Placemarks, mostly from another place.
_NOT_READ = frozenset({
    "NetworkLink", "GroundOverlay", "ScreenOverlay", "PhotoOverlay", "Model", "Track", "MultiTrack", "Tour",
})  # fmt: skip
_ROUND_COMMA = re.compile(r"\s*,\s*")
_FOLDER_MARK = "／"


def parse_kml(job: Job) -> Parsed:
    """Read a KML document: one row a Placemark.

    Columns are ``name``, ``description`` (any markup in it stays text), ``address``, ``phoneNumber``, ``folder``
    (names of the folders it lies in, joined by ／), ``when``, ``begin``, ``end``, where a Placemark has them, then the
    names of its extended data. Links, overlays, models, tours and remote styles are counted in a note and not followed.

    Raises
    ------
    ReadError
        As `geo.read.markup.visit`; if the document is no KML or has no Placemark.
    """
    reader = _Reader(job)
    visit(job, reader)
    if reader.rows.count == 0:
        if reader.not_read:
            raise ReadError("geo.kml_only_links", file=job.file, kinds=reader.kinds())
        raise ReadError("geo.kml_empty", file=job.file)
    table = reader.table()
    notes: tuple[Note, ...] = (*reader.notes(), *control_note(job.text))
    wkb = pa.array(reader.places, pa.binary())
    return with_places(table, wkb, WGS84, job.limits, job.file, encoding=job.text.encoding, notes=notes)


class _Shape:
    """A geometry element that is open."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.coordinates: shapes.Coordinates | None = None
        self.broken = False
        self.outer: list[shapes.Coordinates] = []
        self.holes: list[shapes.Coordinates] = []
        self.parts: list[bytes] = []

    def wkb(self) -> bytes | None:
        """Return the finished geometry; None if nothing is in it."""
        if self.broken:
            return shapes.BROKEN
        match self.name:
            case "MultiGeometry":
                return shapes.several(self.parts)
            case "Polygon":
                return shapes.polygon([*self.outer, *self.holes]) if len(self.outer) == 1 else shapes.BROKEN
        if self.coordinates is None or not len(self.coordinates):
            return None
        return shapes.point(self.coordinates) if self.name == "Point" else shapes.line(self.coordinates)


class _Reader:
    """Follows the elements of a document."""

    def __init__(self, job: Job) -> None:
        self._file = job.file
        self.rows = Rows(job.limits, job.file)
        self.places: list[bytes | None] = []
        self.not_read: Counter[str] = Counter()
        self._path: list[str] = []
        self._folders: list[list[str]] = []  # one-item lists: the name of a folder may stand behind its Placemarks
        self._folder_of: list[tuple[list[str], ...]] = []
        self._open: list[_Shape] = []
        self._ring: list[str] = []  # outerBoundaryIs, innerBoundaryIs
        self._placemark = False
        self._data = ""
        self._within: list[str] = []  # text of elements within a description, which should be CDATA but is not always

    def start(self, space: str, name: str, attributes: Mapping[str, str]) -> None:
        """Open an element."""
        if not self._path and name != "kml":
            raise ReadError("geo.markup_not_that", file=self._file, expected="KML", found=name[:40])
        if space and not space.startswith(_SPACES):
            name = f"{{}}{name}"  # of another language: no meaning for us
        if name in _NOT_READ:
            self.not_read[name] += 1
        if name in {"Folder", "Document"}:
            self._folders.append([""])
        elif name == "Placemark":
            self._begin_row()
        elif self._placemark:
            self._start_within(name, attributes)
        self._path.append(name)

    def end(self, space: str, name: str, text: str) -> None:  # noqa: ARG002 - the path knows the name already
        """Close an element."""
        name = self._path.pop()
        parent = self._path[-1] if self._path else ""
        if name in {"Folder", "Document"}:
            self._folders.pop()
        elif name == "name" and parent in {"Folder", "Document"}:
            self._folders[-1][0] = text
        elif name == "Placemark":
            self._placemark = False
        elif self._placemark:
            self._end_within(name, parent, text)
        if (name == "styleUrl" or (name == "href" and parent == "Icon")) and "://" in text:
            self.not_read["Icon" if name == "href" else name] += 1

    def table(self) -> pa.Table:
        """Return the columns that every KML may have, then the extended data."""
        for row, folders in enumerate(self._folder_of):
            names = [folder[0] for folder in folders if folder[0]]
            if names:
                self.rows.put(("folder",), _FOLDER_MARK.join(names), row)
        table = self.rows.table([key[-1] for key in self.rows.keys])
        ranks = [_FIRST.index(key[0]) if key[0] in _FIRST else len(_FIRST) for key in self.rows.keys]
        return table.select(sorted(range(len(ranks)), key=ranks.__getitem__))

    def kinds(self) -> str:
        """Say what was not read."""
        return "、".join(f"{name} {count}" for name, count in self.not_read.items())

    def notes(self) -> tuple[Note, ...]:
        """Return a remark if something was not read."""
        if not self.not_read:
            return ()
        return (("geo.note_kml_not_read", {"count": self.not_read.total(), "kinds": self.kinds()}),)

    def _begin_row(self) -> None:
        self.rows.begin()
        self._placemark = True
        self.places.append(None)
        self._folder_of.append(tuple(self._folders[1:]))  # the outermost is the document itself

    def _start_within(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in _GEOMETRY:
            self._open.append(_Shape(name))
        elif name in {"outerBoundaryIs", "innerBoundaryIs"}:
            self._ring.append(name)
        elif name in {"Data", "SimpleData"}:
            self._data = attributes.get("name", "").strip()

    def _end_within(self, name: str, parent: str, text: str) -> None:
        if name in _GEOMETRY:
            self._finish(self._open.pop())
        elif name in {"outerBoundaryIs", "innerBoundaryIs"}:
            self._ring.pop()
        elif name == "coordinates" and self._open:
            self._take_coordinates(text)
        elif (parent == "Placemark" and name in _FIELDS) or (parent, name) in _TIMES:
            self._put_field(name, text)
        elif "description" in self._path:
            self._within.append(text)
        elif (name == "SimpleData" or (name == "value" and parent == "Data")) and self._data:
            self.rows.put(("ExtendedData", self._data), text)

    def _put_field(self, name: str, text: str) -> None:
        if name == "description":
            text = " ".join(part for part in (text, *self._within) if part)
            self._within.clear()
        if text:
            self.rows.put((name,), text)

    def _take_coordinates(self, text: str) -> None:
        shape = self._open[-1]
        try:
            shape.coordinates = _coordinates(text)
        except ValueError:
            shape.broken = True

    def _finish(self, shape: _Shape) -> None:
        within = self._open[-1] if self._open else None
        if within is not None and within.name == "Polygon" and shape.name == "LinearRing" and self._ring:
            within.broken |= shape.broken
            if shape.coordinates is not None:
                (within.outer if self._ring[-1] == "outerBoundaryIs" else within.holes).append(shape.coordinates)
            return
        wkb = shape.wkb()
        if within is not None:
            within.parts += [] if wkb is None else [wkb]
        else:
            self.places[-1] = wkb


def _coordinates(text: str) -> shapes.Coordinates:
    """Return ``lon,lat[,height] ...`` as an array; heights only where one is not 0.

    Raises
    ------
    ValueError
        If it is not that.
    """
    vertices = _ROUND_COMMA.sub(",", text).split()
    counts = {vertex.count(",") for vertex in vertices}
    if not counts:
        return np.empty((0, 2))
    if not counts <= {1, 2} or "_" in text:
        raise ValueError(text[:0])
    if len(counts) == 1:
        numbers = np.array(",".join(vertices).split(","), dtype=np.float64).reshape(len(vertices), -1)
    else:
        padded = [vertex if vertex.count(",") == 2 else f"{vertex},0" for vertex in vertices]
        numbers = np.array(",".join(padded).split(","), dtype=np.float64).reshape(len(vertices), 3)
    return numbers if numbers.shape[1] > 2 and numbers[:, 2].any() else numbers[:, :2]
