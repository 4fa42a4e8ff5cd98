"""The flood of the river mouth: which towns it took, what the post knows, where the roads are broken.

One story for all files, so that their numbers agree: suspended delivery points lie in the flooded towns, broken
bridges on the roads, evacuees come from where the water came.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import shapely
from shapely.geometry.base import BaseGeometry

from disaster.town.geography import Geography
from disaster.town.households import Register, Service

JAPAN = ZoneInfo("Asia/Tokyo")


@dataclass(frozen=True, slots=True)
class Story:
    """What happened. `suspended` and `unreachable` are names of towns; `bridge` is the one that is gone."""

    name: str
    at: datetime
    overflow_at: datetime
    suspended: tuple[str, ...]
    unreachable: tuple[str, ...]
    bridge: str
    water: tuple[tuple[str, BaseGeometry], ...]  # town, flooded part in metres around the centre


@cache
def places() -> Mapping[str, Any]:
    """Read the public places and the flood of ``places.toml``."""
    return tomllib.loads(files(__package__).joinpath("places.toml").read_text(encoding="utf-8"))


def tell(ground: Geography, at: datetime) -> Story:
    """Return the story as it stands at `at` (aware), to the minute."""
    flood, now = places()["flood"], at.astimezone(JAPAN).replace(second=0, microsecond=0)
    mouth = shapely.intersection(
        ground.river, shapely.box(ground.plan["river"]["tidal_limit"] - 400, -9000, 9000, 9000)
    )
    near = mouth.buffer(flood["reach"])
    towns = (*flood["suspended"], *flood["unreachable"])
    areas = {quarter.name: quarter.area for quarter in ground.quarters}
    return Story(
        name=flood["name"],
        at=now,
        overflow_at=now - timedelta(hours=flood["overflow_hours"]),
        suspended=tuple(flood["suspended"]),
        unreachable=tuple(flood["unreachable"]),
        bridge=next(damage["place"] for damage in places()["damage"] if damage["note"] == "橋桁が流失"),
        water=tuple((town, shapely.intersection(areas[town], near)) for town in towns),
    )


def service(register: Register, story: Story, offices: tuple[str, ...], rng: np.random.Generator) -> Service:
    """Say for each household how its mail stands: by town in the flood, by chance elsewhere."""
    flood, towns = places()["flood"], np.array(register.sites.towns)
    suspended, unreachable = np.isin(towns, story.suspended), np.isin(towns, story.unreachable)
    codes = ["served", "counter_pickup", "seems_vacant", "addressee_unknown", "suspended", "unreachable"]
    reasons = [
        "",
        "届出による",
        "表札なし、郵便受けに滞留",
        "転居先の届出なし",
        flood["suspended_reason"],
        flood["unreachable_reason"],
    ]
    chance = rng.choice(4, len(register), p=[0.945, 0.012, 0.035, 0.008])
    state = np.where(suspended[register.quarter], 4, np.where(unreachable[register.quarter], 5, chance))
    return Service(
        status=pa.array(codes).take(pa.array(state)),
        reason=pa.array(reasons).take(pa.array(state)),
        offices=pa.array(offices).take(pa.array(register.quarter)),
    )


def damage_place(ground: Geography, damage: Mapping[str, Any]) -> tuple[float, float]:
    """Return where a damage point lies, in metres around the centre: always on its road."""
    line, (x, y) = ground.road(damage["road"]), damage["at"]
    if damage.get("bridge"):
        x, y = ground.bridge(damage["road"], (x, y))
    elif "crossing" in damage:
        met = shapely.get_parts(shapely.intersection(line, ground.road(damage["crossing"])))
        nearest = min(met, key=lambda point: float(shapely.distance(point, shapely.Point(x, y))))
        x, y = float(nearest.x), float(nearest.y)
    else:
        nearest, _ = shapely.get_coordinates(shapely.shortest_line(line, shapely.Point(x, y)))
        x, y = float(nearest[0]), float(nearest[1])
    east, north = damage.get("off", (0, 0))
    return x + east, y + north


def spoken(at: datetime) -> str:
    """Write a time as city halls do: 令和8年11月21日午前6時30分."""
    local = at.astimezone(JAPAN)
    half, hour = ("午前", local.hour) if local.hour < 12 else ("午後", local.hour - 12)
    minute = f"{local.minute}分" if local.minute else ""
    return f"令和{local.year - 2018}年{local.month}月{local.day}日{half}{hour}時{minute}"
