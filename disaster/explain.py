"""Under which clause does this column stand? For every column of a released file, from its pack's manifest or itself.

Pure: what is read from files comes in as a `Manifest` or as the descriptions that they carry (``exporters.about``).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agreements.format import Column, Sensitivity, about_a_home
from agreements.vocabulary import DATASETS, DELIVERY_POINTS
from disaster.case import PUBLIC_GEOGRAPHY
from disaster.errors import ReceiveError
from disaster.manifest import GROUND, GroundsOf, LayerOf, Manifest

#: How the places of rows are headed in tables; in GeoJSON and GeoPackage they are the geometry.
PLACES: Mapping[str, str] = {"lon": "経度", "lat": "緯度", "mgrs": "UTM座標(MGRS)", "geometry": "位置・形状"}


@dataclass(frozen=True, slots=True)
class ColumnGrounds:
    """One column of one layer: what opens it, and whom its values can point at.

    `article` and `clause` are of the agreement `agreement` (empty for public geography); `law` is the article of the
    law for personal data.
    """

    layer: str
    layer_title: str
    column: str
    label: str
    sensitivity: Sensitivity
    agreement: str
    clause: str
    article: str
    basis: str
    law: str


def columns_of_manifest(manifest: Manifest, layers: Iterable[str] | None = None) -> tuple[ColumnGrounds, ...]:
    """Return every column of a pack, or of some of its layers, with what opens it.

    A pack of version 1 names a clause for each layer; its columns have that one.
    """
    wanted = None if layers is None else set(layers)
    return tuple(
        line for layer in manifest.layers if wanted is None or layer.name in wanted for line in _lines(manifest, layer)
    )


def columns_of_descriptions(documents: Iterable[Mapping[str, Any]]) -> tuple[ColumnGrounds, ...]:
    """Return the columns of a file that stands alone, as it describes itself; nothing of that is signed.

    Raises
    ------
    ReceiveError
        If a description is not one that this software writes.
    """
    try:
        return tuple(line for document in documents for line in _described(document))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReceiveError("disaster.nothing_to_explain", file="") from error


def chosen(lines: Sequence[ColumnGrounds], column: str) -> tuple[ColumnGrounds, ...]:
    """Return the lines of a column, named as in the file: by its heading or its machine name.

    Raises
    ------
    ReceiveError
        If no layer has such a column.
    """
    found = tuple(line for line in lines if column.strip() in (line.column, line.label))
    if not found:
        known = "、".join(dict.fromkeys(line.label for line in lines))
        raise ReceiveError("disaster.no_such_column", column=column[:60], known=known)
    return found


def _lines(manifest: Manifest, layer: LayerOf) -> Iterator[ColumnGrounds]:
    fallback = _by_dataset(manifest, layer)
    for column in layer.columns:
        whom = column.name, column.label, _whom(column.sensitivity, personal=layer.personal)
        yield _line(manifest, layer, whom, column if column.basis else fallback)
    if layer.crs is not None:
        grounds = layer.place if layer.place is not None and layer.place.basis else fallback
        for name, label in PLACES.items():
            yield _line(manifest, layer, (name, label, _whom(Sensitivity.PUBLIC, personal=layer.personal)), grounds)


def _line(
    manifest: Manifest, layer: LayerOf, column: tuple[str, str, Sensitivity], grounds: GroundsOf
) -> ColumnGrounds:
    agreement = manifest.agreement_id if grounds.clause else ""
    return ColumnGrounds(
        layer.name, layer.title, *column, agreement, grounds.clause, grounds.article, grounds.basis, grounds.law
    )


def _whom(said: Sensitivity, *, personal: bool) -> Sensitivity:
    """Return whom a column points at; packs of earlier versions call some columns about a home public."""
    return about_a_home(Column("", "", sensitivity=said)).sensitivity if personal else said


def _by_dataset(manifest: Manifest, layer: LayerOf) -> GroundsOf:
    """Return the clause that a manifest of version 1 names for a layer."""
    if layer.name in GROUND:
        return GroundsOf(basis=PUBLIC_GEOGRAPHY.sentence)
    dataset = layer.name if layer.name in DATASETS else DELIVERY_POINTS
    found = next((one for one in manifest.clauses if one.dataset == dataset), None)
    if found is None:
        return GroundsOf()
    return GroundsOf(clause=found.clause, article=found.article, basis=found.basis)


def _described(document: Mapping[str, Any]) -> Iterator[ColumnGrounds]:
    grounds = document.get("grounds") or {}
    said = {name: str(grounds.get(name, "")) for name in ("agreement", "clause", "article", "law")}
    basis = str(grounds.get("sentence") or document.get("basis") or "")
    layer, title = str(document["layer"]), str(document["title"])
    told = [(str(one["name"]), str(one["label"]), Sensitivity(one["sensitivity"])) for one in document["columns"]]
    places = [(name, label, Sensitivity.PUBLIC) for name, label in PLACES.items()]
    closed = {Sensitivity.DWELLING, Sensitivity.PERSON} & {sensitivity for _, _, sensitivity in told}
    personal = "mode" in document or bool(closed)  # a workbook does not say its mode
    for name, label, sensitivity in (*told, *places):
        whom = _whom(sensitivity, personal=personal)
        yield ColumnGrounds(layer, title, name, label, whom, basis=basis, **said)
