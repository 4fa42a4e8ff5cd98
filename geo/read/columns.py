"""Typed columns as the text they stand for: exact, and the same on every machine."""

import datetime as dt
import json
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

_UTC = "+00:00"
_Texts = TypeVar("_Texts", pa.StringArray, pa.ChunkedArray)


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as strings: null stays null.

    Whole numbers, decimals and floats are written in the fewest digits that give back the same value, truth values as
    ``true`` and ``false``, days and times as ISO 8601 (with their offset where they have a time zone), lists and
    structures as JSON.
    """
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return as_text(pa.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type))
    if pa.types.is_dictionary(kind):
        return pa.chunked_array([_looked_up(chunk) for chunk in column.chunks], pa.string())
    if pa.types.is_timestamp(kind):
        return pa.chunked_array([_stamps(chunk) for chunk in column.chunks], pa.string())
    if pa.types.is_time(kind):
        return _without_zeros(column.cast(pa.string()))
    try:
        return (column.cast(pa.float32()) if pa.types.is_float16(kind) else column).cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        texts = [None if value is None else _json(value) for value in column.to_pylist()]
        return pa.chunked_array([texts], pa.string())


def is_binary(kind: pa.DataType) -> bool:
    """Tell whether values of a type are bytes, which are no text."""
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
        or (isinstance(kind, pa.BaseExtensionType) and is_binary(kind.storage_type))
    )


def _looked_up(chunk: pa.DictionaryArray) -> pa.Array:
    words = as_text(pa.chunked_array([chunk.dictionary]))
    return words.combine_chunks().take(chunk.indices)


def _stamps(stamps: pa.TimestampArray) -> pa.Array:
    """Write instants as ``2026-11-21T09:00:00+09:00``, times without a zone without an offset."""
    zone = stamps.type.tz
    if zone is None:
        return _clock(stamps)
    try:
        offset = pc.replace_substring_regex(pc.strftime(stamps, "%z"), r"(\d\d)(\d\d)$", r"\1:\2")
        return pc.binary_join_element_wise(_clock(pc.local_timestamp(stamps)), offset, "")
    except pa.ArrowInvalid:  # a zone that this machine does not know: the same instant in UTC
        plain = stamps.cast(pa.timestamp(stamps.type.unit))
        return pc.binary_join_element_wise(_clock(plain), pa.scalar(_UTC), "")


def _clock(stamps: pa.TimestampArray) -> pa.Array:
    return _without_zeros(pc.replace_substring(stamps.cast(pa.string()), " ", "T", max_replacements=1))


def _without_zeros(text: _Texts) -> _Texts:
    """Cut zeros at the end of fractions of a second."""
    return pc.replace_substring_regex(text, r"(\.\d*?[1-9])0+$|\.0+$", r"\1")


def _json(value: object) -> str:
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    return _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return str(value)
