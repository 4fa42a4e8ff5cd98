"""The towns and numbers of one municipality with a point each: what addresses are placed by."""

from geo.gazetteer.build import Built, build
from geo.gazetteer.file import load, write
from geo.gazetteer.model import NUMBERS, SCHEMA, Gazetteer

__all__ = ["NUMBERS", "SCHEMA", "Built", "Gazetteer", "build", "load", "write"]
