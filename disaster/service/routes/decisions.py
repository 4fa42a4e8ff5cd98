"""Decisions as a dry run: what would be granted, under which clause; nothing is recorded or provided."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from agreements.request import Mode, Request
from disaster.provide import dry_run
from disaster.service.deps import Municipality, Now, StoreOf

router = APIRouter()

Text = Annotated[str, Field(max_length=200)]


class Question(BaseModel):
    """What somebody would like to ask for."""

    model_config = ConfigDict(extra="forbid")

    dataset: Text
    purpose: Text
    recipient: Text
    mode: Mode = Mode.LAYER
    requester: Text = ""
    event_id: Text | None = None
    channel: Literal["telephone", "document"] = "document"
    confirmed_by: Text = ""
    document_no: Text = ""
    reason: Text = ""
    area: Text | None = None


@router.post("/decisions/dry-run")
def decide_dry_run(question: Question, store: StoreOf, municipality: Municipality, now: Now) -> dict[str, Any]:
    """Return the decision that a request would get at this moment."""
    request = Request(
        request_id="dry-run", municipality=municipality, requester=question.requester or question.recipient,
        recipient=question.recipient, purpose=question.purpose, dataset=question.dataset, mode=question.mode,
        made_at=now, channel=question.channel, confirmed_by=question.confirmed_by, document_no=question.document_no,
        event_id=question.event_id, area=question.area, reason=question.reason,
    )  # fmt: skip
    return dry_run(store, request, at=now).to_dict()
