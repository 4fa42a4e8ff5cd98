"""Whether the rows of a file are what their noun asks for: all faults at once, in words that name row and column."""

from disaster.schemas.check import Checked, check, refused_whole
from disaster.schemas.findings import Findings
from disaster.schemas.individual import find_individual_numbers
from disaster.schemas.merged import continued_amounts
from disaster.schemas.places import inside, near
from disaster.schemas.rules import frame_schema

__all__ = [
    "Checked",
    "Findings",
    "check",
    "continued_amounts",
    "find_individual_numbers",
    "frame_schema",
    "inside",
    "near",
    "refused_whole",
]
