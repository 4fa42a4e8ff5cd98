"""How known files map to the nouns.

A layout is data: a TOML file in this folder, one for each publisher or system. A file is recognised by its headings,
never by their order, and never by its name unless the headings say nothing.

To add one, write ``disaster/layouts/<publisher>_<what>.toml`` (about 20 lines) and a claim in
``tests/test_disaster_layouts.py``::

    kind = "shelters"                       # a noun of disaster.models
    title = "みなと市 避難所一覧"             # shown to the clerk
    note = "Seen 2026-11; capacities are text."
    series = "layout"                       # "file": every file stands beside the others (one a year)
    requires = ["地区名"]                    # headings that tell this layout, though no column uses them
    knows = ["地図URL"]                      # headings that may be there and are not used

    [where]                                 # optional: rows of other kinds are set aside and counted
    column = "区分"
    contains = ["避難所"]

    [columns]                               # noun column = heading, or headings (the first that is not empty)
    shelter_id = { template = "minato-{番号}" }         # {row}, {file} and {municipality} work too
    name = ["施設名", "名称"]
    address = "住所"
    shelter_kind = { from = "区分", map = { "1" = "designated" }, contains = { "福祉" = "welfare" } }
    capacity = "収容人数"
    note = { marked = { "車椅子" = "車椅子可", "ペット" = "ペット可" } }  # headings with ○ give their words
    lon = "X"                               # 経度 and 緯度 need no line; a file with geometry neither

More keys of a column: ``constant = "text"``, ``blank = "what an empty cell means"``, ``transform = "name"`` (a
function in ``transforms``, for what cannot be said otherwise), ``starred = "人数_*時点"`` (what the star of a heading
stands for: a date in a heading). More keys of a layout: ``only_municipality`` and ``only_inside`` (files of a whole
prefecture: rows of others, by code or by place, are set aside and counted), ``width = 15`` (a table without headings,
whose columns are 列1 to 列15), ``prepare = "name"`` (a function in ``prepare`` for what concerns the whole table).

A national data set that one publisher alone makes also has ``credit = "国土地理院"`` (出典): the name then stands
beside the rows wherever they are shown. Leave it out where another city's file may have the same headings: who made
that file is said when it is taken in (``--source``).

Units need no word: 480人 is a number, 約500人 one that is marked, and 屋内480人／屋外3,350人 stays as text in 備考.

A file whose headings are the labels or machine names of ``disaster.models`` (or those in ``aliases.toml``) needs no
layout at all.
"""

from disaster.layouts.convert import Canonical, apply
from disaster.layouts.document import parse_layout
from disaster.layouts.model import Layout
from disaster.layouts.prepare import delivering_offices
from disaster.layouts.recognise import Candidate, recognise, recognise_any
from disaster.layouts.registry import all_layouts, publisher

__all__ = [
    "Candidate",
    "Canonical",
    "Layout",
    "all_layouts",
    "apply",
    "delivering_offices",
    "parse_layout",
    "publisher",
    "recognise",
    "recognise_any",
]
