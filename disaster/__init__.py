"""The platform: files in, one door out, the other side's receipt."""

from importlib.metadata import version

__version__ = version("tayori")
