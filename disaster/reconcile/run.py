"""Reconcile: two files in, a table of pairs and a register of lasting ids out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from disaster.errors import ReconcileError
from disaster.models import NOUNS
from disaster.newfolder import new_folder
from disaster.reconcile.decisions import Answers, read_decisions
from disaster.reconcile.links import Compared, Settled, compare, settle
from disaster.reconcile.lists import Listed, read_list
from disaster.reconcile.mapped import map_layers
from disaster.reconcile.register import Register, merged
from disaster.reconcile.sheet import pairs_layer
from exporters import Layer, Marks, write_csv, write_webmap, write_xlsx
from geo.codes import normalise
from geo.gazetteer import Gazetteer
from geo.pairing import Pairing
from geo.read import Reader

#: Behind the name of a right list whose layout is also that of the left one.
_RIGHT = "#right"
_TOKYO = ZoneInfo("Asia/Tokyo")


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was written and what became of the rows.

    Attributes
    ----------
    folder
        With ``pairs.xlsx``, ``pairs.csv``, ``map.html`` and ``place-ids.json``.
    counts
        Of places: ``left`` = ``left_same`` + ``left_open`` + ``left_only``, likewise ``right``; ``pairs_same``,
        ``pairs_open`` between the lists, ``register_open`` between a list and the register; ``twice`` pairs within
        one list; ``left_refused``, ``right_refused`` rows that were never compared; ``left_repeated``,
        ``right_repeated`` rows left out because one before them says the same; ``places`` in the register, ``new`` and
        ``closed`` among them; ``decisions`` read and ``decisions_idle`` that stand on lines which ask nothing.
    titles
        The two files' names.
    """

    folder: Path
    counts: Mapping[str, int]
    titles: tuple[str, str]


def reconcile(
    kind: str,
    left: Path,
    right: Path,
    *,
    municipality: str,
    out: Path,
    reader: Reader,
    at: datetime,
    right_kind: str | None = None,
    gazetteer: Gazetteer | None = None,
    ids: Path | None = None,
    decisions: Path | None = None,
    left_reading: Mapping[str, Any] | None = None,
    right_reading: Mapping[str, Any] | None = None,
) -> Reconciled:
    """Compare two lists of the same places, write what was found, and give the places lasting ids.

    Nothing is merged: both lists stay as they are, and each line of the table names both.

    Parameters
    ----------
    kind
        Of the rows, a key of ``disaster.models.NOUNS`` whose rows have a name and are nobody's home.
    left, right
        Files in any known layout. Where both know a place, the register keeps what the left one says. Two files of one
        layout are told apart by their side: the same one must be left the next time.
    municipality
        Code of five or six digits.
    out
        A folder that does not exist yet.
    right_kind
        Of the rows of `right` where it differs: shelters against emergency sites.
    gazetteer
        Places rows that have an address and no coordinates.
    ids
        The register written last time; it is read, never changed. None begins a new one.
    decisions
        The table written last time, answered.
    left_reading, right_reading
        Options of ``Reader.read`` for what a file does not say: ``part``, ``encoding``, ``crs``.

    Raises
    ------
    ReconcileError
        If the folder exists or cannot be written, a kind cannot be compared, or the register or the answers cannot be
        read.
    IngestError, ReadError
        If a list cannot be read or checked.
    """
    if out.exists():
        raise ReconcileError("disaster.out_exists", folder=out.name)
    code, day = normalise(municipality), f"{at.astimezone(_TOKYO):%Y-%m-%d}"
    register = Register.read(ids, municipality=code) if ids else Register(code)
    files = ((kind, left, left_reading), (right_kind or kind, right, right_reading))
    one, other = _told_apart(
        *(
            read_list(noun, path, municipality=code, reader=reader, gazetteer=gazetteer, at=at, **(reading or {}))
            for noun, path, reading in files
        )
    )
    answers = _answers(decisions, one, other, reader, day)
    register = replace(register, decisions=merged(register.decisions, answers.decisions))
    found = compare(one, other, register, city=gazetteer.city if gazetteer else "")
    settled = settle(found, register, day=day)
    marks = Marks(f"{NOUNS[kind].title}の突き合わせ　左: {one.title}　右: {other.title}", code, at)
    _write(out, pairs_layer(found, settled, register, as_of=at), map_layers(found, as_of=at), marks, settled.register)
    return Reconciled(out, _counts(found, settled, answers), (one.title, other.title))


def _told_apart(left: Listed, right: Listed) -> tuple[Listed, Listed]:
    """Call two lists of one layout differently: each has ids of its own, and is whole or not by itself."""
    return left, replace(right, name=f"{right.name}{_RIGHT}") if right.name == left.name else right


def _answers(path: Path | None, left: Listed, right: Listed, reader: Reader, day: str) -> Answers:
    if path is None:
        return Answers()
    return read_decisions(path, left=left.name, right=right.name, reader=reader, day=day)


def _write(out: Path, table: Layer, layers: Sequence[Layer], marks: Marks, register: Register) -> None:
    with new_folder(out, ReconcileError) as folder:
        write_xlsx(folder / "pairs.xlsx", [table], marks)
        write_csv(folder / "pairs.csv", table, marks)
        write_webmap(folder / "map.html", layers, marks)
        (folder / "place-ids.json").write_text(register.to_json(), encoding="utf-8")


def _counts(found: Compared, settled: Settled, answers: Answers) -> dict[str, int]:
    pairing = found.pairing
    counts = {
        f"{side}_{state}": int((states == state).sum())
        for side, states in (("left", pairing.left), ("right", pairing.right))
        for state in ("same", "open", "only")
    }
    same = int(np.asarray(pairing.pairs["same"]).sum())
    for side, linked in (("left", found.left), ("right", found.right)):
        counts[side] = len(linked.listed.places)
        counts[f"{side}_refused"] = linked.listed.refused
        counts[f"{side}_repeated"] = linked.listed.repeated
    return counts | {
        "pairs_same": same,
        "pairs_open": pairing.pairs.num_rows - same,
        "register_open": sum(_open(linked.pairing) for linked in (found.left, found.right)),
        "twice": len(pairing.twice_left) + len(pairing.twice_right),
        "places": len(settled.register.standing),
        "new": settled.new,
        "closed": settled.closed,
        "decisions": len(answers.decisions),
        "decisions_idle": answers.idle,
    }


def _open(pairing: Pairing) -> int:
    return int(pairing.pairs.num_rows - np.asarray(pairing.pairs["same"]).sum())
