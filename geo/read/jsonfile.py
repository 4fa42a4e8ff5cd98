"""JSON: GeoJSON, lists of objects or arrays, lists wrapped in an object, one object a line."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from geo.errors import ReadError
from geo.read.geojson import look, outline, parse_features, parse_geojson
from geo.read.jsonrows import Number, as_json, rows_of_arrays, to_table
from geo.read.model import Note, Parsed, quoted_names
from geo.read.text import Job, control_note

#: How deep within objects a list of rows is looked for ({"result": {"records": [...]}}).
_WRAPPINGS = 3
_RECORD_SEPARATOR = b"\x1e"
_FEATURE = "Feature"
_HEAD_BYTES = 4096
_Load = Callable[[bytes], object]


def parse_json(job: Job) -> Parsed:
    """Read a JSON text, whatever of the known shapes it has; numbers stay as written.

    Raises
    ------
    ReadError
        If the text is broken or of no such shape, several lists could be meant, an object has a key twice, or a limit
        is passed.
    """
    if job.text.data[:_HEAD_BYTES].tobytes().lstrip().startswith(b"["):
        return _table(job, _list(_load(job), job))
    shape = look(job.text, job.file)
    if shape.values > 1:
        return parse_json_lines(job)
    seen = outline(job.text, shape, job.file)
    if seen.is_geojson:
        return parse_geojson(job, seen)
    return _wrapped(job, _load(job))


def parse_json_lines(job: Job) -> Parsed:
    """Read one object or GeoJSON feature a line; records may also be set off by RS (RFC 8142).

    Raises
    ------
    ReadError
        With the number of the line, if one is no JSON or differs in kind from the others.
    """
    loads = _loader(job.file)
    records = list(_records(job))
    if len(records) > job.limits.rows:
        raise ReadError("geo.rows_limit", file=job.file, rows=len(records), limit=job.limits.rows)
    rows: list[object] = []
    for line, record in records:
        try:
            row = loads(record)
        except (ValueError, RecursionError) as error:
            raise ReadError("geo.json_line_broken", file=job.file, line=line) from error
        if _kind(row) is None or (rows and _kind(row) != _kind(rows[0])):
            raise ReadError("geo.json_line_other", file=job.file, line=line)
        rows.append(row)
    if rows and _kind(rows[0]) == _FEATURE:
        return parse_features(job, [record for _, record in records])
    return replace(_table(job, rows), format="ndjson")


def _records(job: Job) -> Iterator[tuple[int, bytes]]:
    """Return the records with the lines on which they begin, blank ones left out."""
    data = job.text.data.tobytes()
    separator = _RECORD_SEPARATOR if data.lstrip().startswith(_RECORD_SEPARATOR) else b"\n"
    line = 1
    for record in data.split(separator):
        text = record.strip()
        if text:
            yield line, text
        line += 1 if separator == b"\n" else record.count(b"\n")


def _kind(row: object) -> str | None:
    if isinstance(row, dict):
        if row.get("type") == _FEATURE and "geometry" in row:
            return _FEATURE
        return "object"
    return "array" if isinstance(row, list) else None


def _load(job: Job) -> object:
    try:
        return _loader(job.file)(job.text.data.tobytes())
    except (ValueError, RecursionError) as error:
        raise ReadError("geo.json_broken", file=job.file) from error


def _loader(file: str) -> _Load:
    return partial(
        json.loads, parse_int=Number, parse_float=Number, parse_constant=str, object_pairs_hook=partial(_object, file)
    )


def _object(file: str, pairs: list[tuple[str, object]]) -> dict[str, object]:
    row = dict(pairs)
    if len(row) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ReadError("geo.columns_doubled", file=file, columns=f"「{twice}」")
    return row


def _list(value: object, job: Job) -> list[object]:
    if not isinstance(value, list):
        raise ReadError("geo.json_broken", file=job.file)
    return value


def _wrapped(job: Job, root: object) -> Parsed:
    """Read the one list of rows that stands somewhere in an object."""
    found = dict(_lists(root, "", _WRAPPINGS))
    asked = job.stated.part
    if asked is not None and asked not in found:
        raise ReadError("geo.part_not_found", file=job.file, part=asked, parts=quoted_names(found))
    if not found:
        raise _no_list(root, job.file)
    if asked is None and len(found) > 1:
        raise ReadError("geo.json_several_lists", file=job.file, count=len(found), parts=quoted_names(found))
    name = asked or next(iter(found))
    note: Note = ("geo.note_json_member", {"member": name})
    return _table(job, found[name], (note,))


def _lists(value: object, path: str, deeper: int) -> Iterator[tuple[str, list[object]]]:
    """Return the arrays of objects within an object, named by the way to them (``result.records``)."""
    if not isinstance(value, dict):
        return
    for name, member in value.items():
        if isinstance(member, list) and member and all(isinstance(row, dict) for row in member):
            yield path + name, member
        elif deeper > 1:
            yield from _lists(member, f"{path}{name}.", deeper - 1)


def _no_list(root: object, file: str) -> ReadError:
    """Tell a notice without data (texts only) from another kind of JSON; its own words are the best explanation."""
    members = root if isinstance(root, Mapping) else {}
    message = members.get("message") or members.get("error")
    if type(message) is str and not any(isinstance(member, (dict, list)) for member in members.values()):
        return ReadError("geo.json_notice", file=file, message=" ".join(message.split())[:200])
    return ReadError("geo.json_not_a_table", file=file)


def _table(job: Job, rows: Sequence[object], notes: tuple[Note, ...] = ()) -> Parsed:
    """Read rows that are all objects, all arrays or all features."""
    if not rows:
        raise ReadError("geo.no_rows", file=job.file)
    if len(rows) > job.limits.rows:
        raise ReadError("geo.rows_limit", file=job.file, rows=len(rows), limit=job.limits.rows)
    kinds = [_kind(row) for row in rows]
    odd = next((number for number, kind in enumerate(kinds, 1) if kind is None or kind != kinds[0]), None)
    if odd is not None:
        raise ReadError("geo.json_row_not_flat", file=job.file, row=odd)
    try:
        return _read(job, rows, kinds[0], notes)
    except RecursionError as error:  # nested deeper than any table
        raise ReadError("geo.json_broken", file=job.file) from error


def _read(job: Job, rows: Sequence[object], kind: str | None, notes: tuple[Note, ...]) -> Parsed:
    if kind == _FEATURE:
        parsed = parse_features(job, [as_json(row).encode() for row in rows])
        return replace(parsed, notes=notes + parsed.notes)
    arrays = [row for row in rows if isinstance(row, list)]
    objects, more = rows_of_arrays(arrays, job.file) if arrays else ([row for row in rows if isinstance(row, dict)], [])
    table, remarks = to_table(objects, job.limits, job.file)
    return Parsed(
        table, encoding=job.text.encoding, notes=(*notes, *more, *remarks, *control_note(job.text)), format="json"
    )
