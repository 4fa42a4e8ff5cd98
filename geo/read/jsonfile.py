"""A JSON array of flat objects, as gazetteers and simple lists come."""

import json
from collections.abc import Callable

import pyarrow as pa

from geo.errors import ReadError
from geo.read.limits import Limits
from geo.read.model import Parsed
from geo.read.text import Text, control_note


def parse_json(text: Text, file: str, limits: Limits) -> Parsed:
    """Read ``[{"town": "相川", "lat": 34.8, ...}, ...]``: numbers as written, null and absent keys as null.

    Raises
    ------
    ReadError
        If the text is no JSON or no array of flat objects, an object has a key twice, or a limit is passed.
    """
    try:
        rows = json.loads(
            text.data.tobytes(), parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_object(file)
        )
    except (ValueError, RecursionError) as error:
        raise ReadError("geo.json_broken", file=file) from error
    if not isinstance(rows, list):
        raise ReadError("geo.json_not_a_table", file=file)
    if not rows:
        raise ReadError("geo.no_rows", file=file)
    if len(rows) > limits.rows:
        raise ReadError("geo.rows_limit", file=file, rows=len(rows), limit=limits.rows)
    wrong = next((number for number, row in enumerate(rows, 1) if not isinstance(row, dict)), None)
    if wrong is not None:
        raise ReadError("geo.json_row_not_flat", file=file, row=wrong)
    names = list(dict.fromkeys(name for row in rows for name in row))
    if len(names) > limits.columns:
        raise ReadError("geo.columns_limit", file=file, columns=len(names), limit=limits.columns)
    table = pa.table({name: _column([row.get(name) for row in rows], file) for name in names})
    return Parsed(table, encoding=text.encoding, notes=control_note(text))


def _object(file: str) -> Callable[[list[tuple[str, object]]], dict[str, object]]:
    def build(pairs: list[tuple[str, object]]) -> dict[str, object]:
        row = dict(pairs)
        if len(row) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise ReadError("geo.columns_doubled", file=file, columns=f"「{twice}」")
        return row

    return build


def _column(values: list[object], file: str) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([_cell(value, row, file) for row, value in enumerate(values, 1)], pa.string())


def _cell(value: object, row: int, file: str) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, str):
        return value
    raise ReadError("geo.json_row_not_flat", file=file, row=row)
