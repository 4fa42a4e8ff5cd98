"""The way out for kinds registered as non-personal: files for anybody, layers for the service and the notebook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import shapely

from disaster.errors import PublishError
from disaster.layers import geometry_of, noun_layer, sorted_rows
from disaster.models import GAZETTEER, NOUNS, Noun
from disaster.newfolder import new_folder
from disaster.pack import File, write_files
from disaster.store import Store
from exporters.model import Extract, Layer, Marks

#: Kinds that may be published, in the order in which people look for them.
PUBLISHABLE: tuple[str, ...] = tuple(kind for kind, noun in NOUNS.items() if noun.publishable and not noun.personal)
#: What these are for is placing; as layers they would only hide the others.
NOT_SHOWN = ("gazetteer", "postal-towns")

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Published:
    """What was written: the folder and the rows by file and layer."""

    folder: Path
    counts: Mapping[str, int]
    files: tuple[File, ...]
    drill: bool


def publishable(kind: str) -> Noun:
    """Return the noun of a kind that may be published.

    Raises
    ------
    PublishError
        If there is no such kind or it holds personal data.
    """
    if kind not in NOUNS:
        raise PublishError("disaster.unknown_kind", kind=kind, kinds="、".join(PUBLISHABLE))
    if kind not in PUBLISHABLE:
        raise PublishError("disaster.not_publishable", kind=kind, title=NOUNS[kind].title)
    return NOUNS[kind]


def published_layer(store: Store, kind: str, municipality: str, *, at: datetime, drill: bool = False) -> Layer | None:
    """Return the present rows of a kind without personal data, or None where the store holds none.

    Raises
    ------
    PublishError
        If the kind may not be published.
    """
    noun = publishable(kind)
    current = store.current(kind, municipality, at=at, drill=drill)
    if current.as_of is None:
        return None
    return noun_layer(noun, sorted_rows(current.table, noun.key), as_of=current.as_of, source=current.credit)


def published_in(
    store: Store,
    kind: str,
    municipality: str,
    *,
    bbox: Box | None,
    limit: int,
    at: datetime,
    drill: bool = False,
) -> tuple[Layer, bool]:
    """Return at most `limit` rows that meet a box, and whether there are more; no rows where the store holds none.

    Parameters
    ----------
    bbox
        West, south, east, north in degrees (EPSG:6668); None means everywhere.
    """
    noun = publishable(kind)
    if noun.bulk:
        return _of_snapshot(store, noun, municipality, bbox=bbox, limit=limit, at=at, drill=drill)
    found = store.features(kind, municipality, bbox=bbox, limit=limit, at=at, drill=drill)
    return noun_layer(noun, found.table, as_of=found.as_of or at, source=found.credit), found.more


def _of_snapshot(
    store: Store, noun: Noun, municipality: str, *, bbox: Box | None, limit: int, at: datetime, drill: bool
) -> tuple[Layer, bool]:
    """Do as `published_in` for a kind that is kept in snapshots only."""
    current = store.current(noun.kind, municipality, at=at, drill=drill)
    rows = sorted_rows(current.table, noun.key)
    places = geometry_of(rows)
    if bbox is not None and places is not None:
        rows = rows.filter(pa.array(shapely.intersects(places, shapely.box(*bbox))))
    made = noun_layer(noun, rows.slice(0, limit), as_of=current.as_of or at, source=current.credit)
    return made, rows.num_rows > limit


def publish(
    store: Store, municipality: str, *, out: Path, at: datetime, kinds: Sequence[str] = (), drill: bool = False
) -> Published:
    """Write the publishable layers of a municipality as XLSX, CSV, GeoJSON, GeoPackage and an offline map.

    Parameters
    ----------
    out
        A folder that does not exist yet.
    kinds
        Kinds to write; empty means all that the store holds.

    Raises
    ------
    PublishError
        If a kind may not be published, the folder exists, or the store holds nothing of it.
    """
    for kind in kinds:
        publishable(kind)
    wanted = kinds or [kind for kind in PUBLISHABLE if kind not in NOT_SHOWN]
    layers = [
        made for kind in wanted if (made := published_layer(store, kind, municipality, at=at, drill=drill)) is not None
    ]
    if not layers:
        raise PublishError("disaster.nothing_to_publish", municipality=municipality)
    newest = max(one.as_of for one in layers)
    name = name_of(store, municipality, at=at, drill=drill)
    return write_published(store, layers, public_marks(name, newest, drill=drill), out, at=at)


def name_of(store: Store, municipality: str, *, at: datetime, drill: bool) -> str:
    """Return the municipality's name as its town table has it, its code before one was taken in."""
    towns = store.current(GAZETTEER.kind, municipality, at=at, columns=["city"], drill=drill).table
    name = towns.column("city")[0].as_py() if towns.num_rows else None
    return str(name or municipality)


def public_marks(municipality: str, as_of: datetime, *, drill: bool) -> Marks:
    """Return what published sheets and maps say about themselves."""
    return Marks(title="公表資料", municipality=municipality, as_of=as_of, drill=drill)


def write_published(
    store: Store, layers: Sequence[Layer], marks: Marks, out: Path, *, at: datetime, entry: str = "published"
) -> Published:
    """Write layers into a new folder and record it before they lie there: all or nothing.

    Parameters
    ----------
    entry
        Kind of the ledger's entry: what a headquarters makes for itself is not published.

    Raises
    ------
    PublishError
        If the folder exists or cannot be written, or a layer holds personal data.
    """
    if any(isinstance(one, Extract) for one in layers):
        raise PublishError("disaster.not_publishable", kind="extract", title="個人情報")
    counts = {one.name: len(one) for one in layers}
    with new_folder(out, PublishError) as folder:
        files = write_files(folder, layers, marks)
        said = {"counts": counts, "files": [file.path for file in files], "drill": marks.drill}
        store.ledger.record(entry, said, at=at)
    return Published(out, counts, tuple(files), marks.drill)
