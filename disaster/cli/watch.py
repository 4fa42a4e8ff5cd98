"""Verbs that look: status, audit, config, serve."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer
import uvicorn

from disaster import requests
from disaster.aftercare.due import Due, due_list
from disaster.audit import KINDS, Break
from disaster.cli.saying import layer_title, run_out_lines, same_store, side_title
from disaster.cli.shell import DONE, REFUSED, Answer, Shell, add_noun, add_verbs, table
from disaster.commands import command
from disaster.models import Side
from disaster.provide import protection_run_out
from disaster.service.app import make_app
from disaster.settings import SETTINGS_FILE
from disaster.store import Store
from geo.faults import words

_VERDICTS = {
    None: "disaster.ledger_whole",
    Break.EDITED: "disaster.ledger_edited",
    Break.DELETED: "disaster.ledger_deleted",
    Break.REORDERED: "disaster.ledger_reordered",
    Break.CUT: "disaster.ledger_cut",
    Break.REWRITTEN: "disaster.ledger_rewritten",
}


def add_to(app: typer.Typer) -> None:
    """Register the verbs of this module."""
    add_verbs(app, {"status": status, "config": config, "serve": serve})
    add_noun(app, "audit", "台帳 / Ledger", {"list": audit_list, "verify": audit_verify})


def status_of(store: Store, shell: Shell) -> dict[str, Any]:
    """Return what the store holds: counts of its own rows stay on its own side."""
    kinds = [
        {"municipality": row.municipality, "kind": row.kind, "dataset": row.dataset, "rows": row.accepted,
         "as_of": row.as_of, "drill": row.drill}
        for row in store.batches()
        if row.state == "active"
    ]  # fmt: skip
    return {
        "side": str(store.side),
        "municipalities": list(store.municipalities),
        "public_key": store.public_key,
        "batches": kinds,
        "events": [event.event_id for event in store.events.all()],
        "agreements": [record.agreement_id for record in store.agreements.all()],
        "received": [
            {
                "pack_id": p.pack_id,
                "expires_at": p.expires_at,
                "expired": p.expires_at is not None and p.expires_at <= shell.at,
            }
            for p in store.received.all()
        ],
        "waiting": [
            {"request_id": one.request.request_id, "state": str(one.course.state)}
            for one in requests.all_filed(store)
            if one.course.state in requests.WAITING
        ],
        "documents": [asdict(one) for one in requests.awaited_documents(store, at=shell.at)],
        "reviews": [asdict(one) for one in requests.open_reviews(store, at=shell.at)],
        "due": _counted(due_list(store, at=shell.at)),
        "protection_run_out": sum(protection_run_out(store, code, at=shell.at) for code in store.municipalities),
        "swept": asdict(store.swept),
    }


def status(shell: Shell) -> Answer:
    """保管庫の中身を数える / Count what the store holds."""
    with shell.store() as store:
        document = status_of(store, shell)
    rows = [
        (layer_title(shell, b["kind"]), b["dataset"], b["rows"], shell.when(b["as_of"]),
         shell.say("訓練", "drill") if b["drill"] else "")
        for b in document["batches"]
    ]  # fmt: skip
    headings = shell.headings("種類/kind", "系列/dataset", "件数/rows", "時点/as of", "訓練/drill")
    lines = [
        *_held(shell, document),
        *_due(shell, document["due"]),
        *_waiting(shell, len(document["waiting"])),
        *(_owed(shell, one, *_DOCUMENT) for one in document["documents"]),
        *(_owed(shell, one, *_REVIEW) for one in document["reviews"]),
        *run_out_lines(shell, document["protection_run_out"]),
    ]
    return Answer("status", document, lines, [table(shell.say("保管庫", "Store"), headings, rows)])


def _held(shell: Shell, document: Mapping[str, Any]) -> list[str]:
    """Say whose store it is, what was agreed and came in, and what of it has expired."""
    side, towns = Side(document["side"]), "、".join(document["municipalities"])
    agreements, events, received = (len(document[name]) for name in ("agreements", "events", "received"))
    return [
        shell.say(f"側: {side_title(shell, side)}  市区町村: {towns}", f"side {side}, municipalities {towns}"),
        shell.say(
            f"協定 {agreements}件  災害 {events}件  受領 {received}件",
            f"agreements {agreements}, events {events}, packs received {received}",
        ),
        *(
            shell.say(f"期限切れ: {pack['pack_id']} を消してください。", f"Expired: delete {pack['pack_id']}.")
            for pack in document["received"]
            if pack["expired"]
        ),
    ]


def _counted(due: Due) -> dict[str, int]:
    """Count what should be gone, on the other side and on ours."""
    overdue = sum(one.overdue for one in due.theirs)
    return {"theirs": len(due.theirs), "overdue": overdue, "ours": len(due.ours)}


def _due(shell: Shell, due: Mapping[str, int]) -> list[str]:
    """Say that something should be gone, with the command that lists it and whom to call."""
    theirs, overdue, ours = due["theirs"], due["overdue"], due["ours"]
    to_type = same_store(shell, command("due"))
    line = shell.say(
        f"削除を確かめるもの 渡した情報 {theirs}件(期日超過 {overdue}件)、受け取った情報 {ours}件: {to_type}",
        f"to be deleted: {theirs} handed over ({overdue} late), {ours} received ({to_type})",
    )
    return [line] if theirs or ours else []


def _waiting(shell: Shell, count: int) -> list[str]:
    """Say how many requests wait for somebody, with the command that lists them."""
    to_type = same_store(shell, command("request", "list"))
    line = shell.say(f"待っている要請 {count}件: {to_type}", f"requests waiting: {count} ({to_type})")
    return [line] if count else []


#: What is still owed to a request: a document that follows a call, a look at what one person allowed alone.
_DOCUMENT = (
    "document",
    "要請 {name} の文書が未着です。期限 {due}: {to_type}",
    "the document of {name} is due {due}: {to_type}",
)
_REVIEW = (
    "review",
    "一人で認めた要請 {name} の事後確認が済んでいません。期限 {due}: {to_type}",
    "{name}, allowed by one person, is to be reviewed by {due}: {to_type}",
)


def _owed(shell: Shell, one: Mapping[str, Any], verb: str, ja: str, en: str) -> str:
    """Say what is owed and until when; what is overdue as such, and where it is provided already."""
    late = shell.say("【期限切れ】", "OVERDUE: ") if one["overdue"] else ""
    out = shell.say("(提供済み)", " (already provided)") if one.get("released") else ""
    name = one["request_id"]
    to_type = same_store(shell, command("request", verb, name))
    return late + shell.say(ja, en).format(name=name, due=shell.when(one["due"]) + out, to_type=to_type)


def audit_list(
    shell: Shell, limit: Annotated[int, typer.Option(min=1, max=100_000, help="件数 / entries")] = 50
) -> Answer:
    """台帳の新しい記録を並べる / List the latest entries."""
    with shell.store() as store:
        last = store.ledger.head()
        entries = list(store.ledger.entries(after=max(last.seq - limit, 0)))
    rows = [
        (entry.seq, shell.when(entry.at), shell.say(*KINDS.get(entry.kind, (entry.kind, entry.kind))))
        for entry in entries
    ]
    headings = shell.headings("番号/seq", "日時/time", "種類/kind")
    document = {"entries": [{"seq": e.seq, "at": e.at, "kind": e.kind, "payload": e.payload} for e in entries]}
    return Answer("audit", document, [], [table(shell.say("台帳", "Ledger"), headings, rows)])


def audit_verify(shell: Shell) -> Answer:
    """台帳のつながりを確かめる / Verify the chain of the ledger."""
    with shell.store() as store:
        verdict = store.ledger.verify()
    params = {"entries": verdict.entries, "first_bad": verdict.first_bad}
    code = _VERDICTS[verdict.what]
    said = (words(code, params, lang=shell.lang, hint=hint) for hint in (False, True))
    document = {"ok": verdict.ok, **params, "what": verdict.what, "head": verdict.head.seq}
    return Answer("audit-verify", document, [" ".join(filter(None, said))], code=DONE if verdict.ok else REFUSED)


def config(shell: Shell) -> Answer:
    """いま使われる設定を示す / Show the settings in force."""
    document = {name: None if value is None else str(value) for name, value in shell.settings.model_dump().items()}
    if document["database_url"]:
        document["database_url"] = _without_password(document["database_url"])
    rows = list(document.items())
    line = shell.say(
        f"順序: 指定 > 環境変数 TAYORI_* > {SETTINGS_FILE} > 既定",
        f"Order: flag > TAYORI_* > {SETTINGS_FILE} > default",
    )
    return Answer(
        "config",
        document,
        [line],
        [table(shell.say("設定", "Settings"), (shell.say("名", "name"), shell.say("値", "value")), rows)],
    )


def _without_password(url: str) -> str:
    """Return the server and the database of an address: user, password and options stay unsaid."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def serve(
    shell: Shell,
    host: Annotated[str, typer.Option(help="待ち受けるアドレス / address")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="ポート / port")] = 8765,
) -> Answer:
    """個人情報を含まない情報を配る小さな窓口を開く / Serve layers without personal data."""
    with shell.store() as store:
        if not shell.json:
            line = shell.say(f"http://{host}:{port}/ で待ち受けます。", f"Listening at http://{host}:{port}/.")
            shell.screen.print(line + shell.say("終わるには Ctrl+C。", " Ctrl+C stops."), highlight=False)
        uvicorn.run(make_app(store), host=host, port=port, log_level="warning")
    return Answer("serve", {"host": host, "port": port}, [shell.say("終了しました。", "Stopped.")])
