"""Verbs about the second legal gate: the weighing under 郵便法8条, written down, kept and listed."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from agreements.assessment import OUTCOMES, Assessment, new_assessment_text, parse_assessment
from agreements.clock import japan_date
from agreements.request import Mode
from agreements.vocabulary import MODES, PURPOSES
from disaster.cli.options import (
    MODES_IN_WORDS,
    PURPOSES_IN_WORDS,
    Dataset,
    Municipality,
    When,
    day,
    japan_time,
    read_text,
    typed_purpose,
)
from disaster.cli.saying import next_command
from disaster.cli.shell import Answer, Shell, add_noun, table
from disaster.errors import DisasterError
from disaster.store import Store

Modes = Annotated[list[Mode], typer.Option("--mode", help="形(繰り返し可) / modes weighed: " + MODES_IN_WORDS)]
Purposes = Annotated[
    list[str],
    typer.Option("--purpose", help="目的(繰り返し可) / purposes weighed: " + PURPOSES_IN_WORDS),
]
OutcomeOption = Annotated[
    Literal["permits", "forbids"], typer.Option(help="結論: permits(提供してよい) / forbids(してはならない)")
]


def add_to(app: typer.Typer) -> None:
    """Register the verbs of this module."""
    title = "郵便法8条の検討の記録 / The weighing under the Postal Act, article 8"
    add_noun(app, "assessment", title, {"new": assessment_new, "add": assessment_add, "list": assessment_list})


def assessment_new(
    shell: Shell,
    *,
    out: Annotated[Path, typer.Argument(help="書き出すTOML(新しいもの) / a new file")],
    mode: Modes,
    purpose: Purposes,
    weighed_by: Annotated[str, typer.Option("--by", help="検討した人または会議 / who weighed it")],
    office: Annotated[str, typer.Option(help="その所属 / their place in the post")],
    guideline: Annotated[str, typer.Option(help="検討に使ったガイドラインの名 / guideline")],
    guideline_version: Annotated[str, typer.Option("--version-of", help="その版 / its version")],
    grounds: Annotated[str, typer.Option("--reason", help="どう比べて、なぜそう決めたか / grounds")],
    outcome: OutcomeOption = "permits",
    dataset: Dataset = "delivery-points",
    when: When = None,
    valid_until: Annotated[datetime | None, day("効く最後の日 / last day", "--until")] = None,
    municipality: Municipality = None,
) -> Answer:
    """検討の記録をTOMLに書く(登録は add) / Write an assessment; add registers it."""
    if out.exists():
        raise DisasterError("disaster.out_exists", folder=out.name)
    with shell.store() as store:
        code = shell.municipality(store, municipality)
        name = _new_id(shell, store, code)
    text = new_assessment_text(
        assessment_id=name, municipality=code, dataset=dataset, modes=[str(one) for one in mode],
        purposes=[typed_purpose(one) for one in purpose],
        outcome=outcome, guideline=guideline, guideline_version=guideline_version, weighed_by=weighed_by, office=office,
        weighed_at=japan_time(when, shell), grounds=grounds, valid_until=valid_until.date() if valid_until else None,
    )  # fmt: skip
    out.write_text(text, encoding="utf-8")
    lines = [
        shell.say(f"{out} を書きました。読み返してから登録してください。", f"Wrote {out}; read it, then add it."),
        next_command(shell, "assessment", "add", out),
    ]
    return Answer("assessment", {"assessment_id": name, "file": str(out)}, lines)


def assessment_add(shell: Shell, file: Annotated[Path, typer.Argument(help="検討の記録(TOML) / assessment")]) -> Answer:
    """検討の記録を登録する / Register an assessment."""
    text = read_text(file)
    made = parse_assessment(text)
    with shell.store() as store:
        new = store.assessments.add(text, at=shell.at)
    said = shell.say(
        f"検討の記録 {made.assessment_id}({OUTCOMES[made.outcome]})を登録しました。",
        f"Registered the assessment {made.assessment_id} ({made.outcome}).",
    )
    same = shell.say("同じ記録が登録済みです。何も変えていません。", "Already registered; nothing changed.")
    document = {"assessment_id": made.assessment_id, "outcome": made.outcome, "unchanged": not new}
    return Answer("assessment", document, [said if new else same])


def assessment_list(shell: Shell) -> Answer:
    """登録した検討の記録の一覧 / List the registered assessments."""
    with shell.store() as store:
        found = store.assessments.all()
    headings = shell.headings(
        "ID/id", "形/modes", "目的/purposes", "結論/outcome", "検討した人/by", "ガイドライン/guideline", "日時/time",
        "期限/until",
    )  # fmt: skip
    made = table(shell.say("郵便法8条の検討", "Assessments"), headings, [_row(shell, one) for one in found])
    document = {"assessments": [_document(one, shell) for one in found]}
    return Answer("assessments", document, [], [made])


def _row(shell: Shell, one: Assessment) -> tuple[str, ...]:
    between, which = shell.say("、", ", "), shell.lang == "en"
    until = str(one.valid_until) if one.valid_until else shell.say("次の検討まで", "until the next")
    return (
        one.assessment_id,
        between.join(MODES[mode][which] for mode in one.modes),
        between.join(PURPOSES[purpose][which] for purpose in one.purposes),
        shell.say(OUTCOMES[one.outcome], one.outcome),
        f"{one.weighed_by}({one.office})",
        f"{one.guideline} {one.guideline_version}",
        shell.when(one.weighed_at),
        shell.say("期限切れ ", "run out ") + until if one.run_out(shell.at) else until,
    )


def _document(one: Assessment, shell: Shell) -> dict[str, object]:
    return {
        "assessment_id": one.assessment_id, "municipality": one.municipality, "dataset": one.dataset,
        "modes": list(one.modes), "purposes": list(one.purposes), "outcome": one.outcome, "guideline": one.guideline,
        "guideline_version": one.guideline_version, "weighed_by": one.weighed_by, "office": one.office,
        "weighed_at": one.weighed_at, "valid_until": one.valid_until, "run_out": one.run_out(shell.at),
    }  # fmt: skip


def _new_id(shell: Shell, store: Store, municipality: str) -> str:
    """Return the next free number of the year, such as ``99301-2026-A1``."""
    stem = f"{municipality}-{japan_date(shell.at).year}-A"
    taken = {one.assessment_id for one in store.assessments.all(municipality)}
    return next(name for n in range(1, len(taken) + 2) if (name := f"{stem}{n}") not in taken)
