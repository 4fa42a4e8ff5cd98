"""Verbs about what was agreed: templates and agreements."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from agreements.agreement import Party, in_force, new_agreement_text, parse_agreement
from agreements.template import load_template, template_ids
from disaster.cli.options import day, read_text
from disaster.cli.paper import agreement_check, agreement_diff, agreement_render
from disaster.cli.saying import next_command
from disaster.cli.shell import Answer, Shell, add_noun, table
from disaster.errors import DisasterError


def add_to(app: typer.Typer) -> None:
    """Register the verbs of this module."""
    add_noun(
        app,
        "agreement",
        "協定のひな形と協定 / Templates and agreements",
        {
            "templates": agreement_templates,
            "new": agreement_new,
            "add": agreement_add,
            "list": agreement_list,
            "render": agreement_render,
            "diff": agreement_diff,
            "check": agreement_check,
        },
    )


def agreement_templates(shell: Shell) -> Answer:
    """協定のひな形の一覧 / List the templates."""
    templates = [load_template(one) for one in template_ids()]
    document = {
        "templates": [{"id": t.template_id, "title": t.title, "clauses": [c.id for c in t.clauses]} for t in templates]
    }
    rows = [(t.template_id, t.title, len(t.clauses)) for t in templates]
    headings = shell.headings("ID/id", "名/title", "条項/clauses")
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
    signed: Annotated[datetime, day("締結日 / day signed")],
    unit: Annotated[list[str] | None, typer.Option(help="市区町村の部署名(災害対策本部など) / units")] = None,
    title: Annotated[str, typer.Option(help="協定の題名(省くとひな形の題名) / title, default the template's")] = "",
    city_key: Annotated[
        str, typer.Option(help="市区町村側の署名の公開鍵(再提供を確かめる。市のinitが示す) / the municipality's key")
    ] = "",
) -> Answer:
    """郵便局側の保管庫の署名鍵を書いた協定のTOMLを作る / Write an agreement with the key of the post's store."""
    if out.exists():
        raise DisasterError("disaster.out_exists", folder=out.name)
    with shell.store() as store:
        signing_key = store.public_key
    text = new_agreement_text(
        template, agreement_id=agreement_id, post=Party(post_name, post_code, signing_key),
        municipality=Party(city_name, city_code, city_key, tuple(unit or ())), signed=signed.date(),
        effective_from=signed.date(), title=title,
    )  # fmt: skip
    out.write_text(text, encoding="utf-8")
    lines = [
        shell.say(f"{out} を書きました。読み返してから登録してください。", f"Wrote {out}; read it, then add it."),
        next_command(shell, "agreement", "check", out, stored=False),
        next_command(shell, "agreement", "add", out),
    ]
    return Answer("agreement", {"file": str(out)}, lines)


def agreement_add(shell: Shell, file: Annotated[Path, typer.Argument(help="協定のTOML / agreement")]) -> Answer:
    """締結した協定を登録する / Register a signed agreement."""
    agreement = parse_agreement(read_text(file))
    with shell.store() as store:
        new = store.agreements.add(agreement.agreement_id, agreement.municipality.code, read_text(file), at=shell.at)
    line = shell.say(f"{agreement.title} を登録しました。", f"Registered {agreement.title}.")
    same = shell.say("同じ協定が登録済みです。何も変えていません。", "Already registered; nothing changed.")
    return Answer("agreement", {"agreement_id": agreement.agreement_id, "unchanged": not new}, [line if new else same])


def agreement_list(shell: Shell) -> Answer:
    """登録した協定の一覧 / List the registered agreements."""
    with shell.store() as store:
        agreements = [record.agreement for record in store.agreements.all()]
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
    headings = shell.headings("ID/id", "名/title", "郵便局/post", "市区町村/city", "始期/from", "効力/in force")
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
