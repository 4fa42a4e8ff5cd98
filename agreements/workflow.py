"""From a request to what follows a release: who may do what, in which order, and where it takes two persons.

Pure: a `Course` is the list of steps that were taken; the next step is checked against role, state and persons. Nobody
approves what he asked for himself. Break-glass (緊急時の一人判断) goes without a second person, never without a
clause: it opens a review that another person closes within `REVIEW_HOURS`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from agreements.clock import require_aware, shown
from agreements.errors import WorkflowError
from agreements.names import is_blank, name_key, same_person
from agreements.plain import plain

FORMAT = "tayori-course"
VERSION = 1
#: Hours within which another person looks at a break-glass release; the first 72 hours are those of rescue.
REVIEW_HOURS = 72


class Role(StrEnum):
    """As whom somebody acts."""

    MUNICIPAL_HQ = "municipal_hq"  # 市区町村の災害対策本部
    PROTECTION_OFFICER = "protection_officer"  # 個人情報保護の管理者
    OFFICE = "office"  # 郵便局
    REPRESENTATIVE_OFFICE = "representative_office"  # 窓口局
    BRANCH = "branch"  # 支社
    JP_HQ = "jp_hq"  # 日本郵便本社
    PREFECTURE = "prefecture"  # 都道府県


class Act(StrEnum):
    """What a step does."""

    REQUEST = "request"
    REFUSE = "refuse"  # no clause opens it: said by the decision, recorded with who was told
    DOCUMENT = "document"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    BREAK_GLASS = "break_glass"
    RELEASE = "release"
    HAND = "hand"
    REVIEW = "review"
    RECALL = "recall"
    RECEIPT = "receipt"


class State(StrEnum):
    """Where a course stands; a document or a review does not move it."""

    NEW = "new"
    REQUESTED = "requested"
    REFUSED = "refused"
    APPROVED = "approved"
    BREAK_GLASS = "break_glass"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    RELEASED = "released"
    HANDED = "handed"
    RECALLED = "recalled"
    DELETED = "deleted"


ROLES: Mapping[Role, tuple[str, str]] = {
    Role.MUNICIPAL_HQ: ("災害対策本部", "municipal headquarters"),
    Role.PROTECTION_OFFICER: ("個人情報保護管理者", "protection officer"),
    Role.OFFICE: ("郵便局", "post office"),
    Role.REPRESENTATIVE_OFFICE: ("窓口局", "representative office"),
    Role.BRANCH: ("支社", "branch"),
    Role.JP_HQ: ("本社", "Japan Post headquarters"),
    Role.PREFECTURE: ("都道府県", "prefecture"),
}

ACTS: Mapping[Act, tuple[str, str]] = {
    Act.REQUEST: ("要請", "request"),
    Act.REFUSE: ("提供不可の記録", "refusal"),
    Act.DOCUMENT: ("文書の受領", "document"),
    Act.APPROVE: ("承認", "approval"),
    Act.REJECT: ("却下", "rejection"),
    Act.WITHDRAW: ("取下げ", "withdrawal"),
    Act.BREAK_GLASS: ("緊急時の一人判断", "break-glass"),
    Act.RELEASE: ("提供", "release"),
    Act.HAND: ("引渡し", "hand-over"),
    Act.REVIEW: ("事後確認", "review"),
    Act.RECALL: ("回収の求め", "recall"),
    Act.RECEIPT: ("消去の報告", "deletion receipt"),
}

STATES: Mapping[State, tuple[str, str]] = {
    State.NEW: ("未記録", "not recorded"),
    State.REQUESTED: ("承認待ち", "waits for approval"),
    State.REFUSED: ("提供不可", "refused"),
    State.APPROVED: ("承認済み", "approved"),
    State.BREAK_GLASS: ("緊急時の一人判断", "break-glass"),
    State.REJECTED: ("却下", "rejected"),
    State.WITHDRAWN: ("取下げ", "withdrawn"),
    State.RELEASED: ("提供の途中", "released"),
    State.HANDED: ("引渡し済み", "handed over"),
    State.RECALLED: ("回収中", "recalled"),
    State.DELETED: ("消去済み", "deleted"),
}

_ASKS = frozenset({Act.REQUEST, Act.REFUSE, Act.DOCUMENT, Act.WITHDRAW, Act.RECEIPT})
_GIVES = frozenset({Act.RELEASE, Act.HAND, Act.BREAK_GLASS})
_JUDGES = frozenset({Act.APPROVE, Act.REJECT, Act.REVIEW, Act.RECALL})

#: What each role may do. The asking side asks, an office notes a call and gives, a representative office also judges;
#: a protection officer judges and never gives. The headquarters gives onward what it received, out of its own store
#: and never alone.
RIGHTS: Mapping[Role, frozenset[Act]] = {
    Role.MUNICIPAL_HQ: _ASKS | {Act.RELEASE, Act.HAND},
    Role.PREFECTURE: _ASKS,
    Role.OFFICE: _ASKS | _GIVES,
    Role.REPRESENTATIVE_OFFICE: _ASKS | _GIVES | _JUDGES,
    Role.BRANCH: _ASKS | _GIVES | _JUDGES,
    Role.JP_HQ: _ASKS | _GIVES | _JUDGES,
    Role.PROTECTION_OFFICER: _JUDGES | {Act.REFUSE, Act.DOCUMENT, Act.RECEIPT},
}

#: Where a step leads, from which states. A refused request may be approved once what was missing is there: the
#: approval decides anew.
_FROM: Mapping[Act, frozenset[State]] = {
    Act.REQUEST: frozenset({State.NEW}),
    Act.REFUSE: frozenset({State.REQUESTED, State.REFUSED}),
    Act.DOCUMENT: frozenset(State) - {State.NEW, State.REJECTED, State.WITHDRAWN},
    Act.APPROVE: frozenset({State.REQUESTED, State.REFUSED}),
    Act.REJECT: frozenset({State.REQUESTED, State.REFUSED, State.APPROVED, State.BREAK_GLASS}),
    Act.WITHDRAW: frozenset({State.REQUESTED, State.REFUSED, State.APPROVED, State.BREAK_GLASS}),
    Act.BREAK_GLASS: frozenset({State.REQUESTED, State.REFUSED}),
    Act.RELEASE: frozenset({State.APPROVED, State.BREAK_GLASS}),
    Act.HAND: frozenset({State.RELEASED}),
    Act.REVIEW: frozenset(State) - {State.NEW},
    Act.RECALL: frozenset({State.RELEASED, State.HANDED}),
    Act.RECEIPT: frozenset({State.HANDED, State.RECALLED}),
}
_TO: Mapping[Act, State] = {
    Act.REQUEST: State.REQUESTED,
    Act.REFUSE: State.REFUSED,
    Act.APPROVE: State.APPROVED,
    Act.REJECT: State.REJECTED,
    Act.WITHDRAW: State.WITHDRAWN,
    Act.BREAK_GLASS: State.BREAK_GLASS,
    Act.RELEASE: State.RELEASED,
    Act.HAND: State.HANDED,
    Act.RECALL: State.RECALLED,
    Act.RECEIPT: State.DELETED,
}
_NEEDS_REASON = frozenset({Act.REJECT, Act.WITHDRAW, Act.BREAK_GLASS, Act.REVIEW, Act.RECALL})


@dataclass(frozen=True, slots=True)
class Actor:
    """A person and the role in which he or she acts."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Step:
    """One act: by whom, when, why; `number` is a document's, a pack's or a receipt's."""

    act: Act
    actor: Actor
    at: datetime
    reason: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """The steps of one request in the order in which they were taken.

    `asked_by` is the person who asked, where another one wrote the request down; he or she counts as a requester too.
    """

    request_id: str
    steps: tuple[Step, ...] = ()
    asked_by: str = ""

    @property
    def state(self) -> State:
        """Where it stands."""
        moves = [_TO[step.act] for step in self.steps if step.act in _TO]
        return moves[-1] if moves else State.NEW

    @property
    def releasable(self) -> bool:
        """Whether it may go out by the door: approved, or judged by one person in an emergency, and not yet out."""
        return self.state in _FROM[Act.RELEASE]

    @property
    def review_due(self) -> datetime | None:
        """Until when another person is to look at a break-glass; None where there was none or it was looked at."""
        acts = [step.act for step in self.steps]
        glass = self.last(Act.BREAK_GLASS)
        if glass is None or Act.REVIEW in acts:
            return None
        return glass.at + timedelta(hours=REVIEW_HOURS)

    @property
    def document_no(self) -> str:
        """Number of the document that followed; empty where none did."""
        step = self.last(Act.DOCUMENT)
        return step.number if step else ""

    def last(self, act: Act) -> Step | None:
        """Return the last step of an act."""
        return next((step for step in reversed(self.steps) if step.act is act), None)

    def next(self, act: Act, actor: Actor, at: datetime, reason: str = "", number: str = "") -> "Course":
        """Return the course with one step more.

        Raises
        ------
        WorkflowError
            If the role has no right to it, the course does not stand where it could follow, the same person would check
            himself or herself, or a name, a reason or a number is missing.
        """
        require_aware(at, "step.at")
        step = Step(act, actor, at, reason.strip(), number.strip())
        _require_words(step)
        require_right(act, actor.role)
        self._require_order(step)
        self._require_another_person(step)
        return replace(self, steps=(*self.steps, step))

    def to_dict(self) -> dict[str, Any]:
        """Return the course for JSON."""
        own = {"request_id": self.request_id, "state": self.state, "review_due": self.review_due, "steps": self.steps}
        return {"format": FORMAT, "version": VERSION, **plain(own)}

    def _require_order(self, step: Step) -> None:
        state, act = self.state, step.act
        said = {"request_id": self.request_id, "act": ACTS[act], "state": STATES[state]}
        if state not in _FROM[act] or (act is Act.REVIEW and self.review_due is None):
            raise WorkflowError("agreements.not_in_this_state", **said)
        # a document is written down when somebody finds the time: it may have come before what was done since the call
        before = self.steps[:1] if act is Act.DOCUMENT else self.steps
        last = max((one.at for one in before), default=step.at)
        if step.at < last:
            raise WorkflowError("agreements.step_before_last", **said, last=(shown(last), shown(last, "en")))

    def _require_another_person(self, step: Step) -> None:
        """Two persons: nobody approves or reviews what he or she asked for, nor reviews the own break-glass."""
        if step.act is Act.APPROVE and same_person(step.actor.name, self._requesters()):
            raise WorkflowError("agreements.approver_is_requester", request_id=self.request_id)
        alone = [one.actor.name for one in self.steps if one.act is Act.BREAK_GLASS]
        if step.act is Act.REVIEW and same_person(step.actor.name, [*self._requesters(), *alone]):
            raise WorkflowError("agreements.reviewer_is_party", request_id=self.request_id)

    def _requesters(self) -> list[str]:
        return [self.asked_by, *(step.actor.name for step in self.steps if step.act is Act.REQUEST)]


def require_right(act: Act, role: Role, *, among: Collection[Role] = tuple(Role)) -> None:
    """Refuse an act that a role may not do, and name the roles that may.

    Parameters
    ----------
    among
        Roles that can be named: those of the side whose store it is.

    Raises
    ------
    WorkflowError
        ``agreements.no_right``.
    """
    if act in RIGHTS[role]:
        return
    able = [one for one in Role if act in RIGHTS[one]]
    named = [ROLES[one] for one in able if one in among] or [ROLES[one] for one in able]
    roles = "、".join(ja for ja, _ in named), ", ".join(en for _, en in named)
    raise WorkflowError("agreements.no_right", role=ROLES[role], act=ACTS[act], roles=roles)


def _require_words(step: Step) -> None:
    if not name_key(step.actor.name):
        raise WorkflowError("agreements.step_without_name", act=ACTS[step.act])
    if step.act in _NEEDS_REASON and is_blank(step.reason):
        raise WorkflowError("agreements.step_without_reason", act=ACTS[step.act])
    if step.act is Act.DOCUMENT and is_blank(step.number):
        raise WorkflowError("agreements.step_without_number", act=ACTS[step.act])
