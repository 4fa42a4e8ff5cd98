"""What was signed and what was weighed, letter by letter: agreements and the assessments under 郵便法8条."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, insert, select

from agreements.agreement import Agreement, parse_agreement
from agreements.assessment import Assessment, parse_assessment
from agreements.terms import duplicates
from disaster.errors import StoreError
from disaster.store.records import Records, one
from disaster.store.tables import agreement, assessment

#: The same few texts are read again for every request.
_parsed = lru_cache(maxsize=64)(parse_agreement)


@dataclass(frozen=True, slots=True)
class AgreementText:
    """A signed text as it was kept: `number` counts the texts of one agreement, the last is the present one."""

    municipality: str
    agreement_id: str
    number: int
    text: str
    sha256: str
    added_at: datetime

    @property
    def agreement(self) -> Agreement:
        """What the text says."""
        return _parsed(self.text)


class Agreements(Records):
    """The signed texts; each text that was ever in force stays."""

    def add(self, agreement_id: str, municipality: str, text: str, *, at: datetime) -> bool:
        """Keep a text; False if it is the one that is kept already.

        Parameters
        ----------
        agreement_id, municipality
            As the text itself has them.
        text
            The agreement in TOML as it was signed, byte for byte.

        Raises
        ------
        AgreementTextError
            If it cannot be read as an agreement.
        StoreError
            If the text is of another agreement or municipality, or the store holds the same agreement under another
            name: same template, parties and period.
        """
        self._require_municipality(municipality)
        new, digest = parse_agreement(text), _sha256(text)
        if (new.agreement_id, new.municipality.code) != (agreement_id, municipality):
            raise StoreError("disaster.agreement_misfiled", name=new.agreement_id, municipality=new.municipality.code)
        with self._ledger.transaction() as connection:
            kept = _present(connection, municipality)
            last = kept.get((municipality, agreement_id))
            if last is not None and last.sha256 == digest:
                return False
            _require_no_duplicate(new, [one for one in kept.values() if one.agreement_id != agreement_id])
            number = 1 if last is None else last.number + 1
            name = {"municipality": municipality, "agreement_id": agreement_id, "number": number}
            connection.execute(insert(agreement), name | {"text": text, "sha256": digest, "added_at": at})
            self._ledger.append(connection, "agreement_added", name | {"sha256": digest}, at=at)
        return True

    def get(self, agreement_id: str, *, municipality: str | None = None) -> AgreementText:
        """Return the present text of an agreement.

        Raises
        ------
        StoreError
            If there is none, or several municipalities have one and none was named.
        """
        found = [kept for kept in self.all(municipality) if kept.agreement_id == agreement_id]
        if not found:
            raise StoreError("disaster.agreement_not_kept", name=agreement_id)
        if len(found) > 1:
            raise StoreError("disaster.name_in_several", name=agreement_id)
        return found[0]

    def all(self, municipality: str | None = None) -> tuple[AgreementText, ...]:
        """Return the present text of every agreement, in order of municipality and name."""
        with self._database.read() as connection:
            return tuple(_present(connection, municipality).values())


def _present(connection: Connection, municipality: str | None) -> dict[tuple[str, str], AgreementText]:
    """Return the last text of each agreement by municipality and name, in that order."""
    query = select(agreement).order_by(agreement.c.municipality, agreement.c.agreement_id, agreement.c.number)
    if municipality is not None:
        query = query.where(agreement.c.municipality == municipality)
    texts = [AgreementText(**row._mapping) for row in connection.execute(query)]
    return {(kept.municipality, kept.agreement_id): kept for kept in texts}


def _require_no_duplicate(new: Agreement, others: list[AgreementText]) -> None:
    for other in others:
        if duplicates(new, other.agreement):
            raise StoreError("disaster.agreement_duplicate", name=new.agreement_id, other=other.agreement_id)


class Assessments(Records):
    """The weighings; none is ever changed: who weighs anew gives the weighing a new name."""

    def add(self, text: str, *, at: datetime) -> bool:
        """Keep a weighing; False if the very same is kept already.

        Parameters
        ----------
        text
            TOML of ``agreements.assessment``, byte for byte.

        Raises
        ------
        LegalTextError
            If it cannot be read as an assessment.
        StoreError
            If another weighing has its name, it is dated after `at`, or the municipality is not one of the store's.
        """
        new, digest = parse_assessment(text), _sha256(text)
        self._require_municipality(new.municipality)
        if new.weighed_at > at:
            raise StoreError("disaster.weighed_in_future", name=new.assessment_id)
        name = {"municipality": new.municipality, "assessment_id": new.assessment_id}
        where = [assessment.c[column] == value for column, value in name.items()]
        with self._ledger.transaction() as connection:
            kept = connection.scalar(select(assessment.c.sha256).where(*where))
            if kept == digest:
                return False
            if kept is not None:
                raise StoreError("disaster.assessment_exists", name=new.assessment_id)
            connection.execute(insert(assessment), name | {"text": text, "sha256": digest, "added_at": at})
            said = {"sha256": digest, "dataset": new.dataset, "outcome": new.outcome}
            self._ledger.append(connection, "assessment_added", name | said, at=at)
        return True

    def get(self, assessment_id: str, *, municipality: str | None = None) -> Assessment:
        """Return a weighing."""
        with self._database.read() as connection:
            return parse_assessment(one(connection, assessment, "assessment_id", assessment_id, municipality).text)

    def all(self, municipality: str | None = None) -> tuple[Assessment, ...]:
        """Return the weighings, in order of municipality and name."""
        query = select(assessment.c.text).order_by(assessment.c.municipality, assessment.c.assessment_id)
        if municipality is not None:
            query = query.where(assessment.c.municipality == municipality)
        with self._database.read() as connection:
            return tuple(parse_assessment(row.text) for row in connection.execute(query))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
