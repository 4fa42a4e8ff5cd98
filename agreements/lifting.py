"""Older template documents lifted at the edge, so that the inside knows one shape."""

import re
from collections.abc import Mapping
from typing import Any

from agreements.request import Mode
from agreements.vocabulary import DELIVERY_POINTS

#: What a personal clause of a version 1 document rests on, by mode. Version 1 named no basis, but let personal data go
#: only from the post to the municipality after a disaster was declared: 個人情報保護法27条1項2号 (life, body, property)
#: and 4号 (duties of a local government) are what such a clause was written on. Forwarding on behalf gives nobody
#: anything; it is a use beyond the purpose inside the company, 18条3項2号 and 4号.
BASES_OF_VERSION_1: Mapping[str, tuple[str, ...]] = {
    Mode.FORWARD: ("appi-18-3-2", "appi-18-3-4"),
    Mode.MATCH: ("appi-27-1-2", "appi-27-1-4"),
    Mode.DWELLING: ("appi-27-1-2", "appi-27-1-4"),
    Mode.PERSON: ("appi-27-1-2", "appi-27-1-4"),
}


def lifted_template(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template document in the shape of version 2; anything that is not version 1 comes back as it is.

    What version 1 lacks is added: the legal bases of clauses that open the delivery register, and the year where the
    id ends with one. Wrong types are left for the reader, which names their place.
    """
    if data.get("version") != 1:
        return dict(data)
    modes = {
        str(one.get("id")): str(one.get("mode"))
        for one in _tables(data, "formats")
        if one.get("dataset") == DELIVERY_POINTS
    }
    lifted = dict(data)
    if isinstance(data.get("clauses"), list):
        lifted["clauses"] = [_with_bases(one, modes) for one in data["clauses"]]
    year = re.search(r"-((?:19|20)\d\d)$", str(data.get("template_id")))
    if year and "year" not in data:
        lifted["year"] = int(year[1])
    return lifted


def _tables(data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = data.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _with_bases(clause: Any, modes: Mapping[str, str]) -> Any:
    """Add the bases of the modes that a clause opens; `modes` are those of the personal formats by their id."""
    if not isinstance(clause, dict) or "legal_bases" in clause or not isinstance(clause.get("formats"), list):
        return clause
    opened = [modes[name] for name in clause["formats"] if isinstance(name, str) and name in modes]
    bases = dict.fromkeys(base for mode in opened for base in BASES_OF_VERSION_1.get(mode, ()))
    return {**clause, "legal_bases": list(bases)} if opened else clause
