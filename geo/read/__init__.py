"""Safe reading of files that nobody vouches for: limits, encodings, formats, geometry, in a process of its own."""

from geo.read.limits import Limits
from geo.read.model import RawSource, RawTable
from geo.read.reader import Reader

__all__ = ["Limits", "RawSource", "RawTable", "Reader"]
