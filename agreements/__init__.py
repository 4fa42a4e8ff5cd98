"""What was agreed between a post office and a municipality, and what it allows."""

from agreements.agreement import (
    Agreement,
    Contact,
    Parameters,
    Party,
    Renewal,
    duplicates,
    in_force,
    new_agreement_text,
    parse_agreement,
)
from agreements.assessment import Assessment, new_assessment_text, parse_assessment
from agreements.decide import Decision, Reason, decide
from agreements.errors import AgreementError
from agreements.request import Event, Mode, Request, Trigger, TriggerKind
from agreements.template import Clause, Template, load_template, template_ids

__all__ = [
    "Agreement",
    "AgreementError",
    "Assessment",
    "Clause",
    "Contact",
    "Decision",
    "Event",
    "Mode",
    "Parameters",
    "Party",
    "Reason",
    "Renewal",
    "Request",
    "Template",
    "Trigger",
    "TriggerKind",
    "decide",
    "duplicates",
    "in_force",
    "load_template",
    "new_agreement_text",
    "new_assessment_text",
    "parse_agreement",
    "parse_assessment",
    "template_ids",
]
