"""From raw files to checked, typed, placed batches: nothing enters a store that did not pass here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from disaster.batch import Batch, Source
from disaster.errors import IngestError
from disaster.layouts import apply, recognise
from disaster.layouts.convert import ROW
from disaster.merging import Part, merge, total
from disaster.models import NOUNS, Noun, Side
from disaster.placing import placed
from disaster.schemas import Findings, check, find_individual_numbers, near, refused_whole
from geo.codes import normalise, six
from geo.faults import Fault, Lang, words
from geo.gazetteer import Gazetteer
from geo.read import RawTable, Reader

#: Format of `report`.
REPORT_FORMAT, REPORT_VERSION = "tayori-check-report", 1


def check_file(
    kind: str,
    paths: Sequence[Path],
    *,
    municipality: str,
    side: Side,
    reader: Reader,
    gazetteer: Gazetteer | None,
    at: datetime,
    encoding: str | None = None,
    crs: str | None = None,
    dataset: str | None = None,
    drill: bool = False,
    boundary: npt.NDArray[Any] | None = None,
) -> Batch:
    """Read, recognise, check and place the rows of one file, or of several that together are one dataset.

    Parameters
    ----------
    kind
        A key of ``disaster.models.NOUNS``.
    paths
        Files.
    municipality
        Code of five or six digits: whose rows these are.
    side
        Of the store they are meant for.
    reader
        The command's reader.
    gazetteer
        Places addresses at town level; None leaves rows without coordinates unplaced.
    at
        As-of time of the rows, aware.
    encoding, crs
        As in ``Reader.read``, where a file does not say.
    dataset
        Name of the series; by default the layout's id, with what tells files apart that stand side by side: the
        file's name, or the one office or the one sort of area that all its rows are of.
    drill
        Whether the rows are of a drill.
    boundary
        Polygons of the municipality (shapely, EPSG:6668); places more than 2 km outside are refused.

    Returns
    -------
    Batch
        With everything that is wrong; `require` decides whether it may be stored.

    Raises
    ------
    IngestError
        If nothing can be told of the rows: unknown kind or layout, wrong side, no rows, rows of another municipality
        or kind only, several datasets at once.
    ReadError
        If a file cannot be read.
    """
    batches = check_files(
        kind,
        paths,
        municipality=municipality,
        side=side,
        reader=reader,
        gazetteer=gazetteer,
        at=at,
        encoding=encoding,
        crs=crs,
        dataset=dataset,
        drill=drill,
        boundary=boundary,
    )
    if len(batches) > 1:
        raise IngestError("disaster.several_datasets", datasets="、".join(batch.dataset for batch in batches))
    return batches[0]


def check_files(
    kind: str,
    paths: Sequence[Path],
    *,
    municipality: str,
    side: Side,
    reader: Reader,
    gazetteer: Gazetteer | None,
    at: datetime,
    encoding: str | None = None,
    crs: str | None = None,
    dataset: str | None = None,
    drill: bool = False,
    boundary: npt.NDArray[Any] | None = None,
) -> tuple[Batch, ...]:
    """Do as `check_file` for any files of a kind: one batch for each dataset among them.

    Accidents of four years are four datasets that stand side by side; the three files of the emergency roads are one.
    """
    noun, code5 = _noun(kind, Side(side)), normalise(municipality)
    if not paths:
        raise IngestError("disaster.no_files", kind=noun.title)
    area = near(boundary, code5) if boundary is not None and len(boundary) else None
    groups: dict[str, list[Part]] = {}
    for path in paths:
        raw = reader.read(Path(path), encoding=encoding, crs=crs)
        part = _part(noun, raw, municipality=code5, area=area)
        groups.setdefault(dataset or _dataset(part), []).append(part)
    return tuple(
        _batch(noun, parts, municipality=code5, gazetteer=gazetteer, at=at, dataset=name, drill=drill)
        for name, parts in groups.items()
    )


def within(batch: Batch, max_refused: str = "0") -> bool:
    """Tell whether few enough rows were refused.

    Parameters
    ----------
    batch
        As checked.
    max_refused
        A count (``"20"``) or a share of the rows read (``"0.5%"``).

    Raises
    ------
    IngestError
        ``disaster.bad_max_refused`` if it is neither.
    """
    text = max_refused.strip()
    try:
        limit = float(text[:-1]) / 100 * batch.read if text.endswith("%") else int(text)
    except ValueError as error:
        raise IngestError("disaster.bad_max_refused", value=max_refused) from error
    if not 0 <= limit <= max(batch.read, limit if not text.endswith("%") else 0):
        raise IngestError("disaster.bad_max_refused", value=max_refused)
    return batch.refused <= limit


def require(batch: Batch, *, max_refused: str = "0", all_or_nothing: bool = False) -> None:
    """Refuse the whole batch if too many of its rows were refused; to be called before anything is stored.

    Raises
    ------
    IngestError
        ``disaster.too_many_refused``; with `all_or_nothing` one refused row is too many whatever `max_refused` says.
        ``disaster.nothing_accepted`` if no row is left to store.
    """
    if batch.accepted == 0:
        raise IngestError("disaster.nothing_accepted", read=batch.read, kind=NOUNS[batch.kind].title)
    if not within(batch, "0" if all_or_nothing else max_refused):
        raise IngestError(
            "disaster.too_many_refused",
            refused=batch.refused,
            read=batch.read,
            allowed="0" if all_or_nothing else max_refused,
        )


def report(batch: Batch, *, lang: Lang = "ja") -> dict[str, Any]:
    """Return what was found in the files, ready for JSON.

    Faults are shown up to 1,000 a reason; ``fault_counts`` counts all. ``row`` is the row below the header (1 is the
    first), in the file named by ``file`` of the fault where there are several; null means the whole file. Values that
    can point at a home or a person are null.
    """
    return {
        "format": REPORT_FORMAT,
        "version": REPORT_VERSION,
        "kind": batch.kind,
        **{name: _of_sources(batch, name) for name in ("file", "sha256", "encoding", "crs", "layout")},
        "dataset": batch.dataset,
        "municipality": batch.municipality,
        "read": batch.read,
        "accepted": batch.accepted,
        "refused": batch.refused,
        "set_aside": _counted(batch.set_aside, lang),
        "notes": [*_counted(batch.notes, lang), *_remarks(batch, lang)],
        "fault_counts": dict(batch.faults.counts),
        "faults": [_fault(fault, lang) for fault in batch.faults.kept],
    }


def _of_sources(batch: Batch, name: str) -> str | None:
    values = [getattr(source, name) for source in batch.sources]
    return ", ".join(dict.fromkeys(value for value in values if value)) or None


def _counted(counts: Mapping[str, int], lang: Lang) -> list[dict[str, Any]]:
    return [{"code": code, "count": n, "reason": words(code, {"count": n}, lang=lang)} for code, n in counts.items()]


def _remarks(batch: Batch, lang: Lang) -> list[dict[str, Any]]:
    return [
        {"code": code, "file": source.file, "reason": words(code, params, lang=lang)}
        for source in batch.sources
        for code, params in source.notes
    ]


def _fault(fault: Fault, lang: Lang) -> dict[str, Any]:
    shown = {
        "row": fault.row,
        "column": fault.column,
        "value": fault.value,
        "code": fault.code,
        "reason": fault.reason(lang),
        "hint": fault.hint(lang),
    }
    return shown | ({"file": fault.params["file"]} if "file" in fault.params else {})


def _noun(kind: str, side: Side) -> Noun:
    if kind not in NOUNS:
        raise IngestError("disaster.unknown_kind", kind=kind, kinds="、".join(NOUNS))
    noun = NOUNS[kind]
    if noun.sides and side not in noun.sides:
        raise IngestError("disaster.wrong_side", kind=noun.title)
    return noun


def _dataset(part: Part) -> str:
    """Name the series that a file continues: `Layout.series` and `Layout.beside` say how."""
    layout, table = part.layout, part.checked.table
    if layout.series == "file":
        return f"{layout.id}:{Path(part.source.file).stem}"
    values = pc.unique(table.column(layout.beside)).to_pylist() if layout.beside else []
    return f"{layout.id}:{values[0]}" if len(values) == 1 and values[0] else layout.id


def _part(noun: Noun, raw: RawTable, *, municipality: str, area: shapely.Geometry | None) -> Part:
    """Recognise and check one file."""
    file = raw.source.file
    headings = [name for name in raw.table.column_names if name != "geometry" or raw.has_geometry]
    layout = recognise(noun.kind, headings, file=Path(file).stem)
    canonical = apply(layout, raw.table, file=Path(file).stem, municipality=municipality)
    rows = canonical.table.column(ROW).to_numpy()
    if len(rows) == 0:
        raise _nothing(noun, file, canonical.set_aside, municipality)
    findings = Findings(rows)
    kept = raw.table if len(rows) == raw.table.num_rows else raw.table.take(pa.array(rows - 1))
    if find_individual_numbers(kept, findings):
        checked = refused_whole(noun, findings)
    else:
        checked = check(
            noun,
            canonical.table,
            municipality=municipality,
            headings=canonical.headings,
            area=area,
            findings=findings,
            bad_geometry=raw.bad_geometry,
        )
    source = Source(file, raw.source.sha256, raw.source.encoding, raw.source.crs, layout.id, raw.source.notes)
    return Part(layout, source, checked, raw.table.num_rows, canonical.set_aside)


def _nothing(noun: Noun, file: str, set_aside: Mapping[str, int], municipality: str) -> IngestError:
    if "disaster.rows_of_other_municipalities" in set_aside:
        return IngestError("disaster.none_of_municipality", file=file, expected=six(municipality))
    return IngestError("disaster.none_of_kind", file=file, kind=noun.title)


def _batch(
    noun: Noun,
    parts: list[Part],
    *,
    municipality: str,
    gazetteer: Gazetteer | None,
    at: datetime,
    dataset: str,
    drill: bool,
) -> Batch:
    """Put the files of one dataset together and place their rows."""
    merged = merge(noun, parts)
    table = placed(merged.table, gazetteer, municipality=municipality)
    notes = dict(merged.notes)
    if "lon" in table.column_names and (unplaced := table.column("lon").null_count):
        notes["disaster.unplaced"] = unplaced
    return Batch(
        kind=noun.kind,
        municipality=municipality,
        dataset=dataset,
        table=table,
        faults=merged.faults,
        read=merged.read,
        refused=merged.refused,
        sources=tuple(part.source for part in parts),
        as_of=at,
        set_aside=total(part.set_aside for part in parts),
        drill=drill,
        notes=notes,
    )
