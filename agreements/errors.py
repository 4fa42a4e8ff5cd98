"""Errors of the room of agreements.

::

    CodedError                      geo.faults
    └── AgreementError              anything below
        ├── DocumentError           a TOML text is refused as a whole; `faults` names every place
        │   ├── TemplateError       a template (ひな形)
        │   └── AgreementTextError  an agreement (協定)
        ├── UnknownTemplateError    no template of that id
        └── RequestError            a request, an event or a trigger that contradicts itself

A refused request is not an error: ``agreements.decide`` returns it as a `Decision` with its reasons.
"""

from collections.abc import Sequence

from geo.faults import CodedError, Fault, Faults, Lang


class AgreementError(CodedError):
    """Something about an agreement cannot be used."""


class DocumentError(AgreementError):
    """A TOML text that is refused as a whole, with every fault and its place in the file."""

    def __init__(self, code: str, faults: Sequence[Fault], **params: object) -> None:
        super().__init__(code, count=len(faults), **params)
        self.faults = Faults.of(faults)

    def sentence(self, lang: Lang = "ja") -> str:
        """Say that the text is refused, then each fault on a line of its own."""
        lines = [f"- {fault.reason(lang)} {fault.hint(lang)}".rstrip() for fault in self.faults.kept]
        return "\n".join([super().sentence(lang), *lines])


class TemplateError(DocumentError):
    """A template (ひな形) with faults."""


class AgreementTextError(DocumentError):
    """An agreement (協定) with faults."""


class UnknownTemplateError(AgreementError):
    """No template of that id, or not in that version."""


class RequestError(AgreementError):
    """A request, an event or a trigger that contradicts itself."""
