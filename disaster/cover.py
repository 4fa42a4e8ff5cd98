"""READ_ME_FIRST.txt: one page in Japanese on what a pack is, under which clause, until when, and how to delete it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from agreements.clock import JST
from exporters.about import rule_words
from exporters.model import Extract, Layer


def japan_time(at: datetime | None) -> str:
    """Write an instant as people in Japan read it, with the zone said."""
    return at.astimezone(JST).strftime("%Y年%m月%d日 %H時%M分(日本時間)") if at else "不明"


def cover(
    head: Mapping[str, Any], layers: Sequence[Layer], *, provided_at: datetime, expires_at: datetime | None
) -> str:
    """Return the page as text.

    Parameters
    ----------
    head
        The manifest's head: provider, recipient, purpose, clauses, what was not provided.
    layers
        What the pack holds.
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
        f"目  的  {head['purpose_label']}",
        f"提供日時  {japan_time(provided_at)}",
        f"利用期限  {japan_time(expires_at)}",
        "",
        "■ 根拠",
        *(f"  {clause['title']}  {clause['basis']}" for clause in head["clauses"]),
        *(f"  条件: {text}" for text in head["conditions"]),
        "",
        "■ 入っているもの",
        *(_contents(layer) for layer in layers),
        *_left_out(head),
        "",
        "■ 開き方(インターネットは不要です)",
        "  map.html       地図。ダブルクリックするとブラウザで開きます。",
        "  situation.xlsx 一覧表。Excelで開きます。",
        "  situation.gpkg QGISなどの地図ソフト用。csv/ と geojson/ には同じ内容を一つずつ入れています。",
        "",
        "■ 取扱い",
        "  上に書いた提供先と目的のほかには使わず、見せず、写しを渡さないでください。",
        "  利用期限が来たら、このフォルダ、ZIPファイル、写し、印刷物をすべて消してください。",
        "  消した日時と担当者を、提供元へ知らせてください。",
        "  配達原簿の氏名は、届け出られた受取人です。いま家にいる人を示すものではありません。",
        "",
        "■ 改ざんの確認",
        "  tayori receive で受け取ると、署名とすべてのファイルのハッシュ値を確かめます。",
        "",
    ]
    return "\r\n".join(lines)


def _contents(layer: Layer) -> str:
    line = f"  {layer.title}  {len(layer)}件  ({japan_time(layer.as_of)}時点)"
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
