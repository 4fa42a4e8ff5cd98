"""Printing of layers and extracts as files that open in Excel, QGIS and a browser without internet."""

from exporters.errors import ExportError, MapTooLargeError
from exporters.geojson import write_geojson
from exporters.geopackage import write_geopackage
from exporters.model import Extract, Layer, Marks
from exporters.table import write_csv, write_xlsx
from exporters.webmap import write_webmap

__all__ = [
    "ExportError",
    "Extract",
    "Layer",
    "MapTooLargeError",
    "Marks",
    "write_csv",
    "write_geojson",
    "write_geopackage",
    "write_webmap",
    "write_xlsx",
]
