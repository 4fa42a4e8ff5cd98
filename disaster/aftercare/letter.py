"""The notice and the receipt as one page in Japanese: to be printed, faxed, read on the telephone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from agreements.clock import JST, shown
from agreements.schedules import Grid
from disaster.aftercare.documents import Caller, DeletionReceipt, HashedFile, RecallNotice
from disaster.errors import AftercareError
from disaster.newfolder import new_folder
from exporters.paper import Block, Line, Paper
from exporters.paperpdf import pdf_bytes

#: Signs of a SHA-256 in a group: people compare four at a time.
_GROUP = 8
_WEEKDAYS = "月火水木金土日"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter: number and date, to whom, from whom, what is said, what is to be done, a table, a form to fill in."""

    title: str
    number: str
    date: str
    to: str
    sender: tuple[str, ...]
    drill: bool
    opening: str
    facts: tuple[tuple[str, str], ...]
    steps: tuple[str, ...] = ()
    files: tuple[HashedFile, ...] = ()
    files_note: str = ""
    form: tuple[str, ...] = ()
    form_title: str = ""


def recall_letter(notice: RecallNotice) -> Letter:
    """Return the recall notice as a letter to the recipient."""
    return Letter(
        title="提供した情報の回収(削除の依頼)",
        number=notice.recall_id,
        date=shown(notice.issued_at),
        to=f"{notice.recipient} 御中",
        sender=(notice.provider, f"担当 {notice.issued_by}", *map(_called, notice.contacts)),
        drill=notice.drill,
        opening="次の情報を回収します。期日までに削除し、削除したことを知らせてください。",
        facts=(
            ("削除の期日", _deadline(notice.due_by)),
            ("回収の理由", notice.reason),
            ("情報の番号", notice.pack_id),
            *((("災害", notice.event),) if notice.event else ()),
            ("利用目的", notice.purpose or "(記載なし)"),
            ("提供した日時", shown(notice.provided_at)),
            ("もとの利用期限", shown(notice.expires_at) if notice.expires_at else "定めなし"),
            ("協定", notice.agreement_id),
        ),
        steps=(
            "この通知が本物かを、前から知る番号(協定書の連絡先など)への電話か tayori recall check で確かめてください。",
            "この情報を使うのを、いますぐやめてください。",
            "下の表のファイル、ZIPファイル、写し、メールの添付、印刷物、ほかのシステムへ取り込んだものを、すべて削除してください。",
            f"Tayoriで受け取った保管庫では、次のとおり入力すると削除され、報告書ができます。\n{_purge(notice.pack_id)}",
            "ほかの機関へ渡した場合は、その機関にも削除を求め、結果を確かめてください。",
            "できた報告書(JSONと印刷用)を返してください。Tayoriを使わない場合は、下の欄に記入して返してください。",
        ),
        files=notice.files,
        files_note=f"署名した目録(manifest.json)のSHA-256: {grouped(notice.manifest_sha256)}",
        form_title="削除の報告(記入して返してください)",
        form=(
            "削除した日時  ______年____月____日  ____時____分",
            "削除したもの  □ファイル・ZIP  □写し・添付  □印刷物  □ほかのシステム",
            "ほかの機関へ  □渡していない  □渡した(機関名 ______________________)→ □削除を確かめた",
            "所属・氏名  ______________________________  電話  ____________________",
        ),
    )


def receipt_letter(receipt: DeletionReceipt) -> Letter:
    """Return the deletion receipt as a letter to the provider."""
    copies = (
        "すべて削除しました(ファイル、ZIPファイル、写し、印刷物)。"
        if receipt.copies_deleted
        else "まだ確かめていません。確かめたら、もう一度報告します。"
    )
    return Letter(
        title="提供を受けた情報の削除の報告",
        number=receipt.pack_id,
        date=shown(receipt.deleted_at),
        to=f"{receipt.provider} 御中",
        sender=(receipt.recipient, f"削除した人 {receipt.deleted_by}"),
        drill=receipt.drill,
        opening="次のとおり削除しました。"
        if receipt.complete
        else "次のとおり一部を削除しました。残りは追って報告します。",
        facts=(
            ("情報の番号", receipt.pack_id),
            *((("回収の番号", receipt.recall_id),) if receipt.recall_id else ()),
            ("利用期限", shown(receipt.expires_at) if receipt.expires_at else "定めなし"),
            ("削除した日時", shown(receipt.deleted_at)),
            ("保管庫の中", _in_store(receipt)),
            ("写し・印刷物", copies),
            ("ほかの機関へ渡したもの", _onward(receipt)),
            ("証拠", f"受領側の台帳 第{receipt.ledger_seq}号 {grouped(receipt.ledger_hash)}"),
        ),
        files=receipt.files,
        files_note="受け取った目録に記された名とSHA-256です。",
        form_title="",
    )


def _deadline(at: datetime) -> str:
    """Write a deadline with its day of the week."""
    return f"{shown(at)}({_WEEKDAYS[at.astimezone(JST).weekday()]})まで"


def grouped(sha256: str | None) -> str:
    """Write a hash so that two people can compare it on the telephone."""
    if sha256 is None:
        return "(記録なし)"
    return " ".join(sha256[start : start + _GROUP] for start in range(0, len(sha256), _GROUP))


def _called(one: Caller) -> str:
    return f"{one.role} {one.name} 電話 {one.phone}{'(夜間も可)' if one.at_night else ''}"


def _purge(pack_id: str) -> str:
    return f"tayori purge pack {pack_id} --by 氏名 --out 報告書のフォルダ"


def _in_store(receipt: DeletionReceipt) -> str:
    if not receipt.destroyed:
        return "保管庫の中のものは、以前に削除しています。"
    return f"暗号鍵とファイルを破棄しました({receipt.destroyed}件のデータ)。もう読めません。"


def _onward(receipt: DeletionReceipt) -> str:
    if not receipt.onward:
        return "ありません。"
    said = (f"{one.recipient} {one.pack_id} {'削除済み' if one.receipted else '未確認'}" for one in receipt.onward)
    return "、".join(said)


def html(letter: Letter) -> str:
    """Return a letter as HTML that stands alone: no script, nothing fetched, A4 when printed."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    source = files("disaster.aftercare").joinpath("letter.html").read_text(encoding="utf-8")
    return environment.from_string(source).render(letter=letter, grouped=grouped)


def text(letter: Letter) -> str:
    """Return a letter as plain text with the line ends that Notepad wants."""
    lines = [
        *(["******** 訓練 ********  これは訓練です。", ""] if letter.drill else []),
        f"{letter.number}  {letter.date}",
        "",
        letter.to,
        *(f"{'':40}{line}" for line in letter.sender),
        "",
        f"    {letter.title}",
        "",
        letter.opening,
        "",
        *(f"  {heading}: {said}" for heading, said in letter.facts),
        *_steps(letter.steps),
        *_files(letter),
        *_form(letter),
    ]
    return "\r\n".join([*lines, ""])


def _steps(steps: Sequence[str]) -> list[str]:
    said = [f"  {n}. {_indented(step)}" for n, step in enumerate(steps, 1)]
    return ["", "■ していただくこと", *said] if said else []


def _indented(step: str) -> str:
    return step.replace("\n", "\r\n     ")


def _files(letter: Letter) -> list[str]:
    if not letter.files:
        return []
    listed = (f"  {one.path}\r\n      {grouped(one.sha256)}" for one in letter.files)
    return ["", f"■ 対象のファイル({len(letter.files)}件)とSHA-256", *listed, f"  {letter.files_note}"]


def _form(letter: Letter) -> list[str]:
    return ["", f"■ {letter.form_title}", *(f"  {line}" for line in letter.form)] if letter.form else []


def paper_of(letter: Letter) -> Paper:
    """Return a letter as paper, to be printed as PDF."""
    to_do = [Line(step, mark=f"{n}.", indent=1) for n, step in enumerate(letter.steps, 1)]
    listed = tuple((one.path, grouped(one.sha256)) for one in letter.files)
    blocks: list[Block] = [
        Line(letter.number, "right"),
        Line(letter.date, "right"),
        Line(letter.to),
        *(Line(line, "right") for line in letter.sender),
        Line(letter.title, "title"),
        Line(letter.opening),
        Grid(("事項", "内容"), letter.facts, (3, 9)),
        *([Line("していただくこと", "heading"), *to_do] if to_do else []),
        *([Line(letter.form_title, "heading"), *map(Line, letter.form)] if letter.form else []),
        *([Grid(("ファイル", "SHA-256"), listed, (4, 8), title=f"対象のファイル({len(listed)}件)")] if listed else []),
        *([Line(letter.files_note, "small")] if letter.files_note else []),
    ]
    return Paper(letter.title, tuple(blocks), "訓練" if letter.drill else "", letter.number)


def write_letter(
    folder: Path, stem: str, content: bytes, letter: Letter, *, at: datetime, signature: bytes | None = None
) -> None:
    """Write a document into a folder of its own: JSON, its signature, and the letter as page, PDF and text.

    The folder appears whole or not at all; its files are readable by their owner only.

    Raises
    ------
    AftercareError
        If it exists already or cannot be written.
    """
    parts = {
        f"{stem}.json": content,
        f"{stem}.html": html(letter).encode(),
        f"{stem}.pdf": pdf_bytes(paper_of(letter), at=at),
        f"{stem}.txt": text(letter).encode("utf-8-sig"),
    }
    if signature is not None:
        parts[f"{stem}.sig"] = signature
    with new_folder(folder, AftercareError) as staging:
        for file, said in parts.items():
            (staging / file).write_bytes(said)
