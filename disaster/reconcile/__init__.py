"""Two lists of the same places side by side, and ids that outlive both.

`reconcile` reads two files, proposes which rows are one place, writes what it found, and gives lasting ids; nothing is
merged. `geo.pairing` compares, `register` remembers, `decisions` takes a clerk's answers back in, `sheet` writes.
"""

from disaster.reconcile.run import Reconciled, reconcile

__all__ = ["Reconciled", "reconcile"]
