"""The invented town 潮見市: used by the demo, the tests, the notebook and the drills.

Everything in it is made up: the town lies in the open sea, its code (99301) belongs to no prefecture, its telephone
numbers reach nobody.
"""

from disaster.town.files import Expected, Town, write_town
from disaster.town.people import Inquiry
from disaster.town.real import write_households
from disaster.town.story import Story

__all__ = ["Expected", "Inquiry", "Story", "Town", "write_households", "write_town"]
