"""Agreements (協定) as TOML: reading one strictly, writing a new one to be signed."""

import binascii
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from agreements.documents import Table, head, load_toml
from agreements.errors import AgreementTextError
from agreements.template import MAX_DOCUMENT_HOURS, MAX_RETENTION_DAYS, Clause, Template, load_template, template_ids
from agreements.terms import CONTACT_ROLES, Agreement, Contact, Party, Renewal, in_force, last_day
from agreements.writing import FORMAT, VERSION, agreement_text
from geo.faults import Fault

__all__ = [
    "Agreement",
    "Contact",
    "Party",
    "Renewal",
    "agreement_text",
    "in_force",
    "last_day",
    "new_agreement_text",
    "parse_agreement",
]

_CODE5 = r"[0-9]{5}"
_OFFICE = r"[0-9A-Za-z-]{3,20}"
_AGREEMENT_ID = r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}"
_PHONE = r"[+0-9][0-9 ()-]{2,30}"
_KEY_BYTES = 32  # an Ed25519 public key (RFC 8032)


def parse_agreement(toml_text: str) -> Agreement:
    """Read an agreement.

    Raises
    ------
    AgreementTextError
        ``agreements.agreement_refused`` with every fault and its place; nothing of the text is used then.
    """
    faults: list[Fault] = []
    top = Table(load_toml(toml_text, faults), "", faults)
    if faults:
        raise AgreementTextError("agreements.agreement_refused", faults)
    head(top, FORMAT, VERSION)
    agreement = _agreement(top)
    top.close()
    if faults:
        raise AgreementTextError("agreements.agreement_refused", faults)
    return agreement


def _agreement(top: Table) -> Agreement:
    template = _template(top)
    post = _party(top.table("post"), _OFFICE, "S001", key=True)
    municipality = _party(top.table("municipality"), _CODE5, "99301", key=False)
    offices = top.texts("offices", pattern=_OFFICE, example="S001")
    _check_names(top, {post.name, post.code, *post.units, *offices}, municipality)
    signed = top.day("signed", required=False)
    effective_from, effective_to, renewal = _term(top.table("term"))
    if signed and effective_from and signed > effective_from:
        top.fault("signed_after_effect", "signed", signed, effective_from=effective_from)
    return Agreement(
        agreement_id=top.text("agreement_id", pattern=_AGREEMENT_ID, example="99301-2026-01"),
        title=top.text("title"),
        template_id=template.template_id if template else "",
        template_version=template.template_version if template else 0,
        post=post,
        municipality=municipality,
        area=top.texts("area", required=True, pattern=_CODE5, example="99301"),
        offices=offices,
        signed=signed,
        effective_from=effective_from or date.min,
        effective_to=effective_to,
        renewal=renewal,
        clauses=_clauses(top, template),
        contacts=tuple(_contact(table) for table in top.tables("contacts")),
    )


def _check_names(top: Table, of_post: set[str], municipality: Party) -> None:
    """Refuse a name that both sides go by: the recipient's name tells the direction."""
    shared = of_post & {municipality.name, municipality.code, *municipality.units} - {""}
    if shared:
        top.fault("same_party", "municipality", "、".join(sorted(shared)))


def _template(top: Table) -> Template | None:
    template_id = top.text("template", choices=template_ids())
    wanted = top.integer("template_version", minimum=1, maximum=9_999)
    if not template_id or wanted is None:
        return None
    template = load_template(template_id)
    if wanted != template.template_version:
        top.fault("other_template_version", "template_version", wanted, known=template.template_version)
    return template


def _party(table: Table, code: str, example: str, *, key: bool) -> Party:
    party = Party(
        name=table.text("name"),
        code=table.text("code", pattern=code, example=example),
        signing_key=table.text("signing_key", required=False) if key else "",
        units=table.texts("units"),
    )
    if party.signing_key and not _is_key(party.signing_key):
        table.fault("not_a_key", "signing_key")
    table.close()
    return party


def _is_key(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _term(table: Table) -> tuple[date | None, date | None, Renewal]:
    begins, ends = table.day("effective_from"), table.day("effective_to", required=False)
    if begins and ends and ends < begins:
        table.fault("term_ends_first", "effective_to", ends, begin=begins)
    renewal = _renewal(table.table("renewal", required=False))
    if renewal.auto and not table.has("effective_to"):
        table.fault("renewal_without_end", "renewal.auto")
    if begins and renewal.notice_given_on and renewal.notice_given_on < begins:
        table.fault("notice_before_term", "renewal.notice_given_on", renewal.notice_given_on, begin=begins)
    table.close()
    return begins, ends, renewal


def _renewal(table: Table) -> Renewal:
    standard = Renewal()
    months = table.integer("months", minimum=1, maximum=120, required=False)
    notice_days = table.integer("notice_days", minimum=0, maximum=366, required=False)
    renewal = Renewal(
        auto=table.flag("auto"),
        months=standard.months if months is None else months,
        notice_days=standard.notice_days if notice_days is None else notice_days,
        notice_given_on=table.day("notice_given_on", required=False),
    )
    table.close()
    return renewal


def _contact(table: Table) -> Contact:
    contact = Contact(
        side=table.text("side", choices=("post", "municipality")),
        role=table.text("role", choices=CONTACT_ROLES),
        name=table.text("name"),
        phone=table.text("phone", pattern=_PHONE, example="054-000-0000"),
        phone_24h=table.flag("phone_24h"),
    )
    table.close()
    return contact


def _clauses(top: Table, template: Template | None) -> tuple[Clause, ...]:
    """Return the clauses switched on, in the template's order, with the agreement's own parameters."""
    chosen: dict[str, Clause] = {}
    for name, table in top.named_tables("clauses"):
        base = template.clause(name) if template else None
        if base is not None:
            clause = _with_parameters(table, base)
            if clause is not None:
                chosen[name] = clause
        elif template is not None:
            top.fault("no_such_clause", f"clauses.{name}", name, known="、".join(c.id for c in template.clauses))
    if template is None:
        return ()
    return tuple(chosen[clause.id] for clause in template.clauses if clause.id in chosen)


def _with_parameters(table: Table, base: Clause) -> Clause | None:
    on = table.flag("on", required=True)
    retention = table.integer("retention_days", minimum=1, maximum=MAX_RETENTION_DAYS, required=False)
    if table.has("retention_days") and not base.formats:
        table.fault("terms_without_data", "retention_days")
    hours = table.integer("document_due_hours", minimum=0, maximum=MAX_DOCUMENT_HOURS, required=False)
    if table.has("document_due_hours") and not base.requires_document:
        table.fault("document_hours_without_document", "document_due_hours")
    table.close()
    if not on:
        return None
    return replace(
        base,
        retention_days=base.retention_days if retention is None else retention,
        document_due_hours=base.document_due_hours if hours is None else hours,
    )


def new_agreement_text(
    template_id: str,
    *,
    agreement_id: str,
    post: Party,
    municipality: Party,
    effective_from: date,
    effective_to: date | None = None,
    signed: date | None = None,
    title: str = "",
    area: Sequence[str] = (),
    offices: Sequence[str] = (),
    renewal: Renewal | None = None,
    contacts: Sequence[Contact] = (),
    clauses: Sequence[str] | None = None,
) -> str:
    """Write an agreement as commented TOML, ready to be read by both sides, changed and signed.

    Parameters
    ----------
    municipality
        One without units gets its 災害対策本部 as a unit.
    signed
        Day of signing; None writes a draft, which is never in force.
    area
        Municipality codes; the municipality's own where none are given.
    clauses
        Ids of the clauses to switch on, the others are written as off; None switches on all of the template.

    Raises
    ------
    UnknownTemplateError
        If there is no such template.
    AgreementTextError
        If ``parse_agreement`` would refuse the text, for instance for a code of four digits.
    """
    template = load_template(template_id)
    chosen = [clause.id for clause in template.clauses] if clauses is None else list(clauses)
    known = "、".join(clause.id for clause in template.clauses)
    unknown = [
        Fault("agreements.no_such_clause", column=f"clauses.{name}", value=name, params={"known": known})
        for name in chosen
        if template.clause(name) is None
    ]
    if unknown:
        raise AgreementTextError("agreements.agreement_refused", unknown)
    text = agreement_text(
        Agreement(
            agreement_id=agreement_id,
            title=title or template.title,
            template_id=template.template_id,
            template_version=template.template_version,
            post=post,
            municipality=_with_headquarters(municipality),
            area=tuple(area) or (municipality.code,),
            offices=tuple(offices),
            signed=signed,
            effective_from=effective_from,
            effective_to=effective_to,
            renewal=renewal or Renewal(),
            clauses=tuple(clause for clause in template.clauses if clause.id in chosen),
            contacts=tuple(contacts),
        )
    )
    parse_agreement(text)
    return text


def _with_headquarters(party: Party) -> Party:
    """Give a municipality without units its 災害対策本部, under which it asks in a disaster."""
    suffix = "災害対策本部"
    return party if party.units or party.name.endswith(suffix) else replace(party, units=(f"{party.name}{suffix}",))
