"""What can go wrong while printing.

::

    geo.faults.CodedError
    └── ExportError          the asked file cannot be made; nothing of it was left behind
        └── MapTooLargeError     the offline map does not fit its limit even in its coarsest form
"""

from geo.faults import CodedError


class ExportError(CodedError):
    """The asked file cannot be made; nothing of it was left behind."""


class MapTooLargeError(ExportError):
    """The offline map does not fit its limit even in its coarsest form."""
