"""Agreements, their comparison, requests and releases as paper: what the store knows, printed as DOCX or PDF."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from agreements.agreement import Agreement
from agreements.articles import agreement_paper
from agreements.diff import Difference
from agreements.request import Event
from agreements.schedules import OfficeLine
from agreements.workflow import Act
from disaster.errors import DisasterError
from disaster.models import OFFICE_AREAS, OFFICES
from disaster.requests import filed
from disaster.ruling import Ruling, rule
from disaster.store import Store
from exporters.paper import Block, Line, PageBreak, Paper
from exporters.paperagreement import agreement_document
from exporters.paperdocx import docx_bytes
from exporters.paperforms import release_form, request_form
from exporters.paperpdf import pdf_bytes

_WRITERS: Mapping[str, Callable[..., bytes]] = {".docx": docx_bytes, ".pdf": pdf_bytes}


def write_paper(paper: Paper, out: Path, *, at: datetime) -> int:
    """Write a paper as the file name says, ``.docx`` or ``.pdf``; return its size in bytes.

    Raises
    ------
    DisasterError
        If the name ends in neither, the file exists, or it cannot be written.
    """
    writer = _WRITERS.get(out.suffix.lower())
    if writer is None:
        raise DisasterError("disaster.unknown_paper", file=out.name)
    content = writer(paper, at=at)
    try:
        with out.open("xb") as file:
            return file.write(content)
    except FileExistsError as error:
        raise DisasterError("disaster.out_exists", folder=out.name) from error
    except OSError as error:
        raise DisasterError("disaster.paper_not_written", file=out.name) from error


def agreement_as_paper(agreement: Agreement, *, offices: Mapping[str, OfficeLine], at: datetime) -> Paper:
    """Return the paper of an agreement; `offices` fills in its annex."""
    return agreement_document(agreement_paper(agreement, offices), at=at)


def difference_as_paper(difference: Difference) -> Paper:
    """Return what differs between two agreements: a page of what each side loses, then every change as a table."""
    title = "協定の比較"
    summary = [Line(said) for said in difference.summary() or difference.in_words()]
    grids = difference.grids()
    blocks: list[Block] = [Line(title, "title"), *summary]
    if grids:
        blocks += [PageBreak(), *grids]
    return Paper(title, tuple(blocks), footer=f"{difference.before_id} → {difference.after_id}")


def known_offices(store: Store, municipalities: tuple[str, ...], *, at: datetime) -> dict[str, OfficeLine]:
    """Return the post offices of some municipalities that the store knows, by code."""
    columns = ("office_code", "municipality", "name", "address", "delivery", "served_municipalities")
    found: dict[str, OfficeLine] = {}
    for code in municipalities:
        if code in store.municipalities:
            for row in store.current(OFFICES.kind, code, at=at, columns=columns).table.to_pylist():
                found[row["office_code"]] = OfficeLine(
                    row["name"] or "", row["address"] or "", row["delivery"] or "", row["municipality"],
                    tuple(row["served_municipalities"] or ()),
                )  # fmt: skip
    return found


def delivering_offices(store: Store, municipalities: tuple[str, ...], *, at: datetime) -> dict[str, tuple[str, ...]]:
    """Return the names of the offices that deliver into each municipality, as the store's tables give them."""
    return {
        code: tuple(store.current(OFFICE_AREAS.kind, code, at=at, columns=("office",)).table["office"].to_pylist())
        for code in municipalities
        if code in store.municipalities
    }


def request_as_paper(store: Store, request_id: str, *, municipality: str | None = None, at: datetime) -> Paper:
    """Return the written form of a request that stands in the store.

    Raises
    ------
    StoreError
        If there is none of that number.
    """
    request = filed(store, request_id, municipality=municipality).request
    ruling = rule(store, request, at=at)
    return request_form(request, agreement=_concerned(ruling), event=ruling.event, at=at)


def blank_request(agreement: Agreement | None, *, event: Event | None = None, at: datetime) -> Paper:
    """Return a request form to be filled in by hand."""
    return request_form(None, agreement=agreement, event=event, at=at)


def release_as_paper(store: Store, request_id: str, *, municipality: str | None = None, at: datetime) -> Paper:
    """Return the answer to a request on paper, decided as of its release, or as of `at` where it was not released.

    Raises
    ------
    StoreError
        If there is no request of that number.
    """
    one = filed(store, request_id, municipality=municipality)
    released = [step.at for step in one.course.steps if step.act is Act.RELEASE]
    ruling = rule(store, one.request, at=released[-1] if released else at)
    return release_form(ruling.decision, agreement=_concerned(ruling), event=ruling.event, at=at)


def _concerned(ruling: Ruling) -> Agreement | None:
    """Return the agreement that grants, else the first of the municipality, else none."""
    granting = ruling.decision.agreement_id
    return next((one for one in ruling.agreements if granting in (None, one.agreement_id)), None)
