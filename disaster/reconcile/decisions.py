"""The clerk's answers: the column 判断 of a written table, taken back in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from disaster.errors import ReconcileError
from disaster.reconcile.register import REGISTER, Decision, Named
from disaster.reconcile.sheet import BETWEEN, COLUMNS, TITLE
from geo.read import Reader

_ANSWERS = {
    **dict.fromkeys(("同じ", "同一", "一致", "○", "〇", "same"), True),
    **dict.fromkeys(("別", "違う", "不一致", "×", "different"), False),
}
_NEEDED = ("answer", "between", "left_id", "left_name", "right_id", "right_name")


@dataclass(frozen=True, slots=True)
class Answers:
    """Decisions as answered, and how many answers stand on lines that ask nothing (重複, 左だけ)."""

    decisions: tuple[Decision, ...] = ()
    idle: int = 0


def read_decisions(path: Path, *, left: str, right: str, reader: Reader, day: str) -> Answers:
    """Read the answers of a table that ``reconcile`` wrote; lines without an answer say nothing.

    Parameters
    ----------
    path
        ``pairs.csv`` or ``pairs.xlsx``, the column 判断 filled in with 同じ or 別.
    left, right
        What the register calls the two lists.
    day
        When it was decided: ``2026-11-21``.

    Raises
    ------
    ReconcileError
        ``disaster.reconcile_no_answers`` if a column is missing, ``disaster.reconcile_answer`` for an answer that is
        neither.
    ReadError
        If the file cannot be read.
    """
    part = TITLE if path.suffix.lower() == ".xlsx" else None  # the workbook has a sheet about itself too
    table = _needed(reader.read(path, part=part).table, path.name)
    lists = {
        BETWEEN["lists"]: (left, right),
        BETWEEN["left_register"]: (left, REGISTER),
        BETWEEN["right_register"]: (right, REGISTER),
    }
    decisions, idle = [], 0
    for row, line in enumerate(table.to_pylist(), start=1):
        answer = _text(line, "answer")
        sides = lists.get(_text(line, "between"))
        if answer and answer not in _ANSWERS:
            raise ReconcileError("disaster.reconcile_answer", file=path.name, row=row, value=answer)
        if answer and sides:
            one, other = (
                Named(list_name, _text(line, f"{side}_id"), _text(line, f"{side}_name"))
                for side, list_name in zip(("left", "right"), sides, strict=True)
            )
            decisions.append(Decision(one, other, _ANSWERS[answer], day))
        elif answer:
            idle += 1
    return Answers(tuple(decisions), idle)


def _needed(table: pa.Table, file: str) -> pa.Table:
    labels = {column.name: column.label for column in COLUMNS}
    missing = [labels[name] for name in _NEEDED if labels[name] not in table.column_names]
    if missing:
        raise ReconcileError("disaster.reconcile_no_answers", file=file, missing="、".join(missing))
    return table.select([labels[name] for name in _NEEDED]).rename_columns(list(_NEEDED))


def _text(line: Mapping[str, str | None], name: str) -> str:
    """Return a cell without the apostrophe that keeps spreadsheets from running it as a formula."""
    text = (line[name] or "").strip()
    return text[1:] if text[:1] == "'" and text[1:2] in set("=+-@") else text
