"""READ_ME_FIRST.txt: one page in Japanese on what a pack is, under which clause, until when, and how to delete it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from agreements.clock import JST
from disaster.channel import AES_ZIP, EXCEL_PASSWORD
from disaster.pack import MAP, RELEASE_FORM, WORKBOOK
from disaster.residents import answers
from exporters.about import rule_words
from exporters.model import Extract, Layer

#: Said first where the post can bring a notice to no home at all.
REACHES_NOBODY = "届けられる家は0件です。お知らせはだれにも届きません。"


def japan_time(at: datetime | None) -> str:
    """Write an instant as people in Japan read it, with the zone said."""
    return at.astimezone(JST).strftime("%Y年%m月%d日 %H時%M分(日本時間)") if at else "不明"


def cover(head: Mapping[str, Any], layers: Sequence[Layer], files: Sequence[str]) -> str:
    """Return the page as text.

    Parameters
    ----------
    head
        The manifest's head: provider, recipient, purpose, clauses, times, what was not provided.
    layers
        What the pack holds.
    files
        Paths of its files.
    """
    drill = (
        ["******** 訓練 ********  これは訓練用の情報です。実際の災害対応に使わないでください。", ""]
        if head["drill"]
        else []
    )
    lines = [
        *drill,
        f"はじめにお読みください  {head['pack_id']}",
        "",
        f"提供元  {head['provider']['name']}",
        f"提供先  {head['recipient']['name']}",
        f"災  害  {head['event']['name'] if head['event'] else '(平常時)'}",
        f"区  域  {head['area'] or '全域'}",
        *(f"もとの状況パック  {one['pack_id']}(区域 {one['area'] or '全域'})" for one in head["sources"]),
        f"目  的  {head['purpose_label']}",
        *other_purposes(head),
        f"提供日時  {_time_of(head['provided_at'])}",
        f"利用期限  {_time_of(head['expires_at'])}",
        "",
        "■ 根拠",
        *(f"  {clause['title']}  {clause['basis']}" for clause in head["clauses"]),
        *([f"  法令  {head['law']['article']}"] if head["law"] else []),
        *(f"  条件: {text}" for text in head["conditions"]),
        "",
        "■ 入っているもの",
        *(_contents(layer) for layer in layers),
        *_left_out(head),
        "",
        *_how_to_open(head, files),
        "",
        "■ 取扱い",
        *_handling(head),
        "",
        "■ 改ざんの確認",
        "  tayori verify または tayori receive で、署名とすべてのファイルのハッシュ値を確かめます。",
        "  項目ごとの根拠は tayori explain で分かります。",
        "",
    ]
    return "\r\n".join(lines)


def other_purposes(head: Mapping[str, Any]) -> list[str]:
    """Say for what a pack's rows were received where they go on for something else."""
    received = dict.fromkeys(one["purpose_label"] for one in head["sources"] if one["purpose"] != head["purpose"])
    if not received:
        return []
    return [f"※ 受け取った目的は{'、'.join(received)}、再提供の目的は{head['purpose_label']}です。"]


def _time_of(text: str | None) -> str:
    return japan_time(datetime.fromisoformat(text) if text else None)


#: How the files are opened, in the order in which people try them.
_OPENED: Mapping[str, str] = {
    MAP: "地図。ダブルクリックするとブラウザで開きます。",
    WORKBOOK: "一覧表。Excelで開きます。",
    "situation.gpkg": "QGISなどの地図ソフト用。csv/ と geojson/ には同じ内容を一つずつ入れています。",
    "notice.pdf": "市区町村のお知らせ。郵便局がこのまま届けます。",
    RELEASE_FORM: "情報提供書。受領書のページに記入して、提供元へ返してください。",
}


def _how_to_open(head: Mapping[str, Any], files: Sequence[str]) -> list[str]:
    told = [f"  {name:<16} {words}" for name, words in _OPENED.items() if name in files]
    if head["channel"] == AES_ZIP:
        told.append("  ZIPはパスワード(AES-256)で保護されています。パスワードは別の方法でお伝えします。")
        told.append("  エクスプローラーで開けないときは、AES-256に対応した解凍ソフトで開いてください。")
    if head["channel"] == EXCEL_PASSWORD:
        told.append("  Excelのファイルはパスワードで保護されています。パスワードは別の方法でお伝えします。")
    return ["■ 開き方(インターネットは不要です)", *told]


def _handling(head: Mapping[str, Any]) -> list[str]:
    if head["provider"]["code"] == head["recipient"]["code"]:
        return [
            "  郵便局の配達の担当だけが、お知らせを届けるために使います。",
            "  市区町村にも、ほかの誰にも渡さないでください。",
            "  配り終えたら、このフォルダ、写し、印刷物をすべて消してください。",
        ]
    return [
        "  上に書いた提供先と目的のほかには使わず、見せず、写しを渡さないでください。",
        "  利用期限が来たら、このフォルダ、ZIPファイル、写し、印刷物をすべて消してください。",
        "  消した日時と担当者を、提供元へ知らせてください。",
        "  配達原簿の氏名は、届け出られた受取人です。いま家にいる人を示すものではありません。",
    ]


def _contents(layer: Layer) -> str:
    line = f"  {layer.title}  {len(layer)}件  ({japan_time(layer.as_of)}時点)"
    if layer.name == "forwarded":
        labels, rows = layer.columns[0].choices, layer.table.to_pylist()
        told = [f"  {labels[row['outcome']]}  {row['count']}件" for row in rows]
        nobody = not sum(row["count"] for row in rows if row["outcome"] == "to_mail")
        line = "\r\n".join([*(["  " + REACHES_NOBODY] if nobody else []), *told])
    if count := answers(layer.table):
        line += f"\r\n    照会 {len(layer)}件 = 該当あり {count['hit']}件 + 該当なし {count['miss']}件"
    if isinstance(layer, Extract) and layer.withheld:
        held = in_words(layer.withheld)
        line += f"\r\n    該当 {layer.matched}件 = 提供 {layer.returned}件 + 提供しないもの({held})"
    return line


def in_words(withheld: Mapping[str, int]) -> str:
    """Say by which rules how many rows were withheld."""
    return "、".join(f"{rule_words(rule)} {count}件" for rule, count in sorted(withheld.items()))


def _left_out(head: Mapping[str, Any]) -> list[str]:
    if not head["not_provided"]:
        return []
    return ["", "■ 入っていないもの", *(f"  {item['title']}  {item['reason']}" for item in head["not_provided"])]
