"""What comes in and goes out by small files beside the store: passwords, notices."""

import os
from pathlib import Path
from typing import Annotated

import typer

from disaster.case import Attached
from disaster.errors import ProvideError, ReceiveError
from disaster.smalltext import read_small

#: A notice of a few pages; more is no notice.
MOST_NOTICE_BYTES = 20_000_000
_PDF = b"%PDF-"

PasswordFile = Annotated[Path | None, typer.Option(help="パスワードを書いたファイル / file that holds the password")]
NewPasswordFile = Annotated[
    Path | None, typer.Option(help="パスワードを書くファイル(省くと画面に一度だけ表示) / where the password goes")
]


def require_new(file: Path | None) -> None:
    """Refuse a file for a password that is there already or has no folder, before anything goes out.

    Raises
    ------
    ProvideError
        Naming the file.
    """
    if file is not None and file.exists():
        raise ProvideError("disaster.password_file_taken", file=file.name, cause="同じ名前のファイル")
    if file is not None and not file.parent.is_dir():
        raise ProvideError("disaster.password_file_taken", file=file.name, cause="フォルダがありません")


def write_private(file: Path, text: str) -> None:
    """Write a small secret into a new file that its owner alone can read.

    Raises
    ------
    ProvideError
        If there is such a file or it cannot be written.
    """
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            stream.write(text + "\n")
    except OSError as error:
        cause = error.strerror or type(error).__name__
        raise ProvideError("disaster.password_file_taken", file=file.name, cause=cause) from error


def read_password(file: Path | None) -> str | None:
    """Return the password in a file, None where no file is named.

    Raises
    ------
    ReceiveError
        If it cannot be read.
    """
    if file is None:
        return None
    try:
        return read_small(file).strip()
    except (OSError, ValueError) as error:
        raise ReceiveError("disaster.unreadable_text", file=file.name) from error


def read_notice(file: Path) -> Attached:
    """Return a notice that is to be mailed; a PDF goes along as it is, nothing of it is opened.

    Raises
    ------
    ProvideError
        If it is no PDF, too large or cannot be read.
    """
    try:
        content = file.read_bytes() if file.stat().st_size <= MOST_NOTICE_BYTES else b""
    except OSError:
        content = b""
    if not content.startswith(_PDF):
        raise ProvideError("disaster.bad_notice", file=file.name)
    return Attached("notice.pdf", content)
