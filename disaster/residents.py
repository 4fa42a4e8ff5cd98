"""Rows about homes and people, cut from the delivery register: pure, and only ever called by the door.

Every function takes the register as ``store.current("delivery-points", ...)`` gives it, already without protected
people (``disaster.guard``), and says how many rows matched, returned and were withheld by which rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from agreements.datasets import DATASETS
from agreements.format import Column, ColumnType, Sensitivity, about_a_home
from disaster.guard import flatten_addressees
from disaster.housenumber import homes, same_home
from disaster.models import DELIVERY_POINTS, DELIVERY_STATUS, PLACE_COLUMNS
from geo.address import fold_name
from geo.gazetteer import Gazetteer
from geo.join import inside_any

#: Kinds of delivery point where somebody lives; a shop or an office is not a home.
_HOMES = ("dwelling", "mixed", "facility")

#: Where nothing that is mailed arrives.
NOT_DELIVERABLE = ("suspended", "unreachable", "seems_vacant")

_REGISTER = DATASETS[DELIVERY_POINTS.kind].columns
ADDRESSEE = _REGISTER["addressee"]
DWELLING_COLUMNS = tuple(
    about_a_home(_REGISTER[column.name])
    for column in (*DELIVERY_POINTS.columns, *PLACE_COLUMNS)
    if column.name != "addressees"
)
#: What is cut from the register of a home: its columns and its place.
_HOME_NAMES = [*(column.name for column in DWELLING_COLUMNS), "lon", "lat"]
PERSON_COLUMNS = (*DWELLING_COLUMNS, ADDRESSEE)
MATCH_COLUMNS = tuple(_REGISTER[name] for name in ("reference", "result", "status", "confirmed_at"))
#: What the city learns where the post mails its notice: how many, and why not to the others.
FORWARD_COLUMNS = (
    Column("outcome", "区分", ColumnType.CHOICE, Sensitivity.INTERNAL, {
        "to_mail": "送付するもの",
        **{code: f"配達できないもの({DELIVERY_STATUS[code]})" for code in NOT_DELIVERABLE},
        "not_a_home": "住居ではない配達先",
        "no_place": "位置が決まらず区域の内外が分からないもの",
    }),
    Column("count", "件数", ColumnType.INTEGER, Sensitivity.INTERNAL),
)  # fmt: skip
STATUS_COLUMNS = tuple(c for c in DATASETS["delivery-status"].columns.values() if c.name != "municipality")
#: What stands in a town column for rows whose town is not known.
UNKNOWN_TOWN = "町名不明"


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Rows that meet a request. `matched` = rows of `table` + the sum of `withheld`, whose keys name the rule."""

    table: pa.Table = field(repr=False)
    columns: tuple[Column, ...]
    matched: int
    withheld: Mapping[str, int] = field(default_factory=dict)


def in_area(points: pa.Table, polygons: np.ndarray | None) -> tuple[np.ndarray, int]:
    """Tell which rows lie inside any of the polygons, and count those that could not be told: they have no place.

    Parameters
    ----------
    points
        Rows with ``lon`` and ``lat`` (degrees, EPSG:6668, null where unplaced).
    polygons
        Array of shapely polygons in EPSG:6668; None means the whole municipality, where every row belongs.

    Returns
    -------
    tuple of numpy.ndarray and int
        Shape (n,), true where a row lies inside; how many have no place.
    """
    if polygons is None:
        return np.ones(points.num_rows, dtype=bool), 0
    lon, lat = points.column("lon").to_numpy(), points.column("lat").to_numpy()
    unplaced = int((~(np.isfinite(lon) & np.isfinite(lat))).sum())
    return inside_any(lon, lat, polygons), unplaced


def dwellings(points: pa.Table, inside: np.ndarray | None = None, *, unplaced: int = 0) -> Selection:
    """Return the homes without names: one row a delivery point where somebody may live.

    Parameters
    ----------
    points
        Rows of the register.
    inside
        Which of them lie in the requested area (`in_area`); None means all.
    unplaced
        Rows that could not be told to be inside; they are withheld by the rule ``no_place``.
    """
    asked, home = _homes(points, inside)
    withheld = {"not_a_home": int(asked.sum() - home.sum()), "no_place": unplaced}
    return _selection(points.select(_HOME_NAMES).filter(pa.array(home)), DWELLING_COLUMNS, withheld)


def _homes(points: pa.Table, inside: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Tell which rows are asked for, and at which of them somebody may live: the rows are then cut only once."""
    asked = np.ones(points.num_rows, dtype=bool) if inside is None else inside
    return asked, asked & pc.is_in(points.column("point_kind"), value_set=pa.array(_HOMES)).to_numpy()


def deliverable(points: pa.Table, inside: np.ndarray | None = None, *, unplaced: int = 0) -> Selection:
    """Return the homes to which a notice can be brought, without names, for the post's own delivery staff.

    The rules that withhold the others are those of `FORWARD_COLUMNS`; parameters as of `dwellings`.
    """
    homes = dwellings(points, inside, unplaced=unplaced)
    status = homes.table.column("status")
    cannot = {code: int(pc.sum(pc.equal(status, code)).as_py() or 0) for code in NOT_DELIVERABLE}
    stopped = pc.fill_null(pc.is_in(status, value_set=pa.array(NOT_DELIVERABLE)), False)
    return _selection(homes.table.filter(pc.invert(stopped)), DWELLING_COLUMNS, {**homes.withheld, **cannot})


def forwarded(selection: Selection) -> pa.Table:
    """Return the counts that the city learns of `deliverable`: every outcome, zero where there was none.

    Returns
    -------
    pa.Table
        Columns of `FORWARD_COLUMNS`; the counts add up to the delivery points of the area.
    """
    counts = {"to_mail": selection.table.num_rows, **selection.withheld}
    outcomes = list(FORWARD_COLUMNS[0].choices)
    return pa.table(
        {
            "outcome": pa.array(outcomes, pa.string()),
            "count": pa.array([counts.get(outcome, 0) for outcome in outcomes], pa.int64()),
        }
    )


def persons(points: pa.Table, inside: np.ndarray | None = None, *, unplaced_names: int = 0) -> Selection:
    """Return one row for each name on the register at a home; `points` and `inside` as of `dwellings`.

    Names at shops and offices are withheld by the rule ``not_a_home``; a home without a name has no row.
    """
    asked, home = _homes(points, inside)
    rows, names = flatten_addressees(points)
    kept = home[rows]
    withheld = {"not_a_home": int(asked[rows].sum() - kept.sum()), "no_place": unplaced_names}
    table = points.select(_HOME_NAMES).take(pa.array(rows[kept]))
    return _selection(table.append_column(ADDRESSEE.name, names.filter(pa.array(kept))), PERSON_COLUMNS, withheld)


def count_names(points: pa.Table) -> int:
    """Count the names on the given rows."""
    return len(flatten_addressees(points)[0])


def _selection(table: pa.Table, columns: tuple[Column, ...], withheld: Mapping[str, int]) -> Selection:
    shown = {rule: count for rule, count in withheld.items() if count}
    return Selection(table, columns, table.num_rows + sum(shown.values()), shown)


def match(points: pa.Table, inquiries: pa.Table, *, city: str = "", gazetteer: Gazetteer | None = None) -> Selection:
    """Answer each row of the municipality's list with hit or miss; nothing is said about anybody not on it.

    A hit needs a row of the register with the same folded name and the same home (`disaster.housenumber.same_home`:
    the municipality in front, ways of writing numbers, and a building on one side only are no difference). Somebody
    protected and somebody unknown give the same miss.

    Parameters
    ----------
    points
        The register of the municipality (rows without a place count too).
    inquiries
        Rows of the noun ``inquiries``.
    city, gazetteer
        Name and towns of the municipality, by which both sides' addresses are read.
    """
    rows, names = _bearers(points, inquiries.column("inquired_name").combine_chunks())
    asked, bearer = _namesakes(inquiries.column("inquired_name").combine_chunks(), names)
    written = (inquiries.column("inquired_address"), points.column("address").take(pa.array(rows)))
    both = homes(pa.concat_arrays([*written[0].chunks, *written[1].chunks]), city=city, gazetteer=gazetteer)
    same = same_home(both.take(pa.array(asked)), both.take(pa.array(bearer + inquiries.num_rows))).to_numpy()
    best = _newest(points, rows[bearer[same]], asked[same])
    at = best.reindex(range(inquiries.num_rows))
    hit = at.notna().to_numpy()
    found = points.take(pa.array(at.fillna(0).astype("int64").to_numpy())) if points.num_rows else None
    table = pa.table(
        {
            "reference": inquiries.column("reference"),
            "result": pa.array(np.where(hit, "hit", "miss"), pa.string()),
            "status": _where(hit, found, "status", pa.string()),
            "confirmed_at": _where(hit, found, "confirmed_at", pa.timestamp("us", "UTC")),
        }
    )
    return Selection(table, MATCH_COLUMNS, table.num_rows)


def answers(table: pa.Table) -> Mapping[str, int]:
    """Count ``hit`` and ``miss`` in the rows of `match`; empty for other rows."""
    if MATCH_COLUMNS[1].name not in table.column_names:
        return {}
    hits = int(pc.sum(pc.equal(table.column(MATCH_COLUMNS[1].name), "hit")).as_py() or 0)
    return {"hit": hits, "miss": table.num_rows - hits}


def _bearers(points: pa.Table, asked: pa.Array) -> tuple[np.ndarray, pa.Array]:
    """Return rows and names of the register that bear an asked name: only their addresses need folding."""
    rows, names = flatten_addressees(points)
    coded = names.dictionary_encode()
    known = pc.is_in(fold_name(coded.dictionary), value_set=fold_name(asked)).to_numpy(zero_copy_only=False)
    bears = known[coded.indices.to_numpy(zero_copy_only=False)]
    return rows[bears], names.filter(pa.array(bears))


def _namesakes(asked: pa.Array, names: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return every pair of an asked row and a name of the register that folds alike, as numbers of both."""
    one, other = (
        pd.DataFrame({"name": fold_name(pd.Series(column.to_pandas(), dtype="str")), label: np.arange(len(column))})
        for column, label in ((asked, "asked"), (names, "bearer"))
    )
    pairs = one.dropna().merge(other.dropna(), on="name")
    return pairs["asked"].to_numpy(), pairs["bearer"].to_numpy()


def _newest(points: pa.Table, rows: np.ndarray, asked: np.ndarray) -> pd.Series:
    """Map each asked row to its register row confirmed last, so that two rows of one person give one answer."""
    confirmed = points.column("confirmed_at").to_pandas().to_numpy()[rows]
    frame = pd.DataFrame({"asked": asked, "row": rows, "at": confirmed})
    frame = frame.sort_values(["at", "row"], na_position="first", kind="stable").drop_duplicates("asked", keep="last")
    return frame.set_index("asked")["row"]


def _where(hit: np.ndarray, found: pa.Table | None, name: str, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    if found is None:
        return pa.nulls(len(hit), kind)
    return pc.if_else(pa.array(hit), found.column(name), pa.scalar(None, kind))


def delivery_status(points: pa.Table) -> pa.Table:
    """Count the delivery points by town and status (配達状況): no person, no address, and the sum is the register.

    Returns
    -------
    pa.Table
        Columns of `STATUS_COLUMNS`, ordered by town; rows whose town is unknown come last as `UNKNOWN_TOWN`.
    """
    frame = points.select(["place_town", "status", "confirmed_at"]).to_pandas()
    town = frame["place_town"].fillna("").replace("", UNKNOWN_TOWN)
    counts = pd.crosstab(town, frame["status"]).reindex(columns=list(DELIVERY_STATUS), fill_value=0)
    counts = counts.sort_index(key=lambda names: names.to_series().eq(UNKNOWN_TOWN).astype(str) + names)
    newest = frame.groupby(town)["confirmed_at"].max().reindex(counts.index)
    data: dict[str, pa.Array] = {
        "place_town": pa.array(counts.index, pa.string()),
        "total": pa.array(counts.sum(axis=1).to_numpy(), pa.int64()),
        **{code: pa.array(counts[code].to_numpy(), pa.int64()) for code in DELIVERY_STATUS},
        "confirmed_at": pa.Array.from_pandas(newest, type=pa.timestamp("us", "UTC")),
    }
    return pa.table(data)
