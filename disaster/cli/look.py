"""Verbs about a file that was released, which need no store: verify, explain."""

from pathlib import Path
from typing import Annotated, Any

import typer

from agreements.agreement import parse_agreement
from agreements.format import SENSITIVITIES
from disaster.cli.options import read_text
from disaster.cli.secret import PasswordFile, read_password
from disaster.cli.shell import Answer, Shell, add_verbs, table
from disaster.explain import ColumnGrounds
from disaster.verify import Verified, explain, verify


def add_to(app: typer.Typer) -> None:
    """Register the verbs of this module."""
    add_verbs(app, {"verify": verify_file, "explain": explain_file})


def verify_file(
    shell: Shell,
    file: Annotated[Path, typer.Argument(help="フォルダ、ZIP、またはその中のファイル / pack, or a file in it")],
    agreement: Annotated[Path | None, typer.Option(help="協定のTOML(提供元の署名鍵) / agreement")] = None,
    password_file: PasswordFile = None,
) -> Answer:
    """状況パックが書き換えられていないかを確かめる(保管庫は要りません) / Check a pack without a store."""
    signed = parse_agreement(read_text(agreement)) if agreement else None
    found = verify(file, at=shell.at, agreement=signed, password=read_password(password_file))
    said = found.manifest
    document = {
        "pack_id": said.pack_id, "file": found.file, "files": found.files, "provider": said.provider.name,
        "recipient": said.recipient.name, "purpose": said.purpose, "drill": said.drill,
        "provided_at": said.provided_at, "expires_at": said.expires_at, "expired": found.expired,
        "by_agreement": found.by_agreement, "fingerprint": found.fingerprint,
    }  # fmt: skip
    return Answer("verified", document, _verified(shell, found))


def _verified(shell: Shell, found: Verified) -> list[str]:
    said = found.manifest
    what = found.file or shell.say(f"すべてのファイル({found.files}個)", f"all {found.files} files")
    lines = [
        shell.say(
            f"{said.pack_id}: {what} は、署名されたときのままです。",
            f"{said.pack_id}: {what} as signed, nothing altered.",
        ),
        shell.say(
            f"提供元 {said.provider.name}、提供先 {said.recipient.name}、目的 {said.purpose_label}、"
            f"{shell.when(said.provided_at)} 提供",
            f"from {said.provider.name} to {said.recipient.name}, {said.purpose}, {shell.when(said.provided_at)}",
        ),
    ]
    if found.by_agreement:
        lines.append(shell.say("署名は、協定に書かれた鍵のものです。", "Signed with the key of the agreement."))
    else:
        lines.append(
            shell.say(
                f"署名の鍵が提供元のものかは、まだ確かめていません。--agreement で協定を指定するか、"
                f"鍵の指紋 {found.fingerprint} を提供元に電話で確かめてください。",
                f"Whose key it is was not checked: name the agreement, or compare the fingerprint {found.fingerprint}.",
            )
        )
    if said.drill:
        lines.append(shell.say("訓練用の情報です。", "It is of a drill."))
    if found.expired:
        until = shell.when(said.expires_at)
        lines.append(
            shell.say(f"利用期限({until})が過ぎています。消してください。", f"It ran out on {until}: delete it.")
        )
    return lines


def explain_file(
    shell: Shell,
    file: Annotated[Path, typer.Argument(help="提供されたファイル、フォルダ、ZIP / released file, folder or ZIP")],
    column: Annotated[str | None, typer.Option(help="項目(見出し) / column")] = None,
    password_file: PasswordFile = None,
) -> Answer:
    """項目ごとに、どの協定のどの条項により提供されたかを示す / Tell the clause of each column."""
    told = explain(file, column=column, password=read_password(password_file))
    document = {
        "pack_id": told.pack_id, "signed": told.signed, "columns": [_document(line) for line in told.columns],
    }  # fmt: skip
    lines = []
    if not told.signed:
        lines.append(
            shell.say(
                "ファイルが自ら述べていることです。署名では確かめていません。",
                "This is what the file says of itself; no signature was checked.",
            )
        )
    if column is not None:
        lines += [
            f"{line.layer_title} {line.label}: {line.basis}"
            + (shell.say(f" 法令の根拠: {line.law}", f" Law: {line.law}") if line.law else "")
            for line in told.columns
        ]
    headings = shell.headings(
        "情報/layer", "項目/column", "協定/agreement", "条項/article", "法令の根拠/law", "誰の情報か/about whom",
    )  # fmt: skip
    rows = [
        (
            line.layer_title, line.label, line.agreement or shell.say("(公開情報)", "(public)"),
            f"{line.article} ({line.clause})" if line.clause else line.basis, line.law,
            shell.say(*SENSITIVITIES[line.sensitivity]),
        )
        for line in told.columns
    ]  # fmt: skip
    return Answer("explained", document, lines, [table(shell.say("項目と根拠", "Columns and grounds"), headings, rows)])


def _document(line: ColumnGrounds) -> dict[str, Any]:
    return {name: getattr(line, name) for name in line.__slots__}
