"""The command line: each verb parses, calls one public function, prints."""

from disaster.cli.app import main

__all__ = ["main"]
