"""Verbs that destroy personal data: purge pack, purge own."""

from collections.abc import Sequence
from typing import Annotated

import typer

from disaster.aftercare.documents import OnwardPack, write_document
from disaster.aftercare.letter import receipt_letter, write_letter
from disaster.aftercare.purge import Held, Keep, held, purge_held, purge_pack
from disaster.cli.options import By, Municipality, OutFolder, Reason, typed_kind
from disaster.cli.saying import a_name, next_command
from disaster.cli.shell import Answer, Shell, add_noun, table
from disaster.commands import shell_word
from disaster.errors import AftercareError

#: Why our own batches go, where nothing else is said.
_REASON = "保存期間の終了"


def add_to(app: typer.Typer) -> None:
    """Register the verbs of this module."""
    add_noun(app, "purge", "個人情報を消去する / Destroy personal data", {"pack": purge_received, "own": purge_own})


def purge_received(
    shell: Shell,
    pack: Annotated[str, typer.Argument(help="状況パックの番号 / pack id")],
    *,
    by: By,
    out: OutFolder,
    copies_deleted: Annotated[
        bool, typer.Option("--copies-deleted", help="写し・ZIP・印刷物もすべて消した / all copies are gone too")
    ] = False,
) -> Answer:
    """受け取った情報を消去し、提供元へ返す報告書を作る / Destroy a received pack and report it."""
    folder = out / f"{pack}-deleted{'' if copies_deleted else '-partly'}"
    with shell.store() as store:
        if folder.exists():
            raise AftercareError("disaster.out_exists", folder=str(folder))
        made = purge_pack(store, pack, by=by, copies_deleted=copies_deleted, at=shell.at)
        write_letter(folder, "receipt", write_document(made), receipt_letter(made), at=shell.at)
    first = shell.say(
        f"暗号鍵とファイルを破棄しました({made.destroyed}件のデータ)。", f"Destroyed {made.destroyed} batches."
    )
    if not made.destroyed:
        first = shell.say("保管庫の中のものは以前に消去しています。", "It was destroyed before.")
    lines = [first, shell.say(f"{made.provider} へ返すもの: {folder}", f"Send back to {made.provider}: {folder}")]
    lines += _passed_on(shell, [one for one in made.onward if not one.receipted])
    if not copies_deleted:
        lines.append(
            shell.say(
                "フォルダ、ZIP、写し、印刷物も消してから、もう一度:",
                "Delete folders, ZIPs, copies and prints, then again:",
            )
        )
        again = ("--by", a_name(shell), "--copies-deleted", "--out", out)
        lines.append(next_command(shell, "purge", "pack", pack, *again))
    document = {"receipt": made.model_dump(mode="json"), "complete": made.complete, "folder": str(folder)}
    return Answer("purge-pack", document, lines)


def _passed_on(shell: Shell, left: Sequence[OnwardPack]) -> list[str]:
    """Say what was passed on and is not known to be deleted, and how the first of it is recalled."""
    lines = [
        shell.say(f"{one.recipient} へ渡した {one.pack_id} の削除がまだ確かめられていません。",
                  f"{one.pack_id}, passed on to {one.recipient}, is not receipted yet.")
        for one in left
    ]  # fmt: skip
    why, notice = shell.say("もとの情報の回収", "SOURCE_RECALLED"), shell.say("回収通知", "NOTICE_FOLDER")
    recall = ("--reason", why, "--by", a_name(shell), "--out", notice)
    return lines + [next_command(shell, "recall", "issue", one.pack_id, *recall) for one in left[:1]]


def purge_own(
    shell: Shell,
    *,
    kind: Annotated[str | None, typer.Option(help="種類(省くと個人情報すべて) / kind", callback=typed_kind)] = None,
    older_than: Annotated[int, typer.Option(min=0, max=36_500, help="何日より古いもの / days")] = 0,
    present: Annotated[bool, typer.Option("--present", help="いま使っている版も / the present version too")] = False,
    drill: Annotated[bool, typer.Option("--drill", help="訓練の情報だけ(いまの版も) / of drills only")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="一覧のものを消去する / destroy what is listed")] = False,
    by: By = "",
    reason: Reason = _REASON,
    municipality: Municipality = None,
) -> Answer:
    """自分の側の使い終わった個人情報を一覧し、--yes で消去する / List our personal batches; destroy them with --yes."""
    with shell.store() as store, store.writing():
        found = held(
            store, at=shell.at, older_than_days=older_than, kind=kind, present=present or drill, drill=drill,
            municipality=municipality,
        )  # fmt: skip
        gone = purge_held(store, found, by=by, reason=reason, at=shell.at) if yes else ()
        proof = store.ledger.head().seq
    ready = [one for one in found if one.keep is None]
    lines = _purge_lines(shell, found, ready, done=yes, proof=proof)
    if ready and not yes:
        again = _again(kind, older_than, municipality, reason, present=present, drill=drill)
        lines.append(next_command(shell, "purge", "own", *again, "--by", a_name(shell), "--yes"))
    headings = shell.headings("種類/kind", "系列/dataset", "件数/rows", "取り込み/taken in", "日数/days", "扱い/what")
    rows = [
        (one.title, one.dataset, one.rows, shell.when(one.ingested_at), one.days, _kept(shell, one, done=yes))
        for one in found
    ]
    document = {
        "done": yes, "ledger": proof if yes else None,
        "batches": [{"batch_id": h.batch_id, "kind": h.kind, "dataset": h.dataset, "rows": h.rows, "days": h.days,
                     "drill": h.drill, "keep": h.keep} for h in found],
        "destroyed": [one.batch_id for one in gone],
    }  # fmt: skip
    return Answer("purge-own", document, lines, [table(shell.say("個人情報", "Personal data"), headings, rows)])


def _again(
    kind: str | None, older_than: int, municipality: str | None, reason: str, *, present: bool, drill: bool
) -> list[str]:  # fmt: skip
    """Return the options that choose the same batches again, so that none is destroyed that was not listed."""
    words = ["--kind", kind] if kind else []
    words += ["--older-than", str(older_than)] if older_than else []
    words += ["--municipality", municipality] if municipality else []
    words += ["--reason", shell_word(reason)] if reason != _REASON else []
    return [*words, *(["--present"] if present else []), *(["--drill"] if drill else [])]


def _kept(shell: Shell, one: Held, *, done: bool) -> str:
    if one.keep is Keep.PROTECTION:
        return shell.say("残す(支援措置の名簿はいつも要る)", "kept: protection")
    if one.keep is Keep.PRESENT:
        return shell.say("残す(いま使っている版)", "kept: present")
    return shell.say("消去した", "destroyed") if done else shell.say("消去できる", "can go")


def _purge_lines(shell: Shell, found: Sequence[Held], ready: Sequence[Held], *, done: bool, proof: int) -> list[str]:
    rows, kept = sum(one.rows for one in ready), len(found) - len(ready)
    if done and ready:
        return [shell.say(f"{len(ready)}件のデータ({rows}行)の暗号鍵とファイルを破棄しました。残したもの {kept}件。",
                          f"Destroyed {len(ready)} batches ({rows} rows); kept {kept}."),
                shell.say(f"証拠: 台帳 第{proof}号まで", f"Proof: the ledger up to entry {proof}"),
                next_command(shell, "audit", "verify")]  # fmt: skip
    if not ready:
        return [shell.say(f"消去できるものはありません(残すもの {kept}件)。", f"Nothing can go (kept {kept}).")]
    return [shell.say(f"消去できるもの {len(ready)}件({rows}行)、残すもの {kept}件。まだ何も消していません。",
                      f"{len(ready)} can go ({rows} rows), {kept} stay. Nothing was destroyed yet.")]  # fmt: skip
