"""When two written words are the same word, however they were typed."""

import unicodedata


def bare_word(text: str) -> str:
    """Return a word without what people type differently: width, blanks (also full-width), capitals."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()
