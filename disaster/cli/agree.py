"""Verbs about what was agreed and what happened: event, agreement, decide."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from agreements.agreement import Party, in_force, new_agreement_text, parse_agreement
from agreements.clock import JST
from agreements.decide import Decision
from agreements.request import Event, Mode, Request, Trigger, TriggerKind
from agreements.template import load_template, template_ids
from agreements.vocabulary import DATASETS, MODES, PURPOSES
from disaster.cli.shell import DONE, REFUSED, Answer, Shell, table, verb
from disaster.errors import DisasterError
from disaster.provide import dry_run, new_request_id
from disaster.smalltext import read_small
from disaster.store import Store

Municipality = Annotated[str | None, typer.Option(help="市区町村コード(5桁) / municipality code")]
EventId = Annotated[str, typer.Argument(help="災害ID / event id")]
By = Annotated[str, typer.Option(help="誰が / who")]
When = Annotated[datetime | None, typer.Option(help="日時(日本時間。省くと今) / time in Japan, default now")]
Dataset = Annotated[str, typer.Option(help="情報の種類 / dataset: " + ", ".join(DATASETS))]
Purpose = Annotated[
    str, typer.Option(help="目的 / purpose: " + ", ".join(f"{code}({ja})" for code, (ja, _) in PURPOSES.items()))
]
ModeOption = Annotated[Mode, typer.Option(help="形 / mode")]


def add_to(app: typer.Typer) -> None:
    """Register the verbs of this module."""
    events = typer.Typer(no_args_is_help=True, help="災害と発動を記録する / Record events and triggers")
    verb(events, "open")(event_open)
    verb(events, "trigger")(event_trigger)
    verb(events, "close")(event_close)
    verb(events, "list")(event_list)
    app.add_typer(events, name="event")
    agreements = typer.Typer(no_args_is_help=True, help="協定のひな形と協定 / Templates and agreements")
    verb(agreements, "templates")(agreement_templates)
    verb(agreements, "new")(agreement_new)
    verb(agreements, "add")(agreement_add)
    verb(agreements, "list")(agreement_list)
    app.add_typer(agreements, name="agreement")
    verb(app, "decide")(decide)


def japan_time(given: datetime | None, shell: Shell) -> datetime:
    """Read a time of the command line as Japan's; none means now."""
    return given.replace(tzinfo=JST) if given is not None else shell.at


def event_open(
    shell: Shell,
    *,
    event_id: EventId,
    name: Annotated[str, typer.Option(help="災害の名 / name")],
    by: By,
    trigger: Annotated[TriggerKind, typer.Option(help="発動の種類 / trigger")] = TriggerKind.HQ_ESTABLISHED,
    when: When = None,
    drill: Annotated[bool, typer.Option("--drill", help="訓練 / drill")] = False,
    municipality: Municipality = None,
    note: Annotated[str, typer.Option(help="メモ / note")] = "",
) -> Answer:
    """災害(または訓練)を開く / Open an event with its first trigger."""
    at = japan_time(when, shell)
    with shell.store() as store:
        code = shell.municipality(store, municipality)
        store.events.add(Event(event_id, name, code, drill, at, (Trigger(trigger, at, by, note),)), at=shell.at)
    return _event_answer(event_id, shell.say(f"{name}を記録しました。", f"Recorded {name}."))


def event_trigger(
    shell: Shell,
    *,
    event_id: EventId,
    kind: TriggerKind,
    by: By,
    when: When = None,
    note: Annotated[str, typer.Option(help="メモ / note")] = "",
) -> Answer:
    """発動を加える / Add a trigger to an event."""
    with shell.store() as store:
        store.events.add_trigger(event_id, Trigger(kind, japan_time(when, shell), by, note), at=shell.at)
    return _event_answer(event_id, shell.say("発動を記録しました。", "Recorded the trigger."))


def event_close(shell: Shell, event_id: EventId, when: When = None) -> Answer:
    """災害を閉じる / Close an event."""
    with shell.store() as store:
        store.events.close(event_id, closed_at=japan_time(when, shell), at=shell.at)
    return _event_answer(event_id, shell.say("災害を閉じました。", "Closed the event."))


def _event_answer(event_id: str, line: str) -> Answer:
    return Answer("event", {"event_id": event_id, "done": True}, [line])


def event_list(shell: Shell) -> Answer:
    """災害の一覧 / List the events."""
    with shell.store() as store:
        events = store.events.all()
    rows = [
        (
            e.event_id,
            e.name,
            e.municipality,
            shell.say("訓練", "drill") if e.drill else "",
            shell.when(e.opened_at),
            shell.when(e.closed_at) if e.closed_at else "",
        )
        for e in events
    ]
    headings = [
        shell.say(*p)
        for p in (
            ("ID", "id"),
            ("名", "name"),
            ("市区町村", "municipality"),
            ("訓練", "drill"),
            ("開始", "opened"),
            ("終了", "closed"),
        )
    ]
    document = {"events": [
        {"event_id": e.event_id, "name": e.name, "municipality": e.municipality, "drill": e.drill,
         "opened_at": e.opened_at, "closed_at": e.closed_at,
         "triggers": [{"kind": t.kind, "at": t.at, "by": t.by} for t in e.triggers]}
        for e in events
    ]}  # fmt: skip
    return Answer("events", document, [], [table(shell.say("災害", "Events"), headings, rows)])


def agreement_templates(shell: Shell) -> Answer:
    """協定のひな形の一覧 / List the templates."""
    templates = [load_template(one) for one in template_ids()]
    document = {
        "templates": [{"id": t.template_id, "title": t.title, "clauses": [c.id for c in t.clauses]} for t in templates]
    }
    rows = [(t.template_id, t.title, len(t.clauses)) for t in templates]
    headings = [shell.say(*pair) for pair in (("ID", "id"), ("名", "title"), ("条項", "clauses"))]
    return Answer("templates", document, [], [table(shell.say("ひな形", "Templates"), headings, rows)])


def agreement_new(
    shell: Shell,
    *,
    template: Annotated[str, typer.Argument(help="ひな形のID / template")],
    out: Annotated[Path, typer.Option(help="書き出すTOML / file to write")],
    agreement_id: Annotated[str, typer.Option(help="協定のID / agreement id")],
    post_name: Annotated[str, typer.Option(help="郵便局の名 / post office")],
    post_code: Annotated[str, typer.Option(help="局所コード / office code")],
    city_name: Annotated[str, typer.Option(help="市区町村の名 / municipality")],
    city_code: Annotated[str, typer.Option(help="市区町村コード / municipality code")],
    signed: Annotated[datetime, typer.Option(help="締結日 / day signed")],
    unit: Annotated[list[str] | None, typer.Option(help="市区町村の部署名(災害対策本部など) / units")] = None,
) -> Answer:
    """郵便局側の保管庫の署名鍵を書いた協定のTOMLを作る / Write an agreement with the key of the post's store."""
    if out.exists():
        raise DisasterError("disaster.out_exists", folder=out.name)
    with shell.store() as store:
        signing_key = store.public_key
    text = new_agreement_text(
        template, agreement_id=agreement_id, post=Party(post_name, post_code, signing_key),
        municipality=Party(city_name, city_code, units=tuple(unit or ())), signed=signed.date(),
        effective_from=signed.date(),
    )  # fmt: skip
    out.write_text(text, encoding="utf-8")
    return Answer(
        "agreement",
        {"file": str(out)},
        [shell.say(f"{out} を書きました。内容を確かめてから add してください。", f"Wrote {out}.")],
    )


def agreement_add(shell: Shell, file: Annotated[Path, typer.Argument(help="協定のTOML / agreement")]) -> Answer:
    """締結した協定を登録する / Register a signed agreement."""
    agreement = parse_agreement(read_text(file))
    with shell.store() as store:
        new = store.agreements.add(agreement.agreement_id, agreement.municipality.code, read_text(file), at=shell.at)
    line = shell.say(f"{agreement.title} を登録しました。", f"Registered {agreement.title}.")
    same = shell.say("同じ協定が登録済みです。何も変えていません。", "Already registered; nothing changed.")
    return Answer("agreement", {"agreement_id": agreement.agreement_id, "unchanged": not new}, [line if new else same])


def read_text(file: Path) -> str:
    """Read a small text file of the command line.

    Raises
    ------
    DisasterError
        If it cannot be read as UTF-8.
    """
    try:
        return read_small(file)
    except (OSError, ValueError) as error:
        raise DisasterError("disaster.unreadable_text", file=file.name) from error


def agreement_list(shell: Shell) -> Answer:
    """登録した協定の一覧 / List the registered agreements."""
    with shell.store() as store:
        agreements = [parse_agreement(record.text) for record in store.agreements.all()]
    force = {a.agreement_id: in_force(a, shell.at) for a in agreements}
    rows = [
        (
            a.agreement_id,
            a.title,
            a.post.name,
            a.municipality.name,
            a.effective_from,
            shell.say("有効", "in force") if force[a.agreement_id] else "",
        )
        for a in agreements
    ]
    headings = [
        shell.say(*p)
        for p in (
            ("ID", "id"),
            ("名", "title"),
            ("郵便局", "post"),
            ("市区町村", "city"),
            ("始期", "from"),
            ("効力", "in force"),
        )
    ]
    document = {
        "agreements": [
            {
                "agreement_id": a.agreement_id,
                "title": a.title,
                "template": a.template_id,
                "in_force": force[a.agreement_id],
            }
            for a in agreements
        ]
    }
    return Answer("agreements", document, [], [table(shell.say("協定", "Agreements"), headings, rows)])


def decide(
    shell: Shell,
    *,
    dataset: Dataset,
    purpose: Purpose,
    mode: ModeOption = Mode.LAYER,
    recipient: Annotated[str, typer.Option(help="提供先 / recipient")] = "",
    event: Annotated[str | None, typer.Option(help="災害ID / event")] = None,
    municipality: Municipality = None,
    channel: Annotated[str, typer.Option(help="telephone または document")] = "document",
    confirmed_by: Annotated[str, typer.Option(help="電話を確認した人 / who confirmed the call")] = "",
    document_no: Annotated[str, typer.Option(help="文書番号 / document number")] = "",
    area: Annotated[str | None, typer.Option(help="区域ID / area")] = None,
) -> Answer:
    """提供できるかを判断する(記録しない) / Decide without recording."""
    with shell.store() as store:
        request = request_of(
            shell, store, dataset=dataset, purpose=purpose, mode=mode, recipient=recipient, requester=recipient,
            event=event, municipality=municipality, channel=channel, confirmed_by=confirmed_by,
            document_no=document_no, area=area,
        )  # fmt: skip
        decision = dry_run(store, request, at=shell.at)
    return Answer("decide", decision.to_dict(), spoken(shell, decision), code=DONE if decision.granted else REFUSED)


def spoken(shell: Shell, decision: Decision) -> list[str]:
    """Say a decision in sentences: the clause or what is missing, the conditions, the milder way."""
    lines = [reason.sentence(shell.lang) for reason in decision.reasons]
    lines += [shell.say("条件: ", "Condition: ") + reason.sentence(shell.lang) for reason in decision.conditions]
    if decision.milder is not None:
        lines.append(
            shell.say(
                f"より穏やかな形「{MODES[decision.milder][0]}」({decision.milder})でも目的を果たせます。",
                f"The milder mode {decision.milder} would be granted too.",
            )
        )
    return lines


def request_of(
    shell: Shell,
    store: Store,
    *,
    dataset: str,
    purpose: str,
    mode: Mode,
    recipient: str,
    requester: str,
    event: str | None,
    municipality: str | None,
    channel: str,
    confirmed_by: str,
    document_no: str,
    area: str | None,
    fields: tuple[str, ...] | None = None,
    request_id: str | None = None,
) -> Request:
    """Build the request of a command line; the recipient defaults to the municipality of the agreement."""
    code = shell.municipality(store, municipality)
    names = [parse_agreement(record.text).municipality.name for record in store.agreements.all(code)]
    whom = recipient or (names[0] if names else code)
    if channel not in ("telephone", "document"):
        raise DisasterError("disaster.unknown_channel", channel=channel)
    return Request(
        request_id=request_id or new_request_id(store, code, at=shell.at), municipality=code,
        requester=requester or whom, recipient=whom, purpose=purpose, dataset=dataset, mode=mode, made_at=shell.at,
        channel="telephone" if channel == "telephone" else "document", confirmed_by=confirmed_by,
        document_no=document_no, event_id=event, fields=fields, area=area,
    )  # fmt: skip
