"""How a command is written for a person to copy: the same in cmd.exe and in sh wherever both can say it."""

import os
import re
import shlex
from pathlib import Path

#: Letters of any language and signs that neither shell takes for its own.
_PLAIN = re.compile(r"[\w./:@+,=-]+")
#: Signs that sh would still read inside double quotes.
_READ_BY_SH = re.compile(r'["$`\\!]')


def shell_word(text: str | Path, *, windows: bool = os.name == "nt") -> str:
    """Return a word as a shell must be given it.

    Double quotes mean the same to cmd.exe and sh. Where a name holds what sh reads even inside them, sh gets single
    quotes; such names do not occur on Windows, but for backslashes, which cmd.exe takes as they are. A name that
    begins with a hyphen would be taken for an option and gets its folder in front.
    """
    word = str(text)
    if word.startswith("-"):
        word = f".{os.sep}{word}"
    if _PLAIN.fullmatch(word.replace("\\", "/") if windows else word):
        return word
    if windows or not _READ_BY_SH.search(word):
        return f'"{word}"'
    return shlex.quote(word)


def command(*words: str | Path) -> str:
    """Return a command of this program, ready to be copied."""
    return " ".join(("tayori", *(shell_word(word) if isinstance(word, Path) else word for word in words)))
