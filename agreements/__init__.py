"""What was agreed between a post office and a municipality, and what it allows."""

from agreements.agreement import (
    Agreement,
    Contact,
    Party,
    Renewal,
    in_force,
    new_agreement_text,
    parse_agreement,
)
from agreements.decide import Decision, Reason, decide
from agreements.errors import AgreementError
from agreements.format import Column, ColumnType, DataFormat, Precision, Sensitivity
from agreements.request import Event, Mode, Request, Trigger, TriggerKind
from agreements.template import Clause, Template, load_template, template_ids

__all__ = [
    "Agreement",
    "AgreementError",
    "Clause",
    "Column",
    "ColumnType",
    "Contact",
    "DataFormat",
    "Decision",
    "Event",
    "Mode",
    "Party",
    "Precision",
    "Reason",
    "Renewal",
    "Request",
    "Sensitivity",
    "Template",
    "Trigger",
    "TriggerKind",
    "decide",
    "in_force",
    "load_template",
    "new_agreement_text",
    "parse_agreement",
    "template_ids",
]
