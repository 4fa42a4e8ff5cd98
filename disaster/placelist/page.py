"""The one page about a placed list: how far each row was placed, what is in doubt, what it may mean, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jinja2 import Environment, StrictUndefined

from agreements.clock import shown
from disaster.models import PLACE_COLUMNS
from disaster.placelist.rows import PlacedList, Unplaced
from geo.faults import words
from geo.gazetteer import Gazetteer

_WIDTH, _HEIGHT, _MARGIN = 680.0, 420.0, 18.0
_NAMED = 8
_SUGGESTED = 12
_LARGEST = 16.0
_SMALLEST = 2.5

#: How the bar of a level is painted: the finer the darker.
_COLOURS = {
    "number": "#14532d", "block": "#2e7d4f", "chome": "#5fa777", "town": "#a3cfb1", "city": "#f2b866",
    "pref": "#e58a4a", "none": "#c2410c",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spot:
    """A town on the small map: place in pixels, radius, the share of its rows in doubt, and its name if it is shown."""

    x: float
    y: float
    radius: float
    share: float
    rows: int
    doubtful: int
    name: str


def page(
    placed: PlacedList,
    unplaced: tuple[Sequence[Unplaced], int],
    *,
    file: str,
    at: datetime,
    notes: Mapping[str, str] | None = None,
    outputs: tuple[str, ...] = (),
) -> str:
    """Return the page as HTML that stands alone: no script, nothing fetched, A4 when printed.

    It shows towns and counts, and the texts in which no town was found; of a list about homes or people not even those.

    Parameters
    ----------
    placed
        The list.
    unplaced
        Its texts without a town (`PlacedList.unplaced`).
    file
        Name of the list.
    at
        When it was placed, aware.
    notes
        Further lines, heading to text.
    outputs
        Names of the files beside the page.
    """
    lost, texts = unplaced
    total = placed.found.num_rows
    doubtful = placed.n_doubtful
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(files("disaster.placelist").joinpath("page.html").read_text(encoding="utf-8"))
    return template.render(
        file=file,
        place=f"{placed.gazetteer.pref}{placed.gazetteer.city}（{placed.gazetteer.municipality}）",
        at=shown(at, "ja"),
        sources=_sources(placed.gazetteer),
        notes=notes or {},
        outputs=outputs,
        total=total,
        exact=placed.n_exact,
        coarse=total - doubtful - placed.n_exact,
        numbers=placed.gazetteer.numbers.num_rows,
        doubtful=doubtful,
        ambiguous=placed.ambiguous,
        without_point=placed.found["lon"].null_count,
        levels=_levels(placed),
        reasons=[(words(code), words(code, hint=True), count) for code, count in placed.by_reason().items()],
        unplaced=lost[:_SUGGESTED],
        unplaced_rest=texts - min(len(lost), _SUGGESTED),
        spots=_spots(placed),
        background=_background(placed.gazetteer),
        personal=placed.personal,
        townless=placed.found["town"].null_count,
        width=_WIDTH,
        height=_HEIGHT,
    )


def _levels(placed: PlacedList) -> list[tuple[str, int, float, str]]:
    """Return label, count, share of all rows in percent and colour of each level, the finest first."""
    total = max(placed.found.num_rows, 1)
    labels = PLACE_COLUMNS[0].choices
    counts = placed.by_level()
    return [(labels[level], counts[level], 100 * counts[level] / total, _COLOURS[level]) for level in reversed(counts)]


def _sources(gazetteer: Gazetteer) -> str:
    towns = gazetteer.table
    named = pc.binary_join_element_wise(towns["source"], towns["vintage"], " ")
    return "、".join(sorted({text.strip() for text in pc.unique(named).to_pylist() if text.strip()})) or "不明"


def _spots(placed: PlacedList) -> list[Spot]:
    """Return the towns that rows were placed in, those with most doubt last, so that they lie on top."""
    towns = placed.found["town"].combine_chunks()
    counted = (
        pa.table({"town": towns, "doubt": placed.doubtful.cast(pa.int64())})
        .filter(towns.is_valid())
        .group_by("town")
        .aggregate([("doubt", "sum"), ("doubt", "count")])
        .sort_by([("doubt_sum", "ascending"), ("doubt_count", "ascending"), ("town", "ascending")])
    )
    names, doubts, rows = (counted[name].to_pylist() for name in ("town", "doubt_sum", "doubt_count"))
    points = [_point_of(placed.gazetteer, name) for name in names]
    project = _Projection.of(placed.gazetteer).pixels
    largest = max(rows, default=1)
    made = []
    for rank, (name, doubt, count, point) in enumerate(zip(names, doubts, rows, points, strict=True)):
        if point is None:
            continue
        x, y = project(*point)
        named = doubt and rank >= len(names) - _NAMED
        radius = max(_SMALLEST, _LARGEST * float(np.sqrt(count / largest)))
        made.append(Spot(x, y, radius, doubt / count, count, doubt, name if named else ""))
    return made


def _point_of(gazetteer: Gazetteer, town: str) -> tuple[float, float] | None:
    """Return where a town stands: the mean of the rows that bear its name or begin with it (its 丁目)."""
    table = gazetteer.table
    names = pc.binary_join_element_wise(table["town"], table["koaza"], "")
    mine = table.filter(pc.and_(pc.starts_with(names, town), table["lon"].is_valid()))
    if not mine.num_rows:
        return None
    return pc.mean(mine["lon"]).as_py(), pc.mean(mine["lat"]).as_py()


def _background(gazetteer: Gazetteer) -> list[tuple[float, float]]:
    known = gazetteer.table.filter(gazetteer.table["lon"].is_valid())
    project = _Projection.of(gazetteer).pixels
    return [project(lon, lat) for lon, lat in zip(known["lon"].to_pylist(), known["lat"].to_pylist(), strict=True)]


@dataclass(frozen=True, slots=True)
class _Projection:
    """Degrees to pixels of the small map: flat at the latitude of the municipality, north up."""

    west: float
    north: float
    flat: float
    scale: float
    left: float
    top: float

    @classmethod
    def of(cls, gazetteer: Gazetteer) -> _Projection:
        known = gazetteer.table.filter(gazetteer.table["lon"].is_valid())
        if not known.num_rows:
            return cls(0.0, 0.0, 1.0, 1.0, 0.0, 0.0)
        lon, lat = known["lon"].to_numpy(), known["lat"].to_numpy()
        flat = float(np.cos(np.radians(lat.mean())))
        wide, high = max(float(np.ptp(lon)) * flat, 1e-6), max(float(np.ptp(lat)), 1e-6)
        scale = min((_WIDTH - 2 * _MARGIN) / wide, (_HEIGHT - 2 * _MARGIN) / high)
        left, top = (_WIDTH - wide * scale) / 2, (_HEIGHT - high * scale) / 2
        return cls(float(lon.min()), float(lat.max()), flat, scale, left, top)

    def pixels(self, lon: float, lat: float) -> tuple[float, float]:
        x = self.left + (lon - self.west) * self.flat * self.scale
        y = self.top + (self.north - lat) * self.scale
        return round(x, 1), round(y, 1)
