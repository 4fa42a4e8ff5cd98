"""The few things a layout file cannot say in words: text in, text out, on whole columns."""

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc


def gsi_municipality(ids: pa.Array) -> pa.Array:
    """Take the municipality's five digits out of a 共通ID of 国土地理院 (``E`` + 5 digits + serial)."""
    return pc.replace_substring_regex(ids, r"^[A-Z](\d{5}).*$", r"\1")


def code_or_nothing(texts: pa.Array) -> pa.Array:
    """Keep texts that are municipality codes (5 or 6 digits) and empty all others."""
    return pc.if_else(pc.match_substring_regex(texts, r"^\d{5,6}$"), texts, "")


def before_underscore(texts: pa.Array) -> pa.Array:
    """Keep what stands before the first underscore; nothing where there is none."""
    return pc.if_else(pc.match_substring(texts, "_"), pc.replace_substring_regex(texts, r"_.*$", ""), "")


def after_underscore(texts: pa.Array) -> pa.Array:
    """Keep what stands after the first underscore; nothing where there is none."""
    return pc.if_else(pc.match_substring(texts, "_"), pc.replace_substring_regex(texts, r"^[^_]*_", ""), "")


#: Functions by the name that layouts use.
TRANSFORMS: Mapping[str, Callable[[pa.Array], pa.Array]] = {
    "after_underscore": after_underscore,
    "before_underscore": before_underscore,
    "code_or_nothing": code_or_nothing,
    "gsi_municipality": gsi_municipality,
}
