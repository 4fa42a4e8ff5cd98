"""Verbs of the door and its twin: provide, receive, publish."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from disaster.batch import Batch
from disaster.cli.options import By, Municipality, OutFolder, RequestId, RoleOption, request_id_of, who
from disaster.cli.saying import files_table, layer_title, run_out_lines, same_store, spoken
from disaster.cli.secret import (
    NewPasswordFile,
    PasswordFile,
    read_notice,
    read_password,
    require_new,
    write_private,
)
from disaster.cli.shell import Answer, Shell, add_verbs, table
from disaster.commands import command
from disaster.cover import REACHES_NOBODY, in_words, other_purposes
from disaster.errors import ProvideError
from disaster.ingest import check_file
from disaster.matchlist import require_readable
from disaster.models import INQUIRIES, kind_of
from disaster.onward import pass_on
from disaster.pack import MAP, WORKBOOK
from disaster.provide import Provided, provide
from disaster.publish import publish
from disaster.receive import Received, receive
from disaster.store import Store
from geo.read import Reader


def add_to(app: typer.Typer) -> None:
    """Register the verbs of this module."""
    add_verbs(app, {"provide": provide_pack, "receive": receive_pack, "onward": onward_pack, "publish": publish_layers})


def provide_pack(
    shell: Shell,
    *,
    request: RequestId,
    by: By,
    out: OutFolder,
    role: RoleOption = "office",
    municipality: Municipality = None,
    inquiries: Annotated[Path | None, typer.Option("--list", help="照会リスト(match のとき) / list to match")] = None,
    notice: Annotated[Path | None, typer.Option(help="届けるお知らせのPDF(forward のとき) / notice to mail")] = None,
    password_file: NewPasswordFile = None,
) -> Answer:
    """承認された要請により、状況パックを提供する / Provide the situation pack of an approved request."""
    require_new(password_file)
    with shell.store() as store:
        name = request_id_of(store, request, municipality)
        asked = store.requests.get(name, municipality=municipality)
        listed = _inquiries(store, inquiries, asked.municipality, shell) if inquiries else None
        with shell.steps() as step:
            made = provide(
                store, name, municipality=asked.municipality, out=out, at=shell.at, by=who(by, role),
                inquiries=listed, notice=read_notice(notice) if notice else None, step=step,
            )  # fmt: skip
    return provided_answer(shell, made, password_file)


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
    require_readable(batch, lang=shell.lang)
    return batch


def _told(shell: Shell, password: str, file: Path | None) -> list[str]:
    """Tell the password once: into the file that was named, else on the screen, never into JSON that is kept.

    A file that cannot be written must not lose it: the pack is out and cannot be opened without.
    """
    lost = []
    if file is not None:
        try:
            write_private(file, password)
        except ProvideError:
            lost = [shell.say(f"{file} には書けませんでした。", f"It could not be written to {file}.")]
        else:
            return [shell.say(f"パスワードを {file} に書きました。", f"The password is in {file}.")]
    said = shell.say(
        f"パスワード: {password}  電話など別の方法で伝えてください。もう表示されません。",
        f"Password: {password}  Tell it by another way. It is not shown again.",
    )
    if shell.json:
        sys.stderr.write(said + "\n")
    return [*lost, said]


def provided_answer(shell: Shell, made: Provided, password_file: Path | None = None) -> Answer:
    """Say what went out, with the counts that add up."""
    document: dict[str, Any] = {
        "pack_id": made.pack_id, "folder": str(made.folder), "zip": str(made.zip) if made.zip else None,
        "mailing": str(made.mailing) if made.mailing else None, "decision": made.decision.to_dict(),
        "counts": dict(made.counts), "files": {path: dict(rows) for path, rows in made.files.items()},
        "matched": made.matched, "returned": made.returned, "withheld": dict(made.withheld),
        "not_provided": dict(made.not_provided), "protection_run_out": made.run_out,
        "answers": dict(made.answers),
    }  # fmt: skip
    rules = shell.say(in_words(made.withheld), ", ".join(f"{rule} {count}" for rule, count in made.withheld.items()))
    lines = [
        *_mailed(shell, made),
        *spoken(shell, made.decision),
        _sum(shell, made) + (f"({rules})" if rules else ""),
        shell.say(f"{_handed(made)} を渡してください。", f"Hand over {_handed(made)}."),
    ]
    if made.mailing:
        lines.append(
            shell.say(f"配布先の一覧(郵便局内限り): {made.mailing}", f"List for the post's own staff: {made.mailing}")
        )
    lines += run_out_lines(shell, made.run_out)
    if made.password:
        lines += _told(shell, made.password, password_file)
    # a table of counts has rows of its own, which are nobody's homes
    tables = [] if made.mailing else [files_table(shell, shell.say("状況パック", "Situation pack"), made.files)]
    return Answer("provide", document, lines, tables)


def _mailed(shell: Shell, made: Provided) -> list[str]:
    """Say first to how many homes the post brings a notice; nobody is to believe that an empty mailing reached them."""
    if made.mailing is None:
        return []
    if made.returned == 0:
        return [shell.say(REACHES_NOBODY, "The notice can be brought to 0 homes: it reaches nobody.")]
    return [shell.say(f"お知らせを届ける家: {made.returned}件", f"Homes that get the notice: {made.returned}")]


def _sum(shell: Shell, made: Provided) -> str:
    """Say how the counts add up; of a list, how many were found, since every row of it is answered."""
    if made.answers:
        hit, miss = made.answers["hit"], made.answers["miss"]
        return shell.say(
            f"照会 {made.matched}件 = 該当あり {hit}件 + 該当なし {miss}件",
            f"asked {made.matched} = found {hit} + not found {miss}",
        )
    held = sum(made.withheld.values())
    return shell.say(
        f"該当 {made.matched}件 = 提供 {made.returned}件 + 提供しないもの {held}件",
        f"matched {made.matched} = returned {made.returned} + withheld {held}",
    )


def _handed(made: Provided) -> Path:
    """Return what is handed over: the one file where there is one."""
    return made.zip or made.folder


def receive_pack(
    shell: Shell,
    pack: Annotated[Path, typer.Argument(help="受け取ったフォルダまたはZIP / folder or ZIP")],
    password_file: PasswordFile = None,
    out: Annotated[Path | None, typer.Option(help="本部用の地図と表を書くフォルダ / folder for the HQ's map")] = None,
    unpack: Annotated[
        Path | None, typer.Option(help="状況パックの中身を出す新しいフォルダ(本部内限り) / folder for its own files")
    ] = None,
) -> Answer:
    """状況パックを検査して受け取る / Check and take in a situation pack."""
    with shell.store() as store, Reader() as reader, shell.steps() as step:
        got = receive(
            store, pack, at=shell.at, reader=reader, out=out, unpack=unpack, step=step,
            password=read_password(password_file),
        )  # fmt: skip
    password = ("--password-file", password_file) if password_file else ()
    unpacking = command("receive", pack, *password, "--unpack", f"{got.pack_id}-open")
    return received_answer(shell, got, same_store(shell, unpacking))


def received_answer(shell: Shell, got: Received, unpacking: str) -> Answer:
    """Say what came in, until when it may be used, and where the homes are; `unpacking` is what lays them open."""
    document = {
        "pack_id": got.pack_id, "unchanged": got.unchanged, "provider": got.provider, "purpose": got.purpose,
        "event": got.event, "as_of": got.as_of, "expires_at": got.expires_at, "drill": got.drill,
        "counts": dict(got.counts), "view": str(got.view.folder) if got.view else None,
        "personal": got.personal, "files": str(got.files) if got.files else None,
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
    if got.personal:
        lines += _where_homes_are(shell, got, unpacking)
    rows = [(layer_title(shell, name), count) for name, count in got.counts.items()]
    shown = table(shell.say("受け取った情報", "Received"), shell.headings("情報/layer", "件数/rows"), rows)
    return Answer("receive", document, lines, [shown])


def _where_homes_are(shell: Shell, got: Received, unpacking: str) -> list[str]:
    """Say where homes and persons can be looked at: the headquarters' own map leaves them out on purpose."""
    only = shell.say("住居や受取人の情報は、本部用の地図と表には入れません。", "Homes and persons are in no HQ file.")
    if got.files is None:
        return [
            only + shell.say("見るには、次のとおり状況パックを展開してください。", " To see them, unpack the pack:"),
            f"  {unpacking}",
        ]
    where, until = (got.files / MAP, got.files / WORKBOOK), shell.when(got.expires_at)
    return [
        only
        + shell.say(
            f"状況パックの {where[0]} と {where[1]} で見てください。", f" See the pack's own {where[0]} and {where[1]}."
        ),
        shell.say(
            f"このフォルダは本部内限りです。写しを渡さず、利用期限 {until} までに消してください。",
            f"That folder is for the headquarters alone: pass no copy on, delete it by {until}.",
        ),
    ]


def onward_pack(
    shell: Shell,
    *,
    request: RequestId,
    by: By,
    out: OutFolder,
    role: RoleOption = "municipal_hq",
    municipality: Municipality = None,
    password_file: NewPasswordFile = None,
) -> Answer:
    """受け取った情報を、承認された要請により警察・消防などへ再提供する / Pass received data on, narrower."""
    require_new(password_file)
    with shell.store() as store, shell.steps() as step:
        name = request_id_of(store, request, municipality)
        made = pass_on(store, name, municipality=municipality, out=out, at=shell.at, by=who(by, role), step=step)
        said = store.provisions.get(made.pack_id, municipality=municipality).manifest or {}
    document = {
        "pack_id": made.pack_id,
        "folder": str(made.folder),
        "files": {k: dict(v) for k, v in made.counts.items()},
        "area": said["area"],
        "sources": said["sources"],
    }
    origins = "、".join(said["source_pack_ids"])
    lines = [
        shell.say(
            f"区域 {said['area'] or '全域'}、もとの状況パック: {origins}",
            f"area {said['area'] or 'all'}, from the packs: {origins}",
        ),
        *other_purposes(said),
    ]
    lines += [shell.say(f"{made.folder} を渡してください。", f"Hand over {made.folder}.")]
    if made.password:
        lines += _told(shell, made.password, password_file)
    return Answer("onward", document, lines, [files_table(shell, shell.say("再提供", "Onward"), made.counts)])


def publish_layers(
    shell: Shell,
    out: OutFolder,
    kind: Annotated[list[str] | None, typer.Option(help="種類(繰り返し可、省くと全部) / kinds")] = None,
    municipality: Municipality = None,
    drill: Annotated[bool, typer.Option("--drill", help="訓練用の情報も / drill data too")] = False,
) -> Answer:
    """個人情報を含まない情報を書き出す / Write layers without personal data."""
    with shell.store() as store:
        code = shell.municipality(store, municipality)
        made = publish(store, code, out=out, at=shell.at, kinds=tuple(kind_of(one) for one in kind or ()), drill=drill)
    document = {"folder": str(made.folder), "counts": dict(made.counts), "files": [file.path for file in made.files]}
    shown = files_table(shell, shell.say("公表", "Published"), {file.path: file.counts for file in made.files})
    return Answer("publish", document, [shell.say(f"{made.folder} に書きました。", f"Wrote {made.folder}.")], [shown])
