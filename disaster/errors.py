"""Errors of this package.

::

    CodedError
    └── DisasterError
        ├── SettingsError   a setting is unsafe or unreadable
        ├── StoreError      the store cannot be opened, read or written as asked
        ├── IngestError     a file cannot enter
        ├── ProvideError    a provision cannot be made
        ├── ReceiveError    a pack cannot be taken in
        └── PublishError    a layer cannot be published
"""

from geo.faults import CodedError


class DisasterError(CodedError):
    """Anything that this package refuses."""


class SettingsError(DisasterError):
    """A setting is unsafe or unreadable."""


class StoreError(DisasterError):
    """The store cannot be opened, read or written as asked."""


class IngestError(DisasterError):
    """A file cannot enter."""


class ProvideError(DisasterError):
    """A provision cannot be made."""


class ReceiveError(DisasterError):
    """A pack cannot be taken in."""


class PublishError(DisasterError):
    """A layer cannot be published."""
