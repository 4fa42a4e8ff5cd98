"""One body for every error, one table from class to HTTP status."""

import logging
import traceback
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from agreements.errors import AgreementError
from disaster.errors import DisasterError, PublishError, StoreError
from geo.faults import CodedError, words

_LOG = logging.getLogger("tayori.service")


class QueryError(DisasterError):
    """A question that cannot be understood."""


#: The first class that fits decides.
STATUS: tuple[tuple[type[CodedError], HTTPStatus], ...] = (
    (QueryError, HTTPStatus.BAD_REQUEST),
    (PublishError, HTTPStatus.NOT_FOUND),
    (StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
    (AgreementError, HTTPStatus.BAD_REQUEST),
    (DisasterError, HTTPStatus.BAD_REQUEST),
    (CodedError, HTTPStatus.BAD_REQUEST),
)


def body(code: str, ja: str, en: str) -> dict[str, object]:
    """Return the one shape of an error."""
    return {"format": "tayori-error", "version": 1, "code": code, "ja": ja, "en": en}


def add_errors(app: FastAPI) -> None:
    """Make every failure answer in that shape, without a word of the data in it."""
    app.add_exception_handler(CodedError, _coded)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _coded(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, CodedError):
        return unexpected(error)
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    return JSONResponse(body(error.code, error.sentence("ja"), error.sentence("en")), status)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    where = (
        "、".join(".".join(map(str, one["loc"])) for one in error.errors())
        if isinstance(error, RequestValidationError)
        else ""
    )
    return _said("disaster.bad_query", HTTPStatus.BAD_REQUEST, where=where)


async def _http(_request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    return _said("disaster.no_such_page" if status == HTTPStatus.NOT_FOUND else "disaster.bad_query", status, where="")


def unexpected(error: Exception) -> JSONResponse:
    """Answer what nobody foresaw, and log where it happened: a message of a library may quote a row."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    _LOG.error("unexpected %s at %s:%s", type(error).__name__, Path(place.filename).name, place.lineno)
    return _said("disaster.unexpected", HTTPStatus.INTERNAL_SERVER_ERROR)


def _said(code: str, status: int, **params: object) -> JSONResponse:
    sentences = (
        " ".join(filter(None, (words(code, params, lang=lang), words(code, params, lang=lang, hint=True))))
        for lang in ("ja", "en")
    )
    return JSONResponse(body(code, *sentences), status)
