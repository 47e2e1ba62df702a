"""What a study lacks before its protocol can go live, each with reason and remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lss_core.domain import LEVELS, Condition, Grade, Level, RaterKind, SeriesRole
from lss_core.store import analysed, cases, members, protocols, references, studies
from lss_core.store.engine import Transaction
from lss_core.store.values import CaseSummary, ProtocolRecord, Rater, RunStatus
from lss_core.study.protocol import ArmKind, Design, Protocol, ReferenceSource
from lss_core.texts import later, later_n

NAMED = 5
"""How many cases a finding names; the others are counted."""

NEEDED = {
    Condition.CENTRAL: (SeriesRole.SAGITTAL_T2, SeriesRole.AXIAL_T2),
    Condition.LATERAL_RECESS: (SeriesRole.SAGITTAL_T2, SeriesRole.AXIAL_T2),
    Condition.FORAMINAL: (SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_T2),
}
"""The series that a condition is graded on."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something missing; `blocks`: the protocol cannot go live with it."""

    subject: str
    reason: str
    remedy: str
    blocks: bool = True


@dataclass(frozen=True, kw_only=True)
class _Study:
    """What the checks look at. `cases` are those of the test, `training` those of practice."""

    protocol: Protocol
    live: ProtocolRecord | None
    cases: Sequence[CaseSummary]
    training: Sequence[CaseSummary]
    all_cases: frozenset[str]
    raters: Sequence[Rater]
    begun: int = 0
    references: int = 0
    referenced: frozenset[str] = field(default_factory=frozenset)
    assigned: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    @property
    def panel(self) -> list[Rater]:
        """Those who make the reference and do not read by the arms."""
        if self.protocol.reference is not ReferenceSource.PANEL:
            return []
        return [one for one in self.raters if one.kind is RaterKind.READER and one.in_panel]

    @property
    def readers(self) -> list[Rater]:
        """Those who read by the arms."""
        panel = {one.id for one in self.panel}
        return [one for one in self.raters if one.kind is RaterKind.READER and one.id not in panel]


def findings(
    tx: Transaction, study_id: str, protocol: Protocol, live: ProtocolRecord | None, *, now: datetime
) -> tuple[Finding, ...]:
    """What is missing: what holds the protocol back first, then what is worth knowing."""
    known = analysed.study_cases(tx, study_id)
    wanted = set(known) - set(protocol.training_cases)
    summaries = cases.case_summaries(tx, now=now, study_id=study_id)
    gone = members.gone_readers(tx, study_id)
    standards = references.reference_summaries(tx, study_id)
    study = _Study(
        protocol=protocol,
        live=live,
        cases=[case for case in summaries if case.case_id in wanted],
        training=[case for case in summaries if case.case_id in protocol.training_cases],
        all_cases=frozenset(known),
        raters=[one for one in studies.study_raters(tx, study_id) if one.id not in gone],
        begun=len(protocols.begun_assignments(tx, study_id)),
        references=len(standards),
        referenced=frozenset(
            grade.case_id
            for standard in standards
            for grade in references.reference_grades(tx, standard.id)
            if grade.case_id in protocol.training_cases
        ),
        assigned=frozenset((one.rater_id, one.case_id) for one in protocols.study_assignments(tx, study_id)),
    )
    checks = (
        _cases,
        _readers,
        _scheme,
        _aided,
        _ungraded,
        _changes,
        _series,
        _training,
        _reference,
        _undrawn,
    )
    found = [finding for check in checks for finding in check(study)]
    return tuple(sorted(found, key=lambda finding: not finding.blocks))


def _cases(study: _Study) -> Iterator[Finding]:
    if not study.cases:
        yield Finding(
            subject=later("Cases"),
            reason=later("there is none to read, apart from training cases"),
            remedy=later("Import cases on the page Cases"),
        )
    unknown = [case for case in study.protocol.training_cases if case not in study.all_cases]
    if unknown:
        yield Finding(
            subject=later("Training cases"),
            reason=later("not in this study, or withdrawn: {cases}", cases=_names(unknown)),
            remedy=later("Name cases of this study"),
        )


def _readers(study: _Study) -> Iterator[Finding]:
    if not study.readers:
        yield Finding(
            subject=later("Readers"),
            reason=later("nobody reads in this study"),
            remedy=later("Invite readers, who do not vote in a panel, on the page People"),
        )
    if study.protocol.design is Design.SPLIT_PLOT:
        fewest = min(len(study.readers), len(study.cases))
        if fewest < study.protocol.groups:
            yield Finding(
                subject=later("Groups"),
                reason=later("there are more groups than readers or cases"),
                remedy=later("Make fewer groups, or add readers and cases"),
            )


def _scheme(study: _Study) -> Iterator[Finding]:
    conditions = {site.condition for site in study.protocol.sites}
    empty = [
        condition
        for condition in Condition
        if condition in conditions
        and any(not study.protocol.scheme[condition][grade].strip() for grade in Grade)
    ]
    for condition in empty:
        yield Finding(
            subject=later("Grading scheme"),
            reason=later("a grade has no definition: {condition}", condition=condition.place),
            remedy=later("Write one for each grade"),
        )


def _aided(study: _Study) -> Iterator[Finding]:
    if all(arm.kind is ArmKind.UNAIDED for arm in study.protocol.arms):
        return
    shown = [*study.training, *study.cases]
    missing = [case.case_id for case in shown if case.model_status is not RunStatus.DONE]
    if missing:
        yield Finding(
            subject=later("Model"),
            reason=later("an arm shows its grades, but it has not graded {cases}", cases=_names(missing)),
            remedy=later("Run the model on the page Cases"),
        )


def _ungraded(study: _Study) -> Iterator[Finding]:
    asked = {site.level for site in study.protocol.sites}
    beyond = [level.label for level in Level if level in asked and level not in LEVELS]
    if beyond:
        yield Finding(
            subject=later("Model"),
            reason=later("it does not grade {levels}: it gives no answer there", levels=", ".join(beyond)),
            remedy=later("Compare it with readers at the other levels"),
            blocks=False,
        )


def _changes(study: _Study) -> Iterator[Finding]:
    if study.live is None or not study.begun:
        return
    before, after = study.live.protocol, study.protocol
    same = (before.arms, before.design, before.groups, before.reference is ReferenceSource.PANEL)
    if same != (after.arms, after.design, after.groups, after.reference is ReferenceSource.PANEL):
        yield Finding(
            subject=later("Arms and design"),
            reason=later("reading has begun, and what was read rests on them"),
            remedy=later("Leave arms, design, groups and panel as they are, or make another study"),
        )


def _series(study: _Study) -> Iterator[Finding]:
    roles = {role for site in study.protocol.sites for role in NEEDED[site.condition]}
    for role in SeriesRole:
        without = [
            case.case_id
            for case in study.cases
            if role in roles and role not in {series.role for series in case.series}
        ]
        if without:
            yield Finding(
                subject=later("Series"),
                reason=later("no {role}: {cases}", role=role.label, cases=_names(without)),
                remedy=later("Import the series, or expect 'not gradable' there"),
                blocks=False,
            )


def _training(study: _Study) -> Iterator[Finding]:
    silent = [
        case
        for case in study.protocol.training_cases
        if case in study.all_cases and case not in study.referenced
    ]
    if silent:
        yield Finding(
            subject=later("Training cases"),
            reason=later("without a reference no feedback is shown: {cases}", cases=_names(silent)),
            remedy=later("Import a reference for them on the page Record"),
            blocks=False,
        )


def _reference(study: _Study) -> Iterator[Finding]:
    source = study.protocol.reference
    if source is ReferenceSource.PANEL and not study.panel:
        yield Finding(
            subject=later("Panel"),
            reason=later("a panel makes the reference, and nobody is in it"),
            remedy=later("Invite readers who vote in the panel on the page People"),
        )
    voters = study.panel if source is ReferenceSource.PANEL else study.readers
    adjudicators = [one for one in study.raters if one.kind is RaterKind.ADJUDICATOR]
    if source is not ReferenceSource.EXTERNAL and not adjudicators:
        yield Finding(
            subject=later("Adjudicator"),
            reason=later_n(
                "there is none; {n} voter may leave ties",
                "there is none; {n} voters may leave ties",
                len(voters),
            ),
            remedy=later("Invite one on the page People"),
            blocks=False,
        )
    if source is ReferenceSource.READERS:
        yield Finding(
            subject=later("Reference"),
            reason=later("the readers make it by their own majority, which flatters them"),
            remedy=later("Let a panel make it, or use the leave-one-reader-out reference"),
            blocks=False,
        )
    if source is ReferenceSource.EXTERNAL and not study.references:
        yield Finding(
            subject=later("Reference"),
            reason=later("it comes from outside, and none was imported yet"),
            remedy=later("Import it on the page Record before the analysis"),
            blocks=False,
        )


def _undrawn(study: _Study) -> Iterator[Finding]:
    if study.live is None:
        return
    readers = {reader for reader, _case in study.assigned}
    new = [one.name for one in study.raters if one.kind is RaterKind.READER and one.id not in readers]
    read = {case for _reader, case in study.assigned}
    new += [case.case_id for case in study.cases if case.case_id not in read]
    if new:
        yield Finding(
            subject=later("Since the last version"),
            reason=later("nothing is assigned yet: {names}", names=_names(new)),
            remedy=later("A new version assigns it"),
            blocks=False,
        )


def _names(names: Sequence[str]) -> str:
    if len(names) <= NAMED:
        return ", ".join(names)
    return later("{first} and {n} more", first=", ".join(names[:NAMED]), n=len(names) - NAMED)
