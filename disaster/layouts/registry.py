"""The layouts that are known: one for each TOML file beside this module, and our own for each noun."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from disaster.layouts.document import parse_layout
from disaster.layouts.model import OWN, PLACE_VALUES, Layout, Value
from disaster.models import NOUNS, Noun, Shape

_ALIASES = "aliases.toml"
#: A register of one office does not replace that of another, nor flooded areas the towns.
_BESIDE = {
    "areas": "area_kind",
    "delivery-points": "office_code",
    "emergency-sites": "site_kind",
    "facilities": "facility_kind",
    "risk-spots": "risk_kind",
    "stockpiles": "office_code",
    "vehicles": "office_code",
}


@cache
def all_layouts() -> tuple[Layout, ...]:
    """Return every layout: those of files first, then our own."""
    folder = files("disaster.layouts")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml") and entry.name != _ALIASES)
    known = [
        parse_layout(folder.joinpath(name).read_text(encoding="utf-8"), layout_id=name.removesuffix(".toml"))
        for name in names
    ]
    aliases = tomllib.loads(folder.joinpath(_ALIASES).read_text(encoding="utf-8"))
    return (*known, *(_own(noun, aliases) for noun in NOUNS.values()))


@cache
def _publishers() -> Mapping[str, str]:
    return {layout.id: layout.credit for layout in all_layouts()}


def publisher(layout_id: str) -> str:
    """Return who is to be named with the rows of a layout (出典); "" where it names nobody or is not a known one."""
    return _publishers().get(layout_id, "")


def _own(noun: Noun, aliases: Mapping[str, Mapping[str, list[str]]]) -> Layout:
    """Build the layout of a file that speaks our own words: what the invented town and many offices use."""
    columns = {}
    for item in noun.fields:
        others = (*aliases.get(noun.kind, {}).get(item.name, ()), *aliases["any"].get(item.name, ()))
        columns[item.name] = Value(sources=tuple(dict.fromkeys((item.column.label, item.name, *others))))
    if noun.shape is Shape.POINT:
        columns |= PLACE_VALUES
    beside = _BESIDE.get(noun.kind, "")
    return Layout(f"{OWN}-{noun.kind}", noun.kind, f"Tayori {noun.title}", columns, beside=beside)
