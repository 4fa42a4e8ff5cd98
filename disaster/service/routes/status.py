"""Whether the service works, and whose store it shows."""

from typing import Any

from fastapi import APIRouter

from disaster.service.deps import Now, StoreOf
from disaster.version import __version__

router = APIRouter()


@router.get("/health")
def health(store: StoreOf) -> dict[str, Any]:
    """Answer only if the database does."""
    store.ledger.head()
    return {"format": "tayori-health", "version": 1, "status": "ok"}


@router.get("/status")
def status(store: StoreOf, now: Now) -> dict[str, Any]:
    """Say whose store this is and which events are open; no count of anything personal."""
    events = [event for event in store.events.all() if event.open(now)]
    return {
        "format": "tayori-status",
        "version": 1,
        "software": __version__,
        "side": str(store.side),
        "municipalities": list(store.municipalities),
        "events": [
            {"event_id": e.event_id, "name": e.name, "drill": e.drill, "opened_at": e.opened_at} for e in events
        ],
        "now": now,
    }
