"""The terms of agreements in Japanese words: datasets, columns, triggers, times, documents, legal bases."""

from collections.abc import Iterable, Mapping

from agreements.clauses import Clause
from agreements.format import DataFormat, Precision
from agreements.legal import legal_basis
from agreements.vocabulary import DATASETS, MODES, TRIGGERS

PRECISIONS: Mapping[Precision, str] = {Precision.TOWN: "町丁・字まで", Precision.EXACT: "番地・地点"}


def labels(codes: Iterable[str], words: Mapping[str, tuple[str, str]]) -> str:
    """Put codes into words, one after another; what is unknown or empty stays as it is."""
    return "、".join(words[str(code)][0] if str(code) in words else str(code) for code in codes)


def dataset_words(kind: str) -> str:
    """Name a dataset; an unknown one by its code."""
    return DATASETS[kind].label if kind in DATASETS else kind


def column_words(kind: str, names: Iterable[str]) -> str:
    """Name columns of a dataset by their headings; what is unknown stays as it is."""
    columns = DATASETS[kind].columns if kind in DATASETS else {}
    return "、".join(columns[name].label if name in columns else name for name in names)


def format_words(one: DataFormat) -> str:
    """Name what a format gives: the dataset and its form."""
    label = dataset_words(one.dataset)
    return label if one.mode == "layer" else f"{label}：{MODES[one.mode][0]}"


def trigger_words(clause: Clause) -> str:
    """Say when a clause opens."""
    if not clause.triggers:
        return "平常時を含め、いつでも"
    return f"次のいずれかが記録されたとき：{labels(clause.triggers, TRIGGERS)}"


def retention_words(clause: Clause) -> str:
    """Say how long the receiver may keep what it got; where only counts leave, there is nothing to keep."""
    if not any(one.columns for one in clause.formats):
        return "件数のみ（住所及び氏名は渡さない）"
    return f"受け取った日から{clause.retention_days:,}日"


def document_words(clause: Clause) -> str:
    """Say what of a written request a clause wants."""
    if not clause.requires_document:
        return "要しない"
    hours = clause.document_due_hours
    return (
        f"要する（急ぐときは電話で要請し、{hours}時間以内に届ける）" if hours else "要する（文書の到達の後に提供する）"
    )


def basis_words(basis_id: str) -> str:
    """Name a legal basis by its law and article; an unknown one by its id."""
    found = legal_basis(basis_id)
    return f"{found.cited}（{found.title}）" if found else basis_id
