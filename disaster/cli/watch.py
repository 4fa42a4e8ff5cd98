"""Verbs that look: status, audit, config, serve."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer
import uvicorn

from agreements.vocabulary import DATASETS, MODES
from disaster import requests
from disaster.aftercare.due import Due, due_list
from disaster.audit import KINDS, Break
from disaster.cli.saying import run_out_lines
from disaster.cli.shell import DONE, REFUSED, Answer, Shell, table, verb
from disaster.models import NOUNS
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


#: Words for kinds of rows, and for the layers of a pack.
_TITLES = {
    **{kind: dataset.label for kind, dataset in DATASETS.items()},
    **{kind: noun.title for kind, noun in NOUNS.items()},
    "dwellings": MODES["dwelling"][0],
    "persons": MODES["person"][0],
    "match": MODES["match"][0],
}


def add_to(app: typer.Typer) -> None:
    """Register the verbs of this module."""
    verb(app, "status")(status)
    audit = typer.Typer(no_args_is_help=True, help="台帳 / Ledger")
    verb(audit, "list")(audit_list)
    verb(audit, "verify")(audit_verify)
    app.add_typer(audit, name="audit")
    verb(app, "config")(config)
    verb(app, "serve")(serve)


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
        (
            _title(b["kind"], shell),
            b["dataset"],
            b["rows"],
            shell.when(b["as_of"]),
            shell.say("訓練", "drill") if b["drill"] else "",
        )
        for b in document["batches"]
    ]
    headings = [
        shell.say(*p)
        for p in (("種類", "kind"), ("系列", "dataset"), ("件数", "rows"), ("時点", "as of"), ("訓練", "drill"))
    ]
    lines = [
        shell.say(
            f"側: {document['side']}  市区町村: {'、'.join(document['municipalities'])}", f"side {document['side']}"
        ),
        shell.say(
            f"協定 {len(document['agreements'])}件  災害 {len(document['events'])}件"
            f"  受領 {len(document['received'])}件",
            f"agreements {len(document['agreements'])}, events {len(document['events'])},"
            f" packs received {len(document['received'])}",
        ),
        *(
            shell.say(f"期限切れ: {p['pack_id']} を消してください。", f"Expired: delete {p['pack_id']}.")
            for p in document["received"]
            if p["expired"]
        ),
        *_due(document, shell),
        *_waiting(document, shell),
        *_documents(document, shell),
        *_reviews(document, shell),
        *run_out_lines(shell, document["protection_run_out"]),
    ]
    return Answer(
        "status", document, [line for line in lines if line], [table(shell.say("保管庫", "Store"), headings, rows)]
    )


def _counted(due: Due) -> dict[str, int]:
    """Count what should be gone, on the other side and on ours."""
    overdue = sum(one.overdue for one in due.theirs)
    return {"theirs": len(due.theirs), "overdue": overdue, "ours": len(due.ours)}


def _due(document: Mapping[str, Any], shell: Shell) -> list[str]:
    """Say that something should be gone, with the command that lists it and whom to call."""
    due = document["due"]
    if not due["theirs"] and not due["ours"]:
        return []
    theirs, overdue, ours = due["theirs"], due["overdue"], due["ours"]
    return [
        shell.say(
            f"削除を確かめるもの 渡した情報 {theirs}件(期日超過 {overdue}件)、受け取った情報 {ours}件: tayori due",
            f"to be deleted: {theirs} handed over ({overdue} late), {ours} received (tayori due)",
        )
    ]


def _waiting(document: Mapping[str, Any], shell: Shell) -> list[str]:
    """Say how many requests wait for somebody, with the command that lists them."""
    count = len(document["waiting"])
    line = shell.say(
        f"待っている要請 {count}件: tayori request list", f"requests waiting: {count} (tayori request list)"
    )
    return [line] if count else []


def _documents(document: Mapping[str, Any], shell: Shell) -> list[str]:
    """Say which documents are still to follow a call, those that are overdue as such."""
    lines = []
    for one in document["documents"]:
        due, name = shell.when(one["due"]), one["request_id"]
        late = shell.say("【期限切れ】", "OVERDUE: ") if one["overdue"] else ""
        out = shell.say("(提供済み)", " (already provided)") if one["released"] else ""
        lines.append(
            shell.say(
                f"{late}要請 {name} の文書が未着です。期限 {due}{out}: tayori request document {name}",
                f"{late}the document of {name} is due {due}{out}: tayori request document {name}",
            )
        )
    return lines


def _reviews(document: Mapping[str, Any], shell: Shell) -> list[str]:
    """Say which one-person judgements nobody has looked at yet."""
    lines = []
    for one in document["reviews"]:
        due, name = shell.when(one["due"]), one["request_id"]
        late = shell.say("【期限切れ】", "OVERDUE: ") if one["overdue"] else ""
        lines.append(
            shell.say(
                f"{late}一人で認めた要請 {name} の事後確認が済んでいません。期限 {due}: tayori request review {name}",
                f"{late}{name}, allowed by one person, is to be reviewed by {due}: tayori request review {name}",
            )
        )
    return lines


def _title(kind: str, shell: Shell) -> str:
    """Name a kind of rows for people; what came in a pack is said to be received."""
    own = kind.removeprefix("received/")
    title = _TITLES.get(own, own)
    return title if own == kind else shell.say("受領: ", "received: ") + title


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
    headings = [shell.say(*p) for p in (("番号", "seq"), ("日時", "time"), ("種類", "kind"))]
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
