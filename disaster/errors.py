"""Errors of this package.

::

    CodedError
    └── DisasterError
        ├── SettingsError   a setting is unsafe or unreadable
        ├── StoreError      the store cannot be opened, read or written as asked
        ├── IngestError     a file cannot enter
        │   └── LayoutError     a layout or mapping is refused as a whole; `faults` names every place
        ├── ProvideError    a provision cannot be made
        │   └── RefusedError    no clause opens what is asked (``disaster.ruling``)
        ├── ReceiveError    a pack cannot be taken in
        ├── ReconcileError  two lists cannot be compared, or a register or answers not be read
        ├── AftercareError  a recall, a receipt or a question about a person cannot be taken
        └── PublishError    a layer cannot be published
"""

from collections.abc import Sequence

from geo.faults import CodedError, Fault, Faults, Lang


class DisasterError(CodedError):
    """Anything that this package refuses."""


class SettingsError(DisasterError):
    """A setting is unsafe or unreadable."""


class StoreError(DisasterError):
    """The store cannot be opened, read or written as asked."""


class IngestError(DisasterError):
    """A file cannot enter."""


class LayoutError(IngestError):
    """A layout, or a mapping that a user wrote, with every fault and its line."""

    def __init__(self, code: str, faults: Sequence[Fault], **params: object) -> None:
        super().__init__(code, count=len(faults), **params)
        self.faults = Faults.of(faults)

    def sentence(self, lang: Lang = "ja") -> str:
        """Say that the text is refused, then each fault on a line of its own."""
        lines = [f"- {fault.reason(lang)} {fault.hint(lang)}".rstrip() for fault in self.faults.kept]
        return "\n".join([super().sentence(lang), *lines])


class ProvideError(DisasterError):
    """A provision cannot be made."""


class ReceiveError(DisasterError):
    """A pack cannot be taken in."""


class ReconcileError(DisasterError):
    """Two lists cannot be compared, or a register of ids or a clerk's answers cannot be read."""


class AftercareError(DisasterError):
    """A recall, a receipt or a question about a person cannot be taken."""


class PublishError(DisasterError):
    """A layer cannot be published."""
