"""Verbs after the release: due, recall, receipt, checklist."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from agreements.workflow import Actor, Role
from disaster.aftercare import checklist as closing
from disaster.aftercare.due import Due, Theirs, due_list
from disaster.aftercare.recall import check_notice, recall
from disaster.aftercare.receipts import Told, read_receipt, record_document, record_receipt
from disaster.cli import person, purge
from disaster.cli.options import By, EventId, Municipality, OutFolder, Reason, RoleOption, When, japan_time, who
from disaster.cli.saying import a_name, next_command, next_line, people_to_call, same_store
from disaster.cli.shell import DONE, REFUSED, Answer, Shell, add_noun, add_verbs, table
from disaster.commands import command
from disaster.errors import AftercareError
from disaster.models import Side
from disaster.store import Store

Pack = Annotated[str, typer.Argument(help="状況パックの番号 / pack id")]


def add_to(app: typer.Typer) -> None:
    """Register the verbs of this module and of its two companions."""
    add_verbs(app, {"due": due, "receipt": receipt, "checklist": checklist})
    add_noun(app, "recall", "渡した情報を回収する / Recall packs", {"issue": recall_issue, "check": recall_check})
    purge.add_to(app)
    person.add_to(app)


def due(shell: Shell, municipality: Municipality = None) -> Answer:
    """期限切れ・回収中で削除の確認がないものと連絡先、待っている文書と事後確認 / What is due, and whom to call."""
    with shell.store() as store:
        found = due_list(store, at=shell.at, municipality=municipality)
    tables = []
    if found.theirs:
        headings = shell.headings("番号/pack", "提供先/recipient", "期日/due", "状態/state", "連絡先/call")
        rows = [_theirs(shell, one) for one in found.theirs]
        tables.append(table(shell.say("渡したもの", "Handed over"), headings, rows))
    if found.ours:
        headings = shell.headings("番号/pack", "提供元/provider", "期日/due", "状態/state")
        rows = [(o.pack_id, o.provider, shell.when(o.due), _why(shell, recalled=o.recalled)) for o in found.ours]
        tables.append(table(shell.say("受け取ったもの", "Received"), headings, rows))
    if owed := [*_owed(shell, found)]:
        headings = shell.headings("要請/request", "待っているもの/awaited", "期日/due", "入力するもの/type")
        tables.append(table(shell.say("要請に残っているもの", "Still owed to requests"), headings, owed))
    return Answer("due", found.to_dict(), _due_lines(shell, found), tables)


def _owed(shell: Shell, found: Due) -> Iterator[tuple[str, ...]]:
    """Return the documents and reviews that are awaited, as rows, each with its command."""
    kinds = (
        (found.documents, "document", ("要請の文書", "document"), ("--number", shell.say("文書番号", "DOCUMENT_NO"))),
        (found.reviews, "review", ("一人判断の事後確認", "review of break-glass"),
         ("--reason", shell.say("確かめたこと", "FINDING"))),
    )  # fmt: skip
    for awaited, verb_name, title, option in kinds:
        for one in awaited:
            late = shell.say("【超過】", "LATE ") if one.overdue else ""
            to_type = command("request", verb_name, one.request_id, *option, "--by", a_name(shell))
            yield one.request_id, late + shell.say(*title), shell.when(one.due), same_store(shell, to_type)


def _theirs(shell: Shell, one: Theirs) -> tuple[str, ...]:
    state = _why(shell, recalled=one.pack.recall is not None)
    if one.pack.receipt is not None:
        state = shell.say("一部だけ削除", "partly deleted")
    late = shell.say("【超過】", "LATE ") if one.overdue else ""
    return (
        one.pack.pack_id,
        one.pack.provision.recipient,
        shell.when(one.pack.due),
        late + state,
        people_to_call(shell, one.calls),
    )


def _why(shell: Shell, *, recalled: bool) -> str:
    return shell.say("回収中", "recalled") if recalled else shell.say("期限切れ", "expired")


def _due_lines(shell: Shell, found: Due) -> list[str]:
    owed = [one.overdue for one in found.documents] + [one.overdue for one in found.reviews]
    if not found.theirs and not found.ours and not owed:
        return [shell.say("期日を過ぎたもの、回収中のものはありません。", "Nothing is due.")]
    lines = []
    late = sum(one.overdue for one in found.theirs)
    if found.theirs:
        count = len(found.theirs)
        lines.append(shell.say(f"渡したもの: {count}件(うち期日超過 {late}件)。電話で削除を確かめてください。",
                               f"Handed over: {count}, late {late}. Call and ask."))  # fmt: skip
        deleter = shell.say("相手の氏名", "WHO")
        named = ("--deleted-by", deleter, "--by", a_name(shell))
        lines.append(next_command(shell, "receipt", found.theirs[0].pack.pack_id, *named))
    if found.ours:
        count = len(found.ours)
        lines.append(
            shell.say(f"受け取ったもの: {count}件。使わずに消去してください。", f"Received: {count}. Delete them.")
        )
        lines += _to_purge(shell, found.ours[0].pack_id)
    if owed:
        count, late = len(owed), sum(owed)
        lines.append(
            shell.say(f"要請の文書・事後確認: {count}件(うち期日超過 {late}件)。",
                      f"Documents and reviews awaited: {count}, late {late}.")
        )  # fmt: skip
        lines.append(shell.say("次: ", "Next: ") + next(_owed(shell, found))[-1])
    return lines


def _to_purge(shell: Shell, pack: str) -> list[str]:
    """Say how a received pack is destroyed and reported; that all copies are gone is for a person to declare."""
    report = shell.say("削除の報告", "REPORT_FOLDER")
    return [
        next_command(shell, "purge", "pack", pack, "--by", a_name(shell), "--out", report),
        shell.say("写し・ZIP・印刷物もすべて消してあれば、--copies-deleted を付けてください。",
                  "Add --copies-deleted if all copies, ZIPs and prints are gone too."),
    ]  # fmt: skip


def recall_issue(
    shell: Shell,
    pack: Pack,
    *,
    reason: Reason,
    by: By,
    out: OutFolder,
    role: RoleOption = "",
    hours: Annotated[int, typer.Option(min=1, max=8_760, help="何時間以内に / within hours")] = 24,
    municipality: Municipality = None,
) -> Answer:
    """渡した情報の回収を記録し、相手へ渡す通知を作る / Recall a pack and write the notice for its recipient."""
    with shell.store() as store:
        made = recall(
            store, pack, reason=reason, due_by=shell.at + timedelta(hours=hours), by=_judge(store, by, role), out=out,
            at=shell.at, municipality=municipality,
        )  # fmt: skip
    notice, folder = made.notice, made.folder
    first = shell.say(f"{notice.recipient} への回収通知を書きました。", f"Wrote the notice to {notice.recipient}.")
    if made.unchanged:
        first = shell.say(
            "回収は記録済みです。同じ通知を書き直しました。", "Recalled before; wrote the same notice again."
        )
    lines = [
        first,
        shell.say(f"印刷して渡すもの: {folder / 'recall.html'}", f"To print: {folder / 'recall.html'}"),
        shell.say(f"フォルダごと渡してください: {folder}", f"Hand over the folder {folder}"),
        shell.say(f"期日 {shell.when(notice.due_by)}、ファイル {len(notice.files)}件",
                  f"by {shell.when(notice.due_by)}, {len(notice.files)} files"),
        *(shell.say("電話: ", "Call: ") + people_to_call(shell, [one]) for one in made.calls),
        next_command(shell, "due"),
    ]  # fmt: skip
    document = {"recall": notice.model_dump(mode="json"), "folder": str(folder), "unchanged": made.unchanged}
    return Answer("recall", document, lines)


def _judge(store: Store, by: str, role: str) -> Actor:
    """Return who recalls; without a role, the one that may on this side."""
    return who(by, role or (Role.REPRESENTATIVE_OFFICE if store.side is Side.POST else Role.PROTECTION_OFFICER))


def recall_check(
    shell: Shell, file: Annotated[Path, typer.Argument(help="受け取った recall.json / the notice")]
) -> Answer:
    """届いた回収通知が本物かを確かめ、記録する / Check a notice that came in, and record it."""
    with shell.store() as store:
        checked = check_notice(store, file, at=shell.at)
    notice = checked.notice
    lines = [
        shell.say(f"本物です。{notice.provider} が {notice.pack_id} の削除を求めています。",
                  f"Genuine: {notice.provider} asks to delete {notice.pack_id}."),
        shell.say(f"理由: {notice.reason}  期日: {shell.when(notice.due_by)}",
                  f"Reason: {notice.reason}; by {shell.when(notice.due_by)}"),
    ]  # fmt: skip
    if checked.received:
        lines += _to_purge(shell, notice.pack_id)
    else:
        lines.append(
            shell.say("この保管庫では受け取っていません。記録したので、後から届いても受け取りません。"
                      "写しがあれば消し、通知の用紙で報告してください。",
                      "This store never received it and will refuse it; delete copies, report on the notice's form.")
        )  # fmt: skip
    document = {"recall": notice.model_dump(mode="json"), "received": checked.received, "here": checked.here}
    return Answer("recall-check", document, lines)


def receipt(
    shell: Shell,
    pack: Annotated[str | None, typer.Argument(help="状況パックの番号(報告書があるときは省く) / pack id")] = None,
    *,
    by: By,
    role: RoleOption = "",
    file: Annotated[Path | None, typer.Option(help="相手の報告書 receipt.json / the recipient's report")] = None,
    deleted_by: Annotated[str, typer.Option(help="削除した人(相手側) / who deleted it")] = "",
    how: Annotated[str, typer.Option(help="どのように報告されたか / how it was told")] = "電話で確認",
    when: When = None,
    partly: Annotated[bool, typer.Option("--partly", help="写し等がまだ残っている / copies are left")] = False,
    municipality: Municipality = None,
) -> Answer:
    """渡した情報が削除されたことを記録する / Record that a pack was deleted by its recipient."""
    with shell.store() as store:
        actor = who(by, role or (Role.OFFICE if store.side is Side.POST else Role.MUNICIPAL_HQ))
        if file is not None:
            made = record_document(store, read_receipt(file), by=actor, at=shell.at)
        elif pack is not None:
            told = Told(japan_time(when, shell), deleted_by.strip(), how.strip(), complete=not partly)
            made = record_receipt(store, pack, told, by=actor, at=shell.at, municipality=municipality)
        else:
            raise AftercareError("disaster.receipt_of_what")
    name = made.pack.pack_id
    line = shell.say(f"{name} の削除を記録しました({made.receipt_id})。", f"Recorded: {name} ({made.receipt_id}).")
    if made.unchanged:
        line = shell.say("同じ報告が記録済みです。何も変えていません。", "Recorded before; nothing changed.")
    part = shell.say(
        f"{name} はまだ一部が残っています。全部消えたら、もう一度記録してください。", f"{name} is not all gone yet."
    )
    lines = [line, *([] if made.complete else [part]), next_command(shell, "due")]
    document = {
        "pack_id": name, "receipt_id": made.receipt_id, "complete": made.complete, "unchanged": made.unchanged,
    }  # fmt: skip
    return Answer("receipt", document, lines)


def checklist(shell: Shell, event: EventId, municipality: Municipality = None) -> Answer:
    """災害を終えるときの確認表 / What is left to do when an event ends."""
    with shell.store() as store:
        lines = closing.checklist(store, event, at=shell.at, municipality=municipality)
    left = [one for one in lines if not one.done]
    rows = [
        (
            shell.say("済", "done") if one.done else shell.say("未", "open"),
            shell.say(*one.title),
            one.shown(),
            one.command and same_store(shell, one.command),
        )
        for one in lines
    ]
    headings = shell.headings("状態/state", "確認すること/what", "残っているもの/left", "入力するもの/type")
    document = {
        "event_id": event, "done": not left,
        "lines": [{"key": o.key, "done": o.done, "missing": list(o.missing), "note": o.note, "command": o.command}
                  for o in lines],
    }  # fmt: skip
    said = shell.say(
        f"済 {len(lines) - len(left)}件、未 {len(left)}件", f"done {len(lines) - len(left)}, open {len(left)}"
    )
    after = [next_line(shell, left[0].command)] if left and left[0].command else []
    title = shell.say("終了の確認", "Closing checklist")
    return Answer("checklist", document, [said, *after], [table(title, headings, rows)], code=REFUSED if left else DONE)
