"""An agreement as TOML text, with comments for the people who read, change and sign it."""

from collections.abc import Mapping, Sequence

from agreements.clauses import Clause, Template
from agreements.documents import listed, quoted
from agreements.legal import legal_basis
from agreements.passing import inherited
from agreements.request import Mode
from agreements.template import load_template
from agreements.terms import CONTACT_ROLES, Agreement, Contact, Party
from agreements.vocabulary import CHANNELS, COST_RULES, RECIPIENTS

FORMAT = "tayori-agreement"
VERSION = 2


def agreement_text(agreement: Agreement) -> str:
    """Write an agreement; ``parse_agreement`` reads the same one back.

    Clauses of the template that the agreement does not switch on are written as off.

    Raises
    ------
    UnknownTemplateError
        If the package has no such template, or not in that version.
    """
    template = load_template(agreement.template_id, agreement.template_version)
    chosen = {clause.id: clause for clause in agreement.clauses}
    lines = [
        *_head_lines(agreement, template),
        *_term_lines(agreement),
        *_party_lines("post", "郵便局の側", agreement.post),
        *_party_lines("municipality", "市区町村の側", agreement.municipality),
        *_contact_lines(agreement.contacts),
    ]
    lines += _parameter_lines()
    for clause in template.clauses:
        own = inherited(clause, agreement.clauses)
        lines += _clause_lines(chosen.get(clause.id, own), own, on=clause.id in chosen)
    return "\n".join(lines).rstrip() + "\n"


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
        f"agreement_id = {quoted(agreement.agreement_id)}",
        f"title = {quoted(agreement.title)}",
        f"template = {quoted(agreement.template_id)}",
        f"template_version = {agreement.template_version}",
        "# 対象の市区町村（全国地方公共団体コードの上5桁）",
        f"area = {listed(agreement.area)}",
        "# 別表: 協定に加わる郵便局（局所コード）",
        f"offices = {listed(agreement.offices)}",
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
        f"signing_key = {quoted(party.signing_key)}",
    ]
    return [
        f"# {heading}。units は、名称のほかに要請や受領に使う名です。",
        f"[{key}]",
        f"name = {quoted(party.name)}",
        f"code = {quoted(party.code)}",
        f"units = {listed(party.units)}",
        *(signs if key == "post" or party.signing_key else ()),
        "",
    ]


#: What a contact looks like, to be filled in; without the signs # at the beginning it is TOML.
_EXAMPLE = (
    "# 記入の例。先頭の「# 」を消し、名と電話番号を書き換えてください。",
    *(
        f"# {line}"
        for side, name in (("post", "郵便局 宿直"), ("municipality", "危機管理課 宿直"))
        for line in ("[[contacts]]", f"side = {quoted(side)}", 'role = "night"', f"name = {quoted(name)}",
                     'phone = "000-000-0000"', "phone_24h = true")
    ),
)  # fmt: skip


def _contact_lines(contacts: Sequence[Contact]) -> list[str]:
    roles = "、".join(f"{role}={label}" for role, label in CONTACT_ROLES.items())
    lines = [
        f"# 連絡先。[[contacts]] を人数分。side は post か municipality、role は {roles}。",
        "# phone_24h は、いつでも電話に出るか。role が night なら、書かなければ true です。",
        *(() if contacts else _EXAMPLE),
    ]
    for contact in contacts:
        lines += [
            "[[contacts]]",
            f"side = {quoted(contact.side)}",
            f"role = {quoted(contact.role)}",
            f"name = {quoted(contact.name)}",
            f"phone = {quoted(contact.phone)}",
            f"phone_24h = {_flag(contact.phone_24h)}",
            "",
        ]
    return [*lines, ""]


def _parameter_lines() -> list[str]:
    """Explain once what the agreement can set for each clause."""
    return [
        "# 条項。on = true のものだけが有効です。次の値は、ひな形の値をこの協定の値に書き換えられます。",
        "#   retention_days: 受け取った側が持っていてよい日数",
        "#   document_due_hours: 電話の要請から文書が届くまでの時間（0は文書が先）",
        "#   list_limit: 一度に照会できる名簿の行数",
        f"#   channel: 渡し方（{_choices(CHANNELS)}）",
        f"#   cost_rule: 費用（{_choices(COST_RULES)}）",
        "",
    ]


def _clause_lines(clause: Clause, unset: Clause, *, on: bool) -> list[str]:
    """Write a clause; `unset` is the same with the terms that it has where the file sets none."""
    lines = [
        f"# {clause.article} {clause.title}",
        f"# {_one_line(clause.text)}",
        *_ground_lines(clause),
        f"[clauses.{clause.id}]",
        f"on = {_flag(on)}",
    ]
    if clause.formats:
        lines += _kept_lines(clause, unset)
    if Mode.MATCH in clause.modes:
        lines.append(f"list_limit = {clause.list_limit}")
    if clause.requires_document:
        lines.append(f"document_due_hours = {clause.document_due_hours}")
    if clause.cost_rule:
        lines.append(f"cost_rule = {quoted(clause.cost_rule)}")
    return [*lines, ""]


def _kept_lines(clause: Clause, unset: Clause) -> list[str]:
    """Write how long and how data is handed over; onward only what goes beyond the terms that it takes over anyway."""
    days, channel = f"retention_days = {clause.retention_days}", f"channel = {quoted(clause.channel)}"
    if not clause.onward:
        return [days, channel]
    return [
        "# 次の二つは、書かなければ、受け取る条項とこの条項のうち厳しい方になります。",
        days if clause.retention_days != unset.retention_days else f"# {days}",
        channel if clause.channel != unset.channel else f"# {channel}",
    ]


def _ground_lines(clause: Clause) -> list[str]:
    """Say what the template fixes and the agreement cannot change: the basis in law and, onward, the recipients."""
    bases = [basis.cited for basis in map(legal_basis, clause.legal_bases) if basis is not None]
    recipients = [RECIPIENTS[code][0] for code in clause.recipients]
    return [
        *([f"# 法律上の根拠: {'、'.join(bases)}"] if bases else ()),
        *([f"# 提供先: {'、'.join(recipients)}"] if recipients else ()),
    ]


def _choices(words: Mapping[str, tuple[str, str]]) -> str:
    return "、".join(f"{code}={japanese}" for code, (japanese, _) in words.items())


def _one_line(text: str) -> str:
    return " ".join(text.split())
