"""Invented households on a real town table: for trials of the whole job on a real municipality.

The towns and their places are real, everything about the households is invented: who, how many, where in the town,
which number.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from shapely.geometry.base import BaseGeometry

from disaster.town.geography import Floats, Ints
from disaster.town.households import Service, Sites, delivery_table, settle, write_cp932

_METRES_A_DEGREE = 110_950.0
_PREFECTURE = re.compile(r"^(東京都|北海道|(?:京都|大阪)府|.{2,3}県)")
#: Nearest and farthest that the houses of a town reach from its point (m).
_REACH = (120.0, 700.0)
#: Distance of two houses along a street (m), at most and at least; streets lie this many times as far apart.
_FRONT = (15.0, 6.0)
_STREET = 4.5


class HasTable(Protocol):
    """Anything that carries a town table, such as ``geo.gazetteer.Gazetteer``."""

    @property
    def table(self) -> pa.Table:
        """Columns ``town``, ``koaza``, ``lon``, ``lat``."""


def write_households(
    out: Path,
    *,
    gazetteer: HasTable | pa.Table,
    boundary: BaseGeometry,
    municipality: str,
    prefecture_city: str,
    offices: Sequence[tuple[str, float, float]],
    households: int,
    seed: int,
    at: datetime,
) -> tuple[Path, ...]:
    """Write delivery-point files with invented households, one file for each delivery office.

    Parameters
    ----------
    out
        Folder, made if it is not there.
    gazetteer
        Town table with ``town``, ``koaza``, ``lon``, ``lat`` (degrees); rows without a point are left out.
    boundary
        The municipality, longitude and latitude; no household stands outside it.
    municipality
        Code of five digits for the files.
    prefecture_city
        What stands before the town in an address, such as 架空県潮見市.
    offices
        Code, longitude and latitude of the delivery offices; a town belongs to the nearest.
    households
        Count of rows over all files.
    seed
        The same seed gives the same bytes.
    at
        The present, aware; nothing was confirmed later.

    Returns
    -------
    tuple[Path, ...]
        One file for each office that has any household, in the order of `offices`.
    """
    rng = np.random.default_rng(seed)
    table = _with_points(gazetteer if isinstance(gazetteer, pa.Table) else gazetteer.table)
    sites = _sites(table, boundary, prefecture_city, households, rng)
    register = settle(sites, households, rng)
    lon, lat = table.column("lon").to_numpy(), table.column("lat").to_numpy()
    office = _nearest(lon, lat, offices)[register.quarter]
    service = Service(
        status=_statuses(households, rng),
        reason=pa.array([""]).take(pa.array(np.zeros(households, dtype=np.int64))),
        offices=pa.array([code for code, _, _ in offices]).take(pa.array(office)),
    )
    points = delivery_table(register, service, municipality=municipality, at=at, rng=rng)
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, (code, _, _) in enumerate(offices):
        rows = points.filter(pa.array(office == number))
        if rows.num_rows:
            paths.append(out / f"delivery_points_{code}.csv")
            write_cp932(paths[-1], rows)
    return tuple(paths)


def _with_points(table: pa.Table) -> pa.Table:
    wanted = table.select(["town", "koaza", "lon", "lat"])
    has = pc.and_(pc.is_finite(wanted.column("lon")), pc.is_finite(wanted.column("lat")))
    return wanted.filter(pc.fill_null(has, False)).combine_chunks()


def _statuses(count: int, rng: np.random.Generator) -> pa.Array:
    codes = pa.array(["served", "counter_pickup", "seems_vacant", "addressee_unknown"])
    return codes.take(pa.array(rng.choice(4, count, p=[0.955, 0.01, 0.03, 0.005])))


def _nearest(lon: Floats, lat: Floats, offices: Sequence[tuple[str, float, float]]) -> Ints:
    shrink = np.cos(np.radians(lat.mean()))
    away = np.stack([np.hypot((lon - x) * shrink, lat - y) for _, x, y in offices])
    return np.asarray(away.argmin(axis=0))


def _sites(table: pa.Table, boundary: BaseGeometry, before: str, households: int, rng: np.random.Generator) -> Sites:
    """Lay a net of streets round the point of each town, just fine enough for the households."""
    lon, lat = table.column("lon").to_numpy(), table.column("lat").to_numpy()
    shrink = np.cos(np.radians(lat.mean()))
    reach = _reaches(lon * shrink * _METRES_A_DEGREE, lat * _METRES_A_DEGREE)
    area = float((np.pi * reach**2).sum())
    front = float(np.clip(np.sqrt(area / (1.2 * households) * 2 / _STREET), _FRONT[1], _FRONT[0]))
    angle = rng.uniform(0, np.pi, len(lon))
    nets = [_net(index, radius, front) for index, radius in enumerate(reach)]
    town, block, number = (np.concatenate([net[i] for net in nets]).astype(np.int64) for i in range(3))
    u, v = (np.concatenate([net[i] for net in nets]) for i in (3, 4))
    x = (u * np.cos(angle[town]) - v * np.sin(angle[town])) / (_METRES_A_DEGREE * shrink)
    y = (u * np.sin(angle[town]) + v * np.cos(angle[town])) / _METRES_A_DEGREE
    shapely.prepare(boundary)
    at_lon, at_lat = np.round(lon[town] + x, 7), np.round(lat[town] + y, 7)
    keep = np.flatnonzero(shapely.contains_xy(boundary, at_lon, at_lat))
    density = rng.lognormal(0, 0.6, len(lon))
    crowd = np.bincount(town, minlength=len(lon))  # small towns are the dense ones: not as many houses as their area
    weight = density[town] / np.sqrt(crowd[town]) * np.exp(-((np.hypot(u, v) / reach[town]) ** 2))
    names = pc.binary_join_element_wise(table.column("town"), pc.fill_null(table.column("koaza"), ""), "").to_pylist()
    found = _PREFECTURE.match(before)
    split = (found[0], before[found.end() :]) if found else ("", before)
    return Sites(
        quarter=town[keep], block=block[keep], number=number[keep], lon=at_lon[keep], lat=at_lat[keep],
        weight=weight[keep], flats=np.full(len(keep), 0.2), towns=tuple(names), before=split,
        postal_codes=tuple(f"000{index % 10_000:04d}" for index in range(len(names))),
    )  # fmt: skip


def _reaches(x: Floats, y: Floats) -> Floats:
    """Return how far the houses of each town reach (m): most of the way to the next town."""
    points = np.asarray(shapely.points(x, y), dtype=object)
    towns, others = shapely.STRtree(points).query(points, predicate="dwithin", distance=3 * _REACH[1])
    away = np.hypot(x[towns] - x[others], y[towns] - y[others])
    near = np.full(len(x), np.inf)
    np.minimum.at(near, towns[away > 0], away[away > 0])
    return np.clip(0.75 * near, *_REACH)


def _net(index: int, reach: float, front: float) -> tuple[Ints, Ints, Ints, Floats, Floats]:
    """Return town, block, number and place (m, along and across) of the lots of a town."""
    street = front * _STREET
    v, side, u = (
        grid.ravel()
        for grid in np.meshgrid(
            np.arange(-reach, reach, street), [-1, 1], np.arange(-reach, reach, front), indexing="ij"
        )
    )
    row = np.round((v + reach) / street).astype(np.int64)
    column = np.floor((u + reach) / (8 * front)).astype(np.int64)
    number = (np.round((u + reach) / front).astype(np.int64) % 8) * 2 + (side > 0) + 1
    keep = np.flatnonzero(np.hypot(u, v) < reach)
    block = np.unique(row * 10_000 + column, return_inverse=True)[1]
    away = np.bincount(block, weights=np.hypot(u, v)) / np.bincount(block)
    block = np.argsort(np.argsort(away, kind="stable"))[block] + 1  # block 1 is in the middle
    across = v + side * street * 0.2
    return np.full(len(keep), index, dtype=np.int64), block[keep], number[keep], u[keep], across[keep]
