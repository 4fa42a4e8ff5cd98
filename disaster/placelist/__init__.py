"""The addresses of any list, placed, with one page about what is in doubt."""

from disaster.placelist.rows import PlacedList, place_list
from disaster.placelist.write import write_list

__all__ = ["PlacedList", "place_list", "write_list"]
