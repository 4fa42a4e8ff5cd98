"""How much of a file we are willing to look at: every limit is a setting and every refusal names limit and value."""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost; the defaults are those of the security page.

    Attributes
    ----------
    file_bytes
        Size of the file (of a shapefile: of all its parts), bytes.
    unpacked_bytes
        Size of what the parser may write, bytes: the text in UTF-8, the result.
    ratio, members
        Unpacked to packed size of one member (from 1 MB unpacked on), and count of members of an archive; a workbook is
        one. Files in a folder are counted likewise.
    rows, columns
        Rows below the header and columns of a table.
    cells
        Cells of a sheet from its first to its last with a value, or of a table of JSON or markup, the empty ones in
        between counted: memory is set aside for each (32 bytes in calamine), and a small file can have billions.
    line_bytes
        Length of one record of a text table in UTF-8, bytes.
    vertices
        Vertices of one geometry.
    wkb_depth
        Collections within collections.
    cpu_seconds
        Processor time for one file, at least 1; the system ends the parser up to a second later. Where the system
        cannot limit it, `wall_seconds` alone holds.
    wall_seconds
        Time on the clock for one file, after which the parser is killed.
    memory_bytes
        Address space of the parser, bytes; not limited where the system cannot (Windows, macOS).
    """

    file_bytes: int = 512 * MIB
    unpacked_bytes: int = 2 * GIB
    ratio: int = 100
    members: int = 1_000
    rows: int = 5_000_000
    columns: int = 500
    cells: int = 30_000_000
    line_bytes: int = MIB
    vertices: int = 1_000_000
    wkb_depth: int = 32
    cpu_seconds: int = 120
    wall_seconds: int = 300
    memory_bytes: int = 3 * GIB


def size_text(count: int) -> str:
    """Say a number of bytes as people do: ``512 MB``, ``1.5 GB``."""
    for unit, name in ((GIB, "GB"), (MIB, "MB"), (KIB, "KB")):
        if count >= unit:
            return f"{count / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{count} B"
