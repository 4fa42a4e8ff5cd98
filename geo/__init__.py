"""Places and shapes of Japan; knows nothing of disasters or agreements."""

from geo.address import fold, fold_name
from geo.codes import check_digit, normalise, six
from geo.crs import JGD2011, plane_zone, to_jgd2011, transformer
from geo.errors import CrsError, GeoError, PlaceError, ReadError
from geo.gazetteer import Gazetteer
from geo.grid import mgrs
from geo.join import Points, highest_inside, inside, inside_any, nearest
from geo.place import place
from geo.read import Limits, RawTable, Reader

__all__ = [
    "JGD2011",
    "CrsError",
    "Gazetteer",
    "GeoError",
    "Limits",
    "PlaceError",
    "Points",
    "RawTable",
    "ReadError",
    "Reader",
    "check_digit",
    "fold",
    "fold_name",
    "highest_inside",
    "inside",
    "inside_any",
    "mgrs",
    "nearest",
    "normalise",
    "place",
    "plane_zone",
    "six",
    "to_jgd2011",
    "transformer",
]
