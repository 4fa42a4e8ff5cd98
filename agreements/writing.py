"""An agreement as TOML text, with comments for the people who read, change and sign it."""

import json
from collections.abc import Sequence

from agreements.template import Clause, Template, load_template
from agreements.terms import CONTACT_ROLES, Agreement, Contact, Party

FORMAT = "tayori-agreement"
VERSION = 1


def agreement_text(agreement: Agreement) -> str:
    """Write an agreement; ``parse_agreement`` reads the same one back.

    Clauses of the template that the agreement does not switch on are written as off.

    Raises
    ------
    UnknownTemplateError
        If the package has no such template.
    """
    template = load_template(agreement.template_id)
    chosen = {clause.id: clause for clause in agreement.clauses}
    lines = [
        *_head_lines(agreement, template),
        *_term_lines(agreement),
        *_party_lines("post", "郵便局の側", agreement.post),
        *_party_lines("municipality", "市区町村の側", agreement.municipality),
        *_contact_lines(agreement.contacts),
    ]
    for clause in template.clauses:
        lines += _clause_lines(chosen.get(clause.id, clause), on=clause.id in chosen)
    return "\n".join(lines).rstrip() + "\n"


def _quoted(text: str) -> str:
    """Write a TOML basic string; JSON escapes are TOML's, except for U+007F, which JSON leaves bare."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _listed(texts: Sequence[str]) -> str:
    return f"[{', '.join(_quoted(text) for text in texts)}]"


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _head_lines(agreement: Agreement, template: Template) -> list[str]:
    signed = f"signed = {agreement.signed}" if agreement.signed else "# signed = 2026-04-01"
    return [
        f"# 協定の写し（ひな形 {template.template_id} 第{template.template_version}版）。",
        "# 「#」から行の終わりまでは説明です。",
        f"# {_one_line(template.notes)}",
        f'format = "{FORMAT}"',
        f"version = {VERSION}",
        f"agreement_id = {_quoted(agreement.agreement_id)}",
        f"title = {_quoted(agreement.title)}",
        f"template = {_quoted(agreement.template_id)}",
        f"template_version = {agreement.template_version}",
        "# 対象の市区町村（全国地方公共団体コードの上5桁）",
        f"area = {_listed(agreement.area)}",
        "# 別表: 協定に加わる郵便局（局所コード）",
        f"offices = {_listed(agreement.offices)}",
        "# 締結の日。この行が無いあいだは案であり、効力がありません。",
        signed,
        "",
    ]


def _term_lines(agreement: Agreement) -> list[str]:
    ends, renewal = agreement.effective_to, agreement.renewal
    notice = renewal.notice_given_on
    return [
        "# 効力の期間。最初の日の午前0時から最後の日の終わりまで（日本時間）。",
        "[term]",
        f"effective_from = {agreement.effective_from}",
        f"effective_to = {ends}" if ends else "# effective_to = 2027-03-31  （書かなければ期限なし）",
        "",
        "# 申し出が無いときの自動更新。notice_days は期間の終わりの何日前までに申し出るか。",
        "[term.renewal]",
        f"auto = {_flag(renewal.auto)}",
        f"months = {renewal.months}",
        f"notice_days = {renewal.notice_days}",
        f"notice_given_on = {notice}" if notice else "# notice_given_on = 2027-02-01  （更新しないと申し出た日）",
        "",
    ]


def _party_lines(key: str, heading: str, party: Party) -> list[str]:
    signs = [
        "# 提供する情報に付ける署名を確かめる公開鍵（Ed25519、base64）",
        f"signing_key = {_quoted(party.signing_key)}",
    ]
    return [
        f"# {heading}。units は、名称のほかに要請や受領に使う名です。",
        f"[{key}]",
        f"name = {_quoted(party.name)}",
        f"code = {_quoted(party.code)}",
        f"units = {_listed(party.units)}",
        *(signs if key == "post" else ()),
        "",
    ]


def _contact_lines(contacts: Sequence[Contact]) -> list[str]:
    roles = "、".join(f"{role}={label}" for role, label in CONTACT_ROLES.items())
    lines = [f"# 連絡先。[[contacts]] を人数分。side は post か municipality、role は {roles}。"]
    for contact in contacts:
        lines += [
            "[[contacts]]",
            f"side = {_quoted(contact.side)}",
            f"role = {_quoted(contact.role)}",
            f"name = {_quoted(contact.name)}",
            f"phone = {_quoted(contact.phone)}",
            f"phone_24h = {_flag(contact.phone_24h)}",
            "",
        ]
    return [*lines, ""]


def _clause_lines(clause: Clause, *, on: bool) -> list[str]:
    lines = [
        f"# {clause.article} {clause.title}",
        f"# {_one_line(clause.text)}",
        f"[clauses.{clause.id}]",
        f"on = {_flag(on)}",
    ]
    if clause.formats:
        lines.append(f"retention_days = {clause.retention_days}  # 受け取った側が持っていてよい日数")
    if clause.requires_document:
        hours = clause.document_due_hours
        lines.append(f"document_due_hours = {hours}  # 電話の要請から文書が届くまでの時間（0は文書が先）")
    return [*lines, ""]


def _one_line(text: str) -> str:
    return " ".join(text.split())
