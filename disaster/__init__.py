"""The platform: files in, one door out, the other side's receipt.

The names here are the public ones: each verb of the command line is one of these functions.
"""

from disaster.batch import Batch
from disaster.demo import Demo, run_demo
from disaster.ingest import check_file, check_files, report
from disaster.intake import Intake, ingest
from disaster.models import NOUNS, Side
from disaster.provide import Provided, dry_run, provide
from disaster.publish import Published, publish, published_layer
from disaster.receive import Received, receive
from disaster.reconcile import reconcile
from disaster.store import Store
from disaster.town import Town, write_households, write_town
from disaster.version import __version__

__all__ = [
    "NOUNS",
    "Batch",
    "Demo",
    "Intake",
    "Provided",
    "Published",
    "Received",
    "Side",
    "Store",
    "Town",
    "__version__",
    "check_file",
    "check_files",
    "dry_run",
    "ingest",
    "provide",
    "publish",
    "published_layer",
    "receive",
    "reconcile",
    "report",
    "run_demo",
    "write_households",
    "write_town",
]
