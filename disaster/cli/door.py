"""Verbs of the door and its twin: provide, receive, publish."""

from pathlib import Path
from typing import Annotated, Any

import typer

from agreements.request import Mode
from disaster.batch import Batch
from disaster.cli.agree import Dataset, ModeOption, Municipality, Purpose, request_of, spoken
from disaster.cli.shell import Answer, Shell, table, verb
from disaster.cover import in_words
from disaster.errors import IngestError
from disaster.ingest import check_file, within
from disaster.models import INQUIRIES
from disaster.provide import Provided, provide
from disaster.publish import publish
from disaster.receive import Received, receive
from disaster.store import Store
from geo.read import Reader

Out = Annotated[Path, typer.Option(help="書き出すフォルダ / output folder")]


def add_to(app: typer.Typer) -> None:
    """Register the verbs of this module."""
    verb(app, "provide")(provide_pack)
    verb(app, "receive")(receive_pack)
    verb(app, "publish")(publish_layers)


def provide_pack(
    shell: Shell,
    *,
    purpose: Purpose,
    out: Out,
    dataset: Dataset = "delivery-points",
    mode: ModeOption = Mode.DWELLING,
    recipient: Annotated[str, typer.Option(help="提供先 / recipient")] = "",
    requester: Annotated[str, typer.Option(help="要請した人 / who asked")] = "",
    event: Annotated[str | None, typer.Option(help="災害ID / event")] = None,
    municipality: Municipality = None,
    channel: Annotated[str, typer.Option(help="telephone または document")] = "document",
    confirmed_by: Annotated[str, typer.Option(help="電話を確認した人 / who confirmed the call")] = "",
    document_no: Annotated[str, typer.Option(help="文書番号 / document number")] = "",
    area: Annotated[str | None, typer.Option(help="区域ID(省くと全域) / area")] = None,
    inquiries: Annotated[Path | None, typer.Option("--list", help="照会リスト(match のとき) / list to match")] = None,
    request_id: Annotated[str | None, typer.Option(help="要請ID(省くと採番) / request id")] = None,
) -> Answer:
    """要請を判断し、状況パックを提供する / Decide a request and provide the situation pack."""
    with shell.store() as store, store.writing():  # the number that is free now must be free when it is used
        request = request_of(
            shell, store, dataset=dataset, purpose=purpose, mode=mode, recipient=recipient, requester=requester,
            event=event, municipality=municipality, channel=channel, confirmed_by=confirmed_by,
            document_no=document_no, area=area, request_id=request_id,
        )  # fmt: skip
        asked = _inquiries(store, inquiries, request.municipality, shell) if inquiries else None
        with shell.steps() as step:
            made = provide(store, request, out=out, at=shell.at, inquiries=asked, step=step)
    return provided_answer(shell, made)


def _inquiries(store: Store, file: Path, municipality: str, shell: Shell) -> Batch:
    with Reader() as reader:
        batch = check_file(
            INQUIRIES.kind,
            [file],
            municipality=municipality,
            side=store.side,
            reader=reader,
            gazetteer=None,
            at=shell.at,
        )
    if not within(batch, "0"):
        first = batch.faults.kept[0]
        raise IngestError("disaster.bad_inquiries", file=file.name, count=batch.refused, first=first.reason(shell.lang))
    return batch


def provided_answer(shell: Shell, made: Provided) -> Answer:
    """Say what went out, with the counts that add up."""
    document: dict[str, Any] = {
        "pack_id": made.pack_id, "folder": str(made.folder), "zip": str(made.zip), "decision": made.decision.to_dict(),
        "counts": dict(made.counts), "files": {path: dict(rows) for path, rows in made.files.items()},
        "matched": made.matched, "returned": made.returned, "withheld": dict(made.withheld),
        "not_provided": dict(made.not_provided),
    }  # fmt: skip
    rows = [
        (path, "、".join(f"{name} {count}" for name, count in counts.items())) for path, counts in made.files.items()
    ]
    held = sum(made.withheld.values())
    rules = shell.say(in_words(made.withheld), ", ".join(f"{rule} {count}" for rule, count in made.withheld.items()))
    lines = [
        *spoken(shell, made.decision),
        shell.say(
            f"該当 {made.matched}件 = 提供 {made.returned}件 + 提供しないもの {held}件",
            f"matched {made.matched} = returned {made.returned} + withheld {held}",
        )
        + (f"({rules})" if rules else ""),
        shell.say(
            f"フォルダ {made.folder}、ZIP {made.zip} を渡してください。", f"Hand over {made.folder} or {made.zip}."
        ),
    ]
    headings = (shell.say("ファイル", "file"), shell.say("件数", "rows"))
    return Answer("provide", document, lines, [table(shell.say("状況パック", "Situation pack"), headings, rows)])


def receive_pack(
    shell: Shell,
    pack: Annotated[Path, typer.Argument(help="受け取ったフォルダまたはZIP / folder or ZIP")],
    out: Annotated[Path | None, typer.Option(help="本部用の地図と表を書くフォルダ / folder for the HQ's map")] = None,
) -> Answer:
    """状況パックを検査して受け取る / Check and take in a situation pack."""
    with shell.store() as store, Reader() as reader, shell.steps() as step:
        got = receive(store, pack, at=shell.at, reader=reader, out=out, step=step)
    return received_answer(shell, got)


def received_answer(shell: Shell, got: Received) -> Answer:
    """Say what came in and until when it may be used."""
    document = {
        "pack_id": got.pack_id, "unchanged": got.unchanged, "provider": got.provider, "purpose": got.purpose,
        "event": got.event, "as_of": got.as_of, "expires_at": got.expires_at, "drill": got.drill,
        "counts": dict(got.counts), "view": str(got.view.folder) if got.view else None,
    }  # fmt: skip
    first = (
        shell.say("受け取りました。", "Received.")
        if not got.unchanged
        else shell.say("受け取り済みです。何も変えていません。", "Already received; nothing changed.")
    )
    lines = [
        f"{first} {got.pack_id}: {got.provider} {got.event} {got.purpose}",
        shell.say(
            f"{shell.when(got.as_of)}時点、利用期限 {shell.when(got.expires_at)}",
            f"as of {shell.when(got.as_of)}, until {shell.when(got.expires_at)}",
        ),
    ]
    if got.view:
        lines.append(shell.say(f"本部用の地図: {got.view.folder / 'map.html'}", f"Map: {got.view.folder / 'map.html'}"))
    headings = (shell.say("情報", "layer"), shell.say("件数", "rows"))
    return Answer(
        "receive", document, lines, [table(shell.say("受け取った情報", "Received"), headings, list(got.counts.items()))]
    )


def publish_layers(
    shell: Shell,
    out: Out,
    kind: Annotated[list[str] | None, typer.Option(help="種類(繰り返し可、省くと全部) / kinds")] = None,
    municipality: Municipality = None,
    drill: Annotated[bool, typer.Option("--drill", help="訓練用の情報も / drill data too")] = False,
) -> Answer:
    """個人情報を含まない情報を書き出す / Write layers without personal data."""
    with shell.store() as store:
        code = shell.municipality(store, municipality)
        made = publish(store, code, out=out, at=shell.at, kinds=tuple(kind or ()), drill=drill)
    rows = [(file.path, "、".join(f"{name} {count}" for name, count in file.counts.items())) for file in made.files]
    headings = (shell.say("ファイル", "file"), shell.say("件数", "rows"))
    document = {"folder": str(made.folder), "counts": dict(made.counts), "files": [file.path for file in made.files]}
    return Answer(
        "publish",
        document,
        [shell.say(f"{made.folder} に書きました。", f"Wrote {made.folder}.")],
        [table(shell.say("公表", "Published"), headings, rows)],
    )
