"""What typed columns must satisfy, as pandera schemas made from the nouns, and that keys stand once."""

import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc

from agreements.format import Sensitivity
from disaster.models import NOUNS, Field, Noun
from disaster.schemas.findings import Findings, Mask

# pandera sets this when it is imported, for a library that is not used here; with it pyarrow takes 09:30 in Japan for
# 09:30 in UTC, nine hours late and without a word.
os.environ.pop("PYARROW_IGNORE_TIMEZONE", None)

#: Values of these columns are never repeated in a fault: they can point at a home or a person.
SECRET = frozenset({Sensitivity.DWELLING, Sensitivity.PERSON})

#: Rows that are validated at once: a million texts as objects of Python would take more memory than all the rest.
_AT_ONCE = 100_000


@cache
def frame_schema(kind: str) -> pandera.DataFrameSchema:
    """Return the pandera schema of a noun's typed rows: ranges and patterns.

    Planners can validate frames of their own with it. Each check is named by the code of its fault.
    """
    columns = {
        item.name: pandera.Column(checks=checks, nullable=True, required=False)
        for item in NOUNS[kind].fields
        if (checks := _checks(item))
    }
    return pandera.DataFrameSchema(columns)


def _checks(item: Field) -> list[pandera.Check]:
    checks = []
    if item.minimum is not None or item.maximum is not None:
        low = -np.inf if item.minimum is None else item.minimum
        high = np.inf if item.maximum is None else item.maximum
        checks.append(pandera.Check.in_range(low, high, name="disaster.out_of_range", error="disaster.out_of_range"))
    if item.pattern is not None:
        pattern = rf"\A(?:{item.pattern})\Z"
        checks.append(pandera.Check.str_matches(pattern, name="disaster.bad_pattern", error="disaster.bad_pattern"))
    return checks


def check_rules(
    noun: Noun, columns: Mapping[str, pa.Array], findings: Findings, *, headings: Mapping[str, str]
) -> None:
    """Report values outside their range or pattern.

    Parameters
    ----------
    noun
        Says what must hold.
    columns
        Typed columns by name.
    findings
        Takes the faults ``disaster.out_of_range`` and ``disaster.bad_pattern``.
    headings
        Heading of the file for each column.
    """
    schema = frame_schema(noun.kind)
    table = pa.table({name: columns[name] for name in schema.columns})
    failed = [some for start in range(0, table.num_rows, _AT_ONCE) if len(some := _failures(schema, table, start))]
    if not failed:
        return
    cases: Any = pd.concat(failed)
    fields = {item.name: item for item in noun.fields}
    for (name, found), group in cases.groupby(["column", "check"], sort=True):
        item = fields[name]
        mask = np.zeros(table.num_rows, dtype=bool)
        mask[group["index"].to_numpy(dtype=np.int64)] = True
        shown = None if item.column.sensitivity in SECRET else pc.cast(columns[name], pa.string())
        code = "disaster.not_a_municipality" if name == "municipality" else found
        findings.add(
            code,
            mask,
            column=headings.get(name, item.column.label),
            values=shown,
            minimum=item.minimum,
            maximum=item.maximum,
            pattern=item.pattern or "",
            pattern_ja=_in_words(item.pattern or ""),
        )


def _failures(schema: pandera.DataFrameSchema, table: pa.Table, start: int) -> pd.DataFrame:
    """Validate some rows and return pandera's cases of failure, numbered through the whole table."""
    frame = table.slice(start, _AT_ONCE).to_pandas()
    frame.index += start
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases: pd.DataFrame = error.failure_cases
        return cases
    return pd.DataFrame()


def _in_words(pattern: str) -> str:
    """Say a pattern so that a clerk can follow it."""
    if digits := re.fullmatch(r"\\d\{(\d+)\}", pattern):
        return f"数字{digits[1]}桁"
    if signs := re.fullmatch(r"\[0-9A-Za-z-\]\{(\d+),(\d+)\}", pattern):
        return f"半角の英数字とハイフン、{signs[1]}〜{signs[2]}文字"
    return pattern


def check_keys(
    noun: Noun,
    columns: Mapping[str, pa.Array],
    findings: Findings,
    *,
    headings: Mapping[str, str],
    tell: Callable[[int], str] | None = None,
) -> None:
    """Report rows whose key stands already in an earlier row that stays: the first not refused for anything else.

    A key with a required part missing is reported as missing, not as double. `tell` says where a row stands, by
    its position, where its number alone does not (several files).
    """
    required = {item.name for item in noun.fields if item.required}
    complete = np.ones(len(findings.rows), dtype=bool)
    for name in noun.key:
        if name in required:
            complete &= _filled(columns[name])
    repeated, first = _repeated([columns[name] for name in noun.key], complete, ~findings.refused)
    if not repeated.any():
        return
    labels = {item.name: item.column.label for item in noun.fields}
    heading = "・".join(headings.get(name, labels[name]) for name in noun.key)
    secret = any(item.column.sensitivity in SECRET for item in noun.fields if item.name in noun.key)
    shown = None if secret else _joined([columns[name] for name in noun.key])

    def tell_first(index: int) -> dict[str, object]:
        at = int(first[index])
        return {"first": tell(at) if tell else f"{findings.number(at)}行目"}

    findings.add("disaster.duplicate_key", repeated, column=heading, values=shown, more=tell_first)


def _filled(column: pa.Array) -> Mask:
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=bool)


def _repeated(key: list[pa.Array], complete: Mask, stays: Mask) -> tuple[Mask, npt.NDArray[np.int64]]:
    """Tell which rows repeat the key of an earlier row that stays, and the position of the first such row."""
    codes = np.zeros(len(complete), dtype=np.int64)
    for column in key:
        coded = column.dictionary_encode()
        indices = pc.fill_null(coded.indices, len(coded.dictionary)).to_numpy(zero_copy_only=False)
        codes = pd.factorize(codes * (len(coded.dictionary) + 1) + indices)[0].astype(np.int64)
    at = np.flatnonzero(complete & stays)
    first = np.full(codes.max(initial=0) + 1, len(codes), dtype=np.int64)
    first[codes[at[::-1]]] = at[::-1]
    repeated = complete & (first[codes] < np.arange(len(codes)))
    return repeated, first[codes]


def _joined(key: list[pa.Array]) -> pa.Array:
    texts = [pc.fill_null(pc.cast(column, pa.string()), "") for column in key]
    return texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, " / ")
