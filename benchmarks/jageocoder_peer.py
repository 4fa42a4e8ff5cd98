"""jageocoder 2.2 as a peer of `geo.place`, with a dictionary of the very same gazetteers.

The released builder of dictionaries writes another format than the released reader reads; this module writes the
reader's tables through its own classes: the tree of names in order, a trie of every name down to 大字 with the upper
names left out one by one, and the standardised spelling that jageocoder itself gives to a name.
"""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jageocoder
import numpy as np
import pandas as pd
from jageocoder.aza_master import AzaMaster
from jageocoder.dataset import Dataset
from jageocoder.dbm.base_index import BaseIndex
from jageocoder.itaiji import Converter
from jageocoder.node import AddressNode, AddressNodeTable
from jageocoder.trie import AddressTrie, TrieNode

from benchmarks.plain_place import split_county
from geo.gazetteer import Gazetteer

_PREF, _COUNTY, _CITY, _OAZA, _AZA, _BLOCK, _BUILDING = 1, 2, 3, 5, 6, 7, 8
_NOWHERE = 999.9
_TOWN = re.compile(r"(.*?)([一二三四五六七八九十]+|\d+)丁目$")
Part = tuple[str, int]
Tree = dict[Part, tuple[list[float], "Tree"]]


def write_dictionary(gazetteers: list[Gazetteer], folder: Path) -> None:
    """Write the dictionary of some municipalities into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tree: Tree = {}
    for gazetteer in gazetteers:
        for path, lon, lat in _paths(gazetteer):
            _put(tree, path, lon, lat)
    nodes = [AddressNode.root().to_record()]
    codes = {split_county(gazetteer.city)[1]: gazetteer.municipality for gazetteer in gazetteers}
    _walk(tree, 0, nodes, codes, Converter())
    nodes[0]["siblingId"] = len(nodes)
    table = AddressNodeTable(db_dir=folder)
    table.create()
    table.append_records(nodes)
    _write_trie(nodes, folder)
    names = AzaMaster(db_dir=folder)
    names.create()
    BaseIndex(names).create_trie_on("code")
    sources = Dataset(db_dir=folder)
    sources.create()
    sources.append_records([{"id": 1, "title": "gazetteer", "url": ""}])
    table.create_indexes()


def _paths(gazetteer: Gazetteer) -> Iterator[tuple[list[Part], float, float]]:
    county, city = split_county(gazetteer.city)
    upper = [(gazetteer.pref, _PREF), *([(county, _COUNTY)] if county else []), (city, _CITY)]
    towns = gazetteer.table.select(["town", "koaza", "lon", "lat"]).to_pylist()
    names = [upper + _town_parts(row["town"], row["koaza"]) for row in towns]
    for path, row in zip(names, towns, strict=True):
        yield path, row["lon"], row["lat"]
    numbers = gazetteer.numbers.to_pandas()
    rows = (numbers[name].tolist() for name in ("town", "kind", "number", "lon", "lat"))
    for town, kind, number, lon, lat in zip(*rows, strict=True):
        yield names[town] + _number_parts(kind, number.split("-")), lon, lat


def _town_parts(town: str, koaza: str) -> list[Part]:
    found = _TOWN.match(unicodedata.normalize("NFKC", town))
    parts = [(found[1], _OAZA), (f"{found[2]}丁目", _AZA)] if found and found[1] else [(town, _OAZA)]
    return [*parts, *([(koaza, _AZA)] if koaza else [])]


def _number_parts(kind: str, number: list[str]) -> list[Part]:
    if kind == "lot":
        return [(f"{number[0]}番地", _BLOCK), *((part, _BUILDING) for part in number[1:])]
    return [(f"{number[0]}番", _BLOCK), *((f"{part}号", _BUILDING) for part in number[1:])]


def _put(tree: Tree, path: list[Part], lon: float | None, lat: float | None) -> None:
    for part in path[:-1]:
        tree = tree.setdefault(part, ([], {}))[1]
    place = tree.setdefault(path[-1], ([], {}))[0]
    if not place and lon is not None and lat is not None and not np.isnan(lon):
        place.extend((lon, lat))


def _walk(tree: Tree, parent: int, nodes: list[dict[str, Any]], codes: dict[str, str], names: Converter) -> None:
    """Write the nodes of a tree in order, each knowing its parent and the next one that is not below it."""
    for (name, level), (place, below) in sorted(tree.items(), key=lambda item: names.standardize(item[0][0])):
        at = len(nodes)
        lon, lat = place or _middle(below) or (_NOWHERE, _NOWHERE)
        note = f"jisx0402:{codes[name]}" if level == _CITY else ""
        node = AddressNode(
            id=at, name=name, name_index=names.standardize(name), x=lon, y=lat, level=level, priority=1, note=note,
            parent_id=parent,
        )  # fmt: skip
        nodes.append(node.to_record())
        _walk(below, at, nodes, codes, names)
        nodes[at]["siblingId"] = len(nodes)


def _middle(below: Tree) -> list[float] | None:
    points = [point for place, deeper in below.values() if (point := place or _middle(deeper))]
    return [float(value) for value in np.mean(points, axis=0)] if points else None


def _write_trie(nodes: list[dict[str, Any]], folder: Path) -> None:
    names, words = Converter(), {}
    for node in nodes[1:]:
        if node["level"] > _OAZA:
            continue
        whole, upper = [], node
        while upper["id"]:
            whole.insert(0, upper["name"])
            upper = nodes[upper["parentId"]]
        for start in range(len(whole)):
            words.setdefault(names.standardize("".join(whole[start:])), []).append(node["id"])
    trie = AddressTrie(folder / "address.trie", words)
    trie.save()
    records: list[dict[str, Any]] = [{"id": at, "nodes": []} for at in range(len(words))]
    for word, held in words.items():
        records[trie.get_id(word)]["nodes"] = held
    table = TrieNode(db_dir=folder)
    table.create()
    table.append_records(records)


class JageocoderPlacer:
    """Places the addresses of one municipality, one by one: the best answer counts."""

    def __init__(self, gazetteer: Gazetteer, dictionary: Path) -> None:
        jageocoder.init(db_dir=str(dictionary), mode="r")
        self._code = gazetteer.municipality

    def __call__(self, texts: pd.Series) -> pd.DataFrame:
        """Return level, town, lon and lat per address."""
        jageocoder.set_search_config(target_area=[self._code])
        return pd.DataFrame([self._one(text) for text in texts], columns=["level", "town", "lon", "lat"])

    @staticmethod
    def _one(text: str) -> tuple[str, str, float, float]:
        found = jageocoder.searchNode(text)
        if not found:
            return "none", "", np.nan, np.nan
        node = found[0].node
        town = "".join(part.name for part in node.get_parent_list() if part.level in (_OAZA, _AZA))
        level = "city" if node.level < _OAZA else "town" if node.level <= _AZA else "number"
        if node.level == _BLOCK and not node.name.endswith("番地"):
            level = "block"
        lon, lat = (node.x, node.y) if node.x < _NOWHERE else (np.nan, np.nan)
        return level, town, lon, lat
