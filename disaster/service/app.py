"""The application: routes, errors, and headers that keep a browser from doing more than it is shown."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, Response

from disaster.service.deps import Clock, refuse_unknown_query
from disaster.service.errors import add_errors, body, unexpected
from disaster.service.routes import decisions, layers, status
from disaster.store import Store
from disaster.version import __version__
from geo.faults import words

#: A decision's question is a few hundred bytes; nothing larger is read.
MAX_BODY_BYTES = 64_000
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def _system_clock() -> datetime:
    return datetime.now(UTC)


def make_app(store: Store, *, clock: Clock = _system_clock) -> FastAPI:
    """Return the service on an open store; the caller closes the store.

    Documentation pages are off: they would load scripts from the internet.
    """
    app = FastAPI(title="Tayori", version=__version__, docs_url=None, redoc_url=None)
    app.state.store = store
    app.state.clock = clock
    for module in (layers, decisions, status):
        app.include_router(module.router, dependencies=[Depends(refuse_unknown_query)])
    app.middleware("http")(_guarded)
    add_errors(app)
    return app


async def _answered(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """Answer whatever happens: an error that went further up would be printed with what it quotes."""
    try:
        return await answer(request)
    except Exception as error:  # noqa: BLE001 - the last place where it can be kept out of the server's log
        return unexpected(error)


async def _guarded(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuse large bodies before they are read, and send the safety headers with every answer."""
    size = request.headers.get("content-length", "0")
    chunked = "transfer-encoding" in request.headers
    if chunked or not size.isdigit() or int(size) > MAX_BODY_BYTES:
        said = (words("disaster.body_too_large", {"limit": MAX_BODY_BYTES}, lang=lang) for lang in ("ja", "en"))
        response: Response = JSONResponse(body("disaster.body_too_large", *said), 413)
    else:
        response = await _answered(request, answer)
    response.headers.update(_HEADERS)
    return response
