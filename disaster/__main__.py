"""Run the program as ``python -m disaster``."""

from disaster.cli import main

main()
