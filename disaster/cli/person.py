"""The verb ``ledger person``: to whom was this person's data given."""

from typing import Annotated, Any

import typer

from agreements.request import Mode
from agreements.workflow import Role
from disaster.aftercare import person
from disaster.aftercare.person import Subject, given_to
from disaster.cli.options import By, Municipality, RoleOption, who
from disaster.cli.saying import next_command
from disaster.cli.shell import Answer, Shell, add_noun, table


def add_to(app: typer.Typer) -> None:
    """Register the verbs of this module."""
    add_noun(app, "ledger", "台帳に尋ねる / Ask the ledger", {"person": ledger_person})


def ledger_person(
    shell: Shell,
    *,
    by: By,
    checked: Annotated[str, typer.Option(help="本人(代理人)であることの確かめ方 / how the person was checked")],
    name: Annotated[
        str, typer.Option(help="氏名(省くと尋ね、打った命令の履歴に残らない) / name, asked for if left out")
    ] = "",
    address: Annotated[str, typer.Option(help="住所(省くと尋ねる) / address, asked for if left out")] = "",
    role: RoleOption = Role.PROTECTION_OFFICER,
    point: Annotated[str, typer.Option(help="配達先ID(分かれば) / delivery point")] = "",
    municipality: Municipality = None,
) -> Answer:
    """本人の情報を、いつ、だれに、どの条項で渡したか / To whom was a person's data given."""
    with shell.store() as store:
        code = shell.municipality(store, municipality)
        asked = Subject(name or shell.ask("氏名", "Name"), address or shell.ask("住所", "Address"), point)
        answer = given_to(store, asked, by=who(by, role), checked=checked, at=shell.at, municipality=code)
    headings = shell.headings(
        "日時/when", "提供先/recipient", "目的/purpose", "根拠/clause", "形/form", "項目/fields", "いま/now"
    )
    rows = [
        (shell.when(o.pack.provided_at), o.pack.provision.recipient, o.purpose(shell.lang), o.clause,
         _form(shell, o), "、".join(o.columns), shell.say(*o.state(shell.at)))
        for o in answer.given
    ]  # fmt: skip
    document: dict[str, Any] = {
        "given": [one.to_dict(shell.at) for one in answer.given], "searched": answer.searched,
        "unindexed": list(answer.unindexed),
    }  # fmt: skip
    tables = [table(shell.say("渡した記録", "Given"), headings, rows)] if rows else []
    return Answer("ledger-person", document, _person_lines(shell, answer), tables)


def _form(shell: Shell, one: person.Given) -> str:
    said = one.form(shell.lang)
    if one.met is person.Met.HOME and one.mode is not Mode.FORWARD:
        said += shell.say("(住まいの住所だけ)", " (the home alone)")
    if not one.sure:
        said += shell.say(
            "【丁目や建物名の書き方が違う住所で一致】", " (found under another way of writing the address)"
        )
    return said


def _person_lines(shell: Shell, answer: person.Answer) -> list[str]:
    lines = [shell.say(f"調べた提供 {answer.searched}件のうち {len(answer.given)}件に含まれていました。",
                       f"In {len(answer.given)} of {answer.searched} packs.")]  # fmt: skip
    if not answer.given:
        lines.append(
            shell.say("この氏名・住所での記録は見つかりません。", "Nothing was found under this name and address.")
        )
    lines.append(shell.say(
        "分かること・分からないこと: 住居一覧と代行送付には氏名がなく、住所だけで探します。"
        "原簿と違う氏名や住所(旧姓、旧住所など)では"
        "見つかりません。町ごとの件数には個人の記録がありません。",
        "Dwelling lists name nobody: they are found by the address. Another name or an old address is not found.",
    ))  # fmt: skip
    if answer.unindexed:
        count, names = len(answer.unindexed), "、".join(answer.unindexed[:5])
        lines.append(
            shell.say(f"索引のない古い提供 {count}件は調べられません: {names}", f"{count} packs have no index: {names}")
        )
    lines.append(shell.say(
        "この照会は台帳に記録しました(氏名・住所は記録していません)。答えは本人か代理人にだけ伝えてください。",
        "The question is in the ledger, without name and address. Tell the answer to the person alone.",
    ))  # fmt: skip
    held = [one.pack.pack_id for one in answer.given if not one.pack.back]
    if held:
        lines.append(next_command(shell, "recall", "issue", held[-1], "--help", stored=False))
    return lines
