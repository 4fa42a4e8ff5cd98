"""Errors of the room of agreements.

::

    CodedError                      geo.faults
    └── AgreementError              anything below
        ├── DocumentError           a TOML text is refused as a whole; `faults` names every place
        │   ├── TemplateError       a template (ひな形)
        │   ├── AgreementTextError  an agreement (協定)
        │   └── LegalTextError      a set of legal bases, or an assessment (検討の記録)
        ├── UnknownTemplateError    no template of that id
        ├── RequestError            a request, an event or a trigger that contradicts itself
        └── WorkflowError           a step that the role, the order or the rule of two persons forbids

A refused request is not an error: ``agreements.decide`` returns it as a `Decision` with its reasons.
"""

from collections.abc import Sequence

from geo.faults import CodedError, Fault, Faults, Lang, words


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


class LegalTextError(DocumentError):
    """A set of legal bases, or an assessment, with faults."""


class UnknownTemplateError(AgreementError):
    """No template of that id, or not in that version."""


class _SpokenError(AgreementError):
    """An error of which a parameter that is a pair is said in the reader's language: (Japanese, English)."""

    def reason(self, lang: Lang = "ja") -> str:
        """Say what is wrong."""
        return words(self.code, self._spoken(lang), lang=lang)

    def hint(self, lang: Lang = "ja") -> str:
        """Say what to do."""
        return words(self.code, self._spoken(lang), lang=lang, hint=True)

    def _spoken(self, lang: Lang) -> dict[str, object]:
        return {key: value[lang == "en"] if isinstance(value, tuple) else value for key, value in self.params.items()}


class RequestError(_SpokenError):
    """A request, an event or a trigger that contradicts itself."""


class WorkflowError(_SpokenError):
    """A step that the role, the order or the rule of two persons forbids."""
