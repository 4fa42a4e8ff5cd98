"""Errors of this package.

::

    CodedError
    └── GeoError
        ├── ReadError    a file cannot be read
        ├── CrsError     a reference system is missing, unknown or cannot be brought to JGD2011 well enough
        └── PlaceError   a code, an address table or a gazetteer cannot be used
"""

from geo.faults import CodedError


class GeoError(CodedError):
    """Anything that this package refuses."""


class ReadError(GeoError):
    """A file cannot be read."""


class CrsError(GeoError):
    """A reference system is missing, unknown, or cannot be brought to JGD2011 well enough."""


class PlaceError(GeoError):
    """A code, an address table or a gazetteer cannot be used."""
