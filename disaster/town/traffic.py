"""Standing risk spots on the town's roads: underpasses, accidents of last year, hard braking."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import shapely

from disaster.town.geography import Geography, Road, lonlat
from disaster.town.stage import Stage
from disaster.town.tables import Row

_WEEKDAYS = "月火水木金土日"
_KINDS = (("21", "車両相互"), ("1", "人対車両"), ("41", "車両単独"))
_SHAPES = (("1", "交差点－その他"), ("7", "交差点付近－その他"), ("14", "単路－その他"))
_ROUTES = {
    "emergency_1": ("一般国道（国道番号）", "901"),
    "emergency_2": ("主要地方道－都道府県道", "991"),
    "emergency_3": ("一般市町村道", "3700"),
    "other": ("一般市町村道", "3700"),
}
#: The road that passes above the others.
_VIADUCT = "潮見縦貫道路"
#: Roads that have traffic to speak of: the first of the plan.
_BUSY = 40


def underpasses(stage: Stage) -> Iterator[Row]:
    """Yield where roads pass under the viaduct."""
    for number, (x, y) in enumerate(crossings(stage.ground, _VIADUCT), start=1):
        lon, lat = _degrees(x, y)
        yield {"ID": number, "経度": lon, "緯度": lat, "名称": "アンダーパス"}


def crossings(ground: Geography, road: str) -> list[tuple[float, float]]:
    """Return where other roads cross a road, in metres around the centre, each place once."""
    others = np.array([other.line for other in ground.roads if other.name != road], dtype=object)
    met = shapely.get_coordinates(shapely.intersection(others, ground.road(road)))
    found: list[tuple[float, float]] = []
    for x, y in met.tolist():
        if all(np.hypot(x - a, y - b) > 60 for a, b in found):
            found.append((x, y))
    return sorted(found)


def accidents(stage: Stage, year: int, count: int, rng: np.random.Generator) -> Iterator[Row]:
    """Yield accidents on the roads in one year, in the order of their days."""
    days = np.sort(rng.integers(0, 365, count))
    minutes = rng.integers(6 * 60, 23 * 60, count)
    for day, minute in zip(days.tolist(), minutes.tolist(), strict=True):
        at = datetime(year, 1, 1) + timedelta(days=day, minutes=minute)  # noqa: DTZ001 - published without a zone
        road = stage.ground.roads[int(rng.integers(0, _BUSY))]
        lon, lat = _on(road, float(rng.random()))
        killed = int(rng.random() < 0.03)
        kind = _KINDS[int(rng.choice(3, p=[0.8, 0.12, 0.08]))]
        shape = _SHAPES[int(rng.integers(0, 3))]
        weather = ("3", "雨") if rng.random() < 0.2 else ("1", "晴")
        yield _when(at) | {
            "事故内容": "1" if killed else "2",
            "事故内容区分": "死亡" if killed else "負傷",
            "事故類型": kind[0],
            "事故類型区分": kind[1],
            "天候": weather[0],
            "天候区分": weather[1],
            "死者数": killed,
            "負傷者数": int(rng.integers(1, 4)) - killed,
            "路線": _ROUTES[road.road_class][0],
            "路線コード": _ROUTES[road.road_class][1],
            "道路形状": shape[0],
            "道路形状区分": shape[1],
            "件数": 1,
            "経度": f"{lon:.7f}",
            "緯度": f"{lat:.7f}",
        }


def _when(at: datetime) -> dict[str, object]:
    """Say a time in the ten columns of the accident list."""
    light = ("12", "昼－昼") if at.hour < 17 else ("13", "昼－暮") if at.hour == 17 else ("22", "夜－夜")
    return {
        "昼夜": light[0],
        "昼夜区分": light[1],
        "時間帯区分": f"{at.hour // 3 * 3}-{at.hour // 3 * 3 + 3}時",
        "曜日(発生年月日)": (at.weekday() + 1) % 7 + 1,
        "曜日区分": _WEEKDAYS[at.weekday()],
        "発生日時　　分": f"{at:%M}",
        "発生日時　　年": at.year,
        "発生日時　　日": f"{at:%d}",
        "発生日時　　時": f"{at:%H}",
        "発生日時　　月": f"{at:%m}",
        "発生日時（年月日）": f"{at:%Y-%m-%d}",
        "発生日時（時間）": f"{at:%H:%M}",
    }


def hard_braking(stage: Stage, count: int, rng: np.random.Generator) -> Iterator[Row]:
    """Yield hard braking seen by a driving app; the city's code lacks its prefecture."""
    for _ in range(count):
        road = stage.ground.roads[int(rng.integers(0, _BUSY))]
        lon, lat = _on(road, float(rng.random()))
        yield {
            "都道府県": stage.prefecture,
            "都道府県コード": stage.code5[:2],
            "市区町村": stage.city,
            "市区町村コード": stage.code5[2:],
            "緯度": f"{lat:.6f}",
            "経度": f"{lon:.6f}",
            "イベント": "急ブレーキ",
            "発生件数": 1 + int(rng.random() < 0.1),
            "リンク": f"https://map.example/?q={lat:.6f},{lon:.6f}",
        }


def _on(road: Road, share: float) -> tuple[float, float]:
    """Return longitude and latitude of a place on a road, `share` of the way along."""
    longest = max(shapely.get_parts(road.line), key=lambda part: float(part.length))
    return _degrees(*shapely.get_coordinates(shapely.line_interpolate_point(longest, share, normalized=True))[0])


def _degrees(x: float, y: float) -> tuple[float, float]:
    lon, lat = lonlat(np.array([x]), np.array([y]))
    return float(lon[0]), float(lat[0])
