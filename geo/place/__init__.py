"""Placing Japanese addresses, whole columns at once: town by town's name, number by the numbers of the gazetteer."""

from geo.place.answer import SCHEMA, place
from geo.place.keys import place_key, postal_disagrees, with_postal_doubt

__all__ = ["SCHEMA", "place", "place_key", "postal_disagrees", "with_postal_doubt"]
