"""Agreements (協定) as TOML: reading one strictly, writing a new one to be signed."""

import binascii
import re
from base64 import b64decode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

from agreements.clauses import Clause, Template
from agreements.documents import Table, head, nearest_first, read_document
from agreements.errors import AgreementTextError
from agreements.names import same_person
from agreements.passing import inherited
from agreements.request import Mode
from agreements.template import (
    MAX_DOCUMENT_HOURS,
    MAX_LIST_LIMIT,
    MAX_RETENTION_DAYS,
    load_template,
    template_ids,
    template_versions,
)
from agreements.terms import (
    CONTACT_ROLES,
    Agreement,
    Contact,
    Parameters,
    Party,
    Renewal,
    duplicates,
    in_force,
    last_day,
)
from agreements.vocabulary import CHANNELS, COST_RULES, third_party
from agreements.writing import FORMAT, VERSION, agreement_text
from geo.faults import Fault

__all__ = [
    "Agreement",
    "Contact",
    "Parameters",
    "Party",
    "Renewal",
    "agreement_text",
    "duplicates",
    "in_force",
    "last_day",
    "new_agreement_text",
    "parse_agreement",
]

_CODE5 = r"[0-9]{5}"
_OFFICE = r"[0-9A-Za-z-]{3,20}"
_AGREEMENT_ID = r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}"
_PHONE = r"[+0-9][0-9 ()-]{2,30}"
#: What tells a template from its sisters, at the end of its title: （モデル 2026）. No agreement is called so.
_BRACKET = re.compile(r"（[^（）]*）$")
_KEY_BYTES = 32  # an Ed25519 public key (RFC 8032)


def parse_agreement(toml_text: str) -> Agreement:
    """Read an agreement; a text of version 1, and one of an older version of its template, is still read.

    Raises
    ------
    AgreementTextError
        ``agreements.agreement_refused`` with every fault and its place; nothing of the text is used then.
    """
    return read_document(toml_text, _agreement, AgreementTextError, "agreements.agreement_refused")


def _agreement(top: Table) -> Agreement:
    # Version 1 knew fewer parameters of a clause; its texts need no lifting.
    head(top, FORMAT, VERSION, older=(1,))
    template = _template(top)
    post = _party(top.table("post"), _OFFICE, "S001")
    municipality = _party(top.table("municipality"), _CODE5, "99301")
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
        contacts=tuple(_contact(table) for table in top.tables("contacts", counter="人目")),
    )


def _check_names(top: Table, of_post: set[str], municipality: Party) -> None:
    """Refuse a name that both sides go by, or a third party: the recipient's name tells the direction."""
    names = {municipality.name, municipality.code, *municipality.units} - {""}
    shared = sorted(name for name in names if same_person(name, of_post - {""}))
    if shared:
        top.fault("same_party", "municipality", "、".join(shared))
    for side, own in (("post", of_post), ("municipality", names)):
        for name in sorted(own):
            if third_party(name) is not None:
                top.fault("name_of_third_party", side, name)


def _template(top: Table) -> Template | None:
    template_id = top.text("template", choices=template_ids())
    wanted = top.integer("template_version", minimum=1, maximum=9_999)
    if not template_id or wanted is None:
        return None
    versions = template_versions(template_id)
    if wanted not in versions:
        top.fault("other_template_version", "template_version", wanted, known="、".join(map(str, versions)))
        # The other faults are told by the newest version; the text is refused in any case.
        return load_template(template_id)
    return load_template(template_id, wanted)


def _party(table: Table, code: str, example: str) -> Party:
    party = Party(
        name=table.text("name"),
        code=table.text("code", pattern=code, example=example),
        signing_key=table.text("signing_key", required=False),
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
    role = table.text("role", choices=CONTACT_ROLES)
    contact = Contact(
        side=table.text("side", choices=("post", "municipality")),
        role=role,
        name=table.text("name"),
        phone=table.text("phone", pattern=_PHONE, example="054-000-0000"),
        # Whoever is named for the night answers at night, unless the file says otherwise.
        phone_24h=table.flag("phone_24h") if table.has("phone_24h") else role == "night",
    )
    table.close()
    return contact


def _clauses(top: Table, template: Template | None) -> tuple[Clause, ...]:
    """Return the clauses switched on, in the template's order, with the agreement's own parameters.

    What an onward clause does not set itself is the stricter of the template's word and what was agreed for the clause
    whose data it passes on.
    """
    chosen: dict[str, Parameters] = {}
    for name, table in top.named_tables("clauses"):
        base = template.clause(name) if template else None
        if base is not None:
            parameters = _parameters(table, base)
            if table.flag("on", required=True):
                chosen[name] = parameters
            table.close()
        elif template is not None:
            ids = [clause.id for clause in template.clauses]
            known = "、".join(ids) if top.hopeless else nearest_first(name, ids)
            top.fault("no_such_clause", f"clauses.{name}", name, known=known)
    if template is None:
        return ()
    return _with_parameters([clause for clause in template.clauses if clause.id in chosen], chosen)


def _with_parameters(bases: Sequence[Clause], given: Mapping[str, Parameters]) -> tuple[Clause, ...]:
    """Return clauses of a template with what an agreement sets for them, by id, and what onward clauses take over."""
    own = [(clause, given.get(clause.id, Parameters())) for clause in bases]
    agreed = [parameters.applied(clause) for clause, parameters in own]
    return tuple(parameters.applied(inherited(clause, agreed)) for clause, parameters in own)


def _parameters(table: Table, base: Clause) -> Parameters:
    """Read what the agreement sets for a clause."""
    table.faults.extend(_useless(table.data, base, table.path))
    return Parameters(
        retention_days=table.integer("retention_days", minimum=1, maximum=MAX_RETENTION_DAYS, required=False),
        document_due_hours=table.integer("document_due_hours", minimum=0, maximum=MAX_DOCUMENT_HOURS, required=False),
        list_limit=table.integer("list_limit", minimum=1, maximum=MAX_LIST_LIMIT, required=False),
        channel=table.text("channel", required=False, choices=CHANNELS) or None,
        cost_rule=table.text("cost_rule", required=False, choices=COST_RULES) or None,
    )


def _useless(given: Collection[str], base: Clause, place: str) -> list[Fault]:
    """Refuse every parameter that the clause has no use for; `place` is where the clause stands in the file."""
    faults = [
        Fault("agreements.terms_without_data", column=f"{place}.{key}")
        for key in ("retention_days", "channel", "list_limit")
        if key in given and not base.formats
    ]
    if "list_limit" in given and base.formats and Mode.MATCH not in base.modes:
        faults.append(Fault("agreements.list_limit_without_match", column=f"{place}.list_limit"))
    if "document_due_hours" in given and not base.requires_document:
        faults.append(Fault("agreements.document_hours_without_document", column=f"{place}.document_due_hours"))
    return faults


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
    parameters: Mapping[str, Parameters] | None = None,
    template_version: int | None = None,
) -> str:
    """Write an agreement as commented TOML, ready to be read by both sides, changed and signed.

    Parameters
    ----------
    title
        Title of the agreement; the template's own without the bracket that names the template.
    municipality
        One without units gets its 災害対策本部 as a unit.
    signed
        Day of signing; None writes a draft, which is never in force.
    area
        Municipality codes; the municipality's own where none are given.
    clauses
        Ids of the clauses to switch on, the others are written as off; None switches on all of the template.
    parameters
        What the agreement sets in place of the template's word, by clause id.
    template_version
        Version of the template; None takes the newest.

    Raises
    ------
    UnknownTemplateError
        If there is no such template, or not in that version.
    AgreementTextError
        If ``parse_agreement`` would refuse the text, for instance for a code of four digits.
    """
    template = load_template(template_id, template_version)
    given = parameters or {}
    chosen = [clause.id for clause in template.clauses] if clauses is None else list(clauses)
    faults = _wrongly_chosen(template, chosen, given)
    if faults:
        raise AgreementTextError("agreements.agreement_refused", faults)
    text = agreement_text(
        Agreement(
            agreement_id=agreement_id,
            title=title or _BRACKET.sub("", template.title),
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
            clauses=_with_parameters([clause for clause in template.clauses if clause.id in chosen], given),
            contacts=tuple(contacts),
        )
    )
    parse_agreement(text)
    return text


def _wrongly_chosen(template: Template, chosen: Sequence[str], given: Mapping[str, Parameters]) -> list[Fault]:
    """Find clauses that the template does not have, and parameters that would be written nowhere."""
    faults: list[Fault] = []
    for name in dict.fromkeys([*chosen, *given]):
        base, place = template.clause(name), f"clauses.{name}"
        if base is None:
            said = {"known": nearest_first(name, [clause.id for clause in template.clauses])}
            faults.append(Fault("agreements.no_such_clause", column=place, value=name, params=said))
        elif name in given:
            faults += _useless(given[name].given(), base, place)
            if name not in chosen:
                faults.append(Fault("agreements.parameters_without_clause", column=place))
    return faults


def _with_headquarters(party: Party) -> Party:
    """Give a municipality without units its 災害対策本部, under which it asks in a disaster."""
    suffix = "災害対策本部"
    return party if party.units or party.name.endswith(suffix) else replace(party, units=(f"{party.name}{suffix}",))
