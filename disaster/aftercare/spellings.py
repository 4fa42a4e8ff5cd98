"""How else an address may stand in the register: a keyed hash finds only what was written alike after folding."""

import re
from dataclasses import dataclass

import pyarrow as pa

from disaster.housenumber import without_building
from geo.address import fold

_CHOME = re.compile(r"(?<=[0-9])丁目")
_FIRST_HYPHEN = re.compile(r"^([^0-9]*[0-9]+)-(?=[0-9])")


@dataclass(frozen=True, slots=True)
class Spelling:
    """A way of writing an address, folded; `sure` if it is surely the same place as the one that was asked."""

    text: str
    sure: bool


def spellings(address: str, *, pref: str = "", city: str = "") -> tuple[Spelling, ...]:
    """Return the ways in which a register may write an address, the asked one first.

    With and without the names of prefecture and municipality it is the same place; ``2丁目6`` and ``2-6`` mostly are,
    but can be kilometres from one another (``geo.address.fold``), so what is found that way is not sure; neither is
    what is found without the building that was asked for: a namesake may live next door.
    """
    folded, before, inner = (one or "" for one in fold(pa.array([address, pref, city], pa.string())).to_pylist())
    if not folded:
        return ()
    body = folded.removeprefix(before).removeprefix(inner)
    if not body:
        return (Spelling(folded, sure=True),)
    bare = str(without_building(pa.array([body]))[0])
    heads = dict.fromkeys((before + inner, inner, ""))
    made = {folded: True}
    for text, sure in ((body, True), (_other(body), False), (bare, False), (_other(bare), False)):
        for head in heads:
            made.setdefault(head + text, sure)
    return tuple(Spelling(text, sure) for text, sure in made.items())


def _other(body: str) -> str:
    """Write 丁目 for the first hyphen, or a hyphen for 丁目."""
    other = _CHOME.sub("-", body) if _CHOME.search(body) else _FIRST_HYPHEN.sub(r"\1丁目", body)
    return other.removesuffix("-")
