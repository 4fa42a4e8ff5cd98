"""What the manifest of a pack must be: the shape that a receiver checks before it believes any of it.

The signature says who wrote a manifest, not that it makes sense: a mistake or a stolen key must end in one sentence.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from agreements.format import ColumnType, Sensitivity
from disaster.models import NOUNS

FORMAT = "tayori-pack"
VERSION = 2
#: Versions that are read; a pack of version 1 does not say under which clause each column stands.
READABLE = (1, 2)
MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"

#: Public geography, which no clause opens.
GROUND = frozenset({"boundaries", "roads"})
#: Layers that a clause opens without columns of its own: how many notices go out, and to nobody in particular.
COUNTS = frozenset({"forwarded"})
#: Layers that never leave the provider's own house: whom its delivery staff brings a notice.
OWN = frozenset({"mailing"})
#: Layers about homes or persons; every other layer of a pack is about neither.
PERSONAL = frozenset({"match", "dwellings", "persons"}) | OWN
#: Every layer that a pack may hold.
LAYERS = (
    PERSONAL
    | COUNTS
    | {"delivery-status"}
    | {kind for kind, noun in NOUNS.items() if noun.publishable and not noun.personal}
)

_MOST_ROWS = 100_000_000
_YEARS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


def _in_our_time(at: datetime) -> datetime:
    """Refuse years that no clock of a pack shows and that cannot be told in every zone."""
    if not _YEARS[0] <= at <= _YEARS[1]:
        raise ValueError("year")
    return at


Text = Annotated[str, StringConstraints(max_length=4_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,60}$")]
PackName = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z_-]{0,79}$")]
FilePath = Annotated[
    str, StringConstraints(pattern=r"^([0-9A-Za-z_-]+/)?[0-9A-Za-z_-]+(\.[0-9A-Za-z]+)+$", max_length=120)
]
#: Names of areas: of what was passed on all those of its source packs.
Areas = Annotated[str, StringConstraints(min_length=1, max_length=4_000, pattern=r"^[^\x00-\x1f\x7f]+$")]
Code5 = Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=_MOST_ROWS)]
Time = Annotated[AwareDatetime, AfterValidator(_in_our_time)]


class Part(BaseModel):
    """Part of a document that comes from the other side.

    What a later version adds is passed over; what this version knows must be exactly as it is written.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Who(Part):
    """A party by name and code."""

    name: Name
    code: Name


class Provider(Who):
    """Who provides, and the public key (base64) that the signature belongs to; version 1 does not name it."""

    signing_key: Text = ""


class Law(Part):
    """The basis in law on which personal data were given."""

    id: Name
    article: Name


class GroundsOf(Part):
    """What lets cells leave: a clause (none for public geography), its sentence, and the law for personal data."""

    clause: Text = ""
    article: Text = ""
    basis: Text = ""
    law: Text = ""


class EventOf(Part):
    """The event under which something was provided."""

    id: Name
    name: Name


class ColumnOf(GroundsOf):
    """A column of a layer."""

    name: Word
    label: Name
    type: ColumnType
    sensitivity: Sensitivity
    choices: Mapping[Name, Text] = {}


class LayerOf(Part):
    """A layer with its columns and counts."""

    name: Word
    title: Name
    rows: Count
    as_of: Time
    source: Text = ""
    crs: Literal["EPSG:6668"] | None = None
    columns: tuple[ColumnOf, ...]
    place: GroundsOf | None = None
    personal: bool
    mode: Word | None = None
    matched: Count | None = None
    returned: Count | None = None
    withheld: Mapping[Word, Count] = {}

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.personal != (self.name in PERSONAL):
            raise ValueError("personal")
        if len({column.name for column in self.columns}) != len(self.columns):
            raise ValueError("columns")
        if self.personal and (self.returned != self.rows or self.matched != self.rows + sum(self.withheld.values())):
            raise ValueError("matched")
        return self


class FileOf(Part):
    """A file of the pack with its hash, its size in bytes and its rows by layer."""

    path: FilePath
    sha256: Sha256
    bytes: Annotated[int, Field(ge=0)]
    counts: Mapping[Word, Count] = {}


class ClauseOf(Part):
    """Which clause opens which layer."""

    dataset: Word
    title: Name
    mode: Word
    clause: Name
    article: Text
    columns: tuple[Word, ...]
    basis: Text


class SourceOf(Part):
    """A received pack whose rows went on: its area (None for the whole municipality), and for what it was received."""

    pack_id: PackName
    area: Areas | None
    purpose: Word
    purpose_label: Name


class LeftOut(Part):
    """What was not provided, and why."""

    dataset: Word
    title: Name
    reason: Text


class Manifest(Part):
    """What a pack says of itself."""

    format: Literal["tayori-pack"]
    version: Literal[1, 2]
    pack_id: PackName
    request_id: PackName
    municipality: Code5
    provider: Provider
    recipient: Who
    agreement_id: Name
    agreement_title: Text = ""
    law: Law | None = None
    assessment_id: Name | None = None
    channel: Word = "plain"
    document_due: Time | None = None
    purpose: Word
    purpose_label: Name
    event: EventOf | None
    area: Areas | None
    drill: bool
    as_of: Time
    provided_at: Time
    expires_at: Time | None
    source_pack_ids: Annotated[tuple[PackName, ...], Field(max_length=1_000)] = ()
    sources: Annotated[tuple[SourceOf, ...], Field(max_length=1_000)] = ()
    clauses: tuple[ClauseOf, ...]
    conditions: tuple[Text, ...]
    not_provided: tuple[LeftOut, ...]
    layers: Annotated[tuple[LayerOf, ...], Field(min_length=1, max_length=100)]
    files: Annotated[tuple[FileOf, ...], Field(min_length=1, max_length=1_000)]

    @model_validator(mode="after")
    def _names_are_told_apart(self) -> Self:
        # Compared as a file system without capitals would.
        names = Counter(layer.name for layer in self.layers) + Counter(file.path.lower() for file in self.files)
        if max(names.values()) > 1 or {MANIFEST, SIGNATURE} & {file.path.lower() for file in self.files}:
            raise ValueError("names")
        return self

    @model_validator(mode="after")
    def _every_cell_has_its_clause(self) -> Self:
        """From version 2 on a column names the clause that opens it, and that clause opens that column."""
        if self.version == 1:
            return self
        opened = {(one.clause, name) for one in self.clauses for name in one.columns}
        for layer in self.layers:
            if layer.name in OWN and self.provider.code != self.recipient.code:
                raise ValueError("own")
            by_columns = layer.name not in GROUND | COUNTS | OWN
            if by_columns and any((column.clause, column.name) not in opened for column in layer.columns):
                raise ValueError("clause")
        return self

    def miscounted(self) -> tuple[str, int, int | None] | None:
        """Return the first layer that a file states another count of: its name, its rows, the file's count."""
        rows = {layer.name: layer.rows for layer in self.layers}
        for file in self.files:
            for name, count in file.counts.items():
                if rows.get(name) != count:
                    return name, count, rows.get(name)
        return None
