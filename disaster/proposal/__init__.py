"""What a file that no layout knows may be, column by column: a mapping for a clerk to look through.

Nothing here decides what enters a store: a proposal is a text that says how it would be read, with its doubts, and the
file is then read and checked with it like any other.
"""

from disaster.proposal.propose import Proposal, known_layout, propose
from disaster.proposal.text import mapping_text

__all__ = ["Proposal", "known_layout", "mapping_text", "propose"]
