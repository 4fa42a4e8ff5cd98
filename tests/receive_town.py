"""What tests of receiving share: a store at whose gate everything is refused, and how a refusal must look.

A plugin of the test modules that name it in ``pytest_plugins``, beside ``door_town``.
PYTEST_DONT_REWRITE: the modules import it before pytest hears of it.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from door_town import AT, Packs, Situation, agree, files_of

from disaster.errors import ReceiveError
from disaster.receive import receive
from disaster.store import Store
from geo.read import Reader


@pytest.fixture(scope="module")
def gate(situation: Situation, packs: Packs, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A store like `city` for tests in which everything is refused: nothing ever comes in."""
    with situation.city(tmp_path_factory.mktemp("gate") / "city") as store:
        agree(store, key=packs.post.public_key)
        yield store
        assert store.received.all() == ()
        assert store.ledger.verify().ok


def as_it_is(_document: dict[str, Any]) -> None:
    """Change nothing."""


def contents(store: Store) -> tuple[Any, ...]:
    """Return all that a store holds of packs, apart from the ledger."""
    snapshots = files_of(store.home / "snapshots")
    return sorted(snapshots), [row.batch_id for row in store.batches()], [p.pack_id for p in store.received.all()]


def refused(city: Store, pack: Path, reader: Reader, *, at: datetime = AT, password: str | None = None) -> str:
    """Receive what must not come in: one sentence, nothing stored, nothing left, the refusal in the ledger."""
    before, entries = contents(city), len(list(city.ledger.entries()))
    with pytest.raises(ReceiveError) as caught:
        receive(city, pack, at=at, reader=reader, password=password)
    assert contents(city) == before
    assert list(city.staging.iterdir()) == []
    said = caught.value.sentence("ja")
    assert said
    assert "\n" not in said
    assert "Traceback" not in said
    assert caught.value.sentence("en")
    entry = list(city.ledger.entries())[-1]
    assert (entry.kind, entry.payload["reason"]) == ("pack_refused", caught.value.code)
    assert entry.seq == entries + 1
    return caught.value.code.removeprefix("disaster.")


# --- signed by the right key, and wrong ------------------------------------------------------------------------------


def set_in(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Return a change of one entry: ``layers.0.rows``."""

    def change(document: dict[str, Any]) -> None:
        *way, last = path.split(".")
        place: Any = document
        for step in way:
            place = place[int(step)] if step.isdigit() else place[step]
        if last.isdigit():
            place[int(last)] = value
        else:
            place[last] = value

    return change
