"""What routes need: the store, the clock, the municipality asked for."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query, Request

from disaster.errors import PublishError
from disaster.service.errors import QueryError
from disaster.store import Store

Clock = Callable[[], datetime]
#: Everything that a route may be asked with.
_QUERY = frozenset({"municipality", "bbox", "limit", "drill"})


def get_store(request: Request) -> Store:
    """Return the store that the app was made with."""
    store: Store = request.app.state.store
    return store


def get_now(request: Request) -> datetime:
    """Read the app's clock once for the request."""
    clock: Clock = request.app.state.clock
    return clock()


def refuse_unknown_query(request: Request) -> None:
    """Refuse a misspelt item instead of passing over it: without its box a layer is a whole town."""
    unknown = sorted(set(request.query_params) - _QUERY)
    if unknown:
        raise QueryError("disaster.bad_query", where="、".join(unknown)[:100])


StoreOf = Annotated[Store, Depends(get_store)]
Now = Annotated[datetime, Depends(get_now)]
Drill = Annotated[bool, Query(description="訓練用の情報 / drill data")]


def get_municipality(
    store: StoreOf, municipality: Annotated[str | None, Query(pattern=r"^\d{5}$", description="市区町村コード")] = None
) -> str:
    """Return the municipality asked for; a store with one needs no telling."""
    if municipality is None and len(store.municipalities) == 1:
        return store.municipalities[0]
    if municipality not in store.municipalities:
        raise PublishError(
            "disaster.other_municipality_store", municipality=municipality, known="、".join(store.municipalities)
        )
    return municipality


Municipality = Annotated[str, Depends(get_municipality)]
