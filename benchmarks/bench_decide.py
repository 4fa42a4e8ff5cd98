"""One decision, with one agreement and with all that a municipality may hold at once (防災, 包括連携, 見守り, lease).

Each case is decided many times in turn with the others; the median and the slowest hundredth count. Personal cases
weigh both gates and all milder modes; a refusal holds the request against every clause to name the one that comes
nearest. Reading the agreements from their texts is not in it: the store's readers do that once.

    python benchmarks/bench_decide.py [--decisions 2000]
"""

import argparse
import json
import statistics
import sys
import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agreements.agreement import Agreement, Party, new_agreement_text, parse_agreement
from agreements.assessment import Assessment
from agreements.clock import JST
from agreements.decide import decide
from agreements.request import PERSONAL_MODES, Event, Mode, Request, Trigger, TriggerKind
from agreements.template import template_ids
from agreements.vocabulary import PURPOSES

NOON = datetime(2026, 11, 21, 12, tzinfo=JST)
AIM_MS = 1.0
HELD_AT_ONCE = 5
EVENT = Event("E", "洪水", "99301", False, NOON, (Trigger(TriggerKind.HQ_ESTABLISHED, NOON, "潮見市長"),))
WEIGHED = Assessment(
    assessment_id="A", municipality="99301", dataset="delivery-points", modes=tuple(PERSONAL_MODES),
    purposes=tuple(PURPOSES), outcome="permits", guideline="ガイドラインの解説", guideline_version="架空版1",
    weighed_by="責任者", office="架空支社", weighed_at=NOON, grounds="生命を守る利益が上回る。",
)  # fmt: skip
HOMES = Request(
    "R", "99301", "潮見市", "潮見市", "safety_check", "delivery-points", Mode.DWELLING, NOON, "document",
    document_no="1", event_id="E", reason="名簿に無い家を回るため",
)  # fmt: skip
CASES = {
    "layer, granted": replace(HOMES, dataset="damage-points", mode=Mode.LAYER, purpose="rescue"),
    "match, granted": replace(HOMES, mode=Mode.MATCH),
    "dwelling, granted": HOMES,
    "person, granted": replace(HOMES, mode=Mode.PERSON, purpose="rescue"),
    "person, no reason": replace(HOMES, mode=Mode.PERSON, purpose="rescue", reason=""),
    "person, no such purpose": replace(HOMES, mode=Mode.PERSON, purpose="planning"),
}


@dataclass(frozen=True)
class Result:
    """Figures of one case, in milliseconds."""

    case: str
    agreements: int
    granted: bool
    median_ms: float
    slowest_hundredth_ms: float


def _agreement(template: str) -> Agreement:
    text = new_agreement_text(
        template,
        agreement_id=f"99301-{template}",
        post=Party("潮見郵便局", "S001"),
        municipality=Party("潮見市", "99301"),
        signed=NOON.date(),
        effective_from=NOON.date(),
    )
    return parse_agreement(text)


def _worlds() -> list[list[Agreement]]:
    """Return the one agreement that opens personal data, and it among the others that hold beside it."""
    opening, others = _agreement("model-emergency-2026"), [n for n in template_ids() if n != "model-emergency-2026"]
    beside = [_agreement(name) for name in others[: HELD_AT_ONCE - 1]]
    return [[opening], [*beside, opening]]


def measure(decisions: int) -> list[Result]:
    """Decide every case in turn, `decisions` times each."""
    pairs = [(name, world) for world in _worlds() for name in CASES]
    times: list[list[float]] = [[] for _ in pairs]
    for _ in range(decisions):
        for (name, world), taken in zip(pairs, times, strict=True):
            begun = time.perf_counter()
            decide(world, CASES[name], event=EVENT, at=NOON, assessments=[WEIGHED])
            taken.append((time.perf_counter() - begun) * 1000)
    return [
        Result(
            name,
            len(world),
            decide(world, CASES[name], event=EVENT, at=NOON, assessments=[WEIGHED]).granted,
            round(statistics.median(taken), 3),
            round(sorted(taken)[len(taken) * 99 // 100], 3),
        )
        for (name, world), taken in zip(pairs, times, strict=True)
    ]


def main() -> int:
    """Print a table for people and a line of JSON for machines; 1 if a median misses the aim."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=2_000, help="of each case")
    results = measure(parser.parse_args().decisions)
    print(f"{'case':<26}{'agreements':>11}{'granted':>9}{'median ms':>11}{'slowest 1 %':>13}")
    for one in results:
        granted = "yes" if one.granted else "no"
        print(f"{one.case:<26}{one.agreements:>11}{granted:>9}{one.median_ms:>11.3f}{one.slowest_hundredth_ms:>13.3f}")
    met = all(one.median_ms <= AIM_MS for one in results)
    print(f"aim: every median <= {AIM_MS:g} ms{'' if met else '  MISSED'}")
    said = {
        "format": "tayori-bench",
        "version": 1,
        "bench": "decide",
        "aim_ms": AIM_MS,
        "met": met,
        "results": [asdict(one) for one in results],
    }
    print(json.dumps(said, ensure_ascii=False))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
