"""From raw files to checked, typed, placed batches: nothing enters a store that did not pass here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from disaster.batch import Batch, Source
from disaster.commands import command
from disaster.errors import IngestError
from disaster.faultfile import unmended, without_reasons
from disaster.layouts import Layout, apply, recognise
from disaster.layouts.convert import ROW, Canonical
from disaster.layouts.model import GEOMETRY
from disaster.layouts.recognise import other_reading
from disaster.mapping import absent_headings, not_read, require_fit
from disaster.merging import Part, merge, place_remarks, total
from disaster.models import NOUNS, Noun, Side, kinds_in_words
from disaster.placing import placed, postal_doubts
from disaster.schemas import Findings, check, continued_amounts, find_individual_numbers, inside, near, refused_whole
from geo.codes import normalise, six
from geo.faults import Fault, Lang, words
from geo.gazetteer import Gazetteer
from geo.read import RawTable, Reader
from geo.read.model import Merged, Note, RawSource

#: Format of `report`.
REPORT_FORMAT, REPORT_VERSION = "tayori-check-report", 1

#: Rows from which a file is large: its parser is ended before its rows are checked.
_LARGE = 100_000
#: Takes each file as read and what was found in it.
Seen = Callable[[RawTable, Findings], None]


def unseen(_raw: RawTable, _findings: Findings) -> None:
    """Keep nothing of a checked file."""


def check_file(
    kind: str,
    paths: Sequence[Path],
    *,
    municipality: str,
    side: Side | None,
    reader: Reader,
    gazetteer: Gazetteer | None,
    at: datetime,
    dataset: str | None = None,
    **options: Any,
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
        Of the store they are meant for; None if there is none and any kind may be checked.
    reader
        The command's reader.
    gazetteer
        Places addresses, as far down as it goes; None leaves rows without coordinates unplaced.
    at
        As-of time of the rows, aware.
    dataset
        Name of the series; by default the layout's id, with what tells files apart that stand side by side: the
        file's name, or the one office or the one sort of area that all its rows are of.
    options
        As in `check_files`.

    Returns
    -------
    Batch
        With everything that is wrong; `within` tells whether it may be stored.

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
        dataset=dataset,
        **options,
    )
    if len(batches) > 1:
        raise IngestError("disaster.several_datasets", datasets="、".join(batch.dataset for batch in batches))
    return batches[0]


def check_files(
    kind: str,
    paths: Sequence[Path],
    *,
    municipality: str,
    side: Side | None,
    reader: Reader,
    gazetteer: Gazetteer | None,
    at: datetime,
    dataset: str | None = None,
    drill: bool = False,
    boundary: npt.NDArray[Any] | None = None,
    mapping: Layout | None = None,
    credit: str = "",
    seen: Seen = unseen,
    **reading: Any,
) -> tuple[Batch, ...]:
    """Do as `check_file` for any files of a kind: one batch for each dataset among them.

    Accidents of four years are four datasets that stand side by side; the three files of the emergency roads are one.

    Parameters
    ----------
    drill
        Whether the rows are of a drill.
    boundary
        Polygons of the municipality (shapely, EPSG:6668); places more than 2 km outside are refused.
    mapping
        The user's own layout of these files; by default the known layout that explains most of their headings.
    credit
        Who is to be named with the rows (出典): goes before what a layout says; alone counts for rows of a drill.
    seen
        Takes each file as read and what was found in it, for a copy that says why rows were refused.
    reading
        Options of ``Reader.read`` for what a file does not say: ``encoding``, ``crs`` and the like.
    """
    noun, code5 = _noun(kind, None if side is None else Side(side)), normalise(municipality)
    if not paths:
        raise IngestError("disaster.no_files", kind=noun.title)
    area = near(boundary, code5) if boundary is not None and len(boundary) else None
    said = mapping.credit if mapping and not drill else ""  # invented rows are nobody's publication
    groups: dict[str, list[Part]] = {}
    for path in paths:
        opened = _opened(noun, Path(path), reader, reading, mapping, municipality=code5, area=area)
        if seen is unseen:
            opened = replace(opened, raw=None)  # its cells are in the canonical table: a million rows once, not twice
        part = _part(noun, opened, seen, municipality=code5, area=area)
        del opened  # the rows are typed now: their text is not to lie in memory while they are placed
        pa.default_memory_pool().release_unused()
        part = replace(part, source=replace(part.source, credit=credit or said))
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


def report(batch: Batch, *, lang: Lang = "ja") -> dict[str, Any]:
    """Return what was found in the files, ready for JSON.

    Faults are shown up to 1,000 a reason; ``fault_counts`` counts all. ``row`` is the row below the header (1 is the
    first), in the file named by ``file`` of the fault where there are several; null means the whole file. Values that
    can point at a home or a person are null. ``line`` is the row in the program that shows the file, where that is
    another (the row of a sheet).
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
    return shown | {name: fault.params[name] for name in ("line", "file") if name in fault.params}


def _noun(kind: str, side: Side | None) -> Noun:
    if kind not in NOUNS:
        raise IngestError("disaster.unknown_kind", kind=kind, kinds=kinds_in_words(NOUNS))
    noun = NOUNS[kind]
    if side is not None and noun.sides and side not in noun.sides:
        raise IngestError("disaster.wrong_side", kind=noun.title)
    return noun


def _dataset(part: Part) -> str:
    """Name the series that a file continues: `Layout.series` and `Layout.beside` say how."""
    layout, table = part.layout, part.checked.table
    if layout.series == "file":
        return f"{layout.id}:{Path(part.name).stem}"
    values = pc.unique(table.column(layout.beside)).to_pylist() if layout.beside else []
    return f"{layout.id}:{values[0]}" if len(values) == 1 and values[0] else layout.id


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """A file as read and turned into the noun's columns; `raw` may be given up once nobody asks for it."""

    raw: RawTable | None
    about: RawSource
    rows: int
    bad_geometry: Mapping[int, str]
    merged: Merged
    layout: Layout
    canonical: Canonical
    findings: Findings
    individual: bool  # holds individual numbers, so that nothing of it may enter
    notes: tuple[Note, ...]


def _opened(
    noun: Noun,
    path: Path,
    reader: Reader,
    reading: Mapping[str, Any],
    mapping: Layout | None,
    *,
    municipality: str,
    area: shapely.Geometry | None,
) -> _Opened:
    """Read and recognise one file, and look for individual numbers in every column of it."""
    raw = reader.read(path, **reading)
    if raw.table.num_rows >= _LARGE:
        reader.close()  # the parser's memory is wanted for the rows; the next file starts a parser anew
    about, found = raw.source, without_reasons(raw.table)
    layout = _layout(noun, raw, found.column_names, path, mapping)
    canonical = apply(layout, found, file=Path(about.name).stem, municipality=municipality)
    canonical = inside(canonical, area, file=about.file) if layout.only_inside else canonical
    rows = canonical.table.column(ROW).to_numpy()
    if len(rows) == 0:
        raise _nothing(noun, about.file, canonical.set_aside, municipality)
    findings = Findings(rows, lines=None if raw.lines is None else raw.lines[rows - 1])
    kept = found if len(rows) == found.num_rows else found.take(pa.array(rows - 1))
    individual = find_individual_numbers(kept, findings)
    aside = () if mapping else _of_other_kind(noun, path, raw, found.column_names, canonical.set_aside)
    notes = (*aside, *absent_headings(layout, found.column_names), *not_read(canonical, raw.lines))
    bad, merged = {**raw.bad_geometry, **unmended(raw.table)}, raw.merged
    return _Opened(raw, about, found.num_rows, bad, merged, layout, canonical, findings, individual, notes)


def _layout(noun: Noun, raw: RawTable, names: Sequence[str], path: Path, mapping: Layout | None) -> Layout:
    """Return the layout that is to be used: the given one if it fits, else the known one."""
    headings = _headings(raw, names)
    if mapping is not None:
        require_fit(mapping, noun, headings, file=raw.source.file)
        return mapping
    return recognise(noun.kind, headings, file=Path(raw.source.name).stem, path=path)


def _headings(raw: RawTable, names: Sequence[str]) -> list[str]:
    return [name for name in names if name != GEOMETRY or raw.has_geometry]


def _of_other_kind(
    noun: Noun, path: Path, raw: RawTable, names: Sequence[str], set_aside: Mapping[str, int]
) -> tuple[Note, ...]:
    """Name the kind as which the rows can be read that were set aside, if the headings are plainly of one."""
    if "disaster.rows_of_another_kind" not in set_aside:
        return ()
    other = other_reading(noun.kind, _headings(raw, names), file=Path(raw.source.name).stem)
    if other is None:
        return ()
    looks = f"{NOUNS[other.kind].title}（{other.kind}）"
    return (("disaster.readable_as_other_kind", {"looks": looks, "command": command("check", other.kind, path)}),)


def _part(noun: Noun, opened: _Opened, seen: Seen, *, municipality: str, area: shapely.Geometry | None) -> Part:
    """Check one file."""
    about, canonical, findings = opened.about, opened.canonical, opened.findings
    if opened.individual:
        checked = refused_whole(noun, findings)
    else:
        checked = check(
            noun,
            canonical.table,
            municipality=municipality,
            headings=canonical.headings,
            area=area,
            findings=findings,
            bad_geometry=opened.bad_geometry,
            continued=continued_amounts(noun, opened.layout, opened.merged, findings.rows),
        )
    if opened.raw is not None:
        seen(opened.raw, findings)
    notes = (*about.notes, *checked.remarks, *opened.notes)
    source = Source(about.file, about.sha256, about.encoding, about.crs, opened.layout.id, notes)
    return Part(opened.layout, about.name, source, checked, opened.rows, canonical.set_aside, about.place_remark)


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
    remarks = place_remarks(parts, merged.rows)
    table = placed(merged.table, gazetteer, municipality=municipality, remarks=remarks)
    notes = dict(merged.notes)
    if "lon" in table.column_names and (unplaced := table.column("lon").null_count):
        notes["disaster.unplaced"] = unplaced
    if disagreeing := postal_doubts(table):
        notes["disaster.postal_disagrees"] = disagreeing
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
