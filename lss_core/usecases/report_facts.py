"""What a report tells of a study beside its numbers: cases, readers, models, how the reference was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from lss_core.domain import RaterKind, SeriesRole
from lss_core.errors import BundleError
from lss_core.reports.values import BundleFacts, ReaderFacts, ReferenceFacts
from lss_core.store import cases, reads, references, studies
from lss_core.store.values import Decision, ReferenceMethod
from lss_core.usecases.reference import ADJUDICATION
from lss_core.usecases.results import StudyResults
from lss_core.usecases.workspace import Workspace
from lss_core.vision.bundle import find_bundle


def case_facts(
    workspace: Workspace, study_id: str
) -> tuple[tuple[datetime, datetime] | None, Mapping[str, int]]:
    """First and last import of a study's cases (None without one), and how many have each kind of series."""
    with workspace.store.read() as tx:
        found = cases.case_summaries(tx, now=workspace.now(), study_id=study_id)
    counts = Counter(role for case in found for role in {series.role for series in case.series})
    series = {
        role.label: counts[role] for role in SeriesRole if counts[role] and role is not SeriesRole.OTHER
    }
    times = sorted(case.imported_at for case in found)
    return ((times[0], times[-1]) if times else None), series


def reader_facts(workspace: Workspace, study_id: str) -> tuple[tuple[ReaderFacts, ...], int]:
    """The readers who opened a case or are in the panel, and the number of adjudicators."""
    with workspace.store.read() as tx:
        raters = studies.study_raters(tx, study_id)
        sittings = [own for own in reads.read_times(tx, study_id) if own.arm != ADJUDICATION]
    found = []
    for rater in sorted(raters, key=lambda rater: rater.name):
        own = [sitting for sitting in sittings if sitting.reader == rater.name]
        if rater.kind is not RaterKind.READER or not (own or rater.in_panel):
            continue
        found.append(
            ReaderFacts(
                name=rater.name,
                in_panel=rater.in_panel,
                simulated=any(sitting.simulated for sitting in own),
                submitted=len({sitting.case_id for sitting in own if sitting.submitted_at is not None}),
                opened=len({sitting.case_id for sitting in own}),
                arms=tuple(sorted({sitting.arm for sitting in own})),
            )
        )
    return tuple(found), sum(rater.kind is RaterKind.ADJUDICATOR for rater in raters)


def reference_facts(workspace: Workspace, results: StudyResults) -> ReferenceFacts:
    """How the results' reference was made."""
    own = results.reference
    with workspace.store.read() as tx:
        counts = Counter(grade.decision for grade in references.reference_grades(tx, own.id))
    return ReferenceFacts(
        name=own.name,
        version=own.version,
        majority=own.method is ReferenceMethod.MAJORITY,
        made_at=own.created_at,
        grades=own.grades,
        decisions={decision.value: counts[decision] for decision in Decision if counts[decision]},
        readers_made_it=results.readers_make_reference,
        unreferenced=results.unreferenced,
    )


def bundle_facts(workspace: Workspace, study_id: str) -> tuple[BundleFacts, ...]:
    """What the cards of the study's models say, as far as their bundles are still installed."""
    with workspace.store.read() as tx:
        raters = studies.study_raters(tx, study_id)
    names = [rater.name for rater in raters if rater.kind is RaterKind.MODEL]
    return tuple(_bundle(workspace, name) for name in names)


def _bundle(workspace: Workspace, label: str) -> BundleFacts:
    try:
        bundle = find_bundle(workspace.settings.models_dir, label.rpartition(" ")[0])
    except BundleError:
        return BundleFacts(name=label)
    if bundle.label != label:
        return BundleFacts(name=label)
    card = bundle.card
    return BundleFacts(
        name=label,
        found=True,
        made=card.made,
        summary=card.summary,
        intended_use=card.intended_use,
        training_data=tuple((own.name, own.licence) for own in card.training_data),
        networks=tuple((name, own.architecture, own.sha256) for name, own in card.networks.items()),
    )
