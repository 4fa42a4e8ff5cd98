"""Where the public places of the town stand: the ground, the story, and the lot of each named place."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from disaster.town.geography import Geography, geography, lonlat
from disaster.town.names import chome
from disaster.town.story import Story, places, tell
from geo.codes import six

#: Kinds of places in ``places.toml`` that stand on a lot.
_KINDS = ("offices", "shelters", "emergency_sites", "tsunami_buildings", "warehouses", "cooling", "care")


@dataclass(frozen=True, slots=True)
class Stage:
    """What every table needs. `lots` gives the lot (row of ``Geography.lots``) of each named place."""

    ground: Geography
    story: Story
    lots: Mapping[str, int]

    @property
    def code5(self) -> str:
        """Five digits of the municipality."""
        return str(self.ground.plan["municipality"])

    @property
    def code6(self) -> str:
        """Six digits, the last a check digit (JIS X 0402)."""
        return six(self.code5)

    @property
    def prefecture(self) -> str:
        """Name of the prefecture."""
        return str(self.ground.plan["prefecture"])

    @property
    def city(self) -> str:
        """Name of the municipality."""
        return str(self.ground.plan["name"])

    def where(self, name: str) -> tuple[float, float]:
        """Return longitude and latitude of a named place."""
        lot = self.lots[name]
        lon, lat = lonlat(self.ground.lots.x[lot : lot + 1], self.ground.lots.y[lot : lot + 1])
        return float(lon[0]), float(lat[0])

    def quarter(self, name: str) -> str:
        """Return the 町丁・字 of a named place."""
        return self.ground.quarters[int(self.ground.lots.quarter[self.lots[name]])].name

    def number(self, name: str) -> str:
        """Return block and house number of a named place, or its parcel."""
        lots, lot = self.ground.lots, self.lots[name]
        number = int(lots.number[lot]) - (0 if chome(self.quarter(name))[1] else 1)
        return f"{lots.block[lot]}-{number}" if number else f"{lots.block[lot]}"

    def address(self, name: str, *, prefecture: bool = True) -> str:
        """Return the address of a named place."""
        return f"{self.prefecture if prefecture else ''}{self.city}{self.quarter(name)}{self.number(name)}"


def set_stage(at: datetime) -> Stage:
    """Return the stage as it stands at `at` (aware)."""
    ground = geography()
    return Stage(ground, tell(ground, at), _place_lots(ground))


def _named_places() -> dict[str, str]:
    """Return the quarter of every public place by its name, each once, in a fixed order."""
    found = {place["name"]: place["quarter"] for kind in _KINDS for place in places()[kind]}
    extra = places()["undesignated"]
    return {**found, extra["name"]: extra["quarter"]}


def _place_lots(ground: Geography) -> dict[str, int]:
    """Give each public place a lot near the middle of its quarter, every place its own."""
    taken: dict[str, int] = {}
    seen: dict[str, int] = {}
    for name, quarter in _named_places().items():
        index = ground.index(quarter)
        order = seen[quarter] = seen.get(quarter, -1) + 1
        x, y = ground.quarters[index].at
        angle, far = 2.4 * order + index, 60 + 45 * order
        ours = np.flatnonzero(ground.lots.quarter == index)
        ours = ours[~np.isin(ours, list(taken.values()))]
        away = np.hypot(ground.lots.x[ours] - x - far * np.cos(angle), ground.lots.y[ours] - y - far * np.sin(angle))
        taken[name] = int(ours[away.argmin()])
    return taken
