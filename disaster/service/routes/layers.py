"""Layers that may be published, as GeoJSON, and the map page that shows them."""

import math
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from disaster.errors import PublishError
from disaster.publish import NOT_SHOWN, PUBLISHABLE, name_of, public_marks, published_in, published_layer
from disaster.service.deps import Drill, Municipality, Now, StoreOf
from disaster.service.errors import QueryError
from exporters.geojson import write_geojson
from exporters.webmap import write_webmap

router = APIRouter()

Bbox = Annotated[str | None, Query(description="西,南,東,北(度) / west,south,east,north", max_length=200)]
Limit = Annotated[int, Query(ge=1, le=10_000)]


@router.get("/layers")
def list_layers(store: StoreOf, municipality: Municipality, now: Now, drill: Drill = False) -> dict[str, object]:
    """List the layers that hold rows."""
    made = [published_layer(store, kind, municipality, at=now, drill=drill) for kind in PUBLISHABLE]
    layers = [
        {"kind": one.name, "title": one.title, "rows": len(one), "as_of": one.as_of.isoformat()} for one in made if one
    ]
    return {"format": "tayori-layers", "version": 1, "municipality": municipality, "layers": layers}


@router.get("/layers/{kind}")
def get_layer(
    *,
    kind: str,
    store: StoreOf,
    municipality: Municipality,
    now: Now,
    bbox: Bbox = None,
    limit: Limit = 1_000,
    drill: Drill = False,
) -> Response:
    """Return the rows of a layer inside a box, as GeoJSON."""
    shown, more = published_in(store, kind, municipality, bbox=_box(bbox), limit=limit, at=now, drill=drill)
    with tempfile.TemporaryDirectory(prefix="tayori-layer-") as folder:
        path = Path(folder) / "layer.geojson"
        write_geojson(path, shown, public_marks(municipality, shown.as_of, drill=drill))
        content = path.read_bytes()
    return Response(content, media_type="application/geo+json", headers={"X-Tayori-More": "true" if more else "false"})


@router.get("/", response_class=HTMLResponse)
def map_page(store: StoreOf, municipality: Municipality, now: Now, drill: Drill = False) -> HTMLResponse:
    """Return the offline map of all layers that may be published."""
    kinds = [kind for kind in PUBLISHABLE if kind not in NOT_SHOWN]
    layers = [made for kind in kinds if (made := published_layer(store, kind, municipality, at=now, drill=drill))]
    if not layers:
        raise PublishError("disaster.nothing_to_publish", municipality=municipality)
    name, newest = name_of(store, municipality, at=now, drill=drill), max(one.as_of for one in layers)
    with tempfile.TemporaryDirectory(prefix="tayori-map-") as folder:
        path = Path(folder) / "map.html"
        write_webmap(path, layers, public_marks(name, newest, drill=drill))
        return HTMLResponse(path.read_text(encoding="utf-8"))


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    """Read ``west,south,east,north``; anything else is refused."""
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise QueryError("disaster.bad_bbox", value=text[:60]) from error
    if not all(math.isfinite(one) for one in (west, south, east, north)) or west > east or south > north:
        raise QueryError("disaster.bad_bbox", value=text[:60])
    return west, south, east, north
