"""Two lists of the same places side by side: which rows are one place, which may be, and why."""

from geo.pairing.candidates import RADIUS_M, Places
from geo.pairing.pairs import MARGIN, SAME_M, SCHEMA, SHOWN, WEIGHTS, Pairing, pair

__all__ = ["MARGIN", "RADIUS_M", "SAME_M", "SCHEMA", "SHOWN", "WEIGHTS", "Pairing", "Places", "pair"]
