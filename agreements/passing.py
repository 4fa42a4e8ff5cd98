"""What an onward clause owes to the clauses through which the municipality received: never weaker terms than theirs."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from agreements.clauses import Clause
from agreements.vocabulary import DATASETS

#: How well a channel guards what it carries, weakest first: a password on a workbook is weaker than AES-256.
STRENGTH: Sequence[str] = ("plain", "excel_password", "aes_zip")


def sources(clause: Clause, clauses: Iterable[Clause]) -> tuple[Clause, ...]:
    """Return the clauses that give the municipality, in the same mode, personal data that an onward clause passes on.

    Empty for any other clause, and where nothing of that mode is received.
    """
    if not clause.onward:
        return ()
    passed = {(one.dataset, one.mode) for one in clause.formats if DATASETS[one.dataset].personal}
    return tuple(one for one in clauses if one.from_post and passed & {(f.dataset, f.mode) for f in one.formats})


def inherited(clause: Clause, clauses: Iterable[Clause]) -> Clause:
    """Return the clause with the stricter of its own retention and channel and those of its sources."""
    all_of = (clause, *sources(clause, clauses))
    return replace(
        clause,
        retention_days=min(one.retention_days for one in all_of),
        channel=max((one.channel for one in all_of), key=STRENGTH.index),
    )
