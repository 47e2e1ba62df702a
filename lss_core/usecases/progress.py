"""How a study goes: who has read what, how long it takes, what departs from the protocol, whom to remind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from lss_core.domain import SITES, RaterKind, Role
from lss_core.store import cases, members, progress, protocols, studies
from lss_core.store.engine import Transaction
from lss_core.store.progress import SittingRow
from lss_core.store.values import Assignment, ProtocolRecord, Rater, StudySummary
from lss_core.study.washout import SessionStanding, SessionState
from lss_core.texts import Language, _, day, language, ngettext, speaking
from lss_core.usecases.access import require_study
from lss_core.usecases.due import UNAIDED
from lss_core.usecases.sessions import session_standings, still_wanted
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

INTERRUPTED_MS = 15 * 60 * 1000
"""A read whose reader was away for longer than this was interrupted."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A reader's session: reads assigned, begun, submitted, of them withdrawn and interrupted.

    `missing`: sites without an answer in reads that are begun; `minutes`: the median at work on a submitted
    read, None where no time was kept. `standing` is None in a study without a protocol.
    """

    rater: Rater
    session: int
    assigned: int
    begun: int
    submitted: int
    withdrawn: int
    interrupted: int
    missing: int
    not_gradable: int
    minutes: float | None
    standing: SessionStanding | None


@dataclass(frozen=True, kw_only=True)
class Read:
    """A sitting for the coordinator's list; `order` is its place among its reader's submitted reads."""

    read_id: str
    case_id: str
    rater: Rater
    arm: str
    session: int
    opened_at: datetime
    submitted_at: datetime | None
    minutes: float | None
    order: int | None
    withdrawn: bool
    interrupted: bool


@dataclass(frozen=True, kw_only=True)
class StudyProgress:
    """A study's progress: by reader and session, and every read in the order of opening.

    `languages` are those that readers have chosen, by their rater's id.
    """

    study: StudySummary
    sessions: tuple[Progress, ...]
    reads: tuple[Read, ...]
    languages: Mapping[str, Language] = field(default_factory=dict)

    @property
    def submitted(self) -> int:
        """Submitted reads."""
        return sum(one.submitted for one in self.sessions)

    @property
    def assigned(self) -> int:
        """Reads that are wanted."""
        return sum(one.assigned for one in self.sessions)


def study_progress(workspace: Workspace, user: User, study_id: str) -> StudyProgress:
    """How a study goes, from stored answers. Coordinators, statisticians and auditors of the study."""
    require_study(workspace, user, study_id, Role.COORDINATOR, Role.STATISTICIAN, Role.AUDITOR)
    with workspace.store.read() as tx:
        study = studies.study_summary(tx, study_id)
        raters = [one for one in studies.study_raters(tx, study_id) if one.kind is RaterKind.READER]
        sittings = progress.study_sittings(tx, study_id)
        live = protocols.live_protocol(tx, study_id)
        found = [
            one
            for rater in raters
            for one in _of_rater(tx, rater, sittings, live, study_id, now=workspace.now())
        ]
        chosen = {
            str(one.user.rater_id): Language(one.user.language)
            for one in members.study_members(tx, study_id)
            if one.user.language
        }
    return StudyProgress(study=study, sessions=tuple(found), reads=_reads(raters, sittings), languages=chosen)


def reminder(found: StudyProgress, reader: str) -> str:
    """A text to copy that reminds a reader of what is due; empty where nothing is.

    In the language that the reader has chosen, else in the page's.
    """
    own = [one for one in found.sessions if one.rater.name == reader]
    chosen = found.languages.get(own[0].rater.id) if own else None
    with speaking(chosen or language()):
        return _reminder(found.study, own)


def _reminder(study: StudySummary, own: Sequence[Progress]) -> str:
    due = [one for one in own if one.submitted < one.assigned and _may_read(one)]
    if not due:
        return ""
    left = sum(one.assigned - one.submitted for one in due)
    waiting = [one.standing.opens_at for one in own if one.standing and one.standing.opens_at]
    lines = [
        _("Dear {name},", name=own[0].rater.name),
        ngettext(
            "in the study “{title}” {n} case waits for your reading.",
            "in the study “{title}” {n} cases wait for your reading.",
            left,
            title=study.title,
        ),
    ]
    if waiting and max(waiting) > min(waiting):
        lines.append(_("The next session opens on {day}.", day=day(max(waiting))))
    lines.append(_("Sign in and go on where you stopped: everything that you saved is there."))
    return "\n\n".join(lines)


def _may_read(one: Progress) -> bool:
    return one.standing is None or one.standing.state is SessionState.OPEN


def _of_rater(
    tx: Transaction,
    rater: Rater,
    sittings: Sequence[SittingRow],
    live: ProtocolRecord | None,
    study_id: str,
    *,
    now: datetime,
) -> list[Progress]:
    own = [one for one in sittings if one.rater_id == rater.id]
    if live is None:
        reads = [one for one in own if one.assignment_id is None and one.arm == UNAIDED]
        left = [one for one in reads if one.submitted_at or not one.withdrawn]
        wanted = set(cases.case_ids(tx, study_id)) - {one.case_id for one in reads if one not in left}
        return [_progress(rater, 1, len(wanted), {}, left, sites=len(SITES), standing=None)]
    assigned = still_wanted(tx, live, rater.id)
    standings = session_standings(tx, live, rater.id, assigned, now=now)
    stages = {one.id: len(live.protocol.arm(one.arm).stages) for one in assigned}
    return [
        _progress(
            rater,
            session,
            sum(one.session == session for one in assigned),
            stages,
            _in_session(own, assigned, session),
            sites=len(live.protocol.sites),
            standing=standings.get(session),
        )
        for session in sorted({one.session for one in assigned})
    ]


def _in_session(own: Sequence[SittingRow], assigned: Sequence[Assignment], session: int) -> list[SittingRow]:
    wanted = {one.id for one in assigned if one.session == session}
    return [one for one in own if one.assignment_id in wanted]


def _progress(
    rater: Rater,
    session: int,
    assigned: int,
    stages: Mapping[str, int],
    reads: Sequence[SittingRow],
    *,
    sites: int,
    standing: SessionStanding | None,
) -> Progress:
    """`stages` says by assignment which stage is the last: a read counts as submitted with that one."""
    last = [one for one in reads if one.stage == stages.get(one.assignment_id or "", 1)]
    minutes = [one.active_ms / 60_000 for one in last if one.submitted_at and one.active_ms is not None]
    return Progress(
        rater=rater,
        session=session,
        assigned=assigned,
        begun=len({one.assignment_id or one.case_id for one in reads}),
        submitted=sum(one.submitted_at is not None for one in last),
        withdrawn=sum(one.withdrawn for one in last),
        interrupted=sum(_interrupted(one) for one in reads),
        missing=sum(sites - one.answered for one in reads if one.submitted_at is None),
        not_gradable=sum(one.not_gradable for one in reads),
        minutes=median(minutes) if minutes else None,
        standing=standing,
    )


def _interrupted(one: SittingRow) -> bool:
    return (one.idle_ms or 0) > INTERRUPTED_MS


def _reads(raters: Sequence[Rater], sittings: Sequence[SittingRow]) -> tuple[Read, ...]:
    by_id = {rater.id: rater for rater in raters}
    order: dict[str, int] = {}
    places: dict[str, int] = {}
    submitted = [(one.submitted_at, one) for one in sittings if one.submitted_at and one.rater_id in by_id]
    for _at, one in sorted(submitted, key=lambda pair: (pair[0], pair[1].read_id)):
        order[one.rater_id] = order.get(one.rater_id, 0) + 1
        places[one.read_id] = order[one.rater_id]
    return tuple(
        Read(
            read_id=one.read_id,
            case_id=one.case_id,
            rater=by_id[one.rater_id],
            arm=one.arm,
            session=one.session,
            opened_at=one.opened_at,
            submitted_at=one.submitted_at,
            minutes=None if one.active_ms is None else one.active_ms / 60_000,
            order=places.get(one.read_id),
            withdrawn=one.withdrawn,
            interrupted=_interrupted(one),
        )
        for one in sittings
        if one.rater_id in by_id
    )
