"""How long work says what it is doing, to whoever wants to show it."""

from collections.abc import Callable

#: Called with one short Japanese phrase when a step begins.
Step = Callable[[str], None]


def silent(_phrase: str) -> None:
    """Say nothing: for callers without a screen."""
